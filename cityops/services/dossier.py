"""The place dossier: what is here, over every layer and record that a person may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cityops.services.areas import AreaService
from cityops.services.dossier_heads import heads_of
from cityops.services.dossier_people import people_of
from cityops.services.dossier_sections import LISTED, layer_sections
from cityops.services.locate import (
    areas_json,
    border_distance,
    cells_at,
    checked_place,
    warnings_for,
    what_is_at,
)
from cityops.services.permissions import Action, require
from cityops.services.places import Place, address_near
from cityops.services.ports import Store
from cityops.services.roles import Person
from cityops.services.scene_kept import SCENE_KEY, layer_notices
from gis.errors import InvalidError
from gis.layers import Title
from grid.layers import DISTRICTS

DEFAULT_RADIUS_M = 50.0
LARGEST_RADIUS_M = 500.0


@dataclass(frozen=True)
class RecordSection:
    """A section that comes from records instead of a layer: cases, permits, zones.

    ``radius_m`` is how far was looked, None where that is no question of distance.
    """

    name: str
    title: Title
    rows: Sequence[Mapping[str, Any]]
    count: int
    source: str
    radius_m: float | None = None
    notice: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The section as JSON values."""
        return {
            "name": self.name,
            "kind": "records",
            "title": {"zh": self.title.zh, "en": self.title.en},
            "count": self.count,
            "radius_m": self.radius_m,
            "rows": [dict(row) for row in self.rows],
            "source": self.source,
            "notice": self.notice,
        }


class RecordsNear(Protocol):
    """Something that knows records by place. What the person may not see it leaves out."""

    def near(self, person: Person, place: Place, radius_m: float) -> RecordSection | None:
        """Records within a distance of a place, None when there is no such section."""


class DossierService:
    """Puts the dossier of a place together."""

    def __init__(
        self, store: Store, areas: AreaService, records: Sequence[RecordsNear] = ()
    ) -> None:
        self._store = store
        self._areas = areas
        self._records = tuple(records)

    def dossier(
        self,
        person: Person,
        lon: float,
        lat: float,
        radius_m: float = DEFAULT_RADIUS_M,
        crs: str = "cgcs2000",
        *,
        listed: int = LISTED,
    ) -> dict[str, Any]:
        """Everything near a place that the person may see, nearest first, with its source.

        Parameters
        ----------
        lon, lat
            Position in `crs`, see `cityops.services.places.place_of`.
        radius_m
            How far around, over 0 and up to 500 m. Hazards are looked for within 1 000 m.
        listed
            How many features a section lists; the count beside them is of all.

        Raises
        ------
        CrsError
            When the position is none of `crs`.
        ForbiddenError
            When the person may not see areas.
        InvalidError
            When the radius is out of bounds.
        """
        require(person, DISTRICTS, Action.VIEW)
        check_radius(radius_m)
        place = checked_place(lon, lat, crs)
        with self._store.reading() as tx:
            scene = tx.meta.get(SCENE_KEY) or {}
            where = self._where(tx, person, place, scene)
            notices = layer_notices(scene)
            sections = layer_sections(tx, person, place, radius_m, notices, listed)
            people = people_of(tx, person, place, radius_m, notices)
        asked = (records.near(person, place, radius_m) for records in self._records)
        sections = [s.as_dict() for s in asked if s is not None] + sections
        return {
            "lon": place.lon,
            "lat": place.lat,
            "input_crs": place.input_crs,
            "accuracy_m": place.accuracy_m or None,
            "radius_m": radius_m,
            "where": where,
            "people": people,
            "heads": heads_of(sections),
            "sections": sections,
            "notices": list(scene.get("notices", ())),
            "attributions": list(scene.get("attributions", ())),
        }

    def _where(
        self, tx: Any, person: Person, place: Place, scene: Mapping[str, Any]
    ) -> dict[str, Any]:
        lookup = self._areas.lookup(tx)
        cells = cells_at(tx, person, place)
        found = what_is_at(place, cells, lookup)
        cell = None
        if found.cell is not None:
            shown = [f for f in ("code", "area_m2", "responsible", "source") if f in cells.columns]
            cell = cells.properties(0, tuple(shown))
        return {
            "address": address_near(tx.layers, person, place),
            "cell": cell,
            **areas_json(lookup, found.code),
            "boundary_distance_m": border_distance(found),
            "warnings": warnings_for(found, lookup, scene.get("district_accuracy_m")),
        }


def check_radius(radius_m: float) -> None:
    """Refuse a radius out of bounds.

    Raises
    ------
    InvalidError
        When it is not over 0 and up to 500 m.
    """
    if not 0.0 < radius_m <= LARGEST_RADIUS_M:
        raise InvalidError(
            "dossier.radius",
            "范围应大于 0、不超过 {expected} m，得到 {got}",
            field="radius_m",
            got=radius_m if radius_m == radius_m else None,
            expected=LARGEST_RADIUS_M,
        )
