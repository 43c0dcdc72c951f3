// What to read first about one pipe: abandoned or not, how it was found, whether its depth is known.

import { h, icon } from 'cityops/dom';
import { quantity, t, title } from 'cityops/i18n';

/** Levels that carry no measured depth, by their codes. */
const ONLY_RECORDS = { D: '只有资料：位置和埋深都没有量测', C: '资料加现场核对：埋深没有量测' };

/** A note for the panel of a pipe, null for other layers. */
export function trustNote(layer, { properties: p }) {
  if (layer.name !== 'pipes') return null;
  const told = [];
  if (p.status === 'abandoned') told.push(t('已废弃，但仍在地下'));
  if (ONLY_RECORDS[p.quality_level]) told.push(t(ONLY_RECORDS[p.quality_level]));
  else if (p.depth_start_m == null || p.depth_end_m == null) told.push(t('埋深未知'));
  if (p.quality_level == null) told.push(t('质量等级未知'));
  if (told.length > 0) return note('soon', 'warn', told.join('；'), t('动土前须现场探查，并联系权属单位。'));
  const level = layer.fields.find((field) => field.name === 'quality_level')?.codes.find((item) => item.code === p.quality_level);
  const errors = [p.sigma_xy_m != null && t('平面 ± {n}', { n: quantity(p.sigma_xy_m, 'm') }), p.sigma_z_m != null && t('埋深 ± {n}', { n: quantity(p.sigma_z_m, 'm') })].filter(Boolean);
  return note('ok', 'check', title(level?.title) || t('质量等级 {level}', { level: p.quality_level }), errors.length > 0 ? t('中误差：{list}', { list: errors.join('，') }) : t('没有给出中误差。'));
}

function note(kind, sign, head, body) {
  return h('div', { class: 'sec' }, h('div', { class: `verdict ${kind}`, role: 'note' }, icon(sign, 'i-16'), h('b', {}, head), h('p', {}, body)));
}
