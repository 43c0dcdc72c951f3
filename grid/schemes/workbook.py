"""A city's own workbook of classes, filing conditions and limits, read row by row.

What cannot be read is refused by row with its reason; what was mended or settled is noted. Traps
met in real workbooks: merged cells, blank cells that mean "as above", heads repeated after a page
break, a class begun again under such a head, codes as number and as text in one column, line
breaks in names, limits with verbs and seasons (`grid.schemes.limit_text`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gis.errors import CityError, FileError, InvalidError
from gis.layers import Title
from grid.classes import ClassKey
from grid.clock.limit import Season
from grid.origin import Confidence, Origin
from grid.schemes.book import SchemeBook, plain
from grid.schemes.limit_text import limits_in, typed_text
from grid.schemes.sheet import Head, Sheet, head_of, repeats_head
from grid.schemes.values import (
    AreaClass,
    ConditionLimit,
    FilingCondition,
    SchemeClass,
    SchemeInfo,
)

_DOMAINS = {"部件": "component", "事件": "event", "component": "component", "event": "event"}
_ALL_AREAS = re.compile(r"|全部|全市|全区|所有|所有区域|全部区域|不分区域")
_NAMED_AREAS = re.compile(
    r"[ABC一二三](类|级)?(区域|区)?([、,/+和及 ]*[ABC一二三](类|级)?(区域|区)?)*"
)
_AREA_WORDS = str.maketrans("一二三", "ABC")
_CARRIED = ("domain", "major_code", "major", "minor_code", "minor")


@dataclass(frozen=True)
class SchemeName:
    """What the importer of a workbook says about it.

    ``domain`` is that of rows for which neither a column nor the name of the sheet says it.
    """

    scheme: str
    version: str
    edition: str
    source: str
    domain: str = ""

    @property
    def origin(self) -> Origin:
        """Origin of its rows: the city's own table."""
        return Origin(self.source, Confidence.LOCAL)


@dataclass(frozen=True)
class RowNote:
    """Something noticed in a row that is no fault."""

    sheet: str
    row: int
    message: str

    def as_dict(self) -> dict[str, Any]:
        """The note as JSON."""
        return {"sheet": self.sheet, "row": self.row, "message": self.message}


@dataclass
class _Row:
    """One row on its way: its class, its trigger, its limits (None: refused, unread)."""

    sheet: str
    number: int
    key: ClassKey
    major: str
    major_name: str
    name: str
    condition: str
    trigger: str
    closing: str
    limits: tuple[ConditionLimit, ...] | None


@dataclass(frozen=True)
class WorkbookResult:
    """What a workbook holds: a book of schemes when nothing was refused, else None."""

    book: SchemeBook | None
    refused: tuple[CityError, ...]
    notes: tuple[RowNote, ...]
    rows_in: int


@dataclass
class _Reading:
    """What is gathered while sheets are read."""

    name: SchemeName
    seasons: Mapping[str, Season]
    rows: list[_Row] = field(default_factory=list)
    refused: list[CityError] = field(default_factory=list)
    notes: list[RowNote] = field(default_factory=list)
    rows_in: int = 0

    def note(self, sheet: str, row: int, message: str) -> None:
        self.notes.append(RowNote(sheet, row, message))

    def refuse(self, sheet: str, row: int, fault: CityError) -> None:
        fault.row = row
        fault.params.setdefault("sheet", sheet)
        self.refused.append(fault)


def read_workbook(
    sheets: Sequence[Sheet], name: SchemeName, seasons: Mapping[str, Season]
) -> WorkbookResult:
    """Classes, conditions and limits of a workbook's sheets.

    A sheet without a head that names classes and conditions is left out with a note, unless none
    has one. Rows that contradict each other are all refused.

    Raises
    ------
    FileError
        ``scheme.no_head`` when no sheet holds such a table.
    """
    reading = _Reading(name, seasons)
    without: list[FileError] = []
    for sheet in sheets:
        rows = sheet.filled()
        try:
            head = head_of(sheet, rows)
        except FileError as fault:
            without.append(fault)
            continue
        _read_sheet(sheet, rows, head, reading)
    if len(without) == len(sheets):
        raise without[0] if without else FileError("scheme.empty", "工作簿是空的", field="file")
    for missing in without:
        reading.note(str(missing.got), 0, "没有分类与立案条件的表头，未读")
    kept = _settled(reading)
    book = None if reading.refused else _book(kept, name)
    refused = tuple(sorted(reading.refused, key=lambda f: (f.params["sheet"], f.row or 0)))
    return WorkbookResult(book, refused, tuple(reading.notes), reading.rows_in)


