"""``cityops hazard zone`` with gas and fire: choice, alternatives, records, figures, bad input."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner
from pyproj import Geod, Transformer

from cityops.cli import output
from cityops.cli.main import cli
from cityops.services.scenes import SceneService, scenes_folder
from cityops.settings import Settings
from cityops.store.database import create_all

PILOT, PORT = ("117.1933", "39.1176"), ("117.736567", "39.039717")
CHLORINE = ("--molar-mass-g-mol", "70.906", "--wind-m-s", "3", "--wind-from", "270")
PLUME = (*CHLORINE, "--rate-kg-s", "1", "--stability", "D", "--terrain", "urban")
BALL = ("--model", "bleve-fireball", "--heat-mj-kg", "46.35")
HELP = ("shelters", "teams")
TO_METRES = Transformer.from_crs(4490, 4548, always_xy=True)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder with the scene of Tianjin; runs are written into it."""
    folder = tmp_path_factory.mktemp("hazard-models")
    store = create_all(Settings(data_dir=folder))
    SceneService(store).set_up("tianjin")
    store.dispose()
    return folder


@pytest.fixture
def hazard(monkeypatch: pytest.MonkeyPatch, scene: Path) -> Iterator[object]:
    """Gives a function that runs ``cityops hazard``: exit code and JSON."""

    def run(*arguments: str, folder: Path = scene):
        monkeypatch.setenv("CITYOPS_DATA_DIR", str(folder))
        output.settings.cache_clear()
        done = CliRunner().invoke(cli, ["hazard", *arguments, "--json"])
        assert not isinstance(done.exception, Exception), done.exception
        return done.exit_code, json.loads(done.stdout)

    yield run
    output.settings.cache_clear()


def codes(found):
    return {warning["code"] for warning in found["warnings"]}


# -- the choice of a model ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("molar", "model"), [("70.906", "britter-mcquaid"), ("17.03", "gaussian-plume")]
)
def test_the_criterion_chooses_the_model_and_the_answer_says_so(hazard, molar, model):
    arguments = [*PLUME, "--level", "20ppm"]
    arguments[1] = molar
    code, found = hazard("zone", "--model", "dispersion", "--at", *PILOT, *arguments)
    assert code == 0
    assert found["model"] == found["choice"]["model"] == model
    assert found["choice"]["limit"] == 0.15
    assert (found["choice"]["heaviness"] >= 0.15) == (model == "britter-mcquaid")
    assert "choice.model" in codes(found)


def test_three_rates_at_once_may_take_different_models(hazard):
    more = ("--low", "0.00001", "--high", "20", "--level", "20ppm")
    _, found = hazard("zone", "--model", "dispersion", "--at", *PILOT, *PLUME, *more)
    named = {a["name"]: a for a in found["alternatives"]}
    assert [named[n]["rate_kg_s"] for n in ("low", "likely", "high")] == [0.00001, 1, 20]
    assert named["low"]["model"] == "gaussian-plume"
    assert named["high"]["model"] == "britter-mcquaid"
    lengths = [named[n]["zones"][0]["length_m"] for n in ("low", "likely", "high")]
    assert lengths == sorted(lengths)
    assert found["zones"] == named["likely"]["zones"]


def test_an_option_of_the_model_that_was_not_chosen_is_remarked_on(hazard):
    more = ("--level", "20ppm", "--averaging-min", "60", "--duration-s", "60")
    _, found = hazard("zone", "--model", "dispersion", "--at", *PILOT, *PLUME, *more)
    words = [w["message"] for w in found["warnings"] if w["code"] == "choice.unused_option"]
    assert words == ["所选的模型 britter-mcquaid 不用 --averaging-min"]
    assert "heavy.not_steady" in codes(found)


def test_a_cas_number_gives_molar_mass_levels_and_classes(hazard):
    arguments = ("--cas", "7782-50-5", *PLUME[2:])
    _, found = hazard("zone", "--model", "gaussian-plume", "--at", *PILOT, *arguments)
    zones = [(z["level"], z["unit"], z["class"]["key"]) for z in found["zones"]]
    assert zones == [(20, "ppm", "high"), (2, "ppm", "medium"), (0.5, "ppm", "low")]


# -- zones --------------------------------------------------------------------------------------


