// What may be done to a case next: one primary button, and each act asks only for what it needs.

import { api } from 'cityops/api';
import { h, icon } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { drop, takeIn } from 'cityops/cases/camera';
import { uploadPhoto } from 'cityops/cases/upload';
import { short } from 'cityops/cases/words';

/** Acts at which somebody stands before the thing and had better show it. */
const WITH_PHOTO = new Set(['submit', 'pass', 'fail', 'confirm', 'deny']);

/** Acts that bring a case on; the others send it back or end it. */
const ONWARD = new Set(['accept', 'confirm', 'file', 'dispatch', 'submit', 'pass', 'close']);

/** Whether an act brings the case on, so that its button may be the first to be seen. */
export function isOnward(action) {
  return ONWARD.has(action.action);
}

/** Send an act as the case was seen; gives the case after it. Throws ApiError. */
export function move(one, action, given = {}) {
  return api(`cases/${one.id}/moves`, { json: { action, ...given, version: one.version } });
}

/** Whether an act can be done at once, with nothing more to be said. */
export function isPlain(action) {
  return !action.needs?.length && !WITH_PHOTO.has(action.action);
}

/** What the button of an act says: `派遣给排水管理部门`. */
export function actTitle(one, action) {
  const unit = action.action === 'dispatch' && one.suggested_department_title;
  return unit ? t('派遣给{unit}', { unit: short(unit) }) : action.title;
}

/**
 * The block of acts. `begun` is `{action, note, department}` to go on with; `done(action, given)`
 * gives a promise of the act; `size` is the class of buttons.
 */
export function acts(one, { size = '', begun = null, done }) {
  if (!one.actions?.length) return null;
  const area = h('section', { class: 'case-acts', 'aria-label': t('下一步') });
  const ask = (action, given) => {
    area.replaceChildren(form(one, action, { size, given, done, ask, back: home }));
    if (given.action || action !== one.actions[0]) area.querySelector('textarea')?.focus({ preventScroll: true });
  };
  const home = () => {
    if (one.actions[0].action === 'dispatch') { ask(one.actions[0], {}); return; }
    area.replaceChildren(h('div', { class: 'row-wrap' }, one.actions.map((action, i) => h('button', {
      type: 'button', class: `btn ${size} ${i === 0 && isOnward(action) ? 'btn-p grow' : ''}`, dataset: { act: action.action },
      onclick: (event) => (isPlain(action) ? busy(event.currentTarget, () => done(action, {})) : ask(action, {})),
    }, action.title))));
  };
  const first = begun && one.actions.find((action) => action.action === begun.action);
  if (first) ask(first, begun); else home();
  return area;
}

/** Do something once, however often the button is pressed. */
async function busy(button, act) {
  if (button.getAttribute('aria-busy') === 'true') return;
  button.setAttribute('aria-busy', 'true');
  try { await act(); } finally { button.removeAttribute('aria-busy'); }
}

function form(one, action, { size, given, done, ask, back }) {
  const needs = new Set(action.needs ?? []);
  const shots = WITH_PHOTO.has(action.action) ? shotsField() : null;
  const units = needs.has('department') ? unitField(one, given.department) : null;
  const others = one.actions.filter((other) => other !== action);
  const submit = h('button', { type: 'submit', class: `btn btn-p grow ${size}`, dataset: { act: action.action } }, action.title);
  if (units) units.onChange((unit) => { submit.textContent = unit ? t('派遣给{unit}', { unit: short(unit.title) }) : action.title; });
  const element = h('form', { class: 'case-form', novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    const said = { note: note.field.value.trim(), ...(units ? { department: units.value() } : {}) };
    if (needs.has('reason') && !said.note) { note.fault(t('{act}须写明意见', { act: action.title })); return; }
    if (units && !said.department) { units.fault(); return; }
    busy(submit, async () => { await shots?.send(one); await done(action, said); });
  } }, units?.element, ...noteOf(needs, action, given), shots?.element,
  h('div', { class: 'row-wrap' }, submit, units
    ? others.map((other) => h('button', { type: 'button', class: `btn ${size}`, dataset: { act: other.action }, onclick: () => ask(other, {}) }, other.title))
    : h('button', { type: 'button', class: `btn ${size}`, onclick: back }, t('返回'))));
  const note = { field: element.querySelector('textarea'), fault(words) { const line = element.querySelector('.bad'); line.hidden = false; line.textContent = words; this.field.focus(); } };
  note.field.addEventListener('input', () => { element.querySelector('.bad').hidden = true; });
  return element;
}

