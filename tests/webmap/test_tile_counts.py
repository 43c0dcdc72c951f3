"""Tiles over HTTP: at every zoom all of them together hold each row of a person once."""

from __future__ import annotations

import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from cityops.services.roles import Person, Role
from gis.mvt_paths import mercator

MANAGER = Person(id=1, name="data", roles=frozenset({Role.DATA_MANAGER}))


def _tiles(bounds, zoom):
    at = (mercator(np.array(bounds).reshape(2, 2)) * 2**zoom).astype(int)
    (west, east), (north, south) = np.sort(at, axis=0).T
    return [(x, y) for x in range(west, east + 1) for y in range(north, south + 1)]


def _features(client, layer, zoom):
    """Properties of all features of all tiles of a zoom, and the names of their layers."""
    names, found = set(), []
    for x, y in _tiles(layer["bounds"], zoom):
        answer = client.get(layer["tiles"].format(z=zoom, x=x, y=y))
        assert answer.status_code in (200, 204)
        decoded = mapbox_vector_tile.decode(answer.data) if answer.data else {}
        names |= set(decoded)
        found += [f["properties"] for part in decoded.values() for f in part["features"]]
    return names, found


def _layer(client, name):
    listed = client.get("/api/v1/layers").json["layers"]
    return next(layer for layer in listed if layer["name"] == name)


@pytest.mark.parametrize("who", ["planner", "west", "owner", "data"])
def test_counts_over_all_tiles_are_the_layers_count_at_each_zoom(sign_in, who):
    client = sign_in(who)
    pipes = _layer(client, "pipes")
    assert 0 < pipes["count"] <= 6
    for zoom in range(13):
        names, found = _features(client, pipes, zoom)
        assert names == {"pipes_blocks"}
        assert sum(f["count"] for f in found) == pipes["count"]
        assert sum(f["length_m"] for f in found) == pytest.approx(pipes["length_m"], rel=1e-3)
        for item in pipes["classes"]:
            counted = sum(f.get(f"class_{item['code']}", 0) for f in found)
            assert counted == item["count"]


@pytest.mark.parametrize("who", ["planner", "west", "owner"])
@pytest.mark.parametrize("zoom", [13, 16, 18])
def test_from_the_layers_zoom_on_the_tiles_hold_every_row_by_its_id(sign_in, who, zoom):
    client = sign_in(who)
    pipes = _layer(client, "pipes")
    names, found = _features(client, pipes, zoom)
    listed = client.get("/api/v1/layers/pipes/features").json["features"]
    assert names == {"pipes"}
    assert {f["id"] for f in found} == {f["id"] for f in listed}
    assert len(listed) == pipes["count"]
    assert all("owner_contact" not in f for f in found)


def test_a_row_that_is_added_and_taken_away_again_is_counted_in_between(sign_in):
    client = sign_in("data")
    before = _layer(client, "pipes")
    services = client.application.extensions["cityops"]
    line = shapely.LineString([(117.2, 39.1), (117.21, 39.1)])
    services.layers.create(MANAGER, "pipes", {"id": "P-new", "kind": "water"}, line)
    during = _layer(client, "pipes")
    assert during["tiles"] != before["tiles"]
    assert sum(f["count"] for f in _features(client, during, 9)[1]) == before["count"] + 1
    services.layers.remove(MANAGER, "pipes", "P-new", None)
    after = _layer(client, "pipes")
    assert sum(f["count"] for f in _features(client, after, 9)[1]) == before["count"]