def test_a_wind_that_may_turn_sweeps_the_zone_and_more(hazard):
    more = ("--level", "20ppm", "--wind-spread-deg", "20")
    _, found = hazard("zone", "--model", "gaussian-plume", "--at", *PILOT, *PLUME, *more)
    (zone,) = found["zones"]
    one, swept = (shapely.geometry.shape(z["geometry"]) for z in (zone, zone["uncertainty"]))
    assert swept.is_valid
    assert one.difference(swept).area < 1e-3 * one.area < swept.area
    lines = zone["uncertainty"]["lines"]["coordinates"]
    geod = Geod(ellps="GRS80")
    bearings = [geod.inv(*line[0], *line[1])[0] for line in lines]
    assert bearings == pytest.approx([110.0, 70.0], abs=1e-3)


def test_a_fireball_has_discs_by_heat_with_its_size_and_duration(hazard):
    _, found = hazard("zone", *BALL, "--mass-kg", "100000", "--low", "1000", "--at", *PILOT)
    assert [(z["level"], round(z["radius_m"])) for z in found["zones"]] == [
        (10, 570), (5, 815), (2, 1283),
    ]  # fmt: skip
    facts = found["alternatives"][1]["facts"]
    assert (facts["diameter_m"], facts["duration_s"]) == pytest.approx((269.2, 17.7), rel=0.005)
    assert [z["class"]["key"] for z in found["zones"]] == ["high", "medium", "low"]
    assert all(z["uncertainty"] is None for z in found["zones"])


def test_a_puff_has_zones_that_lie_in_each_other(hazard):
    arguments = ("--mass-kg", "100", "--stability", "D", "--level", "2ppm", "--level", "20ppm")
    _, found = hazard("zone", "--model", "gaussian-puff", "--at", *PILOT, *CHLORINE, *arguments)
    weak, strong = (shapely.geometry.shape(z["geometry"]) for z in found["zones"])
    assert [z["level"] for z in found["zones"]] == [2, 20]
    assert strong.difference(weak).area < 1e-4 * strong.area
    assert "puff.heavy_gas" in codes(found)


# -- what is in them ----------------------------------------------------------------------------


def _features(name):
    path = scenes_folder() / "tianjin" / f"{name}.geojson"
    move = TO_METRES.transform
    return [
        (shapely.transform(shapely.geometry.shape(f["geometry"]), move, interleaved=False),
         f["properties"])
        for f in json.loads(path.read_bytes())["features"]
    ]  # fmt: skip


def _people_by_hand(zone, time):
    shape = shapely.geometry.shape(zone["geometry"])
    area = shapely.transform(shape, TO_METRES.transform, interleaved=False)
    buildings = _features("buildings")
    total = sum(p[f"people_{time}"] * g.intersection(area).area / g.area for g, p in buildings)
    uses = {"school": "education", "kindergarten": "education", "hospital": "health",
            "nursing_home": "health", "market": "commercial"}  # fmt: skip
    for point, values in _features("sensitive_places"):
        housed = any(
            g.intersects(point) and p["use"] == uses.get(values["kind"]) for g, p in buildings
        )
        if not housed and point.within(area):
            total += values[f"people_{time}"]
    return total


@pytest.mark.parametrize("model", ["gaussian-plume", "britter-mcquaid"])
def test_people_in_a_drifting_zone_are_those_of_a_plain_count(hazard, model):
    arguments = PLUME if model == "gaussian-plume" else PLUME[:8]
    levels = ("--level", "20ppm", "--level", "200ppm")
    _, found = hazard("zone", "--model", model, "--at", *PILOT, *arguments, *levels)
    for zone in found["zones"]:
        for time in ("day", "night"):
            told = zone["exposure"]["people"][time]["within"]
            people = _people_by_hand(zone, time)
            step = 10 if people < 1000 else 100
            assert told["rounded"] == pytest.approx(people, abs=step / 2 + 0.5)
            assert told["low"] <= told["rounded"] <= told["high"]


def test_people_that_a_turning_wind_may_reach_are_those_of_a_plain_count(hazard):
    _, found = hazard(
        "zone", "--model", "gaussian-plume", "--at", *PILOT, *PLUME, "--level", "200ppm"
    )
    (zone,) = found["zones"]
    for time in ("day", "night"):
        told = zone["uncertainty"]["people"][time]
        people = _people_by_hand(zone["uncertainty"], time)
        step = 10 if people < 1000 else 100
        assert told["rounded"] == pytest.approx(people, abs=step / 2 + 0.5)
        assert told["rounded"] > zone["exposure"]["people"][time]["within"]["rounded"] > 0


