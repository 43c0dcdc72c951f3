"""Prisms and wells near pipes, pipes inside others, what lies at a depth: library and commands."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import CliRunner

from cityops.cli.underground import command
from gis.errors import CityError, InvalidError
from gis.features import object_array as o
from underground.borehole_tables import boreholes_of
from underground.boreholes import ground_at
from underground.frames import pipes_of_frame
from underground.heights import DatumError
from underground.spaces import spaces_near, spaces_of
from underground.survey.model import Sheet

E0, N0 = 517_000.0, 4_332_000.0


def line(wkt):
    return shapely.transform(
        shapely.from_wkt(f"LINESTRING Z ({wkt})"),
        lambda at: at + np.array([E0, N0, 0]),
        include_z=True,
    )


def pipes(*wkts):
    columns = {"管径": ["200"] * len(wkts), "管线编号": [f"p{i}" for i in range(len(wkts))]}
    frame = gpd.GeoDataFrame(columns, geometry=[line(w) for w in wkts], crs=4548)
    return pipes_of_frame(frame, datum="1985")


def box(x0, y0, x1, y1):
    return shapely.box(E0 + x0, N0 + y0, E0 + x1, N0 + y1)


def test_a_well_is_an_upright_capsule_and_a_building_a_prism():
    spaces = spaces_of(
        o([shapely.Point(E0 + 15, N0 + 2), box(10, -6, 20, -1)]),
        {
            "名称": o(["W1", "B1"]), "井口高程": o([0, 0]), "井深": o([30, None]),
            "井径(mm)": o([400, None]), "底高程": o([None, -9]),
        },
        datum="1985",
    )  # fmt: skip
    near = spaces_near(pipes("0 0 -2, 30 0 -2"), spaces, 5.0)
    assert near.space.tolist() == [0, 1]
    assert near.gap.tolist() == pytest.approx([2 - 0.2 - 0.1, 1 - 0.1])
    assert near.plan.tolist() == pytest.approx(near.gap.tolist())


def test_a_pipe_over_a_station_keeps_the_height_between_them():
    station = spaces_of(
        o([box(-5, -9, 50, 9)]), {"顶高程": o([-6]), "底高程": o([-20])}, datum="1985"
    )
    near = spaces_near(pipes("0 0 -2, 30 0 -2", "0 0 -7, 30 0 -7", "0 0 -1, 30 0 -1"), station, 4.0)
    assert near.pipe.tolist() == [0, 1]
    assert near.gap.tolist() == pytest.approx([3.9, -0.1])


def test_what_has_no_height_is_listed_where_it_is_near_in_plan():
    unknown = spaces_of(
        o([box(10, 1, 20, 5), box(10, 9, 20, 12)]), {"顶高程": o([0, 0])}, datum="1985"
    )
    near = spaces_near(pipes("0 0 -2, 30 0 -2"), unknown, 2.0)
    assert near.space.tolist() == [0]
    assert np.isnan(near.gap).all()
    assert near.plan.tolist() == pytest.approx([0.9])


def test_spaces_of_no_or_another_datum_are_not_compared():
    for datum in (None, "1956"):
        spaces = spaces_of(o([box(0, 0, 1, 1)]), {}, datum=datum)
        with pytest.raises(DatumError):
            spaces_near(pipes("0 0 -2, 30 0 -2"), spaces, 2.0)


def test_faulty_spaces_and_cells_are_all_named_at_once():
    shapes = o([shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)]), box(0, 0, 1, 1)])
    with pytest.raises(CityError) as refused:
        spaces_of(shapes, {"井口高程": o([0, 0, 0]), "底高程": o([5, 0, -1])})
    assert [(e.code, e.row) for e in refused.value.errors] == [
        ("space.upside_down", 1), ("space.shape", 2),
    ]  # fmt: skip
    with pytest.raises(InvalidError) as refused:
        spaces_of(
            shapes, {"井径": o([1, 1, 1]), "井深": o(["深", "nan", "2"]), "depth": o([1, 1, 1])}
        )
    assert [e.code for e in refused.value.errors] == [
        "columns.unit", "columns.number", "columns.number", "columns.twice",
    ]  # fmt: skip


HOLES = Sheet(
    "钻孔", ["钻孔编号", "X", "Y", "孔口高程", "孔深", "水位埋深"],
    [["ZK1", N0, E0, 3.0, 20, 1.5], ["ZK2", N0 + 30, E0 + 40, 3.5, 10, None]], [2, 3],
)  # fmt: skip
LAYERS = Sheet(
    "地层", ["钻孔编号", "层号", "层顶深度", "层底深度", "地层名称"],
    [["ZK1", "2", 4, 20, "粉质黏土"], ["ZK1", "1", 0, 4, "杂填土"], ["ZK2", "1", 0, 10, "素填土"]],
    [2, 3, 4],
)  # fmt: skip


def test_the_nearest_holes_tell_what_they_met_and_how_far_they_are():
    holes = boreholes_of(HOLES, LAYERS, datum="1985")
    found = ground_at(holes, E0, N0, 12.0)
    assert [f.distance_m for f in found] == [0.0, 50.0]
    assert holes.name[found[0].layer] == "粉质黏土"
    assert found[1].layer == -1
    assert (found[0].is_below_water, found[1].is_below_water) == (True, None)


def test_every_fault_of_borehole_tables_is_named_at_once():
    holes = Sheet("h", HOLES.head, [*HOLES.cells, ["ZK1", None, 1, 1, 1, 1]], [2, 3, 4])
    layers = Sheet("l", LAYERS.head, [*LAYERS.cells, ["ZK9", "1", None, 1, "砂"]], [2, 3, 4, 5])
    with pytest.raises(InvalidError) as refused:
        boreholes_of(holes, layers)
    assert [(e.code, e.row) for e in refused.value.errors] == [
        ("borehole.name", 4), ("borehole.place", 4), ("borehole.no_hole", 5),
        ("borehole.no_depth", 5),
    ]  # fmt: skip


def test_cells_places_and_layers_of_boreholes_are_refused_together():
    holes = Sheet(
        "h", HOLES.head,
        [["ZK1", "北", E0, 3.0, 20, 1.5], ["ZK2", N0, E0, 3.5, 10, None],
         ["ZK2", N0, E0, 3.5, 10, None], ["ZK3", None, E0, 3, 9, None]], [2, 3, 4, 5],
    )  # fmt: skip
    layers = Sheet(
        "l", LAYERS.head,
        [["ZK1", "1", "浅", 4, "土"], ["ZK2", "1", 0, 4, "土"], ["ZK2", "2", 5, 10, "砂"],
         ["ZK3", "1", 0, 12, "土"], ["ZK8", "1", 0, 1, "土"]], [2, 3, 4, 5, 6],
    )  # fmt: skip
    with pytest.raises(InvalidError) as refused:
        boreholes_of(holes, layers)
    assert sorted((e.code, e.row) for e in refused.value.errors) == [
        ("borehole.gap", 4), ("borehole.name", 4), ("borehole.no_hole", 6),
        ("borehole.place", 5), ("borehole.too_deep", 5),
        ("columns.number", 2), ("columns.number", 2),
    ]  # fmt: skip
    told = [str(e) for e in refused.value.errors if e.code == "columns.number"]
    assert told == ["钻孔表：X 不是数：北", "地层表：层顶深度 不是数：浅"]


def test_faults_between_layers_name_the_rows_of_the_file():
    cells = [["ZK1", "2", 5, 20, "砂"], ["ZK1", "1", 0, 4, "土"]]
    with pytest.raises(InvalidError) as refused:
        boreholes_of(HOLES, Sheet("l", LAYERS.head, cells, [7, 9]))
    assert [(e.code, e.row) for e in refused.value.errors] == [("borehole.gap", 7)]


def run(*arguments):
    done = CliRunner().invoke(command, [str(a) for a in arguments], standalone_mode=False)
    assert done.exception is None, done.output
    return done.output


def test_the_command_tells_the_strata_here(tmp_path):
    for name, sheet in (("holes", HOLES), ("layers", LAYERS)):
        rows = [
            ",".join("" if c is None else str(c) for c in r) for r in [sheet.head, *sheet.cells]
        ]
        (tmp_path / f"{name}.csv").write_text("\n".join(rows), encoding="utf-8")
    asked = ("strata", tmp_path, "--at", E0 + 3, N0 + 4, "--depth", 2, "--crs", "EPSG:4548")
    asked = (*asked[:1], tmp_path / "layers.csv", tmp_path / "holes.csv", *asked[2:])
    first = json.loads(run(*asked, "--json"))["holes"][0]
    assert (first["id"], first["distance_m"], first["layer"]["name"]) == ("ZK1", 5.0, "杂填土")
    assert "不是该处的勘察结果" in run(*asked)


def test_the_commands_tell_spaces_and_contents(tmp_path):
    frame = gpd.GeoDataFrame(
        {"管径": ["1000x800", "100"], "埋设方式": ["GG", "ZM"], "管线编号": ["沟", "缆"],
         "管类": ["电力", "电力"]},
        geometry=[line("0 0 -2, 30 0 -2")] * 2, crs=4548,
    )  # fmt: skip
    frame.to_file(tmp_path / "pipes.gpkg")
    well = gpd.GeoDataFrame(
        {"井口高程": [0.0], "井深": [50.0], "井径(m)": [0.4]},
        geometry=[shapely.Point(E0 + 15, N0 + 1)], crs=4548,
    )  # fmt: skip
    well.to_file(tmp_path / "wells.gpkg")
    asked = ("spaces", tmp_path / "pipes.gpkg", "--spaces", tmp_path / "wells.gpkg")
    asked += ("--datum", "1985", "--spaces-datum", "1985")
    near = {row["pipe"]: row for row in json.loads(run(*asked, "--json"))["near"]}
    assert near["沟"]["gap_3d_m"] == pytest.approx(0.3)
    assert near["缆"]["gap_3d_m"] == pytest.approx(0.75)
    assert "净距 0.300 m" in run(*asked)
    inside = json.loads(run("contained", tmp_path / "pipes.gpkg", "--json"))
    assert [(r["outer"], r["inner"]) for r in inside["contained"]] == [("沟", "缆")]
    assert "在别的管线里面的 1 段" in run("contained", tmp_path / "pipes.gpkg")
