// Filing a case: one record made on the device, sent as JSON, its photos after it.
//
// The identity is made here, before anything is sent, so that sending twice, after a lost answer
// or from two places, makes one case. Nothing here touches the page: an outbox can keep a report
// and its photos and call `send` again later.

import { api } from 'cityops/api';
import { uploadPhoto } from 'cityops/cases/upload';

/** A report, complete as it will be sent. `place` is [lon, lat] in CGCS2000. */
export function newReport({ place, accuracy_m, chosen, condition, self_disposal = false, description = '', component, now = new Date(), id = crypto.randomUUID() }) {
  return {
    id,
    domain: chosen.domain,
    scheme: chosen.scheme,
    class_code: chosen.code,
    description: description.trim(),
    lon: Number(place[0].toFixed(9)),
    lat: Number(place[1].toFixed(9)),
    accuracy_m: accuracy_m ?? null,
    component: component ?? null,
    condition: condition ?? null,
    self_disposal,
    device_time: now.toISOString(),
  };
}

/** What still has to be filled in before a report can be sent, as names of the steps. */
export function missing({ photos, chosen, place, description, self_disposal: done }) {
  const open = [];
  if (!place) open.push('place');
  if (done && photos.length < 2) open.push('after');
  else if (photos.length === 0 && !description?.trim()) open.push('photo');
  if (!chosen) open.push('class');
  return open;
}

/** What photo `i` of a draft shows: of what was disposed of on the spot, the last one is of the end. */
export function showsAfter({ photos, self_disposal: done }, i) {
  return Boolean(done) && i > 0 && i === photos.length - 1;
}

/** Whether two reports say the same; when they were written does not count. */
export function sameReport(a, b) {
  return Object.keys({ ...a, ...b }).every((name) => name === 'device_time' || a[name] === b[name]);
}

/**
 * The report to send for what is filled in now, when `sent` was tried before and its answer got
 * lost. An unchanged one goes again; a changed one is new, unless the server has the first:
 * then `{received}` is its receipt.
 */
export async function again(sent, now) {
  if (sameReport(sent, now)) return { report: sent };
  try {
    return { report: sent, received: await api(`cases/${sent.id}`) };
  } catch (fault) {
    if (fault.status !== 404) throw fault;
    return { report: { ...now, id: crypto.randomUUID() } };
  }
}

/** Send a report; gives the case as the server keeps it. Throws ApiError; may be called again. */
export async function sendReport(report) {
  const received = await api('cases', { json: { ...report, sent_at: new Date().toISOString() } });
  if (received.id !== report.id) throw new Error('receipt for another report');
  return received;
}

/**
 * Send those photos of a draft, received as case `id`, that are not there yet. `step(share)` is told from 0 to 1,
 * `arrived(photo)` of each one. Throws ApiError at the first that fails; may be called again.
 */
export async function sendPhotos(id, draft, { step = () => {}, arrived = () => {} } = {}) {
  const waiting = draft.photos.filter((photo) => !photo.sent);
  const total = waiting.reduce((sum, photo) => sum + photo.blob.size, 0) || 1;
  let before = 0;
  for (const photo of waiting) {
    const kind = showsAfter(draft, draft.photos.indexOf(photo)) ? 'after' : 'report';
    await uploadPhoto(id, photo, { kind, sent: (share) => step((before + share * photo.blob.size) / total) });
    before += photo.blob.size;
    photo.sent = true;
    await arrived(photo);
  }
  step(1);
}

/** Whether sending again later can help: the line or the server failed, not the report. */
export function worthRetrying(fault) {
  const status = fault?.status;
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

/** Whether the session or its token has ended, so that only signing in again helps. */
export function mustSignIn(fault) {
  return fault?.status === 401 || fault?.error?.code === 'csrf.missing';
}
