// Pointer on the map: what lies under it is hovered, what is clicked opens in the panel.

const REACH_PX = 5;
/** How long the pointer rests on an area before its whole border is asked for. */
const REST_MS = 120;
const MOST_KEPT = 200;
/** Layers that lie everywhere: a click on them alone is one on empty map, before it opens them. */
const COVERS = new Set(['cells']);

/** Start answering the pointer once the map has loaded. */
export function startPointer(app) {
  const { map, layers } = app;
  let frame = 0;
  let last = null;

  function styleIds() {
    const names = new Set(layers.clickable().map((layer) => layer.name));
    return map.getStyle().layers.filter((made) => names.has(made.metadata?.layer) && ['data', 'blocks'].includes(made.metadata.part) && made.type !== 'symbol').map((made) => made.id);
  }
  let ids = styleIds();
  app.bus.on('layers', () => { ids = styleIds(); });

  /** Feature under a point: points before lines before areas, topmost first. */
  function under({ x, y }, reach = REACH_PX) {
    const hits = map.queryRenderedFeatures([[x - reach, y - reach], [x + reach, y + reach]], { layers: ids });
    const rank = { Point: 0, MultiPoint: 0, LineString: 1, MultiLineString: 1, Polygon: 2, MultiPolygon: 2 };
    return hits.filter((hit) => hit.layer.metadata?.layer).sort((a, b) => rank[a.geometry.type] - rank[b.geometry.type])[0] ?? null;
  }
  function plain(hit) {
    // Properties of a tile have no prototype, which the map's worker cannot take.
    return { type: 'Feature', geometry: hit.geometry, properties: { ...hit.properties } };
  }

  let resting = 0;
  const whole = new Map();

  /** The whole of an area: a tile has only its piece of it, cut straight at the tile's border. */
  function askWhole(layer, key) {
    const name = `${layer.name}/${key}/${layer.tiles}`;
    if (!whole.has(name)) {
      if (whole.size >= MOST_KEPT) whole.delete(whole.keys().next().value);
      const asked = app.api(`layers/${layer.name}/features/${encodeURIComponent(key)}`);
      asked.catch(() => whole.delete(name));
      whole.set(name, asked);
    }
    return whole.get(name);
  }

  function hoverArea(hit) {
    const layer = layers.get(hit.layer.metadata.layer);
    const key = hit.properties[layer.key];
    if (layers.hovered?.layer === layer.name && layers.hovered.key === key) return;
    clearTimeout(resting);
    layers.hover(layer.name, { ...plain(hit), geometry: null }, 'map');
    resting = setTimeout(() => askWhole(layer, key).then((feature) => layers.outline(layer.name, feature), () => {}), REST_MS);
  }

  function hoverHit(hit) {
    const single = hit && hit.layer.metadata.part === 'data';
    if (single && hit.geometry.type.endsWith('Polygon')) { hoverArea(hit); return; }
    clearTimeout(resting);
    layers.hover(single ? hit.layer.metadata.layer : layers.hovered?.layer, single ? plain(hit) : null, 'map');
  }

  map.on('mousemove', (event) => {
    last = event.point;
    if (frame || app.draw.isDrawing) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      const hit = under(last, 3);
      map.getCanvas().style.cursor = hit ? 'pointer' : '';
      hoverHit(hit);
    });
  });
  map.on('mouseout', () => { if (layers.hovered) layers.hover(layers.hovered.layer, null, 'map'); });
  map.on('click', (event) => {
    if (app.draw.isDrawing) return;
    const taken = { taken: false, lngLat: event.lngLat, point: event.point, take() { this.taken = true; } };
    app.bus.emit('click', taken);
    if (taken.taken) return;
    const hit = under(event.point);
    if (!hit || COVERS.has(hit.layer.metadata.layer)) app.bus.emit('click:empty', taken);
    if (!hit || taken.taken) return;
    const layer = layers.get(hit.layer.metadata.layer);
    if (hit.layer.metadata.part === 'blocks') {
      map.easeTo({ center: event.lngLat, zoom: Math.max(map.getZoom() + 1, Math.min(map.getZoom() + 2, layer.features_from)), duration: 300 });
      return;
    }
    app.feature.open(layer.name, hit.properties[layer.key]);
  });
}
