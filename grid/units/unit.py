"""A grid cell with its validity, and how cells are merged and split: new codes, old ones kept.

A merged or split cell gets a new code; cases keep the code they were filed under. The number of
a new code was never used before in its community, also not by cells that are closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import shapely

from gis.errors import CityError, ConflictError, InvalidError, NotFoundError
from gis.features import object_array
from grid.cells import numbering_order
from grid.codes import cell_code, parse_cell_code
from grid.units.kinds import grid_kind


@dataclass(frozen=True)
class GridUnit:
    """A cell of some kind of grid.

    ``shape`` is a polygon in any one system; ``valid_to`` the first day on which it no longer
    holds.
    """

    kind: str
    code: str
    shape: Any
    community: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is in force on a day."""
        started = self.valid_from is None or self.valid_from <= day
        return started and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True)
class Succession:
    """An old cell and a new one that took over some of it; ``share`` of the old cell's area."""

    old: str
    new: str
    share: float
    day: date


@dataclass(frozen=True)
class Change:
    """Cells that were closed, cells that were opened, and who follows whom."""

    closed: tuple[GridUnit, ...]
    opened: tuple[GridUnit, ...]
    links: tuple[Succession, ...]


class Register:
    """All cells of one kind, closed ones included.

    Parameters
    ----------
    units
        Cells; a code may not be there twice.
    links
        Successions of earlier changes.

    Raises
    ------
    InvalidError
        ``grid.register`` with every fault: a bad code, a code twice, another kind, dates that run
        backwards.
    """

    def __init__(
        self, kind: str, units: Iterable[GridUnit], links: Iterable[Succession] = ()
    ) -> None:
        self.kind = grid_kind(kind)
        self.units: dict[str, GridUnit] = {}
        self.links = tuple(links)
        faults: list[CityError] = []
        for unit in units:
            faults += self._faults(unit)
            self.units[unit.code] = unit
        if faults:
            raise InvalidError(
                "grid.register",
                "网格登记表有 {count} 处不对：{first}",
                params={"count": len(faults), "first": str(faults[0])},
                errors=faults,
            )

    def _faults(self, unit: GridUnit) -> list[CityError]:
        out: list[CityError] = []
        try:
            self.kind.check(unit.code)
        except CityError as fault:
            out.append(fault)
        if unit.kind != self.kind.name:
            out.append(
                InvalidError(
                    "grid.other_kind",
                    "{got} 不是{kind}",
                    got=unit.code,
                    params={"kind": self.kind.title.zh},
                )
            )
        if unit.code in self.units:
            out.append(
                InvalidError("grid.code_twice", "编码 {got} 出现两次", field="code", got=unit.code)
            )
        if unit.valid_from and unit.valid_to and unit.valid_to <= unit.valid_from:
            out.append(
                InvalidError(
                    "grid.backwards",
                    "{got} 的停用日期不晚于启用日期",
                    field="valid_to",
                    got=unit.code,
                )
            )
        return out

    def in_force(self, code: str, day: date) -> GridUnit:
        """The cell of a code, in force on a day.

        Raises
        ------
        NotFoundError
            ``grid.unknown_cell``.
        ConflictError
            ``grid.closed_cell`` when it does not hold on that day.
        """
        unit = self.units.get(code)
        if unit is None:
            raise NotFoundError("grid.unknown_cell", "没有网格 {got}", field="code", got=code[:40])
        if not unit.holds(day):
            raise ConflictError(
                "grid.closed_cell",
                "网格 {got} 在 {day} 不在用",
                field="code",
                got=code,
                expected=[s.code for s in self.successors(code, day)],
                params={"day": day.isoformat()},
            )
        return unit

    def successors(self, code: str, day: date) -> list[GridUnit]:
        """Cells in force on a day that took over a cell, through any number of changes; by code."""
        out: dict[str, GridUnit] = {}
        stack, seen = [code], set()
        while stack:
            name = stack.pop()
            if name in seen:
                continue
            seen.add(name)
            unit = self.units.get(name)
            if unit is not None and unit.holds(day):
                out[name] = unit
            else:
                stack += [link.new for link in self.links if link.old == name and link.day <= day]
        return [out[name] for name in sorted(out)]

    def next_numbers(self, community: str, count: int) -> list[int]:
        """Numbers that no cell of a community ever had.

        Raises
        ------
        InvalidError
            ``grid.cell_number`` when there are not so many left below 1000.
        """
        used = [parse_cell_code(code).number for code in self.units if code.startswith(community)]
        first = max(used, default=0) + 1
        cell_code(community, first + count - 1)
        return list(range(first, first + count))

    def merge(self, codes: Sequence[str], day: date) -> Change:
        """One new cell in place of several neighbouring ones of a community, from `day` on.

        Raises
        ------
        InvalidError
            ``grid.merge_few`` for less than two, ``grid.merge_communities``, ``grid.not_adjacent``.
        NotFoundError, ConflictError
            As `in_force`.
        """
        units = [self.in_force(code, day) for code in dict.fromkeys(codes)]
        if len(units) < 2:
            raise InvalidError(
                "grid.merge_few", "合并至少要两个网格", field="codes", got=list(codes)
            )
        communities = {unit.community for unit in units}
        if len(communities) > 1:
            raise InvalidError(
                "grid.merge_communities",
                "不能跨社区合并网格",
                field="codes",
                got=sorted(communities),
            )
        whole = shapely.union_all(object_array([u.shape for u in units]))
        if whole.geom_type != "Polygon":
            raise InvalidError(
                "grid.not_adjacent", "这些网格不相连，不能合并", field="codes", got=list(codes)
            )
        return self._change(units, [whole], day)

    def split(self, code: str, parts: Sequence[Any], day: date) -> Change:
        """Several new cells in place of one, from `day` on.

        Parameters
        ----------
        parts
            Polygons that cover the cell without gap or overlap; see `pieces_of`.

        Raises
        ------
        InvalidError
            ``grid.split_few``, ``grid.split_cover`` when the parts do not cover the cell.
        NotFoundError, ConflictError
            As `in_force`.
        """
        unit = self.in_force(code, day)
        if len(parts) < 2:
            raise InvalidError("grid.split_few", "拆分至少要两块", field="parts", got=len(parts))
        pieces = object_array(parts)
        whole = shapely.area(unit.shape)
        lost = shapely.area(shapely.difference(unit.shape, shapely.union_all(pieces)))
        twice = shapely.area(pieces).sum() - whole
        if lost > 1e-6 * whole or abs(twice) > 1e-6 * whole:
            raise InvalidError(
                "grid.split_cover", "拆分后的各块没有恰好覆盖原网格 {got}", field="parts", got=code
            )
        return self._change([unit], list(pieces), day)

    def _change(self, units: Sequence[GridUnit], shapes: Sequence[Any], day: date) -> Change:
        community = units[0].community
        order = _in_order(shapes)
        numbers = self.next_numbers(community, len(shapes))
        opened = tuple(
            GridUnit(self.kind.name, str(cell_code(community, n)), shapes[at], community, day)
            for n, at in zip(numbers, order, strict=True)
        )
        closed = tuple(replace(unit, valid_to=day) for unit in units)
        links = tuple(
            Succession(old.code, new.code, share, day)
            for old in closed
            for new in opened
            if (share := _share(old.shape, new.shape)) > 1e-6
        )
        return Change(closed, opened, links)

    def after(self, change: Change) -> Register:
        """The register after a change."""
        known = self.units | {u.code: u for u in (*change.closed, *change.opened)}
        return Register(self.kind.name, known.values(), (*self.links, *change.links))


def pieces_of(shape: Any, line: Any) -> list[Any]:
    """Parts into which a line cuts a polygon; one when it does not cut through.

    Examples
    --------
    >>> cut = shapely.LineString([(1, -1), (1, 3)])
    >>> [p.area for p in pieces_of(shapely.box(0, 0, 2, 2), cut)]
    [2.0, 2.0]
    """
    edges = shapely.union_all([shapely.boundary(shape), line])
    parts = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
    inside = parts[shapely.covers(shape, shapely.point_on_surface(parts))]
    return list(inside.tolist())


def _in_order(shapes: Sequence[Any]) -> list[int]:
    """Order of new cells: from west to east, from north to south."""
    cells = object_array(shapes)
    points = shapely.get_coordinates(shapely.point_on_surface(cells))
    height = float(0.7 * np.sqrt(np.median(shapely.area(cells))))
    return [int(at) for at in numbering_order(points, height)]


def _share(old: Any, new: Any) -> float:
    return float(shapely.area(shapely.intersection(old, new)) / shapely.area(old))
