// The map under the thumb: base map, unit grid, components, where I stand, what I picked.

import * as ml from 'maplibre-gl';
import { BASE_LAYERS } from 'cityops/map/basemap';
import { styleOf } from 'cityops/map/layers';
import { h } from 'cityops/dom';

const SHOWN = new Set(['cells', 'components']);
const NEAR = 17.5;
ml.setWorkerUrl(document.querySelector('meta[name=maplibre-worker]').content);

/** Make the map. `layers` and `city` are the catalogue's; `onPick(lon, lat)` is told of a tap. */
export function createFieldMap(container, { layers, city }, onPick) {
  const used = layers.filter((layer) => BASE_LAYERS.has(layer.name) || SHOWN.has(layer.name));
  const map = new ml.Map({
    container, style: styleOf(used, null, (city.bounds[1] + city.bounds[3]) / 2), bounds: city.bounds, fitBoundsOptions: { padding: 24 }, attributionControl: false,
    dragRotate: false, pitchWithRotate: false, maxZoom: 20, minZoom: 6,
  });
  map.touchZoomRotate.disableRotation();
  map.on('click', (event) => onPick(event.lngLat.lng, event.lngLat.lat));
  map.on('idle', () => { document.documentElement.dataset.map = 'idle'; });
  const me = new ml.Marker({ element: h('div', { class: 'me-dot' }) });
  const pin = new ml.Marker({ element: h('div', { class: 'here-pin' }) });
  return {
    map,
    /** Show where the device says it is, without moving the map. */
    showMe(place) { me.setLngLat(place).addTo(map); },
    /** Show the place the report is about. */
    showPin(place) { pin.setLngLat(place).addTo(map); },
    /** Bring a place near. */
    goTo(place) { map.easeTo({ center: place, zoom: Math.max(map.getZoom(), NEAR), duration: 200 }); },
  };
}
