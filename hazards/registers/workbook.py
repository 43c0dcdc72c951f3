"""The register's workbook: every fault at once by sheet, row and field, or the whole register.

Nothing is half read: one fault anywhere, and there is no register.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gis.errors import CityError, FileError, InvalidError
from hazards.models import Caution
from hazards.registers.cells import cell_value, plain
from hazards.registers.sheets import SHEETS, CellType, ColumnSpec, SheetSpec
from hazards.registers.substances import substance_faults
from hazards.registers.values import Register

#: So many faults are told; those after are counted.
MOST_FAULTS = 2000
#: Heads that leave the unit away, and heads with one.
_HEAD = re.compile(r"(.+?)(?:\((.*)\))?")


@dataclass(frozen=True)
class SheetRows:
    """Rows of one sheet that hold something, with their numbers; the first is the head."""

    name: str
    numbers: Sequence[int]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Outcome:
    """What came of a workbook: a register where nothing was wrong, else None.

    Attributes
    ----------
    faults
        Sorted by sheet and row; ``params["sheet"]`` names the sheet.
    fault_count
        All of them, also those beyond `MOST_FAULTS`.
    rows
        Rows read, by the title of the sheet.
    """

    register: Register | None
    faults: tuple[CityError, ...]
    fault_count: int
    cautions: tuple[Caution, ...]
    rows: Mapping[str, int]


@dataclass
class _Reading:
    """What is gathered on the way."""

    today: dt.date | None
    values: dict[str, list[Any]] = field(default_factory=dict)
    places: dict[str, list[int]] = field(default_factory=dict)
    #: Keys as they stand in the file, also of rows with faults: one fault is told once.
    keys: dict[tuple[str, tuple[str, ...]], set[tuple[str, ...]]] = field(default_factory=dict)
    raw: dict[str, list[tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    faults: list[tuple[int, int, CityError]] = field(default_factory=list)
    cautions: list[Caution] = field(default_factory=list)

    def fault(self, spec: SheetSpec, row: int, error: CityError) -> None:
        error.row = row
        error.params["sheet"] = spec.title
        self.faults.append((SHEETS.index(spec), row, error))


def read_register(sheets: Sequence[SheetRows], today: dt.date | None = None) -> Outcome:
    """The register of a workbook's sheets.

    Sheets and columns are found by their titles; others are left out and remarked on. Only the
    sheet of enterprises must be there.

    Parameters
    ----------
    today
        Dates of what has happened are held against it.

    Examples
    --------
    >>> found = read_register([SheetRows("企业", [1], [["统一社会信用代码", "企业名称"]])])
    >>> [str(fault) for fault in found.faults]
    ['工作表“企业”没有数据']
    """
    reading = _Reading(today)
    by_name = {plain(sheet.name): sheet for sheet in sheets if sheet.rows}
    for spec in SHEETS:
        sheet = by_name.pop(plain(spec.title), None)
        if sheet is not None:
            _read_sheet(spec, sheet, reading)
        if spec.is_required and not reading.raw.get(spec.part):
            words = "工作表“{sheet}”没有数据"
            reading.fault(spec, 1, FileError("register.no_rows", words, field=spec.title))
    _remark_sheets([sheet.name for sheet in by_name.values()], reading)
    for spec in SHEETS:
        _check_keys(spec, reading)
        _check_parents(spec, reading)
    _check_substances(reading)
    return _outcome(reading)


def _outcome(reading: _Reading) -> Outcome:
    ordered = [error for _, _, error in sorted(reading.faults, key=lambda f: f[:2])]
    register = None
    if not ordered:
        register = Register(**{part: tuple(held) for part, held in reading.values.items()})
    return Outcome(
        register,
        tuple(ordered[:MOST_FAULTS]),
        len(ordered),
        tuple(dict.fromkeys(reading.cautions)),
        {spec.title: len(reading.raw.get(spec.part, ())) for spec in SHEETS},
    )


def _remark_sheets(names: list[str], reading: _Reading) -> None:
    known = {plain("说明")}
    strange = [name for name in names if plain(name) not in known]
    if strange:
        told = "、".join(strange[:10])
        reading.cautions.append(Caution("register.unknown_sheet", f"没有读的工作表：{told}"))


def _read_sheet(spec: SheetSpec, sheet: SheetRows, reading: _Reading) -> None:
    columns = _columns(spec, sheet, reading)
    reading.raw[spec.part] = []
    reading.values[spec.part], reading.places[spec.part] = [], []
    for number, row in zip(sheet.numbers[1:], sheet.rows[1:], strict=True):
        cells = {c.name: row[i] if i < len(row) else None for i, c in columns.items()}
        if all(cell is None or not str(cell).strip() for cell in cells.values()):
            continue
        reading.raw[spec.part].append((number, cells))
        read = _row(spec, number, cells, reading)
        if read is not None:
            reading.values[spec.part].append(spec.value(**read))
            reading.places[spec.part].append(number)


def _columns(spec: SheetSpec, sheet: SheetRows, reading: _Reading) -> dict[int, ColumnSpec]:
    """Columns by their place; faults of the head for units, repetitions and what is missing."""
    first = sheet.numbers[0]
    known = {plain(column.title): column for column in spec.columns}
    found: dict[int, ColumnSpec] = {}
    strange = []
    for i, cell in enumerate(sheet.rows[0]):
        match = _HEAD.fullmatch(plain(cell))
        column = known.get(plain(cell)) or (known.get(match[1]) if match else None)
        if column is None:
            strange += [str(cell)] if plain(cell) else []
            continue
        if column in found.values():
            reading.fault(spec, first, _head("repeated_column", "列 {field} 出现两次", column))
            continue
        unit = match[2] if match and plain(cell) != plain(column.title) else None
        if unit is not None and unit != plain(column.unit):
            words = "列 {field} 的单位应为 {expected}，得到 {got}"
            fault = _head("wrong_unit", words, column, got=unit, hint="换算后再填")
            reading.fault(spec, first, fault)
        found[i] = column
    for column in spec.columns:
        if column.is_required and column not in found.values():
            reading.fault(spec, first, _head("no_column", "缺少列 {field}", column))
    if strange:
        told = "、".join(name[:40] for name in strange[:10])
        words = f"工作表“{spec.title}”没有读的列：{told}"
        reading.cautions.append(Caution("register.unknown_column", words))
    return found


def _head(
    code: str, words: str, column: ColumnSpec, got: str | None = None, hint: str | None = None
) -> InvalidError:
    return InvalidError(
        f"register.{code}", words, field=column.title, got=got, expected=column.unit, hint=hint
    )


def _row(
    spec: SheetSpec, number: int, cells: dict[str, Any], reading: _Reading
) -> dict[str, Any] | None:
    """Values of a row, None where one of them has a fault."""
    read: dict[str, Any] = {}
    good = True
    for column in spec.columns:
        if column.name not in cells:
            good = good and not column.is_required
            continue
        try:
            read[column.name] = cell_value(column, cells[column.name], reading.today)
        except InvalidError as fault:
            reading.fault(spec, number, fault)
            good = False
    swapped = _swapped(spec, cells)
    if swapped is not None:
        reading.fault(spec, number, swapped)
        return None
    return read if good else None


def _swapped(spec: SheetSpec, cells: dict[str, Any]) -> InvalidError | None:
    """A position whose longitude and latitude would be right the other way round."""
    lon, lat = cells.get("lon"), cells.get("lat")
    numbers = [v for v in (lon, lat) if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if len(numbers) < 2 or not (3 <= numbers[0] <= 54 and 73 <= numbers[1] <= 136):
        return None
    return InvalidError("register.swapped", "经度和纬度可能写反：{got}", field="经度", got=numbers)


def _key_of(cells: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    """A key as it stands, for comparison; numbers that are whole look like texts."""
    return tuple(plain(_whole(cells.get(name))) for name in names)


def _told(cells: Mapping[str, Any], names: Sequence[str]) -> str:
    """A key as people read it."""
    parts = (str(_whole(cells.get(name))).strip() for name in names if cells.get(name) is not None)
    return "、".join(part for part in parts if part)[:100]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check_keys(spec: SheetSpec, reading: _Reading) -> None:
    seen: dict[tuple[str, ...], int] = {}
    titles = {column.name: column.title for column in spec.columns}
    needed = [c.name for c in spec.columns if c.is_required and c.name in spec.key]
    for number, cells in reading.raw.get(spec.part, ()):
        key = _key_of(cells, spec.key)
        if not all(_key_of(cells, needed)):
            continue
        first = seen.setdefault(key, number)
        if first != number:
            told = _told(cells, spec.key)
            fault = InvalidError(
                "register.repeated",
                "与第 {first} 行重复：{told}",
                field=titles[spec.key[-1]] if len(spec.key) < 4 else titles["name"],
                got=told,
                params={"first": first, "told": told},
            )
            reading.fault(spec, number, fault)


def _check_parents(spec: SheetSpec, reading: _Reading) -> None:
    columns = {column.name: column for column in spec.columns}
    for part, names in spec.parents:
        of = next(s for s in SHEETS if s.part == part)
        there = reading.keys.setdefault(
            (part, names), {_key_of(cells, names) for _, cells in reading.raw.get(part, ())}
        )
        last = columns[names[-1]]
        for number, cells in reading.raw.get(spec.part, ()):
            key = _key_of(cells, names)
            if not all(key) or key in there:
                continue
            fault = InvalidError(
                "register.no_parent",
                "工作表“{of}”里没有 {told}",
                field=last.title,
                got=_told(cells, names[-1:]),
                params={"of": of.title, "told": _told(cells, names)},
            )
            if last.type is not CellType.CREDIT_CODE or _is_good_code(last, cells):
                reading.fault(spec, number, fault)


def _is_good_code(column: ColumnSpec, cells: Mapping[str, Any]) -> bool:
    """Whether the code is right in itself; a wrong one was told of already."""
    try:
        cell_value(column, cells.get(column.name))
    except InvalidError:
        return False
    return True


def _check_substances(reading: _Reading) -> None:
    spec = next(s for s in SHEETS if s.part == "holdings")
    cards = {card.cas for card in reading.values.get("cards", ())}
    held = reading.values.get("holdings", [])
    for number, found in zip(
        reading.places.get("holdings", ()), substance_faults(held, cards), strict=True
    ):
        if isinstance(found, Caution):
            words = f"物质第 {number} 行：{found.message}"
            reading.cautions.append(Caution(found.code, words))
        elif found is not None:
            reading.fault(spec, number, found)


def faults_of(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Faults as JSON, each with its sheet."""
    for fault in outcome.faults:
        yield {"sheet": fault.params.get("sheet"), **fault.as_dict()}
