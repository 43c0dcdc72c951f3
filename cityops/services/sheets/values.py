"""What is asked of a sheet, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import shapely

from cityops.services.sheets.papers import Arrangement, Paper
from cityops.services.sheets.plane import MapPlane

#: Longest title, in characters.
MAX_TITLE = 60


@dataclass(frozen=True)
class SheetRequest:
    """A sheet that somebody wants.

    Attributes
    ----------
    layer
        The layer whose features are summed up and drawn in colour.
    polygon
        In degrees, EPSG:4490.
    equal
        Field -> values, of which a feature has one; None or '' is unknown.
    scale
        Scale number; None for the largest that fits.
    title
        Heading; None for the one that layer and city give.
    with_list
        Whether the features follow as a table on further pages.
    """

    layer: str
    polygon: Any
    equal: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    paper: Paper = Paper.A4
    landscape: bool = True
    scale: int | None = None
    title: str | None = None
    with_list: bool = False


@dataclass(frozen=True)
class SheetPlan:
    """How a sheet will lie: what the page shows before it is printed.

    Attributes
    ----------
    scales
        All scale numbers at which the polygon fits on this paper.
    outline
        The map's rectangle in degrees.
    """

    plane: MapPlane
    arrangement: Arrangement
    scales: tuple[int, ...]
    outline: shapely.Polygon


@dataclass(frozen=True)
class PrintedSheet:
    """A sheet as PDF, a name for its file, and how it lies."""

    pdf: bytes
    filename: str
    plan: SheetPlan


class Printer(Protocol):
    """Makes PDF of data; texts in them are texts, whatever they look like."""

    def pdf(
        self, template: str, data: Mapping[str, Any], made_at: datetime, *, tagged: bool = True
    ) -> bytes:
        """A document by the template called `template`; `tagged` for readers for the blind.

        Raises
        ------
        UnavailableError
            When the document cannot be made.
        """
