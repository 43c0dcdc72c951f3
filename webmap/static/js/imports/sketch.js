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

/** The map of a delivery; `show(sketch)` draws what a look found. */
export async function startSketch(container) {
  const { map, layers } = await baseMap(container);
  const colour = token('late');
  map.addSource('sketch', { type: 'geojson', data: NONE });
  map.addLayer({ id: 'sketch-fill', type: 'fill', source: 'sketch', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': colour, 'fill-opacity': 0.14 } });
  map.addLayer({ id: 'sketch-case', type: 'line', source: 'sketch', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': token('m-halo'), 'line-width': 4 } });
  map.addLayer({ id: 'sketch-line', type: 'line', source: 'sketch', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': colour, 'line-width': 1.8 } });
  map.addLayer({ id: 'sketch-point', type: 'circle', source: 'sketch', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-color': colour, 'circle-radius': 4, 'circle-stroke-color': token('m-halo'), 'circle-stroke-width': 1.2 } });
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
