"""Shapes that cost too much are given up in a child that may die; the one who asked lives on."""

from __future__ import annotations

import math
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
import shapely

from cityops.jobs import shape_bench
from cityops.jobs.shape_bench import BoundedBench
from cityops.jobs.walls import Limits
from cityops.services import shape_work
from cityops.services.shape_work import Unbounded, is_cheap_to_cut, is_cheap_to_read
from gis.errors import GeometryError, UnavailableError
from gis.features import object_array

MB = 1 << 20
TIGHT = Limits(memory_bytes=700 * MB, file_bytes=0, cpu_seconds=1, open_files=64)


def polygon(ring):
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def circle(corners):
    turn = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    return np.column_stack([117.05 + 0.01 * np.cos(turn), 39.05 + 0.01 * np.sin(turn)]).tolist()


def comb(teeth, along_x=True):
    """A valid polygon of many thin teeth; laid over one that is turned it meets it everywhere."""
    at = [(0.0, 0.0)]
    for i in range(teeth):
        x, step = i / teeth, 1 / teeth
        at += [(x, 1.0), (x + 0.4 * step, 1.0), (x + 0.4 * step, 0.01), (x + step, 0.01)]
    at.append((1.0, 0.0))
    return shapely.Polygon([(x, y) if along_x else (y, x) for x, y in at])


@pytest.fixture
def bench(tmp_path):
    return BoundedBench(tmp_path, TIGHT, wall_clock_s=20)


def test_what_is_cheap_starts_no_child(bench, monkeypatch):
    monkeypatch.setattr(shape_bench.subprocess, "Popen", None)
    assert bench.drawn(polygon(circle(300))).is_valid
    lines = object_array([shapely.LineString([(0, 0), (2, 0)])] * 50)
    assert shapely.length(bench.overlay(lines, shapely.box(1, -1, 3, 1))).sum() == 50


@pytest.mark.server
def test_a_child_answers_as_the_spot_does(bench):
    shape = polygon(circle(5000))
    assert not is_cheap_to_read(shape)
    assert bench.drawn(shape).equals_exact(Unbounded().drawn(shape))
    shapes, over = object_array([comb(20), comb(20, False)]), comb(400)
    assert not is_cheap_to_cut(shapes, over)
    assert shapely.equals_exact(
        bench.overlay(shapes, over), Unbounded().overlay(shapes, over)
    ).all()


@pytest.mark.server
def test_a_child_refuses_with_the_same_faults(bench):
    eight = [*circle(2500), *[[117.2 - (x - 117.05), y] for x, y in circle(2500)]]
    with pytest.raises(GeometryError) as here:
        Unbounded().drawn(polygon(eight))
    with pytest.raises(GeometryError) as there:
        bench.drawn(polygon(eight))
    assert there.value.code == here.value.code
    assert [e.code for e in there.value.errors] == [e.code for e in here.value.errors]
    with pytest.raises(GeometryError) as caught:
        bench.drawn(polygon(circle(20_001)))
    assert caught.value.code == "geometry.too_many_vertices"


@pytest.mark.server
def test_two_combs_are_given_up_and_this_process_stays_small(bench):
    """Row 32: on the spot they would take minutes and five gigabytes."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(GeometryError) as caught:
        bench.overlay(object_array([comb(1000)]), comb(1000, False))
    assert caught.value.code == "geometry.too_expensive"
    assert caught.value.hint()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
    assert bench.drawn(polygon(circle(5000))).is_valid


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGXCPU])
def test_a_child_that_dies_is_a_refusal(number):
    with pytest.raises(GeometryError) as caught:
        shape_bench._answer(-number, b"", b"")
    assert caught.value.code == "geometry.too_expensive"


def children():
    tasks = Path("/proc/self/task").glob("*/children")
    return {pid for task in tasks for pid in task.read_text().split()}


def test_a_child_over_its_time_is_killed(tmp_path):
    before = children()
    bench = BoundedBench(tmp_path, Limits(memory_bytes=2 << 30), wall_clock_s=0.01)
    with pytest.raises(GeometryError) as caught:
        bench.drawn(polygon(circle(5000)))
    assert caught.value.code == "geometry.too_expensive"
    assert children() == before


def test_more_than_there_are_places_for_is_told_to_wait(tmp_path):
    bench = BoundedBench(tmp_path, TIGHT, wait_s=0.0)
    with shape_bench._place(tmp_path, 0.0), shape_bench._place(tmp_path, 0.0):
        with pytest.raises(UnavailableError) as caught:
            bench.drawn(polygon(circle(5000)))
        assert caught.value.code == "shapes.busy"
        assert bench.drawn(polygon(circle(100))).is_valid
    assert bench.drawn(polygon(circle(5000))).is_valid


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": "x" * 9000},
        {"type": "Polygon", "coordinates": [[[[[117, 39]] * 3] * 3] * 3]},
        {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [0, 0]}]},
    ],
)
def test_nonsense_is_cheap(value):
    assert is_cheap_to_read(value)


def test_many_parts_are_as_dear_as_many_corners():
    part = [[[117, 39], [118, 39], [118, 40], [117, 39]]]
    several = {"type": "MultiPolygon", "coordinates": [part] * 600}
    assert not is_cheap_to_read(several)
    nested = {"type": "GeometryCollection", "geometries": [several]}
    assert not is_cheap_to_read(nested)
    assert is_cheap_to_read({"type": "MultiPolygon", "coordinates": [part] * 100})
    assert shape_work.DRAWN.limits.vertices == shape_work.MAX_POLYGON_VERTICES
