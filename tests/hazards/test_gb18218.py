"""GB 18218-2018: tables, identification and grading, laws, refusals."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.gb18218.grade import alpha_of, grade_unit
from hazards.gb18218.inventory import inventory_of, read_inventory
from hazards.gb18218.resolve import is_cas
from hazards.gb18218.tables import read_tables, shipped_tables


def graded(*lines, people=None):
    return grade_unit(
        read_inventory(json.dumps({"substances": list(lines), "people_500m": people}))
    )


def refusal(*lines, people=None):
    with pytest.raises(InvalidError) as caught:
        graded(*lines, people=people)
    return caught.value


def codes(found):
    return {c.code for c in found.cautions}


def test_the_tables_are_whole():
    tables = shipped_tables()
    assert tables.edition == "GB 18218-2018"
    assert sum(row.table == 1 for row in tables.rows.values()) == 85
    assert sum(row.table == 2 for row in tables.rows.values()) == 24
    assert len(tables.beta_of_cas) == 14
    assert tables.beta_of_symbol.keys() == {r.key for r in tables.rows.values() if r.table == 2}
    assert all(is_cas(cas) for row in tables.rows.values() for cas in row.cas)
    assert all(row.source and row.confidence for row in tables.rows.values())


def test_thirteen_named_chemicals_have_a_beta_of_their_own():
    tables = shipped_tables()
    named = [r for r in tables.rows.values() if set(r.cas) & tables.beta_of_cas.keys()]
    assert len(named) == 13


@pytest.mark.parametrize(
    ("row", "critical"),
    [
        ("56", 200),
        ("82", 50),
        ("37", 1),
        ("38", 1),
        ("39", 10),
        ("44", 50),
        ("45", 200),
        ("6", 0.3),
    ],
)
def test_critical_amounts_of_the_2018_edition(row, critical):
    assert shipped_tables().rows[row].critical_t == Fraction(str(critical))


def test_ammonia_and_chlorine_with_120_residents_are_a_third_grade_source():
    found = graded({"row": 1, "quantity_t": 20}, {"row": 12, "quantity_t": 10}, people=120)
    assert (found.s, found.alpha, found.r, found.grade) == (4, 2, 24, 3)
    assert found.is_major


def test_s_of_exactly_one_is_major_also_in_tenths_and_thirds():
    tenths = graded(*[{"row": 6, "quantity_t": 0.1}] * 3, people=0)
    thirds = graded({"row": 30, "quantity_t": 0.25}, {"row": 6, "quantity_t": 0.2}, people=0)
    assert tenths.s == thirds.s == 1
    assert tenths.is_major
    assert thirds.is_major


def test_just_under_one_is_no_major_hazard_source_and_has_no_grade():
    found = graded({"row": 1, "quantity_t": "9.9999999999999999999"}, people=0)
    assert not found.is_major
    assert found.grade is None
    assert found.r is not None
    assert "gb18218.not_major" in codes(found)


@pytest.mark.parametrize(
    ("tonnes", "r", "grade"),
    [("25", 10, 3), ("24.999999", None, 4), ("125", 50, 2), ("124.999999", None, 3),
     ("250", 100, 1), ("249.999999", None, 2)],
)  # fmt: skip
def test_grades_at_the_limits_of_r(tonnes, r, grade):
    found = graded({"row": 12, "quantity_t": tonnes}, people=0)
    assert found.grade == grade
    assert r is None or found.r == r * Fraction(1)


@pytest.mark.parametrize(
    ("people", "alpha"),
    [(0, 0.5), (1, 1), (29, 1), (30, 1.2), (49, 1.2), (50, 1.5), (99, 1.5), (100, 2), (10**6, 2)],
)
def test_alpha_at_its_limits(people, alpha):
    assert alpha_of(people) == Fraction(str(alpha))


def test_an_ambiguous_cas_is_refused_and_its_rows_are_listed():
    told = refusal({"cas": "6484-52-2", "quantity_t": 10}, people=0)
    assert told.code == "gb18218.ambiguous"
    assert [(row["row"], row["Q_t"]) for row in told.expected] == [(43, 5), (44, 50)]
    assert "43" in str(told)
    assert len(refusal({"cas": "9004-70-0", "quantity_t": 1}).expected) == 6


@pytest.mark.parametrize(("form", "row"), [("含可燃物>0.2%", "43"), ("含可燃物≤0.2%", "44")])
def test_a_form_tells_the_rows_of_one_cas_apart(form, row):
    found = graded({"cas": "6484-52-2", "form": form, "symbol": "W9.2", "quantity_t": 1}, people=0)
    assert found.terms[0].row.key == row


def test_a_form_that_fits_two_rows_or_none_is_refused():
    assert (
        refusal({"cas": "9004-70-0", "form": "含水", "quantity_t": 1}).code == "gb18218.ambiguous"
    )
    none = refusal({"cas": "7647-01-0", "form": "盐酸 30%", "quantity_t": 1})
    assert [row["row"] for row in none.expected] == [11]


def test_a_missing_symbol_gives_s_and_no_r_and_says_why():
    found = graded({"row": 57, "quantity_t": 100}, people=10)
    assert (found.s, found.r, found.grade) == (2, None, None)
    assert found.alpha == 1
    assert "gb18218.symbol_missing" in codes(found)


def test_a_symbol_gives_the_beta_of_table_4_and_table_3_goes_before_it():
    hydrogen = graded({"row": 51, "symbol": "W2", "quantity_t": 10}, people=0)
    ammonia = graded({"row": 1, "symbol": "J3", "quantity_t": 10}, people=0)
    assert hydrogen.r == Fraction(3, 2)
    assert ammonia.terms[0].beta == 2


def test_unknown_people_give_no_r():
    found = graded({"row": 1, "quantity_t": 10})
    assert (found.alpha, found.r, found.grade) == (None, None, None)
    assert "gb18218.people_unknown" in codes(found)


def test_a_chemical_that_is_not_named_takes_the_lowest_amount_of_its_classes():
    found = graded({"cas": "67-63-0", "symbol": ["W5.4", "W5.3"], "quantity_t": 500}, people=0)
    assert found.terms[0].row.key == "W5.3"
    assert found.s == Fraction(1, 2)
    assert refusal({"cas": "67-63-0", "quantity_t": 500}).code == "gb18218.not_listed"


def test_the_same_substance_is_summed_into_one_term():
    found = graded({"cas": "7782-50-5", "quantity_t": 1}, {"row": 12, "quantity_t": 1.5}, people=0)
    (term,) = found.terms
    assert (term.quantity_t, term.share) == (Fraction(5, 2), Fraction(1, 2))


def test_a_cas_whose_row_holds_for_one_form_is_taken_with_a_warning():
    assert "gb18218.form_assumed" in codes(graded({"cas": "50-00-0", "quantity_t": 1}, people=0))


ROWS = st.sampled_from(sorted(shipped_tables().rows))
TONNES = st.decimals("0.001", "100000", places=3)
LINES = st.lists(
    st.tuples(ROWS, TONNES, st.sampled_from(["W2", "W5.3", "J1"])), min_size=1, max_size=8
)


def _lines(drawn):
    rows = shipped_tables().rows
    return [
        {"row": row, "quantity_t": str(q)} | ({"symbol": s} if rows[row].table == 1 else {})
        for row, q, s in drawn
    ]


@given(drawn=LINES)
def test_the_order_of_lines_changes_nothing(drawn):
    there, back = (graded(*_lines(d), people=60) for d in (drawn, drawn[::-1]))
    assert (there.s, there.r, there.grade) == (back.s, back.r, back.grade)


@given(drawn=LINES, people=st.integers(0, 200))
def test_twice_the_quantity_is_twice_s_and_r(drawn, people):
    once = graded(*_lines(drawn), people=people)
    twice = graded(*_lines(drawn + drawn), people=people)
    assert (twice.s, twice.r) == (2 * once.s, 2 * once.r)


@given(drawn=LINES, a=st.integers(0, 200), b=st.integers(0, 200))
def test_more_people_never_make_a_lesser_source(drawn, a, b):
    fewer, more = (graded(*_lines(drawn), people=n) for n in sorted((a, b)))
    assert fewer.r <= more.r
    assert not fewer.is_major or fewer.grade >= more.grade


@pytest.mark.parametrize(
    "quantity",
    [0, -1, "1e400", "1e-400", 1e10, "NaN", "一吨", "", None, True, [1], "1" * 60, "1e999999999"],
)
def test_quantities_that_are_none_are_refused(quantity):
    assert refusal({"row": 1, "quantity_t": quantity}).code == "inventory.bad_quantity"


@pytest.mark.parametrize("people", [-1, 29.5, "30", True, 10**9])
def test_numbers_of_people_that_are_none_are_refused(people):
    assert refusal({"row": 1, "quantity_t": 1}, people=people).code == "inventory.bad_people"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"row": 86}, "gb18218.unknown_row"),
        ({"row": 1.5}, "gb18218.unknown_row"),
        ({"row": 1, "cas": "7782-50-5"}, "gb18218.row_and_cas"),
        ({"cas": "7664-41-8"}, "gb18218.bad_cas"),
        ({"cas": "氨"}, "gb18218.bad_cas"),
        ({"row": 57, "symbol": "W5.9"}, "gb18218.unknown_symbol"),
        ({"row": "W5.3", "symbol": "W5.4"}, "gb18218.row_and_symbol"),
        ({}, "inventory.no_substance"),
        ({"row": [1]}, "inventory.bad_text"),
    ],
)
def test_lines_that_mean_no_row_are_refused(line, code):
    assert refusal(line | {"quantity_t": 1}).code == code


@pytest.mark.parametrize(
    "text",
    ["", "[", "[]", "{}", '{"substances": []}', '{"substances": {}}', "[" * 100_000,
     '{"substances": [1]}', '{"substances": [{"row": 1, "row": 2, "quantity_t": 1}]}',
     '{"substances": [{"row": 1, "quantity_t": Infinity}]}',
     '{"substances": [{"row": 1, "quantity_t": NaN}]}'],
)  # fmt: skip
def test_texts_that_are_no_inventory_are_refused(text):
    with pytest.raises(InvalidError):
        read_inventory(text)


def test_every_fault_is_told_at_once():
    told = refusal({"row": 1, "quantity_t": -1}, {"row": 2}, people=-3)
    assert told.code == "inventory.invalid"
    assert {e.row for e in told.errors} == {1, 2, None}


def test_a_misspelt_field_is_remarked_on():
    assert "inventory.unknown_field" in codes(graded({"row": 1, "quantity_t": 1, "symobl": "J3"}))


def test_numbers_of_python_are_read_as_well():
    given = {"substances": [{"row": "1", "quantity_t": 0.1}], "people_500m": 3}
    assert inventory_of(given).lines[0].quantity_t == Fraction(1, 10)


def test_tables_of_two_editions_or_with_a_row_twice_are_refused():
    head = "table,row,name_zh,alias_zh,cas,category,description,q_threshold_t,standard_version,source,confidence\n"
    one = "1,1,氨,,7664-41-7,,,10,A,s,own knowledge\n"
    empty = "table,standard_version\n"
    for text in (
        head + one + one,
        head + one + one.replace(",A,", ",B,").replace("1,1", "1,2", 1),
        "x\n1\n",
    ):
        with pytest.raises(InvalidError) as caught:
            read_tables(text, empty, empty, empty)
        assert caught.value.code == "gb18218.bad_table"
