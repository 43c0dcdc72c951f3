"""Six months of cases of a small model city: played by the rules, and every planted fault found."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta

import pytest
from generate.answers_cases import planted_cases
from generate.cases import case_rows, season_of, seen_of
from generate.cells import cells_of
from generate.city import plan_of
from generate.components import components_of, spots_by_class
from generate.frame import Settings
from generate.places import ground_of

from gis.errors import InvalidError
from grid.clock.clock import ClockKind
from grid.clock.shipped import shipped_calendars
from grid.duplicates.rules import shipped_duplicate_rules
from grid.duplicates.search import kin_of_many
from grid.evaluation.facts import Fact
from grid.evaluation.from_case import fact_row
from grid.flow.states import Post
from grid.flow.table import INDEX

SEEDS = (120103, 7, 2026)


def played(seed: int, scale: float = 0.12):
    """A season of a small city."""
    settings = Settings(seed, scale)
    return season_of(settings, [ground(settings, pilot) for pilot in settings.pilots()])


def ground(settings, pilot):
    """Streets, doors and components of a pilot, covers where pipes usually lie."""
    plan = plan_of(settings, pilot)
    found = components_of(settings, plan, cells_of(plan))
    spots = spots_by_class(found)
    return ground_of(settings.stream("ground", pilot), plan, spots)


@pytest.fixture(scope="module", params=SEEDS)
def season(request):
    return played(request.param)


@pytest.fixture(scope="module")
def sheet(season):
    rows = planted_cases(season)
    return {
        kind: {(r.case, r.other) for r in rows if r.kind == kind} for kind in {r.kind for r in rows}
    }


@pytest.fixture(scope="module")
def facts(season):
    return {
        p.id: fact_row(p.now, p.history, season.world, area=p.incident.community)
        for p in season.played
    }


def test_duplicates_and_recurrences_are_found_and_nothing_else(season, sheet):
    kin = kin_of_many(seen_of(season), shipped_duplicate_rules())
    found = {
        (p.id, k.id): k.kinship.value
        for p, some in zip(season.played, kin, strict=True)
        for k in some
    }
    for kind in ("duplicate", "recurrence"):
        assert {pair for pair, told in found.items() if told == kind} == sheet[kind]


def test_every_late_disposal_is_a_planted_one(facts, sheet):
    late = {(k, None) for k, row in facts.items() if row.bits & (Fact.LATE | Fact.OVERDUE_OPEN)}
    assert late == sheet["overdue"]


def test_every_case_sent_to_two_departments_is_a_planted_one(facts, sheet):
    assert {(k, None) for k, row in facts.items() if row.bodies > 1} == sheet["misdispatch"]


def test_each_act_is_a_row_of_the_table_of_transitions(season):
    steps = [e for p in season.played for e in p.history if e.before is not None]
    assert {(e.before, e.action) for e in steps} <= {(s, a.value) for s, a in INDEX}


def test_times_never_run_backwards_and_entries_are_numbered(season):
    for p in season.played:
        assert [e.number for e in p.history] == list(range(1, len(p.history) + 1))
        assert all(a.at <= b.at for a, b in zip(p.history, p.history[1:], strict=False))


def test_collectors_report_in_the_hours_of_their_calendar(season):
    calendar = shipped_calendars().calendar("collectors")
    for p in season.played:
        if p.incident.source == "patrol" and p.incident.of < 0:
            minute = p.incident.at.hour * 60 + p.incident.at.minute
            assert any(a <= minute < b for a, b in calendar.periods_on(p.incident.at.date()))


def test_nobody_who_is_ill_does_anything(season):
    away = {i.person: [] for i in season.roster.ill}
    for i in season.roster.ill:
        away[i.person].append((i.first, i.last))
    for p in season.played:
        for e in p.history:
            # Night work ends on the morning of the day after, and a started act is finished.
            for first, last in away.get(e.actor_id, ()):
                begun = (e.at - timedelta(hours=8)).date()
                assert not first <= begun <= last or e.at.date() > last


def test_shares_lie_near_those_that_are_stated(season, sheet):
    count = len(season.played)
    assert 0.02 < len(sheet["overdue"]) / count < 0.10
    assert 0.01 < len(sheet["misdispatch"]) / count < 0.06
    assert 0.02 < (len(sheet["duplicate"]) + len(sheet["recurrence"])) / count < 0.12
    classes = Counter(p.incident.key.code for p in season.played if p.incident.pilot == "N")
    assert {c for c, _ in classes.most_common(4)} <= {"0401", "0112", "0410", "0405", "0107"}


def test_one_clock_of_a_kind_is_open_at_most(season):
    for p in season.played:
        for kind in ClockKind:
            assert sum(c.is_open for c in p.now.clocks if c.kind is kind) <= 1


def test_a_department_of_its_own_hands_back(season):
    bodies = {p.id: p.department for p in season.people if p.post is Post.DEPARTMENT}
    for p in season.played:
        for e in p.history:
            if e.action == "hand_back":
                assert bodies[e.actor_id] == e.department


def test_a_case_about_a_component_names_one_of_its_class(season):
    about = [p.incident for p in season.played if p.incident.key.domain == "component"]
    assert about
    # The first six digits of an id are the district, the next the class.
    assert {(len(i.component), i.component[6:10]) for i in about} == {
        (16, i.key.code) for i in about
    }
    assert not any(p.incident.component for p in season.played if p.incident.key.domain == "event")


def test_a_season_ends_in_the_middle_of_work(season):
    assert max(e.at for p in season.played for e in p.history) < season.end
    assert sum(p.now.is_open for p in season.played) >= 3


@pytest.mark.parametrize("until", ["2016-07-02", "2026-12-02", "2040-01-01"])
def test_a_season_that_no_calendar_covers_is_refused_before_anything_is_played(until):
    with pytest.raises(InvalidError, match="2026-12-01"):
        season_of(Settings(7, 0.05), [], date.fromisoformat(until))


def test_two_runs_of_one_seed_are_equal_byte_for_byte():
    once, twice = (
        json.dumps(list(case_rows(played(7, 0.05))), ensure_ascii=False, default=str)
        for _ in range(2)
    )
    assert once == twice