def _read_sheet(sheet: Sheet, rows: Sequence[Sequence[Any]], head: Head, reading: _Reading) -> None:
    carried: dict[str, Any] = {}
    for at in range(head.first, len(rows)):
        row = rows[at]
        number = at + 1
        if repeats_head(head, row):
            reading.note(sheet.name, number, "表头重复（分页），已跳过")
            continue
        cells = {role: row[column] for role, column in head.columns.items()}
        if not any(typed_text(v) for v in cells.values()):
            continue
        reading.rows_in += 1
        _carry(cells, carried)
        try:
            reading.rows.append(_read_row(sheet, number, cells, reading))
        except CityError as fault:
            reading.refuse(sheet.name, number, fault)


def _carry(cells: dict[str, Any], carried: dict[str, Any]) -> None:
    """Fill blank class cells from the row above; a new code or name begins a new class."""
    given = {role: typed_text(cells.get(role)) for role in _CARRIED}

    def is_new(*roles: str) -> bool:
        return any(given[r] and given[r] != typed_text(carried.get(r)) for r in roles)

    new_major = is_new("major_code", "major")
    new_minor = new_major or is_new("minor_code", "minor")
    for role in _CARRIED:
        begins = new_minor if role.startswith("minor") else new_major and role != "domain"
        if given[role] or begins:
            carried[role] = cells.get(role)
        else:
            cells[role] = carried.get(role)


def _read_row(sheet: Sheet, number: int, cells: Mapping[str, Any], reading: _Reading) -> _Row:
    """One row of a table; a limit that cannot be read is refused, and what else it says is kept.

    Raises
    ------
    InvalidError
        For what it lacks or cannot be read.
    """
    domain = _domain(sheet, cells, reading.name.domain)
    major, code = codes_of(cells.get("major_code"), cells.get("minor_code"))
    name, trigger = plain(words(cells.get("minor"))), words(cells.get("trigger"))
    for role, value, title in (("minor", name, "小类名称"), ("trigger", trigger, "立案条件")):
        if not value:
            raise InvalidError("scheme.blank", "{what}是空的", field=role, params={"what": title})
    if name != str(cells.get("minor")).strip():
        reading.note(sheet.name, number, f"小类名称去掉了空格或换行：{name}")
    limits: tuple[ConditionLimit, ...] | None = None
    try:
        limits = tuple(_limits(sheet, number, cells, reading))
    except CityError as fault:
        reading.refuse(sheet.name, number, fault)
    return _Row(
        sheet=sheet.name,
        number=number,
        key=ClassKey(domain, reading.name.scheme, code),
        major=major,
        major_name=plain(words(cells.get("major"))),
        name=name,
        condition=typed_text(cells.get("condition")),
        trigger=trigger,
        closing=words(cells.get("closing")),
        limits=limits,
    )


def _domain(sheet: Sheet, cells: Mapping[str, Any], usual: str) -> str:
    """Component or event: by the row, else by the name of the sheet, else as the importer says.

    Raises
    ------
    InvalidError
        ``scheme.no_domain`` when neither says it.
    """
    said = typed_text(cells.get("domain"))
    for word, domain in _DOMAINS.items():
        if word in said.lower() or (not said and word in sheet.name.lower()):
            return domain
    if usual and not said:
        return usual
    raise InvalidError(
        "scheme.no_domain",
        "看不出是部件还是事件：{got}",
        field="domain",
        got=said or sheet.name,
        expected=["部件", "事件"],
        hint="加一列“类型”，或在工作表名里写明，或用 --domain 给出",
    )


