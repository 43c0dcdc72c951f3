"""Scenes: set up once, all or nothing, as their description promises."""

import shutil

import numpy as np
import orjson
import pytest
import shapely

from cityops.services.permissions import Action, permission_for
from cityops.services.roles import SYSTEM
from cityops.services.scene_kept import layer_notices
from cityops.services.scenes import (
    SceneService,
    read_scene,
    scene_names,
    scenes_folder,
)
from gis.errors import ConflictError, FileError, NotFoundError
from grid.codes import parse_component_id
from grid.divisions import divisions
from grid.layers import CELLS, COMMUNITIES, COMPONENTS, DISTRICTS
from grid.units.check import check_grid
from underground.layers import PIPES


def load(services, spec):
    with services.store.reading() as tx:
        return tx.layers.load(spec)[1]


def test_both_scenes_ship_with_the_program():
    assert {"helsinki", "tianjin"} <= set(scene_names())


@pytest.mark.parametrize("name", ["helsinki", "tianjin"])
def test_the_store_holds_what_the_description_promises(name, request):
    services = request.getfixturevalue(name)
    with services.store.reading() as tx:
        counts = tx.layers.counts()
    promised = {entry.layer: entry.rows for entry in read_scene(name).layers}
    assert {layer: counts[layer] for layer in promised} == promised


def test_the_real_data_are_complete(tianjin, helsinki):
    with tianjin.store.reading() as tx:
        here = tx.layers.counts()
    with helsinki.store.reading() as tx:
        there = tx.layers.counts()
    assert (here["districts"], here["places"], here["power_plants"]) == (16, 233, 171)
    assert (there["roads"], there["components"]) == (2504, 2462)


def test_fourteen_power_plants_stand_in_the_city(tianjin):
    with tianjin.store.reading() as tx:
        spec = tx.layers.registry().get("power_plants")
        areas = tx.layers.load(spec)[1].areas
    assert sum(1 for a in areas if a.startswith("12")) == 14


def test_setting_a_scene_up_again_changes_nothing(empty_store):
    service = SceneService(empty_store)
    assert service.set_up("helsinki")["created"] is True
    with empty_store.reading() as tx:
        before = dict(tx.layers.versions())
    again = service.set_up("helsinki")
    with empty_store.reading() as tx:
        assert dict(tx.layers.versions()) == before
    assert again["created"] is False
    assert again["layers"]["components"] == 2462
    with pytest.raises(ConflictError) as caught:
        service.set_up("tianjin")
    assert caught.value.hint()


def test_an_unknown_scene_is_not_found_and_the_known_ones_are_named(empty_store):
    with pytest.raises(NotFoundError) as caught:
        SceneService(empty_store).set_up("atlantis")
    assert caught.value.expected == scene_names()


def test_a_fault_in_the_last_file_leaves_the_store_empty(empty_store, tmp_path):
    shutil.copytree(scenes_folder() / "helsinki", tmp_path / "helsinki")
    target = tmp_path / "helsinki" / "components.geojson"
    body = orjson.loads(target.read_bytes())
    body["features"][1]["properties"]["id"] = body["features"][0]["properties"]["id"]
    target.write_bytes(orjson.dumps(body))
    service = SceneService(empty_store, tmp_path)
    with pytest.raises(ConflictError):
        service.set_up("helsinki")
    with empty_store.reading() as tx:
        assert set(tx.layers.counts().values()) == {0}
    assert service.described() == {}


def test_a_file_with_fewer_rows_than_promised_is_refused(empty_store, tmp_path):
    shutil.copytree(scenes_folder() / "helsinki", tmp_path / "helsinki")
    target = tmp_path / "helsinki" / "water.geojson"
    body = orjson.loads(target.read_bytes())
    body["features"].pop()
    target.write_bytes(orjson.dumps(body))
    with pytest.raises(FileError, match="应有 7"):
        SceneService(empty_store, tmp_path).set_up("helsinki")


def test_a_property_that_no_field_declares_is_refused(empty_store, tmp_path):
    shutil.copytree(scenes_folder() / "helsinki", tmp_path / "helsinki")
    target = tmp_path / "helsinki" / "water.geojson"
    body = orjson.loads(target.read_bytes())
    body["features"][0]["properties"]["secret"] = 1
    target.write_bytes(orjson.dumps(body))
    with pytest.raises(FileError) as caught:
        SceneService(empty_store, tmp_path).set_up("helsinki")
    assert caught.value.got == ["secret"]


