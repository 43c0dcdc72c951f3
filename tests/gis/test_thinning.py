"""Lines are thinned as GEOS thins them."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.features import object_array
from gis.layers import GeometryKind
from gis.ragged import Ragged
from gis.thinning import kept_vertices


def _thinned(lines, tolerance):
    """Vertices that are left of each line."""
    flat = Ragged.from_shapely(GeometryKind.LINE, object_array(lines))
    keep = kept_vertices(flat.xy, flat.rings, tolerance)
    ends = zip(flat.rings[:-1], flat.rings[1:], strict=True)
    return [flat.xy[a:b][keep[a:b]].tolist() for a, b in ends]


place = st.tuples(st.integers(0, 30), st.integers(0, 30))


@given(
    paths=st.lists(st.lists(place, min_size=2, max_size=12), min_size=1, max_size=6),
    tolerance=st.sampled_from([0.0, 0.7, 2.0, 5.3]),
)
@settings(max_examples=200, deadline=None)
def test_the_same_vertices_are_left_as_by_the_peer(paths, tolerance):
    # Whole numbers make ties: the first of several vertices that are furthest has to be taken.
    lines = [shapely.LineString(p) for p in paths]
    expected = [
        shapely.get_coordinates(g).tolist()
        for g in shapely.simplify(lines, tolerance, preserve_topology=False)
    ]
    assert _thinned(lines, tolerance) == expected


def test_long_noisy_lines_are_thinned_as_by_the_peer():
    rng = np.random.default_rng(3)
    lines = [shapely.LineString(np.cumsum(rng.normal(0, 1, (n, 2)), axis=0)) for n in (2, 3, 900)]
    thinned = shapely.simplify(lines, 2.0, preserve_topology=False)
    expected = [shapely.get_coordinates(g).tolist() for g in thinned]
    assert _thinned(lines, 2.0) == expected


def test_no_lines_and_lines_without_vertices_are_no_trouble():
    assert kept_vertices(np.empty((0, 2)), np.array([0]), 1.0).tolist() == []
    xy = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    assert kept_vertices(xy, np.array([0, 0, 3, 3]), 1.0).tolist() == [True, False, True]
