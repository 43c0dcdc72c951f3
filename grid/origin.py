"""Where a fact was read and how sure it is; every row of every table carries both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Confidence(StrEnum):
    """How sure a row of a table is, from the surest to the least sure."""

    VERIFIED = "verified"
    LOCAL_VERIFIED = "local-verified"
    VERIFIED_SECONDARY = "verified-secondary"
    LOCAL = "local"
    INFERRED = "inferred"
    UNCERTAIN = "uncertain"
    SAMPLE = "sample"


_ORDER = tuple(Confidence)


@dataclass(frozen=True)
class Origin:
    """Source of a row and how sure it is.

    ``source`` names the text it was read in; a city's own table is its own source.

    Examples
    --------
    >>> Origin("城市自编表", Confidence.LOCAL).as_dict()
    {'source': '城市自编表', 'confidence': 'local'}
    """

    source: str
    confidence: Confidence

    def as_dict(self) -> dict[str, str]:
        """The two as JSON."""
        return {"source": self.source, "confidence": self.confidence.value}


def weakest(origins: Iterable[Origin]) -> Confidence | None:
    """The least sure of several rows, None for none: a result is as sure as its weakest row.

    Examples
    --------
    >>> weakest([Origin("a", Confidence.LOCAL), Origin("b", Confidence.UNCERTAIN)]).value
    'uncertain'
    """
    found = [_ORDER.index(origin.confidence) for origin in origins]
    return _ORDER[max(found)] if found else None
