"""The grading of a unit as interfaces answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import shapely

from cityops.services.hazards.surroundings import numbers, visible_column
from cityops.services.layers import Reading, Seen
from cityops.services.roles import Person
from cityops.services.shape_work import Bench, is_cheap_to_read
from gis.errors import InvalidError
from gis.features import object_array
from gis.frame import LocalFrame
from gis.validity import explain_invalid
from hazards import SCREENING_EN, SCREENING_ZH
from hazards.gb18218.grade import ASSUMPTIONS, SOURCE, Grading, Term, grade_unit
from hazards.gb18218.inventory import Inventory
from hazards.gb18218.surroundings import DISTANCE_M, Residents, residents_outside
from hazards.models import Caution

#: Farther than this from each other no two corners of one fence lie, degrees.
_WIDEST_DEG = 0.5
_MOST_CORNERS = 20_000
#: Faults of a fence that one refusal names.
_MOST_FAULTS = 3
_DEGREE_M = 110_000.0


def graded(inventory: Inventory) -> dict[str, Any]:
    """S, R and grade of one unit in the fixed form.

    Raises
    ------
    InvalidError
        The fault of a line, or ``inventory.invalid`` with every one of several.
    """
    return grading_json(grade_unit(inventory), inventory.people_500m)


def boundary_of(given: Any, bench: Bench | None = None) -> shapely.Geometry:
    """The fence out of GeoJSON: a polygon, alone or in a feature, in degrees of CGCS2000.

    Parameters
    ----------
    bench
        What looks at a fence of many corners first; without one it is looked at here.

    Raises
    ------
    InvalidError
        ``gb18218.bad_boundary`` when it is no valid polygon in degrees of the size of a plant.
    GeometryError
        The faults of a fence of many corners, or ``geometry.too_expensive``.
    """
    shape = given
    if isinstance(shape, Mapping) and shape.get("type") == "FeatureCollection":
        features = shape.get("features")
        shape = features[0] if isinstance(features, list) and len(features) == 1 else None
    if isinstance(shape, Mapping) and shape.get("type") == "Feature":
        shape = shape.get("geometry")
    kind = shape.get("type") if isinstance(shape, Mapping) else None
    if not isinstance(shape, Mapping) or kind not in ("Polygon", "MultiPolygon"):
        raise _bad_fence("厂界应为一个面（GeoJSON Polygon），得到 {got}", kind)
    if bench is not None and not is_cheap_to_read(shape):
        bench.drawn(shape)
    try:
        found = shapely.geometry.shape(shape)
        corners = shapely.get_coordinates(found)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.GEOSException):
        raise _bad_fence("厂界的坐标读不出来", kind) from None
    if not 4 <= len(corners) <= _MOST_CORNERS or not np.isfinite(corners).all():
        raise _bad_fence("厂界的坐标应为 4 至 20000 个有限的数对", kind)
    if not found.is_valid or not found.area > 0:
        raise _bad_fence("厂界不是有效的面：{got}", _faults_in_words(found))
    x0, y0, x1, y1 = found.bounds
    if 90.0 < max(abs(y0), abs(y1)) <= 180.0 and max(abs(x0), abs(x1)) <= 90.0:
        raise _bad_fence("厂界的经度与纬度可能写反了", [y0, x0])
    if abs(x0) > 180 or abs(x1) > 180 or abs(y0) > 89 or abs(y1) > 89:
        raise _bad_fence("厂界的坐标应为经纬度（CGCS2000）", [x0, y0])
    if max(x1 - x0, y1 - y0) > _WIDEST_DEG:
        raise _bad_fence("厂界的范围大于 0.5 度：不是一个企业", [x1 - x0, y1 - y0])
    return found


def _faults_in_words(fence: shapely.Polygon | shapely.MultiPolygon) -> str:
    """The first faults of a fence, each with its place to 0.1 m where it has one."""
    told = [
        str(fault.error())
        + ("" if fault.place is None else f" {[round(degrees, 6) for degrees in fault.place]}")
        for fault in explain_invalid(fence)
    ]
    return "；".join(list(dict.fromkeys(told))[:_MOST_FAULTS])


def _bad_fence(words: str, got: Any) -> InvalidError:
    return InvalidError(
        "gb18218.bad_boundary", words, field="boundary", got=got, hint="以企业厂界的面为准"
    )


def residents_near(
    now: Reading, person: Person, fence: shapely.Geometry
) -> tuple[Residents | None, list[Seen]]:
    """Residents within 500 m outside of a fence by the buildings on file, and what was looked at.

    Residents are the people of a building at night. None where no building is on file.
    """
    seen = now.seen_if_allowed(person, "buildings")
    if seen is None or not len(seen.view):
        return None, []
    x0, y0, x1, y1 = fence.bounds
    dy = (DISTANCE_M + 50.0) / _DEGREE_M
    dx = dy / max(0.01, float(np.cos(np.radians(max(abs(y0), abs(y1)) + dy))))
    rows = seen.rows_in((x0 - dx, y0 - dy, x1 + dx, y1 + dy))
    frame = LocalFrame((x0 + x1) / 2, (y0 + y1) / 2)
    people = numbers(visible_column(seen, "people_night", rows))
    houses = frame.project_geometry(seen.view.geometry(rows))
    (flat,) = frame.project_geometry(object_array([fence]))
    return residents_outside(flat, houses, people), [seen]


def graded_around(
    inventory: Inventory, counted: Residents | None, seen: Sequence[Seen] = ()
) -> dict[str, Any]:
    """S, R and grade with the residents that were counted around the fence.

    Where buildings stand and nobody knows of any resident, alpha, R and grade stay unknown.

    Parameters
    ----------
    seen
        What the residents were counted from.

    Raises
    ------
    InvalidError
        ``inventory.two_counts`` when the inventory tells residents as well; otherwise as `graded`.
    """
    if inventory.people_500m is not None:
        raise InvalidError(
            "inventory.two_counts",
            "厂界与 people_500m 只能给一个",
            field="people_500m",
            got=inventory.people_500m,
        )
    if counted is None:
        caution = Caution("gb18218.no_buildings", "没有建筑物资料，常住人口未知")
        return graded(replace(inventory, cautions=(*inventory.cautions, caution)))
    cautions = [*inventory.cautions]
    if any(s.permission.areas is not None or s.permission.categories is not None for s in seen):
        words = "常住人口只计您责任区内的建筑，α 和等级可能偏低"
        cautions.append(Caution("gb18218.limited", words))
    if not counted.buildings:
        words = "厂界外 500 m 内没有登记的建筑：可能无人，也可能没有录入；按 0 人取 α"
        cautions.append(Caution("gb18218.nothing_near", words))
    if counted.unknown:
        words = f"500 m 内有 {counted.unknown} 栋建筑没有人数：常住人口可能偏低"
        cautions.append(Caution("gb18218.residents_unknown", words))
    people = None if counted.is_unknown else counted.people
    told = graded(replace(inventory, people_500m=people, cautions=tuple(cautions)))
    bounds = {"least": counted.least, "most": counted.most, "unknown": counted.unknown}
    return told | {"residents": {"people": people, **bounds}}


def inventory_json(inventory: Inventory) -> dict[str, Any]:
    """An inventory as it was read, as JSON; quantities as exact text."""
    return {
        "substances": [
            {
                "row": line.row,
                "cas": line.cas,
                "form": line.form,
                "symbol": list(line.symbols) or None,
                "name": line.name,
                "quantity_t": str(line.quantity_t),
            }
            for line in inventory.lines
        ],
        "people_500m": inventory.people_500m,
    }


def grading_json(found: Grading, people_500m: int | None) -> dict[str, Any]:
    """A grading as JSON; numbers are the nearest doubles of exact fractions."""
    return {
        "S": float(found.s),
        "major": found.is_major,
        "R": _number(found.r),
        "alpha": _number(found.alpha),
        "grade": found.grade,
        "people_500m": people_500m,
        "terms": [_term(term) for term in found.terms],
        "edition": found.edition,
        "model": "gb18218",
        "estimate": {"zh": SCREENING_ZH, "en": SCREENING_EN},
        "source": SOURCE,
        "assumptions": list(ASSUMPTIONS),
        "warnings": [caution.as_dict() for caution in found.cautions],
    }


def _term(term: Term) -> dict[str, Any]:
    return {
        "row": term.row.told,
        "name": term.name,
        "cas": term.cas,
        "q_t": float(term.quantity_t),
        "Q_t": float(term.row.critical_t),
        "beta": _number(term.beta),
        "q_over_Q": float(term.share),
        "source": term.row.source,
        "confidence": term.row.confidence.value,
    }


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
