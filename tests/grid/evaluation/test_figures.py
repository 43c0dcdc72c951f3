"""Counts and rates against a plain reading of each case, lists behind figures, laws of scores."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidError, NotFoundError
from grid.evaluation.composites import Composites, composites_of, shipped_composites
from grid.evaluation.evaluate import TOTAL, Figure, cases_behind, evaluated, weights_of
from grid.evaluation.facts import CaseFacts, Fact
from grid.evaluation.figures import COUNT_OF, COUNTS, NOT_COMPUTED, RATE_OF, RATES
from grid.flow.states import Post
from grid.shipped import shipped_rows

KEYS = (
    "department",
    "street",
    "reporter",
    "verifier",
    "inspector",
    "acceptor",
    "filer",
    "closer",
    "dispatcher",
    "missed_by",
)
SCORES = shipped_composites()


def random_facts(count: int, seed: int) -> CaseFacts:
    """Random but possible facts: what comes later was preceded by what comes earlier."""
    rng = np.random.default_rng(seed)

    def coin(share, given=None):
        flags = rng.random(count) < share
        return flags if given is None else flags & given

    f = Fact
    flags = {f.ACCEPTED: coin(0.9)}
    flags[f.FILED] = coin(0.9, flags[f.ACCEPTED])
    flags[f.VOIDED] = coin(0.05, flags[f.FILED])
    flags[f.DISPATCHED] = coin(0.95, flags[f.FILED])
    flags[f.DISPOSED] = coin(0.85, flags[f.DISPATCHED])
    flags[f.CLOSED] = coin(0.8, flags[f.DISPOSED])
    flags[f.LATE] = coin(0.2, flags[f.DISPOSED])
    flags[f.EXEMPT] = coin(0.2, flags[f.LATE])
    flags[f.OVERDUE_OPEN] = coin(0.3, flags[f.DISPATCHED] & ~flags[f.DISPOSED])
    flags[f.VERIFY_SENT] = coin(0.4)
    flags[f.VERIFIED] = coin(0.9, flags[f.VERIFY_SENT])
    flags[f.INSPECT_SENT] = coin(0.9, flags[f.DISPOSED])
    flags[f.INSPECTED] = coin(0.9, flags[f.INSPECT_SENT])
    flags[f.PUBLIC_CONFIRMED] = coin(0.2)
    flags[f.MISSED] = coin(0.5, flags[f.PUBLIC_CONFIRMED])
    flags[f.CALLED_BACK] = coin(0.2)
    for flag in Fact:
        if flag not in flags:
            flags[flag] = coin(0.3)
    bits = sum(np.where(mask, int(flag), 0).astype(np.int64) for flag, mask in flags.items())
    small = lambda most: rng.integers(0, most, count)  # noqa: E731
    overtime = np.where(flags[f.LATE], 1 + rng.random(count), 0.0)
    keys = {name: np.array([f"k{k}" if k else "" for k in small(5)], object) for name in KEYS}
    return CaseFacts(
        bits, small(3), small(3), small(3), 1 + small(3), overtime, np.ones(count, np.int64), keys
    )


def plainly(facts: CaseFacts, at: int) -> dict[str, float]:
    """The counts of one case by the definitions of the table of counts, in plain words."""
    has = {flag.name: bool(facts.bits[at] & flag) for flag in Fact}
    own = not has["LINKED"]
    filed = has["FILED"] and own
    sent = has["DISPATCHED"] and own
    answers = not has["EXEMPT"]
    disposed = has["DISPATCHED"] and has["DISPOSED"] and answers
    due = (has["DISPOSED"] or has["OVERDUE_OPEN"]) and answers
    closed = has["DISPOSED"] and has["CLOSED"] and answers
    public = filed and has["PUBLIC_CONFIRMED"]
    yes = {
        "reported": True,
        "accepted": has["ACCEPTED"],
        "valid_reports": filed,
        "filed": filed,
        "filed_in_time": filed and has["FILED_IN_TIME"],
        "voided": filed and has["VOIDED"],
        "filed_correctly": filed and not has["VOIDED"],
        "linked": has["LINKED"],
        "not_accepted": has["NOT_ACCEPTED"],
        "self_disposed": has["CLOSED_SELF"],
        "verify_due": has["VERIFY_SENT"],
        "verify_due_sent": has["VERIFY_SENT"],
        "verify_sent_in_time": has["VERIFY_SENT"] and has["VERIFY_SENT_IN_TIME"],
        "verified": has["VERIFY_SENT"] and has["VERIFIED"],
        "verified_in_time": has["VERIFY_SENT"] and has["VERIFIED"] and has["VERIFIED_IN_TIME"],
        "to_dispatch": filed,
        "dispatched": sent,
        "dispatched_in_time": filed and sent and has["DISPATCHED_IN_TIME"],
        "dispatched_correctly": sent and facts.bodies[at] < 2,
        "misdispatched": sent and facts.bodies[at] >= 2,
        "dispose_due": has["DISPATCHED"] and answers,
        "disposed": disposed,
        "disposed_in_time": disposed and not has["LATE"],
        "disposed_late": disposed and has["LATE"],
        "exempt": has["LATE"] and has["EXEMPT"],
        "overdue_open": has["OVERDUE_OPEN"] and answers,
        "due_to_close": due,
        "closed": closed,
        "closed_in_time": closed and not has["LATE"],
        "closed_late": closed and has["LATE"],
        "close_due": has["CLOSED"],
        "closing_stage_in_time": has["CLOSED"] and has["CLOSED_STAGE_IN_TIME"],
        "forced_closed": has["CLOSED_FORCED"],
        "reworked": has["DISPOSED"] and answers and facts.reworks[at] > 0,
        "reworked_due": due and facts.reworks[at] > 0,
        "suspended": has["SUSPENDED_NOW"],
        "ever_suspended": has["SUSPENDED_EVER"],
        "extended": due and facts.extensions[at] > 0,
        "returned": due and facts.returns[at] > 0,
        "returned_late": has["RETURNED_LATE"],
        "shirked": has["SHIRKED"],
        "late_or_overdue": due and (has["LATE"] or has["OVERDUE_OPEN"]),
        "inspect_due": has["INSPECT_SENT"],
        "inspect_due_sent": has["INSPECT_SENT"],
        "inspect_sent_in_time": has["INSPECT_SENT"] and has["INSPECT_SENT_IN_TIME"],
        "inspected": has["INSPECT_SENT"] and has["INSPECTED"],
        "inspected_in_time": has["INSPECT_SENT"] and has["INSPECTED"] and has["INSPECTED_IN_TIME"],
        "public_confirmed": public,
        "misses": public and has["MISSED"],
        "called_back": has["CALLED_BACK"],
        "content_result": has["CALLED_BACK"] and has["CONTENT_RESULT"],
        "content_service": has["CALLED_BACK"] and has["CONTENT_SERVICE"],
    }
    out = {name: float(flag) for name, flag in yes.items()}
    out |= {
        "reworks": float(facts.reworks[at]),
        "extensions": float(facts.extensions[at]),
        "returns": float(facts.returns[at]),
        "overtime": float(facts.overtime[at]) if disposed and has["LATE"] else 0.0,
    }
    return out


@pytest.mark.parametrize("by", ["department", "street"])
def test_every_count_is_the_sum_of_plain_readings(by):
    facts = random_facts(400, 1)
    expected = defaultdict(lambda: defaultdict(float))
    for at in range(len(facts)):
        for name, value in plainly(facts, at).items():
            expected[TOTAL][name] += value
            if facts.keys[by][at]:
                expected[facts.keys[by][at]][name] += value
    rows = {row.key: row.figures for row in evaluated(facts, by)}
    assert set(rows) == set(expected)
    for key, counts in expected.items():
        found = {n: rows[key][n].value for n in counts}
        assert found == pytest.approx(dict(counts)), key
    assert set(expected[TOTAL]) == set(COUNT_OF)


@pytest.mark.parametrize("post", [Post.COLLECTOR, Post.ACCEPTOR, Post.FILER, Post.DISPATCHER])
def test_counts_of_a_post_go_to_the_person_they_belong_to(post):
    facts = random_facts(300, 2)
    rows = {row.key: row.figures for row in evaluated(facts, "person", post)}
    read = [plainly(facts, at) for at in range(len(facts))]
    for name, count in COUNT_OF.items():
        owner = facts.keys[count.person_of(post)]
        for key in ("k1", "k3"):
            expected = sum(read[i][name] for i in np.flatnonzero(owner == key))
            assert rows[key][name].value == pytest.approx(expected), (name, key)


def test_a_collectors_misses_are_not_the_reports_of_others():
    assert COUNT_OF["misses"].person_of(Post.COLLECTOR) == "missed_by"
    assert COUNT_OF["verified_in_time"].person_of(Post.COLLECTOR) == "verifier"
    assert COUNT_OF["closed"].person_of(Post.FILER) == "closer"


EVERY = [*COUNT_OF, *RATE_OF]
ACTS = {"reworks", "extensions", "returns", "overtime"}


@pytest.mark.parametrize("name", EVERY)
def test_the_list_behind_a_figure_has_exactly_that_many_cases(name):
    facts = random_facts(300, 3)
    parts = ("numerator", "denominator") if name in RATE_OF else ("numerator",)
    for row in evaluated(facts, "department"):
        for part in parts:
            behind = cases_behind(facts, name, "department", row.key, part=part)
            figure = getattr(row.figures[name], part)
            source = getattr(RATE_OF[name], part) if name in RATE_OF else name
            if source in ACTS:
                assert weights_of(facts, COUNT_OF[source])[behind].sum() == pytest.approx(figure)
            else:
                assert behind.sum() == figure


@pytest.mark.parametrize("rate", RATES, ids=lambda r: r.name)
def test_zero_of_zero_has_no_value(rate):
    row = evaluated(random_facts(0, 1), "department")[0]
    assert (row.key, row.figures[rate.name]) == (TOTAL, Figure(None, 0.0, 0.0))


CONFIRMED = int(Fact.FILED | Fact.PUBLIC_CONFIRMED)


def with_bits(*bits: int, streets: str = "") -> CaseFacts:
    """Facts with these flags, each case in a street of one letter."""
    facts = replace(random_facts(len(bits), 1), bits=np.array(bits, np.int64))
    keys = dict(facts.keys) | ({"street": np.array(list(streets), object)} if streets else {})
    return replace(facts, keys=keys)


def test_misses_that_nobody_recorded_have_no_value_but_a_reason():
    first, second, total = evaluated(with_bits(CONFIRMED, int(Fact.FILED), streets="ab"), "street")
    for row in (first, total):
        assert (row.figures["misses"].value, row.figures["miss_rate"].value) == (None, None)
        assert row.figures["miss_rate"].denominator == row.figures["filed"].value
        assert "没有人判定" in row.figures["miss_rate"].as_dict()["why"]
    assert (second.figures["misses"].value, second.figures["miss_rate"].value) == (0.0, 0.0)
    assert "why" not in second.figures["misses"].as_dict()


def test_one_recorded_miss_gives_all_of_the_period_their_number():
    facts = with_bits(CONFIRMED | int(Fact.MISSED), CONFIRMED, streets="ab")
    assert [row.figures["misses"].value for row in evaluated(facts, "street")] == [1.0, 0.0, 1.0]


def test_a_miss_that_nobody_recorded_may_be_that_of_any_collector():
    rows = evaluated(with_bits(CONFIRMED, int(Fact.FILED)), "", Post.COLLECTOR)
    assert {row.figures["misses"].value for row in rows} == {None}
    known = evaluated(with_bits(int(Fact.FILED)), "", Post.COLLECTOR)
    assert {row.figures["misses"].value for row in known} == {0.0}


def test_satisfaction_is_nothing_where_nobody_called_back_and_zero_where_nobody_was_content():
    total = evaluated(with_bits(0, 0), "street")[-1].figures
    assert total["called_back"].as_dict().keys() == {"value", "numerator", "denominator", "why"}
    assert total["result_satisfaction"].numerator is None
    total = evaluated(with_bits(int(Fact.CALLED_BACK), 0), "street")[-1].figures
    assert (total["called_back"].value, total["content_result"].value) == (1.0, 0.0)
    assert total["result_satisfaction"].value == 0.0


#: Rates whose numerator is part of the denominator: they lie between 0 and 1.
PARTS = [r for r in RATES if r.name not in ("miss_rate", "overtime_multiple")]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 80), st.integers(0, 10_000))
def test_shares_lie_between_nothing_and_everything(count, seed):
    for row in evaluated(random_facts(count, seed), "department"):
        for rate in PARTS:
            value = row.figures[rate.name].value
            assert value is None or 0.0 <= value <= 1.0, (rate.name, value)


def test_a_case_still_inside_its_limit_is_not_due_to_close():
    bits = int(Fact.FILED | Fact.DISPATCHED)
    facts = replace(random_facts(1, 1), bits=np.array([bits], np.int64))
    figures = evaluated(facts, "department")[-1].figures
    assert (figures["dispose_due"].value, figures["due_to_close"].value) == (1.0, 0.0)


def test_a_granted_appeal_leaves_the_figures_but_not_the_fact():
    late = int(Fact.FILED | Fact.DISPATCHED | Fact.DISPOSED | Fact.CLOSED | Fact.LATE)
    facts = replace(random_facts(2, 1), bits=np.array([late, late | Fact.EXEMPT], np.int64))
    figures = evaluated(facts, "department")[-1].figures
    assert (figures["disposed_late"].value, figures["exempt"].value) == (1.0, 1.0)
    assert figures["in_time_closing_rate"].denominator == 1.0


def test_groups_of_like_cases_count_as_the_cases_they_stand_for():
    facts = random_facts(200, 4)
    twice = CaseFacts(
        facts.bits, facts.reworks, facts.extensions, facts.returns, facts.bodies,
        facts.overtime * 2, facts.weight * 2, facts.keys,
    )  # fmt: skip
    one, two = (evaluated(f, "department") for f in (facts, twice))
    for a, b in zip(one, two, strict=True):
        for name in COUNT_OF:
            assert b.figures[name].value == pytest.approx(2 * a.figures[name].value)
        for name in RATE_OF:
            assert b.figures[name].value == pytest.approx(a.figures[name].value)


def test_unknown_keys_and_figures_are_not_found():
    facts = random_facts(3, 1)
    with pytest.raises(NotFoundError):
        evaluated(facts, "moon")
    with pytest.raises(NotFoundError):
        cases_behind(facts, "nothing", "department", TOTAL)


def test_columns_of_different_length_are_refused():
    with pytest.raises(InvalidError):
        replace(random_facts(3, 1), reworks=np.zeros(2, np.int64))


def test_every_figure_is_declared_once_with_title_definition_and_source():
    names = [c.name for c in COUNTS] + [r.name for r in RATES]
    assert len(names) == len(set(names))
    assert all(c.title.zh and c.title.en and c.definition and c.source for c in COUNT_OF.values())
    assert all(r.numerator in COUNT_OF and r.denominator in COUNT_OF for r in RATES)
    assert "bundled_limit" in NOT_COMPUTED


# -- scores ----------------------------------------------------------------------------------------


def figures_of(**values) -> dict[str, Figure]:
    """Figures that are the best there can be, but for those given."""
    best = {r.name: 1.0 for r in RATES}
    for name in (
        "miss_rate",
        "rework_rate",
        "rework_rate_due",
        "extension_rate",
        "public_report_rate",
        "late_closing_rate",
    ):
        best[name] = 0.0
    best |= {"filed": 0, "accepted": 3000, "dispatched": 3000}
    return {name: Figure(value, 0, 0) for name, value in (best | values).items()}


def score(name: str, **values) -> float | None:
    return SCORES.score(SCORES.of(name), figures_of(**values)).value


@pytest.mark.parametrize("name", sorted(SCORES.composites))
def test_weights_sum_to_one_and_the_best_is_a_hundred(name):
    assert sum(c.weight for c in SCORES.of(name).components) == 1
    assert score(name) == pytest.approx(100.0)


def test_more_misses_lower_the_collectors_score():
    """One system added the miss rate where it should have added one less the miss rate."""
    assert score("collector", miss_rate=0.5) == pytest.approx(90.0)
    assert score("collector", miss_rate=0.5) < score("collector", miss_rate=0.1)


def test_the_filers_score_uses_the_filing_rate_and_the_closing_rate_once_each():
    """One system used the closing rate twice and never the filing rate."""
    assert score("filer", filing_in_time_rate=0.0) == pytest.approx(75.0)
    assert score("filer", closing_stage_in_time_rate=0.0) == pytest.approx(65.0)


def test_the_acceptors_score_uses_both_of_his_rates():
    """One system used one rate twice."""
    assert score("acceptor", verify_sent_in_time_rate=0.0) == pytest.approx(60.0)
    assert score("acceptor", inspect_sent_in_time_rate=0.0) == pytest.approx(65.0)


def test_more_closed_cases_raise_the_score_of_an_area():
    """One system subtracted the closing rates from a hundred."""
    assert score("area", closing_rate=0.5) == pytest.approx(85.0)
    assert score("area", in_time_closing_rate=0.5) < score("area", in_time_closing_rate=0.9)


def test_no_figure_is_used_twice_in_a_score():
    for composite in SCORES.composites.values():
        names = [n for c in composite.components for _, n in c.terms]
        assert len(names) == len(set(names))


def test_the_formula_of_yuncheng():
    """(in time + 0.4 late) 80 % + (1 - extensions) 10 % + (1 - rework) 10 %, worked out by hand."""
    found = score(
        "department_yuncheng",
        in_time_closing_rate=0.9,
        late_closing_rate=0.1,
        extension_rate=0.2,
        rework_rate_due=0.05,
    )
    assert found == pytest.approx(80 * (0.9 + 0.04) + 10 * 0.8 + 10 * 0.95)


@pytest.mark.parametrize(
    ("bands", "count", "expected"),
    [
        ("department_filed", 50, 100), ("department_filed", 51, 90), ("department_filed", 100, 90),
        ("department_filed", 200, 75), ("department_filed", 500, 60), ("department_filed", 1000, 40),
        ("department_filed", 1001, 0), ("acts", 100, 0), ("acts", 101, 40), ("acts", 300, 40),
        ("acts", 301, 60), ("acts", 501, 75), ("acts", 1201, 90), ("acts", 2001, 100),
        ("cell_class_1", 0, 100), ("cell_class_1", 2, 90), ("cell_class_1", 8, 40), ("cell_class_1", 9, 0),
    ],
)  # fmt: skip
def test_scores_by_number_of_cases(bands, count, expected):
    assert SCORES.bands[bands].score(count) == expected


@pytest.mark.parametrize(
    ("value", "grade"),
    [(100, "A"), (90, "A"), (89.9, "B"), (75, "B"), (60, "C"), (40, "D"), (39.9, "E"), (0, "E")],
)
def test_grades(value, grade):
    assert SCORES.grade_of(value) == grade


def test_without_a_value_there_is_no_score_and_the_part_is_named():
    found = SCORES.score(SCORES.of("department"), figures_of(rework_rate=None))
    assert (found.value, found.grade, found.parts["no_rework"]) == (None, None, None)


WORSE = {
    "collector": ["miss_rate"],
    "department": ["rework_rate"],
    "area": ["public_report_rate"],
    "department_yuncheng": ["extension_rate", "rework_rate_due"],
}
BETTER = {
    "department": ["closing_rate", "in_time_disposal_rate"],
    "area": ["closing_rate", "in_time_closing_rate"],
    "filer": ["filing_in_time_rate", "correct_filing_rate", "closing_stage_in_time_rate"],
    "dispatcher": ["dispatch_in_time_rate", "correct_dispatch_rate"],
    "collector": ["valid_report_rate", "verify_in_time_rate", "inspect_in_time_rate"],
    "department_yuncheng": ["in_time_closing_rate"],
}
LAWS = [(n, f, -1) for n, fs in WORSE.items() for f in fs] + [
    (n, f, 1) for n, fs in BETTER.items() for f in fs
]


@pytest.mark.parametrize(("name", "figure", "sign"), LAWS)
def test_more_of_what_is_bad_never_raises_and_more_of_what_is_good_never_lowers_a_score(
    name, figure, sign
):
    values = [score(name, **{figure: v}) for v in np.linspace(0, 1, 11)]
    assert all(sign * (b - a) >= 0 for a, b in pairwise(values))
    assert values[0] != values[-1]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(0, 5000))
def test_one_more_case_closed_in_time_lowers_no_score_but_where_a_count_is_declared_to(count, seed):
    facts = random_facts(count, seed)
    good = int(Fact.ACCEPTED | Fact.FILED | Fact.DISPATCHED | Fact.DISPOSED | Fact.CLOSED)
    more = CaseFacts(
        np.append(facts.bits, good),
        *(
            np.append(getattr(facts, n), v)
            for n, v in (("reworks", 0), ("extensions", 0), ("returns", 0), ("bodies", 1))
        ),
        np.append(facts.overtime, 0.0),
        np.append(facts.weight, 1),
        {name: np.append(key, "k1") for name, key in facts.keys.items()},
    )
    for composite in SCORES.for_subject("department"):
        before = {r.key: r.figures for r in evaluated(facts, "department")}.get("k1")
        after = {r.key: r.figures for r in evaluated(more, "department")}["k1"]
        if before is None:
            continue
        falling = {c.name for c in composite.components if c.form.startswith("bands:")}
        a = SCORES.score(composite, before).parts
        b = SCORES.score(composite, after).parts
        for name in a.keys() - falling:
            if a[name] is not None:
                assert b[name] >= a[name] - 1e-9, name
        assert all(
            SCORES.bands[c.form[6:]].falls for c in composite.components if c.name in falling
        )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"weight": "0.31"}, "evaluation.weights"),
        ({"weight": "-0.3"}, "evaluation.negative"),
        ({"figure": "nothing"}, "evaluation.unknown_figure"),
        ({"figure": "rework_rate"}, "evaluation.twice"),
        ({"form": "bands:none"}, "evaluation.unknown_bands"),
        ({"form": "square"}, "evaluation.unknown_form"),
    ],
)
def test_tables_of_weights_that_cannot_be_are_refused(change, code):
    rows = [r for r in shipped_rows("composites.csv") if r["composite"] == "department"]
    rows[1] = rows[1] | change
    with pytest.raises(InvalidError) as caught:
        composites_of(rows, shipped_rows("score_bands.csv"), shipped_rows("grades.csv"))
    assert code in {f.code for f in caught.value.errors}


def test_weights_are_compared_exactly():
    """Ten tenths are one, though not in binary fractions."""
    row = {"composite": "c", "subject": "s", "form": "share", "weight": "0.1"}
    rows = [
        row | {"component": str(i), "figure": rate.name, "source": "t", "confidence": "local"}
        for i, rate in enumerate(RATES[:10])
    ]
    made = composites_of(rows, [], [])
    assert sum(c.weight for c in made.of("c").components) == Fraction(1)
    assert isinstance(made, Composites)


def test_a_million_cases_are_evaluated_within_seconds():
    facts = random_facts(1_000_000, 5)
    begun = time.perf_counter()
    rows = evaluated(facts, "department")
    assert time.perf_counter() - begun < 5
    assert rows[-1].figures["reported"].value == 1_000_000
