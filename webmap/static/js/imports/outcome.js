// What a look or an import found: figures, refusals, notes, the datum's verdict, rows.

import { h, icon } from 'cityops/dom';
import { count, t } from 'cityops/i18n';
import { inWords, systemName } from 'cityops/imports/words';

const figure = (number, word, bad) => h('div', { class: [bad && number > 0 && 'bad', number === 0 && 'zero'].filter(Boolean).join(' ') }, h('b', {}, count(number)), h('span', { class: 'mute' }, word));

/** Four numbers: rows in the file, rows that stand, refused, repaired. */
export function figures(report) {
  return h('div', { class: 'figures' }, figure(report.rows_in, t('文件中的行')), figure(report.stored, report.dry_run ? t('可以导入') : t('已导入')),
    figure(report.refused_rows, t('拒绝'), true), figure(report.repaired.length, t('修复')));
}

/** Why a file cannot be imported as asked, with the answers that suggest themselves as buttons. */
export function refusal(found, change) {
  const { error, errors } = found;
  const offers = Array.isArray(error.expected) && error.expected[0]?.crs ? error.expected.slice(0, 6) : [];
  return h('div', { class: 'error', role: 'alert' }, h('h4', {}, error.message), error.hint && offers.length === 0 && h('p', {}, inWords(error.hint)),
    offers.length > 0 && h('p', { class: 'row-wrap' }, offers.map((offer) => h('button', { type: 'button', class: 'btn btn-s', onclick: () => change({ crs: offer.crs, swap_axes: offer.swapped }) },
      t('当作 {name} 再看', { name: systemName(offer.crs) }) + (offer.swapped ? t('，坐标对调') : '') + (offer.unit ? `（${offer.unit}）` : '')))),
    errors.length > 0 && h('ul', { class: 't12 mute' }, errors.slice(0, 5).map((one) => h('li', {}, [one.row && t('第 {n} 行', { n: one.row }), one.message].filter(Boolean).join('：')))),
    h('p', {}, h('span', { class: 'code' }, error.code)));
}

const HYPOTHESES = { declared: () => t('按声明'), wgs84: () => 'WGS84', gcj02: () => 'GCJ-02', bd09: () => 'BD-09', swapped: () => t('坐标对调'), other_zone: () => t('别的投影带'), feet: () => t('单位是英尺') };

/** What the comparison with a reference layer says of the datum. */
export function verdict(found, change) {
  if (!found) return null;
  const words = { as_declared: ['ok', 'check', t('位置与声明的坐标系相符')], suspicious: ['late', 'warn', t('像是 {name}，不是声明的坐标系', { name: HYPOTHESES[found.best.hypothesis]() })], cannot_tell: ['', 'info', t('看不出坐标系对不对')] };
  const [kind, mark, head] = words[found.verdict];
  const named = ['gcj02', 'bd09', 'wgs84', 'other_zone'].includes(found.best.hypothesis);
  const act = found.verdict === 'suspicious' && (named || found.best.hypothesis === 'swapped')
    ? h('button', { type: 'button', class: 'btn btn-s', onclick: () => change(named ? { crs: found.best.crs } : { swap_axes: true }) }, t('改用 {name} 再看', { name: HYPOTHESES[found.best.hypothesis]() })) : null;
  return h('div', { class: `verdict ${kind}` }, icon(mark), h('b', {}, head),
    h('p', {}, t('比较了 {n} 个要素与“{layer}”；', { n: found.n, layer: found.reference }), found.cannot_tell ? t('要素少于 30 个，或各种假设相差不大。') : t('得分 {score}，领先 {margin}。', { score: found.best.score ?? '—', margin: found.margin })), act && h('p', {}, act),
    h('details', { class: 't12', style: { 'grid-column': '2' } }, h('summary', {}, t('各种假设的得分')), h('table', { class: 'table' }, h('tbody', {}, found.scores.map((one) => h('tr', {}, h('td', {}, HYPOTHESES[one.hypothesis]()), h('td', {}, systemName(one.crs)), h('td', { class: 'num' }, one.score == null ? '—' : one.score.toFixed(1))))))));
}

/** Notes on the whole file, and what was mended. */
export function notes(report) {
  const all = [...report.warnings, ...report.repaired.slice(0, 20).map((note) => ({ ...note, what: t('第 {n} 行：', { n: note.row }) + note.what }))];
  const key = report.fields?.find((field) => field.key && !field.name.startsWith('feature_key'));
  if (key) all.unshift({ what: t('每行的编号取自“{title}”', { title: key.title }) });
  if (all.length === 0) return null;
  return h('ul', { class: 'notes' }, all.map((note) => h('li', {}, icon('info', 'i-16'), h('span', {}, inWords(note.what)))));
}

/** The first rows as delivered, and the refused ones, as two tables behind tabs. */
export function rowsBox(report, state, redraw, csvAddress) {
  const refused = report.refused ?? [];
  const total = report.refused_total ?? refused.length;
  const tab = (name, word, n) => h('button', { type: 'button', 'aria-pressed': String(state.tab === name), onclick: () => { state.tab = name; redraw(); } }, word, n != null && h('span', { class: 'n' }, count(n)));
  const shown = state.tab === 'refused' && total > 0 ? refusedTable(refused) : rowsTable(report.rows);
  return [
    h('div', { class: 'row' }, h('span', { class: 'seg' }, tab('rows', t('前 {n} 行', { n: report.rows?.rows.length ?? 0 })), total > 0 && tab('refused', t('被拒绝'), report.refused_rows)),
      total > 0 && h('a', { class: 'btn btn-s end', href: csvAddress, download: '' }, icon('dl', 'i-16'), t('下载被拒绝的行'))),
    shown, state.tab === 'refused' && total > refused.length && h('p', { class: 'hint' }, t('只列前 {n} 处，全部在下载的表里', { n: refused.length })),
  ].filter(Boolean);
}

function rowsTable(rows) {
  if (!rows || rows.rows.length === 0) return h('p', { class: 'mute' }, t('没有可看的行'));
  return h('div', { class: 'scroll', tabindex: '0' }, h('table', { class: 'table' },
    h('thead', {}, h('tr', {}, h('th', { class: 'num' }, t('行')), rows.columns.map((name) => h('th', {}, name)))),
    h('tbody', {}, rows.rows.map((row) => h('tr', { class: row.faults.length > 0 ? 'is-bad' : '', title: row.faults.join('、') },
      h('td', { class: 'num' }, String(row.row)), row.values.map((value) => h('td', { title: value == null ? '' : String(value) }, value == null ? h('span', { class: 'none' }, '—') : String(value))))))));
}

function refusedTable(refused) {
  return h('div', { class: 'scroll', tabindex: '0' }, h('table', { class: 'table' },
    h('thead', {}, h('tr', {}, [t('行'), t('字段'), t('原因'), t('怎么办'), t('代码')].map((word, i) => h('th', { class: i === 0 ? 'num' : '' }, word)))),
    h('tbody', {}, refused.map((one) => h('tr', {}, h('td', { class: 'num' }, String(one.row)), h('td', {}, one.field ?? ''), h('td', { title: one.message }, one.message), h('td', { title: inWords(one.hint) }, inWords(one.hint)), h('td', {}, h('span', { class: 'code' }, one.code)))))));
}
