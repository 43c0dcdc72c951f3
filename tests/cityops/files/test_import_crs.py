"""Coordinates at the door: what they are said to be, what they may be instead, never guessed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from cityops.services.roles import SYSTEM
from gis.errors import CrsError, InvalidError

ORACLES = Path(__file__).parents[2] / "gis" / "data" / "coordinate_oracles.csv"
PLACES = [(117.18 + i / 500, 39.11 + i / 700) for i in range(12)]
TIANJIN = {"extent": [116.7, 38.55, 118.07, 40.26]}
HELSINKI = {"bounds": [24.93, 60.16, 24.96, 60.18]}


def points(path: Path, xy, crs: str | None = None) -> Path:
    body = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"no": f"P{i}"},
                "geometry": {"type": "Point", "coordinates": list(p)},
            }
            for i, p in enumerate(xy)
        ],
    }
    if crs:
        body["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(body))
    return path


@pytest.fixture
def put(tmp_path, bring):
    """Import points: ``put(xy, crs=..., declared=...)``."""

    def run(xy, declared=None, layer="some", **options):
        return bring(points(tmp_path / "p.geojson", xy, declared), layer, new=True, **options)

    return run


@pytest.fixture
def in_city(city):
    """Say where the city lies."""

    def run(scene):
        with city.store.writing() as tx:
            tx.meta.put("scene", scene | {"name": "x", "layers": []})

    return run


def oracles():
    with ORACLES.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_offset_systems_come_to_the_published_positions(put, rows_of, crs):
    rows = oracles()
    told = put([(float(r[f"{crs}_lng"]), float(r[f"{crs}_lat"])) for r in rows], crs=crs)
    assert told["accuracy_m"] > 0
    wanted = np.array([[float(r["wgs84_lng"]), float(r["wgs84_lat"])] for r in rows])
    assert shapely.get_coordinates(rows_of("some").geometry) == pytest.approx(wanted, abs=2e-6)


@pytest.mark.parametrize("code", [4548, 4527, 4549, 32650, 3857, 2414])
def test_projected_systems_come_to_where_proj_says(put, rows_of, code):
    way = Transformer.from_crs(4326, code, always_xy=True)
    places = PLACES if code != 4549 else [(118.6 + i / 500, 39.2) for i in range(5)]
    if code == 2414:  # Beijing 1954: its relation to CGCS2000 is classified
        with pytest.raises(CrsError, match="涉密"):
            put([way.transform(*p) for p in places], crs=f"EPSG:{code}")
        return
    put([way.transform(*p) for p in places], crs=f"EPSG:{code}")
    found = shapely.get_coordinates(rows_of("some").geometry)
    assert found == pytest.approx(np.array(places), abs=2e-5 if code == 32650 else 1e-6)


def test_degrees_of_cgcs2000_and_wgs84_are_taken_over_unchanged(put, rows_of):
    for layer, crs in (("a", "EPSG:4490"), ("b", "wgs84")):
        put(PLACES, crs=crs, layer=layer)
        assert shapely.get_coordinates(rows_of(layer).geometry).tolist() == [
            list(p) for p in PLACES
        ]


def gauss_kruger(code: int):
    way = Transformer.from_crs(4490, code, always_xy=True)
    return [way.transform(*p) for p in PLACES]


def test_a_zone_easting_declared_without_zone_is_named(put):
    with pytest.raises(CrsError) as refusal:
        put(gauss_kruger(4527), crs="EPSG:4548")
    assert refusal.value.expected[0]["crs"] == "EPSG:4527"
    assert "EPSG:4527" in refusal.value.hint()


def test_a_plain_easting_declared_with_zone_is_named(put):
    with pytest.raises(CrsError) as refusal:
        put(gauss_kruger(4548), crs="EPSG:4527")
    assert "EPSG:4548" in [c["crs"] for c in refusal.value.expected]


def test_the_central_meridian_that_leads_into_the_city_is_named_first(put, in_city):
    in_city(TIANJIN)
    with pytest.raises(CrsError) as refusal:
        put(gauss_kruger(4548))
    assert refusal.value.expected[0]["crs"] == "EPSG:4548"
    assert "EPSG:4548" in refusal.value.hint()


def test_metres_sent_as_degrees_are_named(put):
    with pytest.raises(CrsError) as refusal:
        put(gauss_kruger(4548))
    assert "EPSG:4548" in [c["crs"] for c in refusal.value.expected]


def test_eastings_of_eight_digits_sent_as_degrees_are_named(put):
    with pytest.raises(CrsError) as refusal:
        put(gauss_kruger(4527))
    assert [c["crs"] for c in refusal.value.expected] == ["EPSG:4527"]
    assert refusal.value.errors[0].code == "geometry.zone_prefix"


def test_feet_declared_as_metres_are_named(put):
    way = Transformer.from_crs(4326, 3547, always_xy=True)  # Kentucky, US feet
    feet = [way.transform(-85.6 + i / 1000, 38.04) for i in range(9)]
    with pytest.raises(CrsError) as refusal:
        put(feet, crs="EPSG:3546")  # the same plane in metres
    units = {c["unit"] for c in refusal.value.expected}
    assert "美制测量英尺" in units


def test_swapped_degrees_of_china_are_named(put):
    with pytest.raises(CrsError) as refusal:
        put([p[::-1] for p in PLACES])
    assert refusal.value.code == "crs.swapped"
    assert "--swap-axes" in refusal.value.hint()


def test_rows_of_a_condemned_table_are_those_of_the_file(bring, tmp_path):
    rows = "".join(f"{y},{x}\n" for x, y in PLACES)
    (tmp_path / "p.csv").write_text(f"lon,lat\n{rows}")
    with pytest.raises(CrsError) as refusal:
        bring(tmp_path / "p.csv", "some", new=True, crs="EPSG:4490")
    assert [fault.row for fault in refusal.value.errors][:2] == [2, 3]
    assert len(refusal.value.expected) == 1


def test_swapped_plane_coordinates_are_named(put):
    with pytest.raises(CrsError) as refusal:
        put([p[::-1] for p in gauss_kruger(4548)], crs="EPSG:4548")
    assert refusal.value.code == "crs.swapped"


def test_swapped_degrees_of_a_foreign_city_are_named_from_where_the_city_lies(put, in_city):
    in_city(HELSINKI)
    xy = [(24.94 + i / 1000, 60.17) for i in range(10)]
    assert put(xy, layer="right")["stored"] == 10
    with pytest.raises(CrsError) as refusal:
        put([p[::-1] for p in xy])
    assert refusal.value.code == "crs.swapped"


def test_axes_are_exchanged_when_asked_for(put, rows_of):
    put([p[::-1] for p in PLACES], swap_axes=True)
    assert shapely.get_coordinates(rows_of("some").geometry).tolist() == [list(p) for p in PLACES]


def test_a_row_with_swapped_axes_among_good_ones_is_refused_alone(put, in_city):
    in_city(TIANJIN)
    told = put([*PLACES, (39.12, 117.2), (0.0, 0.0)])
    assert told["stored"] == len(PLACES)
    assert [(r["row"], r["code"]) for r in told["refused"]] == [
        (13, "geometry.swapped"),
        (14, "geometry.outside_area"),
    ]
    assert told["refused"][0]["hint"] == "是否应为 [117.2, 39.12]"


def test_a_row_at_nought_is_refused_where_half_of_the_file_lies_in_the_city(put, in_city):
    in_city(TIANJIN)
    told = put([*PLACES[:2], (0.0, 0.0), (116.0, 36.0)])
    assert [(r["row"], r["code"]) for r in told["refused"]] == [(3, "geometry.outside_area")]
    assert "第 1、2、4 行" in told["warnings"][-1]["what"]  # this city has no districts


def test_a_file_of_another_city_is_taken_with_a_warning(put, in_city):
    in_city(TIANJIN)
    told = put([(-0.1378, 51.5134), (-0.1364, 51.5133)])
    assert told["stored"] == 2
    assert "import.outside_areas" in [note["code"] for note in told["warnings"]]


def test_gcj02_is_refused_as_surveyed_pipes(bring, tmp_path):
    line = {"type": "LineString", "coordinates": [[117.2, 39.1], [117.21, 39.1]]}
    body = {"type": "Feature", "properties": {"id": "1", "kind": "给水"}, "geometry": line}
    file = tmp_path / "pipes.geojson"
    file.write_text(json.dumps(body))
    with pytest.raises(CrsError) as refusal:
        bring(file, "pipes", crs="gcj02")
    assert refusal.value.code == "crs.not_surveyed"


@pytest.mark.parametrize(
    "text",
    [
        "EPSG:1",
        "+proj=longlat +nadgrids=/etc/passwd",
        "/etc/passwd",
        "file.prj",
        "EPSG:4978",
        "é" * 9,
    ],
)
def test_a_system_that_nobody_knows_is_refused(put, text):
    with pytest.raises(CrsError):
        put(PLACES, crs=text)


@pytest.mark.parametrize(
    ("declared", "label"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490"),
        ("EPSG:4326", "EPSG:4326"),
    ],
)
def test_a_crs_member_of_geojson_is_honoured(put, declared, label):
    assert put(PLACES, declared=declared)["crs"] == label


@pytest.mark.parametrize("name", ["http://127.0.0.1:1/crs", "urn:x:unknown", "EPSG:999999"])
def test_a_crs_member_that_names_nothing_asks_for_the_system(put, name):
    with pytest.raises(InvalidError) as refusal:
        put(PLACES, declared=name)
    assert refusal.value.code in ("crs.missing", "crs.unknown")


@pytest.mark.parametrize(
    ("xy", "crs", "told"),
    [
        (PLACES, "EPSG:4326", ("EPSG:4326（WGS 84）", False, 0.0)),
        (PLACES, "gcj02", ("GCJ-02", True, 2.0)),
        (
            [(39515550.0 + i, 4330000.0) for i in range(3)],
            "EPSG:4527",
            ("EPSG:4527（CGCS2000 / 3-degree Gauss-Kruger zone 39）", True, 0.0),
        ),
    ],
)
def test_a_feature_tells_the_system_of_its_delivery_and_what_conversion_cost(
    put, city, rows_of, xy, crs, told
):
    layer = put(xy, crs=crs)["layer"]
    origin = city.layers.feature(SYSTEM, layer, rows_of(layer).keys[0]).origin
    assert (origin["delivered_name"], origin["converted"], origin["accuracy_m"]) == told
