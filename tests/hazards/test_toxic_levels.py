"""Toxic levels of concern: whole, ordered, and honest about what nobody checked."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gis.errors import InvalidError
from hazards.gb18218.resolve import is_cas
from hazards.models import Confidence
from hazards.toxic_levels import Scheme, levels_for, toxic_levels


@pytest.mark.parametrize(
    ("cas", "levels"), [("7782-50-5", (0.5, 2, 20)), ("7664-41-7", (30, 160, 1100))]
)
def test_chlorine_and_ammonia_of_an_hour_as_published(cas, levels):
    found = levels_for(cas)
    assert found.levels == levels
    assert found.confidence is Confidence.READ


def test_every_row_has_a_right_cas_number_and_a_source():
    for row in toxic_levels():
        assert is_cas(row.cas)
        assert row.source
        assert row.molar_mass_g_mol > 1
        assert any(level is not None for level in row.levels)


def test_no_row_stands_twice():
    keys = [(row.cas, row.scheme, row.minutes) for row in toxic_levels()]
    assert len(set(keys)) == len(keys)


def test_stronger_levels_are_higher():
    for row in toxic_levels():
        known = [level for level in row.levels if level is not None]
        assert known == sorted(known)


def test_longer_times_never_allow_more():
    for cas in {row.cas for row in toxic_levels()}:
        rows = [r for r in toxic_levels() if r.cas == cas and r.scheme is Scheme.AEGL]
        for shorter, longer in pairwise(sorted(rows, key=lambda r: r.minutes)):
            for a, b in zip(shorter.levels, longer.levels, strict=True):
                assert a is None or b is None or b <= a


def test_only_rows_of_chlorine_and_ammonia_were_read_in_a_text():
    read = {r.cas for r in toxic_levels() if r.confidence is Confidence.READ}
    assert read == {"7782-50-5", "7664-41-7"}


def test_what_the_table_does_not_have_is_refused_and_not_taken_from_elsewhere():
    for cas, minutes in (("64-17-5", 60), ("7782-50-5", 45)):
        with pytest.raises(InvalidError) as caught:
            levels_for(cas, minutes=minutes)
        assert caught.value.code == "toxic.unknown"
