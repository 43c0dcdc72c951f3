"""A report as a device sends it, and what the server checks and finds out before it keeps it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from cityops.services.areas import AreaService
from cityops.services.case_classes import class_name
from cityops.services.locate import cells_at, checked_place
from cityops.services.permissions import Action, permission_for
from cityops.services.places import Place, address_near, distances_m
from cityops.services.roles import SYSTEM, Person, Role
from gis.errors import CityError, ForbiddenError, InvalidError
from gis.features import FeatureBatch
from grid.classes import ClassKey
from grid.clock.stages import Urgency
from grid.duty import department_named
from grid.flow.states import CaseSource
from grid.layers import COMPONENTS
from grid.schemes.book import SchemeBook
from grid.schemes.values import AreaClass

MAX_DESCRIPTION = 2000
#: A phone's clock further off than this is flagged; server time decides in any case.
CLOCK_OFF_S = 120.0
#: A report held back longer than this is flagged.
LATE_REPORT = timedelta(hours=24)
#: A position less accurate than this is flagged and gets no suggested department.
INACCURATE_M = 200.0
#: Years that a device may name. Clocks that lost their setting are taken and flagged; further off
#: there is no UTC to convert to.
YEARS = range(1900, 2200)
#: A component further from the reported position than this is flagged.
FAR_COMPONENT_M = 100.0

#: Who may report, and as what, the usual source first.
SOURCES: dict[Role, tuple[CaseSource, ...]] = {
    Role.INSPECTOR: (CaseSource.PATROL,),
    Role.ACCEPTOR: (CaseSource.HOTLINE, CaseSource.PUBLIC, CaseSource.LEADER),
    Role.SHIFT_LEADER: (CaseSource.LEADER, CaseSource.HOTLINE),
    Role.STREET_OFFICER: (CaseSource.LEADER,),
}


@dataclass(frozen=True)
class Report:
    """What a device sends. ``id`` was made there; sending again makes no second case.

    ``device_time`` is when it was written down, ``sent_at`` what the device's clock showed when
    it was sent; both aware. ``condition`` is the filing condition that the reporter thinks fits,
    ``urgency`` what a hotline order is about, ``self_disposal`` whether the collector put it right.
    ``photo_sha256`` is that of a photo which comes with the report.
    """

    id: UUID
    class_key: ClassKey
    description: str = ""
    lon: float | None = None
    lat: float | None = None
    crs: str = "cgcs2000"
    accuracy_m: float | None = None
    address: str = ""
    component: str | None = None
    device_time: datetime | None = None
    sent_at: datetime | None = None
    source: CaseSource | None = None
    condition: str | None = None
    urgency: Urgency | None = None
    self_disposal: bool = False
    photo_sha256: str | None = None

    def digest(self, reporter_id: int) -> str:
        """sha256 of what was reported and by whom; when it was sent does not count."""
        body = [
            str(self.id),
            reporter_id,
            *(self.class_key.domain, self.class_key.scheme, self.class_key.code),
            *(self.description, self.lon, self.lat, self.crs, self.accuracy_m, self.address),
            self.component,
            None if self.device_time is None else self.device_time.isoformat(),
            None if self.source is None else self.source.value,
        ]
        # Fields that older devices do not send leave the digest of their reports as it was.
        more = [self.condition, self.urgency and self.urgency.value, self.self_disposal or None]
        more += [] if self.photo_sha256 is None else [self.photo_sha256]
        if any(part is not None for part in more):
            body += more
        return hashlib.sha256(orjson.dumps(body)).hexdigest()


@dataclass(frozen=True)
class Where:
    """What the server finds out about the place of a report.

    ``owner`` is the department that the component belongs to; ``area`` is the code of the smallest
    area, '' where no position was given; ``address`` that of the nearest building, '' where it
    says nothing; ``flags`` say what is doubtful about the position; ``area_class`` is the kind of
    area of the cell, None where the city does not say.
    """

    place: Place | None
    cell: str | None
    area: str
    owner: str | None
    flags: tuple[str, ...]
    address: str = ""
    area_class: AreaClass | None = None

    @property
    def is_vague(self) -> bool:
        """Whether the position is too poor to tell whose business the case is."""
        return not {"inaccurate_position", "no_position"}.isdisjoint(self.flags)


def source_for(person: Person, asked: CaseSource | None) -> CaseSource:
    """The source under which the person reports.

    Raises
    ------
    ForbiddenError
        When no role of the person may report, or not under that source.
    """
    offered = [s for role, sources in SOURCES.items() if person.has(role) for s in sources]
    if offered and (asked is None or asked in offered):
        return asked or offered[0]
    raise ForbiddenError(
        "case.may_not_report",
        "{person} 不能这样上报案件",
        field="source",
        got=None if asked is None else asked.value,
        expected=[s.value for s in offered],
        params={"person": person.name},
    )


def reporting_role(person: Person, source: CaseSource) -> Role:
    """The role under which the person reports from a source that `source_for` gave."""
    return next(r for r, sources in SOURCES.items() if person.has(r) and source in sources)


def check_report(report: Report, source: CaseSource, schemes: SchemeBook, day: date) -> None:
    """Refuse a report that cannot be one from a source on a day, with every fault.

    Raises
    ------
    InvalidError
        With one entry in ``errors`` per fault.
    """
    faults = [*_class_faults(report, schemes, day), *_text_faults(report), *_number_faults(report)]
    if report.self_disposal and source is not CaseSource.PATROL:
        faults.append(
            InvalidError(
                "case.no_self_disposal", "只有监督员巡查上报的案件可以自处置", field="self_disposal"
            )
        )
    if faults:
        raise InvalidError(
            "case.invalid",
            "上报有 {count} 处不对：{first}",
            field=faults[0].field,
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )


def _class_faults(report: Report, schemes: SchemeBook, day: date) -> list[CityError]:
    try:
        class_name(report.class_key, schemes, day)
        if report.condition is not None:
            schemes.condition(report.condition, report.class_key, day)
    except CityError as fault:
        return [fault]
    return []


def _text_faults(report: Report) -> list[CityError]:
    faults: list[CityError] = []
    if len(report.description) > MAX_DESCRIPTION:
        faults.append(
            InvalidError(
                "case.too_long",
                "说明最多 {expected} 字",
                field="description",
                got=len(report.description),
                expected=MAX_DESCRIPTION,
            )
        )
    if report.lon is None and not report.address.strip():
        faults.append(InvalidError("case.no_place", "没有位置时须写明地址", field="address"))
    return faults


def _number_faults(report: Report) -> list[CityError]:
    faults: list[CityError] = []
    if (report.lon is None) != (report.lat is None):
        faults.append(InvalidError("case.half_position", "经度和纬度要一起给", field="lon,lat"))
    if report.accuracy_m is not None and not 0 <= report.accuracy_m <= 1e6:
        faults.append(
            InvalidError(
                "case.bad_accuracy",
                "定位误差应为 0 至 1 000 000 m，得到 {got}",
                field="accuracy_m",
                got=report.accuracy_m,
            )
        )
    for name in ("device_time", "sent_at"):
        at = getattr(report, name)
        if at is not None and at.tzinfo is None:
            faults.append(InvalidError("case.naive_time", "时间须带时区", field=name))
        elif at is not None and at.year not in YEARS:
            faults.append(
                InvalidError(
                    "case.bad_time",
                    "时间应在 {expected} 年之间，得到 {got}",
                    field=name,
                    got=at.isoformat(),
                    expected=f"{YEARS.start}–{YEARS.stop - 1}",
                )
            )
    return faults


@dataclass(frozen=True)
class ClockCheck:
    """Server minus device clock in seconds, None where unknown, and what is doubtful about it."""

    offset_s: float | None
    flags: tuple[str, ...]


def clock_check(report: Report, now: datetime) -> ClockCheck:
    """What the device's clock is worth.

    The offset is known only where the device says what its clock showed when it sent.
    """
    offset, flags = None, []
    if report.sent_at is not None:
        offset = round((now - report.sent_at).total_seconds(), 1)
        if abs(offset) > CLOCK_OFF_S:
            flags.append("device_clock_off")
    if report.device_time is not None:
        written = report.device_time + timedelta(seconds=offset or 0.0)
        if written - now > timedelta(seconds=CLOCK_OFF_S):
            flags.append("device_time_in_future")
        elif now - written > LATE_REPORT:
            flags.append("reported_late")
    return ClockCheck(offset, tuple(flags))


def find_where(tx: Any, areas: AreaService, person: Person, report: Report) -> Where:
    """Cell, area and component of a report.

    Raises
    ------
    InvalidError
        ``case.outside_area``, ``case.unknown_component``.
    ForbiddenError
        ``case.not_your_area``.
    CrsError
        When the position is none of its reference system.
    """
    if report.lon is None or report.lat is None:
        return Where(None, None, "", None, ("no_position",))
    place = checked_place(report.lon, report.lat, report.crs)
    flags = []
    if report.accuracy_m is not None and report.accuracy_m > INACCURATE_M:
        flags.append("inaccurate_position")
    if place.accuracy_m:
        flags.append("approximate_datum")
    cells = cells_at(tx, SYSTEM, place)
    cell = str(cells.columns["code"][0]) if len(cells) else None
    area = cell[:12] if cell else areas.lookup(tx).code_at(place.lon, place.lat)
    _check_area(person, place, area)
    owner, far = _component(tx, person, report.component, place)
    if far:
        flags.append("component_far")
    kind = area_class_in(cells)
    found = Where(place, cell, area, owner, tuple(flags), area_class=kind)
    address = None if found.is_vague else address_near(tx.layers, SYSTEM, place)
    return replace(found, address=f"{address}附近" if address else "")


def area_class_in(cells: FeatureBatch) -> AreaClass | None:
    """The kind of area of the first of some cells, None where it is not known."""
    if not len(cells):
        return None
    text = cells.columns["area_class"][0]
    return AreaClass(text) if text in set(AreaClass) else None


def _check_area(person: Person, place: Place, area: str) -> None:
    if not area:
        raise InvalidError(
            "case.outside_area",
            "位置不在本市范围内：{got}",
            field="lon,lat",
            got=[place.lon, place.lat],
            hint="检查坐标系与经纬度次序，或在地图上重新点位置",
        )
    if person.areas and not area.startswith(tuple(person.areas)):
        raise ForbiddenError(
            "case.not_your_area",
            "位置不在您的责任区内",
            field="lon,lat",
            got=area,
            expected=sorted(person.areas),
        )


def _component(tx: Any, person: Person, key: str | None, place: Place) -> tuple[str | None, bool]:
    """Code of the body a component belongs to, and whether it lies far from the place.

    The owner counts; where none is registered as a department, the supervising body.

    Raises
    ------
    InvalidError
        When the person knows no such component.
    """
    if key is None:
        return None, False
    batch = tx.layers.by_key(COMPONENTS, key, permission_for(person, COMPONENTS, Action.VIEW))
    if not len(batch):
        raise InvalidError(
            "case.unknown_component", "没有部件 {got}", field="component", got=key[:80]
        )
    metres = float(distances_m(place, batch.geometry)[0])
    named = (department_named(batch.columns[n][0]) for n in ("dept2", "dept1"))
    owner = next((body.code for body in named if body is not None), None)
    return owner, metres > FAR_COMPONENT_M
