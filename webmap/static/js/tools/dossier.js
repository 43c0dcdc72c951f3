// Click anywhere, see what is there: on empty map, by right click or long press, and from a feature.

import { circleAround } from 'cityops/coords';
import { h, icon, skeleton } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { askDossier, dossierBody, dossierTitle, radiusSwitch } from 'cityops/dossier/view';
import { caseDetail } from 'cityops/cases/detail';
import { token } from 'cityops/theme';

const SOURCE = 'dossier';
const USUAL_M = 50;
const LONG_PRESS_MS = 550;
const STILL_PX = 8;

export default {
  name: 'dossier',
  title: '此处',

  async mount(app) {
    Object.assign(this, { app, place: null, radius: USUAL_M, asked: null, left: false });
    addMark(app.map);
    app.bus.on('click:empty', (click) => { click.take(); this.open([click.lngLat.lng, click.lngLat.lat]); });
    app.map.on('contextmenu', (event) => { event.preventDefault(); this.open([event.lngLat.lng, event.lngLat.lat]); });
    longPress(app.map, (lngLat) => this.open([lngLat.lng, lngLat.lat]));
    app.bus.on('panel:open', () => { this.left = false; });
    app.bus.on('panel:close', () => this.closed());
    app.bus.on('state', () => this.follow());
    app.feature.acts.push((layer, feature) => this.fromFeature(feature));
    this.follow();
  },

  async unmount() { /* always there */ },

  /** Open the dossier of a place, and say so in the address. */
  open(place, { radius = this.radius, push = true } = {}) {
    const { app } = this;
    if (app.draw.isDrawing) return;
    Object.assign(this, { place, radius });
    app.layers.mark(null, null);
    app.state.set({ here: place.map((n) => n.toFixed(6)).join(','), around: radius === USUAL_M ? null : radius, sel: null, case: null }, { push });
    drawMark(app.map, place, radius);
    this.show({ title: t('此处'), body: skeleton(8) });
    this.load();
  },

  async load() {
    const { app, place, radius } = this;
    this.asked?.abort();
    this.asked = new AbortController();
    try {
      const found = await askDossier(place, radius, this.asked.signal);
      const link = app.state.link();
      this.show({
        title: dossierTitle(found), body: h('div', { class: 'dossier' }, dossierBody(found, { feature: (layer, key) => app.feature.open(layer, key), kase: (id) => this.openCase(id) })),
        footer: [h('a', { class: 'btn btn-p grow', id: 'dossier-print', target: '_blank', rel: 'noopener', href: `/dossier?lon=${place[0].toFixed(7)}&lat=${place[1].toFixed(7)}&radius_m=${radius}` }, icon('print', 'i-16'), t('打印一张纸')),
          h('button', { type: 'button', class: 'btn', onclick: () => copy(app, link) }, icon('share', 'i-16'), t('复制链接'))],
      });
    } catch (fault) {
      if (fault.name !== 'AbortError') { this.app.panel.close(); app.complain(fault); }
    }
  },

  show({ title, body, footer = null }) {
    this.app.panel.show({
      subtitle: `${this.place[0].toFixed(6)}, ${this.place[1].toFixed(6)}`, title,
      tags: radiusSwitch(this.radius, (radius) => this.open(this.place, { radius, push: false })), body, footer, onclose: () => { this.left = true; },
    });
    this.left = false;
  },

  /** A case of the dossier, in the same panel; closing it leads back here. */
  async openCase(id) {
    const { app } = this;
    if (app.tools.open === 'cases') { app.bus.emit('case:open', id); return; }
    app.panel.show({ title: t('案件'), body: skeleton(8), onclose: () => {} });
    await caseDetail(app.panel.body, id, {});
  },

  /** The panel was closed: the dossier itself goes, what was opened from it leads back to it. */
  closed() {
    if (!this.app.state.get('here')) return;
    if (this.left) { this.leave(); return; }
    this.open(this.place, { push: false });
  },

  leave() {
    this.asked?.abort();
    this.place = null;
    drawMark(this.app.map, null);
    this.app.state.set({ here: null, around: null }, { push: true });
  },

  /** What the address says, after a reload or Back. */
  follow() {
    const place = placeOf(this.app.state.get('here'));
    const radius = Number(this.app.state.get('around')) || USUAL_M;
    if (!place) {
      if (this.place) { this.place = null; drawMark(this.app.map, null); }
    } else if (!this.app.state.get('sel')) this.open(place, { radius, push: false });
    else { Object.assign(this, { place, radius }); drawMark(this.app.map, place, radius); }
  },

  fromFeature(feature) {
    const place = feature.geometry.type === 'Point' ? feature.geometry.coordinates : null;
    if (!place || this.app.state.get('here')) return null;
    return h('button', { type: 'button', class: 'btn', onclick: () => this.open(place) }, icon('pin', 'i-16'), t('此处'));
  },
};

async function copy(app, link) {
  try { await navigator.clipboard.writeText(link); app.toast(t('链接已复制，打开的人只看到他有权看的')); } catch { app.toast(t('浏览器不允许复制，请复制地址栏'), { bad: true }); }
}

function placeOf(text) {
  const parts = (text ?? '').split(',').map(Number);
  return parts.length === 2 && parts.every(Number.isFinite) && Math.abs(parts[0]) <= 180 && Math.abs(parts[1]) <= 89 ? parts : null;
}

/** A finger that rests on the map; browsers that know a context menu of touch call it by themselves. */
function longPress(map, act) {
  let timer = 0;
  let from = null;
  const stop = () => { clearTimeout(timer); from = null; };
  map.on('touchstart', (event) => {
    stop();
    if (event.points.length !== 1) return;
    from = event.point;
    timer = setTimeout(() => { if (from) act(event.lngLat); from = null; }, LONG_PRESS_MS);
  });
  map.on('touchmove', (event) => { if (from && Math.hypot(event.point.x - from.x, event.point.y - from.y) > STILL_PX) stop(); });
  map.on('touchend', stop);
  map.on('touchcancel', stop);
}

function addMark(map) {
  const ink = token('ink');
  const before = map.getLayer('selection-fill') ? 'selection-fill' : undefined;
  map.addSource(SOURCE, { type: 'geojson', data: { type: 'FeatureCollection', features: [] } });
  map.addLayer({ id: 'dossier-circle', type: 'line', source: SOURCE, filter: ['==', ['geometry-type'], 'LineString'], paint: { 'line-color': ink, 'line-width': 1.4, 'line-dasharray': [3, 2] } }, before);
  map.addLayer({ id: 'dossier-place', type: 'circle', source: SOURCE, filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 5, 'circle-color': token('late'), 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 2 } }, before);
}

function drawMark(map, place, radius) {
  const features = place ? [{ type: 'Feature', geometry: { type: 'Point', coordinates: place }, properties: {} }, { type: 'Feature', geometry: { type: 'LineString', coordinates: circleAround(place, radius) }, properties: {} }] : [];
  map.getSource(SOURCE)?.setData({ type: 'FeatureCollection', features });
}
