"""The shipped division codes: counts, nesting, search."""

from collections import Counter

from grid.divisions import divisions, full_name, search_divisions


def test_the_table_holds_all_levels():
    kinds = Counter(d.kind for d in divisions().values())
    assert kinds["district"] == 16
    assert kinds["street"] + kinds["functional_zone"] == 299
    assert kinds["functional_zone"] == 47
    assert kinds["community"] == 5617


def test_every_division_below_the_city_lies_in_its_parent():
    for d in divisions().values():
        if d.kind in {"street", "functional_zone", "community"}:
            assert d.code.startswith(d.parent)
            assert d.parent in divisions()


def test_a_code_prefix_finds_short_codes_first():
    found = search_divisions("120101", limit=3)
    assert [d.code for d in found] == ["120101", "120101001", "120101002"]


def test_a_name_is_found_with_spaces_in_it():
    assert search_divisions(" 滨海 新区 ")[0].code == "120116"


def test_nothing_typed_finds_nothing():
    assert search_divisions("  ") == []


def test_a_full_name_joins_the_levels_that_are_known():
    assert full_name("120101003") == "和平区五大道街道"
    assert full_name("999999") == ""
