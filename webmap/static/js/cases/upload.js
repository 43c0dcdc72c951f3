// Sending a photo with its progress: the one thing that `fetch` cannot tell.

import { ApiError, csrfToken } from 'cityops/api';

const PATIENCE_MS = 120_000;

/**
 * Send the blob of a photo to a case; `sent(share)` is told from 0 to 1. Gives the case as it
 * is then. `kind` says what the photo shows; by default what fits the person and the state.
 * Throws ApiError; the same photo may be sent again and is kept once.
 */
export function uploadPhoto(caseId, { name, blob }, { kind = null, sent = () => {} } = {}) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/v1/cases/${caseId}/photos/${encodeURIComponent(name)}${kind ? `?kind=${kind}` : ''}`);
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('X-CSRFToken', csrfToken());
    request.timeout = PATIENCE_MS;
    request.responseType = 'json';
    request.upload.onprogress = (event) => { if (event.lengthComputable) sent(event.loaded / event.total); };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) { sent(1); done(request.response); } else failed(new ApiError(request.status, request.response));
    };
    request.onerror = request.ontimeout = () => failed(new ApiError(0, null));
    const form = new FormData();
    form.append('photo', blob, name);
    request.send(form);
  });
}
