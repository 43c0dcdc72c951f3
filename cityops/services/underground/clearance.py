"""Clearance of two pipes given as WKT and outer sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cityops.services.underground.wkt import shape_of_text
from gis.crs import reference_of, require_metric
from gis.errors import CityError, CrsError, GeometryError, InvalidError
from underground.axes import Axes, axes_of
from underground.clearance.bodies import Solids
from underground.clearance.pairs import Clearances, clearances
from underground.heights import DatumError, require_one_datum
from underground.sizes import Section, section_of_metres
from underground.survey.places import degrees_of

#: Vertices of one axis.
MAX_VERTICES = 10_000
#: Coordinates beyond these metres lie in no plane on Earth, and lose the millimetres.
MOST_M = 1e8
#: Heights beyond these metres are below the deepest sea or above every mountain.
HEIGHTS_M = (-12_000.0, 9_000.0)
#: Decimals of printed metres: a tenth of a micrometre.
_DECIMALS = 7


def clearance_of(
    a: str,
    b: str,
    *,
    size_a: float | None,
    size_b: float | None,
    section_a: str | None = None,
    section_b: str | None = None,
    crs: str,
    datum_a: str | None = None,
    datum_b: str | None = None,
) -> dict[str, Any]:
    """Gap, vertical and horizontal clearance of two pipes.

    Parameters
    ----------
    a, b
        Axes as WKT ``LINESTRING Z``, coordinates and heights in metres of `crs`.
    size_a, size_b
        Outer diameters in metres; not needed where a section is given.
    section_a, section_b
        Outer width and height of a box in metres, such as ``1.0x0.6``.
    crs
        A metric system.
    datum_a, datum_b
        What heights refer to; two that are given must be the same.

    Raises
    ------
    InvalidError
        The one fault of the input, or all of them in ``errors``. The template of each begins with
        its option.

    Notes
    -----
    A section counts before a size. Sizes that are not used, and axes out of where the system may be
    used, are named in ``warnings``.
    """
    faults = _faults_of(crs, datum_a, datum_b)
    parsed = [_axis(text, f"--{name}", faults) for name, text in (("a", a), ("b", b))]
    sections = [
        _section(size, section, name, faults)
        for name, size, section in (("a", size_a, section_a), ("b", size_b, section_b))
    ]
    warnings = _place_warnings(crs, parsed, faults)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            "clearance.bad", "输入有 {count} 处错误", params={"count": len(faults)}, errors=faults
        )
    for name, size, section in (("a", size_a, section_a), ("b", size_b, section_b)):
        if size is not None and section is not None:
            warnings.append(_size_not_used(name, size, section))
    first, second = (
        _solid(axes, section)
        for axes, section in zip(parsed, sections, strict=True)
        if axes is not None and section is not None
    )
    zero = np.zeros(1, np.int64)
    return {**as_json(clearances(first, zero, second, zero)), "warnings": warnings}


def _place_warnings(
    crs: str, axes: Sequence[Axes | None], faults: list[CityError]
) -> list[dict[str, Any]]:
    """Axes out of where the system may be used: exchanged ones are faults, others are warned of."""
    if any(isinstance(fault, CrsError) for fault in faults):
        return []
    out = []
    reference = reference_of(crs)
    for field, axis in zip(("--a", "--b"), axes, strict=True):
        if axis is None or degrees_of(reference, axis.xyz[:, :2])[1].all():
            continue
        first = axis.xyz[0, :2].tolist()
        if degrees_of(reference, axis.xyz[:, 1::-1])[1].all():
            faults.append(
                GeometryError(
                    "place.outside", f"{field}：坐标 {{got}} 不在坐标系 {{expected}} 的适用范围内",
                    field=field, got=first, expected=reference.label,
                    hint="东坐标和北坐标写反了：先东后北",
                )
            )  # fmt: skip
            continue
        said = "，像是经纬度" if (np.abs(axis.xyz[:, :2]) <= (180, 90)).all() else ""
        out.append(
            {
                "code": "place.outside",
                "field": field,
                "message": f"{field} 的坐标 {first} 不在坐标系 {reference.label} 的适用范围内{said}，按米计算",
            }
        )
    return out


def _size_not_used(name: str, size: float, section: str) -> dict[str, Any]:
    said = f"--section-{name} {section} 已给出，--size-{name} {size:g} 没有用"
    return {"code": "size.not_used", "field": f"--size-{name}", "message": said}


def _faults_of(crs: str, datum_a: str | None, datum_b: str | None) -> list[CityError]:
    """What is wrong with the system of the plane and with those of heights."""
    out: list[CityError] = []
    try:
        require_metric(crs)
    except CrsError as fault:
        out.append(fault)
    if datum_a is not None or datum_b is not None:
        try:
            require_one_datum([datum_a or "unknown", datum_b or "unknown"])
        except DatumError as fault:
            out.append(fault)
    return out


def as_json(found: Clearances, row: int = 0) -> dict[str, Any]:
    """One pair's answer in the fixed form, with the angle of the crossing."""
    return {
        "gap_3d_m": number(found.gap_3d_m[row]),
        "vertical_m": number(found.vertical_m[row]),
        "horizontal_m": number(found.horizontal_m[row]),
        "crosses": bool(found.crosses[row]),
        "at": {"a": _position(found.at_a[row]), "b": _position(found.at_b[row])},
        "angle_deg": number(found.angle_deg[row]) if found.crosses[row] else None,
        "above": {1: "a", -1: "b", 0: None}[int(found.above[row])],
    }


