"""Pipes of the model city before and after faults are planted in them."""

from __future__ import annotations

import numpy as np
import pytest
from generate.city import plan_of
from generate.frame import Settings
from generate.underground_answers import marked
from generate.underground_clean import clean_net
from generate.underground_faults import plant
from generate.underground_tables import tables_of


@pytest.fixture(scope="module")
def delivered():
    """A pilot's net by seed, made once."""
    made = {}

    def of(seed: int):
        if seed not in made:
            settings = Settings(seed=seed, scale=0.06)
            plan = plan_of(settings, settings.pilots()[0])
            made[seed] = settings, plan, clean_net(plan)
        return made[seed]

    return of


def test_unplanted_pipes_are_clean(delivered):
    _, _, net = delivered(7)

    marks = marked([], tables_of(net))

    assert not marks.surplus


def test_one_seed_gives_the_same_rows_twice(delivered):
    settings, plan, net = delivered(7)
    first, again = tables_of(net), tables_of(clean_net(plan))

    one = plant(settings, settings.pilots()[0], net, first)
    two = plant(settings, settings.pilots()[0], net, again)

    assert one == two
    assert [t.lines for t in first] == [t.lines for t in again]
    assert [t.points for t in first] == [t.points for t in again]


def test_there_are_fifty_kilometres_of_pipe_in_a_square_kilometre(delivered):
    _, plan, net = delivered(41)

    assert net.length_m.sum() / 1000 > 50 * plan.outline.area / 1e6


def test_gravity_mains_fall_by_their_least_slope_all_the_way(delivered):
    _, _, net = delivered(41)
    mains = np.isin(net.kind.astype(str), ["storm", "sewer"]) & (net.rank != "service")
    level = net.ground[net.ends[mains]] - net.depth[mains]
    fall = level[:, 0] - level[:, 1]

    assert (fall > 0.002 * net.length_m[mains] - 0.05).all()


def test_all_eight_kinds_lie_under_arterials(delivered):
    _, _, net = delivered(7)

    assert len(set(net.kind[net.rank == "arterial"])) == 8
