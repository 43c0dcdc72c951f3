"""What an enterprise filed and is licensed for, held against what the register says it holds.

Nothing is found where either side is unknown. A quantity is compared row by row with the licence of
that row; a unit with the grade that GB 18218 gives it. That a grade was filed graver than it is
counts as no fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from gis.errors import CityError
from gis.layers import Title
from hazards.registers.substances import grading_of
from hazards.registers.values import NOT_FILED, Holding, Register, Unit


class FindingKind(StrEnum):
    """What does not fit."""

    NOT_FILED = "not_filed"
    FILED_TOO_LOW = "filed_too_low"
    OVER_LICENCE = "over_licence"


FINDING_TITLES = {
    FindingKind.NOT_FILED: Title("重大危险源未备案", "Major hazard source not filed"),
    FindingKind.FILED_TOO_LOW: Title("备案级别偏低", "Filed with too low a grade"),
    FindingKind.OVER_LICENCE: Title("设计最大量超过许可量", "Quantity above the licence"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit.

    Attributes
    ----------
    holding
        The substance that is held above its licence; None for what concerns the unit.
    found, stated
        Grade by GB 18218 and as filed (None: not filed, or not to be told); tonnes held and licensed.
    """

    kind: FindingKind
    credit_code: str
    unit_no: str
    holding: Holding | None
    found: float | None
    stated: float | None


def findings_of(register: Register) -> tuple[Finding, ...]:
    """Everything that does not fit, unit by unit in the order of the file.

    Examples
    --------
    >>> unit = Unit("91110000802100433B", "1", "罐区", "storage", 0)
    >>> held = Holding("91110000802100433B", "1", "氨", 8.0, cas="7664-41-7", licensed_t=5.0)
    >>> [(f.kind.value, f.found, f.stated) for f in findings_of(Register(units=(unit,), holdings=(held,)))]
    [('over_licence', 8.0, 5.0)]
    """
    return tuple(found for unit in register.units for found in _of_unit(register, unit))


def _of_unit(register: Register, unit: Unit) -> Iterator[Finding]:
    key = (unit.credit_code, unit.unit_no)
    grading = None if unit.filed_grade is None else grading_of(register, unit)
    if grading is not None and not isinstance(grading, CityError) and grading.is_major:
        if unit.filed_grade == NOT_FILED:
            yield Finding(FindingKind.NOT_FILED, *key, None, grading.grade, None)
        elif grading.grade is not None and int(unit.filed_grade or 0) > grading.grade:
            filed = int(unit.filed_grade or 0)
            yield Finding(FindingKind.FILED_TOO_LOW, *key, None, grading.grade, filed)
    for held in register.held_in(unit):
        if held.licensed_t is not None and held.design_max_t > held.licensed_t:
            yield Finding(FindingKind.OVER_LICENCE, *key, held, held.design_max_t, held.licensed_t)
