// One case: what it is, its photos, what may be done next, and everything that happened to it.

import { api } from 'cityops/api';
import { h, emptyState } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { complain, toast } from 'cityops/toast';
import { stateTag, stateTitle, when } from 'cityops/cases/words';

/** Show the case `id` in `into`. `changed(case)` is told after each act; `touch` makes targets larger. */
export async function caseDetail(into, id, { touch = false, changed = () => {} } = {}) {
  try {
    draw(into, await api(`cases/${id}`), { touch, changed });
  } catch (fault) {
    into.replaceChildren(emptyState(fault.error?.message ?? t('没有取到案件'), fault.error?.hint,
      h('button', { type: 'button', class: 'btn', onclick: () => caseDetail(into, id, { touch, changed }) }, t('再试一次'))));
  }
}

function draw(into, one, options) {
  into.replaceChildren(
    h('header', { class: 'case-head' }, h('p', { class: 't12 mute' }, one.number), h('h2', {}, one.class_title),
      h('p', { class: 'row' }, h('span', { class: stateTag(one.state) }, stateTitle(one.state)), one.department_title && h('span', { class: 'tag line' }, one.department_title))),
    acts(into, one, options), photos(one), facts(one), story(one));
}

function photos(one) {
  if (!one.photos?.length) return null;
  return h('div', { class: 'shots' }, ...one.photos.map((photo, i) => h('a', { class: 'shot', href: photo.url, target: '_blank', rel: 'noopener' },
    h('img', { src: photo.thumbnail_url ?? photo.url, alt: t('照片 {n}', { n: i + 1 }), loading: 'lazy' }))));
}

function facts(one) {
  const rows = [
    [t('说明'), one.description], [t('位置'), one.place_title], [t('单元网格'), one.cell_code], [t('部件'), one.component],
    [t('上报'), [one.reporter_title, when(one.reported_at)].filter(Boolean).join('，')], [t('处置单位'), one.department_title],
  ].filter(([, value]) => value);
  return h('dl', { class: 'kv case-facts' }, ...rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

function story(one) {
  return h('section', { class: 'story' }, h('h4', {}, t('经过')), h('ol', {}, ...one.history.map((step) => h('li', {},
    h('div', { class: 'row' }, h('b', {}, step.title), h('span', { class: 'end t12 mute' }, when(step.at))),
    h('p', { class: 'mute' }, [step.actor_title, step.department_title, step.note].filter(Boolean).join('，'))))));
}

/** What may be done next: one primary button, the rest quiet; each asks only for what it needs. */
function acts(into, one, options) {
  if (!one.actions?.length) return null;
  const area = h('section', { class: 'case-acts' });
  const size = options.touch ? 'btn-t' : '';
  area.append(h('div', { class: 'row wrap' }, ...one.actions.map((action, i) => h('button', {
    type: 'button', class: `btn ${size} ${i === 0 ? 'btn-p' : ''}`, 'data-act': action.action,
    onclick: () => (action.needs?.length ? ask(area, into, one, action, options) : move(into, one, action, {}, options)),
  }, action.title))));
  return area;
}

function ask(area, into, one, action, options) {
  const size = options.touch ? 'btn-t' : '';
  const fields = action.needs.map((need) => (need === 'department' ? departmentField(action, one) : noteField(need)));
  const form = h('form', { class: 'case-form', onsubmit: (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
    move(into, one, action, given, options);
  } }, ...fields, h('div', { class: 'row' },
    h('button', { type: 'submit', class: `btn btn-p ${size}` }, action.title),
    h('button', { type: 'button', class: `btn ${size}`, onclick: () => draw(into, one, options) }, t('返回'))));
  area.replaceChildren(form);
  form.querySelector('textarea,select')?.focus();
}

function departmentField(action, one) {
  const suggested = one.suggested_department ?? one.department;
  return h('label', { class: 'field' }, h('b', {}, t('处置单位')), h('select', { name: 'department', class: 'input', required: true },
    ...(action.departments ?? one.departments ?? []).map((unit) => h('option', { value: unit.code, selected: unit.code === suggested ? true : null }, unit.code === suggested ? t('{d}（建议）', { d: unit.title }) : unit.title))));
}

function noteField(need) {
  const must = need === 'reason' || need === 'note!';
  return h('label', { class: 'field' }, h('b', {}, must ? t('原因') : t('意见')), h('textarea', { name: 'note', class: 'input', maxlength: '500', required: must }));
}

async function move(into, one, action, given, options) {
  try {
    const kept = await api(`cases/${one.id}/moves`, { json: { action: action.action, ...given, version: one.version } });
    toast(t('{act}：{n}', { act: action.title, n: kept.number }));
    options.changed(kept);
    draw(into, kept, options);
  } catch (fault) {
    complain(fault);
    if (fault.status === 412 || fault.status === 409) caseDetail(into, one.id, options);
  }
}
