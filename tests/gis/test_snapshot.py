"""A snapshot file gives back what was written, or refuses to open."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import subprocess
import sys

import numpy as np
import pytest
import shapely

from gis.errors import FileError, InvalidError, NotFoundError
from gis.features import empty_batch, object_array
from gis.layers import FieldType, GeometryKind
from gis.packed import Engine
from gis.snapshot import Snapshot, remove_older, write
from gis.table import encoded

SHAPES = {
    "points": shapely.points([[117.0, 39.0], [117.1, 39.1], [117.2, 39.2]]),
    "lines": [
        shapely.LineString([(0, 0), (1, 1)]),
        shapely.from_wkt("MULTILINESTRING ((2 2, 3 3), (4 4, 5 5))"),
        shapely.from_wkt("LINESTRING Z (0 0 -1.5, 1 0 -1.75)"),
    ],
    "polygons": [
        shapely.box(0, 0, 1, 1),
        shapely.MultiPolygon([shapely.box(2, 2, 3, 3), shapely.box(4, 4, 5, 5)]),
        shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 4, 4)),
    ],
}


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize("name", list(SHAPES))
def test_what_was_written_is_read_with_every_part_height_and_value(
    tmp_path, layer_of, name, engine
):
    batch = layer_of(SHAPES[name])
    path = tmp_path / "layer.snap"
    write(path, 7, batch)
    opened = Snapshot.open(path, batch.spec, engine)
    back = opened.table.batch(np.arange(len(batch)))
    assert opened.version == 7
    assert [g.wkt for g in back.geometry] == [g.wkt for g in batch.geometry]
    assert back.fids.tolist() == batch.fids.tolist()
    assert back.areas.tolist() == batch.areas.tolist()
    for field in batch.spec.field_names:
        assert back.columns[field].tolist() == batch.columns[field].tolist(), field
    everything = (-180.0, -90.0, 180.0, 90.0)
    assert opened.index.window(everything).tolist() == list(range(len(batch)))


def test_the_kind_of_a_value_survives(tmp_path, layer_of):
    batch = layer_of(SHAPES["points"])
    write(tmp_path / "a.snap", 1, batch)
    back = Snapshot.open(tmp_path / "a.snap", batch.spec).table.batch([1])
    kinds = {name: type(column[0]) for name, column in back.columns.items()}
    assert kinds["count_n"] is int
    assert kinds["size_m"] is float
    assert kinds["checked"] is bool


def test_a_layer_without_rows_and_rows_without_a_shape_are_kept(tmp_path, layer_of):
    batch = layer_of([None, shapely.Point(1, 1), None])
    for case in (batch, empty_batch(batch.spec)):
        write(tmp_path / "a.snap", 1, case)
        opened = Snapshot.open(tmp_path / "a.snap", batch.spec)
        assert len(opened) == len(case)
        assert opened.index.window((0, 0, 2, 2)).tolist() == ([1] if len(case) else [])


@pytest.mark.parametrize("place", [0, 5, 20, 44, 60, 300, -200, -1])
def test_one_flipped_bit_anywhere_is_found(tmp_path, layer_of, place):
    batch = layer_of(SHAPES["lines"])
    path = tmp_path / "layer.snap"
    write(path, 1, batch)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(FileError):
        Snapshot.open(path, batch.spec)


@pytest.mark.parametrize("keep", [0, 10, 47, 48, 1000, -1])
def test_a_file_cut_short_is_refused(tmp_path, layer_of, keep):
    batch = layer_of(SHAPES["lines"])
    path = tmp_path / "layer.snap"
    write(path, 1, batch)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FileError):
        Snapshot.open(path, batch.spec)


def test_a_foreign_file_and_none_at_all_are_refused(tmp_path, layer_of):
    spec = layer_of(SHAPES["points"]).spec
    (tmp_path / "a.snap").write_bytes(b"SQLite format 3\0" + bytes(1000))
    with pytest.raises(FileError):
        Snapshot.open(tmp_path / "a.snap", spec)
    with pytest.raises(NotFoundError):
        Snapshot.open(tmp_path / "b.snap", spec)


def test_a_snapshot_of_another_declaration_is_refused(tmp_path, layer_of):
    batch = layer_of(SHAPES["points"])
    write(tmp_path / "a.snap", 1, batch)
    fewer = dataclasses.replace(batch.spec, fields=batch.spec.fields[:2])
    with pytest.raises(FileError):
        Snapshot.open(tmp_path / "a.snap", fewer)
    with pytest.raises(FileError):
        Snapshot.open(tmp_path / "a.snap", layer_of(SHAPES["lines"]).spec)


def test_rows_out_of_order_are_refused_and_leave_no_file(tmp_path, layer_of):
    batch = layer_of(SHAPES["points"], fids=[3, 2, 9])
    with pytest.raises(InvalidError):
        write(tmp_path / "a.snap", 1, batch)
    assert list(tmp_path.iterdir()) == []


def test_writing_again_replaces_the_file_while_a_reader_keeps_the_old_one(tmp_path, layer_of):
    old, new = layer_of(SHAPES["points"]), layer_of(SHAPES["points"][:1])
    path = tmp_path / "a.snap"
    write(path, 1, old)
    reader = Snapshot.open(path, old.spec)
    write(path, 2, new)
    assert len(reader.table.batch([0, 1, 2])) == 3
    assert len(Snapshot.open(path, old.spec)) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.snap"]


def test_older_files_are_removed_and_those_in_use_are_kept(tmp_path):
    for name in ("a-1.snap", "a-2.snap", "note.txt"):
        (tmp_path / name).write_bytes(b"x")
    remove_older(tmp_path, frozenset({"a-2.snap"}))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a-2.snap", "note.txt"]


def test_many_and_few_distinct_texts_read_alike():
    many = object_array([None if i == 5 else f"第 {i} 号" for i in range(100)])
    few = object_array([None if i == 5 else "甲乙"[i % 2] for i in range(100)])
    rows = np.array([99, 5, 0, 5])
    for values in (many, few):
        column = encoded(values, FieldType.TEXT)
        assert column.take(rows).tolist() == values[rows].tolist()
    assert type(encoded(many, FieldType.TEXT)) is not type(encoded(few, FieldType.TEXT))


def test_dates_become_iso_text():
    column = encoded(object_array([dt.date(2024, 2, 29), None]), FieldType.DATE)
    assert column.take(np.array([0, 1])).tolist() == ["2024-02-29", None]


_PRIVATE = """
import sys
from pathlib import Path
from gis.layers import *
from gis.snapshot import Snapshot
import numpy as np

