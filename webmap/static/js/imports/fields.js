// Which column is which field: one row per field, a column, a fixed value or nothing, and a unit.

import { h } from 'cityops/dom';
import { t } from 'cityops/i18n';

const FIXED = '\u0000fixed';
const NOTHING = '\u0000nothing';
const TYPES = { text: () => t('文本'), integer: () => t('整数'), real: () => t('小数'), boolean: () => t('是/否'), date: () => t('日期'), code: () => t('代码') };

const samplesOf = (report, column) => report.columns.find((one) => one.name === column)?.samples ?? [];
const plain = (value) => (value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value ?? ''));

/** Column and unit that a choice `column@unit` names. */
function parted(report, text) {
  if (text == null || report.columns.some((one) => one.name === text)) return { column: text ?? null, unit: null };
  const at = text.lastIndexOf('@');
  return at > 0 ? { column: text.slice(0, at), unit: text.slice(at + 1) } : { column: text, unit: null };
}

/** The table of fields. `change(part)` is called with what the person changed of the options. */
export function fieldsTable(report, options, boot, change) {
  const rows = report.fields.map((field) => fieldRow(field, report, options, boot, change));
  return h('table', { class: 'fields' },
    h('thead', {}, h('tr', {}, h('th', {}, t('字段')), h('th', {}, t('取自文件的列')), h('th', {}, t('样例')))),
    h('tbody', {}, rows));
}

function fieldRow(field, report, options, boot, change) {
  const isFixed = field.name in options.set;
  const chosen = options.map[field.name];
  const found = report.mapping?.[field.name];
  const { column, unit } = parted(report, chosen ?? (found && !found.startsWith('=') ? found : null));
  const value = isFixed ? FIXED : chosen === '' ? NOTHING : column ?? '';
  const samples = column ? samplesOf(report, column).map(plain).join('；') : '';
  const lacks = field.required && !isFixed && !column;
  const set = (map, fixed) => change({ map: { ...without(options.map, field.name), ...map }, set: { ...without(options.set, field.name), ...fixed } });
  const pick = h('select', {
    class: 'input', id: `field-${field.name}`, 'aria-label': t('{field}取自', { field: field.title }),
    onchange: (event) => {
      const to = event.target.value;
      if (to === FIXED) set({}, { [field.name]: field.codes[0]?.code ?? '' });
      else if (to === NOTHING) set({ [field.name]: '' }, {});
      else set({ [field.name]: to }, {});
    },
  }, choices(field, report, value));
  return h('tr', { class: lacks ? 'is-lacking' : '' },
    h('td', {}, h('div', { class: 'name' }, h('b', { class: 'm' }, field.title, field.required ? ' *' : ''), h('small', {}, [TYPES[field.type](), field.unit].filter(Boolean).join('，')))),
    h('td', {}, h('div', { class: 'pick' }, pick, isFixed ? fixedInput(field, options, set) : column && unitPick(field, column, unit, boot, set)),
      lacks && h('p', { class: 'hint bad' }, t('必填：请选一列，或给所有行一个固定值'))),
    h('td', { class: 'sample', title: samples }, samples));
}

function without(map, name) {
  const { [name]: _gone, ...rest } = map;
  return rest;
}

function choices(field, report, value) {
  const columns = report.columns.map((one) => h('option', { value: one.name, selected: one.name === value }, one.name));
  return [
    h('option', { value: NOTHING, selected: value === NOTHING || value === '' }, field.key ? t('（按内容生成）') : t('（不取）')), columns,
    !field.key && h('option', { value: FIXED, selected: value === FIXED }, t('固定值…')),
  ];
}

function fixedInput(field, options, set) {
  const given = options.set[field.name];
  const tell = (event) => set({}, { [field.name]: event.target.value });
  const attributes = { class: 'input', id: `fixed-${field.name}`, 'aria-label': t('{field}的固定值', { field: field.title }), onchange: tell };
  if (field.codes.length > 0) return h('select', attributes, field.codes.map((item) => h('option', { value: item.code, selected: item.code === given }, item.title)));
  return h('input', { ...attributes, value: given, placeholder: field.unit ?? '' });
}

function unitPick(field, column, unit, boot, set) {
  const offered = ['real', 'integer'].includes(field.type) && field.unit ? boot.units[field.unit] ?? [] : [];
  if (offered.length < 2) return null;
  return h('select', {
    class: 'input unit-pick', id: `unit-${field.name}`, 'aria-label': t('{field}在文件里的单位', { field: field.title }), title: t('文件里的单位'),
    onchange: (event) => set({ [field.name]: event.target.value === field.unit ? column : `${column}@${event.target.value}` }, {}),
  }, offered.map((one) => h('option', { value: one, selected: one === (unit ?? field.unit) }, one)));
}

/** Selects for the columns that hold coordinates, for files that are tables. */
export function coordinatePicks(columns, options, found, change) {
  const axis = (name, label) => {
    const value = options.map[name] ?? found[name] ?? '';
    return h('div', { class: 'field' }, h('label', { for: `axis-${name}` }, label),
      h('select', { class: 'input', id: `axis-${name}`, onchange: (event) => change({ map: { ...without(options.map, 'wkt'), [name]: event.target.value } }) },
        h('option', { value: '', disabled: true, selected: value === '' }, t('请选择')), columns.map((column) => h('option', { value: column, selected: column === value }, column))));
  };
  return h('div', { class: 'pair' }, axis('x', t('经度或东坐标')), axis('y', t('纬度或北坐标')));
}
