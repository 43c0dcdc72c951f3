// The layer panel: a switch per layer, its legend with a switch per class, opacity, acts.

import { h, icon, s } from 'cityops/dom';
import { count, metres, t, title } from 'cityops/i18n';
import { token } from 'cityops/theme';

const GROUPS = { hazards: '危险源与应急', shelters: '应急避难', underground: '地下', components: '部件', grid: '网格', user: '自行导入', population: '人口', areas: '区划', base: '底图' };

/** A small picture of how a class is drawn. */
export function swatch(layer, item = null) {
  const colour = item?.colour ?? layer.style.colour;
  const picture = s('svg', { class: 'sw', viewBox: '0 0 32 14', 'aria-hidden': 'true' });
  if (layer.geometry === 'line') {
    const casing = item?.casing ?? layer.style.casing;
    const width = Math.min(3, Math.max(1.6, layer.style.width));
    const dash = (item ? item.dash : layer.style.dash) ?? [];
    if (casing) picture.append(s('path', { d: 'M0 7h32', stroke: casing, 'stroke-width': width + 2, fill: 'none' }));
    picture.append(s('path', { d: 'M0 7h32', stroke: colour, 'stroke-width': width, fill: 'none', 'stroke-dasharray': dash.map((n) => n * width).join(' ') || null }));
  } else if (layer.geometry === 'polygon') {
    const fill = BASE_FILL[layer.name] ? token(BASE_FILL[layer.name]) : layer.style.fill ?? colour;
    picture.append(s('rect', { x: 5, y: 1, width: 22, height: 12, rx: 2, fill, 'fill-opacity': BASE_FILL[layer.name] ? 1 : Math.max(0.1, layer.style.fill_opacity), stroke: BASE_FILL[layer.name] ? token('line-strong') : colour, 'stroke-width': 1.2, 'stroke-dasharray': layer.style.dash?.length ? '4 2' : null }));
  } else {
    picture.append(s('circle', { cx: 16, cy: 7, r: 5.6, fill: colour }));
    if (item?.mark) picture.append(s('text', { x: 16, y: 10, 'text-anchor': 'middle', 'font-size': 8, fill: '#fff' }, item.mark));
  }
  return picture;
}
const BASE_FILL = { water: 'm-water', green: 'm-green', buildings: 'm-build' };

function amount(layer, item) {
  const of = item ?? layer;
  if (of.count == null) return '';
  if (layer.count === 0) return t('无数据');
  return layer.geometry === 'line' && of.length_m != null ? metres(of.length_m) : count(of.count);
}

function classRow(app, layer, item) {
  const isOn = !app.layers.offClasses(layer.name).has(item.code);
  return h('li', { class: isOn ? '' : 'is-off' }, swatch(layer, item),
    h('span', { class: 'name', title: title(item.title) }, title(item.title)), h('span', { class: 'n' }, amount(layer, item)),
    h('input', { type: 'checkbox', class: 'switch', role: 'switch', checked: isOn, 'aria-label': title(item.title), onchange: (e) => app.layers.setClass(layer.name, item.code, e.target.checked) }));
}

function more(app, layer) {
  const opacity = Math.round(app.layers.opacity(layer.name) * 100);
  const value = h('span', { class: 'end m' }, `${opacity}%`);
  const range = h('input', { type: 'range', class: 'range', min: 10, max: 100, step: 5, value: opacity, style: { '--at': `${opacity}%` }, 'aria-label': t('“{layer}”的不透明度', { layer: title(layer.title) }),
    oninput: (e) => { value.textContent = `${e.target.value}%`; e.target.style.setProperty('--at', `${e.target.value}%`); app.layers.setOpacity(layer.name, e.target.value / 100); } });
  const shown = layer.classes.filter((item) => item.count == null || item.count > 0);
  return h('div', { class: 'layer-more' },
    shown.length > 0 && h('ul', { class: 'legend' }, shown.map((item) => classRow(app, layer, item))),
    layer.features_from > 0 && h('p', { class: 'layer-note' }, t('{z} 级以下只画数量', { z: layer.features_from })),
    !layer.base && [h('div', { class: 'row t12' }, h('span', { class: 'mute' }, t('不透明度')), value), range],
    h('div', { class: 'layer-tools' },
      h('button', { type: 'button', class: 'btn btn-q btn-s', onclick: () => app.list.open(layer.name) }, icon('list', 'i-16'), t('列表')),
      layer.bounds && h('button', { type: 'button', class: 'btn btn-q btn-s', onclick: () => app.map.fitBounds(layer.bounds, { padding: 60, maxZoom: 17, duration: 400 }) }, icon('fit', 'i-16'), t('看全部'))),
    layer.notice && h('p', { class: 'layer-note' }, layer.notice));
}

