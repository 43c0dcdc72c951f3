// The list beside the map: what the map shows of one layer, the same filter, hover both ways.

import { debounce, emptyState, h, icon, iconButton, skeleton } from 'cityops/dom';
import { count, t, title } from 'cityops/i18n';
import { featureName, valueText } from 'cityops/map/feature';
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

  /** Key first, then what the map shows, then what at least one row here has. */
  function columns() {
    const filled = (field) => features.some(({ properties }) => properties[field.name] != null && properties[field.name] !== '');
    const rank = (field) => (field.name === layer.key ? 0 : field.name === layer.label_field ? 1 : field.in_tiles ? 2 : 3);
    return layer.fields.filter((field) => field.name === layer.key || (field.name !== 'source' && filled(field)))
      .sort((a, b) => rank(a) - rank(b)).slice(0, MOST_COLUMNS);
  }

  function open(name, { push = true } = {}) {
    const chosen = app.layers.get(name);
    if (!chosen) return;
    layer = chosen;
    if (!app.layers.isOn(name)) app.layers.setOn(name, true);
    app.state.set({ list: name }, { push });
    app.drawer.show({ title: t('{layer}列表', { layer: title(layer.title) }), body: skeleton(5), onclose: shut, actions: [picker(), h('span', { class: 'mute end', id: 'list-count', 'aria-live': 'polite' })] });
    load();
  }
  function shut() { layer = null; features = []; asked?.abort(); app.state.set({ list: null }); }

  function picker() {
    return h('select', { class: 'input', style: { width: 'auto', height: '28px' }, 'aria-label': t('换一个图层'), onchange: (e) => open(e.target.value) },
      app.layers.all().filter((one) => !one.base).map((one) => h('option', { value: one.name, ...(one === layer ? { selected: true } : {}) }, title(one.title))));
  }

  async function load(after = null) {
    if (!layer) return;
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    const box = app.map.getBounds();
    const bbox = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((n) => n.toFixed(6)).join(',');
    try {
      const page = await app.api(after ?? `layers/${layer.name}/features`, { query: after ? {} : { bbox, limit: PAGE, ...app.layers.query(layer.name) }, signal });
      features = after ? [...features, ...page.features] : page.features;
      next = page.next ?? null;
      draw(page.total ?? null);
    } catch (fault) { if (fault.name !== 'AbortError') { complain(fault); app.drawer.body?.replaceChildren(emptyState(fault.message, fault.error?.hint ?? '')); } }
  }

  function draw(total) {
    const told = document.getElementById('list-count');
    if (told) told.textContent = total != null ? t('视野内 {n} 条', { n: count(total) }) : t('视野内 {n} 条', { n: `${count(features.length)}${next ? '+' : ''}` });
    const chips = Object.entries(app.layers.filter(layer.name)).map(([field, values]) => {
      const spec = layer.fields.find((f) => f.name === field);
      return h('button', { type: 'button', class: 'chip', 'aria-pressed': 'true', onclick: () => app.layers.setFilter(layer.name, { ...app.layers.filter(layer.name), [field]: [] }) },
        `${title(spec?.title ?? field)}：${values.map((v) => (spec ? valueText(spec, v) : v)).join('、')}`, icon('x', 'i-16'));
    });
    const head = h('div', { class: 'list-head' }, filterMenu(), chips);
    if (features.length === 0) {
      app.drawer.body.replaceChildren(head, emptyState(t('这个范围没有{layer}', { layer: title(layer.title) }), t('缩小地图看大一点的范围，或去掉筛选。'),
        h('button', { type: 'button', class: 'btn', onclick: () => app.map.zoomOut() }, t('看大一倍')),
        layer.bounds && h('button', { type: 'button', class: 'btn btn-p', onclick: () => app.map.fitBounds(layer.bounds, { padding: 40, maxZoom: 16 }) }, t('看全部'))));
      return;
    }
    const shown = columns();
    table = h('table', { class: 'table' }, h('thead', {}, h('tr', {}, shown.map((field) => h('th', { scope: 'col', class: isNumber(field) ? 'num' : '' }, title(field.title), field.unit && h('span', { class: 'unit' }, ` ${field.unit}`))))),
      h('tbody', {}, features.map((feature) => row(feature, shown))));
    app.drawer.body.replaceChildren(head, table, next ? h('div', { class: 'list-more' }, h('button', { type: 'button', class: 'btn', onclick: () => load(next) }, t('再看 {n} 条', { n: PAGE }))) : '');
    select(app.layers.selection);
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
    if (value == null || value === '') return '';
    return isNumber(field) ? value.toLocaleString('en-US', { maximumFractionDigits: 3 }) : valueText(field, value);
  }

  function filterMenu() {
    const fields = layer.fields.filter((field) => field.codes?.length > 0 && field.in_tiles);
    return fields.map((field) => {
      const chosen = new Set(app.layers.filter(layer.name)[field.name] ?? []);
      return h('details', { class: 'menu', dataset: { menu: '' } }, h('summary', { class: 'chip' }, icon('filter', 'i-16'), title(field.title)),
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
  function step(by) {
    if (!layer || features.length === 0) return false;
    const at = features.findIndex((one) => app.layers.selection?.layer === layer.name && String(one.properties[layer.key]) === String(app.layers.selection.key));
    const to = features[Math.min(features.length - 1, Math.max(0, at + by))];
    app.feature.open(layer.name, to.properties[layer.key], { push: false });
    return true;
  }

  app.bus.on('selection', select);
  app.bus.on('hover', ({ layer: name, key, from }) => {
    if (from === 'list' || !table) return;
    table.querySelectorAll('tr.is-hover').forEach((one) => one.classList.remove('is-hover'));
    if (name === layer?.name) rowOf(key)?.classList.add('is-hover');
  });
  const reload = debounce(() => load(), 250);
  app.bus.on('layers', ({ name }) => { if (layer && (!name || name === layer.name)) reload(); });
  app.map.on('moveend', reload);
  return { open, step, get layer() { return layer?.name ?? null; } };
}

function isNumber(field) { return field.type === 'real' || field.type === 'integer'; }
