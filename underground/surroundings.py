"""What stands around pipes and has limits of its own: buildings, trees, poles, towers, kerbs, rails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from gis.errors import CityError, GeometryError
from underground.axes import Axes, FloatArray, IntArray, ObjectArray, axes_of, offsets
from underground.clearance.bodies import Solids
from underground.columns import columns_of, word_of
from underground.heights import datum_named
from underground.rules.conditions import kilovolts

_POINT, _LINE, _AREA = (
    shapely.GeometryType.POINT,
    shapely.GeometryType.LINESTRING,
    shapely.GeometryType.POLYGON,
)
#: Shape by which each kind is measured: outline of a building, centre of a trunk or pole, edge of a
#: tower's base, edge of a kerb, rail or foot of an embankment.
SHAPES: dict[str, tuple[int, ...]] = {
    "building": (_AREA,),
    "tree": (_POINT,),
    "shrub": (_POINT,),
    "pole": (_POINT,),
    "tower": (_AREA,),
    "curb": (_LINE,),
    "tram_rail": (_LINE,),
    "railway": (_LINE, _AREA),
}


@dataclass(frozen=True)
class Surroundings:
    """n structures in the plane of the pipes.

    Attributes
    ----------
    ids, kind
        (n,) names, and codes of `SHAPES` or words that the tables do not know; None is unknown.
    shapes
        (n,) shapely points, lines and polygons in metres; lines may carry the height of the base
        of a rail.
    voltage_kv
        (n,) of towers; NaN unknown.
    foundation_level, foundation_depth
        (n,) height of the underside of a foundation, or its depth below ground; NaN unknown.
    sigma_xy
        (n,) standard error in plan; NaN unknown.
    datum
        What heights refer to.
    """

    ids: ObjectArray
    kind: ObjectArray
    shapes: ObjectArray
    voltage_kv: FloatArray
    foundation_level: FloatArray
    foundation_depth: FloatArray
    sigma_xy: FloatArray
    datum: str

    def __post_init__(self) -> None:
        faults = _faults(self.kind, self.shapes)
        if faults:
            raise GeometryError(
                "around.bad", "周边地物有 {count} 处错误",
                params={"count": len(faults)}, errors=faults,
            )  # fmt: skip

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def bounds(self) -> FloatArray:
        """(n, 4) minx miny maxx maxy."""
        return np.asarray(shapely.bounds(self.shapes), np.float64).reshape(-1, 4)

    @cached_property
    def is_line(self) -> np.ndarray:
        """(n,) whether a shape is a line."""
        return np.asarray(shapely.get_type_id(self.shapes) == _LINE)

    @cached_property
    def has_heights(self) -> bool:
        """Whether anything here has a height that would be compared with those of pipes."""
        rails = [z for z in self.rails.axes.xyz[:, 2].tolist() if z == z]
        return bool(rails) or bool(np.isfinite(self.foundation_level).any())

    @cached_property
    def rails(self) -> Solids:
        """The lines as solids of no width, in the order of `rail_of`."""
        lines = self.shapes[self.is_line]
        axes = axes_of(lines) if len(lines) else Axes(np.empty((0, 3)), offsets([]))
        nothing = np.zeros(len(axes))
        return Solids(axes, nothing, nothing, np.zeros(len(axes), bool))

    @cached_property
    def rail_of(self) -> IntArray:
        """(n,) position in `rails`, -1 of what is no line."""
        return np.where(self.is_line, np.cumsum(self.is_line) - 1, -1).astype(np.int64)


def _faults(kinds: ObjectArray, shapes: ObjectArray) -> list[CityError]:
    names = {_POINT: "点", _LINE: "线", _AREA: "面"}
    out: list[CityError] = []
    for i, (kind, shape) in enumerate(zip(kinds.tolist(), shapes.tolist(), strict=True), 1):
        if shape is None or shape.is_empty:
            out.append(GeometryError("around.no_shape", "没有图形", row=i))
        elif not shape.is_valid or not np.isfinite(shapely.get_coordinates(shape)).all():
            out.append(GeometryError("around.invalid", "图形无效", row=i))
        elif kind in SHAPES and shapely.get_type_id(shape) not in SHAPES[kind]:
            wanted = "、".join(names[t] for t in SHAPES[kind])
            out.append(
                GeometryError(
                    "around.shape", "{kind} 要用{wanted}表示，得到 {got}",
                    got=shape.geom_type, row=i, params={"kind": kind, "wanted": wanted},
                )
            )  # fmt: skip
    return out


def surroundings_of(
    shapes: ObjectArray, delivered: Mapping[str, ObjectArray], *, datum: str | None = None
) -> Surroundings:
    """Structures in shapes (metres, plane of the pipes) and delivered columns.

    Shapes of several parts become one structure per part.

    Raises
    ------
    GeometryError
        With every fault in ``errors``: no shape, an invalid one, one that is not what the kind is
        measured by.
    InvalidError
        See `columns_of`.

    Examples
    --------
    >>> from gis.features import object_array as o
    >>> found = surroundings_of(o([shapely.box(0, 0, 9, 9)]), {"类别": o(["建筑物"]), "基础埋深": o([2])})
    >>> found.kind.tolist(), found.foundation_depth.tolist(), found.ids.tolist()
    (['building'], [2.0], ['1'])
    """
    table = columns_of("around", delivered, len(shapes))
    parts, of = shapely.get_parts(shapes, return_index=True)
    lost = np.setdiff1d(np.arange(len(shapes)), of)  # without a shape: named by the check
    parts, of = np.concatenate([parts, shapes[lost]]), np.concatenate([of, lost])
    order = np.argsort(of, kind="stable")
    parts, of = np.asarray(parts[order], object), of[order]
    names = [n if n is not None else str(i) for i, n in enumerate(table.text("name").tolist(), 1)]
    kinds = [word_of("around", text) for text in table.text("kind").tolist()]
    volts = [kilovolts(_with_unit(text)) for text in table.text("voltage").tolist()]

    def column(values: list[object]) -> ObjectArray:
        out = np.empty(len(of), object)
        out[:] = [values[k] for k in of.tolist()]
        return out

    return Surroundings(
        ids=column(list(names)),
        kind=column(list(kinds)),
        shapes=parts,
        voltage_kv=np.array([np.nan if v is None else v for v in volts], float)[of],
        foundation_level=table.number("foundation_level")[of],
        foundation_depth=table.number("foundation_depth")[of],
        sigma_xy=table.number("sigma_xy")[of],
        datum=datum_named(datum),
    )


def _with_unit(text: str | None) -> str | None:
    """A bare number of a voltage is in kV, as its column's name says."""
    return f"{text}kV" if text is not None and text.replace(".", "", 1).isdigit() else text
