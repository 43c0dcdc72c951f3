"""What a request about one case is answered with, and who else hears of an act."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cityops.services.areas import AreaLookup
from cityops.services.case_engine import CaseFile, kin_around, seen_of
from cityops.services.case_evidence import SEES_ALARMS, alarms_json
from cityops.services.case_json import news_of, people_json, whole
from cityops.services.case_scope import scope_of
from cityops.services.case_values import CaseRecord
from cityops.services.case_view import CaseView
from cityops.services.grid.config import GridConfig
from cityops.services.roles import Person
from grid.flow.states import STATE_TITLES


def answer(
    tx: Any,
    case: CaseFile,
    person: Person,
    lookup: AreaLookup,
    config: GridConfig,
    now: datetime,
) -> dict[str, Any]:
    """A case with history, photos, what the person may do next and whom they may choose."""
    view = CaseView(lookup, config, person, config.world(now))
    told = whole(case, view, person)
    told |= people_json(tx, case.record, {act["action"] for act in told["actions"]})
    if person.has(*SEES_ALARMS):
        told["alarms"] = alarms_json(tx, person, case.record) if case.photos else []
    return told


def kin_json(
    tx: Any, config: GridConfig, person: Person, record: CaseRecord
) -> list[dict[str, Any]]:
    """Cases that may be the same thing and that the person sees, duplicates before recurrences."""
    scope = scope_of(person)
    return [
        {
            "case_id": str(other.id),
            "number": other.number,
            "kind": kin.kinship.value,
            "distance_m": round(kin.distance_m, 2),
            "state": other.flow.state.value,
            "state_title": STATE_TITLES[other.flow.state].zh,
        }
        for kin, other in kin_around(tx, config, seen_of(record))
        if scope.reaches(other)
    ]


def tell(tx: Any, person: Person, record: CaseRecord, action: str, now: datetime) -> None:
    """Audit and outbox of an act, in its transaction."""
    told = news_of(record)
    tx.audit.add(person, f"case.{action}", f"case:{record.id}", detail=told, at=now)
    tx.outbox.put(f"case.{action}", told)
