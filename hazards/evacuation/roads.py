"""Roads as a plan takes them: lines in metres with one-way, width, speed and capacity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from gis.errors import CityError, InvalidError
from gis.features import ObjectArray
from hazards.evacuation.rates import CLOSED_TO, Mode, Rates
from hazards.models import Caution

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
_MOST_FAULTS = 100


@dataclass(frozen=True)
class Roads:
    """r roads.

    Attributes
    ----------
    lines
        (r,) LineStrings in metres.
    ids, names, classes
        (r,) texts, None where unknown. Classes are those of the layer of roads.
    one_way
        (r,) 1 along the line, -1 against it, 0 both ways.
    widths
        (r,) metres of width on foot, lanes by vehicle; NaN unknown.
    speeds_m_s, capacities_p_s
        (r,) what the road itself states; NaN unknown. Persons per second, each direction.
    rows
        (r,) 1-based row of the file, for faults.
    """

    lines: ObjectArray
    ids: ObjectArray
    names: ObjectArray
    classes: ObjectArray
    one_way: IntArray
    widths: FloatArray
    speeds_m_s: FloatArray
    capacities_p_s: FloatArray
    rows: IntArray

    def __len__(self) -> int:
        return len(self.lines)

    def take(self, rows: IntArray | BoolArray) -> Roads:
        """Some of the roads."""
        return Roads(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def roads_of(
    lines: Sequence[shapely.LineString],
    *,
    one_way: Sequence[int] | None = None,
    widths: Sequence[float] | None = None,
    speeds_m_s: Sequence[float] | None = None,
    capacities_p_s: Sequence[float] | None = None,
    classes: Sequence[str | None] | None = None,
) -> Roads:
    """Roads out of lines, numbered from 1, for small cases; what is not given is unknown.

    Examples
    --------
    >>> roads_of([shapely.LineString([(0, 0), (100, 0)])]).ids.tolist()
    ['1']
    """
    r = len(lines)
    unknown = np.full(r, np.nan)
    shapes = np.empty(r, object)
    shapes[:] = list(lines)
    return Roads(
        lines=shapes,
        ids=np.array([str(i + 1) for i in range(r)], object),
        names=np.full(r, None, object),
        classes=np.full(r, None, object) if classes is None else np.array(classes, object),
        one_way=np.zeros(r, np.int64) if one_way is None else np.array(one_way, np.int64),
        widths=unknown if widths is None else np.array(widths, float),
        speeds_m_s=unknown if speeds_m_s is None else np.array(speeds_m_s, float),
        capacities_p_s=unknown if capacities_p_s is None else np.array(capacities_p_s, float),
        rows=np.arange(1, r + 1),
    )


def check_roads(roads: Roads) -> None:
    """Refuse roads with numbers that no road has.

    Raises
    ------
    InvalidError
        The fault, or ``evacuation.bad_roads`` with every one of several: a negative capacity or
        width, a speed that is not positive, a direction that is none, a line without length.
    """
    checks = (
        ("capacity_p_h", roads.capacities_p_s < 0, "通行能力不能为负"),
        ("width_m", roads.widths < 0, "宽度或车道数不能为负"),
        ("speed", roads.speeds_m_s <= 0, "速度应为正数"),
        ("oneway", ~np.isin(roads.one_way, (-1, 0, 1)), "单行方向不明"),
        ("geometry", ~(shapely.length(roads.lines) > 0), "道路没有长度"),
    )
    faults: list[CityError] = [
        InvalidError(
            "evacuation.bad_road",
            "第 {row} 条道路：" + words,
            field=field,
            row=int(roads.rows[i]),
            params={"row": int(roads.rows[i])},
        )
        for field, wrong, words in checks
        for i in np.flatnonzero(wrong).tolist()
    ]
    raise_all(faults, "evacuation.bad_roads", "道路有 {count} 处错误：{first}")


def raise_all(faults: list[CityError], code: str, message: str) -> None:
    """Raise the fault, or one that gathers several; nothing when there is none.

    Raises
    ------
    CityError
        When there are faults.
    """
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            code,
            message,
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults[:_MOST_FAULTS],
        )


def usable_roads(roads: Roads, mode: Mode) -> tuple[Roads, list[Caution]]:
    """The roads that a mode uses, each once, and what was left out.

    Roads of one course and direction count once, the first of them: twice the same line would
    be twice the capacity.
    """
    cautions = []
    closed = np.array([c in CLOSED_TO[mode] for c in roads.classes.tolist()], bool)
    if closed.any():
        words = "步行不走" if mode is Mode.FOOT else "车辆不走"
        cautions.append(
            Caution("evacuation.classes", f"{words}的道路等级未用：{int(closed.sum())} 条")
        )
    kept = roads.take(~closed)
    double = _repeated(kept)
    if double.any():
        rows = "、".join(str(row) for row in kept.rows[double].tolist()[:10])
        cautions.append(
            Caution(
                "evacuation.duplicate_roads",
                f"重复的道路 {int(double.sum())} 条只计一次（行号 {rows}）",
            )
        )
    return kept.take(~double), cautions


def _repeated(roads: Roads) -> BoolArray:
    """(r,) whether an earlier road has the same course and the same direction."""
    plain = shapely.normalize(roads.lines)
    turned = shapely.to_wkb(plain) != shapely.to_wkb(roads.lines)
    direction = np.where(turned, -roads.one_way, roads.one_way)
    seen: set[tuple[bytes, int]] = set()
    out = np.zeros(len(roads), bool)
    keys = zip(shapely.to_wkb(plain).tolist(), direction.tolist(), strict=True)
    for i, key in enumerate(keys):
        out[i] = key in seen
        seen.add(key)
    return out


def capacities_p_s(roads: Roads, rates: Rates) -> tuple[FloatArray, FloatArray]:
    """(r,) least and greatest capacity of each road, persons per second; NaN unknown.

    A road's own capacity comes before its width times the flow.
    """
    out = []
    for end in ("low", "high"):
        flow = np.nan if rates.flow is None else getattr(rates.flow, end)
        stated = np.nan if rates.width is None else getattr(rates.width, end)
        widths = np.where(np.isnan(roads.widths), stated, roads.widths)
        own = roads.capacities_p_s
        out.append(np.where(np.isnan(own), widths * flow, own))
    return out[0], out[1]


def speeds_m_s(roads: Roads, rates: Rates) -> tuple[FloatArray, FloatArray]:
    """(r,) least and greatest speed on each road; its own counts for both."""
    own = roads.speeds_m_s
    low, high = (
        np.where(np.isnan(own), value, own) for value in (rates.speed.low, rates.speed.high)
    )
    return low, high
