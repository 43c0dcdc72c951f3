// A hazard run on the map: bands with hatch and text, the other alternatives dotted, numbered places.

import { h, icon } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { FONT, token } from 'cityops/theme';
import { hatchImage, rankColours } from 'cityops/emergency/hatch';
import { alternativeWord, levelText, massText, placeText, radiusText, RANKS, rankWord } from 'cityops/emergency/words';

const NONE = { type: 'FeatureCollection', features: [] };
const DASH = { red: null, orange: [5, 2], yellow: [2.5, 1.5], blue: [1, 1.5] };
/**
 * Where on its ring a zone says its name, clear of each other, of the source and of the legend:
 * share of the way round, counter-clockwise from the north, and the side of the label that lies there.
 */
const LABELS = [[0.25, 'right'], [0.75, 'left'], [0.36, 'center'], [0.14, 'center']];

/** Bands of an alternative: each zone without the stronger one in it. */
function bands(alternative) {
  return alternative.zones.map((zone, i) => ({
    type: 'Feature', properties: { rank: zone.rank, zone: i },
    geometry: { type: 'Polygon', coordinates: [zone.geometry.coordinates[0], ...(i > 0 ? [[...alternative.zones[i - 1].geometry.coordinates[0]].reverse()] : [])] },
  }));
}

function outlines(alternative) {
  return alternative.zones.map((zone, i) => ({ type: 'Feature', properties: { rank: zone.rank, zone: i }, geometry: { type: 'LineString', coordinates: zone.geometry.coordinates[0] } }));
}

function others(run, name) {
  return run.alternatives.filter((one) => one.name !== name).map((one) => ({
    type: 'Feature', properties: { label: `${alternativeWord(one.name)} ${massText(one.mass_kg)}` },
    geometry: { type: 'LineString', coordinates: one.zones.at(-1).geometry.coordinates[0] },
  }));
}

/** Sensitive places within the outermost zone of an alternative, numbered as in the list. */
export function placesOf(run, name) {
  return (run.lists?.places ?? []).filter((place) => place.zone[name] != null);
}

function numbered(run, name) {
  return placesOf(run, name).map((place, i) => ({
    type: 'Feature', properties: { number: String(i + 1), id: place.id }, geometry: { type: 'Point', coordinates: [place.lon, place.lat] },
  }));
}

