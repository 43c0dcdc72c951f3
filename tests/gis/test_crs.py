"""Reference systems: names, guards, conversion with every bad row named."""

from __future__ import annotations

import threading

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

import gis.reference
from gis.crs import (
    from_cgcs2000,
    gauss_kruger_code,
    is_metric,
    parse_crs,
    require_geographic,
    require_metric,
    require_same_crs,
    to_cgcs2000,
    transform,
)
from gis.errors import CrsError, UnavailableError

in_tianjin = st.tuples(st.floats(116.7, 118.06), st.floats(38.6, 40.2))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("EPSG:4490", "EPSG:4490"),
        ("4490", "EPSG:4490"),
        (" epsg:4548 ", "EPSG:4548"),
        ("CGCS2000", "EPSG:4490"),
        ("WGS 84", "EPSG:4326"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490"),
        ("http://www.opengis.net/def/crs/EPSG/0/4548", "EPSG:4548"),
        ("gcj02", "gcj02"),
        ("GCJ-02", "gcj02"),
        ("bd-09", "bd09"),
        ("EPSG:4979", "EPSG:4326"),
    ],
)
def test_a_system_is_known_by_the_names_people_use(text, label):
    assert parse_crs(text).label == label


@pytest.mark.parametrize("code", [4548, 4527, 2263, 3857, 4490])
def test_the_wkt_of_a_prj_file_is_recognised_without_a_code(code):
    wkt = CRS.from_epsg(code).to_wkt("WKT1_ESRI")
    assert parse_crs(wkt).label == f"EPSG:{code}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("EPSG:999999", "crs.unknown"),
        ("tianjin", "crs.unknown"),
        ("", "crs.unknown"),
        ("+proj=utm +zone=50", "crs.unknown"),
        ("+init=/etc/passwd:x", "crs.unknown"),
        ("https://example.org/crs.json", "crs.unknown"),
        ("PROJCS[" * 500, "crs.unknown"),
        ("GEOGCS[" + "x" * 20_000, "crs.unknown"),
        ("EPSG:5773", "crs.not_horizontal"),
        ('LOCAL_CS["mine"]', "crs.not_horizontal"),
        ("local:nowhere", "crs.no_local_system"),
        ("EPSG:2384", "crs.needs_local_system"),
        ("EPSG:4214", "crs.needs_local_system"),
    ],
)
def test_what_is_no_usable_system_is_refused_by_code(text, code):
    with pytest.raises(CrsError) as refusal:
        parse_crs(text)
    assert refusal.value.code == code


def test_a_definition_with_datum_parameters_is_refused_without_quoting_them():
    wkt = CRS.from_proj4("+proj=longlat +ellps=krass +towgs84=12.345,-67.89,0,0,0,0,0").to_wkt()
    with pytest.raises(CrsError) as refusal:
        parse_crs(wkt)
    assert refusal.value.code == "crs.has_parameters"
    assert "12.345" not in str(refusal.value.as_dict())


def test_an_own_projection_on_the_chinese_datum_is_taken_for_a_local_system():
    wkt = CRS.from_epsg(4548).to_wkt("WKT1_ESRI").replace("117.0", "117.1")
    wkt = wkt.replace("CGCS2000_3_Degree_GK_CM_117E", "mine")
    with pytest.raises(CrsError) as refusal:
        parse_crs(wkt)
    assert refusal.value.code == "crs.needs_local_system"


def test_wgs84_is_stored_with_identical_numbers():
    at = np.array([[117.123456789012, 39.98765432101234]])
    assert transform(at, 4326, 4490).tolist() == at.tolist()
    shape = shapely.Point(at[0])
    assert to_cgcs2000([shape], "wgs84")[0] is shape


def test_known_position_of_4548_and_of_zone_39():
    # 117.2 E, 39.13 N: computed with PROJ 9.5.1.
    assert transform([[117.2, 39.13]], 4490, 4548)[0] == pytest.approx(
        [517293.540, 4332955.206], abs=1e-3
    )
    assert transform([[39517293.540, 4332955.206]], 4527)[0] == pytest.approx(
        [117.2, 39.13], abs=1e-8
    )


def test_us_feet_of_new_york_become_degrees():
    # City Hall of New York, about 40.7128 N 74.0061 W, lies near 982 000 / 199 000 ft.
    lon, lat = transform([[981_930.0, 198_920.0]], 2263)[0]
    assert lon == pytest.approx(-74.0075, abs=2e-3)
    assert lat == pytest.approx(40.7127, abs=2e-3)


@given(in_tianjin, st.sampled_from(["4548", "4527", "3857", "4509", "gcj02", "bd09"]))
def test_there_and_back_is_the_same_to_a_millimetre(at, name):
    assert np.abs(transform(transform([at], 4490, name), name, 4490) - at).max() < 9e-9


