// Map style of a data layer, from its declaration: class colours, dash, casing, marks, aggregates.

import { FONT, token } from 'cityops/theme';

const AGGREGATE = ['has', 'count'];
const SINGLE = ['!', AGGREGATE];

/** Colour by class, or the layer's own. */
function colourOf(layer) {
  const classes = layer.classes.filter((item) => item.colour);
  if (!layer.class_field || classes.length === 0) return layer.style.colour;
  return ['match', ['get', layer.class_field], ...classes.flatMap((item) => [item.code, item.colour]), layer.style.colour];
}

function byZoom(base, narrow = 0.5) {
  return ['interpolate', ['linear'], ['zoom'], 11, base * narrow * 0.6, 14, base * narrow, 16, base * 0.9, 18, base * 1.3];
}

/** Dash patterns in use, each with the codes that have it; a solid one first. */
function dashes(layer) {
  const groups = new Map();
  for (const item of layer.classes) {
    const key = JSON.stringify(item.dash ?? []);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item.code);
  }
  if (groups.size === 0) groups.set(JSON.stringify(layer.style.dash ?? []), null);
  return [...groups].map(([key, codes]) => ({ dash: JSON.parse(key), codes }));
}

function dashed(paint, dash) {
  return dash.length > 0 ? { ...paint, 'line-dasharray': dash } : paint;
}

function casingOf(layer) {
  const cased = layer.classes.filter((item) => item.casing);
  if (!layer.class_field || cased.length === 0) return layer.style.casing;
  return ['match', ['get', layer.class_field], ...cased.flatMap((item) => [item.code, item.casing]), layer.style.casing ?? 'rgba(0,0,0,0)'];
}

function lineLayers(layer) {
  const { width } = layer.style;
  const casing = casingOf(layer);
  const joined = { 'line-join': 'round' };
  const made = [];
  if (casing) made.push({ id: 'case', type: 'line', minzoom: 14.5, filter: SINGLE, layout: { ...joined, 'line-cap': 'round' }, paint: { 'line-color': casing, 'line-width': byZoom(width + 2.2) } });
  dashes(layer).forEach(({ dash, codes }, i) => made.push({
    id: `line-${i}`, type: 'line', filter: codes && layer.class_field ? ['all', SINGLE, ['in', ['get', layer.class_field], ['literal', codes]]] : SINGLE,
    layout: dash.length > 0 ? joined : { ...joined, 'line-cap': 'round' }, paint: dashed({ 'line-color': colourOf(layer), 'line-width': byZoom(width) }, dash),
  }));
  if (layer.class_field && layer.classes.length > 0) made.push({
    id: 'line-rest', type: 'line', filter: ['all', SINGLE, ['!', ['in', ['get', layer.class_field], ['literal', layer.classes.map((item) => item.code)]]]],
    layout: joined, paint: { 'line-color': layer.style.colour, 'line-width': byZoom(width), 'line-dasharray': [1, 2] },
  });
  return made;
}

function polygonLayers(layer) {
  const { fill, fill_opacity: opacity, width, dash } = layer.style;
  return [
    { id: 'fill', type: 'fill', filter: SINGLE, paint: { 'fill-color': layer.class_field ? colourOf(layer) : (fill ?? layer.style.colour), 'fill-opacity': Math.max(opacity, 0.001) } },
    { id: 'edge', type: 'line', filter: SINGLE, layout: { 'line-join': 'round' }, paint: dashed({ 'line-color': colourOf(layer), 'line-width': byZoom(width, 0.6) }, dash ?? []) },
  ];
}

function pointLayers(layer) {
  const { radius } = layer.style;
  const marked = layer.classes.filter((item) => item.mark);
  const made = [{
    id: 'point', type: 'circle', filter: SINGLE,
    paint: {
      'circle-color': colourOf(layer), 'circle-stroke-color': token('m-halo'),
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 11, radius * 0.6, 14, radius * 0.4 + 0.6, 16, radius * 0.8, 17.5, radius * 1.3, 18.2, radius * 2, 20, radius * 2.8],
      'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 14, 0.4, 17, 1.5],
    },
  }];
  if (layer.class_field && marked.length > 0) made.push({
    id: 'mark', type: 'symbol', minzoom: 18.2, filter: SINGLE,
    layout: { 'text-field': ['match', ['get', layer.class_field], ...marked.flatMap((item) => [item.code, item.mark]), ''], 'text-font': FONT, 'text-size': ['interpolate', ['linear'], ['zoom'], 18.2, radius * 2.4, 20, radius * 3.4], 'text-allow-overlap': true, 'text-ignore-placement': true },
    paint: { 'text-color': '#fff' },
  });
  return made;
}

