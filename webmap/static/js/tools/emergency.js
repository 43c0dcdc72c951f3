// Emergency: a place, a TNT-equivalent mass, and what the blast would reach; three masses at once.
//
// The address says everything: src=HZ0001 or src=117.19330,39.11760 (chosen, not computed), m, lv,
// md (masses, levels and model as typed), run (the kept computation), alt, when, why.

import { ApiError } from 'cityops/api';
import { debounce, emptyState, h, skeleton } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { bindKey } from 'cityops/keys';
import { foldLayers } from 'cityops/map/layerpanel';
import { createDrawing } from 'cityops/emergency/draw';
import { createFacts, listSites, NAMES, requestOf, startForm, unreadable, written, writtenOf } from 'cityops/emergency/asked';
import { chooserBody, formBody, spreadMasses } from 'cityops/emergency/form';
import { createLegend } from 'cityops/emergency/legend';
import { printSheet } from 'cityops/emergency/print';
import { resultBody } from 'cityops/emergency/result';
import { whyBody } from 'cityops/emergency/why';
import { isNightNow } from 'cityops/emergency/words';

const PHONE = matchMedia('(max-width: 767px)');
const OWN = ['src', 'm', 'lv', 'md', 'run', 'alt', 'when', 'why'];
/** Layers that step back while rings are shown, and how far. */
const QUIET = { components: 0.2, pipes: 0.2, cells: 0.3 };

