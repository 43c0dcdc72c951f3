"""The place dossier: everything near, cut by permission, with source and trust."""

import geopandas as gpd
import pytest
import shapely

from cityops.services.areas import AreaService
from cityops.services.dossier import DossierService, RecordSection
from cityops.services.roles import ANONYMOUS, SYSTEM, Person, Role
from gis.errors import ForbiddenError, InvalidError
from gis.layers import Title
from grid.layers import BUILDINGS

CENTRE = (117.1933, 39.1176)
PLANNER = Person(5, "规划员", frozenset({Role.PLANNER}))
INSPECTOR = Person(1, "监督员", frozenset({Role.INSPECTOR}))
EMERGENCY = Person(6, "应急", frozenset({Role.EMERGENCY}))
GAS_OWNER = Person(
    9, "燃气", frozenset({Role.PIPELINE_OWNER}), categories={"pipes": frozenset({"gas"})}
)


def sections(found):
    return {s["name"]: s for s in found["sections"]}


def test_a_dossier_says_where_the_place_is_and_what_lies_near(tianjin):
    found = tianjin.dossier.dossier(SYSTEM, *CENTRE, 60.0)
    assert found["where"]["cell"]["responsible"]
    assert found["where"]["district"]["code"] == "120101"
    assert {"components", "pipes", "buildings", "roads"} <= set(sections(found))
    assert found["notices"]


def test_every_section_names_its_source_and_whether_it_is_synthetic(tianjin):
    for s in tianjin.dossier.dossier(SYSTEM, *CENTRE, 60.0)["sections"]:
        assert s["source"]
        assert s["notice"]
        assert s["synthetic"] is True


def test_rows_are_within_the_radius_nearest_first_and_counted_beyond_the_list(tianjin):
    small = sections(tianjin.dossier.dossier(SYSTEM, *CENTRE, 30.0))["components"]
    large = sections(tianjin.dossier.dossier(SYSTEM, *CENTRE, 150.0))["components"]
    for section, radius in ((small, 30.0), (large, 150.0)):
        distances = [row["distance_m"] for row in section["rows"]]
        assert distances == sorted(distances)
        assert distances[-1] <= radius
    assert large["count"] > len(large["rows"]) == 20
    assert large["count"] > small["count"]


def test_pipes_carry_their_trust_and_a_depth_that_was_not_measured_warns(tianjin):
    rows = sections(tianjin.dossier.dossier(SYSTEM, *CENTRE, 120.0))["pipes"]["rows"]
    assert rows
    for row in rows:
        measured = row["values"]["quality_level"] in {"A", "B"}
        assert row["trust"]["depth_measured"] is measured
        assert (row["trust"]["warning"] is None) is measured
        assert row["values"]["source"]


def test_an_inspector_sees_no_pipes_and_no_people(tianjin):
    found = tianjin.dossier.dossier(INSPECTOR, *CENTRE, 60.0)
    assert "pipes" not in sections(found)
    names = {f["name"] for f in sections(found)["buildings"]["fields"]}
    assert not names & {"people_day", "people_night"}
    assert "people_day" not in sections(found)["buildings"]["rows"][0]["values"]


def test_a_gas_owner_sees_gas_pipes_only(tianjin):
    rows = sections(tianjin.dossier.dossier(GAS_OWNER, *CENTRE, 200.0))["pipes"]["rows"]
    assert {row["values"]["kind"] for row in rows} == {"gas"}


def test_a_contact_is_shown_to_a_planner_and_not_to_emergency_staff(tianjin):
    planner_rows = sections(tianjin.dossier.dossier(PLANNER, *CENTRE, 60.0))["pipes"]["rows"]
    other_rows = sections(tianjin.dossier.dossier(EMERGENCY, *CENTRE, 60.0))["pipes"]["rows"]
    assert planner_rows[0]["values"]["owner_contact"]
    assert "owner_contact" not in other_rows[0]["values"]


def test_outside_of_the_scene_there_is_a_warning_and_no_section(tianjin):
    found = tianjin.dossier.dossier(SYSTEM, -71.06, 42.36)
    assert found["sections"] == []
    assert found["where"]["warnings"][0]["code"] == "locate.outside"


@pytest.mark.parametrize("radius", [0.0, -1.0, 500.1, float("nan"), float("inf")])
def test_a_radius_out_of_bounds_is_refused(tianjin, radius):
    with pytest.raises(InvalidError):
        tianjin.dossier.dossier(SYSTEM, *CENTRE, radius)


def test_a_visitor_is_refused(tianjin):
    with pytest.raises(ForbiddenError):
        tianjin.dossier.dossier(ANONYMOUS, *CENTRE)


