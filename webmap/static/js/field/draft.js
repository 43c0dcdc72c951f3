// What was begun survives a reload or an empty battery: text in one record, photos as blobs.

const NAME = 'cityops-field';
const STORE = 'draft';
const KEY = 'current';

function open() {
  return new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
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

/** Keep a draft; gives whether the device could. A full or closed store must not stop the work. */
export async function keep(draft) {
  try { await within('readwrite', (store) => store.put(draft, KEY)); return true; } catch { return false; }
}

/** The kept draft of this person, or null. */
export async function kept(person) {
  try {
    const found = await within('readonly', (store) => store.get(KEY));
    return found && found.person === person ? found : null;
  } catch { return null; }
}

/** Forget the draft. */
export async function forget() {
  try { await within('readwrite', (store) => store.delete(KEY)); } catch { /* nothing was kept */ }
}
