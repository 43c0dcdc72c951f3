"""Sections: interpolated levels, oblique hits, gaps that stay gaps, drawings and sheets."""

import itertools
import re
from dataclasses import replace
from io import BytesIO

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import GeometryError
from underground.frames import pipes_of_frame
from underground.sections.cross import cross_section, out_of_order, section_rows
from underground.sections.drawing import draw_cross_section, draw_long_profile
from underground.sections.long import long_profile, profile_rows
from underground.sections.sheets import cross_section_sheet, profile_sheet


def pipes(*rows, **columns):
    lines = [shapely.from_wkt(f"LINESTRING Z ({wkt})") for wkt, *_ in rows]
    given = {
        "管线编号": [f"p{i}" for i in range(len(rows))],
        "管类": [r[1] if len(r) > 1 else "给水" for r in rows],
        "管径": [r[2] if len(r) > 2 else "200" for r in rows],
    }
    return pipes_of_frame(gpd.GeoDataFrame(given | columns, geometry=lines, crs=4548), datum="1985")


def cut(*places):
    return shapely.LineString(places)


def test_levels_are_interpolated_on_each_pipe_not_taken_from_the_intersection():
    found = cross_section(pipes(("0 0 -1, 10 0 -3",), ("0 5 -5, 10 5 -5",)), cut((4, -9), (4, 9)))
    assert found.axis.tolist() == pytest.approx([-1.8, -5.0])
    assert found.chainage.tolist() == pytest.approx([9.0, 14.0])


def test_an_oblique_hit_is_an_ellipse_and_spacing_is_between_walls():
    found = cross_section(
        pipes(("-9 -9 -1, 9 9 -1", "给水", "400"), ("-9 5 -1, 9 5 -1", "污水", "600")),
        cut((0, -9), (0, 9)),
    )
    assert found.angle_deg.tolist() == pytest.approx([45, 90])
    assert found.half_width.tolist() == pytest.approx([0.2 * np.sqrt(2), 0.3])
    assert found.spacing[0] == pytest.approx(5 - 0.2 * np.sqrt(2) - 0.3)


def test_a_cut_through_a_vertex_hits_a_pipe_once_and_through_a_loop_twice():
    bent = pipes(("0 0 0, 5 0 0, 10 5 0",))
    loop = pipes(("0 0 0, 10 0 0, 10 5 0, 0 5 0",))
    assert len(cross_section(bent, cut((5, -3), (5, 3)))) == 1
    assert len(cross_section(loop, cut((5, -3), (5, 9)))) == 2


def test_an_unknown_height_stays_unknown():
    rows = section_rows(
        cross_section(some := pipes(("0 0 nan, 9 0 nan",)), cut((4, -1), (4, 1))), some
    )
    assert rows[0]["axis_m"] is None
    assert rows[0]["cover_m"] is None
    assert "高程不明" in draw_cross_section(rows, 2.0)


def test_a_cut_that_bends_goes_on_counting():
    found = cross_section(
        pipes(("3 -9 0, 3 9 0",), ("-9 4 0, 9 4 0",)), cut((0, 0), (6, 0), (6, 8))
    )
    assert found.chainage.tolist() == pytest.approx([3, 10])


@pytest.mark.parametrize("line", [shapely.Point(0, 0), shapely.LineString([(1, 1), (1, 1)])])
def test_what_is_no_line_is_no_cut(line):
    with pytest.raises(GeometryError):
        cross_section(pipes(("0 0 0, 9 0 0",)), line)


coordinate = st.integers(-30, 30)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate), min_size=1, max_size=8),
    st.tuples(coordinate, coordinate, coordinate, coordinate),
)
def test_hits_are_where_shapely_sees_crossings(ends, line):
    ends = [e for e in ends if e[:2] != e[2:]]
    if not ends or line[:2] == line[2:]:
        return
    some = pipes(*((f"{a} {b} -1, {c} {d} -2",) for a, b, c, d in ends))
    section = cut(line[:2], line[2:])
    found = cross_section(some, section)
    crossed = {i for i, k in enumerate(some.axes.plan_lines()) if k.intersects(section)}
    assert set(found.pipe.tolist()) == crossed
    assert (np.diff(found.chainage) >= 0).all()


def test_the_order_across_a_street_goes_up_and_down_again():
    ranks = {"power": 1, "telecom": 2, "water": 3, "gas": 4, "sewer": 7}
    kinds = ["电力", "给水", "污水", "燃气", "通信"]
    some = pipes(*((f"{i} -9 -1, {i} 9 -1", k) for i, k in enumerate(kinds)))
    section = cross_section(some, cut((-1, 0), (9, 0)))
    assert out_of_order(section, some, ranks) == [False] * 5
    kinds[1] = "污水"
    some = pipes(
        *(
            (f"{i} -9 -1, {i} 9 -1", k)
            for i, k in enumerate(["电力", "污水", "给水", "污水", "通信"])
        )
    )
    section = cross_section(some, cut((-1, 0), (9, 0)))
    assert sum(out_of_order(section, some, ranks)) == 1


