"""Files of an evacuation: roads, buildings, shelters, resources and the zone, brought into one plane."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from cityops.services.hazards.zone_answers import ZonesTaken, no_alternative, zones_taken
from cityops.services.imports.placing import chosen_reference, place
from cityops.services.locate import checked_place
from cityops.services.reading.dispatch import read_file
from cityops.services.reading.geopackage import plain_layers
from cityops.services.reading.table import ReadOptions
from gis.errors import CityError, FileError, InvalidError, NotFoundError
from gis.features import IntArray, ObjectArray
from gis.frame import LocalFrame
from gis.geometry import parse_geojson_geometry
from hazards.evacuation.people import Buildings, Shelters
from hazards.evacuation.rates import Mode
from hazards.evacuation.roads import Roads, raise_all

FloatArray = npt.NDArray[np.float64]
_MOST_ZONE_BYTES = 50_000_000
_KMH = 3.6
#: Further from the zone than this nothing belongs to an evacuation, metres.
FARTHEST_M = 200_000.0
_ONE_WAY = {
    **dict.fromkeys(("1", "yes", "true", "是", "单行"), 1),
    **dict.fromkeys(("-1", "reverse"), -1),
    **dict.fromkeys(("0", "no", "false", "否", "双向", ""), 0),
}


@dataclass(frozen=True)
class Layer:
    """Rows of a file with shapes in CGCS2000 degrees.

    ``refusal`` says which rows have no shape that can be read.
    """

    name: str
    rows: IntArray
    shapes: ObjectArray
    columns: Mapping[str, ObjectArray]
    refusal: CityError | None = None

    @property
    def bad_rows(self) -> frozenset[int]:
        """Rows whose shape cannot be read, by their number in the file."""
        faults = () if self.refusal is None else self.refusal.errors
        return frozenset(fault.row for fault in faults if fault.row is not None)

    def column(self, *names: str) -> ObjectArray:
        """The first of the named columns that the file has; all None without."""
        lower = {name.lower(): name for name in self.columns}
        for name in names:
            if name.lower() in lower:
                return self.columns[lower[name.lower()]]
        return np.full(len(self.rows), None, object)

    def numbers(self, *names: str) -> FloatArray:
        """The first of the named columns as numbers; NaN where unknown.

        Raises
        ------
        InvalidError
            ``evacuation.not_a_number`` for a cell that is none, ``evacuation.bad_cells`` with every
            one of several.
        """
        out, faults = self.read_numbers(*names)
        raise_all(faults, "evacuation.bad_cells", "有 {count} 格不是数：{first}")
        return out

    def read_numbers(self, *names: str) -> tuple[FloatArray, list[CityError]]:
        """As `numbers`, with a fault for each cell that is none, which stands as NaN."""
        faults: list[CityError] = []
        lower = {name.lower() for name in self.columns}
        out = np.full(len(self.rows), np.nan)
        for i, value in enumerate(self.column(*names).tolist()):
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            try:
                out[i] = math.nan if isinstance(value, bool) else float(value)
                if math.isnan(out[i]):
                    raise ValueError
            except (TypeError, ValueError):
                out[i] = np.nan
                fault = InvalidError(
                    "evacuation.not_a_number",
                    "{name} 第 {row} 行：{got} 不是数",
                    field=next((n for n in names if n.lower() in lower), names[0]),
                    got=str(value)[:60],
                    row=int(self.rows[i]),
                    params={"name": self.name, "row": int(self.rows[i])},
                )
                faults.append(fault)
        return out, faults

    def ids(self) -> ObjectArray:
        """Names of the rows: the column of ids, else the row number."""
        given = self.column("id", "编号", "osm_id", "fid").tolist()
        return np.array(
            [str(r) if g is None else str(g) for g, r in zip(given, self.rows, strict=True)],
            object,
        )


@dataclass(frozen=True)
class ZoneGiven:
    """A zone in degrees, and what its file says of the source, the wind and the quantity."""

    shape: BaseGeometry
    source: tuple[float, float] | None
    wind_from: float | None
    taken: ZonesTaken | None = None


def read_layer(path: Path, role: str, crs: str | None = None) -> Layer:
    """The rows of a file; of a GeoPackage with several layers the one called as its role.

    Raises
    ------
    InvalidError
        As `open_layer`; ``evacuation.bad_rows`` with every row that has a fault.
    """
    found = open_layer(path, role, crs)
    if found.refusal is not None:
        raise found.refusal
    return found


def open_layer(path: Path, role: str, crs: str | None = None) -> Layer:
    """The rows of a file as `read_layer`; rows without a shape that can be read are in `refusal`.

    Raises
    ------
    NotFoundError
        ``file.missing``.
    FileError, CrsError
        When it cannot be read as what it says it is, or its coordinates are none.
    """
    if not path.is_file():
        raise NotFoundError("file.missing", "没有文件 {got}", field=role, got=str(path))
    layer = role if path.suffix.lower() == ".gpkg" and role in plain_layers(path) else None
    table = read_file(path, path.name, ReadOptions(source_layer=layer, repair=True))
    reference = chosen_reference(crs, table.crs or "EPSG:4490", None)
    try:
        placed = place(table.geometry, table.rows, reference, swap=False)
    except CityError as fault:
        _advised([fault, *fault.errors])
        raise
    faults = _advised([*table.faults, *placed.faults])
    refusal = None
    if faults:
        refusal = InvalidError(
            "evacuation.bad_rows",
            "文件 {got} 有 {count} 行读不出图形：{first}",
            field=role,
            got=path.name,
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )
    return Layer(path.name, table.rows, placed.geometry, table.columns, refusal)


def _advised(faults: list[CityError]) -> list[CityError]:
    """Faults that advise nothing that only the import of layers offers."""
    for fault in faults:
        if "--swap-axes" in (fault.hint_template or ""):
            fault.hint_template = "在文件里把经度（东）写在前、纬度（北）写在后"
    return faults


def read_zone(path: Path, crs: str | None = None, alternative: str | None = None) -> ZoneGiven:
    """The union of the polygons of a file, or of the zones that ``hazard zone --json`` answered.

    Of several alternatives the wanted one is taken, without a wish that of the largest quantity.

    Raises
    ------
    NotFoundError, FileError, InvalidError
        As `read_layer`; ``evacuation.no_zone`` when there is no polygon in it,
        ``hazard.no_alternative`` when it has not the one that is wanted.
    """
    run = read_run(path)
    taken = None
    if run is not None:
        taken = zones_taken(run, alternative)
        held = [z for z in taken.zones if isinstance(z, dict) and z.get("geometry")]
        shapes = [parse_geojson_geometry(z["geometry"]) for z in held]
        source, wind = _said_of(run)
    elif alternative is not None:
        raise no_alternative(alternative, [])
    else:
        shapes = [s for s in read_layer(path, "zone", crs).shapes.tolist() if s is not None]
        source, wind = None, None
    areas = [s for s in shapes if s.geom_type in ("Polygon", "MultiPolygon") and s.area > 0]
    if not areas:
        raise InvalidError(
            "evacuation.no_zone", "{got} 里没有影响范围的面", field="zone", got=path.name
        )
    return ZoneGiven(shapely.union_all(areas), source, wind, taken)


def _said_of(run: dict[str, Any]) -> tuple[tuple[float, float] | None, float | None]:
    """The place of the source and the wind that an answer of ``hazard zone`` names."""
    at, inputs = run.get("place"), run.get("inputs")
    wind = inputs.get("wind_from") if isinstance(inputs, dict) else None
    try:
        source = (float(at["lon"]), float(at["lat"])) if isinstance(at, dict) else None
        return source, None if wind is None else float(wind)
    except (KeyError, TypeError, ValueError) as fault:
        raise InvalidError(
            "evacuation.bad_run", "影响范围结果中的位置或风向有误", field="zone"
        ) from fault


def source_in(given: tuple[float, float] | None, frame: LocalFrame) -> tuple[float, float] | None:
    """The place of a source in metres of a plane; None stays None.

    Raises
    ------
    CrsError, InvalidError
        When it is no place; ``evacuation.far_source`` when it lies far from the zone.
    """
    if given is None:
        return None
    place = checked_place(given[0], given[1], "cgcs2000")
    x, y = frame.project([[place.lon, place.lat]])[0].tolist()
    if not max(abs(x), abs(y)) <= FARTHEST_M:
        raise InvalidError(
            "evacuation.far_source",
            "源的位置离影响范围超过 {expected} km，经纬度可能写反",
            field="source",
            got=list(given),
            expected=FARTHEST_M / 1000,
        )
    return x, y


def read_run(path: Path) -> dict[str, Any] | None:
    """The answer of ``hazard zone``, when the file is one; else None.

    Raises
    ------
    NotFoundError
        ``file.missing``.
    FileError
        ``json.bad``.
    """
    if not path.is_file():
        raise NotFoundError("file.missing", "没有文件 {got}", field="zone", got=str(path))
    if path.suffix.lower() not in (".json", ".geojson") or path.stat().st_size > _MOST_ZONE_BYTES:
        return None
    try:
        body = json.loads(path.read_text("utf-8-sig"))
    except ValueError as fault:
        raise FileError("json.bad", "不是 JSON：{got}", field="zone", got=path.name) from fault
    zones = body.get("zones") if isinstance(body, dict) else None
    good = isinstance(zones, list) and all(isinstance(z, dict) for z in zones)
    return body if good else None


def frame_of(zone: BaseGeometry) -> LocalFrame:
    """The plane around the middle of a zone."""
    return LocalFrame(zone.centroid.x, zone.centroid.y)


def roads_in(layer: Layer, frame: LocalFrame, mode: Mode, faults: list[CityError]) -> Roads:
    """Roads in metres; a line of several parts is several roads of one name.

    Cells that are no numbers are noted in `faults` and stand as unknown.

    Raises
    ------
    InvalidError
        ``evacuation.not_a_road`` for a row that is no line, ``evacuation.oneway``,
        ``evacuation.far``, or as `Layer.numbers`.
    """
    there = np.array([s is not None and not s.is_empty for s in layer.shapes.tolist()], bool)
    wrong = [i for i in np.flatnonzero(there).tolist() if "Line" not in layer.shapes[i].geom_type]
    if wrong or not there.any():
        raise InvalidError(
            "evacuation.not_a_road",
            "{name} 应为道路中心线" + ("（第 {row} 行不是线）" if wrong else "，没有一条线"),
            field="roads",
            params={"name": layer.name, "row": int(layer.rows[wrong[0]]) if wrong else 0},
        )
    parts, of = shapely.get_parts(layer.shapes[there], return_index=True)
    at = np.flatnonzero(there)[of]
    lines = frame.project_geometry(parts)
    _near(shapely.bounds(lines), layer, at, "roads")
    width = ("width_m", "width", "宽度", "路宽") if mode is Mode.FOOT else ("lanes", "车道数")
    return Roads(
        lines=lines,
        ids=layer.ids()[at],
        names=layer.column("name", "路名", "道路名称")[at],
        classes=layer.column("road_class", "highway", "fclass", "道路等级")[at],
        one_way=_one_ways(layer)[at],
        widths=_noted(layer, faults, *width)[at],
        speeds_m_s=_noted(layer, faults, "speed_kmh")[at] / _KMH,
        capacities_p_s=_noted(layer, faults, "capacity_p_h")[at] / 3600.0,
        rows=layer.rows[at],
    )


def _noted(layer: Layer, faults: list[CityError], *names: str) -> FloatArray:
    found, wrong = layer.read_numbers(*names)
    faults += wrong
    return found


def _one_ways(layer: Layer) -> IntArray:
    out = np.zeros(len(layer.rows), np.int64)
    for i, value in enumerate(layer.column("oneway", "one_way", "单行").tolist()):
        text = "" if value is None else str(value).strip().lower().removesuffix(".0")
        if text not in _ONE_WAY:
            raise InvalidError(
                "evacuation.oneway",
                "{name} 第 {row} 行：不认识单行方向 {got}",
                field="oneway",
                got=text[:20],
                expected=["1", "-1", "0"],
                row=int(layer.rows[i]),
                params={"name": layer.name, "row": int(layer.rows[i])},
                hint="1 沿线的方向，-1 逆线的方向，0 双向",
            )
        out[i] = _ONE_WAY[text]
    return out


def _near(bounds: FloatArray, layer: Layer, rows: IntArray, role: str) -> None:
    """Refuse places that cannot belong to the zone."""
    far = np.flatnonzero(np.nan_to_num(np.abs(bounds)).max(axis=1, initial=0.0) > FARTHEST_M)
    if len(far):
        row = int(layer.rows[rows[far[0]]])
        raise InvalidError(
            "evacuation.far",
            "{name} 第 {row} 行离影响范围超过 {expected} km，坐标可能写反或坐标系有误",
            field=role,
            row=row,
            expected=FARTHEST_M / 1000,
            params={"name": layer.name, "row": row},
        )


def places_in(layer: Layer, frame: LocalFrame, role: str) -> tuple[FloatArray, ObjectArray]:
    """(n, 2) a place of each row in metres, NaN without one; and the shapes in metres.

    Raises
    ------
    InvalidError
        ``evacuation.far``.
    """
    shapes = frame.project_geometry(layer.shapes)
    points = shapely.point_on_surface(shapes)
    out = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    _near(out, layer, np.arange(len(out)), role)
    return out, shapes


def buildings_in(
    layer: Layer, frame: LocalFrame, zone_m: BaseGeometry, time: str, faults: list[CityError]
) -> Buildings:
    """Buildings with people at a time of day (``day`` or ``night``), or at all times.

    Cells that are no numbers are noted in `faults` and stand as unknown.

    Raises
    ------
    InvalidError
        ``evacuation.no_people`` when the file has no column of people; as `Layer.numbers`.
    """
    names = (f"people_{time}", "people", "population", "人数")
    if not {name.lower() for name in layer.columns} & set(names):
        raise InvalidError(
            "evacuation.no_people",
            "{got} 没有人数一列",
            field="buildings",
            got=layer.name,
            expected=list(names),
        )
    places, shapes = places_in(layer, frame, "buildings")
    inside = np.asarray(shapely.intersects(zone_m, shapes), bool)
    people = _noted(layer, faults, *names)
    return Buildings(places, inside, people, layer.ids(), layer.rows)


def shelters_in(
    layer: Layer, frame: LocalFrame, zone_m: BaseGeometry, faults: list[CityError]
) -> Shelters:
    """Shelters with their room; `faults` as in `buildings_in`.

    Raises
    ------
    InvalidError
        As `Layer.numbers` and `places_in`.
    """
    places, shapes = places_in(layer, frame, "shelters")
    return Shelters(
        places,
        np.asarray(shapely.intersects(zone_m, shapes), bool),
        _noted(layer, faults, "capacity", "容量", "可容纳人数"),
        layer.ids(),
        layer.column("name", "名称"),
        layer.rows,
    )
