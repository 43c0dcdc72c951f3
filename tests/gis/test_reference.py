"""Names of reference systems: what is known, what is refused, and what is never opened."""

from __future__ import annotations

import pytest
from pyproj import CRS

from gis.errors import CrsError
from gis.reference import parse_crs, reference_of


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("EPSG:4490", "EPSG:4490"),
        ("epsg:4548", "EPSG:4548"),
        (" 4527 ", "EPSG:4527"),
        (4326, "EPSG:4326"),
        ("wgs84", "EPSG:4326"),
        ("CRS84", "EPSG:4326"),
        ("CGCS2000", "EPSG:4490"),
        ("GCJ-02", "gcj02"),
        ("gcj02", "gcj02"),
        ("BD-09", "bd09"),
        ("bd09ll", "bd09"),
        ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490"),
        ("http://www.opengis.net/def/crs/EPSG/0/4548", "EPSG:4548"),
        ("ESRI:102649", "ESRI:102649"),
    ],
)
def test_known_names_have_one_label(text, label):
    assert parse_crs(text).label == label


@pytest.mark.parametrize("version", ["WKT1_GDAL", "WKT1_ESRI", "WKT2_2019"])
@pytest.mark.parametrize("code", [4490, 4548, 2263, 3857])
def test_the_text_of_a_prj_file_is_its_code(code, version):
    text = CRS.from_epsg(code).to_wkt(version)
    assert parse_crs(text).label == f"EPSG:{code}"


def test_a_code_that_its_own_text_belies_is_not_believed():
    text = CRS.from_epsg(4549).to_wkt("WKT1_GDAL")
    lie = text.replace('AUTHORITY["EPSG","4549"]', 'AUTHORITY["EPSG","4548"]')
    assert parse_crs(lie).label != "EPSG:4548"


@pytest.mark.parametrize(
    "text",
    [
        *("", "EPSG:1", "EPSG:99999999", "nowhere", "/etc/passwd", "\x00", "EPSG:４４９０"),
        *("+proj=longlat +datum=WGS84", "+init=epsg:4326", "file:///etc/passwd"),
        *("PROJCS[", "GEOGCS[" + "x" * 20_000, "http://127.0.0.1:1/crs", "EPSG:4326\nEPSG:4490"),
    ],
)
def test_names_that_nobody_knows_are_refused_with_a_short_quote(text):
    with pytest.raises(CrsError) as refusal:
        parse_crs(text)
    assert len(str(refusal.value.got)) <= 80


@pytest.mark.parametrize("code", [2414, 4214, 4610, 2364])
def test_datums_whose_parameters_are_classified_are_refused(code):
    with pytest.raises(CrsError) as refusal:
        parse_crs(code)
    assert refusal.value.code == "crs.needs_local_system"


@pytest.mark.parametrize("code", [4978, 5773])
def test_systems_without_a_plane_are_refused(code):
    with pytest.raises(CrsError) as refusal:
        parse_crs(code)
    assert refusal.value.code == "crs.not_horizontal"


def test_a_system_with_datum_parameters_in_it_is_refused():
    text = CRS.from_proj4("+proj=longlat +ellps=krass +towgs84=1,2,3 +type=crs").to_wkt()
    with pytest.raises(CrsError) as refusal:
        parse_crs(text)
    assert refusal.value.code in ("crs.has_parameters", "crs.unknown")


def test_offset_datums_are_not_of_surveyed_quality_and_say_how_good_they_are():
    for name in ("gcj02", "bd09"):
        found = parse_crs(name)
        assert found.is_geographic
        assert not found.is_surveyed_quality
        assert found.accuracy_m >= 1.0
    assert parse_crs(4490).accuracy_m == 0.0
    assert reference_of(4548).is_surveyed_quality


def test_a_local_system_that_is_not_installed_is_named_without_any_parameter():
    with pytest.raises(CrsError) as refusal:
        parse_crs("local:somewhere")
    assert refusal.value.code == "crs.no_local_system"