def test_a_profile_follows_the_path_whichever_way_its_pipes_were_drawn():
    some = pipes(("0 0 3, 10 0 2",), ("30 0 0, 10 0 2",), ("15 -5 1.5, 15 5 1.5", "燃气", "100"))
    found = long_profile(some, np.array([0, 1]), np.array([True, False]))
    assert found.station.tolist() == [0, 10, 10, 30]
    assert found.slope.tolist() == pytest.approx([0.1, 0.1])
    assert some.ids[found.crossing.pipe].tolist() == ["p2"]
    assert found.crossing.chainage.tolist() == pytest.approx([15])


def test_a_missing_level_is_a_gap_in_data_drawing_and_sheet():
    some = pipes(("0 0 3, 10 0 2",), ("10 0 nan, 30 0 nan",), ("30 0 1, 40 0 0",), 材质=["QM"] * 3)
    found = long_profile(some, np.arange(3), np.ones(3, bool))
    told = profile_rows(found, some)
    missing = ["top_m", "axis_m", "bottom_m", "invert_m"]
    gap = {"from_m": 10.0, "to_m": 30.0, "missing": missing, "reason": "height_unknown"}
    assert told["gaps"] == [gap]
    assert told["links"][1]["slope"] is None
    assert "高程缺" in draw_long_profile(told, found.length_m)
    book = openpyxl.load_workbook(BytesIO(profile_sheet(told)))
    assert book.sheetnames == ["里程表", "管段", "交叉管线", "缺少高程"]
    assert [c.value for c in book["缺少高程"][2]] == [
        10,
        30,
        "高程不明",
        "管顶、轴线、管外底、管内底",
    ]


def test_the_invert_is_the_inner_bottom_by_a_wall_that_is_known_or_assumed():
    some = pipes(
        ("0 0 3, 10 0 2", "污水", "600"), ("10 0 2, 20 0 1", "污水", "600"),
        材质=["T", "T"], 外径=["700", None],
    )  # fmt: skip
    told = profile_rows(long_profile(some, np.arange(2), np.ones(2, bool)), some)
    assert [v["invert_m"] for v in told["vertices"]] == [2.7, 1.7, 1.7, 0.7]  # 0.3 m below the axis
    assert [v["bottom_m"] for v in told["vertices"]] == [2.65, 1.65, 1.64, 0.64]
    assert [k["wall_m"] for k in told["links"]] == [0.05, 0.06]  # 700 outside 600; a tenth of 600
    assert [k["wall_assumed"] for k in told["links"]] == [False, True]
    assert [v["invert_source"] for v in told["vertices"][1:3]] == [
        "bottom_and_wall", "bottom_and_assumed_wall",
    ]  # fmt: skip
    assert told["gaps"] == []


def test_an_unknown_wall_leaves_the_invert_open_and_the_slope_to_the_axis():
    some = pipes(("0 0 3, 10 0 2", "污水", "600"))
    found = long_profile(some, np.arange(1), np.ones(1, bool))
    told = profile_rows(found, some)
    assert [v["invert_m"] for v in told["vertices"]] == [None, None]
    assert told["gaps"] == [
        {"from_m": 0.0, "to_m": 10.0, "missing": ["invert_m"], "reason": "wall_unknown"}
    ]
    assert (told["links"][0]["slope"], told["links"][0]["slope_of"]) == (0.1, "axis")
    drawing = draw_long_profile(told, found.length_m)
    assert "内底缺" in drawing
    assert "高程缺" not in drawing


def test_an_unknown_size_is_told_as_the_reason_where_the_axis_is_known():
    some = pipes(("0 0 3, 10 0 2", "给水", None))
    (gap,) = long_profile(some, np.arange(1), np.ones(1, bool)).gaps
    assert gap.missing == ("top", "bottom", "invert")
    assert gap.reason == "size_unknown"


@pytest.mark.parametrize("forward", [True, False])
def test_delivered_inverts_are_kept_and_run_straight_between(forward):
    some = pipes(("0 0 3, 4 0 9, 10 0 2", "污水", "600"), 材质=["T"])
    some = replace(some, inverts=np.array([[2.71, 1.69]]))
    found = long_profile(some, np.arange(1), np.array([forward]))
    expected = [2.71, 2.71 - 0.4 * 1.02, 1.69]  # 4 m of 10 m
    assert found.invert.tolist() == pytest.approx(expected if forward else expected[::-1])
    assert found.invert_source.tolist() == ["delivered", "between_delivered", "delivered"]
    assert found.slope.tolist() == pytest.approx([0.102 if forward else -0.102])
    assert found.is_slope_of_invert.all()


