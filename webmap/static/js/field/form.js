// Filing: photo, class, component, send. Three taps and a photo at most; nothing typed is lost.

import { api } from 'cityops/api';
import { h, icon, iconButton } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { toast } from 'cityops/toast';
import { drop, takeIn } from 'cityops/cases/camera';
import { closed as entryDone, opened as entryFor } from 'cityops/field/back';
import { forget, keep, note } from 'cityops/field/drafts';
import { again, missing, mustSignIn, newReport, sendPhotos, sendReport, showsAfter } from 'cityops/field/filing';
import { pickClass, sameClass } from 'cityops/field/classes';
import { conditionsOf, pickCondition } from 'cityops/field/conditions';
import { pickComponent } from 'cityops/field/components';
import { askForTwins } from 'cityops/field/twins';
import { receipt } from 'cityops/field/receipt';
import { tail } from 'cityops/field/here';
import { Hands } from 'cityops/field/hands';

const dialog = document.getElementById('form');
const hands = new Hands(dialog);
let offered = null;
let current = null;

const flush = () => current?.flush();
addEventListener('pagehide', flush);
addEventListener('popstate', flush);
document.addEventListener('visibilitychange', flush);

/** Classes that may be filed, recent ones first: `{recent: [...], all: [{title, classes}]}`. */
async function loadClasses() {
  offered ??= api('cases/classes').catch((fault) => { offered = null; throw fault; });
  return offered;
}

/** A new draft about a place, as `drafts.js` keeps it, with what `locate` found there. */
export function newDraft({ place, accuracy_m, found, chosen, person }) {
  return {
    id: crypto.randomUUID(), person, place, accuracy_m, found, component: chosen?.id ?? null, meant: chosen != null,
    chosen: null, condition: null, self_disposal: false, description: '', photos: [], report: null, received: null, fault: null, at: Date.now(),
  };
}

/**
 * Open the form with a draft. `done(case, {open})` is told of the receipt, `closed()` when the
 * form was left, `elsewhere(form)` when the person wants to point at another place, `sent()` when
 * the last photo has arrived.
 */
export function openForm(draft, tell) {
  const form = new Form(draft, tell);
  current = form;
  entryFor(() => form.back());
  dialog.oncancel = (event) => { event.preventDefault(); form.back(); };
  form.save();
  form.draw();
  if (!dialog.open) dialog.showModal();
  loadClasses().then((classes) => form.offer(classes), (fault) => form.fail(fault));
  return form;
}

export class Form {
  constructor(draft, tell) { Object.assign(this, { draft, tell, offered: null, sending: false, share: 0, fault: null, twins: [], conditions: null, kept: true }); }

  offer(classes) { this.offered = classes; this.draw(); if (this.draft.chosen) this.learn(); }

  fail(fault) { this.fault = fault; this.draw(); }

  /** Keep what was filled in; the sign at the top says whether the device could. */
  async save() {
    clearTimeout(this.timer);
    this.timer = null;
    this.kept = await keep(this.draft);
    const sign = dialog.querySelector('#draft-sign');
    if (sign) sign.textContent = this.kept ? t('草稿已存') : t('本机存不下草稿');
  }

  /** Leave the form; what was filled in is kept. False while it is being sent. */
  close() {
    if (this.sending) return false;
    this.save();
    this.gone();
    this.tell.closed();
    return true;
  }

  /** Leave the receipt, to the case where `open`. */
  leave(open) { this.gone(); this.tell.done(this.draft.received, { open }); return true; }

  /** Back leaves the receipt where there is one, else the form. */
  back() { return this.draft.received && !this.sending ? this.leave(false) : this.close(); }

  gone() {
    if (current === this) current = null;
    dialog.close();
    entryDone();
  }

  /** Point at another place on the map and come back. */
  moveTo(about) {
    Object.assign(this.draft, { place: about.place, accuracy_m: about.accuracy_m, found: about.found, component: about.chosen?.id ?? null });
    this.save();
    this.draw();
    if (!dialog.open) dialog.showModal();
  }

