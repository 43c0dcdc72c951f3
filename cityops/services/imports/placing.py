"""Delivered coordinates into EPSG:4490, or a refusal that says what they may be instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from cityops.services.reading.table import Note
from gis.boxes import DegreeBox
from gis.crs import to_cgcs2000, transform
from gis.errors import CityError, CrsError
from gis.faults import Fault
from gis.features import IntArray, ObjectArray
from gis.geometry import explain_out_of_range
from gis.layers import LayerSpec
from gis.reference import Reference, parse_crs

#: From this share of rows on, coordinates outside of their system condemn the whole file.
_CONDEMNED = 0.5
_SAMPLE = 200
_MOST_AT_ONCE = 1000
_ASK = "请向交付方问清坐标系（投影、带号、单位是米还是英尺），用 --crs 指明"
_FOOT_M = 0.3048
_US_FOOT_M = 1200.0 / 3937.0
#: The plane systems that are tried when nothing fits: 3-degree belts without zone number.
_BELTS = range(4534, 4555)


#: How much more than the city's box still counts as the city: a tenth of it and 0.05 degrees.
_AROUND, _AROUND_DEG = 0.1, 0.05
_NEARLY_ALL = 0.9
#: A file lies in the city when this share of its positions does.
_HALF = 0.5
_FEW, _MOST_CANDIDATES = 3, 24
#: Degrees around 0, 0 where positions lie that were never filled in.
_NOWHERE = 1e-3


@dataclass(frozen=True)
class Placed:
    """Geometry in EPSG:4490, what it came from, and the rows that could not be placed."""

    geometry: ObjectArray
    delivered: ObjectArray | None
    reference: Reference
    faults: tuple[CityError, ...]
    warnings: tuple[Note, ...]


def chosen_reference(
    given: str | None,
    declared: str | None,
    spec: LayerSpec | None,
    geometry: ObjectArray | None = None,
) -> Reference:
    """The system that a file's numbers refer to: as given by the sender, else as declared.

    Parameters
    ----------
    geometry
        Shapes as delivered; where their eastings begin with a zone number the refusal says so.

    Raises
    ------
    CrsError
        When neither says anything, the system is unknown, or it is not good enough for the layer.
    """
    named = given or declared
    if not named:
        zoned = [] if geometry is None else _zoned(sample(geometry), swapped=False)
        raise CrsError(
            "crs.missing",
            "文件没有说明坐标系",
            field="crs",
            expected=[name for name, *_ in zoned] or None,
            hint=(
                f"{_zone_words(zoned[0][0])}；确认后加 --crs {zoned[0][0]}"
                if zoned
                else "用 --crs 指明，例如 EPSG:4490、EPSG:4548、gcj02"
            ),
        )
    reference = parse_crs(named)
    if spec is not None and spec.surveyed and not reference.is_surveyed_quality:
        raise CrsError(
            "crs.not_surveyed",
            "{got} 坐标只有约 {accuracy} 米的精度，不能进入测量图层“{layer}”",
            field="crs",
            got=reference.label,
            params={"accuracy": f"{reference.accuracy_m:g}", "layer": spec.title.zh},
            hint="请交付原始测量坐标",
        )
    return reference


def place(
    geometry: ObjectArray,
    rows: IntArray,
    reference: Reference,
    *,
    swap: bool,
    extent: DegreeBox | None = None,
) -> Placed:
    """Geometry of a file in EPSG:4490.

    Parameters
    ----------
    geometry
        (n,) shapes as delivered; None stays None.
    rows
        (n,) row numbers of the file.
    swap
        Whether the file has y before x.
    extent
        Where the city lies: systems that lead there are named first.

    Raises
    ------
    CrsError
        When half of the rows or more lie outside of the system, with candidates in ``expected``.
    """
    turned = swapped(geometry) if swap else geometry
    work = turned.copy()
    faults: list[CityError] = []
    there = int((~shapely.is_missing(work)).sum())
    while True:
        try:
            if reference.is_stored:
                _check_degrees(work, reference)
            out = to_cgcs2000(work, reference)
            break
        except CrsError as refusal:
            if not refusal.errors:
                raise
            at = sorted({fault.row - 1 for fault in refusal.errors if fault.row})
            count = int(refusal.params.get("count", len(at)))
            if count >= _CONDEMNED * there:
                for fault in refusal.errors:
                    fault.row = None if fault.row is None else int(rows[fault.row - 1])
                raise _condemned(refusal, turned, reference, there, extent) from refusal
            for position, fault in zip(at, refusal.errors, strict=False):
                fault.row = int(rows[position])
                fault.field = "geometry"
                faults.append(fault)
            work[at] = None
    kept = None if reference.is_stored and not swap else geometry
    return Placed(out, kept, reference, tuple(faults), tuple(_unit_notes(reference)))


def misplaced(
    geometry: ObjectArray, extent: DegreeBox, reference: Reference, *, is_swapped: bool
) -> list[tuple[int, CityError]]:
    """Rows that are almost surely mistakes, seen from where the city lies.

    Parameters
    ----------
    geometry
        (n,) shapes in EPSG:4490.
    extent
        Where the city lies. A file of another place is nobody's mistake.
    is_swapped
        Whether the sender said that the axes were exchanged.

    Returns
    -------
    (position, fault) of rows that lie in the city once their axes are exchanged, or at 0, 0, in a
    file of which half or more lies in the city.

    Raises
    ------
    CrsError
        ``crs.swapped`` when nearly the whole file lies in the city once its axes are exchanged.
    """
    there = np.flatnonzero(~(shapely.is_missing(geometry) | shapely.is_empty(geometry)))
    if not len(there):
        return []
    bounds = shapely.bounds(geometry[there])
    x, y = (bounds[:, 0] + bounds[:, 2]) / 2.0, (bounds[:, 1] + bounds[:, 3]) / 2.0
    inside, turned = _near(x, y, extent), _near(y, x, extent)
    if turned.sum() >= _NEARLY_ALL * len(there) > inside.sum():
        raise _turned_round(reference, x[turned][0], y[turned][0], is_swapped=is_swapped)
    if inside.sum() < _HALF * len(there):
        return []
    out: list[tuple[int, CityError]] = []
    for i in np.flatnonzero(~inside & turned).tolist():
        at = [round(float(x[i]), 9), round(float(y[i]), 9)]
        fault = Fault("geometry.swapped", got=at, params={"corrected": at[::-1]})
        out.append((int(there[i]), fault.error()))
    for i in np.flatnonzero((np.abs(x) < _NOWHERE) & (np.abs(y) < _NOWHERE) & ~inside).tolist():
        box = [round(v, 3) for v in extent.as_tuple()]
        fault = Fault("geometry.outside_area", got=[0.0, 0.0], expected=box)
        out.append((int(there[i]), fault.error()))
    return out


def _near(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], extent: DegreeBox
) -> npt.NDArray[np.bool_]:
    dx, dy = extent.width * _AROUND + _AROUND_DEG, extent.height * _AROUND + _AROUND_DEG
    inside = (extent.minx - dx <= x) & (x <= extent.maxx + dx)
    return np.asarray(inside & (extent.miny - dy <= y) & (y <= extent.maxy + dy), dtype=bool)


def _turned_round(reference: Reference, x: float, y: float, *, is_swapped: bool) -> CrsError:
    return CrsError(
        "crs.swapped",
        "经纬度（或东、北坐标）可能写反：按文件的顺序，位置 {got} 不在本市，对调后是 {corrected}，在本市",
        field="crs",
        got=[round(float(x), 6), round(float(y), 6)],
        expected=[{"crs": reference.label[:80], "swapped": not is_swapped, "unit": None}],
        params={"corrected": [round(float(y), 6), round(float(x), 6)]},
        hint="确认后去掉 --swap-axes" if is_swapped else "确认后加 --swap-axes",
    )


def _check_degrees(geometry: ObjectArray, reference: Reference) -> None:
    """Refuse rows whose numbers cannot be degrees; stored systems are taken over unchanged."""
    bounds = shapely.bounds(geometry)
    with np.errstate(invalid="ignore"):
        beyond = (np.abs(bounds[:, [0, 2]]) > 180.0).any(axis=1)
        beyond |= (np.abs(bounds[:, [1, 3]]) > 90.0).any(axis=1)
    at = np.flatnonzero(beyond)
    if not len(at):
        return
    faults = [
        explain_out_of_range(*shapely.get_coordinates(geometry[i])[0].tolist()).error(i + 1)
        for i in at[:_MOST_AT_ONCE].tolist()
    ]
    raise CrsError(
        "crs.outside_area",
        "{count} 个要素的坐标不是经纬度",
        got=faults[0].got,
        expected=reference.label,
        hint=faults[0].hint_template,
        params={**faults[0].params, "count": len(at)},
        errors=faults,
    )


def swapped(geometry: ObjectArray) -> ObjectArray:
    """Shapes with x and y exchanged, heights kept."""
    out = geometry.copy()
    for solid in (False, True):
        at = np.flatnonzero((~shapely.is_missing(geometry)) & (shapely.has_z(geometry) == solid))
        if len(at):
            out[at] = shapely.transform(geometry[at], _exchange, include_z=solid)
    return out


def _exchange(coords: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return coords[:, [1, 0, *range(2, coords.shape[1])]]


def _unit_notes(reference: Reference) -> list[Note]:
    if reference.crs is None or reference.crs.is_geographic:
        return []
    unit = reference.crs.axis_info[0].unit_name
    if unit == "metre":
        return []
    params = {"crs": reference.label[:60], "unit": unit}
    return [Note(0, "crs.not_metres", "坐标系 {crs} 的单位是 {unit}，已换算", params)]


def _condemned(
    refusal: CrsError,
    geometry: ObjectArray,
    reference: Reference,
    there: int,
    extent: DegreeBox | None,
) -> CrsError:
    xy = sample(geometry)
    found = candidates(xy, reference, extent)
    is_swap = bool(found) and all(c["swapped"] for c in found[:1])
    return CrsError(
        "crs.swapped" if is_swap else "crs.outside_area",
        "{count} 个要素（共 {total} 个）的坐标不在 {crs} 的适用范围内，例如 {got}；"
        + ("经纬度或东北坐标可能写反" if is_swap else "文件声明的坐标系不对"),
        field="crs",
        got=refusal.got,
        expected=found,
        params={
            **refusal.params,
            "count": refusal.params.get("count", there),
            "total": there,
            "crs": reference.label[:80],
        },
        hint=_advice(found) or _ASK,
        errors=refusal.errors[:20],
    )


def _advice(found: list[dict[str, Any]]) -> str | None:
    if not found:
        return None
    first = found[0]
    named = [c["crs"] for c in found if not c["swapped"] and c["unit"] is None]
    if len(named) > _FEW and not first["in_city"]:
        return f"像是没有带号的高斯-克吕格坐标；请问清中央子午线，从 {named[0]} 至 {named[-1]} 中选一个"
    if first["swapped"] and first["unit"] is None:
        return f"可能是 {first['crs']} 而坐标写反；确认后加 --swap-axes --crs {first['crs']}"
    if first["unit"] is not None:
        return f"数值像是以{first['unit']}为单位的 {first['crs']}；请向交付方问清坐标系"
    if _zone_of(first["crs"]) is not None:
        return f"{_zone_words(first['crs'])}；确认后加 --crs {first['crs']}"
    return f"可能是 {first['crs']}；确认后用 --crs 指明"


def _zone_of(name: str) -> int | None:
    """Zone number of a CGCS2000 Gauss-Krueger system whose eastings begin with it (EPSG register)."""
    code = int(name[5:]) if name.startswith("EPSG:") and name[5:].isdigit() else 0
    if 4513 <= code <= 4533:
        return code - 4513 + 25
    return code - 4491 + 13 if 4491 <= code <= 4501 else None


def _zone_words(name: str) -> str:
    zone = _zone_of(name) or 0
    width = 3 if zone >= 25 else 6
    return f"东坐标前有带号 {zone}，像是 {width} 度带第 {zone} 带，即 {name}"


def sample(geometry: ObjectArray) -> npt.NDArray[np.float64]:
    """(k, 2) a few coordinates spread over the shapes."""
    xy = shapely.get_coordinates(geometry)
    if len(xy) > _SAMPLE:
        xy = xy[np.linspace(0, len(xy) - 1, _SAMPLE).astype(int)]
    return np.asarray(xy, np.float64)


def candidates(
    xy: npt.NDArray[np.float64], declared: Reference, extent: DegreeBox | None = None
) -> list[dict[str, Any]]:
    """Systems in which all of `xy` could lie: ``crs, swapped, unit, example, in_city``.

    The declared system is tried with axes exchanged and with other units, then degrees,
    Gauss-Krueger with zone number, and the belts of China; those that lead into `extent` come
    first. Nothing is decided here: a person is asked.
    """
    if not len(xy) or not np.isfinite(xy).all():
        return []
    turned = xy[:, ::-1]
    tried: list[tuple[str, bool, str | None, npt.NDArray[np.float64]]] = [
        (declared.label, True, None, turned),
        ("EPSG:4490", False, None, xy),
        ("EPSG:4490", True, None, turned),
    ]
    tried += _zoned(xy, swapped=False) + _zoned(turned, swapped=True)
    tried += _other_units(xy, declared)
    if all(_fits(some, name) is None for name, _, _, some in tried):
        tried += [(f"EPSG:{code}", False, None, xy) for code in _BELTS if _is_belt(xy)]
        tried += [(f"EPSG:{code}", True, None, turned) for code in _BELTS if _is_belt(turned)]
    out: list[dict[str, Any]] = []
    named: set[tuple[str, bool, str | None]] = set()
    for name, is_turned, unit, some in tried:
        at = _fits(some, name)
        if at is not None and (name, is_turned, unit) not in named:
            named.add((name, is_turned, unit))
            example = [round(float(v), 6) for v in at]
            lies = extent is not None and bool(_near(at[:1], at[1:2], extent)[0])
            found = {"crs": name[:80], "swapped": is_turned, "unit": unit, "example": example}
            out.append(found | {"in_city": lies})
    return sorted(out, key=lambda c: not c["in_city"])[:_MOST_CANDIDATES]


def _zoned(xy: npt.NDArray[np.float64], *, swapped: bool) -> list[Any]:
    """Gauss-Krueger systems whose zone number stands before the easting."""
    if not np.isfinite(xy).all():
        return []
    zones = np.unique(xy[:, 0] // 1e6)
    north = (xy[:, 1] > 0) & (xy[:, 1] < 1e7)
    if len(zones) != 1 or not north.all():
        return []
    zone = int(zones[0])
    if 25 <= zone <= 45:
        return [(f"EPSG:{4513 + zone - 25}", swapped, None, xy)]
    if 13 <= zone <= 23:
        return [(f"EPSG:{4491 + zone - 13}", swapped, None, xy)]
    return []


def _other_units(xy: npt.NDArray[np.float64], declared: Reference) -> list[Any]:
    """The declared system with its numbers read as feet, US feet or metres."""
    if declared.crs is None or declared.crs.is_geographic:
        return []
    here = float(declared.crs.axis_info[0].unit_conversion_factor)
    units = (("米", 1.0), ("英尺", _FOOT_M), ("美制测量英尺", _US_FOOT_M))
    return [
        (declared.label, False, name, xy * (size / here))
        for name, size in units
        if abs(size / here - 1.0) > 1e-9
    ]


def _is_belt(xy: npt.NDArray[np.float64]) -> bool:
    """Whether numbers look like Gauss-Krueger metres without zone number inside China."""
    east = (xy[:, 0] > 3.4e5) & (xy[:, 0] < 6.6e5)
    north = (xy[:, 1] > 3e5) & (xy[:, 1] < 6e6)
    return bool((east & north).all())


def _fits(xy: npt.NDArray[np.float64], name: str) -> npt.NDArray[np.float64] | None:
    try:
        return np.asarray(transform(xy, name)[0], np.float64)
    except CrsError:
        return None
