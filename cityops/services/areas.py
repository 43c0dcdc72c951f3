"""Areas by place: community, else street, else district, for one point or many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import shapely

from gis.features import FeatureBatch, ObjectArray
from grid.cells import CoverageLookup
from grid.codes import COMMUNITY_DIGITS, DISTRICT_DIGITS, STREET_DIGITS
from grid.divisions import divisions
from grid.layers import COMMUNITIES, DISTRICTS, STREETS

#: From the smallest area to the largest: layer, digits of its code.
LEVELS = (
    ("community", COMMUNITIES, COMMUNITY_DIGITS),
    ("street", STREETS, STREET_DIGITS),
    ("district", DISTRICTS, DISTRICT_DIGITS),
)


class _Layers(Protocol):
    def versions(self) -> Mapping[str, int]: ...

    def load(self, spec: Any) -> tuple[int, FeatureBatch]: ...


class _Reading(Protocol):
    @property
    def layers(self) -> _Layers: ...


@dataclass(frozen=True)
class AreaName:
    """Code and name of an area; the name is None when no table holds it."""

    code: str
    name: str | None

    def as_dict(self) -> dict[str, str | None]:
        """The two as JSON."""
        return {"code": self.code, "name": self.name}


class AreaLookup:
    """Area codes of points, from the polygons of communities, streets and districts.

    Polygons are in EPSG:4490. A point on the border of two areas of one level belongs to the
    smaller code. The street and district of a point are those of its community where it has one,
    so that the levels never contradict each other.
    """

    def __init__(self, batches: Mapping[str, FeatureBatch]) -> None:
        self._coverages: list[tuple[str, CoverageLookup]] = []
        self._names: dict[str, str] = {}
        for level, spec, _ in LEVELS:
            batch = batches.get(spec.name)
            if batch is None or not len(batch):
                continue
            codes = [str(c) for c in batch.columns["code"]]
            self._coverages.append((level, CoverageLookup(codes, batch.geometry)))
            self._names |= dict(zip(codes, batch.columns["name"], strict=True))

    def codes_at(self, points: ObjectArray) -> ObjectArray:
        """(n,) codes of the smallest area around each point (12, 9 or 6 digits), '' for none."""
        out = np.full(len(points), "", dtype=object)
        for _, coverage in self._coverages:
            open_rows = np.flatnonzero(out == "")
            if not len(open_rows):
                break
            out[open_rows] = coverage.codes_at(points[open_rows])
        return out

    def codes_of(self, geometry: ObjectArray) -> ObjectArray:
        """(n,) area codes of geometries, by a point on each of them."""
        return self.codes_at(shapely.point_on_surface(geometry))

    def code_at(self, lon: float, lat: float) -> str:
        """Code of the smallest area around a point, '' for none."""
        return str(self.codes_at(np.array([shapely.Point(lon, lat)], dtype=object))[0])

    def named(self, code: str) -> AreaName:
        """The code with its name: from the layers, else from the shipped division table."""
        known = self._names.get(code)
        if known is None and code in divisions():
            known = divisions()[code].name
        return AreaName(code, known)

    def levels_of(self, code: str) -> dict[str, AreaName | None]:
        """Community, street and district that a code of 6 to 15 digits names; None where shorter."""
        return {
            level: self.named(code[:digits]) if len(code) >= digits else None
            for level, _, digits in LEVELS
        }

    def polygon_of(self, code: str) -> Any | None:
        """Polygon of an area, or None."""
        for _, coverage in self._coverages:
            at = np.flatnonzero(coverage.codes == code)
            if len(at):
                return coverage.polygons[at[0]]
        return None


class AreaService:
    """The lookup of a store, made again when one of the area layers changed."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[int, ...], AreaLookup] | None = None

    def lookup(self, tx: _Reading) -> AreaLookup:
        """Lookup as of the state that `tx` reads."""
        versions = tx.layers.versions()
        key = tuple(versions.get(spec.name, 0) for _, spec, _ in LEVELS)
        kept = self._kept
        if kept is not None and kept[0] == key:
            return kept[1]
        batches = {
            spec.name: tx.layers.load(spec)[1] for _, spec, _ in LEVELS if spec.name in versions
        }
        made = AreaLookup(batches)
        self._kept = (key, made)
        return made
