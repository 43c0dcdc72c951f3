"""Open cases that follow a published calendar: some at a time, and to the end even after a crash.

What is still to be done stands in the store beside the calendar, from the transaction that
published it to the one that finished. A case follows by its own state: run twice over, nothing
moves twice. Acts on cases that are not recomputed yet use the new calendar already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cityops.services.grid.config import current_config
from cityops.services.grid.recompute import (
    Moved,
    OpenCase,
    Recomputed,
    moves_of,
    news_of,
    summed,
)
from cityops.services.ports import Store
from cityops.services.roles import SYSTEM
from grid.clock.book import CalendarBook

#: Name under which the store keeps what is to be done.
PENDING = "calendar.following"
#: So many cases follow in one transaction: a fraction of a second, others wait for five.
AT_ONCE = 2000
#: Who is behind more messages than are told one by one is told to load anew; more are not needed.
TOLD_SINGLY = 501
#: A recomputation that did not get on for so long was broken off.
STILL = timedelta(minutes=1)

Progress = dict[str, Any]


def begin(tx: Any, table: int, name: str, at: datetime) -> None:
    """Keep that the cases are to follow a table, in the transaction that publishes it."""
    done = {"name": name, "begun": at.isoformat(), "at": at.isoformat(), "after": 0}
    _keep(tx, table, done | {"done": Recomputed().as_dict()})


def unfinished(tx: Any) -> dict[int, Progress]:
    """What is still to be done, by table."""
    return {int(table): progress for table, progress in (tx.meta.get(PENDING) or {}).items()}


def chunks(seqs: Sequence[int]) -> Iterator[Sequence[int]]:
    """Numbers of cases, as many at a time as follow in one transaction."""
    return (seqs[at : at + AT_ONCE] for at in range(0, len(seqs), AT_ONCE))


class Following:
    """Recomputes open cases of one store by the calendars that are in force.

    Parameters
    ----------
    now
        Gives the present time, aware.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def broken_off(self) -> list[int]:
        """Tables whose recomputation nobody is at."""
        now = self._now()
        with self._store.reading() as tx:
            there = unfinished(tx)
        return [t for t, p in there.items() if abs(now - datetime.fromisoformat(p["at"])) > STILL]

    def run(self, table: int) -> Recomputed:
        """Let the cases follow that have not yet; gives the numbers of all that did."""
        with self._store.reading() as tx:
            progress = unfinished(tx).get(table)
            if progress is None:
                return Recomputed()
            seqs = [seq for seq in tx.deadlines.open_seqs() if seq > progress["after"]]
        for some in chunks(seqs):
            self._chunk(table, some[0], some[-1])
        return self._finish(table)

    def _chunk(self, table: int, first: int, last: int) -> None:
        with self._store.reading() as tx:
            config = current_config(tx)
            cases = tx.deadlines.open_cases(first, last)
            name = unfinished(tx).get(table, {}).get("name", "")
        at, told = self._now(), f"days/{name}"
        moved = moves_of(cases, config.book, at, told)
        with self._store.writing() as tx:
            progress = unfinished(tx).get(table)
            if progress is None or progress["after"] >= last:
                return  # somebody else did it
            newest = current_config(tx)
            if newest.version != config.version:
                cases = tx.deadlines.open_cases(first, last)
                moved = moves_of(cases, newest.book, at, told)
            kept, count = _still_true(tx, cases, moved, (newest.book, at, told))
            tx.deadlines.move(kept)
            _tell_singly(tx, progress, kept)
            done = _numbers(progress) + summed(count, kept)
            step = {"at": at.isoformat(), "after": last, "done": done.as_dict()}
            _keep(tx, table, progress | step)

    def _finish(self, table: int) -> Recomputed:
        """Tell the sum, and that nothing is left to be done."""
        at = self._now()
        with self._store.writing() as tx:
            progress = unfinished(tx).get(table)
            if progress is None:
                return Recomputed()
            done, name = _numbers(progress), progress["name"]
            tx.outbox.put("calendar.published", {"name": name, **done.as_dict()})
            detail = {"table": table, "begun": progress["begun"], **done.as_dict()}
            tx.audit.add(SYSTEM, "calendar.recompute", f"calendar:{name}", detail=detail, at=at)
            _keep(tx, table, None)
        return done


def _still_true(
    tx: Any,
    cases: Sequence[OpenCase],
    moved: Sequence[Moved],
    again: tuple[CalendarBook, datetime, str],
) -> tuple[list[Moved], int]:
    """What is moved of cases as they are now, and how many are open; `again` counts anew.

    Cases that were moved since they were read are read again, those that ended are left out.
    """
    if not cases:
        return [], 0
    first, last = cases[0].seq, cases[-1].seq
    there = tx.deadlines.open_versions(first, last)
    read = {case.seq: case.version for case in cases}
    kept = [m for m in moved if there.get(m.case.seq) == m.case.version]
    if any(read.get(seq) != version for seq, version in there.items()):
        stale = [c for c in tx.deadlines.open_cases(first, last) if read.get(c.seq) != c.version]
        kept += moves_of(stale, *again)
    return kept, len(there)


def _tell_singly(tx: Any, progress: Mapping[str, Any], moved: Sequence[Moved]) -> None:
    left = max(TOLD_SINGLY - int(progress["done"]["moved"]), 0)
    for one in moved[:left]:
        tx.outbox.put("case.recompute", news_of(one))


def _numbers(progress: Mapping[str, Any]) -> Recomputed:
    return Recomputed(**progress["done"])


def _keep(tx: Any, table: int, progress: Progress | None) -> None:
    """Keep what is still to be done for a table; None when nothing is."""
    there = {str(key): value for key, value in unfinished(tx).items() if key != table}
    tx.meta.put(PENDING, there if progress is None else there | {str(table): progress})
