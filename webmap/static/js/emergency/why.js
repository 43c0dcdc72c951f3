// Where the figures come from: model, formula, range, inputs, levels, rules, data, identity of the run.

import { h } from 'cityops/dom';
import { quantity, t, title } from 'cityops/i18n';
import { levelText, massText, timeText } from 'cityops/emergency/words';

const pairs = (rows) => h('dl', { class: 'kv' }, rows.flatMap(([name, ...value]) => [h('dt', {}, name), h('dd', {}, value)]));

function model({ model_info: info }) {
  return h('section', { class: 'sec' }, h('h4', {}, t('模型')),
    pairs([[t('名称'), title(info.title)], [t('版本'), `${info.name}，${info.edition}`], [t('公式'), h('span', { class: 'em-formula' }, info.formula)], [t('出处'), info.source], [t('可信度'), title(info.confidence)]]));
}

function ranges({ model_info: info }) {
  const beyond = { refused: t('超出则拒绝计算'), warned: t('超出则提示') };
  return h('section', { class: 'sec' }, h('h4', {}, t('适用范围')),
    pairs(info.ranges.map((one) => [title(one.quantity), `${quantity(one.low)} – ${quantity(one.high)} ${one.unit}`, h('span', { class: 'em-note' }, t('{beyond}；{confidence}', { beyond: beyond[one.beyond], confidence: title(one.confidence) }))])),
    h('ul', { class: 'em-points' }, info.assumptions.map((one) => h('li', {}, title(one)))));
}

function inputs(run) {
  const from = run.masses_from === 'site' ? t('取自危险源登记') : t('由使用者给出');
  return h('section', { class: 'sec' }, h('h4', {}, t('输入')),
    pairs([[t('位置'), `CGCS2000 ${run.place.lon.toFixed(7)}, ${run.place.lat.toFixed(7)}`, run.place.accuracy_m > 0 && h('span', { class: 'em-note' }, t('由 {crs} 换算，误差约 {m} m', { crs: run.place.input_crs, m: run.place.accuracy_m }))],
      [t('TNT 当量'), run.alternatives.map((one) => massText(one.mass_kg)).join(' / '), h('span', { class: 'em-note' }, from)],
      ...run.alternatives.map((one) => [one.title, one.zones.map((zone) => `${levelText(zone)} Z=${zone.scaled_distance}`).join(t('；'))])]));
}

function levels(run) {
  return h('section', { class: 'sec' }, h('h4', {}, t('超压等级的含义')),
    pairs(run.levels.map((one) => [levelText(one), title(one.meaning), h('span', { class: 'em-note' }, t('{source}；{confidence}', { source: one.source, confidence: title(one.confidence) }))])));
}

function counting(run) {
  return h('section', { class: 'sec' }, h('h4', {}, t('怎样计数')), h('p', {}, run.rule),
    h('ul', { class: 'em-points' }, [t('人数按十、百、千取整；“不到 10”不写成 0'), t('半径取三位有效数字'), t('白天、夜间的人数取自建筑与场所的登记；打开时按现在的钟点（8 时至 20 时为白天）先显示其一'), t('各圈的人和部件不含更强的圈，加起来就是最外圈内的总数')].map((text) => h('li', {}, text))));
}

function data(run) {
  return h('section', { class: 'sec' }, h('h4', {}, t('所用数据')),
    pairs(run.data.map((one) => [one.title, t('第 {n} 版', { n: one.version }), one.notice && h('span', { class: 'em-note' }, one.notice)])));
}

function identity(run) {
  return h('section', { class: 'sec' }, h('h4', {}, t('计算记录')),
    pairs([[t('编号'), h('span', { class: 'wrap' }, run.run_id)], [t('时间'), timeText(run.at)], [t('计算人'), run.person.name], [t('程序版本'), run.program]]),
    h('p', { class: 'hint' }, t('记录一经保存不可更改；条件变了请重新计算。')));
}

function cautions(run) {
  return run.warnings.length > 0 && h('section', { class: 'sec' }, h('h4', {}, t('注意')), h('ul', { class: 'em-points' }, run.warnings.map((one) => h('li', {}, one.message, ' ', h('span', { class: 'code' }, one.code)))));
}

/** The panel's content. */
export function whyBody(run) {
  return h('div', { class: 'em-why' }, [cautions, model, ranges, inputs, levels, counting, data, identity].map((part) => part(run)));
}
