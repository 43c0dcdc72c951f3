// The form at the left: where to, which system, how to read, which column is which field.

import { h, icon, skeleton } from 'cityops/dom';
import { t, title } from 'cityops/i18n';
import { coordinatePicks, fieldsTable } from 'cityops/imports/fields';
import { bytes, GEOMETRIES, SYSTEMS, systemName } from 'cityops/imports/words';

const field = (label, id, control, hint) => h('div', { class: 'field' }, h('label', { for: id }, label), control, hint && h('p', { class: 'hint' }, hint));

function tick(id, label, hint, checked, tell) {
  return h('label', { class: 'tick' }, h('input', { type: 'checkbox', class: 'check', id, checked, onchange: (event) => tell(event.target.checked) }),
    h('span', {}, label, hint && h('span', { class: 'hint', style: { display: 'block' } }, hint)));
}

/** Draw the form for a delivery into `element`, keeping the focus where it was. */
export function drawForm(element, { delivery, report, options, boot, change, leave }) {
  const focused = element.contains(document.activeElement) ? document.activeElement.id : null;
  const seen = report ?? {};
  element.replaceChildren(...[
    fileBox(delivery, seen, leave),
    targetBox(options, seen, boot, change),
    placeBox(options, seen, boot, change),
    fieldsBox(options, seen, boot, change),
    ruleBox(options, seen, change),
  ].filter(Boolean));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function fileBox(delivery, seen, leave) {
  const tags = [
    seen.driver, seen.rows_in != null && t('{n} 行', { n: seen.rows_in }),
    seen.encoding && t('编码 {name}', { name: seen.encoding.toUpperCase() }) + (seen.encoding_from === 'detected' ? t('（自动判断）') : ''),
    seen.geometry && GEOMETRIES[seen.geometry](),
  ].filter(Boolean);
  return h('div', { class: 'box' }, h('div', { class: 'data-file' }, icon('data'),
    h('b', { class: 'wrap' }, delivery.filename), h('button', { type: 'button', class: 'btn btn-q btn-s', id: 'other-file', onclick: leave }, t('换文件')),
    h('span', { class: 'tags' }, h('span', { class: 'tag line' }, bytes(delivery.size_bytes)), tags.map((text) => h('span', { class: 'tag line' }, text)))));
}

function targetBox(options, seen, boot, change) {
  const into = boot.layers.filter((layer) => layer.imports);
  const fits = into.filter((layer) => !seen.geometry && !seen.suggested?.length ? true : layer.geometry === kindOf(seen, boot));
  const seg = (isNew, word) => h('button', { type: 'button', id: isNew ? 'to-new' : 'to-known', 'aria-pressed': String(options.new === isNew), onclick: () => change(isNew ? asNew(options) : { new: false, layer: seen.suggested?.[0]?.name ?? fits[0]?.name ?? into[0].name, map: {}, set: {} }) }, word);
  const body = options.new
    ? [field(t('图层名称'), 'layer-title', h('input', { class: 'input', id: 'layer-title', value: options.title ?? '', maxlength: 40, onchange: (event) => change({ title: event.target.value }) })),
      field(t('图层代号'), 'layer-name', h('input', { class: 'input', id: 'layer-name', value: options.layer, maxlength: 40, pattern: '[a-z][a-z0-9_]*', onchange: (event) => change({ layer: event.target.value.trim() }) }), t('小写字母开头，只含小写字母、数字、下划线；字段按文件的列建立'))]
    : [field(t('图层'), 'layer-known', h('select', { class: 'input', id: 'layer-known', onchange: (event) => change({ layer: event.target.value, map: {}, set: {} }) },
      into.map((layer) => h('option', { value: layer.name, selected: layer.name === options.layer }, `${title(layer.title)}（${GEOMETRIES[layer.geometry]()}）`))))];
  return h('div', { class: 'box' }, h('h4', {}, t('导入到'), h('span', { class: 'seg end' }, seg(true, t('新建图层')), seg(false, t('已有图层')))), body, options.new && suggested(seen, change));
}

function kindOf(seen, boot) {
  return seen.geometry ?? boot.layers.find((layer) => layer.name === seen.suggested?.[0]?.name)?.geometry;
}

const asNew = (options) => ({ new: true, layer: options.fresh.layer, title: options.fresh.title, map: {}, set: {} });

function suggested(seen, change) {
  const good = (seen.suggested ?? []).filter((one) => one.matched >= 3);
  if (good.length === 0) return null;
  return h('p', { class: 'hint row-wrap' }, t('列名像是这些图层的：'), good.slice(0, 2).map((one) => h('button', { type: 'button', class: 'chip', onclick: () => change({ new: false, layer: one.name, map: {}, set: {} }) }, t('{title}（{n} 个字段对得上）', { title: one.title, n: one.matched }))));
}

function placeBox(options, seen, boot, change) {
  const known = new Set(['', ...SYSTEMS.map(([code]) => code)]);
  const isOther = !known.has(options.crs ?? '') || options.crs === 'other';
  const declared = seen.crs_declared ? t('按文件声明：{name}', { name: systemName(seen.crs_declared) }) : seen.rows_in == null ? t('按文件声明') : t('文件没有说明，请选择');
  const pick = h('select', { class: 'input', id: 'crs', onchange: (event) => change({ crs: event.target.value || null }) },
    h('option', { value: '', selected: !options.crs }, declared), SYSTEMS.map(([code, name]) => h('option', { value: code, selected: options.crs === code }, t(name))), h('option', { value: 'other', selected: isOther }, t('其他 EPSG 代码…')));
  const other = isOther && field(t('EPSG 代码'), 'crs-other', h('input', { class: 'input', id: 'crs-other', value: options.crs === 'other' ? '' : options.crs, placeholder: 'EPSG:4549', onchange: (event) => change({ crs: event.target.value.trim() || null }) }));
  const references = boot.layers.filter((layer) => layer.reference);
  return h('div', { class: 'box' }, h('h4', {}, t('坐标')), coordinates(options, seen, change),
    field(t('坐标系'), 'crs', pick), other,
    tick('swap', t('坐标写反'), t('文件里先纬度（北）后经度（东）'), options.swap_axes, (on) => change({ swap_axes: on })),
    references.length > 0 && field(t('用哪个图层核对位置'), 'reference', h('select', { class: 'input', id: 'reference', onchange: (event) => change({ reference: event.target.value || null }) },
      h('option', { value: '', selected: !options.reference }, t('不核对')), references.map((layer) => h('option', { value: layer.name, selected: layer.name === options.reference }, title(layer.title)))), t('能发现没有说明的 GCJ-02、BD-09、带号和英尺；概括过的区界不能用')));
}

function coordinates(options, seen, change) {
  const asks = seen.refusal?.error.code === 'csv.no_coordinates';
  const found = seen.coordinate_columns ?? {};
  if (!asks && (Object.keys(found).length === 0 || found.wkt)) return null;
  const columns = asks ? seen.refusal.error.got : [found.x, found.y, ...seen.columns.map((one) => one.name)];
  return coordinatePicks([...new Set(columns)], options, found, change);
}

function fieldsBox(options, seen, boot, change) {
  if (!seen.columns || !seen.fields?.length) return null;
  if (seen.layer !== options.layer || (seen.new_layer ?? options.new) !== options.new) return h('div', { class: 'box' }, h('h4', {}, t('字段对应')), skeleton(6));
  const extra = seen.extra_columns ?? [];
  const intro = options.new ? t('字段按文件的列建立，不必改动。') : t('按列名自动对应，可以改。没有对应的列也会随要素保存。');
  const table = fieldsTable(seen, options, boot, change);
  return h('div', { class: 'box' }, h('h4', {}, t('字段对应')), h('p', { class: 'hint' }, intro),
    options.new ? h('details', { class: 'more' }, h('summary', {}, t('看 {n} 个字段', { n: seen.fields.length })), newFields(seen)) : table,
    extra.length > 0 && h('p', { class: 'hint wrap' }, t('另外保存 {n} 列：', { n: extra.length }), extra.slice(0, 12).join('、'), extra.length > 12 ? '…' : ''));
}

function newFields(seen) {
  const back = Object.fromEntries(Object.entries(seen.mapping ?? {}).map(([name, column]) => [name, column]));
  return h('table', { class: 'fields' }, h('tbody', {}, seen.fields.map((one) => h('tr', {}, h('td', {}, h('b', { class: 'm' }, one.title)), h('td', { class: 'mute' }, one.type), h('td', { class: 'sample' }, (seen.columns.find((column) => column.name === back[one.name])?.samples ?? []).join('；'))))));
}

function ruleBox(options, seen, change) {
  const layers = seen.refusal?.error.code === 'file.several_layers' ? seen.refusal.error.expected : seen.source_layers ?? [];
  const texts = ['CSV', 'ESRI Shapefile', 'ESRI Shapefile (zip)'].includes(seen.driver) || seen.refusal?.error.field === 'encoding';
  const encodings = [['', t('自动判断')], ['utf-8', 'UTF-8'], ['gb18030', 'GBK / GB18030']];
  return h('div', { class: 'box' }, h('h4', {}, t('读法')),
    layers.length > 1 && field(t('文件中的图层'), 'source-layer', h('select', { class: 'input', id: 'source-layer', onchange: (event) => change({ source_layer: event.target.value || null }) },
      h('option', { value: '', disabled: true, selected: !options.source_layer && !seen.source_layer }, t('请选择')), layers.map((name) => h('option', { value: name, selected: name === (options.source_layer ?? seen.source_layer) }, name)))),
    texts && field(t('文字编码'), 'encoding', h('select', { class: 'input', id: 'encoding', onchange: (event) => change({ encoding: event.target.value || null }) }, encodings.map(([value, name]) => h('option', { value, selected: (options.encoding ?? '') === value }, name)))),
    tick('repair', t('修复图形'), t('闭合没有闭合的环，理顺自相交；每处都写进报告'), options.repair, (on) => change({ repair: on })),
    tick('whole', t('有错就全部不导入'), t('不选则只导入无误的行，其余列出'), options.all_or_nothing, (on) => change({ all_or_nothing: on })));
}