def test_a_gas_counts_no_pipes_and_a_blast_counts_them_with_other_sources(hazard):
    _, gas = hazard("zone", "--model", "gaussian-plume", "--at", *PILOT, *PLUME, "--level", "2ppm")
    assert set(gas["zones"][0]["exposure"]) == {"people", "places", "roads", *HELP}
    _, blast = hazard("zone", "--mass-kg", "500", "--at", *PILOT)
    held = blast["zones"][0]["exposure"]
    assert set(held) == {*("people", "places", "roads", "pipes", "components", "sources"), *HELP}
    assert held["pipes"]["length_m"] > 0


def test_people_by_area_add_up_to_the_whole(scene, hazard):
    _, found = hazard("zone", "--mass-kg", "500", "--at", *PILOT)
    store = create_all(Settings(data_dir=scene))
    with store.reading() as tx:
        kept = tx.hazard_runs.find(found["run_id"])["result"]
    store.dispose()
    whole = kept["alternatives"][0]["zones"][-1]["exposure"]["people"]["day"]["within"]
    for level in ("street", "community", "cell"):
        rows = kept["lists"]["areas"][level]
        parts = [row["people"]["likely"][-1]["day"] for row in rows]
        assert sum(part["carriers"] for part in parts) == whole["carriers"]
        told = sum(part["rounded"] or 0 for part in parts)
        assert told == pytest.approx(whole["rounded"], abs=50 * len(parts) + 50)
    assert kept["hours"]["day"] == list(range(7, 19))


def test_at_the_border_of_the_city_the_answer_says_beyond_no_data(hazard):
    code, found = hazard(
        "zone", "--mass-kg", "430000", "--at", "117.75", "39.0", "--level", "0.3kPa"
    )
    assert code == 0
    assert "exposure.beyond_city" in codes(found)
    code, found = hazard("zone", "--model", "gaussian-plume", "--at", "100", "30", *PLUME,
                         "--level", "2ppm")  # fmt: skip
    assert code == 0
    assert "hazard.outside_city" in codes(found)


# -- Tianjin Port 2015 --------------------------------------------------------------------------


def _radii(found):
    return {z["level"]: z["radius_m"] for z in found["zones"]}


def test_430_t_at_tianjin_port(hazard):
    levels = [part for level in ("200kPa", "2kPa", "1kPa") for part in ("--level", level)]
    _, found = hazard("zone", "--mass-kg", "430000", "--at", *PORT, *levels)
    radii = _radii(found)
    assert 150 <= radii[200] <= 200
    assert 2500 <= radii[2] <= 3600
    assert 5000 <= radii[1] <= 6000


def test_the_same_place_read_as_gcj02_lies_505_to_593_m_off_and_is_noticed(hazard):
    _, right = hazard("zone", "--mass-kg", "430000", "--at", *PORT, "--level", "2kPa")
    _, moved = hazard(
        "zone", "--mass-kg", "430000", "--at", *PORT, "--level", "2kPa", "--crs", "gcj02"
    )
    a, b = right["place"], moved["place"]
    off = Geod(ellps="GRS80").inv(a["lon"], a["lat"], b["lon"], b["lat"])[2]
    assert 505 <= off <= 593
    assert "hazard.converted_datum" in codes(moved) - codes(right)
    words = next(w["message"] for w in moved["warnings"] if w["code"] == "hazard.converted_datum")
    assert f"{off:.0f} m" in words


def test_3_t_and_21_t_as_first_published_against_430_t(hazard):
    masses = ("--low", "3000", "--mass-kg", "21000", "--high", "430000")
    _, found = hazard("zone", *masses, "--at", *PORT, "--level", "2kPa")
    radii = [a["zones"][0]["radius_m"] for a in found["alternatives"]]
    assert radii == pytest.approx([652, 1247, 3411], rel=0.01)
    # What stood within the ring of the report and not within that of the first figures.
    assert radii[2] ** 2 / radii[0] ** 2 > 25


# -- records ------------------------------------------------------------------------------------


def test_a_run_is_kept_and_cannot_be_changed(scene, hazard):
    _, found = hazard(
        "zone", "--model", "gaussian-plume", "--at", *PILOT, *PLUME, "--level", "2ppm"
    )
    assert found["kept"] is True
    store = create_all(Settings(data_dir=scene))
    with store.reading() as tx:
        row = tx.hazard_runs.find(found["run_id"])
    store.dispose()
    assert row["result"]["alternatives"][0]["zones"] == found["zones"]
    assert row["request"]["rate_kg_s"]["likely"] == 1.0


