// Cases at a desk: what waits for me, what is in view, one case with its next act, on map and list alike.

import { debounce, emptyState, h, skeleton } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { caseDetail } from 'cityops/cases/detail';
import { stateTag, stateTitle, when } from 'cityops/cases/words';

const SOURCE = 'cases';
const PAGE = 100;
const VIEWS = [['inbox', '待我办'], ['view', '视野内'], ['mine', '我上报的']];
const EMPTY = {
  inbox: ['现在没有等您办的案件', '新的案件到了会出现在这里。'],
  view: ['这个范围没有案件', '缩小地图看大一点的范围。'],
  mine: ['您还没有上报过案件', '用手机打开“外勤”，点位置后拍照上报。'],
};

export default {
  name: 'cases',
  title: '案件',

  async mount(app) {
    Object.assign(this, { app, cases: [], next: null, stops: [], view: app.state.get('cases') ?? 'inbox' });
    this.reload = debounce(() => { if (this.view === 'view') this.load(); }, 300);
    addPoints(app.map);
    app.map.on('moveend', this.reload);
    this.stops.push(app.bus.on('click', (click) => this.onClick(click)), app.bus.on('state', () => this.follow()));
    this.frame();
    await this.load();
    this.follow();
  },

  async unmount(app) {
    app.map.off('moveend', this.reload);
    this.stops.forEach((stop) => stop());
    removePoints(app.map);
    app.side.close();
    if (app.state.get('case')) app.panel.close();
    app.state.set({ cases: null, case: null });
  },

  frame() {
    const tabs = VIEWS.map(([name, words]) => h('button', { type: 'button', 'aria-pressed': String(name === this.view), onclick: () => this.choose(name) }, t(words)));
    this.app.side.show({ title: t('案件'), tags: h('div', { class: 'seg', role: 'group' }, tabs), body: skeleton(6), onclose: () => this.app.tools.use(null) });
  },

  choose(view) {
    this.view = view;
    this.app.state.set({ cases: view }, { push: true });
    this.frame();
    this.load();
  },

  query() {
    if (this.view !== 'view') return { [this.view]: 1 };
    const box = this.app.map.getBounds();
    return { bbox: [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((n) => n.toFixed(6)).join(',') };
  },

  async load(after = null) {
    try {
      const page = await this.app.api('cases', { query: { ...this.query(), limit: PAGE, after } });
      this.cases = after ? [...this.cases, ...page.cases] : page.cases;
      this.next = page.next ?? null;
      this.draw(page.total);
    } catch (fault) {
      this.app.complain(fault);
      this.app.side.body?.replaceChildren(emptyState(fault.message, fault.error?.hint, h('button', { type: 'button', class: 'btn', onclick: () => this.load() }, t('再试一次'))));
    }
  },

  draw(total) {
    const { app, cases } = this;
    app.map.getSource(SOURCE)?.setData({ type: 'FeatureCollection', features: cases.filter((one) => one.position).map(point) });
    if (!app.side.body) return;
    if (cases.length === 0) { app.side.body.replaceChildren(emptyState(...EMPTY[this.view].map((words) => t(words)))); return; }
    app.side.body.replaceChildren(
      h('p', { class: 'list-head mute' }, t('{n} 件', { n: total ?? cases.length })),
      h('ul', { class: 'case-list' }, cases.map((one) => this.row(one))),
      this.next ? h('div', { class: 'list-more' }, h('button', { type: 'button', class: 'btn', onclick: () => this.load(this.next) }, t('再看 {n} 件', { n: PAGE }))) : '');
    this.markRow();
  },

  row(one) {
    return h('li', {}, h('button', { type: 'button', class: 'case-item', 'data-case': one.id, onclick: () => this.open(one.id), onmouseenter: () => this.hover(one.id), onmouseleave: () => this.hover(null) },
      h('span', { class: 'row' }, h('b', { class: 'grow ell' }, one.class_title), h('span', { class: stateTag(one.state) }, one.state_title ?? stateTitle(one.state))),
      h('span', { class: 'mute ell' }, [one.place_title, one.description].filter(Boolean).join('，')),
      h('span', { class: 't12 faint' }, `${one.number}　${when(one.reported_at)}`)));
  },

  hover(id) { this.app.map.setFilter?.('cases-hover', ['==', ['get', 'id'], id ?? '']); },

  onClick(click) {
    const [hit] = this.app.map.queryRenderedFeatures(click.point, { layers: ['cases-point'] });
    if (!hit) return;
    click.take();
    this.open(hit.properties.id);
  },

  async open(id, { push = true } = {}) {
    const { app } = this;
    app.panel.show({ title: t('案件'), body: skeleton(8), onclose: () => { app.state.set({ case: null }, { push: true }); this.markRow(); } });
    app.state.set({ case: id }, { push });
    this.markRow();
    const one = this.cases.find((other) => other.id === id);
    if (one?.position && !app.map.getBounds().contains(one.position)) app.map.easeTo({ center: one.position, zoom: Math.max(17, app.map.getZoom()), duration: 250 });
    await caseDetail(app.panel.body, id, { changed: () => this.load() });
  },

  markRow() {
    const chosen = this.app.state.get('case');
    for (const item of this.app.side.element.querySelectorAll('[data-case]')) item.toggleAttribute('aria-current', item.dataset.case === chosen);
  },

  follow() {
    const chosen = this.app.state.get('case');
    if (chosen) this.open(chosen, { push: false });
  },
};

function point(one) {
  return { type: 'Feature', geometry: { type: 'Point', coordinates: one.position }, properties: { id: one.id, ended: one.ended ? 1 : 0 } };
}

function addPoints(map) {
  map.addSource(SOURCE, { type: 'geojson', data: { type: 'FeatureCollection', features: [] } });
  const circle = (id, filter, paint) => map.addLayer({ id, type: 'circle', source: SOURCE, filter, paint });
  circle('cases-hover', ['==', ['get', 'id'], ''], { 'circle-radius': 15, 'circle-color': '#0b6370', 'circle-opacity': 0.25 });
  circle('cases-point', ['all'], {
    'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 4, 16, 8], 'circle-color': ['match', ['get', 'ended'], 1, '#929da3', '#a3171f'],
    'circle-stroke-color': '#ffffff', 'circle-stroke-width': 2,
  });
}

function removePoints(map) {
  for (const id of ['cases-hover', 'cases-point']) if (map.getLayer(id)) map.removeLayer(id);
  if (map.getSource(SOURCE)) map.removeSource(SOURCE);
}
