"""The commands ``cityops hazard evacuate`` and ``domino``: their fixed form and refusals."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner

from cityops.cli.main import cli

LON, LAT = 117.2, 39.1
DEGREE = 0.001


def at(east, north=0.0):
    return [LON + east * DEGREE, LAT + north * DEGREE]


def feature(geometry, coordinates, **properties):
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": geometry, "coordinates": coordinates},
    }


ROADS = [
    feature("LineString", [at(0), at(10)], id="e", name="东路", width_m=6),
    feature("LineString", [at(0), at(-12)], id="w", name="西路", width_m=6),
]
BUILDINGS = [
    feature("Point", at(0.5), id="b1", people=120),
    feature("Point", at(-1), id="b2", people=30),
    feature("Point", at(0.2), id="b3", people=None),
]
SHELTERS = [
    feature("Point", at(10), id="s1", name="东校", capacity=500),
    feature("Point", at(-12), id="s2", name="西校", capacity=60),
    feature("Point", at(0), id="s3", name="中", capacity=60),
]
ZONE = [
    feature("Polygon", [[at(-2, -2), at(2, -2), at(2, 2), at(-2, 2), at(-2, -2)]]),
]


@pytest.fixture
def run(tmp_path):
    def call(*words, as_json=True, **changed):
        given = {
            "roads": ROADS,
            "buildings": BUILDINGS,
            "shelters": SHELTERS,
            "zone": ZONE,
        } | changed
        options = []
        for name, features in given.items():
            file = tmp_path / f"{name}.geojson"
            file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
            options += [f"--{name}", str(file)]
        flags = ["--json"] if as_json else []
        done = CliRunner().invoke(cli, ["hazard", "evacuate", *options, *map(str, words), *flags])
        assert not isinstance(done.exception, Exception), done.exception
        return done.exit_code, json.loads(done.stdout) if as_json else done.stdout

    return call


def test_the_fixed_form(run):
    code, found = run("--wind-from", 270)
    assert code == 0
    assert found["people"] == {
        "buildings": 3, "buildings_unknown": 1, "known": 150, "assigned": 150, "downwind": 90,
        "no_route": 0, "no_room": 0,
    }  # fmt: skip
    assert [s["people"] for s in found["shelters"]] == [90, 60, 0]
    assert [s["sector"] for s in found["shelters"][:2]] == ["downwind", "upwind"]
    assert found["clearance"]["low_s"] < found["clearance"]["high_s"]
    assert {w["code"] for w in found["warnings"]} >= {"evacuation.shelter_in_zone"}
    assert {c["road"] for c in found["close"] if c["leads_in"]} == {"e", "w"}
    assert (found["estimate"]["zh"], found["kept"]) == ("筛查估算", False)
    assert "run_id" not in found
    assert all(row["source"] for row in found["assumptions"])


def test_the_zone_may_be_the_answer_of_hazard_zone(run, tmp_path):
    words = ["hazard", "zone", "--at", str(LON), str(LAT), "--mass-kg", "1000", "--level", "6.9kPa"]
    answer = tmp_path / "zone_run.json"
    answer.write_text(CliRunner().invoke(cli, [*words, "--json"]).stdout)
    _, found = run("--zone", answer)
    gate = next(c["position"] for c in found["close"] if c["road"] == "e")
    radius = json.loads(answer.read_text())["zones"][0]["radius_m"]
    assert (gate[0] - LON) * 86_523 == pytest.approx(radius, rel=2e-3)


@pytest.fixture
def three(tmp_path):
    """The answer of ``hazard zone`` for 1, 50 and 1000 kg; houses with known people lie at 43 and 86 m."""
    words = ["--at", str(LON), str(LAT), "--level", "6.9kPa", "--mass-kg", "50", "--low", "1"]
    file = tmp_path / "three.json"
    done = CliRunner().invoke(cli, ["hazard", "zone", *words, "--high", "1000", "--json"])
    file.write_text(done.stdout)
    return file


@pytest.mark.parametrize(
    ("words", "people", "amount"),
    [
        ((), 150, 1000),
        (("--alternative", "high"), 150, 1000),
        (("--alternative", "likely"), 120, 50),
        (("--alternative", "low"), 0, 1),
    ],
)
def test_of_three_quantities_the_largest_is_planned_for_unless_another_is_named(
    run, three, words, people, amount
):
    _, found = run("--zone", three, *words)
    assert (found["people"]["known"], found["zone"]["amount"]) == (people, amount)
    assert found["warnings"][0]["code"] == "hazard.alternative"


def test_the_text_says_which_quantity_is_planned_for_and_that_nobody_waits(run, three):
    _, told = run("--zone", three, as_json=False)
    assert told.startswith("影响范围：数量较大的一种，1000 kg")
    assert "用 --alternative 另选" in told
    assert "（出发所需时间未知，没有计入）" in told
    _, given = run("--departure-min", 5, 10, as_json=False)
    assert "出发所需时间未知" not in given


def test_an_alternative_that_the_zone_does_not_have_is_refused(run):
    code, found = run("--alternative", "high")
    assert (code, found["error"]["code"]) == (2, "hazard.no_alternative")


def test_a_geopackage_with_all_layers_gives_the_same(run, tmp_path):
    _, expected = run()
    file = tmp_path / "town.gpkg"
    for name, features in (
        ("roads", ROADS),
        ("buildings", BUILDINGS),
        ("shelters", SHELTERS),
        ("zone", ZONE),
    ):
        frame = gpd.GeoDataFrame.from_features(features, crs=4490)
        frame.to_file(file, layer=name, driver="GPKG")
    words = [
        w for name in ("roads", "buildings", "shelters", "zone") for w in (f"--{name}", str(file))
    ]
    done = CliRunner().invoke(cli, ["hazard", "evacuate", *words, "--json"])
    found = json.loads(done.stdout)
    for part in ("people", "clearance", "shelters", "close"):
        assert found[part] == expected[part]


def test_routes_and_closures_can_be_written_as_geojson(run, tmp_path):
    out = tmp_path / "routes.geojson"
    _, found = run("--out", out)
    frame = gpd.read_file(out)
    assert found["out"] == str(out)
    assert frame.kind.value_counts().to_dict() == {"route": 2, "close": 2}
    assert shapely.get_dimensions(frame.geometry[frame.kind == "route"]).tolist() == [1, 1]
    # From the house at half a thousandth of a degree to the school at ten.
    east = frame.geometry[frame.shelter == "s1"].iloc[0]
    assert east.bounds[0] == pytest.approx(LON + 0.5 * DEGREE, abs=1e-8)
    assert east.bounds[2] == pytest.approx(LON + 10 * DEGREE, abs=1e-8)


def test_resources_have_times_only_when_a_speed_is_given(run):
    stations = [feature("Point", at(8), id="q", name="消防站")]
    _, unknown = run(resources=stations)
    assert unknown["resources"][0]["seconds_high"] is None
    assert "evacuation.no_response_speed" in {w["code"] for w in unknown["warnings"]}
    _, found = run("--response-kmh", 18, 36, resources=stations)
    one = found["resources"][0]
    # 6 thousandths of a degree of longitude are 519 m here.
    assert (one["seconds_low"], one["seconds_high"]) == pytest.approx((51.9, 103.8), rel=2e-3)


def test_the_text_for_people(run):
    code, told = run("--wind-from", 270, as_json=False)
    assert code == 0
    for words in ("安置 150 人", "西校：60 / 60", "中（未使用）", "筛查估算", "假定 速度"):
        assert words in told


@pytest.mark.parametrize(
    ("words", "changed", "code"),
    [
        ((), {"roads": [feature("LineString", [[LAT, LON], [LAT + 1e-3, LON]], id="r")]}, "crs.swapped"),
        ((), {"buildings": [feature("Point", [39.1, 17.2], id="b", people=1)]}, "evacuation.far"),
        ((), {"buildings": [feature("Point", at(1), id="b")]}, "evacuation.no_people"),
        ((), {"buildings": [feature("Point", at(1), id="b", people="many")]}, "evacuation.not_a_number"),
        ((), {"buildings": [{"type": "Feature", "properties": {"people": 5}, "geometry": None}]}, "evacuation.bad_rows"),
        ((), {"shelters": [feature("Point", at(9), capacity=-4)]}, "evacuation.bad_number"),
        ((), {"roads": [feature("LineString", [at(0), at(9)], capacity_p_h=-1)]}, "evacuation.bad_road"),
        ((), {"roads": [feature("LineString", [at(0), at(9)], oneway="F")]}, "evacuation.oneway"),
        ((), {"roads": [feature("Point", at(0))]}, "evacuation.not_a_road"),
        ((), {"zone": [feature("Point", at(0))]}, "evacuation.no_zone"),
        (("--wind-from", 361), {}, "evacuation.bad_wind"),
        (("--source", LAT, LON), {}, "crs.swapped"),
        (("--mode", "vehicle"), {}, "evacuation.no_speed"),
        (("--lanes", 1, 2), {}, "hazard.wrong_option"),
        (("--speed-kmh", 5, 4), {}, "evacuation.bad_range"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_its_reason(run, words, changed, code):
    exit_code, found = run(*words, **changed)
    assert (exit_code, found["error"]["code"]) == (2, code)


def test_a_bad_shape_hides_no_bad_figure_of_any_file(run):
    houses = [
        {"type": "Feature", "properties": {"people": 5}, "geometry": None},
        feature("Point", at(1), people=-3),
        feature("Point", at(1), people="abc"),
        feature("Point", at(1), people=2.5),
    ]
    shelters = [feature("Point", at(9), capacity="many"), feature("Point", at(9), capacity=-4)]
    code, found = run("--wind-from", 400, buildings=houses, shelters=shelters)
    assert (code, found["error"]["code"]) == (2, "evacuation.refused")
    told = sorted((e["field"], e.get("row", 0)) for e in found["errors"])
    assert told == [
        ("capacity", 1), ("capacity", 2), ("geometry", 1), ("people", 2), ("people", 3),
        ("people", 4), ("wind_from", 0),
    ]  # fmt: skip


def test_every_bad_option_is_told_by_its_name_in_its_own_unit(run):
    _, found = run("--wind-from", 400, "--speed-kmh", -1, 5, "--width-m", 5, 2, "--lanes", 1, 2)
    assert [e["field"] for e in found["errors"]] == ["speed_kmh", "width_m", "lanes", "wind_from"]
    assert found["errors"][0]["message"] == "--speed-kmh 应为两个正数，先小后大（km/h），得到 -1, 5"


def test_a_zone_the_wrong_way_round_is_advised_what_this_command_can_do(run):
    turned = [[lat, lon] for lon, lat in ZONE[0]["geometry"]["coordinates"][0]]
    code, found = run(zone=[feature("Polygon", [turned])])
    assert (code, found["error"]["code"]) == (2, "crs.swapped")
    assert "swap-axes" not in found["error"]["hint"]


def test_a_zone_over_everything_is_an_answer(run):
    everything = [
        feature("Polygon", [[at(-50, -50), at(50, -50), at(50, 50), at(-50, 50), at(-50, -50)]])
    ]
    code, found = run(zone=everything)
    assert code == 0
    assert (found["people"]["assigned"], found["people"]["no_route"]) == (0, 150)
    assert {b["no_route"]["code"] for b in found["buildings"]} == {"no_exit"}


def test_an_answer_of_hazard_zone_with_a_place_that_is_none_is_refused(run, tmp_path):
    answer = tmp_path / "broken.json"
    answer.write_text(
        json.dumps({"zones": [{"geometry": ZONE[0]["geometry"]}], "place": {"lon": "x"}})
    )
    code, found = run("--zone", answer)
    assert (code, found["error"]["code"]) == (2, "evacuation.bad_run")


def test_nobody_and_no_shelter_are_said(run):
    _, found = run(
        buildings=[feature("Point", at(9), people=5)],
        shelters=[feature("Point", at(0), capacity=5)],
    )
    assert {"evacuation.nobody", "evacuation.no_shelter"} <= {w["code"] for w in found["warnings"]}
    assert found["people"]["known"] == 0


def domino(*words, as_json=True):
    command = [
        "hazard",
        "domino",
        "--at",
        str(LON),
        str(LAT),
        "--mass-kg",
        "5000",
        *map(str, words),
    ]
    done = CliRunner().invoke(cli, [*command, *(["--json"] if as_json else [])])
    assert not isinstance(done.exception, Exception), done.exception
    return done.exit_code, json.loads(done.stdout) if as_json else done.stdout


@pytest.fixture
def sites(tmp_path):
    file = tmp_path / "sites.geojson"
    rows = [
        feature("Point", at(1), id="t1", name="罐1", equipment="压力容器", tnt_kg=5000),
        feature("Point", at(2.5), id="t2", equipment="atmospheric", tnt_kg=None),
        feature("Point", at(0.5), id="t3"),
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    return file


def test_domino_has_its_fixed_form(sites):
    code, found = domino("--sites", sites, "--generations", 2)
    assert code == 0
    told = {s["id"]: (s["exceeded"], s["by"], s["generation"]) for s in found["sites"]}
    assert told == {"t1": (True, None, 1), "t2": (True, "t1", 2), "t3": (None, None, 1)}
    assert [round(r["radius_m"]) for r in found["rings"]] == [130, 162]
    assert {r["confidence"] for r in found["rings"]} == {"own knowledge", "uncertain"}
    assert found["lifelines"] is None


def test_pipes_of_a_survey_lie_in_the_rings(sites, tmp_path):
    pipes = tmp_path / "pipes.geojson"
    rows = [feature("LineString", [at(-5), at(5)], 管段编号="w1", 管线种类="给水", 权属单位="水务")]
    pipes.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    code, found = domino("--pipes", pipes)
    assert code == 0
    sums = found["lifelines"]["sums"]
    assert [s["length_m"] for s in sums] == pytest.approx([2 * 129.8, 2 * 162.4], rel=3e-3)


def test_the_text_of_domino_for_people(sites):
    _, told = domino("--sites", sites, as_json=False)
    for words in ("罐1（压力容器）", "可能引发", "不能判断", "Cozzani", "不确定，使用前须核对"):
        assert words in told


def test_domino_refuses_what_is_no_equipment_and_no_mass(tmp_path):
    file = tmp_path / "bad.geojson"
    rows = [feature("Point", at(1), equipment="rocket"), feature("Point", at(1), tnt_kg=-3)]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    code, found = domino("--sites", file)
    assert (code, found["error"]["code"]) == (2, "domino.bad_sites")
    assert [e["row"] for e in found["errors"]] == [1, 2]


def in_zones(tmp_path, sites, *words, **zone):
    answer = tmp_path / "zones.json"
    shape = ZONE[0]["geometry"]
    body = {
        "zones": [{"geometry": shape, **zone}],
        "place": {"lon": LON, "lat": LAT},
        "model": "m",
        "source": "s",
    }
    answer.write_text(json.dumps(body))
    command = [
        "hazard",
        "domino",
        "--zone",
        str(answer),
        "--sites",
        str(sites),
        *map(str, words),
        "--json",
    ]
    done = CliRunner().invoke(cli, command)
    assert not isinstance(done.exception, Exception), done.exception
    return done.exit_code, json.loads(done.stdout)


def test_sites_are_held_against_the_zones_of_an_answer(sites, tmp_path):
    code, found = in_zones(tmp_path, sites, "--minutes", 20, level=50, unit="kW/m2")
    assert code == 0
    told = {s["id"]: (s["zone"], s["exceeded"], s["at_least"]) for s in found["sites"]}
    assert told == {"t1": (0, True, 50e3), "t2": (None, None, 0.0), "t3": (0, None, 50e3)}


def test_domino_goes_by_the_largest_of_three_quantities(three, sites):
    words = ["hazard", "domino", "--zone", str(three), "--sites", str(sites), "--json"]
    zone = json.loads(CliRunner().invoke(cli, words).stdout)["zone"]
    assert (zone["alternative"], zone["others"]) == ("high", ["low", "likely"])


@pytest.mark.parametrize(
    ("words", "zone", "code"),
    [
        (("--at", LON, LAT), {"level": 5, "unit": "kPa"}, "domino.wrong_option"),
        ((), {"level": None, "unit": "kPa"}, "domino.no_level"),
        (("--minutes", -1), {"level": 5, "unit": "kW/m2"}, "domino.heat"),
    ],
)
def test_zones_that_say_nothing_are_refused(sites, tmp_path, words, zone, code):
    exit_code, found = in_zones(tmp_path, sites, *words, **zone)
    assert (exit_code, found["error"]["code"]) == (2, code)


def test_domino_tells_every_fault_at_once():
    code, found = domino("--model", "crowl", "--generations", 9, "--mass-kg", -1)
    assert (code, found["error"]["code"]) == (2, "domino.refused")
    assert [e["field"] for e in found["errors"]] == ["model", "mass_kg", "generations"]


def test_neither_a_charge_nor_zones_is_refused():
    done = CliRunner().invoke(cli, ["hazard", "domino", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["error"]["code"]) == (2, "domino.missing")
