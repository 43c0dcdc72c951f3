// What is here, over every layer: first what matters, then whose it is, then everything with its count.

import { api } from 'cityops/api';
import { h, icon } from 'cityops/dom';
import { count, metres, t, title } from 'cityops/i18n';
import { stateTag, stateTitle, waited, when } from 'cityops/cases/words';

/** Radii in metres that one can choose. */
export const RADII = [20, 50, 100, 200];
/** Rows of a section that show before the rest is asked for. */
const FIRST = 5;
/** Groups of layers that are what one came for; the others are folded. */
const OPEN = new Set(['underground', 'components', 'hazards', 'shelters', 'user']);

/** Ask for the dossier of a place [lon, lat]. */
export function askDossier(place, radius, signal) {
  return api('dossier', { query: { lon: place[0].toFixed(7), lat: place[1].toFixed(7), radius_m: radius }, signal });
}

/** What the place is called: an address, else its community or street. */
export function dossierTitle({ where }) {
  if (where.address) return t('{address}附近', { address: where.address });
  const area = where.community ?? where.street ?? where.district;
  return area?.name ?? area?.code ?? t('责任区以外');
}

/** A radius to choose: `chosen(metres)`. */
export function radiusSwitch(radius, chosen) {
  return h('div', { class: 'seg', role: 'group', 'aria-label': t('半径') }, RADII.map((r) => h('button', { type: 'button', 'aria-pressed': String(r === radius), dataset: { radius: r }, onclick: () => chosen(r) }, `${r} m`)));
}

/**
 * The parts of a dossier. `tell.feature(layer, key)` opens a feature, `tell.kase(id)` a case,
 * `tell.run(id)` a hazard run; where one of them is null its entries are only text.
 */
export function dossierBody(found, tell) {
  const empty = found.sections.length === 0;
  return [heads(found, tell), responsibility(found), people(found), ...found.sections.map((section) => block(section, tell)),
    empty && h('p', { class: 'sec mute' }, t('半径 {r} m 内没有您能看到的东西：把半径放大，或换个位置。', { r: found.radius_m })), notices(found)].filter(Boolean);
}

function heads(found, tell) {
  if (found.heads.length === 0 && found.where.warnings.length === 0) return null;
  return h('section', { class: 'sec dossier-heads', 'aria-label': t('先看这几条') },
    found.heads.map((head) => entry(head.section, head.key, tell, { class: `verdict ${head.level}` }, icon('warn', 'i-16'), h('span', {}, t(head.text, head.params)))),
    found.where.warnings.map((warning) => h('p', { class: 'verdict' }, icon('info', 'i-16'), h('span', {}, warning.message))));
}

/** Sections of records, and who opens their entries. */
const RECORDS = { cases: 'kase', zones: 'run' };

/** A button that opens a feature or a case; a line where nothing can be opened. */
function entry(section, key, tell, attributes, ...children) {
  const act = RECORDS[section] ? tell[RECORDS[section]] : tell.feature && ((id) => tell.feature(section, id));
  if (!act || key == null) return h('div', attributes, ...children);
  return h('button', { ...attributes, type: 'button', dataset: { ...attributes.dataset, key }, onclick: () => act(key) }, ...children);
}

function responsibility({ where, lon, lat, accuracy_m }) {
  const named = (unit) => (unit ? unit.name ?? unit.code : t('不在范围内'));
  const rows = [
    [t('单元网格'), where.cell ? where.cell.code : t('未划分')], [t('责任主体'), where.cell?.responsible],
    [t('社区'), named(where.community)], [t('街道'), named(where.street)], [t('区'), named(where.district)],
    [t('离网格边界'), where.boundary_distance_m == null ? null : metres(where.boundary_distance_m)],
    [t('坐标'), `${lon.toFixed(6)}, ${lat.toFixed(6)}${accuracy_m ? `（±${accuracy_m} m）` : ''}`],
  ].filter(([, value]) => value);
  return h('section', { class: 'sec' }, h('h4', {}, t('位置与责任')), h('dl', { class: 'kv' }, rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])));
}

function people({ people: found }) {
  if (!found) return null;
  const about = (n) => (n == null ? t('未知') : t('约 {n} 人', { n: count(n) }));
  return h('section', { class: 'sec' }, h('h4', {}, t('人口'), h('span', { class: 'end mute' }, t('{n} 栋建筑', { n: count(found.buildings) }))),
    h('div', { class: 'people' }, h('div', {}, h('span', { class: 'mute' }, t('白天')), h('b', { class: 't20' }, about(found.day))), h('div', {}, h('span', { class: 'mute' }, t('夜间')), h('b', { class: 't20' }, about(found.night)))),
    h('p', { class: 'hint' }, [found.unknown > 0 ? t('{n} 栋没有人数', { n: found.unknown }) : '', found.source].filter(Boolean).join('；')));
}

