// The layers of the map: what exists, what is on, filtered, faded, hovered, selected.

import { BASE_LAYERS, groundLayers, nameLayers } from 'cityops/map/basemap';
import { TEXT, createMatching } from 'cityops/map/matching';
import { UNKNOWN, dataLayers, fade, narrowed, recount } from 'cityops/map/style';
import { formatLists, parseLists } from 'cityops/state';
import { token } from 'cityops/theme';

/** Sources and style of the map for a catalogue. */
export function styleOf(catalogue, background, latitude = 39) {
  const has = (name) => BASE_LAYERS.has(name) && catalogue.some((layer) => layer.name === name);
  const sources = Object.fromEntries(catalogue.map((layer) => [layer.name, sourceOf(layer)]));
  const data = catalogue.filter((layer) => !BASE_LAYERS.has(layer.name)).flatMap(dataLayers);
  const behind = [];
  if (background) {
    sources.background = { type: 'raster', tiles: [background.url], tileSize: 256, attribution: background.notice };
    behind.push({ id: 'background', type: 'raster', source: 'background', paint: { 'raster-saturation': -0.6 } });
  }
  sources.selection = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } };
  sources.hover = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } };
  const [land, ...ground] = groundLayers(has, latitude, Boolean(background));
  return { version: 8, sources, layers: [land, ...behind, ...ground, ...data, ...nameLayers(has), ...marks('hover', 0.55), ...marks('selection', 1)] };
}

function sourceOf(layer) {
  const source = { type: 'vector', tiles: [location.origin + layer.tiles], minzoom: layer.tile_zooms[0], maxzoom: layer.tile_zooms[1] };
  if (layer.bounds) source.bounds = layer.bounds;
  return source;
}

