"""Very many cases at once: their places before the write lock, their rows in bulk inside it.

What is stored is what the engine would have stored case by case: number, area, cell, history,
deadline, facts for evaluation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import shapely

from cityops.services.areas import LEVELS, AreaLookup, AreaService
from cityops.services.case_engine import with_deadline
from cityops.services.case_filing import number_prefix
from cityops.services.case_values import CaseRecord, PhotoRecord
from cityops.services.grid.config import GridConfig
from gis.features import FeatureBatch
from grid.cells import CoverageLookup
from grid.clock.clock import ClockKind
from grid.evaluation.from_case import FactRow, fact_row
from grid.flow.case import Entry
from grid.layers import CELLS
from grid.schemes.values import AreaClass


@dataclass(frozen=True)
class NewPhoto:
    """A photo with what is known of it as evidence; `phash` None where it has none."""

    photo: PhotoRecord
    phash: int | None
    alarms: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class NewCase:
    """A case as it stands, with all of its history; ``runs`` says whether its disposal is counted."""

    record: CaseRecord
    history: Sequence[Entry]
    facts: FactRow
    runs: bool
    photos: Sequence[NewPhoto] = ()


class CaseBulkRepo(Protocol):
    """Very many cases in the store."""

    def take_numbers(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """Take so many running numbers of each prefix; gives the first of each."""

    def add(self, cases: Sequence[NewCase]) -> int:
        """Store new cases with everything that belongs to them; gives how many."""


def whole_case(
    record: CaseRecord,
    history: Sequence[Entry],
    config: GridConfig,
    photos: Sequence[NewPhoto] = (),
) -> NewCase:
    """A case with the deadline and the facts that the engine would have kept at its last act."""
    flow = record.flow
    world = config.world(flow.last_at)
    dated = with_deadline(record, world)
    clock = flow.clock(ClockKind.DISPOSE)
    runs = flow.is_open and clock is not None and clock.is_running
    facts = fact_row(flow, history, world, area=record.area)
    return NewCase(dated, history, facts, runs, photos)


def with_numbers(tx: Any, records: Sequence[CaseRecord]) -> list[CaseRecord]:
    """Records with case numbers of their own, running on in their order."""
    repo: CaseBulkRepo = tx.case_bulk
    prefixes = [number_prefix(record.area, record.reported_at) for record in records]
    following = repo.take_numbers(Counter(prefixes))
    out = []
    for prefix, record in zip(prefixes, records, strict=True):
        out.append(replace(record, number=f"{prefix}{following[prefix]:05d}"))
        following[prefix] += 1
    return out


def store_cases(tx: Any, cases: Sequence[NewCase]) -> list[NewCase]:
    """Number cases in their order and store them; gives them with their numbers."""
    records = with_numbers(tx, [case.record for case in cases])
    out = [replace(case, record=record) for case, record in zip(cases, records, strict=True)]
    repo: CaseBulkRepo = tx.case_bulk
    repo.add(out)
    return out


@dataclass(frozen=True)
class Spot:
    """What is known of a place: its cell, its smallest area ('' for none), its kind of area."""

    cell: str | None
    area: str
    kind: AreaClass | None


class PlaceLookup:
    """Cells and areas of many places, as the services find them for one.

    Parameters
    ----------
    cells
        All cells with ``code`` and ``area_class``; None without any.
    versions
        Versions of the layers that this was made from.
    """

    def __init__(
        self,
        areas: AreaLookup,
        cells: FeatureBatch | None,
        versions: Mapping[str, int] | None = None,
    ) -> None:
        self.areas = areas
        self._versions = dict(versions or {})
        self._cells: CoverageLookup | None = None
        self._kinds: dict[str, AreaClass | None] = {}
        if cells is not None and len(cells):
            codes = [str(code) for code in cells.columns["code"]]
            known = set(AreaClass)
            kinds = [AreaClass(k) if k in known else None for k in cells.columns["area_class"]]
            self._cells = CoverageLookup(codes, cells.geometry)
            self._kinds = dict(zip(codes, kinds, strict=True))

    def spots(self, lon: Sequence[float], lat: Sequence[float]) -> list[Spot]:
        """What is known of each place; a cell says what area it belongs to."""
        points = np.asarray(shapely.points(np.column_stack([lon, lat])), dtype=object)
        cells = np.full(len(points), "", dtype=object)
        if self._cells is not None:
            cells = self._cells.codes_at(points)
        areas = np.array([str(code)[:12] for code in cells], dtype=object)
        bare = np.flatnonzero(areas == "")
        areas[bare] = self.areas.codes_at(points[bare])
        return [
            Spot(cell or None, area, self._kinds.get(cell))
            for cell, area in zip(cells.tolist(), areas.tolist(), strict=True)
        ]

    def outline(self, cell: str) -> Any | None:
        """Polygon of a cell, or None."""
        if self._cells is None:
            return None
        row = int(np.searchsorted(self._cells.codes.astype(str), cell))
        there = row < len(self._cells) and self._cells.codes[row] == cell
        return self._cells.polygons[row] if there else None

    def is_current(self, tx: Any) -> bool:
        """Whether cells and areas are still those that this was made from."""
        return self._versions == place_versions(tx)


def place_versions(tx: Any) -> dict[str, int]:
    """Versions of the layers on which the place of a case depends."""
    versions = tx.layers.versions()
    names = [CELLS.name, *(spec.name for _, spec, _ in LEVELS)]
    return {name: versions[name] for name in names if name in versions}


def stored_places(tx: Any, areas: AreaService) -> PlaceLookup:
    """Lookup of the places that `tx` reads."""
    versions = place_versions(tx)
    cells = tx.layers.load(CELLS)[1] if CELLS.name in versions else None
    return PlaceLookup(areas.lookup(tx), cells, versions)


def placed_at(record: CaseRecord, spot: Spot) -> CaseRecord:
    """The record with what is known of its place."""
    flow = replace(record.flow, located=spot.cell is not None, area_class=spot.kind)
    return replace(record, cell=spot.cell, area=spot.area, flow=flow)
