"""The planner's story at a desk: draw, sum up, filter, open one pipe, print."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import shapely
from pyproj import Geod

#: A crossing of streets in the pilot area, and four corners around it on the page (1440 x 900).
PLACE = "/map?at=117.1935,39.1174,16.60&tool=underground"
CORNERS = ((500, 270), (770, 250), (810, 480), (530, 570))
AREA = "117.1921,39.1166;117.195,39.1162;117.1953,39.1184;117.1931,39.1188"
KINDS = {"water": "给水", "storm": "雨水", "sewer": "污水", "gas": "燃气", "heat": "热力", "power": "电力", "telecom": "通信", "reclaimed": "再生水"}  # fmt: skip


def ring_of(url: str) -> shapely.Polygon:
    """The polygon that an address carries."""
    text = parse_qs(urlsplit(url).query)["area"][0]
    return shapely.Polygon([tuple(map(float, at.split(","))) for at in text.split(";")])


def pipes(service, tmp_path) -> list[dict[str, Any]]:
    """All pipes, exported by the command line."""
    service.cityops("export", "pipes", "--out", str(tmp_path / "pipes.geojson"))
    return json.loads((tmp_path / "pipes.geojson").read_text(encoding="utf-8"))["features"]


def expected_sums(features, polygon) -> tuple[Counter, Counter]:
    """Count, and metres within the polygon, by kind: shapely and PROJ's geodesics on the export."""
    geod, counts, metres = Geod(ellps="GRS80"), Counter(), Counter()
    for feature in features:
        line = shapely.geometry.shape(feature["geometry"])
        if line.intersects(polygon):
            kind = feature["properties"]["kind"]
            counts[kind] += 1
            metres[kind] += geod.geometry_length(line.intersection(polygon))
    return counts, metres


def draw(page, corners, button="圈选") -> None:
    """Draw a polygon by mouse: a click for each corner, a double click for the last."""
    page.get_by_role("toolbar").get_by_role("button", name=button, exact=True).click()
    for x, y in corners[:-1]:
        page.mouse.move(x, y, steps=4)
        page.mouse.click(x, y)
        page.wait_for_timeout(350)  # two quick clicks would be a double click
    page.mouse.move(*corners[-1], steps=4)
    page.mouse.dblclick(*corners[-1])


def shown_sums(page) -> dict[str, tuple[int, float]]:
    """Count and metres of each row of the panel, the total among them."""
    rows = page.locator(".ug-table tr[data-kind]")
    rows.last.wait_for()
    return {
        row.get_attribute("data-kind"): (
            int(row.locator("[data-sum=count]").inner_text().replace(",", "")),
            float(row.locator("[data-sum=length]").get_attribute("data-metres")),
        )
        for row in rows.all()
    }


def drawn_kinds(page) -> set[str]:
    """Kinds of the pipes that the map draws now."""
    return set(
        page.evaluate(
            """() => { const { map } = window.cityops;
            const ids = map.getStyle().layers.filter((l) => l.metadata?.layer === 'pipes' && l.metadata.part === 'data').map((l) => l.id);
            return map.queryRenderedFeatures({ layers: ids }).map((f) => f.properties.kind); }"""
        )
    )


@pytest.fixture
def planner(seat):
    """A planner at the place, the tool open."""
    place = seat("planner")
    place.go(PLACE)
    place.map_idle()
    place.page.get_by_text("圈出一片，看里面有什么管线").wait_for()
    return place


