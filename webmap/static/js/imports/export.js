// A layer out of the program: which, as what, where, in which system; made as a job.

import { api } from 'cityops/api';
import { h, icon } from 'cityops/dom';
import { count, t, title } from 'cityops/i18n';
import { watch } from 'cityops/imports/job';
import { baseMap } from 'cityops/imports/sketch';
import { bytes, GEOMETRIES, SYSTEMS } from 'cityops/imports/words';
import { complain } from 'cityops/toast';

const KEPT = 'cityops.export';

/** Fill `element` with the form for exports. */
export function startExport(element, boot, params) {
  const layers = boot.layers.filter((layer) => layer.exports);
  const typed = restored();
  const known = (name) => layers.some((layer) => layer.name === name);
  const chosen = {
    layer: [params.get('layer'), typed.layer].find(known) ?? layers.find((layer) => layer.count > 0)?.name ?? layers[0]?.name,
    format: boot.formats.some((one) => one.name === typed.format) ? typed.format : 'gpkg', crs: typed.crs ?? '', where: 'all', encoding: typed.encoding ?? 'UTF-8',
  };
  let map = null;
  let frame = null;

  const told = h('div', { id: 'exported', 'aria-live': 'polite' });
  const go = h('button', { type: 'button', class: 'btn btn-p', id: 'export-go', onclick: run }, icon('dl', 'i-16'), t('导出'));
  const fields = h('div', { class: 'box' });
  const place = h('div', { id: 'export-map' });
  element.replaceChildren(h('div', { class: 'data-export' }, fields, h('div', { class: 'box map-box' }, place, h('p', { class: 'hint', id: 'export-note' }))));
  draw();
  baseMap(place).then((made) => {
    map = made.map;
    map.on('move', tellPlace);
    map.on('idle', () => { document.documentElement.dataset.exportMap = 'idle'; });
    const { bounds } = made.layers.find((layer) => layer.name === chosen.layer) ?? {};
    if (bounds) map.fitBounds(bounds, { padding: 24, duration: 0 });
    frame = made.layers;
    tellPlace();
  }).catch(complain);

  function change(part) {
    Object.assign(chosen, part);
    localStorage.setItem(KEPT, JSON.stringify(chosen));
    if (part.layer && map) {
      const { bounds } = frame.find((layer) => layer.name === part.layer) ?? {};
      if (bounds) map.fitBounds(bounds, { padding: 24, duration: 0 });
    }
    draw();
    tellPlace();
  }

  function draw() {
    const layer = layers.find((one) => one.name === chosen.layer);
    if (!layer) { fields.replaceChildren(h('p', { class: 'mute' }, t('没有可以导出的图层'))); return; }
    fields.replaceChildren(...[
      h('h3', {}, t('导出图层')),
      field(t('图层'), 'export-layer', select('export-layer', layers.map((one) => [one.name, `${title(one.title)}（${GEOMETRIES[one.geometry]()}，${count(one.count)}）`]), chosen.layer, (value) => change({ layer: value }))),
      h('div', { class: 'field' }, h('span', { class: 'lbl' }, t('格式')), h('div', { class: 'formats' }, boot.formats.map((one) => h('button', { type: 'button', class: 'chip', 'aria-pressed': String(one.name === chosen.format), onclick: () => change({ format: one.name }) }, `${one.title} ${one.ending}`)))),
      chosen.format === 'shapefile' && field(t('文字编码'), 'export-encoding', select('export-encoding', [['UTF-8', 'UTF-8'], ['GBK', 'GBK']], chosen.encoding, (value) => change({ encoding: value }))),
      field(t('坐标系'), 'export-crs', select('export-crs', [['', t('CGCS2000 经纬度（EPSG:4490）')], ['same', t('交付时的坐标系，数字不变')], ...SYSTEMS.filter(([code]) => code !== 'EPSG:4490').map(([code, name]) => [code, t(name)])], chosen.crs, (value) => change({ crs: value }))),
      field(t('范围'), 'export-where', select('export-where', [['all', t('全部')], ['view', t('右边地图的范围')]], chosen.where, (value) => change({ where: value }))),
      h('div', { class: 'row' }, go), told,
    ].filter(Boolean));
  }

  function tellPlace() {
    const note = document.getElementById('export-note');
    if (!note || !map) return;
    note.textContent = chosen.where === 'view' ? t('导出图中范围：{box}', { box: box().replaceAll(',', '，') }) : t('导出全部；要只导出一部分，把范围改为地图的范围，再移动地图');
  }

  function box() {
    const b = map.getBounds();
    return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((n) => n.toFixed(5)).join(',');
  }

  async function run() {
    go.setAttribute('aria-busy', 'true');
    told.replaceChildren(h('p', { class: 'mute' }, t('正在导出…')));
    try {
      const json = { layer: chosen.layer, format: chosen.format, crs: chosen.crs || null, encoding: chosen.format === 'shapefile' ? chosen.encoding : null, bbox: chosen.where === 'view' && map ? box() : null };
      const job = await watch((await api('exports', { json })).id, () => {});
      if (job.state === 'done') show(job);
      else { told.replaceChildren(); complain({ error: job.error?.error }); }
    } catch (fault) { told.replaceChildren(); complain(fault); } finally { go.removeAttribute('aria-busy'); }
  }

  function show(job) {
    const { result } = job;
    const address = `/api/v1/exports/jobs/${job.id}/file`;
    told.replaceChildren(...[h('div', { class: 'verdict ok' }, icon('check'), h('b', {}, t('已导出 {n} 个要素', { n: count(result.rows) })),
      h('p', {}, h('a', { href: address, download: result.file, id: 'exported-file' }, `${result.file}（${bytes(result.bytes)}）`))),
    result.warnings?.length > 0 && h('ul', { class: 'notes' }, result.warnings.map((note) => h('li', {}, icon('warn', 'i-16'), h('b', {}, note.what)))),
    result.losses.length > 0 && lossList(result.losses),
    h('p', { class: 'hint' }, result.notices.join('　'))].filter(Boolean));
    told.querySelector('a').click();
  }
}

/** What the format could not hold; shortened names behind one line. */
function lossList(losses) {
  const names = losses.filter((note) => note.code === 'export.renamed');
  const others = losses.filter((note) => note.code !== 'export.renamed');
  const line = (...body) => h('li', {}, icon('info', 'i-16'), h('span', {}, body));
  return h('ul', { class: 'notes' }, others.map((note) => line(note.what)),
    names.length > 0 && line(h('details', {}, h('summary', {}, t('{n} 个字段换了名字', { n: names.length })), h('ul', { class: 't12 mute' }, names.map((note) => h('li', { style: { display: 'block' } }, note.what))))));
}

function restored() {
  try { return JSON.parse(localStorage.getItem(KEPT) ?? '{}'); } catch { return {}; }
}

const field = (label, id, control) => h('div', { class: 'field' }, h('label', { for: id }, label), control);

function select(id, entries, value, tell) {
  return h('select', { class: 'input', id, onchange: (event) => tell(event.target.value) }, entries.map(([code, name]) => h('option', { value: code, selected: code === value }, name)));
}
