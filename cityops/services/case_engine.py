"""What the case service gives the workflow and takes from it: surroundings, filing, routing, facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cityops.services.case_report import Where, area_class_in
from cityops.services.case_values import CaseRecord, PhotoRecord, city_day
from cityops.services.grid.config import GridConfig
from cityops.services.permissions import Action, permission_for
from cityops.services.places import Place, box_around, distances_m
from cityops.services.roles import SYSTEM
from gis.errors import CityError, InvalidError
from grid.classes import ClassKey
from grid.clock.clock import Clock, ClockKind, due_at
from grid.duplicates.search import Kin, Seen, kin_of
from grid.evaluation.from_case import fact_row
from grid.flow.case import Case, Entry, Filing
from grid.flow.states import CaseState, ClosedKind
from grid.flow.world import World
from grid.layers import CELLS
from grid.routing.decide import BORDER_M, Decision, Near, Situation, decide

UNIT = "unit"


@dataclass(frozen=True)
class CaseFile:
    """A case with its history and photos, as one transaction sees them."""

    record: CaseRecord
    history: Sequence[Entry]
    photos: Sequence[PhotoRecord]


def file_of(tx: Any, record: CaseRecord) -> CaseFile:
    """The case with what the store keeps beside it; its photos are counted."""
    photos: Sequence[PhotoRecord] = tx.cases.photos([record.seq]).get(record.seq, ())
    return CaseFile(with_photos(record, photos), tx.cases.history(record.seq), photos)


def routed(tx: Any, config: GridConfig, key: ClassKey, where: Where, now: datetime) -> Decision:
    """The department a report is suggested to, with the runner-up near a border and the reasons."""
    place = where.place
    near: Sequence[Near] = ()
    grids: dict[str, str] = {}
    if place is not None and where.cell is not None:
        grids = {UNIT: where.cell}
        near = _cells_near(tx, place, where.cell)
    situation = Situation(
        key=key,
        day=city_day(now),
        grids=grids,
        near=near,
        owner=where.owner,
        vague=where.is_vague,
    )
    found = decide(config.rules, situation)
    return replace(found, body=config.body(found.body), runner_up=config.body(found.runner_up))


def _cells_near(tx: Any, place: Place, own: str) -> list[Near]:
    permission = permission_for(SYSTEM, CELLS, Action.VIEW)
    batch = tx.layers.page(CELLS, permission, box=box_around(place, BORDER_M), limit=50)
    metres = distances_m(place, batch.geometry)
    codes = [str(code) for code in batch.columns["code"]]
    return [
        Near(UNIT, code, float(d))
        for code, d in zip(codes, metres.tolist(), strict=True)
        if code != own and d <= BORDER_M
    ]


def kin_around(tx: Any, config: GridConfig, report: Seen) -> list[tuple[Kin, CaseRecord]]:
    """Cases around that may be what a report is about, with their records."""
    if report.lon is None or report.lat is None:
        return []
    rule = config.duplicates.of(report.key)
    place = Place(report.lon, report.lat, (report.lon, report.lat), "cgcs2000", 0.0)
    since = report.at - max(rule.recurrence, rule.window) - timedelta(days=1)
    records = {r.id: r for r in tx.cases.around(box_around(place, rule.distance_m), since)}
    seen = [seen_of(r, _leading(tx, r, records)) for r in records.values()]
    found = kin_of(report, seen, config.duplicates)
    return [(kin, records[kin.id]) for kin in found]


def _leading(tx: Any, record: CaseRecord, known: Mapping[UUID, CaseRecord]) -> CaseRecord:
    """The case that a linked copy goes on as, else the case itself."""
    named = record.flow.merged_into
    if named is None:
        return record
    return known.get(named) or tx.cases.find(named) or record


def seen_of(record: CaseRecord, leading: CaseRecord | None = None) -> Seen:
    """A case as far as duplicates are concerned; seen when it was written down.

    A linked copy ends with `leading`, the case that it was linked to.
    """
    written = record.device_time
    if written is not None and record.device_offset_s is not None:
        written += timedelta(seconds=record.device_offset_s)
    at = record.reported_at if written is None else min(written, record.reported_at)
    flow = (leading or record).flow
    closed = flow.state is CaseState.CLOSED or flow.closed_kind is ClosedKind.FORCED
    return Seen(record.id, record.class_key, at, record.lon, record.lat, flow.closed_at, closed)


def placed(tx: Any, record: CaseRecord, flow: Case) -> Case:
    """The case with the kind of area that its cell has now; unknown where the cell says none."""
    if record.cell is None:
        return flow
    cells = tx.layers.by_key(CELLS, record.cell, permission_for(SYSTEM, CELLS, Action.VIEW))
    return replace(flow, area_class=area_class_in(cells))


def filing_of(
    config: GridConfig, case: Case, condition: str | None, now: datetime
) -> Filing | None:
    """The filing for a chosen condition; the only one of a class needs not be chosen.

    A class for which the tables hold no condition is filed without one and without a limit.

    Raises
    ------
    NotFoundError, InvalidError
        When there is no such condition, it belongs to other classes, or several are to choose from.
    """
    day = city_day(now)
    known = config.schemes.conditions_of(case.key, day)
    if condition is None and len(known) > 1:
        raise InvalidError(
            "case.condition_needed",
            "立案须选定立案条件",
            field="condition",
            expected=[c.id for c in known],
        )
    if condition is None:
        if not known:
            return Filing("", None)
        condition = known[0].id
    chosen = config.schemes.condition(condition, case.key, day)
    return Filing(chosen.id, chosen.limit_for(case.area_class), chosen.same_period)


def with_photos(record: CaseRecord, photos: Sequence[PhotoRecord]) -> CaseRecord:
    """The record whose case has the number of its photos as they are now."""
    before = sum(p.kind in ("report", "verify") for p in photos)
    after = sum(p.kind == "after" for p in photos)
    flow = record.flow
    if (flow.photos, flow.photos_after) == (before, after):
        return record
    return replace(record, flow=replace(flow, photos=before, photos_after=after))


def deadline(clock: Clock | None, world: World) -> datetime | None:
    """When an open clock is due; None without one, while it stands still, without a calendar."""
    if clock is None or not clock.is_open:
        return None
    try:
        return due_at(clock, world.book)
    except CityError:
        return None


def with_deadline(record: CaseRecord, world: World) -> CaseRecord:
    """The record with the deadline of its disposal."""
    return replace(record, due_at=deadline(record.flow.clock(ClockKind.DISPOSE), world))


def accept_due_at(record: CaseRecord, world: World) -> datetime | None:
    """When a report is to be accepted."""
    return deadline(record.flow.clock(ClockKind.ACCEPT), world)


def keep_facts(tx: Any, record: CaseRecord, history: Sequence[Entry], world: World) -> None:
    """Write down what evaluation knows of a case."""
    row = fact_row(record.flow, history, world, area=record.area)
    clock = record.flow.clock(ClockKind.DISPOSE)
    runs = record.flow.is_open and clock is not None and clock.is_running
    tx.cases.put_facts(record.seq, row, is_open=runs)
