"""The local frame against PROJ's transverse Mercator and geodesics."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from gis.errors import CrsError
from gis.frame import LocalFrame

GEOD = Geod(a=6378137, rf=298.257222101)
lon, lat = st.floats(-180, 180), st.floats(-88, 88)


def _proj(frame):
    definition = f"+proj=tmerc +lat_0={frame.lat} +lon_0={frame.lon} +k=1 +ellps=GRS80"
    return Transformer.from_crs("EPSG:4490", definition, always_xy=True)


def test_metres_are_those_of_proj_to_a_micrometre_within_2000_km():
    rng = np.random.default_rng(0)
    for place in ((117.2, 39.13), (-70.0, -33.0), (25.0, 60.0), (0.0, 0.0)):
        frame = LocalFrame(*place)
        at = rng.uniform(-15, 15, (200, 2)) + place
        at[:, 1] = np.clip(at[:, 1], -80, 80)
        expected = np.column_stack(_proj(frame).transform(at[:, 0], at[:, 1]))
        assert np.abs(frame.project(at) - expected).max() < 1e-6


@given(lon, lat, st.floats(-500_000, 500_000), st.floats(-500_000, 500_000))
@settings(max_examples=150, deadline=None)
def test_metres_lead_back_to_the_place(x, y, east, north):
    frame = LocalFrame(x, y)
    if abs(y) > 80:
        east, north = east / 100, north / 100
    back = frame.project(frame.unproject([[east, north]]))[0]
    assert back == pytest.approx([east, north], abs=1e-6)


@given(lon, st.floats(-80, 80), st.floats(0, 360), st.floats(0, 20_000))
@settings(max_examples=100, deadline=None)
def test_distances_from_the_place_are_geodesics_within_the_stated_error(x, y, azimuth, metres):
    frame = LocalFrame(x, y)
    to_lon, to_lat, _ = GEOD.fwd(x, y, azimuth, metres)
    far = np.hypot(*frame.project([[to_lon, to_lat]])[0])
    assert -1e-6 <= far - metres <= metres * frame.scale_error(metres) + 1e-6


def test_a_frame_at_the_antimeridian_reaches_over_it():
    frame = LocalFrame(179.999, 10.0)
    east = frame.project([[-179.999, 10.0]])[0, 0]
    assert east == pytest.approx(GEOD.inv(179.999, 10.0, -179.999, 10.0)[2], abs=1e-4)
    assert frame.unproject([[east, 0.0]])[0, 0] == pytest.approx(-179.999, abs=1e-9)


def test_shapes_are_projected_as_their_vertices_are_and_the_missing_stays_missing():
    frame = LocalFrame(117.0, 39.0)
    shapes = [shapely.LineString([(117.0, 39.0), (117.01, 39.01)]), None]
    there = frame.project_geometry(shapes)
    assert there[1] is None
    corners = [[117.0, 39.0], [117.01, 39.01]]
    assert shapely.get_coordinates(there[0]) == pytest.approx(frame.project(corners))
    back = shapely.get_coordinates(frame.unproject_geometry(there)[0])
    assert back == pytest.approx(np.array(corners), abs=1e-12)


@pytest.mark.parametrize("place", [(181, 0), (0, 89.5), (float("nan"), 0), (0, float("inf"))])
def test_a_place_that_is_none_is_refused_with_values_that_json_can_carry(place):
    with pytest.raises(CrsError) as refused:
        LocalFrame(*place)
    assert all(v is None or np.isfinite(v) for v in refused.value.got)
