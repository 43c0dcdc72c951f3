"""Rules of duty: their order, the runner-up at a border, the trial on what they did not see."""

from __future__ import annotations

import csv
import time
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import ConflictError, InvalidError
from grid.classes import ClassKey
from grid.duty import departments
from grid.origin import Confidence, Origin
from grid.routing.decide import Near, Situation, decide, decide_many
from grid.routing.rules import DutyRule, RuleBook, shipped_rules
from grid.routing.trial import (
    Choice,
    Handled,
    Trial,
    confusion_table,
    first_dispatch_accuracy,
    learnt,
    may_be_switched_on,
    split_by_date,
    tried,
)
from grid.schemes.shipped import shipped_schemes

GB = "GB/T 30428.2-2013"
ORIGIN = Origin("本测试", Confidence.LOCAL)
VENDOR = ClassKey("event", GB, "0401")
DAY = date(2026, 11, 24)


def rule(name: str, prefix: str, body: str, **more) -> DutyRule:
    return DutyRule(name, "event", GB, prefix, body, ORIGIN, **more)


BOOK = RuleBook(
    [
        rule("a", "", "urban"),
        rule("b", "04", "enforcement"),
        rule("c", "0401", "market", condition="c1"),
        rule("d", "04", "port", grid_kind="unit", grid_code="120116"),
        rule("e", "0401", "old", valid_to=date(2026, 1, 1)),
        rule("f", "0405", "street", grid_kind="duty", grid_code="AREA-0001", auto=True),
    ]
)


@pytest.mark.parametrize(
    ("code", "condition", "grids", "day", "body"),
    [
        ("0101", None, {}, DAY, "urban"),
        ("0402", None, {}, DAY, "enforcement"),
        ("0401", "c1", {}, DAY, "market"),
        ("0401", "c1", {"unit": "120116001001001"}, DAY, "market"),
        ("0402", None, {"unit": "120116001001001"}, DAY, "port"),
        ("0401", None, {}, date(2025, 12, 31), "old"),
        ("0401", None, {}, date(2026, 1, 1), "enforcement"),
        ("0405", None, {"duty": "AREA-0001"}, DAY, "street"),
        ("0405", None, {"unit": "AREA-0001"}, DAY, "enforcement"),
    ],
)
def test_the_rule_that_says_more_goes_first(code, condition, grids, day, body):
    assert BOOK.best(ClassKey("event", GB, code), condition, grids, day).body == body


@pytest.mark.parametrize(
    "key", [ClassKey("event", "NYC 311", "x"), ClassKey("component", GB, "0401")]
)
def test_of_another_scheme_or_domain_no_rule_says_anything(key):
    assert BOOK.best(key, None, {}) is None
    decision = decide(BOOK, Situation(key))
    assert (decision.body, decision.reasons) == (None, ("职责表没有规定",))


def test_the_owner_of_the_component_goes_before_every_rule():
    decision = decide(BOOK, Situation(VENDOR, owner="gas"))
    assert (decision.body, decision.rule) == ("gas", None)
    assert "权属单位" in decision.reasons[0]


def near(metres: float, code="120116001001001") -> Near:
    return Near("unit", code, metres)


@pytest.mark.parametrize(("metres", "runner"), [(29.9, "port"), (30.0, "port"), (30.1, None)])
def test_within_thirty_metres_of_a_border_the_neighbours_body_is_named(metres, runner):
    at = Situation(
        ClassKey("event", GB, "0402"), grids={"unit": "120101003001001"}, near=[near(metres)]
    )
    decision = decide(BOOK, at)
    assert (decision.body, decision.runner_up) == ("enforcement", runner)
    assert len(decision.reasons) == (2 if runner else 1)


def test_a_neighbour_with_the_same_body_is_no_runner_up():
    at = Situation(VENDOR, grids={"unit": "120101003001001"}, near=[near(1.0, "120101003001002")])
    assert decide(BOOK, at).runner_up is None


