"""Photos as evidence in the store: the port ``cityops.services.case_evidence.EvidenceRepo``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import orjson
from sqlalchemy import bindparam, delete, insert, select

from cityops.services.case_evidence import Alarmed, KnownPhoto
from cityops.store.case_rows import evidence_values
from cityops.store.dialect import JoinedTexts
from cityops.store.models.cases import CaseEvidence, CaseRow

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_evidence = CaseEvidence.__table__
_case = CaseRow.__table__
#: A picture is compared with so many of the newest ones, which takes some 20 ms.
NEWEST = 100_000
#: No more look-alikes than this are told of one photo.
_MOST = 20
_ALARMS = (
    select(_evidence.c.name, _evidence.c.alarms)
    .where(_evidence.c.case_seq == bindparam("of_seq"), _evidence.c.alarms != "[]")
    .order_by(_evidence.c.id)
)


class SqlEvidenceRepo:
    """Evidence of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def same_file(self, seq: int, sha256: str) -> list[KnownPhoto]:
        """Photos of other cases with the same bytes."""
        return self._known(_evidence.c.sha256 == sha256, _evidence.c.case_seq != seq)

    def look_alikes(self, seq: int, phash: int, within: int) -> list[KnownPhoto]:
        """Photos of other cases whose pictures differ in at most `within` bits; the nearest."""
        # Loads scipy, which processes that only show alarms do without.
        from grid.evidence.fingerprint import look_alikes

        c = _evidence.c
        newest = (
            select(c.id, c.phash)
            .where(c.phash.is_not(None), c.case_seq != seq)
            .order_by(c.id.desc())
            .limit(NEWEST)
            .subquery()
        )
        ids, hashes = self._connection.execute(
            select(JoinedTexts(newest.c.id, ","), JoinedTexts(newest.c.phash, ","))
        ).one()
        numbers = np.fromstring(ids or "", np.int64, sep=",")
        known = np.fromstring(hashes or "", np.int64, sep=",").view(np.uint64)
        near = numbers[look_alikes(phash, known, within)[:_MOST]].tolist()
        return self._known(c.id.in_(near))

    def _known(self, *wanted: Any) -> list[KnownPhoto]:
        c = _evidence.c
        query = (
            select(_case.c.id, c.sha256, c.phash)
            .join(_case, _case.c.seq == c.case_seq)
            .where(*wanted)
            .order_by(c.id)
            .limit(_MOST)
        )
        return [
            KnownPhoto(UUID(case), sha256, None if phash is None else phash % 2**64)
            for case, sha256, phash in self._connection.execute(query)
        ]

    def add(
        self, seq: int, name: str, sha256: str, phash: int | None, alarms: list[dict[str, Any]]
    ) -> None:
        """Keep what is known of a photo, in place of what was known."""
        c = _evidence.c
        self._connection.execute(delete(_evidence).where(c.case_seq == seq, c.name == name))
        row = evidence_values(name, sha256, phash, alarms)
        self._connection.execute(insert(_evidence), {"case_seq": seq} | row)

    def alarms(self, seq: int) -> list[Alarmed]:
        """Alarms of a case's photos, in the order in which they were looked at."""
        rows = self._connection.execute(_ALARMS, {"of_seq": seq})
        return [Alarmed(name, orjson.loads(alarms)) for name, alarms in rows]
