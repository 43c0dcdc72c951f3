// The receipt: the case is in; its photos arrive one by one, and those that did not can go again.

import { h, icon } from 'cityops/dom';
import { t } from 'cityops/i18n';

/**
 * Show the receipt of a draft in the dialog. `retry()` sends its photos again, `leave(open)` goes
 * on, to the case where `open`. Gives `step(share)`, `finished()`, `failed(fault)`.
 */
export function receipt(dialog, draft, { retry, leave }) {
  const { received, photos } = draft;
  const bar = h('i');
  const progress = h('div', { class: 'progress', role: 'progressbar', 'aria-label': t('正在传照片'), hidden: photos.length === 0 }, bar);
  const state = h('p', { class: 'mute', id: 'photo-state', role: 'status' });
  const again = h('button', { type: 'button', class: 'btn btn-t btn-p btn-w', id: 'photo-retry', hidden: true, onclick: () => { again.hidden = true; retry(); } }, t('重传照片'));
  const back = h('button', { type: 'button', class: 'btn btn-t btn-p btn-w', id: 'receipt-close', onclick: () => leave(false) }, t('回到地图'));
  const look = h('button', { type: 'button', class: 'btn btn-t btn-w', onclick: () => leave(true) }, t('看这个案件'));
  const arrived = () => photos.filter((photo) => photo.sent).length;
  const say = () => { state.textContent = photos.length === 0 ? '' : t('照片已传 {n} / {of}', { n: arrived(), of: photos.length }); };
  say();
  dialog.replaceChildren(h('header', {}, h('span'), h('h2', {}, t('已收到')), h('span')),
    h('div', { class: 'body' }, h('div', { class: 'receipt' }, icon('check'), h('div', {}, h('p', { class: 'mute' }, t('回执')), h('h2', { id: 'receipt-number' }, received.number)),
      h('p', {}, received.class_title), received.suggested && h('p', { class: 'mute' }, t('建议由{d}处置', { d: received.suggested })), received.twins > 0 && h('p', { class: 'note' }, icon('warn', 'i-16'), h('span', {}, t('附近已有 {n} 件同类的未结案件，受理员会核对是不是同一件', { n: received.twins }))), progress, state)),
    h('footer', {}, again, back, look));
  return {
    step(share) { bar.style.setProperty('width', `${Math.round(100 * share)}%`); say(); },
    finished() { progress.hidden = true; state.textContent = photos.length === 0 ? t('没有照片') : t('{n} 张照片都已收到', { n: photos.length }); },
    failed(fault) {
      progress.hidden = true;
      state.textContent = [t('照片已传 {n} / {of}', { n: arrived(), of: photos.length }), fault.error?.message ?? t('页面出了意外'), t('案件已经收到，照片留在本机')].filter(Boolean).join('；');
      again.hidden = false;
      back.classList.remove('btn-p');
    },
  };
}
