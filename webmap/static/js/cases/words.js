// How cases are put into words: states, times, photos, and what the checks found.

import { t, language } from 'cityops/i18n';

const STATES = {
  reported: ['待受理', 'act'], verifying: ['核实中', 'soon'], to_file: ['待立案', 'act'], to_dispatch: ['待派遣', 'act'], to_dispose: ['待处置', 'soon'], disposing: ['处置中', 'soon'], suspended: ['挂账', 'line'],
  to_inspect: ['待核查', 'act'], inspecting: ['核查中', 'act'], to_close: ['待结案', 'act'], closed: ['已结案', 'ok'], forced_close: ['强制结案', 'line'], not_accepted: ['不予受理', 'line'], void: ['已作废', 'line'],
};
/** States in which something is still to be done, in the order of the way. */
export const OPEN_STATES = ['reported', 'verifying', 'to_file', 'to_dispatch', 'to_dispose', 'disposing', 'suspended', 'to_inspect', 'inspecting', 'to_close'];

const KINDS = { report: '上报', verify: '核实', after: '处置后', inspection: '核查' };

const FLAGS = {
  no_position: '没有坐标，只有地址', inaccurate_position: '定位误差超过 200 m，派遣前先问清位置', approximate_datum: '坐标由近似公式换算',
  component_far: '所选部件离上报点超过 100 m', device_clock_off: '手机的钟不准，以收到的时间为准', device_time_in_future: '手机记的时间晚于收到的时间', reported_late: '写好一天以后才发到',
  exif_position_far: '照片拍摄点离上报点超过 200 m', exif_position_bad: '照片里的位置读不通', exif_time_future: '照片记的时间晚于收到的时间', exif_time_bad: '照片里的时间读不通', exif_broken: '照片的附带信息已损坏',
  'photo.unreadable': '照片解不开，可能已损坏',
};

/** Name of a state in the language of the page. */
export function stateTitle(state) {
  return t(STATES[state]?.[0] ?? state);
}

/** Class of the tag of a state. */
export function stateTag(state) {
  return `tag ${STATES[state]?.[1] ?? 'line'}`;
}

/** What a photo shows. */
export function photoTitle(kind) {
  return t(KINDS[kind] ?? kind);
}

/** What a check found, as a sentence. */
export function flagText(flag) {
  return t(FLAGS[flag] ?? flag);
}

/** A department without the note that it is a sample, for buttons: 排水管理部门. */
export function short(name) {
  return (name ?? '').replace(/[（(].*?[）)]$/, '');
}

const DAY = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'zh-CN', { timeZone: 'Asia/Shanghai', month: language === 'en' ? 'short' : 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false });

/** `11月22日 14:05`. */
export function when(iso) {
  if (!iso) return '';
  const parts = Object.fromEntries(DAY.formatToParts(new Date(iso)).map((part) => [part.type, part.value]));
  return language === 'en' ? `${parts.day} ${parts.month} ${parts.hour}:${parts.minute}` : `${parts.month}月${parts.day}日 ${parts.hour}:${parts.minute}`;
}

/** Since when a case waits: `刚到`, `已等 12 分钟`. */
export function waited(iso) {
  return Date.now() - new Date(iso).getTime() < 60_000 ? t('刚到') : t('已等 {t}', { t: ago(iso) });
}

/** How long ago: `刚刚`, `12 分钟`, `3 小时`, `2 天`. */
export function ago(iso, now = Date.now()) {
  const minutes = Math.floor((now - new Date(iso).getTime()) / 60_000);
  if (minutes < 1) return t('刚刚');
  if (minutes < 60) return t('{n} 分钟', { n: minutes });
  if (minutes < 48 * 60) return t('{n} 小时', { n: Math.floor(minutes / 60) });
  return t('{n} 天', { n: Math.floor(minutes / 1440) });
}

/** A length of counted time: `40 分钟`, `1 小时 20 分`, `3 天 4 小时`; days only where the clock never rests. */
export function span(seconds, continuous = false) {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  if (minutes < 1) return t('不到 1 分钟');
  if (minutes < 60) return t('{n} 分钟', { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (continuous && hours >= 48) return hours % 24 ? t('{d} 天 {h} 小时', { d: Math.floor(hours / 24), h: hours % 24 }) : t('{n} 天', { n: hours / 24 });
  return minutes % 60 ? t('{h} 小时 {m} 分', { h: hours, m: String(minutes % 60).padStart(2, '0') }) : t('{n} 小时', { n: hours });
}

const ISO_DAY = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit' });

/** The day of the city at a time, as `2026-11-25`. */
export function day(at) {
  return ISO_DAY.format(at instanceof Date ? at : new Date(at));
}

/** A time near now: `今天 14:21`, `明天 09:00`, else `11月28日 09:00`, with the year where it is another. */
export function soon(iso, now = Date.now()) {
  if (!iso) return '';
  const clock = when(iso).split(' ').at(-1);
  const at = day(iso);
  if (at === day(now)) return t('今天 {clock}', { clock });
  if (at === day(now + 86_400_000)) return t('明天 {clock}', { clock });
  return at.slice(0, 4) === day(now).slice(0, 4) ? when(iso) : t('{y}年{at}', { y: at.slice(0, 4), at: when(iso) });
}

/** What a filing condition allows and asks for: `2 工作时内处置，结案标准：恢复原状`. */
export function limitWords({ limit, limits = [], closing }) {
  const areas = limits.filter((one) => one.area);
  const time = limit ? t('{limit}内处置', { limit }) : areas.length > 0 ? areas.map((one) => t('{area} 类区域 {limit}', { area: one.area, limit: one.limit })).join('、') : t('没有规定时限');
  return [time, closing && t('结案标准：{closing}', { closing })].filter(Boolean).join('，');
}
