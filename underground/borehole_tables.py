"""Boreholes out of two tables: one of holes, one of their layers."""

from __future__ import annotations

import math

import numpy as np

from gis.errors import CityError, InvalidError
from gis.features import object_array
from underground.axes import FloatArray, offsets
from underground.boreholes import Boreholes
from underground.columns import Columns, columns_of_sheet, read_columns_of_sheet
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
    own, own_bad = read_columns_of_sheet("holes", holes)
    of, of_bad = read_columns_of_sheet("layers", layers)
    place = np.column_stack([own.number("east"), own.number("north")]) * unit_m
    top, bottom = of.number("top"), of.number("bottom")
    faults = [_titled(fault, "钻孔表") for fault in own_bad]
    faults += [_titled(fault, "地层表") for fault in of_bad]
    named = [{fault.row for fault in bad} for bad in (own_bad, of_bad)]
    missing = _faults(own, list(holes.rows), place, of, list(layers.rows), top, bottom)
    own_codes = ("borehole.name", "borehole.place")
    faults += [
        fault
        for fault in missing  # a cell that is no number is one fault, not a missing one too
        if fault.code in ("borehole.name", "borehole.no_hole")
        or fault.row not in named[0 if fault.code in own_codes else 1]
    ]
    if faults:
        bad_layers = {f.row for f in faults if not str(f.template).startswith("钻孔表")}
        faults += _between(own, of, top, bottom, list(layers.rows), bad_layers)
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


def _titled(fault: CityError, title: str) -> CityError:
    """A fault of cells that says of which table it is."""
    return InvalidError(
        fault.code, f"{title}：{fault.template}", field=fault.field, got=fault.got,
        expected=fault.expected, hint=fault.hint_template, params=fault.params, row=fault.row,
    )  # fmt: skip


def _between(
    own: Columns,
    of: Columns,
    top: FloatArray,
    bottom: FloatArray,
    rows: list[int],
    bad: set[int | None],
) -> list[CityError]:
    """Faults between the layers of those holes whose own rows and layers have none."""
    names = own.text("name").tolist()
    hole = of.text("hole").tolist()
    spoilt = {name for name, row in zip(hole, rows, strict=True) if row in bad}
    depth: dict[str | None, float] = {}
    for name, metres in zip(names, own.number("depth").tolist(), strict=True):
        depth.setdefault(name, metres)
    good = [n for n in dict.fromkeys(names) if n is not None and n not in spoilt]
    at = {name: i for i, name in enumerate(good)}
    use = np.array([k for k, name in enumerate(hole) if name in at], np.int64)
    of_hole = np.array([at[hole[k]] for k in use.tolist()], np.int64)
    order = np.lexsort((top[use], of_hole))
    none = np.full(len(good), np.nan)
    try:
        Boreholes(
            ids=object_array(good),
            place=np.zeros((len(good), 2)),
            collar=none,
            depth=np.array([depth[name] for name in good], np.float64),
            water_depth=none,
            first=offsets(np.bincount(of_hole, minlength=len(good))),
            top=top[use][order],
            bottom=bottom[use][order],
            code=of.text("code")[use][order],
            name=of.text("layer")[use][order],
            datum="unknown",
            rows=np.array(rows, np.int64)[use][order],
        )
    except InvalidError as refused:
        return list(refused.errors)
    return []


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