@pytest.mark.parametrize(
    ("xy", "source", "hint"),
    [
        ((39517293.5, 4332955.2), 4548, "带号"),
        ((517293.5, 4332955.2), 4527, "带号"),
        ((4332955.2, 517293.5), 4548, "写反"),
        ((117.2, 39.1), 4548, "经纬度"),
        ((723368.0, 875926.0), 4326, "投影坐标"),
        ((39.1, 117.2), 4490, "写反"),
        ((1e9, 4e6), 3857, "坐标系"),
    ],
)
def test_numbers_that_do_not_fit_their_system_are_refused_with_what_is_meant(xy, source, hint):
    with pytest.raises(CrsError) as refusal:
        transform([xy], source)
    assert refusal.value.code == "crs.outside_area"
    assert hint in (refusal.value.hint() or "")


def test_every_bad_row_is_listed():
    good = (517293.5, 4332955.2)
    with pytest.raises(CrsError) as refusal:
        transform([good, (1.0, 2.0), good, (39517293.5, 4332955.2)], 4548)
    assert [single.row for single in refusal.value.errors] == [2, 4]
    assert refusal.value.params["count"] == 2


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("source", [4490, 4548, "gcj02"])
def test_positions_that_are_not_finite_are_refused(bad, source):
    with pytest.raises(CrsError) as refusal:
        transform([[bad, 39.0]], source)
    assert refusal.value.code == "crs.not_finite"
    assert refusal.value.errors[0].got == [None, 39.0]


def test_heights_pass_and_shapes_keep_their_kind():
    line = shapely.LineString([(517293.5, 4332955.2, 3.5), (517393.5, 4332955.2, -1.0)])
    flat = shapely.box(517000, 4332000, 517100, 4332100)
    out = to_cgcs2000([line, None, flat, shapely.Point()], 4548)
    assert shapely.get_coordinates(out[0], include_z=True)[:, 2].tolist() == [3.5, -1.0]
    assert out[1] is None
    assert not out[2].has_z
    assert out[2].geom_type == "Polygon"
    assert out[3].is_empty


def test_rows_of_shapes_are_counted_by_shape():
    bad = shapely.LineString([(1, 1), (2, 2), (3, 3)])
    good = shapely.Point(517293.5, 4332955.2)
    with pytest.raises(CrsError) as refusal:
        to_cgcs2000([good, bad, good, bad], 4548)
    assert [single.row for single in refusal.value.errors] == [2, 4]


@given(in_tianjin)
def test_a_shape_goes_out_and_comes_back(at):
    there = from_cgcs2000([shapely.Point(at)], 4548)
    back = to_cgcs2000(there, 4548)[0]
    assert np.abs(shapely.get_coordinates(back)[0] - at).max() < 2e-9


def test_only_metres_may_be_measured_in():
    assert [is_metric(CRS.from_epsg(c)) for c in (4548, 4527, 32650, 3857, 3395, 2263, 4490)] == [
        *(True, True, True),
        *(False, False, False, False),
    ]
    for wrong in (3857, 2263, 4490, None, "gcj02"):
        with pytest.raises(CrsError):
            require_metric(wrong)


def test_a_frame_without_a_system_or_with_another_is_refused():
    a = gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)], crs=4490)
    assert require_same_crs(a.crs, 4490) == CRS.from_epsg(4490)
    for other in (None, 4326, 4548):
        with pytest.raises(CrsError):
            require_same_crs(a.crs, other)
    with pytest.raises(CrsError) as refusal:
        require_geographic(4548)
    assert refusal.value.code == "crs.not_geographic"


def test_the_zone_of_a_longitude():
    assert gauss_kruger_code(117.2) == 4548
    assert gauss_kruger_code(118.6) == 4549
    assert gauss_kruger_code(75.0) == 4534
    for lon in (24.9, np.nan):
        with pytest.raises(CrsError):
            gauss_kruger_code(lon)


class _Shifted:
    """A made-up local system: degrees times a million. No real parameters."""

    accuracy_m = 0.05

    def to_cgcs2000(self, xy):
        if (xy < 0).any():
            raise ValueError("secret parameter 123.456")
        return xy / 1e6

    def from_cgcs2000(self, lonlat):
        return lonlat * 1e6


@pytest.fixture
def plug_in(monkeypatch):
    monkeypatch.setattr(gis.reference, "local_systems", lambda: {"made_up": _Shifted})


@pytest.mark.usefixtures("plug_in")
def test_a_plug_in_converts_both_ways():
    known = parse_crs("local:made_up")
    assert (known.label, known.accuracy_m) == ("local:made_up", 0.05)
    assert transform([[117.2e6, 39.1e6]], known)[0] == pytest.approx([117.2, 39.1])
    assert transform([[117.2, 39.1]], 4490, known)[0] == pytest.approx([117.2e6, 39.1e6])


@pytest.mark.usefixtures("plug_in")
def test_what_a_plug_in_says_in_its_errors_stays_inside():
    with pytest.raises(UnavailableError) as refusal:
        transform([[-1.0, 39.1e6]], "local:made_up")
    assert refusal.value.code == "crs.local_system_failed"
    assert refusal.value.__cause__ is None
    assert "123.456" not in str(refusal.value.as_dict())


def test_threads_share_one_transformer():
    wrong = []

    def convert(lon: float) -> None:
        for _ in range(50):
            out = transform(transform([[lon, 39.0]], 4490, 4548), 4548)[0]
            if abs(out[0] - lon) > 1e-8:
                wrong.append(lon)

    threads = [threading.Thread(target=convert, args=(116.8 + 0.1 * i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
