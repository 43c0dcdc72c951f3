"""The index answers as a search through all rows does, with both engines and under change."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import CityError, InvalidError, NotFoundError, UnavailableError
from gis.index import SpatialIndex
from gis.layers import GeometryKind
from gis.local_frame import LocalFrame
from gis.packed import Engine, _without_panic, build_tree, open_tree
from gis.ragged import Ragged

both_engines = pytest.mark.parametrize("engine", list(Engine))


def _touching(boxes, window):
    minx, miny, maxx, maxy = window
    hit = (boxes[:, 0] <= maxx) & (boxes[:, 2] >= minx)
    return hit & (boxes[:, 1] <= maxy) & (boxes[:, 3] >= miny)


def _random_boxes(n, seed=0):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 10, (n, 2))
    return np.hstack([low, low + rng.uniform(0, 1, (n, 2))])


@both_engines
def test_a_window_gives_what_a_search_through_all_boxes_gives(engine):
    boxes = _random_boxes(500)
    index = SpatialIndex.build(boxes, engine=engine)
    windows = _random_boxes(100, 1)
    for window in windows:
        expected = np.flatnonzero(_touching(boxes, window))
        assert index.window(tuple(window)).tolist() == expected.tolist()
    rows, ids = index.windows(windows)
    expected = [(q, i) for q, w in enumerate(windows) for i in np.flatnonzero(_touching(boxes, w))]
    assert list(zip(rows.tolist(), ids.tolist())) == expected


grid = st.integers(0, 6)
box = st.tuples(grid, grid, st.integers(0, 2), st.integers(0, 2)).map(
    lambda b: (float(b[0]), float(b[1]), float(b[0] + b[2]), float(b[1] + b[3]))
)
change = st.tuples(st.integers(0, 12), st.none() | box)


@both_engines
@given(first=st.lists(box, max_size=8), changes=st.lists(change, max_size=15), window=box)
@settings(max_examples=120, deadline=None)
def test_any_sequence_of_edits_gives_what_an_index_built_anew_gives(engine, first, changes, window):
    index = SpatialIndex.build(np.array(first).reshape(-1, 4), engine=engine)
    known = dict(enumerate(first))
    for id_, put in changes:
        if put is None:
            assert index.discard(id_) == (id_ in known)
            known.pop(id_, None)
        else:
            index.put(id_, put)
            known[id_] = put
    ids = np.array(sorted(known), np.int64)
    boxes = np.array([known[i] for i in ids.tolist()]).reshape(-1, 4)
    expected = ids[_touching(boxes, window)].tolist()
    assert index.window(window).tolist() == expected
    assert index.windows(np.array([window]))[1].tolist() == expected
    assert len(index) == len(known)


def test_a_fork_and_its_origin_do_not_see_each_others_edits():
    index = SpatialIndex.build(_random_boxes(50))
    index.put(100, (1, 1, 2, 2))
    fork = index.fork()
    fork.remove(100)
    fork.remove(3)
    fork.put(200, (5, 5, 5, 5))
    index.put(300, (5, 5, 5, 5))
    everything = (-1.0, -1.0, 20.0, 20.0)
    assert set(index.window(everything).tolist()) == {*range(50), 100, 300}
    assert set(fork.window(everything).tolist()) == {*range(50), 200} - {3}


def test_own_ids_are_given_back_and_found_again():
    ids = np.array([70, -5, 12])
    index = SpatialIndex.build(np.array([[0, 0, 1, 1], [0, 0, 2, 2], [5, 5, 6, 6]]), ids)
    assert index.at(0.5, 0.5).tolist() == [-5, 70]
    index.remove(70)
    assert index.at(0.5, 0.5).tolist() == [-5]
    with pytest.raises(NotFoundError):
        index.remove(70)
    with pytest.raises(NotFoundError):
        index.remove(13)


@both_engines
def test_points_in_polygons_are_exact_single_and_in_bulk(engine, jittered_cells):
    cells = jittered_cells(15)
    shapes = Ragged.from_shapely(GeometryKind.POLYGON, cells)
    index = SpatialIndex.build(shapes.bounds(), engine=engine)
    corners = shapely.get_coordinates(cells)[::3]
    points = np.vstack([corners, np.random.default_rng(5).uniform(117.0, 117.015, (300, 2)) - 0])
    points[len(corners) :, 1] -= 78
    rows, ids = index.contains_many(points, shapes)
    q, i = shapely.STRtree(cells).query(shapely.points(points), predicate="intersects")
    order = np.lexsort((i, q))
    assert rows.tolist() == q[order].tolist()
    assert ids.tolist() == i[order].tolist()
    for n, (x, y) in enumerate(points.tolist()):
        assert index.contains(x, y, shapes).tolist() == ids[rows == n].tolist()


@both_engines
def test_nearest_and_within_are_what_measuring_every_shape_gives(engine, wiggly_lines):
    shapes = Ragged.from_shapely(GeometryKind.LINE, wiggly_lines(150))
    index = SpatialIndex.build(shapes.bounds(), engine=engine)
    rng = np.random.default_rng(9)
    for id_ in rng.choice(150, 40, replace=False).tolist():
        index.remove(id_)
    there = index.window((-180.0, -90.0, 180.0, 90.0))
    for lon, lat in rng.uniform([116.99, 38.99], [117.03, 39.03], (25, 2)).tolist():
        metres = shapes.distances_m(there, LocalFrame(lon, lat))
        order = np.lexsort((there, metres))
        ids, distances = index.nearest(lon, lat, 7, shapes)
        assert ids.tolist() == there[order[:7]].tolist()
        assert distances == pytest.approx(metres[order[:7]])
        ids, distances = index.nearest(lon, lat, 7, shapes, max_m=150.0)
        assert ids.tolist() == there[order[:7]][metres[order[:7]] <= 150.0].tolist()
        ids, _ = index.within(lon, lat, 300.0, shapes)
        assert ids.tolist() == there[metres <= 300.0].tolist()


@both_engines
def test_nearest_gives_all_when_fewer_are_left_and_none_when_none_is(engine):
    points = shapely.points([[117.0, 39.0], [117.1, 39.0], [118.0, 39.0]])
    shapes = Ragged.from_shapely(GeometryKind.POINT, points)
    index = SpatialIndex.build(shapes.bounds(), engine=engine)
    index.remove(0)
    assert index.nearest(117.0, 39.0, 5, shapes)[0].tolist() == [1, 2]
    index.remove(1)
    index.remove(2)
    assert index.nearest(117.0, 39.0, 5, shapes)[0].tolist() == []


@both_engines
def test_of_equally_near_shapes_the_smaller_ids_are_taken(engine):
    same = shapely.points(np.full((6, 2), [117.0, 39.0]))
    shapes = Ragged.from_shapely(GeometryKind.POINT, same)
    index = SpatialIndex.build(shapes.bounds(), engine=engine)
    assert index.nearest(117.001, 39.0, 2, shapes)[0].tolist() == [0, 1]


def test_bulk_questions_give_the_single_answers_one_after_another(wiggly_lines):
    shapes = Ragged.from_shapely(GeometryKind.LINE, wiggly_lines(50))
    index = SpatialIndex.build(shapes.bounds())
    points = np.array([[117.01, 39.01], [117.0, 39.0]])
    rows, ids, metres = index.nearest_many(points, 3, shapes)
    assert rows.tolist() == [0, 0, 0, 1, 1, 1]
    assert ids[3:].tolist() == index.nearest(117.0, 39.0, 3, shapes)[0].tolist()
    rows, ids, metres = index.within_many(points, 500.0, shapes)
    assert ids[rows == 0].tolist() == index.within(117.01, 39.01, 500.0, shapes)[0].tolist()
    assert (metres <= 500.0).all()


@both_engines
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("place", range(4))
def test_numbers_that_are_none_are_refused_before_the_tree_sees_them(engine, bad, place):
    index = SpatialIndex.build(_random_boxes(5), engine=engine)
    window = [0.0, 0.0, 1.0, 1.0]
    window[place] = bad
    with pytest.raises(InvalidError):
        index.window(tuple(window))
    with pytest.raises(InvalidError):
        index.put(9, tuple(window))
    with pytest.raises(InvalidError):
        index.windows([window])
    with pytest.raises(InvalidError):
        SpatialIndex.build([window], engine=engine)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_position_or_distance_that_is_none_is_refused(bad):
    shapes = Ragged.from_shapely(GeometryKind.POINT, shapely.points([[1.0, 1.0]]))
    index = SpatialIndex.build(shapes.bounds())
    for ask in (
        lambda: index.contains(bad, 1.0, shapes),
        lambda: index.contains_many([[1.0, bad]], shapes),
        lambda: index.nearest(1.0, bad, 1, shapes),
        lambda: index.nearest(1.0, 1.0, 0, shapes),
        lambda: index.nearest(1.0, 1.0, 1, shapes, max_m=bad),
        lambda: index.within(1.0, 1.0, bad, shapes),
        lambda: index.within(1.0, 1.0, -1.0, shapes),
        lambda: index.window((1.0, 1.0, 0.0, 2.0)),
    ):
        with pytest.raises(InvalidError):
            ask()


@both_engines
def test_an_index_over_nothing_answers_with_nothing(engine):
    index = SpatialIndex.build(np.empty((0, 4)), engine=engine)
    assert index.window((0, 0, 1, 1)).tolist() == []
    assert index.windows([[0, 0, 1, 1]])[0].tolist() == []
    index.put(4, (0, 0, 0, 0))
    assert index.window((0, 0, 1, 1)).tolist() == [4]


def test_an_id_that_comes_twice_is_refused():
    with pytest.raises(InvalidError):
        SpatialIndex.build(_random_boxes(2), ids=[1, 1])


def test_the_packed_bytes_open_as_the_same_tree_and_wrong_ones_are_refused():
    boxes = _random_boxes(300)
    tree = build_tree(boxes, Engine.GEOINDEX)
    data = np.array(tree.as_bytes())
    again = open_tree(data, boxes)
    assert sorted(again.search(2, 2, 3, 3)) == sorted(tree.search(2, 2, 3, 3))
    for broken in (data[:-8], np.zeros_like(data), data[:100]):
        with pytest.raises(CityError):
            open_tree(broken, boxes)


def test_a_panic_becomes_an_error_that_callers_catch_and_an_interrupt_stays_one():
    class PanicException(BaseException):  # what the Rust library raises: no subclass of Exception
        pass

    def fail(error):
        raise error

    with pytest.raises(UnavailableError):
        _without_panic(lambda: fail(PanicException("broken")))
    with pytest.raises(KeyboardInterrupt):
        _without_panic(lambda: fail(KeyboardInterrupt()))
