"""The server's clock is set back or forward under work: order, numbers and the chain stay."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gis.errors import ConflictError

BACK = [timedelta(seconds=-5), timedelta(hours=-1), timedelta(days=-400)]
STEPS = [*BACK, timedelta(days=3650)]


@pytest.mark.parametrize("step", BACK, ids=str)
def test_a_step_that_would_lie_before_the_last_one_is_refused_until_the_clock_is_right(
    desk, town, inspector, acceptor, step
):
    case = desk.filed(inspector)
    desk.clock.now += step
    with pytest.raises(ConflictError, match="早于上一步"):
        desk.act(acceptor, case, "accept")
    desk.clock.now -= step
    case = desk.act(acceptor, case, "accept")
    assert (case["version"], len(case["history"])) == (2, 2)
    with town.reading() as tx:
        assert tx.audit.verify().broken_at is None


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_no_number_is_given_twice_when_a_day_comes_again(desk, inspector, step):
    numbers = [desk.filed(inspector)["number"] for _ in range(2)]
    desk.clock.now += step
    numbers.append(desk.filed(inspector)["number"])
    desk.clock.now -= step
    numbers.append(desk.filed(inspector)["number"])
    assert len(set(numbers)) == 4
    assert numbers[0] < numbers[1] < numbers[3]


def test_entries_keep_their_order_whatever_the_clock_says(desk, town, inspector):
    for step in STEPS:
        desk.clock.now += step
        desk.filed(inspector)
    with town.reading() as tx:
        check, entries = tx.audit.verify(), tx.audit.latest()
    assert check.broken_at is None
    assert [entry["id"] for entry in entries] == list(range(check.entries, 0, -1))
    assert [entry["at"] for entry in entries] != sorted(entry["at"] for entry in entries)
