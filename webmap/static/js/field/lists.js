// Lists on the phone: what waits for me, what I filed, and one case.

import { api } from 'cityops/api';
import { h, emptyState, icon, iconButton, skeleton } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { caseDetail } from 'cityops/cases/detail';
import { stateTag, stateTitle, when } from 'cityops/cases/words';

const dialog = document.getElementById('case');

/** Show the cases that wait for an act of this person. */
export async function showTasks(into, open) {
  await fill(into, t('任务'), { inbox: '1' }, open, [t('现在没有要你办的案件'), t('有要核实、核查的案件时会出现在这里')]);
}

/** Show what this person filed, newest first. */
export async function showMine(into, open) {
  await fill(into, t('我的上报'), { mine: '1' }, open, [t('还没有上报过'), t('在地图上点一个位置，再点“拍照上报”')]);
}

/** Put the number of waiting cases on the tab. */
export async function countTasks(dot) {
  const { total } = await api('cases', { query: { inbox: '1', limit: 1 } });
  dot.hidden = !total;
  dot.textContent = total > 99 ? '99+' : String(total);
}

async function fill(into, heading, query, open, nothing) {
  const again = () => fill(into, heading, query, open, nothing);
  const head = h('div', { class: 'view-head' }, h('h2', { class: 'grow' }, heading), h('button', { type: 'button', class: 'btn', onclick: again }, t('刷新')));
  into.replaceChildren(head, skeleton(5));
  try {
    const { cases } = await api('cases', { query: { ...query, limit: 100 } });
    const list = cases.length > 0 ? h('ul', { class: 'list' }, ...cases.map((one) => h('li', {}, row(one, open)))) : emptyState(...nothing);
    into.replaceChildren(head, list);
  } catch (fault) {
    into.replaceChildren(head, emptyState(fault.error?.message ?? t('没有取到列表'), fault.error?.hint, h('button', { type: 'button', class: 'btn', onclick: again }, t('再试一次'))));
  }
}

function row(one, open) {
  const photo = one.photos?.[0];
  return h('button', { type: 'button', class: 'case-row', onclick: () => open(one.id) },
    photo ? h('img', { class: 'pic', src: photo.thumbnail_url ?? photo.url, alt: '', loading: 'lazy' }) : h('span', { class: 'pic' }, icon('case')),
    h('h4', { class: 'ell' }, one.class_title), h('span', { class: stateTag(one.state) }, stateTitle(one.state)),
    h('span', { class: 'what mute ell' }, [one.place_title, one.description].filter(Boolean).join('，')),
    h('span', { class: 'what t12 faint' }, `${one.number}　${when(one.reported_at)}`));
}

/** Open one case over the page. `closed()` is called when it was left. */
export async function openCase(id, closed = () => {}) {
  const body = h('div', { class: 'body' }, skeleton(6));
  dialog.replaceChildren(h('header', {}, iconButton('x', t('关闭'), () => dialog.close()), h('h2', {}, t('案件')), h('span', { class: 't12' })), body);
  dialog.addEventListener('close', closed, { once: true });
  if (!dialog.open) dialog.showModal();
  await caseDetail(body, id, { touch: true });
}
