// Cases at a desk: what waits for me, what is in view, one case with its next act, on map and list alike.

import { debounce, emptyState, h, icon, skeleton } from 'cityops/dom';
import { count, t } from 'cityops/i18n';
import { bindKey } from 'cityops/keys';
import { foldLayers } from 'cityops/map/layerpanel';
import { actTitle, isPlain, move } from 'cityops/cases/acts';
import { isAnswer, isOnward } from 'cityops/cases/actwords';
import { lightOf, rowDeadline, rowUntil } from 'cityops/cases/deadline';
import { caseDetail } from 'cityops/cases/detail';
import { listen } from 'cityops/cases/live';
import { addPoints, bringToFree, removePoints, showHover, showOpen, showPoints } from 'cityops/cases/points';
import { OPEN_STATES, stateTag, stateTitle, waited, when } from 'cityops/cases/words';

const PAGE = 100;
/** How often the clocks of the list are read anew. */
const CLOCKS_MS = 60_000;
const MOST = 500;
const SETTLED_MS = 600;
/** Who may file a case; the page for it is made for a thumb and serves a desk as well. */
const REPORTERS = ['inspector', 'acceptor', 'shift_leader', 'street_officer'];
const VIEWS = [['inbox', '待我办'], ['open', '在办'], ['view', '视野内'], ['mine', '我上报的']];
const EMPTY = {
  inbox: ['现在没有等您办的案件', '新的案件到了会出现在这里。'], open: ['没有在办的案件', '上报的案件会出现在这里。'],
  view: ['这个范围没有案件', '缩小地图看大一点的范围。'], mine: ['您还没有上报过案件', '用手机打开“外勤”，点位置后拍照上报。'],
};

