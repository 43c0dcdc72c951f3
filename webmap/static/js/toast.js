// Short notes at the bottom of the page, with an act that undoes for ten seconds.

import { h, icon } from 'cityops/dom';
import { t } from 'cityops/i18n';

let shelf = null;
function place() {
  if (!shelf?.isConnected) {
    shelf = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
    document.body.append(shelf);
  }
  return shelf;
}

/**
 * Show a note. `undo` is called when the person takes the act back within `seconds`;
 * `bad` marks a failure. Gives the function that takes the note away.
 */
export function toast(text, { undo = null, action = null, bad = false, seconds = undo ? 10 : 5 } = {}) {
  const left = undo ? h('small', {}, t('{n} 秒内可撤销', { n: seconds })) : null;
  const note = h('div', { class: bad ? 'toast bad' : 'toast' }, icon(bad ? 'warn' : 'check'), h('span', {}, text), left);
  const close = () => { clearInterval(timer); note.remove(); };
  if (undo) note.append(h('button', { type: 'button', class: 'btn', onclick: () => { close(); undo(); } }, t('撤销')));
  else if (action) note.append(h('button', { type: 'button', class: 'btn', onclick: () => { close(); action.act(); } }, action.title));
  else note.append(h('button', { type: 'button', class: 'btn btn-i', 'aria-label': t('关闭'), onclick: close }, icon('x', 'i-16')));
  let rest = seconds;
  const timer = setInterval(() => {
    rest -= 1;
    if (left) left.textContent = t('{n} 秒内可撤销', { n: rest });
    if (rest <= 0) close();
  }, 1000);
  const at = place();
  at.append(note);
  while (at.children.length > 3) at.firstChild.remove();
  return close;
}

/** Show what went wrong: what happened, why, what to do, the code to quote. */
export function complain(fault) {
  if (fault?.name === 'AbortError') return;
  const error = fault?.error;
  if (!error) { console.error(fault); toast(t('页面出了意外，刷新后再试'), { bad: true }); return; }
  toast([error.message, error.hint].filter(Boolean).join('；') + `（${error.code}）`, { bad: true, seconds: 9 });
}
