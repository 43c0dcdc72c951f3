// Click anywhere, see what is there: on empty map, by right click or long press, and from a feature.

import { circleAround } from 'cityops/coords';
import { h, icon, skeleton } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { askDossier, dossierBody, dossierTitle, radiusSwitch } from 'cityops/dossier/view';
import { caseDetail } from 'cityops/cases/detail';
import { token } from 'cityops/theme';

const SOURCE = 'dossier';
const NONE = { type: 'FeatureCollection', features: [] };
const USUAL_M = 50;
const LONG_PRESS_MS = 550;
const STILL_PX = 8;

export default {
  name: 'dossier',
  title: '此处',

  async mount(app) {
    Object.assign(this, { app, place: null, radius: USUAL_M, asked: null, left: false });
    addCircle(app.map);
    this.cross = new app.ml.Marker({ element: h('div', { class: 'dossier-cross' }) });
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
    app.state.set({ here: place.map((n) => n.toFixed(6)).join(','), around: radius === USUAL_M ? null : radius, sel: null, ...(app.tools.open === 'cases' ? {} : { case: null }) }, { push });
    this.mark(place, radius);
    this.show({ title: t('此处'), body: skeleton(8) });
    this.bringIntoSight();
    this.load();
  },

  /** On a phone the panel lies over the map: the place has to stay above it. */
  bringIntoSight() {
    const { map, panel } = this.app;
    const bottom = map.getContainer().getBoundingClientRect().bottom;
    const covered = matchMedia('(max-width: 767px)').matches ? Math.max(0, bottom - innerHeight * 0.38 - map.getContainer().getBoundingClientRect().top) : 0;
    if (covered > 0 && panel.isOpen && map.project(this.place).y > map.getContainer().clientHeight - covered) map.easeTo({ center: this.place, offset: [0, -covered / 2], duration: 200 });
  },

  async load() {
    const { app, place, radius } = this;
    this.asked?.abort();
    this.asked = new AbortController();
    try {
      const found = await askDossier(place, radius, this.asked.signal);
      const link = app.state.link();
      this.show({
        title: dossierTitle(found), body: h('div', { class: 'dossier' }, dossierBody(found, { feature: (layer, key) => app.feature.open(layer, key), kase: (id) => this.openCase(id), run: app.boot.tools.emergency ? (id) => this.openRun(id) : null })),
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
  async openCase(id, { push = true } = {}) {
    const { app } = this;
    if (app.tools.open === 'cases') { app.bus.emit('case:open', id); return; }
    app.panel.show({ title: t('案件'), body: skeleton(8), onclose: () => app.state.set({ case: null }, { push: true }) });
    app.state.set({ case: id }, { push });
    await caseDetail(app.panel.body, id, {});
  },

  /** A hazard run of the dossier, in the tool that shows it. */
  openRun(id) {
    const { app } = this;
    app.state.set({ run: id, here: null, around: null, src: null }, { push: true });
    this.place = null;
    this.mark(null);
    app.tools.use('emergency', { push: false });
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
    this.mark(null);
    this.app.state.set({ here: null, around: null }, { push: true });
  },

  /** What the address says, after a reload or Back. */
  follow() {
    const place = placeOf(this.app.state.get('here'));
    const radius = Number(this.app.state.get('around')) || USUAL_M;
    if (!place) {
      if (this.place) { this.place = null; this.mark(null); }
    } else if (!this.app.state.get('sel')) this.open(place, { radius, push: false });
    else { Object.assign(this, { place, radius }); this.mark(place, radius); }
  },

  /** Show the place and its circle on the map, or nothing. */
  mark(place, radius) {
    if (place) this.cross.setLngLat(place).addTo(this.app.map); else this.cross.remove();
    const shape = place && { type: 'Feature', geometry: { type: 'LineString', coordinates: circleAround(place, radius) }, properties: {} };
    this.app.map.getSource(SOURCE)?.setData(shape ?? NONE);
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

function addCircle(map) {
  const before = map.getLayer('selection-fill') ? 'selection-fill' : undefined;
  map.addSource(SOURCE, { type: 'geojson', data: NONE });
  map.addLayer({ id: 'dossier-halo', type: 'line', source: SOURCE, paint: { 'line-color': token('m-halo'), 'line-width': 4, 'line-opacity': 0.8 } }, before);
  map.addLayer({ id: 'dossier-circle', type: 'line', source: SOURCE, paint: { 'line-color': token('ink'), 'line-width': 1.4, 'line-dasharray': [3, 2] } }, before);
}
