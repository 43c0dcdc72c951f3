// Where the device is, asked for at the moment it is needed, with its accuracy.

const PATIENCE_MS = 8000;

/** Position as `{place: [lon, lat], accuracy_m}`, or null when the device gives none. */
export function whereAmI() {
  return new Promise((done) => {
    if (!navigator.geolocation) { done(null); return; }
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => done({ place: [coords.longitude, coords.latitude], accuracy_m: Math.round(coords.accuracy) }),
      () => done(null),
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 5000 },
    );
  });
}

/** Whether a position lies within `bounds` [west, south, east, north], with a margin in degrees. */
export function within(place, bounds, margin = 0.05) {
  if (!bounds) return true;
  const [west, south, east, north] = bounds;
  return place[0] >= west - margin && place[0] <= east + margin && place[1] >= south - margin && place[1] <= north + margin;
}
