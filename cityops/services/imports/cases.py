"""Cases of another system into the case store: a table of requests, one case per row.

Every row that says what it is about becomes a case, with a place or with an address. The numbers
of the other system stay with the case, and give it its identity: the same row is never stored
twice. Cases come in as they stood, closed or to be accepted; their history begins with the import.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
import orjson
import shapely

from cityops.services.areas import AreaService
from cityops.services.case_bulk import PlaceLookup, stored_places, with_numbers
from cityops.services.case_json import IMPORT
from cityops.services.case_values import CaseRecord
from cityops.services.deliveries import Delivery, DeliveryState
from cityops.services.imports import mapping, placing, rows
from cityops.services.imports.report import Report
from cityops.services.imports.service import digest_of
from cityops.services.imports.times import TimeReader, zone_named
from cityops.services.ports import FileStore, Store
from cityops.services.reading.sniff import base_name
from cityops.services.reading.table import Note, RawTable, ReadOptions, UploadReader
from cityops.services.roles import Person, Role
from gis.errors import ConflictError, ForbiddenError, InvalidError
from gis.features import ObjectArray
from gis.layers import FieldSpec, FieldType, GeometryKind, LayerSpec, Title
from gis.reference import Reference
from grid.classes import GB_SCHEME, OWN_SCHEME, ClassKey, Domain, minor_classes
from grid.flow.case import Case, Entry
from grid.flow.states import CaseSource, CaseState, ClosedKind

#: Name under which commands ask for the case store instead of a layer.
TARGET = "cases"
#: Words of other systems for a case that is over.
_ENDED = frozenset(
    {"closed", "resolved", "completed", "已结案", "结案", "办结", "已办结", "已完成"}
)
_TEXT = FieldType.TEXT
_MAX_CODE = 64


def _field(name: str, zh: str, *aliases: str, required: bool = False) -> FieldSpec:
    return FieldSpec(name, Title(zh, name), _TEXT, required=required, aliases=aliases)


#: The columns of a table of cases, as a layer so that columns are found the same way.
COLUMNS = LayerSpec(
    name=TARGET,
    title=Title("案件", "Cases"),
    group="cases",
    geometry=GeometryKind.POINT,
    key="number",
    fields=(
        _field("number", "原编号", "Unique Key", "案件编号", "编号", "service_request_id", "id"),
        _field("class_title", "类别", "Complaint Type", "案件类别", "小类", "类型", required=True),
        _field("description", "说明", "Descriptor", "问题描述", "案件描述", "描述"),
        _field("address", "地址", "Incident Address", "案发地址", "位置描述"),
        _field("state", "状态", "Status", "案件状态"),
        _field("reported_at", "上报时间", "Created Date", "requested_datetime", required=True),
        _field("due_at", "办理期限", "Due Date", "截止时间", "应办结时间"),
        _field("closed_at", "结案时间", "Closed Date", "办结时间"),
    ),
)


@dataclass(frozen=True)
class CaseOptions:
    """How a table of cases is to be imported.

    Attributes
    ----------
    crs
        What the coordinates refer to.
    map
        ``field=column`` with the fields of `COLUMNS`; ``x= y=`` for the coordinates.
    source
        Name of the system that the cases come from; the same number of the same source is the
        same case.
    time_zone
        Where times without an offset were written down; the city's when None.
    """

    crs: str | None = None
    map: tuple[str, ...] = ()
    source: str = "外部系统"
    time_zone: str | None = None
    encoding: str | None = None
    source_layer: str | None = None
    swap_axes: bool = False
    dry_run: bool = False


class CaseImportService:
    """Imports of cases of one deployment.

    Parameters
    ----------
    now
        Clock; aware.
    """

    def __init__(
        self,
        store: Store,
        files: FileStore,
        reader: UploadReader,
        areas: AreaService,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._files = files
        self._reader = reader
        self._areas = areas
        self._now = now

    def run(
        self, person: Person, path: Path, filename: str, options: CaseOptions
    ) -> dict[str, Any]:
        """Import the cases of a table, in one transaction; gives the report.

        Raises
        ------
        ForbiddenError
            When the person may not import cases.
        FileError, CrsError, InvalidError
            When the file as a whole cannot be taken; nothing is stored then.
        """
        if not person.has(Role.DATA_MANAGER) or person.areas:
            raise ForbiddenError(
                "case.may_not_import",
                "{person} 不能导入案件",
                params={"person": person.name},
                hint="请由全市的数据管理员导入",
            )
        table = self._read(path, filename, options)
        reference = placing.chosen_reference(options.crs, table.crs, None)
        found, matched, records = self._cases(person, table, reference, options)
        report = Report(
            layer=TARGET,
            file=base_name(filename),
            driver=table.driver,
            crs=reference.label,
            crs_declared=table.crs,
            encoding=table.encoding,
            encoding_from=table.encoding_from,
            rows_in=table.rows_in,
            stored=len(records),
            dry_run=options.dry_run,
            mapping={name: column.name for name, column in matched.fields.items()},
            extra_columns=matched.left,
            faults=found.faults,
            repaired=found.repaired,
            warnings=[*found.warnings, *_flag_notes(records)],
            accuracy_m=reference.accuracy_m or None,
        )
        if options.dry_run or not records:
            _refuse_nothing(report, options)
            return report.as_dict()
        return self._stored(person, path, filename, options, report, records)

    def _read(self, path: Path, filename: str, options: CaseOptions) -> RawTable:
        asked = ReadOptions(
            encoding=options.encoding,
            source_layer=options.source_layer,
            geometry="point",
            coordinates=mapping.parsed(options.map, COLUMNS).coordinates,
        )
        table = self._reader.read(path, filename, asked)
        if not table.rows_in:
            raise InvalidError("file.no_rows", "文件里没有数据行", field="file")
        return table

    def _cases(
        self, person: Person, table: RawTable, reference: Reference, options: CaseOptions
    ) -> tuple[rows.Findings, mapping.Matched, list[CaseRecord]]:
        given = mapping.parsed(options.map, COLUMNS).fields
        matched = mapping.matched(COLUMNS, list(table.columns), given)
        found = rows.Findings(table.rows)
        position = {int(row): at for at, row in enumerate(table.rows)}
        for fault in table.faults:
            # A case may have an address instead of a place.
            if fault.code != "geometry.missing" and fault.row in position:
                found.refuse(position[fault.row], fault)
        placed = placing.place(table.geometry, table.rows, reference, swap=options.swap_axes)
        for fault in placed.faults:
            if fault.row in position:
                found.refuse(position[fault.row], fault)
        found.warnings += [*table.warnings, *placed.warnings]
        columns = rows.converted(COLUMNS, table, matched.fields, {}, found)
        extra = rows.leftovers(table, matched.left, found)
        made = _Maker(person, options, columns, found, self._now()).records(placed.geometry, extra)
        known = self._known([record.id for _, record in made])
        keys = np.array([str(record.id) for _, record in made], dtype=object)
        fresh: list[CaseRecord] = []
        for (at, record), key in zip(made, keys, strict=True):
            if UUID(key) in known:
                found.refuse(at, _known_already(record, options))
            else:
                known.add(UUID(key))
                fresh.append(record)
        return found, matched, fresh

    def _known(self, ids: Sequence[UUID]) -> set[UUID]:
        with self._store.reading() as tx:
            return set(tx.cases.existing(ids))

    def _stored(
        self,
        person: Person,
        path: Path,
        filename: str,
        options: CaseOptions,
        report: Report,
        records: Sequence[CaseRecord],
    ) -> dict[str, Any]:
        digest, size = digest_of(path)
        if not self._files.has(digest):
            with path.open("rb") as file:
                self._files.put_stream(file)
        now = self._now()
        # All of them at once and before the lock: nobody waits for the places of 100 000 cases.
        with self._store.reading() as tx:
            places = stored_places(tx, self._areas)
        placed = _placed(records, places)
        with self._store.writing() as tx:
            if not places.is_current(tx):
                placed = _placed(records, stored_places(tx, self._areas))
            if tx.cases.existing([record.id for record in records]):
                raise ConflictError(
                    "case.imported_meanwhile", "其中的案件刚被别人导入", field="file"
                )
            delivery = Delivery(
                filename=base_name(filename)[:300],
                sha256=digest,
                size_bytes=size,
                person_id=person.id,
                at=now.isoformat(timespec="seconds"),
                layer=TARGET,
                state=DeliveryState.STORED,
                options=asdict(options),
            )
            number = tx.deliveries.add(delivery)
            ready = [
                replace(record, extra={**record.extra, "delivery": number})
                for record in with_numbers(tx, placed)
            ]
            tx.cases.add_many(ready, [_first_step(person, record, now) for record in ready])
            done = replace(report, delivery=number).as_dict()
            tx.deliveries.update(number, report=done)
            told = {"delivery": number, "file": delivery.filename, "stored": len(ready)}
            tx.audit.add(person, "case.import", f"delivery:{number}", detail=told, at=now)
            tx.outbox.put("case.import", told)
        return done


def _placed(records: Sequence[CaseRecord], places: PlaceLookup) -> list[CaseRecord]:
    """Cases with their areas and cells, as far as they have a place."""
    there = [
        (at, r.lon, r.lat)
        for at, r in enumerate(records)
        if r.lon is not None and r.lat is not None
    ]
    spots = places.spots([lon for _, lon, _ in there], [lat for *_, lat in there])
    out = list(records)
    for (at, *_), spot in zip(there, spots, strict=True):
        out[at] = replace(records[at], area=spot.area, cell=spot.cell)
    return out


class _Maker:
    """Rows of a table as cases; a row that cannot be one is a fault."""

    def __init__(
        self,
        person: Person,
        options: CaseOptions,
        columns: Mapping[str, ObjectArray],
        found: rows.Findings,
        now: datetime,
    ) -> None:
        self._person, self._options, self._columns = person, options, columns
        self._found, self._now = found, now
        names = ("reported_at", "due_at", "closed_at")
        texts = [v for name in names for v in columns[name].tolist() if v]
        self._times = TimeReader(texts, zone_named(options.time_zone))

    def records(self, places: ObjectArray, extra: ObjectArray) -> list[tuple[int, CaseRecord]]:
        """(position, case) of the rows that stand."""
        out = []
        for at in np.flatnonzero(self._found.good).tolist():
            values = {name: (column[at] or "").strip() for name, column in self._columns.items()}
            times = {
                n: self._time(at, n, values[n]) for n in ("reported_at", "due_at", "closed_at")
            }
            if self._found.good[at]:
                out.append((at, self._record(at, values, times, places[at], extra[at])))
        return out

    def _time(self, at: int, name: str, text: str) -> datetime | None:
        moment = self._times.read(text) if text else None
        if text and moment is None:
            self._found.refuse(
                at,
                InvalidError(
                    "field.type",
                    "{title} 应为时间，得到 {got}",
                    field=name,
                    got=text[:80],
                    params={"title": COLUMNS.field_named(name).title.zh},
                ),
            )
        return moment

    def _record(
        self,
        at: int,
        values: Mapping[str, str],
        times: Mapping[str, datetime | None],
        place: Any,
        extra: Mapping[str, Any],
    ) -> CaseRecord:
        row = int(self._found.rows[at])
        number = values["number"] or f"row-{row}"
        body = orjson.dumps([values, extra, None if place is None else shapely.to_wkt(place)])
        digest = hashlib.sha256(body).hexdigest()
        # Without a number of its own a row is known by what it says.
        name = number if values["number"] else digest
        ended = values["state"].lower() in _ENDED or times["closed_at"] is not None
        reported = times["reported_at"] or self._now
        key = class_key(values["class_title"], self._options.source)
        flow = Case(
            id=uuid5(NAMESPACE_URL, f"{self._options.source}#{name}"),
            state=CaseState.CLOSED if ended else CaseState.REPORTED,
            source=CaseSource.IMPORT,
            key=key,
            reported_at=reported.astimezone(UTC),
            last_at=self._now,
            reporter=self._person.id,
            located=place is not None,
            steps=1,
            closed_at=times["closed_at"],
            closed_kind=ClosedKind.NORMAL if ended else None,
        )
        flags = []
        if place is None:
            flags.append("no_position")
        if times["closed_at"] is not None and times["closed_at"] < reported:
            flags.append("closed_before_reported")
        given = {k: v for k, v in extra.items() if v is not None}
        return CaseRecord(
            flow=flow,
            number="",
            digest=digest,
            reporter_id=self._person.id,
            reporter_name=self._options.source[:100],
            class_key=key,
            class_name=values["class_title"][:200],
            description=values["description"][:2000],
            reported_at=reported.astimezone(UTC),
            due_at=times["due_at"],
            lon=None if place is None else round(float(place.x), 9),
            lat=None if place is None else round(float(place.y), 9),
            address=values["address"][:500],
            flags=tuple(flags),
            extra={"source": self._options.source, "number": number, "delivered": given},
        )


def class_key(title: str, source: str) -> ClassKey:
    """The class of ours that has this name or code, else one of the other system's own."""
    found = _known_classes().get(title)
    return found or ClassKey(Domain.EVENT.value, source[:_MAX_CODE], title[:_MAX_CODE])