def test_the_nearest_neighbour_of_another_body_is_the_runner_up():
    book = RuleBook(
        [rule("a", "", "a"), *(rule(c, "", c, grid_kind="unit", grid_code=c) for c in "xyz")]
    )
    at = Situation(VENDOR, grids={"unit": "q"}, near=[near(20, "x"), near(5, "y"), near(9, "z")])
    assert (decide(book, at).runner_up, decide(book, at).runner_up_m) == ("y", 5)


def test_a_case_is_dispatched_by_itself_only_away_from_borders():
    key = ClassKey("event", GB, "0405")
    inside = Situation(key, grids={"duty": "AREA-0001"})
    assert decide(BOOK, inside).auto
    border = replace(inside, near=[Near("duty", "AREA-0002", 3.0)])
    assert decide(BOOK, border).runner_up == "enforcement"
    assert not decide(BOOK, border).auto
    assert not decide(BOOK, Situation(VENDOR)).auto


def test_of_a_vague_place_nothing_is_suggested():
    assert decide(BOOK, Situation(VENDOR, vague=True)).body is None


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([rule("a", "04", "x"), rule("a", "05", "x")], "routing.twice"),
        ([rule("a", "04", "nobody")], "routing.unknown_body"),
        ([rule("a", "04", "x", grid_code="1")], "routing.no_kind"),
        ([rule("a", "04", "x", valid_from=DAY, valid_to=DAY)], "routing.backwards"),
        ([rule("a", "04", "x"), rule("b", "04", "y")], "routing.contradiction"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(rules, code):
    with pytest.raises(InvalidError) as caught:
        RuleBook(rules, bodies=["x", "y"])
    assert [f.code for f in caught.value.errors] == [code]
    assert caught.value.errors[0].row >= 2


def test_rules_may_follow_each_other_in_time():
    first = rule("a", "04", "x", valid_to=DAY)
    book = RuleBook([first, rule("b", "04", "y", valid_from=DAY)])
    assert book.best(VENDOR, None, {}, DAY).body == "y"


some_rules = st.lists(
    st.builds(
        lambda prefix, condition, code, n: rule(
            f"r{n}",
            prefix,
            f"body{n}",
            condition=condition,
            grid_kind="unit" if code else "",
            grid_code=code,
        ),
        st.sampled_from(["", "0", "04", "040", "0401", "05"]),
        st.sampled_from(["", "c1", "c2"]),
        st.sampled_from(["", "1", "12", "2"]),
        st.integers(0, 10_000),
    ),
    max_size=20,
    unique_by=lambda r: (r.class_prefix, r.condition, r.grid_code),
).filter(lambda rules: len({r.id for r in rules}) == len(rules))


@given(
    some_rules,
    st.sampled_from(["0401", "0405", "05"]),
    st.sampled_from([None, "c1"]),
    st.sampled_from(["12", "3", ""]),
)
def test_the_index_finds_what_reading_all_rules_finds(rules, code, condition, grid):
    key = ClassKey("event", GB, code)
    best = None
    for candidate in rules:
        fits = (
            code.startswith(candidate.class_prefix)
            and candidate.condition in ("", condition)
            and grid.startswith(candidate.grid_code)
        )
        weight = [len(candidate.condition), len(candidate.class_prefix), len(candidate.grid_code)]
        if fits and (best is None or weight > best[0]):
            best = (weight, candidate.body)
    found = RuleBook(rules).best(key, condition, {"unit": grid})
    assert (found.body if found else None) == (best[1] if best else None)


def test_the_shipped_rules_name_bodies_in_being():
    assert {r.body for r in shipped_rules().rules} <= set(departments())
    assert all(r.origin.source and r.origin.confidence for r in shipped_rules().rules)


# -- tried on history ------------------------------------------------------------------------------


def requests() -> list[Handled]:
    """A thousand requests of New York: type and descriptor as class and condition, board as grid."""
    path = Path(__file__).parents[2] / "cityops" / "data" / "requests.csv"
    out = []
    for row in csv.DictReader(path.read_text("utf-8").splitlines()):
        key = ClassKey("event", "NYC 311", row["Complaint Type"])
        board = {"board": row["Community Board"]}
        at = datetime.strptime(row["Created Date"], "%m/%d/%Y %I:%M:%S %p")
        out.append(Handled(Situation(key, row["Descriptor"], None, board), row["Agency"], at))
    return out


def test_agencies_of_later_requests_are_told_from_the_earlier_ones():
    earlier, later = split_by_date(requests(), 0.7)
    assert (len(earlier), len(later)) == (700, 300)
    assert max(h.at for h in earlier) <= min(h.at for h in later)
    trial = tried(learnt(earlier, "board"), later)
    print("\n" + confusion_table(trial))
    assert trial.accuracy >= 0.95
    assert trial.decided >= 290
    assert sum(trial.confusion.values()) == 300
    assert trial.right == sum(n for (a, b), n in trial.confusion.items() if a == b)


def test_rules_are_not_better_than_chance_on_shuffled_history():
    """The measure measures: agencies dealt out anew leave the share of the largest agency."""
    history = requests()
    bodies = [h.body for h in history][::-1]
    mixed = [replace(h, body=b) for h, b in zip(history, bodies, strict=True)]
    earlier, later = split_by_date(mixed, 0.7)
    assert tried(learnt(earlier), later).accuracy < 0.5


def test_a_condition_gets_a_rule_only_where_it_differs_and_often_enough():
    key = ClassKey("event", "S", "x")

    def cases(condition, body, count):
        at = datetime(2026, 1, 1)
        return [Handled(Situation(key, condition), body, at)] * count

    book = learnt(
        [*cases("p", "a", 9), *cases("q", "b", 3), *cases("r", "b", 2), *cases("s", "a", 5)]
    )
    assert {(r.condition, r.body) for r in book.rules} == {("", "a"), ("q", "b")}
    assert "19 个历史案件" in book.rules[0].origin.source
    assert book.rules[0].origin.confidence is Confidence.INFERRED


def test_rules_are_switched_on_only_after_a_trial_that_is_no_worse():
    old, better, worse = Trial(100, 90, 80, {}), Trial(100, 95, 80, {}), Trial(100, 99, 79, {})
    may_be_switched_on(better, old)
    with pytest.raises(ConflictError) as caught:
        may_be_switched_on(worse, old)
    assert caught.value.code == "routing.worse"
    with pytest.raises(ConflictError) as caught:
        may_be_switched_on(Trial(3, 3, 3, {}))
    assert caught.value.code == "routing.not_tried"


def test_without_cases_there_is_no_accuracy():
    assert Trial(0, 0, 0, {}).accuracy is None
    assert Trial(5, 0, 0, {}).accuracy_of_decided is None


def test_what_was_suggested_is_held_against_what_was_chosen():
    choices = [Choice("a", "a", DAY), Choice("a", "b", DAY), Choice(None, "a", DAY)]
    assert first_dispatch_accuracy(choices) == (1, 2)


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(InvalidError):
        split_by_date([], share)


def test_a_hundred_thousand_cases_are_routed_within_seconds():
    codes = [row.key.code for row in shipped_schemes().classes]
    cells = [f"1201010030{n:02d}{m:03d}" for n in range(10) for m in range(40)]
    situations = [
        Situation(
            ClassKey("event", GB, codes[i % len(codes)]),
            day=DAY,
            grids={"unit": cells[i % 400]},
            near=[Near("unit", cells[(i + 1) % 400], float(i % 50))],
        )
        for i in range(100_000)
    ]
    begun = time.perf_counter()
    found = decide_many(shipped_rules(), situations)
    assert time.perf_counter() - begun < 10
    assert len(found) == 100_000