function block(section, tell) {
  const isOpen = section.kind === 'records' || OPEN.has(section.group);
  return h('details', { class: 'sec dossier-block', open: isOpen, dataset: { section: section.name } },
    h('summary', {}, icon('right', 'i-16'), h('h4', { class: 'grow' }, title(section.title)), section.radius_m != null && h('span', { class: 'mute nowrap' }, t('{r} m 内', { r: count(section.radius_m) })), h('b', { class: 'n' }, count(section.count) + (section.truncated ? '+' : ''))),
    classes(section), rows(section, tell), h('p', { class: 'hint' }, [section.source, section.notice].filter((text, i, all) => text && all.indexOf(text) === i).join('；')));
}

function classes({ classes: found }) {
  if (!found || found.length < 2) return null;
  return h('p', { class: 'mute t12' }, found.slice(0, 8).map((one) => `${one.title ?? t('未知')} ${count(one.count)}`).join('　'));
}

function rows(section, tell) {
  const list = h('ul', { class: 'dossier-rows' });
  const show = (all) => list.replaceChildren(...(all ? section.rows : section.rows.slice(0, FIRST)).map((row) => h('li', {}, line(section, row, tell))));
  show(false);
  if (section.rows.length <= FIRST) return list;
  const rest = section.rows.length < section.count ? t('列出最近 {n} 个', { n: section.rows.length }) : t('全部列出');
  const more = h('button', { type: 'button', class: 'btn btn-q btn-s', onclick: () => { show(true); more.remove(); } }, rest);
  return [list, more];
}

function line(section, row, tell) {
  return entry(section.name, row.key, tell, { class: 'dossier-row' },
    h('span', { class: 'grow' }, h('b', {}, row.label), ' ', detail(section, row)), h('span', { class: 'mute nowrap' }, row.distance_m < 0.05 ? t('此处') : metres(row.distance_m)));
}

function detail(section, row) {
  if (section.name === 'cases') return [h('span', { class: stateTag(row.state) }, stateTitle(row.state)), h('span', { class: 'mute t12 under' }, `${row.number}，${waited(row.moved_at)}`)];
  if (section.name === 'zones') return [h('span', { class: `level ${row.rank}` }, row.rank_title), h('span', { class: 'mute t12 under' }, t('{a}方案，半径约 {r} m，{at}', { a: row.alternative, r: count(row.zone_radius_m), at: when(row.at) }))];
  if (row.trust) return pipeWords(row);
  const { values, titles } = row;
  const words = section.name === 'components' ? [t('尾号 {n}', { n: String(row.key).slice(-6) }), values.dept1, titles.state !== '完好' && titles.state]
    : ['hazards', 'shelters'].includes(section.group) ? [titles.kind, titles.grade, values.substance, values.capacity != null && t('可容纳 {n} 人', { n: count(values.capacity) }), values.enterprise, values.goods] : [titles.use ?? titles.road_class ?? titles.kind, values.address, values.floors && t('{n} 层', { n: values.floors }), values.width_m && t('宽 {n} m', { n: values.width_m })];
  const text = words.filter((word) => word && word !== row.label).join('，');
  return text && h('span', { class: 'mute t12 under' }, text);
}

/** Size, owner, depth with how sure it is: a depth that nobody measured is never a number. */
function pipeWords({ values, trust }) {
  const size = values.diameter_mm ? `DN${values.diameter_mm}` : (values.size_text ?? '').replace('X', '×');
  const [low, high] = [values.depth_start_m, values.depth_end_m].sort((a, b) => a - b);
  const sure = trust.sigma_z_m == null ? '' : ` ±${trust.sigma_z_m.toFixed(2)}`;
  const depth = trust.depth_measured ? t('埋深 {d} m', { d: (high - low < 0.005 ? low.toFixed(2) : `${low.toFixed(2)}–${high.toFixed(2)}`) + sure }) : t('埋深未实测');
  return [size, ' ', h('span', { class: `tag ${trust.depth_measured ? 'line' : 'soon'}`, title: trust.title ?? t('质量等级未知') }, trust.quality_level ? t('质量 {q}', { q: trust.quality_level }) : t('质量未知')),
    h('span', { class: 'mute t12 under' }, [depth, values.owner].filter(Boolean).join('，'))];
}

function notices(found) {
  if (found.notices.length === 0) return null;
  return h('p', { class: 'sec hint' }, found.notices.join(''));
}
