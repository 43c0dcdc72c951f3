"""Runs of hazard models on a city: counted right, kept for ever, shown to whom they may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import shapely
from pyproj import Transformer
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cityops.bootstrap import Services
from cityops.services.hazards.grading import graded_around
from cityops.services.hazards.requests import BlastRequest
from cityops.services.hazards.service import HazardService
from cityops.services.roles import Person, Role
from cityops.services.scenes import SceneService, scenes_folder
from cityops.settings import Settings
from cityops.store.database import create_all
from gis.errors import ForbiddenError, InvalidError, NotFoundError, UnavailableError
from hazards.blast import blast_zones
from hazards.gb18218.inventory import read_inventory
from hazards.gb18218.surroundings import Residents
from hazards.levels import parse_level

OFFICER = Person(7, "应急员", frozenset({Role.EMERGENCY}))
HEPING = Person(8, "和平应急员", frozenset({Role.EMERGENCY}), areas=("120101",))
PLANNER = Person(9, "规划员", frozenset({Role.PLANNER}))
#: A made-up place in the pilot area, 96 m from a market, and the yard near the port.
PILOT, YARD = (117.1933, 39.1176), (117.740116286, 39.009805552)
TO_METRES = Transformer.from_crs(4490, 4548, always_xy=True)
#: Buildings whose figures already hold the people of sensitive places, by the rule of the docs.
USES = {"school": "education", "kindergarten": "education", "hospital": "health",
        "nursing_home": "health", "market": "commercial"}  # fmt: skip


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The scene of Tianjin in a store of its own, for runs are written."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("hazard-runs"))
    store = create_all(settings)
    SceneService(store).set_up("tianjin")
    store.dispose()
    services = Services(settings)
    yield services
    services.store.dispose()  # type: ignore[attr-defined]


def _features(name: str) -> list[tuple[shapely.Geometry, dict]]:
    path = scenes_folder() / "tianjin" / f"{name}.geojson"
    features = json.loads(Path(path).read_bytes())["features"]
    move = TO_METRES.transform
    return [
        (
            shapely.transform(shapely.geometry.shape(f["geometry"]), move, interleaved=False),
            f["properties"],
        )
        for f in features
    ]


def _disc(place: tuple[float, float], radius_m: float) -> shapely.Geometry:
    return shapely.Point(TO_METRES.transform(*place)).buffer(radius_m, quad_segs=2000)


def _people_by_hand(place: tuple[float, float], radius_m: float, time: str) -> float:
    """Plain addition over the scene's own files, in EPSG:4548."""
    disc, buildings = _disc(place, radius_m), _features("buildings")
    total = sum(p[f"people_{time}"] * g.intersection(disc).area / g.area for g, p in buildings)
    for point, values in _features("sensitive_places"):
        housed = any(
            g.intersects(point) and p["use"] == USES.get(values["kind"]) for g, p in buildings
        )
        if not housed and point.within(disc):
            total += values[f"people_{time}"]
    return total


def _rounded(people: float) -> int:
    step = 10 if people < 1000 else 100 if people < 100_000 else 1000
    return int(people / step + 0.5) * step


@pytest.mark.parametrize(("place", "mass_kg"), [(PILOT, 500.0), (YARD, 60_000.0)])
def test_people_in_each_ring_are_those_of_a_plain_count(city, place, mass_kg):
    asked = BlastRequest(lon=place[0], lat=place[1], masses_kg={"likely": mass_kg})
    (only,) = city.hazards.run(OFFICER, asked)["alternatives"]
    for zone in only["zones"]:
        for time in ("day", "night"):
            told = zone["exposure"]["people"][time]["within"]["rounded"]
            assert told == _rounded(_people_by_hand(place, zone["radius_m"], time))


def test_components_places_and_roads_in_a_ring_are_those_of_a_plain_count(city):
    run = city.hazards.run(
        OFFICER, BlastRequest(lon=PILOT[0], lat=PILOT[1], masses_kg={"likely": 500.0})
    )
    outer = run["alternatives"][0]["zones"][-1]
    disc = _disc(PILOT, outer["radius_m"])
    inside = {
        name: [p for g, p in _features(name) if g.intersects(disc)]
        for name in ("components", "sensitive_places", "roads")
    }
    held = outer["exposure"]
    assert held["components"]["within"] == len(inside["components"])
    assert held["places"]["within"] == len(inside["sensitive_places"]) == 3
    assert held["roads"]["named"] == len({p["name"] for p in inside["roads"]})
    by_class = {row["class"]: row["within"]["likely"][-1] for row in run["lists"]["components"]}
    assert by_class["0177"] == sum(p["class_code"] == "0177" for p in inside["components"])
    assert sum(by_class.values()) == len(inside["components"])


