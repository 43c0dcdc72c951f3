"""The place dossier: everything near, cut by permission, with source and trust."""

import pytest

from cityops.services.areas import AreaService
from cityops.services.dossier import DossierService, RecordSection
from cityops.services.roles import ANONYMOUS, SYSTEM, Person, Role
from gis.errors import ForbiddenError, InvalidError

CENTRE = (117.1933, 39.1176)
PLANNER = Person(5, "规划员", frozenset({Role.PLANNER}))
INSPECTOR = Person(1, "监督员", frozenset({Role.INSPECTOR}))
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
    emergency = Person(6, "应急", frozenset({Role.EMERGENCY}))
    planner_rows = sections(tianjin.dossier.dossier(PLANNER, *CENTRE, 60.0))["pipes"]["rows"]
    other_rows = sections(tianjin.dossier.dossier(emergency, *CENTRE, 60.0))["pipes"]["rows"]
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
    class OpenCases:
        def near(self, person, lon, lat, radius_m):
            if not person.has(Role.INSPECTOR):
                return None
            row = {"id": "case-1", "distance_m": 3.0}
            return RecordSection("cases", "未结案件", [row], 1, "案件库")

    service = DossierService(tianjin.store, AreaService(), [OpenCases()])
    cases = sections(service.dossier(INSPECTOR, *CENTRE))["cases"]
    assert cases["rows"] == [{"id": "case-1", "distance_m": 3.0}]
    assert "cases" not in sections(service.dossier(PLANNER, *CENTRE))
