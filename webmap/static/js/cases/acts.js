// What may be done to a case next: one primary button, the other answer beside it, the rest folded.

import { api } from 'cityops/api';
import { h, icon } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { actForm } from 'cityops/cases/actform';
import { grouped, isFinal, isMain, noteOf, sendsOut, takesPhotos } from 'cityops/cases/actwords';
import { short } from 'cityops/cases/words';

/** Acts whose form stands open from the start: what they need is the thing to decide here. */
const OPEN_AT_ONCE = new Set(['dispatch', 'file']);

/** Hindrances that the page shows already: what waits for an answer, work that is reported done. */
const TOLD = new Set(['case.pending', 'case.submitted']);

/** Send an act as the case was seen; gives the case after it. Under one `key` it is done once. Throws ApiError. */
export function move(one, action, given = {}, key = crypto.randomUUID()) {
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value != null));
  return api(`cases/${one.id}/moves`, { json: { action, ...said, version: one.version, key } });
}

/** Whether an act can be done at once, with nothing more to be said. */
export function isPlain(action) {
  return !action.needs?.length && !takesPhotos(action) && !isFinal(action) && !noteOf(action);
}

/** What the button of an act says: `派遣给排水管理部门`; after a return the choice is open again. */
export function actTitle(one, action) {
  const unit = action.action === 'dispatch' && one.return_count === 0 && one.suggested_department_title;
  return unit ? t('派遣给{unit}', { unit: short(unit) }) : t(action.title);
}

/**
 * The block of acts. `begun` is `{action, note, department, …}` to go on with; `done(action,
 * given, key)` gives a promise of the act; `size` is the class of buttons.
 */
export function acts(one, { size = '', begun = null, done }) {
  const actions = (one.actions ?? []).filter((action) => action.action !== 'link' || one.duplicates?.length > 0);
  const hindered = (one.blocked ?? []).filter((other) => isMain(other) && !TOLD.has(other.code));
  if (actions.length === 0 && hindered.length === 0) return null;
  const area = h('section', { class: 'case-acts', 'aria-label': t('下一步') });
  const act = once(done);
  const { first, beside, more } = grouped(actions);
  const opened = first && OPEN_AT_ONCE.has(first.action) && first.needs?.length ? first : null;
  const ask = (action, given = {}) => {
    const home = action === opened;
    area.replaceChildren(actForm(one, action, { size, given, done: act, others: home ? buttons([...beside]) : [], back: home ? null : start }), ...(home ? tail() : []));
    if (!home || given.action) area.querySelector('form textarea, form select, form input:not([type=file])')?.focus({ preventScroll: true });
  };
  const press = (action) => async (event) => { if (isPlain(action) && !(sendsOut(action) && one.collectors?.length > 1)) await busy(event.currentTarget, () => act(action, {})); else ask(action); };
  const button = (action, extra = '') => h('button', { type: 'button', class: `btn ${size} ${extra}`, dataset: { act: action.action }, onclick: press(action) }, t(action.title));
  const buttons = (list) => list.map((action) => button(action));
  const tail = () => [folded(more, size, button), ...reasons(hindered)].filter(Boolean);
  const start = () => {
    if (opened) { ask(opened); return; }
    area.replaceChildren(...[(first || beside.length > 0) && h('div', { class: 'row-wrap' }, first && button(first, 'btn-p grow'), buttons(beside)), ...tail()].filter(Boolean));
  };
  const again = begun && actions.find((action) => action.action === begun.action);
  if (again) ask(again, begun); else start();
  return area;
}

/** Acts that are not the usual next one, behind "more". */
function folded(more, size, button) {
  if (more.length === 0) return null;
  return h('details', { class: 'case-more' }, h('summary', { class: `btn ${size} btn-q` }, icon('more', 'i-16'), t('更多')),
    h('div', { class: 'row-wrap' }, more.map((action) => button(action, isFinal(action) ? 'btn-d' : ''))));
}

/** Why what would be next is not open. */
function reasons(hindered) {
  return hindered.map((one) => h('p', { class: 'case-hindered t12', dataset: { blocked: one.action } }, icon('info', 'i-16'), h('span', {}, t('现在不能{act}：{why}', { act: t(one.title), why: one.why }))));
}

/** An act under the same key until it is done, so that a lost answer or a second press does it once. */
function once(done) {
  const keys = new Map();
  let going = null;
  return (action, given) => {
    const what = JSON.stringify([action.action, given]);
    if (!keys.has(what)) keys.set(what, crypto.randomUUID());
    going ??= done(action, given, keys.get(what)).finally(() => { going = null; });
    return going;
  };
}

/** Do something once, however often the button is pressed. */
async function busy(button, act) {
  if (button.getAttribute('aria-busy') === 'true') return;
  button.setAttribute('aria-busy', 'true');
  try { await act(); } finally { button.removeAttribute('aria-busy'); }
}
