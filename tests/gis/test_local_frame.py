"""The quick frame of the index against geodesics, and the box that must hold a whole disc."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from gis.errors import InvalidError
from gis.local_frame import LocalFrame, check_point, equal_area, segment_lengths_m, to_ecef

GEOD = Geod(a=6378137, rf=298.257222101)
lon, lat = st.floats(-180, 180), st.floats(-85, 85)


@given(lon, lat, st.floats(0, 360), st.floats(0.001, 10_000))
@settings(max_examples=200, deadline=None)
def test_distance_and_direction_from_the_origin_are_those_of_the_geodesic(x, y, azimuth, metres):
    to_lon, to_lat, _ = GEOD.fwd(x, y, azimuth, metres)
    east, north = LocalFrame(x, y).forward(np.array([[to_lon, to_lat]]))[0]
    assert np.hypot(east, north) == pytest.approx(metres, abs=0.001)
    off = (np.degrees(np.arctan2(east, north)) - azimuth + 180) % 360 - 180
    assert abs(np.radians(off)) * metres < 0.01


@given(lon, st.floats(-90, 90), st.floats(0, 360), st.floats(0, 2e6), st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_the_box_around_a_disc_holds_every_position_within_the_distance(
    x, y, azimuth, metres, part
):
    west, south, east, north = LocalFrame(x, y).box_around(metres)
    to_lon, to_lat, _ = GEOD.fwd(x, y, azimuth, metres * part)
    assert south <= to_lat <= north
    # Boxes do not wrap: beyond the antimeridian a position is on the far side of the box.
    around = [to_lon - 360, to_lon, to_lon + 360]
    assert any(west - 1e-12 <= at <= east + 1e-12 for at in around)


def test_earth_centred_coordinates_are_those_of_proj():
    at = np.random.default_rng(0).uniform([-180, -90], [180, 90], (100, 2))
    to_xyz = Transformer.from_crs("+proj=longlat +ellps=GRS80", "+proj=geocent +ellps=GRS80")
    expected = np.column_stack(to_xyz.transform(at[:, 0], at[:, 1], np.zeros(100)))
    assert np.abs(to_ecef(at) - expected).max() < 1e-6


def test_segments_of_up_to_90_km_are_off_by_less_than_one_part_in_ten_million():
    rng = np.random.default_rng(1)
    start = rng.uniform([-180, -85], [180, 85], (500, 2))
    far = rng.uniform(0.1, 90_000, 500)
    to_lon, to_lat, _ = GEOD.fwd(*start.T, rng.uniform(0, 360, 500), far)
    got = segment_lengths_m(start, np.column_stack([to_lon, to_lat]))
    assert (np.abs(got - far) <= far * 1e-7 + 1e-8).all()


def test_the_equal_area_projection_is_that_of_proj():
    at = np.random.default_rng(2).uniform([-180, -89], [180, 89], (100, 2))
    proj = Transformer.from_crs("+proj=longlat +ellps=GRS80", "+proj=cea +ellps=GRS80")
    expected = np.column_stack(proj.transform(at[:, 0], at[:, 1]))
    assert np.abs(equal_area(at) - expected).max() < 1e-5


@pytest.mark.parametrize("at", [(180.1, 0), (0, 90.1), (float("nan"), 0), (0, float("inf"))])
def test_a_position_off_the_earth_is_refused(at):
    with pytest.raises(InvalidError):
        check_point(*at)
    with pytest.raises(InvalidError):
        LocalFrame(*at)


@pytest.mark.parametrize("at", [(180, 90), (-180, -90), (0, 0)])
def test_the_edge_of_the_earth_is_on_it(at):
    check_point(*at)
    assert LocalFrame(*at).forward(np.array([at], float)).tolist() == [[0.0, 0.0]]
