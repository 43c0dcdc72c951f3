// Cases on the map: the same numbers and colours as in the list, hovered and opened in both.

import { lightOf } from 'cityops/cases/deadline';
import { FONT, token } from 'cityops/theme';

const SOURCE = 'cases';
const NOBODY = ['==', ['get', 'id'], ''];

/** Put the layers of cases on the map, above everything. */
export function addPoints(map) {
  const accent = token('accent');
  map.addSource(SOURCE, { type: 'geojson', data: { type: 'FeatureCollection', features: [] } });
  const circle = (id, filter, paint) => map.addLayer({ id, type: 'circle', source: SOURCE, filter, paint });
  circle('cases-hover', NOBODY, { 'circle-radius': 18, 'circle-color': accent, 'circle-opacity': 0.25 });
  circle('cases-open', NOBODY, { 'circle-radius': 16, 'circle-color': '#ffffff', 'circle-stroke-color': accent, 'circle-stroke-width': 3 });
  circle('cases-point', ['all'], {
    'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 4, 13, 9, 16, 11], 'circle-color': ['case', ['get', 'ended'], token('n-400'), ['match', ['get', 'light'], 'late', token('late'), 'soon', token('w-orange'), token('n-700')]],
    'circle-stroke-color': '#ffffff', 'circle-stroke-width': 2,
  });
  map.addLayer({ id: 'cases-number', type: 'symbol', source: SOURCE, minzoom: 12.5, layout: { 'text-field': ['to-string', ['get', 'n']], 'text-font': FONT, 'text-size': 11, 'text-allow-overlap': true, 'text-ignore-placement': true }, paint: { 'text-color': ['match', ['get', 'light'], 'soon', token('w-orange-on'), '#ffffff'] } });
}

/** Take them away. */
export function removePoints(map) {
  for (const id of ['cases-number', 'cases-point', 'cases-open', 'cases-hover']) if (map.getLayer(id)) map.removeLayer(id);
  if (map.getSource(SOURCE)) map.removeSource(SOURCE);
}

/** Show cases, numbered in their order. */
export function showPoints(map, cases) {
  const features = cases.map((one, i) => ({ one, n: i + 1 })).filter(({ one }) => one.position).map(({ one, n }) => ({
    type: 'Feature', geometry: { type: 'Point', coordinates: one.position }, properties: { id: one.id, n, ended: one.ended, light: one.ended ? '' : lightOf(one.deadline) },
  }));
  map.getSource(SOURCE)?.setData({ type: 'FeatureCollection', features });
}

const ROOM = 48;

/** Move the map only when a place is out of sight or under a panel that lies on the map. */
export function bringToFree(map, place) {
  const box = map.getContainer().getBoundingClientRect();
  const [left, right, bottom] = covered(box);
  const free = { left: left + ROOM, right: box.width - right - ROOM, top: ROOM, bottom: box.height - bottom - ROOM };
  const { x, y } = map.project(place);
  if (x > free.left && x < free.right && y > free.top && y < free.bottom) return;
  const isNear = map.getBounds().contains(place);
  map.easeTo({ center: place, zoom: isNear ? map.getZoom() : Math.max(17, map.getZoom()), offset: [(left - right) / 2, -bottom / 2], duration: 250 });
}

/** How far panels reach into the map from its left, its right and its foot, in pixels. */
function covered(box) {
  const layers = document.getElementById('layers');
  const panel = document.getElementById('panel').getBoundingClientRect();
  const list = layers.getBoundingClientRect();
  const left = layers.classList.contains('is-shut') || list.width > box.width / 2 ? 0 : Math.max(0, list.right - box.left);
  if (panel.width === 0 || panel.left >= box.right || panel.top >= box.bottom) return [left, 0, 0];
  const isSheet = panel.width > box.width / 2;
  return isSheet ? [left, 0, Math.max(0, Math.min(box.height / 2, box.bottom - panel.top))] : [left, Math.max(0, box.right - panel.left), 0];
}

/** Show one case as hovered, or none. */
export function showHover(map, id) {
  if (map.getLayer('cases-hover')) map.setFilter('cases-hover', ['==', ['get', 'id'], id ?? '']);
}

/** Show one case as opened, or none. */
export function showOpen(map, id) {
  if (map.getLayer('cases-open')) map.setFilter('cases-open', ['==', ['get', 'id'], id ?? '']);
}