def codes_of(major: Any, minor: Any) -> tuple[str, str]:
    """Major code and whole class code of two cells, numbers or texts.

    Raises
    ------
    InvalidError
        ``scheme.no_code``, ``scheme.bad_code``, ``scheme.codes_differ``.

    Examples
    --------
    >>> codes_of(1, "03"), codes_of("01", 103), codes_of(None, "0103"), codes_of(1.0, 3.0)
    (('01', '0103'), ('01', '0103'), ('01', '0103'), ('01', '0103'))
    """
    first, second = typed_text(major), typed_text(minor)
    if not second:
        raise InvalidError("scheme.no_code", "小类代码是空的", field="minor_code")
    digits = second.isascii() and second.isdigit() and (not first or first.isdigit())
    if not digits:
        if not second.isascii() or not second.replace("-", "").isalnum():
            raise _bad_code("minor_code", second)
        return first or second, second.upper()
    if len(first) > 2 or len(second) > 4:
        raise _bad_code("major_code" if len(first) > 2 else "minor_code", first + "/" + second)
    if len(second) <= 2:
        if not first:
            raise InvalidError("scheme.no_code", "大类代码是空的", field="major_code")
        return first.zfill(2), first.zfill(2) + second.zfill(2)
    whole = second.zfill(4)
    if first and whole[:2] != first.zfill(2):
        raise InvalidError(
            "scheme.codes_differ",
            "小类代码 {got} 不属于大类 {expected}",
            field="minor_code",
            got=second,
            expected=first.zfill(2),
        )
    return whole[:2], whole


def _bad_code(field_name: str, got: str) -> InvalidError:
    return InvalidError(
        "scheme.bad_code",
        "代码 {got} 不合编码规则",
        field=field_name,
        got=got[:40],
        expected="大类 2 位、小类 2 位，或合写 4 位",
    )


def words(value: Any) -> str:
    r"""A cell as text for people: line breaks gone, runs of white space made one space.

    Examples
    --------
    >>> words(" 公交站亭\n（牌） ")
    '公交站亭（牌）'
    """
    text = "" if value is None else str(value)
    return " ".join("".join(text.splitlines()).split())


def areas_of(cell: Any) -> tuple[AreaClass | None, ...]:
    """The areas that a row names in a column of its own; (None,) where it holds for all.

    Raises
    ------
    InvalidError
        ``scheme.unknown_area``.

    Examples
    --------
    >>> [area.value for area in areas_of("A、B类")], areas_of("全市"), areas_of(None)
    (['A', 'B'], (None,), (None,))
    """
    said = typed_text(cell).upper()
    if _ALL_AREAS.fullmatch(said):
        return (None,)
    if not _NAMED_AREAS.fullmatch(said):
        raise InvalidError(
            "scheme.unknown_area",
            "看不出适用哪一类区域：{got}",
            field="area",
            got=said[:40],
            expected=["A", "B", "C", "全部"],
        )
    return tuple(area for area in AreaClass if area.value in said.translate(_AREA_WORDS))


def _limits(
    sheet: Sheet, number: int, cells: Mapping[str, Any], reading: _Reading
) -> Iterator[ConditionLimit]:
    columns: list[tuple[AreaClass | None, str]] = [
        (area, "limit") for area in areas_of(cells.get("area"))
    ]
    columns += [(area, f"limit_{area.value}") for area in AreaClass]
    found = False
    for area, role in columns:
        if not typed_text(cells.get(role)):
            continue
        found = True
        for step in limits_in(cells[role], cells.get("unit"), reading.seasons):
            for message in step.notes:
                reading.note(sheet.name, number, message)
            yield ConditionLimit(area, step.limit, step.action)
    if not found:
        reading.note(sheet.name, number, "没有处置时限：按未知处理，不设到期时间")


