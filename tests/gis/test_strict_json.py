"""JSON of strangers: what is sound is read as the standard parser reads it, the rest is named."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidError
from gis.strict_json import MAX_DEPTH, parse_json

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
scalar = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | text
scalar |= st.floats(allow_nan=False, allow_infinity=False)
value = st.recursive(
    scalar, lambda v: st.lists(v, max_size=4) | st.dictionaries(text, v, max_size=4), max_leaves=20
)


@given(value, st.booleans(), st.sampled_from([None, 1]))
@settings(max_examples=200, deadline=None)
def test_what_is_sound_is_read_as_it_was_written(wanted, ascii_only, indent):
    data = json.dumps(wanted, ensure_ascii=ascii_only, indent=indent).encode()
    assert parse_json(data) == wanted
    assert parse_json(b"\xef\xbb\xbf" + data) == wanted


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        (b"", "json.empty", None),
        (b" \n\t", "json.empty", None),
        (b"\xef\xbb\xbf", "json.empty", None),
        (b'{"a": "\xd6\xd0"}', "json.bad_encoding", None),
        (b'{"a": 1', "json.syntax", None),
        (b'{"a": 1} x', "json.syntax", None),
        (b"{'a': 1}", "json.syntax", None),
        (b'{"a": [1, NaN]}', "json.not_finite", "$.a[1]"),
        (b"[-Infinity]", "json.not_finite", "$[0]"),
        (b"[1e999]", "json.not_finite", "$[0]"),
        (b"[0, 9223372036854775808]", "json.number_too_large", "$[1]"),
        (b"[%s]" % (b"9" * 5000), "json.number_too_large", "$[0]"),
        (b'{"a": {"b": 1, "b": 2}}', "json.duplicate_key", "$.a.b"),
        (b'["\\u0000"]', "json.bad_text", "$[0]"),
        (b'{"\\ud800": 1}', "json.bad_text", "$"),
        (b'["\\udfff"]', "json.bad_text", "$[0]"),
    ],
)
def test_what_is_not_is_refused_with_its_place(data, code, field):
    with pytest.raises(InvalidError) as refused:
        parse_json(data)
    assert (refused.value.code, refused.value.field) == (code, field)
    json.dumps(refused.value.as_dict(), allow_nan=False).encode()


def test_a_pair_of_surrogates_is_one_character_and_large_numbers_in_strings_are_text():
    assert parse_json(b'["\\ud83d\\ude00", "1e999 NaN 99999999999999999999"]') == [
        "😀",
        "1e999 NaN 99999999999999999999",
    ]
    assert parse_json(b"[9223372036854775807, -9223372036854775808, 1e308]") == [
        2**63 - 1,
        -(2**63),
        1e308,
    ]


def test_several_faults_are_listed_in_the_order_of_the_text_up_to_a_hundred():
    with pytest.raises(InvalidError) as refused:
        parse_json(b'{"a": NaN, "b": {"c": 1, "c": 2}, "d": ["\\u0000"]}')
    assert [e.field for e in refused.value.errors] == ["$.a", "$.b.c", "$.d[0]"]
    with pytest.raises(InvalidError) as refused:
        parse_json(b"[%s]" % b",".join([b"NaN"] * 500))
    assert len(refused.value.errors) == 100


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_bounded_before_anything_recurses(opening, closing):
    def nested(n):
        return opening * n + b"1" + closing * n

    parse_json(nested(MAX_DEPTH))
    for n in (MAX_DEPTH + 1, 1_000_000):
        with pytest.raises(InvalidError) as refused:
            parse_json(nested(n))
        assert refused.value.code == "json.too_deep"
    assert parse_json(json.dumps(["[" * 500, '\\"' + "{" * 500]).encode())


def test_size_is_bounded_and_the_kind_that_is_expected_demanded():
    with pytest.raises(InvalidError) as refused:
        parse_json(b"[1, 2]", max_bytes=5)
    assert refused.value.code == "json.too_large"
    assert parse_json(b"[1]", expect=list) == [1]
    for data, expect in ((b"[1]", dict), (b"{}", list), (b'"x"', dict)):
        with pytest.raises(InvalidError) as refused:
            parse_json(data, expect=expect)
        assert refused.value.code == "json.wrong_type"


def test_quotes_without_end_take_no_longer_than_their_length():
    begin = time.process_time()
    for hostile in (b'"' * 400_000, b'["' + b"\\" * 400_001, b'{"a":"' + b'\\"' * 200_000):
        with pytest.raises(InvalidError):
            parse_json(hostile)
    assert time.process_time() - begin < 2
