// A small map: what of the file would be stored, on the base map of the city.

import * as ml from 'maplibre-gl';
import { api } from 'cityops/api';
import { BASE_LAYERS } from 'cityops/map/basemap';
import { styleOf } from 'cityops/map/layers';
import { token } from 'cityops/theme';

const NONE = { type: 'FeatureCollection', features: [] };
ml.setWorkerUrl(document.querySelector('meta[name=maplibre-worker]').content);

/** A quiet map of the city in `container`: `{map, ready, city, layers}`. */
export async function baseMap(container) {
  const { layers, city } = await api('layers');
  const used = layers.filter((layer) => BASE_LAYERS.has(layer.name));
  const map = new ml.Map({
    container, style: styleOf(used, null), attributionControl: false, dragRotate: false, pitchWithRotate: false, maxZoom: 20, minZoom: 1,
    bounds: city.bounds, fitBoundsOptions: { padding: 20 },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new ml.NavigationControl({ showCompass: false }), 'top-right');
  await new Promise((resolve) => { map.once('load', resolve); });
  return { map, city, layers };
}

/** What would be stored in full, what is refused hollow and dashed. */
function drawn() {
  const [good, bad, halo] = [token('accent'), token('late'), token('m-halo')];
  const is = (type, ok) => ['all', [type === 'Line' ? '!=' : '==', ['geometry-type'], type === 'Line' ? 'Point' : type], ...(ok == null ? [] : [['==', ['get', 'ok'], ok]])];
  return [
    { id: 'sketch-fill', type: 'fill', filter: is('Polygon', true), paint: { 'fill-color': good, 'fill-opacity': 0.16 } },
    { id: 'sketch-case', type: 'line', filter: is('Line'), paint: { 'line-color': halo, 'line-width': 4 } },
    { id: 'sketch-line', type: 'line', filter: is('Line', true), paint: { 'line-color': good, 'line-width': 1.8 } },
    { id: 'sketch-line-bad', type: 'line', filter: is('Line', false), paint: { 'line-color': bad, 'line-width': 1.8, 'line-dasharray': [2, 2] } },
    { id: 'sketch-point', type: 'circle', filter: is('Point', true), paint: { 'circle-color': good, 'circle-radius': 4, 'circle-stroke-color': halo, 'circle-stroke-width': 1.2 } },
    { id: 'sketch-point-bad', type: 'circle', filter: is('Point', false), paint: { 'circle-color': halo, 'circle-radius': 3.5, 'circle-stroke-color': bad, 'circle-stroke-width': 1.8 } },
  ];
}

/** The map of a delivery; `show(sketch)` draws what a look found. */
export async function startSketch(container) {
  const { map, layers } = await baseMap(container);
  map.addSource('sketch', { type: 'geojson', data: NONE });
  for (const layer of drawn()) map.addLayer({ ...layer, source: 'sketch' });
  map.on('idle', () => { document.documentElement.dataset.sketch = 'idle'; });
  let shown = '';
  return {
    map,
    layers,
    show(sketch) {
      document.documentElement.dataset.sketch = 'busy';
      map.getSource('sketch').setData(sketch?.features ?? NONE);
      const bounds = sketch?.bounds;
      if (!bounds || bounds.join() === shown) return;
      shown = bounds.join();
      map.fitBounds(bounds, { padding: 32, maxZoom: 17, duration: 0 });
    },
  };
}
