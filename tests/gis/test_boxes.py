"""Boxes, tiles and windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from gis.boxes import (
    MERCATOR_EDGE_M,
    MERCATOR_MAX_LAT,
    DegreeBox,
    MetreBox,
    mercator_tile_box,
    parse_degree_box,
    parse_metre_box,
    parse_tile,
    tile_box,
    window_around,
    windows_around,
)
from gis.errors import InvalidError

GEOD = Geod(ellps="GRS80")


def test_a_box_is_read_from_a_query():
    assert parse_degree_box("117, 39,117.5,39.5").as_tuple() == (117.0, 39.0, 117.5, 39.5)
    assert parse_metre_box("-1e3,0,1e3,2").width == 2000.0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1,2,3", "query.box_parts"),
        ("1,2,3,4,5", "query.box_parts"),
        ("", "query.box_parts"),
        ("1," * 500, "query.box_parts"),
        ("1,2,3,", "query.box_not_number"),
        ("1,2,3,NaN", "query.box_not_number"),
        ("1,2,3,inf", "query.box_not_number"),
        ("1,2,3,1e400", "query.box_not_number"),
        ("１,2,3,4", "query.box_not_number"),
        ("1_0,2,30,4", "query.box_not_number"),
        ("0x1,2,3,4", "query.box_not_number"),
        ("3,2,1,4", "query.box_inverted"),
        ("1,4,3,2", "query.box_inverted"),
        ("170,0,-170,10", "query.box_inverted"),
        ("-181,0,0,1", "query.box_out_of_range"),
        ("0,0,1,91", "query.box_out_of_range"),
        ("516000,4331000,518000,4334000", "query.box_out_of_range"),
    ],
)
def test_a_bad_box_is_refused_by_code_and_field(text, code):
    with pytest.raises(InvalidError) as refusal:
        parse_degree_box(text, field="window")
    assert (refusal.value.code, refusal.value.field) == (code, "window")


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_boxes_hold_no_numbers_that_are_none(bad):
    for box in (DegreeBox, MetreBox):
        with pytest.raises(InvalidError):
            box(bad, 0.0, 1.0, 1.0)


def test_edges_belong_to_a_box():
    box = MetreBox(0.0, 0.0, 1.0, 1.0)
    assert box.contains(1.0, 0.0)
    assert not box.contains(float("nan"), 0.5)
    assert box.intersects(MetreBox(1.0, 1.0, 2.0, 2.0))
    assert not box.intersects(MetreBox(1.1, 1.0, 2.0, 2.0))


@pytest.mark.parametrize(
    "address",
    [
        ("-1", "0", "0"),
        ("30", "0", "0"),
        ("３", "0", "0"),
        ("3", "9e400", "0"),
        ("3", "0", "8"),
        ("3", "8", "0"),
        ("03", "0", "0"),
        ("3", "+1", "0"),
        ("3", "1", "1.pbf.php"),
        ("3", "", "0"),
        ("3", "9" * 5000, "0"),
    ],
)
def test_an_address_that_is_no_tile_is_refused(address):
    with pytest.raises(InvalidError) as refusal:
        parse_tile(*address)
    assert refusal.value.code == "query.tile"


@pytest.mark.parametrize("address", [(-1, 0, 0), (23, 0, 0), (3, 8, 0), (3, 0, -1)])
def test_no_box_is_given_for_no_tile(address):
    for make in (tile_box, mercator_tile_box):
        with pytest.raises(InvalidError):
            make(*address)


def test_the_whole_world_is_one_tile():
    box = tile_box(0, 0, 0)
    assert box.as_tuple() == pytest.approx((-180.0, -MERCATOR_MAX_LAT, 180.0, MERCATOR_MAX_LAT))
    assert mercator_tile_box(0, 0, 0).as_tuple() == pytest.approx(
        (-MERCATOR_EDGE_M, -MERCATOR_EDGE_M, MERCATOR_EDGE_M, MERCATOR_EDGE_M)
    )


@given(st.integers(0, 22), st.floats(0, 0.999999), st.floats(0, 0.999999))
def test_a_tile_in_degrees_is_the_tile_in_mercator_metres(z, u, v):
    x, y = int(u * 2**z), int(v * 2**z)
    degrees, metres = tile_box(z, x, y), mercator_tile_box(z, x, y)
    way = Transformer.from_crs(4326, 3857, always_xy=True)
    corners = way.transform([degrees.minx, degrees.maxx], [degrees.miny, degrees.maxy])
    assert corners[0] == pytest.approx([metres.minx, metres.maxx], abs=1e-3)
    assert corners[1] == pytest.approx([metres.miny, metres.maxy], abs=1e-3)


@given(st.floats(-170, 170), st.floats(-80, 80), st.floats(0.01, 200_000), st.floats(0, 360))
def test_a_window_holds_every_position_within_its_distance(lon, lat, metres, azimuth):
    box = window_around(lon, lat, metres)
    x, y, _ = GEOD.fwd(lon, lat, azimuth, metres)
    assert box.contains(x, y)


@given(st.floats(-170, 170), st.floats(-60, 60), st.floats(1, 10_000))
def test_a_window_is_hardly_wider_than_needed(lon, lat, metres):
    box = window_around(lon, lat, metres)
    east = GEOD.inv(lon, lat, box.maxx, lat)[2]
    north = GEOD.inv(lon, lat, lon, box.maxy)[2]
    assert metres <= east < 1.01 * metres + 0.001
    assert metres <= north < 1.01 * metres + 0.001


@pytest.mark.parametrize("at", [(179.999, 10.0), (-179.999, 10.0), (0.0, 89.9999)])
def test_a_window_over_the_antimeridian_or_a_pole_reaches_around(at):
    box = window_around(*at, 1000.0)
    assert (box.minx, box.maxx) == (-180.0, 180.0)
    assert box.maxy <= 90.0


def test_many_windows_are_those_of_each():
    at = np.array([[117.2, 39.1], [-74.0, 40.7], [179.9999, 0.0]])
    boxes = windows_around(at, 300.0)
    assert boxes.tolist() == [list(window_around(x, y, 300.0).as_tuple()) for x, y in at]


@pytest.mark.parametrize("bad", [(181.0, 0.0, 1.0), (0.0, 91.0, 1.0), (0.0, 0.0, -1.0)])
def test_a_window_of_no_place_or_distance_is_refused(bad):
    with pytest.raises(InvalidError):
        window_around(*bad)
    with pytest.raises(InvalidError):
        window_around(float("nan"), 0.0, 1.0)
    with pytest.raises(InvalidError):
        window_around(0.0, 0.0, float("inf"))
