"""The tables of GB 18218 as data: critical amounts, correction factors, grades.

A CAS number is no key here: ammonium nitrate has rows of 5 and of 50 t, nitrocellulose has six
rows. Rows of table 1 are called by their printed number, rows of table 2 by their symbol.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import TypeVar

from gis.errors import InvalidError
from hazards.models import Confidence

V = TypeVar("V")
CAS = re.compile(r"\d{2,7}-\d{2}-\d")
#: Words of a name that bind a row to a form of the substance.
_CONDITION = re.compile(r"[<>≤≥]|无水|未改型")


@dataclass(frozen=True)
class CriticalRow:
    """A row of table 1 (named chemicals) or 2 (hazard classes).

    Attributes
    ----------
    key
        Printed number in table 1 (``"12"``), symbol in table 2 (``"W5.3"``).
    name
        Chemical with its form, or class and category.
    cas
        CAS numbers that the row names; none for several.
    critical_t
        Critical amount Q, tonnes.
    """

    key: str
    table: int
    name: str
    aliases: tuple[str, ...]
    cas: tuple[str, ...]
    critical_t: Fraction
    source: str
    confidence: Confidence

    @property
    def told(self) -> int | str:
        """The key as interfaces give it: a number in table 1, a symbol in table 2."""
        return int(self.key) if self.table == 1 else self.key

    @property
    def has_condition(self) -> bool:
        """Whether the row holds for a form of the substance only, such as above a content."""
        return self.table == 1 and _CONDITION.search(self.name) is not None


@dataclass(frozen=True)
class Band:
    """From a number on, and below another (None without end): a value."""

    low: Fraction
    below: Fraction | None
    value: Fraction

    def holds(self, number: Fraction) -> bool:
        """Whether the number lies in the band."""
        return self.low <= number and (self.below is None or number < self.below)


@dataclass(frozen=True)
class Tables:
    """One edition of the standard's tables.

    Attributes
    ----------
    rows
        Tables 1 and 2 by key.
    beta_of_cas, beta_of_symbol
        Tables 3 and 4.
    alphas, grades
        Tables 5 (people) and 6 (R).
    """

    edition: str
    rows: Mapping[str, CriticalRow]
    beta_of_cas: Mapping[str, Fraction]
    beta_of_symbol: Mapping[str, Fraction]
    alphas: tuple[Band, ...]
    grades: tuple[Band, ...]

    def rows_of_cas(self, cas: str) -> tuple[CriticalRow, ...]:
        """Rows of table 1 that name a CAS number."""
        return tuple(row for row in self.rows.values() if cas in row.cas)


@cache
def shipped_tables() -> Tables:
    """The tables of the 2018 edition that come with the program.

    Examples
    --------
    >>> tables = shipped_tables()
    >>> [(row.key, int(row.critical_t)) for row in tables.rows_of_cas("6484-52-2")]
    [('43', 5), ('44', 50)]
    """
    folder = files("hazards") / "data"
    names = ("critical_amounts", "beta", "alpha", "grades")
    return read_tables(*((folder / f"gb18218_{n}.csv").read_text(encoding="utf-8") for n in names))


def read_tables(critical: str, betas: str, alphas: str, grades: str) -> Tables:
    """Tables out of the text of four CSV files with the columns of the shipped ones.

    Raises
    ------
    InvalidError
        ``gb18218.bad_table`` when a column or a number is missing, a key stands twice or the
        editions differ.
    """
    try:
        texts = [list(csv.DictReader(StringIO(t))) for t in (critical, betas, alphas, grades)]
        return _tables(*texts)
    except (KeyError, ValueError, TypeError, ZeroDivisionError) as fault:
        if isinstance(fault, InvalidError):
            raise
        raise InvalidError(
            "gb18218.bad_table", "GB 18218 数据表读不出：{got}", got=str(fault)[:200]
        ) from fault


Rows = list[dict[str, str]]


def _tables(critical: Rows, betas: Rows, alphas: Rows, grades: Rows) -> Tables:
    editions = {row["standard_version"] for row in (*critical, *betas, *alphas, *grades)}
    if len(editions) != 1:
        raise InvalidError(
            "gb18218.bad_table", "GB 18218 数据表的版本应当一致：{got}", got=sorted(editions)
        )
    return Tables(
        edition=editions.pop(),
        rows=_unique((row.key, row) for row in map(_critical_row, critical)),
        beta_of_cas=_unique((r["cas"], Fraction(r["beta"])) for r in betas if r["table"] == "3"),
        beta_of_symbol=_unique(
            (r["symbol"], Fraction(r["beta"])) for r in betas if r["table"] == "4"
        ),
        alphas=tuple(
            Band(Fraction(r["least_people"]), _end(r["most_people"], 1), Fraction(r["alpha"]))
            for r in alphas
        ),
        grades=tuple(
            Band(Fraction(r["r_from"] or 0), _end(r["r_below"], 0), Fraction(r["grade"]))
            for r in grades
        ),
    )


def _unique(pairs: Iterable[tuple[str, V]]) -> dict[str, V]:
    found: dict[str, V] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidError("gb18218.bad_table", "GB 18218 数据表中重复：{got}", got=key)
        found[key] = value
    return found


def _end(text: str, more: int) -> Fraction | None:
    return Fraction(text) + more if text else None


def _critical_row(row: dict[str, str]) -> CriticalRow:
    table = int(row["table"])
    category = f"{row['category']}（{row['description']}）"
    critical = Fraction(row["q_threshold_t"])
    if critical <= 0:
        raise ValueError(row["q_threshold_t"])
    return CriticalRow(
        key=row["row"],
        table=table,
        name=row["name_zh"] if table == 1 else category,
        aliases=tuple(part for part in row["alias_zh"].split(";") if part),
        cas=tuple(CAS.findall(row["cas"])),
        critical_t=critical,
        source=row["source"],
        confidence=Confidence(row["confidence"]),
    )
