"""The search box: coordinates, areas, features, each cut by permission."""

import pytest

from cityops.services.roles import ANONYMOUS, SYSTEM, Person, Role
from cityops.services.search import coordinate_hits
from gis.errors import ForbiddenError, InvalidError

INSPECTOR = Person(1, "监督员", frozenset({Role.INSPECTOR}))


def results(services, text, person=SYSTEM, limit=20):
    return services.search.search(person, text, limit)["results"]


@pytest.mark.parametrize(
    "text", ["117.2 39.115", "117.2,39.115", " 117.2，39.115 ", "39.115 117.2", "117.2° 39.115°"]
)
def test_a_pair_of_numbers_is_a_position_in_three_readings(text):
    hits = list(coordinate_hits(text))
    assert [h.key for h in hits] == ["cgcs2000", "gcj02", "bd09"]
    assert hits[0].position == [117.2, 39.115]


@pytest.mark.parametrize("text", ["gcj02 117.2063031 39.1160262", "117.2063031, 39.1160262 GCJ02"])
def test_a_named_datum_leaves_one_reading(text):
    (hit,) = coordinate_hits(text)
    assert hit.position == pytest.approx([117.2, 39.115], abs=1e-6)


def test_projected_metres_are_read_with_their_code():
    (hit,) = coordinate_hits("EPSG:4548 517293.540 4332955.206")
    assert hit.position == pytest.approx([117.2, 39.13], abs=1e-7)


@pytest.mark.parametrize("text", ["", "117.2", "五大道", "117.2 39.1 5", "EPSG:99 1 2"])
def test_what_is_no_position_gives_none(text):
    assert list(coordinate_hits(text)) == []


def test_an_area_is_found_by_name_and_shown_where_its_polygon_is(tianjin):
    first = results(tianjin, "五大道")[0]
    assert (first["kind"], first["key"]) == ("area", "120101003")
    assert first["position"] is not None


def test_an_area_without_a_polygon_has_no_position(tianjin):
    found = results(tianjin, "120116001")[0]
    assert found["title"] == "塘沽街道"
    assert found["position"] is None


@pytest.mark.parametrize(
    ("text", "kind", "layer"),
    [
        ("平安大道", "road", "roads"),
        ("塘沽", "place", "places"),
        ("JS00001", "pipe", "pipes"),
        ("示例加油站", "site", "hazard_sites"),
    ],
)
def test_a_feature_is_found_by_what_it_is_called(tianjin, text, kind, layer):
    hits = [h for h in results(tianjin, text) if h["kind"] == kind]
    assert hits
    assert hits[0]["layer"] == layer
    assert text in hits[0]["title"]


def test_a_cell_is_found_by_its_code(tianjin):
    (hit,) = results(tianjin, "120101005006013")
    assert (hit["kind"], hit["key"]) == ("cell", "120101005006013")


def test_an_inspector_finds_no_pipe_and_no_hazard_site(tianjin):
    assert results(tianjin, "JS00001", INSPECTOR) == []
    assert results(tianjin, "示例加油站", INSPECTOR) == []


def test_a_text_that_only_other_fields_hold_finds_nothing(tianjin):
    assert results(tianjin, "种子生成") == []


def test_wildcards_are_plain_characters(tianjin):
    assert results(tianjin, "%") == []
    assert results(tianjin, "_") == []


@pytest.mark.parametrize(("text", "limit"), [("路" * 101, 20), ("路", 0), ("路", 51)])
def test_what_is_out_of_bounds_is_refused(tianjin, text, limit):
    with pytest.raises(InvalidError):
        tianjin.search.search(SYSTEM, text, limit)


def test_a_visitor_is_refused(tianjin):
    with pytest.raises(ForbiddenError):
        tianjin.search.search(ANONYMOUS, "五大道")
