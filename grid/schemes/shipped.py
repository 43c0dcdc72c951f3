"""The schemes that ship: national classes as far as they are known, sample schemes of a port and a village."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from gis.layers import Title
from grid.classes import ClassKey
from grid.clock.limit import Season, limit_of
from grid.clock.shipped import shipped_seasons
from grid.schemes.book import SchemeBook
from grid.schemes.values import (
    AreaClass,
    ConditionLimit,
    FilingCondition,
    SchemeClass,
    SchemeInfo,
)
from grid.shipped import day_of, origin_of, shipped_rows

Row = dict[str, str]


@cache
def shipped_schemes() -> SchemeBook:
    """All schemes that ship.

    Examples
    --------
    >>> shipped_schemes().info("event", "CJ/T 214-2007").edition
    'CJ/T 214-2007'
    """
    classes: list[Row] = []
    for domain in ("component", "event"):
        rows = shipped_rows(f"{domain}_classes.csv")
        classes += [row | {"domain": domain} for row in rows]
    classes += shipped_rows("sample_classes.csv")
    return book_of(
        shipped_rows("class_schemes.csv"),
        classes,
        shipped_rows("filing_conditions.csv"),
        shipped_seasons(),
    )


def book_of(
    schemes: Sequence[Row],
    classes: Sequence[Row],
    conditions: Sequence[Row],
    seasons: Mapping[str, Season],
) -> SchemeBook:
    """A book of the three tables; a condition has one row per limit.

    Raises
    ------
    InvalidError
        ``scheme.invalid``, or when a limit cannot be read.
    """
    grouped: dict[str, list[Row]] = {}
    for row in conditions:
        grouped.setdefault(row["id"], []).append(row)
    return SchemeBook(
        [_info(row) for row in schemes],
        [_class(row) for row in classes],
        [_condition(rows, seasons) for rows in grouped.values()],
    )


def _info(row: Row) -> SchemeInfo:
    return SchemeInfo(
        domain=row["domain"],
        scheme=row["scheme"],
        version=row["version"],
        edition=row["edition"],
        title=Title(row["title_zh"], row["title_en"]),
        code_pattern=row["code_pattern"],
        origin=origin_of(row),
        valid_from=day_of(row["valid_from"]),
        valid_to=day_of(row["valid_to"]),
    )


def _class(row: Row) -> SchemeClass:
    return SchemeClass(
        key=ClassKey(row["domain"], row["scheme"], row["code"]),
        level=row["level"],
        major=row["major"],
        title=Title(row["name_zh"], row["name_en"]),
        origin=origin_of(row),
        valid_from=day_of(row.get("valid_from", "")),
        valid_to=day_of(row.get("valid_to", "")),
    )


def _condition(rows: Sequence[Row], seasons: Mapping[str, Season]) -> FilingCondition:
    head = rows[0]
    return FilingCondition(
        id=head["id"],
        keys=tuple(
            ClassKey(head["domain"], head["scheme"], code) for code in head["class_codes"].split()
        ),
        trigger=Title(head["trigger_zh"], head["trigger_en"]),
        closing=Title(head["closing_zh"], head["closing_en"]),
        limits=tuple(
            ConditionLimit(
                area=AreaClass(row["area"]) if row["area"] else None,
                limit=limit_of(row["amount"], row["unit"], seasons.get(row["season"])),
                action=row["action"],
            )
            for row in rows
            if row["amount"]
        ),
        origin=origin_of(head),
        same_period=head["same_period"] == "yes",
        valid_from=day_of(head["valid_from"]),
        valid_to=day_of(head["valid_to"]),
    )
