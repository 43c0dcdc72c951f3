"""An emergency officer's night: a site, a place of one's own, three masses, and where it all comes from."""

from __future__ import annotations

import json
import re

import shapely
from pyproj import Transformer

from cityops.services.scenes import scenes_folder
from hazards.blast import blast_zones
from hazards.levels import parse_level
from hazards.rounding import rounded_count, rounded_metres

WALL = {"width": 1920, "height": 1080}
PHONE = {"width": 390, "height": 844}
YARD, PILOT = (117.740116286, 39.009805552), (117.1933, 39.1176)
LEVELS = [parse_level(text) for text in ("20.7kPa", "6.9kPa", "2kPa")]
TO_METRES = Transformer.from_crs(4490, 4548, always_xy=True)


def features(name):
    for one in json.loads((scenes_folder() / "tianjin" / f"{name}.geojson").read_bytes())[
        "features"
    ]:
        shape = shapely.geometry.shape(one["geometry"])
        yield shapely.transform(shape, TO_METRES.transform, interleaved=False), one["properties"]


def people_by_hand(place, radius_m, time, with_places):
    """People of buildings by share of their footprint; of `with_places` those in the disc as well."""
    centre = shapely.Point(TO_METRES.transform(*place))
    disc = centre.buffer(radius_m, quad_segs=200)
    near = [(g, p) for g, p in features("buildings") if g.distance(centre) < radius_m]
    total = sum(p[f"people_{time}"] * g.intersection(disc).area / g.area for g, p in near)
    return total + sum(
        p[f"people_{time}"]
        for g, p in features("sensitive_places")
        if p["id"] in with_places and g.within(disc)
    )


def radii_shown(page):
    """Metres of each ring as the table says them."""
    texts = page.locator(".em-rings tbody tr td:nth-child(2)").all_inner_texts()
    return [float(text.replace(",", "").removesuffix(" m")) for text in texts]


def pure_radii(mass_kg):
    return [rounded_metres(zone.radius_m) for zone in blast_zones(mass_kg, LEVELS).zones]


def number_in(text):
    return int(re.search(r"[\d,]+", text)[0].replace(",", ""))


def click_map_at(page, place):
    x, y = page.evaluate(
        "(at) => { const p = window.cityops.map.project(at), b = window.cityops.map.getCanvas()"
        ".getBoundingClientRect(); return [p.x + b.x, p.y + b.y]; }",
        list(place),
    )
    page.mouse.click(x, y)


#: Near the port there is little to draw: software GL is slow.
PORT = "/map?tool=emergency&when=day&at=117.7401,39.0098,13.6"


def open_tool(officer, path=PORT):
    officer.go(path)
    page = officer.map_idle()
    page.wait_for_selector(".em-body > .em")
    return page


def test_a_site_from_the_list_shows_its_rings_and_who_is_in_them(seat):
    officer = seat("emergency")
    page = open_tool(officer)
    page.click("[data-site=HZ0001]")
    page.wait_for_selector(".em-result")
    assert radii_shown(page) == pure_radii(60_000)
    outer = blast_zones(60_000, LEVELS).zones[-1].radius_m
    # No building near the port counts the people of its four sensitive places.
    port = {"SP0101", "SP0102", "SP0103", "SP0104"}
    by_hand = people_by_hand(YARD, outer, "day", port)
    assert number_in(page.inner_text("[data-figure=people] b")) == rounded_count(by_hand)
    assert page.inner_text("[data-figure=places] b") == "4处"
    assert page.locator("li .em-place").count() == 4
    assert "筛查估算 screening estimate" in page.inner_text("#side header")
    assert "筛查估算 screening estimate" in page.inner_text(".em-legend")
    assert page.locator(".em-badge").all_inner_texts() == ["红\n310 m", "橙\n710 m", "黄\n1,770 m"]
    officer.picture("emergency-site")


def test_three_masses_stand_side_by_side_and_back_undoes_the_switch(seat):
    page = open_tool(seat("emergency"))
    page.click("[data-site=HZ0001]")
    page.wait_for_selector(".em-result")
    cards = page.locator(".em-alternative")
    assert [card.split()[:2] for card in cards.all_inner_texts()] == [
        ["20", "t"],
        ["60", "t"],
        ["150", "t"],
    ]
    page.click("[data-alternative=high]")
    assert radii_shown(page) == pure_radii(150_000)
    assert (
        page.locator(".em-alternative[aria-pressed=true]").get_attribute("data-alternative")
        == "high"
    )
    page.keyboard.press("1")
    assert radii_shown(page) == pure_radii(20_000)
    page.go_back()
    page.wait_for_selector(".em-result[data-alternative=high]")
    page.get_by_role("button", name="夜间").click()
    assert "夜间圈内人数" in page.inner_text("[data-figure=people]")
    page.go_back()
    page.wait_for_selector(".em-result[data-time=day]")


