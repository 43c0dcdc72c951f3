// Map style of a data layer, from its declaration: class colours, dash, casing, marks, aggregates.

import { FONT, token } from 'cityops/theme';

/** What a layer of aggregates is called in a tile, after the layer's own name. */
export const BLOCKS = '_blocks';
/** Stands among the classes that are off for features without a class. */
export const UNKNOWN = '-';

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
  if (casing) made.push({ id: 'case', type: 'line', minzoom: 14.5, layout: { ...joined, 'line-cap': 'round' }, paint: { 'line-color': casing, 'line-width': byZoom(width + 2.2) } });
  dashes(layer).forEach(({ dash, codes }, i) => made.push({
    id: `line-${i}`, type: 'line', ...(codes && layer.class_field ? { filter: ['in', ['get', layer.class_field], ['literal', codes]] } : {}),
    layout: dash.length > 0 ? joined : { ...joined, 'line-cap': 'round' }, paint: dashed({ 'line-color': colourOf(layer), 'line-width': byZoom(width) }, dash),
  }));
  if (layer.class_field && layer.classes.length > 0) made.push({
    id: 'line-rest', type: 'line', filter: ['!', ['in', ['get', layer.class_field], ['literal', layer.classes.map((item) => item.code)]]],
    layout: joined, paint: { 'line-color': layer.style.colour, 'line-width': byZoom(width), 'line-dasharray': [1, 2] },
  });
  return made;
}

function polygonLayers(layer) {
  const { fill, fill_opacity: opacity, width, dash } = layer.style;
  return [
    { id: 'fill', type: 'fill', paint: { 'fill-color': layer.class_field ? colourOf(layer) : (fill ?? layer.style.colour), 'fill-opacity': Math.max(opacity, 0.001) } },
    { id: 'edge', type: 'line', layout: { 'line-join': 'round' }, paint: dashed({ 'line-color': colourOf(layer), 'line-width': byZoom(width, 0.6) }, dash ?? []) },
  ];
}

function pointLayers(layer) {
  const { radius } = layer.style;
  // A foreign layer has few marks and no legend to look up: it never shrinks to a dot.
  const size = (px) => Math.max(px, layer.group === 'user' ? 4 : 0);
  const marked = layer.classes.filter((item) => item.mark);
  const made = [{
    id: 'point', type: 'circle',
    paint: {
      'circle-color': colourOf(layer), 'circle-stroke-color': token('m-halo'),
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 11, size(radius * 0.6), 14, size(radius * 0.3 + 0.4), 16, size(radius * 0.55), 17.5, size(radius * 1.2), 18.2, radius * 2, 20, radius * 2.8],
      'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 14, 0.2, 16, 0.5, 17.5, 1.5],
    },
  }];
  if (layer.class_field && marked.length > 0) made.push({
    id: 'mark', type: 'symbol', minzoom: 18.2,
    layout: { 'text-field': ['match', ['get', layer.class_field], ...marked.flatMap((item) => [item.code, item.mark]), ''], 'text-font': FONT, 'text-size': ['interpolate', ['linear'], ['zoom'], 18.2, radius * 2.4, 20, radius * 3.4], 'text-allow-overlap': true, 'text-ignore-placement': true },
    paint: { 'text-color': '#fff' },
  });
  return made;
}

/** Zoom from which labels of a layer find room. */
const LABEL_ZOOM = { point: 14.5, line: 18.5, polygon: 16 };

function labelLayers(layer) {
  if (!layer.label_field || !layer.fields.find((f) => f.name === layer.label_field)?.in_tiles) return [];
  const line = layer.geometry === 'line';
  return [{
    id: 'label', type: 'symbol', minzoom: Math.max(layer.min_zoom + 2, LABEL_ZOOM[layer.geometry]),
    layout: { 'text-field': ['to-string', ['get', layer.label_field]], 'text-font': FONT, 'text-size': 11, 'symbol-placement': line ? 'line' : 'point', 'text-max-width': 9, 'text-optional': true,
      ...(layer.geometry === 'point' ? { 'text-offset': [0, 1.1], 'text-anchor': 'top' } : {}) },
    paint: { 'text-color': layer.geometry === 'polygon' ? layer.style.colour : token('ink'), 'text-halo-color': token('m-halo'), 'text-halo-width': 1.6 },
  }];
}

/** How many features a block has, of the classes that are on. */
function blockCount(layer, off) {
  if (!layer.class_field || off.size === 0) return ['get', 'count'];
  return ['+', 0, ...layer.classes.filter((item) => !off.has(item.code)).map((item) => ['coalesce', ['get', `class_${item.code}`], 0])];
}

