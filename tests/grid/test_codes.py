"""Codes are digits of fixed lengths, read and made without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from grid.codes import (
    area_levels,
    cell_code,
    component_id,
    parse_cell_code,
    parse_component_id,
)

digits = lambda n: st.text("0123456789", min_size=n, max_size=n)  # noqa: E731


@given(digits(12), st.integers(1, 999))
def test_a_cell_code_taken_apart_and_put_together_is_itself(community, number):
    code = str(cell_code(community, number))
    assert len(code) == 15
    assert str(parse_cell_code(code)) == code
    assert parse_cell_code(code).number == number


@given(digits(6), digits(4), st.integers(1, 999_999))
def test_a_component_id_has_sixteen_digits_and_keeps_its_parts(district, class_code, number):
    code = str(component_id(district, class_code, number))
    assert len(code) == 16
    parsed = parse_component_id(code)
    assert (parsed.district, parsed.class_code, parsed.number) == (district, class_code, number)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "12010100300100",
        "1201010030010011",
        "12010100300100a",
        "１２０１０１００３００１００１",
        "-20101003001001",
        "120101003001000",
    ],
)
def test_what_is_no_cell_code_is_refused(code):
    with pytest.raises(InvalidError):
        parse_cell_code(code)


@pytest.mark.parametrize("number", [0, 1000, -1])
def test_a_cell_number_out_of_range_is_refused(number):
    with pytest.raises(InvalidError, match="网格序号"):
        cell_code("120101003001", number)


def test_a_cell_code_names_its_three_areas():
    assert area_levels("120101003001007") == {
        "district": "120101",
        "street": "120101003",
        "community": "120101003001",
    }


def test_a_code_of_another_length_names_no_area():
    with pytest.raises(InvalidError):
        area_levels("12010")
