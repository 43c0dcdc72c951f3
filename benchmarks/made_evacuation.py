"""A made town to evacuate: a bent grid of roads, buildings with people, shelters around a zone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from hazards.evacuation.people import Buildings, Shelters, buildings_of, shelters_of
from hazards.evacuation.roads import Roads, roads_of

#: Metres between crossings.
BLOCK_M = 80.0


@dataclass(frozen=True)
class Town:
    """Roads, buildings, shelters and a zone in one plane."""

    roads: Roads
    buildings: Buildings
    shelters: Shelters
    zone: shapely.Polygon


def town(edges: int, people: int, shelters: int, seed: int = 1) -> Town:
    """A town of about `edges` edges, with `people` in buildings in the zone.

    Parameters
    ----------
    shelters
        Around the zone; together they have a fifth more room than there are people.
    """
    rng = np.random.default_rng(seed)
    side = max(int(np.sqrt(edges / 2)), 4)
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).astype(float)
    xy = (grid - (side - 1) / 2) * BLOCK_M + rng.uniform(-20, 20, grid.shape)
    lines = _streets(xy) + _streets(xy.transpose(1, 0, 2))
    reach = side * BLOCK_M / 2
    zone = shapely.Point(0, 0).buffer(reach * 0.6, quad_segs=64)
    widths = rng.choice([3.0, 6.0, 12.0], len(lines))
    one_way = np.where(rng.random(len(lines)) < 0.1, 1, 0)
    roads = roads_of(lines, widths=widths.tolist(), one_way=one_way.tolist())
    return Town(
        roads, _buildings(rng, people, reach), _shelters(rng, people, shelters, reach), zone
    )


def _streets(xy: npt.NDArray[np.float64]) -> list[shapely.LineString]:
    """One line for each block of each row."""
    first, last = xy[:, :-1].reshape(-1, 2), xy[:, 1:].reshape(-1, 2)
    return list(shapely.linestrings(np.stack([first, last], axis=1)))


def _buildings(rng: np.random.Generator, people: int, reach: float) -> Buildings:
    count = max(people // 4, 1)
    angle, out = rng.uniform(0, 2 * np.pi, count), reach * 0.6 * np.sqrt(rng.random(count))
    at = np.column_stack([out * np.cos(angle), out * np.sin(angle)])
    held = np.bincount(rng.integers(0, count, people), minlength=count)
    return buildings_of(at, held, np.ones(count, bool))


def _shelters(rng: np.random.Generator, people: int, count: int, reach: float) -> Shelters:
    angle = np.arange(count) * 2 * np.pi / count + rng.uniform(0, 0.1, count)
    out = reach * rng.uniform(0.7, 0.95, count)
    at = np.column_stack([out * np.cos(angle), out * np.sin(angle)])
    share = rng.uniform(0.5, 1.5, count)
    return shelters_of(at, np.ceil(share / share.sum() * people * 1.2))
