// The map under the thumb: base map, unit grid, components, where I stand, what I picked.

import * as ml from 'maplibre-gl';
import { circleAround, distance } from 'cityops/coords';
import { BASE_LAYERS } from 'cityops/map/basemap';
import { styleOf } from 'cityops/map/layers';
import { drawScale } from 'cityops/footer';
import { h } from 'cityops/dom';
import { token } from 'cityops/theme';

const SHOWN = new Set(['cells', 'components']);
const NEAR = 18;
/** A thumb that comes as near to a component as this, in pixels, means the component. */
const THUMB_PX = 14;
const NONE = { type: 'FeatureCollection', features: [] };
ml.setWorkerUrl(document.querySelector('meta[name=maplibre-worker]').content);

/** Make the map. `layers` and `city` are the catalogue's; `onPick([lon, lat], componentId)` is told of a tap. */
export function createFieldMap(container, { layers, city }, onPick) {
  const used = layers.filter((layer) => BASE_LAYERS.has(layer.name) || SHOWN.has(layer.name));
  const map = new ml.Map({
    container, style: styleOf(used, null, city.centre?.[1]), center: city.centre ?? [105, 35], zoom: city.centre ? NEAR - 1.5 : 4, attributionControl: false,
    dragRotate: false, pitchWithRotate: false, maxZoom: 20, minZoom: 3, fadeDuration: 0,
  });
  map.touchZoomRotate.disableRotation();
  const me = new ml.Marker({ element: h('div', { class: 'me-dot' }) });
  const pin = new ml.Marker({ element: h('div', { class: 'here-pin' }) });
  const named = h('div', { class: 'near-name' });
  const near = new ml.Marker({ element: h('div', { class: 'near-mark' }, named) });
  const ready = new Promise((done) => { map.once('load', done); });
  ready.then(() => addCircle(map));

  map.on('click', (event) => {
    const { x, y } = event.point;
    const hits = map.getLayer('components-point') ? map.queryRenderedFeatures([[x - THUMB_PX, y - THUMB_PX], [x + THUMB_PX, y + THUMB_PX]], { layers: ['components-point'] }) : [];
    const at = [event.lngLat.lng, event.lngLat.lat];
    const hit = hits.sort((a, b) => distance(a.geometry.coordinates, at) - distance(b.geometry.coordinates, at))[0];
    onPick(hit ? hit.geometry.coordinates : at, hit?.properties.id ?? null);
  });
  // What was brought near stays in the middle while the sheet below grows, until a hand moves the map.
  let middle = null;
  map.on('movestart', (event) => { if (event.originalEvent) middle = null; });
  map.on('resize', () => { if (middle) map.jumpTo({ center: middle, zoom: Math.max(map.getZoom(), NEAR) }); });
  const scale = () => drawScale(map, document.getElementById('scale'), h('span'));
  map.on('move', scale);
  scale();
  map.on('idle', () => { document.documentElement.dataset.map = 'idle'; });
  return {
    map,
    /** Show where the device says it is, and how sure it is, without moving the map. */
    showMe(place, accuracy_m) {
      me.setLngLat(place).addTo(map);
      ready.then(() => map.getSource('accuracy').setData({ type: 'Feature', geometry: { type: 'Polygon', coordinates: [circleAround(place, accuracy_m)] }, properties: {} }));
    },
    /** Show the place the report is about; nothing where it is the device's own. */
    showPin(place, isMine) { if (isMine) pin.remove(); else pin.setLngLat(place).addTo(map); },
    /** Show which component is meant, with its name. */
    showNear(component, words) {
      if (!component?.position) { near.remove(); return; }
      named.textContent = words;
      // The words stand on the side where there is room for them.
      named.classList.toggle('is-left', map.project(component.position).x > map.getContainer().clientWidth * 0.55);
      near.setLngLat(component.position).addTo(map);
    },
    /** Outline the cell with this code. */
    showCell(code) {
      ready.then(() => { for (const id of ['here-cell-fill', 'here-cell-line']) if (map.getLayer(id)) map.setFilter(id, ['==', ['get', 'code'], code ?? '']); });
    },
    /** Bring a place near. */
    goTo(place) {
      middle = place;
      map.easeTo({ center: place, zoom: Math.max(map.getZoom(), NEAR), duration: 200 });
    },
  };
}

function addCircle(map) {
  const blue = '#1668d8';
  const accent = token('accent');
  map.addSource('accuracy', { type: 'geojson', data: NONE });
  if (map.getSource('cells')) {
    const cell = { source: 'cells', 'source-layer': 'cells', filter: ['==', ['get', 'code'], ''] };
    const below = map.getLayer('components-point') ? 'components-point' : undefined;
    map.addLayer({ id: 'here-cell-fill', type: 'fill', ...cell, paint: { 'fill-color': accent, 'fill-opacity': 0.07 } }, below);
    map.addLayer({ id: 'here-cell-line', type: 'line', ...cell, layout: { 'line-join': 'round' }, paint: { 'line-color': accent, 'line-width': 3 } }, below);
  }
  map.addLayer({ id: 'accuracy-fill', type: 'fill', source: 'accuracy', paint: { 'fill-color': blue, 'fill-opacity': 0.14 } });
  map.addLayer({ id: 'accuracy-line', type: 'line', source: 'accuracy', paint: { 'line-color': blue, 'line-opacity': 0.6, 'line-width': 1.2 } });
}