def number(value: float) -> float | None:
    """A JSON number, or None for NaN."""
    return None if math.isnan(value) else round(float(value), _DECIMALS)


def _position(values: Any) -> list[float | None]:
    return [number(v) for v in values]


def _solid(axes: Axes, section: Section) -> Solids:
    return Solids(
        axes,
        np.array([section.width_m]),
        np.array([section.height_m]),
        np.array([section.is_box]),
    )


def _axis(text: str, field: str, faults: list[CityError]) -> Axes | None:
    """The axis in a WKT, or None and a fault."""
    try:
        return axes_of([_line(text, field)])
    except GeometryError as fault:
        faults.append(
            GeometryError(
                fault.code,
                f"{field}：{fault.template}",
                field=field,
                got=fault.got,
                expected=fault.expected,
                hint=fault.hint_template,
            )
        )
        return None


def axis_of_text(text: str, field: str) -> Axes:
    """The axis in a WKT ``LINESTRING Z``.

    Raises
    ------
    GeometryError
        It is none, has no heights, or no length; ``field`` names the option.
    """
    faults: list[CityError] = []
    axis = _axis(text, field, faults)
    if axis is None:
        raise faults[0]
    return axis


def _line(text: str, field: str) -> BaseGeometry:
    head = text.strip().upper()[:40]
    if not head.startswith("LINESTRING"):
        raise GeometryError(
            "axis.not_a_line", "需要 {expected}，得到 {got}", got=head, expected="LINESTRING Z"
        )
    if text.count(",") >= MAX_VERTICES:
        raise GeometryError(
            "geometry.too_many_vertices",
            "几何有 {got} 个顶点，最多 {expected} 个",
            got=text.count(",") + 1,
            expected=MAX_VERTICES,
        )
    line = shape_of_text(text)
    if line.is_empty:
        raise GeometryError("geometry.empty", "几何为空")
    if not shapely.has_z(line):
        raise GeometryError(
            "axis.no_heights",
            "轴线没有高程，不能计算净距",
            got="LINESTRING",
            expected="LINESTRING Z",
            hint="每个顶点都要有高程：LINESTRING Z (东 北 高, …)",
        )
    if shapely.has_m(line):
        raise GeometryError("geometry.has_measure", "不接受 M 值或第四个坐标")
    places = shapely.get_coordinates(line, include_z=True)
    largest = float(np.abs(places).max())
    if largest > MOST_M:
        raise GeometryError(
            "axis.too_far", "坐标应在 ±{expected} m 以内，得到 {got}",
            got=largest, expected=MOST_M, hint="坐标的单位是米",
        )  # fmt: skip
    height = places[:, 2]
    if not ((height >= HEIGHTS_M[0]) & (height <= HEIGHTS_M[1])).all():
        wrong = height[int(np.argmax(np.abs(height)))]
        raise GeometryError(
            "axis.height", "高程应在 {expected} m 之间，得到 {got}",
            got=float(wrong), expected=list(HEIGHTS_M), hint="高程的单位是米；顺序是 东 北 高",
        )  # fmt: skip
    return line


def _section(
    size: float | None, section: str | None, name: str, faults: list[CityError]
) -> Section | None:
    try:
        return section_of_metres(size, section)
    except InvalidError as fault:
        wrong = f"--section-{name}" if section is not None else f"--size-{name}"
        faults.append(
            InvalidError(
                fault.code,
                f"{wrong}：{fault.template}",
                field=wrong,
                got=fault.got,
                expected=fault.expected,
                hint=fault.hint_template,
            )
        )
        return None
