// Colours of the tokens, for what is not drawn by CSS.

/** Value of the token `--name`, in the theme of the page. */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** All tokens that the base map uses. */
export function mapColours() {
  const names = ['land', 'block', 'build', 'build-line', 'road', 'road-line', 'water', 'water-line', 'green', 'label', 'water-label', 'halo'];
  return Object.fromEntries(names.map((name) => [name.replace('-', '_'), token(`m-${name}`)]));
}

/** Fonts for labels on the map; drawn from what the device has. */
export const FONT = ['Noto Sans SC', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', 'sans-serif'];
export const FONT_BOLD = FONT;
