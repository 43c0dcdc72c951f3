"""Open cases near a place, for its dossier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from cityops.services.case_scope import scope_of
from cityops.services.case_values import CaseFilter, CaseRecord, CaseScope, shown_time
from cityops.services.dossier import RecordSection
from cityops.services.places import Place, box_around, distances_m
from cityops.services.ports import Store
from cityops.services.roles import Person
from gis.layers import Title
from grid.duty import departments
from grid.flow.case import Entry
from grid.flow.states import END_STATES, STATE_TITLES, CaseState

#: So many cases are read at once, and so many of the nearest are told; all are counted.
_MOST = 500
_OPEN = tuple(s for s in CaseState if s not in END_STATES)


class CasesNear:
    """The section of a dossier that tells of open cases."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def near(self, person: Person, place: Place, radius_m: float) -> RecordSection | None:
        """Open cases within a distance that the person may see, nearest first; None without any."""
        scope = scope_of(person)
        if not scope.allowed:
            return None
        wanted = CaseFilter(states=_OPEN, box=box_around(place, radius_m))
        with self._store.reading() as tx:
            records = _all(tx, scope, wanted)
            points = np.array([shapely.Point(r.lon, r.lat) for r in records], dtype=object)
            metres = distances_m(place, points)
            order = [i for i in np.argsort(metres, kind="stable").tolist() if metres[i] <= radius_m]
            steps = tx.cases.last_steps([records[i].seq for i in order[:_MOST]])
        if not order:
            return None
        rows = [_row(records[i], steps, float(metres[i])) for i in order[:_MOST]]
        return RecordSection(
            "cases", Title("在办案件", "Open cases"), rows, len(order), "案件库", radius_m
        )


def _all(tx: Any, scope: CaseScope, wanted: CaseFilter) -> list[CaseRecord]:
    """Every case that matches, page after page."""
    out: list[CaseRecord] = []
    while True:
        after = out[-1].seq if out else None
        records, _ = tx.cases.page(scope, wanted, after=after, limit=_MOST)
        out += records
        if len(records) < _MOST:
            return out


def _row(record: CaseRecord, steps: Mapping[int, Entry], metres: float) -> dict[str, Any]:
    last = steps.get(record.seq)
    known = departments().get(record.flow.department or "")
    return {
        "key": str(record.id),
        "label": record.class_name,
        "number": record.number,
        "state": record.flow.state.value,
        "state_title": STATE_TITLES[record.flow.state].zh,
        "department_title": None if known is None else known.title.zh,
        "reported_at": shown_time(record.reported_at),
        "moved_at": shown_time(record.reported_at if last is None else last.at),
        "position": record.position,
        "distance_m": round(metres, 2),
    }