def test_a_planner_draws_sums_up_filters_opens_and_prints(planner, service, tmp_path, read_pdf):
    page = planner.page
    draw(page, CORNERS)
    sums = shown_sums(page)
    polygon, features = ring_of(page.url), pipes(service, tmp_path)
    counts, metres = expected_sums(features, polygon)
    assert {kind: n for kind, (n, _) in sums.items() if kind != "total"} == dict(counts)
    for kind, expected in metres.items():
        assert sums[kind][1] == pytest.approx(expected, rel=1e-6, abs=0.01)
    assert sums["total"] == (sum(counts.values()), pytest.approx(sum(metres.values()), rel=1e-6))
    page.get_by_text(f"选区内 {sum(counts.values())} 条").wait_for()
    planner.picture("planner-sums")

    # One kind: map, list and sums alike.
    page.locator(".ug-table tr[data-kind=gas] .ug-kind").click()
    page.get_by_text(f"选区内 {counts['gas']} 条").wait_for()
    assert shown_sums(page)["total"][0] == counts["gas"]
    planner.map_idle()
    page.wait_for_timeout(300)
    assert drawn_kinds(page) == {"gas"}
    rows = page.locator(".drawer tbody tr")
    keys = [row.get_attribute("data-key") for row in rows.all()]
    by_id = {f["properties"]["id"]: f for f in features}
    assert sorted(keys) == sorted(
        key
        for key, f in by_id.items()
        if f["properties"]["kind"] == "gas"
        and shapely.geometry.shape(f["geometry"]).intersects(polygon)
    )

    # One pipe: attributes, source and quality, unknown as such.
    lacking = next(key for key in keys if by_id[key]["properties"]["depth_start_m"] is None)
    page.locator(f".drawer tr[data-key={lacking}]").click()
    panel = page.locator("#panel")
    panel.get_by_text("来源与质量").wait_for()
    words = re.sub(r"\s+", " ", panel.inner_text())
    assert lacking in words
    assert "起点埋深 未知" in words
    assert "动土前须现场探查" in words
    assert f"数据来源 {by_id[lacking]['properties']['source']}" in words
    assert "交付坐标系 CGCS2000" in words
    planner.picture("planner-pipe")
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="选区汇总").wait_for()

    # The sheet.
    page.get_by_role("button", name="打印图纸").click()
    page.get_by_text("虚线框是图上的范围").wait_for()
    page.get_by_label("标题").fill("燃气核对图 #1 $x$ *y*")
    page.get_by_label("附明细表").check()
    planner.picture("planner-sheet")
    with page.expect_download() as download:
        page.get_by_role("button", name="生成 PDF").click()
    check_sheet(download.value, read_pdf, counts["gas"], metres["gas"], keys)


def check_sheet(download, read_pdf, count, metres, keys) -> None:
    """The PDF is the selection, true to scale, with its notices."""
    scale = int(re.search(r"图_1-(\d+)_", download.suggested_filename)[1])
    pdf = read_pdf(download.path().read_bytes())
    words = pdf.text()
    assert words.startswith("燃气核对图 #1 $x$ *y*")
    assert "内部使用，非公开地图" in words
    assert "含合成数据，仅供演示" in words
    assert "只含种类为燃气" in words
    assert f"合计 {count} {round(metres):,} " in words
    assert len(pdf) >= 2
    assert all(key in pdf.everything() for key in keys)
    assert pdf.fonts() == {("NotoSansCJKsc-Regular", True)}
    bar = re.search(r"^0 [\d. ]+? (\d+) m 1:[\d ]+ CGCS2000", words, re.MULTILINE)
    parts = [p for p in pdf.paths() if p.fill in ((20, 25, 28), (255, 255, 255)) and abs(p.size()[1] - 1.6) < 1e-3]  # fmt: skip
    xs = [x for part in parts for x, _ in part.points]
    assert max(xs) - min(xs) == pytest.approx(int(bar[1]) / scale * 1000, abs=0.1)


def test_the_address_restores_the_area_and_back_goes_back(seat):
    planner = seat("planner")
    planner.go(f"{PLACE}&area={AREA}&list=pipes")
    page = planner.map_idle()
    whole = shown_sums(page)
    page.locator(".ug-table tr[data-kind=power]").get_by_role("switch").click()
    page.get_by_text(f"选区内 {whole['total'][0] - whole['power'][0]} 条").wait_for()
    assert "off=pipes:power" in page.url
    page.go_back()
    page.get_by_text(f"选区内 {whole['total'][0]} 条").wait_for()
    assert shown_sums(page) == whole
    page.reload()
    planner.map_idle()
    assert shown_sums(page) == whole
    page.keyboard.press("x")
    page.get_by_text("圈出一片，看里面有什么管线").wait_for()
    assert "area=" not in page.url
    page.get_by_role("button", name="撤销", exact=True).click()
    assert shown_sums(page) == whole