@cache
def _known_classes() -> dict[str, ClassKey]:
    out: dict[str, ClassKey] = {}
    for domain in (Domain.EVENT, Domain.COMPONENT):
        for row in minor_classes(domain, GB_SCHEME, OWN_SCHEME):
            out.setdefault(row.name_zh, ClassKey(domain.value, row.scheme, row.code))
    return out


def _first_step(person: Person, record: CaseRecord, now: datetime) -> Entry:
    return Entry(
        number=1,
        action=IMPORT,
        before=None,
        after=record.flow.state,
        actor_id=person.id,
        actor_name=person.name,
        post=Role.DATA_MANAGER.value,
        at=now,
        note=f"{record.extra['source']} {record.extra['number']}"[:2000],
    )


def _known_already(record: CaseRecord, options: CaseOptions) -> InvalidError:
    return InvalidError(
        "import.key_exists",
        "{source} 的案件 {got} 已经导入过，或在文件里出现两次",
        field="number",
        got=str(record.extra["number"])[:80],
        params={"source": options.source},
    )


_FLAGS = {
    "no_position": "{count} 个案件没有位置，只有文字",
    "closed_before_reported": "{count} 个案件的结案时间早于上报时间，照原样存入并标记",
}


def _flag_notes(records: Sequence[CaseRecord]) -> list[Note]:
    counts = Counter(flag for record in records for flag in record.flags)
    return [Note(0, f"case.{f}", _FLAGS[f], {"count": n}) for f, n in sorted(counts.items())]


def _refuse_nothing(report: Report, options: CaseOptions) -> None:
    """Refuse a file of which no row stands.

    Raises
    ------
    InvalidError
        With the faults of all rows in ``errors``.
    """
    if report.stored or options.dry_run:
        return
    raise InvalidError(
        "import.refused",
        "{refused} 行（共 {rows} 行）有错，没有导入任何内容",
        field="file",
        params={"refused": len({f.row for f in report.faults}), "rows": report.rows_in},
        errors=sorted(report.faults, key=lambda f: f.row or 0)[:1000],
    )
