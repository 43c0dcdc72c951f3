// How figures of a hazard run are told: rounded, with units, never more certain than they are.

import { count, t } from 'cityops/i18n';

/** Ranks of zones, strongest first: each has a word, so that colour is never the only sign. */
export const RANKS = { red: '红', orange: '橙', yellow: '黄', blue: '蓝' };

export const ALTERNATIVES = { low: '较小', likely: '可能', high: '较大' };

export const rankWord = (rank) => t(RANKS[rank]);

export const alternativeWord = (name) => t(ALTERNATIVES[name]);

/** `860 kg`, `60 t`, `0.5 kg`. */
export function massText(kg) {
  const short = (value) => Number(value.toPrecision(4)).toLocaleString('en-US', { maximumFractionDigits: 3 });
  return kg < 1000 ? `${short(kg)} kg` : `${short(kg / 1000)} t`;
}

/** A rounded radius: `310 m`, `1,770 m`, `12.0 km`. */
export function radiusText(metres) {
  return metres < 10_000 ? `${count(metres)} m` : `${(metres / 1000).toFixed(1)} km`;
}

export const levelText = (zone) => `${zone.level} ${zone.unit}`;

/** People of a zone without the unit: `约 1,200`, `不到 10`, `0`, `未知`. */
export function peopleText(people) {
  if (people == null || people.rounded == null) return t('未知');
  if (people.under_ten) return t('不到 10');
  return people.rounded === 0 ? '0' : t('约 {n}', { n: count(people.rounded) });
}

/** A count of records: as it is below a hundred, from there to three digits. */
export function countText(n) {
  if (n == null) return t('未知');
  if (n < 100) return count(n);
  const step = 10 ** Math.max(1, Math.floor(Math.log10(n)) - 2);
  return t('约 {n}', { n: count(Math.round(n / step) * step) });
}

/** What limits the number of people: buildings that the ring cuts, buildings without a figure. */
export function boundsText(people) {
  if (people == null) return t('没有建筑物资料');
  const parts = [];
  if (people.carriers === 0) parts.push(t('圈内没有登记建筑'));
  else if (people.low !== people.high) parts.push(t('上下限 {low}–{high}', { low: count(people.low), high: count(people.high) }));
  if (people.unknown > 0) parts.push(t('{n} 处人数未知，未计入', { n: count(people.unknown) }));
  return parts.join(t('；'));
}

/** `3 月 2 日 04:05` of an ISO time of the city. */
export function timeText(iso) {
  const found = /^(\d+)-(\d+)-(\d+)T(\d+:\d+)/.exec(iso);
  return found ? t('{m}月{d}日 {time}', { m: Number(found[2]), d: Number(found[3]), time: found[4] }) : iso;
}

/** Whether it is night by the table the program counts with: 20:00 to 08:00 in the city. */
export function isNightNow(now = new Date()) {
  const hour = Number(new Intl.DateTimeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone: 'Asia/Shanghai' }).format(now));
  return hour < 8 || hour >= 20;
}

/** Where a run stands: the site's name, or the position. */
export function placeText(run) {
  return run.site?.name ?? `${run.place.lon.toFixed(5)}, ${run.place.lat.toFixed(5)}`;
}