def test_a_text_narrows_the_list_within_the_area(seat):
    planner = seat("planner")
    planner.go(f"{PLACE}&area={AREA}&list=pipes")
    page = planner.map_idle()
    gas = shown_sums(page)["gas"][0]
    page.get_by_label("在列表里搜文字").fill("燃气")
    page.get_by_text(f"选区内 {gas} 条").wait_for()
    assert page.locator(".drawer tbody tr").count() == min(gas, 100)


#: A point of the page where one listed pipe lies alone under the pointer, and its key.
LONE_PIPE = """() => { const { map } = window.cityops;
  const ids = map.getStyle().layers.filter((l) => l.metadata?.layer === 'pipes' && l.metadata.part === 'data' && l.type === 'line').map((l) => l.id);
  const { x, y } = map.getCanvas().getBoundingClientRect();
  const keysAt = (i, j, r) => [...new Set(map.queryRenderedFeatures([[i - r, j - r], [i + r, j + r]], { layers: ids }).map((f) => f.properties.id))];
  for (let i = 300; i < 900; i += 2) for (let j = 100; j < 420; j += 5) {
    const [key, other] = keysAt(i, j, 4);
    if (key && !other && keysAt(i, j, 1).length === 1 && document.querySelector(`.drawer tr[data-key="${key}"]`)) return [x + i, y + j, key];
  }
  return null; }"""


def test_list_and_map_point_at_each_other_and_keys_walk_the_list(seat):
    planner = seat("planner")
    planner.go(f"{PLACE}&area={AREA}&list=pipes&on=-components,-cells")
    page = planner.map_idle()
    shown_sums(page)
    rows = page.locator(".drawer tbody tr")
    page.get_by_role("button", name="管径").click()
    page.locator("th[aria-sort=ascending]").wait_for()
    page.wait_for_timeout(500)
    sizes = [float(text.replace(",", "")) for text in rows.locator("td:nth-child(4)").all_inner_texts() if text != "未知"]  # fmt: skip
    assert sizes == sorted(sizes)
    first = rows.first.get_attribute("data-key")
    rows.first.hover()
    assert page.evaluate("() => window.cityops.layers.hovered.key") == first
    page.keyboard.press("j")
    page.locator("#panel").get_by_text(first).wait_for()
    page.keyboard.press("j")
    second = rows.nth(1).get_attribute("data-key")
    page.locator("#panel").get_by_text(second).wait_for()
    page.keyboard.press("k")
    page.locator(f".drawer tr[data-key={first}][aria-selected=true]").wait_for()
    # What lies under the pointer on the map is marked in the list.
    x, y, key = page.evaluate(LONE_PIPE)
    page.mouse.move(x + 40, y + 40)
    page.mouse.move(x, y, steps=5)
    page.locator(f".drawer tr.is-hover[data-key={key}]").wait_for()


def test_an_area_that_is_none_or_holds_nothing_says_what_to_do(planner):
    page = planner.page
    (a, b, c, d) = CORNERS
    draw(page, (a, c, b, d))
    page.get_by_text("选区的边线在 1 处交叉").wait_for()
    assert page.get_by_role("button", name="打印图纸").is_disabled()
    planner.picture("planner-crossing")
    page.get_by_role("button", name="重新圈选").click()
    page.keyboard.press("Escape")
    draw(page, ((600, 330), (640, 330), (640, 350)))
    page.get_by_role("heading", name="选区里没有管线").wait_for()
    assert page.get_by_role("button", name="重新圈选").is_visible()


def test_an_owner_sees_own_pipes_only_and_an_emergency_officer_cannot_print(seat):
    owner = seat("owner")
    owner.go(f"{PLACE}&area={AREA}")
    assert set(shown_sums(owner.page)) == {"gas", "total"}
    officer = seat("emergency")
    officer.go(f"{PLACE}&area={AREA}")
    assert set(shown_sums(officer.page)) == {*KINDS, "total"}
    assert officer.page.get_by_role("button", name="打印图纸").count() == 0
