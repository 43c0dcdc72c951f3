// What an act asks for beside words: each field is `{element, value(), fault(), …}`; value null is none.

import { h } from 'cityops/dom';
import { t, metres } from 'cityops/i18n';
import { day, limitWords, short } from 'cityops/cases/words';

const LONGEST_DAYS = 364;
const PERIODS = [[7, '一周'], [30, '30 天'], [90, '90 天'], [180, '半年']];
/** So many cases that may be the same thing are offered, the likeliest first. */
const TWINS = 8;
const DAY_MS = 86_400_000;
let made = 0;

/** A field with its label, its controls and the line that tells what is missing. */
function framed(label, wanted, ...controls) {
  const line = h('p', { class: 'bad t12', role: 'alert', hidden: true }, wanted);
  return {
    element: h('div', { class: 'field' }, h('span', { class: 'lbl' }, label), ...controls, line),
    fault(words = wanted) { line.textContent = words; line.hidden = false; line.scrollIntoView({ block: 'nearest' }); },
    calm() { line.hidden = true; },
  };
}

/** Cards of which one is chosen: `options` are `{value, title, note, tag}`. */
function cards(options, label, { chosen, onpick }) {
  const name = `choice-${(made += 1)}`;
  return h('div', { class: 'units', role: 'radiogroup', 'aria-label': label }, options.map(({ value, title, note, tag }) => h('label', { class: 'unit' },
    h('input', { type: 'radio', name, value, checked: value === chosen, onchange: () => onpick(value) }),
    h('span', { class: 'grow' }, h('b', {}, title), note && h('small', { class: 'mute' }, note)), tag && h('span', { class: 'tag act' }, tag))));
}

/** From a position less sure than this the server suggests nobody. */
const VAGUE_M = 200;

/** Choosing who disposes: the suggested one with why, the runner-up near a border, all others behind. */
export function unitField(one, begun, { label = t('承办单位'), change = () => {} } = {}) {
  const suggested = one.departments.find((unit) => unit.code === one.suggested_department) ?? null;
  const second = one.departments.find((unit) => unit.code === one.runner_up && unit !== suggested) ?? null;
  const proposed = one.return_count > 0 ? one.departments.find((unit) => unit.code === proposedOf(one)) ?? null : null;
  const first = [...new Set([proposed, suggested, second])].filter(Boolean);
  let chosen = begun ?? first[0]?.code ?? null;
  const why = (unit) => (unit === proposed ? t('回退的单位建议') : unit === second ? t('离网格边界 {d}，邻格由它负责', { d: metres(one.runner_up_m) }) : one.suggested_by === 'component' ? t('部件的主管部门') : t('按类别的职责表'));
  const pick = (code) => {
    chosen = code;
    for (const radio of frame.element.querySelectorAll('input')) radio.checked = radio.value === code;
    others.value = first.some((unit) => unit.code === code) ? '' : code ?? '';
    frame.calm();
    change(one.departments.find((unit) => unit.code === code) ?? null);
  };
  const others = h('select', { class: 'input', 'aria-label': t('其他单位'), onchange: (event) => pick(event.target.value || (first[0]?.code ?? null)) },
    h('option', { value: '' }, first.length > 0 ? t('派给其他单位') : t('选择承办单位')), one.departments.filter((unit) => !first.includes(unit)).map((unit) => h('option', { value: unit.code }, unit.title)));
  const list = cards(first.map((unit) => ({ value: unit.code, title: unit.title, note: why(unit), tag: unit === first[0] ? t('建议') : null })), label, { chosen, onpick: pick });
  list.append(others);
  const frame = framed(label, t('先选承办单位'), ...[list, whyField(one, suggested)].filter(Boolean));
  return { ...frame, name: 'department', value: () => chosen, start: () => pick(chosen) };
}

/** The rules by which a department is suggested, with its name for its code. */
function whyField(one, suggested) {
  if (!suggested) return h('p', { class: 't12 mute why-none' }, t('没有建议的单位：{why}', { why: whyNone(one) }));
  if (!one.reasons?.length) return null;
  const named = (text) => one.departments.reduce((told, unit) => told.replace(`→ ${unit.code}`, `→ ${unit.title}`), text);
  return h('details', { class: 'why-unit' }, h('summary', { class: 'why' }, t('为什么建议{unit}', { unit: short(suggested.title) })), one.reasons.map((text) => h('p', { class: 't12 mute' }, named(text))));
}

/** Why no department is suggested: what the duty table says, or that the place is not known well enough. */
function whyNone(one) {
  if (one.reasons?.length) return one.reasons.join('；');
  if (one.accuracy_m > VAGUE_M) return t('定位误差超过 {d}，位置不确定', { d: metres(VAGUE_M) });
  return one.cell_code ? t('职责表没有规定这一类由谁承办') : t('位置不在任何单元网格里');
}

/** The body that the last return proposed, or null. */
export function proposedOf(one) {
  const last = [...one.history].reverse().find((step) => step.action === 'ask_return');
  return last?.details?.proposed ?? null;
}

/** The department that gave the case back last; sending it there again has to be explained. */
export function gaveBack(one) {
  return [...one.history].reverse().find((step) => step.action === 'grant_return')?.department ?? null;
}

