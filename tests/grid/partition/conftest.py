"""Real and made-up grounds to be divided."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from grid.partition.barriers import ROAD_STRENGTH, Ground, ground_of
from grid.partition.make import Division, divide

#: Areas, roads, their strengths, water, parcels, buildings.
Layers = tuple

ROOT = Path(__file__).parents[3]
DATA = Path(__file__).parents[1] / "data"


def in_metres(shapes, epsg: int):
    to = Transformer.from_crs(4490, epsg, always_xy=True).transform
    return shapely.transform(
        np.asarray(shapes, dtype=object), lambda xy: np.column_stack(to(*xy.T))
    )


def layer(scene: str, name: str, epsg: int):
    """Shapes in metres and properties of a layer file."""
    text = (ROOT / "fixtures" / scene / f"{name}.geojson").read_text(encoding="utf-8")
    features = json.loads(text)["features"]
    shapes = [shapely.from_geojson(json.dumps(f["geometry"])) for f in features]
    return in_metres(shapes, epsg), [f["properties"] for f in features]


def strengths(rows) -> list[int]:
    return [ROAD_STRENGTH[row["road_class"]] for row in rows]


@pytest.fixture(scope="session")
def helsinki_layers() -> Layers:
    """Where the extract has streets, without its ragged rim."""
    roads, rows = layer("helsinki", "roads", 32635)
    water, green, houses = (layer("helsinki", n, 32635)[0] for n in ("water", "green", "buildings"))
    built = np.concatenate([shapely.buffer(roads, 3.0), houses, green, water])
    whole = shapely.union_all(shapely.make_valid(built)).buffer(25).buffer(-33)
    largest = max(shapely.get_parts(whole), key=lambda part: part.area)
    area = shapely.Polygon(largest.exterior)
    return [area], roads, strengths(rows), water, green, houses


@pytest.fixture(scope="session")
def helsinki(helsinki_layers) -> Ground:
    return ground_of(*helsinki_layers)


@pytest.fixture(scope="session")
def helsinki_cells(helsinki) -> Division:
    return divide(helsinki)


@pytest.fixture(scope="session")
def tianjin_layers() -> Layers:
    """The pilot area with its communities; parcels are the lots between the made-up streets."""
    lots, _ = layer("tianjin", "parcels", 4548)
    roads, rows = layer("tianjin", "roads", 4548)
    water, houses, areas = (
        layer("tianjin", n, 4548)[0] for n in ("water", "buildings", "communities")
    )
    return areas, roads, strengths(rows), water, lots, houses


@pytest.fixture(scope="session")
def tianjin(tianjin_layers) -> Ground:
    return ground_of(*tianjin_layers)


@pytest.fixture(scope="session")
def monaco() -> Ground:
    """The quarters of Monaco with its real streets."""
    body = json.loads(gzip.decompress((DATA / "monaco_ground.geojson.gz").read_bytes()))
    kinds: dict[str, list] = {}
    for feature in body["features"]:
        shape = shapely.from_geojson(json.dumps(feature["geometry"]))
        kinds.setdefault(feature["properties"]["kind"], []).append(
            (shape, feature["properties"].get("strength"))
        )
    of = {kind: in_metres([s for s, _ in rows], 32632) for kind, rows in kinds.items()}
    return ground_of(
        shapely.make_valid(of["area"]),
        of["road"],
        [strength for _, strength in kinds["road"]],
        of["water"],
        of["parcel"],
        of["building"],
    )
