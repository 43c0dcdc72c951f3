// The form of one act: what it needs, what may go with it, and the button that does it.

import { h } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { complain } from 'cityops/toast';
import { hintOf, isFinal, noteOf, sendsOut, takesPhotos } from 'cityops/cases/actwords';
import { collectorField, conditionField, gaveBack, handlerField, noteField, proposedField, sureField, targetField, unitField, untilField } from 'cityops/cases/fields';
import { shotsField } from 'cityops/cases/shots';
import { short } from 'cityops/cases/words';

/** Acts at which an opinion says nothing: the form has only what they need. */
const SILENT = new Set(['assign']);

/**
 * `given` is what was filled in before; `done(action, given)` gives a promise of the act; `others`
 * are buttons beside its own; `back` leaves the form where there is somewhere to go.
 */
export function actForm(one, action, { size, given, done, others = [], back }) {
  const needs = new Set(action.needs ?? []);
  const shots = takesPhotos(action) ? shotsField({ must: needs.has('photo') }) : null;
  const name = t(action.title);
  const submit = h('button', { type: 'submit', class: `btn ${isFinal(action) ? 'btn-d' : 'btn-p'} grow ${size}`, dataset: { act: action.action } }, name);
  const units = needs.has('department') ? unitField(one, given.department, { change: (unit) => {
    submit.textContent = action.action === 'dispatch' && unit ? t('派遣给{unit}', { unit: short(unit.title) }) : name;
  } }) : null;
  const note = SILENT.has(action.action) ? null : noteField({ must: needs.has('reason'), title: name, hint: hintOf(action) && t(hintOf(action)), begun: given.note });
  const fields = [
    needs.has('condition') && conditionField(one, given.condition), units, needs.has('handler') && handlerField(one, given.handler), needs.has('proposed') && proposedField(one, given.proposed),
    needs.has('until') && untilField(given.until), needs.has('target') && targetField(one, given.target), sendsOut(action) && one.collectors?.length > 0 && collectorField(one, given.assignee),
    note, isFinal(action) && sureField(one),
  ].filter(Boolean);
  const about = noteOf(action);
  const element = h('form', { class: 'case-form', novalidate: true, onsubmit: (event) => { event.preventDefault(); send(); } }, back && h('h4', {}, name), about && h('p', { class: 'hint' }, t(about)),
    ...fields.map((field) => field.element), shots?.element, h('div', { class: 'row-wrap' }, submit, ...others, back && h('button', { type: 'button', class: `btn ${size}`, onclick: back }, t('返回'))));
  units?.start();

  async function send() {
    if (submit.getAttribute('aria-busy') === 'true') return;
    const missing = fields.find((field) => !field.free && field.value() == null);
    if (missing) { missing.fault(); return; }
    const again = action.action === 'dispatch' && units.value() === gaveBack(one);
    if (again && !note.value()) { note.fault(t('这个单位刚刚回退过此案，再派须说明理由')); return; }
    if (shots?.isShort()) { shots.fault(); return; }
    const said = Object.fromEntries(fields.filter((field) => field.name).map((field) => [field.name, field.value()]).filter(([, value]) => value != null));
    submit.setAttribute('aria-busy', 'true');
    try {
      if (shots) await shots.send(one);
      await done(action, said);
    } catch (fault) {
      complain(fault);
    } finally { submit.removeAttribute('aria-busy'); }
  }
  return element;
}
