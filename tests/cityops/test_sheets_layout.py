"""Sheets on paper: scales, parts of the page, the plane of the map, words that do not collide."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from cityops.services.sheets.drawing import Pen, path_data, safe_colour
from cityops.services.sheets.labels import Board, Label, along, text_mm
from cityops.services.sheets.mapping import grid_lines, ticks
from cityops.services.sheets.papers import Paper, Rect, arrange
from cityops.services.sheets.plane import MapPlane, plane_for, system_for, system_title
from cityops.services.sheets.scales import SCALES, fitting, grid_step_m, round_down, scale_bar
from gis.errors import CrsError, GeometryError, InvalidError
from gis.features import object_array
from gis.layers import GeometryKind

SHEETS = list(itertools.product(Paper, (True, False)))
MAP = Rect(14.5, 29.5, 200.0, 130.0)
#: A place in the middle of the pilot area: east and north in metres of EPSG:4548.
HERE = (516_690.0, 4_331_570.0)


def plane(scale=1000, epsg=4548, centre=HERE):
    return MapPlane(epsg, scale, centre, MAP)


@pytest.mark.parametrize(("paper", "landscape"), SHEETS)
def test_parts_of_a_sheet_lie_on_the_paper_and_apart(paper, landscape):
    page = arrange(paper, landscape=landscape, foot_mm=14.0)
    parts = [page.title, page.map, page.strip, page.side, page.foot]
    boxes = [shapely.box(r.x, r.y, r.x + r.width, r.y + r.height) for r in parts]
    paper_box = shapely.box(10, 10, page.width_mm - 10, page.height_mm - 10)
    assert all(paper_box.covers(box) for box in boxes)
    assert all(a.intersection(b).area < 1e-9 for a, b in itertools.combinations(boxes, 2))
    assert page.map.width * page.map.height > 0.4 * page.width_mm * page.height_mm


def test_the_paper_is_that_of_iso_216():
    assert [arrange(p, landscape=False, foot_mm=9).height_mm for p in Paper] == [297, 420]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("most_mm", [40.0, 62.0, 75.3])
def test_a_scale_bar_is_as_long_as_it_says(scale, most_mm):
    bar = scale_bar(scale, most_mm)
    assert bar.mm / 1000 * scale == pytest.approx(bar.metres, rel=1e-12)
    assert most_mm / 2.5 < bar.mm <= most_mm
    assert f"{bar.metres:.12g}".strip("0").replace(".", "").lstrip("0")[0] in "125"


@given(st.floats(1e-3, 1e9))
def test_round_numbers_are_the_next_below(value):
    found = round_down(value)
    assert found <= value < 2.5 * found * (1 + 1e-12)
    assert round(found / 10 ** math.floor(math.log10(found * (1 + 1e-9))), 6) in (1, 2, 5)


def test_the_grid_of_a_sheet_is_wide_enough_to_read():
    for scale in SCALES:
        assert 40 <= grid_step_m(scale) * 1000 / scale <= 100


def test_scales_that_fit_are_in_order_and_all_that_fit():
    found = fitting(333.0, 200.0, 180.0, 120.0)
    assert found == tuple(n for n in SCALES if n >= 2000)


def test_the_plane_agrees_with_proj():
    there = Transformer.from_crs(4490, 4548, always_xy=True)
    lonlat = [(117.19, 39.115), (117.195, 39.1185), (117.2, 39.12)]
    expected = np.array([there.transform(*at) for at in lonlat])
    metres = shapely.get_coordinates(plane().metres(object_array([shapely.LineString(lonlat)])))
    assert metres == pytest.approx(expected, abs=1e-4)


def test_paper_is_metres_at_scale_from_the_upper_left_corner():
    west, south, east, north = plane(500).box_m
    assert (east - west, north - south) == pytest.approx((100.0, 65.0))
    corner = shapely.Point(west + 10, north - 5)
    at = shapely.get_coordinates(plane(500).on_paper(object_array([corner])))[0]
    assert at == pytest.approx([20.0, 10.0])


def test_the_outline_on_the_ground_is_the_map():
    back = plane().metres(object_array([plane().outline()]))[0]
    assert (
        back.symmetric_difference(shapely.box(*plane().box_m)).area < 0.05
    )  # degrees have 9 decimals


@pytest.mark.parametrize(
    ("epsg", "centre", "lon0"),
    [(4548, HERE, 117.0), (4548, (470_000.0, 4_331_570.0), 117.0), (3067, (385_800.0, 6_672_000.0), 27.0)],
)  # fmt: skip
def test_true_north_turns_by_the_meridian_convergence(epsg, centre, lon0):
    # Convergence of a transverse Mercator projection: tan(gamma) = tan(lon - lon0) sin(lat).
    lon, lat = Transformer.from_crs(epsg, 4490, always_xy=True).transform(*centre)
    gamma = math.degrees(
        math.atan(math.tan(math.radians(lon - lon0)) * math.sin(math.radians(lat)))
    )
    assert plane(epsg=epsg, centre=centre).true_north_deg() == pytest.approx(-gamma, abs=0.002)


def test_the_scale_factor_is_that_of_the_projection():
    # k = k0 (1 + E'^2 / 2 R^2), R the mean radius of curvature.
    assert plane().scale_factor() == pytest.approx(1 + 16_690**2 / 2 / 6_371_000**2, abs=2e-7)
    helsinki = plane(epsg=3067, centre=(385_800.0, 6_672_000.0)).scale_factor()
    expected = 0.9996 * (1 + ((385_800 - 500_000) / 0.9996) ** 2 / 2 / 6_388_000**2)
    assert helsinki == pytest.approx(expected, abs=2e-6)


def test_a_polygon_lies_in_the_middle_at_the_largest_scale():
    polygon = shapely.box(516_600, 4_331_500, 516_700, 4_331_560)
    found, scales = plane_for(polygon, 4548, MAP, None)
    assert (found.scale, scales[0]) == (1000, 1000)
    assert found.centre == (516_650, 4_331_530)


@pytest.mark.parametrize("scale", [500, 777])
def test_a_scale_that_does_not_fit_or_exist_is_refused_with_those_that_do(scale):
    polygon = shapely.box(516_600, 4_331_500, 516_720, 4_331_560)
    with pytest.raises(InvalidError) as caught:
        plane_for(polygon, 4548, MAP, scale)
    assert 1000 in caught.value.expected
    assert caught.value.hint()


def test_what_fits_at_no_scale_is_refused():
    with pytest.raises(GeometryError):
        plane_for(shapely.box(0, 0, 1_000_000, 10), 4548, MAP, None)


def test_without_a_city_the_zone_follows_the_polygon():
    assert system_for(shapely.box(113.9, 22.5, 114.1, 22.7), None) == 4547
    assert "117°E" in system_title(4548)
    assert system_title(3067) == f"{CRS.from_epsg(3067).name}（EPSG:3067）"
    with pytest.raises(CrsError):
        system_for(shapely.box(24.9, 60.1, 25.0, 60.2), None)
    with pytest.raises(CrsError):
        system_for(shapely.box(117, 39, 117.1, 39.1), 3857)


def test_ticks_stand_at_round_coordinates():
    found = [t for t in ticks(plane(), 50.0) if t.edge == "bottom"]
    assert [t.text for t in found] == ["516 600", "516 650", "516 700", "516 750"]
    assert [t.at for t in found] == pytest.approx([10, 60, 110, 160])
    assert grid_lines(-3.0, 3.0, 2.0) == [-2.0, 0.0, 2.0]


def test_words_never_touch_each_other_or_leave_the_map():
    board = Board(MAP)
    rng = np.random.default_rng(3)
    for x, y, angle in rng.uniform((0, 0, -90), (200, 130, 90), (400, 3)):
        board.put(Label("平安大道", x, y, angle, 7.0, "roads"))
    assert 20 < len(board.labels) < 200
    boxes = []
    for label in board.labels:
        w, h = text_mm(label.text, label.size), label.size * 25.4 / 72
        box = shapely.box(label.x - w / 2, label.y - h / 2, label.x + w / 2, label.y + h / 2)
        boxes.append(shapely.affinity.rotate(box, label.angle, origin=(label.x, label.y)))
    assert all(not a.intersects(b) for a, b in itertools.combinations(boxes, 2))
    assert all(shapely.box(0, 0, 200, 130).covers(box) for box in boxes)


@given(st.floats(0, 360), st.floats(30, 120))
def test_words_along_a_line_follow_it_and_stand_upright(turn, length):
    end = (100 + length * math.cos(math.radians(turn)), 65 + length * math.sin(math.radians(turn)))
    label = next(along(shapely.LineString([(100, 65), end]), "平安路", 7.0, "roads"))
    assert -90 < label.angle <= 90
    assert math.sin(math.radians(label.angle - turn)) == pytest.approx(0, abs=1e-4)
    assert (label.x, label.y) == pytest.approx(((100 + end[0]) / 2, (65 + end[1]) / 2))


def test_no_word_where_the_line_is_short_or_winds():
    assert not list(along(shapely.LineString([(0, 0), (3, 0)]), "平安大道", 7.0, "roads"))
    zigzag = shapely.LineString([(i, 4 * (i % 2)) for i in range(60)])
    assert not list(along(zigzag, "平安大道", 7.0, "roads"))


def test_path_data_has_every_part_and_hole():
    hole = shapely.Polygon([(0, 0), (9, 0), (9, 9)], [[(5, 1), (8, 1), (8, 4)]])
    lines = shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3), (4, 4.12345)]])
    data = path_data(object_array([hole, lines, None, shapely.LineString()]))
    assert (data.count("M"), data.count("Z"), data.count("L")) == (4, 2, 3 + 3 + 1 + 2)
    assert "4.000 4.123" in data


def test_a_colour_that_is_none_never_reaches_the_drawing():
    bad = safe_colour('#fff" onload="x')
    drawn = Pen(GeometryKind.LINE, bad, 0.3).draw(
        object_array([shapely.LineString([(0, 0), (1, 1)])])
    )
    assert "onload" not in drawn


def test_lengths_on_paper_are_lengths_on_the_ground():
    geod = Geod(ellps="GRS80")
    line = shapely.LineString([(117.19, 39.117), (117.196, 39.1185)])
    here = plane(2000)
    paper = here.on_paper(here.metres(object_array([line])))[0].length
    assert paper / 1000 * 2000 / here.scale_factor() == pytest.approx(
        geod.geometry_length(line), rel=1e-6
    )
