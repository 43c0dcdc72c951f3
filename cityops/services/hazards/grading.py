"""The grading of a unit as interfaces answer it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hazards.gb18218.grade import ASSUMPTIONS, SOURCE, Grading, Term, grade_unit
from hazards.gb18218.inventory import Inventory


def graded(inventory: Inventory) -> dict[str, Any]:
    """S, R and grade of one unit in the fixed form.

    Raises
    ------
    InvalidError
        The fault of a line, or ``inventory.invalid`` with every one of several.
    """
    return grading_json(grade_unit(inventory), inventory.people_500m)


def grading_json(found: Grading, people_500m: int | None) -> dict[str, Any]:
    """A grading as JSON; numbers are the nearest doubles of exact fractions."""
    return {
        "S": float(found.s),
        "major": found.is_major,
        "R": _number(found.r),
        "alpha": _number(found.alpha),
        "grade": found.grade,
        "people_500m": people_500m,
        "terms": [_term(term) for term in found.terms],
        "edition": found.edition,
        "model": "gb18218",
        "source": SOURCE,
        "assumptions": list(ASSUMPTIONS),
        "warnings": [caution.as_dict() for caution in found.cautions],
    }


def _term(term: Term) -> dict[str, Any]:
    return {
        "row": term.row.told,
        "name": term.name,
        "cas": term.cas,
        "q_t": float(term.quantity_t),
        "Q_t": float(term.row.critical_t),
        "beta": _number(term.beta),
        "q_over_Q": float(term.share),
        "source": term.row.source,
        "confidence": term.row.confidence.value,
    }


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
