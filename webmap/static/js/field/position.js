// Where the device is, with its accuracy, for as long as the page is looked at.

const SETTINGS = { enableHighAccuracy: true, timeout: 10_000, maximumAge: 5000 };
/** Accuracy in metres up to which a position is called good. */
export const GOOD_M = 30;

/** A question about the permission that nobody answers stops nobody for longer than this. */
const PATIENCE_MS = 3000;

/**
 * Follow the device: `found({place: [lon, lat], accuracy_m})` on each position, `lost(reason)`
 * with `denied`, `none` or `late` while there is none. Gives the function that stops.
 */
export function follow(found, lost) {
  if (!navigator.geolocation) { lost('none'); return () => {}; }
  const waited = setTimeout(() => lost('late'), PATIENCE_MS);
  const watch = navigator.geolocation.watchPosition(
    ({ coords }) => { clearTimeout(waited); found({ place: [coords.longitude, coords.latitude], accuracy_m: Math.round(coords.accuracy) }); },
    (fault) => { clearTimeout(waited); lost({ 1: 'denied', 2: 'none', 3: 'late' }[fault.code] ?? 'none'); }, SETTINGS);
  return () => { clearTimeout(waited); navigator.geolocation.clearWatch(watch); };
}

/** Whether a position lies within `bounds` [west, south, east, north], with a margin in degrees. */
export function within(place, bounds, margin = 0.05) {
  if (!bounds) return true;
  const [west, south, east, north] = bounds;
  return place[0] >= west - margin && place[0] <= east + margin && place[1] >= south - margin && place[1] <= north + margin;
}
