"""The use case: a file into a layer, in one transaction or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cityops.services.areas import AreaLookup, AreaService
from cityops.services.deliveries import Delivery, DeliveryState
from cityops.services.imports import looking, mapping, placing, rows, suspecting
from cityops.services.imports.preparing import (
    Prepared,
    described_columns,
    prepare,
    sample_rows,
    spec_for,
)
from cityops.services.imports.report import Report
from cityops.services.permissions import Action, permission_for, require
from cityops.services.ports import FileStore, Store
from cityops.services.reading.sniff import base_name
from cityops.services.reading.table import Note, RawTable, ReadOptions, UploadReader
from cityops.services.roles import Person
from cityops.services.scene_kept import SCENE_KEY
from cityops.services.scenes import with_areas
from gis.boxes import DegreeBox
from gis.errors import CityError, ForbiddenError, InvalidError, NotFoundError, error_body
from gis.features import FeatureBatch, object_array
from gis.layers import (
    USER_GROUP,
    FieldSpec,
    FieldType,
    GeometryKind,
    LayerRegistry,
    LayerSpec,
    Title,
)

#: So many rows are named in one note.
_MOST_ROWS = 50
_HASH_CHUNK = 1 << 20
_MOST_ERRORS = 1000


class Progress(Protocol):
    """Where a long act tells how far it is; each call may raise to end it."""

    def report(self, done: int, total: int | None = None, text: str = "") -> None:
        """`done` of `total` steps are done; `text` says what is being done."""

    def check(self) -> None:
        """Only look whether to stop."""


class _Silent:
    def report(self, done: int, total: int | None = None, text: str = "") -> None:
        """Nobody listens."""

    def check(self) -> None:
        """Nobody stops it."""


@dataclass(frozen=True)
class ImportOptions:
    """How a file is to be imported.

    Attributes
    ----------
    layer
        Name of the layer, an existing one unless `new`.
    crs
        What the coordinates refer to, where the file does not say it or lies.
    map
        ``field=column`` and ``field=column@unit``; ``x= y= wkt=`` for coordinates of a table.
    set
        ``field=value``: one value of a field for all rows.
    new, title
        Make a user layer of this name from the file, and what to call it.
    reference
        Layer against which the datum is held.
    swap_axes
        The file has y before x.
    all_or_nothing
        Refuse the whole file when one row is refused.
    again
        Import although the same bytes are in the layer already.
    """

    layer: str
    crs: str | None = None
    map: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    new: bool = False
    title: str | None = None
    reference: str | None = None
    repair: bool = False
    encoding: str | None = None
    source_layer: str | None = None
    swap_axes: bool = False
    all_or_nothing: bool = False
    again: bool = False
    dry_run: bool = False

    @property
    def way(self) -> dict[str, Any]:
        """What of the options decides which rows are stored."""
        without = {"again", "dry_run", "new", "title", "reference", "all_or_nothing"}
        said = asdict(self) | {"map": sorted(self.map), "set": sorted(self.set)}
        return {k: v for k, v in said.items() if k not in without}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ImportOptions:
        """Options as :func:`dataclasses.asdict` and JSON gave them."""
        known = {k: v for k, v in values.items() if k in cls.__dataclass_fields__}
        return cls(**(known | {n: tuple(known.get(n) or ()) for n in ("map", "set")}))


class ImportService:
    """Imports of one deployment.

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
        max_vertices: int = 200_000,
    ) -> None:
        self._store = store
        self._files = files
        self._reader = reader
        self._areas = areas
        self._now = now
        self._max_vertices = max_vertices

    def run(
        self,
        person: Person,
        path: Path,
        filename: str,
        options: ImportOptions,
        progress: Progress | None = None,
        delivery: int | None = None,
    ) -> dict[str, Any]:
        """Import the file at `path`, which its sender calls `filename`; gives the report.

        Good rows are stored, refused ones listed; with ``all_or_nothing`` one refused row
        refuses the file. All that is stored becomes visible at once or not at all.

        Parameters
        ----------
        delivery
            Number of a delivery that was kept before, for imports that run as jobs.

        Raises
        ------
        ForbiddenError
            When the person may not import into the layer.
        NotFoundError
            When there is no such layer and `new` was not asked for.
        FileError, CrsError, InvalidError
            When the file as a whole cannot be taken; nothing is stored then.
        """
        steps = progress or _Silent()
        known = self._known_layer(person, options)
        digest, size = digest_of(path)
        if not options.again and not options.dry_run:
            before = self._stored_before(options, digest)
            if before is not None:
                return before
        steps.report(0, 4, "读取文件")
        table = self._read(path, filename, options, known, steps)
        steps.report(1, 4, "核对字段和坐标")
        prepared = self._prepared(table, filename, options, known)
        self._limit(person, prepared)
        suspicion = self._suspicion(person, prepared, options)
        steps.report(2, 4, "核对编号")
        self._check_keys(prepared, known is not None)
        report = self._report(prepared, base_name(filename), options, known is None, suspicion)
        if options.dry_run:
            return self._rehearsed(report, prepared)
        refuse_whole(report, prepared)
        steps.report(3, 4, "写入")
        self._keep(path, digest)
        kept = Delivery(
            filename=base_name(filename)[:300],
            sha256=digest,
            size_bytes=size,
            person_id=person.id,
            at=self._now().isoformat(timespec="seconds"),
            layer=options.layer,
            options=asdict(options),
            id=delivery or 0,
        )
        done = self._store_rows(person, prepared, report, kept, steps)
        steps.report(4, 4, "完成")
        return done

    def look(
        self,
        person: Person,
        path: Path,
        filename: str,
        options: ImportOptions,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        """What is known of a file before it is imported: a rehearsal that never gives up.

        Where the file cannot be imported as asked, ``refusal`` says why, and the report holds
        what could be read all the same: columns, rows, layers that it may be meant for. With
        ``rows``, ``sketch`` and ``suggested`` it has more to look at than a rehearsal.

        Raises
        ------
        ForbiddenError
            When the person may not import into the layer.
        """
        steps = progress or _Silent()
        asked = replace(options, dry_run=True)
        out: dict[str, Any] = {
            "file": base_name(filename),
            "layer": options.layer,
            "dry_run": True,
            "refusal": None,
        }
        try:
            known = self._known_layer(person, asked)
            steps.report(0, 3, "读取文件")
            table = self._read(path, filename, asked, known, steps)
        except ForbiddenError:
            raise
        except CityError as refusal:
            return out | {"refusal": error_body(refusal)}
        out |= self._seen(person, table, known)
        steps.report(1, 3, "核对字段和坐标")
        try:
            prepared = self._prepared(table, filename, asked, known)
        except CityError as refusal:
            return out | {"refusal": error_body(refusal)}
        return out | self._looked_at(person, prepared, filename, asked, known is None, steps)

    def _seen(self, person: Person, table: RawTable, known: LayerSpec | None) -> dict[str, Any]:
        """What is known of a file as soon as it is read."""
        return {
            "driver": table.driver,
            "crs_declared": table.crs,
            "encoding": table.encoding,
            "encoding_from": table.encoding_from,
            "rows_in": table.rows_in,
            "source_layer": table.layer,
            "source_layers": list(table.layers),
            "coordinate_columns": dict(table.axes),
            "columns": described_columns(table),
            "fields": [] if known is None else looking.fields_json(known),
            "rows": looking.rows_json(table, table.faults),
            "suggested": looking.suggestions(table, self._registry(), person),
            "warnings": [note.as_dict() for note in table.warnings],
        }

    def _looked_at(
        self,
        person: Person,
        prepared: Prepared,
        filename: str,
        options: ImportOptions,
        is_new: bool,
        steps: Progress,
    ) -> dict[str, Any]:
        self._limit(person, prepared)
        refusal = None
        suspicion: Mapping[str, Any] | None = None
        try:
            suspicion = self._suspicion(person, prepared, options)
        except InvalidError as fault:
            refusal = error_body(fault)
        steps.report(2, 3, "核对编号")
        self._check_keys(prepared, not is_new)
        report = self._report(prepared, base_name(filename), options, is_new, suspicion)
        with self._store.reading() as tx:
            lookup = self._areas.lookup(tx)
        outside = _outside(with_all(prepared.batch(), lookup), prepared)
        report = replace(report, warnings=(*report.warnings, *outside))
        return self._rehearsed(report, prepared) | {
            "refusal": refusal,
            "fields": looking.fields_json(prepared.spec),
            "rows": looking.rows_json(prepared.table, prepared.found.faults),
            "sketch": looking.sketch(prepared),
        }

    def _keep(self, path: Path, digest: str) -> None:
        """The file in the file store, where it is not there already."""
        if not self._files.has(digest):
            with path.open("rb") as file:
                self._files.put_stream(file)

    # --- before anything is stored -------------------------------------------------------------

    def _known_layer(self, person: Person, options: ImportOptions) -> LayerSpec | None:
        registry = self._registry()
        if options.layer in registry:
            spec = registry.get(options.layer)
            require(person, spec, Action.IMPORT)
            return spec
        if not options.new:
            raise NotFoundError(
                "layer.unknown",
                "没有图层 {got}",
                field="layer",
                got=options.layer[:80],
                expected=[s.name for s in registry],
                hint="换成已有的图层，或加 --new 从文件新建图层",
            )
        require(person, _USER_LAYER, Action.IMPORT)
        return None

    def _registry(self) -> LayerRegistry:
        with self._store.reading() as tx:
            found: LayerRegistry = tx.layers.registry()
        return found

    def _stored_before(self, options: ImportOptions, digest: str) -> dict[str, Any] | None:
        """Report of the same bytes into the same layer in the same way."""
        with self._store.reading() as tx:
            before: Delivery | None = tx.deliveries.stored_before(options.layer, digest)
        if before is None or ImportOptions.from_dict(before.options).way != options.way:
            return None
        return (before.report or {}) | {"duplicate": True, "delivery": before.id}

    def _read(
        self,
        path: Path,
        filename: str,
        options: ImportOptions,
        known: LayerSpec | None,
        steps: Progress,
    ) -> RawTable:
        said = mapping.parsed(options.map, known)
        asked = ReadOptions(
            encoding=options.encoding,
            source_layer=options.source_layer,
            geometry=None if known is None else known.geometry.value,
            coordinates=said.coordinates,
            max_vertices=self._max_vertices,
            repair=options.repair,
        )
        table = self._reader.read(path, filename, asked, steps.check)
        if not table.rows_in:
            raise InvalidError("file.no_rows", "文件里没有数据行", field="file")
        return table

    def _prepared(
        self, table: RawTable, filename: str, options: ImportOptions, known: LayerSpec | None
    ) -> Prepared:
        reference = placing.chosen_reference(options.crs, table.crs, known, table.geometry)
        title = options.title or Path(base_name(filename)).stem[:40] or options.layer
        spec = spec_for(table, options.layer, title, known)
        given = mapping.parsed(options.map, spec).fields
        same = mapping.constants(options.set, spec)
        return prepare(
            table,
            spec,
            given,
            reference,
            swap=options.swap_axes,
            same=same,
            extent=self._extent(),
        )

    def _extent(self) -> DegreeBox | None:
        """Where the city lies, when there is one."""
        with self._store.reading() as tx:
            scene = tx.meta.get(SCENE_KEY) or {}
        box = scene.get("extent") or scene.get("bounds")
        return None if box is None else DegreeBox(*box)

    def _limit(self, person: Person, prepared: Prepared) -> None:
        """Find the area of each row, and refuse rows out of the person's areas and categories."""
        with self._store.reading() as tx:
            lookup = self._areas.lookup(tx)
        permission = permission_for(person, prepared.spec, Action.IMPORT)
        if permission.areas is None and permission.categories is None:
            return
        at = np.flatnonzero(prepared.found.good)
        batch = with_areas(prepared.batch(), lookup)
        category = prepared.spec.category_field
        values = batch.columns[category] if category else None
        everyone = np.arange(len(at))
        reached = permission.mask(batch.areas, everyone, values, everyone if category else None)
        for position in at[~reached]:
            prepared.found.refuse(
                int(position),
                InvalidError(
                    "import.not_yours",
                    "不在您负责的区域或类别内",
                    field="geometry",
                    hint="请由有权限的人导入这一行",
                ),
            )

    def _suspicion(
        self, person: Person, prepared: Prepared, options: ImportOptions
    ) -> Mapping[str, Any] | None:
        if options.reference is None:
            return None
        spec = self._registry().get(options.reference)
        require(person, spec, Action.VIEW)
        with self._store.reading() as tx:
            _, against = tx.layers.load(spec)
        delivered = prepared.table.geometry[prepared.found.good]
        if options.swap_axes:
            delivered = placing.swapped(delivered)
        return suspecting.suspicion(delivered, prepared.reference, spec, against)

    def _check_keys(self, prepared: Prepared, there: bool) -> None:
        keys = prepared.columns[prepared.spec.key]
        taken: set[str] = set()
        if there:
            good = object_array(k for k in keys[prepared.found.good].tolist() if k is not None)
            with self._store.reading() as tx:
                taken = tx.layers.existing_keys(prepared.spec, good)
        rows.check_doubles(prepared.spec, keys, taken, prepared.found)

    def _report(
        self,
        prepared: Prepared,
        filename: str,
        options: ImportOptions,
        is_new: bool,
        suspicion: Mapping[str, Any] | None,
    ) -> Report:
        table = prepared.table
        return Report(
            layer=prepared.spec.name,
            file=filename,
            driver=table.driver,
            crs=prepared.reference.label,
            crs_declared=table.crs,
            encoding=table.encoding,
            encoding_from=table.encoding_from,
            rows_in=table.rows_in,
            stored=int(prepared.found.good.sum()),
            dry_run=options.dry_run,
            mapping=prepared.mapping,
            extra_columns=prepared.extra_columns,
            faults=tuple(prepared.found.faults),
            repaired=tuple(prepared.found.repaired),
            warnings=tuple(prepared.found.warnings),
            accuracy_m=prepared.reference.accuracy_m or None,
            new_layer=is_new,
            all_or_nothing=options.all_or_nothing,
            suspicion=suspicion,
        )

    def _rehearsed(self, report: Report, prepared: Prepared) -> dict[str, Any]:
        whole = replace(
            report,
            columns=described_columns(prepared.table),
            sample=sample_rows(prepared.batch()),
        )
        return whole.as_dict() | {
            "fields": looking.fields_json(prepared.spec),
            "geometry": prepared.spec.geometry.value,
            "source_layers": list(prepared.table.layers),
            "coordinate_columns": dict(prepared.table.axes),
        }

    # --- storing -------------------------------------------------------------------------------

    def _store_rows(
        self,
        person: Person,
        prepared: Prepared,
        report: Report,
        delivery: Delivery,
        steps: Progress,
    ) -> dict[str, Any]:
        spec = prepared.spec
        with self._store.writing() as tx:
            if report.new_layer:
                tx.layers.declare(spec)
            else:
                tx.layers.registry().get(spec.name)  # it may have been withdrawn meanwhile
            lookup = self._areas.lookup(tx)
            batch = with_all(prepared.batch(), lookup)
            number = delivery.id or tx.deliveries.add(delivery)
            tx.layers.append(spec, batch, number, accuracy_m=report.accuracy_m)
            steps.check()
            done = replace(
                report,
                delivery=number,
                version=tx.layers.versions()[spec.name],
                warnings=(*report.warnings, *_outside(batch, prepared)),
            ).as_dict()
            tx.deliveries.update(
                number,
                state=DeliveryState.STORED,
                layer=spec.name,
                options=delivery.options,
                report=done,
            )
            tx.audit.add(
                person,
                "layer.import",
                f"layer:{spec.name}",
                detail={
                    "delivery": number,
                    "file": delivery.filename,
                    "sha256": delivery.sha256,
                    "stored": done["stored"],
                    "refused": done["refused_rows"],
                },
            )
        return done


#: Stands for every layer that users make, where only permission is asked.
_USER_LAYER = LayerSpec(
    name="user_layer",
    title=Title("用户图层", "User layer"),
    group=USER_GROUP,
    geometry=GeometryKind.POINT,
    fields=(FieldSpec("code", Title("编号", "Code"), FieldType.TEXT),),
    key="code",
)


def with_all(batch: FeatureBatch, lookup: AreaLookup) -> FeatureBatch:
    """`batch` with the area of each row, delivered geometry and extra columns kept."""
    return replace(batch, areas=with_areas(batch, lookup).areas)


def _outside(batch: FeatureBatch, prepared: Prepared) -> list[Note]:
    """Which rows of the file lie outside of every district; they are stored all the same."""
    at = prepared.table.rows[prepared.found.good][batch.areas == ""].tolist()
    if not at:
        return []
    named = "、".join(map(str, at[:_MOST_ROWS])) + (" 等" if len(at) > _MOST_ROWS else "")
    params = {"count": len(at), "rows": named}
    return [Note(0, "import.outside_areas", "{count} 个要素不在任何行政区内：第 {rows} 行", params)]


def refuse_whole(report: Report, prepared: Prepared) -> None:
    """Refuse a file of which no row stands, or not all where all were asked for.

    Raises
    ------
    InvalidError
        With the faults of all rows in ``errors``.
    """
    faults: list[CityError] = sorted(report.faults, key=lambda f: f.row or 0)
    if report.is_importable:
        return
    refused = len({fault.row for fault in faults})
    raise InvalidError(
        "import.refused",
        "{refused} 行（共 {rows} 行）有错，没有导入任何内容",
        field="file",
        got=refused,
        params={"refused": refused, "rows": prepared.table.rows_in},
        hint="改正后重新导入；去掉 --all-or-nothing 可只导入无误的行"
        if report.stored
        else "每一行都有错，看第一行的原因",
        errors=faults[:_MOST_ERRORS],
    )


def digest_of(path: Path) -> tuple[str, int]:
    """sha256 in hexadecimal and size in bytes of a file.

    Raises
    ------
    NotFoundError
        When there is no such file.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_HASH_CHUNK):
                digest.update(chunk)
    except (FileNotFoundError, IsADirectoryError) as fault:
        raise NotFoundError(
            "file.missing", "没有文件 {got}", field="file", got=path.name
        ) from fault
    return digest.hexdigest(), path.stat().st_size
