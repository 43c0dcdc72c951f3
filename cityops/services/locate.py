"""Where is this? Unit grid cell, community, street, district and the nearest components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from cityops.services.areas import AreaLookup, AreaName, AreaService
from cityops.services.permissions import Action, permission_for, require
from cityops.services.places import Place, boundary_distance_m, features_near, place_of
from cityops.services.ports import Store
from cityops.services.roles import Person
from cityops.services.scene_kept import SCENE_KEY
from gis.errors import CityError, CrsError, InvalidError
from gis.features import FeatureBatch
from grid.layers import CELLS, COMPONENTS, DISTRICTS

_DEGREES = frozenset({"cgcs2000", "wgs84", "gcj02", "bd09", "epsg:4490", "epsg:4326"})
NEAREST = 5
NEAR_M = 50.0


@dataclass(frozen=True)
class Found:
    """What is known of a place before it becomes JSON."""

    place: Place
    code: str
    cell: str | None
    outline: Any | None


class LocateService:
    """Answers where a place is, for one person."""

    def __init__(self, store: Store, areas: AreaService) -> None:
        self._store = store
        self._areas = areas

    def locate(
        self, person: Person, lon: float, lat: float, crs: str = "cgcs2000"
    ) -> dict[str, Any]:
        """The place's cell and areas, its nearest components and its distance from the next border.

        On a shared border the smaller code is given. Outside of the scene everything is null and
        a warning says so. At most five components within 50 m are given, nearest first.

        Parameters
        ----------
        lon, lat
            Position in `crs`: cgcs2000, wgs84, gcj02, bd09 or EPSG:n.

        Raises
        ------
        CrsError
            When the position is none of `crs`.
        ForbiddenError
            When the person may not see areas.
        """
        require(person, DISTRICTS, Action.VIEW)
        place = checked_place(lon, lat, crs)
        with self._store.reading() as tx:
            lookup = self._areas.lookup(tx)
            cells = cells_at(tx, person, place)
            found = what_is_at(place, cells, lookup)
            components = nearest_components(tx, person, place)
            scene = tx.meta.get(SCENE_KEY) or {}
        return {
            "lon": place.lon,
            "lat": place.lat,
            "input_crs": place.input_crs,
            "cell": None if found.cell is None else {"code": found.cell},
            **areas_json(lookup, found.code),
            "components": components,
            "boundary_distance_m": border_distance(found),
            "warnings": warnings_for(found, lookup, scene.get("district_accuracy_m")),
        }


def checked_place(x: float, y: float, crs: str) -> Place:
    """The place, with faults of the position named as faults of ``lon,lat``.

    Raises
    ------
    CrsError
        As `place_of`; with the turned pair as hint where longitude and latitude are swapped.
    InvalidError
        When the position is closer than a degree to a pole, where nothing can be measured.
    """
    if 90.0 < abs(y) <= 180.0 and abs(x) <= 90.0 and crs.strip().lower() in _DEGREES:
        raise CrsError(
            "crs.swapped",
            "纬度不能是 {got}：经度与纬度可能写反了",
            field="lon,lat",
            got=y,
            expected=[y, x],
            hint="经度在前：{y}, {x}",
            params={"x": x, "y": y},
        )
    try:
        place = place_of(x, y, crs)
    except CityError as error:
        if error.field is None:
            error.field = "lon,lat"
        raise
    if abs(place.lat) > 89.0:
        raise InvalidError(
            "locate.polar", "纬度应在 ±89° 之间，得到 {got}", field="lat", got=place.lat
        )
    return place


def cells_at(tx: Any, person: Person, place: Place) -> FeatureBatch:
    """Cells that hold a place, border included, smallest code first; those the person may see."""
    permission = permission_for(person, CELLS, Action.VIEW)
    box = (place.lon, place.lat, place.lon, place.lat)
    batch: FeatureBatch = tx.layers.page(CELLS, permission, box=box, limit=200)
    hits = shapely.intersects(batch.geometry, place.point).nonzero()[0]
    order = sorted(hits.tolist(), key=lambda i: str(batch.columns["code"][i]))
    return batch.take(np.array(order, np.int64))


def what_is_at(place: Place, cells: FeatureBatch, lookup: AreaLookup) -> Found:
    """The cell with the smallest code, else the smallest area, with the outline of either."""
    if len(cells):
        code = str(cells.columns["code"][0])
        return Found(place, code, code, cells.geometry[0])
    code = lookup.code_at(place.lon, place.lat)
    return Found(place, code, None, lookup.polygon_of(code) if code else None)


def areas_json(lookup: AreaLookup, code: str) -> dict[str, dict[str, str | None] | None]:
    """Community, street and district of a code, each ``{"code", "name"}`` or null."""
    levels: dict[str, AreaName | None] = lookup.levels_of(code)
    return {level: None if name is None else name.as_dict() for level, name in levels.items()}


def border_distance(found: Found) -> float | None:
    """Metres to the outline of the smallest thing found, in millimetres; None outside of all."""
    if found.outline is None:
        return None
    return round(boundary_distance_m(found.place, found.outline), 3)


def nearest_components(tx: Any, person: Person, place: Place) -> list[dict[str, Any]]:
    """At most five components within 50 m: id, class, title, name, state, position, distance."""
    permission = permission_for(person, COMPONENTS, Action.VIEW)
    if not permission.allowed:
        return []
    near = features_near(tx.layers, COMPONENTS, permission, place, NEAR_M)
    codes = COMPONENTS.field_named("class_code")
    out = []
    for row, metres in enumerate(near.distances_m[:NEAREST].tolist()):
        values = near.batch.properties(row, ("id", "class_code", "name", "state"))
        title = codes.code_title(values["class_code"])
        out.append(
            {
                "id": values["id"],
                "class": values["class_code"],
                "class_title": None if title is None else title.zh,
                "name": values["name"],
                "state": values["state"],
                "position": shapely.get_coordinates(near.batch.geometry[row])[0].tolist(),
                "distance_m": round(metres, 2),
            }
        )
    return out


def warnings_for(
    found: Found, lookup: AreaLookup, district_accuracy_m: float | None
) -> list[dict[str, Any]]:
    """What to bear in mind: outside of the scene, an approximate datum, a generalised border."""
    out: list[dict[str, Any]] = []
    if not found.code:
        out.append({"code": "locate.outside", "message": "位置在场景范围之外"})
    elif found.cell is None:
        out.append({"code": "locate.no_cell", "message": "此处没有划分单元网格"})
    if found.place.accuracy_m:
        off = f"{found.place.accuracy_m:g}"
        message = f"坐标由近似公式换算，误差约 {off} m"
        out.append({"code": "locate.approximate_datum", "message": message})
    near = district_border_m(found, lookup)
    if near is not None and district_accuracy_m and near < district_accuracy_m:
        message = (
            f"距区界约 {near:.0f} m，区界经概括（±{district_accuracy_m:g} m），区的归属不能确定"
        )
        out.append({"code": "locate.near_district_border", "message": message})
    return out


def district_border_m(found: Found, lookup: AreaLookup) -> float | None:
    """Metres from the place to the border of its district, None without one."""
    outline = lookup.polygon_of(found.code[:6]) if found.code else None
    return None if outline is None else boundary_distance_m(found.place, outline)