export default {
  name: 'emergency',
  title: '应急',

  async mount(app) {
    Object.assign(this, { app, run: null, site: null, fault: null, busy: false, picking: false, stops: [], facts: createFacts(app), hushed: [], open: true });
    this.drawing = createDrawing(app, { onPlace: (id) => this.markPlace(id) });
    this.legend = createLegend();
    this.body = h('div', { class: 'em-body' }, skeleton(8));
    this.showRegion();
    this.stops.push(foldLayers());
    this.hush();
    this.keepTyped = debounce(() => this.writeForm(), 250);
    const act = (layer, feature) => layer.name === 'hazard_sites' && h('button', { type: 'button', class: 'btn btn-p', onclick: () => { app.panel.close(); this.chooseSite(feature.properties.id); } }, t('估算爆炸影响'));
    app.feature.acts.push(act);
    const resized = () => this.showRegion();
    PHONE.addEventListener('change', resized);
    this.stops.push(app.bus.on('click', (click) => this.onClick(click)), app.bus.on('state', () => this.follow()), app.bus.on('hover', (hover) => this.onHover(hover)), app.bus.on('search', (hit) => this.onSearch(hit)),
      ...NAMES.map((name, i) => bindKey(String(i + 1), t('第 {n} 种当量', { n: i + 1 }), () => this.chooseNumber(i))),
      () => PHONE.removeEventListener('change', resized), () => app.feature.acts.splice(app.feature.acts.indexOf(act), 1));
    await this.follow();
  },

  async unmount(app) {
    this.open = false;
    this.stops.forEach((stop) => stop());
    this.keepTyped.cancel();
    this.setPicking(false);
    this.drawing.remove();
    this.legend.remove();
    this.hushed.forEach(([name, share]) => { if (app.layers.opacity(name) === share) app.layers.setOpacity(name, 1); });
    if (app.state.get('why')) app.panel.close();
    this.region.close();
    app.state.set(Object.fromEntries(OWN.map((name) => [name, null])));
  },

  // -- where things are shown ---------------------------------------------------------------

  /** Beside the map on a desk; on a phone in the sheet below it. */
  showRegion() {
    const { app } = this;
    const region = PHONE.matches ? app.drawer : app.side;
    if (this.region === region && region.isOpen) return;
    const old = this.region;
    this.region = region;
    region.show({ title: t('爆炸影响范围'), tags: h('span', { class: 'tag line em-estimate' }, t('筛查估算 screening estimate')), body: this.body, onclose: () => { if (this.open && this.region === region) app.tools.use(null); } });
    if (old && old !== region) old.close();
  },

  hush() {
    for (const [name, share] of Object.entries(QUIET)) {
      if (!this.app.layers.get(name)) continue;
      const now = this.app.layers.opacity(name);
      if (now === 1) this.app.layers.setOpacity(name, share);
      if (now === 1 || now === share) this.hushed.push([name, share]);
    }
  },

  fill(content) {
    const scrolled = this.region.body?.scrollTop ?? 0;
    const same = content.className === this.body.firstElementChild?.className;
    this.body.replaceChildren(content);
    if (this.region.body) this.region.body.scrollTop = same ? scrolled : 0;
  },

  // -- state --------------------------------------------------------------------------------

  /** Show what the address says. */
  async follow() {
    const { state } = this.app;
    const turn = (this.turn = (this.turn ?? 0) + 1);
    this.fault = null;
    try {
      const id = state.get('run');
      if (id) await this.showRun(id, turn);
      else if (state.get('src')) await this.showForm(state.get('src'), turn);
      else await this.showChooser(turn);
    } catch (fault) {
      if (turn === this.turn) this.showFault(fault);
    }
  },

  async showRun(id, turn) {
    if (this.run?.run_id !== id) {
      this.fill(skeleton(10));
      const found = await this.app.api(`hazards/runs/${encodeURIComponent(id)}`);
      if (turn !== this.turn) return;
      if (found.kind && found.kind !== 'blast') return this.showOther(found);
      this.run = found;
      this.drawn = null;
      if (!this.app.state.get('at') || PHONE.matches) this.fit();
    }
    this.draw();
  },

  async showForm(src, turn) {
    const form = await startForm(this.app, src, await this.facts());
    if (turn !== this.turn) return;
    this.form = form;
    this.setPicking(false);
    this.legend.hide();
    this.drawing.mark(form.lngLat, form.name);
    if (!this.app.map.getBounds().contains(form.lngLat)) this.app.map.jumpTo({ center: form.lngLat, zoom: Math.max(14, this.app.map.getZoom()) });
    this.drawn = null;
    this.drawForm();
  },

  async showChooser(turn) {
    this.drawing.clear();
    this.drawn = null;
    this.legend.hide();
    const [sites, runs] = await Promise.all([listSites(this.app), this.app.api('hazards/runs', { query: { limit: 5 } })]);
    if (turn !== this.turn) return;
    this.known = { sites, runs: runs.runs };
    this.setPicking(true);
    this.drawChooser();
  },

  showFault(fault) {
    if (!(fault instanceof ApiError)) console.error(fault);
    const again = h('button', { type: 'button', class: 'btn', onclick: () => this.follow() }, t('再试一次'));
    const other = h('button', { type: 'button', class: 'btn', onclick: () => this.restart() }, t('另选位置'));
    this.drawing.clear();
    this.legend.hide();
    this.fill(h('div', { class: 'em' }, emptyState(fault.status === 404 ? t('没有这次计算') : fault.message, fault.status === 404 ? t('编号不对，或它所依据的数据不在您的权限内。') : fault.error?.hint, again, other)));
  },

  /** A run that is no blast has no drawing here: what it is of is told. */
  showOther(run) {
    const other = h('button', { type: 'button', class: 'btn', onclick: () => this.restart() }, t('另选位置'));
    this.drawing.clear();
    this.legend.hide();
    this.fill(h('div', { class: 'em' }, emptyState(t('这次计算不是爆炸'), t('{model}：地图上还不能显示，可用接口或命令行查看。', { model: run.model_info?.title?.zh ?? run.model }), other)));
  },

  // -- drawing ------------------------------------------------------------------------------

  view() {
    const names = this.run.alternatives.map((one) => one.name);
    const asked = this.app.state.get('alt');
    const name = names.includes(asked) ? asked : names.includes('likely') ? 'likely' : names[0];
    const when = this.app.state.get('when');
    return { name, time: ['day', 'night'].includes(when) ? when : isNightNow() ? 'night' : 'day' };
  },

  draw() {
    const { run } = this;
    const view = this.view();
    this.setPicking(false);
    this.fill(resultBody(run, view, this.acts()));
    this.legend.show(run, view.name);
    if (this.drawn !== `${run.run_id}/${view.name}`) this.drawing.show(run, view.name);
    this.drawn = `${run.run_id}/${view.name}`;
    this.app.state.set({ when: view.time });
    if (this.app.state.get('why')) this.showWhy();
    else if (this.whyOpen) this.app.panel.close();
  },

  drawForm() {
    return this.facts().then(({ levels, models }) => this.fill(formBody({ ...this.form, form: this.form, levels, models, fault: this.fault, busy: this.busy, acts: this.formActs() })));
  },

  drawChooser() {
    this.fill(chooserBody({ ...this.known, layer: this.app.layers.get('hazard_sites'), picking: this.picking, acts: {
      chooseSite: (id) => this.chooseSite(id), openRun: (id) => { this.app.state.set({ run: id, src: null }, { push: true }); this.follow().then(() => this.fit()); },
      togglePicking: () => { this.setPicking(!this.picking); this.drawChooser(); }, hoverSite: (id) => this.hoverSite(id),
    } }));
  },

  acts() {
    const { app } = this;
    return {
      chooseTime: (time) => { app.state.set({ when: time }, { push: true }); this.draw(); },
      chooseAlternative: (name) => this.chooseAlternative(name),
      print: (button) => printSheet(app, this.run, this.view(), button), edit: () => this.edit(), restart: () => this.restart(), fit: () => this.fit(),
      why: () => { app.state.set({ why: this.whyOpen ? null : '1' }, { push: true }); this.draw(); }, whyIsOpen: () => Boolean(app.state.get('why')),
      hoverZone: (zone) => this.drawing.hover(zone),
      hoverPlace: (place) => app.layers.hover('sensitive_places', place && placeFeature(place), 'emergency'),
      openPlace: (place) => app.feature.open('sensitive_places', place.id),
    };
  },

  formActs() {
    return {
      typed: (name, text) => { this.form.masses[name] = text; this.keepTyped(); },
      spread: () => {
        const spread = spreadMasses(this.form.masses.likely);
        if (!spread) { this.app.toast(t('先填“可能”的当量'), { bad: true }); return; }
        this.form.masses = spread;
        this.writeForm();
        this.drawForm();
      },
      level: (level, on) => { this.form.levels = on ? [...this.form.levels, level] : this.form.levels.filter((one) => one !== level); this.writeForm(); },
      model: (name) => { this.form.model = name; this.writeForm(); },
      compute: () => this.compute(), restart: () => this.restart(),
    };
  },

  showWhy() {
    if (this.whyOpen) return;
    this.app.panel.show({ title: t('这些数字怎么来的'), subtitle: t('筛查估算 screening estimate'), body: whyBody(this.run), onclose: () => {
      this.whyOpen = false;
      if (!this.open || !this.app.state.get('why')) return;
      this.app.state.set({ why: null }, { push: true });
      this.draw();
    } });
    this.whyOpen = true;
  },

  // -- acts ---------------------------------------------------------------------------------

  async chooseSite(id) {
    this.app.state.set({ src: id, run: null, m: null, why: null }, { push: true });
    await this.follow();
    if (this.form?.src === id && this.form.own) await this.compute({ replace: true });
  },

  choosePlace({ lng, lat }) {
    this.app.state.set({ src: `${lng.toFixed(6)},${lat.toFixed(6)}`, run: null, why: null }, { push: true });
    this.follow().then(() => this.body.querySelector('#em-mass-likely')?.focus());
  },

  chooseAlternative(name) {
    this.app.state.set({ alt: name }, { push: true });
    this.draw();
    const [west, south, east, north] = this.drawing.boxOf(this.run, name);
    const seen = this.app.map.getBounds();
    if (!seen.contains([west, south]) || !seen.contains([east, north])) this.fit();
  },

  chooseNumber(i) {
    const one = this.run && this.app.state.get('run') ? this.run.alternatives[i] : null;
    if (!one) return false;
    this.chooseAlternative(one.name);
    return true;
  },

  /** Back to the form with what this run was computed from. */
  edit() {
    this.app.state.set({ ...writtenOf(this.run), run: null, why: null }, { push: true });
    this.follow();
  },

  restart() {
    this.app.state.set({ src: null, run: null, m: null, lv: null, md: null, alt: null, why: null }, { push: true });
    this.follow();
  },

  async compute({ replace = false } = {}) {
    const { form, app } = this;
    this.keepTyped.cancel();
    this.writeForm();
    this.fault = unreadable(form);
    if (this.fault) { await this.drawForm(); this.body.querySelector('[aria-invalid=true]')?.focus(); return; }
    this.busy = true;
    this.drawForm();
    try {
      const run = await app.api('hazards/runs', { json: requestOf(form) });
      this.run = run;
      this.drawn = null;
      app.state.set({ run: run.run_id, m: null, lv: null, md: null, alt: null }, { push: !replace });
      this.turn += 1;
      this.draw();
      this.fit();
    } catch (fault) {
      if (!(fault instanceof ApiError)) console.error(fault);
      this.fault = fault instanceof ApiError ? fault : null;
      if (!this.fault) app.complain(fault);
    } finally {
      this.busy = false;
      if (!app.state.get('run') && this.open) this.drawForm();
    }
  },

  writeForm() { this.app.state.set(written(this.form)); },

  /** Bring the outermost zone of what is drawn into view. */
  fit() {
    const { app, run } = this;
    if (!run) return;
    const bottom = PHONE.matches ? this.region.element.offsetHeight + 12 : 48;
    const sides = PHONE.matches ? 24 : 72;
    const camera = app.map.cameraForBounds(this.drawing.boxOf(run, this.view().name), { padding: { top: 64, bottom, left: sides, right: sides }, maxZoom: 18 });
    if (camera) app.map.jumpTo(camera);
  },

  // -- map and list answer each other ---------------------------------------------------------

  setPicking(on) {
    this.picking = on;
    document.querySelector('.map').classList.toggle('em-picking', on);
  },

  onClick(click) {
    const place = this.app.state.get('run') ? this.drawing.placeAt(click.point) : null;
    if (place) { click.take(); this.app.feature.open('sensitive_places', place); return; }
    if (!this.picking) return;
    click.take();
    const site = this.siteAt(click.point);
    if (site) this.chooseSite(site); else this.choosePlace(click.lngLat);
  },

  /** A place that was searched for while one is wanted is the place. */
  onSearch({ layer, key, position }) {
    if (!this.picking) return;
    if (layer === 'hazard_sites' && key) this.chooseSite(key);
    else if (position) this.choosePlace({ lng: position[0], lat: position[1] });
  },

  siteAt({ x, y }) {
    const ids = this.app.map.getStyle().layers.filter((one) => one.metadata?.layer === 'hazard_sites' && one.metadata.part === 'data').map((one) => one.id);
    return this.app.map.queryRenderedFeatures([[x - 8, y - 8], [x + 8, y + 8]], { layers: ids })[0]?.properties.id ?? null;
  },

  onHover({ layer, key, from }) {
    if (from !== 'emergency') this.markPlace(layer === 'sensitive_places' ? key : null);
    for (const row of this.body.querySelectorAll('[data-site]')) row.classList.toggle('is-hover', layer === 'hazard_sites' && row.dataset.site === key);
  },

  markPlace(id) {
    for (const row of this.body.querySelectorAll('[data-place]')) row.classList.toggle('is-hover', row.dataset.place === id);
  },

  hoverSite(id) {
    const found = this.known.sites.find((one) => one.properties.id === id);
    this.app.layers.hover('hazard_sites', found ?? null, 'emergency');
  },
};

function placeFeature(place) {
  return { type: 'Feature', geometry: { type: 'Point', coordinates: [place.lon, place.lat] }, properties: { id: place.id } };
}