def test_texts_in_drawings_and_sheets_stay_texts():
    some = pipes(("0 0 -1, 9 0 -1",), 管线编号=["=1+<b>"])
    rows = section_rows(cross_section(some, cut((4, -1), (4, 1))), some)
    assert "&lt;b&gt;" in draw_cross_section(rows, 2.0)
    book = openpyxl.load_workbook(BytesIO(cross_section_sheet(rows)))
    assert book.active["C2"].data_type == "s"
    assert book.active["C2"].value == "'=1+<b>"


def test_labels_of_pipes_side_by_side_stand_on_no_other_pipe_or_label():
    some = pipes(("0 0 -1, 0 9 -1",), ("0.3 0 -1.1, 0.3 9 -1.1",), ("0.6 0 -1, 0.6 9 -1",))
    rows = section_rows(cross_section(some, cut((-9, 4), (90, 4))), some)
    drawn = draw_cross_section(rows, 99.0)
    at = [re.search(rf'x="([\d.]+)" y="([\d.]+)"[^>]*>J p{i}<', drawn).groups() for i in range(3)]
    boxes = [shapely.box(float(x) - 15, float(y) - 11, float(x) + 15, float(y)) for x, y in at]
    for a, b in itertools.combinations(boxes, 2):
        assert a.intersection(b).area == 0


def test_where_no_height_is_known_no_level_is_written():
    some = pipes(*[(f"{x} 0 nan, {x} 9 nan",) for x in (1, 2, 3)])
    drawn = draw_cross_section(section_rows(cross_section(some, cut((0, 4), (60, 4))), some), 60.0)
    assert "高程都不明" in drawn
    assert "高程 m" not in drawn
    assert len(set(re.findall(r'y="([\d.]+)"[^>]*>J p\d 高程不明<', drawn))) == 3


def test_the_figures_of_the_pages_are_those_that_the_program_draws(tmp_path):
    import importlib.util
    from pathlib import Path

    docs = Path(__file__).parents[2] / "docs"
    spec = importlib.util.spec_from_file_location(
        "figures", docs / "examples/underground_figures.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, figure in (
        ("cross_section", module.cross_figure()),
        ("long_profile", module.long_figure()),
        ("isolation", module.isolation_figure()),
        ("unknown_height", module.unknown_figure()),
        ("clearance", module.clearance_figure()),
    ):
        assert (docs / "figures" / f"{name}.svg").read_text(encoding="utf-8") == figure + "\n"


def example():
    """The example script as a module."""
    import importlib.util
    from pathlib import Path

    script = Path(__file__).parents[2] / "docs" / "examples" / "audit_geopackage.py"
    spec = importlib.util.spec_from_file_location("example", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "no pipe with a place"),
        (["LINESTRING Z (1697175 14215551 2, 1697275 14215551 2)"], "places or units lie"),
    ],
)
def test_the_example_ends_with_a_word_on_what_it_cannot_audit(lines, said, tmp_path, capsys):
    shapes = [shapely.from_wkt(line) for line in lines]
    frame = gpd.GeoDataFrame({"管类": ["给水"] * len(lines)}, geometry=shapes, crs=4548)
    frame.to_file(tmp_path / "in.gpkg", layer="pipes")
    with pytest.raises(SystemExit) as ended:
        example().main([str(tmp_path / "in.gpkg"), str(tmp_path / "o.gpkg"), "--datum", "1985"])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_example_audits_a_geopackage_without_a_server(tmp_path, capsys):
    module = example()
    frame = gpd.GeoDataFrame(
        {"管类": ["给水", "污水"], "管径": ["200", "300"], "埋设方式": ["ZM", "ZM"]},
        geometry=[
            shapely.from_wkt("LINESTRING Z (517300 4332900 2, 517340 4332900 2)"),
            shapely.from_wkt("LINESTRING Z (517300 4332900.4 2, 517340 4332900.4 2)"),
        ],
        crs=4548,
    )
    frame.to_file(tmp_path / "in.gpkg", layer="pipes")
    found = module.main([str(tmp_path / "in.gpkg"), str(tmp_path / "out.gpkg"), "--datum", "1985"])
    written = gpd.read_file(tmp_path / "out.gpkg")
    assert found == len(written) > 0
    assert "horizontal" in capsys.readouterr().out