def test_a_clicked_place_takes_a_typed_mass_and_a_reload_keeps_the_run(seat):
    officer = seat("emergency")
    page = open_tool(
        officer,
        "/map?tool=emergency&when=day&at=117.1933,39.1176,16.5&on=-pipes,-components,-cells",
    )
    click_map_at(page, PILOT)
    page.wait_for_selector(".em-form")
    page.fill("#em-mass-likely", "很多")
    page.click(".em-form button[type=submit]")
    assert "“很多”不是数字" in page.inner_text("#em-mass-likely-bad")
    page.fill("#em-mass-likely", "500")
    page.get_by_role("button", name="倍填另两种").click()
    assert page.input_value("#em-mass-high") == "1500"
    page.reload()
    page.wait_for_selector(".em-form")
    assert page.input_value("#em-mass-likely") == "500"
    page.click(".em-form button[type=submit]")
    page.wait_for_selector(".em-result")
    before = page.inner_text(".em-body")
    assert radii_shown(page) == pure_radii(500)
    lon, lat = page.evaluate("() => window.cityops.map.getSource('em-bands')") and PILOT
    place = [float(n) for n in re.search(r"(117\.\d+), (39\.\d+)", before).groups()]
    assert abs(place[0] - lon) < 2e-5
    assert abs(place[1] - lat) < 2e-5
    outer = blast_zones(500, LEVELS).zones[-1].radius_m
    shown = number_in(page.inner_text("[data-figure=people] b"))
    # The click is good to a pixel, 0.9 m here.
    by_hand = [people_by_hand(PILOT, outer + off, "day", set()) for off in (-2, 2)]
    assert rounded_count(by_hand[0]) <= shown <= rounded_count(by_hand[1])
    page.reload()
    page.wait_for_selector(".em-result")
    assert page.inner_text(".em-body") == before
    page.go_back()
    page.wait_for_selector(".em-form")
    assert page.input_value("#em-mass-low") == "167"


def test_masses_are_read_as_people_write_them_and_faults_stand_at_their_field(seat):
    officer = seat("emergency", size=WALL)
    page = open_tool(officer, f"{PORT}&src=117.74,39.01")
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    def refused(field, *masses):
        for name, text in zip(("low", "likely", "high"), masses, strict=True):
            page.fill(f"#em-mass-{name}", text)
        page.click(".em-form button[type=submit]")
        page.wait_for_selector(f"#em-mass-{field}[aria-invalid=true]:focus")
        return page.inner_text(f"#em-mass-{field}-bad")

    assert refused("likely", "", "", "") == "至少填一种 TNT 当量"
    assert refused("likely", "5 t", "1,000", "") == "“可能”不能小于“较小”的 5 t"
    assert refused("high", "", "5", "-1") == "须大于 0"
    officer.picture("emergency-form-wall")
    assert not [url for url in asked if "hazards/runs" in url]
    inner, box = (
        page.locator(f".em-three .field:first-child {part}").bounding_box()
        for part in ("input", ".input-with")
    )
    assert inner["width"] > 0.6 * box["width"]
    unit = page.locator(".em-unit").first.bounding_box()
    assert unit["x"] + unit["width"] < box["x"] + box["width"]
    for name, text in (("low", "１，０００"), ("likely", "2 000 kg"), ("high", "3.3t")):
        page.fill(f"#em-mass-{name}", text)
    page.click(".em-form button[type=submit]")
    page.wait_for_selector(".em-result")
    cards = [card.split()[:2] for card in page.locator(".em-alternative").all_inner_texts()]
    assert cards == [["1", "t"], ["2", "t"], ["3.3", "t"]]
    assert "半球形地面爆炸" in page.inner_text(".em-legend")


def test_a_click_on_a_site_of_the_map_is_the_site_and_its_masses_can_be_changed(seat):
    page = open_tool(seat("emergency"), PORT)
    click_map_at(page, YARD)
    page.wait_for_selector(".em-result")
    assert page.inner_text(".em-source-line b") == "示例港区危险货物堆场"
    page.get_by_role("button", name="改当量").click()
    page.wait_for_selector(".em-form")
    assert page.input_value("#em-mass-likely") == "60000"
    page.fill("#em-mass-low", "")
    page.fill("#em-mass-high", "")
    page.fill("#em-mass-likely", "430,000")
    page.click(".em-form button[type=submit]")
    page.wait_for_selector(".em-result")
    assert radii_shown(page) == pure_radii(430_000)
    assert page.locator(".em-alternative").count() == 1
    assert "超出该模型试验装药的范围" in page.inner_text(".em-warnings")


