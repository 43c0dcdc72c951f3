"""What every service that prints sheets of paper works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cityops.services.layers import LayerService
from cityops.services.ports import Store
from cityops.services.sheets.values import Printer
from grid.clock.calendar import CITY_ZONE


@dataclass(frozen=True)
class Press:
    """The printing part of one deployment.

    Attributes
    ----------
    printer
        Makes the PDF.
    now
        The clock; gives aware times.
    map_review_no
        Review number of the maps; while it is empty every sheet says that it is not public.
    """

    store: Store
    layers: LayerService
    printer: Printer
    now: Callable[[], datetime]
    map_review_no: str = ""

    def time(self) -> datetime:
        """The time that a sheet printed now has on it: that of the city."""
        return self.now().astimezone(CITY_ZONE)
