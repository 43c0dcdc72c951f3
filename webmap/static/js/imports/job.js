// Waiting for a job: how far it is, until it ends or is no longer wanted.

import { api } from 'cityops/api';

const FIRST_MS = 250;
const LONGEST_MS = 1500;
const ENDED = new Set(['done', 'failed', 'cancelled']);

const pause = (ms, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener('abort', () => { clearTimeout(timer); reject(new DOMException('', 'AbortError')); }, { once: true });
});

/** The job as it ended; `onProgress(job)` is told on the way. Throws AbortError with `signal`. */
export async function watch(id, onProgress, signal) {
  let wait = FIRST_MS;
  for (;;) {
    await pause(wait, signal);
    const job = await api(`jobs/${id}`, { signal });
    onProgress(job);
    if (ENDED.has(job.state)) return job;
    wait = Math.min(wait * 1.3, LONGEST_MS);
  }
}

/** Ask a job to stop. */
export const cancel = (id) => api(`jobs/${id}/cancel`, { method: 'POST' });
