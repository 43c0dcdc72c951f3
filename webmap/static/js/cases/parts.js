// Parts of a case that phone and desk show alike: photos, facts, doubts, the story.

import { h, icon } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { flagText, limitWords, photoTitle, short, span, stateTag, stateTitle, when } from 'cityops/cases/words';

/** Number, class, state and department. */
export function heading(one) {
  return h('header', { class: 'case-head' },
    h('p', { class: 'row t12 mute' }, h('span', {}, one.number), h('span', { class: 'end' }, one.source_title)),
    h('h2', {}, one.class_title),
    h('p', { class: 'row-wrap' }, h('span', { class: stateTag(one.state), dataset: { state: one.state } }, stateTitle(one.state)),
      one.department_title && h('span', { class: 'tag line' }, one.department_title),
      one.self_disposal && h('span', { class: 'tag line' }, t('监督员已自处置')),
      one.handler_title && h('span', { class: 'tag line' }, one.handler_title),
      one.return_count > 0 && h('span', { class: 'tag soon' }, t('退回 {n} 次', { n: one.return_count })),
      one.was_late && h('span', { class: 'tag late' }, one.exempt ? t('超时，已免计') : t('处置超时')),
      one.rework_count > 0 && h('span', { class: 'tag late' }, t('返工 {n} 次', { n: one.rework_count }))));
}

/** Photos with what they show; one that is still being prepared says so. */
export function photos(one) {
  if (!one.photos?.length) return null;
  return h('section', { class: 'case-sec' }, h('h4', {}, t('照片'), h('span', { class: 'mute' }, t('{n} 张', { n: one.photos.length }))),
    h('div', { class: 'shots' }, one.photos.map((photo, i) => shot(photo, i))));
}

function shot(photo, i) {
  const words = h('figcaption', {}, `${photoTitle(photo.kind)} ${when(photo.uploaded_at).split(' ').at(-1)}`);
  if (photo.state === 'failed') return h('figure', { class: 'shot is-bad', title: flagText(photo.flags[0]) }, icon('warn'), words);
  if (photo.state !== 'ready') return h('figure', { class: 'shot is-waiting', 'aria-busy': 'true' }, h('span', { class: 't12 mute' }, t('处理中')), words);
  return h('figure', { class: 'shot' }, h('a', { href: photo.url, target: '_blank', rel: 'noopener', 'aria-label': t('照片 {n}，{what}', { n: i + 1, what: photoTitle(photo.kind) }) },
    h('img', { src: photo.thumbnail_url, alt: '', loading: 'lazy' })), words);
}

/** What was reported: description, place, cell, component, reporter. */
export function facts(one) {
  const rows = [
    [t('说明'), one.description], [t('位置'), one.place_title], [t('单元网格'), one.cell_code], [t('部件'), one.component],
    [t('立案条件'), conditionWords(one)],
    [t('定位误差'), one.accuracy_m == null ? null : `±${Math.round(one.accuracy_m)} m`],
    [t('上报'), [one.reporter_title, when(one.reported_at)].filter(Boolean).join('，')], [t('结案'), one.closed_at && when(one.closed_at)],
  ].filter(([, value]) => value);
  return h('section', { class: 'case-sec' }, h('dl', { class: 'kv' }, rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])));
}

/** What the checks of the server found, for people who decide. */
export function doubts(one) {
  const found = [...(one.flags ?? []), ...(one.photos ?? []).flatMap((photo) => photo.flags)];
  const alarms = one.alarms ?? [];
  if (found.length + alarms.length === 0) return null;
  return h('section', { class: 'case-sec' }, [...new Set(found)].map((flag) => h('p', { class: 'doubt' }, icon('warn', 'i-16'), flagText(flag))),
    alarms.map(({ told, other }) => h('p', { class: 'doubt' }, icon('warn', 'i-16'), h('span', {}, told, other && ['：', h('a', { href: caseLink(other.case_id) }, other.number)]))));
}

/** The condition under which it was filed, or that the reporter chose, with what it allows. */
function conditionWords(one) {
  const chosen = one.conditions?.find((condition) => condition.id === (one.condition ?? one.wanted_condition));
  if (!chosen) return null;
  return [chosen.title, limitWords(chosen), one.condition ? null : t('上报时所选，立案时再定')].filter(Boolean).join('；');
}

/** That the case was put into another one, with the way there. */
export function merged(one) {
  if (!one.merged_into) return null;
  return h('p', { class: 'banner case-banner' }, icon('info', 'i-16'), h('span', {}, t('本案已并入另一案件，请在那里办理。'), ' ', h('a', { href: caseLink(one.merged_into) }, t('看那个案件'))));
}

/** The address of a case on the page that one is on. */
function caseLink(id) {
  return location.pathname === '/field' ? `#case/${id}` : `?tool=cases&case=${id}`;
}

