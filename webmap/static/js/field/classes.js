// Choosing a class: what lies near and what was used last as tiles, all of them by search.

import { h, icon } from 'cityops/dom';
import { t, metres } from 'cityops/i18n';

const TILES = 6;
/** A component nearer than this offers its class first. */
const NEAR_M = 15;

/** Whether two classes are the same. */
export function sameClass(a, b) {
  return Boolean(a && b && a.domain === b.domain && a.scheme === b.scheme && a.code === b.code);
}

/** A class in one word: the same code in two schemes is two classes. */
function keyOf(item) { return `${item.domain}:${item.scheme}:${item.code}`; }

/** The name of the scheme of a class, where there are several to choose from. */
function schemeOf(form, item) {
  const others = form.offered.all.some((group) => group.classes.some((other) => other.domain === item.domain && other.scheme !== item.scheme));
  return others ? h('small', { class: 'mute' }, item.scheme) : null;
}

/** The block of the form in which a class is chosen. */
export function pickClass(form) {
  const toggle = h('button', { type: 'button', class: 'btn btn-q', id: 'all-classes', 'aria-expanded': String(Boolean(form.searching)), onclick: () => { form.searching = !form.searching; form.draw(); if (form.searching) document.getElementById('class-search')?.focus(); } }, form.searching ? t('收起') : t('全部类别'));
  const head = h('div', { class: 'group-head' }, h('b', {}, t('类别')), toggle);
  if (!form.offered) return h('section', {}, head, h('div', { class: 'tiles' }, ...[1, 2, 3, 4].map(() => h('div', { class: 'tile' }, h('div', { class: 'sk' })))));
  if (form.searching) return h('section', {}, head, searchBox(form));
  return h('section', {}, head, h('div', { class: 'tiles' }, tilesOf(form).map(({ item, why }) => h('button', {
    type: 'button', class: 'tile', 'aria-pressed': String(sameClass(item, form.draft.chosen)), dataset: { class: keyOf(item) }, onclick: () => form.choose(item),
  }, h('span', {}, item.title), schemeOf(form, item), why && h('small', {}, why)))));
}

/** At most six: the chosen one, that of the nearest component, then what was used last. */
function tilesOf(form) {
  const { chosen, found } = form.draft;
  const near = found?.components.find((one) => one.distance_m <= NEAR_M);
  const out = [];
  const add = (item, why) => { if (item && !out.some((one) => sameClass(one.item, item))) out.push({ item, why }); };
  const recent = form.offered.recent.map((item) => ({ item, why: item.times > 0 ? t('近 30 天 {n} 次', { n: item.times }) : '' }));
  add(near && form.classOf(near), near && (near.distance_m < 0.5 ? t('此处的部件') : t('最近的部件，{d}', { d: metres(near.distance_m) })));
  if (chosen && !recent.some((one) => sameClass(one.item, chosen))) add(chosen, '');
  for (const { item, why } of recent) add(item, why);
  return out.slice(0, TILES);
}

function searchBox(form) {
  const list = h('div', { class: 'all-classes', id: 'class-list' });
  const show = (text) => list.replaceChildren(...found(form, text));
  const input = h('input', { id: 'class-search', type: 'search', class: 'input input-l', autocomplete: 'off', placeholder: t('名称或拼音首字母，例如 井盖、jg'), 'aria-label': t('查找类别'), 'aria-controls': 'class-list', oninput: (event) => show(event.target.value) });
  show('');
  return h('div', { class: 'stack' }, h('label', { class: 'search-line' }, icon('search', 'i-16'), input), list);
}

/** Classes that a text means: a part of the name, of the initials of its pinyin, or the code. */
function found(form, text) {
  const wanted = text.trim().toLowerCase().replace(/\s+/g, '');
  const fits = (item) => !wanted || item.title.toLowerCase().includes(wanted) || item.initials.includes(wanted) || item.code === wanted;
  const groups = form.offered.all.map((group) => ({ ...group, classes: group.classes.filter(fits) })).filter((group) => group.classes.length > 0);
  if (groups.length === 0) return [h('p', { class: 'mute none' }, t('没有叫“{q}”的类别，换个说法', { q: text.trim() }))];
  return groups.flatMap((group) => [h('h4', {}, group.title), ...group.classes.map((item) => h('button', {
    type: 'button', 'aria-pressed': String(sameClass(item, form.draft.chosen)), dataset: { class: keyOf(item) }, onclick: () => { form.searching = false; form.choose(item); },
  }, item.title, ' ', schemeOf(form, item)))]);
}
