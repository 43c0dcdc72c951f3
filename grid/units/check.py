"""Is a grid in order? Coverage, nesting, codes, numbering, areas, with tolerance.

Shapes are compared in a plane made from degrees by two factors, so that straight borders stay
straight and a vertex on a neighbour's border opens no gap; areas are those of the ellipsoid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import shapely

from gis.errors import CityError, InvalidError
from gis.features import ObjectArray, object_array
from gis.measure import area_m2
from grid.units.kinds import GridKind, grid_kind
from grid.units.order import misplaced
from grid.units.plane import plane_of

#: No fault of coverage is narrower than the first or smaller than the second.
TOLERANCE_M = 0.001
LEAST_GAP_M2 = 0.01
#: Without communities, cracks up to this wide are found between cells.
CRACK_M = 5.0
#: A cell smaller than this is a slip.
LEAST_AREA_M2 = 500.0
#: A stated area may differ from the measured one by this share and by this much.
AREA_SHARE, AREA_M2 = 0.01, 2.0


class FaultKind(StrEnum):
    """What can be wrong with a grid."""

    GAP = "gap"
    OVERLAP = "overlap"
    OUTSIDE_PARENT = "outside_parent"
    ORDER = "order"
    CODE = "code"
    AREA = "area"
    MULTIPART = "multipart"


@dataclass(frozen=True)
class CellFault:
    """One fault: what, of which cells, where; sizes where they mean something.

    ``point`` is [lon, lat]; ``width_m`` the mean width of a gap or overlap.
    """

    kind: FaultKind
    cells: tuple[str, ...]
    point: tuple[float, float] | None
    area_m2: float | None = None
    width_m: float | None = None
    message: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The fault as JSON."""
        return {
            "kind": self.kind.value,
            "cell_codes": list(self.cells),
            "point": None if self.point is None else [round(v, 9) for v in self.point],
            "area_m2": None if self.area_m2 is None else round(self.area_m2, 4),
            "width_m": None if self.width_m is None else round(self.width_m, 5),
            "message": self.message,
        }


def check_grid(
    codes: Sequence[str],
    shapes: Sequence[Any] | ObjectArray,
    parents: Mapping[str, Any] | None = None,
    stated_m2: Sequence[float | None] | None = None,
    kind: str = "unit",
    tolerance_m: float = TOLERANCE_M,
    least_m2: float = LEAST_AREA_M2,
) -> list[CellFault]:
    """All faults of a grid, most serious kinds first.

    Parameters
    ----------
    codes, shapes
        (n,) codes and polygons, degrees in CGCS2000.
    parents
        Polygons of communities by code, degrees. Without them nothing is outside, and gaps are
        looked for between the cells only: holes, and cracks up to 5 m wide.
    stated_m2
        (n,) areas as delivered, None where not stated.
    tolerance_m
        Gaps and overlaps narrower than this are no faults; nor are those below 0.01 m².

    Raises
    ------
    InvalidError
        ``grid.bad_tolerance`` when the tolerance is no length.
    """
    if not 0 <= tolerance_m < 1000:
        raise InvalidError(
            "grid.bad_tolerance",
            "容差应在 0 与 1000 m 之间：{got}",
            field="tolerance_m",
            got=tolerance_m,
        )
    if not len(codes):
        return []
    grid = _Grid(list(map(str, codes)), object_array(shapes), parents or {}, grid_kind(kind))
    found = [
        *grid.code_faults(),
        *grid.multipart_faults(),
        *grid.area_faults(stated_m2, least_m2),
        *grid.overlaps(tolerance_m),
        *grid.outside(tolerance_m),
        *grid.gaps(tolerance_m),
        *grid.order_faults(),
    ]
    return sorted(found, key=lambda f: (list(FaultKind).index(f.kind), f.cells))


