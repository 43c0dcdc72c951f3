"""Figures by department, street or post: one pass over columns, and the list behind each figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.errors import NotFoundError
from grid.evaluation.facts import BoolArray, CaseFacts, FloatArray, IntArray
from grid.evaluation.figures import COUNT_OF, RATE_OF, Count
from grid.flow.states import Post

TOTAL = "total"


@dataclass(frozen=True)
class Figure:
    """A figure of one subject; ``value`` is None for zero of zero and where nothing is recorded.

    Of a count ``numerator`` is the count itself and ``denominator`` None. A count of which
    nothing is recorded is None wherever it stands, and ``why`` says so.
    """

    value: float | None
    numerator: float | None
    denominator: float | None
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The figure as JSON; whole numbers as such, ``why`` only where there is a reason."""
        told: dict[str, Any] = {
            "value": _plain(self.value),
            "numerator": _plain(self.numerator),
            "denominator": _plain(self.denominator),
        }
        return told | ({"why": self.why} if self.why else {})


def _plain(value: float | None) -> float | int | None:
    return int(value) if value is not None and float(value).is_integer() else value


@dataclass(frozen=True)
class Row:
    """All figures of one subject: a department, a street, a person in a post, or everything."""

    key: str
    figures: Mapping[str, Figure]


def evaluated(facts: CaseFacts, by: str, post: Post | None = None) -> list[Row]:
    """Figures of every subject, and of all together under ``total``, by key.

    Parameters
    ----------
    by
        Name of a column of keys, such as department or street; for a post, anything.
    post
        The post whose people are the subjects; each count then has its own column of people.

    Raises
    ------
    NotFoundError
        ``evaluation.unknown_key`` when there is no such column.

    Cases without a key are in the total only. The total of a post counts every case once, whoever
    it belongs to.
    """
    columns = {c.name: _column(facts, by, c, post) for c in COUNT_OF.values()}
    names = sorted({k for name in set(columns.values()) for k in _keys(facts, name)} - {""})
    at = {name: _positions(facts.keys[name], names) for name in set(columns.values())}
    counts = {c.name: _summed(facts, c, at[columns[c.name]], len(names)) for c in COUNT_OF.values()}
    for count in COUNT_OF.values():
        unknown = _unknown(
            facts, count, at[columns[count.name]], len(names), by_post=post is not None
        )
        counts[count.name][unknown] = np.nan
    return [Row(key, _figures(counts, i)) for i, key in enumerate([*names, TOTAL])]


def _column(facts: CaseFacts, by: str, count: Count, post: Post | None) -> str:
    name = by if post is None else count.person_of(post)
    if name not in facts.keys:
        raise NotFoundError(
            "evaluation.unknown_key",
            "不能按 {got} 评价",
            field="by",
            got=name,
            expected=sorted(facts.keys),
        )
    return name


def _keys(facts: CaseFacts, name: str) -> set[str]:
    return set(facts.keys[name].tolist())


def _positions(keys: npt.NDArray[np.object_], names: Sequence[str]) -> IntArray:
    """(n,) position of each key among `names`, their number for none."""
    of = {name: i for i, name in enumerate(names)}
    return np.array([of.get(k, len(names)) for k in keys.tolist()], np.int64)


def _summed(facts: CaseFacts, count: Count, at: IntArray, size: int) -> FloatArray:
    """(size + 1,) the count of each key, and of all cases, last."""
    values = weights_of(facts, count)
    sums = np.bincount(at, weights=values, minlength=size + 1)[:size]
    return np.append(sums, values.sum())


def _unknown(
    facts: CaseFacts, count: Count, at: IntArray, size: int, *, by_post: bool
) -> BoolArray:
    """(size + 1,) for which subjects, and for the total, last, nothing is recorded of a count.

    What was not recorded has no person either: of a post it is unknown for all, or for nobody.
    """
    if not _is_unrecorded(facts, count):
        return np.zeros(size + 1, bool)
    might = count.might(facts)
    if by_post:
        return np.full(size + 1, bool(might.any()))
    found: BoolArray = np.bincount(at, weights=might, minlength=size + 1)[:size] > 0
    return np.append(found, might.any())


def _is_unrecorded(facts: CaseFacts, count: Count) -> bool:
    """Whether a count is one that has to be recorded, and of no case it is."""
    return count.recorded is not None and not facts.has(count.recorded).any()


def why_unknown(facts: CaseFacts, count: Count, by: str, key: str, post: Post | None = None) -> str:
    """Why a count of a subject has no value, '' where it has one; parameters as of `cases_behind`."""
    if not _is_unrecorded(facts, count):
        return ""
    might = count.might(facts)
    if post is None and key != TOTAL:
        might &= facts.keys[_column(facts, by, count, post)] == key
    return count.why_unknown if might.any() else ""


def weights_of(facts: CaseFacts, count: Count) -> FloatArray:
    """(n,) what each row adds to a count."""
    mask = count.cases(facts)
    if count.times is None:
        return np.where(mask, facts.weight, 0).astype(np.float64)
    times = count.times(facts)
    # Overtime is summed over its group already; how often is the same for each case of it.
    whole = times if count.name == "overtime" else times * facts.weight
    return np.where(mask, whole, 0.0)


def _figures(counts: Mapping[str, FloatArray], at: int) -> dict[str, Figure]:
    out = {name: _number(COUNT_OF[name], float(values[at])) for name, values in counts.items()}
    for rate in RATE_OF.values():
        above, below = out[rate.numerator], out[rate.denominator]
        out[rate.name] = _share_of(above, below)
    return out


def _number(count: Count, value: float) -> Figure:
    if np.isnan(value):
        return Figure(None, None, None, count.why_unknown)
    return Figure(value, value, None)


def _share_of(above: Figure, below: Figure) -> Figure:
    if above.value is None or below.value is None:
        return Figure(None, above.value, below.value, above.why or below.why)
    return share(above.value, below.value)


def share(above: float, below: float) -> Figure:
    """The figure of a rate; no value where the denominator is zero."""
    return Figure(above / below if below else None, above, below)


def cases_behind(
    facts: CaseFacts,
    name: str,
    by: str,
    key: str,
    post: Post | None = None,
    part: str = "numerator",
) -> BoolArray:
    """(n,) which cases are behind a figure of a subject.

    Parameters
    ----------
    name
        A count or a rate.
    key
        The subject, or ``total``.
    part
        Of a rate, ``numerator`` or ``denominator``.

    Raises
    ------
    NotFoundError
        ``evaluation.unknown_figure``, ``evaluation.unknown_key``.

    Counts of acts (reworks, extensions, returns) have the cases behind them on which the acts fell.
    """
    rate = RATE_OF.get(name)
    if rate is not None:
        name = rate.numerator if part == "numerator" else rate.denominator
    count = COUNT_OF.get(name)
    if count is None:
        raise NotFoundError(
            "evaluation.unknown_figure",
            "没有指标 {got}",
            field="figure",
            got=name,
            expected=sorted({*COUNT_OF, *RATE_OF}),
        )
    mask = count.cases(facts)
    if key == TOTAL:
        return mask
    found: BoolArray = mask & (facts.keys[_column(facts, by, count, post)] == key)
    return found