/** Draws runs; `show` replaces what is there, `clear` takes everything away. */
export function createDrawing(app, { onPlace }) {
  const { map, ml } = app;
  const made = [];
  let markers = [];

  function source(id) { map.addSource(id, { type: 'geojson', data: NONE }); }
  function layer(spec, before) { map.addLayer(spec, before); made.push(spec.id); }

  function start() {
    const above = map.getStyle().layers.find((one) => one.metadata?.part === 'names')?.id ?? 'selection-fill';
    ['em-bands', 'em-lines', 'em-others', 'em-places'].forEach(source);
    for (const rank of Object.keys(RANKS)) {
      const { fill, line } = rankColours(rank);
      if (!map.hasImage(`em-${rank}`)) map.addImage(`em-${rank}`, hatchImage(rank), { pixelRatio: 2 });
      const filter = ['==', ['get', 'rank'], rank];
      layer({ id: `em-fill-${rank}`, type: 'fill', source: 'em-bands', filter, paint: { 'fill-color': fill, 'fill-opacity': rank === 'yellow' ? 0.24 : 0.15 } }, above);
      layer({ id: `em-hatch-${rank}`, type: 'fill', source: 'em-bands', filter, paint: { 'fill-pattern': `em-${rank}`, 'fill-opacity': rank === 'yellow' ? 0.3 : 0.36 } }, above);
      layer({ id: `em-case-${rank}`, type: 'line', source: 'em-lines', filter, layout: { 'line-join': 'round' }, paint: { 'line-color': token('m-halo'), 'line-width': 5.5, 'line-opacity': 0.85 } }, above);
      layer({ id: `em-line-${rank}`, type: 'line', source: 'em-lines', filter, layout: { 'line-join': 'round' }, paint: { 'line-color': line, 'line-width': 2.8, ...(DASH[rank] ? { 'line-dasharray': DASH[rank] } : {}) } }, above);
    }
    layer({ id: 'em-hover', type: 'line', source: 'em-lines', filter: ['==', ['get', 'zone'], -1], paint: { 'line-color': token('accent'), 'line-width': 6, 'line-opacity': 0.7 } }, above);
    layer({ id: 'em-other-line', type: 'line', source: 'em-others', paint: { 'line-color': token('ink-2'), 'line-width': 1.4, 'line-dasharray': [1, 3] } }, 'selection-fill');
    layer({ id: 'em-other-name', type: 'symbol', source: 'em-others', layout: { 'symbol-placement': 'line', 'symbol-spacing': 700, 'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 12, 'text-max-angle': 40 }, paint: { 'text-color': token('ink-2'), 'text-halo-color': token('m-halo'), 'text-halo-width': 2 } }, 'selection-fill');
    layer({ id: 'em-place', type: 'circle', source: 'em-places', paint: { 'circle-radius': 11, 'circle-color': token('surface'), 'circle-stroke-color': token('ink'), 'circle-stroke-width': 2 } }, 'selection-fill');
    layer({ id: 'em-place-n', type: 'symbol', source: 'em-places', layout: { 'text-field': ['get', 'number'], 'text-font': FONT, 'text-size': 13, 'text-allow-overlap': true, 'text-ignore-placement': true }, paint: { 'text-color': token('ink'), 'text-halo-color': token('surface'), 'text-halo-width': 0.6 } }, 'selection-fill');
    map.on('mouseenter', 'em-place', enter);
    map.on('mouseleave', 'em-place', leave);
  }
  function enter(event) { onPlace(event.features[0].properties.id); }
  function leave() { onPlace(null); }

  function put(element, lngLat, anchor = 'center') {
    markers.push(new ml.Marker({ element, anchor }).setLngLat(lngLat).addTo(map));
  }
  function badge(zone, i) {
    const ring = zone.geometry.coordinates[0];
    const element = h('div', { class: `em-badge ${zone.rank}`, dataset: { zone: String(i) }, title: t('{level} 圈，半径约 {r}', { level: levelText(zone), r: radiusText(zone.radius_told_m) }) },
      h('b', {}, rankWord(zone.rank)), h('span', {}, radiusText(zone.radius_told_m)));
    const [share, anchor] = LABELS[i % LABELS.length];
    put(element, ring[Math.round(share * (ring.length - 1))], anchor);
  }
  /** The cross at the source, with its name. */
  function cross(lngLat, name) {
    put(h('div', { class: 'em-source', role: 'img', 'aria-label': t('爆炸源：{name}', { name }) }, h('i', {}, icon('x')), h('span', {}, name)), lngLat);
  }
  function clear() {
    markers.forEach((marker) => marker.remove());
    markers = [];
    for (const id of ['em-bands', 'em-lines', 'em-others', 'em-places']) map.getSource(id)?.setData(NONE);
  }
  const collection = (features) => ({ type: 'FeatureCollection', features });

  start();
  return {
    clear,
    /** A place that was chosen and not computed yet. */
    mark(lngLat, name) { clear(); cross(lngLat, name); },
    /** One alternative of a run. */
    show(run, name) {
      clear();
      const alternative = run.alternatives.find((one) => one.name === name);
      map.getSource('em-bands').setData(collection(bands(alternative)));
      map.getSource('em-lines').setData(collection(outlines(alternative)));
      map.getSource('em-others').setData(collection(others(run, name)));
      map.getSource('em-places').setData(collection(numbered(run, name)));
      alternative.zones.forEach(badge);
      cross([run.place.lon, run.place.lat], placeText(run));
    },
    /** Make one ring stand out, or none. */
    hover(zone) { map.setFilter('em-hover', ['==', ['get', 'zone'], zone ?? -1]); },
    /** Box of an alternative's outermost zone. */
    boxOf(run, name) {
      const ring = run.alternatives.find((one) => one.name === name).zones.at(-1).geometry.coordinates[0];
      const xs = ring.map(([x]) => x);
      const ys = ring.map(([, y]) => y);
      return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    },
    /** Key of the numbered place under a point, or null. */
    placeAt(point) { return map.queryRenderedFeatures(point, { layers: ['em-place'] })[0]?.properties.id ?? null; },
    remove() {
      clear();
      map.off('mouseenter', 'em-place', enter);
      map.off('mouseleave', 'em-place', leave);
      made.forEach((id) => map.getLayer(id) && map.removeLayer(id));
      for (const id of ['em-bands', 'em-lines', 'em-others', 'em-places']) if (map.getSource(id)) map.removeSource(id);
    },
  };
}
