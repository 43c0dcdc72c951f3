// The foot of the map: true scale bar, scale number, coordinates under the pointer, attribution.

import { gaussKruger, metresPerPixel, toGcj02 } from 'cityops/coords';
import { h, iconButton, s } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { toast } from 'cityops/toast';

const STEPS = [1, 2, 5, 10, 20, 40, 50, 100, 200, 400, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000];
const WIDEST_PX = 120;
/** Size of a CSS pixel in metres on a screen of 96 dots per inch. */
const PIXEL_M = 0.0254 / 96;

/** Four bars that measure what they say at the centre of the map. */
export function drawScale(map, place, ratio) {
  const perPixel = metresPerPixel(map.getCenter().lat, map.getZoom());
  const length = STEPS.filter((step) => step / perPixel <= WIDEST_PX).at(-1) ?? STEPS[0];
  const width = length / perPixel;
  const quarter = width / 4;
  place.replaceChildren(
    s('svg', { width: width + 2, height: 14 }, [0, 1, 2, 3].map((i) => s('rect', { x: 1 + i * quarter, y: 8, width: quarter, height: 4, fill: i % 2 ? 'none' : 'currentColor', stroke: 'currentColor' }))),
    h('span', {}, length >= 1000 ? `${length / 1000} km` : `${length} m`));
  place.setAttribute('aria-label', t('比例尺，{n} 米', { n: length }));
  place.dataset.metres = String(length);
  place.dataset.pixels = String(width);
  const number = perPixel / PIXEL_M;
  const rounded = number > 10_000 ? Math.round(number / 1000) * 1000 : Math.round(number / 50) * 50;
  ratio.textContent = `1:${rounded.toLocaleString('en-US')}`;
}

/** Keep the foot up to date. */
export function startFooter(app) {
  const at = (id) => document.getElementById(id);
  const scale = () => drawScale(app.map, at('scale'), at('ratio'));
  app.map.on('move', scale);
  scale();
  let pinned = null;
  const write = ({ lng, lat }) => { at('coords').textContent = `CGCS2000 ${lng.toFixed(5)}, ${lat.toFixed(5)}`; };
  write(app.map.getCenter());
  app.map.on('mousemove', (event) => { pinned = event.lngLat; write(event.lngLat); });
  app.map.on('click', (event) => { pinned = event.lngLat; });
  at('coords').addEventListener('click', () => showPosition(pinned ?? app.map.getCenter()));
  app.showPosition = showPosition;
  app.bus.on('layers', () => credit(app, at('credits')));
  credit(app, at('credits'));
  explain(app, at('credits'));
}

/** All sources in full over the foot, while the pointer is there or after a click until the next. */
function explain(app, place) {
  let pop = null;
  let stays = false;
  const shut = () => { pop?.remove(); pop = null; stays = false; place.setAttribute('aria-expanded', 'false'); };
  const show = () => {
    if (pop) return;
    pop = h('div', { class: 'float card credits-pop', role: 'dialog', 'aria-label': t('资料来源') },
      h('div', { class: 'row' }, h('h4', { class: 'grow' }, t('资料来源')), iconButton('x', t('关闭'), shut)),
      sources(app).map((notice) => h('p', {}, notice)));
    document.querySelector('.map').append(pop);
    place.setAttribute('aria-expanded', 'true');
  };
  // The foot may slide in under a pointer that stands still: only one that moves asks for it.
  let entered = null;
  place.addEventListener('pointerenter', (event) => { entered = [event.screenX, event.screenY]; });
  place.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'mouse' && entered && (event.screenX !== entered[0] || event.screenY !== entered[1])) show();
  });
  place.addEventListener('pointerleave', () => { if (!stays) shut(); });
  place.addEventListener('click', () => { if (stays) shut(); else { show(); stays = true; } });
}

/** Notices of the layers that are on, each once. */
function sources(app) {
  return [...new Set(app.layers.all().filter((layer) => layer.count !== 0 && app.layers.isOn(layer.name)).map((layer) => layer.notice).filter(Boolean))];
}

function credit(app, place) {
  place.textContent = sources(app).join('　') || t('资料来源');
}

/** The position in each system, each with a button that copies it. */
export function showPosition({ lng, lat }) {
  document.querySelector('.coords-pop')?.remove();
  const plane = gaussKruger(lng, lat);
  const [gx, gy] = toGcj02(lng, lat);
  const zone = Math.abs(lng - 117) <= 3;
  const lines = [
    ['CGCS2000', `${lng.toFixed(7)}, ${lat.toFixed(7)}`],
    ['EPSG:4548', zone ? `E ${plane.east.toFixed(3)}, N ${plane.north.toFixed(3)}` : null],
    ['GCJ-02', `${gx.toFixed(6)}, ${gy.toFixed(6)}`],
  ];
  const pop = h('div', { class: 'float card coords-pop', role: 'dialog', 'aria-label': t('坐标') },
    h('div', { class: 'row' }, h('h4', { class: 'grow' }, t('坐标')), iconButton('x', t('关闭'), () => pop.remove())),
    h('dl', { class: 'kv' }, lines.flatMap(([name, text]) => [h('dt', {}, name), h('dd', text ? {} : { class: 'none' }, text ?? t('不在 117° 带内')), text ? iconButton('copy', t('复制'), () => copy(text)) : h('span')])),
    h('p', { class: 'hint' }, t('GCJ-02 为近似换算，误差约 1 m，不可用于测量。')));
  document.querySelector('.map').append(pop);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t('已复制 {text}', { text }));
  } catch { toast(t('浏览器不允许复制，请手动选取'), { bad: true }); }
}
