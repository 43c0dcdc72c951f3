// One delivery on the bench: every change of the form is looked at again, then it is imported.

import { api } from 'cityops/api';
import { debounce, h, icon } from 'cityops/dom';
import { count, t } from 'cityops/i18n';
import { drawForm } from 'cityops/imports/form';
import { cancel, watch } from 'cityops/imports/job';
import { figures, notes, refusal, rowsBox, verdict } from 'cityops/imports/outcome';
import { startSketch } from 'cityops/imports/sketch';
import { inWords } from 'cityops/imports/words';
import { complain, toast } from 'cityops/toast';

const at = (id) => document.getElementById(id);
const kept = (id) => `cityops.import.${id}`;
const FORM = ['layer', 'new', 'title', 'crs', 'map', 'set', 'reference', 'repair', 'encoding', 'source_layer', 'swap_axes', 'all_or_nothing', 'again'];

/** The bench; `open(id)` puts a delivery on it, `leave` is called when the person goes back. */
export function createBench(boot, leave) {
  let delivery = null;
  let options = null;
  let report = null;
  let busy = null; // {job, word, done, total, importing}
  let asked = null;
  let sketch = null;
  const view = { tab: 'rows' };

  async function open(id) {
    stop();
    report = null;
    try {
      delivery = await api(`imports/${id}`);
    } catch (fault) { complain(fault); leave(); return; }
    options = draft(delivery);
    report = delivery.report;
    at('work').hidden = false;
    draw();
    sketch ??= startSketch(at('sketch'));
    sketch.then((one) => { one.map.resize(); one.show(report?.sketch); });
    const job = delivery.job;
    if (job && ['queued', 'running'].includes(job.state)) follow(job);
    else if (delivery.state === 'received' || delivery.state === 'refused') look();
  }

  function draft(one) {
    const fresh = { layer: one.options.layer, title: one.options.title };
    let typed = {};
    try { typed = JSON.parse(localStorage.getItem(kept(one.id)) ?? '{}'); } catch { typed = {}; }
    return { fresh, ...one.options, ...(one.state === 'stored' ? {} : typed) };
  }

  function change(part) {
    options = { ...options, ...part };
    localStorage.setItem(kept(delivery.id), JSON.stringify(options));
    draw();
    if (options.crs !== 'other') lookSoon();
  }
  const lookSoon = debounce(() => look(), 350);

  const sent = () => Object.fromEntries(FORM.map((name) => [name, options[name]]).filter(([, value]) => value != null));

  async function look() {
    stop();
    try {
      const job = await api(`imports/${delivery.id}/look`, { json: sent() });
      await follow(job);
    } catch (fault) { if (fault.name !== 'AbortError') { busy = null; draw(); complain(fault); } }
  }

  async function bring() {
    stop();
    try {
      const job = await api(`imports/${delivery.id}/import`, { json: sent() });
      await follow(job, true);
    } catch (fault) { if (fault.name !== 'AbortError') { busy = null; draw(); complain(fault); } }
  }

  /** Watch a job of this delivery, then show what it found. */
  async function follow(job, importing = false) {
    asked = new AbortController();
    busy = { job: job.id, importing, ...job.progress };
    drawOutcome();
    const ended = await watch(job.id, (now) => { busy = { ...busy, ...now.progress }; drawOutcome(); }, asked.signal);
    busy = null;
    delivery = await api(`imports/${delivery.id}`, { signal: asked.signal });
    report = delivery.report;
    if (ended.state === 'cancelled') toast(t('已取消，没有导入任何内容'));
    else if (ended.state === 'failed' && !report?.refusal) complain({ error: ended.error?.error });
    if (delivery.state === 'stored') localStorage.removeItem(kept(delivery.id));
    if ((report?.refused_rows ?? 0) === 0) view.tab = 'rows';
    draw();
    (await sketch)?.show(report?.sketch);
  }

  function stop() {
    lookSoon.cancel();
    asked?.abort();
    asked = null;
    busy = null;
  }

  async function undo() {
    try {
      const done = await api(`imports/${delivery.id}/undo`, { method: 'POST' });
      toast(done.layer_withdrawn ? t('已撤销，取出 {n} 个要素，为它新建的图层也已撤去', { n: count(done.removed) }) : t('已撤销，取出 {n} 个要素', { n: count(done.removed) }));
      await open(delivery.id);
    } catch (fault) { complain(fault); }
  }

  // -- drawing ------------------------------------------------------------------------------

  function draw() {
    const stored = delivery.state === 'stored' || delivery.state === 'undone';
    drawForm(at('form'), { delivery, report, options, boot, change, leave });
    for (const control of at('form').querySelectorAll('input,select,button')) if (control.id !== 'other-file') control.disabled = stored || Boolean(busy?.importing);
    drawOutcome();
    at('rows').hidden = !report?.rows && !report?.refused?.length;
    if (!at('rows').hidden) at('rows').replaceChildren(...rowsBox(report, view, draw, `/api/v1/imports/${delivery.id}/refused.csv`));
    at('sketch-note').textContent = sketchNote();
  }

  function sketchNote() {
    if (!report?.sketch) return t('核对后在这里看位置');
    const { features } = report.sketch.features;
    const bad = features.filter((one) => !one.properties.ok).length;
    const parts = [features.length < report.sketch.of ? t('图上画了 {n} 个，共 {of} 个有位置', { n: count(features.length), of: count(report.sketch.of) }) : t('图上是有位置的 {n} 个要素', { n: count(features.length) })];
    if (bad > 0) parts.push(t('红色空心、虚线的会被拒绝'));
    return parts.join('；');
  }

  function drawOutcome() {
    const box = at('outcome');
    box.classList.toggle('is-old', Boolean(busy) && !busy.importing);
    const counted = report?.stored != null;
    box.replaceChildren(...[
      heading(), busy && progress(), report?.refusal && !busy && refusal(report.refusal, change), counted && figures(report), verdict(report?.suspicion, change), counted && notes(report),
      report?.duplicate && h('p', { class: 'verdict soon' }, icon('info'), t('同一文件以前导入过（第 {n} 次交付），没有重复导入。', { n: report.delivery })), acts(),
    ].filter(Boolean));
  }

  function heading() {
    const words = { stored: t('已导入'), undone: t('已撤销') };
    return h('h3', {}, words[delivery.state] ?? (busy?.importing ? t('正在导入') : report ? t('核对结果') : t('正在核对')));
  }

  function progress() {
    const share = busy.total ? (busy.done / busy.total) * 100 : null;
    return h('div', { class: 'data-busy' }, h('span', { class: 'mute' }, busy.text || t('排队中')),
      busy.importing && h('button', { type: 'button', class: 'btn btn-s', id: 'cancel', onclick: () => cancel(busy.job).catch(complain) }, t('取消')),
      h('div', { class: share ? 'progress' : 'progress is-open', role: 'progressbar', 'aria-valuenow': String(Math.round(share ?? 0)), 'aria-label': t('进度') }, h('i', { style: { width: `${share ?? 30}%` } })));
  }

  function acts() {
    if (delivery.state === 'stored') {
      return h('div', { class: 'acts' }, h('a', { class: 'btn btn-p', id: 'on-map', href: mapAddress() }, icon('map', 'i-16'), t('在地图上看')),
        h('button', { type: 'button', class: 'btn', onclick: leave }, t('再导入一个文件')), h('button', { type: 'button', class: 'btn btn-d end', id: 'undo', onclick: undo }, icon('undo', 'i-16'), t('撤销这次导入')));
    }
    if (delivery.state === 'undone') return h('div', { class: 'acts' }, h('button', { type: 'button', class: 'btn btn-p', onclick: leave }, t('再导入一个文件')));
    const ready = !busy && report?.stored > 0 && !report.refusal && !(options.all_or_nothing && report.refused_rows > 0);
    return h('div', { class: 'acts' }, h('button', { type: 'button', class: 'btn btn-p', id: 'bring', disabled: !ready, onclick: bring }, report?.stored > 0 ? t('导入 {n} 行', { n: count(report.stored) }) : t('导入')),
      report?.refused_rows > 0 && h('span', { class: 'hint' }, options.all_or_nothing ? inWords(t('有 {n} 行有错，按所选全部不导入', { n: count(report.refused_rows) })) : t('{n} 行被拒绝，不会导入', { n: count(report.refused_rows) })));
  }

  function mapAddress() {
    const bounds = report?.sketch?.bounds;
    const name = delivery.layer;
    if (!bounds) return `/map?on=${name}&show=${name}`;
    const [west, south, east, north] = bounds;
    const zoom = Math.max(3, Math.min(17, Math.log2(360 / Math.max(east - west, (north - south) * 1.6, 0.002)) + 0.85));
    return `/map?at=${((west + east) / 2).toFixed(5)},${((south + north) / 2).toFixed(5)},${zoom.toFixed(2)}&on=${name}&show=${name}`;
  }

  return { open, close: () => { stop(); at('work').hidden = true; } };
}
