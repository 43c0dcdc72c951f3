"""The use case: a layer out of the program as a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from cityops.services.deliveries import Delivery
from cityops.services.exports.sheet import AS_DELIVERED, sheet_of
from cityops.services.exports.writers import WRITERS
from cityops.services.layers import check_polygon
from cityops.services.permissions import Action, Permission, require
from cityops.services.ports import Box, Store
from cityops.services.roles import Person
from cityops.services.scene_kept import SCENE_KEY, layer_notices
from cityops.services.shape_work import Bench, Unbounded
from gis.errors import InvalidError, NotFoundError, UnavailableError
from gis.features import FeatureBatch
from gis.layers import LayerSpec
from gis.reference import Reference, parse_crs

INTERNAL = "内部使用，非公开地图"
SYNTHETIC = "含合成数据，仅供演示"
_NOTHING = {"code": "export.nothing", "what": "没有符合条件的要素，文件里是 0 行"}
_BY_SUFFIX = {ending: name for name, (_, ending, _) in WRITERS.items()} | {".json": "geojson"}


@dataclass(frozen=True)
class ExportOptions:
    """What to export and how.

    Attributes
    ----------
    format
        Name out of `WRITERS`; None goes by the ending of the file.
    crs
        None for EPSG:4490, ``same`` for the delivered system, else any known one.
    box
        (west, south, east, north) degrees; a feature counts when its box meets it.
    where
        Field -> values, of which a feature has one.
    encoding
        Of a shapefile: UTF-8 or GBK.
    within
        A polygon in degrees, as GeoJSON; a feature counts when its shape touches it.
    """

    format: str | None = None
    crs: str | None = None
    box: Box | None = None
    where: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    encoding: str | None = None
    within: Mapping[str, Any] | None = None


class ExportService:
    """Exports of one deployment.

    Parameters
    ----------
    map_review_no
        Review number of the maps; while it is empty every export says that it is not public.
    """

    def __init__(self, store: Store, map_review_no: str = "", bench: Bench | None = None) -> None:
        self._store = store
        self._bench = bench or Unbounded()
        self._map_review_no = map_review_no

    def check(self, person: Person, layer: str, options: ExportOptions) -> Permission:
        """Refuse what could not be exported, before the work begins; gives the right to it.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not export it.
        InvalidError, CrsError
            For an unknown format or system.
        GeometryError
            When the polygon is no valid one or too large.
        """
        if options.format not in WRITERS:
            raise _no_format(options.format)
        if options.crs not in (None, AS_DELIVERED):
            parse_crs(options.crs)
        _area(options, self._bench)
        with self._store.reading() as tx:
            return require(person, tx.layers.registry().get(layer), Action.EXPORT)

    def size(self, person: Person, layer: str, options: ExportOptions) -> int:
        """How many rows an export would have; what a polygon leaves out is counted too.

        Raises
        ------
        NotFoundError, ForbiddenError, InvalidError
            See `run`.
        """
        with self._store.reading() as tx:
            spec = tx.layers.registry().get(layer)
            permission = require(person, spec, Action.EXPORT)
            equal = dict(options.where) or None
            return int(tx.layers.count(spec, permission, box=options.box, equal=equal))

    def run(
        self,
        person: Person,
        layer: str,
        out: Path,
        options: ExportOptions,
        check: Callable[[], None] | None = None,
        *,
        rename: bool = False,
    ) -> dict[str, Any]:
        """Write a layer to `out`, whole or not at all; gives what was written.

        Beside the file lies ``<name>.notice.txt`` with the notices of source.

        Parameters
        ----------
        check
            Called between the steps; ends the export by raising.
        rename
            Whether a name that has to say an offset datum is made, in place of a refusal.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not export it.
        InvalidError, CrsError
            For an unknown format, field, or system, or a name that hides an offset datum.
        UnavailableError
            When the file cannot be written.
        """
        name = format_named(options.format, out)
        between = check or (lambda: None)
        area = _area(options, self._bench)
        with self._store.reading() as tx:
            spec = tx.layers.registry().get(layer)
            permission = require(person, spec, Action.EXPORT)
            batches = []
            box = options.box if area is None or options.box is not None else area.bounds
            found = tx.layers.batches(spec, permission, box=box, equal=dict(options.where) or None)
            for batch in found:
                batches.append(batch if area is None else _touching(batch, area))
                between()
            notices = self.notices(spec, tx.meta.get(SCENE_KEY))
            declared = _declared(tx, layer) if options.crs == AS_DELIVERED else []
        sheet = sheet_of(spec, batches, permission.fields, options.crs, notices, declared)
        between()
        if name == "geojson":
            out = _named_by_datum(out, sheet.reference, rename=rename)
        writer, ending, _ = WRITERS[name]
        replaced = out.is_file()
        told = _written(
            out, ending, lambda path: writer(sheet, path, {"encoding": options.encoding})
        )
        _written(
            out.with_name(out.name + ".notice.txt"),
            ".txt",
            lambda path: path.write_text("\n".join(sheet.notices) + "\n", encoding="utf-8"),
        )
        self._log(person, spec, len(sheet), name)
        return {
            "layer": layer,
            "file": str(out),
            "format": name,
            "rows": len(sheet),
            "crs": sheet.reference.label,
            "columns": list(sheet.columns),
            "notices": list(sheet.notices),
            "bytes": out.stat().st_size,
            "losses": [],
            "warnings": [*([] if len(sheet) else [dict(_NOTHING)]), *_offset(sheet.reference)],
            "replaced": replaced,
        } | told

    def notices(self, spec: LayerSpec, scene: Mapping[str, Any] | None) -> list[str]:
        """What must stand beside the layer's data: source, licence, who may see it."""
        known = layer_notices(scene or {}).get(spec.name, {})
        out = [f"图层：{spec.title.zh}（{spec.name}）"]
        out += [str(n) for n in dict.fromkeys((spec.notice, known.get("notice"))) if n]
        if known.get("synthetic"):
            out.append(SYNTHETIC)
        out.append(f"审图号：{self._map_review_no}" if self._map_review_no else INTERNAL)
        return out

    def _log(self, person: Person, spec: LayerSpec, rows: int, name: str) -> None:
        with self._store.writing() as tx:
            detail = {"rows": rows, "format": name}
            tx.audit.add(person, "layer.export", f"layer:{spec.name}", detail=detail)