def test_records_come_as_sections_of_their_own_and_may_stay_away(tianjin):
    class OpenPermits:
        def near(self, person, place, radius_m):
            if not person.has(Role.PLANNER):
                return None
            row = {"key": "permit-1", "label": "掘路", "distance_m": 3.0}
            title = Title("许可", "Permits")
            return RecordSection("permits", title, [row], 1, "许可库", radius_m)

    service = DossierService(tianjin.store, AreaService(), [OpenPermits()])
    permits = sections(service.dossier(PLANNER, *CENTRE))["permits"]
    assert permits["rows"][0]["key"] == "permit-1"
    assert permits["title"] == {"zh": "许可", "en": "Permits"}
    assert "permits" not in sections(service.dossier(INSPECTOR, *CENTRE))


def test_people_are_the_sum_over_buildings_that_reach_into_the_circle(tianjin):
    found = tianjin.dossier.dossier(EMERGENCY, *CENTRE, 100.0)
    with tianjin.store.reading() as tx:
        _, batch = tx.layers.load(BUILDINGS)
    metres = gpd.GeoSeries(list(batch.geometry), crs=4490).to_crs(4548)
    here = gpd.GeoSeries([shapely.Point(*CENTRE)], crs=4490).to_crs(4548)[0]
    near = metres.distance(here) <= 100.0
    night = sum(n or 0 for n, is_near in zip(batch.columns["people_night"], near) if is_near)
    assert abs(found["people"]["night"] - night) <= 0.05 * night
    assert found["people"]["night"] % 10 == 0
    assert found["people"]["buildings"] == int(near.sum())
    assert found["people"]["source"]


def test_people_are_told_only_to_who_may_know(tianjin):
    assert tianjin.dossier.dossier(INSPECTOR, *CENTRE)["people"] is None
    assert tianjin.dossier.dossier(GAS_OWNER, *CENTRE)["people"] is None


def test_people_are_not_made_up_where_nothing_is_known(helsinki):
    senate_square = (24.9522, 60.1695)
    assert helsinki.dossier.dossier(SYSTEM, *senate_square, 100.0)["people"] is None


def test_classes_add_up_to_the_count_and_name_the_nearest_of_each(tianjin):
    for section in sections(tianjin.dossier.dossier(SYSTEM, *CENTRE, 100.0)).values():
        if section["classes"]:
            assert sum(c["count"] for c in section["classes"]) == section["count"]
            nearest = min(c["nearest_m"] for c in section["classes"])
            assert nearest == section["rows"][0]["distance_m"]


def test_hazards_are_looked_for_further_away_and_say_how_far(tianjin):
    found = sections(tianjin.dossier.dossier(EMERGENCY, *CENTRE, 50.0))
    assert found["components"]["radius_m"] == 50.0
    assert found["sensitive_places"]["radius_m"] == 1000.0
    assert found["sensitive_places"]["rows"][-1]["distance_m"] <= 1000.0


def test_the_place_has_the_address_of_the_building_beside_it(tianjin):
    assert tianjin.dossier.dossier(SYSTEM, *CENTRE)["where"]["address"].startswith("平安大道")
    outside = tianjin.dossier.dossier(SYSTEM, -71.06, 42.36)
    assert outside["where"]["address"] is None


def test_the_heads_are_at_most_three_the_gravest_first_and_point_at_what_they_mean(tianjin):
    around = sections(tianjin.dossier.dossier(GAS_OWNER, *CENTRE, 200.0))["pipes"]["rows"]
    found = tianjin.dossier.dossier(SYSTEM, *around[0]["position"], 50.0)
    levels = [head["level"] for head in found["heads"]]
    assert 1 <= len(levels) <= 3
    assert levels == sorted(levels, key=lambda level: level != "late")
    pipes = sections(found)["pipes"]
    gas = next(c for c in pipes["classes"] if c["code"] == "gas")
    head = next(h for h in found["heads"] if h["section"] == "pipes")
    assert head["key"] == gas["key"]
    assert head["params"]["metres"] == round(gas["nearest_m"], 1)


def test_a_dossier_without_pipes_says_nothing_of_pipes(tianjin):
    heads = tianjin.dossier.dossier(INSPECTOR, *CENTRE)["heads"]
    assert all(head["section"] != "pipes" for head in heads)


def test_unmeasured_pipes_are_counted_over_all_not_over_the_listed(tianjin):
    few = sections(tianjin.dossier.dossier(SYSTEM, *CENTRE, 150.0, listed=1))["pipes"]
    all_ = sections(tianjin.dossier.dossier(SYSTEM, *CENTRE, 150.0, listed=5000))["pipes"]
    unsure = [row for row in all_["rows"] if not row["trust"]["depth_measured"]]
    assert few["unmeasured"]["count"] == len(unsure) > 1
    assert few["unmeasured"]["key"] == unsure[0]["key"]
