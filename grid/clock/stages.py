"""Limits of the stages that are not disposal: acceptance, verification, filing, dispatch, closing.

The national standard, as far as it is known here, sets none of them; they are settings of a city.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from grid.clock.clock import ClockKind
from grid.clock.limit import Limit, limit_of
from grid.origin import Origin
from grid.shipped import origin_of, shipped_rows


class Urgency(StrEnum):
    """What a hotline order is about; Tianjin's receipt limits depend on it."""

    LIFE_SAFETY = "life_safety"
    UTILITIES = "utilities"
    GENERAL = "general"


@dataclass(frozen=True)
class StageLimit:
    """The limit of a stage, and the calendar by which it runs."""

    stage: ClockKind
    urgency: Urgency | None
    limit: Limit
    calendar: str
    origin: Origin


class StageLimits:
    """The stage limits of a city.

    Examples
    --------
    >>> shipped_stage_limits().of(ClockKind.ACCEPT, Urgency.UTILITIES).limit.told
    '0.5 紧急工作时'
    """

    def __init__(self, rows: Sequence[StageLimit]) -> None:
        self.rows = tuple(rows)
        self._by_key: Mapping[tuple[ClockKind, Urgency | None], StageLimit] = {
            (row.stage, row.urgency): row for row in rows
        }

    def of(self, stage: ClockKind, urgency: Urgency | None = None) -> StageLimit | None:
        """The limit of a stage; that of the urgency goes before the general one; None is unknown."""
        return self._by_key.get((stage, urgency)) or self._by_key.get((stage, None))


def stage_limits_of(rows: Sequence[dict[str, str]]) -> StageLimits:
    """Stage limits of a table with stage, urgency, amount, unit, calendar, source, confidence.

    Raises
    ------
    InvalidError
        When an amount or unit is none.
    """
    return StageLimits(
        [
            StageLimit(
                stage=ClockKind(row["stage"]),
                urgency=Urgency(row["urgency"]) if row["urgency"] else None,
                limit=limit_of(row["amount"], row["unit"]),
                calendar=row["calendar"],
                origin=origin_of(row),
            )
            for row in rows
        ]
    )


@cache
def shipped_stage_limits() -> StageLimits:
    """The stage limits that ship."""
    return stage_limits_of(shipped_rows("stage_limits.csv"))