def test_without_a_store_zones_are_the_same_and_nothing_is_kept(hazard, tmp_path):
    arguments = ("zone", "--model", "dispersion", "--at", *PORT, *PLUME, "--level", "20ppm")
    code, bare = hazard(*arguments, folder=tmp_path / "none")
    _, full = hazard(*arguments)
    assert code == 0
    assert bare["zones"][0]["geometry"] == full["zones"][0]["geometry"]
    assert (bare["kept"], "hazard.not_kept" in codes(bare)) == (False, True)
    assert not (tmp_path / "none").exists()


# -- bad input ----------------------------------------------------------------------------------

GAUSS = ("--model", "gaussian-plume", "--at", *PILOT, *PLUME)
HEAVY = ("--model", "britter-mcquaid", "--at", *PILOT, *PLUME[:8])
PUFF = ("--model", "gaussian-puff", "--at", *PILOT, *CHLORINE, "--stability", "D")
FIRE = (*BALL, "--at", *PILOT)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--mass-kg", "-1", "--at", *PORT), "blast.bad_mass"),
        (("--mass-kg", "0", "--at", *PORT), "blast.bad_mass"),
        (("--mass-kg", "inf", "--at", *PORT), "blast.bad_mass"),
        ((*FIRE, "--mass-kg", "-1"), "fireball.bad_input"),
        ((*FIRE, "--mass-kg", "0"), "fireball.bad_input"),
        ((*FIRE, "--mass-kg", "inf"), "fireball.bad_input"),
        ((*FIRE, "--mass-kg", "9", "--level", "2kPa"), "level.unit"),
        ((*FIRE, "--mass-kg", "9", "--wind-m-s", "3"), "hazard.wrong_option"),
        (FIRE, "plume.missing"),
        ((*PUFF, "--mass-kg", "-1", "--level", "2ppm"), "puff.out_of_range"),
        ((*PUFF, "--mass-kg", "0", "--level", "2ppm"), "puff.out_of_range"),
        ((*PUFF, "--mass-kg", "inf", "--level", "2ppm"), "puff.out_of_range"),
        ((*PUFF, "--mass-kg", "9", "--level", "5kW/m2"), "level.unit"),
        ((*GAUSS, "--level", "2ppm", "--wind-m-s", "0.9"), "plume.out_of_range"),
        ((*HEAVY, "--level", "2ppm", "--wind-m-s", "0.9"), "plume.out_of_range"),
        ((*PUFF, "--mass-kg", "9", "--level", "2ppm", "--wind-m-s", "0.9"), "puff.out_of_range"),
        ((*GAUSS, "--level", "2ppm", "--rate-kg-s", "-1"), "plume.out_of_range"),
        ((*GAUSS, "--level", "2ppm", "--rate-kg-s", "inf"), "plume.out_of_range"),
        ((*GAUSS, "--level", "2kPa"), "level.unit"),
        ((*HEAVY, "--level", "0ppm"), "plume.bad_level"),
        ((*GAUSS, "--level", "2ppm", "--cas", "50-00-1"), "toxic.unknown"),
        ((*GAUSS, "--level", "2ppm", "--wind-spread-deg", "0"), "wind.bad_spread"),
        ((*GAUSS, "--level", "2ppm", "--at", "39.1176", "117.1933"), "crs.swapped"),
        ((*GAUSS, "--level", "2ppm", "--duration-s", "60"), "hazard.wrong_option"),
        ((*GAUSS, "--level", "2ppm", "--low", "5"), "hazard.amount_order"),
        ((*HEAVY, "--level", "2ppm", "--molar-mass-g-mol", "17.03"), "heavy.light_gas"),
        ((*HEAVY, "--level", "2ppm", "--release-k", "0"), "heavy.bad_input"),
        (("--model", "britter", "--mass-kg", "9", "--at", *PORT), "hazard.unknown_model"),
    ],
)
def test_bad_input_is_refused_with_its_reason(hazard, arguments, why):
    code, found = hazard("zone", *arguments)
    assert code == 2
    assert why in {found["error"]["code"], *(e["code"] for e in found["errors"])}
    assert found["error"]["message"]


def test_every_fault_is_told_at_once(hazard):
    arguments = (
        "--model",
        "gaussian-plume",
        "--at",
        "39",
        "117",
        "--level",
        "2kPa",
        "--rate-kg-s",
        "1",
    )
    _, found = hazard("zone", *arguments)
    told = [e["code"] for e in found["errors"]]
    assert {"level.unit", "crs.swapped", "plume.missing"} <= set(told)