function noteOf(needs, action, given) {
  const must = needs.has('reason');
  return [h('label', { class: 'field' }, h('span', { class: 'lbl' }, must ? t('意见') : t('意见（可不填）')),
    h('textarea', { name: 'note', class: 'input', maxlength: '500', rows: '2', value: given.note ?? '', placeholder: HINTS[action.action] ? t(HINTS[action.action]) : null })),
  h('p', { class: 'bad t12', role: 'alert', hidden: true })];
}
const HINTS = {
  submit: '做了什么，例如：已更换井盖，恢复路面', fail: '哪里不行，例如：井盖仍松动', pass: '例如：现场已恢复', deny: '例如：现场没有发现', return: '为什么不归你们办',
  refuse: '为什么不受理', send_back: '为什么退回', void: '为什么作废', rework: '哪里要返工', dispatch: '给承办单位的话',
};

/** Choosing a department: the suggested one first, with why; the others behind it. */
function unitField(one, begun) {
  const [first, ...rest] = one.departments;
  const suggested = first.code === one.suggested_department ? first : null;
  let chosen = begun ?? suggested?.code ?? null;
  let told = () => {};
  const why = one.suggested_by === 'component' ? t('部件的主管部门') : t('按类别的职责表');
  const list = h('div', { class: 'units', role: 'radiogroup', 'aria-label': t('承办单位') });
  const fault = h('p', { class: 'bad t12', role: 'alert', hidden: true }, t('先选承办单位'));
  const others = h('select', { class: 'input', 'aria-label': t('其他单位'), onchange: (event) => pick(event.target.value || null) },
    h('option', { value: '' }, suggested ? t('派给其他单位') : t('选择承办单位')), (suggested ? rest : one.departments).map((unit) => h('option', { value: unit.code }, unit.title)));
  const pick = (code) => {
    chosen = code ?? suggested?.code ?? null;
    for (const radio of list.querySelectorAll('input')) radio.checked = radio.value === chosen;
    others.value = chosen === suggested?.code ? '' : chosen ?? '';
    fault.hidden = true;
    told(one.departments.find((unit) => unit.code === chosen) ?? null);
  };
  if (suggested) list.append(h('label', { class: 'unit' }, h('input', { type: 'radio', name: 'unit', value: suggested.code, checked: true, onchange: () => pick(suggested.code) }),
    h('span', { class: 'grow' }, h('b', {}, suggested.title), h('small', { class: 'mute' }, why)), h('span', { class: 'tag act' }, t('建议'))));
  list.append(others);
  return {
    element: h('div', { class: 'field' }, h('span', { class: 'lbl' }, t('承办单位')), list, fault),
    value: () => chosen, fault: () => { fault.hidden = false; },
    onChange(act) { told = act; pick(chosen); },
  };
}

/** Photos that go with an act; sent before it, so that whoever acts next sees them. */
function shotsField() {
  const taken = [];
  const row = h('div', { class: 'shots' });
  const bar = h('div', { class: 'progress', role: 'progressbar', 'aria-label': t('正在传照片'), hidden: true }, h('i'));
  const draw = () => row.replaceChildren(...taken.map((photo, i) => h('figure', { class: 'shot' }, h('img', { src: photo.address, alt: t('照片 {n}', { n: i + 1 }) }),
    h('button', { type: 'button', 'aria-label': t('去掉照片 {n}', { n: i + 1 }), onclick: () => { drop(photo); taken.splice(i, 1); draw(); } }, icon('x', 'i-16')))),
  h('label', { class: 'shot add' }, icon('cam'), h('span', {}, taken.length ? t('再拍') : t('拍照')),
    h('input', { type: 'file', accept: 'image/*', capture: 'environment', 'aria-label': t('拍照'), onchange: async (event) => { for (const file of event.target.files) taken.push(await takeIn(file)); draw(); } })));
  draw();
  return {
    element: h('div', { class: 'field' }, h('span', { class: 'lbl' }, t('照片（可不拍）')), row, bar),
    async send(one) {
      const waiting = taken.filter((photo) => !photo.sent);
      bar.hidden = waiting.length === 0;
      for (const [i, photo] of waiting.entries()) {
        await uploadPhoto(one.id, photo, { sent: (share) => bar.firstChild.style.setProperty('width', `${Math.round((100 * (i + share)) / waiting.length)}%`) });
        photo.sent = true;
      }
    },
  };
}
