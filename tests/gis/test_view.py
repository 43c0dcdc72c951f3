"""A view answers like its rows in a list, under any sequence of edits."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import NotFoundError
from gis.features import LayerChanges
from gis.snapshot import Snapshot
from gis.view import LayerView

EVERYTHING = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True)
class Reaches:
    """Rows of one area prefix and some categories."""

    prefix: str
    categories: frozenset

    def mask(self, area_values, area_codes, category_values, category_codes):
        area = np.array([v.startswith(self.prefix) for v in area_values] + [False], bool)
        kind = np.array([v in self.categories for v in category_values] + [False], bool)
        return area[area_codes] & kind[category_codes]


def _changes(version, put, removed=()):
    return LayerChanges(version, put, np.array(removed, np.int64))


@pytest.fixture
def view(layer_of, jittered_cells):
    return LayerView(Snapshot.of(1, layer_of(jittered_cells(8))))


def test_an_edit_is_seen_in_the_next_view_and_not_in_the_one_before(view, layer_of):
    moved = layer_of([shapely.box(118, 40, 118.1, 40.1)], fids=[13], first=900)
    after = view.apply(_changes(2, moved, removed=[16]))
    assert (after.version, len(after), after.pending) == (2, 63, 3)
    assert after.keys(after.window((118, 40, 119, 41))).tolist() == ["k0900"]
    assert after.fids(after.window(EVERYTHING)).tolist() == [10, 13, *range(19, 200, 3)][:63]
    assert view.window((118, 40, 119, 41)).tolist() == []
    assert len(view) == 64
    assert after.row_of_fid(16) is None
    assert after.rows_of_fids([16, 13]).tolist() == [64]


def test_a_row_without_a_shape_is_listed_but_found_nowhere(view, layer_of):
    nowhere = layer_of([shapely.box(0, 0, 1, 1), None], fids=[10, 13]).take([1])
    after = view.apply(_changes(2, nowhere))
    assert 13 in after.fids(after.rows())
    assert 13 not in after.fids(after.window(EVERYTHING))
    again = after.apply(_changes(3, nowhere, removed=[13]))
    assert len(again) == 63


fid = st.integers(0, 9)
edit = st.tuples(st.lists(st.tuples(fid, st.integers(0, 5)), max_size=4), st.lists(fid, max_size=3))


@given(edits=st.lists(edit, max_size=6), window=st.tuples(st.integers(0, 5), st.integers(0, 5)))
@settings(max_examples=60, deadline=None)
def test_any_sequence_of_edits_gives_the_rows_that_a_dictionary_has(layer_of, edits, window):
    base = layer_of(shapely.points([[i, 0] for i in range(5)]), fids=range(5))
    view = LayerView(Snapshot.of(0, base))
    known = {i: (i, f"k{i:04d}") for i in range(5)}
    serial = 100
    for version, (puts, removed) in enumerate(edits, 1):
        shapes = shapely.points([[x, 0] for _, x in puts] or np.empty((0, 2)))
        batch = layer_of(shapes, fids=[f for f, _ in puts], first=serial) if puts else base.take([])
        view = view.apply(_changes(version, batch, removed))
        for i, (f, x) in enumerate(puts):
            known[f] = (x, f"k{serial + i:04d}")
        known = {f: v for f, v in known.items() if f not in removed}
        serial += len(puts)
    low, high = sorted(window)
    rows = view.window((low, -1, high, 1))
    expected = {f: key for f, (x, key) in sorted(known.items()) if low <= x <= high}
    assert view.fids(rows).tolist() == list(expected)
    assert view.keys(rows).tolist() == list(expected.values())
    assert view.fids(view.rows()).tolist() == sorted(known)
    assert len(view) == len(known)


def test_on_a_shared_border_the_cell_with_the_smaller_key_comes_first(layer_of):
    boxes = [shapely.box(1, 0, 2, 1), shapely.box(0, 0, 1, 1)]
    view = LayerView(Snapshot.of(1, layer_of(boxes)))
    assert view.keys(view.covering(1.0, 0.5)).tolist() == ["k0000", "k0001"]
    renamed = layer_of(boxes[:1], fids=[10], first=5)
    assert view.apply(_changes(2, renamed)).covering(1.0, 0.5).tolist() == [1, 2]
    assert view.covering(5.0, 5.0).tolist() == []


def test_a_polygon_takes_what_it_touches_exactly(view):
    triangle = shapely.Polygon([(117.0, 39.0), (117.005, 39.0), (117.0, 39.005)])
    expected = np.flatnonzero(shapely.intersects(view.geometry(np.arange(64)), triangle))
    assert view.in_polygon(triangle).tolist() == expected.tolist()
    boxes = view.window(tuple(triangle.bounds))
    assert len(boxes) > len(expected)
    exact = view.window((117.001, 39.001, 117.0012, 39.0012), exact=True)
    assert set(exact) <= set(view.window((117.001, 39.001, 117.0012, 39.0012)))


def test_nearest_is_by_distance_and_then_key_over_snapshot_and_edits(layer_of):
    base = layer_of(shapely.points([[117.0, 39.0], [117.002, 39.0], [117.003, 39.0]]))
    near = layer_of(shapely.points([[117.002, 39.0]]), fids=[999], first=0)
    view = LayerView(Snapshot.of(1, base)).apply(_changes(2, near, removed=[16]))
    rows, metres = view.nearest(117.002, 39.0, 3)
    assert view.fids(rows).tolist() == [999, 13, 10]
    assert metres.round(1).tolist() == [0.0, 0.0, 173.3]
    assert view.fids(view.within(117.002, 39.0, 100.0)[0]).tolist() == [999, 13]
    assert view.edge_distances_m(rows, 117.002, 39.0).round(1).tolist() == [0.0, 0.0, 173.3]


def test_a_mask_is_made_once_and_follows_the_edits(view, layer_of):
    reach = Reaches("120101", frozenset({"a", "b"}))
    rows = view.rows(reach)
    assert view.mask(reach) is view.mask(Reaches("120101", frozenset({"b", "a"})))
    assert 0 < len(rows) < 64
    assert all(a.startswith("120101") for a in view.areas(rows))
    assert set(view.column("kind", rows)) <= {"a", "b"}
    gone = view.fids(rows)[:1]
    after = view.apply(_changes(2, layer_of([shapely.box(1, 1, 2, 2)], fids=[7]), gone))
    assert gone[0] not in after.fids(after.rows(reach))
    assert after.base_mask(reach) is view.base_mask(reach)
    expected = [
        i
        for i in after.rows().tolist()
        if after.areas([i])[0].startswith("120101") and after.column("kind", [i])[0] in ("a", "b")
    ]
    assert after.rows(reach).tolist() == expected
    with pytest.raises(ValueError, match="read-only"):
        after.mask(reach)[0] = True


def test_what_is_asked_of_rows_comes_from_snapshot_and_edits_in_their_order(view, layer_of):
    new = layer_of([shapely.box(118, 40, 118.001, 40.001)], fids=[500], first=77)
    after = view.apply(_changes(2, new))
    rows = np.array([64, 3, 0])
    assert after.keys(rows).tolist() == ["k0077", "k0003", "k0000"]
    assert [g.wkt for g in after.geometry(rows)[:1]] == [new.geometry[0].wkt]
    assert after.boxes(rows)[0].tolist() == [118.0, 40.0, 118.001, 40.001]
    assert after.measures(rows).round(-1).tolist()[0] == pytest.approx(9470, rel=0.01)
    assert after.batch(rows).fids.tolist() == [500, 19, 10]
    assert sum(after.counts_by("kind", after.rows()).values()) == 65
    assert after.coded("kind").take(rows).tolist() == after.column("kind", rows).tolist()
    assert after.bounds()[2:] == (118.001, 40.001)
    with pytest.raises(NotFoundError):
        after.take(rows, ["nothing"])


def test_bounds_of_nothing_are_none(layer_of):
    view = LayerView(Snapshot.of(1, layer_of([shapely.Point(1, 1)])))
    assert view.bounds() == (1.0, 1.0, 1.0, 1.0)
    assert view.apply(_changes(2, layer_of([shapely.Point(1, 1)]).take([]), [10])).bounds() is None


def test_readers_in_other_threads_see_whole_views_while_edits_come_in(layer_of):
    base = layer_of(shapely.points([[i, 0] for i in range(50)]))
    held = [LayerView(Snapshot.of(0, base))]
    faults = []
    done = threading.Event()

    def read():
        while not done.is_set():
            view = held[0]
            found = len(view.window((-1, -1, 100, 1)))
            if found != 50 + view.version or len(view) != found:
                faults.append((view.version, found))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in range(1, 60):
        point = layer_of([shapely.Point(version, 0.5)], fids=[1000 + version])
        held[0] = held[0].apply(_changes(version, point))
    done.set()
    for reader in readers:
        reader.join()
    assert faults == []