  /** What lies at a place that was pointed at before the answer about it was there. */
  settle(place, found) {
    const { draft } = this;
    if (draft.place !== place || draft.found || this.sending || draft.received) return;
    Object.assign(draft, { found, component: draft.component ?? (draft.chosen ? this.fitting(draft.chosen, found)?.id : found.components[0]?.id) ?? null });
    this.save();
    this.draw();
  }

  async take(files) {
    for (const file of files) this.draft.photos.push(await takeIn(file));
    this.save();
    this.draw();
  }

  untake(i) {
    const [photo] = this.draft.photos.splice(i, 1);
    this.draw();
    this.save();
    toast(t('去掉了一张照片'), { undo: () => { this.draft.photos.splice(i, 0, photo); this.save(); this.draw(); } });
  }

  /** Choose a class; a component of that class goes with it, an event goes without. */
  choose(item) {
    const { draft } = this;
    if (!sameClass(draft.chosen, item)) { draft.condition = null; this.conditions = null; }
    draft.chosen = item;
    draft.component = this.fitting(item, draft.found)?.id ?? null;
    this.save();
    this.draw();
    this.learn();
  }

  /** The component that goes with a class: the one meant where it is of that class, else the nearest. */
  fitting(item, found) {
    if (item.domain !== 'component') return null;
    const fits = (found?.components ?? []).filter((one) => one.class === item.code);
    return fits.find((one) => one.id === this.draft.component) ?? fits[0] ?? null;
  }

  /** Choose a component; where no class is chosen yet it is that of the component. */
  mean(component) {
    this.draft.component = component?.id ?? null;
    const item = component && this.classOf(component);
    if (item && !this.draft.chosen) { this.choose(item); return; }
    this.save();
    this.draw();
  }

  /** Choose the condition under which it is a case, or none. */
  allege(condition) { this.draft.condition = condition?.id ?? null; this.save(); }

  /** What the city knows of the class chosen: when it is a case, and whether one is open close by. */
  learn() { this.lookForTwins(); this.lookForConditions(); }

  async lookForConditions() {
    const { chosen } = this.draft;
    const found = await conditionsOf(chosen);
    if (this.draft.chosen !== chosen) return;
    this.conditions = found;
    const was = this.draft.condition;
    if (found.length === 1) this.draft.condition = found[0].id;
    else if (!found.some((one) => one.id === was) && found.length > 0) this.draft.condition = null;
    if (this.draft.condition !== was) this.save();
    dialog.querySelector('#conditions')?.replaceChildren(...pickCondition(this));
  }

  classOf(component) {
    return this.offered?.all.flatMap((group) => group.classes).find((item) => item.domain === 'component' && item.code === component.class) ?? null;
  }

  async lookForTwins() {
    this.twins = await askForTwins(this.draft);
    const place = dialog.querySelector('#twins');
    place?.replaceChildren(...this.twinNote());
  }

  /** Show what is filled in; once the report is received its receipt stands there. */
  draw() {
    hands.draw(() => { if (current === this && !this.draft.received) this.paint(); });
  }

  /** Draw everything; the field that was typed in stays so. */
  paint() {
    const at = dialog.querySelector('.body')?.scrollTop ?? 0;
    const { id, selectionStart, selectionEnd } = document.activeElement ?? {};
    dialog.replaceChildren(this.header(), this.steps(), this.body(), this.footer());
    dialog.querySelector('.body').scrollTop = at;
    const typed = id === 'description' && dialog.querySelector('#description');
    if (typed) { typed.focus({ preventScroll: true }); typed.setSelectionRange(selectionStart, selectionEnd); }
  }

  header() {
    return h('header', {}, iconButton('x', t('关闭，草稿会留着'), () => this.close()), h('h2', {}, t('上报')), h('span', { class: 't12 mute', id: 'draft-sign' }, this.kept ? t('草稿已存') : t('本机存不下草稿')));
  }