def test_why_opens_model_source_range_inputs_and_rules_and_a_sheet_is_printed(seat):
    officer = seat("emergency")
    page = open_tool(officer)
    page.click("[data-site=HZ0004]")
    page.wait_for_selector(".em-result")
    page.get_by_role("button", name="依据").click()
    told = page.inner_text("#panel")
    for text in (
        *("Swisdak 1994", "ADA526744", "ln(P/kPa)", "0.2 – 198.5 m/kg^(1/3)", "超出则拒绝计算"),
        *("3 t / 9 t / 25 t", "取自危险源登记", "GB 6722 clause 13.3.3", "已与文本核对"),
        *(
            "同一人不计两次",
            "合成数据（种子生成，非实测）",
            "记录一经保存不可更改",
            "应急员庚（示例）",
        ),
    ):
        assert text in told, text
    assert "why=1" in page.url
    page.go_back()
    page.wait_for_selector("#panel", state="hidden")
    with page.expect_download() as sheet:
        page.get_by_role("button", name="打印情况单").click()
    assert re.fullmatch(r"爆炸影响情况单_\d{8}-\d{4}\.pdf", sheet.value.suggested_filename)


def test_list_and_map_name_the_same_places_and_leaving_takes_both_away(seat):
    page = open_tool(seat("emergency"))
    page.click("[data-site=HZ0001]")
    page.wait_for_selector(".em-result")
    drawn = page.evaluate(
        "async () => (await window.cityops.map.getSource('em-places').getData())"
        ".features.map((one) => one.properties.id)"
    )
    assert drawn == [row.get_attribute("data-place") for row in page.locator("[data-place]").all()]
    page.click("[data-place=SP0103]")
    page.wait_for_selector("#panel h2")
    assert "示例港城社区医院" in page.inner_text("#panel")
    assert "sel=sensitive_places/SP0103" in page.url
    page.click("[data-rail=map]")
    page.wait_for_selector(".em-body", state="detached")
    left = page.evaluate(
        "() => window.cityops.map.getStyle().layers.filter((l) => l.id.startsWith('em-')).length"
    )
    assert left == 0
    assert page.locator(".em-badge, .em-legend, .em-source").count() == 0
    assert not re.search(r"[?&](run|src|alt|when|tool|op)=", page.url)


def test_the_wall_and_the_phone_show_the_same_run(seat):
    wall = seat("emergency", size=WALL)
    page = open_tool(wall)
    page.click("[data-site=HZ0001]")
    page.wait_for_selector(".em-result")
    wall.map_idle()
    wall.picture("emergency-wall")
    size = page.evaluate(
        "() => parseFloat(getComputedStyle(document.querySelector('.em-figure b')).fontSize)"
    )
    assert size >= 48
    phone = seat("emergency", size=PHONE, has_touch=True)
    sheet = open_tool(phone, page.url.removeprefix(wall.url))
    assert radii_shown(sheet) == radii_shown(page)
    assert sheet.locator("#drawer .em-result").is_visible()
    low = sheet.evaluate(
        "() => [...document.querySelectorAll('.em button')].filter((b) => b.offsetParent"
        " && b.getBoundingClientRect().height < 44).map((b) => b.textContent)"
    )
    assert low == []
    phone.picture("emergency-phone")


def test_an_address_of_a_run_of_gas_says_that_it_is_no_blast(seat):
    officer = seat("emergency")
    page = open_tool(officer)
    run_id = page.evaluate(
        """async () => {
          const body = { lon: 117.1933, lat: 39.1176, model: 'bleve-fireball',
            mass_kg: { likely: 1000 }, heat_mj_kg: 46.3 };
          const answer = await fetch('/api/v1/hazards/zones', { method: 'POST', body: JSON.stringify(body),
            headers: { 'Content-Type': 'application/json',
              'X-CSRFToken': document.querySelector('meta[name=csrf-token]').content } });
          return (await answer.json()).run_id;
        }"""
    )
    officer.go(f"{PORT}&run={run_id}")
    page.wait_for_selector("text=这次计算不是爆炸")
    assert "火球" in page.inner_text(".em-body")
    page.click("text=另选位置")
    page.wait_for_selector("[data-site=HZ0001]")
