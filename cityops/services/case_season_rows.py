"""One row of a file of played cases: read, and checked for whether a case could stand so."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import orjson

from cityops.services.case_bulk import Spot
from cityops.services.case_classes import class_name
from cityops.services.case_json import REPORT
from cityops.services.case_values import city_day
from cityops.services.grid.config import GridConfig
from cityops.services.photos import KINDS, MAX_PHOTOS, check_name
from gis.errors import CityError, InvalidError
from grid.flow.case import Case, Entry
from grid.flow.states import CaseAction, CaseState
from grid.flow.stored import case_from
from grid.flow.table import INDEX

_KNOWN = frozenset(
    {"case", "lon", "lat", "description", "suggested", "reasons", "history", "source"}
    | {"component", "photos"}
)
_STATES = {state.value: state for state in CaseState}
_UNREADABLE = (KeyError, ValueError, TypeError, AttributeError, IndexError)
#: The program itself acts under this number.
SYSTEM_ID = 0


@dataclass(frozen=True)
class PhotoRow:
    """A photo of a row: its name, what it shows, who sent it when, sha256 of its file."""

    name: str
    kind: str
    by: int
    at: datetime
    file: str


@dataclass(frozen=True)
class CaseRow:
    """A row as it was read; ``number`` is its line."""

    number: int
    flow: Case
    history: tuple[Entry, ...]
    lon: float
    lat: float
    description: str
    suggested: str | None
    reasons: tuple[str, ...]
    component: str | None
    photos: tuple[PhotoRow, ...]
    digest: str


@dataclass(frozen=True)
class Surroundings:
    """What rows are held against.

    Attributes
    ----------
    components
        Class code by id.
    people
        Names by number.
    files
        sha256 of the photos that are there.
    """

    config: GridConfig
    components: Mapping[str, str]
    people: Mapping[int, str]
    files: frozenset[str]


def read_row(number: int, text: bytes) -> CaseRow:
    """A row of JSON.

    Raises
    ------
    InvalidError
        ``season.unreadable`` with what is wrong, ``season.foreign_key``.
    """
    try:
        row = orjson.loads(text)
        read = CaseRow(
            number=number,
            flow=_checked_flow(case_from(row["case"])),
            history=tuple(_entry(e) for e in row["history"]),
            lon=float(row["lon"]),
            lat=float(row["lat"]),
            description=_text(row.get("description", "")),
            suggested=None if row.get("suggested") is None else _text(row["suggested"]),
            reasons=tuple(_text(r) for r in row.get("reasons", ())),
            component=None if row.get("component") is None else _text(row["component"]),
            photos=tuple(_photo(p) for p in row.get("photos", ())),
            digest=hashlib.sha256(text).hexdigest(),
        )
    except _UNREADABLE as error:
        told = f"{type(error).__name__} {error}"[:120]
        raise _fault(number, "season.unreadable", "案件读不出：{got}", got=told) from error
    foreign = sorted(row.keys() - _KNOWN)
    if foreign:
        raise _fault(number, "season.foreign_key", "案件有不认识的内容 {got}", got=foreign)
    return read


def _checked_flow(flow: Case) -> Case:
    _aware(flow.reported_at)
    _aware(flow.last_at)
    return flow


def _entry(row: Mapping[str, Any]) -> Entry:
    before = row.get("before")
    return Entry(
        number=int(row["number"]),
        action=_text(row["action"]),
        before=None if before is None else _STATES[before],
        after=_STATES[row["after"]],
        actor_id=int(row["actor_id"]),
        actor_name=_text(row["actor_name"]),
        post=_text(row["post"]),
        at=_aware(datetime.fromisoformat(row["at"])),
        note=_text(row.get("note", "")),
        department=row.get("department"),
        receiver=row.get("receiver"),
        used_s=row.get("used_s"),
        late=row.get("late"),
        details={_text(k): _text(v) for k, v in row.get("details", {}).items()},
    )


def _photo(row: Mapping[str, Any]) -> PhotoRow:
    at = _aware(datetime.fromisoformat(row["at"]))
    return PhotoRow(_text(row["name"]), _text(row["kind"]), int(row["by"]), at, _text(row["file"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return value


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"time without a zone: {at.isoformat()}")
    return at


def faults_of(row: CaseRow, spot: Spot | None, around: Surroundings) -> Iterator[CityError]:
    """Everything because of which a case could not stand as the row says.

    Parameters
    ----------
    spot
        What is known of its place; None where it has no finite coordinates.
    """
    for check in _CHECKS:
        yield from check(row, around)
    if spot is None or not spot.area:
        yield _fault(
            row.number,
            "season.outside",
            "位置不在任何区域内：{got}",
            field="lon,lat",
            got=[v if math.isfinite(v) else str(v) for v in (row.lon, row.lat)],
        )


def _history_faults(row: CaseRow, around: Surroundings) -> Iterator[CityError]:
    """A history is numbered, runs on in time, each act allowed where it was done."""
    history, flow = row.history, row.flow
    if not history or history[0].action != REPORT or history[0].before is not None:
        yield _fault(row.number, "season.no_report", "经过不是从上报开始", field="history")
        return
    if [e.number for e in history] != list(range(1, len(history) + 1)):
        yield _fault(row.number, "season.numbers", "经过的编号不连续", field="history")
    later = list(pairwise(history))
    back = next((b for a, b in later if b.at < a.at), None)
    if back is not None:
        yield _fault(
            row.number,
            "season.times",
            "第 {got} 步早于前一步",
            field="history",
            got=back.number,
        )
    broken = next((b for a, b in later if b.before is not a.after or not _is_act(b)), None)
    if broken is not None:
        yield _fault(
            row.number,
            "season.act",
            "第 {got} 步不能这样办：{action}",
            field="history",
            got=broken.number,
            params={"action": broken.action[:40]},
        )
    last = history[-1]
    stands = (flow.state, flow.steps, flow.last_at, flow.reported_at)
    if stands != (last.after, len(history), last.at, history[0].at):
        yield _fault(row.number, "season.stands", "案件的状态与经过不符", field="case")


def _is_act(entry: Entry) -> bool:
    known = entry.action in set(CaseAction) and entry.before is not None
    return known and (entry.before, CaseAction(entry.action)) in INDEX


def _people_faults(row: CaseRow, around: Surroundings) -> Iterator[CityError]:
    """Whoever did something is on the staff, under the same name."""
    named = {(e.actor_id, e.actor_name) for e in row.history if e.actor_id != SYSTEM_ID}
    wrong = sorted(one for one in named if around.people.get(one[0]) != one[1])
    mentioned = persons_of(row) - {SYSTEM_ID} - {number for number, _ in named}
    wrong += [(number, "") for number in sorted(mentioned - around.people.keys())]
    if wrong:
        yield _fault(
            row.number, "season.person", "人员名册里没有 {got}", got=[f"{i} {n}" for i, n in wrong]
        )


def persons_of(row: CaseRow) -> set[int]:
    """Numbers of everybody whom a row names."""
    flow = row.flow
    found = {flow.reporter, flow.accepted_by, flow.filed_by, flow.handler}
    found |= {None if flow.task is None else flow.task.assignee}
    found |= {p.asked_by for p in flow.pending} | {p.by for p in row.photos}
    found |= set() if flow.returned is None else {flow.returned.to, flow.returned.by}
    for entry in row.history:
        found |= {numbered(entry.receiver)}
        found |= {numbered(f"person:{entry.details.get(name)}") for name in ("handler", "assignee")}
    return {number for number in found if number is not None}


def numbered(receiver: str | None) -> int | None:
    """The person whom an entry names as receiver, None for a department and for nobody.

    Examples
    --------
    >>> numbered("person:7"), numbered("department:urban")
    (7, None)
    """
    kind, _, number = (receiver or "").partition(":")
    return int(number) if kind == "person" and number.isascii() and number.isdigit() else None


def _class_faults(row: CaseRow, around: Surroundings) -> Iterator[CityError]:
    """Class, filing condition and departments are those of the city; the component is of the class."""
    flow, schemes, day = row.flow, around.config.schemes, city_day(row.flow.reported_at)
    try:
        class_name(flow.key, schemes, day)
        if flow.filing is not None and flow.filing.condition:
            schemes.condition(flow.filing.condition, flow.key, day)
    except CityError as fault:
        fault.row = row.number
        yield fault
    known = around.config.world(flow.last_at).departments
    named = {*flow.departments, flow.department, row.suggested} - {None}
    if named - known:
        yield _fault(
            row.number, "season.department", "没有部门 {got}", got=sorted(map(str, named - known))
        )
    if row.component is not None and around.components.get(row.component) != flow.key.code:
        yield _fault(
            row.number,
            "season.component",
            "没有这一小类的部件 {got}",
            field="component",
            got=row.component[:80],
        )


def _photo_faults(row: CaseRow, around: Surroundings) -> Iterator[CityError]:
    names = [p.name for p in row.photos]
    if len(set(names)) < len(names) or len(names) > MAX_PHOTOS:
        yield _fault(row.number, "season.photos", "照片重名或太多", field="photos")
    for photo in row.photos:
        try:
            check_name(photo.name)
        except CityError as fault:
            fault.row = row.number
            yield fault
        if photo.kind not in KINDS or photo.file not in around.files:
            yield _fault(
                row.number, "season.photo", "没有照片 {got}", field="photos", got=photo.name[:100]
            )


_CHECKS: tuple[Callable[[CaseRow, Surroundings], Iterator[CityError]], ...] = (
    _history_faults,
    _people_faults,
    _class_faults,
    _photo_faults,
)


def link_faults(rows: list[CaseRow]) -> Iterator[CityError]:
    """Cases that are there twice, or are linked to none of the others."""
    seen: set[UUID] = set()
    every = {row.flow.id for row in rows}
    for row in rows:
        if row.flow.id in seen:
            yield _fault(row.number, "season.twice", "案件 {got} 出现两次", got=str(row.flow.id))
        seen.add(row.flow.id)
        into = row.flow.merged_into
        if into is not None and (into not in every or into == row.flow.id):
            yield _fault(row.number, "season.link", "并入的案件 {got} 不在其中", got=str(into))


def _fault(number: int, code: str, message: str, **more: Any) -> InvalidError:
    return InvalidError(code, message, row=number, **more)
