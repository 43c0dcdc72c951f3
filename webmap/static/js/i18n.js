// Texts: written in Chinese, looked up in the page's catalogue, then filled in.

const texts = (() => {
  const boot = document.getElementById('boot');
  return boot ? JSON.parse(boot.textContent).texts ?? {} : {};
})();

/** The text in the page's language with `{name}` parts filled in from `parts`. */
export function t(text, parts = {}) {
  const found = texts[text] ?? text;
  return found.replace(/\{(\w+)\}/g, (whole, name) => (name in parts ? String(parts[name]) : whole));
}

export const language = document.documentElement.lang.startsWith('en') ? 'en' : 'zh';

/** A title of the server, `{zh, en}`, in the page's language. */
export function title(pair) {
  return pair == null ? '' : typeof pair === 'string' ? pair : pair[language] || pair.zh;
}

const whole = new Intl.NumberFormat('en-US');

/** A count with thousands separators. */
export function count(n) {
  return n == null ? '' : whole.format(n);
}

/** A length for people: `860 m`, `12.4 km`. */
export function metres(m) {
  if (m == null) return '';
  if (m < 1000) return `${m < 10 ? m.toFixed(1) : Math.round(m)} m`;
  return `${m < 100_000 ? (m / 1000).toFixed(1) : whole.format(Math.round(m / 1000))} km`;
}

/** A number without false precision, at most `digits` decimals, unit after a space. */
export function quantity(value, unit, digits = 3) {
  if (value == null) return '';
  const text = typeof value === 'number'
    ? value.toLocaleString('en-US', { maximumFractionDigits: digits }) : String(value);
  return unit ? `${text} ${unit}` : text;
}

/** A delivered number with all of its digits, without the noise of its binary form; unit after a space. */
export function exact(value, unit) {
  if (value == null) return '';
  const text = typeof value === 'number'
    ? plainNumber(value).toLocaleString('en-US', { maximumSignificantDigits: 15 }) : String(value);
  return unit ? `${text} ${unit}` : text;
}

/** A number of single precision as it was written: the shortest one with the same 32 bits. */
function plainNumber(value) {
  if (Number.isInteger(value) || Math.fround(value) !== value) return value;
  for (let digits = 1; digits < 9; digits += 1) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return value;
}