function labelLayers(layer) {
  if (!layer.label_field || !layer.fields.find((f) => f.name === layer.label_field)?.in_tiles) return [];
  const line = layer.geometry === 'line';
  return [{
    id: 'label', type: 'symbol', minzoom: Math.max(layer.min_zoom + 2, line ? 18.5 : 14.5), filter: SINGLE,
    layout: { 'text-field': ['to-string', ['get', layer.label_field]], 'text-font': FONT, 'text-size': 11, 'symbol-placement': line ? 'line' : 'point', 'text-max-width': 9, 'text-optional': true,
      ...(layer.geometry === 'point' ? { 'text-offset': [0, 1.1], 'text-anchor': 'top' } : {}) },
    paint: { 'text-color': layer.geometry === 'polygon' ? layer.style.colour : token('ink'), 'text-halo-color': token('m-halo'), 'text-halo-width': 1.6 },
  }];
}

/** Counts per block, from the pyramid, below the zoom at which single features are drawn. */
function aggregateLayers(layer) {
  const colour = layer.style.colour;
  return [
    { id: 'sum', type: 'circle', maxzoom: layer.min_zoom, filter: AGGREGATE,
      paint: { 'circle-color': colour, 'circle-opacity': 0.75, 'circle-stroke-color': token('m-halo'), 'circle-stroke-width': 1,
        'circle-radius': ['interpolate', ['linear'], ['ln', ['max', 1, ['get', 'count']]], 0, 4, 3, 9, 7, 15, 11, 24] } },
    { id: 'sum-n', type: 'symbol', maxzoom: layer.min_zoom, filter: ['all', AGGREGATE, ['>=', ['get', 'count'], 10]],
      layout: { 'text-field': ['case', ['>=', ['get', 'count'], 10000], ['concat', ['to-string', ['round', ['/', ['get', 'count'], 10000]]], '万'], ['to-string', ['get', 'count']]], 'text-font': FONT, 'text-size': 11, 'text-padding': 1 },
      paint: { 'text-color': '#fff', 'text-halo-color': colour, 'text-halo-width': 0.8 } },
  ];
}

const GEOMETRY = { line: lineLayers, polygon: polygonLayers, point: pointLayers };

/** Style layers of a declared layer, lowest first, with ids `<layer>-<part>`. */
export function dataLayers(layer) {
  return [...GEOMETRY[layer.geometry](layer), ...labelLayers(layer), ...aggregateLayers(layer)]
    .map((made) => ({ ...made, id: `${layer.name}-${made.id}`, source: layer.name, 'source-layer': layer.name, metadata: { layer: layer.name, part: 'data', own: made.filter } }));
}

/** Filter of a style layer once classes are switched off and fields filtered. */
export function narrowed(own, layer, off, filters) {
  const parts = ['all', own];
  if (layer.class_field && off.size > 0) parts.push(['any', ['has', 'count'], ['!', ['in', ['get', layer.class_field], ['literal', [...off]]]]]);
  for (const [field, values] of Object.entries(filters)) parts.push(['any', ['has', 'count'], ['in', ['to-string', ['get', field]], ['literal', values.map(String)]]]);
  return parts.length === 2 ? own : parts;
}

const OPACITY = { fill: ['fill-opacity'], line: ['line-opacity'], circle: ['circle-opacity', 'circle-stroke-opacity'], symbol: ['text-opacity'] };

/** Set the opacity of a layer's part to `share` of what its style says. */
export function fade(map, styleLayer, share) {
  for (const property of OPACITY[styleLayer.type] ?? []) {
    const own = styleLayer.paint?.[property] ?? 1;
    map.setPaintProperty(styleLayer.id, property, typeof own === 'number' ? own * share : own);
  }
}
