// The quiet base map: land, green, water, buildings, roads with casing, names.
// Made from the declared base layers, in the tokens' muted colours.

import { FONT, mapColours } from 'cityops/theme';

/** Layers that the base map draws itself; the others are drawn from their declaration. */
export const BASE_LAYERS = new Set(['water', 'green', 'buildings', 'roads', 'coast', 'places', 'districts', 'streets', 'communities']);

const WIDE = ['motorway', 'trunk', 'primary'];
const MIDDLE = ['secondary', 'tertiary'];
const PATHS = ['footway', 'cycleway', 'pedestrian', 'service'];

/** Pixels at zoom 10 and 13, below which a true width would vanish; metres where a road says none. */
const SMALL_ZOOMS = { wide: [1.2, 3], middle: [0.7, 2], small: [0, 1], path: [0, 0.2] };
const USUAL_M = { wide: 24, middle: 16, small: 7, path: 2.5 };

const byClass = (widths, pick) => ['match', ['get', 'road_class'], WIDE, pick(widths.wide), MIDDLE, pick(widths.middle), PATHS, pick(widths.path), pick(widths.small)];

/** Width of a road: a few pixels from afar, true to scale from zoom 15; `extra` pixels for its casing. */
function roadWidth(latitude, extra) {
  const metres = ['coalesce', ['get', 'width_m'], byClass(USUAL_M, (m) => m)];
  const perMetre = (zoom) => 2 ** zoom / (78271.517 * Math.cos(latitude * Math.PI / 180));
  const far = [10, 13].flatMap((zoom, i) => [zoom, ['+', extra * i, byClass(SMALL_ZOOMS, (px) => px[i])]]);
  const near = [15, 21].flatMap((zoom) => [zoom, ['+', extra, ['*', metres, perMetre(zoom)]]]);
  return ['interpolate', ['exponential', 2], ['zoom'], ...far, ...near];
}

const ORDER = ['match', ['get', 'road_class'], WIDE, 3, MIDDLE, 2, PATHS, 0, 1];
const notRail = ['!=', ['get', 'road_class'], 'rail'];

