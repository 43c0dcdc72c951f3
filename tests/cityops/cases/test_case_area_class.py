"""Limits that depend on the kind of area: the cell says it, and unknown stays unknown."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from cityops.store.layer_tables import table_name
from gis.layers import Title
from grid.classes import ClassKey
from grid.clock.limit import limit_of
from grid.origin import Confidence, Origin
from grid.schemes.book import SchemeBook
from grid.schemes.stored import book_json
from grid.schemes.values import (
    AreaClass,
    ConditionLimit,
    FilingCondition,
    SchemeClass,
    SchemeInfo,
)

KEY = ClassKey("component", "AREA-TEST-2026", "0102")
ORIGIN = Origin("测试用表", Confidence.SAMPLE)
HOURS = {AreaClass.A: 2, AreaClass.B: 4, AreaClass.C: 24}
IN_A, UNSAID = (117.2005, 39.1005), (117.2075, 39.1005)


def by_area() -> SchemeBook:
    """One class whose limit is two hours in the core, four and twenty-four elsewhere."""
    limits = tuple(ConditionLimit(a, limit_of(n, "urgent_hour")) for a, n in HOURS.items())
    return SchemeBook(
        [
            SchemeInfo(
                "component", KEY.scheme, "1", "2026", Title("按区域", "By area"), r"\d{4}", ORIGIN
            )
        ],
        [SchemeClass(KEY, "minor", "01", Title("井盖", "Cover"), ORIGIN)],
        [
            FilingCondition(
                id="AREA-1",
                keys=(KEY,),
                trigger=Title("缺失", "Missing"),
                closing=Title("恢复", "Restored"),
                limits=limits,
                origin=ORIGIN,
            )
        ],
    )


@pytest.fixture
def filed(town, desk, inspector, acceptor, leader):
    """File a case at a place, its cell being of a kind when it was reported and when it is filed."""
    with town.writing() as tx:
        if tx.grid_tables.newest() == 0:
            now = desk.clock()
            tx.grid_tables.add("scheme", KEY.scheme, "1", "测试", book_json(by_area()), now, 1)

    def say(kind):
        with town.writing() as tx:
            tx.connection.execute(
                text(f"UPDATE {table_name('cells')} SET area_class = :kind WHERE code = :code"),
                {"kind": kind, "code": "990101001001001"},
            )

    def go(place, reported, at_filing):
        say(reported)
        case = desk.filed(inspector, class_key=KEY, lon=place[0], lat=place[1])
        case = desk.act(acceptor, case, "accept")
        say(at_filing)
        case = desk.act(leader, case, "file", condition="AREA-1")
        return desk.cases.get(leader, UUID(case["id"]))

    return go


@pytest.mark.parametrize(("kind", "limit"), [("A", "2"), ("B", "4"), ("C", "24")])
def test_a_case_is_filed_under_the_limit_of_the_area_its_cell_lies_in(
    filed, desk, dispatcher, kind, limit
):
    case = filed(IN_A, kind, kind)
    assert case["area_class"] == kind
    assert case["conditions"][0]["limit"] == f"{limit} 紧急工作时"
    after = desk.act(dispatcher, case, "dispatch", department="drainage")
    clocks = {clock["kind"]: clock["limit"] for clock in after["deadlines"]}
    assert clocks["dispose"] == f"{limit} 紧急工作时"


def test_the_kind_of_area_is_that_of_the_day_of_filing(filed):
    assert filed(IN_A, "C", "A")["area_class"] == "A"


def test_where_no_kind_of_area_is_known_no_limit_is_made_up(filed, desk, dispatcher):
    case = filed(UNSAID, None, None)
    assert (case["area_class"], case["conditions"][0]["limit"]) == (None, None)
    after = desk.act(dispatcher, case, "dispatch", department="drainage")
    assert {clock["kind"]: clock["limit"] for clock in after["deadlines"]}["dispose"] is None
