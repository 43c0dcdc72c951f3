// Events between the parts of a page. A listener that throws does not stop the others.

export function createBus() {
  const listeners = new Map();
  return {
    /** Call `act(detail)` on each event `name`; gives the function that stops it. */
    on(name, act) {
      if (!listeners.has(name)) listeners.set(name, new Set());
      listeners.get(name).add(act);
      return () => listeners.get(name)?.delete(act);
    },
    /** Tell everyone who listens for `name`. */
    emit(name, detail) {
      for (const act of [...(listeners.get(name) ?? [])]) {
        try { act(detail); } catch (fault) { console.error(name, fault); }
      }
    },
  };
}
