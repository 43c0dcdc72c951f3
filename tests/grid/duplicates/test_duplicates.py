"""Duplicates and recurrences: by group, distance and time; alone and in bulk."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidError
from gis.frame import LocalFrame
from grid.classes import ClassKey
from grid.duplicates.rules import DuplicateRules, shipped_duplicate_rules
from grid.duplicates.search import Kinship, Seen, kin_of, kin_of_many, spots

GB = "GB/T 30428.2-2013"
VENDOR, SHOP = ClassKey("event", GB, "0401"), ClassKey("event", GB, "0405")
LAMP = ClassKey("component", GB, "0137")
NOW = datetime.fromisoformat("2026-11-24T10:00:00+08:00")
FRAME = LocalFrame(117.2, 39.1)
SPACE = UUID(int=7)
RULES = shipped_duplicate_rules()


def seen(name, x=0.0, key=LAMP, hours=0.0, ended=None, closed=False, y=0.0) -> Seen:
    lon, lat = FRAME.unproject([[x, y]])[0]
    end = None if ended is None else NOW + timedelta(hours=ended)
    at = NOW + timedelta(hours=hours)
    return Seen(uuid5(SPACE, str(name)), key, at, float(lon), float(lat), end, closed)


def kin(report, *others):
    return [(k.kinship.value, round(k.distance_m, 1)) for k in kin_of(report, others, RULES)]


@pytest.mark.parametrize(("metres", "found"), [(0, True), (49.9, True), (50.1, False)])
def test_an_open_case_within_fifty_metres_is_a_duplicate(metres, found):
    assert bool(kin(seen("new"), seen("old", metres, hours=-100))) is found


def test_classes_of_one_group_are_the_same_thing_and_others_are_not():
    assert kin(seen("a", key=VENDOR), seen("b", 20, SHOP, -1)) == [("duplicate", 20.0)]
    assert kin(seen("a", key=VENDOR), seen("b", 20, LAMP, -1)) == []
    component = ClassKey("component", GB, "0401")
    assert kin(seen("a", key=VENDOR), seen("b", 20, component, -1)) == []


def test_each_group_has_its_own_distance():
    assert kin(seen("a", key=VENDOR), seen("b", 40, VENDOR, -1)) == []
    cover = ClassKey("component", GB, "0102")
    assert kin(seen("a", key=cover), seen("b", 11, cover, -1)) == []


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"hours": -30, "ended": -1, "closed": True}, "recurrence"),
        ({"hours": -30, "ended": 1, "closed": True}, "duplicate"),  # seen before it was closed
        ({"hours": -2000, "ended": -30 * 24 - 1, "closed": True}, None),
        ({"hours": -23, "ended": -22}, "duplicate"),  # refused yesterday
        ({"hours": -25, "ended": -22}, None),
        ({"hours": 1}, None),  # seen later
    ],
)
def test_time_tells_duplicates_from_recurrences(other, expected):
    found = kin(seen("new"), seen("old", **other))
    assert [k for k, _ in found] == ([expected] if expected else [])


def test_a_report_that_was_held_back_is_compared_by_when_it_was_seen():
    closed = seen("old", hours=-30, ended=-5, closed=True)
    held_back = replace(seen("new"), at=NOW - timedelta(hours=6))
    assert kin(held_back, closed) == [("duplicate", 0.0)]


def test_duplicates_come_before_recurrences_and_near_before_far():
    others = [
        seen("r", 1, hours=-9, ended=-8, closed=True),
        seen("far", 30, hours=-1),
        seen("near", 10, hours=-1),
    ]
    found = kin(seen("new"), *others)
    assert found == [("duplicate", 10.0), ("duplicate", 30.0), ("recurrence", 1.0)]


def test_a_report_without_a_place_has_no_duplicates():
    nowhere = replace(seen("new"), lon=None, lat=None)
    assert kin_of(nowhere, [seen("old", hours=-1)], RULES) == []
    assert kin_of(seen("new"), [replace(nowhere, at=NOW)], RULES) == []


def test_a_case_is_not_its_own_duplicate():
    assert kin(seen("a"), seen("a")) == []


def random_reports(count: int, seed: int, spread_m: float) -> list[Seen]:
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-spread_m, spread_m, (count, 2))
    lonlat = FRAME.unproject(xy)
    keys = [VENDOR, SHOP, LAMP, ClassKey("component", GB, "0102")]
    out = []
    for i in range(count):
        at = NOW + timedelta(minutes=float(rng.integers(0, 6000)))
        how = int(rng.integers(4))
        end = None if how == 0 else at + timedelta(minutes=float(rng.integers(1, 4000)))
        lon, lat = (None, None) if rng.random() < 0.05 else map(float, lonlat[i])
        out.append(
            Seen(uuid5(SPACE, str(i)), keys[int(rng.integers(4))], at, lon, lat, end, how > 1)
        )
    return out


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 120), st.integers(0, 10_000), st.sampled_from([30.0, 150.0, 2000.0]))
def test_many_at_once_find_what_each_alone_finds(count, seed, spread):
    reports = random_reports(count, seed, spread)
    together = kin_of_many(reports, RULES)
    for report, found in zip(reports, together, strict=True):
        alone = kin_of(report, reports, RULES)
        assert [(k.id, k.kinship) for k in found] == [(k.id, k.kinship) for k in alone]
        assert [k.distance_m for k in found] == pytest.approx([k.distance_m for k in alone])


def test_brute_force_with_plane_distances_agrees():
    reports = random_reports(300, 3, 300.0)
    found = kin_of_many(reports, RULES, most=1000)
    for i, report in enumerate(reports):
        if report.lon is None:
            continue
        expected = set()
        a = FRAME.project([[report.lon, report.lat]])[0]
        for other in reports:
            if other.lon is None or RULES.group_of(other.key) != RULES.group_of(report.key):
                continue
            d = float(np.hypot(*(FRAME.project([[other.lon, other.lat]])[0] - a)))
            limit = {"0401": 30, "0405": 30, "0137": 50, "0102": 10}[report.key.code]
            same_time = other.at <= report.at and other.id != report.id
            if d <= limit and same_time:
                gone = other.ended_at is not None and report.at > other.ended_at
                if not gone or other.closed or (report.at - other.at) <= timedelta(hours=1000):
                    expected.add(other.id)
        assert {k.id for k in found[i]} <= expected


def test_circles_around_the_first_report_do_not_chain():
    line = [seen(i, 40.0 * i, hours=i) for i in range(4)]  # 0, 40, 80, 120 m
    (first, second) = spots(line, RULES, 50.0)
    assert [len(first.members), len(second.members)] == [2, 2]
    assert {first.centre, second.centre} == {line[0].id, line[2].id}


def test_reports_without_a_place_make_no_hot_spot():
    nowhere = [replace(seen(i), lon=None, lat=None) for i in range(9)]
    assert spots(nowhere, RULES, 50.0) == []


def test_rules_without_a_general_one_are_refused():
    with pytest.raises(InvalidError):
        DuplicateRules([], {})


def test_every_rule_has_a_source():
    for key in (VENDOR, LAMP):
        assert RULES.of(key).origin.source
    assert Kinship.DUPLICATE == "duplicate"


def test_a_hundred_thousand_reports_are_compared_within_seconds():
    reports = random_reports(100_000, 1, 8000.0)
    begun = time.perf_counter()
    found = kin_of_many(reports, RULES)
    assert time.perf_counter() - begun < 10
    assert sum(map(bool, found)) > 10_000
