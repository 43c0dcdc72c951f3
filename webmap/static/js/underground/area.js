// The area a person draws: as an address, as the rest of the world around it, and where its border crosses itself.

/** Digits of degrees: a centimetre, what an address carries and what is asked for alike. */
const DIGITS = 7;
/** Longest area that an address carries, in characters; beyond it links are cut by mail programs. */
const MOST_ADDRESS = 6000;

const cut = (n) => Number(n.toFixed(DIGITS));

/** The polygon of a drawn one, rounded so that the address gives the same sums again. */
export function rounded({ coordinates }) {
  return { type: 'Polygon', coordinates: coordinates.map((ring) => ring.map(([lon, lat]) => [cut(lon), cut(lat)])) };
}

/** `lon,lat;lon,lat;…` of the outer ring, or null when it is too long for an address. */
export function formatArea(polygon) {
  if (polygon.coordinates.length !== 1) return null;
  const text = polygon.coordinates[0].slice(0, -1).map((at) => at.join(',')).join(';');
  return text.length <= MOST_ADDRESS ? text : null;
}

/** The polygon of an address, or null when there is none. */
export function parseArea(text) {
  const ring = (text ?? '').split(';').map((at) => at.split(',').map(Number));
  const sound = ring.length >= 3 && ring.every((at) => at.length === 2 && Math.abs(at[0]) <= 180 && Math.abs(at[1]) <= 90);
  return sound ? { type: 'Polygon', coordinates: [[...ring, ring[0]]] } : null;
}

const WORLD = [[-180, -85], [180, -85], [180, 85], [-180, 85], [-180, -85]];

/** Everything but the polygon. */
export function outside({ coordinates }) {
  return { type: 'Polygon', coordinates: [WORLD, coordinates[0]] };
}

/** Points at which the border crosses itself; at most ten. */
export function crossings({ coordinates: [ring] }) {
  const found = [];
  for (let i = 0; i < ring.length - 1 && ring.length < 500; i += 1) {
    for (let j = i + 2; j < ring.length - 1 && found.length < 10; j += 1) {
      if (i === 0 && j === ring.length - 2) continue; // the first and the last side share a corner
      const at = meeting(ring[i], ring[i + 1], ring[j], ring[j + 1]);
      if (at) found.push(at);
    }
  }
  return found;
}

function meeting([ax, ay], [bx, by], [cx, cy], [dx, dy]) {
  const across = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx);
  if (across === 0) return null;
  const along = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / across;
  const other = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / across;
  return along >= 0 && along <= 1 && other >= 0 && other <= 1 ? [ax + along * (bx - ax), ay + along * (by - ay)] : null;
}
