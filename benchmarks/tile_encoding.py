"""A vector tile of 10,000 lines, from degrees to bytes, against mapbox-vector-tile.

Both start from the same lines in degrees. The peer's shapes are projected by PROJ, cut and thinned
by shapely, and brought into the tile by the peer itself (``quantize_bounds``).
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import made_city
from benchmarks.command import main
from benchmarks.contest import Contender, Finding, check_equal, contest
from benchmarks.peers import need
from benchmarks.plan import Plan
from gis.features import object_array
from gis.mvt import encode_layer, tile_box
from gis.mvt_paths import BUFFER, EXTENT, TOLERANCE
from gis.ragged import Ragged

AT_MOST = 0.15
TILE = (14, 13517, 6261)
NAME = "pipes"
_EDGE_M = math.pi * 6378137.0
Columns = dict[str, npt.NDArray[np.object_]]


def lines_in_tile(n: int) -> Ragged:
    """About `n` lines over the tile, some across its edge."""
    west, south, east, north = tile_box(*TILE, 128)
    xy = made_city.pipe_vertices(n, seed=8) - [made_city.WEST, made_city.SOUTH]
    start = np.random.default_rng(9).uniform([west, south], [east, north], (n, 1, 2))
    at = np.round(xy - xy[:, :1] + start, 9)
    made = made_city.pipes(n)
    return Ragged(
        made.kind, at.reshape(-1, 2), None, made.rings, made.parts, made.geoms, made.multi
    )


def columns_of(n: int) -> Columns:
    """Attributes as the map wants them: a distinct text, a code, a number."""
    rng = np.random.default_rng(10)
    return {
        "id": object_array([f"P-{i:07d}" for i in range(n)]),
        "kind": object_array(rng.choice(["water", "gas", "storm", "power"], n).tolist()),
        "diameter_mm": object_array(rng.choice([100.0, 150.0, 200.0, 300.0], n).tolist()),
    }


def by_ours(lines: Ragged, columns: Columns) -> bytes:
    """The tile."""
    return encode_layer(NAME, lines, np.arange(len(lines)), columns, TILE)


def by_peer(lines: npt.NDArray[np.object_], columns: Columns) -> bytes:
    """The same tile from the peer."""
    shapely, encoder = need("shapely"), need("mapbox_vector_tile", "mapbox-vector-tile")
    bounds, unit = tile_m()
    edge = BUFFER * unit
    made = shapely.transform(lines, to_mercator)
    made = shapely.clip_by_rect(
        made, bounds[0] - edge, bounds[1] - edge, bounds[2] + edge, bounds[3] + edge
    )
    made = shapely.simplify(made, TOLERANCE * unit, preserve_topology=False)
    return bytes(
        encoder.encode(
            [{"name": NAME, "features": features(made, columns)}],
            default_options={"quantize_bounds": bounds, "extents": EXTENT},
        )
    )


def by_peer_prepared(made: npt.NDArray[np.object_], columns: Columns) -> bytes:
    """The same from shapes that lie on whole units of the tile already."""
    encoder = need("mapbox_vector_tile", "mapbox-vector-tile")
    return bytes(
        encoder.encode(
            [{"name": NAME, "features": features(made, columns)}],
            default_options={"y_coord_down": True, "extents": EXTENT},
        )
    )


def features(shapes: npt.NDArray[np.object_], columns: Columns) -> list[dict[str, Any]]:
    """What the peer takes."""
    names, values = list(columns), list(zip(*(c.tolist() for c in columns.values()), strict=True))
    return [
        {"geometry": shape, "id": i, "properties": dict(zip(names, values[i], strict=True))}
        for i, shape in enumerate(shapes)
        if not shape.is_empty
    ]


def to_mercator(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Metres of EPSG:3857."""
    pyproj = need("pyproj")
    project = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)
    return np.column_stack(project.transform(lonlat[:, 0], lonlat[:, 1]))


def tile_m() -> tuple[tuple[float, float, float, float], float]:
    """Bounds of the tile in metres of EPSG:3857, and metres of one of its units."""
    z, x, y = TILE
    side = 2 * _EDGE_M / 2**z
    west, north = x * side - _EDGE_M, _EDGE_M - y * side
    return (west, north - side, west + side, north), side / EXTENT


def decoded(tile: bytes) -> dict[int, Any]:
    """Features of a tile by id: geometry and attributes, by the peer's decoder."""
    decoder = need("mapbox_vector_tile", "mapbox-vector-tile")
    found = decoder.decode(tile, default_options={"y_coord_down": True})
    return {f["id"]: f for f in found[NAME]["features"]}


def ours_answer(lines: Ragged, columns: Columns) -> dict[int, Any]:
    """Features of our tile."""
    return decoded(by_ours(lines, columns))


def peer_answer(lines: npt.NDArray[np.object_], columns: Columns) -> dict[int, Any]:
    """Features of the peer's tile."""
    return decoded(by_peer(lines, columns))


def on_units(lines: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Lines on whole units of the tile, for the peer's encoder alone."""
    shapely = need("shapely")
    (west, _, _, north), unit = tile_m()

    def units(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        metres = to_mercator(lonlat)
        return np.rint(np.column_stack([metres[:, 0] - west, north - metres[:, 1]]) / unit)

    cut = shapely.clip_by_rect(
        shapely.transform(lines, units), -BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER
    )
    return shapely.simplify(cut, TOLERANCE, preserve_topology=False)


def measure(plan: Plan) -> list[Finding]:
    """One tile."""
    need("shapely")
    need("mapbox_vector_tile", "mapbox-vector-tile")
    n = plan.size(10_000, 200)
    lines, columns = lines_in_tile(n), columns_of(n)
    shapes = made_city.as_shapely(lines)
    prepared = on_units(shapes)
    question = "a tile of lines, from degrees to bytes"
    check_equal(question, ours_answer(lines, columns), peer_answer(shapes, columns))
    ours = Contender("gis.mvt", lambda: by_ours(lines, columns))
    whole = Contender("PROJ + shapely + mapbox-vector-tile", lambda: by_peer(shapes, columns))
    encoder = Contender(
        "mapbox-vector-tile, shapes on whole units", lambda: by_peer_prepared(prepared, columns)
    )
    sized, rounds = f"{n:,} lines", plan.rounds
    alone = "the same against the peer's encoder alone"
    return [
        contest(question, sized, ours, whole, at_most=AT_MOST, rounds=rounds, unit="ms"),
        contest(alone, sized, ours, encoder, at_most=None, rounds=rounds, unit="ms"),
    ]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("mapbox-vector-tile", "shapely", "pyproj")))
