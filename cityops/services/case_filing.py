"""A checked report as a new case: its number, its place, who is suggested and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cityops.services.case_classes import class_name
from cityops.services.case_report import Report, Where, clock_check, reporting_role
from cityops.services.case_values import CITY_TIME, CaseRecord
from cityops.services.case_view import actor_of
from cityops.services.grid.config import GridConfig
from cityops.services.roles import Person
from grid.flow.case import Case, Entry
from grid.flow.mover import posts_of, report
from grid.flow.states import CaseSource, CaseState
from grid.routing.decide import Decision


def new_record(
    person: Person,
    given: Report,
    source: CaseSource,
    where: Where,
    decision: Decision,
    config: GridConfig,
    now: datetime,
) -> tuple[CaseRecord, Entry]:
    """The case that a checked report makes, with its first history entry; its number is to come."""
    world = config.world(now)
    checked = clock_check(given, now)
    flow = Case(
        id=given.id,
        state=CaseState.REPORTED,
        source=source,
        key=given.class_key,
        reported_at=now,
        last_at=now,
        reporter=person.id,
        urgency=given.urgency,
        area_class=where.area_class,
        located=where.cell is not None,
        self_disposal=given.self_disposal,
    )
    role = reporting_role(person, source)
    actor = actor_of(person)
    post = next(iter(sorted(posts_of({role.value}, world.settings))), None)
    flow, entry = report(flow, actor, world, post=role.value if post is None else post.value)
    record = CaseRecord(
        flow=flow,
        number="",
        digest="",
        reporter_id=person.id,
        reporter_name=person.name,
        class_key=given.class_key,
        class_name=class_name(given.class_key, config.schemes),
        description=given.description.strip(),
        reported_at=now,
        lon=None if where.place is None else round(where.place.lon, 9),
        lat=None if where.place is None else round(where.place.lat, 9),
        accuracy_m=given.accuracy_m,
        address=given.address.strip() or where.address,
        cell=where.cell,
        area=where.area,
        component=given.component,
        device_time=given.device_time,
        device_offset_s=checked.offset_s,
        suggested=decision.body,
        flags=(*where.flags, *checked.flags),
        extra=_suggestion(decision, where) | _wanted(given),
    )
    return record, entry


def _wanted(given: Report) -> dict[str, Any]:
    return {} if given.condition is None else {"condition": given.condition}


def _suggestion(decision: Decision, where: Where) -> dict[str, Any]:
    """How the suggestion came about, for the person who dispatches."""
    if decision.body is None:
        return {}
    found: dict[str, Any] = {
        "suggested_by": "class" if decision.rule is not None else "component",
        "reasons": list(decision.reasons),
    }
    if decision.runner_up is not None and decision.runner_up_m is not None:
        found["runner_up"] = decision.runner_up
        found["runner_up_m"] = round(decision.runner_up_m, 1)
    return found


def case_number(tx: Any, area: str, now: datetime) -> str:
    """A new case number: city code (6 digits), day, running number of that day (5 digits)."""
    prefix = number_prefix(area, now)
    return f"{prefix}{tx.cases.next_number(prefix):05d}"


def number_prefix(area: str, now: datetime) -> str:
    """City code and day of a case number.

    The day is the city's. Without an area the city code is 000000.

    Examples
    --------
    >>> number_prefix("120101003019", datetime(2026, 5, 1, 23, tzinfo=CITY_TIME))
    '12010020260501'
    """
    city = f"{area[:4]}00" if len(area) >= 4 else "000000"
    return f"{city}{now.astimezone(CITY_TIME):%Y%m%d}"
