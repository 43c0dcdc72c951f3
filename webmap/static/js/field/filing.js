// Filing a case: one record made on the device, sent as JSON, its photos after it.
//
// The identity is made here, before anything is sent, so that sending twice, after a lost answer
// or from two places, makes one case. Nothing here touches the page: an outbox can keep a report
// and its photos and call `send` again later.

import { api } from 'cityops/api';

/** A report, complete as it will be sent. `place` is [lon, lat] in CGCS2000. */
export function newReport({ place, accuracy_m, chosen, description, component, now = new Date(), id = crypto.randomUUID() }) {
  return {
    id,
    domain: chosen.domain,
    scheme: chosen.scheme,
    class_code: chosen.code,
    description: description.trim(),
    lon: place[0],
    lat: place[1],
    accuracy_m: accuracy_m ?? null,
    component: component ?? null,
    device_time: now.toISOString(),
  };
}

/** What still has to be filled in before a report can be sent, as names of the steps. */
export function missing({ photos, chosen, place, description }) {
  const open = [];
  if (!place) open.push('place');
  if (!chosen) open.push('class');
  if (photos.length === 0 && !description?.trim()) open.push('photo');
  return open;
}

/**
 * Send a report, then those photos that are not there yet. `step(done, total)` is told of each.
 * Gives the case as the server keeps it. Throws ApiError; whatever was received stays received,
 * so the same call may be made again.
 */
export async function send(report, photos, step = () => {}) {
  const total = photos.length + 1;
  step(0, total);
  const received = await api('cases', { json: report });
  if (received.id !== report.id) throw new Error('receipt for another report');
  step(1, total);
  const there = new Set((received.photos ?? []).map((photo) => photo.name));
  let kept = received;
  for (const [at, photo] of photos.entries()) {
    if (!there.has(photo.name)) kept = await sendPhoto(report.id, photo);
    step(at + 2, total);
  }
  return { ...received, photos: kept.photos ?? received.photos };
}

function sendPhoto(id, photo) {
  const form = new FormData();
  form.append('photo', photo.blob, photo.name);
  return api(`cases/${id}/photos/${encodeURIComponent(photo.name)}`, { method: 'POST', form });
}

/** Whether sending again later can help: the line or the server failed, not the report. */
export function worthRetrying(fault) {
  const status = fault?.status;
  return status === 0 || status === 401 || status === 408 || status === 429 || status >= 500;
}