def test_radii_are_those_of_the_pure_model_and_rings_lie_at_them(city):
    run = city.hazards.run(OFFICER, BlastRequest(site="HZ0001"))
    levels = [parse_level(t) for t in ("20.7kPa", "6.9kPa", "2kPa")]
    for alternative in run["alternatives"]:
        expected = blast_zones(alternative["mass_kg"], levels).zones
        for zone, pure in zip(alternative["zones"], expected, strict=True):
            assert zone["radius_m"] == pytest.approx(pure.radius_m, abs=0.05)
            ring = shapely.geometry.shape(zone["geometry"])
            assert len(ring.exterior.coords) >= 129


def test_a_site_brings_its_three_masses_smallest_first(city):
    run = city.hazards.run(OFFICER, BlastRequest(site="HZ0001"))
    assert [(a["name"], a["mass_kg"]) for a in run["alternatives"]] == [
        ("low", 20_000.0),
        ("likely", 60_000.0),
        ("high", 150_000.0),
    ]
    assert run["masses_from"] == "site"
    assert run["site"]["name"] == "示例港区危险货物堆场"
    assert [run["place"]["lon"], run["place"]["lat"]] == list(YARD)


def test_bands_add_up_to_the_outermost_ring(city):
    run = city.hazards.run(OFFICER, BlastRequest(site="HZ0001"))
    for alternative in run["alternatives"]:
        held = [zone["exposure"]["places"] for zone in alternative["zones"]]
        assert sum(h["band"] for h in held) == held[-1]["within"]


def test_a_run_says_what_it_was_computed_from(city):
    run = city.hazards.run(OFFICER, BlastRequest(site="HZ0001"))
    assert run["estimate"] == {"zh": "筛查估算", "en": "screening estimate"}
    assert run["source"].startswith("M. M. Swisdak")
    assert run["model_info"]["edition"] == "Swisdak 1994"
    assert {row["layer"] for row in run["data"]} == {
        *("hazard_sites", "buildings", "sensitive_places", "components", "roads", "pipes", "cells"),
    }
    assert all(row["synthetic"] and row["version"] for row in run["data"])
    assert all(level["source"] and level["confidence"]["zh"] for level in run["levels"])
    assert "exposure.poor_coverage" in {w["code"] for w in run["warnings"]}


# -- kept for ever ------------------------------------------------------------------------------


def test_a_run_read_again_is_the_run_that_was_computed(city):
    run = city.hazards.run(OFFICER, BlastRequest(site="HZ0004"))
    assert city.hazards.get(OFFICER, UUID(run["run_id"])) == json.loads(json.dumps(run))
    assert city.hazards.recent(OFFICER)["runs"][0]["masses_kg"] == {
        "low": 3_000.0,
        "likely": 9_000.0,
        "high": 25_000.0,
    }


@pytest.mark.parametrize("act", ["UPDATE hazard_run SET model = 'x'", "DELETE FROM hazard_run"])
def test_the_database_itself_refuses_to_change_a_run(city, act):
    city.hazards.run(OFFICER, BlastRequest(site="HZ0004"))
    with pytest.raises(DBAPIError, match="runs are never changed"), city.store.writing() as tx:
        tx.connection.execute(text(act))


def test_a_run_that_was_changed_behind_the_database_is_not_answered(city):
    run = city.hazards.run(OFFICER, BlastRequest(site="HZ0004"))
    with city.store.writing() as tx:
        body = tx.connection.execute(
            text("SELECT sql FROM sqlite_master WHERE name = 'hazard_run_no_update'")
        ).scalar()
        tx.connection.execute(text("DROP TRIGGER hazard_run_no_update"))
        tx.connection.execute(
            text("UPDATE hazard_run SET result = replace(result, '9000.0', '9.0') WHERE id = :id"),
            {"id": run["run_id"]},
        )
        tx.connection.execute(text(body))
    with pytest.raises(UnavailableError) as refusal:
        city.hazards.get(OFFICER, UUID(run["run_id"]))
    assert refusal.value.code == "hazard.run_damaged"
    listed = [one["run_id"] for one in city.hazards.recent(OFFICER, 50)["runs"]]
    assert listed
    assert run["run_id"] not in listed
    with city.store.writing() as tx:  # the other tests list the newest runs
        tx.connection.execute(text("DROP TRIGGER hazard_run_no_delete"))
        tx.connection.execute(text("DELETE FROM hazard_run WHERE id = :id"), {"id": run["run_id"]})


