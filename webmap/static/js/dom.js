// Elements without templates. Text is always set as text, so nothing a user wrote becomes markup.

/** An element: `h('button', {class: 'btn', onclick: f}, icon('x'), '关闭')`. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children.flat(3).filter((child) => child != null && child !== false));
  return element;
}

function set(element, name, value) {
  if (value == null || value === false) return;
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else if (name === 'dataset') Object.assign(element.dataset, value);
  else if (name === 'style') for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
  else if (['checked', 'value', 'indeterminate', 'disabled', 'hidden'].includes(name)) element[name] = value;
  else element.setAttribute(name, value === true ? '' : value);
}

const SVG = 'http://www.w3.org/2000/svg';

/** An SVG element. */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) element.setAttribute(name, value);
  element.append(...children.flat(2).filter((child) => child != null && child !== false));
  return element;
}

/** An icon of the page's sprite. */
export function icon(name, size = '') {
  return s('svg', { class: `i ${size}`, 'aria-hidden': 'true' }, s('use', { href: `#i-${name}` }));
}

/** A button with an icon and a name. */
export function iconButton(name, label, onclick, extra = {}) {
  return h('button', { type: 'button', class: 'btn btn-q btn-i', 'aria-label': label, title: label, onclick, ...extra }, icon(name));
}

/** Placeholder lines while something loads. */
export function skeleton(lines = 4) {
  const widths = ['72%', '48%', '88%', '60%', '80%'];
  return h('div', { class: 'sec', 'aria-busy': 'true' },
    Array.from({ length: lines }, (_, i) => h('div', { class: 'sk', style: { width: widths[i % widths.length] } })));
}

/** What to do where there is nothing: a title, a sentence, and buttons. */
export function emptyState(head, body, ...buttons) {
  return h('div', { class: 'empty' }, h('h4', {}, head), body && h('p', {}, body), buttons.length > 0 && h('div', { class: 'row' }, buttons));
}

/** Call `act` once, `wait` ms after the last call. */
export function debounce(act, wait) {
  let timer = 0;
  const later = (...args) => { clearTimeout(timer); timer = setTimeout(() => act(...args), wait); };
  later.cancel = () => clearTimeout(timer);
  return later;
}
