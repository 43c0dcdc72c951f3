// Lists on the phone: what waits for me, what I filed and what has not gone out yet, and one case.

import { api } from 'cityops/api';
import { h, emptyState, icon, iconButton, skeleton } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { toast } from 'cityops/toast';
import { rowUntil } from 'cityops/cases/deadline';
import { caseDetail } from 'cityops/cases/detail';
import { stateTag, stateTitle, waited, when } from 'cityops/cases/words';
import { shown } from 'cityops/cases/camera';
import { forget, keep, kept } from 'cityops/field/drafts';

const dialog = document.getElementById('case');

/** Show the cases that wait for an act of this person. */
export async function showTasks(into, open) {
  await fill(into, t('任务'), { inbox: '1' }, open, [t('现在没有要您办的案件'), t('有要核实、核查的案件时会出现在这里')]);
}

/** Show what this person filed, newest first, and above it what has not gone out. */
export async function showMine(into, open, { person, resume, changed }) {
  const drafts = h('div', { class: 'drafts' });
  const again = () => showMine(into, open, { person, resume, changed });
  await drawDrafts(drafts, person, { resume, changed, again });
  await fill(into, t('我的上报'), { mine: '1' }, open, [t('还没有上报过'), t('在地图上点一个位置，再点“拍照上报”')], drafts);
}

async function drawDrafts(into, person, { resume, changed, again }) {
  const all = await kept(person);
  into.replaceChildren(...all.map((draft) => {
    const photo = draft.photos[0] && shown(draft.photos[0]);
    const left = draft.photos.filter((one) => !one.sent).length;
    const state = draft.received ? t('照片还有 {n} 张没传', { n: left }) : draft.report ? t('没有发出') : t('草稿');
    return h('div', { class: 'case-row is-draft', dataset: { draft: draft.id } },
      photo ? h('img', { class: 'pic', src: photo.address, alt: '' }) : h('span', { class: 'pic' }, icon('case')),
      h('h4', { class: 'ell' }, draft.chosen?.title ?? t('还没选类别')), h('span', { class: 'tag soon' }, state),
      h('span', { class: 'what mute ell' }, [draft.received?.number, draft.description, t('照片 {n} 张', { n: draft.photos.length }), when(new Date(draft.at).toISOString())].filter(Boolean).join('，')),
      h('span', { class: 'what row' }, h('button', { type: 'button', class: 'btn btn-p', onclick: () => resume(draft) }, draft.received ? t('重传照片') : t('继续')),
        h('button', { type: 'button', class: 'btn', onclick: () => away(draft, { changed, again }) }, t('删去'))));
  }));
}

async function away(draft, { changed, again }) {
  await forget(draft.id);
  changed();
  await again();
  toast(t('草稿已删去'), { undo: async () => { await keep(draft); changed(); await again(); } });
}

/** Put the number of waiting cases on the tab. */
export async function countTasks(dot) {
  const { inbox } = await api('cases/counts');
  dot.hidden = !inbox;
  dot.textContent = inbox > 99 ? '99+' : String(inbox);
}

/** Put the number of reports that have not gone out on the tab; gives the drafts. */
export async function countDrafts(dot, person) {
  const drafts = await kept(person);
  dot.hidden = drafts.length === 0;
  dot.textContent = String(drafts.length);
  return drafts;
}

async function fill(into, heading, query, open, nothing, above = null) {
  const again = () => fill(into, heading, query, open, nothing, above);
  const head = h('div', { class: 'view-head' }, h('h2', { class: 'grow' }, heading), h('button', { type: 'button', class: 'btn', onclick: again }, t('刷新')));
  if (!into.querySelector('.list')) into.replaceChildren(head, above ?? '', skeleton(5));
  try {
    const { cases, total } = await api('cases', { query: { ...query, limit: 100 } });
    const list = cases.length > 0 ? h('ul', { class: 'list' }, ...cases.map((one) => h('li', {}, row(one, open)))) : above?.childElementCount ? '' : emptyState(...nothing);
    into.replaceChildren(head, above ?? '', cases.length > 0 && above ? h('p', { class: 'band' }, t('已收到 {n} 件', { n: total })) : '', list);
  } catch (fault) {
    into.replaceChildren(head, above ?? '', emptyState(fault.error?.message ?? t('没有取到列表'), fault.error?.hint, h('button', { type: 'button', class: 'btn', onclick: again }, t('再试一次'))));
  }
}

function row(one, open) {
  const photo = one.photos?.find((other) => other.thumbnail_url);
  return h('button', { type: 'button', class: 'case-row', dataset: { case: one.id }, onclick: () => open(one.id) },
    photo ? h('img', { class: 'pic', src: photo.thumbnail_url, alt: '', loading: 'lazy' }) : h('span', { class: 'pic' }, icon('case')),
    h('h4', { class: 'ell' }, one.class_title), h('span', { class: stateTag(one.state) }, stateTitle(one.state)),
    h('span', { class: 'what mute ell' }, [one.place_title, one.description].filter(Boolean).join('，')),
    h('span', { class: 'what t12 faint' }, one.ended ? `${one.number}　${when(one.reported_at)}` : [rowUntil(one) || waited(one.moved_at), one.number].join('　')));
}

/** Open one case over the page. `closed()` is called when it was left. */
export async function openCase(id, { closed = () => {}, changed = () => {} } = {}) {
  const body = h('div', { class: 'body flush' }, skeleton(6));
  dialog.replaceChildren(h('header', {}, iconButton('x', t('关闭'), () => dialog.close()), h('h2', {}, t('案件')), h('span', { class: 't12' })), body);
  dialog.addEventListener('close', closed, { once: true });
  if (!dialog.open) dialog.showModal();
  await caseDetail(body, id, { touch: true, changed });
}
