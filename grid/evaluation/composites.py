"""Scores made of figures with weights; weights, bands and grades are data and are checked.

A component without a value leaves the score without one: nobody is scored on zero of zero.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from gis.errors import CityError, InvalidError, NotFoundError
from grid.evaluation.evaluate import Figure
from grid.evaluation.figures import COUNT_OF, RATE_OF
from grid.origin import Origin
from grid.shipped import origin_of, shipped_rows

_TERM = re.compile(r"(?:(\d+(?:\.\d+)?)\*)?([a-z_]+)")
#: Sums of exact decimals are compared exactly.
ONE = Fraction(1)


@dataclass(frozen=True)
class Bands:
    """Scores by the size of a count: (at least, score), rising in the first."""

    name: str
    steps: tuple[tuple[int, float], ...]

    def score(self, count: float) -> float:
        """Score of a count.

        Examples
        --------
        >>> shipped_composites().bands["department_filed"].score(101)
        75.0
        """
        return next(score for least, score in reversed(self.steps) if count >= least)

    @property
    def falls(self) -> bool:
        """Whether a greater count never scores higher."""
        scores = [score for _, score in self.steps]
        return all(a >= b for a, b in itertools.pairwise(scores))


@dataclass(frozen=True)
class Component:
    """One part of a score.

    Attributes
    ----------
    terms
        (factor, figure); usually one with factor 1.
    form
        share: the figure itself; complement: one less it; bands:NAME a score by its size.
    """

    name: str
    terms: tuple[tuple[Fraction, str], ...]
    form: str
    weight: Fraction
    origin: Origin


@dataclass(frozen=True)
class Composite:
    """A score of 0 to 100 for a kind of subject."""

    name: str
    subject: str
    components: tuple[Component, ...]


@dataclass(frozen=True)
class Grade:
    """A grade from a score on."""

    grade: str
    at_least: float
    colour: str


@dataclass(frozen=True)
class Score:
    """A score with its parts; None where a part has no value, and which."""

    value: float | None
    grade: str | None
    parts: Mapping[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        """The score as JSON."""
        return {"value": self.value, "grade": self.grade, "parts": dict(self.parts)}


class Composites:
    """All scores of a city.

    Raises
    ------
    InvalidError
        ``evaluation.bad_weights`` with every fault: weights that do not sum to 1 or are negative,
        a figure or a band that is not there, one figure twice in a score.
    """

    def __init__(
        self, composites: Sequence[Composite], bands: Sequence[Bands], grades: Sequence[Grade]
    ) -> None:
        self.composites = {c.name: c for c in composites}
        self.bands = {b.name: b for b in bands}
        self.grades = tuple(sorted(grades, key=lambda g: -g.at_least))
        faults = [f for c in composites for f in _faults(c, self.bands)]
        if faults:
            raise InvalidError(
                "evaluation.bad_weights",
                "综合指标有 {count} 处不对：{first}",
                params={"count": len(faults), "first": str(faults[0])},
                errors=faults,
            )

    def of(self, name: str) -> Composite:
        """The composite of that name.

        Raises
        ------
        NotFoundError
            ``evaluation.unknown_composite``.
        """
        found = self.composites.get(name)
        if found is None:
            raise NotFoundError(
                "evaluation.unknown_composite",
                "没有综合指标 {got}",
                field="composite",
                got=name,
                expected=sorted(self.composites),
            )
        return found

    def for_subject(self, subject: str) -> list[Composite]:
        """Composites for a kind of subject, in the order of the table."""
        return [c for c in self.composites.values() if c.subject == subject]

    def score(self, composite: Composite, figures: Mapping[str, Figure]) -> Score:
        """The score of a subject with these figures.

        Raises
        ------
        NotFoundError
            ``evaluation.unknown_figure`` when a figure is missing.
        """
        parts = {c.name: self._part(c, figures) for c in composite.components}
        if any(value is None for value in parts.values()):
            return Score(None, None, parts)
        total = sum(float(c.weight) * (parts[c.name] or 0.0) for c in composite.components)
        return Score(round(total, 10), self.grade_of(total), parts)

    def _part(self, component: Component, figures: Mapping[str, Figure]) -> float | None:
        values = []
        for factor, name in component.terms:
            if name not in figures:
                raise NotFoundError("evaluation.unknown_figure", "没有指标 {got}", got=name)
            value = figures[name].value
            if value is None:
                return None
            values.append(float(factor) * value)
        total = sum(values)
        if component.form.startswith("bands:"):
            return self.bands[component.form.removeprefix("bands:")].score(total)
        # More misses than filed cases are possible; a score stays between 0 and 100.
        kept = 1.0 - total if component.form == "complement" else total
        return 100.0 * min(1.0, max(0.0, kept))

    def grade_of(self, score: float) -> str | None:
        """Grade of a score."""
        return next((g.grade for g in self.grades if score >= g.at_least), None)


def _faults(composite: Composite, bands: Mapping[str, Bands]) -> list[CityError]:
    out: list[CityError] = []
    total = sum((c.weight for c in composite.components), Fraction(0))
    if total != ONE:
        out.append(
            InvalidError(
                "evaluation.weights",
                "“{composite}”的权重合计 {got}，应为 1",
                field="weight",
                got=float(total),
                expected=1.0,
                params={"composite": composite.name},
            )
        )
    seen: set[str] = set()
    for component in composite.components:
        name = component.form.removeprefix("bands:")
        if component.weight < 0:
            out.append(_fault("evaluation.negative", "权重不能为负：{got}", component.name))
        if component.form.startswith("bands:") and name not in bands:
            out.append(_fault("evaluation.unknown_bands", "没有分档 {got}", name))
        if not component.form.startswith("bands:") and name not in ("share", "complement"):
            out.append(_fault("evaluation.unknown_form", "不认识计分方式 {got}", name))
        if not component.terms:
            message = "“{got}”没有指标"
            out.append(_fault("evaluation.no_figure", message, component.name))
        for _, figure in component.terms:
            if figure not in COUNT_OF and figure not in RATE_OF:
                out.append(_fault("evaluation.unknown_figure", "没有指标 {got}", figure))
            if figure in seen:
                out.append(_fault("evaluation.twice", "指标 {got} 用了两次", figure))
            seen.add(figure)
    return out


def _fault(code: str, message: str, got: str) -> InvalidError:
    return InvalidError(code, message, field="component", got=got)


def composites_of(
    rows: Sequence[dict[str, str]],
    band_rows: Sequence[dict[str, str]],
    grade_rows: Sequence[dict[str, str]],
) -> Composites:
    """Scores of tables of components, bands and grades.

    Raises
    ------
    InvalidError
        ``evaluation.bad_weights``.
    """
    grouped: dict[tuple[str, str], list[Component]] = {}
    for row in rows:
        component = Component(
            name=row["component"],
            terms=_terms(row["figure"]),
            form=row["form"],
            weight=Fraction(row["weight"]),
            origin=origin_of(row),
        )
        grouped.setdefault((row["composite"], row["subject"]), []).append(component)
    steps: dict[str, list[tuple[int, float]]] = {}
    for row in band_rows:
        steps.setdefault(row["bands"], []).append((int(row["at_least"]), float(row["score"])))
    return Composites(
        [Composite(name, subject, tuple(c)) for (name, subject), c in grouped.items()],
        [Bands(name, tuple(sorted(some))) for name, some in steps.items()],
        [Grade(r["grade"], float(r["at_least"]), r["colour"]) for r in grade_rows],
    )


def _terms(text: str) -> tuple[tuple[Fraction, str], ...]:
    return tuple(
        (Fraction(found[1]) if found[1] else ONE, found[2])
        for term in text.split("+")
        if (found := _TERM.fullmatch(term.strip())) is not None
    )


@cache
def shipped_composites() -> Composites:
    """The scores that ship.

    Examples
    --------
    >>> [c.name for c in shipped_composites().for_subject("department")]
    ['department', 'department_yuncheng']
    """
    return composites_of(
        shipped_rows("composites.csv"), shipped_rows("score_bands.csv"), shipped_rows("grades.csv")
    )