class _Grid:
    """A grid while it is checked: shapes in metres, repaired where they are not valid."""

    def __init__(
        self, codes: list[str], shapes: ObjectArray, parents: Mapping[str, Any], kind: GridKind
    ) -> None:
        self.codes, self.kind = codes, kind
        self.degrees = shapes
        self.plane = plane_of(shapes)
        self.shapes = shapely.make_valid(self.plane.metres(shapes))
        names = sorted(parents)
        outlines = object_array([parents[n] for n in names])
        self.parents = dict(
            zip(names, shapely.make_valid(self.plane.metres(outlines)), strict=True)
        )
        self.inner = shapely.point_on_surface(self.shapes)

    def fault(
        self, kind: FaultKind, rows: Sequence[int], message: str, part: Any = None
    ) -> CellFault:
        shape = self.shapes[rows[0]] if part is None else part
        area = width = None
        if part is not None:
            area = float(shapely.area(part))
            width = 2 * area / max(float(shapely.length(part)), 1e-12)
        cells = tuple(sorted({self.codes[r] for r in rows}))
        return CellFault(kind, cells, self.plane.place(shape), area, width, message)

    # -- codes, parts, areas -------------------------------------------------------------------

    def code_faults(self) -> Iterator[CellFault]:
        """Codes of another form, codes twice, codes of a community in which the cell does not lie."""
        rows: defaultdict[str, list[int]] = defaultdict(list)
        for row, code in enumerate(self.codes):
            rows[code].append(row)
            try:
                self.kind.check(code)
            except CityError as fault:
                yield self.fault(FaultKind.CODE, [row], str(fault))
        for code, some in rows.items():
            if len(some) > 1:
                yield self.fault(FaultKind.CODE, some, f"编码 {code} 出现 {len(some)} 次")
        yield from self._foreign()

    def _foreign(self) -> Iterator[CellFault]:
        """Cells whose code names another community than the one they lie in."""
        if not self.parents or self.kind.parent_digits is None:
            return
        names = list(self.parents)
        outlines = object_array(self.parents.values())
        at, parent = shapely.STRtree(outlines).query(self.inner, predicate="intersects")
        holders: defaultdict[int, list[str]] = defaultdict(list)
        for row, p in zip(at.tolist(), parent.tolist(), strict=True):
            holders[row].append(names[p])
        for row, code in enumerate(self.codes):
            said = self.kind.parent_of(code)
            if row in holders and said not in holders[row]:
                there = "、".join(sorted(holders[row]))
                yield self.fault(FaultKind.CODE, [row], f"编码 {code} 属 {said}，图形在 {there}")

    def multipart_faults(self) -> Iterator[CellFault]:
        """Cells of several parts, and cells whose outline crosses itself."""
        for row, shape in enumerate(self.shapes):
            parts = [p for p in shapely.get_parts(shape) if shapely.get_dimensions(p) == 2]
            if len(parts) > 1:
                yield self.fault(FaultKind.MULTIPART, [row], f"网格由 {len(parts)} 块组成")
            elif not parts:
                yield self.fault(FaultKind.MULTIPART, [row], "网格没有面积")

    def area_faults(
        self, stated: Sequence[float | None] | None, least_m2: float
    ) -> Iterator[CellFault]:
        """Cells that are too small, or whose stated area is not theirs."""
        areas = area_m2(shapely.make_valid(self.degrees))
        for row, area in enumerate(areas.tolist()):
            said = None if stated is None else stated[row]
            off = None if said is None else abs(float(said) - area)
            place = self.plane.place(self.shapes[row])
            cells = (self.codes[row],)
            if area < least_m2:
                message = f"面积 {area:.1f} m²，小于 {least_m2:g} m²"
                yield CellFault(FaultKind.AREA, cells, place, area, None, message)
            if off is not None and off > max(AREA_M2, AREA_SHARE * area):
                message = f"填报面积 {said:g} m²，实量 {area:.1f} m²"
                yield CellFault(FaultKind.AREA, cells, place, area, None, message)

    # -- coverage ------------------------------------------------------------------------------

    def overlaps(self, tolerance_m: float) -> Iterator[CellFault]:
        """Ground that two cells claim."""
        if shapely.coverage_is_valid(self.shapes):
            return
        left, right = shapely.STRtree(self.shapes).query(self.shapes, predicate="intersects")
        pairs = left < right
        left, right = left[pairs], right[pairs]
        common = shapely.intersection(self.shapes[left], self.shapes[right])
        for a, b, shape in zip(left.tolist(), right.tolist(), common, strict=True):
            for part in _significant(shape, tolerance_m):
                yield self.fault(FaultKind.OVERLAP, [a, b], "两个网格重叠", part)

    def outside(self, tolerance_m: float) -> Iterator[CellFault]:
        """Ground of cells outside of the community that their code names."""
        for row, code in enumerate(self.codes):
            parent = self.parents.get(self.kind.parent_of(code) or "")
            if parent is None:
                continue
            for part in _significant(shapely.difference(self.shapes[row], parent), tolerance_m):
                yield self.fault(FaultKind.OUTSIDE_PARENT, [row], "超出所属社区", part)

    def gaps(self, tolerance_m: float) -> Iterator[CellFault]:
        """Ground that no cell covers."""
        if not self.kind.covers_land:
            return
        whole = shapely.union_all(self.shapes)
        missing = [*self._uncovered(whole)] if self.parents else [_cracks(whole)]
        tree = shapely.STRtree(self.shapes)
        for shape in missing:
            for part in _significant(shape, tolerance_m):
                near = np.sort(tree.query(part, predicate="dwithin", distance=0.01)).tolist()
                if near and (self.parents or len(near) > 1):
                    yield self.fault(FaultKind.GAP, near, "网格之间有空隙", part)
                elif self.parents:
                    yield CellFault(
                        FaultKind.GAP,
                        (),
                        self.plane.place(part),
                        float(part.area),
                        None,
                        "没有网格",
                    )

    def _uncovered(self, whole: Any) -> Iterator[Any]:
        """Parts of communities that have cells at all which no cell covers."""
        named = {self.kind.parent_of(code) for code in self.codes}
        for name, parent in self.parents.items():
            if name in named:
                yield shapely.difference(parent, whole)

    # -- numbering -----------------------------------------------------------------------------

    def order_faults(self) -> Iterator[CellFault]:
        """Numbers that do not run from west to east and from north to south."""
        if self.kind.parent_digits is None or not self.kind.covers_land:
            return
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for row, code in enumerate(self.codes):
            groups[str(self.kind.parent_of(code))].append(row)
        for rows in groups.values():
            codes = [self.codes[r] for r in rows]
            if len(set(codes)) < len(codes):
                continue
            shapes = self.shapes[rows]
            side = float(np.sqrt(np.median(shapely.area(shapes))))
            candidates = [
                shapely.get_coordinates(self.inner[rows]),
                shapely.get_coordinates(shapely.centroid(shapes)),
            ]
            row_of = dict(zip(codes, rows, strict=True))
            for got, want in misplaced(codes, candidates, side):
                yield self.fault(
                    FaultKind.ORDER, [row_of[got], row_of[want]], f"按位置此处应为 {want}"
                )


def _cracks(whole: Any) -> Any:
    """Holes of a coverage, and cracks that are narrow enough to be mistakes."""
    holes = [shapely.Polygon(ring) for part in shapely.get_parts(whole) for ring in part.interiors]
    near = {"cap_style": "square", "join_style": "mitre", "mitre_limit": 20.0}
    closed = shapely.buffer(shapely.buffer(whole, CRACK_M / 2, **near), -CRACK_M / 2, **near)
    return shapely.union_all([*holes, shapely.difference(closed, whole)])


def _significant(shape: Any, tolerance_m: float) -> list[Any]:
    """Areal parts of a shape that are wider than the tolerance and larger than noise."""
    parts = shapely.get_parts(shape)
    parts = parts[shapely.get_dimensions(parts) == 2]
    areas = shapely.area(parts)
    # A sliver's mean width is its area over half of its outline.
    widths = 2 * areas / np.maximum(shapely.length(parts), 1e-12)
    return list(parts[(areas >= LEAST_GAP_M2) & (widths >= tolerance_m)])