function marks(source, opacity) {
  const accent = token('accent');
  const halo = token('m-halo');
  const kind = (...names) => ['in', ['geometry-type'], ['literal', names]];
  return [
    { id: `${source}-fill`, type: 'fill', source, filter: kind('Polygon', 'MultiPolygon'), paint: { 'fill-color': accent, 'fill-opacity': 0.12 * opacity } },
    { id: `${source}-case`, type: 'line', source, filter: kind('LineString', 'MultiLineString', 'Polygon', 'MultiPolygon'), layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': halo, 'line-width': 8, 'line-opacity': 0.85 * opacity } },
    { id: `${source}-line`, type: 'line', source, filter: kind('LineString', 'MultiLineString', 'Polygon', 'MultiPolygon'), layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': accent, 'line-width': 3.5, 'line-opacity': opacity } },
    { id: `${source}-point`, type: 'circle', source, filter: kind('Point', 'MultiPoint'), paint: { 'circle-radius': 12, 'circle-color': accent, 'circle-opacity': 0.15 * opacity, 'circle-stroke-color': accent, 'circle-stroke-width': 3, 'circle-stroke-opacity': opacity } },
  ];
}

const NONE = { type: 'FeatureCollection', features: [] };

/** What tools and panels ask about layers. Changes are told on the bus as `layers`. */
export function createLayers(app, catalogue) {
  const { bus, state } = app;
  const byName = new Map(catalogue.map((layer) => [layer.name, layer]));
  const on = new Map(catalogue.map((layer) => [layer.name, layer.visible]));
  let off = new Map();
  let filters = new Map();
  let opacity = new Map();
  let selection = null;
  let hovered = null;

  function read() {
    for (const layer of catalogue) on.set(layer.name, layer.visible);
    for (const word of (state.get('on') ?? '').split(',')) {
      const name = word.replace(/^-/, '');
      if (byName.has(name)) on.set(name, !word.startsWith('-'));
    }
    off = new Map([...parseLists(state.get('off'))].map(([name, codes]) => [name, new Set(codes)]));
    filters = new Map();
    for (const [path, values] of parseLists(state.get('f'))) {
      const at = path.indexOf('.');
      const name = path.slice(0, at);
      if (byName.has(name)) filters.set(name, { ...filters.get(name), [path.slice(at + 1)]: values });
    }
    opacity = new Map([...parseLists(state.get('op'))].map(([name, [percent]]) => [name, Math.min(100, Math.max(0, Number(percent) || 0)) / 100]));
  }

  function keep(push = false) {
    const words = catalogue.filter((layer) => on.get(layer.name) !== layer.visible).map((layer) => (on.get(layer.name) ? '' : '-') + layer.name);
    const flat = new Map([...filters].flatMap(([name, fields]) => Object.entries(fields).map(([field, values]) => [`${name}.${field}`, values])));
    state.set({
      on: words.join(','), off: formatLists(new Map([...off].map(([name, codes]) => [name, [...codes]]))), f: formatLists(flat),
      op: formatLists(new Map([...opacity].filter(([, share]) => share < 1).map(([name, share]) => [name, [String(Math.round(share * 100))]]))),
    }, { push });
  }

  function paint(name) {
    const layer = byName.get(name);
    if (!layer || !app.map) return;
    const share = opacity.get(name) ?? 1;
    for (const made of app.map.getStyle().layers) {
      if (made.metadata?.layer !== name) continue;
      app.map.setLayoutProperty(made.id, 'visibility', on.get(name) ? 'visible' : 'none');
      const gone = off.get(name) ?? new Set();
      const wanted = filters.get(name) ?? {};
      if (made.metadata.part === 'blocks') recount(app.map, made, layer, gone, Object.keys(wanted).some((field) => field !== layer.class_field));
      else if (made.metadata.part === 'data') app.map.setFilter(made.id, narrowed(made.metadata.own, layer, gone, wanted, matching.keys(layer, wanted)));
      else continue;
      fade(app.map, own.find((first) => first.id === made.id) ?? made, share);
    }
  }
  let own = [];
  const matching = createMatching(app, paint);
  const ask = (name) => matching.ask(byName.get(name), filters.get(name) ?? {}, layers.query(name));
  const askAll = () => catalogue.forEach((layer) => ask(layer.name));
  const changed = (name, push) => { paint(name); ask(name); keep(push); bus.emit('layers', { name }); };

  read();
  app.map.on('moveend', askAll);
  const layers = {
    all: () => catalogue,
    get: (name) => byName.get(name) ?? null,
    isOn: (name) => on.get(name) === true,
    /** Layers that can be clicked now, topmost first. */
    clickable: () => catalogue.filter((layer) => on.get(layer.name) && !BASE_LAYERS.has(layer.name)).sort((a, b) => b.order - a.order),
    setOn(name, value) { on.set(name, value); changed(name, true); },
    offClasses: (name) => off.get(name) ?? new Set(),
    setClass(name, code, value) {
      const codes = new Set(off.get(name));
      if (value) codes.delete(code); else codes.add(code);
      if (codes.size === 1 && codes.has(UNKNOWN)) codes.clear();
      off.set(name, codes);
      changed(name, true);
    },
    /** Switch on these classes and no others, what has no class off too; all of them when `codes` is null. */
    onlyClasses(name, codes) {
      const wanted = codes?.map((code) => code ?? UNKNOWN);
      off.set(name, new Set(codes ? [...byName.get(name).classes.map((item) => item.code), UNKNOWN].filter((code) => !wanted.includes(code)) : []));
      changed(name, true);
    },
    opacity: (name) => opacity.get(name) ?? 1,
    setOpacity(name, share) { opacity.set(name, share); changed(name, false); },
    /** Filter of a layer: `{field: [values]}`, and a text as `{q: [text]}`; the same for map and list. */
    filter: (name) => filters.get(name) ?? {},
    setFilter(name, fields) {
      const kept = Object.fromEntries(Object.entries(fields).filter(([, values]) => values?.length > 0));
      if (Object.keys(kept).length > 0) filters.set(name, kept); else filters.delete(name);
      changed(name, true);
    },
    /** Text that a layer is searched for, or null. */
    text: (name) => filters.get(name)?.[TEXT]?.[0] ?? null,
    /** What the map shows of a layer as `{field: [values]}`, without the text, classes that are off left out; null is unknown. */
    where(name) {
      const layer = byName.get(name);
      const out = Object.fromEntries(Object.entries(filters.get(name) ?? {}).filter(([field]) => field !== TEXT)
        .map(([field, values]) => [field, values.map((value) => (value === '' ? null : value))]));
      const gone = off.get(name);
      if (layer?.class_field && gone?.size > 0) out[layer.class_field] = (out[layer.class_field] ?? [...layer.classes.map((item) => item.code), null]).filter((code) => !gone.has(code ?? UNKNOWN));
      return out;
    },
    /** The same as query parameters of the interface. */
    query(name) {
      const text = this.text(name);
      const where = Object.entries(this.where(name)).map(([field, values]) => [field, values.length > 0 ? values.map((value) => value ?? '').join(',') : '-']);
      return { ...Object.fromEntries(where), ...(text ? { [TEXT]: text } : {}) };
    },
    /** Follow the address after Back. */
    follow() { read(); catalogue.forEach((layer) => paint(layer.name)); askAll(); bus.emit('layers', {}); },
    /** Apply everything to a map that has just loaded. */
    start() { own = app.map.getStyle().layers; catalogue.forEach((layer) => paint(layer.name)); askAll(); },
    get selection() { return selection; },
    /** Select a feature, given as GeoJSON with its layer, or nothing. */
    mark(layer, feature) {
      selection = feature ? { layer, key: feature.properties[byName.get(layer).key], feature } : null;
      app.map.getSource('selection')?.setData(feature ?? NONE);
      bus.emit('selection', selection);
    },
    get hovered() { return hovered; },
    /** Show a feature as hovered, without a geometry only by its key; `from` says who did it, so that nobody answers themselves. */
    hover(layer, feature, from) {
      const key = feature ? feature.properties[byName.get(layer).key] : null;
      if ((hovered?.key ?? null) === key && (hovered?.layer ?? null) === (feature ? layer : null)) return;
      hovered = feature ? { layer, key } : null;
      app.map.getSource('hover')?.setData(feature?.geometry ? feature : NONE);
      bus.emit('hover', { layer, key, from });
    },
    /** Give what is hovered its outline, when it was not at hand at once. */
    outline(layer, feature) {
      if (hovered?.layer === layer && hovered.key === feature.properties[byName.get(layer).key]) app.map.getSource('hover')?.setData(feature);
    },
    /** Take over what the server says now: new version, counts. Tiles are asked for again. */
    async refresh(name) {
      const { layers } = await app.api('layers');
      for (const fresh of layers) {
        const known = byName.get(fresh.name);
        if (!known || (name && fresh.name !== name) || known.tiles === fresh.tiles) continue;
        Object.assign(known, fresh);
        const source = app.map.getSource(fresh.name);
        if (source?._options) source._options.maxzoom = fresh.tile_zooms[1];
        source?.setTiles([location.origin + fresh.tiles]);
      }
      bus.emit('layers', { name });
    },
  };
  return layers;
}
