"""Each check is proven by one change of a clean delivery: that fault, that row, that place, no other."""

import numpy as np
import pytest

from gis.errors import CrsError
from gis.reference import reference_of
from underground.checks.case import CheckLimits
from underground.checks.run import check_survey
from underground.faults import CATALOGUE, SheetRole

# code -> table and row of the fault, and the change that makes it
MUTATIONS = {
    "value.missing": ("lines", 4, lambda t: t.line(2, 终止点号=None)),
    "value.not_a_number": ("points", 6, lambda t: t.point("JS5", 地面高程="3,48")),
    "value.unknown_kind": ("lines", 8, lambda t: t.line(6, 管线种类="XQ")),
    "value.unknown_material": ("lines", 8, lambda t: t.line(6, 材质="泥")),
    "value.unknown_mode": ("lines", 2, lambda t: t.line(0, 埋设方式="悬浮")),
    "value.unknown_status": ("lines", 2, lambda t: t.line(0, 使用状态="?")),
    "value.bad_size": ("lines", 8, lambda t: t.line(6, 管径="两孔")),
    "value.size_unit": ("lines", 5, lambda t: t.line(3, 管径="0.1")),
    "value.height_range": ("points", 6, lambda t: t.point("JS5", 地面高程=9999)),
    "value.depth_unit": ("lines", 8, lambda t: t.line(6, 起点埋深=80, 起点高程=None)),
    "point.duplicate": ("points", 12, lambda t: t.repeat_point("JS5")),
    "point.duplicate_differs": ("points", 12, lambda t: t.add_point("JS5", 25, 31)),
    "point.numbers_differ": ("points", 4, lambda t: t.point("JS3", 图上点号="J33")),
    "point.feature_and_appurtenance": ("points", 6, lambda t: t.point("JS5", 附属物="阀门")),
    "point.code_mismatch": ("points", 3, lambda t: t.point("JS2", 点编码="51042202")),
    "point.unknown_code": ("points", 3, lambda t: t.point("JS2", 点编码="51049999")),
    "point.swapped_axes": ("points", 6, lambda t: t.point("JS5", X=517_330, Y=4_332_925)),
    "point.outside": ("points", 6, lambda t: t.point("JS5", X=1_000_000)),
    "point.unused": ("points", 12, lambda t: t.add_point("JS9", 60, 60)),
    "point.degree": ("points", 3, lambda t: t.point("JS2", 特征="四通", 点编码=None)),
    "point.below_well": ("lines", 7, lambda t: t.point("WS3", 井底埋深=2.5)),
    "point.sizes_differ": ("points", 4, lambda t: t.line(2, 管径="150")),
    "point.materials_differ": ("points", 4, lambda t: t.line(2, 材质="G")),
    "point.heights_differ": ("points", 4, lambda t: t.line(2, 起点埋深=1.5, 起点高程=2.05)),
    "point.depths_differ": ("points", 4, lambda t: t.line(2, 起点埋深=1.5, 起点高程=None)),
    "line.missing_point": ("lines", 8, lambda t: (t.points.pop(), t.line(6, 终点高程=2.7))),
    "line.duplicate": ("lines", 9, lambda t: t.repeat_line(1)),
    "line.duplicate_reversed": ("lines", 9, lambda t: t.repeat_line(1, reversed_=True)),
    "line.start_is_end": ("lines", 9, lambda t: t.add_line("JS", "JS3", "JS3")),
    "line.height_mismatch": ("lines", 8, lambda t: t.line(6, 终点高程=2.17)),
    "line.negative_depth": ("lines", 8, lambda t: t.line(6, 终点埋深=-0.85, 终点高程=4.4)),
    "line.positive_depth": (
        "lines", 8, lambda t: t.line(6, 埋设方式="JK", 终点埋深=-0.85, 终点高程=4.4),
    ),
    "line.too_deep": ("lines", 8, lambda t: t.line(6, 起点埋深=16, 起点高程=-12.5, 管径="2X2m")),
    "line.steep": ("lines", 5, lambda t: (t.point("JS5", X=4_332_920), t.line(3, 终点埋深=14.9, 终点高程=-11.42))),
    "line.above_ground": ("lines", 8, lambda t: t.line(6, 终点埋深=None, 终点高程=3.6)),
    "line.too_long": ("lines", 4, lambda t: t.point("JS4", Y=517_440)),
    "line.too_short": ("lines", 4, lambda t: (
        t.point("JS4", Y=517_360.04, 地面高程=3.55), t.line(2, 终点高程=2.35))),
    "line.sharp_turn": ("lines", 5, lambda t: t.point("JS5", X=4_332_901, Y=517_345)),
    "line.misconnection": (
        "lines", 7,
        lambda t: (
            t.add_point("YS2", 30, 80, feature=None, thing="雨水井"),
            t.add_line("YS", "WS3", "YS2", flow="0", size="600"),
        ),
    ),
    "line.crosses": (
        "lines", 9,
        lambda t: (
            t.add_point("A", -20, 15), t.line(0, 起点埋深=1.2), t.add_point("B", 20, 15),
            t.add_line("JS", "A", "B", (1.2, 1.2), "100"),
            t.add_line("JS", "B", "JS5", (1.2, 1.1), "100"),
        ),
    ),
    "point.same_place": (
        "points", 13,
        lambda t: (
            t.add_point("RQ1", 60, 30), t.add_point("RQ2", 25, 30, 3.48),
            t.add_line("RQ", "RQ1", "RQ2"),
        ),
    ),
    "point.ground_on_surface": (
        "points", 10,
        lambda t: (t.point("DL2", 地面高程=None), t.line(6, 埋设方式="DM", 起点埋深=0, 终点埋深=None,
                                                     起点高程=3.5, 终点高程=None)),
    ),
    "line.adverse_slope": ("lines", 7, lambda t: t.line(5, 终点埋深=2.6, 终点高程=0.98)),
    "line.smaller_downstream": ("lines", 7, lambda t: t.line(4, 管径="600")),
    "network.separate_group": (
        "lines", 9,
        lambda t: (t.add_point("A", 60, 0), t.add_point("B", 60, 30), t.add_line("JS", "A", "B")),
    ),
    "line.dangling": (
        "lines", 9,
        lambda t: (
            t.add_point("A", -30, 20), t.add_point("B", -0.2, 20, feature=None),
            t.add_line("RQ", "A", "B"), t.line(0, 管线种类="RQ"),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code", "to"),
    [
        (lambda t: t.line(6, 终点埋深=-0.85), "line.negative_depth", 0.85),
        (lambda t: t.line(6, 起点埋深=800), "value.depth_unit", 0.8),
        (lambda t: t.line(6, 起点埋深=80), "value.depth_unit", 0.8),
        (lambda t: t.line(4, 起点埋深=2500), "value.depth_unit", 2.5),
    ],
)
def test_a_slip_of_sign_or_unit_is_one_fault_though_the_sum_is_wrong_too(change, code, to, tables):
    change(tables)
    (fault,) = check_survey(tables.survey())
    assert (fault.code, fault.repair.new) == (code, to)


def test_a_depth_that_two_units_explain_is_named_without_a_repair(tables):
    """850 may be 8.5 m or 0.85 m."""
    tables.line(6, 起点埋深=850, 起点高程=None)
    (fault,) = check_survey(tables.survey())
    assert (fault.code, fault.repair) == ("value.depth_unit", None)


@pytest.mark.parametrize("reversed_", [False, True])
@pytest.mark.parametrize(("change", "repair"), [({}, "delete_row"), ({"管径": "500"}, None)])
def test_a_second_row_that_says_something_else_is_not_to_be_deleted(
    change, repair, reversed_, tables
):
    tables.repeat_line(1, reversed_=reversed_)
    tables.line(7, **change)
    fault = next(f for f in check_survey(tables.survey()) if f.code.startswith("line.duplicate"))
    assert (None if fault.repair is None else fault.repair.op.value) == repair


def codes(survey, **given):
    return [(f.code, f.table.value, f.row) for f in check_survey(survey, **given)]


def test_the_clean_delivery_has_no_fault(tables):
    assert check_survey(tables.survey()) == ()


@pytest.mark.parametrize("code", MUTATIONS)
def test_one_change_gives_exactly_its_fault(code, tables):
    table, row, change = MUTATIONS[code]
    change(tables)
    found = check_survey(tables.survey())
    assert [(f.code, f.table.value, f.row) for f in found] == [(code, table, row)]
    assert found[0].place is not None
    assert "{" not in found[0].message


COLUMN_FAULTS = {
    "column.duplicate": (["点号", "X", "Y", "X"], [["a", 0, 0, 1], ["b", 0, 9, 1]]),
    "column.ambiguous": (["点号", "X", "Y", "北坐标"], [["a", 0, 0, 1], ["b", 0, 9, 1]]),
    "column.missing": (["点号", "X"], [["a", 0], ["b", 9]]),
}


@pytest.mark.parametrize("code", COLUMN_FAULTS)
def test_faults_of_a_head_are_of_row_0(code, survey_of):
    head, points = COLUMN_FAULTS[code]
    survey = survey_of(points, [["a", "b"]], head, ["起点", "终点"], crs=None)
    assert codes(survey) == [(code, "points", 0)]


def test_every_code_of_the_catalogue_is_proven_here_or_with_its_reader():
    readers = {c for c in CATALOGUE if c.startswith(("inp.", "file."))}
    layers = {"line.ends_differ", "line.bad_shape", "line.zero_length", "line.flat"}
    layers |= {"line.all_flat", "line.length_unit"}
    assert set(MUTATIONS) | set(COLUMN_FAULTS) | readers | layers == set(CATALOGUE)


def test_faults_come_all_at_once_in_the_order_of_the_rows(tables):
    tables.line(0, 材质="泥")
    tables.line(6, 管径="两孔")
    tables.point("JS2", 图上点号="J2")
    tables.lines[3], tables.lines[4] = tables.lines[4], tables.lines[3]
    assert codes(tables.survey()) == [
        ("point.numbers_differ", "points", 3),
        ("value.unknown_material", "lines", 2),
        ("value.bad_size", "lines", 8),
    ]


def test_the_order_of_rows_does_not_change_what_is_found(tables):
    tables.line(2, 管径="150")
    tables.line(4, 管径="600")
    rng = np.random.default_rng(3)
    before = sorted(c for c, _, _ in codes(tables.survey()))
    rng.shuffle(tables.lines)
    rng.shuffle(tables.points)
    assert sorted(c for c, _, _ in codes(tables.survey())) == before


def test_repairs_are_offers_and_say_from_what_to_what(tables):
    tables.point("JS5", X=517_330, Y=4_332_925)
    repair = check_survey(tables.survey())[0].repair
    assert repair.op.value == "swap"
    assert (repair.old, repair.new) == ([4332925.0, 517330.0], [517330.0, 4332925.0])


def test_sums_are_held_to_the_decimals_in_which_they_are_printed(tables):
    tables.line(6, 起点高程=2.704)  # three decimals against two: within rounding
    assert codes(tables.survey()) == []


def test_points_out_of_the_city_are_named_when_its_extent_is_given(tables):
    limits = CheckLimits(extent=(517_300, 4_332_900, 517_380, 4_333_000))
    found = codes(tables.survey(), limits=limits)
    assert found == [("point.outside", "points", 5)]


def test_web_mercator_is_refused(tables):
    with pytest.raises(CrsError):
        check_survey(tables.survey(crs=reference_of("EPSG:3857")))


def test_a_survey_without_lines_or_points_says_so(survey_of):
    from underground.survey.tables import survey_of_tables

    found = check_survey(survey_of_tables(None, None))
    assert [f.code for f in found] == ["file.no_lines", "file.no_points"]
    assert {f.table for f in found} == {SheetRole.FILE}


def layer(*wkt, **columns):
    import shapely

    from gis.features import object_array
    from underground.survey.frames import survey_of_layers

    moved = [
        shapely.transform(
            shapely.from_wkt(w), lambda at: at + np.array([517_300, 4_332_900, 0])[: at.shape[1]],
            include_z=shapely.has_z(shapely.from_wkt(w)),
        )
        for w in wkt
    ]  # fmt: skip
    given = {name: object_array(values) for name, values in columns.items()}
    return survey_of_layers(object_array(moved), given, crs=reference_of("EPSG:4548"))


def test_one_flat_line_among_others_is_named_and_all_flat_lines_are_one_fault():
    tall, flat = "LINESTRING Z (0 0 1, 30 0 1)", "LINESTRING (30 0, 60 0)"
    assert codes(layer(tall, flat)) == [("line.flat", "lines", 2)]
    assert codes(layer("LINESTRING (0 0, 30 0)", flat)) == [("line.all_flat", "lines", 0)]


def test_lengths_in_feet_beside_shapes_in_metres_are_one_fault():
    lines = [f"LINESTRING Z ({30 * i} 0 1, {30 * i + 30} 0 1)" for i in range(6)]
    found = codes(layer(*lines, length=[30 / 0.3048] * 6))
    assert found == [("line.length_unit", "lines", 0)]
    assert codes(layer(*lines, length=[30.0] * 6)) == []


def test_ends_of_one_name_at_two_places_and_lines_of_no_length_are_named():
    apart = layer(
        "LINESTRING Z (0 0 1, 30 0 1)", "LINESTRING Z (32 0 1, 60 0 1)",
        start_node_name=["A", "B"], end_node_name=["B", "C"],
    )  # fmt: skip
    assert codes(apart) == [("line.ends_differ", "lines", 2)]
    fault = check_survey(apart)[0]
    assert fault.params["difference"] == 2.0
    assert fault.repair.op.value == "snap"


def test_a_line_of_no_length_is_named(tables):
    tables.add_point("DL3", 10, 50.0, 3.55)
    tables.lines.append([*tables.lines[6][:1], "DL2", "DL3", *[None] * 4, *tables.lines[6][7:]])
    assert {c for c, _, _ in codes(tables.survey())} >= {"line.zero_length", "point.same_place"}