def private():
    rows = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(r.split()[1]) for r in rows if r.startswith("Private_Dirty"))

t = Title("a", "a")
spec = LayerSpec("big", t, "base", GeometryKind.LINE, (FieldSpec("code", t, FieldType.TEXT),), "code")
before = private()
snapshot = Snapshot.open(Path(sys.argv[1]), spec)
assert len(snapshot.index.window((117.0, 39.0, 117.5, 39.5))) > 100
print(private() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="reads Linux /proc")
def test_an_open_snapshot_costs_a_process_little_memory_of_its_own(
    tmp_path, wiggly_lines, layer_of
):
    from gis.features import FeatureBatch
    from gis.layers import FieldSpec, LayerSpec, Title

    n = 60_000
    t = Title("a", "a")
    code = FieldSpec("code", t, FieldType.TEXT)
    spec = LayerSpec("big", t, "base", GeometryKind.LINE, (code,), "code")
    keys = object_array([f"k{i}" for i in range(n)])
    areas = object_array([""] * n)
    batch = FeatureBatch(spec, np.arange(n), wiggly_lines(n, 0, 1.0), {"code": keys}, areas)
    path = tmp_path / "big.snap"
    write(path, 1, batch)
    command = [sys.executable, "-c", _PRIVATE, str(path)]
    grown_kb = int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert path.stat().st_size > 8_000_000
    assert grown_kb < 3_000
