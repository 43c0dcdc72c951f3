"""Locate: cell, areas, components, border, warnings."""

import numpy as np
import pytest
import shapely

from cityops.services.roles import ANONYMOUS, SYSTEM, Person, Role
from gis.datum import wgs84_to_gcj02
from gis.errors import CrsError, ForbiddenError, InvalidError
from gis.frame import LocalFrame
from grid.layers import CELLS

CENTRE = (117.1933, 39.1176)


def cells(services):
    with services.store.reading() as tx:
        batch = tx.layers.load(CELLS)[1]
    return dict(zip(batch.columns["code"], batch.geometry, strict=True))


def test_the_answer_has_the_fixed_form(tianjin):
    found = tianjin.locate.locate(SYSTEM, *CENTRE)
    assert set(found) == {
        "lon", "lat", "input_crs", "cell", "community", "street", "district", "components",
        "boundary_distance_m", "warnings",
    }  # fmt: skip
    assert found["cell"]["code"].startswith(found["community"]["code"])
    assert found["community"]["code"].startswith(found["street"]["code"])
    assert found["street"]["code"].startswith(found["district"]["code"])
    assert found["district"] == {"code": "120101", "name": "和平区"}
    assert {"id", "class", "distance_m"} <= set(found["components"][0])
    assert found["warnings"] == []


@pytest.mark.parametrize("name", ["tianjin", "helsinki"])
def test_the_cell_at_a_representative_point_is_the_cell_itself(name, request):
    services = request.getfixturevalue(name)
    for code, shape in sorted(cells(services).items())[::9]:
        at = shape.representative_point()
        assert services.locate.locate(SYSTEM, at.x, at.y)["cell"] == {"code": code}


def test_on_a_shared_border_the_smaller_code_is_given(tianjin):
    known = cells(tianjin)
    corners = shapely.get_coordinates(list(known.values()))
    for lon, lat in corners[:: len(corners) // 12]:
        point = shapely.Point(lon, lat)
        smallest = min(code for code, shape in known.items() if shape.intersects(point))
        found = tianjin.locate.locate(SYSTEM, lon, lat)
        assert found["cell"]["code"] == smallest
        assert found["boundary_distance_m"] == 0.0


def test_components_are_the_five_nearest_within_fifty_metres(tianjin):
    from grid.layers import COMPONENTS

    with tianjin.store.reading() as tx:
        batch = tx.layers.load(COMPONENTS)[1]
    metres = LocalFrame(*CENTRE).project(shapely.get_coordinates(batch.geometry))
    away = np.hypot(*metres.T)
    expected = np.argsort(away, kind="stable")[:5]
    found = tianjin.locate.locate(SYSTEM, *CENTRE)["components"]
    assert [c["id"] for c in found] == [batch.columns["id"][i] for i in expected]
    assert [c["distance_m"] for c in found] == pytest.approx(away[expected], abs=0.01)
    assert found[-1]["distance_m"] <= 50


def test_gcj02_input_is_converted_and_says_so(tianjin):
    shifted = wgs84_to_gcj02([CENTRE])[0]
    found = tianjin.locate.locate(SYSTEM, *shifted, "gcj02")
    assert (found["lon"], found["lat"]) == pytest.approx(CENTRE, abs=1e-8)
    assert found["input_crs"] == "gcj02"
    assert [w["code"] for w in found["warnings"]] == ["locate.approximate_datum"]


def test_taken_for_the_wrong_datum_the_same_numbers_are_another_cell(tianjin):
    right = tianjin.locate.locate(SYSTEM, *CENTRE)["cell"]
    assert tianjin.locate.locate(SYSTEM, *CENTRE, "gcj02")["cell"] != right


def test_projected_input_is_the_same_place(tianjin):
    from gis.crs import transform

    east, north = transform([CENTRE], "EPSG:4490", "EPSG:4548")[0]
    found = tianjin.locate.locate(SYSTEM, east, north, "EPSG:4548")
    assert found["cell"] == tianjin.locate.locate(SYSTEM, *CENTRE)["cell"]


@pytest.mark.parametrize(("lon", "lat"), [(-71.06, 42.36), (0.0, 0.0), (121.47, 31.23)])
def test_outside_of_the_scene_everything_is_null_and_a_warning_says_so(tianjin, lon, lat):
    found = tianjin.locate.locate(SYSTEM, lon, lat)
    assert [found[k] for k in ("cell", "community", "street", "district")] == [None] * 4
    assert found["components"] == []
    assert found["boundary_distance_m"] is None
    assert [w["code"] for w in found["warnings"]] == ["locate.outside"]


def test_where_there_are_no_cells_the_district_is_still_given(tianjin):
    found = tianjin.locate.locate(SYSTEM, 117.742, 39.012)
    assert found["cell"] is None
    assert found["district"]["name"] == "滨海新区"
    assert [w["code"] for w in found["warnings"]] == ["locate.no_cell"]


def test_near_a_generalised_district_border_a_warning_says_that_nothing_is_proved(tianjin):
    found = tianjin.locate.locate(SYSTEM, 117.2, 39.13)
    near = [w for w in found["warnings"] if w["code"] == "locate.near_district_border"]
    assert len(near) == 1
    assert found["boundary_distance_m"] < 300


@pytest.mark.parametrize(
    ("x", "y", "crs"),
    [
        (float("nan"), 39.0, "cgcs2000"),
        (117.0, float("inf"), "cgcs2000"),
        (200.0, 39.0, "cgcs2000"),
        (39.1, 117.2, "cgcs2000"),
        (117.2, 39.1, "EPSG:4548"),
    ],
)
def test_what_is_no_position_is_refused_and_the_field_is_named(tianjin, x, y, crs):
    with pytest.raises(CrsError) as caught:
        tianjin.locate.locate(SYSTEM, x, y, crs)
    assert caught.value.field


def test_swapped_coordinates_are_named_and_turned_round_in_the_hint(tianjin):
    with pytest.raises(CrsError) as caught:
        tianjin.locate.locate(SYSTEM, 39.1176, 117.1933)
    assert caught.value.code == "crs.swapped"
    assert caught.value.expected == [117.1933, 39.1176]
    assert "117.1933, 39.1176" in caught.value.hint()


def test_an_unknown_reference_system_is_refused(tianjin):
    with pytest.raises(CrsError):
        tianjin.locate.locate(SYSTEM, 117.2, 39.1, "mars2000")


def test_a_pole_is_refused(tianjin):
    with pytest.raises(InvalidError):
        tianjin.locate.locate(SYSTEM, 0.0, 90.0)


def test_a_visitor_is_refused(tianjin):
    with pytest.raises(ForbiddenError):
        tianjin.locate.locate(ANONYMOUS, *CENTRE)


def test_who_may_not_see_the_grid_gets_the_areas_only(tianjin):
    owner = Person(9, "权属", frozenset({Role.PIPELINE_OWNER}))
    found = tianjin.locate.locate(owner, *CENTRE)
    assert found["cell"] is None
    assert found["components"] == []
    assert found["community"] is not None


def test_who_is_limited_to_another_district_gets_no_components_here(tianjin):
    other = Person(9, "监督员", frozenset({Role.INSPECTOR}), areas=("120116",))
    found = tianjin.locate.locate(other, *CENTRE)
    assert found["cell"] is None
    assert found["components"] == []
