"""Readers: dialects, what stays untouched, what texts mean, heights, sizes, errors, models."""

import numpy as np
import pytest

from gis.errors import FileError
from gis.features import object_array
from gis.reference import reference_of
from underground.heights import DatumError, HeightSource, Part, require_one_datum
from underground.network.build import network_of_survey
from underground.outer import OuterBasis, outer_sizes
from underground.pipes import pipes_of_survey
from underground.quality import standard_errors
from underground.sizes import sections_of
from underground.survey.inp import InpKind, parse_inp
from underground.survey.meaning import meaning_of
from underground.survey.model import Sheet
from underground.survey.models import survey_of_model
from underground.survey.tables import survey_of_tables

DIALECTS = {
    "cjj61_2003": (
        ["Exp_No", "X", "Y", "High", "Subsid"],
        ["S_Point", "E_Point", "S_Deep", "E_Deep", "Kind", "PSize", "Material"],
    ),
    "zh": (
        ["物探点号", "X坐标", "Y坐标", "地面高程", "附属物"],
        ["起始点号", "终止点号", "起点埋深", "终点埋深", "管线种类", "管径", "材质"],
    ),
    "gis": (
        ["name", "north", "east", "ground", "appurtenance"],
        ["start_node_name", "end_node_name", "depth_start_m", "depth_end_m", "kind", "size_text", "material"],
    ),
}  # fmt: skip
POINTS = [["A", 4_332_900.0, 517_300.0, 3.5, None], ["B", 4_332_900.0, 517_330.0, 3.6, "阀门"]]
LINES = [["A", "B", 1.2, 1.3, "JS", "200", "QM"]]