def test_runs_that_a_person_may_not_read_take_no_place_in_the_list(city):
    mine = city.hazards.run(HEPING, BlastRequest(lon=PILOT[0], lat=PILOT[1], masses_kg={"low": 1}))
    city.hazards.run(OFFICER, BlastRequest(site="HZ0004"))
    listed = city.hazards.recent(HEPING, 1)["runs"]
    assert [one["run_id"] for one in listed] == [mine["run_id"]]


def test_a_run_carries_the_time_of_the_city_and_its_identity(city):
    known = uuid4()
    service = HazardService(
        city.store,
        city.layers,
        city.areas,
        clock=lambda: datetime(2026, 3, 1, 20, 5, tzinfo=UTC),
        new_id=lambda: known,
    )
    run = service.run(OFFICER, BlastRequest(site="HZ0004"))
    assert (run["run_id"], run["at"]) == (str(known), "2026-03-02T04:05:00.000+08:00")


# -- who may see it -----------------------------------------------------------------------------


def test_without_the_right_to_see_hazards_nothing_is_computed(city):
    for act in (
        lambda: city.hazards.run(PLANNER, BlastRequest(lon=PILOT[0])),
        lambda: city.hazards.levels(PLANNER),
        lambda: city.hazards.models(PLANNER),
        lambda: city.hazards.recent(PLANNER),
    ):
        with pytest.raises(ForbiddenError):
            act()


def test_a_person_of_one_district_counts_only_its_data_and_is_told_so(city):
    asked = BlastRequest(lon=YARD[0], lat=YARD[1], masses_kg={"likely": 60_000.0})
    run = city.hazards.run(HEPING, asked)
    outer = run["alternatives"][0]["zones"][-1]["exposure"]
    assert outer["people"]["day"]["within"]["carriers"] == 0
    assert outer["places"]["within"] == 0
    assert {w["code"] for w in run["warnings"]} >= {"exposure.limited", "exposure.poor_coverage"}


def _fence(lon, lat):
    ring = [[lon + x, lat + y] for x, y in ((0, 0), (2e-3, 0), (2e-3, 1e-3), (0, 1e-3), (0, 0))]
    return {"type": "Polygon", "coordinates": [ring]}


def test_residents_that_were_counted_in_one_district_or_nowhere_are_remarked_on(city):
    unit = {"substances": [{"row": 1, "quantity_t": 20}]}
    own = city.hazards.grade_given(HEPING, unit | {"boundary": _fence(*PILOT)})
    far = city.hazards.grade_given(OFFICER, unit | {"boundary": _fence(117.5, 39.0)})
    whole = city.hazards.grade_given(OFFICER, unit | {"boundary": _fence(*PILOT)})
    assert "gb18218.limited" in {w["code"] for w in own["warnings"]}
    assert (far["alpha"], "gb18218.nothing_near" in {w["code"] for w in far["warnings"]}) == (
        0.5,
        True,
    )
    assert not {"gb18218.limited", "gb18218.nothing_near"} & {w["code"] for w in whole["warnings"]}


def test_residents_that_nobody_knows_leave_the_grade_unknown():
    lot = read_inventory('{"substances": [{"row": 1, "quantity_t": 20}]}')
    told = graded_around(lot, Residents(0, 0, 0, 3, 3))
    assert (told["S"], told["R"], told["grade"], told["people_500m"]) == (2, None, None, None)


def test_a_run_over_the_whole_city_is_hidden_from_a_person_of_one_district(city):
    whole = city.hazards.run(OFFICER, BlastRequest(site="HZ0001"))
    own = city.hazards.run(
        HEPING, BlastRequest(lon=PILOT[0], lat=PILOT[1], masses_kg={"low": 10.0})
    )
    for person, run_id in ((HEPING, whole["run_id"]), (PLANNER, own["run_id"]), (OFFICER, uuid4())):
        with pytest.raises(NotFoundError) as refusal:
            city.hazards.get(person, UUID(str(run_id)))
        assert refusal.value.code == "hazard.no_run"
    assert city.hazards.get(OFFICER, UUID(own["run_id"]))["run_id"] == own["run_id"]
    assert whole["run_id"] not in {r["run_id"] for r in city.hazards.recent(HEPING)["runs"]}


