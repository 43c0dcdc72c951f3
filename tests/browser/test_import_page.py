"""A data manager brings files in and takes layers out, in a real browser."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "cityops" / "data"
LON, LAT = 117.1935, 39.1175


@pytest.fixture
def desk(seat):
    """The data manager's page with the drop zone."""
    place = seat("data")
    place.go("/data")
    place.page.wait_for_selector("#drop h3")
    return place


def settled(page):
    """Wait until the last look or import is over."""
    page.wait_for_timeout(450)  # a change is looked at after a moment
    page.wait_for_selector("#outcome:not(:has(.data-busy))", timeout=60_000)
    return page


def send(desk, *files):
    desk.page.set_input_files("#file", list(files))
    desk.page.wait_for_selector("#work:not([hidden])")
    return settled(desk.page)


def stops(name, mark, *places):
    """An upload of bus stops with numbers, texts and unknown values."""
    features = [
        {
            "type": "Feature",
            "properties": {"id": f"{mark}{i}", "名称": f"站{i}", "乘客": i * 1.5, "备注": None},
            "geometry": {"type": "Point", "coordinates": place},
        }
        for i, place in enumerate(places)
    ]
    body = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    return {"name": name, "mimeType": "application/geo+json", "buffer": body.encode()}


def figures(page):
    return [int(text.replace(",", "")) for text in page.locator(".figures b").all_inner_texts()]


def test_a_foreign_file_is_imported_seen_clicked_filtered_and_exported_as_it_came(desk):
    file = stops("外地站点.geojson", "S", [LON, LAT], [LON + 0.001, LAT], [LON, LAT + 0.001])
    page = send(desk, file)
    assert figures(page) == [3, 3, 0, 0]
    page.wait_for_selector("html[data-sketch=idle]")
    desk.picture("data-look")
    page.fill("#layer-name", "foreign_stops")
    page.press("#layer-name", "Tab")
    settled(page).click("#bring")
    page.wait_for_selector("#on-map", timeout=60_000)
    desk.picture("data-stored")
    page.click("#on-map")
    desk.map_idle()
    assert page.get_by_text("外地站点").first.is_visible()
    # Seen and clicked: the middle of the three lies where it was sent.
    xy = page.evaluate(
        "([x, y]) => { const p = window.cityops.map.project([x, y]); return [p.x, p.y]; }",
        [LON, LAT],
    )
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + xy[0], box["y"] + xy[1])
    page.wait_for_selector("#panel:not([hidden]) >> text=站0")
    # Filtered in the list beside it.
    page.evaluate("() => window.cityops.layers.setFilter('foreign_stops', {c2: ['站1']})")
    listed = page.evaluate(
        "async () => (await (await fetch('/api/v1/layers/foreign_stops/features?c2=' +"
        " encodeURIComponent('站1'))).json()).features.map((f) => f.id)"
    )
    assert listed == ["S1"]
    # Out again: the export equals the input.
    desk.go("/data?tab=export&layer=foreign_stops")
    page.wait_for_selector("html[data-export-map=idle]")
    page.click("text=GeoJSON .geojson")
    with page.expect_download() as download:
        page.click("#export-go")
    out = json.loads(Path(download.value.path()).read_text())
    sent = json.loads(file["buffer"])["features"]
    assert [f["properties"] for f in out["features"]] == [f["properties"] for f in sent]
    assert [f["geometry"] for f in out["features"]] == [f["geometry"] for f in sent]
    desk.picture("data-export")


def test_columns_are_mapped_units_named_and_what_was_typed_survives_a_reload(desk):
    page = send(desk, DATA / "ky4_pipes.geojson")
    page.click("#to-known")
    settled(page).select_option("#layer-known", "pipes")
    assert figures(settled(page)) == [120, 0, 120, 0]
    assert page.get_by_text("必填").is_visible()
    page.select_option("#field-kind", label="固定值…")
    settled(page).select_option("#unit-diameter_mm", "m")
    assert figures(settled(page)) == [120, 120, 0, 0]
    desk.picture("data-fields")
    page.reload()
    settled(page)
    assert page.input_value("#layer-known") == "pipes"
    assert page.input_value("#unit-diameter_mm") == "m"
    assert page.input_value("#fixed-kind") == "water"
    assert figures(page) == [120, 120, 0, 0]


def test_a_refused_file_says_why_and_offers_the_systems_that_fit(desk):
    body = "经度,纬度,no\n" + "".join(f"{LAT + i / 1000},{LON},{i}\n" for i in range(40))
    file = {"name": "反.csv", "mimeType": "text/csv", "buffer": body.encode("gbk")}
    page = send(desk, file)
    assert page.get_by_text("文件没有说明坐标系").is_visible()
    page.select_option("#crs", "EPSG:4490")
    assert settled(page).get_by_text("写反").first.is_visible()
    desk.picture("data-refused")
    page.click("text=坐标对调")
    assert figures(settled(page)) == [40, 40, 0, 0]
    assert page.is_checked("#swap")


def test_refused_rows_are_listed_and_come_as_a_table(desk):
    page = send(desk, DATA / "districts_gcj02.geojson")
    page.select_option("#crs", "gcj02")
    assert figures(settled(page)) == [7, 4, 3, 0]
    page.click(".data-rows button:has-text('被拒绝')")
    assert page.get_by_text("多边形的边界自相交").first.is_visible()
    with page.expect_download() as download:
        page.click("text=下载被拒绝的行")
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    assert {row[0] for row in rows[1:]} == {"5", "6", "7"}
    page.check("#repair")
    assert figures(settled(page))[:3] == [7, 7, 0]


def test_an_import_is_taken_back(desk):
    page = send(desk, stops("撤销.geojson", "U", [LON, LAT]))
    page.click("#bring")
    page.click("#undo", timeout=60_000)
    page.wait_for_selector("#outcome >> text=已撤销")
    layer = page.input_value("#layer-name")
    names = page.evaluate(
        "async () => (await (await fetch('/api/v1/layers')).json()).layers.map((one) => one.name)"
    )
    assert layer not in names
    assert "pipes" in names


def test_a_dropped_file_goes_up_like_a_chosen_one(desk):
    page = desk.page
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], '拖入.geojson', {type: 'application/geo+json'}));
          document.getElementById('drop').dispatchEvent(
            new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        stops("", "D", [LON, LAT])["buffer"].decode(),
    )
    page.wait_for_selector("#work:not([hidden])")
    settled(page)
    assert page.get_by_text("拖入.geojson").is_visible()
    assert figures(page) == [1, 1, 0, 0]


def test_names_and_texts_of_a_file_stay_texts(desk):
    evil = "<img src=x onerror=alert(1)>"
    body = json.dumps(
        {
            "type": "Feature",
            "properties": {evil: evil},
            "geometry": {"type": "Point", "coordinates": [LON, LAT]},
        }
    )
    file = {"name": f"{evil}.geojson".replace("/", ""), "mimeType": "x/y", "buffer": body.encode()}
    page = send(desk, file)
    assert page.locator("#work img").count() == 0
    assert page.get_by_text(evil).first.is_visible()


def test_a_planner_exports_only(seat):
    planner = seat("planner")
    planner.go("/data")
    page = planner.page
    page.wait_for_selector("#export-go")
    assert page.locator("#tab-import").count() == 0
    page.select_option("#export-layer", "pipes")
    page.click("text=CSV .csv")
    with page.expect_download() as download:
        page.click("#export-go")
    assert download.value.suggested_filename == "pipes.csv"
