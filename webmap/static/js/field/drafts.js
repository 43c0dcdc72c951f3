// What was begun survives a reload or an empty battery: one record per report, photos as blobs.
//
// A draft is `{id, person, place, accuracy_m, component, chosen, description, photos, report,
// received, fault, at}`. `report` is what was sent first and stays as it was; `received` is the
// receipt; a photo that arrived has `sent`. Words are noted at every key besides: a page that is
// left has no time to wait for a database.

const NAME = 'cityops-field';
const STORE = 'drafts';
const WORDS = 'cityops-field-words:';

function open() {
  return new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 2);
    asked.onupgradeneeded = () => {
      if (asked.result.objectStoreNames.contains('draft')) asked.result.deleteObjectStore('draft');
      asked.result.createObjectStore(STORE, { keyPath: 'id' });
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

async function within(mode, act) {
  const db = await open();
  try {
    return await new Promise((done, failed) => {
      const tx = db.transaction(STORE, mode);
      const asked = act(tx.objectStore(STORE));
      tx.oncomplete = () => done(asked.result);
      tx.onerror = tx.onabort = () => failed(tx.error);
    });
  } finally {
    db.close();
  }
}

/** Note the words of a draft at once, before the draft is kept. */
export function note({ id, description }) {
  try { localStorage.setItem(WORDS + id, description); } catch { /* the draft itself is kept soon */ }
}

function noted(id) {
  try { return localStorage.getItem(WORDS + id); } catch { return null; }
}

function unnote(id) {
  try { localStorage.removeItem(WORDS + id); } catch { /* nothing was noted */ }
}

/** Keep a draft; gives whether the device could. A full or closed store must not stop the work. */
export async function keep(draft) {
  const photos = draft.photos.map(({ name, blob, sent = false }) => ({ name, blob, sent }));
  const { description } = draft;
  try {
    await within('readwrite', (store) => store.put({ ...draft, photos, at: Date.now() }));
    if (noted(draft.id) === description) unnote(draft.id);
    return true;
  } catch { return false; }
}

/** The kept drafts of this person, newest first. */
export async function kept(person) {
  try {
    const all = await within('readonly', (store) => store.getAll());
    return all.filter((draft) => draft.person === person).sort((a, b) => b.at - a.at)
      .map((draft) => ({ ...draft, description: noted(draft.id) ?? draft.description }));
  } catch { return []; }
}

/** Forget a draft. */
export async function forget(id) {
  unnote(id);
  try { await within('readwrite', (store) => store.delete(id)); } catch { /* nothing was kept */ }
}
