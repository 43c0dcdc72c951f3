"""What is said of every effect model: formula, edition, source, range, assumptions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gis.layers import Title


class ModelKind(StrEnum):
    """What a model computes; the value names it in interfaces."""

    BLAST = "blast"
    DISPERSION = "dispersion"
    FIRE = "fire"


class Confidence(StrEnum):
    """How sure a figure is: the words of the tables."""

    READ = "verified in a text read"
    KNOWN = "own knowledge"
    UNCERTAIN = "uncertain"
    GIVEN = "given by the user"

    @property
    def words(self) -> Title:
        """The confidence in words for people."""
        return _CONFIDENCE[self]


_CONFIDENCE = {
    Confidence.READ: Title("已与文本核对", "verified in a text"),
    Confidence.KNOWN: Title("凭专业知识，未与原文核对", "own knowledge, not verified"),
    Confidence.UNCERTAIN: Title("不确定，使用前须核对", "uncertain, verify before use"),
    Confidence.GIVEN: Title("使用者自定", "given by the user"),
}


class Beyond(StrEnum):
    """What a model does outside one of its ranges."""

    REFUSED = "refused"
    WARNED = "warned"


@dataclass(frozen=True)
class Range:
    """Where a model holds in one quantity, both ends included."""

    quantity: Title
    unit: str
    low: float
    high: float
    beyond: Beyond
    source: str
    confidence: Confidence

    def holds(self, value: float) -> bool:
        """Whether a finite value lies in the range."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Caution:
    """What to bear in mind about a result: a code to quote, and words for people."""

    code: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """The caution as JSON."""
        return {"code": self.code, "message": self.message}


@dataclass(frozen=True)
class HazardModel:
    """One effect model.

    Attributes
    ----------
    name
        As interfaces and commands call it.
    edition
        Of the formula; kept with every run.
    formula
        As text, with its units.
    source
        Where the formula was published.
    ranges
        Where it holds, and what happens beyond.
    assumptions
        What it takes for granted, in sentences.
    """

    name: str
    edition: str
    kind: ModelKind
    title: Title
    formula: str
    source: str
    confidence: Confidence
    ranges: tuple[Range, ...]
    assumptions: tuple[Title, ...]