function blockColour(layer) {
  const classes = layer.classes.filter((item) => item.colour);
  if (!layer.class_field || classes.length === 0) return layer.style.colour;
  return ['match', ['get', 'top_class'], ...classes.flatMap((item) => [item.code, item.colour]), layer.style.colour];
}

const grown = (count, ...stops) => ['interpolate', ['linear'], ['ln', ['max', 1, count]], ...stops];

/** Paint of the blocks while some classes are off. */
function blockPaint(layer, off) {
  const count = blockCount(layer, off);
  if (layer.geometry === 'point') return { 'circle-radius': grown(count, 0, 2.5, 3, 4.5, 7, 8) };
  return { 'fill-opacity': grown(count, 0, 0.18, 3, 0.4, 6, 0.65) };
}

function blockText(count) {
  return ['case', ['>=', count, 10000], ['concat', ['number-format', ['/', count, 10000], { 'max-fraction-digits': 1 }], '万'], ['to-string', count]];
}

/** Counts per block, from the pyramid, where single features would be too many. */
function blockLayers(layer) {
  const none = new Set();
  const body = layer.geometry === 'point'
    ? { type: 'circle', paint: { 'circle-color': blockColour(layer), 'circle-opacity': 0.8, 'circle-stroke-color': token('m-halo'), 'circle-stroke-width': 0.6, ...blockPaint(layer, none) } }
    : { type: 'fill', paint: { 'fill-color': blockColour(layer), ...blockPaint(layer, none) } };
  return [
    { id: 'blocks', ...body },
    { id: 'blocks-n', type: 'symbol', layout: { 'text-field': blockText(['get', 'count']), 'text-font': FONT, 'text-size': 10, 'text-padding': 6 },
      paint: { 'text-color': token('ink-2'), 'text-halo-color': token('m-halo'), 'text-halo-width': 1.4 } },
  ].map((made) => ({ ...made, blocks: true }));
}

/** Make the blocks count the classes that are on; they cannot follow other filters and hide then. */
export function recount(map, styleLayer, layer, off, filtered) {
  const count = blockCount(layer, off);
  map.setFilter(styleLayer.id, filtered ? ['literal', false] : ['>', count, 0]);
  if (styleLayer.type === 'symbol') map.setLayoutProperty(styleLayer.id, 'text-field', blockText(count));
  else for (const [name, value] of Object.entries(blockPaint(layer, off))) map.setPaintProperty(styleLayer.id, name, value);
}

const GEOMETRY = { line: lineLayers, polygon: polygonLayers, point: pointLayers };

/** Style layers of a declared layer, lowest first, with ids `<layer>-<part>`. */
export function dataLayers(layer) {
  return [...blockLayers(layer), ...GEOMETRY[layer.geometry](layer), ...labelLayers(layer)].map(({ blocks = false, ...made }) => ({
    ...made, id: `${layer.name}-${made.id}`, source: layer.name, 'source-layer': layer.name + (blocks ? BLOCKS : ''),
    metadata: { layer: layer.name, part: blocks ? 'blocks' : 'data', own: made.filter ?? null },
  }));
}

/**
 * Filter of a style layer once classes are switched off and fields filtered. Where tiles cannot
 * answer, `keys` are those of the features that match.
 */
export function narrowed(own, layer, off, filters, keys = null) {
  const parts = own ? ['all', own] : ['all'];
  if (off.has(UNKNOWN)) parts.push(['has', layer.class_field]);
  if (layer.class_field && off.size > 0) parts.push(['!', ['in', ['get', layer.class_field], ['literal', [...off]]]]);
  if (keys) parts.push(['in', ['to-string', ['get', layer.key]], ['literal', keys]]);
  else for (const [field, values] of Object.entries(filters)) parts.push(['in', ['to-string', ['get', field]], ['literal', values.map(String)]]);
  return parts.length === 1 ? null : parts;
}

const OPACITY = { fill: ['fill-opacity'], line: ['line-opacity'], circle: ['circle-opacity', 'circle-stroke-opacity'], symbol: ['text-opacity'] };

/** Set the opacity of a layer's part to `share` of what its style says. */
export function fade(map, styleLayer, share) {
  for (const property of OPACITY[styleLayer.type] ?? []) {
    const own = styleLayer.paint?.[property] ?? 1;
    map.setPaintProperty(styleLayer.id, property, typeof own === 'number' ? own * share : own);
  }
}