def _settled(reading: _Reading) -> list[_Row]:
    """The rows without repetitions; those that contradict each other are refused."""
    names: dict[ClassKey, _Row] = {}
    majors: dict[tuple[str, str], _Row] = {}
    triggers: dict[tuple[ClassKey, str], _Row] = {}
    kept: list[_Row] = []
    for row in reading.rows:
        first = names.setdefault(row.key, row)
        if plain(first.name) != plain(row.name):
            _contradict(reading, row, first, "代码 {code} 有两个名称：{got} 与 {expected}", "minor")
            continue
        head = majors.setdefault((row.key.domain, row.major), row)
        if head.major_name and row.major_name and head.major_name != row.major_name:
            _contradict(
                reading, row, head, "大类 {code} 有两个名称：{got} 与 {expected}", "major_name"
            )
            continue
        if row.limits is None:
            continue
        same = triggers.setdefault((row.key, plain(row.trigger)), row)
        if same is row:
            kept.append(row)
        elif _adds_areas(same, row):
            same.limits = (*(same.limits or ()), *row.limits)
        elif _repeats(same, row):
            reading.note(row.sheet, row.number, f"与第 {same.number} 行相同，已合并")
        else:
            _contradict(
                reading, row, same, "{code} 同一立案条件时限不同：{got} 与 {expected}", "limits"
            )
    return kept


def _adds_areas(one: _Row, two: _Row) -> bool:
    """Whether the second row of a condition gives limits for areas that the first leaves open."""
    first, second = ({limit.area for limit in row.limits or ()} for row in (one, two))
    return bool(first and second) and None not in first | second and not first & second


def _repeats(one: _Row, two: _Row) -> bool:
    """Whether the second row of a condition says nothing else than the first."""
    first, second = one.limits or (), two.limits or ()
    if not second or None in {limit.area for limit in second}:
        return first == second
    return all(limit in first for limit in second)


def _contradict(reading: _Reading, row: _Row, other: _Row, message: str, what: str) -> None:
    """Refuse both rows, each naming the other."""
    shown = {"minor": _name, "major_name": _major, "limits": _told}[what]
    code = row.major if what == "major_name" else row.key.code
    for one, two in ((row, other), (other, row)):
        fault = InvalidError(
            "scheme.contradiction",
            message + "（第 {other} 行）",
            field="minor" if what == "minor" else what,
            got=shown(one),
            expected=shown(two),
            params={"code": code, "other": two.number, "sheet": one.sheet},
        )
        reading.refuse(one.sheet, one.number, fault)


def _name(row: _Row) -> str:
    return row.name


def _major(row: _Row) -> str:
    return row.major_name


def _told(row: _Row) -> str:
    parts = [
        f"{step.area.value + ' ' if step.area else ''}{step.limit.told}"
        for step in row.limits or ()
    ]
    return "；".join(parts) or "无"


def _book(rows: Sequence[_Row], name: SchemeName) -> SchemeBook:
    domains = sorted({row.key.domain for row in rows})
    infos = [
        SchemeInfo(
            domain=domain,
            scheme=name.scheme,
            version=name.version,
            edition=name.edition,
            title=Title(name.scheme, name.scheme),
            code_pattern=r"[0-9A-Z][0-9A-Z-]{0,15}",
            origin=name.origin,
        )
        for domain in domains
    ]
    classes: dict[ClassKey, SchemeClass] = {}
    for row in rows:
        top = ClassKey(row.key.domain, name.scheme, row.major)
        title = row.major_name or row.major
        if top != row.key:
            classes.setdefault(
                top, SchemeClass(top, "major", row.major, Title(title, title), name.origin)
            )
        classes.setdefault(
            row.key,
            SchemeClass(row.key, "minor", row.major, Title(row.name, row.name), name.origin),
        )
    return SchemeBook(infos, classes.values(), _conditions(rows, name))


def _conditions(rows: Sequence[_Row], name: SchemeName) -> Iterator[FilingCondition]:
    numbers: dict[ClassKey, int] = {}
    for row in rows:
        numbers[row.key] = number = numbers.get(row.key, 0) + 1
        made = f"{name.scheme}/{row.key.domain[0].upper()}{row.key.code}-{number}"
        yield FilingCondition(
            id=row.condition or made,
            keys=(row.key,),
            trigger=Title(row.trigger, row.trigger),
            closing=Title(row.closing, row.closing),
            limits=row.limits or (),
            origin=name.origin,
        )
