"""Land use above pipes: each stretch below one use is held against that use's limit of cover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely

from gis.errors import CityError, GeometryError
from gis.features import object_array
from underground.axes import Axes, FloatArray, IntArray, ObjectArray, offsets
from underground.clearance.bodies import Solids
from underground.columns import columns_of, word_of
from underground.pipes import Pipes

#: Stretches shorter than this are borders, not stretches.
LEAST_M = 1e-6


@dataclass(frozen=True)
class LandUse:
    """Polygons in the plane of the pipes and the code of what each is (``carriageway`` ...)."""

    outlines: ObjectArray
    codes: ObjectArray

    def __post_init__(self) -> None:
        faults: list[CityError] = [
            GeometryError(
                "land.outline", "用地应为有效的面", row=i
            )
            for i, shape in enumerate(self.outlines.tolist(), 1)
            if shape is None or not shape.is_valid or shape.is_empty
            or shape.geom_type not in ("Polygon", "MultiPolygon")
        ]  # fmt: skip
        if faults:
            raise GeometryError(
                "land.bad", "用地图层有 {count} 处错误",
                params={"count": len(faults)}, errors=faults,
            )  # fmt: skip

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Tree of the outlines."""
        return shapely.STRtree(self.outlines)


def land_use_of(shapes: ObjectArray, delivered: Mapping[str, ObjectArray]) -> LandUse:
    """Land use in shapes (metres, plane of the pipes) and delivered columns.

    Raises
    ------
    GeometryError
        With every shape that is no valid polygon.
    InvalidError
        See `columns_of`.

    Examples
    --------
    >>> from gis.features import object_array as o
    >>> land_use_of(o([shapely.box(0, 0, 9, 9)]), {"用途": o(["车行道"])}).codes.tolist()
    ['carriageway']
    """
    table = columns_of("land", delivered, len(shapes))
    codes = object_array(word_of("land", text) for text in table.text("surface").tolist())
    return LandUse(np.asarray(shapes, object), codes)


@dataclass(frozen=True)
class Stretches:
    """Parts of pipes below one use each.

    ``pipes`` are the parts, ``owner`` (n,) the pipe that each is of, ``surface`` (n,) the code above
    it, None where no polygon says it, ``start`` (n,) metres in plan from the start of the pipe.
    """

    pipes: Pipes
    owner: IntArray
    surface: ObjectArray
    start: FloatArray


def stretches(pipes: Pipes, rows: IntArray, land: LandUse) -> Stretches:
    """Cut the pipes at positions `rows` at the borders of land use; heights stay on their lines.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from underground.frames import pipes_of_frame
    >>> line = shapely.from_wkt("LINESTRING Z (0 0 -1, 10 0 -2)")
    >>> pipe = pipes_of_frame(gpd.GeoDataFrame({"管径": ["200"]}, geometry=[line], crs=4548))
    >>> road = LandUse(object_array([shapely.box(4, -1, 20, 1)]), object_array(["carriageway"]))
    >>> found = stretches(pipe, np.array([0]), road)
    >>> found.surface.tolist(), found.start.tolist(), found.pipes.axes.xyz[:, 2].round(3).tolist()
    ([None, 'carriageway'], [0.0, 4.0], [-1.0, -1.4, -1.4, -2.0])
    """
    lines = pipes.axes.take(rows).plan_lines() if len(rows) else np.empty(0, object)
    at, which = land.tree.query(lines, predicate="intersects") if len(lines) else ([], [])
    cut = shapely.intersection(lines[at], land.outlines[which])
    spans: dict[int, list[tuple[float, float, str | None]]] = {}
    for pipe, use, piece in zip(
        np.asarray(at).tolist(), np.asarray(which).tolist(), cut, strict=True
    ):
        found = [(a, b, land.codes[use]) for a, b in _spans(lines[pipe], piece)]
        spans.setdefault(pipe, []).extend(found)
    owner, pieces = [], []
    for pipe in range(len(rows)):
        long = float(lines[pipe].length)
        for span in _with_rest(spans.get(pipe, []), long):
            owner.append(pipe)
            pieces.append(span)
    return _cut(pipes, rows[np.array(owner, np.int64)], pieces)


def _spans(line: shapely.LineString, part: object) -> list[tuple[float, float]]:
    """Stations of the pieces of a line that lie in a polygon."""
    out = []
    for piece in shapely.get_parts(shapely.get_parts(part)):
        if piece.geom_type == "LineString" and piece.length > LEAST_M:
            ends = shapely.get_point(piece, [0, -1])
            a, b = sorted(shapely.line_locate_point(line, ends).tolist())
            out.append((a, a + piece.length if abs(b - a) < LEAST_M else b))
    return out


def _with_rest(
    spans: list[tuple[float, float, str | None]], long: float
) -> list[tuple[float, float, str | None]]:
    """The spans in order, and what none of them covers."""
    out: list[tuple[float, float, str | None]] = []
    done = 0.0
    ordered = sorted(spans, key=lambda s: (s[0], s[1], str(s[2])))
    for a, b, code in ordered:
        if a - done > LEAST_M:
            out.append((done, a, None))
        if (a, b, code) not in out:
            out.append((a, b, code))
        done = max(done, b)
    if long - done > LEAST_M or not out:
        out.append((done, long, None))
    return out


def _cut(pipes: Pipes, rows: IntArray, pieces: list[tuple[float, float, str | None]]) -> Stretches:
    xyz, ground, counts = [], [], []
    for row, (start, end, _) in zip(rows.tolist(), pieces, strict=True):
        first, last = int(pipes.axes.first[row]), int(pipes.axes.first[row + 1])
        own = pipes.axes.stations[first:last]
        inner = np.flatnonzero((own > start + LEAST_M) & (own < end - LEAST_M))
        whole = np.column_stack([pipes.axes.xyz[first:last], pipes.ground[first:last]])
        ends = np.column_stack([np.interp([start, end], own, whole[:, c]) for c in range(4)])
        cut = np.vstack([ends[:1], whole[inner], ends[1:]])
        if end - start >= own[-1] - LEAST_M:
            cut = whole  # untouched, risers included
        xyz.append(cut[:, :3])
        ground.append(cut[:, 3])
        counts.append(len(cut))
    some = pipes.take(rows)
    joined = np.concatenate(xyz) if xyz else np.empty((0, 3))
    solids = Solids(
        Axes(joined, offsets(counts)), some.solids.width, some.solids.height, some.solids.is_box
    )
    return Stretches(
        pipes=replace(
            some, solids=solids, ground=np.concatenate(ground) if ground else np.empty(0)
        ),
        owner=rows,
        surface=object_array(code for _, _, code in pieces),
        start=np.array([start for start, _, _ in pieces], np.float64),
    )
