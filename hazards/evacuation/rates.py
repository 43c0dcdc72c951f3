"""How fast people move and how many pass, as ranges that say where they come from."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from io import StringIO

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError
from hazards.models import Confidence

FloatArray = npt.NDArray[np.float64]
USER = "使用者自定"


class Mode(StrEnum):
    """How people go."""

    FOOT = "foot"
    VEHICLE = "vehicle"


#: Classes of roads that a mode does not use; roads of an unknown class are used.
CLOSED_TO: dict[Mode, frozenset[str]] = {
    Mode.FOOT: frozenset({"motorway", "trunk", "rail"}),
    Mode.VEHICLE: frozenset({"pedestrian", "footway", "cycleway", "rail"}),
}


@dataclass(frozen=True)
class Span:
    """A quantity between two values, with its source.

    Raises
    ------
    InvalidError
        ``evacuation.bad_range`` when the values are not positive, or not in order.
    """

    low: float
    high: float
    unit: str
    source: str
    confidence: Confidence

    def __post_init__(self) -> None:
        good = math.isfinite(self.low) and math.isfinite(self.high)
        if not (good and 0 < self.low <= self.high):
            raise InvalidError(
                "evacuation.bad_range",
                "范围应为两个正数，先小后大（{unit}），得到 {given}",
                got=[v if math.isfinite(v) else None for v in (self.low, self.high)],
                params={"unit": self.unit, "given": f"{self.low:g}, {self.high:g}"},
            )


def given_span(values: tuple[float, float] | None, unit: str) -> Span | None:
    """A range that the user gives, marked as such; None stays None.

    Raises
    ------
    InvalidError
        As `Span`.

    Examples
    --------
    >>> given_span((1.0, 1.5), "m/s").confidence.value
    'given by the user'
    """
    if values is None:
        return None
    return Span(float(values[0]), float(values[1]), unit, USER, Confidence.GIVEN)


@cache
def walking() -> dict[str, Span]:
    """Shipped ranges for walking: ``speed`` in m/s, ``flow`` in persons per second and metre.

    Examples
    --------
    >>> walking()["speed"].low, walking()["speed"].high
    (0.67, 1.2)
    """
    text = (files("hazards") / "data" / "evacuation_rates.csv").read_text(encoding="utf-8")
    return {
        row["quantity"]: Span(
            float(row["low"]),
            float(row["high"]),
            row["unit"],
            row["source"],
            Confidence(row["confidence"]),
        )
        for row in csv.DictReader(StringIO(text))
        if row["mode"] == Mode.FOOT.value
    }


@dataclass(frozen=True)
class Rates:
    """What a plan takes for granted about movement.

    Attributes
    ----------
    speed
        m/s, of roads that do not state their own.
    flow
        On foot persons per second and metre of width, by vehicle persons per second and lane;
        None: unknown, and so is the capacity of roads that do not state theirs.
    width
        Metres (on foot) or lanes (by vehicle) of roads that do not state it; None: unknown.
    access_speed
        m/s between a building and the road.
    departure
        Seconds until the last have left; None: everybody leaves at once.
    """

    mode: Mode
    speed: Span
    flow: Span | None
    width: Span | None
    access_speed: Span
    departure: Span | None = None

    @property
    def obeys_one_way(self) -> bool:
        """Whether one-way roads are used in their direction only: not on foot."""
        return self.mode is Mode.VEHICLE


def foot_rates(
    speed: Span | None = None,
    flow: Span | None = None,
    width: Span | None = None,
    departure: Span | None = None,
) -> Rates:
    """Rates for walking: what is not given is taken from the shipped table, the width unknown.

    Examples
    --------
    >>> foot_rates().flow.high
    1.3
    """
    shipped = walking()
    own = speed or shipped["speed"]
    return Rates(Mode.FOOT, own, flow or shipped["flow"], width, own, departure)


def vehicle_rates(
    speed: Span | None,
    flow: Span | None = None,
    lanes: Span | None = None,
    departure: Span | None = None,
) -> Rates:
    """Rates for vehicles; no speed and no flow is shipped, for none was found in a text.

    Raises
    ------
    InvalidError
        ``evacuation.no_speed`` without a speed.

    Examples
    --------
    >>> vehicle_rates(given_span((4.0, 8.0), "m/s")).obeys_one_way
    True
    """
    if speed is None:
        raise InvalidError(
            "evacuation.no_speed",
            "乘车疏散须给出车速范围",
            field="speed",
            hint="例如 --speed-kmh 15 30；它会标明为使用者自定",
        )
    return Rates(Mode.VEHICLE, speed, flow, lanes, walking()["speed"], departure)
