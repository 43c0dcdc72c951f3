// A run beside the map: three figures first, then the alternatives, the rings, and what lies in them.

import { h, icon } from 'cityops/dom';
import { count, metres, t, title } from 'cityops/i18n';
import { placesOf } from 'cityops/emergency/draw';
import { hatchSwatch } from 'cityops/emergency/hatch';
import { alternativeWord, boundsText, countText, levelText, massText, peopleText, radiusText, rankWord } from 'cityops/emergency/words';

const MOST_CLASSES = 8;

function figure(label, value, unit, note, dataset = {}) {
  return h('div', { class: 'em-figure', dataset }, h('span', { class: 'mute' }, label),
    h('b', {}, value, unit && h('small', {}, unit)), h('span', { class: 't12 mute' }, note));
}

/** People of a zone at a time; where no building is on file and the ground is poorly covered, unknown. */
function peopleIn(run, zone, time, kind = 'within') {
  const people = zone.exposure?.people?.[time]?.[kind] ?? null;
  const blind = people?.carriers === 0 && run.warnings.some((one) => one.code === 'exposure.poor_coverage');
  return blind && kind === 'within' ? { ...people, rounded: null } : people;
}

function figures(run, chosen, time) {
  const outer = chosen.zones.at(-1);
  const people = peopleIn(run, outer, time);
  const { places, roads, components } = outer.exposure ?? {};
  const byRank = places ? chosen.zones.map((zone) => `${rankWord(zone.rank)} ${zone.exposure.places.band}`).join(t('，')) : '';
  return h('div', { class: 'em-figures', role: 'group', 'aria-label': t('最外圈内'), 'aria-live': 'polite' },
    figure(time === 'day' ? t('白天圈内人数') : t('夜间圈内人数'), peopleText(people), t('人'), boundsText(people), { figure: 'people' }),
    figure(t('敏感场所'), places ? count(places.within) : t('未知'), places ? t('处') : null, byRank, { figure: 'places' }),
    figure(t('道路'), roads ? count(roads.named) : t('未知'), roads ? t('条') : null,
      [roads && t('圈内 {km}', { km: metres(roads.length_m) }), roads?.unnamed > 0 && t('另有 {n} 段无名', { n: roads.unnamed }), components && t('部件 {n} 个', { n: countText(components.within) })].filter(Boolean).join(t('；')), { figure: 'roads' }));
}

/** Three masses side by side; the pressed one is drawn. */
function alternatives(run, name, time, choose) {
  const widest = Math.max(...run.alternatives.map((one) => one.zones.at(-1).radius_m));
  const bar = (zone) => h('li', {}, h('span', { class: `em-rank ${zone.rank}` }, rankWord(zone.rank)),
    h('span', { class: 'em-bar' }, h('i', { class: zone.rank, style: { width: `${Math.max(3, (100 * zone.radius_m) / widest)}%` } })), h('b', {}, radiusText(zone.radius_told_m)));
  return h('div', { class: 'em-alternatives', role: 'group', 'aria-label': t('三种当量') }, run.alternatives.map((one, i) => h('button', {
    type: 'button', class: 'em-alternative', 'aria-pressed': String(one.name === name), dataset: { alternative: one.name }, title: t('按 {key} 键切换', { key: i + 1 }), onclick: () => choose(one.name),
  }, h('span', { class: 'row' }, h('b', {}, massText(one.mass_kg)), h('span', { class: 'mute' }, alternativeWord(one.name))),
  h('span', { class: 'em-people' }, t('{n} 人', { n: peopleText(peopleIn(run, one.zones.at(-1), time)) })), h('ul', {}, one.zones.map(bar)))));
}

