"""Which row of the standard a line of an inventory means, and which beta belongs to it.

Nothing is guessed: a CAS number with several rows needs a form that fits one of them; a category
symbol is set by a person from the GHS classification and never derived.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from gis.errors import InvalidError
from hazards.gb18218.inventory import Line
from hazards.gb18218.tables import CAS, CriticalRow, Tables, shipped_tables
from hazards.models import Caution


@dataclass(frozen=True)
class Resolved:
    """A line with its row; ``beta`` is None when only a person can say the category."""

    line: Line
    row: CriticalRow
    beta: Fraction | None
    cautions: tuple[Caution, ...] = ()


def resolve(line: Line, tables: Tables) -> Resolved:
    """The row and the beta of a line.

    Raises
    ------
    InvalidError
        When the line means no row, or several: ``gb18218.ambiguous`` names them all.
    """
    if line.cas is not None:
        _check_cas(line)
    for symbol in line.symbols:
        if symbol not in tables.beta_of_symbol:
            raise _fault(
                line, "unknown_symbol", "表 4 没有类别符号 {got}", "symbol", symbol,
                list(tables.beta_of_symbol),
            )  # fmt: skip
    row, cautions = _row_of(line, tables)
    beta, more = _beta(line, row, tables)
    return Resolved(line, row, beta, (*cautions, *more))


def check_line(line: Line) -> None:
    """Refuse a line that means no row of the shipped tables, or several.

    Raises
    ------
    InvalidError
        As `resolve`.
    """
    resolve(line, shipped_tables())


def is_cas(text: str) -> bool:
    """Whether a text is a CAS number whose check digit is right.

    The digit is the sum of the others, each times its place from the right, modulo 10.

    Examples
    --------
    >>> is_cas("7664-41-7"), is_cas("7664-41-8")
    (True, False)
    """
    if CAS.fullmatch(text) is None or not text.isascii():
        return False
    *digits, check = (int(c) for c in text if c != "-")
    return sum(n * d for n, d in enumerate(reversed(digits), start=1)) % 10 == check


def _check_cas(line: Line) -> None:
    if not is_cas(line.cas or ""):
        raise _fault(line, "bad_cas", "CAS 号 {got} 的格式或校验位不对", "cas", line.cas)


def _row_of(line: Line, tables: Tables) -> tuple[CriticalRow, tuple[Caution, ...]]:
    if line.row is not None:
        return _named_row(line, tables), ()
    found = tables.rows_of_cas(line.cas) if line.cas else ()
    if not found:
        return _by_class(line, tables)
    if line.form is not None:
        fitting = tuple(row for row in found if _plain(line.form) in _plain(row.name))
        if len(fitting) != 1:
            raise _ambiguous(line, fitting or found)
        return fitting[0], ()
    if len(found) > 1:
        raise _ambiguous(line, found)
    (row,) = found
    if row.has_condition:
        return row, (_caution(line, "form_assumed", f"按“{row.name}”计；该行只适用于此形态"),)
    return row, ()


def _named_row(line: Line, tables: Tables) -> CriticalRow:
    row = tables.rows.get(line.row or "")
    if row is None:
        raise _fault(line, "unknown_row", "没有第 {got} 行", "row", line.row, "1–85，J1–W11")
    if line.cas is not None and row.cas and line.cas not in row.cas:
        raise _fault(
            line, "row_and_cas", "CAS 号 {got} 不是该行的物质", "cas", line.cas, list(row.cas)
        )
    if row.table == 2 and line.symbols and row.key not in line.symbols:
        raise _fault(
            line, "row_and_symbol", "行与类别符号不一致", "symbol", list(line.symbols), row.key
        )
    return row


def _by_class(line: Line, tables: Tables) -> tuple[CriticalRow, tuple[Caution, ...]]:
    """Not named in table 1: of its hazard classes the one with the lowest critical amount."""
    if not line.symbols:
        raise _fault(
            line, "not_listed", "表 1 没有 CAS 号 {got}，须给出类别符号（表 2）", "symbol", line.cas
        )
    rows = [tables.rows[symbol] for symbol in line.symbols]
    return min(rows, key=lambda r: (r.critical_t, -tables.beta_of_symbol[r.key])), ()


def _beta(
    line: Line, row: CriticalRow, tables: Tables
) -> tuple[Fraction | None, tuple[Caution, ...]]:
    """Table 3 for the gases it names, otherwise table 4 by symbol."""
    given = (line.cas,) if line.cas else ()
    named = {cas for cas in (*given, *row.cas) if cas in tables.beta_of_cas}
    if named:
        return max(tables.beta_of_cas[c] for c in named), ()
    if row.table == 2:
        return tables.beta_of_symbol[row.key], ()
    if not line.symbols:
        words = f"“{row.name}”不在表 3 中，须由人给出类别符号（symbol），才能计算 R"
        return None, (_caution(line, "symbol_missing", words),)
    betas = {tables.beta_of_symbol[symbol] for symbol in line.symbols}
    if len(betas) == 1:
        return betas.pop(), ()
    return max(betas), (_caution(line, "several_betas", "几个类别的 β 不同，取最大者"),)


def _plain(text: str) -> str:
    """Full-width and half-width signs alike, without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _caution(line: Line, code: str, words: str) -> Caution:
    return Caution(f"gb18218.{code}", f"第 {line.number} 项：{words}")


def _ambiguous(line: Line, rows: tuple[CriticalRow, ...]) -> InvalidError:
    return InvalidError(
        "gb18218.ambiguous",
        "第 {row} 项：CAS 号 {got} 要指明是哪一行：{rows}",
        field="cas",
        got=line.cas,
        row=line.number,
        expected=[
            {"row": row.told, "name": row.name, "Q_t": float(row.critical_t)} for row in rows
        ],
        params={
            "row": line.number,
            "rows": "；".join(f"{r.key} {r.name}（{float(r.critical_t):g} t）" for r in rows),
        },
        hint="给出 row，或给出只符合一行的 form",
    )


def _fault(
    line: Line, code: str, words: str, field: str, got: object, expected: object = None
) -> InvalidError:
    return InvalidError(
        f"gb18218.{code}",
        "第 {row} 项：" + words,
        field=field,
        got=got if isinstance(got, list) else str(got)[:60],
        expected=expected,
        row=line.number,
        params={"row": line.number},
    )
