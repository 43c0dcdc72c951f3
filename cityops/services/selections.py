"""What a polygon selects of a layer: counts, lengths and areas, by class and by other fields.

A feature is selected when its shape touches the polygon, borders included. Lengths and areas
are on the ellipsoid, of the whole feature and of the part that lies inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from cityops.services.layer_values import visible_field
from cityops.services.permissions import Permission
from cityops.services.shape_work import Bench
from gis.errors import GeometryError
from gis.features import IntArray, ObjectArray
from gis.layers import GeometryKind, LayerSpec
from gis.measure import area_m2, length_m

if TYPE_CHECKING:
    from cityops.services.layers import Seen

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
#: Keys that a selection names; the rest is counted and can be paged through.
MAX_KEYS = 10_000
#: Shapes that cross a border times corners of the border; about 3 s of work.
MOST_MEETINGS = 6_000_000


@dataclass(frozen=True)
class ClassSum:
    """Count of one class in a selection; metres and square metres for lines and polygons.

    ``inside`` values count only what lies within the polygon.
    """

    code: str | None
    count: int
    length_m: float | None = None
    inside_length_m: float | None = None
    area_m2: float | None = None
    inside_area_m2: float | None = None


@dataclass(frozen=True)
class Measured:
    """Rows of a layer with what each measures, whole and within a polygon.

    Attributes
    ----------
    rows
        (n,) rows of the view, by fid.
    whole, inside
        (n,) metres of lines, square metres of polygons; None for points.
    """

    kind: GeometryKind
    rows: IntArray
    whole: FloatArray | None
    inside: FloatArray | None

    def sum(self, code: str | None, which: BoolArray | None = None) -> ClassSum:
        """Sum over all rows, or over those of a (n,) mask, under the name `code`."""
        count = len(self.rows) if which is None else int(which.sum())
        if self.whole is None or self.inside is None:
            return ClassSum(code, count)
        chosen = slice(None) if which is None else which
        sums = float(self.whole[chosen].sum()), float(self.inside[chosen].sum())
        if self.kind is GeometryKind.LINE:
            return ClassSum(code, count, length_m=sums[0], inside_length_m=sums[1])
        return ClassSum(code, count, area_m2=sums[0], inside_area_m2=sums[1])

    def only(self, which: BoolArray) -> Measured:
        """The rows of a (n,) mask."""
        if self.whole is None or self.inside is None:
            return Measured(self.kind, self.rows[which], None, None)
        return Measured(self.kind, self.rows[which], self.whole[which], self.inside[which])


@dataclass(frozen=True)
class Selection:
    """What a polygon selects of a layer.

    ``keys`` names at most `MAX_KEYS` features, ``fids`` all of them; ``class_field`` is the
    field that ``classes`` are of, None when the layer has none that the person may see.
    ``classes`` are counted under every filter but that on the class itself: they say what a
    class that is filtered out would add. ``total`` is of what all filters leave.
    """

    seen: Seen
    fids: IntArray
    keys: ObjectArray
    class_field: str | None
    classes: tuple[ClassSum, ...]
    total: ClassSum = field(default_factory=lambda: ClassSum(None, 0))
    measured: Measured = field(
        default_factory=lambda: Measured(GeometryKind.POINT, np.empty(0, np.int64), None, None)
    )

    def sums_by(self, name: str) -> tuple[ClassSum, ...]:
        """Sums by the values of a field, in the order of its code list, unknown last.

        Raises
        ------
        InvalidError
            When the field may not be seen.
        """
        found = visible_field(self.seen.spec, self.seen.permission, name)
        return sums_by(self.seen, self.measured, found.name)

    def unknown(self, *names: str) -> ClassSum:
        """Sum over the features that lack a value in at least one of the fields.

        Raises
        ------
        InvalidError
            When a field may not be seen.
        """
        lacking = np.zeros(len(self.measured.rows), bool)
        for name in names:
            found = visible_field(self.seen.spec, self.seen.permission, name)
            column = self.seen.view.column(found.name, self.measured.rows)
            lacking |= np.fromiter((v is None for v in column), bool, len(column))
        return self.measured.sum(None, lacking)

    def ordered(self, sort: str | None) -> IntArray:
        """(n,) fids in the order of a field, ``-`` in front for descending; unknown last, ties by fid.

        Raises
        ------
        InvalidError
            When the field may not be seen.
        """
        if sort is None:
            return self.fids
        falling = sort.startswith("-")
        field_ = visible_field(self.seen.spec, self.seen.permission, sort.removeprefix("-"))
        values = self.seen.view.column(field_.name, self.measured.rows).tolist()
        known = [i for i, value in enumerate(values) if value is not None]
        known.sort(key=lambda i: values[i], reverse=falling)  # stable in both directions
        lacking = [i for i, value in enumerate(values) if value is None]
        return self.fids[np.array(known + lacking, np.int64)]


def selected(
    seen: Seen,
    touched: IntArray,
    polygon: Any,
    equal: Mapping[str, Sequence[Any]],
    bench: Bench,
) -> Selection:
    """The selection of those rows of a layer that a polygon touches.

    Parameters
    ----------
    touched
        Rows within the permission whose shape touches the polygon, by fid.
    equal
        Field -> values, of which a feature has one; None or '' is unknown.
    bench
        What cuts shapes at the border.

    Raises
    ------
    InvalidError
        For a field that may not be seen or a value of another type.
    GeometryError
        When the polygon's border is too intricate, see `clipped`.
    """
    class_field = class_field_of(seen.spec, seen.permission)
    others = {name: values for name, values in equal.items() if name != class_field}
    every = measured(seen, seen.equal(touched, others), polygon, bench)
    chosen = every
    if class_field is not None and class_field in equal:
        rows = seen.equal(every.rows, {class_field: equal[class_field]})
        chosen = every.only(np.isin(every.rows, rows))
    return Selection(
        seen=seen,
        fids=seen.view.fids(chosen.rows),
        keys=seen.view.keys(chosen.rows[:MAX_KEYS]),
        class_field=class_field,
        classes=() if class_field is None else sums_by(seen, every, class_field),
        total=chosen.sum(None),
        measured=chosen,
    )


def class_field_of(spec: LayerSpec, permission: Permission) -> str | None:
    """Field by which a layer's features are summed up: that of its drawing, else its category."""
    for name in (spec.style.class_field, spec.category_field):
        if name is not None and name in permission.fields:
            return name
    return None