  steps() {
    const { photos, chosen, description, component } = this.draft;
    const all = [[t('照片'), photos.length > 0 || description.trim()], [t('类别'), chosen], [t('部件'), chosen && (chosen.domain === 'event' || component)], [t('提交'), false]];
    const now = all.findIndex(([, done]) => !done);
    return h('ol', { class: 'stepper' }, all.map(([name, done], i) => h('li', { class: done ? 'done' : '', 'aria-current': i === now ? 'step' : null }, h('span', { class: 'n' }, done ? icon('check', 'i-16') : String(i + 1)), name)));
  }

  body() {
    return h('div', { class: 'body' }, this.faultBox(), this.shots(), this.done(), pickClass(this), h('div', { id: 'conditions' }, pickCondition(this)), pickComponent(this), h('div', { id: 'twins' }, this.twinNote()), this.words());
  }

  faultBox() {
    const { fault } = this;
    if (!fault) return null;
    const error = fault.error ?? { message: t('页面出了意外'), hint: t('照片和文字都还在，可以再发一次'), code: 'page' };
    return h('div', { class: 'error', role: 'alert' }, h('h4', {}, error.message), error.hint && h('p', {}, error.hint),
      ...(fault.errors ?? []).map((one) => h('p', {}, one.message)), h('p', { class: 'mute' }, t('照片和文字都还在')), h('span', { class: 'code' }, error.code));
  }

  shots() {
    const { photos } = this.draft;
    const names = this.draft.self_disposal ? [t('处置前')] : [t('近景'), t('远景')];
    const name = (i) => (showsAfter(this.draft, i) ? t('处置后') : names[i] ?? t('照片 {n}', { n: i + 1 }));
    const input = h('input', { type: 'file', accept: 'image/*', capture: 'environment', id: 'photo-input', 'aria-label': t('拍照或选照片'), onchange: (event) => this.take([...event.target.files]) });
    return h('div', { class: 'shots' },
      ...photos.map((photo, i) => h('figure', { class: 'shot' }, h('img', { src: photo.address, alt: t('照片 {n}', { n: i + 1 }) }), h('figcaption', {}, name(i)),
        h('button', { type: 'button', 'aria-label': t('去掉照片 {n}', { n: i + 1 }), onclick: () => this.untake(i) }, icon('x', 'i-16')))),
      h('label', { class: 'shot add' }, icon('cam'), h('span', {}, photos.length === 0 ? t('拍照') : t('再拍')), input));
  }

  /** What one sees one may put right at once: then the last photo shows it. */
  done() {
    const { draft } = this;
    return h('label', { class: 'done-line' }, h('input', { type: 'checkbox', class: 'switch', id: 'self-disposal', checked: draft.self_disposal, onchange: (event) => { draft.self_disposal = event.target.checked; this.save(); this.draw(); } }),
      h('span', { class: 'grow' }, h('b', {}, t('已当场处置好')), h('small', { class: 'mute' }, t('处置前后各拍一张'))));
  }

  twinNote() {
    return this.twins.map((twin) => h('p', { class: 'note' }, icon('warn', 'i-16'), h('span', { class: 'grow' }, twin.words),
      h('a', { href: `#case/${twin.id}`, onclick: () => this.close() }, t('看是不是同一件'))));
  }

  words() {
    const { chosen, description } = this.draft;
    const field = h('textarea', { id: 'description', class: 'input', maxlength: '500', rows: '2', placeholder: t('例如：井盖缺失约一半，紧靠人行道'), value: description,
      oninput: (event) => { this.draft.description = event.target.value; note(this.draft); this.saveSoon(); this.refoot(); } });
    const add = (word) => { this.draft.description = [this.draft.description.trim(), t(word)].filter(Boolean).join('，'); this.save(); this.draw(); };
    return h('section', {}, h('div', { class: 'group-head' }, h('label', { for: 'description' }, h('b', {}, t('说明'))), h('span', { class: 'mute' }, t('可不填'))), field,
      chosen?.domain === 'component' && h('div', { class: 'row-wrap words' }, WORDS.map((word) => h('button', { type: 'button', class: 'chip', onclick: () => add(word) }, t(word)))));
  }

