// Filing: photo, class, component, send. Four taps and a photo at most; nothing typed is lost.

import { api } from 'cityops/api';
import { h, icon, iconButton } from 'cityops/dom';
import { t, metres } from 'cityops/i18n';
import { toast } from 'cityops/toast';
import { keep, forget } from 'cityops/field/draft';
import { newReport, missing, send } from 'cityops/field/filing';
import { takeIn, drop } from 'cityops/field/photos';
import { className, tail } from 'cityops/field/here';

const dialog = document.getElementById('form');
let classes = null;

/** Classes that may be filed, recent ones first: `{recent: [...], all: [{title, classes}]}`. */
async function loadClasses() {
  classes ??= api('cases/classes').catch((fault) => { classes = null; throw fault; });
  return classes;
}

/**
 * Open the form for a place. `about` holds place, accuracy_m, found (answer of locate), chosen
 * (component or null); `draft` what was kept; `done(case)` is told of the receipt.
 */
export async function openForm({ about, person, draft = null, done }) {
  const state = {
    id: draft?.id ?? crypto.randomUUID(), person, place: about.place, accuracy_m: about.accuracy_m, components: about.found?.components ?? [],
    component: about.chosen?.id ?? null, chosen: draft?.chosen ?? null, description: draft?.description ?? '', photos: draft?.photos ?? [], sending: false, fault: null,
    where: about.found,
  };
  const form = new Form(state, done);
  dialog.addEventListener('cancel', () => form.save(), { once: true });
  form.draw();
  dialog.showModal();
  try { form.offer(await loadClasses()); } catch (fault) { form.fail(fault); }
}

class Form {
  constructor(state, done) { this.state = state; this.done = done; this.offered = null; this.open = false; }

  offer(offered) { this.offered = offered; this.draw(); }

  fail(fault) { this.state.fault = fault; this.draw(); }

  save() {
    const { id, person, place, accuracy_m, chosen, description, photos } = this.state;
    const blobs = photos.map(({ name, blob }) => ({ name, blob }));
    return keep({ id, person, place, accuracy_m, chosen, description, photos: blobs, at: Date.now() });
  }

  close() { this.save(); dialog.close(); }

  draw() {
    const at = dialog.querySelector('.body')?.scrollTop ?? 0;
    dialog.replaceChildren(this.header(), this.body(), this.footer());
    dialog.querySelector('.body').scrollTop = at;
  }

  header() {
    return h('header', {}, iconButton('x', t('关闭，草稿会留着'), () => this.close()), h('h2', {}, t('上报')), h('span', { class: 't12 mute' }, t('草稿已存')));
  }

  body() {
    return h('div', { class: 'body' }, this.faultBox(), this.shots(), this.classPicker(), this.componentPicker(), this.words());
  }

  faultBox() {
    const { fault } = this.state;
    if (!fault) return null;
    const error = fault.error ?? { message: t('页面出了意外'), hint: t('照片和文字都还在，可以再发一次'), code: 'page' };
    return h('div', { class: 'error', role: 'alert' }, h('h4', {}, error.message), error.hint && h('p', {}, error.hint),
      ...(fault.errors ?? []).map((one) => h('p', {}, one.message)), h('span', { class: 'code' }, error.code));
  }

  shots() {
    const { photos } = this.state;
    const input = h('input', { type: 'file', accept: 'image/*', capture: 'environment', multiple: true, id: 'photo-input', 'aria-label': t('拍照或选照片'), onchange: (event) => this.take([...event.target.files]) });
    return h('div', { class: 'shots' },
      ...photos.map((photo, i) => h('figure', { class: 'shot' }, h('img', { src: photo.address, alt: t('照片 {n}', { n: i + 1 }) }), h('figcaption', {}, i === 0 ? t('近景') : i === 1 ? t('远景') : t('照片 {n}', { n: i + 1 })),
        h('button', { type: 'button', 'aria-label': t('去掉照片 {n}', { n: i + 1 }), onclick: () => this.untake(i) }, icon('x', 'i-16')))),
      h('label', { class: 'shot add' }, icon('cam'), h('span', {}, photos.length === 0 ? t('拍照') : t('再拍')), input));
  }

  async take(files) {
    for (const file of files) this.state.photos.push(await takeIn(file));
    this.save();
    this.draw();
  }

  untake(i) {
    const [photo] = this.state.photos.splice(i, 1);
    this.draw();
    toast(t('去掉了一张照片'), { undo: () => { this.state.photos.splice(i, 0, photo); this.save(); this.draw(); } });
    this.save();
  }

  classPicker() {
    const head = h('div', { class: 'group-head' }, h('b', {}, t('类别')), h('button', { type: 'button', class: 'btn btn-q btn-s', onclick: () => { this.open = !this.open; this.draw(); } }, this.open ? t('收起') : t('全部类别')));
    if (!this.offered) return h('section', {}, head, h('div', { class: 'tiles' }, ...[1, 2, 3, 4].map(() => h('div', { class: 'tile' }, h('div', { class: 'sk' })))));
    const tiles = this.tilesShown().map((item) => h('button', { type: 'button', class: 'tile', 'aria-pressed': String(same(item, this.state.chosen)), onclick: () => this.choose(item) }, item.title));
    return h('section', {}, head, h('div', { class: 'tiles' }, tiles), this.open && this.allClasses());
  }