@pytest.mark.parametrize("name", ["unobtainium", "", "氯"])
def test_an_unknown_substance_has_no_probit(hazard, name):
    code, found = hazard("probit", name, "--value", "250", "--minutes", "30")
    assert (code, found["error"]["code"]) == (2, "probit.unknown")


# -- grading with a fence -----------------------------------------------------------------------

FENCE = [
    [117.192, 39.117],
    [117.194, 39.117],
    [117.194, 39.118],
    [117.192, 39.118],
    [117.192, 39.117],
]


def _grade(hazard, tmp_path, boundary, **more):
    unit, fence = tmp_path / "unit.json", tmp_path / "fence.json"
    unit.write_text(json.dumps({"substances": [{"row": 1, "quantity_t": 20}], **more}))
    fence.write_text(boundary if isinstance(boundary, str) else json.dumps(boundary))
    return hazard("grade", str(unit), "--boundary", str(fence))


def test_residents_around_a_fence_are_counted_from_the_buildings(hazard, tmp_path):
    code, found = _grade(hazard, tmp_path, {"type": "Polygon", "coordinates": [FENCE]})
    assert code == 0
    move = TO_METRES.transform
    fence = shapely.transform(shapely.Polygon(FENCE), move, interleaved=False)
    zone = fence.buffer(500, quad_segs=500).difference(fence)
    people = sum(
        p["people_night"] * g.intersection(zone).area / g.area for g, p in _features("buildings")
    )
    assert found["people_500m"] == pytest.approx(math.ceil(people), abs=2)
    assert (found["alpha"], found["residents"]["people"]) == (2, found["people_500m"])


@pytest.mark.parametrize(
    "boundary",
    [
        {"type": "Point", "coordinates": [117.2, 39.1]},
        {"type": "LineString", "coordinates": FENCE},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[117.2, "39"], [1, 2], [3, 4], [117.2, 39]]]},
        {"type": "Polygon", "coordinates": [[FENCE[0], FENCE[2], FENCE[1], FENCE[3], FENCE[0]]]},
        {"type": "Polygon", "coordinates": [[[y, x] for x, y in FENCE]]},
        {"type": "Polygon", "coordinates": [[[100, 20], [120, 20], [120, 40], [100, 20]]]},
        {"type": "FeatureCollection", "features": []},
        {"type": "Feature", "geometry": None},
        [1, 2],
        "7",
    ],
)
def test_a_boundary_that_is_no_polygon_is_refused(hazard, tmp_path, boundary):
    code, found = _grade(hazard, tmp_path, boundary)
    assert (code, found["error"]["code"]) == (2, "gb18218.bad_boundary")


def test_a_fence_that_crosses_itself_is_refused_in_chinese_with_the_place(hazard, tmp_path):
    bow = [[117.0, 39.0], [117.02, 39.02], [117.02, 39.0], [117.0, 39.02], [117.0, 39.0]]
    code, found = _grade(hazard, tmp_path, {"type": "Polygon", "coordinates": [bow]})
    assert code == 2
    words = "厂界不是有效的面：多边形的边界自相交 [117.01, 39.01]"
    assert found["error"]["message"] == words


def test_a_fence_with_a_hole_outside_of_it_is_refused_in_chinese(hazard, tmp_path):
    outside = [[117.1, 39.1], [117.1, 39.11], [117.11, 39.11], [117.1, 39.1]]
    fence = {"type": "Polygon", "coordinates": [FENCE, outside]}
    code, found = _grade(hazard, tmp_path, fence)
    assert (code, "洞不在外环以内" in found["error"]["message"]) == (2, True)


@pytest.mark.parametrize(
    ("substance", "why"),
    [
        ({"row": 1, "quantity_t": -1}, "inventory.bad_quantity"),
        ({"row": 1, "quantity_t": 0}, "inventory.bad_quantity"),
        ({"row": 1, "quantity_t": "inf"}, "inventory.bad_quantity"),
        ({"cas": "50-00-1", "quantity_t": 1}, "gb18218.bad_cas"),
        ({"cas": "58-08-2", "quantity_t": 1}, "gb18218.not_listed"),
    ],
)
def test_bad_lines_of_an_inventory_are_refused(hazard, tmp_path, substance, why):
    unit = tmp_path / "unit.json"
    unit.write_text(json.dumps({"substances": [substance], "people_500m": 0}))
    code, found = hazard("grade", str(unit))
    assert (code, found["error"]["code"]) == (2, why)
