"""Limits as people type them, with the traps met in real tables."""

from __future__ import annotations

import pytest

from gis.errors import InvalidError
from grid.clock.shipped import shipped_seasons
from grid.schemes.limit_text import limits_in, number_of

#: cell, unit column -> limits in words, verbs.
READ = [
    ("1紧急工作时制止", None, ["1 紧急工作时"], ["制止"]),
    ("制止1紧急工作时", None, ["1 紧急工作时"], ["制止"]),
    ("种植季节5工作日", None, ["5 工作日（种植季节内）"], [""]),
    ("种植季节内5个工作日内补植", None, ["5 工作日（种植季节内）"], ["补植"]),
    ("2小时", None, ["2 工作时"], [""]),
    ("2小时", "紧急工作时", ["2 紧急工作时"], [""]),
    ("3天", "工作日", ["3 工作日"], [""]),
    (2, "工作日", ["2 工作日"], [""]),
    (4.0, "小时", ["4 工作时"], [""]),
    ("两小时内清理", None, ["2 工作时"], ["清理"]),
    ("半天", None, ["0.5 工作日"], [""]),
    ("十五个工作日", None, ["15 工作日"], [""]),
    ("１紧急\n工作时", None, ["1 紧急工作时"], [""]),
    ("30分钟", "紧急工作时", ["0.5 紧急工作时"], [""]),
    ("10自然日", None, ["10 自然日"], [""]),
    ("1紧急工作时制止，15工作日拆除", None, ["1 紧急工作时", "15 工作日"], ["制止", "拆除"]),
    ("1紧急工作日", None, ["1 紧急工作日"], [""]),
    ("不超过2工作日", None, ["2 工作日"], [""]),
]


@pytest.mark.parametrize(("cell", "unit", "limits", "verbs"), READ)
def test_a_typed_limit_is_read(cell, unit, limits, verbs):
    steps = limits_in(cell, unit, shipped_seasons())
    assert [s.limit.told for s in steps] == limits
    assert [s.action for s in steps] == verbs


@pytest.mark.parametrize(
    ("cell", "unit", "urgent"),
    [("2紧急工作时", "工作时", True), ("2工作时", "紧急工作时", False)],
)
def test_where_text_and_unit_column_differ_the_text_wins_and_says_so(cell, unit, urgent):
    (step,) = limits_in(cell, unit)
    assert step.limit.unit.is_continuous is urgent
    assert len(step.notes) == 1


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("立即", "limit.unreadable"),
        ("", "limit.unreadable"),
        (None, "limit.unreadable"),
        ("5", "limit.no_unit"),
        ("雨季3天", "limit.unknown_season"),
        ("99999天", "limit.too_long"),
        ("2工作日" * 100, "limit.unreadable"),
    ],
)
def test_what_cannot_be_read_is_refused_and_never_guessed(cell, code):
    with pytest.raises(InvalidError) as caught:
        limits_in(cell, None, shipped_seasons())
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "value"), [("一", 1), ("十", 10), ("二十", 20), ("二十一", 21), ("三百六十五", 365)]
)
def test_chinese_numbers(text, value):
    assert number_of(text) == value
