// Printing the area: paper, scale and title, with the rectangle of the sheet on the map while one chooses.

import { debounce, emptyState, h, icon } from 'cityops/dom';
import { t, title } from 'cityops/i18n';
import { saveAnswer } from 'cityops/underground/download';
import { bringIntoSight } from 'cityops/underground/shapes';

const KEPT = 'cityops.sheet';
/** Scales offered: the largest that fits and the next ones. */
const OFFERED = 6;

function remembered() {
  try { return JSON.parse(localStorage.getItem(KEPT)) ?? {}; } catch { return {}; }
}

/**
 * The form in the panel. `asked` gives layer, polygon and filters of now; `frame` draws the
 * rectangle of the sheet; `back` leaves the form.
 */
export function sheetForm(app, { layer, asked, frame, back }) {
  const chosen = { paper: 'A4', landscape: true, scale: null, with_list: false, ...remembered() };
  let last = null;

  const seg = (name, options) => h('div', { class: 'seg', role: 'group' }, options.map(([value, words]) => h('button', { type: 'button', dataset: { [name]: String(value) }, onclick: () => { chosen[name] = value; chosen.scale = null; mark(); plan(); } }, words)));
  const paper = seg('paper', [['A4', 'A4'], ['A3', 'A3']]);
  const turn = seg('landscape', [[true, t('横')], [false, t('竖')]]);
  const scale = h('select', { class: 'input', id: 'ug-scale', onchange: (e) => { chosen.scale = e.target.value === '' ? null : Number(e.target.value); plan(); } });
  const heading = h('input', { class: 'input', id: 'ug-title', maxlength: 60, placeholder: t('{city}{layer}图', { city: title(app.city?.name ?? ''), layer: title(layer.title) }) });
  const list = h('input', { type: 'checkbox', class: 'check', checked: chosen.with_list, onchange: (e) => { chosen.with_list = e.target.checked; } });
  const told = h('div', { class: 'ug-told', 'aria-live': 'polite' });
  const go = h('button', { type: 'button', class: 'btn btn-p', id: 'ug-print', onclick: print }, icon('print', 'i-16'), t('生成 PDF'));

  function mark() {
    for (const [group, name] of [[paper, 'paper'], [turn, 'landscape']]) for (const button of group.children) button.setAttribute('aria-pressed', String(button.dataset[name] === String(chosen[name])));
  }
  function body() { return { ...asked(), paper: chosen.paper, landscape: chosen.landscape, scale: chosen.scale }; }

  async function plan() {
    const turnOf = (last = {});
    try {
      const found = await app.api('sheets/plan', { json: body() });
      if (turnOf !== last) return;
      const options = found.scales.slice(0, OFFERED);
      if (!options.includes(found.scale)) options.push(found.scale);
      scale.replaceChildren(...options.map((number, i) => h('option', { value: i === 0 ? '' : number, ...(number === found.scale ? { selected: true } : {}) }, `1:${number.toLocaleString('en-US').replace(/,/g, number < 10_000 ? '' : ' ')}${i === 0 ? t('（放得下的最大）') : ''}`)));
      frame(found.outline);
      bringIntoSight(app.map, found.outline.coordinates[0]);
      told.replaceChildren(h('p', { class: 'hint' }, t('图幅 {w} × {h} mm，按 {crs} 绘制。虚线框是图上的范围。', { w: Math.round(found.map_mm[0]), h: Math.round(found.map_mm[1]), crs: found.crs })));
      go.disabled = false;
    } catch (fault) {
      if (turnOf !== last || fault.name === 'AbortError') return;
      frame(null);
      go.disabled = true;
      told.replaceChildren(refusal(fault));
    }
  }
  async function print() {
    go.setAttribute('aria-busy', 'true');
    localStorage.setItem(KEPT, JSON.stringify({ paper: chosen.paper, landscape: chosen.landscape, with_list: chosen.with_list }));
    try {
      const answer = await app.api('sheets', { json: { ...body(), title: heading.value || null, with_list: chosen.with_list }, raw: true });
      const name = await saveAnswer(answer);
      app.toast(t('已生成 {name}，按 100% 打印比例尺才准', { name }), { seconds: 8 });
    } catch (fault) { if (fault.name !== 'AbortError') told.replaceChildren(refusal(fault)); }
    go.removeAttribute('aria-busy');
  }

  mark();
  plan();
  const again = debounce(plan, 300);
  const stop = app.bus.on('layers', again);
  return {
    title: t('打印图纸'), subtitle: title(layer.title),
    body: h('form', { class: 'ug-form', onsubmit: (e) => { e.preventDefault(); if (!go.disabled) print(); } },
      h('div', { class: 'field' }, h('span', { class: 'lbl' }, t('纸张')), h('div', { class: 'row' }, paper, turn)),
      h('div', { class: 'field' }, h('label', { for: 'ug-scale' }, t('比例')), scale),
      h('div', { class: 'field' }, h('label', { for: 'ug-title' }, t('标题')), heading),
      h('label', { class: 'row' }, list, t('附明细表：选区内每条管线一行')),
      told),
    footer: [go, h('button', { type: 'button', class: 'btn', onclick: back }, t('返回汇总'))],
    stop() { stop(); again.cancel(); last = null; frame(null); },
  };
}

/** A refusal with what to do and a code to quote. */
export function refusal(fault, ...buttons) {
  const { hint, code } = fault.error ?? {};
  return h('div', { class: 'ug-refusal', role: 'alert' }, emptyState(fault.message, hint ?? '', ...buttons), code && h('p', { class: 'hint' }, h('span', { class: 'code' }, code)));
}
