// Before a run: which place, which masses, which levels, which model.

import { h, icon } from 'cityops/dom';
import { count, t, title } from 'cityops/i18n';
import { ALTERNATIVES, alternativeWord, massText, timeText } from 'cityops/emergency/words';

const NAMES = Object.keys(ALTERNATIVES);
/** What the button does that fills low and high from the likely mass. */
const SPREAD = 3;

/** Masses of a hazard site as its record has them, by alternative; null where it has none. */
export function massesOf(properties) {
  const known = NAMES.map((name) => properties[`tnt_${name}_kg`] ?? null);
  return known.some((kg) => kg != null) ? Object.fromEntries(NAMES.map((name, i) => [name, known[i]])) : null;
}

/** The sites that can be chosen, and the runs that were computed last. */
export function chooserBody({ sites, layer, runs, picking, acts }) {
  const kind = layer?.fields.find((field) => field.name === 'kind');
  const grade = layer?.fields.find((field) => field.name === 'grade');
  const word = (field, code) => title(field?.codes.find((item) => item.code === String(code))?.title);
  const row = ({ properties }) => {
    const masses = massesOf(properties);
    return h('li', {}, h('button', { type: 'button', class: 'em-site', dataset: { site: properties.id }, onclick: () => acts.chooseSite(properties.id), onmouseenter: () => acts.hoverSite(properties.id), onmouseleave: () => acts.hoverSite(null) },
      h('b', { class: 'ell' }, properties.name), h('span', { class: 't12 mute ell' }, [word(kind, properties.kind), properties.substance, properties.inventory_kg && massText(properties.inventory_kg), grade && word(grade, properties.grade)].filter(Boolean).join(t('，'))),
      h('span', { class: masses ? 'tag' : 'tag line' }, masses ? t('TNT 当量 {m}', { m: NAMES.map((name) => masses[name]).filter((kg) => kg != null).map(massText).join(' / ') }) : t('未登记 TNT 当量，须自填'))));
  };
  return h('div', { class: 'em em-chooser' },
    h('div', { class: 'sec em-pick' }, h('p', {}, t('点一个危险源，或在地图上点爆炸的位置。')),
      h('button', { type: 'button', class: 'btn', 'aria-pressed': String(picking), onclick: acts.togglePicking }, icon('pin', 'i-16'), picking ? t('正在地图上选点') : t('在地图上选点'))),
    h('section', { class: 'sec em-list' }, h('h4', {}, t('危险源'), h('span', { class: 't12 mute end' }, t('{n} 处', { n: count(sites.length) }))),
      sites.length > 0 ? h('ul', {}, sites.map(row)) : h('p', { class: 'mute' }, t('没有登记的危险源。可以在地图上点位置，自己填当量。'))),
    runs.length > 0 && h('section', { class: 'sec em-list' }, h('h4', {}, t('最近的计算')),
      h('ul', {}, runs.map((run) => h('li', {}, h('button', { type: 'button', class: 'em-site', onclick: () => acts.openRun(run.run_id) },
        h('b', { class: 'ell' }, run.site?.name ?? `${run.place.lon.toFixed(5)}, ${run.place.lat.toFixed(5)}`), h('span', { class: 't12 mute ell' }, [timeText(run.at), run.person.name, Object.values(run.masses_kg).map(massText).join(' / ')].join(t('，')))))))));
}

/** Which alternative a fault is about, null when none. */
function massOf(fault) { return NAMES.find((name) => fault.field === `masses_kg.${name}`) ?? null; }

function massField(name, value, bad, acts) {
  const echo = h('span', { class: 't12 mute em-echo' }, value ? massText(Number(value)) : '');
  const input = h('input', { class: 'input', id: `em-mass-${name}`, name, type: 'text', inputmode: 'decimal', autocomplete: 'off', value: value ?? '', 'aria-invalid': String(bad), 'aria-describedby': 'em-mass-hint', oninput: () => {
    const kg = parseMass(input.value);
    echo.textContent = Number.isFinite(kg) && kg > 0 ? massText(kg) : '';
    acts.typed(name, input.value.trim());
  } });
  return h('div', { class: 'field' }, h('label', { for: `em-mass-${name}` }, alternativeWord(name)), h('div', { class: bad ? 'input input-with is-bad' : 'input input-with' }, input, h('span', { class: 'unit' }, 'kg')), echo);
}

