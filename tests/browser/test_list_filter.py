"""A person narrows the list of a foreign layer, and the map shows the same."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import expect

LON, LAT = 117.1935, 39.1175


def sites():
    """An upload of four shops in two kinds, numbered in a column called POLYID."""
    rows = [("面馆", "餐饮"), ("粥铺", "餐饮"), ("书店", "零售"), ("花店", "零售")]
    features = [
        {
            "type": "Feature",
            "properties": {"POLYID": 70 + i, "招牌": sign, "类别": kind},
            "geometry": {"type": "Point", "coordinates": [LON + i / 1000, LAT]},
        }
        for i, (sign, kind) in enumerate(rows)
    ]
    body = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    return {"name": "外地店铺.geojson", "mimeType": "x/y", "buffer": body.encode()}


@pytest.fixture
def shops(seat):
    """The map page with the layer just imported, its list open."""
    desk = seat("data")
    desk.go("/data")
    page = desk.page
    page.wait_for_selector("#drop h3")
    page.set_input_files("#file", [sites()])
    page.wait_for_selector("#work:not([hidden])")
    page.wait_for_selector("text=每行的编号取自“POLYID”", timeout=60_000)
    page.fill("#layer-name", "foreign_shops")
    page.press("#layer-name", "Tab")
    page.wait_for_timeout(450)
    page.wait_for_selector("#outcome:not(:has(.data-busy))", timeout=60_000)
    page.click("#bring")
    page.click("#on-map", timeout=60_000)
    desk.map_idle()
    return desk


def rows(page, count):
    expect(page.locator("#drawer tbody tr")).to_have_count(count, timeout=15_000)
    return page.locator("#drawer tbody tr").all_inner_texts()


def drawn(desk, count):
    """Wait until the map draws so many marks of the layer."""
    marks = (
        "() => new Set(window.cityops.map.queryRenderedFeatures({layers: ['foreign_shops-point']})"
        ".map((f) => f.properties.polyid)).size"
    )
    end = time.monotonic() + 15
    while (found := desk.page.evaluate(marks)) != count and time.monotonic() < end:
        desk.page.wait_for_timeout(200)
    assert found == count


def test_map_list_and_address_keep_one_filter_of_plain_columns(shops):
    page = shops.page
    panel = page.locator('[data-layer="foreign_shops"]')
    assert panel.locator("[aria-expanded=true]").count() == 1
    panel.get_by_role("button", name="列表").click()
    rows(page, 4)
    drawn(shops, 4)
    page.get_by_text("按列筛选").click()
    page.get_by_label("按哪一列").select_option(label="类别")
    values = page.locator(".list-column label")
    expect(values).to_have_text(["零售2", "餐饮2"])
    shops.picture("list-values")
    page.get_by_label("零售").check()
    assert "面馆" not in "".join(rows(page, 2))
    drawn(shops, 2)
    shops.picture("list-filter")
    page.get_by_text("按列筛选").click()
    page.get_by_label("在列表里搜文字").fill("花")
    assert "花店" in rows(page, 1)[0]
    drawn(shops, 1)
    page.reload()
    shops.map_idle()
    rows(page, 1)
    drawn(shops, 1)
    page.get_by_role("button", name="含“花”").click()
    page.get_by_role("button", name="类别：零售").click()
    rows(page, 4)
    drawn(shops, 4)
    assert "f=" not in page.url


def test_unknown_names_leave_the_address_and_sources_are_read_in_full(seat):
    planner = seat("planner")
    planner.go("/map?list=nolayer&tool=xxx")
    page = planner.page
    page.wait_for_selector("text=地址里的“nolayer、xxx”")
    assert "nolayer" not in page.url
    assert "xxx" not in page.url
    page.click("#credits")
    assert page.get_by_role("dialog", name="资料来源").locator("p").count() >= 1
