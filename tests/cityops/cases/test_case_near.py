"""Open cases in the dossier of a place."""

from __future__ import annotations

import pytest

from cityops.services import case_near
from cityops.services.case_near import CasesNear
from cityops.services.places import place_of

HERE = (117.2072, 39.1072)
#: Metres of a ten-thousandth of a degree of longitude at 39.1072 N on the ellipsoid, by geographiclib.
STEP_M = 8.6496


@pytest.fixture
def near(desk):
    """Ask for open cases near the place: ``near(person, radius_m)``."""

    def ask(person, radius_m, at=HERE):
        return CasesNear(desk.store).near(person, place_of(*at), radius_m)

    return ask


def test_open_cases_are_told_nearest_first_with_their_distance(desk, near, inspector):
    far = desk.filed(inspector, lon=HERE[0] + 0.0004, lat=HERE[1])
    close = desk.filed(inspector, lon=HERE[0] + 0.0001, lat=HERE[1])
    desk.filed(inspector, lon=HERE[0] + 0.0008, lat=HERE[1])
    found = near(inspector, 50.0)
    assert [row["key"] for row in found.rows] == [close["id"], far["id"]]
    assert found.count == 2
    assert found.rows[0]["distance_m"] == pytest.approx(STEP_M, abs=0.01)
    assert found.rows[1]["distance_m"] == pytest.approx(4 * STEP_M, abs=0.01)


def test_a_case_that_ended_is_not_told(desk, near, inspector, acceptor):
    place = (117.2012, 39.1082)
    case = desk.filed(inspector, lon=place[0], lat=place[1])
    assert near(inspector, 20.0, place).count == 1
    desk.act(acceptor, case, "refuse", note="重复")
    assert near(inspector, 20.0, place) is None


def test_each_sees_the_cases_of_their_scope_only(desk, near, inspector, eastern, planner, drainage):
    place = (117.2032, 39.1092)
    desk.filed(inspector, lon=place[0], lat=place[1])
    assert near(inspector, 20.0, place).count == 1
    for person in (eastern, planner, drainage):
        assert near(person, 20.0, place) is None


def test_more_cases_than_are_told_are_counted_and_the_nearest_are_told(
    desk, near, inspector, monkeypatch
):
    monkeypatch.setattr(case_near, "_MOST", 2)
    lon, lat = 117.2052, 39.1022
    filed = [desk.filed(inspector, lon=lon + n * 1e-4, lat=lat)["id"] for n in range(5)]
    found = near(inspector, 60.0, (lon, lat))
    assert found.count == 5
    assert [row["key"] for row in found.rows] == filed[:2]
