"""The dossier on one sheet of paper: a map that is true to scale, pipes by group."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from pyproj import Transformer

from cityops.services.dossier_map import HEIGHT_MM, WIDTH_MM, on_paper, paper_map, scale_for
from cityops.services.dossier_paper import PaperService, pipe_groups
from cityops.services.places import place_of
from cityops.services.roles import ANONYMOUS, SYSTEM, Person, Role
from gis.errors import ForbiddenError, InvalidError

CENTRE = (117.1933, 39.1176)
INSPECTOR = Person(1, "监督员", frozenset({Role.INSPECTOR}))
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def papers(tianjin):
    """Sheets of the pilot area, printed at noon."""
    return PaperService(tianjin.store, tianjin.dossier, lambda: NOON)


@pytest.mark.parametrize("radius_m", [1.0, 20.0, 50.0, 100.0, 200.0, 500.0])
def test_the_circle_fits_onto_the_map_and_fills_it(radius_m):
    diameter_mm = 2.0 * radius_m * 1000.0 / scale_for(radius_m)
    assert diameter_mm <= HEIGHT_MM
    assert radius_m < 20.0 or diameter_mm > 0.3 * HEIGHT_MM


def test_distances_on_paper_times_the_scale_are_those_of_the_projected_system():
    place = place_of(*CENTRE)
    to_metres = Transformer.from_crs(4490, 4548, always_xy=True)
    other = (117.19345, 39.11772)
    x, y = on_paper(place, 2000, other)
    paper_mm = np.hypot(x - WIDTH_MM / 2.0, y - HEIGHT_MM / 2.0)
    ground_m = np.hypot(*np.subtract(to_metres.transform(*other), to_metres.transform(*CENTRE)))
    assert paper_mm * 2.0 == pytest.approx(ground_m, abs=0.03)
    assert x > WIDTH_MM / 2.0
    assert y < HEIGHT_MM / 2.0


def test_what_lies_off_the_map_has_no_place_on_it():
    assert on_paper(place_of(*CENTRE), 2000, (117.2, 39.12)) is None


def test_shapes_are_cut_at_the_frame(tianjin):
    with tianjin.store.reading() as tx:
        drawn = paper_map(tx, SYSTEM, place_of(*CENTRE), 50.0)
    assert {"roads", "buildings", "pipes", "components", "cells"} <= {s.layer for s in drawn.shapes}
    for shape in drawn.shapes:
        for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", shape.path):
            assert -2.0 <= float(x) <= WIDTH_MM + 2.0
            assert -2.0 <= float(y) <= HEIGHT_MM + 2.0


def test_names_are_upright_and_clear_of_the_place(tianjin):
    with tianjin.store.reading() as tx:
        labels = paper_map(tx, SYSTEM, place_of(*CENTRE), 50.0).labels
    assert "平安大道" in {label.text for label in labels}
    assert all(-90.0 < label.angle <= 90.0 for label in labels)


def test_an_inspector_prints_no_pipes(tianjin, papers):
    sheet = papers.sheet(INSPECTOR, *CENTRE, 50.0)
    assert sheet.pipes == ()
    assert "pipes" not in {shape.layer for shape in sheet.map.shapes}


def test_at_small_scales_only_what_can_be_read_is_drawn(tianjin):
    with tianjin.store.reading() as tx:
        drawn = paper_map(tx, SYSTEM, place_of(*CENTRE), 500.0)
    assert not {"pipes", "components"} & {shape.layer for shape in drawn.shapes}


def test_groups_of_pipes_add_up_and_stand_nearest_first(papers):
    sheet = papers.sheet(SYSTEM, *CENTRE, 200.0)
    assert sum(g.count for g in sheet.pipes) + sheet.more_pipes == sheet.section("pipes")["count"]
    assert all(a.nearest_m <= b.nearest_m for a, b in pairwise(sheet.pipes))


def _pipe(metres, depth=None, level="A", **values):
    given = {"kind": "gas", "diameter_mm": 200.0, "owner": "某公司", "surveyed_on": "2024-05-20"}
    ends = {"depth_start_m": depth, "depth_end_m": depth}
    trust = {"depth_measured": depth is not None and level in "AB", "quality_level": level}
    row = {"label": "燃气", "distance_m": metres, "values": given | ends | values}
    return row | {"trust": trust}


def test_a_group_tells_the_least_measured_depth_and_the_worst_quality():
    rows = [_pipe(1.0, 1.2), _pipe(2.0, 0.9, "B"), _pipe(3.0, 0.5, "D"), _pipe(4.0, None, "C")]
    [group] = pipe_groups(rows)
    assert (group.count, group.nearest_m, group.depth_m) == (4, 1.0, 0.9)
    assert (group.unmeasured, group.quality) == (2, "D")


def test_a_depth_that_nobody_measured_and_a_level_that_nobody_told_stay_unknown():
    [group] = pipe_groups([_pipe(1.0, 1.0, "D"), _pipe(2.0, None, "C")])
    assert group.depth_m is None
    unknown = _pipe(1.0, None, "A")
    unknown["trust"]["quality_level"] = None
    assert pipe_groups([unknown])[0].quality is None


def test_other_sizes_and_owners_are_other_groups():
    rows = [_pipe(1.0), _pipe(2.0, diameter_mm=100.0), _pipe(3.0, owner="别的公司")]
    assert [g.size for g in pipe_groups(rows)] == ["DN200", "DN100", "DN200"]


def test_a_sheet_is_refused_like_the_dossier_itself(papers):
    with pytest.raises(ForbiddenError):
        papers.sheet(ANONYMOUS, *CENTRE, 50.0)
    with pytest.raises(InvalidError):
        papers.sheet(SYSTEM, *CENTRE, 501.0)


def test_a_sheet_outside_of_the_scene_is_empty_and_not_broken(papers):
    sheet = papers.sheet(SYSTEM, -71.06, 42.36, 50.0)
    assert sheet.pipes == ()
    assert sheet.map.labels == ()
    assert sheet.printed_at == "2026-11-24T12:00:00+08:00"
