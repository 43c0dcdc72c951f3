"""Schemes as data: lookups, contradictions, successors, and what ships."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import orjson
import pytest

from gis.errors import InvalidError, NotFoundError
from gis.layers import Title
from grid.classes import ClassKey
from grid.clock.limit import limit_of
from grid.origin import Confidence, Origin, weakest
from grid.schemes.book import SchemeBook, check_successor
from grid.schemes.shipped import shipped_schemes
from grid.schemes.stored import book_from, book_json
from grid.schemes.values import AreaClass, ConditionLimit, FilingCondition, SchemeClass, SchemeInfo

GB, CJ = "GB/T 30428.2-2013", "CJ/T 214-2007"
BOOK = shipped_schemes()
ORIGIN = Origin("本测试", Confidence.LOCAL)
KEY = ClassKey("event", "S", "01")
INFO = SchemeInfo("event", "S", "1", "2026", Title("甲", "A"), r"\d\d", ORIGIN)
CLASS = SchemeClass(KEY, "minor", "01", Title("游商", "Vendor"), ORIGIN)
CONDITION = FilingCondition(
    "c1", (KEY,), Title("占道", "Blocks"), Title("劝离", "Gone"),
    (ConditionLimit(None, limit_of(2, "urgent_hour")),), ORIGIN,
)  # fmt: skip


def codes_of(caught) -> set[str]:
    return {fault.code for fault in caught.value.errors}


def test_two_event_schemes_exchange_majors_four_and_five():
    names = [
        BOOK.class_of(ClassKey("event", s, c)).title.zh for s in (GB, CJ) for c in ("04", "05")
    ]
    assert names == ["街面秩序", "突发事件", "突发事件", "街面秩序"]


def test_the_same_four_digits_are_a_cover_and_a_building():
    names = {d: BOOK.class_of(ClassKey(d, GB, "0101")).title.zh for d in ("component", "event")}
    assert names == {"component": "上水井盖", "event": "私搭乱建"}


@pytest.mark.parametrize(
    ("scheme", "domain", "code"),
    [("样例-港区 2026", "event", "P01-01"), ("样例-村庄 2026", "component", "V7")],
)
def test_port_and_village_are_schemes_like_any_other(scheme, domain, code):
    key = ClassKey(domain, scheme, code)
    assert BOOK.class_of(key).origin.confidence is Confidence.SAMPLE
    assert BOOK.conditions_of(key)


def test_limits_of_the_port_depend_on_the_kind_of_area():
    (condition,) = BOOK.conditions_of(ClassKey("event", "样例-港区 2026", "P01-01"))
    told = [condition.limit_for(a) for a in (AreaClass.A, AreaClass.C, None)]
    assert [None if t is None else t.told for t in told] == ["1 紧急工作时", "4 紧急工作时", None]


def test_every_shipped_row_has_source_and_confidence():
    for row in (*BOOK.infos, *BOOK.classes, *BOOK.conditions):
        assert row.origin.source
        assert row.origin.confidence in Confidence


def test_tianjins_wells_are_mended_in_six_hours_day_and_night():
    condition = BOOK.condition("TJ-WELL-COVER", ClassKey("component", GB, "0111"))
    assert condition.limit_for(None) == limit_of(6, "urgent_hour")


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (ClassKey("event", "没有", "0101"), "scheme.unknown"),
        (ClassKey("component", "样例-村庄 2026", "V1"), "scheme.unknown_class"),
        (ClassKey("event", CJ, "0140"), "scheme.unknown_class"),
    ],
)
def test_a_class_of_another_scheme_is_not_found(key, code):
    with pytest.raises(NotFoundError) as caught:
        BOOK.class_of(key)
    assert caught.value.code == code


def test_an_unknown_condition_is_not_found_and_those_of_the_class_are_told():
    with pytest.raises(NotFoundError) as caught:
        BOOK.condition("nope", ClassKey("event", GB, "0401"))
    assert caught.value.expected == ["YC-E0401-1"]


def test_a_condition_of_another_class_is_refused():
    with pytest.raises(InvalidError) as caught:
        BOOK.condition("YC-E0401-1", ClassKey("event", GB, "0405"))
    assert caught.value.code == "scheme.foreign_condition"


@pytest.mark.parametrize(("day", "there"), [(date(2017, 3, 31), False), (date(2017, 4, 1), True)])
def test_a_condition_holds_from_its_first_day(day, there):
    key = ClassKey("component", GB, "0105")
    assert ("TJ-WELL-COVER" in [c.id for c in BOOK.conditions_of(key, day)]) is there


def test_a_class_that_is_switched_off_is_refused_afterwards_only():
    book = SchemeBook([INFO], [replace(CLASS, valid_to=date(2026, 7, 1))], [])
    assert book.class_of(KEY, date(2026, 6, 30)) is not None
    with pytest.raises(InvalidError) as caught:
        book.class_of(KEY, date(2026, 7, 1))
    assert caught.value.code == "scheme.class_off"


@pytest.mark.parametrize(
    ("infos", "classes", "conditions", "code"),
    [
        ([INFO, INFO], [CLASS], [], "scheme.twice"),
        ([], [CLASS], [], "scheme.unknown"),
        ([INFO], [CLASS, CLASS], [], "scheme.class_twice"),
        ([INFO], [replace(CLASS, key=replace(KEY, code="1"))], [], "scheme.bad_code"),
        ([INFO], [], [CONDITION], "scheme.no_class"),
        ([INFO], [CLASS], [CONDITION, CONDITION], "scheme.condition_twice"),
        (
            [INFO],
            [CLASS],
            [CONDITION, replace(CONDITION, id="c2", limits=(ConditionLimit(None, limit_of(9, "work_day")),))],
            "scheme.contradiction",
        ),
        (
            [INFO],
            [replace(CLASS, valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 1))],
            [],
            "scheme.backwards",
        ),
    ],
)  # fmt: skip
def test_tables_that_contradict_themselves_are_refused(infos, classes, conditions, code):
    with pytest.raises(InvalidError) as caught:
        SchemeBook(infos, classes, conditions)
    assert codes_of(caught) == {code}


@pytest.mark.parametrize(
    ("classes", "code"),
    [
        ([], "scheme.code_dropped"),
        ([replace(CLASS, title=Title("烧烤", "BBQ"))], "scheme.code_reused"),
    ],
)
def test_a_new_edition_may_not_renumber(classes, code):
    old, new = (
        SchemeBook([INFO], [CLASS], []),
        SchemeBook([replace(INFO, version="2")], classes, []),
    )
    with pytest.raises(InvalidError) as caught:
        check_successor(old, new)
    assert codes_of(caught) == {code}


def test_a_new_edition_replaces_its_scheme_and_leaves_the_others():
    new = SchemeBook([replace(INFO, version="2")], [CLASS], [CONDITION])
    merged = BOOK.merged(SchemeBook([INFO], [CLASS], [])).merged(new)
    assert merged.info("event", "S").version == "2"
    assert len(merged.conditions) == len(BOOK.conditions) + 1
    assert len(merged.classes) == len(BOOK.classes) + 1


def test_a_result_is_as_sure_as_its_least_sure_row():
    assert weakest([ORIGIN, Origin("x", Confidence.UNCERTAIN)]) is Confidence.UNCERTAIN
    assert weakest([]) is None


def test_a_book_survives_its_store():
    again = book_from(orjson.loads(orjson.dumps(book_json(BOOK))))
    assert (again.infos, again.classes, again.conditions) == (
        BOOK.infos,
        BOOK.classes,
        BOOK.conditions,
    )
