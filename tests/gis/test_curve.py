"""Rows that lie along the curve answer as rows that lie in the order of their fids."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis import snapshot
from gis.curve import order_along_curve
from gis.features import LayerChanges
from gis.pyramid import EVERY_ROW, blocks_of, layer_tile
from gis.snapshot import Snapshot, write
from gis.view import LayerView


def _both(batch, monkeypatch):
    """The same rows in the order of their fids, and along the curve."""
    plain = LayerView(Snapshot.of(1, batch))
    monkeypatch.setattr(snapshot, "CURVED_FROM", 1)
    curved = LayerView(Snapshot.of(1, batch))
    if len(batch) > 2:
        assert curved.fids(np.arange(len(batch))).tolist() != batch.fids.tolist()
    return plain, curved


def _answers(view):
    """What a view says, rows by their fids."""
    at = 117.011, 39.009
    window = (117.003, 39.003, 117.012, 39.015)
    near, metres = view.nearest(*at, 9)
    within, _ = view.within(*at, 400.0)
    rows = view.rows()
    told = {
        "window": view.fids(view.window(window)).tolist(),
        "exact": view.fids(view.window(window, exact=True)).tolist(),
        "polygon": view.fids(view.in_polygon(shapely.Point(*at).buffer(0.004))).tolist(),
        "covering": view.fids(view.covering(*at)).tolist(),
        "near": (view.fids(near).tolist(), metres.round(6).tolist()),
        "within": view.fids(within).tolist(),
        "all": view.fids(rows).tolist(),
        "keys": view.keys(rows).tolist(),
        "shapes": [g.wkb for g in view.geometry(rows)],
        "boxes": view.boxes(rows).tolist(),
        "measures": view.measures(rows).round(6).tolist(),
        "areas": view.areas(rows).tolist(),
        "found": view.fids(view.rows_of_fids([10, 13, 500, 11, -1, 10_000])).tolist(),
        "counts": view.counts_by("kind", rows),
    }
    for name in view.spec.field_names:
        told[name] = view.column(name, rows).tolist()
        assert [json.loads(text) for text in view.json_column(name, rows)] == told[name]
        found = view.numbered(name, rows)
        assert [[*found.values, None][code] for code in found.codes.tolist()] == told[name]
    return told


@pytest.mark.parametrize("shape", ["cells", "lines", "points"])
def test_every_question_has_the_same_answer_before_and_after_edits(
    shape, layer_of, jittered_cells, wiggly_lines, monkeypatch
):
    shapes = {
        "cells": jittered_cells(14),
        "lines": wiggly_lines(150),
        "points": shapely.points(
            np.random.default_rng(4).uniform([117, 39], [117.02, 39.02], (90, 2))
        ),
    }[shape]
    order = np.random.default_rng(1).permutation(len(shapes))
    plain, curved = _both(layer_of(shapes[order]), monkeypatch)
    assert _answers(curved) == _answers(plain)
    new = layer_of(shapes[order][:7], fids=[500, 13, 16, 900, 22, 23, 1], first=700, seed=3)
    changes = LayerChanges(2, new, np.array([19, 25, 900]))
    assert _answers(curved.apply(changes)) == _answers(plain.apply(changes))


def test_of_equally_near_rows_those_with_the_smaller_fids_are_taken(layer_of, monkeypatch):
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)[::-1]
    around = np.column_stack([np.cos(angles), np.sin(angles)])
    same = np.repeat([[117.0, 39.0], [117.001, 39.0]], 6, axis=0)
    batch = layer_of(shapely.points(np.vstack([same[::-1], around + np.array([117, 39])])))
    plain, curved = _both(batch, monkeypatch)
    for k in (1, 3, 6, 9):
        ours, theirs = (v.fids(v.nearest(117.0, 39.0, k)[0]).tolist() for v in (curved, plain))
        assert ours == theirs


def test_tiles_and_their_blocks_are_the_same(layer_of, wiggly_lines, monkeypatch):
    batch = layer_of(wiggly_lines(120), min_zoom=14)
    plain, curved = _both(batch, monkeypatch)
    for tile in ((13, 6758, 3130), (11, 1689, 782), (0, 0, 0)):
        ours, theirs = blocks_of(curved, EVERY_ROW, tile), blocks_of(plain, EVERY_ROW, tile)
        assert ours.cells.tolist() == theirs.cells.tolist()
        assert ours.counts.tolist() == theirs.counts.tolist()
    tile = (14, 13517, 6260)
    made = [layer_tile(v, EVERY_ROW, ("code", "kind"), tile) for v in (curved, plain)]
    assert made[0] == made[1]
    assert made[0]


def test_a_file_keeps_the_order_and_rows_without_a_shape(tmp_path, layer_of, monkeypatch):
    monkeypatch.setattr(snapshot, "CURVED_FROM", 1)
    places = [shapely.Point(9 - i, 0) for i in range(8)]
    batch = layer_of([*places[:4], None, *places[4:], None])
    made = write(tmp_path / "a.snap", 1, batch)
    opened = LayerView(Snapshot.open(tmp_path / "a.snap", batch.spec))
    assert opened.fids(opened.rows()).tolist() == batch.fids.tolist()
    assert opened.keys(opened.rows()).tolist() == batch.columns["code"].tolist()
    assert made.table.fids.tolist() == opened.fids(np.arange(10)).tolist() != batch.fids.tolist()
    assert opened.row_of_fid(int(batch.fids[4])) is not None
    assert len(opened.window((-180.0, -90.0, 180.0, 90.0))) == 8


@given(st.lists(st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
@settings(deadline=None)
def test_the_order_holds_every_box_once_and_equal_places_in_turn(places):
    boxes = np.array([(*p, *p) if p else [np.nan] * 4 for p in places], float).reshape(-1, 4)
    order = order_along_curve(boxes).tolist()
    assert sorted(order) == list(range(len(places)))
    ordered = [places[i] for i in order]
    known = [p for p in ordered if p is not None]
    assert ordered[: len(known)] == known
    for place in set(places):
        at = [i for i in order if places[i] == place]
        assert at == sorted(at)
        assert place is None or known.index(place) + known.count(place) <= len(known)
    for a in set(known):
        first = known.index(a)
        assert set(known[first : first + known.count(a)]) == {a}
