// Filters that a tile cannot answer: text, and fields that tiles do not carry. The server says which
// features of the window match, and the map shows those by their keys, as the list does.

import { count, t, title } from 'cityops/i18n';
import { complain, toast } from 'cityops/toast';

const PAGE = 1000;
const MOST_PAGES = 5;

/** What the filter of a layer calls a text that any text field may hold; no field is called so. */
export const TEXT = 'q';

/** Whether a filter asks for more than tiles carry. */
export function beyondTiles(layer, filters) {
  return Object.keys(filters).some((name) => name === TEXT || !layer.fields.find((field) => field.name === name)?.in_tiles);
}

/** Keeps the keys that match; `paint(name)` is called when they are known. */
export function createMatching(app, paint) {
  const known = new Map();
  const asking = new Map();

  async function load(layer, query, signal) {
    const keys = [];
    const box = app.map.getBounds();
    const bbox = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((n) => n.toFixed(6)).join(',');
    let next = null;
    for (let turn = 0; turn < MOST_PAGES && (turn === 0 || next); turn += 1) {
      const found = await app.api(next ?? `layers/${layer.name}/features`, { query: next ? {} : { bbox, limit: PAGE, ...query }, signal });
      keys.push(...found.features.map((feature) => String(feature.properties[layer.key])));
      next = found.next ?? null;
    }
    if (next) toast(t('“{layer}”符合的太多，地图只画前 {n} 个，请放大', { layer: title(layer.title), n: count(keys.length) }));
    return keys;
  }

  /** Ask anew for the window of the map, or forget when the filter needs no keys. */
  async function ask(layer, filters, query) {
    asking.get(layer.name)?.abort();
    if (!beyondTiles(layer, filters)) { known.delete(layer.name); return; }
    const turn = new AbortController();
    asking.set(layer.name, turn);
    try {
      known.set(layer.name, await load(layer, query, turn.signal));
      paint(layer.name);
    } catch (fault) { complain(fault); }
  }

  return {
    ask,
    /** Keys to show, none while the answer is out; null when tiles can answer by themselves. */
    keys: (layer, filters) => (beyondTiles(layer, filters) ? known.get(layer.name) ?? [] : null),
  };
}