def survey(points=POINTS, lines=LINES, dialect="zh", **given):
    heads = DIALECTS[dialect]
    return survey_of_tables(
        Sheet("p", heads[0], points, range(2, 2 + len(points))),
        Sheet("l", heads[1], lines, range(2, 2 + len(lines))),
        **({"datum": "1985", "crs": reference_of("EPSG:4548")} | given),
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_three_dialects_are_one_survey_and_x_is_north(dialect):
    found = survey(dialect=dialect)
    assert found.faults == ()
    assert found.dialect == dialect
    assert found.points.number("north").tolist() == [4_332_900.0] * 2
    pipe = pipes_of_survey(found)
    assert pipe.axes.xyz[0].tolist() == pytest.approx([517_300, 4_332_900, 3.5 - 1.2 - 0.111])
    assert pipe.kind.tolist() == ["water"]


def test_cells_stay_as_delivered():
    found = survey(lines=[["A", "B", " 1.20", 1.3, "js", 200.0, "球墨铸铁"]])
    assert found.lines.raw["起点埋深"][0] == " 1.20"
    assert found.lines.raw["管径"][0] == 200.0
    assert found.lines.text("size")[0] == "200"
    assert meaning_of(found).material.tolist() == ["QM"]


@pytest.mark.parametrize(
    ("given", "kind"),
    [("给水", "water"), ("YS", "storm"), ("PS", "sewer"), ("合流", "sewer"), ("电信", "telecom"),
     ("天然气", "gas"), ("中水", "reclaimed"), ("GY", None), ("综合管沟", None)],
)  # fmt: skip
def test_kinds_as_deliveries_write_them(given, kind):
    found = meaning_of(survey(lines=[["A", "B", 1, 1, given, "200", "砼"]]))
    assert found.kind.tolist() == [kind]
    assert not found.unread["kind"].any()
    assert found.material.tolist() == ["T"]


def test_an_unknown_value_stays_unknown_and_is_never_0():
    found = pipes_of_survey(survey(lines=[["A", "B", None, 1.3, "JS", None, None]]))
    assert np.isnan(found.axes.xyz[0, 2])
    assert np.isnan(found.solids.width[0])
    assert not found.solids.is_measurable[0]


@pytest.mark.parametrize(
    ("kind", "size", "depth", "axis"),
    [
        ("JS", "200", 1.0, -1.0 - 0.111),  # top of the outer wall, ductile iron
        ("WS", "400", 1.0, -1.0 + 0.2),  # inner bottom: half the inner diameter above it
    ],
)
def test_the_axis_follows_from_the_part_that_depths_are_of(kind, size, depth, axis):
    points = [[*p[:3], 0.0, None] for p in POINTS]
    material = "QM" if kind == "JS" else "T"
    found = pipes_of_survey(survey(points, [["A", "B", depth, depth, kind, size, material]]))
    assert found.axes.xyz[:, 2].tolist() == pytest.approx([axis, axis])
    assert found.is_part_assumed.tolist() == [True]


@pytest.mark.parametrize(
    ("material", "wall", "assumed"), [("T", 0.06, True), ("PE", None, False), (None, None, False)]
)
def test_delivered_inverts_stay_as_delivered_whatever_the_wall(material, wall, assumed):
    points = [[*p[:3], 5.0, None] for p in POINTS]
    found = pipes_of_survey(survey(points, [["A", "B", 1.2, 1.3, "WS", "600", material]]))
    assert found.inverts[0].tolist() == pytest.approx([3.8, 3.7])
    assert found.wall[0] == pytest.approx(np.nan if wall is None else wall, nan_ok=True)
    assert found.is_wall_assumed[0] == assumed
    assert found.axes.xyz[:, 2].tolist() == pytest.approx([4.1, 4.0])  # half of 600 above


def test_overhead_lines_have_negative_depths_and_lie_above_ground():
    head = [*DIALECTS["zh"][1], "埋设方式"]
    lines = Sheet("l", head, [["A", "B", -6.0, -6.0, "DL", "100", "TZ", "JK"]], [2])
    points = Sheet("p", DIALECTS["zh"][0], POINTS, [2, 3])
    found = pipes_of_survey(survey_of_tables(points, lines, datum="1985"))
    assert (found.axes.xyz[:, 2] > 9).all()


def test_depths_alone_give_heights_below_the_ground():
    points = [[*p[:3], None, None] for p in POINTS]
    found = pipes_of_survey(survey(points, datum="ground"))
    assert found.axes.xyz[:, 2].tolist() == pytest.approx([-1.2 - 0.111, -1.3 - 0.111])
    assert found.ground.tolist() == [0, 0]


@pytest.mark.parametrize("datums", [["1985", "1956"], ["1985", None], ["不明", "不明"], [None]])
def test_heights_of_different_or_unknown_datums_are_an_error(datums):
    with pytest.raises(DatumError):
        require_one_datum([d or "" for d in datums])


@pytest.mark.parametrize(
    ("size", "material", "outer", "basis"),
    [
        ("200", "QM", 0.222, OuterBasis.TABLE),
        ("300", "G", 0.3239, OuterBasis.TABLE),
        ("110", "PE", 0.11, OuterBasis.RULE),
        ("500", "T", 0.6, OuterBasis.RULE),
        ("333", "QM", 0.333, OuterBasis.SIZE),
        ("1000X600", "T", 1.0, OuterBasis.SIZE),
        ("200", None, 0.2, OuterBasis.SIZE),
        (None, "QM", np.nan, OuterBasis.NONE),
    ],
)
def test_outer_sizes_say_where_they_come_from(size, material, outer, basis):
    found = outer_sizes(sections_of(object_array([size])), object_array([material]))
    assert found.width[0] == pytest.approx(outer, nan_ok=True)
    assert found.basis[0] == basis
    assert found.is_assumed[0] == (basis == OuterBasis.SIZE)


@pytest.mark.parametrize(
    ("method", "depth", "xy", "z"),
    [
        ("detected", 1.5, 0.075, 0.1125),
        ("detected", 0.4, 0.05, 0.075),  # h counts as at least 1 m
        ("manhole", 2.0, 0.05, 0.025),
        ("manhole", 4.0, 0.05, 0.04),
        ("record", 1.0, np.nan, np.nan),
        (None, 1.0, np.nan, np.nan),
    ],
)
def test_standard_errors_by_the_way_a_point_was_found(method, depth, xy, z):
    found = standard_errors(object_array([method]), np.array([depth]))
    assert found[0][0] == pytest.approx(xy, nan_ok=True)
    assert found[1][0] == pytest.approx(z, nan_ok=True)


def test_two_hidden_pipes_one_and_a_half_metres_down_are_known_to_16_cm():
    _, z, _ = standard_errors(object_array(["detected"] * 2), np.full(2, 1.5))
    assert np.hypot(*z) == pytest.approx(0.16, abs=0.002)


@pytest.mark.parametrize(("unit", "number"), [("(m)", 0.85), ("（mm）", 850), ("(cm)", 85)])
def test_a_unit_in_the_name_of_a_column_counts(unit, number):
    points = Sheet("p", ["点号", "X", "Y"], [["a", 0, 0], ["b", 0, 9]], [2, 3])
    head = ["起点", "终点", "起点埋深" + unit, "终点埋深", "外径(m)", "断面(m)"]
    lines = Sheet("l", head, [["a", "b", number, 0.9, 0.3, "1.2x0.8"]], [2])
    found = survey_of_tables(points, lines)
    assert found.lines.number("start_depth").tolist() == pytest.approx([0.85])
    assert found.lines.number("end_depth").tolist() == [0.9]
    assert found.lines.number("outer").tolist() == [0.3]
    assert found.lines.text("size").tolist() == ["1.2x0.8m"]


# -- models ------------------------------------------------------------------------------------

EPANET = """
[JUNCTIONS]
 J1 100 5 ; comment
 J2 90
[TANKS]
 T 150
[PIPES]
 a T J1 1000 12 100 0 Open ;
 b J1 J2 500 8 100 0 CV
[PUMPS]
 pu J1 J2 POWER 10
[VALVES]
 v J1 J2 6 PRV 50 0
[STATUS]
 a Closed
[COORDINATES]
 J1 0 0
 J2 1000 0
 T 0 1000
[VERTICES]
 b 500 10
"""


def test_epanet_without_units_is_in_feet_and_inches_and_keeps_pumps_valves_and_states():
    found = parse_inp(EPANET)
    assert found.kind is InpKind.EPANET
    assert found.links.tolist() == ["a", "b", "pu", "v"]
    assert found.link_kind.tolist() == ["pipe", "pipe", "pump", "valve"]
    assert found.length[:2].tolist() == pytest.approx([304.8, 152.4])
    assert np.isnan(found.length[2:]).all()
    assert found.width[0] == pytest.approx(0.3048)
    assert found.elevation[0] == pytest.approx(30.48)
    assert found.is_closed.tolist() == [True, False, False, False]
    assert found.is_one_way.tolist() == [False, True, False, False]


def test_epanet_in_litres_is_in_metres_and_millimetres():
    found = parse_inp(EPANET + "[OPTIONS]\nUnits LPS\n")
    assert (found.length[0], found.width[0]) == pytest.approx((1000, 0.012))


def test_units_that_are_unknown_are_not_taken_for_feet():
    assert parse_inp(EPANET + "[OPTIONS]\nUnits SI\n").length[0] == 1000
    with pytest.raises(FileError) as refused:
        parse_inp(EPANET + "[OPTIONS]\nUnits Furlongs\n")
    assert [e.code for e in refused.value.errors] == ["inp.unknown_units"]


def test_what_epanet_elevations_are_of_is_unknown_until_someone_says_it():
    found = survey_of_model(parse_inp(EPANET))
    assert set(meaning_of(found).part.tolist()) == {Part.UNKNOWN}
    assert np.isnan(pipes_of_survey(found).axes.xyz[:, 2]).all()


def test_swmm_sections_of_one_size_or_by_name_leave_the_width_unknown():
    shapes = ["EGG 1.2 0 0 0 1", "CUSTOM 1.5 Curve 0 0 1", "STREET Main", "IRREGULAR Bed 0 0 0"]
    text = "[JUNCTIONS]\nA 1 2\n[OUTFALLS]\nB 0 FREE\n[OPTIONS]\nFLOW_UNITS CMS\n[CONDUITS]\n"
    text += "".join(f"C{i} A B 9 0.01 0 0\n" for i in range(4)) + "[XSECTIONS]\n"
    found = parse_inp(text + "".join(f"C{i} {s}\n" for i, s in enumerate(shapes)))
    assert np.isnan(found.width).all()
    assert found.height[:2].tolist() == [1.2, 1.5]
    assert np.isnan(found.height[2:]).all()
    sizes = survey_of_model(found).lines.text("size")
    assert sizes.tolist() == [None] * 4


def test_a_model_without_a_network_is_refused():
    with pytest.raises(FileError):
        parse_inp("[TITLE]\nnothing\n")


# -- networks out of surveys -------------------------------------------------------------------


def test_a_line_that_ends_on_another_is_joined_in_mid_span():
    points = [
        ["A", 0.0, 0.0, 3, None], ["B", 0.0, 30.0, 3, None],
        ["C", 0.0, 10.0, 3, None], ["D", 9.0, 10.0, 3, None],
    ]  # fmt: skip
    lines = [["A", "B", 1, 1, "JS", "200", "QM"], ["C", "D", 1, 1, "JS", "100", "QM"]]
    net = network_of_survey(survey(points, lines, crs=None))
    assert net.links.tolist() == ["A-B#1", "A-B#2", "C-D"]
    assert net.parent.tolist() == [2, 2, 3]
    assert net.length.tolist() == pytest.approx([10, 20, 9])
    assert net.degrees[net.node("C")] == 3
    other = [lines[0], ["C", "D", 1, 1, "RQ", "100", "QM"]]
    assert len(network_of_survey(survey(points, other, crs=None)).links) == 2


def test_valves_of_a_survey_are_points_of_its_network():
    net = network_of_survey(survey())
    assert net.nodes[net.point_valves].tolist() == ["B"]


def test_levels_say_where_they_come_from():
    from underground.checks.case import Case, CheckLimits

    case = Case(survey(), CheckLimits())
    assert set(case.levels.source.reshape(-1)) == {HeightSource.DEPTH}
