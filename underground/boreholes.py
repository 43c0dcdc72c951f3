"""Boreholes with strata (钻孔、地层): what is at a depth here, by the nearest holes and their distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from gis.errors import CityError, InvalidError
from underground.axes import Axes, BoolArray, FloatArray, IntArray, ObjectArray, offsets
from underground.clearance.bodies import Solids


@dataclass(frozen=True)
class Boreholes:
    """h holes and their layers.

    Attributes
    ----------
    ids, place, collar
        (h,) names, (h, 2) metres in plan, (h,) height of the ground at the hole.
    depth
        (h,) metres bored.
    water_depth
        (h,) metres from the collar down to groundwater; NaN where none was met or recorded.
    first
        (h + 1,) layers of each hole in the arrays below, from the top down.
    top, bottom
        (l,) depth below the collar of each layer.
    code, name
        (l,) code and name of each layer.
    datum
        What collars refer to.
    rows
        (l,) rows of the delivery of the layers, for faults; 1, 2, ... where not given.
    """

    ids: ObjectArray
    place: FloatArray
    collar: FloatArray
    depth: FloatArray
    water_depth: FloatArray
    first: IntArray
    top: FloatArray
    bottom: FloatArray
    code: ObjectArray
    name: ObjectArray
    datum: str
    rows: IntArray | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __post_init__(self) -> None:
        faults = _faults(self)
        if faults:
            raise InvalidError(
                "borehole.bad",
                "钻孔数据有 {count} 处错误",
                params={"count": len(faults)},
                errors=faults,
            )


def _faults(holes: Boreholes) -> list[CityError]:
    """Layers that are upside down, overlap, leave a gap, or reach below the hole."""
    out: list[CityError] = []
    hole = np.repeat(np.arange(len(holes)), np.diff(holes.first))
    for k in range(len(holes.top)):
        name, row = holes.ids[hole[k]], k + 1 if holes.rows is None else int(holes.rows[k])
        if not holes.top[k] < holes.bottom[k]:
            out.append(
                InvalidError("borehole.upside_down", "{got}：层底不低于层顶", got=name, row=row)
            )
        elif holes.bottom[k] > holes.depth[hole[k]] + 1e-6:
            out.append(InvalidError("borehole.too_deep", "{got}：层底深于孔深", got=name, row=row))
        if k and hole[k] == hole[k - 1] and abs(holes.top[k] - holes.bottom[k - 1]) > 1e-6:
            code = "borehole.overlap" if holes.top[k] < holes.bottom[k - 1] else "borehole.gap"
            said = "重叠" if code == "borehole.overlap" else "有空缺"
            out.append(
                InvalidError(
                    code, "{got}：与上一层{said}", got=name, params={"said": said}, row=row
                )
            )
    return sorted(out, key=lambda fault: fault.row or 0)


@dataclass(frozen=True)
class GroundHere:
    """One hole's word on a place: an interpolation at best, never a measurement there.

    ``layer`` is the position of the layer at that depth, -1 where the hole does not reach so far.
    """

    hole: int
    distance_m: float
    layer: int
    is_below_water: bool | None


def ground_at(
    holes: Boreholes, x: float, y: float, depth_m: float, *, nearest: int = 3
) -> tuple[GroundHere, ...]:
    """What the nearest holes have at a depth below their own collar.

    Raises
    ------
    InvalidError
        The depth is negative, or fewer than one hole is asked for.

    Examples
    --------
    >>> from gis.features import object_array as o
    >>> holes = Boreholes(o(["ZK1"]), np.array([[0.0, 0.0]]), np.array([3.0]), np.array([20.0]),
    ...     np.array([1.5]), np.array([0, 2]), np.array([0.0, 4.0]), np.array([4.0, 20.0]),
    ...     o(["1", "2"]), o(["杂填土", "粉质黏土"]), "1985")
    >>> found = ground_at(holes, 3.0, 4.0, 12.0)[0]
    >>> found.distance_m, holes.name[found.layer], found.is_below_water
    (5.0, '粉质黏土', True)
    """
    if not (np.isfinite(depth_m) and depth_m >= 0) or nearest < 1:
        raise InvalidError("borehole.question", "深度不能为负，孔数至少为 1", got=depth_m)
    if not len(holes):
        return ()
    count = min(nearest, len(holes))
    apart, at = cKDTree(holes.place).query([x, y], k=count)
    out = []
    for d, h in zip(np.atleast_1d(apart).tolist(), np.atleast_1d(at).tolist(), strict=True):
        first, last = int(holes.first[h]), int(holes.first[h + 1])
        inside = np.flatnonzero(
            (holes.top[first:last] <= depth_m) & (depth_m < holes.bottom[first:last])
        )
        deepest = last > first and depth_m == holes.bottom[last - 1]
        layer = first + int(inside[0]) if len(inside) else (last - 1 if deepest else -1)
        water = holes.water_depth[h]
        below = None if np.isnan(water) else bool(depth_m >= water)
        out.append(GroundHere(int(h), float(d), layer, below))
    return tuple(out)


def well_solids(
    place: FloatArray, top: FloatArray, bottom: FloatArray, diameter_m: FloatArray
) -> Solids:
    """Wells and bores as upright round solids, for the same distances as pipes.

    Parameters
    ----------
    place
        (n, 2) metres; `top`, `bottom`, `diameter_m` (n,).

    Notes
    -----
    The axis ends a radius before the well's own ends, so that the round ends do not reach beyond;
    of a well shorter than it is broad the axis is a point in its middle.

    Raises
    ------
    InvalidError
        A bottom is not below its top.

    Examples
    --------
    >>> wells = well_solids(np.zeros((1, 2)), np.zeros(1), np.array([-10.0]), np.array([0.4]))
    >>> wells.axes.xyz[:, 2].tolist()
    [-0.2, -9.8]
    """
    wrong = np.flatnonzero(~(bottom < top))
    if len(wrong):
        raise InvalidError("well.upside_down", "第 {got} 口井的底不低于顶", got=int(wrong[0]) + 1)
    radius = diameter_m / 2
    middle = (top + bottom) / 2
    upper, lower = np.maximum(top - radius, middle), np.minimum(bottom + radius, middle)
    xyz = np.empty((2 * len(place), 3))
    xyz[0::2, :2] = xyz[1::2, :2] = place
    xyz[0::2, 2], xyz[1::2, 2] = upper, lower
    flat: BoolArray = np.zeros(len(place), bool)
    axes = Axes(xyz, offsets(np.full(len(place), 2)))
    return Solids(axes, diameter_m.copy(), diameter_m.copy(), flat)