export default {
  name: 'cases',
  title: '案件',

  async mount(app) {
    Object.assign(this, { app, cases: [], next: null, total: 0, counts: null, news: new Set(), own: new Set(), stops: [], view: app.state.get('cases') ?? 'inbox', only: app.state.get('state'), opened: null });
    this.reload = debounce(() => { if (this.view === 'view') this.load(); }, 300);
    addPoints(app.map);
    this.stops.push(foldLayers());
    app.map.on('moveend', this.reload);
    this.stops.push(app.bus.on('click', (click) => this.onClick(click)), app.bus.on('state', () => this.follow()), app.bus.on('case:open', (id) => this.open(id)), listen((one) => this.heard(one)),
      bindKey('j', t('下一件'), () => this.step(1)), bindKey('k', t('上一件'), () => this.step(-1)), bindKey('n', t('新建案件'), () => (this.mayFile() ? location.assign('/field') : false)));
    const clocks = setInterval(() => this.readClocks(), CLOCKS_MS);
    this.stops.push(() => clearInterval(clocks));
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
    app.state.set({ cases: null, case: null, state: null });
  },

  frame() {
    const tabs = VIEWS.map(([name, words]) => h('button', { type: 'button', 'aria-pressed': String(name === this.view), dataset: { view: name }, onclick: () => this.choose(name) }, t(words), name === 'inbox' && this.counts ? h('span', { class: 'n' }, count(this.counts.inbox)) : ''));
    const chips = this.counts && this.view !== 'inbox' ? OPEN_STATES.filter((state) => this.counts.states[state] > 0 || state === this.only).map((state) => h('button', { type: 'button', class: 'chip', 'aria-pressed': String(state === this.only), onclick: () => this.narrow(state) }, stateTitle(state), h('span', { class: 'mute' }, count(this.counts.states[state])))) : [];
    const kept = this.app.side.body;
    this.app.side.show({ title: t('案件'), tags: h('div', { class: 'case-tools' }, h('div', { class: 'seg', role: 'group', 'aria-label': t('看哪些案件') }, tabs), chips.length > 0 && h('div', { class: 'row-wrap' }, chips)), body: kept ? [...kept.childNodes] : skeleton(6), actions: this.mayFile() ? [h('a', { class: 'btn', href: '/field', title: t('新建案件') }, icon('plus', 'i-16'), t('新建'), h('kbd', {}, 'N'))] : [], onclose: () => { if (!this.framing) this.app.tools.use(null); } });
  },

  mayFile() { return this.app.boot.person.roles.some((role) => REPORTERS.includes(role)); },

  /** Draw the frame anew without being told that it was closed. */
  reframe() {
    this.framing = true;
    this.frame();
    this.framing = false;
  },

  choose(view) {
    Object.assign(this, { view, only: view === 'inbox' || view === 'mine' ? null : this.only });
    this.app.state.set({ cases: view === 'inbox' ? null : view, state: this.only }, { push: true });
    this.reframe();
    this.app.side.body.replaceChildren(skeleton(6));
    this.load();
  },

  narrow(state) {
    this.only = this.only === state ? null : state;
    this.app.state.set({ state: this.only }, { push: true });
    this.reframe();
    this.load();
  },

  query() {
    const state = this.only ?? (this.view === 'mine' || this.view === 'inbox' ? null : OPEN_STATES.join(','));
    if (this.view === 'inbox' || this.view === 'mine') return { [this.view]: 1, state };
    if (this.view === 'open') return { state };
    const box = this.app.map.getBounds();
    return { state, bbox: [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((n) => n.toFixed(6)).join(',') };
  },

  async load(after = null) {
    const asked = (this.asked = Symbol('load'));
    try {
      const [page, counts] = await Promise.all([this.app.api('cases', { query: { ...this.query(), limit: PAGE, after } }), this.app.api('cases/counts')]);
      if (asked !== this.asked || !this.app.side.isOpen) return;
      this.cases = after ? [...this.cases, ...page.cases] : page.cases;
      Object.assign(this, { next: page.next ?? null, total: page.total, counts });
      if (!after) this.news.clear();
      this.reframe();
      this.draw();
    } catch (fault) {
      this.app.complain(fault);
      this.app.side.body?.replaceChildren(emptyState(fault.message, fault.error?.hint, h('button', { type: 'button', class: 'btn', onclick: () => this.load() }, t('再试一次'))));
    }
  },

  draw() {
    const { app, cases } = this;
    showPoints(app.map, cases);
    if (!app.side.body) return;
    if (cases.length === 0) { app.side.body.replaceChildren(emptyState(...EMPTY[this.view].map((words) => t(words)))); return; }
    app.side.body.replaceChildren(
      h('p', { class: 'case-list-head' }, h('span', {}, t('{n} 件', { n: count(this.total) })), h('span', { class: 'end t12' }, t('更新于 {t}', { t: when(new Date().toISOString()).split(' ').at(-1) }))),
      h('ul', { class: 'case-list' }, cases.map((one, i) => this.row(one, i))),
      this.next ? h('div', { class: 'list-more' }, h('button', { type: 'button', class: 'btn', onclick: () => this.load(this.next) }, t('再看 {n} 件', { n: PAGE }))) : '');
    this.markRow();
  },

  /** Show what is left by now; the rows stay where they are while they are read. */
  async readClocks() {
    const asked = this.asked;
    if (document.hidden || this.cases.length === 0) return;
    let fresh;
    try { fresh = await this.app.api('cases', { query: { ...this.query(), limit: Math.min(MOST, this.cases.length) } }); } catch { return; }
    if (asked !== this.asked || !this.app.side.body) return;
    const found = new Map(fresh.cases.map((one) => [one.id, one]));
    for (const one of this.cases) {
      const now = found.get(one.id);
      if (now?.version !== one.version) continue;
      one.deadline = now.deadline;
      const item = this.app.side.body.querySelector(`li[data-case="${one.id}"]`);
      item?.querySelector('.count')?.replaceWith(rowDeadline(one) ?? '');
      if (!one.ended) item?.querySelector('.no')?.setAttribute('class', `no ${lightOf(one.deadline)}`);
    }
    showPoints(this.app.map, this.cases);
  },

  row(one, i) {
    const first = one.actions.find(isOnward);
    const quick = first && ((isPlain(first) && !isAnswer(first)) || (first.action === 'dispatch' && one.suggested_department && one.return_count === 0));
    const left = one.ended ? null : rowDeadline(one);
    return h('li', { dataset: { case: one.id }, onmouseenter: () => this.hover(one.id), onmouseleave: () => this.hover(null) },
      h('button', { type: 'button', class: 'case-item', onclick: () => this.open(one.id) },
        h('span', { class: `no ${one.ended ? 'done' : lightOf(one.deadline)}` }, h('span', {}, String(i + 1))),
        h('span', { class: 'row' }, h('b', { class: 'ell t16' }, one.class_title), h('span', { class: stateTag(one.state) }, stateTitle(one.state))),
        h('span', { class: 'what mute ell' }, [one.place_title, one.description].filter(Boolean).join('，')),
        h('span', { class: 'what t12 faint' }, one.ended ? `${one.number}　${when(one.reported_at)}` : [rowUntil(one) || waited(one.moved_at), one.number].join('　'))),
      (left || first) && h('div', { class: 'case-next' }, left, first && h('button', { type: 'button', class: 'btn', title: actTitle(one, first), dataset: { next: first.action }, onclick: (event) => (quick ? this.act(one, first, event.currentTarget) : this.open(one.id, { begun: { action: first.action } })) }, actTitle(one, first))));
  },

  /** Do the next act of a row at once. */
  async act(one, action, button) {
    if (button.getAttribute('aria-busy')) return;
    button.setAttribute('aria-busy', 'true');
    try {
      const kept = await move(one, action.action, action.action === 'dispatch' ? { department: one.suggested_department } : {});
      this.app.toast(t('{act}：{what}', { act: actTitle(one, action), what: kept.class_title }));
      this.moved(kept);
      if (this.app.state.get('case') === one.id) this.open(one.id, { push: false });
    } catch (fault) {
      this.app.complain(fault);
      if (fault.status === 412 || fault.status === 409 || fault.status === 404) this.load();
    } finally { button.removeAttribute('aria-busy'); }
  },

  /** A case was moved from this page: its own news is none. */
  moved(one) {
    if (one) this.own.add(`${one.id} ${one.version}`);
    this.load();
  },

  /** Somebody moved a case: say so, and leave the list as it is being read. */
  heard(one) {
    if (one && this.own.delete(`${one.id} ${one.version}`)) return;
    if (one?.id === this.opened) this.lookSoon(one);
    if (one && this.cases.some((known) => known.id === one.id && known.version >= one.version)) return;
    this.news.add(one?.id ?? 'more');
    const { body } = this.app.side;
    if (!body || body.querySelector('.news')) return;
    body.prepend(h('button', { type: 'button', class: 'news', onclick: () => this.load() }, t('案件有变动，点此更新列表')));
  },

  hover(id) {
    showHover(this.app.map, id);
    for (const item of this.app.side.element.querySelectorAll('li[data-case]')) item.classList.toggle('is-hover', item.dataset.case === id);
  },

  onClick(click) {
    const [hit] = this.app.map.queryRenderedFeatures([[click.point.x - 4, click.point.y - 4], [click.point.x + 4, click.point.y + 4]], { layers: ['cases-point'] });
    if (!hit) return;
    click.take();
    this.open(hit.properties.id);
  },

  async open(id, { push = true, begun = null, notice = null } = {}) {
    const { app } = this;
    app.panel.show({ title: t('案件'), body: skeleton(8), onclose: () => { if (this.opened === id) this.leave(); } });
    this.opened = id;
    app.state.set({ case: id }, { push });
    this.markRow();
    const one = await caseDetail(app.panel.body, id, { begun, notice, changed: (kept) => this.moved(kept) });
    if (one?.position && this.opened === id) bringToFree(app.map, one.position);
  },

  /** Somebody else moved the case that is open: show it as it is now, unless something is being written. */
  overtaken({ id, version }) {
    const { body } = this.app.panel;
    if (this.opened !== id || !body || !(Number(body.dataset.version) < version)) return;
    if (body.querySelector('[aria-busy="true"]')) { this.lookSoon({ id, version }); return; }
    const isWritten = [...body.querySelectorAll('.case-form textarea')].some((field) => field.value.trim());
    if (!isWritten) { this.open(id, { push: false, notice: t('此案刚由别人办理，下面是它现在的样子') }); return; }
    if (body.querySelector('.case-overtaken')) return;
    body.prepend(h('div', { class: 'banner case-banner case-overtaken', role: 'alert' }, h('span', {}, t('此案刚由别人办理，您写的还在')),
      h('button', { type: 'button', class: 'btn btn-s', onclick: () => this.open(id, { push: false }) }, t('看现在的样子'))));
    body.scrollTop = 0;
  },

  /** The answer to one's own act may come after the news of it. */
  lookSoon(news) { setTimeout(() => this.overtaken(news), SETTLED_MS); },

  leave() {
    this.opened = null;
    this.app.state.set({ case: null }, { push: true });
    this.markRow();
  },

  step(by) {
    if (this.cases.length === 0) return false;
    const at = this.cases.findIndex((one) => one.id === this.opened);
    this.open(this.cases[Math.min(this.cases.length - 1, Math.max(0, at + by))].id, { push: false });
    return true;
  },

  markRow() {
    const chosen = this.app.state.get('case');
    showOpen(this.app.map, chosen);
    for (const item of this.app.side.element.querySelectorAll('li[data-case]')) {
      item.classList.toggle('is-open', item.dataset.case === chosen);
      if (item.dataset.case === chosen) { item.setAttribute('aria-current', 'true'); item.scrollIntoView({ block: 'nearest' }); } else item.removeAttribute('aria-current');
    }
  },

  follow() {
    const chosen = this.app.state.get('case');
    if (chosen && chosen !== this.opened) this.open(chosen, { push: false });
    else if (!chosen && this.opened) { this.opened = null; this.app.panel.close(); this.markRow(); }
  },
};