/** A mass as it was typed, in kg; NaN when it is no number. `1,500` is one thousand five hundred. */
export function parseMass(text) {
  const plain = text.replaceAll(/[,，\s]/g, '');
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

function levelChoice(levels, chosen, acts) {
  const box = (level) => h('label', { class: 'em-level' }, h('input', { type: 'checkbox', class: 'check', checked: chosen.includes(level), onchange: (event) => acts.level(level, event.target.checked) }));
  return h('details', { class: 'em-levels' }, h('summary', {}, t('超压等级：{levels}', { levels: chosen.map((text) => text.replace(/(?<=[\d.])(?=[A-Za-z])/, ' ')).join(t('、')) })),
    h('ul', {}, levels.map((one) => {
      const label = box(`${one.level}${one.unit}`);
      label.append(h('b', {}, `${one.level} ${one.unit}`), h('span', {}, title(one.meaning), h('span', { class: 't12 mute' }, t('　{source}；{confidence}', { source: one.source, confidence: title(one.confidence) }))));
      return h('li', {}, label);
    })));
}

function modelChoice(models, chosen, acts) {
  return h('div', { class: 'field' }, h('label', { for: 'em-model' }, t('模型')),
    h('select', { class: 'input', id: 'em-model', onchange: (event) => acts.model(event.target.value) }, models.map((one) => h('option', { value: one.name, ...(one.name === chosen ? { selected: true } : {}) }, title(one.title)))));
}

const faultsOf = (fault) => (fault?.errors?.length > 0 ? fault.errors : fault ? [fault.error] : []);

function faultBox(fault) {
  const each = faultsOf(fault).map((one) => ({ ...one, message: massOf(one) ? `${alternativeWord(massOf(one))}：${one.message}` : one.message }));
  return h('div', { class: 'error', role: 'alert' }, h('h4', {}, t('没有计算')), h('ul', { class: 'em-points' }, each.map((one) => h('li', {}, one.message, one.hint && h('span', { class: 'em-note' }, one.hint), ' ', h('span', { class: 'code' }, one.code)))));
}

/** The form for a chosen place; `form` is `{masses, levels, model}` as text, `acts` what it calls. */
export function formBody({ name, note, form, levels, models, fault, busy, acts }) {
  const bad = new Set(faultsOf(fault).map(massOf));
  const submit = (event) => { event.preventDefault(); acts.compute(); };
  return h('form', { class: 'em em-form', novalidate: true, onsubmit: submit },
    h('div', { class: 'em-source-line' }, h('div', { class: 'grow' }, h('b', { class: 't16' }, name), note && h('span', { class: 't12 mute' }, note)), h('button', { type: 'button', class: 'btn', onclick: acts.restart }, t('换位置'))),
    h('fieldset', { class: 'sec em-masses' }, h('legend', {}, t('TNT 当量')), h('p', { class: 'hint', id: 'em-mass-hint' }, t('量不清楚时三种都填，一次算完；至少填一种。')),
      h('div', { class: 'em-three' }, NAMES.map((key) => massField(key, form.masses[key], bad.has(key), acts))),
      h('button', { type: 'button', class: 'btn btn-q btn-s em-spread', onclick: acts.spread }, t('按“可能”的 1/{n} 与 {n} 倍填另两种', { n: SPREAD }))),
    h('div', { class: 'sec stack' }, levelChoice(levels, form.levels, acts), modelChoice(models, form.model, acts)),
    fault && h('div', { class: 'sec' }, faultBox(fault)),
    h('div', { class: 'sec em-go' }, h('button', { type: 'submit', class: 'btn btn-p btn-w', 'aria-busy': String(busy) }, t('计算影响范围')), h('p', { class: 'hint' }, t('结果是筛查估算，计算即存档，不可更改。'))));
}

/** The likely mass, a third and three times of it, as text. */
export function spreadMasses(likely) {
  const kg = parseMass(likely ?? '');
  if (!Number.isFinite(kg) || kg <= 0) return null;
  const short = (value) => String(Number(value.toPrecision(3)));
  return { low: short(kg / SPREAD), likely, high: short(kg * SPREAD) };
}
