"""What was filed and licensed, held against the register. The small register: unit 1 of the first
enterprise has S 4 and R 24, grade 3 by the standard's tables; unit 1 of the second has S 0.85."""

from __future__ import annotations

import pytest
from made_register import ONE, TODAY, TWO, rows_of, sheets

from hazards.registers.comparing import findings_of
from hazards.registers.workbook import read_register


def found(filed=None, licensed=None, made=None):
    """Kinds found, with what is and what was stated, of a register with these columns filled."""
    made = made or sheets()
    for rows, head, values in (
        (made["单元"], "备案级别", filed or {}),
        (made["物质"], "许可量（t）", licensed or {}),
    ):
        rows[0].append(head)
        for number, row in enumerate(rows[1:]):
            row += [None] * (len(rows[0]) - 1 - len(row)) + [values.get(number)]
    outcome = read_register(rows_of(made), TODAY)
    assert outcome.faults == ()
    return [
        (f.kind.value, f.credit_code, f.unit_no, f.holding and f.holding.name, f.found, f.stated)
        for f in findings_of(outcome.register)
    ]


def test_nothing_is_found_where_nothing_was_stated():
    assert found() == []


@pytest.mark.parametrize("told", ["未备案", "none"])
def test_a_major_hazard_source_that_is_not_filed_is_found(told):
    assert found(filed={0: told}) == [("not_filed", ONE, "1", None, 3, None)]


@pytest.mark.parametrize(("told", "kinds"), [("四级", 1), (4, 1), ("三级", 0), ("3", 0), (1, 0)])
def test_only_a_grade_less_grave_than_the_true_one_is_too_low(told, kinds):
    assert found(filed={0: told}) == [("filed_too_low", ONE, "1", None, 3, 4)] * kinds


def test_a_unit_below_the_critical_amount_needs_no_filing():
    assert found(filed={2: "未备案"}) == []


def test_a_unit_with_unknown_residents_is_major_and_has_no_grade():
    made = sheets()
    made["单元"][1][4] = None
    assert found(filed={0: "未备案"}, made=made) == [("not_filed", ONE, "1", None, None, None)]
    made = sheets()
    made["单元"][1][4] = None
    assert found(filed={0: "四级"}, made=made) == []


def test_a_quantity_above_its_licence_is_found_and_one_at_the_licence_is_not():
    licensed = {0: 20, 1: 9.99, 2: 0}
    assert found(licensed=licensed) == [
        ("over_licence", ONE, "1", "氯", 10, 9.99),
        ("over_licence", TWO, "1", "氨", 8.5, 0),
    ]
