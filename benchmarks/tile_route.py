"""Vector tiles of a million pipes over HTTP at every zoom: time and size of tiles never made before.

Checked first: the counts of the aggregates over all tiles of a zoom are the layer's count, and
the ids of a tile of features are those whose shape reaches into it.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import made_city
from benchmarks.command import main
from benchmarks.contest import Finding, bounded, check_equal
from benchmarks.made_store import (
    DISTRICTS,
    LAYER,
    LIMITED,
    PLANNER,
    areas_of,
    folder_for,
    keys_of,
    lines_of,
    settings_of,
)
from benchmarks.peers import need
from benchmarks.plan import Plan
from benchmarks.service import Client, WebWorker, web_worker
from gis.mvt import tile_box
from gis.mvt_paths import EXTENT, mercator
from underground.layers import PIPES

MS_AT_MOST = 50.0
BYTES_AT_MOST = 500_000
ZOOMS = range(20)
Tile = tuple[int, int, int]


@dataclass(frozen=True)
class Fetched:
    """One tile as it came."""

    tile: Tile
    data: bytes
    cpu_ms: float
    wall_ms: float


def measure(plan: Plan) -> list[Finding]:
    """Every tile of the low zooms, a sample of the high ones."""
    need("mapbox_vector_tile", "mapbox-vector-tile")
    pipes, points = plan.size(1_000_000, 1500), plan.size(200_000, 1500)
    reached = Reached.of(pipes)
    zooms = ZOOMS if not plan.quick else (0, 9, 12, 13, 15)
    with folder_for(plan, pipes, points) as folder, web_worker(settings_of(folder)) as worker:
        client = worker.client(LIMITED)
        first = fetch(worker, client, (0, 0, 0))
        # The tile above waits in a cache now: the same place is asked anew for another person.
        other = worker.client(PLANNER)
        fetched = {0: [fetch(worker, other, (0, 0, 0))]}
        for zoom in zooms:
            tiles = tiles_at(zoom, pipes, plan.size(60, 4))
            if zoom:
                fetched[zoom] = [fetch(worker, client, tile) for tile in tiles]
        for zoom in zooms[1:]:
            check_zoom(zoom, fetched[zoom], reached)
    return findings(pipes, fetched, first)


def fetch(worker: WebWorker, client: Client, tile: Tile) -> Fetched:
    """Ask for one tile.

    Raises
    ------
    RuntimeError
        When the service refuses.
    """
    path = "/tiles/{}/{}/{}/{}.mvt".format(LAYER, *tile)
    cpu, wall = worker.cpu_s(), time.perf_counter()
    status, data = client.get(path)
    taken = time.perf_counter() - wall, worker.cpu_s() - cpu
    if status not in (200, 204):
        raise RuntimeError(f"{path} answered {status}: {data[:300]!r}")
    return Fetched(tile, data, taken[1] * 1e3, taken[0] * 1e3)


def tiles_at(zoom: int, pipes: int, most: int) -> list[Tile]:
    """Tiles of a zoom over the layer: all of them below its own zoom, else a seeded sample."""
    extent = made_city.pipe_extent_m(pipes) / np.array([made_city.LON_M, made_city.LAT_M])
    corner = np.array([made_city.WEST, made_city.SOUTH])
    # Lines reach a little over the square in which they begin.
    around = np.array([corner - 0.01, corner + extent + 0.01])
    low, high = np.sort((mercator(around) * 2**zoom).astype(int), axis=0)
    if zoom < PIPES.min_zoom:
        return [
            (zoom, x, y) for x in range(low[0], high[0] + 1) for y in range(low[1], high[1] + 1)
        ]
    rng = np.random.default_rng(zoom)
    within = mercator(rng.uniform(corner, corner + extent, (most, 2)))
    found = {(zoom, int(x), int(y)) for x, y in (within * 2**zoom).astype(int)}
    return sorted(found)


@dataclass(frozen=True)
class Reached:
    """The rows within the person's permission: keys, shapes, a tree over them."""

    keys: npt.NDArray[np.object_]
    shapes: npt.NDArray[np.object_]
    tree: Any

    @classmethod
    def of(cls, pipes: int) -> Reached:
        """Those of the half of the districts that the account has."""
        shapely = need("shapely")
        rows = [i for i, area in enumerate(areas_of(pipes)) if area.startswith(DISTRICTS[::2])]
        shapes = lines_of(pipes)[rows]
        return cls(np.array(keys_of(pipes), object)[rows], shapes, shapely.STRtree(shapes))

    def within(self, tile: Tile, more: float) -> set[str]:
        """Keys of the rows that reach into a tile, its buffer wider by `more` of its units."""
        west, south, east, north = tile_box(*tile)
        wide = more * 360 / 2 ** tile[0] / EXTENT
        box = need("shapely").box(west - wide, south - wide, east + wide, north + wide)
        return set(self.keys[self.tree.query(box, predicate="intersects")].tolist())


