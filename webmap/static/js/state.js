// The address bar carries the state: where the map is, what is on, filtered, selected, which tool.
//
//   at=117.20653,39.11829,15.2   centre and zoom
//   tool=underground             open tool
//   on=pipes,-cells              layers that differ from their declaration
//   f=pipes.kind:gas|water       filters, `;` between several; field q: a text
//   off=pipes:heat|power         classes switched off, `;` between layers
//   op=cells:40                  opacity in percent, `;` between layers
//   sel=pipes/RQ-0418            selected feature
//   list=pipes                   layer shown in the list
//   show=pipes                   layer opened in the layer panel, once
// Any other name belongs to the tool that sets it.

const READABLE = { '%2C': ',', '%2F': '/', '%3A': ':', '%7C': '|', '%3B': ';' };

/** State kept in the address; `bus` gets `state` when the person goes back or forward. */
export function createState(bus) {
  let params = new URLSearchParams(location.search);
  addEventListener('popstate', () => {
    params = new URLSearchParams(location.search);
    bus.emit('state', { back: true });
  });

  function address() {
    const text = params.toString().replace(/%(2C|2F|3A|7C|3B)/g, (code) => READABLE[code]);
    return location.pathname + (text ? `?${text}` : '');
  }

  return {
    /** Value of a name, or null. */
    get: (name) => params.get(name),
    /** Set several names at once; null removes. `push` makes a step that Back undoes. */
    set(values, { push = false } = {}) {
      const before = address();
      for (const [name, value] of Object.entries(values)) {
        if (value == null || value === '') params.delete(name);
        else params.set(name, String(value));
      }
      const after = address();
      if (after === before) return;
      history[push ? 'pushState' : 'replaceState'](null, '', after);
      bus.emit('address', after);
    },
    /** This view as an address to hand on. */
    link: () => location.origin + address(),
  };
}

/** `117.2,39.1,14` as numbers, or null when it is not three numbers on earth. */
export function parsePlace(text) {
  const parts = (text ?? '').split(',').map(Number);
  if (parts.length !== 3 || parts.some((n) => !Number.isFinite(n))) return null;
  const [lon, lat, zoom] = parts;
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 85 ? { center: [lon, lat], zoom: Math.min(22, Math.max(0, zoom)) } : null;
}

/** `a:1|2;b:3` as a Map of lists. */
export function parseLists(text) {
  const lists = new Map();
  for (const part of (text ?? '').split(';')) {
    const at = part.indexOf(':');
    if (at > 0) lists.set(part.slice(0, at), part.slice(at + 1).split('|').map(decodeURIComponent));
  }
  return lists;
}

/** The opposite of `parseLists`; empty lists are left out. */
export function formatLists(lists) {
  return [...lists].filter(([, values]) => values.length > 0)
    .map(([name, values]) => `${name}:${values.map((v) => encodeURIComponent(v)).join('|')}`).join(';');
}
