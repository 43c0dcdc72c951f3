"""Photos as evidence: what does not fit a case is kept for a person to look at.

No score is made of it, nothing is refused for it, and only those who accept and file see it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from cityops.services.case_scope import scope_of
from cityops.services.case_values import CaseRecord, PhotoRecord
from cityops.services.permissions import Action, permission_for
from cityops.services.places import Place, distances_m
from cityops.services.roles import SYSTEM, Person, Role
from grid.layers import CELLS

if TYPE_CHECKING:
    from grid.evidence.alarms import PhotoFacts

#: Who is told of alarms: those who judge reports and disposals.
SEES_ALARMS = (Role.ACCEPTOR, Role.SHIFT_LEADER)


@dataclass(frozen=True)
class Exposure:
    """What a picture says of itself: its hash, and time and place out of its EXIF; None unknown.

    ``position`` is [lon, lat] in degrees.
    """

    phash: int | None = None
    taken_at: datetime | None = None
    position: tuple[float, float] | None = None


@dataclass(frozen=True)
class KnownPhoto:
    """A photo of another case."""

    case: UUID
    sha256: str
    phash: int | None


@dataclass(frozen=True)
class Alarmed:
    """A photo with its alarms: ``{"kind", "told", "other", "value"}``."""

    name: str
    alarms: Sequence[Mapping[str, Any]]


class EvidenceRepo(Protocol):
    """Evidence in the store."""

    def same_file(self, seq: int, sha256: str) -> list[KnownPhoto]:
        """Photos of other cases with the same bytes."""

    def look_alikes(self, seq: int, phash: int, within: int) -> list[KnownPhoto]:
        """Photos of other cases whose pictures differ in at most `within` bits."""

    def add(
        self, seq: int, name: str, sha256: str, phash: int | None, alarms: list[dict[str, Any]]
    ) -> None:
        """Keep what is known of a photo."""

    def alarms(self, seq: int) -> list[Alarmed]:
        """Alarms of a case's photos."""


def keep_evidence(tx: Any, record: CaseRecord, photo: PhotoRecord, seen: Exposure) -> int:
    """Compare a photo with its case and with the photos of others; gives how many alarms."""
    # Hashes of pictures need scipy, which the web processes do without.
    from grid.evidence.alarms import PhotoFacts, shipped_evidence_rules

    rules = shipped_evidence_rules()
    repo: EvidenceRepo = tx.evidence
    known = repo.same_file(record.seq, photo.original)
    if seen.phash is not None:
        known += repo.look_alikes(record.seq, seen.phash, rules.look_alike_bits)
    earlier = [PhotoFacts(k.case, k.sha256, photo.uploaded_at, k.phash) for k in known]
    found = alarms_of(facts_of(record, photo, seen, _outline(tx, record, seen)), earlier)
    repo.add(record.seq, photo.name, photo.original, seen.phash, found)
    return len(found)


def facts_of(
    record: CaseRecord, photo: PhotoRecord, seen: Exposure, outline: Any | None
) -> PhotoFacts:
    """What is known of a photo; `outline` is the polygon of the case's cell, None unknown."""
    from grid.evidence.alarms import PhotoFacts

    from_case, from_cell = _metres(record, seen, outline)
    return PhotoFacts(
        case=record.id,
        sha256=photo.original,
        received_at=photo.uploaded_at,
        phash=seen.phash,
        taken_at=seen.taken_at,
        from_case_m=from_case,
        from_cell_m=from_cell,
    )


def alarms_of(facts: PhotoFacts, earlier: Sequence[PhotoFacts]) -> list[dict[str, Any]]:
    """Alarms of a photo beside others, as the store keeps them."""
    from grid.evidence.alarms import alarms, shipped_evidence_rules

    return [
        {
            "kind": alarm.kind.value,
            "told": alarm.told,
            "other": None if alarm.other is None else str(alarm.other),
            "value": None if alarm.value is None else round(alarm.value, 1),
        }
        for alarm in alarms(facts, earlier, shipped_evidence_rules())
    ]


def _outline(tx: Any, record: CaseRecord, seen: Exposure) -> Any | None:
    """Polygon of a case's cell, where a photo says where it was taken."""
    if seen.position is None or record.cell is None:
        return None
    allowed = permission_for(SYSTEM, CELLS, Action.VIEW)
    cells = tx.layers.by_key(CELLS, record.cell, allowed).geometry
    return cells[0] if len(cells) else None


def _metres(
    record: CaseRecord, seen: Exposure, outline: Any | None
) -> tuple[float | None, float | None]:
    """How far the place in the EXIF is from the case and from its cell, None unknown."""
    if seen.position is None or record.lon is None or record.lat is None:
        return None, None
    import numpy as np
    import shapely

    lon, lat = seen.position
    taken = Place(lon, lat, (lon, lat), "wgs84", 0.0)
    case = float(distances_m(taken, shapely.points([[record.lon, record.lat]]))[0])
    if outline is None:
        return case, None
    return case, float(distances_m(taken, np.array([outline], dtype=object))[0])


def alarms_json(tx: Any, person: Person, record: CaseRecord) -> list[dict[str, Any]]:
    """Alarms of a case's photos; another case is named only where the person may see it."""
    repo: EvidenceRepo = tx.evidence
    return [
        {"photo": one.name, **alarm, "other": _other(tx, person, alarm["other"])}
        for one in repo.alarms(record.seq)
        for alarm in one.alarms
    ]


def _other(tx: Any, person: Person, case: str | None) -> dict[str, str] | None:
    found: CaseRecord | None = None if case is None else tx.cases.find(UUID(case))
    if found is None or not scope_of(person).reaches(found):
        return None
    return {"case_id": str(found.id), "number": found.number}