@pytest.mark.parametrize("name", ["helsinki", "tianjin"])
def test_synthetic_layers_say_so_in_notice_and_in_every_row(name, request):
    services = request.getfixturevalue(name)
    described = SceneService(services.store).described()
    for layer, said in layer_notices(described).items():
        with services.store.reading() as tx:
            spec = tx.layers.registry().get(layer)
            sources = tx.layers.load(spec)[1].columns["source"]
        assert said["notice"]
        assert all(sources)
        if said["synthetic"]:
            assert all("合成" in s for s in sources)


@pytest.mark.parametrize("name", ["helsinki", "tianjin"])
def test_the_cells_of_a_scene_keep_every_rule_of_a_unit_grid(name, request):
    services = request.getfixturevalue(name)
    cells, communities = load(services, CELLS), load(services, COMMUNITIES)
    parents = dict(zip(communities.columns["code"], communities.geometry, strict=True))
    stated = cells.columns["area_m2"]
    assert check_grid(list(cells.columns["code"]), cells.geometry, parents, stated) == []


def test_cells_of_the_pilot_area_measure_about_a_hectare(tianjin):
    areas = np.array(load(tianjin, CELLS).columns["area_m2"], float)
    assert 8000 < np.median(areas) < 12_000
    assert areas.min() > 4000


def test_the_pilot_area_lies_in_its_district_and_bears_real_names(tianjin):
    districts, communities = load(tianjin, DISTRICTS), load(tianjin, COMMUNITIES)
    heping = districts.geometry[list(districts.columns["code"]).index("120101")]
    for code, name, shape in zip(
        communities.columns["code"], communities.columns["name"], communities.geometry, strict=True
    ):
        assert heping.contains(shape)
        assert divisions()[code].name.startswith(name)


def test_component_ids_name_their_class_and_cell_holds_them(tianjin):
    components, cells = load(tianjin, COMPONENTS), load(tianjin, CELLS)
    shapes = dict(zip(cells.columns["code"], cells.geometry, strict=True))
    ids, codes = components.columns["id"], components.columns["class_code"]
    assert all(parse_component_id(i).class_code == c for i, c in zip(ids, codes, strict=True))
    held = [shapes[c] for c in components.columns["cell"]]
    assert shapely.intersects(np.array(held, dtype=object), components.geometry).all()
    assert len(components) >= 800


def test_pipes_of_all_kinds_lie_there_with_depth_only_where_it_was_measured(tianjin):
    pipes = load(tianjin, PIPES).columns
    assert set(pipes["kind"]) == {c.code for c in PIPES.field_named("kind").codes}
    for level, start in zip(pipes["quality_level"], pipes["depth_start_m"], strict=True):
        assert (start is not None) == (level in {"A", "B"})


def test_gravity_pipes_fall_in_the_direction_they_are_drawn(tianjin):
    pipes = load(tianjin, PIPES).columns
    rows = zip(pipes["kind"], pipes["depth_start_m"], pipes["depth_end_m"], pipes["subclass"],
               pipes["pressure_class"], pipes["size_text"], strict=True)  # fmt: skip
    mains = [(a, b) for kind, a, b, *_ in rows if kind == "storm" and a is not None]
    assert mains
    assert all(b >= a - 0.011 for a, b in mains)


def test_mains_of_a_kind_hang_together(tianjin):
    pipes = load(tianjin, PIPES)
    mine = [
        g for g, kind in zip(pipes.geometry, pipes.columns["kind"], strict=True) if kind == "water"
    ]
    joined = shapely.line_merge(shapely.union_all(mine, grid_size=1e-8))
    groups = shapely.get_parts(shapely.union_all(shapely.buffer(shapely.get_parts(joined), 1e-7)))
    assert len(groups) == 1


def test_every_feature_of_the_scene_fits_the_code_lists_of_its_layer(tianjin):
    with tianjin.store.reading() as tx:
        for entry in read_scene("tianjin").layers:
            spec = tx.layers.registry().get(entry.layer)
            batch = tx.layers.load(spec)[1]
            for field in spec.fields:
                if field.codes:
                    known = {c.code for c in field.codes} | {None}
                    assert set(batch.columns[field.name]) <= known, (spec.name, field.name)


def test_the_people_of_buildings_are_cut_for_a_planner(tianjin):
    from cityops.services.roles import Person, Role
    from grid.layers import BUILDINGS

    planner = Person(5, "规划", frozenset({Role.PLANNER}))
    assert "people_day" not in permission_for(planner, BUILDINGS, Action.VIEW).fields
    assert "people_day" in permission_for(SYSTEM, BUILDINGS, Action.VIEW).fields
