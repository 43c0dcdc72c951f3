// Keyboard: single keys where nobody types, and a page that shows them all.

import { h, iconButton } from 'cityops/dom';
import { t } from 'cityops/i18n';

const known = new Map();

function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key !== 'Escape' && typing(event.target)) return;
  if (document.querySelector('dialog[open]') && event.key !== 'Escape') return;
  for (const entry of [...(known.get(event.key) ?? [])].reverse()) {
    if (entry.act(event) !== false) { event.preventDefault(); return; }
  }
});

/** Call `act` when `key` is pressed; a later binding goes first, and `false` passes the key on. */
export function bindKey(key, title, act) {
  const entry = { title, act };
  if (!known.has(key)) known.set(key, []);
  known.get(key).push(entry);
  return () => known.set(key, known.get(key).filter((other) => other !== entry));
}

/** Show every key that does something now. */
export function showKeys() {
  const rows = [...known].filter(([, entries]) => entries.length > 0)
    .flatMap(([key, entries]) => [h('kbd', {}, key === 'Escape' ? 'Esc' : key), h('span', {}, entries.at(-1).title)]);
  const dialog = h('dialog', { class: 'dialog', 'aria-label': t('快捷键') },
    h('header', {}, h('h3', { class: 'grow' }, t('快捷键')), iconButton('x', t('关闭'), () => dialog.close())), h('div', { class: 'keys' }, rows));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

bindKey('?', t('看所有快捷键'), () => showKeys());
