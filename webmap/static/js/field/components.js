// Choosing the component that a report is about, by distance, or none.

import { h } from 'cityops/dom';
import { t, metres } from 'cityops/i18n';
import { className, tail } from 'cityops/field/here';

const SHOWN = 4;

/** The block of the form in which a component is chosen; nothing where none is near. */
export function pickComponent(form) {
  const { component, found, chosen } = form.draft;
  const near = found?.components ?? [];
  if (near.length === 0 || (chosen?.domain === 'event' && !form.showComponents)) return chosen?.domain === 'event' && near.length > 0 ? folded(form) : null;
  return h('section', {}, h('div', { class: 'group-head' }, h('b', {}, t('部件')), h('span', { class: 'mute' }, t('按距离'))),
    h('div', { class: 'parts', role: 'radiogroup', 'aria-label': t('部件') },
      near.slice(0, SHOWN).map((one) => option(form, one, component)), option(form, null, component)));
}

/** An event needs no component; whoever wants to name one opens the list. */
function folded(form) {
  return h('section', {}, h('div', { class: 'group-head' }, h('b', {}, t('部件')), h('button', { type: 'button', class: 'btn btn-q', onclick: () => { form.showComponents = true; form.draw(); } }, t('关联部件'))),
    h('p', { class: 'mute' }, t('事件只按位置上报')));
}

function option(form, one, component) {
  const is = (one?.id ?? null) === component;
  return h('label', { class: is ? 'is-on' : '' }, h('input', { type: 'radio', name: 'component', value: one?.id ?? '', checked: is, onchange: () => form.mean(one) }),
    one ? [h('span', { class: 'grow ell' }, h('b', {}, className(one)), h('span', { class: 'mute' }, `　${t('尾号 {n}', { n: tail(one.id, 6) })}`)), h('span', { class: 'mute nowrap' }, metres(one.distance_m))]
      : h('span', { class: 'grow' }, t('不是部件，只记位置')));
}
