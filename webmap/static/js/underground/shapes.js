// What the tool draws on the map: the area, a veil over everything else, faults of the border, the frame of a sheet.

import { crossings, outside } from 'cityops/underground/area';
import { boxOf } from 'cityops/map/feature';
import { token } from 'cityops/theme';

const NONE = { type: 'FeatureCollection', features: [] };
const BELOW = 'hover-fill';
const LAYERS = ['ug-veil', 'ug-case', 'ug-line', 'ug-fault', 'ug-frame'];
const SOURCES = ['ug-veil', 'ug-area', 'ug-fault', 'ug-frame'];

const feature = (geometry) => (geometry ? { type: 'Feature', properties: {}, geometry } : NONE);

/** Puts the layers on the map; gives functions that fill them, and `remove`. */
export function createShapes(map) {
  const accent = token('accent');
  const below = map.getLayer(BELOW) ? BELOW : undefined;
  for (const id of SOURCES) map.addSource(id, { type: 'geojson', data: NONE });
  const add = (id, type, source, paint) => map.addLayer({ id, type, source, paint }, below);
  add('ug-veil', 'fill', 'ug-veil', { 'fill-color': token('m-land'), 'fill-opacity': 0.58 });
  add('ug-case', 'line', 'ug-area', { 'line-color': token('m-halo'), 'line-width': 6, 'line-opacity': 0.9 });
  add('ug-line', 'line', 'ug-area', { 'line-color': accent, 'line-width': 2.5 });
  add('ug-fault', 'circle', 'ug-fault', { 'circle-radius': 9, 'circle-color': 'rgba(0,0,0,0)', 'circle-stroke-color': token('late'), 'circle-stroke-width': 3 });
  add('ug-frame', 'line', 'ug-frame', { 'line-color': token('ink'), 'line-width': 1.5, 'line-dasharray': [4, 2] });
  const fill = (id, data) => map.getSource(id)?.setData(data);
  return {
    /** Show an area and fade what is outside, or take both away. */
    area(polygon) {
      fill('ug-area', feature(polygon));
      fill('ug-veil', feature(polygon && outside(polygon)));
      fill('ug-fault', NONE);
    },
    /** Show where the border crosses itself; no veil over an area that is none. */
    faults(polygon) {
      fill('ug-veil', NONE);
      fill('ug-fault', { type: 'FeatureCollection', features: crossings(polygon).map((at) => feature({ type: 'Point', coordinates: at })) });
    },
    /** Show the rectangle that a sheet will hold, or take it away. */
    frame(polygon) { fill('ug-frame', feature(polygon)); },
    remove() {
      for (const id of LAYERS) if (map.getLayer(id)) map.removeLayer(id);
      for (const id of SOURCES) if (map.getSource(id)) map.removeSource(id);
    },
  };
}

/** Move the map only when a ring is out of sight or under a panel of the map. */
export function bringIntoSight(map, ring, maxZoom = 17) {
  const { clientWidth: width, clientHeight: height } = map.getContainer();
  const layers = document.getElementById('layers');
  const covered = layers.classList.contains('is-shut') || width < 768 ? 0 : layers.offsetWidth;
  const below = width < 768 ? document.getElementById('panel').offsetHeight : 0; // the sheet of a phone
  const padding = { top: 66, bottom: Math.min(below + 40, height - 160), left: covered + 24, right: 64 };
  const free = ring.every((at) => {
    const { x, y } = map.project(at);
    return x > padding.left && x < width - padding.right && y > padding.top && y < height - padding.bottom;
  });
  if (!free) map.fitBounds(boxOf({ coordinates: ring }), { padding, maxZoom: Math.max(maxZoom, map.getZoom()), duration: 300 });
}
