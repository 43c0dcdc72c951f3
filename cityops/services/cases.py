"""Cases: report, look, list, move. The person comes first; what is out of scope is not there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

import orjson

from cityops.services.areas import AreaLookup, AreaService
from cityops.services.case_json import REPORT, actor_of, brief, whole
from cityops.services.case_values import (
    CITY_TIME,
    CaseFilter,
    CaseRecord,
    CaseScope,
    Waiting,
)
from cityops.services.locate import cells_at, checked_place
from cityops.services.permissions import Action, permission_for
from cityops.services.places import Place, distances_m
from cityops.services.ports import Box, Store
from cityops.services.roles import SYSTEM, Person, Role
from gis.errors import (
    CityError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    StaleError,
)
from grid.case import CaseAction, CaseFlow, CaseSource, CaseState, ClassKey, Step
from grid.classes import GB_SCHEME, OWN_SCHEME, Domain, class_row, class_table, minor_classes
from grid.duty import departments, suggested_department
from grid.layers import COMPONENTS
from grid.workflow import Request, inbox_states, move

MAX_DESCRIPTION = 2000
MAX_PAGE = 500
#: A phone's clock further off than this is flagged; server time decides in any case.
CLOCK_OFF_S = 120.0
#: A report held back longer than this is flagged.
LATE_REPORT = timedelta(hours=24)
#: A position less accurate than this is flagged and gets no suggested department.
INACCURATE_M = 200.0
#: A component further from the reported position than this is flagged.
FAR_COMPONENT_M = 100.0

#: Roles that see every case in their areas.
WIDE = frozenset(
    {
        Role.INSPECTOR,
        Role.ACCEPTOR,
        Role.SHIFT_LEADER,
        Role.DISPATCHER,
        Role.STREET_OFFICER,
        Role.EMERGENCY,
        Role.DATA_MANAGER,
        Role.AUDITOR,
    }
)
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
    it was sent; both aware.
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
        return hashlib.sha256(orjson.dumps(body)).hexdigest()


@dataclass(frozen=True)
class _Where:
    """What the server finds out about the place of a report."""

    place: Place | None
    cell: str | None
    area: str
    supervising_body: str | None
    flags: tuple[str, ...]


def now_utc() -> datetime:
    """The present time, aware."""
    return datetime.now(UTC)


def scope_of(person: Person) -> CaseScope:
    """Which cases the person may see.

    A department sees what it has in hand or had last; whoever reported sees what they reported.
    """
    areas = tuple(sorted(person.areas)) or None
    if person.has(*WIDE):
        return CaseScope(True, areas, None, person.id)
    if person.has(Role.DEPARTMENT) and person.department:
        return CaseScope(True, areas, person.department, None)
    return CaseScope(False)


class CaseService:
    """Cases of one store.

    Parameters
    ----------
    clock
        Gives the present time, aware.
    """

    def __init__(
        self, store: Store, areas: AreaService, clock: Callable[[], datetime] = now_utc
    ) -> None:
        self._store = store
        self._areas = areas
        self._clock = clock

    # -- reporting -----------------------------------------------------------------------------

    def report(self, person: Person, report: Report) -> tuple[dict[str, Any], bool]:
        """Receive a report; gives the case, and whether it is new.

        The same report again gives the case as it is now. The server finds cell, area and
        suggested department itself.

        Raises
        ------
        ForbiddenError
            When the person may not report, or not there.
        InvalidError
            With every fault of the report.
        CrsError
            When the position is none of its reference system.
        ConflictError
            ``case.id_taken`` when the identity belongs to another report.
        """
        source = source_for(person, report.source)
        digest = report.digest(person.id)
        with self._store.reading() as tx:
            known = tx.cases.find(report.id)
        if known is not None:
            return self._again(person, known, digest), False
        check_report(report)
        where = self._where(person, report)
        now = self._clock()
        with self._store.writing() as tx:
            known = tx.cases.find(report.id)
            if known is None:
                record = self._record(tx, person, report, source, where, digest, now)
                kept = tx.cases.add(record, _first_step(person, record, source, now))
                self._tell(tx, person, kept, REPORT, now)
                return self._whole(tx, kept, person), True
        return self._again(person, known, digest), False

    def _again(self, person: Person, known: CaseRecord, digest: str) -> dict[str, Any]:
        if known.digest != digest:
            raise ConflictError(
                "case.id_taken",
                "编号 {got} 已属于另一份上报",
                field="id",
                got=str(known.id),
                hint="内容改动后请作为新的上报发送",
            )
        with self._store.reading() as tx:
            return self._whole(tx, known, person)

    def _where(self, person: Person, report: Report) -> _Where:
        """Cell, area and component of a report.

        Raises
        ------
        InvalidError
            ``case.outside_area``, ``case.unknown_component``.
        ForbiddenError
            ``case.not_your_area``.
        """
        if report.lon is None or report.lat is None:
            return _Where(None, None, "", None, ("no_position",))
        place = checked_place(report.lon, report.lat, report.crs)
        flags = []
        if report.accuracy_m is not None and report.accuracy_m > INACCURATE_M:
            flags.append("inaccurate_position")
        if place.accuracy_m:
            flags.append("approximate_datum")
        with self._store.reading() as tx:
            cells = cells_at(tx, SYSTEM, place)
            cell = str(cells.columns["code"][0]) if len(cells) else None
            area = cell[:12] if cell else self._areas.lookup(tx).code_at(place.lon, place.lat)
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
            body, far = _component(tx, person, report.component, place)
        if far:
            flags.append("component_far")
        return _Where(place, cell, area, body, tuple(flags))

    def _record(
        self,
        tx: Any,
        person: Person,
        report: Report,
        source: CaseSource,
        where: _Where,
        digest: str,
        now: datetime,
    ) -> CaseRecord:
        offset, late = clock_check(report, now)
        flags = [*where.flags, *offset[1], *late]
        vague = {"inaccurate_position", "no_position"} & set(flags)
        suggested = suggested_department(report.class_key, where.supervising_body)
        flow = CaseFlow(id=report.id, state=CaseState.REPORTED, source=source, steps=1)
        return CaseRecord(
            flow=flow,
            number=case_number(tx, where.area, now),
            digest=digest,
            reporter_id=person.id,
            reporter_name=person.name,
            class_key=report.class_key,
            class_name=class_name(report.class_key),
            description=report.description.strip(),
            reported_at=now,
            lon=None if where.place is None else round(where.place.lon, 9),
            lat=None if where.place is None else round(where.place.lat, 9),
            accuracy_m=report.accuracy_m,
            address=report.address.strip(),
            cell=where.cell,
            area=where.area,
            component=report.component,
            device_time=report.device_time,
            device_offset_s=offset[0],
            suggested=None if vague or suggested is None else suggested.code,
            flags=tuple(flags),
        )

    # -- looking -------------------------------------------------------------------------------

    def get(self, person: Person, case_id: UUID) -> dict[str, Any]:
        """One case with history, photos and what may be done next.

        Raises
        ------
        NotFoundError
            When there is none, or none for this person; the latter is audited.
        """
        record = self.reach(person, case_id)
        with self._store.reading() as tx:
            return self._whole(tx, record, person)

    def reach(self, person: Person, case_id: UUID) -> CaseRecord:
        """The case as the store keeps it, when the person may see it.

        Raises
        ------
        NotFoundError
            When there is none, or none for this person; the latter is audited.
        """
        with self._store.reading() as tx:
            record: CaseRecord | None = tx.cases.find(case_id)
        if record is None or not scope_of(person).reaches(record):
            self._refuse_hidden(person, case_id, there=record is not None)
        return record

    def _refuse_hidden(self, person: Person, case_id: UUID, *, there: bool) -> NoReturn:
        """Answer as if there were no such case, and note the attempt when there is one.

        Raises
        ------
        NotFoundError
            Always.
        """
        if there:
            with self._store.writing() as tx:
                tx.audit.add(person, "case.hidden", f"case:{case_id}", result="refused")
        raise not_found(case_id)

    def page(
        self,
        person: Person,
        *,
        states: Sequence[CaseState] | None = None,
        class_code: str | None = None,
        mine: bool = False,
        inbox: bool = False,
        area: str | None = None,
        box: Box | None = None,
        after: int | None = None,
        limit: int = 100,
    ) -> dict[str, Any]:
        """Cases newest first: ``{"cases", "total", "next"}``; `next` is None at the end.

        Raises
        ------
        ForbiddenError
            When the person has nothing to do with cases.
        """
        scope = require_scope(person)
        wanted = CaseFilter(
            states=None if states is None else tuple(states),
            class_code=class_code,
            reporter=person.id if mine else None,
            area=area,
            box=box,
            waiting=waiting_for(person) if inbox else None,
        )
        with self._store.reading() as tx:
            most = max(1, min(limit, MAX_PAGE))
            records, total = tx.cases.page(scope, wanted, after=after, limit=most)
            photos = tx.cases.photos([r.seq for r in records])
            lookup = self._areas.lookup(tx)
        rows = [brief(r, photos.get(r.seq, ()), lookup) for r in records]
        more = records[-1].seq if len(records) == most and total > len(records) else None
        return {"cases": rows, "total": total, "next": more}

    def classes(self, person: Person) -> dict[str, Any]:
        """Classes that may be reported: ``{"recent": [...], "all": [{"title", "classes"}]}``.

        Those the person used last come first; where there are fewer than six, common ones follow.

        Raises
        ------
        ForbiddenError
            When the person may not report.
        """
        source_for(person, None)
        with self._store.reading() as tx:
            used = tx.cases.recent_classes(person.id, 6)
        recent = [_class_json(key, name) for key, name in used]
        for key in COMMON_CLASSES:
            item = _class_json(key, class_name(key))
            if len(recent) < 6 and item not in recent:
                recent.append(item)
        return {"recent": recent, "all": class_groups()}

    # -- moving --------------------------------------------------------------------------------

    def move(
        self,
        person: Person,
        case_id: UUID,
        action: CaseAction,
        *,
        version: int,
        note: str = "",
        department: str | None = None,
    ) -> dict[str, Any]:
        """Do `action` to a case that the person saw at `version`; gives the case after it.

        Raises
        ------
        NotFoundError
            When there is no such case for this person.
        StaleError
            When the case was changed since; names both versions and the present state.
        CityError
            Whatever the workflow refuses: wrong state, wrong role, missing note or department.
        """
        self.reach(person, case_id)
        if department is not None and department not in departments():
            raise InvalidError(
                "case.unknown_department",
                "没有部门 {got}",
                field="department",
                got=department[:80],
                expected=list(departments()),
            )
        now = self._clock()
        try:
            with self._store.writing() as tx:
                record = _current(tx, person, case_id, version)
                request = Request(note=note, department=department)
                flow, step = move(record.flow, action, actor_of(person), now, request)
                kept = tx.cases.change(replace(record, flow=flow), step)
                self._tell(tx, person, kept, action.value, now)
                return self._whole(tx, kept, person)
        except CityError as refusal:
            self._note_refusal(person, case_id, action, refusal)
            raise

    def _note_refusal(
        self, person: Person, case_id: UUID, action: CaseAction, refusal: CityError
    ) -> None:
        # The refusal is the answer even where it cannot be noted any more.
        with suppress(CityError), self._store.writing() as tx:
            tx.audit.add(
                person, f"case.{action.value}", f"case:{case_id}", result=refusal.code[:32]
            )

    # -- shared --------------------------------------------------------------------------------

    def _tell(
        self, tx: Any, person: Person, record: CaseRecord, action: str, now: datetime
    ) -> None:
        """Audit and outbox of an act, in its transaction."""
        told = {
            "id": str(record.id),
            "number": record.number,
            "state": record.flow.state.value,
            "area": record.area,
            "department": record.flow.department,
            "version": record.version,
        }
        tx.audit.add(person, f"case.{action}", f"case:{record.id}", detail=told, at=now)
        tx.outbox.put(f"case.{action}", told)

    def _whole(self, tx: Any, record: CaseRecord, person: Person) -> dict[str, Any]:
        photos: Mapping[int, Any] = tx.cases.photos([record.seq])
        lookup: AreaLookup = self._areas.lookup(tx)
        history: list[Step] = tx.cases.history(record.seq)
        return whole(record, history, photos.get(record.seq, ()), lookup, person)


#: Offered to who has not reported anything yet: what inspectors meet every day.
COMMON_CLASSES: tuple[ClassKey, ...] = tuple(
    ClassKey(domain, GB_SCHEME, code)
    for domain, code in (
        ("component", "0102"),
        ("component", "0101"),
        ("component", "0137"),
        ("event", "0102"),
        ("event", "0401"),
        ("event", "0101"),
        ("event", "0103"),
        ("event", "0402"),
    )
)


def class_name(key: ClassKey) -> str:
    """Chinese name of a class.

    Raises
    ------
    InvalidError
        When the domain is not known.
    NotFoundError
        When the scheme does not hold the code.
    """
    if key.domain not in set(Domain):
        raise InvalidError(
            "case.unknown_domain",
            "{field} 应为 {expected}，得到 {got}",
            field="domain",
            got=key.domain,
            expected=[d.value for d in Domain],
        )
    return class_row(Domain(key.domain), key.code, key.scheme).name_zh


def class_groups() -> list[dict[str, Any]]:
    """Minor classes in use, grouped by major: ``[{"title", "classes": [...]}]``."""
    out: list[dict[str, Any]] = []
    for domain, words in ((Domain.EVENT, "事件"), (Domain.COMPONENT, "部件")):
        majors = {
            r.code: r.name_zh
            for r in class_table(domain)
            if r.level == "major" and r.scheme == GB_SCHEME
        }
        groups: dict[str, list[dict[str, str]]] = {}
        for row in minor_classes(domain, GB_SCHEME, OWN_SCHEME):
            key = ClassKey(domain.value, row.scheme, row.code)
            groups.setdefault(row.major, []).append(_class_json(key, row.name_zh))
        for major, classes in sorted(groups.items()):
            out.append({"title": f"{words}：{majors.get(major, major)}", "classes": classes})
    return out


def _class_json(key: ClassKey, name: str) -> dict[str, str]:
    return {"domain": key.domain, "scheme": key.scheme, "code": key.code, "title": name}


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


def check_report(report: Report) -> None:
    """Refuse a report that cannot be one, with every fault.

    Raises
    ------
    InvalidError
        With one entry in ``errors`` per fault.
    """
    faults: list[CityError] = []
    try:
        class_name(report.class_key)
    except CityError as fault:
        faults.append(fault)
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
    if (report.lon is None) != (report.lat is None):
        faults.append(InvalidError("case.half_position", "经度和纬度要一起给", field="lon,lat"))
    if report.lon is None and not report.address.strip():
        faults.append(InvalidError("case.no_place", "没有位置时须写明地址", field="address"))
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
    if faults:
        raise InvalidError(
            "case.invalid",
            "上报有 {count} 处不对：{first}",
            field=faults[0].field,
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )


def clock_check(report: Report, now: datetime) -> tuple[tuple[float | None, list[str]], list[str]]:
    """Offset of the device's clock in seconds (server minus device) with its flags; other flags.

    The offset is known only where the device says what its clock showed when it sent.
    """
    offset, flags = None, []
    if report.sent_at is not None:
        offset = round((now - report.sent_at).total_seconds(), 1)
        if abs(offset) > CLOCK_OFF_S:
            flags.append("device_clock_off")
    late = []
    if report.device_time is not None:
        written = report.device_time + timedelta(seconds=offset or 0.0)
        if written - now > timedelta(seconds=CLOCK_OFF_S):
            late.append("device_time_in_future")
        elif now - written > LATE_REPORT:
            late.append("reported_late")
    return (offset, flags), late


def case_number(tx: Any, area: str, now: datetime) -> str:
    """A new case number: city code (6 digits), day, running number of that day (5 digits).

    The day is the city's. Without an area the city code is 000000.
    """
    city = f"{area[:4]}00" if len(area) >= 4 else "000000"
    prefix = f"{city}{now.astimezone(CITY_TIME):%Y%m%d}"
    return f"{prefix}{tx.cases.next_number(prefix):05d}"


def waiting_for(person: Person) -> tuple[Waiting, ...]:
    """What waits for an act of the person; a department is waited for only by its own cases."""
    handler = Role.DEPARTMENT.value
    others = {r.value for r in person.roles} - {handler}
    out = [Waiting(inbox_states(others))] if inbox_states(others) else []
    if person.has(Role.DEPARTMENT) and person.department:
        out.append(Waiting(inbox_states({handler}), person.department))
    return tuple(out)


def require_scope(person: Person) -> CaseScope:
    """The person's scope.

    Raises
    ------
    ForbiddenError
        When there is none.
    """
    scope = scope_of(person)
    if not scope.allowed:
        raise ForbiddenError(
            "case.forbidden", "{person} 没有查看案件的权限", params={"person": person.name}
        )
    return scope


def not_found(case_id: UUID | str) -> NotFoundError:
    """The answer for a case that is not there, or not there for the person."""
    return NotFoundError(
        "case.unknown",
        "没有案件 {got}",
        field="id",
        got=str(case_id),
        hint="案件可能不在您的责任区内",
    )


def _current(tx: Any, person: Person, case_id: UUID, version: int) -> CaseRecord:
    record: CaseRecord | None = tx.cases.find(case_id)
    if record is None or not scope_of(person).reaches(record):
        raise not_found(case_id)
    if record.version != version:
        raise StaleError(
            "case.stale",
            "案件已被改动：您看到的是第 {got} 版，现在是第 {expected} 版（{state}）",
            field="version",
            got=version,
            expected=record.version,
            params={"state": record.flow.state.value},
            hint="刷新后再办",
        )
    return record


def _first_step(person: Person, record: CaseRecord, source: CaseSource, now: datetime) -> Step:
    role = next(r for r, sources in SOURCES.items() if person.has(r) and source in sources)
    return Step(
        number=1,
        action=REPORT,
        before=None,
        after=record.flow.state,
        actor_id=person.id,
        actor_name=person.name,
        role=role.value,
        at=now,
    )


def _component(tx: Any, person: Person, key: str | None, place: Place) -> tuple[str | None, bool]:
    """Supervising body of a component, and whether it lies far from the place.

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
    body = batch.columns["dept1"][0]
    metres = float(distances_m(place, batch.geometry)[0])
    return (None if body is None else str(body)), metres > FAR_COMPONENT_M