/** One row per ring, strongest first; each counts what no stronger ring holds. */
function rings(run, chosen, time, acts) {
  const cell = (text) => h('td', { class: 'num' }, text);
  const row = (zone, i) => {
    const held = zone.exposure ?? {};
    return h('tr', { dataset: { zone: String(i), radius: String(zone.radius_m) }, onmouseenter: () => acts.hoverZone(i), onmouseleave: () => acts.hoverZone(null) },
      h('th', { scope: 'row' }, h('span', { class: 'row' }, hatchSwatch(zone.rank), h('b', {}, rankWord(zone.rank)), h('span', {}, `≥ ${levelText(zone)}`)), h('span', { class: 't12 mute' }, run.levels[i].name)),
      cell(radiusText(zone.radius_told_m)), cell(peopleText(peopleIn(run, zone, time, 'band'))), cell(held.places ? count(held.places.band) : t('未知')), cell(held.components ? countText(held.components.band) : t('未知')));
  };
  return h('section', { class: 'sec' }, h('h4', {}, t('各圈'), h('span', { class: 't12 mute end' }, t('人和部件不含更强的圈'))),
    h('table', { class: 'em-rings' }, h('thead', {}, h('tr', {}, [t('超压'), t('半径'), t('人'), t('敏感'), t('部件')].map((text, i) => h('th', { scope: 'col', class: i ? 'num' : '' }, text)))),
      h('tbody', {}, chosen.zones.map(row))));
}

function placeList(run, name, chosen, time, acts) {
  const places = placesOf(run, name);
  const row = (place, i) => {
    const zone = chosen.zones[place.zone[name]];
    const people = place.people[time];
    return h('li', {}, h('button', { type: 'button', class: 'em-place', dataset: { place: place.id }, onclick: () => acts.openPlace(place), onmouseenter: () => acts.hoverPlace(place), onmouseleave: () => acts.hoverPlace(null) },
      h('span', { class: 'em-number' }, String(i + 1)), h('span', { class: 'grow' }, h('b', { class: 'ell' }, place.name ?? place.id), h('span', { class: 't12 mute' }, [place.kind_title, people == null ? t('人数未知') : t('约 {n} 人', { n: count(people) })].filter(Boolean).join(t('，')))),
      h('span', { class: 'num' }, radiusText(place.distance_m)), h('span', { class: `em-rank ${zone.rank}` }, rankWord(zone.rank))));
  };
  return h('section', { class: 'sec em-list' }, h('h4', {}, t('敏感场所'), h('span', { class: 't12 mute end' }, t('由近到远'))),
    places.length > 0 ? h('ol', {}, places.map(row)) : h('p', { class: 'mute' }, run.lists?.places ? t('圈内没有登记的敏感场所') : t('没有敏感场所资料')));
}

/** Shelters or rescue teams that any ring reaches, nearest first; where none is on file, nothing. */
function helpList(run, name, chosen, { kind, title: heading, none, size }) {
  const rows = (run.lists?.[kind] ?? []).filter((row) => row.zone[name] != null);
  const line = (row) => h('li', { dataset: { [kind]: row.id } }, h('span', { class: 'grow' }, row.name ?? row.id, ' ', h('span', { class: 't12 mute' }, [row.kind_title, size(row)].filter(Boolean).join(t('，')))),
    h('span', { class: 'num' }, radiusText(row.distance_m)), h('span', { class: `em-rank ${chosen.zones[row.zone[name]].rank}` }, rankWord(chosen.zones[row.zone[name]].rank)));
  return run.lists?.[kind] && h('section', { class: 'sec em-list' }, h('h4', {}, heading, h('span', { class: 't12 mute end' }, t('由近到远'))),
    rows.length > 0 ? h('ul', { class: 'em-pairs' }, rows.map(line)) : h('p', { class: 'mute' }, none));
}

const shelters = () => ({ kind: 'shelters', title: t('避难场所'), none: t('圈内没有登记的避难场所'), size: (row) => row.capacity != null && t('可容纳 {n} 人', { n: count(row.capacity) }) });
const teams = () => ({ kind: 'teams', title: t('救援队伍'), none: t('圈内没有登记的救援队伍'), size: (row) => row.people != null && t('{n} 人', { n: count(row.people) }) });

