"""Very many cases in an SQL database: the port ``cityops.services.case_bulk.CaseBulkRepo``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, bindparam, insert, select, update

from cityops.services.case_bulk import NewCase, NewPhoto
from cityops.store.case_rows import (
    case_values,
    evidence_values,
    fact_values,
    photo_values,
    step_values,
)
from cityops.store.models.cases import (
    CaseCounter,
    CaseEvidence,
    CaseFact,
    CasePhoto,
    CaseRow,
    CaseStep,
)

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_case: Any = CaseRow.__table__
_step: Any = CaseStep.__table__
_fact: Any = CaseFact.__table__
_photo: Any = CasePhoto.__table__
_evidence: Any = CaseEvidence.__table__
_counter: Any = CaseCounter.__table__
#: Parameters of one question; SQLite takes some thousands.
_CHUNK = 500
#: Rows that are made and sent at once: how much of a large delivery is in memory twice.
_ROWS = 5_000


class SqlCaseBulkRepo:
    """Very many cases of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def take_numbers(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """Take so many running numbers of each prefix; gives the first of each."""
        last = self._counters(sorted(wanted))
        known = [{"of": p, "more": n} for p, n in sorted(wanted.items()) if p in last]
        fresh = [{"prefix": p, "last": n} for p, n in sorted(wanted.items()) if p not in last]
        if known:
            more = _counter.c.last + bindparam("more")
            here = _counter.c.prefix == bindparam("of")
            self._connection.execute(update(_counter).where(here).values(last=more), known)
        if fresh:
            self._connection.execute(insert(_counter), fresh)
        return {prefix: last.get(prefix, 0) + 1 for prefix in wanted}

    def _counters(self, prefixes: Sequence[str]) -> dict[str, int]:
        """Last numbers of prefixes that have one; nobody else takes any until the end of this act."""
        found: dict[str, int] = {}
        for at in range(0, len(prefixes), _CHUNK):
            here = _counter.c.prefix.in_(prefixes[at : at + _CHUNK])
            query = select(_counter.c.prefix, _counter.c.last).where(here).with_for_update()
            found |= {row.prefix: int(row.last) for row in self._connection.execute(query)}
        return found

    def add(self, cases: Sequence[NewCase]) -> int:
        """Store new cases with everything that belongs to them; gives how many."""
        self._send(_case, (case_values(c.record) for c in cases))
        seqs = self._seqs([str(c.record.id) for c in cases])
        numbered = [(seqs[str(c.record.id)], c) for c in cases]
        self._send(_step, (step_values(seq, e) for seq, c in numbered for e in c.history))
        self._send(_fact, (_fact_row(seq, c) for seq, c in numbered))
        photos = sorted(
            ((p.photo.uploaded_at, p.photo.name, seq, p) for seq, c in numbered for p in c.photos),
            key=lambda one: one[:3],
        )
        self._send(_photo, ({"case_seq": seq} | photo_values(p.photo) for *_, seq, p in photos))
        ready = [(seq, p) for *_, seq, p in photos if p.photo.state == "ready"]
        self._send(_evidence, (_evidence_row(seq, p) for seq, p in ready))
        return len(cases)

    def _send(self, table: Table, rows: Iterable[dict[str, Any]]) -> None:
        statement = insert(table)
        for some in _batches(rows):
            self._connection.execute(statement, some)

    def _seqs(self, ids: Sequence[str]) -> dict[str, int]:
        """Numbers of cases just stored. They lie behind all others of the table."""
        first = select(_case.c.seq).where(_case.c.id == ids[0]) if ids else None
        if first is None:
            return {}
        low = self._connection.execute(first).scalar_one()
        rows = self._connection.execute(select(_case.c.id, _case.c.seq).where(_case.c.seq >= low))
        return {row.id: int(row.seq) for row in rows}


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(rows)
    while some := list(islice(left, _ROWS)):
        yield some


def _fact_row(seq: int, case: NewCase) -> dict[str, Any]:
    return {"case_seq": seq} | fact_values(case.facts, is_open=case.runs)


def _evidence_row(seq: int, one: NewPhoto) -> dict[str, Any]:
    values = evidence_values(one.photo.name, one.photo.original, one.phash, one.alarms)
    return {"case_seq": seq} | values
