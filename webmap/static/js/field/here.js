// The sheet under the map: the component meant, the place in words, unit grid and areas.

import { api } from 'cityops/api';
import { h, emptyState, icon, skeleton } from 'cityops/dom';
import { t, metres } from 'cityops/i18n';

/** Ask what is at a place; gives the answer of `locate`. */
export function look(place, signal) {
  return api('locate', { query: { lon: place[0].toFixed(7), lat: place[1].toFixed(7) }, signal });
}

/** `000482` of a long code: what people call a cell or a component by. */
export function tail(code, digits) {
  return code ? code.slice(-digits) : '';
}

/** What a component is called. */
export function className(component) {
  return component.name || component.class_title || component.class || t('部件');
}

/** Show an answer in the sheet. `chosen` is the component meant or null, `choose(component)` picks another. */
export function showHere(into, found, chosen, choose) {
  into.replaceChildren(
    chosen ? meant(chosen) : nothingMeant(found),
    found.components.length > 0 ? others(found, chosen, choose) : '',
    h('dl', { class: 'here-areas' }, areas(found).map(([name, value, wide]) => h('div', { class: wide ? 'wide' : '' }, h('dt', {}, name), h('dd', {}, value)))),
    ...(found.warnings ?? []).map((warning) => h('p', { class: 'note here-warn' }, icon('warn', 'i-16'), warning.message ?? warning)),
  );
}

/** What stands there while the answer is on its way. */
export function waiting(into) {
  into.replaceChildren(skeleton(3));
}

/** What stands there when the answer did not come. */
export function failed(into, fault, again) {
  into.replaceChildren(emptyState(fault.error?.message ?? t('没有查到这里的情况'), t('位置已经记下，也可以直接上报'),
    h('button', { type: 'button', class: 'btn', onclick: again }, t('再查一次'))));
}

function meant(chosen) {
  return h('div', { class: 'here-head' }, h('div', { class: 'grow' },
    h('div', { class: 't12 mute' }, chosen.distance_m < 0.5 ? t('部件，就在此处') : t('部件，离此处 {d}', { d: metres(chosen.distance_m) })),
    h('h2', {}, className(chosen)), h('div', { class: 'mute' }, t('尾号 {n}', { n: tail(chosen.id, 6) }))));
}

function nothingMeant(found) {
  return h('div', { class: 'here-head' }, h('div', { class: 'grow' },
    h('h2', {}, found.community?.name ?? found.street?.name ?? found.district?.name ?? t('责任区以外')),
    h('div', { class: 'mute' }, found.components.length > 0 ? t('不指定部件，只按位置上报') : t('50 m 内没有登记的部件，可以只按位置上报'))));
}

function others(found, chosen, choose) {
  return h('div', { class: 'near-row', role: 'group', 'aria-label': t('附近的部件') },
    found.components.map((component) => h('button', { type: 'button', class: 'chip', 'aria-pressed': String(component.id === chosen?.id), dataset: { component: component.id },
      onclick: () => choose(component.id === chosen?.id ? null : component) }, className(component), component.distance_m >= 0.5 && h('span', { class: 'mute' }, metres(component.distance_m)))));
}

function areas(found) {
  const named = (unit) => (unit ? unit.name ?? unit.code : t('不在范围内'));
  return [
    [t('单元网格'), found.cell ? found.cell.code : t('不在范围内'), true],
    [t('社区'), named(found.community)], [t('街道'), named(found.street)], [t('区'), named(found.district)],
  ];
}