/** Who should have it instead: every department but the one that has it. */
export function proposedField(one, begun) {
  return chooser({ name: 'proposed', label: t('应由哪个单位承办'), wanted: t('先选应由谁承办'), empty: t('选择单位'), begun,
    options: one.departments.filter((unit) => unit.code !== one.department).map((unit) => [unit.code, unit.title]) });
}

/** A person of the department. */
export function handlerField(one, begun) {
  const people = one.handlers ?? [];
  return chooser({ name: 'handler', label: t('处置人员'), wanted: t('先选处置人员'), empty: t('选择人员'), begun: begun ?? (people.length === 1 ? people[0].id : null), options: people.map((one) => [one.id, one.title]), number: true });
}

/** Which collector is sent; without a choice any of the area may go. */
export function collectorField(one, begun) {
  return chooser({ name: 'assignee', label: t('派给哪位监督员'), empty: t('本区域任何监督员'), begun, options: (one.collectors ?? []).map((one) => [one.id, one.title]), number: true, free: true });
}

function chooser({ name, label, wanted, empty, begun, options, number = false, free = false }) {
  const select = h('select', { class: 'input', name, 'aria-label': label, onchange: () => frame.calm() }, h('option', { value: '' }, empty), options.map(([value, title]) => h('option', { value: String(value), selected: value === begun }, title)));
  const frame = framed(label, wanted, select);
  return { ...frame, name, free, value: () => (select.value === '' ? null : number ? Number(select.value) : select.value) };
}

/** What makes it a case, with what the disposal may take; that of the reporter is chosen already. */
export function conditionField(one, begun) {
  let chosen = begun ?? one.wanted_condition ?? (one.conditions.length === 1 ? one.conditions[0].id : null);
  const options = one.conditions.map((condition) => ({ value: condition.id, title: condition.title, note: limitWords(condition), tag: condition.id === one.wanted_condition ? t('上报时所选') : null }));
  const pick = (id) => {
    chosen = id;
    for (const radio of frame.element.querySelectorAll('input')) radio.checked = radio.value === id;
    frame.calm();
  };
  const group = (list) => cards(list, t('立案条件'), { chosen, onpick: pick });
  const [first, rest] = [options.filter(({ value }) => value === chosen), options.filter(({ value }) => value !== chosen)];
  const folded = first.length > 0 && rest.length > 2;
  const frame = framed(t('立案条件'), t('先选立案条件'), ...(folded
    ? [group(first), h('details', { class: 'case-more' }, h('summary', { class: 'btn btn-q' }, t('改选，另有 {n} 条', { n: rest.length })), group(rest))]
    : [group(options)]));
  return { ...frame, name: 'condition', value: () => chosen };
}

/** Until when: a day, told by its end. */
export function untilField(begun, now = Date.now()) {
  const input = h('input', { type: 'date', class: 'input', name: 'until', min: day(now + DAY_MS), max: day(now + LONGEST_DAYS * DAY_MS), value: begun ? day(new Date(begun)) : '', 'aria-label': t('挂账到哪一天'), oninput: () => frame.calm() });
  const quick = h('div', { class: 'row-wrap' }, PERIODS.map(([days, words]) => h('button', { type: 'button', class: 'chip', onclick: () => { input.value = day(now + days * DAY_MS); frame.calm(); } }, t(words))));
  const frame = framed(t('挂账到哪一天'), t('选今天以后、一年以内的一天'), input, quick);
  return { ...frame, name: 'until', value: () => (input.value && input.value >= input.min && input.value <= input.max ? `${input.value}T23:59:00+08:00` : null) };
}

/** Into which case: those that may be the same thing, the nearest first. */
export function targetField(one, begun) {
  const found = (one.duplicates ?? []).slice(0, TWINS);
  let chosen = begun ?? (found.length === 1 ? found[0].case_id : null);
  const list = found.length > 0
    ? cards(found.map((other) => ({ value: other.case_id, title: other.number, note: [t('{d} 外', { d: metres(other.distance_m) }), other.state_title].filter(Boolean).join('，') })), t('并入哪个案件'), { chosen, onpick: (id) => { chosen = id; frame.calm(); } })
    : h('p', { class: 'mute' }, t('附近没有同类的未结案件'));
  const frame = framed(t('并入哪个案件'), t('先选并入的案件'), list);
  return { ...frame, name: 'target', value: () => chosen };
}

/** The end of the number, typed by who ends a case for good. */
export function sureField(one) {
  const tail = one.number.slice(-4);
  const input = h('input', { class: 'input', inputmode: 'numeric', autocomplete: 'off', maxlength: '4', name: 'sure', 'aria-label': t('案件编号后四位'), oninput: () => frame.calm() });
  const frame = framed(t('此事不能撤回。请输入案件编号后四位 {tail}', { tail }), t('与案件编号后四位 {tail} 不符', { tail }), input);
  return { ...frame, name: null, value: () => (input.value.trim() === tail ? tail : null) };
}

/** Opinion or reason. */
export function noteField({ must, title, hint, begun }) {
  const area = h('textarea', { name: 'note', class: 'input', maxlength: '500', rows: '2', value: begun ?? '', placeholder: hint ?? null, 'aria-label': must ? t('意见') : t('意见（可不填）'), oninput: () => frame.calm() });
  const frame = framed(must ? t('意见') : t('意见（可不填）'), t('{act}须写明意见', { act: title }), area);
  return { ...frame, name: 'note', free: !must, value: () => area.value.trim() || null, fault(words) { frame.fault(words); area.focus(); } };
}

