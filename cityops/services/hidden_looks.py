"""Looks at what is hidden from a person: audited, but not anew for every repeat."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

from cityops.services.ports import Store
from cityops.services.roles import Person

#: The same look of the same person is audited once in so many seconds by one process.
LOOK_AGAIN_AFTER_S = 3600.0
_MOST_REMEMBERED = 2000


class Remembered:
    """Which keys came lately.

    Parameters
    ----------
    again_after_s
        After so many seconds a key counts as new again.
    """

    def __init__(self, again_after_s: float) -> None:
        self._again_after_s = again_after_s
        self._seen: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._lock = Lock()

    def is_new(self, key: tuple[object, ...], now: float | None = None) -> bool:
        """Whether `key` did not come within the time; remembers it.

        Parameters
        ----------
        now
            Seconds of a monotonic clock; default the present.
        """
        at = time.monotonic() if now is None else now
        with self._lock:
            before = self._seen.get(key)
            if before is not None and at - before < self._again_after_s:
                return False
            self._seen[key] = at
            self._seen.move_to_end(key)
            while len(self._seen) > _MOST_REMEMBERED:
                self._seen.popitem(last=False)
        return True

    def forget(self, key: tuple[object, ...]) -> None:
        """Let `key` be new when it comes next."""
        with self._lock:
            self._seen.pop(key, None)


class HiddenLooks:
    """Audits who looks at what is hidden from them, so that a loop of looks writes once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._remembered = Remembered(LOOK_AGAIN_AFTER_S)

    def note(self, person: Person, action: str, subject: str) -> None:
        """Audit a look unless this person's was audited within the hour.

        Raises
        ------
        UnavailableError
            When it cannot be written; then the next look is new again.
        """
        key = (person.id, action, subject)
        if not self._remembered.is_new(key):
            return
        try:
            with self._store.writing() as tx:
                tx.audit.add(person, action, subject, result="refused")
        except BaseException:
            self._remembered.forget(key)
            raise
