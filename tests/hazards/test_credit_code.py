"""Unified social credit codes: check digits, what is noticed, refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.credit_code import check_sign, checked_code, organisation_sign

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
#: Codes of enterprises as they are published.
PUBLISHED = ["91110000802100433B", "914403001922038216", "9144030071526726XG"]


@st.composite
def codes(draw):
    """Codes with right check digits."""
    head = draw(st.sampled_from(["91", "92", "12", "N1"])) + draw(
        st.from_regex(r"[0-9]{6}", fullmatch=True)
    )
    organisation = draw(st.text(SIGNS, min_size=8, max_size=8))
    body = head + organisation + organisation_sign(organisation)
    return body + check_sign(body)


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_codes_are_right(code):
    assert checked_code(code) == code


@given(code=codes(), place=st.integers(0, 17), sign=st.sampled_from(SIGNS))
def test_one_wrong_sign_is_always_noticed(code, place, sign):
    assert checked_code(code) == code
    wrong = code[:place] + sign + code[place + 1 :]
    if wrong != code:
        with pytest.raises(InvalidError):
            checked_code(wrong)


@given(code=codes(), place=st.integers(0, 16))
def test_two_neighbours_turned_round_are_always_noticed(code, place):
    turned = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if turned != code:
        with pytest.raises(InvalidError):
            checked_code(turned)


def test_blanks_small_letters_and_full_width_signs_are_read():
    assert checked_code(" 9111 0000 8021 0043 3b ") == PUBLISHED[0]
    assert checked_code("９１１１００００８０２１００４３３Ｂ") == PUBLISHED[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "credit_code.length"),
        ("9111000080210043", "credit_code.length"),
        ("9" * 10_000, "credit_code.length"),
        ("91110000802100433O", "credit_code.sign"),
        ("91110000802100433中", "credit_code.sign"),
        ("911100A0802100433B", "credit_code.division"),
        ("91110000802100433C", "credit_code.check"),
        ("911100008021004340", "credit_code.check"),
    ],
)
def test_what_is_no_code_is_refused(text, code):
    with pytest.raises(InvalidError) as caught:
        checked_code(text)
    assert caught.value.code == code


def test_a_wrong_organisation_code_is_noticed_even_with_a_right_check_digit():
    body = "91110000802100434"
    with pytest.raises(InvalidError) as caught:
        checked_code(body + check_sign(body))
    assert caught.value.code == "credit_code.organisation"
