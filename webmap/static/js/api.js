// Requests to our own interface, with the token against forged requests, and one form of error.

import { t } from 'cityops/i18n';

/** A refusal of the interface: `error` and `errors` as the server sent them. */
export class ApiError extends Error {
  constructor(status, body) {
    const error = body?.error ?? { code: `http.${status}`, message: t('服务器没有应答'), hint: t('检查网络后重试') };
    super(error.message);
    this.status = status;
    this.error = error;
    this.errors = body?.errors ?? [];
    this.requestId = body?.request_id ?? null;
  }
}

export function csrfToken() {
  return document.querySelector('meta[name=csrf-token]')?.content ?? '';
}

/**
 * Ask the interface. `path` is below `/api/v1/` unless it starts with `/`.
 * Options: `method`, `json` (sent as JSON), `form` (FormData), `query`, `headers`, `signal`,
 * `raw` (give the Response instead of its JSON). Throws ApiError; an aborted request throws
 * AbortError.
 */
export async function api(path, options = {}) {
  const { json, form, query, raw, headers = {}, ...rest } = options;
  const address = new URL(path.startsWith('/') ? path : `/api/v1/${path}`, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) if (value != null) address.searchParams.set(name, value);
  const sent = { Accept: 'application/json', ...headers };
  const method = rest.method ?? (json !== undefined || form ? 'POST' : 'GET');
  if (method !== 'GET') sent['X-CSRFToken'] = csrfToken();
  if (json !== undefined) sent['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(address, { ...rest, method, headers: sent, credentials: 'same-origin', body: json !== undefined ? JSON.stringify(json) : form });
  } catch (fault) {
    if (fault.name === 'AbortError') throw fault;
    throw new ApiError(0, null);
  }
  if (!answer.ok) {
    if (answer.status === 401) signInAgain();
    throw new ApiError(answer.status, await bodyOf(answer));
  }
  if (raw) return answer;
  return answer.status === 204 ? null : answer.json();
}

async function bodyOf(answer) {
  try { return await answer.json(); } catch { return null; }
}

let going = false;
function signInAgain() {
  if (going) return;
  going = true;
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}