/** Shut the panel for something that wants the map; gives what opens it again, if it was open. */
export function foldLayers() {
  const fold = document.getElementById('layers-fold');
  const wasOpen = !document.getElementById('layers').classList.contains('is-shut');
  if (wasOpen) fold.click();
  return () => { if (wasOpen && document.getElementById('layers').classList.contains('is-shut')) fold.click(); };
}

/** Fill the panel and keep it up to date. */
export function startLayerPanel(app) {
  const body = document.getElementById('layers-body');
  const fold = document.getElementById('layers-fold');
  const box = document.getElementById('layers');
  const opened = new Set(app.layers.all().filter((layer) => layer.name === 'pipes' && layer.visible && layer.count !== 0).map((layer) => layer.name));

  function row(layer) {
    const isOn = app.layers.isOn(layer.name);
    const isOpen = opened.has(layer.name);
    const toggle = () => { if (isOpen) opened.delete(layer.name); else opened.add(layer.name); draw(); };
    return h('li', { class: 'layer', dataset: { layer: layer.name } },
      h('div', { class: isOn ? 'layer-row' : 'layer-row is-off' },
        h('button', { type: 'button', class: 'open', 'aria-expanded': String(isOpen), 'aria-label': t('“{layer}”的图例', { layer: title(layer.title) }), onclick: toggle }, icon('right', 'i-16')),
        layer.class_field ? s('svg', { class: 'sw', viewBox: '0 0 32 14', 'aria-hidden': 'true' }, classPicture(layer)) : swatch(layer),
        h('span', { class: 'name', title: title(layer.title), onclick: toggle }, title(layer.title)), h('span', { class: 'n' }, amount(layer)),
        h('input', { type: 'checkbox', class: 'switch', role: 'switch', checked: isOn, 'aria-label': title(layer.title), onchange: (e) => app.layers.setOn(layer.name, e.target.checked) })),
      isOpen && more(app, layer));
  }
  function draw() {
    if (box.contains(document.activeElement) && document.activeElement.type === 'range') return;
    const at = body.scrollTop;
    const kept = focusPath(body);
    const groups = Object.keys(GROUPS).map((group) => [group, app.layers.all().filter((layer) => layer.group === group).sort((a, b) => b.order - a.order)]).filter(([, layers]) => layers.length > 0);
    body.replaceChildren(...groups.flatMap(([group, layers]) => [h('p', { class: 'group' }, t(GROUPS[group])), h('ul', {}, layers.map(row))]));
    body.scrollTop = at;
    kept?.();
  }
  fold.addEventListener('click', () => {
    const shut = box.classList.toggle('is-shut');
    fold.setAttribute('aria-expanded', String(!shut));
    fold.replaceChildren(icon(shut ? 'right' : 'down', 'i-16'));
  });
  /** A layer that the address asks to show, opened and scrolled to, once. */
  function point() {
    const name = app.state.get('show');
    if (name == null) return;
    app.state.set({ show: null });
    if (!app.layers.get(name)) return;
    opened.add(name);
    draw();
    const found = body.querySelector(`[data-layer="${CSS.escape(name)}"]`);
    body.scrollTop += found.getBoundingClientRect().top - body.getBoundingClientRect().top;
  }
  if (matchMedia('(max-width: 1099px)').matches) fold.click();
  app.bus.on('layers', draw);
  draw();
  point();
}

/** Gives a function that puts the focus back on the same control after a redraw. */
function focusPath(body) {
  const focused = document.activeElement;
  if (!body.contains(focused)) return null;
  const label = focused.getAttribute('aria-label');
  const row = focused.closest('[data-layer]')?.dataset.layer;
  return () => body.querySelector(`[data-layer="${row}"] [aria-label="${CSS.escape(label ?? '')}"]`)?.focus();
}

/** Up to four class colours side by side, for the row of the whole layer. */
function classPicture(layer) {
  const colours = [...new Set(layer.classes.filter((item) => item.count !== 0 && item.colour).map((item) => item.colour))].slice(0, 4);
  if (colours.length === 0) return [s('rect', { x: 5, y: 1, width: 22, height: 12, rx: 2, fill: layer.style.colour })];
  const step = 32 / colours.length;
  if (layer.geometry === 'line') return colours.map((colour, i) => s('path', { d: `M2 ${3 + i * (9 / Math.max(1, colours.length - 1))}h28`, stroke: colour, 'stroke-width': 1.8 }));
  return colours.map((colour, i) => s('circle', { cx: step * (i + 0.5), cy: 7, r: 3.2, fill: colour }));
}
