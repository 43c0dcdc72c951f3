"""Pipes beside structures, below rails, deeper than foundations, under land use and a ground model."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from cityops.services.underground.audits import audit_files, run_audit
from gis.errors import GeometryError, InvalidError
from gis.features import object_array as o
from underground.audit.checks import AuditSettings
from underground.audit.land import LandUse
from underground.audit.report import finding_rows
from underground.audit.tiles import Audit, audit_pipes
from underground.frames import pipes_of_frame
from underground.ground_model import SpotGround
from underground.heights import DatumError
from underground.proposal import Corridor, check_proposal, nearest_alignment
from underground.rules.tables import shipped_rules
from underground.surroundings import surroundings_of

E0, N0 = 517_000.0, 4_332_000.0


def moved(wkt):
    shift = np.array([E0, N0])
    shape = shapely.from_wkt(wkt)
    return shapely.transform(
        shape, lambda at: at + [*shift, 0][: at.shape[1]], include_z=shape.has_z
    )


def pipe_of(wkt="0 0 -2, 30 0 -2", kind="给水", size="200", ground=0.0, **more):
    columns = {"管类": [kind], "管径": [size], "埋设方式": ["ZM"], "探查方式": ["明显点"]}
    columns |= {name: [value] for name, value in more.items()}
    frame = gpd.GeoDataFrame(columns, geometry=[moved(f"LINESTRING Z ({wkt})")], crs=4548)
    pipes = pipes_of_frame(frame, datum="1985")
    pipes.ground[:] = ground
    return pipes


def around_of(*rows, datum=None):
    names = sorted({name for _, _, more in rows for name in more})
    columns = {"类别": o(kind for kind, _, _ in rows)}
    columns |= {n: o(more.get(n) for _, _, more in rows) for n in names}
    return surroundings_of(o(moved(wkt) for _, wkt, _ in rows), columns, datum=datum)


def found(pipes, *rows, datum=None, **settings):
    around = around_of(*rows, datum=datum)
    audit = Audit(pipes, shipped_rules(), AuditSettings(**settings), around=around)
    result = run_audit(audit)
    return finding_rows(audit, result.findings), result.counts


@pytest.mark.parametrize(
    ("kind", "wkt", "more", "required"),
    [
        ("乔木", "POINT (15 1)", {}, 1.5),
        ("灌木", "POINT (15 0.5)", {}, 1.0),
        ("路灯", "POINT (15 0.3)", {}, 0.5),
        ("建筑物", "POLYGON ((10 0.6, 20 0.6, 20 9, 10 9, 10 0.6))", {"基础埋深": 5}, 1.0),
        ("铁塔", "POLYGON ((10 2, 20 2, 20 9, 10 9, 10 2))", {"电压": "110"}, 3.0),
        ("路缘石", "LINESTRING (0 1, 30 1)", {}, 1.5),
        ("有轨电车", "LINESTRING (0 1, 30 1)", {}, 2.0),
        ("铁路", "POLYGON ((0 3, 30 3, 30 9, 0 9, 0 3))", {}, 5.0),
    ],
)
def test_a_water_main_too_near_to_a_structure_is_found_with_the_row_of_the_table(
    kind, wkt, more, required
):
    rows, _ = found(pipe_of(), (kind, wkt, more))
    (row,) = [r for r in rows if r["check"] == "horizontal"]
    assert row["answer"] == "fail_but_reducible_with_measures"
    assert row["required_m"] == required
    apart = shapely.distance(moved("LINESTRING (0 0, 30 0)"), moved(wkt))
    assert row["gap_m"] == pytest.approx(apart - 0.1, abs=1e-4)  # unknown material: 200 mm outside
    assert row["rule"]["clause"] == "表4.1.9"
    assert row["draft"] is True


def test_the_limit_to_a_building_follows_the_size_of_the_pipe():
    house = ("建筑物", "POLYGON ((0 2, 30 2, 30 9, 0 9, 0 2))", {"基础埋深": 5})
    assert found(pipe_of(size="200"), house)[0] == []
    rows, _ = found(pipe_of(size="300"), house)
    assert [r["required_m"] for r in rows if r["check"] == "horizontal"] == [3.0]


def test_a_pipe_that_ends_in_a_building_serves_it():
    rows, counts = found(
        pipe_of(), ("建筑物", "POLYGON ((25 -5, 40 -5, 40 5, 25 5, 25 -5))", {"基础埋深": 5})
    )
    assert [r for r in rows if r["b"] is not None] == []
    assert not any(check in ("horizontal", "foundation") for check, _ in counts)


def test_a_pipe_below_a_building_that_it_does_not_serve_fails():
    rows, _ = found(pipe_of(), ("建筑物", "POLYGON ((10 -5, 20 -5, 20 5, 10 5, 10 -5))", {}))
    (row,) = [r for r in rows if r["check"] == "horizontal"]
    assert row["answer"] == "fail"


def test_a_tower_of_unknown_voltage_leaves_a_limit_open_that_depends_on_it():
    tower = "POLYGON ((0 1, 30 1, 30 9, 0 9, 0 1))"
    rows, _ = found(pipe_of(kind="通信"), ("铁塔", tower, {}))
    (row,) = [r for r in rows if r["check"] == "horizontal"]
    assert row["answer"] == "insufficient_data"
    assert row["missing"] == ["variant"]
    assert found(pipe_of(kind="通信"), ("铁塔", tower, {"电压": "10kV"}))[0] == []


def test_what_the_tables_do_not_know_has_no_rule():
    _, counts = found(pipe_of(), ("喷泉", "POINT (15 0.1)", {}))
    assert counts["horizontal", "no_rule"] == 1


def test_a_kerb_that_is_crossed_is_no_finding_and_a_rail_asks_for_the_height_of_its_base():
    assert found(pipe_of(), ("路缘石", "LINESTRING (15 -9, 15 9)", {}))[1] == {("cover", "pass"): 1}
    rows, _ = found(pipe_of(), ("铁路", "LINESTRING (15 -9, 15 9)", {}))
    (row,) = rows
    assert (row["check"], row["answer"], row["missing"]) == (
        "vertical", "insufficient_data", ["heights"],
    )  # fmt: skip


def test_below_a_rail_the_top_of_the_pipe_counts():
    rail = ("铁路", "LINESTRING Z (15 -9 -1.2, 15 9 -1.2)", {})
    rows, _ = found(pipe_of(), rail, datum="1985")
    (row,) = rows
    assert row["gap_m"] == pytest.approx(0.7)
    assert row["required_m"] == 1.0
    assert row["kind_b"] == "railway"


def test_heights_of_rails_of_another_or_no_datum_are_refused():
    rail = around_of(("铁路", "LINESTRING Z (15 -9 -1, 15 9 -1)", {}))
    with pytest.raises(DatumError):
        Audit(pipe_of(), shipped_rules(), around=rail)


HOUSE = "POLYGON ((0 4, 30 4, 30 9, 0 9, 0 4))"


def test_a_pipe_deeper_than_a_foundation_keeps_the_distance_of_the_clause():
    """H - h = 3.1 - 1.5, alpha 30 degrees, B 0.8: L = 1.6 / tan 30 + 0.4 = 3.171 m to the axis."""
    deep = pipe_of("0 0 -3, 30 0 -3")
    settings = {"friction_deg": 30.0, "trench_m": 0.8}
    near = ("建筑物", HOUSE.replace("4", "3.1"), {"基础埋深": 1.5})
    rows, _ = found(deep, near, **settings)
    (row,) = [r for r in rows if r["check"] == "foundation"]
    assert row["required_m"] == pytest.approx(1.6 / np.tan(np.radians(30)) + 0.4 - 0.1, abs=1e-4)
    assert row["answer"] == "within_survey_error"
    closer = ("建筑物", HOUSE.replace("4", "2"), {"基础埋深": 1.5})
    assert found(deep, closer, **settings)[1]["foundation", "fail"] == 1
    far = ("建筑物", HOUSE.replace("4", "3.4"), {"基底高程": -1.5})
    assert found(deep, far, datum="1985", **settings)[1]["foundation", "pass"] == 1


@pytest.mark.parametrize(
    ("more", "settings", "missing"),
    [
        ({}, {"friction_deg": 30.0, "trench_m": 0.8}, ["foundation"]),
        ({"基础埋深": 1}, {}, ["friction", "trench"]),
        ({"基础埋深": 1}, {"trench_m": 0.8}, ["friction"]),
    ],
)
def test_what_the_clause_needs_and_nobody_says_is_named(more, settings, missing):
    rows, _ = found(pipe_of(), ("建筑物", HOUSE.replace("4", "1"), more), **settings)
    (row,) = [r for r in rows if r["check"] == "foundation"]
    assert row["answer"] == "insufficient_data"
    assert row["missing"] == missing


def test_a_pipe_no_deeper_than_a_foundation_needs_neither_friction_nor_trench():
    _, counts = found(pipe_of(), ("建筑物", HOUSE.replace("4", "1.05"), {"基础埋深": 3}))
    assert counts["foundation", "pass"] == 1


def test_every_shape_that_is_not_what_its_kind_is_measured_by_is_named_at_once():
    with pytest.raises(GeometryError) as refused:
        around_of(
            ("建筑物", "POINT (0 0)", {}), ("乔木", "POINT (0 0)", {}),
            ("路缘石", "POLYGON ((0 0, 1 0, 1 1, 0 0))", {}),
            ("建筑物", "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))", {}),
        )  # fmt: skip
    assert [(e.code, e.row) for e in refused.value.errors] == [
        ("around.shape", 1), ("around.shape", 3), ("around.invalid", 4),
    ]  # fmt: skip


def test_settings_out_of_reason_are_all_named():
    with pytest.raises(InvalidError) as refused:
        AuditSettings(friction_deg=120, trench_m=-1)
    assert [e.field for e in refused.value.errors] == ["friction_deg", "trench_m"]


def test_structures_have_the_same_findings_under_every_tiling():
    rng = np.random.default_rng(11)
    starts = rng.uniform(0, 400, (60, 2))
    ends = starts + rng.uniform(-40, 40, (60, 2))
    lines = [
        moved(f"LINESTRING Z ({a[0]} {a[1]} -3, {b[0]} {b[1]} -3)")
        for a, b in zip(starts, ends, strict=True)
    ]
    columns = {
        "管类": ["给水"] * 60,
        "管径": ["300"] * 60,
        "管线编号": [f"p{i}" for i in range(60)],
    }
    pipes = pipes_of_frame(gpd.GeoDataFrame(columns, geometry=lines, crs=4548), datum="1985")
    pipes.ground[:] = 0.0
    rows = [("乔木", f"POINT ({x} {y})", {}) for x, y in rng.uniform(0, 400, (150, 2))]
    rows += [
        ("建筑物", shapely.box(x, y, x + 15, y + 20).wkt, {"基础埋深": 1.5})
        for x, y in rng.uniform(0, 400, (20, 2))
    ]
    around = around_of(*rows)
    settings = AuditSettings(friction_deg=25.0, trench_m=1.0)
    results = []
    for tile in (23.0, 150.0, 1e6):
        audit = Audit(pipes, shipped_rules(), settings, tile, around=around)
        result = run_audit(audit)
        results.append((finding_rows(audit, result.findings), result.counts))
    assert results[0] == results[1] == results[2]
    assert {"foundation", "horizontal"} <= {r["check"] for r in results[0][0]}


def test_cover_below_each_land_use_is_held_against_its_own_limit():
    pipe = pipe_of("0 0 -0.75, 30 0 -0.75", kind="燃气", 压力="低压")
    assert audit_pipes(pipe, shipped_rules()).counts["cover", "insufficient_data"] == 1
    road = LandUse(
        o([moved("POLYGON ((10 -5, 20 -5, 20 5, 10 5, 10 -5))"),
           moved("POLYGON ((-1 -5, 10 -5, 10 5, -1 5, -1 -5))"),
           moved("POLYGON ((20 -5, 40 -5, 40 5, 20 5, 20 -5))")]),
        o(["carriageway", "courtyard", "绿地"]),
    )  # fmt: skip
    audit = Audit(pipe, shipped_rules(), land=road)
    result = run_audit(audit)
    assert dict(result.counts) == {
        ("cover", "fail_but_reducible_with_measures"): 1,
        ("cover", "pass"): 1,
        ("cover", "no_rule"): 1,
    }
    (row,) = finding_rows(audit, result.findings)
    assert row["required_m"] == 0.9
    assert 10 <= row["along_a_m"] <= 20


def test_both_covers_of_a_finding_are_of_the_same_stretch():
    pipe = pipe_of("0 0 -0.45, 30 0 -1.2", kind="燃气", 压力="低压")
    halves = o([moved("POLYGON ((-1 -5, 15 -5, 15 5, -1 5, -1 -5))"),
                moved("POLYGON ((15 -5, 40 -5, 40 5, 15 5, 15 -5))")])  # fmt: skip
    xy = np.array([[E0 + x, N0 + y] for x in (-5, 35) for y in (-9, 9)])
    lower = SpotGround.of(xy, np.full(4, -0.1), "1985")
    land = LandUse(halves, o(["carriageway", "carriageway"]))
    audit = Audit(pipe, shipped_rules(), ground=lower, land=land)
    rows = finding_rows(audit, run_audit(audit).findings)
    assert len(rows) == 2
    assert rows[0]["gap_m"] != rows[1]["gap_m"]
    assert [row["cover_model_less_points_m"] for row in rows] == pytest.approx([-0.1, -0.1])


def test_cover_below_a_model_of_the_ground_sees_the_dip_between_manholes():
    pipe = pipe_of("0 0 -2, 30 0 -2", ground=0.0)
    xy = np.array([[E0 + x, N0 + y] for x in (-5, 14, 15, 16, 35) for y in (-9, 9)])
    dip = SpotGround.of(xy, np.where(xy[:, 0] == E0 + 15, -1.5, 0.0), "1985")
    assert audit_pipes(pipe, shipped_rules()).counts["cover", "pass"] == 1
    audit = Audit(pipe, shipped_rules(), ground=dip)
    (row,) = finding_rows(audit, run_audit(audit).findings)
    assert row["gap_m"] == pytest.approx(0.4)
    assert row["along_a_m"] == pytest.approx(15.0)
    assert row["cover_by_points_m"] == pytest.approx(1.9)
    assert row["cover_model_less_points_m"] == pytest.approx(-1.5)
    assert row["cover_by"] == "model"
    assert "按测点间直线为 1.900 m" in row["message"]


def test_layers_in_degrees_come_into_the_plane_of_the_survey(tmp_path):
    pipes = tmp_path / "pipes.gpkg"
    frame = gpd.GeoDataFrame(
        {"管类": ["给水"], "管径": ["200"], "管线编号": ["p"]},
        geometry=[moved("LINESTRING Z (0 0 -2, 30 0 -2)")], crs=4548,
    )  # fmt: skip
    frame.to_file(pipes, layer="lines")
    tree = gpd.GeoDataFrame({"类别": ["乔木"]}, geometry=[moved("POINT (15 1)")], crs=4548)
    tree.to_crs(4490).to_file(tmp_path / "trees.gpkg")
    found = audit_files([pipes], datum="1985", around=tmp_path / "trees.gpkg")
    (row,) = [r for r in found["findings"] if r["check"] == "horizontal"]
    assert row["gap_m"] == pytest.approx(0.9, abs=1e-3)
    assert row["kind_b"] == "tree"


def test_a_ground_model_of_another_datum_is_refused(tmp_path):
    pipes, spots = tmp_path / "pipes.gpkg", tmp_path / "spots.csv"
    gpd.GeoDataFrame(
        {"管类": ["给水"]}, geometry=[moved("LINESTRING Z (0 0 -2, 30 0 -2)")], crs=4548
    ).to_file(pipes)
    spots.write_text("X,Y,高程\n0,0,1\n9,0,1\n0,9,1\n", encoding="utf-8")
    with pytest.raises(DatumError):
        audit_files([pipes], datum="1985", ground=spots, ground_datum="1956")
    with pytest.raises(DatumError):
        audit_files([pipes], datum="1985", ground=spots)


def test_a_proposal_keeps_away_from_trees_and_so_does_its_nearest_alignment():
    far, new = pipe_of("0 50 -2, 30 50 -2"), pipe_of("0 0 -2, 30 0 -2", size="100", 管线编号="new")
    new.ids[:], new.ground[:], new.sigma_xy[:] = "new", np.nan, 0.0
    trees = around_of(("乔木", "POINT (15 1)", {}), ("乔木", "POINT (15 -2.5)", {}))
    rules, corridor = shipped_rules(), Corridor(3.0, 0.0, 0.0, 0.1)
    found = check_proposal(far, new, rules, around=trees)
    assert [found.audit.around.ids[b - 2] for b in found.findings.b] == ["1"]
    moved = nearest_alignment(far, new, rules, corridor, around=trees)
    assert moved is not None
    assert moved.aside_m == pytest.approx(-0.6)
    assert nearest_alignment(far, new, rules, Corridor(0.5, 0.0, 0.0, 0.1), around=trees) is None
