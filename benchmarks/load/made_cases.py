"""Very many cases of a city's years, with the last steps of their histories and some photos.

Nine in ten have ended. Two in three of the open ones are among the newest tenth, the others lie
anywhere: an inbox of old cases is what costs most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from cityops.services.case_values import CaseRecord, PhotoRecord, stored_time
from cityops.store.case_rows import case_values, photo_values, step_values
from cityops.store.copying import copy_rows
from cityops.store.database import SqlStore
from cityops.store.models.cases import CasePhoto, CaseRow, CaseStep
from grid.classes import GB_SCHEME, ClassKey
from grid.clock.clock import ClockKind, start_clock, stop
from grid.clock.limit import limit_of
from grid.flow.case import Case, Entry, Filing
from grid.flow.states import CaseSource, CaseState, ClosedKind

BODIES = ("drainage", "urban", "greening", "traffic")
#: Communities of the cases: sixteen districts of six streets with nine communities each.
DISTRICTS = tuple(f"1201{number:02d}" for number in range(1, 17))
LIVE_SHARE = 0.1
REPORTERS = 300
BOX = (116.9, 38.8, 117.6, 39.4)
_LIVE = (
    CaseState.REPORTED,
    CaseState.VERIFYING,
    CaseState.TO_FILE,
    CaseState.TO_DISPATCH,
    CaseState.TO_DISPOSE,
    CaseState.DISPOSING,
    CaseState.TO_INSPECT,
    CaseState.INSPECTING,
    CaseState.TO_CLOSE,
)
_KEYS = tuple(
    ClassKey(domain, GB_SCHEME if domain == "component" else "GB/T 30428.2-2013", code)
    for domain, code in (
        *(("component", "0102"), ("component", "0110"), ("component", "0201")),
        *(("event", "0401"), ("event", "0101"), ("event", "0201")),
    )
)
_START = datetime(2024, 11, 24, tzinfo=UTC)
_APART = timedelta(seconds=63)
_MANY = 50_000
_CASE_NAMES = tuple(c.name for c in CaseRow.__table__.columns)
_STEP_NAMES = tuple(c.name for c in CaseStep.__table__.columns)
_PHOTO_NAMES = tuple(c.name for c in CasePhoto.__table__.columns if c.name != "id")


@dataclass(frozen=True)
class Drawn:
    """What chance decided for some cases, one value for each."""

    state: Sequence[int]
    area: Sequence[int]
    body: Sequence[int]
    key: Sequence[int]
    reporter: Sequence[int]
    place: Sequence[Sequence[float]]


def fill_cases(store: SqlStore, count: int, first: int = 1) -> None:
    """Put so many cases into a store that has none from `first` on."""
    for at in range(first, first + count, _MANY):
        many = min(_MANY, first + count - at)
        cases, steps, photos = [], [], []
        for row, history, photo in _rows(at, many, first + count):
            cases.append(row)
            steps += history
            photos += photo
        with store.writing() as tx:
            for table, names, rows in (
                ("case_record", _CASE_NAMES, cases),
                ("case_step", _STEP_NAMES, steps),
                ("case_photo", _PHOTO_NAMES, photos),
            ):
                _put(tx, table, names, rows)


def _put(tx: Any, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if tx.connection.dialect.name == "postgresql":
        copy_rows(tx.connection, table, names, rows)
        return
    marks = ", ".join("?" * len(names))
    quoted = ", ".join(f'"{name}"' for name in names)
    driver = tx.connection.connection.driver_connection
    driver.executemany(f"INSERT INTO {table} ({quoted}) VALUES ({marks})", rows)


def draw(first: int, count: int, end: int) -> Drawn:
    """Chance for `count` cases from number `first` on, of a store that ends before `end`."""
    rng = np.random.default_rng(first)
    age = 1 - (first + np.arange(count)) / end
    share = np.where(age < 0.1, LIVE_SHARE * 20 / 3, LIVE_SHARE * 10 / 27)
    live = rng.random(count) < share
    state = np.where(live, rng.integers(0, len(_LIVE), count), -1)
    west, south, east, north = BOX
    return Drawn(
        state=state.tolist(),
        area=rng.integers(0, len(DISTRICTS) * 54, count).tolist(),
        body=rng.integers(0, len(BODIES), count).tolist(),
        key=rng.integers(0, len(_KEYS), count).tolist(),
        reporter=rng.integers(100, 100 + REPORTERS, count).tolist(),
        place=rng.uniform((west, south), (east, north), (count, 2)).round(7).tolist(),
    )


def area_of(number: int) -> str:
    """Code of a community by its number."""
    district, rest = divmod(number, 54)
    street, community = divmod(rest, 9)
    return f"{DISTRICTS[district]}{street + 1:03d}{community + 1:03d}"


def _rows(first: int, count: int, end: int) -> Iterator[tuple[Any, list[Any], list[Any]]]:
    chance = draw(first, count, end)
    made: dict[tuple[int, int, int], _Mould] = {}
    for i in range(count):
        kind = (chance.state[i], chance.body[i], chance.key[i])
        mould = made.get(kind)
        if mould is None:
            mould = made[kind] = _Mould.of(*kind)
        area = area_of(chance.area[i])
        yield mould.cast(first + i, area, chance.reporter[i], chance.place[i])


@dataclass(frozen=True)
class _Mould:
    """Rows of a case of one kind; those of another one differ by number, time, place and person."""

    case: dict[str, Any]
    steps: list[dict[str, Any]]
    photo: dict[str, Any]
    at: str
    id: str

    @classmethod
    def of(cls, state: int, body: int, key: int) -> _Mould:
        flow = _flow(CaseState.CLOSED if state < 0 else _LIVE[state], BODIES[body], _KEYS[key])
        record = CaseRecord(
            flow=flow,
            number="",
            digest="0" * 64,
            reporter_id=0,
            reporter_name="监督员（合成）",
            class_key=flow.key,
            class_name="合成小类",
            description="路面破损约半米，影响通行，已设警示（合成）",
            reported_at=flow.reported_at,
            suggested=BODIES[body],
            address="合成路 1 号附近",
        )
        case = case_values(record)
        steps = [step_values(0, e) for e in _history(flow)]
        photo = photo_values(_photo(flow.reported_at))
        return cls(case, steps, photo, flow.reported_at.isoformat(), str(flow.id))

    def cast(
        self, seq: int, area: str, reporter: int, place: Sequence[float]
    ) -> tuple[Any, list[Any], list[Any]]:
        identity, at = str(UUID(int=seq)), _START + _APART * seq
        stamp = stored_time(at)
        case = self.case | {
            "seq": seq,
            "id": identity,
            "number": f"S{seq:09d}",
            "reporter_id": reporter,
            "area": area,
            "cell": f"{area}{seq % 60 + 1:02d}",
            "lon": place[0],
            "lat": place[1],
            "reported_at": stamp,
            "flow": self.case["flow"].replace(self.id, identity).replace(self.at, at.isoformat()),
        }
        steps = [step | {"case_seq": seq, "at": stamp} for step in self.steps]
        photos = [self.photo | {"case_seq": seq, "uploaded_at": stamp}] if seq % 4 == 0 else []
        return (
            [case[name] for name in _CASE_NAMES],
            [[step[name] for name in _STEP_NAMES] for step in steps],
            [[photo[name] for name in _PHOTO_NAMES] for photo in photos],
        )


def _flow(state: CaseState, body: str, key: ClassKey) -> Case:
    at = _START
    order = [CaseState.REPORTED, CaseState.TO_FILE, CaseState.TO_DISPATCH]
    clocks = []
    for kind in (ClockKind.ACCEPT, ClockKind.FILE, ClockKind.DISPATCH):
        clocks.append(start_clock(kind, limit_of("0.25", "urgent_hour"), at))
        if state in order[: len(clocks)] or state is CaseState.VERIFYING:
            break
        clocks[-1] = stop(clocks[-1], at)
    case = Case(
        id=UUID(int=2**127),
        state=state,
        source=CaseSource.PATROL,
        key=key,
        reported_at=at,
        last_at=at,
        reporter=7,
        photos=1,
        clocks=tuple(clocks),
        steps=2,
    )
    if len(clocks) < 3 or clocks[-1].is_open:
        return case
    limit = limit_of(3, "work_day")
    dispose = start_clock(ClockKind.DISPOSE, limit, at)
    ended = state is CaseState.CLOSED
    done = ended or state in (CaseState.TO_INSPECT, CaseState.INSPECTING, CaseState.TO_CLOSE)
    return replace(
        case,
        clocks=(*clocks, stop(dispose, at) if done else dispose),
        accepted_by=3,
        filed_by=4,
        filing=Filing("合成条件", limit),
        department=body,
        departments=(body,),
        closed_at=at if ended else None,
        closed_kind=ClosedKind.NORMAL if ended else None,
        was_late=False if done else None,
    )


def _history(flow: Case) -> list[Entry]:
    usual: dict[str, Any] = {
        "actor_id": 7,
        "actor_name": "监督员（合成）",
        "post": "collector",
        "at": flow.reported_at,
        "note": "",
        "department": None,
        "receiver": None,
        "used_s": None,
        "late": None,
        "details": {},
    }
    first = Entry(number=1, action="report", before=None, after=CaseState.REPORTED, **usual)
    if flow.state is CaseState.REPORTED:
        return [first]
    return [first, replace(first, number=2, action="accept", before=CaseState.REPORTED,
                           after=flow.state)]  # fmt: skip


def _photo(at: datetime) -> PhotoRecord:
    return PhotoRecord("one", "0" * 64, "image/jpeg", 4000, 3000, 2_700_000, 7, at)