def test_a_site_outside_of_a_persons_area_is_not_there(city):
    with pytest.raises(InvalidError) as refusal:
        city.hazards.run(HEPING, BlastRequest(site="HZ0001"))
    assert refusal.value.code == "hazard.unknown_site"


# -- refusals -----------------------------------------------------------------------------------


def _codes(city: Services, **asked: object) -> list[str]:
    with pytest.raises(InvalidError) as refusal:
        city.hazards.run(OFFICER, BlastRequest(**asked))  # type: ignore[arg-type]
    return [f.code for f in refusal.value.errors] or [refusal.value.code]


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ({"site": "HZ0101"}, ["hazard.no_mass"]),
        ({"site": "nowhere"}, ["hazard.unknown_site"]),
        ({"masses_kg": {"low": 1.0}}, ["hazard.no_place"]),
        ({"site": "HZ0001", "lon": 117.0, "lat": 39.0}, ["hazard.two_places"]),
        ({"site": "HZ0001", "masses_kg": {}}, ["hazard.no_mass"]),
        ({"site": "HZ0001", "masses_kg": {"low": 9.0, "high": 2.0}}, ["hazard.mass_order"]),
        ({"site": "HZ0001", "masses_kg": {"low": 1e9}}, ["blast.bad_mass"]),
        ({"site": "HZ0001", "model": "crowl"}, ["hazard.unknown_model"]),
        ({"site": "HZ0001", "model": "kinney-graham", "levels": ("2kPa",)}, ["blast.outside_range"]),
        ({"site": "HZ0001", "levels": ()}, ["blast.bad_levels"]),
        ({"site": "HZ0001", "levels": ("5kW/m2", "2kPa", "1MPa", "-2kPa")}, ["level.unit", "blast.bad_level"]),
        ({"lon": 116.4, "lat": 39.9, "masses_kg": {"low": 1.0}}, ["hazard.outside_city"]),
        ({"lon": 0.0, "lat": 0.0, "masses_kg": {"low": 1.0}}, ["hazard.outside_city"]),
        ({"lon": 39.1, "lat": 117.2, "masses_kg": {"low": 1.0}}, ["crs.swapped"]),
        ({"lon": 117.2, "lat": 39.1, "crs": "mars", "masses_kg": {"low": 1.0}}, ["crs.unknown"]),
    ],
)  # fmt: skip
def test_a_bad_request_is_refused_with_its_reason(city, asked, codes):
    assert _codes(city, **asked) == codes


def test_every_fault_is_named_at_once_and_nothing_is_kept(city):
    before = city.hazards.recent(OFFICER, 50)["runs"]
    codes = _codes(
        city,
        lon=0.0,
        lat=0.0,
        model="nobody",
        masses_kg={"low": float("nan"), "likely": -1.0, "high": 1e9},
        levels=("20ppm", "0kPa"),
    )
    assert codes == [
        "hazard.unknown_model",
        "level.unit",
        "blast.bad_level",
        "blast.bad_mass",
        "blast.bad_mass",
        "blast.bad_mass",
        "hazard.outside_city",
    ]
    assert city.hazards.recent(OFFICER, 50)["runs"] == before


def test_a_place_just_outside_of_a_generalised_border_still_counts_as_inside(city):
    # 120101's northern corner, from the district file, moved 200 m north
    run = city.hazards.run(
        OFFICER,
        BlastRequest(lon=117.1899, lat=39.1347, masses_kg={"low": 100.0}),
    )
    assert run["alternatives"][0]["zones"]


def test_a_place_read_as_gcj_02_is_moved_and_the_move_is_told(city):
    asked = BlastRequest(lon=117.736567, lat=39.039717, crs="gcj02", masses_kg={"low": 3_000.0})
    run = city.hazards.run(OFFICER, asked)
    (moved,) = [w for w in run["warnings"] if w["code"] == "hazard.converted_datum"]
    metres = float(moved["message"].split("移动了 ")[1].split(" m")[0])
    assert 505 <= metres <= 593
