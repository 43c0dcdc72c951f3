// Coordinates in the systems people quote: CGCS2000, its Gauss-Krüger plane (EPSG:4548), GCJ-02.

const RAD = Math.PI / 180;
const A = 6378137;
const F = 1 / 298.257222101;

// Krüger's series in the third flattening, to n^4: better than 1 mm within the zone.
const N = F / (2 - F);
const RADIUS = (A / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);
const ALPHA = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4,
  (49561 / 161280) * N ** 4,
];
const E = Math.sqrt(F * (2 - F));

/** East and north in metres of CGCS2000 / 3-degree Gauss-Krüger, central meridian `meridian`. */
export function gaussKruger(lon, lat, meridian = 117, falseEasting = 500000) {
  const phi = lat * RAD;
  const lambda = (lon - meridian) * RAD;
  const sin = Math.sin(phi);
  const tau = Math.sinh(Math.atanh(sin) - E * Math.atanh(E * sin));
  const xi = Math.atan2(tau, Math.cos(lambda));
  const eta = Math.asinh(Math.sin(lambda) / Math.hypot(tau, Math.cos(lambda)));
  let north = xi;
  let east = eta;
  ALPHA.forEach((a, i) => {
    const k = 2 * (i + 1);
    north += a * Math.sin(k * xi) * Math.cosh(k * eta);
    east += a * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  return { east: RADIUS * east + falseEasting, north: RADIUS * north };
}

const KRASOVSKY_A = 6378245;
const KRASOVSKY_E2 = 0.00669342162296594323;

function wave(x, y) {
  return (20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * (2 / 3) + y;
}

/** GCJ-02 of a CGCS2000 position; outside China the position itself. Approximate, about 1 m. */
export function toGcj02(lon, lat) {
  if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lon, lat];
  const x = lon - 105;
  const y = lat - 35;
  const third = (p) => (20 * Math.sin(p * Math.PI) + 40 * Math.sin((p / 3) * Math.PI)) * (2 / 3);
  let dLat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + wave(x, third(y));
  dLat += (160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y / 30) * Math.PI)) * (2 / 3);
  let dLon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + wave(x, third(x));
  dLon += (150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * (2 / 3);
  const phi = lat * RAD;
  const w = 1 - KRASOVSKY_E2 * Math.sin(phi) ** 2;
  dLat = (dLat * 180) / (((KRASOVSKY_A * (1 - KRASOVSKY_E2)) / (w * Math.sqrt(w))) * Math.PI);
  dLon = (dLon * 180) / ((KRASOVSKY_A / Math.sqrt(w)) * Math.cos(phi) * Math.PI);
  return [lon + dLon, lat + dLat];
}

/** CGCS2000 position of a GCJ-02 one, by fixed-point steps. */
export function fromGcj02(lon, lat) {
  let [x, y] = [lon, lat];
  for (let i = 0; i < 8; i += 1) {
    const [gx, gy] = toGcj02(x, y);
    x += lon - gx;
    y += lat - gy;
  }
  return [x, y];
}

/** `117.20653, 39.11829`, `39.1N 117.2E`, with words such as 高德 for GCJ-02; null when it is no position. */
export function parsePosition(text) {
  const gcj = /gcj|高德|腾讯|火星/i.test(text);
  const numbers = text.replace(/[，,;；\s]+/g, ' ').match(/-?\d+(?:\.\d+)?/g)?.map(Number);
  if (!numbers || numbers.length !== 2 || !/^[\d\s.,，;；°NSEWnsew\-东西南北经纬度gcjGCJ高德腾讯火星\u3000:：]*(?:02)?$/.test(text)) return null;
  let [lon, lat] = numbers;
  const swapped = Math.abs(lat) > 90 || (lon >= 3 && lon <= 54 && lat >= 73 && lat <= 136) || /^\s*-?[\d.]+\s*°?\s*[NS北]/i.test(text);
  if (swapped) [lon, lat] = [lat, lon];
  if (Math.abs(lon) > 180 || Math.abs(lat) > 90) return null;
  return { position: gcj ? fromGcj02(lon, lat) : [lon, lat], swapped, gcj };
}

/** Ground metres per CSS pixel at a latitude and zoom of the map. */
export function metresPerPixel(lat, zoom) {
  return (Math.cos(lat * RAD) * 2 * Math.PI * A) / (512 * 2 ** zoom);
}

/** Length of a line of positions in metres, on the sphere of mean radius with the local scale of the ellipsoid. */
export function lengthOf(line) {
  let sum = 0;
  for (let i = 1; i < line.length; i += 1) sum += distance(line[i - 1], line[i]);
  return sum;
}

/** Distance of two positions in metres: mid-latitude formula on the ellipsoid, right to 1e-5 up to 50 km. */
export function distance([lon1, lat1], [lon2, lat2]) {
  const phi = ((lat1 + lat2) / 2) * RAD;
  const e2 = F * (2 - F);
  const w = 1 - e2 * Math.sin(phi) ** 2;
  const m = (A * (1 - e2)) / (w * Math.sqrt(w));
  const n = A / Math.sqrt(w);
  return Math.hypot((lat2 - lat1) * RAD * m, (lon2 - lon1) * RAD * n * Math.cos(phi));
}

/** A closed ring of positions `metres` around a place; on the sphere, good enough to be looked at. */
export function circleAround([lon, lat], metres, steps = 64) {
  const high = metres / A / RAD;
  const wide = high / Math.cos(lat * RAD);
  return Array.from({ length: steps + 1 }, (_, i) => [lon + wide * Math.cos((2 * Math.PI * i) / steps), lat + high * Math.sin((2 * Math.PI * i) / steps)]);
}

/** Area of a ring of positions in square metres, on a local plane; right to about 1e-4 up to 20 km. */
export function areaOf(ring) {
  const [lon0, lat0] = ring[0];
  const flat = ring.map(([lon, lat]) => [
    Math.sign(lon - lon0) * distance([lon0, lat], [lon, lat]), Math.sign(lat - lat0) * distance([lon0, lat0], [lon0, lat])]);
  let twice = 0;
  for (let i = 0; i < flat.length; i += 1) {
    const [x1, y1] = flat[i];
    const [x2, y2] = flat[(i + 1) % flat.length];
    twice += x1 * y2 - x2 * y1;
  }
  return Math.abs(twice) / 2;
}
