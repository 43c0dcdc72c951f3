"""The six answers of a check, and findings in columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from underground.axes import FloatArray, IntArray, ObjectArray


class Answer(StrEnum):
    """What a check says; nearly all limits are "should, with measures allowed"."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    REDUCIBLE = "fail_but_reducible_with_measures"
    NO_RULE = "no_rule"
    INSUFFICIENT = "insufficient_data"
    WITHIN_ERROR = "within_survey_error"


class Check(StrEnum):
    """What was checked."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    STACKING = "stacking"
    ORDER = "order"
    COVER = "cover"
    FOUNDATION = "foundation"


ANSWERS = tuple(Answer)
CHECKS = tuple(Check)
#: What an audit lists; passes and pairs without a rule are counted only.
LISTED = frozenset({Answer.FAIL, Answer.REDUCIBLE, Answer.INSUFFICIENT, Answer.WITHIN_ERROR})


@dataclass(frozen=True)
class Findings:
    """n findings.

    Attributes
    ----------
    check, answer
        (n,) positions in `CHECKS` and `ANSWERS`.
    a, b
        (n,) rows of the pipes; b is -1 where one pipe is concerned, and the number of pipes plus
        the row of a structure where one stands beside it.
    gap_m, required_m, sigma_m
        (n,) metres; NaN where unknown or none.
    rule
        (n,) position of the row in the set of rules, -1 where none.
    missing
        (n,) what would have to be known, joined by commas; None where nothing.
    place
        (n, 2) metres in the plane of the pipes.
    along_a
        (n,) metres in plan along pipe a.
    by_points_m
        (n,) cover of the same stretch below ground that is straight between surveyed points, where a
        model of the ground decides; NaN elsewhere.
    """

    check: IntArray
    answer: IntArray
    a: IntArray
    b: IntArray
    gap_m: FloatArray
    required_m: FloatArray
    sigma_m: FloatArray
    rule: IntArray
    missing: ObjectArray
    place: FloatArray
    along_a: FloatArray
    by_points_m: FloatArray

    def __len__(self) -> int:
        return len(self.check)

    def take(self, rows: npt.ArrayLike) -> Findings:
        """Findings at positions `rows`."""
        at = np.asarray(rows)
        return Findings(**{f.name: getattr(self, f.name)[at] for f in fields(self)})


def no_findings() -> Findings:
    """None."""
    none, real = np.empty(0, np.int64), np.empty(0)
    return Findings(
        none, none, none, none, real, real, real, none, np.empty(0, object), np.empty((0, 2)),
        real, real,
    )  # fmt: skip


def joined_findings(parts: list[Findings]) -> Findings:
    """Findings one after another."""
    if not parts:
        return no_findings()
    return Findings(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Findings)}
    )


def sorted_findings(findings: Findings) -> Findings:
    """Findings by pipe, other pipe, check: the same order for any tiling."""
    order = np.lexsort((findings.along_a, findings.check, findings.b, findings.a))
    return findings.take(order)


def counts_of(check: Check, answers: IntArray) -> dict[tuple[str, str], int]:
    """How many checks had each answer."""
    found, many = np.unique(answers, return_counts=True)
    return {
        (check.value, ANSWERS[i].value): int(n)
        for i, n in zip(found.tolist(), many.tolist(), strict=True)
    }


def judged(
    gap: FloatArray,
    required: FloatArray,
    sigma: FloatArray,
    reducible: npt.NDArray[np.bool_],
    floor: FloatArray,
    times_sigma: float,
) -> IntArray:
    """Answers to gaps that a rule limits.

    Within `times_sigma` standard errors of the limit nothing is said; an unknown error counts
    as none there, and stays unknown in the finding. A gap below 0, or below what measures may
    bring the limit down to, is no matter of measures.

    Examples
    --------
    >>> gap = np.array([0.5, 0.14, 0.05, -0.3, np.nan])
    >>> one = np.ones(5, bool)
    >>> found = judged(gap, np.full(5, 0.15), np.full(5, 0.02), one, np.full(5, np.nan), 2.0)
    >>> [ANSWERS[i].value for i in found]
    ['pass', 'within_survey_error', 'fail_but_reducible_with_measures', 'fail', 'insufficient_data']
    """
    least = np.where(np.isnan(floor), 0.0, floor)
    hard = ~reducible | (gap < least)
    out = np.where(hard, ANSWERS.index(Answer.FAIL), ANSWERS.index(Answer.REDUCIBLE))
    out = np.where(gap >= required, ANSWERS.index(Answer.PASS), out)
    unsure = np.abs(gap - required) < times_sigma * np.nan_to_num(sigma)
    out = np.where(unsure, ANSWERS.index(Answer.WITHIN_ERROR), out)
    return np.where(np.isnan(gap), ANSWERS.index(Answer.INSUFFICIENT), out).astype(np.int64)
