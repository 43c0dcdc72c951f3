// The list beside the map: what the map shows of one layer, or what lies in an area; the same filter, hover both ways.

import { debounce, emptyState, h, icon, skeleton } from 'cityops/dom';
import { count, exact, t, title } from 'cityops/i18n';
import { featureName, valueText } from 'cityops/map/feature';
import { columnFilter, textFilter } from 'cityops/map/listfilter';
import { TEXT } from 'cityops/map/matching';
import { complain } from 'cityops/toast';

const PAGE = 100;
const MOST_COLUMNS = 8;

/** Opens and keeps the list; `app.list.open(layer)`. */
export function startList(app) {
  let layer = null;
  let features = [];
  let next = null;
  let asked = null;
  let table = null;
  let sort = app.state.get('sort');
  let area = null;
  let narrowed = true;
  let framing = false;

  const search = textFilter(app);
  const byColumn = columnFilter(app);
  const inArea = () => area != null && narrowed;

  /** Key first, then what the map shows, then what at least one row here has. */
  function columns() {
    const filled = (field) => features.some(({ properties }) => properties[field.name] != null && properties[field.name] !== '');
    const rank = (field) => (field.name === layer.key ? 0 : field.name === layer.label_field ? 1 : field.in_tiles ? 2 : 3);
    return layer.fields.filter((field) => field.name === layer.key || field.name === sort?.replace('-', '') || (field.name !== 'source' && filled(field)))
      .sort((a, b) => rank(a) - rank(b)).slice(0, MOST_COLUMNS);
  }

  function open(name, { push = true } = {}) {
    const chosen = app.layers.get(name);
    if (!chosen) return;
    if (layer && layer !== chosen) sort = null;
    layer = chosen;
    if (!app.layers.isOn(name)) app.layers.setOn(name, true);
    app.state.set({ list: name, sort }, { push });
    frame();
    load();
  }
  function frame() {
    framing = true; // the drawer tells the list it shows that it is closed; it only gets a new frame
    app.drawer.show({
      title: t('{layer}列表', { layer: title(layer.title) }), body: skeleton(5), onclose: shut,
      actions: [picker(), area && extent(), h('span', { class: 'mute end', id: 'list-count', 'aria-live': 'polite' })].filter(Boolean),
    });
    framing = false;
  }
  function shut() { if (framing) return; layer = null; features = []; table = null; asked?.abort(); app.state.set({ list: null, sort: null }); }

  function picker() {
    return h('select', { class: 'input', style: { width: 'auto', height: '28px' }, 'aria-label': t('换一个图层'), onchange: (e) => open(e.target.value) },
      app.layers.all().filter((one) => !one.base).map((one) => h('option', { value: one.name, ...(one === layer ? { selected: true } : {}) }, title(one.title))));
  }
  /** Whether the list keeps to the area or to the window of the map. */
  function extent() {
    const choice = (on, words) => h('button', { type: 'button', 'aria-pressed': String(narrowed === on), onclick: () => { narrowed = on; frame(); load(); } }, words);
    return h('div', { class: 'seg', role: 'group', 'aria-label': t('列表的范围') }, choice(true, t('选区内')), choice(false, t('视野内')));
  }

  async function page(after, signal) {
    if (inArea()) {
      const found = await app.api(`layers/${layer.name}/select`, { json: { polygon: area, where: app.layers.where(layer.name), q: app.layers.text(layer.name), sort, limit: PAGE, after: after ?? 0 }, signal });
      return { ...found, next: found.after };
    }
    const box = app.map.getBounds();
    const bbox = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((n) => n.toFixed(6)).join(',');
    return app.api(after ?? `layers/${layer.name}/features`, { query: after ? {} : { bbox, limit: PAGE, sort, ...app.layers.query(layer.name) }, signal });
  }

  async function load(after = null) {
    if (!layer) return;
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    try {
      const found = await page(after, signal);
      features = after ? [...features, ...found.features] : found.features;
      next = found.next ?? null;
      draw(found.total ?? null);
    } catch (fault) {
      if (fault.name === 'AbortError') return;
      if (fault.status === 409 && after) { load(); return; }
      complain(fault);
      app.drawer.body?.replaceChildren(emptyState(fault.message, fault.error?.hint ?? ''));
    }
  }

  function draw(total) {
    const told = document.getElementById('list-count');
    const n = total != null ? count(total) : `${count(features.length)}${next ? '+' : ''}`;
    if (told) told.textContent = inArea() ? t('选区内 {n} 条', { n }) : t('视野内 {n} 条', { n });
    const chips = Object.entries(app.layers.filter(layer.name)).map(([field, values]) => {
      const spec = layer.fields.find((f) => f.name === field);
      return h('button', { type: 'button', class: 'chip', 'aria-pressed': 'true', onclick: () => app.layers.setFilter(layer.name, { ...app.layers.filter(layer.name), [field]: [] }) },
        field === TEXT ? t('含“{text}”', { text: values[0] }) : `${title(spec?.title ?? field)}：${values.map((v) => (spec ? valueText(spec, v) ?? t('未知') : v)).join('、')}`, icon('x', 'i-16'));
    });
    const head = h('div', { class: 'list-head' }, search.element(layer), filterMenu(), byColumn.element(layer), chips, offChip());
    const kept = search.focus();
    if (features.length === 0) { app.drawer.body.replaceChildren(head, nothing()); kept?.(); return; }
    const shown = columns();
    table = h('table', { class: 'table' }, h('thead', {}, h('tr', {}, shown.map(heading))), h('tbody', {}, features.map((feature) => row(feature, shown))));
    app.drawer.body.replaceChildren(head, table, next ? h('div', { class: 'list-more' }, h('button', { type: 'button', class: 'btn', onclick: () => load(next) }, t('再看 {n} 条', { n: PAGE }))) : '');
    kept?.();
    select(app.layers.selection);
  }

  /** Classes that are switched off narrow the list as well; taken away, all are on again. */
  function offChip() {
    const gone = app.layers.offClasses(layer.name);
    if (gone.size === 0) return null;
    const names = (items) => items.map((item) => title(item.title)).join('、');
    const left = layer.classes.filter((item) => !gone.has(item.code));
    const words = left.length <= 3 ? t('只看{names}', { names: names(left) || t('其他') }) : t('不看{names}', { names: names(layer.classes.filter((item) => gone.has(item.code))) });
    return h('button', { type: 'button', class: 'chip', 'aria-pressed': 'true', onclick: () => app.layers.onlyClasses(layer.name, null) }, words, icon('x', 'i-16'));
  }

  function nothing() {
    if (inArea()) return emptyState(t('选区内没有{layer}', { layer: title(layer.title) }), t('去掉筛选，或把选区画大些。'));
    return emptyState(t('这个范围没有{layer}', { layer: title(layer.title) }), t('缩小地图看大一点的范围，或去掉筛选。'),
      h('button', { type: 'button', class: 'btn', onclick: () => app.map.zoomOut() }, t('看大一倍')),
      layer.bounds && h('button', { type: 'button', class: 'btn btn-p', onclick: () => app.map.fitBounds(layer.bounds, { padding: 40, maxZoom: 16 }) }, t('看全部')));
  }

  /** A heading sorts: ascending, descending, as stored. */
  function heading(field) {
    const down = sort === `-${field.name}`;
    const up = sort === field.name;
    const turn = () => { sort = up ? `-${field.name}` : down ? null : field.name; app.state.set({ sort }); load(); };
    return h('th', { scope: 'col', class: isNumber(field) ? 'num' : '', 'aria-sort': up ? 'ascending' : down ? 'descending' : null },
      h('button', { type: 'button', class: 'th', onclick: turn, title: t('按{field}排序', { field: title(field.title) }) },
        title(field.title), field.unit && h('span', { class: 'unit' }, ` ${field.unit}`), (up || down) && icon(up ? 'up' : 'down', 'i-16')));
  }

  function row(feature, shown) {
    const key = String(feature.properties[layer.key]);
    return h('tr', { dataset: { key }, tabindex: '0', onmouseenter: () => app.layers.hover(layer.name, feature, 'list'), onmouseleave: () => app.layers.hover(layer.name, null, 'list'),
      onclick: () => app.feature.open(layer.name, key), onkeydown: (e) => { if (e.key === 'Enter') app.feature.open(layer.name, key); }, 'aria-label': featureName(layer, feature.properties) },
    shown.map((field) => h('td', { class: isNumber(field) ? 'num' : '' }, swatchOf(field, feature), cell(field, feature.properties[field.name]))));
  }
  function swatchOf(field, feature) {
    if (field.name !== layer.class_field) return null;
    const item = layer.classes.find((one) => one.code === feature.properties[field.name]);
    return item?.colour ? h('i', { class: 'swatch', style: { background: item.colour } }) : null;
  }
  function cell(field, value) {
    if (value == null || value === '') return h('span', { class: 'none' }, t('未知'));
    return isNumber(field) ? exact(value) : valueText(field, value);
  }

  function filterMenu() {
    const opened = app.drawer.body?.querySelector('details[open][data-field]')?.dataset.field;
    const fields = layer.fields.filter((field) => field.codes?.length > 0 && field.in_tiles);
    return fields.map((field) => {
      const chosen = new Set(app.layers.filter(layer.name)[field.name] ?? []);
      return h('details', { class: 'menu', dataset: { menu: '', field: field.name }, open: field.name === opened }, h('summary', { class: 'chip' }, icon('filter', 'i-16'), title(field.title)),
        h('div', { class: 'menu-list card', style: { left: 0, right: 'auto', 'max-height': '240px', overflow: 'auto' } }, field.codes.map((item) => h('label', { class: 'row', style: { padding: '4px 12px' } },
          h('input', { type: 'checkbox', class: 'check', checked: chosen.has(item.code), onchange: (e) => {
            if (e.target.checked) chosen.add(item.code); else chosen.delete(item.code);
            app.layers.setFilter(layer.name, { ...app.layers.filter(layer.name), [field.name]: [...chosen] });
          } }), title(item.title)))));
    });
  }

  function rowOf(key) { return key == null ? null : table?.querySelector(`tr[data-key="${CSS.escape(String(key))}"]`); }
  function select(selection) {
    table?.querySelectorAll('tr[aria-selected]').forEach((one) => one.removeAttribute('aria-selected'));
    if (selection && selection.layer === layer?.name) {
      const chosen = rowOf(selection.key);
      chosen?.setAttribute('aria-selected', 'true');
      chosen?.scrollIntoView({ block: 'nearest' });
    }
  }
  /** The next or previous row; at the end of what is loaded the next page comes first. */
  async function step(by) {
    if (!layer || features.length === 0) return false;
    const here = app.layers.selection;
    const at = features.findIndex((one) => here?.layer === layer.name && String(one.properties[layer.key]) === String(here.key));
    if (at + by >= features.length && next) await load(next);
    const to = features[Math.min(features.length - 1, Math.max(0, at + by))];
    if (to) app.feature.open(layer.name, to.properties[layer.key], { push: false });
    return true;
  }

  /** Keep the list to an area, a GeoJSON polygon, or to nothing but the window of the map. */
  function keepTo(polygon) {
    const before = JSON.stringify(area);
    area = polygon;
    if (JSON.stringify(area) === before) return;
    narrowed = true;
    if (!layer) return;
    frame();
    load();
  }

  app.bus.on('selection', select);
  app.bus.on('hover', ({ layer: name, key, from }) => {
    if (from === 'list' || !table) return;
    table.querySelectorAll('tr.is-hover').forEach((one) => one.classList.remove('is-hover'));
    if (name === layer?.name) rowOf(key)?.classList.add('is-hover');
  });
  const reload = debounce(() => load(), 250);
  app.bus.on('layers', ({ name }) => { if (layer && (!name || name === layer.name)) reload(); });
  app.map.on('moveend', () => { if (!inArea()) reload(); });
  app.bus.on('state', () => {
    sort = app.state.get('sort');
    const wanted = app.state.get('list');
    if (wanted === (layer?.name ?? null)) { if (layer) reload(); } else if (wanted) open(wanted, { push: false }); else app.drawer.close();
  });
  return { open, step, keepTo, get layer() { return layer?.name ?? null; } };
}

function isNumber(field) { return field.type === 'real' || field.type === 'integer'; }
