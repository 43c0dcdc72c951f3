"""Both engines of the packed tree answer alike, and the second serves where the first is missing."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis import packed
from gis.errors import InvalidError
from gis.index import SpatialIndex
from gis.layers import GeometryKind
from gis.packed import Engine, best_engine, build_tree, check_boxes, open_tree
from gis.ragged import Ragged
from gis.snapshot import Snapshot, write

edge = st.integers(-5, 5)
boxes = st.lists(st.tuples(edge, edge, st.integers(0, 3), st.integers(0, 3)), max_size=40).map(
    lambda listed: np.array([(x, y, x + w, y + h) for x, y, w, h in listed], float).reshape(-1, 4)
)


@given(boxes, boxes, st.tuples(edge, edge), st.integers(1, 50))
@settings(max_examples=100, deadline=None)
def test_the_engines_agree_on_windows_joins_and_how_many_are_near(held, asked, place, k):
    one, two = build_tree(held, Engine.GEOINDEX), build_tree(held, Engine.STRTREE)
    assert len(one) == len(two) == len(held)
    for box in asked.tolist():
        assert sorted(one.search(*box)) == sorted(two.search(*box))
    for tree in (one, two):
        near = np.asarray(tree.near(*map(float, place), k))
        assert len(near) >= min(k, len(held))
        assert len(set(near.tolist())) == len(near)
    pairs = [sorted(zip(*map(np.ndarray.tolist, tree.join(asked)))) for tree in (one, two)]
    assert pairs[0] == pairs[1]


@pytest.mark.parametrize("engine", list(Engine))
def test_a_tree_over_one_box_and_one_over_a_thousand_equal_boxes_give_them_all(engine):
    for n in (1, 1000):
        tree = build_tree(np.tile([1.0, 1.0, 2.0, 2.0], (n, 1)), engine)
        assert sorted(tree.search(2, 2, 3, 3)) == list(range(n))
        assert len(tree.search(2.1, 2, 3, 3)) == 0


@pytest.mark.parametrize(
    "bad",
    [
        [[0, 0, np.nan, 1]],
        [[0, 0, np.inf, 1]],
        [[2, 0, 1, 1]],
        [[0, 2, 1, 1]],
        [[0, 0, 1]],
        [0, 0, 1, 1],
    ],
)
def test_boxes_that_are_none_are_refused_by_every_door(bad):
    for door in (check_boxes, build_tree, SpatialIndex.build):
        with pytest.raises(InvalidError):
            door(bad)


def test_bytes_serve_the_engine_that_made_them_and_the_other_builds_from_the_boxes():
    held = np.array([[0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0]])
    data = np.array(build_tree(held, Engine.GEOINDEX).as_bytes())
    assert build_tree(held, Engine.STRTREE).as_bytes() is None
    assert open_tree(data, held, Engine.STRTREE).engine is Engine.STRTREE
    assert open_tree(None, held).search(2, 2, 2, 2).tolist() == [1]
    assert len(open_tree(data, held[:0])) == 0


@pytest.fixture
def without_geoindex(monkeypatch):
    """The program as it is where no wheel of geoindex-rs fits."""
    monkeypatch.setattr(packed, "_geoindex", None)


def test_without_geoindex_the_index_works_on_the_other_engine(without_geoindex, jittered_cells):
    assert best_engine() is Engine.STRTREE
    cells = Ragged.from_shapely(GeometryKind.POLYGON, jittered_cells(8))
    index = SpatialIndex.build(cells.bounds())
    assert index.engine is Engine.STRTREE
    index.remove(0)
    points = np.random.default_rng(0).uniform([117.0, 39.0], [117.008, 39.008], (200, 2))
    rows, ids = index.contains_many(points, cells)
    pairs = shapely.STRtree(jittered_cells(8)).query(shapely.points(points), "intersects")
    expected = sorted((row, id_) for row, id_ in pairs.T.tolist() if id_ != 0)
    assert list(zip(rows.tolist(), ids.tolist())) == expected
    index.put(0, tuple(cells.bounds()[0].tolist()))
    assert index.contains(117.0005, 39.0005, cells).tolist() == [0]
    assert index.within(117.004, 39.004, 0.0, cells)[0].tolist() == (
        index.contains(117.004, 39.004, cells).tolist()
    )


def test_a_snapshot_written_with_one_engine_opens_without_it(
    tmp_path, layer_of, wiggly_lines, monkeypatch
):
    path = tmp_path / "a.snap"
    made = write(path, 3, layer_of(wiggly_lines(50)))
    monkeypatch.setattr(packed, "_geoindex", None)
    opened = Snapshot.open(path, made.spec)
    assert opened.index.engine is Engine.STRTREE
    window = (117.0, 39.0, 117.01, 39.01)
    assert opened.index.window(window).tolist() == made.index.window(window).tolist()


def test_the_module_can_be_imported_where_geoindex_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "geoindex_rs.rtree", None)
    spec = importlib.util.find_spec("gis.packed")
    alone = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(alone)
    assert alone.best_engine().value == "strtree"