def measured(seen: Seen, rows: IntArray, polygon: Any, bench: Bench) -> Measured:
    """Rows with their length or area, whole and within a polygon in degrees.

    Raises
    ------
    GeometryError
        When the polygon's border is too intricate, see `clipped`.
    """
    kind = seen.spec.geometry
    if kind is GeometryKind.POINT:
        return Measured(kind, rows, None, None)
    measure = length_m if kind is GeometryKind.LINE else area_m2
    whole = seen.view.measures(rows)
    inside = whole.copy()
    shapes = seen.view.geometry(rows)
    shapely.prepare(polygon)
    crossing = ~shapely.contains_properly(polygon, shapes)
    if crossing.any():
        inside[crossing] = measure(clipped(shapes[crossing], polygon, bench))
    return Measured(kind, rows, whole, inside)


def clipped(shapes: ObjectArray, polygon: Any, bench: Bench) -> ObjectArray:
    """(n,) parts of lines or polygons within a polygon.

    Raises
    ------
    GeometryError
        When many shapes cross a border of many corners: each would meet each corner, which takes
        minutes for a comb over a street network; or when the bench gives it up.
    """
    corners = int(shapely.get_num_coordinates(polygon))
    if len(shapes) * corners > MOST_MEETINGS:
        raise GeometryError(
            "geometry.too_expensive",
            "选区的边线有 {got} 个角点，穿过 {count} 个要素，算起来太久",
            field="polygon",
            got=corners,
            params={"count": len(shapes)},
            hint="请简化选区的边线，或画小一些",
        )
    return bench.overlay(shapes, polygon)


def sums_by(seen: Seen, some: Measured, name: str) -> tuple[ClassSum, ...]:
    """Sums by the values of a field, in the order of its code list, others behind, unknown last."""
    values = seen.view.column(name, some.rows)
    order = {item.code: i for i, item in enumerate(seen.spec.field_named(name).codes)}
    found = sorted(
        set(values.tolist()), key=lambda v: (v is None, order.get(v, len(order)), str(v))
    )
    return tuple(some.sum(code, values == code) for code in found)
