// Words of this page: sizes, times, states, and hints of the command line said for the form.

import { t } from 'cityops/i18n';

/** `12.4 MB` of a number of bytes. */
export function bytes(n) {
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${(n / 1e3).toFixed(n < 1e4 ? 1 : 0)} kB`;
  return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} MB`;
}

/** `11月24日 10:05` of an ISO time with the city's offset. */
export function when(iso) {
  const [, month, day, hour, minute] = /^\d+-(\d+)-(\d+)T(\d+):(\d+)/.exec(iso).map(Number);
  return `${month}月${day}日 ${hour}:${String(minute).padStart(2, '0')}`;
}

/** How a delivery stands: word and class of its tag. */
export const STATES = {
  received: { word: () => t('待导入'), tag: 'soon' },
  stored: { word: () => t('已导入'), tag: 'ok' },
  refused: { word: () => t('未导入'), tag: 'late' },
  undone: { word: () => t('已撤销'), tag: '' },
};

const FLAGS = [
  ['--swap-axes', '“坐标写反”'], ['--source-layer', '“文件中的图层”'], ['--all-or-nothing', '“有错就全部不导入”'], ['--encoding', '“文字编码”'],
  ['--repair', '“修复图形”'], ['--crs', '“坐标系”'], ['--set', '“固定值”'], ['--map', '“字段对应”'], ['--again', '“再次导入”'], ['--new', '“新建图层”'],
];

const UNIT = /用 --map \S+=列名@(\S+) 重新导入/g;

/** A hint that speaks of options, in the words of the form. */
export function inWords(hint) {
  const units = (hint ?? '').replace(UNIT, (_whole, unit) => t('在“字段对应”里把单位改为 {unit}', { unit }));
  return FLAGS.reduce((text, [flag, word]) => text.replaceAll(flag, t(word)), units).replace(/(“坐标系”) (EPSG:\d+|gcj02|bd09)/g, '$1为 $2');
}

/** Names of reference systems that people know. */
export const SYSTEMS = [
  ['EPSG:4490', 'CGCS2000 经纬度（EPSG:4490）'],
  ['EPSG:4326', 'WGS84 经纬度（EPSG:4326）'],
  ['EPSG:4548', 'CGCS2000 3 度带 117°E，无带号（EPSG:4548）'],
  ['EPSG:4527', 'CGCS2000 3 度带 39 带，8 位横坐标（EPSG:4527）'],
  ['gcj02', 'GCJ-02（高德、腾讯地图）'],
  ['bd09', 'BD-09（百度地图）'],
  ['EPSG:3857', 'Web 墨卡托（EPSG:3857）'],
];

/** A reference system for people: its known name, else the code, else the beginning of its text. */
export function systemName(code) {
  if (!code) return t('未说明');
  const known = SYSTEMS.find(([value]) => value === code);
  if (known) return t(known[1]);
  return code.length > 24 ? /^\w+\["([^"]+)/.exec(code)?.[1] ?? `${code.slice(0, 24)}…` : code;
}

export const GEOMETRIES = { point: () => t('点'), line: () => t('线'), polygon: () => t('面') };
