"""What a planner asks of the pipes within a polygon: how much of each kind, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cityops.services.layers import LayerService
from cityops.services.roles import Person
from cityops.services.selections import ClassSum, Selection

#: Layers whose features carry depth, quality and accuracy under the names below.
PIPES = "pipes"
DEPTH = ("depth_start_m", "depth_end_m")
QUALITY = "quality_level"
ACCURACY = "sigma_xy_m"
STATUS = "status"


@dataclass(frozen=True)
class Trust:
    """How far the selected pipes may be trusted. What the person may not see is None or empty.

    Attributes
    ----------
    quality
        Sums by quality level, from A to D, unknown last.
    no_depth
        Pipes whose depth is unknown at one end at least.
    no_accuracy
        Pipes without a standard error in plan.
    not_in_use
        Sums by status of those that are known not to be in use, such as abandoned ones.
    """

    quality: tuple[ClassSum, ...] = ()
    no_depth: ClassSum | None = None
    no_accuracy: ClassSum | None = None
    not_in_use: tuple[ClassSum, ...] = ()


class PipeSums:
    """Sums over pipes.

    Parameters
    ----------
    layers
        The layers of this process.
    """

    def __init__(self, layers: LayerService) -> None:
        self._layers = layers

    def within(
        self, person: Person, polygon: Any, equal: Mapping[str, Sequence[Any]] | None = None
    ) -> tuple[Selection, Trust]:
        """The pipes that a polygon in degrees selects under filters, and the trust in them.

        Raises
        ------
        ForbiddenError
            When the person may not see pipes.
        GeometryError
            When the polygon is no valid one or too large.
        InvalidError
            For a field that may not be seen or a value of another type.
        """
        chosen = self._layers.select(person, PIPES, polygon, equal=equal)
        return chosen, trust_of(chosen)


def trust_of(chosen: Selection) -> Trust:
    """The trust in what is selected; empty for a layer without such fields."""
    fields = chosen.seen.permission.fields
    return Trust(
        quality=chosen.sums_by(QUALITY) if QUALITY in fields else (),
        no_depth=chosen.unknown(*DEPTH) if set(DEPTH) <= set(fields) else None,
        no_accuracy=chosen.unknown(ACCURACY) if ACCURACY in fields else None,
        not_in_use=_not_in_use(chosen) if STATUS in fields else (),
    )


def _not_in_use(chosen: Selection) -> tuple[ClassSum, ...]:
    return tuple(item for item in chosen.sums_by(STATUS) if item.code not in (None, "in_use"))
