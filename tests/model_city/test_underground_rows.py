"""Pipes of the model city as rows of a layer, and covers of its manholes."""

from __future__ import annotations

import pytest
from generate.city import plan_of
from generate.frame import Settings
from generate.underground_net import net_of
from generate.underground_rows import covers_of, pipe_rows
from generate.underground_strips import KINDS, STRIPS, layers, outer_m

from underground.rules.tables import shipped_rules


@pytest.fixture(scope="module")
def net():
    """Pipes of a small pilot, before anything is dropped."""
    settings = Settings(scale=0.05)
    return net_of(plan_of(settings, settings.pilots()[0]))


def test_rows_are_the_pipes_one_by_one_in_degrees(net):
    rows = list(pipe_rows(net))

    assert len(rows) == len(net.ids)
    assert {values["kind"] for _, values in rows} == set(KINDS)
    assert all(117.0 < shape.bounds[0] < 117.5 for shape, _ in rows[:50])
    assert all("合成数据" in values["source"] for _, values in rows)


def test_each_cover_is_that_of_a_survey_point_with_a_manhole(net):
    covers = covers_of(net)

    assert len(covers.xy) > 50
    assert set(covers.survey_point) <= set(net.number)


def test_strips_lie_from_the_red_line_inwards_in_the_order_of_the_standard():
    order = ("power", "telecom", "water", "gas", "heat", "reclaimed", "sewer", "storm")
    for strips in STRIPS.values():
        for side in (1, -1):
            mine = sorted((k for k in strips if strips[k].offset_m * side > 0), key=order.index)
            offsets = [abs(strips[k].offset_m) for k in mine]
            assert offsets == sorted(offsets, reverse=True)


def test_layers_lie_below_each_other_in_the_order_of_crossings():
    top = layers(shipped_rules())
    above = top["telecom"] + outer_m("telecom", "600X220")[1]

    assert list(top.values()) == sorted(top.values())
    # Table 4.1.14: power in ducts below telecom in ducts by at least 0.25 m.
    assert top["power"] - above >= 0.25
