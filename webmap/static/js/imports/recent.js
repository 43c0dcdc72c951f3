// The newest deliveries as a table.

import { api } from 'cityops/api';
import { emptyState, h } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { bytes, STATES, when } from 'cityops/imports/words';
import { complain } from 'cityops/toast';

/** Show the newest deliveries in `element`; `onOpen(id)` is told which one is to be opened. */
export async function showRecent(element, onOpen) {
  try {
    const { deliveries } = await api('imports', { query: { limit: 20 } });
    element.replaceChildren(deliveries.length > 0 ? table(deliveries, onOpen) : emptyState(t('还没有交付'), t('传一个文件试试，核对满意后再导入。')));
  } catch (fault) { complain(fault); }
}

function table(deliveries, onOpen) {
  const head = [t('时间'), t('文件'), t('大小'), t('图层'), t('状态'), ''];
  return h('div', { class: 'scroll' }, h('table', { class: 'table' },
    h('thead', {}, h('tr', {}, head.map((word, i) => h('th', { class: i === 2 ? 'num' : '' }, word)))),
    h('tbody', {}, deliveries.map((one) => row(one, onOpen)))));
}

function row(one, onOpen) {
  const state = STATES[one.state];
  return h('tr', {},
    h('td', {}, when(one.at)), h('td', { title: one.filename }, one.filename), h('td', { class: 'num' }, bytes(one.size_bytes)),
    h('td', {}, one.layer ?? '—'), h('td', {}, h('span', { class: `tag ${state.tag}` }, state.word())),
    h('td', { class: 'r' }, h('button', { type: 'button', class: 'btn btn-s', onclick: () => onOpen(one.id) }, one.state === 'received' ? t('接着导入') : t('查看'))));
}