const GIVEN_BACK = new Set(['send_back', 'grant_return', 'rework', 'fail', 'decline', 'revoke', 'reject_work', 'deny_return', 'deny_extension', 'deny_suspension', 'deny_void']);

/** Why a case came back: whose act, the reason, and who should have it instead. */
export function returned(one) {
  const last = one.history.at(-1);
  if (one.ended || !last || !GIVEN_BACK.has(last.action)) return null;
  const asked = last.action === 'grant_return' ? [...one.history].reverse().find((step) => step.action === 'ask_return') : null;
  const told = asked ?? last;
  const body = asked && unitTitle(one, asked.details?.proposed);
  return h('div', { class: 'banner case-banner is-returned', role: 'note' }, icon('undo', 'i-16'), h('div', {},
    h('b', {}, asked ? t('{unit}回退了此案', { unit: short(asked.department_title) }) : t('{act}：{who}', { act: t(last.title), who: last.actor_title })),
    told.note && h('p', {}, told.note), body && h('p', {}, t('建议改由{unit}承办', { unit: short(body) })), asked && last.note && h('p', { class: 'mute' }, t('派遣员：{note}', { note: last.note }))));
}

function unitTitle(one, code) {
  return code ? one.departments.find((unit) => unit.code === code)?.title ?? code : null;
}

const ASKED = { appeal: '申诉超时', void: '申请作废', return: '申请回退', extension: '申请延期', suspension: '申请挂账' };

/** What was asked for and waits for an answer: why, with what, and whose turn it is. */
export function waiting(one) {
  const open = [...(one.pending ?? []), ...openAppeal(one)];
  if (open.length === 0) return null;
  return h('div', { class: 'case-pending' }, open.map((asked) => {
    const body = unitTitle(one, asked.proposed);
    const turn = asked.turn ? t(asked.turn) : asked.kind === 'void' ? t('等值班长决定') : asked.endorsed ? t('等派遣员决定') : t('等承办部门同意');
    return h('div', { class: 'banner case-banner', role: 'note', dataset: { pending: asked.kind } }, icon('clock', 'i-16'), h('div', {}, h('b', {}, t('{what}，{turn}', { what: t(ASKED[asked.kind] ?? asked.kind), turn })),
      asked.note && h('p', {}, asked.note), body && h('p', {}, t('建议改由{unit}承办', { unit: short(body) })), asked.until && h('p', {}, t('挂账到 {at}', { at: when(asked.until) })), h('p', { class: 't12 mute' }, when(asked.at))));
  }));
}

/** An appeal that nobody has decided on yet, with whose turn it is. */
function openAppeal(one) {
  const steps = one.history.filter((step) => step.action.endsWith('_appeal'));
  const turn = { ask_appeal: '等派遣员决定', pass_appeal: '等受理员决定' }[steps.at(-1)?.action];
  const asked = steps.findLast((step) => step.action === 'ask_appeal');
  return turn ? [{ kind: 'appeal', note: asked.note, at: asked.at, turn }] : [];
}

/** Everything that happened, the newest first: who, when, what, with which words, how long it took. */
export function story(one) {
  return h('section', { class: 'case-sec story' }, h('h4', {}, t('经过')), h('ol', {}, [...one.history].reverse().map((step, i) => h('li', { class: [i === 0 && !one.ended ? 'is-now' : '', step.actor_title === '系统' ? 'is-system' : ''].join(' ').trim(), dataset: { step: step.action } },
    h('div', { class: 'row' }, h('b', {}, stepTitle(step)), step.late && h('span', { class: 'tag late' }, t('超时')), h('span', { class: 'end t12 mute nowrap' }, when(step.at))),
    h('p', { class: 'mute' }, [t(step.actor_title), step.used_s >= 60 && step.action !== 'report' ? t('本环节用时 {t}', { t: span(step.used_s, false) }) : ''].filter(Boolean).join('，')),
    extras(one, step).map((words) => h('p', { class: 'mute' }, words)), step.note && h('p', { class: 'said' }, step.note)))));
}

function stepTitle(step) {
  const unit = step.department_title && { unit: step.department_title };
  if (step.action === 'dispatch' && unit) return t('派遣给{unit}', unit);
  return step.action === 'designate' && unit ? t('指定{unit}承办', unit) : t(step.title);
}

/** What an act was given beside words. */
function extras(one, { details = {} }) {
  const condition = one.conditions?.find((other) => other.id === details.condition);
  return [condition && t('立案条件：{title}', { title: condition.title }), details.proposed && t('建议改由{unit}承办', { unit: short(unitTitle(one, details.proposed)) }), details.until && t('挂账到 {at}', { at: when(details.until) })].filter(Boolean);
}
