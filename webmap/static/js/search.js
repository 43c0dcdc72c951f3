// One search: address, place, code of cell, component or case, coordinates in any datum.
// A page that can go somewhere listens for `search:go`; elsewhere the map page opens.

import { api } from 'cityops/api';
import { parsePosition } from 'cityops/coords';
import { debounce, h, icon } from 'cityops/dom';
import { t, title } from 'cityops/i18n';

const ICONS = { place: 'pin', cell: 'box', component: 'info', case: 'case', road: 'line', position: 'loc', pipe: 'pipe', site: 'warn' };

/** Make an input a combobox over `/api/v1/search`. */
export function startSearch(input, list) {
  let found = [];
  let chosen = -1;
  let asked = null;

  const shut = () => { list.hidden = true; input.setAttribute('aria-expanded', 'false'); input.removeAttribute('aria-activedescendant'); chosen = -1; };
  const mark = (at) => {
    chosen = at;
    [...list.querySelectorAll('[role=option]')].forEach((item, i) => item.setAttribute('aria-selected', String(i === at)));
    if (at >= 0) { input.setAttribute('aria-activedescendant', `found-${at}`); list.children[at]?.scrollIntoView({ block: 'nearest' }); }
  };
  const go = (hit) => {
    shut();
    input.value = title(hit.title);
    input.blur();
    const event = new CustomEvent('search:go', { detail: hit, cancelable: true });
    if (document.dispatchEvent(event)) location.assign(addressOf(hit));
  };
  const show = (hits, note) => {
    found = hits;
    list.replaceChildren(...hits.map((hit, i) => h('li', { role: 'option', id: `found-${i}`, 'aria-selected': 'false', onpointerdown: (event) => { event.preventDefault(); go(hit); } },
      icon(ICONS[hit.kind] ?? 'pin', 'i-16'), h('span', { class: 'ell' }, title(hit.title)), h('span', { class: 't12 faint' }, hit.kind_title ? title(hit.kind_title) : ''), hit.detail && h('small', {}, title(hit.detail)))));
    if (note) list.append(h('li', { class: 'note', role: 'presentation' }, note));
    list.hidden = hits.length === 0 && !note;
    input.setAttribute('aria-expanded', String(!list.hidden));
    mark(hits.length > 0 ? 0 : -1);
  };
  const ask = debounce(async (text) => {
    asked?.abort();
    asked = new AbortController();
    try {
      const { results = [] } = await api('search', { query: { q: text, limit: 12 }, signal: asked.signal });
      show(results, results.length === 0 ? t('没有找到“{q}”：换个写法，或输入坐标', { q: text }) : null);
    } catch (fault) {
      if (fault.name !== 'AbortError') show([], fault.message);
    }
  }, 180);

  input.addEventListener('input', () => {
    const text = input.value.trim();
    if (text.length === 0) { ask.cancel(); shut(); } else { const own = positionHits(text); if (own.length > 0) { ask.cancel(); show(own); } else ask(text); }
  });
  input.addEventListener('focus', () => { if (found.length > 0 && input.value.trim()) show(found); });
  input.addEventListener('blur', shut);
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (found.length > 0) mark((chosen + (event.key === 'ArrowDown' ? 1 : found.length - 1) + found.length) % found.length);
    } else if (event.key === 'Enter' && chosen >= 0 && !list.hidden) { event.preventDefault(); go(found[chosen]); } else if (event.key === 'Escape') { event.stopPropagation(); if (list.hidden) input.blur(); else shut(); }
  });
}

function positionHits(text) {
  const read = parsePosition(text);
  if (!read) return [];
  const [lon, lat] = read.position;
  const note = read.gcj ? t('按 GCJ-02 换算，误差约 1 m') : read.swapped ? t('经纬度写反了，已调换') : 'CGCS2000';
  return [{ kind: 'position', title: `${lon.toFixed(6)}, ${lat.toFixed(6)}`, detail: note, position: [lon, lat] }];
}

function addressOf(hit) {
  const target = new URLSearchParams();
  if (hit.position) target.set('at', `${hit.position.map((n) => n.toFixed(6)).join(',')},${hit.zoom ?? 17}`);
  if (hit.layer && hit.key) target.set('sel', `${hit.layer}/${hit.key}`);
  return `/map?${target}`;
}