function roadList(run, name) {
  const roads = (run.lists?.roads ?? []).filter((road) => road.length_m[name] > 0).sort((a, b) => b.length_m[name] - a.length_m[name]);
  return h('section', { class: 'sec em-list' }, h('h4', {}, t('道路'), h('span', { class: 't12 mute end' }, t('最外圈内的长度'))),
    roads.length > 0 ? h('ul', { class: 'em-pairs' }, roads.map((road) => h('li', {}, h('span', { class: 'grow ell' }, road.name, ' ', h('span', { class: 't12 mute' }, road.class_title)), h('span', { class: 'num' }, radiusText(road.length_m[name])))))
      : h('p', { class: 'mute' }, t('圈内没有有名的道路')));
}

function componentList(run, name) {
  const outermost = (row) => row.within[name].at(-1);
  const rows = (run.lists?.components ?? []).filter((row) => outermost(row) > 0).sort((a, b) => outermost(b) - outermost(a));
  const line = (row) => h('li', {}, h('span', { class: 'grow ell' }, row.title ?? row.class ?? t('未知类别')), h('span', { class: 'num' }, countText(outermost(row))));
  return h('section', { class: 'sec em-list' }, h('h4', {}, t('部件分类'), h('span', { class: 't12 mute end' }, t('最外圈内，个'))),
    rows.length === 0 ? h('p', { class: 'mute' }, run.lists?.components ? t('圈内没有登记的部件') : t('没有部件资料'))
      : [h('ul', { class: 'em-pairs' }, rows.slice(0, MOST_CLASSES).map(line)),
        rows.length > MOST_CLASSES && h('details', {}, h('summary', {}, t('其余 {n} 类', { n: rows.length - MOST_CLASSES })), h('ul', { class: 'em-pairs' }, rows.slice(MOST_CLASSES).map(line)))]);
}

function warnings(run) {
  return run.warnings.length > 0 && h('div', { class: 'sec em-warnings' }, run.warnings.map((one) => h('p', { class: 'verdict soon' }, icon('warn'), h('span', {}, one.message))));
}

/** The whole result; `view` is `{name, time}`, `acts` what its buttons do. */
export function resultBody(run, view, acts) {
  const chosen = run.alternatives.find((one) => one.name === view.name);
  const times = [['day', t('白天')], ['night', t('夜间')]].map(([time, words]) => h('button', { type: 'button', 'aria-pressed': String(time === view.time), onclick: () => acts.chooseTime(time) }, words));
  return h('div', { class: 'em em-result', dataset: { run: run.run_id, alternative: view.name, time: view.time } },
    h('div', { class: 'em-source-line' }, h('div', { class: 'grow' }, h('b', { class: 't16' }, run.site?.name ?? t('自选位置')),
      h('span', { class: 't12 mute' }, [run.site?.substance, run.site?.inventory_kg && t('存量 {m}', { m: massText(run.site.inventory_kg) }), `${run.place.lon.toFixed(5)}, ${run.place.lat.toFixed(5)}`].filter(Boolean).join(t('，')))),
    h('div', { class: 'seg', role: 'group', 'aria-label': t('时段') }, times)),
    figures(run, chosen, view.time),
    alternatives(run, view.name, view.time, acts.chooseAlternative),
    h('div', { class: 'em-acts' }, h('button', { type: 'button', class: 'btn btn-p', onclick: (event) => acts.print(event.currentTarget) }, icon('print', 'i-16'), t('打印情况单')),
      h('button', { type: 'button', class: 'btn', onclick: acts.edit }, t('改当量')), h('button', { type: 'button', class: 'btn', onclick: acts.restart }, t('换位置')),
      h('button', { type: 'button', class: 'btn', onclick: acts.fit }, icon('fit', 'i-16'), t('看全')), h('button', { type: 'button', class: 'btn btn-q end', 'aria-pressed': String(acts.whyIsOpen()), onclick: acts.why }, icon('help', 'i-16'), t('依据'))),
    rings(run, chosen, view.time, acts),
    warnings(run),
    placeList(run, view.name, chosen, view.time, acts), helpList(run, view.name, chosen, shelters()), helpList(run, view.name, chosen, teams()),
    roadList(run, view.name), componentList(run, view.name),
    h('p', { class: 'sec t12 mute' }, t('{estimate}，来源：{source}', { estimate: title(run.estimate), source: run.source })));
}
