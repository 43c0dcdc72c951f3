"""What lies around a source, read once from the layers within a person's permission.

Everything is in metres of a local frame at the source and answers for several radii at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from cityops.services.layers import Reading, Seen
from cityops.services.places import Place, box_around
from cityops.services.roles import Person
from gis.features import IntArray, ObjectArray
from gis.frame import LocalFrame
from gis.ragged import Ragged
from grid.cells import CoverageLookup
from grid.codes import COMMUNITY_DIGITS, STREET_DIGITS
from grid.layers import CELLS, DISTRICTS
from hazards.exposure import Footprints
from hazards.extents import Extents
from hazards.hours import TIMES
from hazards.people import counted_with

FloatArray = npt.NDArray[np.float64]
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
        (p, 2) metres of the places from the source.
    amounts
        By time of day the people of the b buildings, NaN where unknown.
    extra
        By time of day the people of the p places that are counted for themselves; NaN where
        unknown, 0 where a building counts them.
    alone
        By time of day which of the p places are counted for themselves.
    areas
        Street, community and cell of each carrier.
    """

    footprints: Footprints
    places_m: FloatArray
    amounts: dict[str, FloatArray]
    extra: dict[str, FloatArray]
    alone: dict[str, npt.NDArray[np.bool_]]
    areas: tuple[Groups, ...]

    def shares(self, extents: Extents) -> FloatArray:
        """(k, b + p) share of each carrier within each zone."""
        parts = [extents.shares(self.footprints), extents.holds(self.places_m)]
        return np.concatenate(parts, axis=1)

    def carried(self, time: str) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """(b + p,) people of each carrier at a time of day, and which carriers count then."""
        amounts = np.concatenate([self.amounts[time], self.extra[time]])
        counts = np.concatenate([np.ones(len(self.footprints), bool), self.alone[time]])
        return amounts, counts


@dataclass(frozen=True)
class Points:
    """Points of a layer: their rows in the view, and (n, 2) metres from the source."""

    seen: Seen
    rows: IntArray
    at_m: FloatArray

    @property
    def metres(self) -> FloatArray:
        """(n,) distance from the source."""
        found: FloatArray = np.hypot(*self.at_m.T)
        return found

    def column(self, name: str) -> ObjectArray:
        """(n,) values of a field; all unknown when the person may not see it."""
        return visible_column(self.seen, name, self.rows)


@dataclass(frozen=True)
class Lines:
    """Lines of a layer in metres around the source."""

    seen: Seen
    rows: IntArray
    lines: Ragged

    def column(self, name: str) -> ObjectArray:
        """(n,) values of a field; all unknown when the person may not see it."""
        return visible_column(self.seen, name, self.rows)


@dataclass(frozen=True)
class Groups:
    """Areas of one level: their codes, and the number of each carrier's, -1 for none."""

    level: str
    codes: tuple[str, ...]
    numbers: IntArray


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
        return Points(seen, rows, self._positions(seen, rows))

    def lines(self, layer: str) -> Lines | None:
        """Lines of a layer near the source; None when the person may not see them."""
        seen = self.seen(layer)
        if seen is None:
            return None
        rows = seen.rows_in(self._box)
        return Lines(seen, rows, self._flat(seen, rows))

    def district_share(self, extents: Extents) -> float | None:
        """Share of the largest zone that lies in the city's districts, whoever asks.

        Districts share borders and do not overlap. None where there is no such layer.
        """
        if DISTRICTS.name not in self._now.registry:
            return None
        view = self._now.view(DISTRICTS)
        rows = view.window(self._box)
        shapes = view.shapes(rows)
        flat = replace(shapes, xy=self._frame.project(shapes.xy))
        return extents.share_inside(flat)

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
            places_m=np.empty((0, 2)) if places is None else places.at_m,
            areas=self._areas(buildings, rows, places),
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

    def _areas(self, buildings: Seen, rows: IntArray, places: Points | None) -> tuple[Groups, ...]:
        """Street and community by the filed code, cell by the middle of the box."""
        codes, numbers = _codes_of(buildings, rows)
        if places is not None:
            more, at = _codes_of(places.seen, places.rows)
            numbers = np.concatenate([numbers, np.where(at < 0, -1, at + len(codes))])
            codes = [*codes, *more]
        found = [_level("street", STREET_DIGITS, codes, numbers)]
        found.append(_level("community", COMMUNITY_DIGITS, codes, numbers))
        cells = self.seen(CELLS.name)
        if cells is not None:
            found.append(self._cells(cells, buildings, rows, places))
        return tuple(found)

    def _cells(self, cells: Seen, buildings: Seen, rows: IntArray, places: Points | None) -> Groups:
        lookup = _cell_lookup(cells)
        numbers = _cells_of(cells, buildings, rows, lookup)
        if places is not None:
            boxes = places.seen.view.boxes(places.rows)
            numbers = np.concatenate([numbers, lookup.rows_at(shapely.points(boxes[:, :2]))])
        used = np.unique(numbers[numbers >= 0])
        renumbered = np.full(len(lookup) + 1, -1, np.int64)
        renumbered[used] = np.arange(len(used))
        codes = tuple(str(code) for code in lookup.codes[used])
        return Groups("cell", codes, renumbered[numbers])

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


def _codes_of(seen: Seen, rows: IntArray) -> tuple[list[str], IntArray]:
    found = seen.view.numbered_areas(rows)
    return [str(code or "") for code in found.values], np.asarray(found.codes, np.int64)


def _level(name: str, digits: int, codes: list[str], numbers: IntArray) -> Groups:
    """The carriers' areas of one level, from codes of any level; a shorter code has none."""
    cut = [code[:digits] if len(code) >= digits else "" for code in codes]
    distinct = sorted(set(cut) - {""})
    position = {code: i for i, code in enumerate(distinct)}
    table = np.array([*(position.get(code, -1) for code in cut), -1], np.int64)
    return Groups(name, tuple(distinct), table[numbers])


def _cell_lookup(cells: Seen) -> CoverageLookup:
    """All cells that the person may see, kept with the view."""
    view = cells.view

    def make() -> CoverageLookup:
        rows = view.rows(cells.permission)
        return CoverageLookup([str(c) for c in view.keys(rows)], view.geometry(rows))

    return view.kept(("hazard-cells", view.version, cells.permission), make)


def _cells_of(cells: Seen, buildings: Seen, rows: IntArray, lookup: CoverageLookup) -> IntArray:
    """(n,) cell of buildings by the middle of their boxes; of unedited ones kept with the view."""
    view = buildings.view
    base_size = len(view.base)

    def make() -> IntArray:
        return _middles(lookup, view.boxes(np.arange(base_size)))

    known = view.kept(("hazard-cells", cells.view.version, cells.permission), make)
    out = np.empty(len(rows), np.int64)
    new = rows >= base_size
    out[~new] = known[rows[~new]]
    out[new] = _middles(lookup, view.boxes(rows[new]))
    return out


def _middles(lookup: CoverageLookup, boxes: FloatArray) -> IntArray:
    out = np.full(len(boxes), -1, np.int64)
    there = np.flatnonzero(~np.isnan(boxes[:, 0]))
    middle = (boxes[there, :2] + boxes[there, 2:]) / 2
    out[there] = lookup.rows_at(shapely.points(middle))
    return out


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