def check_zoom(zoom: int, fetched: list[Fetched], reached: Reached) -> None:
    """Compare the tiles of a zoom with the rows that were put in.

    Raises
    ------
    AnswersDiffer
        When a count or an id is another.
    """
    if zoom < PIPES.min_zoom:
        counts = sum(f["properties"]["count"] for each in fetched for f in decoded(each.data))
        check_equal(f"counts over all tiles of zoom {zoom}", counts, len(reached.keys))
        return
    for each in fetched[:10]:
        # What overlaps the edge by less than a unit may round to a point and be left out.
        doubtful = reached.within(each.tile, 1.0) - reached.within(each.tile, -1.0)
        ours, peer = ours_answer(each), peer_answer(each, reached)
        check_equal(f"ids in tile {each.tile}", sorted(ours - doubtful), sorted(peer - doubtful))


def ours_answer(fetched: Fetched) -> set[str]:
    """Keys of the features of a tile."""
    return {f["properties"]["id"] for f in decoded(fetched.data)}


def peer_answer(fetched: Fetched, reached: Reached) -> set[str]:
    """Keys of the rows that shapely finds to reach into the tile with its buffer."""
    return reached.within(fetched.tile, 0.0)


def decoded(tile: bytes) -> list[dict[str, Any]]:
    """Features of all layers of a tile."""
    decoder = need("mapbox_vector_tile", "mapbox-vector-tile")
    return [f for layer in decoder.decode(tile).values() for f in layer["features"]] if tile else []


def findings(pipes: int, fetched: dict[int, list[Fetched]], first: Fetched) -> list[Finding]:
    """The slowest and the biggest zoom, and the first tile after a start."""
    slowest = {z: p95([f.cpu_ms for f in each]) for z, each in fetched.items()}
    worst = max(slowest, key=slowest.__getitem__)
    biggest = max((f for each in fetched.values() for f in each), key=lambda f: len(f.data))
    wall = p95([f.wall_ms for f in fetched[worst]])
    total = sum(map(len, fetched.values()))
    n = f"{pipes:,} pipes, {total:,} tiles of zooms {min(fetched)} to {max(fetched)}"
    name = f"zoom {worst}, {len(fetched[worst])} tiles (p95 by the clock {wall:.1f} ms)"
    size = f"tile {'/'.join(map(str, biggest.tile))}"
    started = f"the first tile after a start, {first.wall_ms:.0f} ms by the clock"
    return [
        bounded("slowest zoom, p95", n, name, slowest[worst], "CPU ms", at_most=MS_AT_MOST),
        bounded("biggest tile", n, size, len(biggest.data), "bytes", at_most=BYTES_AT_MOST),
        Finding(
            question="opening the snapshot and placing its rows",
            n=f"{pipes:,} pipes",
            ours_name=started,
            ours=first.cpu_ms,
            unit="CPU ms",
            value=first.cpu_ms,
            limit=None,
            goal="",
        ),
    ]


def p95(values: list[float]) -> float:
    """The 95th of a hundred."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if values[1:] else values[0]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("mapbox-vector-tile", "shapely")))
