"""Boreholes out of two tables: one of holes, one of their layers."""

from __future__ import annotations

import math

import numpy as np

from gis.errors import CityError, InvalidError
from gis.features import object_array
from underground.axes import FloatArray, offsets
from underground.boreholes import Boreholes
from underground.columns import Columns, columns_of_sheet
from underground.heights import datum_named
from underground.survey.model import Sheet


def roles_of(sheets: list[Sheet]) -> tuple[Sheet, Sheet]:
    """The table of holes and the table of layers: layers have an upper and a lower depth.

    Raises
    ------
    InvalidError
        Not one of each.
    """
    layers = [s for s in sheets if _has(s, "layers", ("hole", "top", "bottom"))]
    rest = [s for s in sheets if s not in layers]
    holes = [s for s in rest if _has(s, "holes", ("name", "north", "east"))]
    if len(holes) != 1 or len(layers) != 1:
        raise InvalidError(
            "borehole.tables", "需要一张钻孔表和一张地层表，得到 {got}", field="file",
            got=[len(holes), len(layers)],
            hint="钻孔表要有钻孔编号、X、Y、孔口高程列，地层表要有钻孔编号、层顶深度、层底深度、地层名称列",
        )  # fmt: skip
    return holes[0], layers[0]


def _has(sheet: Sheet, table: str, wanted: tuple[str, ...]) -> bool:
    empty = Sheet(sheet.name, sheet.head, [], [])
    found = columns_of_sheet(table, empty)
    return all(found.has(field) for field in wanted)


def boreholes_of(
    holes: Sheet, layers: Sheet, *, datum: str | None = None, unit_m: float = 1.0
) -> Boreholes:
    """Holes with their layers, sorted from the top down.

    Parameters
    ----------
    unit_m
        Metres of a unit of X and Y; depths and heights are metres.

    Raises
    ------
    InvalidError
        With every fault in ``errors``: holes that repeat or have no place, layers of a hole that is
        not there or without depths; and see `Boreholes`.

    Examples
    --------
    >>> holes = Sheet("h", ["孔号", "X", "Y", "孔口高程", "孔深"], [["ZK1", 0, 9, 3.1, 20]], [2])
    >>> layers = Sheet("l", ["孔号", "层顶深度", "层底深度", "地层名称"],
    ...     [["ZK1", 4, 20, "粉质黏土"], ["ZK1", 0, 4, "杂填土"]], [2, 3])
    >>> found = boreholes_of(holes, layers, datum="1985")
    >>> found.place.tolist(), found.name.tolist()
    ([[9.0, 0.0]], ['杂填土', '粉质黏土'])
    """
    own = columns_of_sheet("holes", holes)
    of = columns_of_sheet("layers", layers)
    place = np.column_stack([own.number("east"), own.number("north")]) * unit_m
    top, bottom = of.number("top"), of.number("bottom")
    faults = _faults(own, list(holes.rows), place, of, list(layers.rows), top, bottom)
    if faults:
        raise InvalidError(
            "borehole.bad", "钻孔数据有 {count} 处错误",
            params={"count": len(faults)}, errors=faults,
        )  # fmt: skip
    names = own.text("name").tolist()
    at = {name: i for i, name in enumerate(names)}
    hole = np.array([at[name] for name in of.text("hole").tolist()], np.int64)
    order = np.lexsort((top, hole))
    return Boreholes(
        ids=object_array(names),
        place=place,
        collar=own.number("collar"),
        depth=own.number("depth"),
        water_depth=own.number("water_depth"),
        first=offsets(np.bincount(hole, minlength=len(names))),
        top=top[order],
        bottom=bottom[order],
        code=of.text("code")[order],
        name=of.text("layer")[order],
        datum=datum_named(datum),
        rows=np.asarray(layers.rows, np.int64)[order],
    )


def _faults(
    own: Columns,
    rows: list[int],
    place: FloatArray,
    of: Columns,
    of_rows: list[int],
    top: FloatArray,
    bottom: FloatArray,
) -> list[CityError]:
    out: list[CityError] = []
    names = own.text("name").tolist()
    placed = [math.isfinite(x + y) for x, y in place.tolist()]
    seen: set[str] = set()
    for row, name, known in zip(rows, names, placed, strict=True):
        if name is None or name in seen:
            out.append(InvalidError("borehole.name", "钻孔表：编号缺少或重复", row=row))
        if not known:
            out.append(InvalidError("borehole.place", "钻孔表：缺少坐标", row=row))
        seen.add(name)
    depths = [math.isfinite(a + b) for a, b in zip(top.tolist(), bottom.tolist(), strict=True)]
    for row, name, known in zip(of_rows, of.text("hole").tolist(), depths, strict=True):
        if name not in seen:
            out.append(
                InvalidError(
                    "borehole.no_hole", "地层表：没有钻孔 {got}",
                    got=name, row=row,
                )
            )  # fmt: skip
        if not known:
            out.append(
                InvalidError(
                    "borehole.no_depth", "地层表：缺少层顶或层底深度",
                    row=row,
                )
            )  # fmt: skip
    return out