  tilesShown() {
    const { chosen } = this.state;
    const first = this.offered.recent.slice(0, 6);
    return chosen && !first.some((item) => same(item, chosen)) ? [chosen, ...first.slice(0, 5)] : first;
  }

  allClasses() {
    return h('div', { class: 'all-classes' }, ...this.offered.all.flatMap((group) => [h('h4', {}, group.title),
      ...group.classes.map((item) => h('button', { type: 'button', onclick: () => { this.open = false; this.choose(item); } }, item.title))]));
  }

  choose(item) { this.state.chosen = item; this.save(); this.draw(); }

  componentPicker() {
    const { components, component } = this.state;
    if (components.length === 0) return null;
    const option = (id, ...inside) => h('label', {}, h('input', { type: 'radio', name: 'component', checked: component === id, onchange: () => { this.state.component = id; } }), ...inside);
    return h('section', {}, h('div', { class: 'group-head' }, h('b', {}, t('部件')), h('span', { class: 'mute' }, t('按距离'))),
      h('div', { class: 'choices' },
        ...components.slice(0, 4).map((one) => option(one.id, h('span', { class: 'grow' }, h('b', {}, className(one)), `　${t('尾号 {n}', { n: tail(one.id, 6) })}`), h('span', { class: 'mute' }, metres(one.distance_m)))),
        option(null, h('span', { class: 'grow' }, t('不是部件，只记位置')))));
  }

  words() {
    return h('section', {}, h('div', { class: 'group-head' }, h('label', { for: 'description' }, h('b', {}, t('说明'))), h('span', { class: 'mute' }, t('可不填'))),
      h('textarea', { id: 'description', class: 'input', maxlength: '500', placeholder: t('例如：井盖缺失约一半，紧靠人行道'), value: this.state.description,
        oninput: (event) => { this.state.description = event.target.value; this.save(); this.refoot(); } }));
  }

  refoot() { dialog.querySelector('footer').replaceWith(this.footer()); }

  footer() {
    const open = missing(this.state);
    const ready = open.length === 0 && !this.state.sending;
    return h('footer', {}, h('div', { class: 'row mute' }, icon('pin', 'i-16'), h('span', { class: 'ell' }, this.placeWords())),
      this.state.sending ? h('div', { class: 'progress', role: 'progressbar', 'aria-label': t('正在发送') }, h('i')) : null,
      h('button', { type: 'button', id: 'send', class: 'btn btn-t btn-p btn-w', disabled: !ready, onclick: () => this.send() }, this.state.sending ? t('正在发送') : this.buttonWords(open)));
  }

  buttonWords(open) {
    const words = { place: t('先在地图上点位置'), class: t('先选类别'), photo: t('先拍照，或写说明') };
    return open.length === 0 ? t('提交上报') : words[open[0]];
  }

  placeWords() {
    const { where, place } = this.state;
    const named = [where?.street?.name, where?.community?.name, where?.cell && t('网格 {n}', { n: tail(where.cell.code, 3) })].filter(Boolean);
    return named.length > 0 ? named.join('，') : `${place[0].toFixed(5)}, ${place[1].toFixed(5)}`;
  }

  async send() {
    this.state.sending = true;
    this.state.fault = null;
    this.draw();
    try {
      const report = newReport(this.state);
      const kept = await send(report, this.state.photos, (n, of) => {
        const bar = dialog.querySelector('.progress i');
        if (bar) bar.style.setProperty('width', `${Math.round((100 * n) / of)}%`);
      });
      await forget();
      this.state.photos.forEach(drop);
      this.receipt(kept);
    } catch (fault) {
      this.state.sending = false;
      this.save();
      this.fail(fault);
      if (!fault.error) console.error(fault);
    }
  }

  receipt(kept) {
    dialog.replaceChildren(h('header', {}, h('span'), h('h2', {}, t('已收到')), h('span')),
      h('div', { class: 'body' }, h('div', { class: 'receipt' }, icon('check'), h('h2', {}, t('回执 {n}', { n: kept.number })),
        h('p', { class: 'mute' }, [kept.class_title, kept.suggested_department_title && t('建议由{d}处置', { d: kept.suggested_department_title })].filter(Boolean).join('，')))),
      h('footer', {}, h('button', { type: 'button', class: 'btn btn-t btn-p btn-w', id: 'receipt-close', onclick: () => { dialog.close(); this.done(kept); } }, t('回到地图')),
        h('button', { type: 'button', class: 'btn btn-t btn-w', onclick: () => { dialog.close(); this.done(kept, true); } }, t('看这个案件'))));
  }
}

function same(a, b) {
  return Boolean(a && b && a.domain === b.domain && a.scheme === b.scheme && a.code === b.code);
}
