// Before a run: which place, which masses, which levels, which model.

import { h, icon } from 'cityops/dom';
import { count, t, title } from 'cityops/i18n';
import { ALTERNATIVES, alternativeWord, massText, timeText } from 'cityops/emergency/words';

const NAMES = Object.keys(ALTERNATIVES);
/** What the button does that fills low and high from the likely mass. */
const SPREAD = 3;
/** Charges that a run takes, as in `hazards/blast.py`. */
const LEAST_KG = 0.001;
const MOST_KG = 1e7;

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

/** One mass: what was typed, what it is read as, and below it why it cannot be taken. */
function massField(name, value, fault, acts) {
  const id = `em-mass-${name}`;
  const read = (text) => { const kg = parseMass(text); return Number.isFinite(kg) && kg > 0 ? massText(kg) : ''; };
  const echo = h('span', { class: 't12 mute em-echo' }, read(value ?? ''));
  const said = h('p', { class: 'bad t12', id: `${id}-bad`, role: 'alert' });
  const input = h('input', { id, name, type: 'text', inputmode: 'decimal', autocomplete: 'off', value: value ?? '', 'aria-describedby': `em-mass-hint ${id}-bad`,
    oninput: () => { echo.textContent = read(input.value); tell(null); acts.typed(name, input.value.trim()); },
    onchange: () => flag(massFault(input.value) != null) });
  const box = h('div', { class: 'input input-with' }, input, h('span', { class: 'em-unit' }, 'kg'));
  // A sentence that came as the field is left would move the button from under the pointer.
  function flag(bad) { box.classList.toggle('is-bad', bad); input.setAttribute('aria-invalid', String(bad)); }
  function tell(why) {
    flag(why != null);
    said.hidden = why == null;
    said.textContent = why ?? '';
  }
  tell(fault && [fault.message, fault.hint].filter(Boolean).join(t('。')));
  return h('div', { class: 'field' }, h('label', { for: id }, alternativeWord(name)), box, echo, said);
}

const TONNES = new Set(['t', '吨']);

/** A mass as it was typed, in kg; NaN when it is no number. `1,500`, `１５００`, `1.5 t` are the same. */
export function parseMass(text) {
  const plain = text.normalize('NFKC').replaceAll(/[,\s]/g, '').toLowerCase();
  const found = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(kg|t|吨|千克|公斤)?$/.exec(plain);
  if (!found) return NaN;
  return TONNES.has(found[2]) ? Number((Number(found[1]) * 1000).toPrecision(15)) : Number(found[1]);
}

/** Why a typed mass cannot be taken, as a sentence; null when it can, or when nothing is typed. */
export function massFault(text) {
  if (!text?.trim()) return null;
  const kg = parseMass(text);
  if (!Number.isFinite(kg)) return t('“{text}”不是数字，填千克数，如 60000 或 60 t', { text: text.trim() });
  if (kg <= 0) return t('须大于 0');
  return kg < LEAST_KG || kg > MOST_KG ? t('须在 {least} 至 {most} 之间', { least: massText(LEAST_KG), most: massText(MOST_KG) }) : null;
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

function faultBox(faults) {
  return h('div', { class: 'error', role: 'alert' }, h('h4', {}, t('没有计算')), h('ul', { class: 'em-points' }, faults.map((one) => h('li', {}, one.message, one.hint && h('span', { class: 'em-note' }, one.hint), ' ', h('span', { class: 'code' }, one.code)))));
}

/** The form for a chosen place; `form` is `{masses, levels, model}` as text, `acts` what it calls. */
export function formBody({ name, note, form, levels, models, fault, busy, acts }) {
  const atField = new Map(faultsOf(fault).filter(massOf).map((one) => [massOf(one), one]));
  const others = faultsOf(fault).filter((one) => !massOf(one));
  const submit = (event) => { event.preventDefault(); acts.compute(); };
  return h('form', { class: 'em em-form', novalidate: true, onsubmit: submit },
    h('div', { class: 'em-source-line' }, h('div', { class: 'grow' }, h('b', { class: 't16' }, name), note && h('span', { class: 't12 mute' }, note)), h('button', { type: 'button', class: 'btn', onclick: acts.restart }, t('换位置'))),
    h('fieldset', { class: 'sec em-masses' }, h('legend', {}, t('TNT 当量')), h('p', { class: 'hint', id: 'em-mass-hint' }, t('量不清楚时三种都填，一次算完；至少填一种，从小到大。')),
      h('div', { class: 'em-three' }, NAMES.map((key) => massField(key, form.masses[key], atField.get(key), acts))),
      h('button', { type: 'button', class: 'btn btn-q btn-s em-spread', onclick: acts.spread }, t('按“可能”的 1/{n} 与 {n} 倍填另两种', { n: SPREAD }))),
    h('div', { class: 'sec stack' }, levelChoice(levels, form.levels, acts), modelChoice(models, form.model, acts)),
    others.length > 0 && h('div', { class: 'sec' }, faultBox(others)),
    h('div', { class: 'sec em-go' }, h('button', { type: 'submit', class: 'btn btn-p btn-w', 'aria-busy': String(busy) }, t('计算影响范围')), h('p', { class: 'hint' }, t('结果是筛查估算，计算即存档，不可更改。'))));
}

/** The likely mass, a third and three times of it, as text. */
export function spreadMasses(likely) {
  const kg = parseMass(likely ?? '');
  if (!Number.isFinite(kg) || kg <= 0) return null;
  const short = (value) => String(Number(value.toPrecision(3)));
  return { low: short(kg / SPREAD), likely, high: short(kg * SPREAD) };
}
