"""Use cases: is a grid in order, and cells made along roads, water and parcels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely

from cityops.services.grid.delivered import Delivered, read_shapes
from cityops.services.ports import Store
from cityops.services.reading.table import UploadReader
from gis.errors import FileError, InvalidError, NotFoundError, UnavailableError
from gis.features import FeatureBatch, IntArray, ObjectArray
from gis.layers import LayerSpec
from gis.measure import area_m2
from grid.codes import COMMUNITY_DIGITS, check_digits
from grid.layers import BUILDINGS, CELLS, COMMUNITIES, GREEN, ROADS, WATER
from grid.partition.barriers import ROAD_STRENGTH, Ground, ground_of
from grid.partition.extent import mapped_extent
from grid.partition.make import FREE_SHARE, Division, codes_of, divide, measured
from grid.partition.regions import Sizes
from grid.units.check import LEAST_AREA_M2, TOLERANCE_M, check_grid
from grid.units.plane import Plane, plane_of

_CODE = ("code", "BGCode", "BGID", "网格编码", "单元网格编码", "网格编号", "区划代码")
_AREA = ("area_m2", "面积", "Area")
_CLASS = ("road_class", "highway", "fclass", "道路等级")
_YES = frozenset({"yes", "true", "1", "building_passage"})


@dataclass(frozen=True)
class Sources:
    """Files to divide along; a missing one is taken from `osm`, else from the store's layers.

    ``osm`` is an OpenStreetMap extract; without communities the mapped ground is divided.
    """

    communities: Path | None = None
    roads: Path | None = None
    water: Path | None = None
    parcels: Path | None = None
    buildings: Path | None = None
    osm: Path | None = None


#: Of an OpenStreetMap file, the tags that make a polygon water, a parcel or a building.
_TAGS: dict[str, dict[str, frozenset[str]]] = {
    "water": {"natural": frozenset({"water"}), "waterway": frozenset({"riverbank", "dock"})},
    "parcels": {
        "leisure": frozenset({"park", "garden", "pitch", "sports_centre", "stadium"}),
        "landuse": frozenset({"cemetery", "grass", "construction", "residential", "railway"}),
    },
    "buildings": {"building": frozenset()},
}


class DivisionService:
    """Checks and makes unit grid cells.

    Parameters
    ----------
    store
        Opens the store; a file can be checked without one.
    """

    def __init__(self, store: Callable[[], Store], reader: UploadReader) -> None:
        self._store = store
        self._reader = reader

    def check(
        self,
        path: Path | None = None,
        *,
        parents: Path | None = None,
        tolerance_m: float = TOLERANCE_M,
        least_m2: float = LEAST_AREA_M2,
        kind: str = "unit",
        crs: str | None = None,
    ) -> dict[str, Any]:
        """``{"cells_checked", "faults"}`` of a file's cells, or of the cells of the store.

        Communities come from `parents`, from rows of the file whose codes have 12 digits, else
        from the store, as far as cells name them.

        Raises
        ------
        FileError, CrsError, InvalidError
            When a file cannot be read, or its codes are missing.
        """
        stated: Sequence[float | None] | None
        if path is None:
            cells = self._layer(CELLS)
            codes = [str(c) for c in cells.columns["code"]]
            shapes, stated = cells.geometry, cells.columns["area_m2"].tolist()
            known: dict[str, Any] = {}
        else:
            given = read_shapes(self._reader, path, crs)
            codes = [_text(c) for c in given.require("网格编码", *_CODE)]
            codes, shapes, stated, known = _apart(given, codes)
        if parents is not None:
            outlines = read_shapes(self._reader, parents, crs)
            names = outlines.require("社区代码", *_CODE)
            known |= {_text(n): s for n, s in zip(names, outlines.shapes, strict=True)}
        known = known or self._communities(codes)
        faults = check_grid(codes, shapes, known, stated, kind, tolerance_m, least_m2)
        return {
            "cells_checked": len(codes),
            "communities_checked": len(known),
            "tolerance_m": tolerance_m,
            "faults": [fault.as_dict() for fault in faults],
        }

    def make(
        self,
        sources: Sources,
        *,
        community: str | None = None,
        sizes: Sizes | None = None,
        free_share: float = FREE_SHARE,
        crs: str | None = None,
    ) -> tuple[bytes, dict[str, Any]]:
        """Cells as GeoJSON bytes, and how well they keep the rules.

        Parameters
        ----------
        community
            Code of the one area of a file without codes; else only this community is divided.

        Raises
        ------
        FileError, CrsError, InvalidError
            When a file cannot be read or is no such layer; ``grid.too_many_cells``.
        NotFoundError
            ``grid.no_communities`` when there is nothing to divide.
        """
        if not 0.0 <= free_share < 1.0:
            raise InvalidError(
                "grid.bad_share", "比例应在 0 与 1 之间：{got}", field="free_share", got=free_share
            )
        bounds = sizes or Sizes()
        if not 0 < bounds.least < bounds.most:
            raise InvalidError(
                "grid.bad_sizes",
                "面积下限应大于 0 且小于上限：{got}",
                field="sizes",
                got=[bounds.least, bounds.most],
            )
        names, areas = self._areas(sources, community, crs)
        plane = plane_of(areas)
        ground = self._ground(sources, plane.metres(areas), plane, crs)
        division = divide(ground, bounds, free_share)
        codes = codes_of(division, names)
        degrees = plane.degrees(division.cells)
        parents = dict(zip(names, areas, strict=True))
        faults = check_grid(codes, degrees, parents)
        report = {
            "communities": len(names),
            **measured(ground, division, bounds).as_dict(),
            "least_m2": bounds.least,
            "most_m2": bounds.most,
            "free_share": free_share,
            "lines": len(ground.lines),
            "buildings": len(ground.buildings),
            "faults": [fault.as_dict() for fault in faults],
        }
        return _feature_collection(division, codes, names, degrees, ground), report

    # -- reading -------------------------------------------------------------------------------

    def _layer(self, spec: LayerSpec) -> FeatureBatch:
        with self._store().reading() as tx:
            batch: FeatureBatch = tx.layers.load(spec)[1]
        return batch

    def _communities(self, codes: Sequence[str]) -> dict[str, Any]:
        named = {code[:COMMUNITY_DIGITS] for code in codes}
        try:
            batch = self._layer(COMMUNITIES)
        except UnavailableError:
            return {}  # a file can be checked where no city has been set up yet
        pairs = zip(batch.columns["code"], batch.geometry, strict=True)
        return {str(code): shape for code, shape in pairs if str(code) in named}

    def _areas(
        self, sources: Sources, community: str | None, crs: str | None
    ) -> tuple[list[str], ObjectArray]:
        """Codes and polygons of the communities to be divided."""
        if sources.communities is not None:
            codes, shapes = self._delivered_areas(sources.communities, community, crs)
        elif sources.osm is not None:
            codes, shapes = self._mapped_area(sources.osm, community, crs)
        else:
            batch = self._layer(COMMUNITIES)
            codes, shapes = [str(c) for c in batch.columns["code"]], batch.geometry
        if community is not None:
            keep = [i for i, code in enumerate(codes) if code == community]
            codes, shapes = [codes[i] for i in keep], shapes[keep]
        for code in codes:
            check_digits(code, (COMMUNITY_DIGITS,), "community")
        if not codes:
            raise NotFoundError(
                "grid.no_communities", "没有要划分的社区", field="communities", got=community
            )
        return codes, shapes

    def _delivered_areas(
        self, path: Path, community: str | None, crs: str | None
    ) -> tuple[list[str], ObjectArray]:
        given = read_shapes(self._reader, path, crs, "polygon")
        column = given.column(*_CODE)
        if column is not None:
            return [_text(c) for c in column], given.shapes
        if community is not None and len(given.shapes) == 1:
            return [community], given.shapes
        raise FileError(
            "grid.no_column",
            "文件 {got} 没有社区代码一列",
            field="communities",
            got=path.name,
            expected=list(_CODE),
            hint="只有一个面时可用 --community 给出代码",
        )

    def _mapped_area(
        self, path: Path, community: str | None, crs: str | None
    ) -> tuple[list[str], ObjectArray]:
        if community is None:
            raise InvalidError(
                "grid.no_community", "没有社区面时，用 --community 给出代码", field="community"
            )
        roads, _ = self._roads(path, crs)
        plane = plane_of(roads)
        shapes = [self._polygons(path, role, crs) for role in _TAGS]
        extent = mapped_extent(*(plane.metres(s) for s in (roads, *shapes)))
        return [community], plane.degrees([extent])

    def _ground(
        self, sources: Sources, areas: ObjectArray, plane: Plane, crs: str | None
    ) -> Ground:
        near = shapely.box(*shapely.total_bounds(plane.degrees(areas)))

        def layer(role: str, spec: LayerSpec) -> ObjectArray:
            path: Path | None = getattr(sources, role) or sources.osm
            shapes = self._layer(spec).geometry if path is None else self._polygons(path, role, crs)
            return plane.metres(shapes[shapely.intersects(shapes, near)])

        roads, strengths = self._roads(sources.roads or sources.osm, crs)
        close = shapely.intersects(roads, near)
        return ground_of(
            areas,
            plane.metres(roads[close]),
            strengths[close],
            layer("water", WATER),
            layer("parcels", GREEN),
            layer("buildings", BUILDINGS),
        )

    def _polygons(self, path: Path, role: str, crs: str | None) -> ObjectArray:
        """Polygons of a file; of an OpenStreetMap file those whose tags fit the role."""
        given = read_shapes(self._reader, path, crs, "polygon", whole=False)
        if given.column("osm_id", "osm_way_id") is None:
            return given.shapes
        fits = np.zeros(len(given.shapes), bool)
        for name, wanted in _TAGS[role].items():
            column = given.column(name)
            if column is not None:
                fits |= np.array([_fits(v, wanted) for v in column], bool)
        return given.shapes[fits]

    def _roads(self, path: Path | None, crs: str | None) -> tuple[ObjectArray, IntArray]:
        """Roads on the ground and their strengths; tunnels and ways inside of houses left out."""
        if path is None:
            batch = self._layer(ROADS)
            classes, shapes = batch.columns["road_class"], batch.geometry
        else:
            given = read_shapes(self._reader, path, crs, "line", whole=False)
            classes, shapes = given.require("道路等级", *_CLASS), given.shapes
            on_ground = ~_under(given)
            known = np.array([str(c) in ROAD_STRENGTH for c in classes], bool)
            keep = on_ground & (known | (given.column("osm_id") is None))
            classes, shapes = classes[keep], shapes[keep]
        found = [ROAD_STRENGTH.get(str(c), 1) for c in classes]
        return shapes, np.array(found, np.int64)


def _fits(value: Any, wanted: frozenset[str]) -> bool:
    """Whether a tag has one of the values; any value when none is named."""
    text = _text(value)
    return text in wanted if wanted else text not in ("", "no")


def _apart(
    given: Delivered, codes: list[str]
) -> tuple[list[str], ObjectArray, Sequence[float | None] | None, dict[str, Any]]:
    """Cells of a file, their stated areas, and the communities that stand among them."""
    areal = [len(code) == COMMUNITY_DIGITS and code.isdigit() for code in codes]
    cells = [i for i, parent in enumerate(areal) if not parent]
    known = {codes[i]: given.shapes[i] for i, parent in enumerate(areal) if parent}
    column = given.column(*_AREA)
    stated = None if column is None else [_number(column[i]) for i in cells]
    return [codes[i] for i in cells], given.shapes[cells], stated, known


def _under(given: Delivered) -> Any:
    """(n,) whether a way of OpenStreetMap lies below the ground or inside of a house."""
    out = np.zeros(len(given.shapes), bool)
    for name in ("tunnel", "indoor"):
        column = given.column(name)
        if column is not None:
            out |= np.array([_text(v).lower() in _YES for v in column], bool)
    column = given.column("layer")
    if column is not None:
        out |= np.array([_text(v).startswith("-") for v in column], bool)
    return out


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _feature_collection(
    division: Division,
    codes: Sequence[str],
    names: Sequence[str],
    degrees: ObjectArray,
    ground: Ground,
) -> bytes:
    """The cells as GeoJSON, one feature a line."""
    areas = area_m2(degrees)
    source = f"按道路、水系和地块自动划分（{len(ground.lines)} 条线）"
    lines = []
    for at, code in enumerate(codes):
        values: Mapping[str, Any] = {
            "code": code,
            "community": names[int(division.owners[at])],
            "area_m2": round(float(areas[at]), 1),
            "source": source,
        }
        shape = orjson.loads(shapely.to_geojson(degrees[at]))
        feature = {"type": "Feature", "properties": values, "geometry": shape}
        lines.append(orjson.dumps(feature))
    head = b'{"type":"FeatureCollection","name":"cells","features":[\n'
    return head + b",\n".join(lines) + b"\n]}\n"
