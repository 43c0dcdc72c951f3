"""Pits, proposals, prisms, wells, boreholes."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.errors import GeometryError, InvalidError
from gis.features import object_array
from underground.axes import axes_of
from underground.boreholes import Boreholes, ground_at, well_solids
from underground.clearance.bodies import round_solids
from underground.clearance.pairs import clearances
from underground.clearance.prisms import Prisms, prism_gaps
from underground.excavation import excavate, lengths_by_owner
from underground.frames import pipes_of_frame
from underground.heights import DatumError
from underground.proposal import Corridor, check_proposal, nearest_alignment
from underground.rules.tables import shipped_rules


def pipes(*rows, datum="1985", **columns):
    """(WKT, kind, size) as pipes laid directly and measured in a manhole."""
    lines = [shapely.from_wkt(f"LINESTRING Z ({wkt})") for wkt, *_ in rows]
    given = {
        "管线编号": columns.pop("ids", [f"p{i}" for i in range(len(rows))]),
        "管类": [r[1] if len(r) > 1 else "给水" for r in rows],
        "管径": [r[2] if len(r) > 2 else "200" for r in rows],
        "埋设方式": ["ZM"] * len(rows),
        "探查方式": ["明显点"] * len(rows),
    }
    return pipes_of_frame(gpd.GeoDataFrame(given | columns, geometry=lines, crs=4548), datum=datum)


PIT = shapely.box(0, 0, 10, 10)


def test_a_pit_hits_what_lies_above_its_floor_within_its_walls():
    some = pipes(
        ("-5 5 -1, 15 5 -1",),  # through it
        ("-5 2 -4, 15 2 -4",),  # below its floor
        ("-5 11 -1, 15 11 -1",),  # beside it
        ("-5 5 -1, -1.5 5 -1",),  # ends before it
        ("-5 50 -1, 15 50 -1",),  # far away
    )
    found = excavate(some, PIT, floor_level_m=-3)
    assert found.pipe.tolist() == [0, 1, 2, 3]
    assert found.is_hit.tolist() == [True, False, False, False]
    assert found.floor_gap.tolist() == pytest.approx([-2.1, 0.9, np.nan, np.nan], nan_ok=True)
    assert found.wall_gap[2:].tolist() == pytest.approx([0.9, 1.4])
    assert found.length.tolist() == pytest.approx([10, 10, 0, 0])


def test_an_unknown_size_leaves_the_gap_to_the_wall_open():
    found = excavate(pipes(("-5 11 -1, 15 11 -1", "给水", None)), PIT, floor_level_m=-3)
    assert found.pipe.tolist() == [0]
    assert np.isnan(found.wall_gap).all()


def test_a_pipe_that_dips_under_the_floor_is_hit_where_it_rises():
    found = excavate(pipes(("-5 5 -6, 25 5 0",)), PIT, floor_level_m=-4)
    assert found.is_hit.tolist() == [True]


def test_a_pipe_whose_outline_reaches_in_is_hit_though_its_axis_does_not():
    found = excavate(pipes(("-5 -0.05 -1, 15 -0.05 -1",)), PIT, floor_level_m=-3)
    assert found.is_hit.tolist() == [True]
    assert found.length.tolist() == [0]


def test_an_unknown_level_may_be_hit():
    found = excavate(pipes(("-5 5 nan, 15 5 nan",)), PIT, floor_level_m=-3)
    assert (found.is_hit.tolist(), found.may_be_hit.tolist()) == ([False], [True])


def test_lengths_come_by_kind_and_owner():
    some = pipes(
        ("-5 5 -1, 15 5 -1",), ("0 3 -1, 4 3 -1",), ("0 1 -1, 4 1 -1", "燃气"),
        权属单位=["甲", "甲", None],
    )  # fmt: skip
    found = lengths_by_owner(excavate(some, PIT, floor_level_m=-3), some)
    assert found == [("gas", None, 1, pytest.approx(4)), ("water", "甲", 2, pytest.approx(14))]


@pytest.mark.parametrize(
    "given",
    [{}, {"depth_m": 1, "floor_level_m": 1}, {"depth_m": -1}, {"depth_m": 1, "margin_m": -1}],
)
def test_a_pit_has_one_floor(given):
    with pytest.raises(InvalidError):
        excavate(pipes(("0 0 0, 1 1 0",)), PIT, **given)


def test_a_pit_is_a_valid_polygon():
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    with pytest.raises(GeometryError):
        excavate(pipes(("0 0 0, 1 1 0",)), bow, depth_m=1)


def test_levels_of_an_unknown_datum_are_not_compared_with_a_floor():
    with pytest.raises(DatumError):
        excavate(pipes(("0 0 0, 1 1 0",), datum=None), PIT, floor_level_m=-1)


# -- proposals ---------------------------------------------------------------------------------


def proposal(wkt, kind="污水", size="300"):
    return pipes((wkt, kind, size), ids=["new"])


def test_a_proposal_is_held_against_everything_near():
    existing = pipes(("0 0 -2, 40 0 -2",), ("20 -9 -2.3, 20 9 -2.3", "燃气", "100"))
    found = check_proposal(existing, proposal("0 0.8 -2.2, 40 0.8 -2.2"), shipped_rules())
    pairs = {
        tuple(sorted((found.audit.pipes.ids[a], found.audit.pipes.ids[b])))
        for a, b in zip(found.findings.a, found.findings.b, strict=True)
    }
    assert pairs == {("new", "p0"), ("new", "p1")}
    assert not found.passes


def test_a_proposal_far_from_all_passes():
    existing = pipes(("0 0 -2, 40 0 -2",))
    assert check_proposal(existing, proposal("0 9 -2, 40 9 -2"), shipped_rules()).passes


def test_none_within_the_corridor_is_an_answer():
    existing = pipes(("0 0 -2, 40 0 -2",))
    found = nearest_alignment(
        existing, proposal("0 0.3 -2, 40 0.3 -2"), shipped_rules(), Corridor(0.2, 0.1, 0.1)
    )
    assert found is None


def street(seed):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(int(rng.integers(2, 6))):
        y, z = rng.uniform(-3, 3), rng.uniform(-3, -1)
        kind = str(rng.choice(["给水", "污水", "通信", "热力"]))
        if rng.random() < 0.3:
            x = rng.uniform(5, 35)
            rows.append((f"{x} -8 {z}, {x} 8 {z}", kind, "200"))
        else:
            rows.append((f"0 {y} {z}, 40 {y + rng.normal(0, 0.2)} {z}", kind, "200"))
    return pipes(*rows)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_nothing_nearer_than_the_found_alignment_passes_on_an_exhaustive_lattice(seed):
    existing, new = street(seed), proposal("0 0 -2, 40 0 -2")
    found = nearest_alignment(existing, new, shipped_rules(), Corridor(1.6, 0.4, 0.8, 0.4))
    passing = []
    for aside in np.arange(-4, 5) * 0.4:
        for up in np.arange(-2, 2) * 0.4:
            moved = proposal(f"0 {aside} {-2 + up}, 40 {aside} {-2 + up}")
            if check_proposal(existing, moved, shipped_rules()).passes:
                passing.append(float(np.hypot(aside, up)))
    if found is None:
        assert passing == []
    else:
        assert found.distance_m == pytest.approx(min(passing))
        again = proposal(", ".join(" ".join(map(repr, p)) for p in found.axes.xyz.tolist()))
        assert check_proposal(existing, again, shipped_rules()).passes


# -- below ground beyond pipes -----------------------------------------------------------------


def prism(outline, bottom, top):
    return Prisms(object_array(["h"]), object_array([outline]), np.array([bottom]), np.array([top]))


HOUSE = prism(shapely.box(0, 0, 10, 6), -4.0, 0.0)


@pytest.mark.parametrize(
    ("wkt", "gap"),
    [
        ("-5 8 -2, 15 8 -2", 2 - 0.1),  # beside a wall
        ("-5 3 -6, 15 3 -6", 2 - 0.1),  # under the floor
        ("-5 8 -6, 15 8 -6", np.sqrt(8) - 0.1),  # below an edge
        ("13 9 -6, 13 9 -8", np.sqrt(9 + 9 + 4) - 0.1),  # off a corner
        ("-5 3 -2, 15 3 -2", -0.1),  # through it
        ("2 3 -3, 4 3 -2", -0.1),  # inside
        ("2 3 1, 4 3 2", 1 - 0.1),  # over the roof
        ("-5 3 -9, 15 3 1", -0.1),  # in through the floor
    ],
)
def test_distances_to_a_building_are_those_of_its_nearest_face_edge_or_corner(wkt, gap):
    pipe = round_solids(axes_of([shapely.from_wkt(f"LINESTRING Z ({wkt})")]), 0.2)
    assert prism_gaps(pipe, np.array([0]), HOUSE, np.array([0]))[0] == pytest.approx(gap)


def test_a_pipe_in_a_courtyard_keeps_its_distance_from_the_inner_walls():
    ring = shapely.box(0, 0, 20, 20).difference(shapely.box(5, 5, 15, 15))
    pipe = round_solids(axes_of([shapely.from_wkt("LINESTRING Z (10 7 -2, 10 12 -2)")]), 0.2)
    gap = prism_gaps(pipe, np.array([0]), prism(ring, -4.0, 0.0), np.array([0]))
    assert gap[0] == pytest.approx(2 - 0.1)


def test_distances_to_a_prism_are_those_of_samples():
    rng = np.random.default_rng(9)
    outline = shapely.Polygon([(0, 0), (8, 1), (6, 7), (2, 3), (-1, 6)])
    house = prism(outline, -3.0, -1.0)
    for _ in range(25):
        a, b = rng.uniform(-8, 14, 3) * [1, 1, 0.4], rng.uniform(-8, 14, 3) * [1, 1, 0.4]
        pipe = round_solids(axes_of([shapely.LineString([a, b])]), 0.2)
        gap = prism_gaps(pipe, np.array([0]), house, np.array([0]))[0]
        at = a + np.linspace(0, 1, 1500)[:, None] * (b - a)
        plan = shapely.distance(shapely.points(at[:, :2]), outline)
        above = np.maximum(np.maximum(at[:, 2] + 1.0, -3.0 - at[:, 2]), 0)
        assert max(gap, -0.1) == pytest.approx(np.hypot(plan, above).min() - 0.1, abs=0.02)


def test_prisms_upside_down_are_named():
    with pytest.raises(GeometryError) as refused:
        prism(shapely.box(0, 0, 1, 1), 0.0, -1.0)
    assert refused.value.errors[0].code == "prism.upside_down"


def test_a_well_is_an_upright_capsule_measured_like_a_pipe():
    well = well_solids(np.array([[0.0, 2.0]]), np.zeros(1), np.array([-60.0]), np.array([0.4]))
    pipe = round_solids(axes_of([shapely.from_wkt("LINESTRING Z (-5 0 -2, 5 0 -2)")]), 0.2)
    found = clearances(well, np.array([0]), pipe, np.array([0]))
    assert found.gap_3d_m[0] == pytest.approx(2 - 0.2 - 0.1)


def holes(top=(0.0, 4.0, 0.0), bottom=(4.0, 20.0, 15.0)):
    return Boreholes(
        object_array(["ZK1", "ZK2"]), np.array([[0.0, 0.0], [30.0, 40.0]]), np.array([3.0, 3.2]),
        np.array([20.0, 15.0]), np.array([1.5, np.nan]), np.array([0, 2, 3]),
        np.array(top), np.array(bottom), object_array(["1", "2", "1"]),
        object_array(["杂填土", "粉质黏土", "杂填土"]), "1985",
    )  # fmt: skip


def test_what_is_at_a_depth_comes_from_the_nearest_holes_with_their_distance():
    some = holes()
    found = ground_at(some, 0.0, 0.0, 16.0, nearest=2)
    assert [(g.hole, g.distance_m) for g in found] == [(0, 0.0), (1, 50.0)]
    assert [None if g.layer < 0 else some.name[g.layer] for g in found] == ["粉质黏土", None]
    assert [g.is_below_water for g in found] == [True, None]


def test_layers_that_overlap_leave_gaps_or_stand_on_their_head_are_all_named():
    with pytest.raises(InvalidError) as refused:
        holes(top=(0.0, 3.0, 5.0), bottom=(4.0, 25.0, 1.0))
    assert [e.code for e in refused.value.errors] == [
        "borehole.too_deep", "borehole.overlap", "borehole.upside_down",
    ]  # fmt: skip
