"""Class tables keep scheme, source and confidence; codes mean nothing without their scheme."""

import pytest

from gis.errors import InvalidError, NotFoundError
from grid.classes import (
    CJ_SCHEME,
    GB_SCHEME,
    OWN_SCHEME,
    Domain,
    class_row,
    class_table,
    drawing_group,
    minor_classes,
)


@pytest.mark.parametrize("domain", list(Domain))
def test_every_row_says_where_it_was_read_and_how_sure_it_is(domain):
    rows = class_table(domain)
    assert len(rows) > 150
    assert all(r.source and r.confidence and r.name_zh and r.name_en for r in rows)


@pytest.mark.parametrize("domain", list(Domain))
def test_a_code_is_unique_in_its_scheme(domain):
    keys = [(r.scheme, r.code) for r in class_table(domain)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("domain", list(Domain))
def test_a_minor_class_lies_in_its_major(domain):
    for row in class_table(domain):
        assert row.code[:2] == row.major
        assert len(row.code) == (4 if row.level == "minor" else 2)


def test_the_two_event_schemes_exchange_majors_four_and_five():
    assert class_row(Domain.EVENT, "05").name_zh == class_row(Domain.EVENT, "04", CJ_SCHEME).name_zh


def test_the_same_code_means_another_thing_for_an_event():
    assert class_row(Domain.COMPONENT, "0101").name_zh != class_row(Domain.EVENT, "0101").name_zh


def test_an_unknown_class_is_not_found():
    with pytest.raises(NotFoundError):
        class_row(Domain.COMPONENT, "0999")


def test_our_extension_uses_no_code_of_the_national_table():
    codes = [r.code for r in minor_classes(Domain.COMPONENT, GB_SCHEME, OWN_SCHEME)]
    assert len(codes) == len(set(codes)) == 74 + 8


def test_two_schemes_that_share_codes_cannot_be_listed_together():
    with pytest.raises(InvalidError):
        minor_classes(Domain.COMPONENT, GB_SCHEME, CJ_SCHEME)


@pytest.mark.parametrize(
    ("code", "group"),
    [("0101", "manhole"), ("0137", "lamp"), ("0177", "fire"), ("0402", "tree"), ("0407", "green")],
)
def test_components_are_drawn_by_group(code, group):
    assert drawing_group(code) == group


def test_every_cover_is_drawn_as_one():
    rows = minor_classes(Domain.COMPONENT, GB_SCHEME, OWN_SCHEME)
    assert {drawing_group(r.code) for r in rows if r.name_zh.endswith("井盖")} == {"manhole"}
