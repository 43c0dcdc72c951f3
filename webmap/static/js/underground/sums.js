// The sums of an area: how much of each kind, how far to trust it. The switches are those of the layer panel.

import { h } from 'cityops/dom';
import { count, metres, quantity, t, title } from 'cityops/i18n';
import { swatch } from 'cityops/map/layerpanel';
import { UNKNOWN } from 'cityops/map/style';

/** Whole metres up to 100 km: sums are looked up, compared and copied. */
export function lengthText(m) {
  if (m == null) return '';
  return m < 100_000 ? quantity(m, 'm', m < 10 ? 1 : 0) : metres(m);
}

export function areaText(m2) {
  return m2 < 1e6 ? quantity(m2, 'm²', 0) : quantity(m2 / 1e6, 'km²', 2);
}

/** Whether a class is on: neither switched off nor filtered out. */
export function isShown(app, layer, code) {
  const chosen = app.layers.filter(layer.name)[layer.class_field];
  return !app.layers.offClasses(layer.name).has(code ?? UNKNOWN) && (!chosen || chosen.includes(code));
}

function setShown(app, layer, code, on) {
  const filter = app.layers.filter(layer.name);
  const chosen = filter[layer.class_field];
  if (on && chosen && !chosen.includes(code)) app.layers.setFilter(layer.name, { ...filter, [layer.class_field]: [...chosen, code] });
  if (on !== !app.layers.offClasses(layer.name).has(code)) app.layers.setClass(layer.name, code, on);
}

/** Only this class, or all again when it is the only one already. */
function only(app, layer, code) {
  const alone = layer.classes.every((item) => isShown(app, layer, item.code) === (item.code === code));
  const { [layer.class_field]: chosen, ...others } = app.layers.filter(layer.name);
  if (chosen) app.layers.setFilter(layer.name, others);
  app.layers.onlyClasses(layer.name, alone ? null : [code]);
}

function classRow(app, layer, sum) {
  const item = layer.classes.find((one) => one.code === sum.code) ?? null;
  const name = item ? title(item.title) : sum.code ?? t('未知');
  const on = isShown(app, layer, sum.code);
  return h('tr', { dataset: { kind: sum.code ?? '' }, class: on ? '' : 'is-off' },
    h('th', { scope: 'row' }, h('button', { type: 'button', class: 'ug-kind', title: t('只看{kind}；再点一次看全部', { kind: name }), onclick: () => only(app, layer, sum.code) }, swatch(layer, item), name)),
    h('td', { class: 'num', dataset: { sum: 'count' } }, count(sum.count)),
    h('td', { class: 'num', dataset: { sum: 'length', metres: String(sum.inside_length_m) } }, lengthText(sum.inside_length_m)),
    h('td', {}, item && h('input', { type: 'checkbox', class: 'switch', role: 'switch', checked: on, 'aria-label': name, onchange: (e) => setShown(app, layer, sum.code, e.target.checked) })));
}

function classTable(app, layer, found) {
  const { sum } = found;
  return h('table', { class: 'ug-table' },
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('种类')), h('th', { scope: 'col', class: 'num' }, t('条数')), h('th', { scope: 'col', class: 'num' }, t('区内长')), h('th', {}, h('span', { class: 'sr' }, t('显示'))))),
    h('tbody', {}, found.classes.map((one) => classRow(app, layer, one))),
    h('tfoot', {}, h('tr', { dataset: { kind: 'total' } }, h('th', { scope: 'row' }, t('合计')),
      h('td', { class: 'num', dataset: { sum: 'count' } }, count(sum.count)),
      h('td', { class: 'num', dataset: { sum: 'length', metres: String(sum.inside_length_m) } }, lengthText(sum.inside_length_m)), h('td', {}))));
}

function trustRow(name, sum, { soon = false, onclick = null, pressed = false } = {}) {
  const label = onclick ? h('button', { type: 'button', class: 'linkish', 'aria-pressed': String(pressed), onclick }, name) : name;
  return h('tr', { class: [soon && 'is-soon', pressed && 'is-on'].filter(Boolean).join(' ') }, h('th', { scope: 'row' }, label), h('td', { class: 'num' }, count(sum.count)), h('td', { class: 'num' }, lengthText(sum.inside_length_m)));
}

function trustRows(app, layer, { trust }) {
  const field = (name) => layer.fields.find((one) => one.name === name);
  const words = (name, code) => field(name)?.codes.find((item) => item.code === code);
  const filter = app.layers.filter(layer.name);
  const filtered = (name, code) => {
    const chosen = filter[name] ?? [];
    const pressed = chosen.includes(code ?? '');
    return { pressed, onclick: () => app.layers.setFilter(layer.name, { ...filter, [name]: pressed ? [] : [code ?? ''] }) };
  };
  const rows = trust.quality.map((sum) => trustRow(sum.code ? title(words('quality_level', sum.code)?.title) || sum.code : t('质量等级未知'), sum, filtered('quality_level', sum.code)));
  if (trust.no_depth?.count > 0) rows.push(trustRow(t('埋深未知'), trust.no_depth, { soon: true }));
  if (trust.no_accuracy?.count > 0) rows.push(trustRow(t('平面精度未知'), trust.no_accuracy, { soon: true }));
  for (const sum of trust.not_in_use) rows.push(trustRow(t('使用状态：{state}', { state: title(words('status', sum.code)?.title) || sum.code }), sum, filtered('status', sum.code)));
  return rows;
}

function figure(value, name) { return h('div', { class: 'ug-figure' }, h('b', {}, value), h('span', {}, name)); }

/** Body of the panel for the sums of an area. */
export function sumsBody(app, layer, found) {
  const rows = trustRows(app, layer, found);
  return [
    h('div', { class: 'ug-figures' }, figure(count(found.sum.count), t('条')), figure(lengthText(found.sum.inside_length_m), t('区内长')), figure(areaText(found.polygon_m2), t('选区'))),
    h('div', { class: 'sec' }, classTable(app, layer, found),
      h('p', { class: 'hint' }, t('区内长只计选区内的部分；与选区相交的管线整条共 {whole}。', { whole: lengthText(found.sum.length_m) }))),
    rows.length > 0 && h('div', { class: 'sec' }, h('h4', {}, t('质量与未知')), h('table', { class: 'ug-table ug-trust' }, h('tbody', {}, rows)),
      found.trust.no_depth?.count > 0 && h('p', { class: 'hint' }, t('埋深未知指至少一端没有埋深。动土前须现场探查。'))),
    layer.notice && h('div', { class: 'sec' }, h('p', { class: 'hint' }, layer.notice)),
  ];
}
