"""What lies around a source, read once from the layers within a person's permission.

Everything is in metres of a local frame at the source and answers for several radii at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cityops.services.layers import Reading, Seen
from cityops.services.places import Place, box_around
from cityops.services.roles import Person
from gis.features import IntArray, ObjectArray
from gis.frame import LocalFrame
from gis.ragged import Ragged
from grid.layers import DISTRICTS
from hazards.disc import areas_within, lengths_within
from hazards.exposure import Footprints, footprint_shares, point_shares
from hazards.people import counted_with

FloatArray = npt.NDArray[np.float64]
TIMES = ("day", "night")
#: Metres of one degree, a little too many, so that a reach is never too short.
_DEGREE_M = 111_700.0


@dataclass(frozen=True)
class People:
    """Carriers of people: buildings, and places that no building counts.

    Attributes
    ----------
    footprints
        (b,) of the buildings.
    places_m
        (p,) metres of the places from the source.
    amounts
        By time of day the people of the b buildings, NaN where unknown.
    extra
        By time of day the people of the p places that are counted for themselves; NaN where
        unknown, 0 where a building counts them.
    alone
        By time of day which of the p places are counted for themselves.
    """

    footprints: Footprints
    places_m: FloatArray
    amounts: dict[str, FloatArray]
    extra: dict[str, FloatArray]
    alone: dict[str, npt.NDArray[np.bool_]]

    def shares(self, radii_m: Sequence[float]) -> FloatArray:
        """(k, b + p) share of each carrier within each disc."""
        parts = [footprint_shares(self.footprints, radii_m), point_shares(self.places_m, radii_m)]
        return np.concatenate(parts, axis=1)

    def carried(self, time: str) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """(b + p,) people of each carrier at a time of day, and which carriers count then."""
        amounts = np.concatenate([self.amounts[time], self.extra[time]])
        counts = np.concatenate([np.ones(len(self.footprints), bool), self.alone[time]])
        return amounts, counts


@dataclass(frozen=True)
class Points:
    """Points of a layer: their rows in the view, and metres from the source."""

    seen: Seen
    rows: IntArray
    metres: FloatArray

    def column(self, name: str) -> ObjectArray:
        """(n,) values of a field; all unknown when the person may not see it."""
        return visible_column(self.seen, name, self.rows)


@dataclass(frozen=True)
class Roads:
    """Roads as lines in metres around the source."""

    seen: Seen
    rows: IntArray
    lines: Ragged

    def lengths(self, radii_m: Sequence[float]) -> FloatArray:
        """(k, n) metres of each row within each disc."""
        return lengths_within(self.lines, radii_m)


class Surroundings:
    """Layers around a source as one person sees them.

    Parameters
    ----------
    reach_m
        How far around the source is read.
    """

    def __init__(self, now: Reading, person: Person, place: Place, reach_m: float) -> None:
        self._now = now
        self._person = person
        self._frame = LocalFrame(place.lon, place.lat)
        self._box = box_around(place, reach_m)
        self.used: dict[str, Seen] = {}

    def seen(self, layer: str) -> Seen | None:
        """The layer, noted as used; None when it is not the person's to see, or nobody ever
        entered anything: nothing on file at all does not mean that nothing is there.
        """
        if layer not in self.used:
            found = self._now.seen_if_allowed(self._person, layer)
            if found is None or not len(found.view):
                return None
            self.used[layer] = found
        return self.used[layer]

    def points(self, layer: str) -> Points | None:
        """Points of a layer near the source; None when the person may not see it."""
        seen = self.seen(layer)
        if seen is None:
            return None
        rows = seen.rows_in(self._box)
        return Points(seen, rows, np.hypot(*self._positions(seen, rows).T))

    def roads(self) -> Roads | None:
        """Roads near the source; None when the person may not see them."""
        seen = self.seen("roads")
        if seen is None:
            return None
        rows = seen.rows_in(self._box)
        return Roads(seen, rows, self._flat(seen, rows))

    def district_share(self, radius_m: float) -> float | None:
        """Share of a disc around the source that lies in the city's districts, whoever asks.

        Districts share borders and do not overlap. None where there is no such layer.
        """
        if DISTRICTS.name not in self._now.registry:
            return None
        view = self._now.view(DISTRICTS)
        rows = view.window(self._box)
        shapes = view.shapes(rows)
        flat = replace(shapes, xy=self._frame.project(shapes.xy))
        return float(areas_within(flat, [radius_m]).sum() / (np.pi * radius_m**2))

    def people(self) -> People | None:
        """Buildings and sensitive places with their people; None without either layer."""
        buildings, places = self.seen("buildings"), self.points("sensitive_places")
        if buildings is None:
            return None
        rows = buildings.rows_in(self._box)
        amounts = {t: numbers(visible_column(buildings, f"people_{t}", rows)) for t in TIMES}
        alone = self._alone(places, buildings)
        return People(
            footprints=self._footprints(buildings, rows),
            places_m=np.empty(0) if places is None else places.metres,
            amounts=amounts,
            extra={t: _of_places(places, t) for t in TIMES},
            alone=alone,
        )

    def _alone(self, places: Points | None, buildings: Seen) -> dict[str, npt.NDArray[np.bool_]]:
        """By time of day, which places no building counts."""
        if places is None:
            return {t: np.empty(0, bool) for t in TIMES}
        out = {t: np.ones(len(places.rows), bool) for t in TIMES}
        kinds = places.column("kind")
        at = places.seen.view.boxes(places.rows)[:, :2]
        for i, (x, y) in enumerate(at.tolist()):
            for t, known in self._counted_in(buildings, x, y, kinds[i]).items():
                out[t][i] = not known
        return out

    def _counted_in(self, buildings: Seen, x: float, y: float, kind: str | None) -> dict[str, bool]:
        view = buildings.view
        rows = view.filter(view.covering(x, y), buildings.permission)
        uses = visible_column(buildings, "use", rows)
        own = rows[np.array([counted_with(kind, use) for use in uses], bool)]
        return {
            t: bool((~np.isnan(numbers(visible_column(buildings, f"people_{t}", own)))).any())
            for t in TIMES
        }

    def _positions(self, seen: Seen, rows: IntArray) -> FloatArray:
        """(n, 2) metres of the middles of boxes; of points, of themselves."""
        boxes = seen.view.boxes(rows)
        return self._frame.project((boxes[:, :2] + boxes[:, 2:]) / 2)

    def _footprints(self, seen: Seen, rows: IntArray) -> Footprints:
        boxes = seen.view.boxes(rows)
        nearest_equator = np.abs(boxes[:, [1, 3]]).min(axis=1)
        width = (boxes[:, 2] - boxes[:, 0]) * np.cos(np.radians(nearest_equator)) * _DEGREE_M
        height = (boxes[:, 3] - boxes[:, 1]) * _DEGREE_M
        return Footprints(
            centres_m=self._positions(seen, rows),
            reaches_m=np.hypot(width, height) / 2,
            shapes_of=lambda some: self._flat(seen, rows[some]),
        )

    def _flat(self, seen: Seen, rows: IntArray) -> Ragged:
        shapes = seen.view.shapes(rows)
        return replace(shapes, xy=self._frame.project(shapes.xy))


def visible_column(seen: Seen, name: str, rows: IntArray) -> ObjectArray:
    """(n,) values of a field; None for all rows when the person may not see it."""
    if name not in seen.permission.fields:
        return np.full(len(rows), None, dtype=object)
    return seen.view.column(name, rows)


def numbers(column: ObjectArray) -> FloatArray:
    """A column of numbers, NaN where unknown."""
    return np.array([np.nan if v is None else v for v in column.tolist()], np.float64)


def _of_places(places: Points | None, time: str) -> FloatArray:
    return np.empty(0) if places is None else numbers(places.column(f"people_{time}"))


def plain(value: Any) -> Any:
    """A numpy number as Python's own, NaN as None."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and value != value else value
