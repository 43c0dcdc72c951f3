"""Refusals of several parts of one request, told together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gis.errors import CityError, InvalidError

T = TypeVar("T")
#: So many single faults are told.
_MOST_FAULTS = 1000


class Refusals:
    """What the parts of a request refused so far."""

    def __init__(self) -> None:
        self.given: list[CityError] = []

    def tried(self, act: Callable[[], T]) -> T | None:
        """What `act` gives; None and its refusal noted when it refuses."""
        try:
            return act()
        except CityError as refusal:
            self.given.append(refusal)
            return None

    def raise_all(self, code: str) -> None:
        """Refuse with the one refusal as it was, or with one that holds the faults of all.

        Raises
        ------
        CityError
            When anything was refused.
        """
        if len(self.given) == 1:
            raise self.given[0]
        if self.given:
            faults = [one for refusal in self.given for one in (refusal.errors or (refusal,))]
            raise InvalidError(
                code,
                "有 {count} 处不对：{first}",
                field=self.given[0].field,
                params={"count": len(faults), "first": str(self.given[0])},
                errors=faults[:_MOST_FAULTS],
            )
