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

/** Show one case as hovered, or none. */
export function showHover(map, id) {
  if (map.getLayer('cases-hover')) map.setFilter('cases-hover', ['==', ['get', 'id'], id ?? '']);
}

/** Show one case as opened, or none. */
export function showOpen(map, id) {
  if (map.getLayer('cases-open')) map.setFilter('cases-open', ['==', ['get', 'id'], id ?? '']);
}
