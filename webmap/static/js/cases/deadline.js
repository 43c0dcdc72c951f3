// Until when: the clock that runs, what is left of it, and why it ends when it does.

import { api } from 'cityops/api';
import { h, icon } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { soon, span, when } from 'cityops/cases/words';

const LIGHTS = { green: 'ok', yellow: 'soon', red: 'late', none: '' };
const PERIODS_SHOWN = 12;

/** Class of the mark of a clock: `soon` from 80 % of its limit, `late` beyond it. */
export function lightOf(deadline) {
  const light = LIGHTS[deadline?.light] ?? '';
  return light === 'ok' ? '' : light;
}

/** What is left of a clock in words: `剩余 1 小时 20 分工作时间`, `已超 12 分钟`, `计时暂停`. */
export function leftWords(one) {
  if (one.paused_why) return t('计时暂停：{why}', { why: t(one.paused_why) });
  if (one.left_s == null) return one.limit ? t('期限待定') : t('没有规定时限');
  const words = { t: span(one.left_s, one.continuous) };
  if (one.left_s < 0) return one.continuous ? t('已超 {t}', words) : t('已超 {t}工作时间', words);
  return one.continuous ? t('剩余 {t}', words) : t('剩余 {t}工作时间', words);
}

/** How much of a limit is used, from 0 to 1. */
function share({ used_s: used, left_s: left }) {
  return used == null || left == null || used + left <= 0 ? 0 : Math.min(1, used / (used + left));
}

/** The clock of a row: what is left, and a bar. Nothing where no limit is known. */
export function rowDeadline({ deadline }) {
  if (!deadline || (deadline.left_s == null && !deadline.paused_why)) return null;
  return h('div', { class: `count ${lightOf(deadline)}`, title: leftWords(deadline) }, h('b', {}, deadline.paused_why ? t('计时暂停') : leftWords(deadline).replace(t('工作时间'), '')),
    h('div', { class: 'gauge' }, h('i', { style: { width: `${Math.round(100 * share(deadline))}%` } })));
}

/** When the clock of a row ends: `受理时限 今天 14:21`; nothing where nobody knows. */
export function rowUntil({ deadline }) {
  if (deadline?.paused_why) return t(deadline.paused_why);
  return deadline?.due_at ? t('{stage}时限 {at}', { stage: t(deadline.title), at: soon(deadline.due_at) }) : '';
}

/** The clocks of a case: the running one large, the disposal's beside it, and the way to why. */
export function deadlines(one) {
  const open = (one.deadlines ?? []).filter((other) => other.running || other.paused_why);
  const told = open.length > 0 ? open : (one.deadlines ?? []).filter((other) => other.kind === 'dispose');
  if (told.length === 0) return null;
  const why = h('div', { class: 'why-box', hidden: true });
  const button = h('button', { type: 'button', class: 'why', 'aria-expanded': 'false', onclick: () => toggle(one.id, told[0].kind, why, button) }, t('为什么是这个时间'));
  return h('section', { class: 'case-sec case-due', 'aria-label': t('时限') }, told.map((other, i) => clock(other, i, other.paused_why ? one.suspended_until : null)), h('p', { class: 'due-why' }, button), why);
}

function clock(one, i, suspended) {
  const light = lightOf(one);
  const stopped = !one.running && !one.paused_why;
  const words = stopped ? spent(one) : leftWords(one);
  const until = one.due_at && !stopped ? t('{stage}时限 {at}', { stage: t(one.title), at: soon(one.due_at) }) : t('{stage}', { stage: t(one.title) });
  return h('div', { class: `due ${one.paused_why ? 'is-paused' : stopped ? 'is-stopped' : light}`, dataset: { clock: one.kind, light: one.light } },
    icon(one.paused_why ? 'pause' : light ? 'warn' : 'clock', i === 0 ? '' : 'i-16'),
    h('div', { class: 'grow' }, h('b', {}, words), h('span', { class: 'mute' }, [until, suspended && t('挂账到 {at}', { at: when(suspended) }), one.paused_why && one.left_s > 0 && t('还剩 {t}', { t: span(one.left_s, one.continuous) }), one.limit && t('限 {limit}', { limit: one.limit }), one.extensions > 0 && t('已延期 {n} 次', { n: one.extensions })].filter(Boolean).join('，')),
      one.left_s != null && !stopped && h('div', { class: 'gauge', role: 'img', 'aria-label': t('时限已用 {n}%', { n: Math.round(100 * share(one)) }) }, h('i', { style: { width: `${Math.round(100 * share(one))}%` } }))));
}

function spent(one) {
  if (one.used_s == null) return t('已停止计时');
  const used = one.used_s < 60 ? t('1 分钟以内') : span(one.used_s, one.continuous);
  return one.late ? t('用时 {t}，超时', { t: used }) : one.limit ? t('用时 {t}，未超时', { t: used }) : t('用时 {t}', { t: used });
}

async function toggle(id, kind, box, button) {
  const open = box.hidden;
  box.hidden = !open;
  button.setAttribute('aria-expanded', String(open));
  if (!open || box.childElementCount > 0) return;
  box.replaceChildren(h('div', { class: 'sk' }), h('div', { class: 'sk' }));
  try {
    box.replaceChildren(...explanation(await api(`cases/${id}/explanation`, { query: { kind } })));
  } catch (fault) {
    box.replaceChildren(h('p', { class: 'bad' }, fault.error?.message ?? t('没有取到说明')));
    button.addEventListener('click', () => box.replaceChildren(), { once: true });
  }
}

function explanation({ sentences, periods }) {
  const shown = periods.slice(0, PERIODS_SHOWN);
  return [h('ul', { class: 'sentences' }, sentences.map((words) => h('li', {}, words))),
    shown.length > 0 && h('table', { class: 'periods' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('从')), h('th', { scope: 'col' }, t('到')), h('th', { scope: 'col' }, t('计入')))),
      h('tbody', {}, shown.map((one) => h('tr', { class: one.counted_s > 0 ? '' : 'mute' }, h('td', {}, when(one.from)), h('td', {}, when(one.to)), h('td', {}, one.counted_s > 0 ? span(one.counted_s, true) : '—', one.why && h('small', {}, ` ${t(one.why)}`)))))),
    periods.length > shown.length && h('p', { class: 't12 mute' }, t('另有 {n} 段', { n: periods.length - shown.length }))].filter(Boolean);
}
