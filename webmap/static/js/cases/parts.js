// Parts of a case that phone and desk show alike: photos, facts, doubts, the story.

import { h, icon } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { flagText, photoTitle, stateTag, stateTitle, when } from 'cityops/cases/words';

/** Number, class, state and department. */
export function heading(one) {
  return h('header', { class: 'case-head' },
    h('p', { class: 'row t12 mute' }, h('span', {}, one.number), h('span', { class: 'end' }, one.source_title)),
    h('h2', {}, one.class_title),
    h('p', { class: 'row-wrap' }, h('span', { class: stateTag(one.state), dataset: { state: one.state } }, stateTitle(one.state)),
      one.department_title && h('span', { class: 'tag line' }, one.department_title),
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
    [t('定位误差'), one.accuracy_m == null ? null : `±${Math.round(one.accuracy_m)} m`],
    [t('上报'), [one.reporter_title, when(one.reported_at)].filter(Boolean).join('，')], [t('结案'), one.closed_at && when(one.closed_at)],
  ].filter(([, value]) => value);
  return h('section', { class: 'case-sec' }, h('dl', { class: 'kv' }, rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])));
}

/** What the checks of the server found, for people who decide. */
export function doubts(one) {
  const found = [...(one.flags ?? []), ...(one.photos ?? []).flatMap((photo) => photo.flags)];
  if (found.length === 0) return null;
  return h('section', { class: 'case-sec' }, [...new Set(found)].map((flag) => h('p', { class: 'doubt' }, icon('warn', 'i-16'), flagText(flag))));
}

/** Everything that happened, the newest first: who, when, what, with which words. */
export function story(one) {
  return h('section', { class: 'case-sec story' }, h('h4', {}, t('经过')), h('ol', {}, [...one.history].reverse().map((step, i) => h('li', { class: i === 0 && !one.ended ? 'is-now' : '', dataset: { step: step.action } },
    h('div', { class: 'row' }, h('b', {}, step.action === 'dispatch' && step.department_title ? t('派遣给{unit}', { unit: step.department_title }) : step.title), h('span', { class: 'end t12 mute' }, when(step.at))),
    h('p', { class: 'mute' }, step.actor_title), step.note && h('p', { class: 'said' }, step.note)))));
}