  /** Keep at once what `saveSoon` still waits with. */
  flush() { if (this.timer) this.save(); }

  saveSoon() { clearTimeout(this.timer); this.timer = setTimeout(() => this.save(), 250); }

  refoot() {
    dialog.querySelector('footer').replaceWith(this.footer());
    dialog.querySelector('.stepper').replaceWith(this.steps());
  }

  footer() {
    const open = missing(this.draft);
    return h('footer', {},
      h('div', { class: 'row mute' }, icon('pin', 'i-16'), h('span', { class: 'ell grow' }, this.placeWords()), h('button', { type: 'button', class: 'btn btn-q', id: 'move-place', onclick: () => { this.save(); dialog.close(); this.tell.elsewhere(this); } }, t('改位置'))),
      this.sending ? h('div', { class: 'progress', role: 'progressbar', 'aria-label': t('正在发送'), 'aria-valuenow': Math.round(100 * this.share) }, h('i', { style: { width: `${Math.round(100 * this.share)}%` } })) : null,
      h('button', { type: 'button', id: 'send', class: 'btn btn-t btn-p btn-w', disabled: open.length > 0 || this.sending, onclick: () => this.send() }, this.sending ? t('正在发送') : this.buttonWords(open)));
  }

  buttonWords(open) {
    const words = { place: t('先在地图上点位置'), class: t('先选类别'), photo: t('先拍照，或写说明'), after: t('再拍一张处置后的照片') };
    return open.length === 0 ? t('提交上报') : words[open[0]];
  }

  placeWords() {
    const { found, place } = this.draft;
    const named = [found?.street?.name, found?.community?.name, found?.cell && t('网格 {n}', { n: tail(found.cell.code, 3) })].filter(Boolean);
    if (!place) return t('还没有位置');
    return named.length > 0 ? named.join('，') : `${place[0].toFixed(5)}, ${place[1].toFixed(5)}`;
  }

  /** Send the report once, then its photos; whatever arrived is kept as arrived. */
  async send() {
    if (this.sending) return;
    Object.assign(this, { sending: true, fault: null, share: 0 });
    this.draw();
    try {
      await this.sendCase();
    } catch (fault) {
      this.sending = false;
      await this.save();
      if (mustSignIn(fault)) { location.assign('/login?next=/field'); return; }
      this.fail(fault);
      if (!fault.error) console.error(fault);
      return;
    }
    this.sending = false;
    await this.sendShots();
  }

  async sendCase() {
    const { draft } = this;
    const now = newReport(draft);
    const { report, received } = draft.report ? await again(draft.report, now) : { report: now };
    draft.report = report;
    await this.save();
    const kept = received ?? await sendReport(report);
    draft.received = { id: kept.id, number: kept.number, class_title: kept.class_title, suggested: kept.suggested_department_title, twins: kept.duplicates?.filter((one) => one.case_id !== kept.id && one.kind === 'duplicate').length ?? 0 };
    await this.save();
  }

  /** Send the photos of a received report, with their progress on the receipt. */
  async sendShots() {
    const { draft } = this;
    const view = receipt(dialog, draft, {
      retry: () => this.sendShots(),
      leave: (open) => this.leave(open),
    });
    try {
      await sendPhotos(draft.received.id, draft, { step: (share) => view.step(share), arrived: () => this.save() });
      draft.photos.forEach(drop);
      await forget(draft.id);
      view.finished();
      this.tell.sent();
    } catch (fault) {
      await this.save();
      if (mustSignIn(fault)) { location.assign('/login?next=/field'); return; }
      view.failed(fault);
    }
  }
}

const WORDS = ['破损', '缺失', '移位', '松动', '倾斜', '堵塞'];
