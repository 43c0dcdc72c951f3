"""Clearances: golden values, sampled oracles, and laws of symmetry, rotation and row order."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from gis.errors import GeometryError
from underground.axes import axes_of
from underground.clearance import pairs
from underground.clearance.bodies import Solids, round_solids
from underground.clearance.pairs import clearances
from underground.clearance.pieces import closest_points
from underground.clearance.zonotope import signed_distance

ONE = np.array([0])
C30, S30 = 20 * np.cos(np.pi / 6), 20 * np.sin(np.pi / 6)
# Closed form = dense sampling: case, axes, outer diameters, gap in space, vertical, horizontal.
GOLDEN = {
    "water over sewer": (
        "LINESTRING Z (-10 0 -1.111, 10 0 -1.111)", "LINESTRING Z (0 -10 -2.36, 0 10 -2.36)",
        0.222, 0.72, 0.7780, 0.7780, None,
    ),
    "parallel, axes 1.5 m apart": (
        "LINESTRING Z (0 0 -1.5, 40 0 -1.5)", "LINESTRING Z (0 1.5 -1.5, 40 1.5 -1.5)",
        0.222, 0.72, 1.0290, None, 1.0290,
    ),
    "skew at 30 degrees": (
        "LINESTRING Z (-20 0 -1, 20 0 -1)",
        f"LINESTRING Z ({-C30} {-S30} -1.9, {C30} {S30} -2.1)",
        0.2, 0.6, 0.6000, 0.6000, None,
    ),
    "an end beside a line": (
        "LINESTRING Z (0 0 -1, 10 0 -1)", "LINESTRING Z (12 -10 -1.5, 12 10 -1.5)",
        0.3, 0.4, 1.7116, None, 1.6500,
    ),
    "clash": (
        "LINESTRING Z (-10 0 -1, 10 0 -1)", "LINESTRING Z (0 -10 -1.3, 0 10 -1.3)",
        0.4, 0.4, -0.1000, -0.1000, None,
    ),
}  # fmt: skip


def solid(wkt, size):
    axes = axes_of([shapely.from_wkt(wkt)])
    if np.isscalar(size):
        return round_solids(axes, size)
    return Solids(axes, np.array([size[0]]), np.array([size[1]]), np.array([True]))


def pair(a, b, size_a, size_b):
    return clearances(solid(a, size_a), ONE, solid(b, size_b), ONE)


def line(points):
    return "LINESTRING Z (" + ", ".join(" ".join(map(repr, map(float, p))) for p in points) + ")"


@pytest.mark.parametrize("case", GOLDEN)
def test_golden_values_hold_to_a_tenth_of_a_millimetre(case):
    a, b, size_a, size_b, gap, vertical, horizontal = GOLDEN[case]
    found = pair(a, b, size_a, size_b)
    assert found.gap_3d_m[0] == pytest.approx(gap, abs=5.1e-5)
    for got, expected in ((found.vertical_m, vertical), (found.horizontal_m, horizontal)):
        assert np.isnan(got[0]) if expected is None else got[0] == pytest.approx(expected, abs=5e-5)


def test_lines_that_cross_two_metres_apart_in_height_are_two_metres_apart():
    found = pair("LINESTRING Z (0 0 0, 2 2 0)", "LINESTRING Z (0 2 -2, 2 0 -2)", 0.1, 0.1)
    assert found.gap_3d_m[0] == pytest.approx(1.9)
    assert found.at_a[0].tolist() == pytest.approx([1, 1, 0])
    assert found.at_b[0].tolist() == pytest.approx([1, 1, -2])


def test_the_nearest_ends_are_not_mistaken_for_the_nearest_points():
    found = pair("LINESTRING Z (0 0 0, 100 0 0)", "LINESTRING Z (50 3 0, 50 90 0)", 1.0, 1.0)
    assert found.gap_3d_m[0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("b", "crosses"),
    [
        ("LINESTRING Z (5 -5 -2, 5 5 -2)", True),
        ("LINESTRING Z (5 0 -2, 5 5 -2)", False),  # an end of b on a
        ("LINESTRING Z (10 -5 -2, 10 5 -2)", False),  # b through an end of a
        ("LINESTRING Z (10 0 -2, 20 0 -2)", False),  # end to end
        ("LINESTRING Z (2 -5 -2, 5 0 -2, 8 -5 -2)", True),  # touches with an inner vertex
        ("LINESTRING Z (2 0 -2, 8 0 -2)", True),  # straight below
        ("LINESTRING Z (5 0 -3, 5 0 -2, 5 5 -2)", False),  # a riser ends b on a
        ("LINESTRING Z (5 0 -3, 5 0 -2.5, 5 0 -2.2, 5 0 -2)", False),  # b is a riser alone
        ("LINESTRING Z (5 -5 -2, 5 0 -2, 5 0 -3, 5 5 -3)", True),  # a drop in the middle of b
    ],
)
def test_axes_cross_where_they_meet_inside_of_both(b, crosses):
    found = pair("LINESTRING Z (0 0 -1, 10 0 -1)", b, 0.2, 0.2)
    assert found.crosses.tolist() == [crosses]
    assert np.isnan(found.horizontal_m[0]) == crosses


def test_an_end_below_another_pipe_has_a_vertical_clearance_without_crossing():
    found = pair("LINESTRING Z (0 0 -1, 10 0 -1)", "LINESTRING Z (5 0.1 -1.5, 5 9 -1.5)", 0.3, 0.4)
    assert not found.crosses[0]
    assert found.vertical_m[0] == pytest.approx(0.5 - 0.15 - 0.2)
    assert found.horizontal_m[0] == pytest.approx(0.1 - 0.35)


@pytest.mark.parametrize("turn", np.linspace(0, 1.5, 7))
def test_ends_that_barely_overlap_in_plan_have_a_vertical_clearance(turn):
    x, y = 0.5999 * np.cos(turn), 0.5999 * np.sin(turn)
    b = line([(x, y, -2), (x + 5, y + 1, -2)])
    found = pair("LINESTRING Z (0 0 -1, -5 -1 -1)", b, 0.6, 0.6)
    assert found.horizontal_m[0] == pytest.approx(-1e-4)
    assert found.vertical_m[0] == pytest.approx(0.4)


def test_pipes_stacked_beside_each_other_take_the_least_clearance_of_the_stretch():
    found = pair(
        "LINESTRING Z (0 0 -1, 100 0 -1)", "LINESTRING Z (0 0.1 -2, 100 0.1 -1.5)", 0.2, 0.2
    )
    assert found.vertical_m[0] == pytest.approx(0.5 - 0.2, abs=1e-4)


@pytest.mark.parametrize(("end", "apart"), [(-3.4, 0.4), (-0.4, 0.0)])
def test_axes_that_lie_on_each_other_in_plan_take_the_least_clearance_of_the_stretch(end, apart):
    def at(turn, *points):
        c, s = np.cos(turn), np.sin(turn)
        return line([(517_000 + x * c, 4_330_000 + x * s, z) for x, z in points])

    for turn in (0.0, 0.7, 2.0):
        found = pair(at(turn, (0, -1), (30, -1)), at(turn, (4, -1.4), (24, end)), 0.1, 0.1)
        radii = 0.05 + 0.05 * np.hypot(1, (end + 1.4) / 20)
        assert found.crosses[0]
        assert found.vertical_m[0] == pytest.approx(apart - radii, abs=1e-6)


def test_pipes_that_pass_each_other_in_height_within_the_overlap_clash():
    found = pair("LINESTRING Z (0 0 -1, 10 0 -1)", "LINESTRING Z (0 0.1 -2, 10 0.1 -0.5)", 0.2, 0.2)
    assert found.vertical_m[0] == pytest.approx(-0.2, abs=0.003)


def test_a_riser_beside_a_pipe_is_measured_over_its_whole_height():
    found = pair("LINESTRING Z (0 0 0, 0 0 -3)", "LINESTRING Z (-5 1 -2, 5 1 -2)", 0.2, 0.2)
    assert found.gap_3d_m[0] == pytest.approx(0.8)


def test_a_pipe_below_a_riser_is_measured_from_the_risers_foot():
    found = pair("LINESTRING Z (0 0.05 0, 0 0.05 -3)", "LINESTRING Z (-5 0 -4, 5 0 -4)", 0.2, 0.2)
    assert found.vertical_m[0] == pytest.approx(1 - 0.2)


@pytest.mark.parametrize("turn", [30, 60, 90])
def test_a_box_at_a_bend_reaches_to_its_mitre(turn):
    r = np.radians(turn)
    corner = np.array([np.tan(r / 2), -1.0]) * 0.5  # outer corner of a duct 1 m wide
    out = corner / np.hypot(*corner)
    duct = line([[-10, 0, 0], [0, 0, 0], [10 * np.cos(r), 10 * np.sin(r), 0]])
    far = corner + 2 * out
    post = line([[*far, -1], [*far, 1]])
    assert pair(duct, post, (1.0, 0.6), 0.2).gap_3d_m[0] == pytest.approx(2 - 0.1)


def test_a_box_above_a_pipe_counts_half_its_height_and_beside_it_half_its_width():
    duct = "LINESTRING Z (0 0 -1, 20 0 -1)"
    over = pair(duct, "LINESTRING Z (10 -5 -2, 10 5 -2)", (1.0, 0.6), 0.4)
    beside = pair(duct, "LINESTRING Z (0 2 -1, 20 2 -1)", (1.0, 0.6), 0.4)
    assert over.gap_3d_m[0] == pytest.approx(1 - 0.3 - 0.2)
    assert over.vertical_m[0] == pytest.approx(1 - 0.3 - 0.2)
    assert beside.gap_3d_m[0] == beside.horizontal_m[0] == pytest.approx(2 - 0.5 - 0.2)


def test_a_height_or_size_that_is_unknown_leaves_the_gap_unknown_and_the_plan_known():
    a = solid("LINESTRING (0 0, 10 0)", 0.2)
    b = solid("LINESTRING Z (0 2 -1, 10 2 -1)", 0.2)
    found = clearances(a, ONE, b, ONE)
    assert np.isnan(found.gap_3d_m[0])
    assert found.horizontal_m[0] == pytest.approx(1.8)


def test_every_shape_that_is_no_axis_is_named_at_once():
    with pytest.raises(GeometryError) as refused:
        axes_of([shapely.Point(0, 0), shapely.from_wkt("LINESTRING (0 0, 1 1)"), None])
    assert [fault.row for fault in refused.value.errors] == [1, 3]


def test_a_line_of_no_length_is_no_axis():
    with pytest.raises(GeometryError):
        axes_of([shapely.from_wkt("LINESTRING Z (1 1 1, 1 1 1)")])


# -- laws ------------------------------------------------------------------------------------

coordinate = st.integers(-40, 40).map(lambda v: v / 4)
point = st.tuples(coordinate, coordinate, st.integers(-12, 0).map(lambda v: v / 4))
path = st.lists(point, min_size=2, max_size=4, unique_by=lambda p: p[:2])
size = st.one_of(
    st.sampled_from([0.1, 0.4, 1.0]), st.tuples(st.sampled_from([0.5, 1.0]), st.just(0.6))
)


def turned(points, angle, east, north):
    p = np.asarray(points, float)
    c, s = np.cos(angle), np.sin(angle)
    x, y = p[:, 0] * c - p[:, 1] * s + east, p[:, 0] * s + p[:, 1] * c + north
    return np.column_stack([x, y, p[:, 2]])


@settings(max_examples=150, deadline=None)
@given(path, path, size, size)
def test_the_answer_is_the_same_from_both_sides(a, b, size_a, size_b):
    one, two = pair(line(a), line(b), size_a, size_b), pair(line(b), line(a), size_b, size_a)
    assert one.crosses[0] == two.crosses[0]
    for name in ("gap_3d_m", "vertical_m", "horizontal_m"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), atol=1e-9)


@settings(max_examples=150, deadline=None)
@given(path, path, size, size, st.floats(0, 6.28))
def test_the_answer_does_not_turn_with_the_city(a, b, size_a, size_b, angle):
    one = pair(line(a), line(b), size_a, size_b)
    far = [turned(p, angle, 517_000.0, 4_330_000.0) for p in (a, b)]
    two = pair(line(far[0]), line(far[1]), size_a, size_b)
    assert one.crosses[0] == two.crosses[0]
    for name in ("gap_3d_m", "horizontal_m"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), atol=1e-6)
    if one.crosses[0] and one.angle_deg[0] > 1:
        np.testing.assert_allclose(one.vertical_m, two.vertical_m, atol=1e-5)


def sampled(a0, a1, b0, b1, k=60):
    """Least distance of two pieces by sampling one and projecting on the other."""
    at = a0 + np.linspace(0, 1, k)[:, None] * (a1 - a0)
    along = b1 - b0
    share = np.clip((at - b0) @ along / (along @ along), 0, 1)
    return np.linalg.norm(at - b0 - share[:, None] * along, axis=1).min()


def test_pieces_are_as_far_apart_as_samples_say():
    rng = np.random.default_rng(4)
    a0, a1, b0, b1 = rng.uniform(-5, 5, (4, 300, 3))
    _, _, found = closest_points(a0, a1, b0, b1)
    for i in range(300):
        least = sampled(a0[i], a1[i], b0[i], b1[i], 2001)
        assert found[i] <= least + 1e-12
        assert found[i] == pytest.approx(least, abs=0.005)


def test_zonotopes_are_as_far_away_as_bounded_least_squares_say():
    rng = np.random.default_rng(5)
    centre, generators = rng.uniform(-6, 6, (200, 3)), rng.uniform(-1, 1, (200, 5, 3))
    generators[:50, :4, 2] = 0.0  # four half edges in one plane, as of two level boxes
    generators[:25, 1] = 2 * generators[:25, 0]  # and two of them parallel
    distance, shares = signed_distance(centre, generators)
    for i in range(200):
        found = lsq_linear(generators[i].T, -centre[i], bounds=(-1, 1), tol=1e-14)
        assert max(distance[i], 0) == pytest.approx(np.sqrt(2 * found.cost), abs=1e-5)
        if distance[i] > 0:
            point = centre[i] + shares[i] @ generators[i]
            assert np.linalg.norm(point) == pytest.approx(distance[i], abs=1e-9)


def test_many_pairs_at_once_answer_as_each_alone_in_any_order():
    rng = np.random.default_rng(6)
    lines = shapely.linestrings(rng.uniform(-20, 20, (40, 3, 3)) * [1, 1, 0.1])
    box = rng.random(40) < 0.4
    width = rng.uniform(0.1, 1.5, 40)
    pipes = Solids(axes_of(lines), width, np.where(box, 0.5, width), box)
    i, j = np.triu_indices(40, 1)
    order = rng.permutation(len(i))
    at_once = clearances(pipes, i, pipes, j)
    mixed = clearances(pipes, i[order], pipes, j[order])
    for name in at_once.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(at_once, name)[order], getattr(mixed, name))
    for k in range(0, len(i), 97):
        alone = clearances(pipes, i[k : k + 1], pipes, j[k : k + 1])
        assert alone.gap_3d_m[0] == at_once.gap_3d_m[k]


@pytest.mark.parametrize("seed", range(12))
def test_long_pipes_thinned_out_by_boxes_answer_as_all_their_pieces(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    box = rng.random(4) < 0.5
    walks = [
        np.cumsum(rng.normal(0, [2, 2, 0.1], (int(rng.integers(80, 160)), 3)), axis=0)
        + rng.uniform(-20, 20, 3) * [1, 1, 0.1]
        for _ in range(4)
    ]
    width = rng.uniform(0.2, 2.0, 4)
    solids = Solids(
        axes_of([shapely.LineString(w) for w in walks]), width, np.where(box, 0.6, width), box
    )
    i, j = np.triu_indices(4, 1)
    thinned = clearances(solids, i, solids, j)
    monkeypatch.setattr(pairs, "PRUNED_FROM", 10**9)
    everything = clearances(solids, i, solids, j)
    for name in everything.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(thinned, name), getattr(everything, name))
