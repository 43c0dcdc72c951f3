"""Who is evacuated, and where to: buildings with people, shelters with room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gis.errors import CityError, InvalidError
from gis.features import ObjectArray
from hazards.evacuation.roads import raise_all

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
#: More people than this in one building, or room in one shelter, is a mistake.
MOST = 10_000_000


@dataclass(frozen=True)
class Buildings:
    """o buildings.

    Attributes
    ----------
    places_m
        (o, 2) metres; NaN where a row has no place.
    in_zone
        (o,) whether the building lies in the zone or is cut by it: it is left as a whole.
    people
        (o,) persons; NaN unknown.
    ids
        (o,) texts.
    rows
        (o,) 1-based rows of the file.
    """

    places_m: FloatArray
    in_zone: BoolArray
    people: FloatArray
    ids: ObjectArray
    rows: IntArray

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Shelters:
    """k shelters; places, room and zone as in `Buildings`, ``capacity`` in persons."""

    places_m: FloatArray
    in_zone: BoolArray
    capacity: FloatArray
    ids: ObjectArray
    names: ObjectArray
    rows: IntArray

    def __len__(self) -> int:
        return len(self.ids)


def buildings_of(
    places_m: npt.ArrayLike, people: npt.ArrayLike, in_zone: npt.ArrayLike | None = None
) -> Buildings:
    """Buildings numbered from 1, for small cases.

    Examples
    --------
    >>> len(buildings_of([(0, 0)], [5]))
    1
    """
    at = np.asarray(places_m, float).reshape(-1, 2)
    n = len(at)
    inside = np.zeros(n, bool) if in_zone is None else np.asarray(in_zone, bool)
    return Buildings(at, inside, np.asarray(people, float), _numbers(n), np.arange(1, n + 1))


def shelters_of(
    places_m: npt.ArrayLike, capacity: npt.ArrayLike, in_zone: npt.ArrayLike | None = None
) -> Shelters:
    """Shelters numbered from 1, for small cases.

    Examples
    --------
    >>> shelters_of([(0, 0), (5, 0)], [10, 20]).ids.tolist()
    ['1', '2']
    """
    at = np.asarray(places_m, float).reshape(-1, 2)
    n = len(at)
    inside = np.zeros(n, bool) if in_zone is None else np.asarray(in_zone, bool)
    ids = _numbers(n)
    return Shelters(at, inside, np.asarray(capacity, float), ids, ids, np.arange(1, n + 1))


def _numbers(n: int) -> ObjectArray:
    return np.array([str(i + 1) for i in range(n)], object)


def check_people(buildings: Buildings, shelters: Shelters) -> None:
    """Refuse numbers that are no persons, and people without a place.

    Raises
    ------
    InvalidError
        The fault, or ``evacuation.bad_people`` with every one of several.
    """
    faults: list[CityError] = []
    for what, field, amounts, places, rows in (
        ("建筑", "people", buildings.people, buildings.places_m, buildings.rows),
        ("避难场所", "capacity", shelters.capacity, shelters.places_m, shelters.rows),
    ):
        faults += _faults(what, field, amounts, places, rows)
    raise_all(faults, "evacuation.bad_people", "人数、容量或位置有 {count} 处错误：{first}")


def _faults(
    what: str, field: str, amounts: FloatArray, places: FloatArray, rows: IntArray
) -> list[CityError]:
    known = ~np.isnan(amounts)
    whole = np.where(known, amounts, 0.0)
    bad = ~((whole >= 0) & (whole <= MOST) & (whole == np.floor(whole)))
    lost = np.isnan(places).any(axis=1) & known & (whole > 0)
    out: list[CityError] = []
    for i in np.flatnonzero(bad | lost).tolist():
        params = {"what": what, "row": int(rows[i]), "given": f"{amounts[i]:g}", "most": MOST}
        if bad[i]:
            code, words = (
                "evacuation.bad_number",
                ("第 {row} 行{what}的人数或容量应为 0 至 {most} 的整数，得到 {given}"),
            )
        else:
            code, words = "evacuation.no_place", "第 {row} 行{what}有 {given} 人，却没有位置"
        out.append(InvalidError(code, words, field=field, row=int(rows[i]), params=params))
    return out
