"""Columns give back what was put in, whatever way they keep it."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.features import object_array
from gis.json_columns import json_members, json_texts
from gis.layers import FieldType
from gis.table import CodedColumn, NumberColumn, Table, TextColumn, coded, encoded, numbered, texts

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = {
    FieldType.TEXT: text,
    FieldType.CODE: st.sampled_from(["a", "乙", "", 'q"uote', "back\\slash", "line\n"]),
    FieldType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    FieldType.REAL: st.floats(allow_nan=False, allow_infinity=False),
    FieldType.BOOLEAN: st.booleans(),
}
columns = st.sampled_from(list(VALUES)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(st.none() | VALUES[kind], max_size=30))
)


@given(columns)
@settings(deadline=None)
def test_any_values_come_back_in_any_order_with_their_kind(case):
    kind, values = case
    rows = np.arange(len(values))[::-1]
    got = encoded(object_array(values), kind).take(rows).tolist()
    assert got == values[::-1]
    assert [type(v) for v in got] == [type(v) for v in values[::-1]]


@given(columns)
@settings(deadline=None)
def test_numbers_of_values_lead_back_to_them(case):
    kind, values = case
    rows = np.arange(len(values))
    found = encoded(object_array(values), kind).numbered(rows)
    distinct = [*found.values, None]
    assert [distinct[code] for code in found.codes.tolist()] == values


@given(columns)
@settings(deadline=None)
def test_json_of_values_is_read_back_as_them(case):
    kind, values = case
    rows = np.arange(len(values))[::-1]
    written = json_texts(encoded(object_array(values), kind), rows)
    assert [json.loads(piece) for piece in written] == values[::-1]


@given(st.lists(st.none() | text, max_size=30))
@settings(deadline=None)
def test_texts_kept_as_bytes_come_back(values):
    column = texts(values)
    rows = np.arange(len(values))
    assert column.take(rows).tolist() == values
    assert [json.loads(piece) for piece in json_texts(column, rows)] == values


def test_json_of_a_column_of_another_kind_is_written_too():
    class Own:
        def take(self, rows):
            return object_array([["a", None, 3][r] for r in rows.tolist()])

    assert json_texts(Own(), np.array([2, 0, 1])) == [b"3", b'"a"', b"null"]


def test_numbers_that_are_none_are_null_and_have_no_number():
    column = NumberColumn(np.array([1.5, np.nan, np.inf, 1.5]), np.array([True, True, True, False]))
    rows = np.arange(4)
    assert json_texts(column, rows) == [b"1.5", b"null", b"null", b"null"]
    found = column.numbered(rows)
    assert found.codes.tolist()[1] == -1
    assert found.codes.tolist()[3] == -1


def test_true_and_one_are_two_values_and_nan_is_none():
    found = numbered(object_array([1, True, 1.0, float("nan"), None, False, 0]))
    assert found.codes.tolist() == [0, 1, 0, -1, -1, 2, 3]
    assert [type(v) for v in found.values] == [int, bool, bool, int]


@pytest.mark.parametrize(
    ("distinct", "n", "kind"), [(16, 20, CodedColumn), (17, 20, TextColumn), (25, 100, CodedColumn)]
)
def test_texts_of_few_distinct_values_get_a_dictionary(distinct, n, kind):
    values = object_array([f"t{i % distinct}" for i in range(n)])
    assert isinstance(encoded(values, FieldType.TEXT), kind)


def test_dates_are_kept_as_iso_text_whether_they_come_as_dates_or_as_text():
    column = encoded(object_array([dt.date(2024, 2, 29), None, "1999-12-31"]), FieldType.DATE)
    assert column.take(np.arange(3)).tolist() == ["2024-02-29", None, "1999-12-31"]


def test_a_table_gives_its_batch_back_and_a_joined_one_both(layer_of, wiggly_lines):
    one, two = layer_of(wiggly_lines(7)), layer_of(wiggly_lines(5, seed=1), seed=1, first=7)
    table = Table.from_batch(one).joined(Table.from_batch(two))
    assert len(table) == 12
    for batch, rows in ((one, np.arange(7)), (two, np.arange(7, 12))):
        back = table.batch(rows)
        assert back.fids.tolist() == batch.fids.tolist()
        assert [g.wkb for g in back.geometry] == [g.wkb for g in batch.geometry]
        assert back.areas.tolist() == batch.areas.tolist()
        for name, column in batch.columns.items():
            assert back.columns[name].tolist() == column.tolist()


@pytest.mark.parametrize(
    "values",
    [
        [1.5, 2.5, None, 1.5, float("nan"), float("inf")],
        [True, None, False, True],
        [3, 1, None, 3],
        [None, None],
    ],
)
def test_numbers_of_few_values_are_written_as_they_are_one_by_one(values):
    kind = {bool: FieldType.BOOLEAN, int: FieldType.INTEGER}.get(type(values[0]), FieldType.REAL)
    column, rows = encoded(object_array(values), kind), np.arange(len(values))[::-1]
    [pieces, *more] = json_members([(b"", column)], rows)
    written = [b"".join(both) for both in zip(pieces, *more, strict=True)]
    assert written == json_texts(column, rows)


def test_a_value_that_the_sample_missed_is_a_value():
    values = np.zeros(100_000)
    values[77_777] = 4.25
    few = NumberColumn(values, None).few
    assert few.take(np.array([0, 77_777, 77_778])).tolist() == [0.0, 4.25, 0.0]


def test_numbers_of_many_values_are_not_few():
    assert NumberColumn(np.arange(5000.0), None).few is None


def test_coded_columns_side_by_side_are_one_text_until_they_are_too_many():
    wide = coded(object_array([str(i) for i in range(3000)]))
    narrow = coded(object_array(["a", None, "c"] * 1000))
    pieces = json_members([(b"x", narrow), (b"y", wide), (b"z", narrow)], np.array([1, 2999]))
    assert pieces == [[b"xnull", b'x"c"'], [b'y"1"', b'y"2999"'], [b"znull", b'z"c"']]
