"""Every kind of file that a city gets, real ones where they are small enough to ship."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import shapely

from gis.errors import CrsError, FileError, InvalidError

HELSINKI = Path(__file__).parents[3] / "fixtures" / "helsinki" / "helsinki_center.osm.pbf"


@pytest.mark.parametrize(
    ("file", "options", "rows", "stored", "driver", "crs"),
    [
        ("components.geojson", {}, 80, 80, "GeoJSON", "EPSG:4326"),
        ("busstops.geojson", {}, 49, 49, "GeoJSON", "EPSG:4326"),
        ("ky4_pipes.geojson", {}, 120, 120, "GeoJSON", "EPSG:3547"),
        ("districts_gcj02.geojson", {"crs": "gcj02"}, 7, 4, "GeoJSON", "gcj02"),
        ("districts_gcj02.geojson", {"crs": "gcj02", "repair": True}, 7, 7, "GeoJSON", "gcj02"),
        ("feet/schools.shp", {}, 8, 8, "ESRI Shapefile", "ESRI:102649"),
        ("mercator/SohoWater.shp", {}, 13, 13, "ESRI Shapefile", "EPSG:3857"),
        ("requests.csv", {"crs": "wgs84"}, 1000, 893, "CSV", "EPSG:4326"),
    ],
)
def test_a_real_file_is_stored_row_by_row(bring, data, file, options, rows, stored, driver, crs):
    told = bring(data / file, "foreign", new=True, **options)
    assert (told["rows_in"], told["stored"]) == (rows, stored)
    assert told["refused_rows"] == rows - stored
    assert (told["driver"], told["crs"]) == (driver, crs)


@pytest.mark.parametrize(
    ("source_layer", "rows", "stored"),
    [("points", 8045, 8045), ("lines", 3818, 3817), ("multipolygons", 1095, 1045)],
)
def test_an_openstreetmap_extract_is_read_layer_by_layer(bring, source_layer, rows, stored):
    told = bring(HELSINKI, "osm", new=True, source_layer=source_layer, dry_run=True)
    assert (told["rows_in"], told["stored"]) == (rows, stored)
    assert told["source_layers"] == ["points", "lines", "multilinestrings", "multipolygons"]


def test_an_openstreetmap_extract_without_a_chosen_layer_asks_for_one(bring):
    with pytest.raises(FileError) as refusal:
        bring(HELSINKI, "osm", new=True)
    assert refusal.value.code == "file.several_layers"
    assert "multipolygons" in refusal.value.expected


def test_tags_of_openstreetmap_become_columns(bring, rows_of):
    bring(HELSINKI, "osm", new=True, source_layer="points")
    rows = rows_of("osm")
    by_id = {k: i for i, k in enumerate(rows.columns["osm_id"].tolist())}
    at = by_id["25291565"]  # traffic signals, as the published extract has them
    assert rows.columns["highway"][at] == "traffic_signals"
    assert shapely.get_coordinates(rows.geometry[at])[0] == pytest.approx(
        (24.9393442, 60.1651349), abs=1e-9
    )


def test_a_layer_is_declared_from_the_file_with_its_types(bring, city, data):
    bring(data / "busstops.geojson", "stops", new=True, title="公交站")
    with city.store.reading() as tx:
        spec = tx.layers.registry().get("stops")
    assert (spec.group, spec.title.zh, spec.geometry.value) == ("user", "公交站", "point")
    assert {f.name: f.type.value for f in spec.fields} == {
        "feature_key": "text",
        "linename": "text",
        "stopname": "text",
        "lat": "real",
        "lon": "real",
    }


def test_numbers_texts_and_unknown_values_are_kept_as_delivered(bring, rows_of, data):
    file = data / "components.geojson"
    bring(file, "things", new=True)
    rows = rows_of("things")
    for feature in json.loads(file.read_text())["features"]:
        at = rows.columns["osm_id"].tolist().index(feature["properties"]["osm_id"])
        assert rows.properties(at, ("name", "ref", "manhole")) == {
            name: feature["properties"][name] for name in ("name", "ref", "manhole")
        }
        assert shapely.get_coordinates(rows.geometry[at]).tolist() == [
            feature["geometry"]["coordinates"]
        ]


def test_ky4_in_us_feet_is_a_pipeline_layer(bring, rows_of, data):
    told = bring(
        data / "ky4_pipes.geojson", "pipes", map=("diameter_mm=diameter@m",), set=("kind=给水",)
    )
    assert told["stored"] == 120
    assert "crs.not_metres" in [note["code"] for note in told["warnings"]]
    rows = rows_of("pipes")
    at = rows.columns["id"].tolist().index("P-1")
    assert rows.columns["kind"][at] == "water"
    assert rows.columns["diameter_mm"][at] == pytest.approx(152.4, abs=1e-9)  # six inches
    # 536.49 m is what EPANET's own file says of this pipe.
    from gis.measure import length_m

    assert length_m(rows.geometry[[at]])[0] == pytest.approx(536.49, rel=2e-3)
    lon, lat = shapely.get_coordinates(rows.geometry[at])[0]
    assert (85.5, 38.0) < (-lon, lat) < (85.68, 38.09)


def test_a_diameter_in_metres_is_noticed(bring, data):
    told = bring(data / "ky4_pipes.geojson", "pipes", set=("kind=给水",), dry_run=True)
    assert "import.unit_suspect" in [note["code"] for note in told["warnings"]]


def test_requests_of_new_york_lie_where_their_feet_say(bring, rows_of, data):
    # The file has every place twice: degrees, and feet of EPSG:2263.
    feet = ("x=X Coordinate (State Plane)", "y=Y Coordinate (State Plane)")
    told = bring(data / "requests.csv", "cases_ft", new=True, crs="EPSG:2263", map=feet)
    assert told["stored"] == 893
    with (data / "requests.csv").open(newline="") as file:
        degrees = {r["Unique Key"]: (r["Longitude"], r["Latitude"]) for r in csv.DictReader(file)}
    from pyproj import Geod

    rows, wgs84 = rows_of("cases_ft"), Geod(ellps="WGS84")
    for key, point in zip(rows.columns["unique_key"].tolist(), rows.geometry, strict=True):
        lon, lat = map(float, degrees[str(key)])
        assert wgs84.inv(lon, lat, point.x, point.y)[2] < 0.2  # feet are whole numbers


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("lying_prj/street_net_pts.shp", "crs.outside_area"),
        ("requests.csv", "crs.missing"),
    ],
)
def test_a_file_that_lies_or_is_silent_about_its_system_is_refused(bring, city, data, file, code):
    with pytest.raises(CrsError) as refusal:
        bring(data / file, "foreign", new=True)
    assert refusal.value.code == code
    assert refusal.value.hint()
    with city.store.reading() as tx:
        assert "foreign" not in tx.layers.registry()


def test_the_lying_prj_is_answered_with_the_numbers_and_what_is_wrong(bring, data):
    with pytest.raises(CrsError, match=r"303 个要素（共 303 个）.*EPSG:4326") as refusal:
        bring(data / "lying_prj" / "street_net_pts.shp", "foreign", new=True)
    assert "投影坐标（米或英尺）" in str(refusal.value.errors[0])


def test_the_lying_prj_can_be_overruled(bring, rows_of, data):
    told = bring(data / "lying_prj" / "street_net_pts.shp", "net", new=True, crs="EPSG:2223")
    assert told["stored"] == 303
    lon, lat = shapely.get_coordinates(rows_of("net").geometry).mean(axis=0)
    assert (-112.5, 33.0) < (lon, lat) < (-111.5, 34.0)  # Arizona


def test_a_file_without_any_place_says_so_with_the_reasons(bring, tmp_path):
    file = tmp_path / "encoded.json"
    body = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": ["@@"]},
    }
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [body]}))
    with pytest.raises(InvalidError) as refusal:
        bring(file, "foreign", new=True)
    assert refusal.value.code == "file.no_geometry"
    assert {fault.row for fault in refusal.value.errors} == {1}