def _declared(tx: Any, layer: str) -> list[str]:
    """Systems of the deliveries that were stored in a layer."""
    stored: list[Delivery] = tx.deliveries.stored_in(layer)
    return [str(d.report["crs"]) for d in stored if d.report and d.report.get("crs")]


def _area(options: ExportOptions, bench: Bench) -> Any:
    """The polygon that the features must touch, None for everywhere."""
    if options.within is None:
        return None
    area = bench.drawn(options.within)
    check_polygon(area)
    shapely.prepare(area)
    return area


def _touching(batch: FeatureBatch, area: Any) -> FeatureBatch:
    return batch.take(np.flatnonzero(shapely.intersects(area, batch.geometry)))


def refuse_missing_folder(out: Path) -> None:
    """Refuse a file in a folder that is not there: it is more often mistyped than wanted.

    Raises
    ------
    NotFoundError
        When the folder of `out` is not there.
    """
    if not out.parent.is_dir():
        raise NotFoundError(
            "file.no_folder",
            "没有文件夹 {got}",
            field="out",
            got=str(out.parent),
            hint="检查写法，或先建这个文件夹",
        )


def format_named(name: str | None, out: Path) -> str:
    """The format asked for, or the one that the ending of `out` names.

    Raises
    ------
    InvalidError
        When there is no such format.

    Examples
    --------
    >>> format_named(None, Path("pipes.gpkg"))
    'gpkg'
    """
    found = name if name is not None else _BY_SUFFIX.get(out.suffix.lower())
    if found not in WRITERS:
        raise _no_format(name or out.suffix)
    return found


def _named_by_datum(out: Path, reference: Reference, *, rename: bool) -> Path:
    """A name for GeoJSON that says its offset datum: readers take all GeoJSON for WGS84 degrees."""
    if reference.offset is None:
        return out
    ending = f".{reference.offset.value}.geojson"
    if out.name.lower().endswith(ending):
        return out
    told = out.with_name(out.stem + ending)
    if rename:
        return told
    raise InvalidError(
        "export.offset_name",
        "{expected} 坐标的 GeoJSON 会被其他软件当成 WGS84，偏几百米；文件名须写明坐标系",
        field="out",
        got=out.name,
        expected=reference.offset.value,
        hint="确认要这种坐标，就写 --out {name}；否则改用 --crs EPSG:4326",
        params={"name": told.name},
    )


def _offset(reference: Reference) -> list[dict[str, str]]:
    """A warning beside a file in GCJ-02 or BD-09."""
    if reference.offset is None:
        return []
    name = {"gcj02": "GCJ-02", "bd09": "BD-09"}[reference.offset.value]
    what = f"坐标是 {name}，不是 WGS84 或 CGCS2000：其他软件不认识，直接打开会偏几百米，精度约 {reference.accuracy_m:g} m"
    return [{"code": "export.offset_datum", "what": what}]


def _no_format(got: str | None) -> InvalidError:
    return InvalidError(
        "export.format",
        "不能导出成 {got}",
        field="format",
        got=got,
        expected=sorted(WRITERS),
        hint="用 .geojson .gpkg .zip（Shapefile）.csv .xlsx .fgb 结尾",
    )


def _written(out: Path, ending: str, fill: Any) -> dict[str, Any]:
    """Fill a file beside `out` and give it its name when it is whole and durable."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
            path = Path(folder) / f"new{ending}"
            told = fill(path)
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.replace(out)
    except OSError as fault:
        raise UnavailableError(
            "export.cannot_write",
            "写不进 {got}：{why}",
            field="out",
            got=out.name,
            params={"why": fault.strerror or "?"},
            hint="检查路径、权限和磁盘空间",
        ) from fault
    return told if isinstance(told, dict) else {}