/** Paint layers of one base layer, lowest first. `c` are the colours of the tokens. */
const DRAW = {
  green: (c) => [{ id: 'green', type: 'fill', paint: { 'fill-color': c.green } }],
  water: (c) => [
    { id: 'water', type: 'fill', paint: { 'fill-color': c.water } },
    { id: 'water-edge', type: 'line', minzoom: 12, paint: { 'line-color': c.water_line, 'line-width': 1 } },
  ],
  coast: (c) => [
    { id: 'coast', type: 'line', filter: ['==', ['get', 'kind'], 'coast'], paint: { 'line-color': c.water_line, 'line-width': 1.6 } },
    { id: 'rivers', type: 'line', maxzoom: 12, filter: ['!=', ['get', 'kind'], 'coast'],
      paint: { 'line-color': c.water_line, 'line-width': ['interpolate', ['linear'], ['zoom'], 6, 0.6, 11, 1.8], 'line-opacity': ['interpolate', ['linear'], ['zoom'], 10.5, 1, 12, 0] } },
  ],
  roads: (c, latitude) => [
    { id: 'roads-case', type: 'line', filter: notRail, layout: { 'line-cap': 'round', 'line-join': 'round', 'line-sort-key': ORDER },
      paint: { 'line-color': c.road_line, 'line-width': roadWidth(latitude, 1.8) } },
    { id: 'roads', type: 'line', filter: notRail, layout: { 'line-cap': 'round', 'line-join': 'round', 'line-sort-key': ORDER },
      paint: { 'line-color': c.road, 'line-width': roadWidth(latitude, 0) } },
    { id: 'rail', type: 'line', filter: ['==', ['get', 'road_class'], 'rail'], minzoom: 11, paint: { 'line-color': c.road_line, 'line-width': 2, 'line-dasharray': [3, 2] } },
  ],
  buildings: (c) => [
    { id: 'buildings', type: 'fill', minzoom: 13, paint: { 'fill-color': c.build, 'fill-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0.4, 15, 1] } },
    { id: 'buildings-edge', type: 'line', minzoom: 14.5, paint: { 'line-color': c.build_line, 'line-width': 0.8 } },
  ],
  districts: (c) => [{ id: 'districts', type: 'fill', paint: { 'fill-color': c.block } }],
  streets: (c) => [
    { id: 'streets-edge', type: 'line', minzoom: 10.5, paint: { 'line-color': c.label, 'line-opacity': 0.4, 'line-width': 1, 'line-dasharray': [5, 3] } },
  ],
  communities: (c) => [
    { id: 'communities-edge', type: 'line', minzoom: 13, paint: { 'line-color': c.label, 'line-opacity': 0.3, 'line-width': 0.8, 'line-dasharray': [2, 2] } },
  ],
};

const BORDERS = {
  districts: (c) => [
    { id: 'districts-edge', type: 'line', layout: { 'line-join': 'round' }, paint: { 'line-color': c.label, 'line-opacity': ['interpolate', ['linear'], ['zoom'], 8, 0.45, 15, 0.3], 'line-width': ['interpolate', ['linear'], ['zoom'], 7, 0.8, 14, 2], 'line-dasharray': [6, 2, 1, 2] } },
  ],
};

const NAMES = {
  roads: (c) => [{ id: 'road-names', type: 'symbol', minzoom: 13.5, filter: ['all', ['has', 'name'], ['!=', ['get', 'name'], '']],
    layout: { 'symbol-placement': 'line', 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': ['interpolate', ['linear'], ['zoom'], 14, 11, 18, 13], 'text-letter-spacing': 0.15, 'symbol-spacing': 320, 'text-max-angle': 35 },
    paint: { 'text-color': c.label, 'text-halo-color': c.halo, 'text-halo-width': 1.6 } }],
  water: (c) => [{ id: 'water-names', type: 'symbol', minzoom: 11, filter: ['all', ['has', 'name'], ['!=', ['get', 'name'], '']],
    layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 13, 'text-letter-spacing': 0.3 },
    paint: { 'text-color': c.water_label, 'text-halo-color': c.halo, 'text-halo-width': 1.4 } }],
  buildings: (c) => [{ id: 'building-names', type: 'symbol', minzoom: 17, filter: ['all', ['has', 'name'], ['!=', ['get', 'name'], '']],
    layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 11, 'text-max-width': 7, 'text-optional': true, 'text-padding': 20 },
    paint: { 'text-color': c.label, 'text-halo-color': c.halo, 'text-halo-width': 1.4 } }],
  communities: (c) => [{ id: 'community-names', type: 'symbol', minzoom: 14, maxzoom: 17.5,
    layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 11, 'text-max-width': 8, 'text-padding': 40 },
    paint: { 'text-color': c.label, 'text-halo-color': c.halo, 'text-halo-width': 1.4, 'text-opacity': 0.8 } }],
  streets: (c) => [{ id: 'street-names', type: 'symbol', minzoom: 11, maxzoom: 14.5,
    layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 12, 'text-max-width': 8 },
    paint: { 'text-color': c.label, 'text-halo-color': c.halo, 'text-halo-width': 1.6 } }],
  places: (c) => [{ id: 'place-names', type: 'symbol', minzoom: 9, maxzoom: 13.5,
    layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': ['interpolate', ['linear'], ['zoom'], 9, 11, 13, 13], 'text-padding': 14 },
    paint: { 'text-color': c.label, 'text-halo-color': c.halo, 'text-halo-width': 1.6, 'text-opacity': 0.85 } }],
  districts: (c) => [{ id: 'district-names', type: 'symbol', minzoom: 6.5, maxzoom: 12,
    layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': ['interpolate', ['linear'], ['zoom'], 7, 11, 11, 15], 'text-letter-spacing': 0.1, 'text-padding': 24 },
    paint: { 'text-color': c.label, 'text-halo-color': c.halo, 'text-halo-width': 1.8 } }],
};
const GROUND = ['districts', 'green', 'water', 'coast', 'buildings', 'roads', 'communities', 'streets'];
const EDGES = ['districts'];
const NAMED = ['buildings', 'communities', 'streets', 'roads', 'water', 'places', 'districts'];

function dressed(name, made, part) {
  return made.map((layer) => ({ ...layer, id: `base-${layer.id}`, source: name, 'source-layer': name, metadata: { layer: name, part } }));
}

/**
 * Style layers under the data. `has(name)` says which layers exist, `latitude` makes widths true,
 * `bare` leaves the ground to a tile service and draws borders alone.
 */
export function groundLayers(has, latitude, bare) {
  const c = mapColours();
  return [
    { id: 'land', type: 'background', paint: { 'background-color': c.land } },
    ...(bare ? [] : GROUND.filter(has).flatMap((name) => dressed(name, DRAW[name](c, latitude), 'ground'))),
    ...EDGES.filter(has).flatMap((name) => dressed(name, BORDERS[name](c), 'ground')),
  ];
}

/** Style layers above the data: names. */
export function nameLayers(has) {
  const c = mapColours();
  return NAMED.filter(has).flatMap((name) => dressed(name, NAMES[name](c), 'names'));
}
