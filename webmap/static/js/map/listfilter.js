// Filters of the list for plain columns: a text in any text column, and values of one column.

import { debounce, h, icon } from 'cityops/dom';
import { count, t, title } from 'cityops/i18n';
import { TEXT } from 'cityops/map/matching';
import { complain } from 'cityops/toast';

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

/** A menu: choose a column, then tick one of its most frequent values or type any. */
export function columnFilter(app) {
  const known = new Map(); // layer, version and field -> what the server said, or null while it is asked
  let isOpen = false;
  let chosen = null;
  let shown = null;

  /** Values of a column in the whole layer, asked for once per version of it; null while they are on their way. */
  function of(layer, field) {
    const name = `${layer.name} ${layer.version} ${field}`;
    if (!known.has(name)) {
      known.set(name, null);
      app.api(`layers/${layer.name}/values`, { query: { field } })
        .then((found) => { known.set(name, found); })
        .catch((fault) => { known.delete(name); isOpen = false; complain(fault); })
        .finally(() => shown?.());
    }
    return known.get(name);
  }

  function set(layer, field, values) { app.layers.setFilter(layer.name, { ...app.layers.filter(layer.name), [field]: values }); }

  function body(layer, fields) {
    const field = fields.find((one) => one.name === chosen) ?? fields[0];
    const now = app.layers.filter(layer.name)[field.name] ?? [];
    const found = isOpen ? of(layer, field.name) : null;
    const counts = new Map((found?.values ?? []).map((one) => [String(one.value), one.count]).filter(([value]) => !value.includes(',')));
    if (found?.unknown > 0) counts.set('', found.unknown);
    const values = [...new Set([...now, ...counts.keys()])];
    const box = h('div', { class: 'menu-list card list-column', style: { left: 0, right: 'auto', 'max-height': '240px', overflow: 'auto' } });
    const add = (value) => { if (value && !now.includes(value)) set(layer, field.name, [...now, value]); };
    box.append(
      h('select', { class: 'input', 'aria-label': t('按哪一列'), onchange: (e) => { chosen = e.target.value; box.replaceWith(body(layer, fields)); } },
        fields.map((one) => h('option', { value: one.name, ...(one === field ? { selected: true } : {}) }, title(one.title)))),
      h('form', { class: 'row', onsubmit: (e) => { e.preventDefault(); add(new FormData(e.target).get('value').trim()); } },
        h('input', { class: 'input grow', name: 'value', pattern: '[^,]*', title: t('带逗号的值请用文字搜索'), 'aria-label': t('值'), placeholder: t('等于…'), inputmode: field.type === 'integer' ? 'numeric' : 'text' }),
        h('button', { class: 'btn btn-s' }, t('筛选'))),
      ...values.map((value) => h('label', { class: 'row', style: { padding: '4px 0' } },
        h('input', { type: 'checkbox', class: 'check', checked: now.includes(value), onchange: (e) => (e.target.checked ? set(layer, field.name, [...now, value]) : set(layer, field.name, now.filter((one) => one !== value))) }),
        h('span', { class: 'grow ell' }, value || t('未知')), counts.has(value) && h('span', { class: 'mute num' }, count(counts.get(value))))),
      isOpen && !found ? h('p', { class: 'mute' }, t('正在取这一列的值…')) : '',
      found?.others.values > 0 ? h('p', { class: 'mute' }, t('另有 {n} 个较少的值，请直接填写', { n: count(found.others.values) })) : '');
    shown = () => { if (box.isConnected) box.replaceWith(body(layer, fields)); };
    return box;
  }

  return {
    element(layer) {
      const fields = plain(layer);
      if (fields.length === 0) return null;
      return h('details', { class: 'menu', dataset: { menu: '' }, open: isOpen, ontoggle: (e) => { if (!e.target.isConnected || isOpen === e.target.open) return; isOpen = e.target.open; if (isOpen) shown?.(); } },
        h('summary', { class: 'chip' }, icon('filter', 'i-16'), t('按列筛选')), body(layer, fields));
    },
  };
}
