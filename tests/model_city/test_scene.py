"""The model city as a scene: the same bytes for a seed and in order."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import orjson
import pytest
import shapely
from generate.cells import cells_of, duty_grids, governance_grids
from generate.city import plan_of
from generate.frame import Settings, in_degrees
from generate.scene import NAME, write_scene

from grid.units.check import check_grid
from grid.units.kinds import grid_kind

ROOT = Path(__file__).parents[2]


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(files)}


def rows(folder, name):
    return json.loads((folder / f"{name}.geojson").read_text("utf-8"))["features"]


def test_a_seed_gives_the_same_bytes_in_another_process(small_scene, tmp_path):
    words = ["-m", "generate", "--scale", "0.05", "--out", str(tmp_path)]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "fixtures" / "tianjin")])
    told = os.environ | {"PYTHONPATH": paths, "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, *words], check=True, capture_output=True, env=told)
    assert contents(tmp_path) == contents(small_scene / NAME)


def test_another_seed_gives_another_city(small_scene, tmp_path):
    write_scene(Settings(seed=5, scale=0.05), tmp_path)
    mine, other = contents(tmp_path), contents(small_scene / NAME)
    assert mine["buildings.geojson"] != other["buildings.geojson"]
    assert mine["districts.geojson"] == other["districts.geojson"]


def test_every_row_says_that_it_is_synthetic(small_scene):
    scene = orjson.loads((small_scene / NAME / "scene.json").read_bytes())
    made = [entry for entry in scene["layers"] if entry["synthetic"]]
    assert made
    for entry in made:
        features = rows(small_scene / NAME, entry["layer"])
        assert all("合成数据" in f["properties"]["source"] for f in features), entry["layer"]


@pytest.mark.parametrize("seed", [1, 2, 120103])
def test_cells_are_in_order_for_every_seed(seed):
    settings = Settings(seed, 0.15)
    for pilot in settings.pilots():
        plan = plan_of(settings, pilot)
        cells = cells_of(plan)
        codes = sorted(set(plan.blocks.community.tolist()))
        areas = [
            in_degrees(shapely.coverage_union_all(plan.blocks.shape[plan.blocks.community == c]))
            for c in codes
        ]
        parents = dict(zip(codes, areas, strict=True))
        assert check_grid(cells.code.tolist(), in_degrees(cells.shape), parents) == []
        assert cells.measures.buildings_cut == 0


def test_cells_are_of_the_size_that_is_asked_for(quarter):
    assert quarter[1].measures.fitting_share > 0.9
    assert quarter[1].measures.on_line_share > 0.85


def test_duty_and_governance_grids_are_sums_of_cells(quarter):
    plan, cells = quarter
    for kind, groups in (
        ("duty", duty_grids(plan, cells)),
        ("governance", governance_grids(cells)),
    ):
        assert sorted(c for g in groups for c in g.cells) == sorted(cells.code.tolist())
        assert all(grid_kind(kind).check(g.code) for g in groups)
        assert len({g.code for g in groups}) == len(groups)
        assert {g.code for g in groups}.isdisjoint(cells.code)
        assert all(g.shape.geom_type == "Polygon" for g in groups)


def test_most_governance_grids_have_300_to_500_households(quarter):
    households = np.array([g.households for g in governance_grids(quarter[1])])
    assert 250 < np.median(households) < 550


def test_every_component_has_a_label_and_most_covers_a_point_that_a_pipe_ends_at(small_scene):
    folder = small_scene / NAME
    components = [f["properties"] for f in rows(folder, "components")]
    with (folder / "labels.csv").open(encoding="utf-8-sig", newline="") as stream:
        labels = list(csv.DictReader(stream))
    assert [label["标识码"] for label in labels] == [c["id"] for c in components]
    assert all(label["二维码内容"] == f"COMPONENT:{label['标识码']}" for label in labels)
    points = [c["survey_point"] for c in components if "survey_point" in c]
    assert len(points) > 100
    assert len(set(points)) == len(points)


def test_statistics_are_written_beside_the_scene(small_scene):
    figures = orjson.loads((small_scene / NAME / "statistics.json").read_bytes())
    assert [p["kind"] for p in figures["pilots"]] == ["inner", "port", "village"]
    cells = len(rows(small_scene / NAME, "cells"))
    assert sum(p["cells"] for p in figures["pilots"]) == cells
