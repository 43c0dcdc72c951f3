// The sheet under the map: unit grid, community, street, district and the nearest components.

import { api } from 'cityops/api';
import { h, emptyState, skeleton } from 'cityops/dom';
import { t, metres } from 'cityops/i18n';

/** Ask what is at a place; gives the answer of `locate`. */
export function look(place, signal) {
  return api('locate', { query: { lon: place[0].toFixed(7), lat: place[1].toFixed(7) }, signal });
}

/** `0012` of a long code: what people call a cell or a component by. */
export function tail(code, digits) {
  return code ? code.slice(-digits) : '';
}

/** Show an answer in the sheet. `chosen` is the component meant, `choose(component)` picks another. */
export function showHere(into, found, chosen, choose) {
  into.replaceChildren(
    ...(chosen ? [nearest(found, chosen, choose)] : [noComponent(found)]),
    h('dl', { class: 'kv' }, ...rows(found).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
    ...(found.warnings ?? []).map((warning) => h('p', { class: 'note here-warn' }, warning.message ?? warning)),
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

function nearest(found, chosen, choose) {
  const others = found.components.filter((component) => component.id !== chosen.id);
  return h('div', { class: 'here-head' },
    h('div', { class: 'grow' },
      h('div', { class: 't12 mute' }, t('最近的部件，{d}', { d: metres(chosen.distance_m) })),
      h('h2', {}, className(chosen)), h('div', { class: 'mute' }, t('尾号 {n}', { n: tail(chosen.id, 6) }))),
    others.length > 0 && h('button', { type: 'button', class: 'btn btn-q', onclick: () => choose(after(found.components, chosen)) }, t('换一个')));
}

function after(components, chosen) {
  const at = components.findIndex((component) => component.id === chosen.id);
  return components[(at + 1) % components.length];
}

function noComponent(found) {
  return h('div', { class: 'here-head' }, h('div', { class: 'grow' },
    h('h2', {}, found.community?.name ?? found.street?.name ?? found.district?.name ?? t('责任区以外')),
    h('div', { class: 'mute' }, t('附近 50 m 没有登记的部件，可以只按位置上报'))));
}

/** What a component is called. */
export function className(component) {
  return component.name || component.class_title || component.class || t('部件');
}

function rows(found) {
  const named = (unit) => (unit ? unit.name : t('不在范围内'));
  return [
    [t('单元网格'), found.cell ? found.cell.code : t('不在范围内')],
    [t('社区'), named(found.community)], [t('街道'), named(found.street)], [t('区'), named(found.district)],
  ];
}
