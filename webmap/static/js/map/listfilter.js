// Filters of the list for plain columns: a text in any text column, and values of one column.

import { debounce, h, icon } from 'cityops/dom';
import { t, title } from 'cityops/i18n';
import { TEXT } from 'cityops/map/matching';

const MOST_OFFERED = 30;
const TYPING_MS = 400;

/** A search box that keeps its place while the list is drawn anew. */
export function textFilter(app) {
  let box = null;
  let of = null;
  const send = debounce((name, text) => {
    if ((app.layers.text(name) ?? '') !== text) app.layers.setFilter(name, { ...app.layers.filter(name), [TEXT]: text ? [text] : [] });
  }, TYPING_MS);
  return {
    element(layer) {
      if (of !== layer.name) {
        of = layer.name;
        box = h('input', { type: 'search', class: 'input list-find', maxlength: 100, placeholder: t('搜文字列'), 'aria-label': t('在列表里搜文字'), oninput: (e) => send(layer.name, e.target.value.trim()) });
      }
      if (document.activeElement !== box) box.value = app.layers.text(layer.name) ?? '';
      return box;
    },
    /** Gives a function that puts the focus back after a redraw, or null. */
    focus() { return document.activeElement === box ? () => box.focus() : null; },
  };
}

/** Columns that are compared by value: no codes, which have buttons of their own, and no fractions. */
function plain(layer) {
  return layer.fields.filter((field) => !(field.codes?.length > 0) && ['text', 'integer', 'date'].includes(field.type) && field.name !== 'source');
}

/** A menu: choose a column, then tick values that occur in it or type one. */
export function columnFilter(app) {
  const seen = new Map();
  let isOpen = false;
  let chosen = null;
  const of = (layer, field) => seen.get(`${layer.name}.${field}`) ?? new Set();

  function set(layer, field, values) { app.layers.setFilter(layer.name, { ...app.layers.filter(layer.name), [field]: values }); }

  function body(layer, fields) {
    const field = fields.find((one) => one.name === chosen) ?? fields[0];
    const now = app.layers.filter(layer.name)[field.name] ?? [];
    const values = [...new Set([...now, ...of(layer, field.name)])].slice(0, MOST_OFFERED);
    const box = h('div', { class: 'menu-list card list-column', style: { left: 0, right: 'auto', 'max-height': '240px', overflow: 'auto' } });
    const add = (value) => { if (value && !now.includes(value)) set(layer, field.name, [...now, value]); };
    box.append(
      h('select', { class: 'input', 'aria-label': t('按哪一列'), onchange: (e) => { chosen = e.target.value; box.replaceWith(body(layer, fields)); } },
        fields.map((one) => h('option', { value: one.name, ...(one === field ? { selected: true } : {}) }, title(one.title)))),
      h('form', { class: 'row', onsubmit: (e) => { e.preventDefault(); add(new FormData(e.target).get('value').trim()); } },
        h('input', { class: 'input grow', name: 'value', pattern: '[^,]*', title: t('带逗号的值请用文字搜索'), 'aria-label': t('值'), placeholder: t('等于…'), inputmode: field.type === 'integer' ? 'numeric' : 'text' }),
        h('button', { class: 'btn btn-s' }, t('筛选'))),
      ...values.map((value) => h('label', { class: 'row', style: { padding: '4px 0' } },
        h('input', { type: 'checkbox', class: 'check', checked: now.includes(value), onchange: (e) => (e.target.checked ? add(value) : set(layer, field.name, now.filter((one) => one !== value))) }), value || t('未知'))));
    return box;
  }

  return {
    /** Remember which values occur, from rows that were loaded. */
    look(layer, features) {
      for (const field of plain(layer)) {
        const values = of(layer, field.name);
        for (const { properties } of features) {
          if (values.size >= MOST_OFFERED) break;
          const text = String(properties[field.name] ?? '');
          if (text && !text.includes(',')) values.add(text);
        }
        seen.set(`${layer.name}.${field.name}`, values);
      }
    },
    element(layer) {
      const fields = plain(layer);
      if (fields.length === 0) return null;
      return h('details', { class: 'menu', dataset: { menu: '' }, open: isOpen, ontoggle: (e) => { if (e.target.isConnected) isOpen = e.target.open; } },
        h('summary', { class: 'chip' }, icon('filter', 'i-16'), t('按列筛选')), body(layer, fields));
    },
  };
}
