// Underground: draw an area over the pipes, see what it holds, list it, open one, print the sheet.
//
// The address carries the area (`area=117.19,39.116;…`); filters and switched-off kinds are those of
// the map, so the sums, the list, the map and the print always speak of the same pipes.

import { areaOf } from 'cityops/coords';
import { debounce, emptyState, h, icon, skeleton } from 'cityops/dom';
import { t, title } from 'cityops/i18n';
import { bindKey } from 'cityops/keys';
import { crossings, formatArea, parseArea, rounded } from 'cityops/underground/area';
import { saveAnswer } from 'cityops/underground/download';
import { bringIntoSight, createShapes } from 'cityops/underground/shapes';
import { refusal, sheetForm } from 'cityops/underground/sheet';
import { areaText, sumsBody } from 'cityops/underground/sums';
import { trustNote } from 'cityops/underground/trust';

const LAYER = 'pipes';
const FORMATS = [['xlsx', 'Excel'], ['csv', 'CSV'], ['geojson', 'GeoJSON'], ['gpkg', 'GeoPackage'], ['shapefile', 'Shapefile']];

export default {
  name: 'underground',
  title: '地下',

  async mount(app) {
    Object.assign(this, { app, area: null, found: null, view: null, form: null, asked: null, showing: false, listed: false, stops: [] });
    this.layer = app.layers.get(LAYER);
    if (!this.layer) { app.panel.show({ title: t('地下管线'), body: emptyState(t('没有可看的管线图层'), t('您的角色没有管线的权限，或数据还没导入。')) }); return; }
    if (!app.layers.isOn(LAYER)) app.layers.setOn(LAYER, true);
    this.shapes = createShapes(app.map);
    app.feature.notes.push(trustNote);
    this.act = (layer) => this.area && layer.name === LAYER && h('button', { type: 'button', class: 'btn', onclick: () => this.showSums() }, icon('left', 'i-16'), t('选区汇总'));
    app.feature.acts.push(this.act);
    const button = (sign, words, act) => app.bar.add({ icon: sign, title: words, onclick: act });
    this.buttons = {
      polygon: button('poly', t('圈选'), () => this.draw('polygon')), rectangle: button('box', t('框选'), () => this.draw('rectangle')),
      sums: button('pipe', t('选区汇总'), () => this.showSums()), clear: button('trash', t('清除选区'), () => this.clear()),
    };
    this.hint = h('span', { class: 'm ug-hint', role: 'status', hidden: true });
    app.bar.element.append(this.hint);
    const renew = debounce(() => this.load(), 200);
    this.stops.push(
      app.bus.on('state', () => this.follow()), app.bus.on('layers', ({ name }) => { if (this.area && (!name || name === LAYER)) renew(); }),
      app.bus.on('draw:change', (feature) => this.tell(feature)), app.bus.on('panel:open', () => this.opened()), app.bus.on('panel:close', () => this.closed()),
      app.bus.on('drawer:close', () => { this.listed = true; }),
      bindKey('p', t('圈选管线'), () => this.draw('polygon')), bindKey('r', t('框选管线'), () => this.draw('rectangle')),
      bindKey('s', t('看选区汇总'), () => (this.area ? this.showSums() : false)), bindKey('x', t('清除选区'), () => (this.area ? this.clear() : false)),
      renew.cancel);
    this.mark();
    this.follow();
    if (!this.area && !app.panel.isOpen) this.showStart();
  },

  async unmount(app) {
    if (!this.layer) { app.panel.close(); return; }
    this.stops.forEach((stop) => stop());
    this.asked?.abort();
    this.form?.stop();
    if (this.drawing) app.draw.clear();
    Object.values(this.buttons).forEach((button) => button.remove());
    this.hint.remove();
    this.shapes.remove();
    app.feature.notes.splice(app.feature.notes.indexOf(trustNote), 1);
    app.feature.acts.splice(app.feature.acts.indexOf(this.act), 1);
    app.list.keepTo(null);
    const own = this.view;
    this.view = null;
    if (own && own !== 'other') app.panel.close();
  },

  // -- the area -----------------------------------------------------------------------------

  async draw(kind) {
    const { app } = this;
    const again = this.drawing === kind;
    if (this.drawing) app.draw.clear();
    if (again) return;
    this.drawing = kind;
    this.shapes.area(null);
    this.mark();
    this.tell(null);
    const geometry = await app.draw.shape(kind);
    if (this.drawing !== kind) return;
    this.drawing = null;
    this.hint.hidden = true;
    app.draw.clear();
    this.mark();
    if (geometry) this.take(rounded(geometry));
    else this.shapes.area(this.area);
  },

  /** What to do next while one draws, and how large it is by now. */
  tell(feature) {
    if (!this.drawing) return;
    const ring = feature?.geometry?.coordinates?.[0] ?? [];
    const size = ring.length > 3 ? areaText(areaOf(ring)) : null;
    const how = this.drawing === 'polygon' ? t('逐点画，双击结束；退格键退一点，Esc 不画了') : t('点两个对角；Esc 不画了');
    this.hint.textContent = size ? `${size}　${how}` : how;
    this.hint.hidden = false;
  },

  /** Take an area that was drawn: into the address, as a step that Back undoes. */
  take(polygon) {
    this.area = polygon;
    const text = formatArea(polygon);
    if (!text) this.app.toast(t('选区的角点太多，链接里放不下；刷新后要重画'), { bad: true });
    this.app.state.set({ area: text }, { push: true });
    this.use();
  },

  /** The area of the address, after a reload, Back or Forward. */
  follow() {
    const polygon = parseArea(this.app.state.get('area'));
    if (JSON.stringify(polygon) === JSON.stringify(this.area)) return;
    this.area = polygon;
    this.use();
  },

  /** Show the area that is there now, with sums and list; or nothing. */
  use() {
    const { app, area } = this;
    this.found = null;
    this.fault = null;
    this.shapes.area(area);
    this.mark();
    const crossed = area ? crossings(area).length : 0;
    app.list.keepTo(crossed ? null : area);
    if (crossed) {
      this.fault = { message: t('选区的边线在 {n} 处交叉', { n: crossed }), error: { hint: t('红圈处边线相交，围不成一片。请重新圈选，不要让边线相交。'), code: 'geometry.self_intersection' } };
      this.shapes.faults(area);
      if (this.view !== 'other') this.showSums();
      return;
    }
    if (!area) {
      this.asked?.abort();
      if (this.view === 'sums' || this.view === 'sheet') this.showStart();
      return;
    }
    this.load();
    // On a phone list and panel share one sheet: the sums come first there.
    if (!this.listed && !app.list.layer && matchMedia('(min-width: 768px)').matches) app.list.open(LAYER, { push: false });
    if (this.view !== 'other') this.showSums();
    bringIntoSight(app.map, area.coordinates[0]); // last: panel and list make the map smaller
  },

  clear() {
    const before = this.area;
    const words = this.app.state.get('area');
    this.area = null;
    this.app.state.set({ area: null }, { push: true });
    this.use();
    if (before) this.app.toast(t('选区已清除'), { undo: () => { this.area = before; this.app.state.set({ area: words }, { push: true }); this.use(); } });
    return true;
  },

  mark() {
    for (const kind of ['polygon', 'rectangle']) this.buttons[kind].setAttribute('aria-pressed', String(this.drawing === kind));
    for (const name of ['sums', 'clear']) this.buttons[name].hidden = !this.area;
  },

  // -- the sums -----------------------------------------------------------------------------

  async load() {
    const { app, area } = this;
    if (!area || crossings(area).length > 0) return;
    this.asked?.abort();
    this.asked = new AbortController();
    try {
      this.found = await app.api('underground/sums', { json: { polygon: area, where: app.layers.where(LAYER) }, signal: this.asked.signal });
      this.fault = null;
    } catch (fault) {
      if (fault.name === 'AbortError') return;
      this.found = null;
      this.fault = fault;
      this.shapes.faults(area);
    }
    if (this.view === 'sums') this.drawSums();
  },

  showSums() {
    if (!this.area) { this.showStart(); return true; }
    this.show('sums', { title: t('选区汇总'), subtitle: title(this.layer.title), body: skeleton(8), footer: this.sumsFooter() });
    if (this.found || this.fault) this.drawSums();
    return true;
  },

  drawSums() {
    const { app, found, fault } = this;
    if (!app.panel.body) return;
    const redraw = h('button', { type: 'button', class: 'btn btn-p', onclick: () => this.draw('polygon') }, icon('poly', 'i-16'), t('重新圈选'));
    const ready = found && !fault;
    app.panel.element.querySelectorAll('footer [data-needs]').forEach((one) => { one.disabled = !ready; });
    if (fault) app.panel.body.replaceChildren(refusal(fault, redraw));
    else if (found.sum.count === 0 && found.classes.length === 0) app.panel.body.replaceChildren(emptyState(t('选区里没有管线'), t('这里没有管线，或它们被筛选掉了。把选区画大些，或去掉筛选。'), redraw,
      Object.keys(app.layers.where(LAYER)).length > 0 && h('button', { type: 'button', class: 'btn', onclick: () => { app.layers.setFilter(LAYER, {}); app.layers.onlyClasses(LAYER, null); } }, t('去掉筛选'))));
    else app.panel.body.replaceChildren(...sumsBody(app, this.layer, found).filter(Boolean));
  },

  /** What is selected as a file, in the format that the person works with. */
  exportMenu() {
    const { app } = this;
    const take = async (format) => {
      menu.open = false;
      const where = Object.fromEntries(Object.entries(app.layers.where(LAYER)).map(([field, values]) => [field, values.map((value) => value ?? '')]));
      try {
        const answer = await app.api('exports/file', { json: { layer: LAYER, format, within: this.area, where }, raw: true });
        app.toast(t('已导出 {name}', { name: await saveAnswer(answer) }));
      } catch (fault) { app.complain(fault); }
    };
    const menu = h('details', { class: 'menu ug-export', dataset: { menu: '' } }, h('summary', { class: 'btn' }, icon('dl', 'i-16'), t('导出')),
      h('div', { class: 'menu-list card' }, FORMATS.map(([format, words]) => h('button', { type: 'button', onclick: () => take(format) }, words))));
    menu.addEventListener('focusout', (event) => { if (!menu.contains(event.relatedTarget)) menu.open = false; });
    return menu;
  },

  sumsFooter() {
    return [
      this.layer.exportable && h('button', { type: 'button', class: 'btn btn-p', dataset: { needs: '' }, disabled: !this.found, onclick: () => this.showSheet() }, icon('print', 'i-16'), t('打印图纸')),
      h('button', { type: 'button', class: 'btn', onclick: () => this.app.list.open(LAYER) }, icon('list', 'i-16'), t('列表')),
      this.layer.exportable && this.exportMenu(),
    ].filter(Boolean);
  },

  showStart() {
    const start = (kind, sign, words, main) => h('button', { type: 'button', class: main ? 'btn btn-p' : 'btn', onclick: () => this.draw(kind) }, icon(sign, 'i-16'), words);
    this.show('start', {
      title: t('地下管线'), body: [emptyState(t('圈出一片，看里面有什么管线'), t('汇总各种管线的条数和长度，列出每一条，并按比例打印成图纸。'), start('polygon', 'poly', t('圈选'), true), start('rectangle', 'box', t('框选'))),
        h('dl', { class: 'ug-keys' }, [['P', t('圈选')], ['R', t('框选')], ['S', t('选区汇总')], ['X', t('清除选区')], ['J K', t('列表上下一条')]].flatMap(([key, words]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, words)]))],
    });
  },

  showSheet() {
    const { app, layer } = this;
    this.form?.stop();
    this.form = sheetForm(app, { layer, asked: () => ({ layer: LAYER, polygon: this.area, where: app.layers.where(LAYER) }), frame: (outline) => this.shapes.frame(outline), back: () => this.showSums() });
    this.show('sheet', this.form);
  },

  // -- one panel for several views ------------------------------------------------------------

  /** Show a view of ours. What others show (one pipe, a dossier) comes over it, and when it closes ours is back. */
  show(view, content) {
    if (view !== 'sheet') { this.form?.stop(); this.form = null; }
    this.showing = true;
    this.app.panel.show(content);
    this.showing = false;
    this.view = view;
  },
  opened() { if (!this.showing) { this.form?.stop(); this.form = null; this.view = 'other'; } },
  closed() {
    const before = this.view;
    this.view = null;
    this.form?.stop();
    this.form = null;
    if (this.area && (before === 'other' || before === 'sheet')) this.showSums();
  },
};
