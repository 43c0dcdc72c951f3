"""What takes room below ground beside pipes: prisms (buildings, metro, shelters) and wells; who is near."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from gis.errors import CityError, GeometryError, InvalidError
from gis.features import object_array
from gis.index import SpatialIndex
from underground.axes import FloatArray, IntArray, ObjectArray
from underground.boreholes import well_solids
from underground.clearance.pairs import clearances
from underground.clearance.prisms import Prisms, prism_gaps
from underground.columns import columns_of
from underground.heights import datum_named, require_one_datum
from underground.pipes import Pipes


@dataclass(frozen=True)
class Spaces:
    """n prisms (areas) and wells (points) in the plane of the pipes.

    ``bottom`` and ``top`` are heights, ``diameter`` metres of wells; NaN is unknown.
    """

    ids: ObjectArray
    kind: ObjectArray
    shapes: ObjectArray
    bottom: FloatArray
    top: FloatArray
    diameter: FloatArray
    datum: str

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_well(self) -> np.ndarray:
        """(n,) whether each is a well."""
        return np.asarray(shapely.get_type_id(self.shapes) == shapely.GeometryType.POINT)


def spaces_of(
    shapes: ObjectArray, delivered: Mapping[str, ObjectArray], *, datum: str | None = None
) -> Spaces:
    """Spaces in shapes (metres, plane of the pipes) and delivered columns.

    A well's bottom follows from its top and depth where only these are given.

    Raises
    ------
    GeometryError
        With every shape that is neither a point nor a valid area, or upside down.
    InvalidError
        See `columns_of`.

    Examples
    --------
    >>> from gis.features import object_array as o
    >>> found = spaces_of(o([shapely.Point(0, 0)]), {"井口高程": o([3]), "井深": o([120]), "井径(mm)": o([150])})
    >>> found.bottom.tolist(), found.diameter.tolist()
    ([-117.0], [0.15])
    """
    table = columns_of("bodies", delivered, len(shapes))
    top, bottom = table.number("top"), table.number("bottom")
    bottom = np.where(np.isnan(bottom), top - table.number("depth"), bottom)
    faults: list[CityError] = []
    for i, shape in enumerate(shapes.tolist(), 1):
        good = shape is not None and not shape.is_empty and shape.is_valid
        if not good or shape.geom_type not in ("Point", "Polygon", "MultiPolygon"):
            faults.append(GeometryError("space.shape", "应为点（井）或有效的面", row=i))
        elif bottom[i - 1] >= top[i - 1]:
            faults.append(GeometryError("space.upside_down", "底不低于顶", row=i))
    if faults:
        raise GeometryError(
            "space.bad", "地下空间图层有 {count} 处错误",
            params={"count": len(faults)}, errors=faults,
        )  # fmt: skip
    parts, of = shapely.get_parts(shapes, return_index=True)
    names = [n if n is not None else str(i) for i, n in enumerate(table.text("name").tolist(), 1)]
    return Spaces(
        ids=object_array(names)[of],
        kind=table.text("kind")[of],
        shapes=np.asarray(parts, object),
        bottom=bottom[of],
        top=top[of],
        diameter=table.number("diameter")[of],
        datum=datum_named(datum),
    )


@dataclass(frozen=True)
class Near:
    """k pairs of pipe and space, by pipe and then space.

    ``gap`` is metres between outer walls in space, negative where they clash, NaN where a height or
    size is unknown; ``plan`` the same in plan, 0 or less where outlines overlap.
    """

    pipe: IntArray
    space: IntArray
    gap: FloatArray
    plan: FloatArray


def spaces_near(pipes: Pipes, spaces: Spaces, within_m: float) -> Near:
    """Pairs nearer than `within_m`; where a height or size is unknown, those that may be.

    Raises
    ------
    DatumError
        Heights of different or unknown datums.
    InvalidError
        A negative distance.
    """
    if not (np.isfinite(within_m) and within_m >= 0):
        raise InvalidError("space.within", "距离不能为负，得到 {got}", field="within", got=within_m)
    require_one_datum([pipes.datum, spaces.datum])
    half = np.nan_to_num(pipes.solids.width)[:, None] / 2
    round_ = np.nan_to_num(spaces.diameter)[:, None] / 2
    grow = np.array([-1.0, -1.0, 1.0, 1.0])
    boxes = pipes.axes.bounds + (half + within_m) * grow
    others = shapely.bounds(spaces.shapes).reshape(-1, 4) + round_ * grow
    if not len(boxes) or not len(others):
        return Near(*(np.empty(0, np.int64),) * 2, *(np.empty(0),) * 2)
    k, i = SpatialIndex.build(boxes).windows(others)
    order = np.lexsort((k, i))
    i, k = i[order], k[order]
    well = spaces.is_well[k]
    apart = shapely.distance(pipes.axes.take(i).plan_lines(), spaces.shapes[k])
    plan = apart - pipes.solids.width[i] / 2 - np.where(well, spaces.diameter[k] / 2, 0.0)
    gap = _gaps(pipes, i, spaces, k, well)
    unsure = np.isnan(gap) & (np.isnan(plan) | (plan <= within_m))
    keep = (gap <= within_m) | unsure
    return Near(i[keep], k[keep], gap[keep], plan[keep])


def _gaps(pipes: Pipes, i: IntArray, spaces: Spaces, k: IntArray, well: np.ndarray) -> FloatArray:
    out = np.full(len(i), np.nan)
    area = np.flatnonzero(~well)
    some, which = np.unique(k[area], return_inverse=True)
    prisms = Prisms(spaces.ids[some], spaces.shapes[some], spaces.bottom[some], spaces.top[some])
    out[area] = prism_gaps(pipes.solids, i[area], prisms, which.reshape(-1))
    known = np.isfinite(spaces.bottom + spaces.top + spaces.diameter)[k]
    at = np.flatnonzero(well & known)
    if len(at):
        some, which = np.unique(k[at], return_inverse=True)
        solids = well_solids(
            shapely.get_coordinates(spaces.shapes[some]), spaces.top[some], spaces.bottom[some],
            spaces.diameter[some],
        )  # fmt: skip
        out[at] = clearances(pipes.solids, i[at], solids, which.reshape(-1)).gap_3d_m
    return out
