"""Shapes of strangers: read without recursion, every fault named, mended only on request."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.boxes import DegreeBox
from gis.errors import GeometryError
from gis.geometry import (
    Limits,
    Repair,
    Rules,
    check_geometries,
    check_geometry,
    explain_out_of_range,
    parse_geojson_geometry,
    read_geojson,
    read_wkb,
    read_wkb_array,
    repair,
    scan_wkb,
)
from gis.layers import GeometryKind
from gis.validity import explain_invalid

RING = [[117.0, 39.0], [117.1, 39.0], [117.1, 39.1], [117.0, 39.0]]
BOW_TIE = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
DONUT = shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 6, 6))


def codes(faults) -> set[str]:
    return {fault.code for fault in faults}


SOUND = [
    shapely.Point(117, 39),
    shapely.Point(117, 39, 5),
    shapely.LineString([(117, 39), (117.1, 39.1)]),
    shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]]),
    DONUT,
    shapely.MultiPolygon([DONUT, shapely.box(20, 20, 21, 21)]),
]


@pytest.mark.parametrize("shape", SOUND, ids=lambda s: s.geom_type + "Z" * s.has_z)
def test_sound_shapes_are_read_as_they_are_from_geojson_and_wkb(shape):
    assert read_geojson(shapely.geometry.mapping(shape)).geometry == shape
    assert read_wkb(shapely.to_wkb(shape)).geometry == shape
    assert read_wkb(shapely.to_wkb(shape, byte_order=0)).faults == ()
    assert check_geometry(shape) == []


@given(st.binary(max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_bytes_bring_the_scan_down(data):
    faults = scan_wkb(data)
    assert all(fault.message for fault in faults)
    if not faults:
        assert read_wkb(data).geometry is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=20,
)


@given(st.sampled_from(["Point", "LineString", "Polygon", "MultiPolygon", "X", None]), JSON)
@settings(max_examples=300, deadline=None)
def test_no_coordinates_bring_the_reader_down(kind, coordinates):
    reading = read_geojson({"type": kind, "coordinates": coordinates})
    assert reading.geometry is not None or reading.faults


@pytest.mark.parametrize("depth", [2, 1000, 100_000])
def test_nested_collections_are_named_without_recursion(depth):
    value = {"type": "Point", "coordinates": [1, 2]}
    for _ in range(depth):
        value = {"type": "GeometryCollection", "geometries": [value]}
    reading = read_geojson(value)
    assert codes(reading.faults) == {"geometry.nested"}
    while "geometries" in value:  # taken apart, for the interpreter itself recurses here
        value = value["geometries"].pop()


def test_nested_wkb_is_named_without_recursion():
    head = struct.pack("<BII", 1, 7, 1)
    data = head * 20_000 + shapely.Point(1, 2).wkb
    assert codes(scan_wkb(data)) == {"geometry.nested"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (struct.pack("<BII", 1, 2, 0xFFFFFFF0), "geometry.truncated"),
        (shapely.to_wkb(shapely.LineString([(0, 0), (1, 1)]))[:-1], "geometry.truncated"),
        (b"\x05" + bytes(20), "geometry.bad_binary"),
        (struct.pack("<BI", 1, 99) + bytes(16), "geometry.bad_binary"),
        (shapely.to_wkb(shapely.Point(1, 2)) + b"x", "geometry.bad_binary"),
        (b"", "geometry.missing"),
        (
            shapely.to_wkb(shapely.set_srid(shapely.Point(1, 2), 2263), include_srid=True),
            "geometry.foreign_srid",
        ),
    ],
)
def test_binary_that_lies_is_named(data, code):
    assert code in codes(scan_wkb(data))


def test_many_binaries_are_read_at_once_with_the_faults_by_row():
    blobs = [shapely.Point(1, 2).wkb, b"x", None, DONUT.wkb]
    shapes, faults = read_wkb_array(blobs)
    assert [s is None for s in shapes] == [False, True, True, False]
    assert [row for row, _ in faults] == [1]


def test_an_open_ring_is_built_closed_and_named():
    reading = read_geojson({"type": "Polygon", "coordinates": [RING[:3]]})
    assert codes(reading.faults) == {"geometry.unclosed_ring"}
    assert reading.geometry.equals(shapely.Polygon(RING))


@pytest.mark.parametrize(
    ("limits", "shape", "code"),
    [
        (Limits(vertices=3), {"type": "Polygon", "coordinates": [RING]}, "too_many_vertices"),
        (Limits(holes=1), {"type": "Polygon", "coordinates": [RING] * 3}, "too_many_holes"),
        (Limits(parts=1), {"type": "MultiPoint", "coordinates": [[1, 2]] * 2}, "too_many_parts"),
    ],
)
def test_sizes_have_bounds(limits, shape, code):
    assert f"geometry.{code}" in codes(read_geojson(shape, limits=limits).faults)


class TestWhyInvalid:
    """Every reason with its place, where GEOS names one."""

    @pytest.mark.parametrize(
        ("shape", "code"),
        [
            (BOW_TIE, "self_intersection"),
            (shapely.Polygon([(0, 0), (4, 0), (4, 4), (4, 6), (4, 4), (0, 4)]), "spike"),
            (
                shapely.Polygon(
                    shapely.box(0, 0, 4, 4).exterior, [shapely.box(5, 5, 6, 6).exterior]
                ),
                "hole_outside",
            ),
            (
                shapely.Polygon(
                    shapely.box(0, 0, 9, 9).exterior,
                    [shapely.box(1, 1, 8, 8).exterior, shapely.box(2, 2, 3, 3).exterior],
                ),
                "holes_nested",
            ),
            (
                shapely.Polygon(
                    shapely.box(0, 0, 9, 9).exterior,
                    [shapely.box(1, 1, 4, 4).exterior, shapely.box(4, 1, 7, 4).exterior],
                ),
                "holes_touch",
            ),
            (
                shapely.MultiPolygon([shapely.box(0, 0, 4, 4), shapely.box(2, 2, 6, 6)]),
                "parts_overlap",
            ),
            (
                shapely.MultiPolygon([shapely.box(0, 0, 4, 4), shapely.box(4, 0, 8, 4)]),
                "parts_overlap",
            ),
        ],
    )
    def test_is_named_with_a_place_on_the_shape(self, shape, code):
        assert not shape.is_valid
        found = [f for f in explain_invalid(shape) if f.code == f"geometry.{code}"]
        assert found
        assert shapely.dwithin(shapely.Point(found[0].place), shapely.envelope(shape), 3.0)

    def test_several_crossings_are_all_named(self):
        zigzag = [(0, 0), (6, 0), (6, 1), (5, -1), (4, 1), (3, -1), (2, 1), (0, 1)]
        found = explain_invalid(shapely.Polygon(zigzag))
        assert len([f for f in found if f.code == "geometry.self_intersection"]) >= 4

    def test_combs_that_overlap_are_explained_in_a_moment(self):
        import time

        def comb(n, turned):
            xy = np.array(
                [
                    ((i + dx) / n, y)
                    for i in range(n)
                    for dx, y in ((0, 0.0), (0, 1.0), (0.5, 1.0), (0.5, 0.0))
                ]
            )
            ring = np.vstack([xy, [[1, -0.1], [0, -0.1]]])
            return shapely.Polygon(ring[:, ::-1] if turned else ring)

        began = time.monotonic()
        found = explain_invalid(shapely.MultiPolygon([comb(900, False), comb(900, True)]))
        assert codes(found) == {"geometry.parts_overlap"}
        assert time.monotonic() - began < 5


class TestRepair:
    """On request only."""

    @pytest.mark.parametrize(
        "shape",
        [
            BOW_TIE,
            shapely.Polygon([(0, 0), (4, 0), (4, 4), (4, 6), (4, 4), (0, 4)]),
            shapely.MultiPolygon([shapely.box(0, 0, 4, 4), shapely.box(2, 2, 6, 6)]),
        ],
    )
    def test_gives_a_valid_polygon_and_says_what_was_done(self, shape):
        mended = repair(shape)
        assert mended.geometry.is_valid
        assert shapely.get_dimensions(mended.geometry) == 2
        assert Repair.MAKE_VALID in mended.done
        assert mended.area_change is None

    def test_a_bow_tie_has_two_parts_and_no_area_to_compare_with(self):
        mended = repair(BOW_TIE)
        assert (mended.area_change, mended.parts) == (None, 2)

    def test_leaves_a_sound_shape_alone(self):
        mended = repair(DONUT)
        assert (mended.geometry, mended.done, mended.area_change) == (DONUT, (), 0.0)

    @pytest.mark.parametrize(
        "shape",
        [
            shapely.Polygon([(0, 0), (1, 1), (2, 2)]),
            shapely.Polygon([(0, 0), (1, 0), (1, float("inf"))]),
        ],
    )
    def test_refuses_what_nothing_is_left_of(self, shape):
        with pytest.raises(GeometryError):
            repair(shape)


class TestRules:
    """What a column of shapes may be."""

    def test_each_row_is_named_with_what_is_wrong(self):
        box = DegreeBox(116, 38, 118, 40)
        shapes = [
            shapely.Point(117, 39),
            None,
            shapely.Point(),
            shapely.Point(39, 117 - 30),
            shapely.Point(10, 10),
            shapely.LineString([(117, 39), (117, 39)]),
            shapely.Point(float("nan"), 1),
        ]
        found = {
            row: fault.code for row, fault in check_geometries(shapes, GeometryKind.POINT, box)
        }
        assert found[1] == "geometry.missing"
        assert found[2] == "geometry.empty"
        assert found[4] == "geometry.outside_area"
        assert found[5] == "geometry.wrong_type"
        assert found[6] in ("geometry.not_finite", "geometry.empty")
        assert 0 not in found

    def test_swapped_axes_are_named_with_the_right_ones(self):
        (fault,) = check_geometry(shapely.Point(39.1, 117.2), Rules(kind=GeometryKind.POINT))
        assert fault.code == "geometry.swapped"
        assert fault.error().hint() == "是否应为 [117.2, 39.1]"

    @pytest.mark.parametrize(
        ("xy", "code", "words"),
        [
            ((39517293.5, 4332955.2), "geometry.zone_prefix", "EPSG:4527"),
            ((517293.5, 4332955.2), "geometry.projected", "投影坐标（米或英尺）"),
            ((727971.9, 880774.1), "geometry.projected", "投影坐标（米或英尺）"),
            ((500.0, 95.0), "geometry.out_of_range", "超出"),
        ],
    )
    def test_numbers_that_are_no_degrees_are_explained(self, xy, code, words):
        error = explain_out_of_range(*xy).error()
        assert error.code == code
        assert words in f"{error}{error.hint()}"

    def test_a_refusal_carries_all_faults(self):
        value = {"type": "Polygon", "coordinates": [[[0, 0], [1, True], ["2", 2], [0, 0]]]}
        with pytest.raises(GeometryError) as refusal:
            parse_geojson_geometry(value)
        assert {e.field for e in refusal.value.errors} == {
            "$.coordinates[0][1][1]",
            "$.coordinates[0][2][0]",
        }
