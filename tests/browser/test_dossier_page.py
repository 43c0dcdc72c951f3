"""The place dossier: click anywhere and see what is there, at a desk, on a phone, on paper."""

from __future__ import annotations

import re

import pytest

PHONE = {"width": 390, "height": 844}
ON_PHONE = {
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
    "user_agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
}
#: A yard in the pilot area, and the street beside it.
YARD, STREET = (117.1930, 39.1178), (117.19345, 39.11735)
MAP = "at=117.1933,39.1176,18"
WIDTH_OF_A_METRE_MM = (
    "() => document.querySelector('.paper-map').getBoundingClientRect().width / 112"
)


def spot(page, place):
    """Where a position lies on the screen, in pixels."""
    return page.evaluate(
        "([x, y]) => { const m = window.cityops.map; const p = m.project([x, y]);"
        " const r = m.getContainer().getBoundingClientRect(); return [p.x + r.x, p.y + r.y]; }",
        list(place),
    )


def section(page, name):
    """A section of the dossier that is shown."""
    return page.locator(f'.dossier [data-section="{name}"]')


def test_a_click_on_empty_map_tells_everything_that_is_there(seat):
    planner = seat("planner")
    planner.go(f"/map?{MAP}")
    page = planner.map_idle()
    page.mouse.click(*spot(page, YARD))
    page.wait_for_selector(".dossier")
    told = page.text_content(".panel")
    for words in ("位置与责任", "120101005006013", "竞业里社区", "南营门街道", "和平区"):
        assert words in told
    for name in ("pipes", "components", "buildings", "roads"):
        assert section(page, name).count() == 1
    assert re.fullmatch(r"\d+", section(page, "pipes").locator("summary .n").text_content())
    assert "质量" in section(page, "pipes").text_content()
    assert "here=117.19" in page.url
    planner.picture("dossier-desk")


def test_every_entry_opens_the_feature_and_closing_it_leads_back(seat):
    planner = seat("planner")
    planner.go(f"/map?{MAP}&here={STREET[0]},{STREET[1]}")
    page = planner.page
    page.wait_for_selector(".dossier")
    entry = section(page, "pipes").locator(".dossier-row").first
    key = entry.get_attribute("data-key")
    entry.click()
    page.wait_for_selector(f".panel header:has-text('{key}')")
    assert f"sel=pipes/{key}" in page.url
    page.click(".panel header button[aria-label=关闭]")
    page.wait_for_selector(".dossier")
    assert "sel=" not in page.url
    page.click(".panel header button[aria-label=关闭]")
    page.wait_for_selector(".panel", state="hidden")
    assert "here=" not in page.url


def test_the_radius_is_chosen_kept_in_the_address_and_counted_again(seat):
    planner = seat("planner")
    planner.go(f"/map?{MAP}&here={YARD[0]},{YARD[1]}")
    page = planner.page
    page.wait_for_selector(".dossier")
    near = int(section(page, "components").locator("summary .n").text_content())
    page.click(".panel [data-radius='200']")
    page.wait_for_function(
        "n => Number(document.querySelector('[data-section=components] summary .n')"
        "?.textContent.replace(',', '')) > n",
        arg=near,
    )
    assert "around=200" in page.url
    page.reload()
    page.wait_for_selector(".panel [data-radius='200'][aria-pressed=true]")


def test_a_right_click_opens_it_where_something_lies_too(seat):
    planner = seat("planner")
    planner.go(f"/map?{MAP}")
    page = planner.map_idle()
    page.mouse.click(*spot(page, STREET), button="right")
    page.wait_for_selector(".dossier")
    assert "here=117.1934" in page.url


def test_a_click_on_a_thing_opens_the_thing_and_offers_the_place(seat):
    planner = seat("planner")
    planner.go(f"/map?{MAP}")
    page = planner.map_idle()
    lamp = page.evaluate(
        "() => window.cityops.map.queryRenderedFeatures([[500, 200], [1000, 700]],"
        " { layers: ['components-point'] })[0].geometry.coordinates"
    )
    page.mouse.click(*spot(page, lamp))
    page.wait_for_selector(".panel header:has-text('部件')")
    page.click(".panel footer button:has-text('此处')")
    page.wait_for_selector(".dossier")


def test_who_may_not_see_pipes_or_people_is_told_of_neither(seat):
    inspector = seat("inspector")
    inspector.go(f"/map?{MAP}&here={STREET[0]},{STREET[1]}")
    page = inspector.page
    page.wait_for_selector(".dossier")
    assert section(page, "components").count() == 1
    assert section(page, "pipes").count() == 0
    assert page.locator(".dossier .people").count() == 0


def test_emergency_staff_see_people_and_what_is_dangerous(seat):
    officer = seat("emergency")
    officer.go(f"/map?{MAP}&here={YARD[0]},{YARD[1]}&around=100")
    page = officer.page
    page.wait_for_selector(".dossier .people")
    assert re.search(r"约 [\d,]*0 人", page.text_content(".dossier .people"))
    assert section(page, "hazard_sites").count() == 1
    officer.picture("dossier-emergency")


def test_on_a_phone_it_is_a_sheet_and_the_place_stays_in_sight(seat):
    planner = seat("planner", PHONE, **ON_PHONE)
    planner.go("/map?at=117.1930,39.1184,18")
    page = planner.map_idle()
    below = spot(page, YARD)
    assert below[1] > 550
    page.touchscreen.tap(*below)
    page.wait_for_selector(".dossier")
    page.wait_for_timeout(400)
    cross = page.locator(".dossier-cross").bounding_box()
    panel = page.locator(".panel").bounding_box()
    assert cross["y"] + cross["height"] <= panel["y"]
    assert panel["width"] == 390
    planner.picture("dossier-phone")


def test_a_long_press_opens_it_where_something_lies_too(seat):
    planner = seat("planner", PHONE, **ON_PHONE)
    planner.go(f"/map?{MAP}")
    page = planner.map_idle()
    finger = page.context.new_cdp_session(page)
    touch = [{"x": 180, "y": 300}]
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": touch})
    page.wait_for_timeout(800)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_selector(".dossier")


def test_the_inspector_reads_it_on_the_field_page(seat):
    inspector = seat(
        "inspector",
        PHONE,
        **ON_PHONE,
        geolocation={"longitude": 117.1933, "latitude": 39.1176, "accuracy": 8},
        permissions=["geolocation"],
    )
    page = inspector.map_idle()
    page.wait_for_selector(".here-areas dd")
    page.tap("#here-dossier")
    page.wait_for_selector("#dossier .dossier-block")
    assert "平安大道" in page.text_content("#dossier header")
    inspector.picture("dossier-inspector")


@pytest.mark.parametrize("radius", [50, 500])
def test_it_prints_on_one_sheet_true_to_scale(seat, radius):
    planner = seat("data")
    page = planner.go(f"/dossier?lon={STREET[0]}&lat={STREET[1]}&radius_m={radius}")
    page.emulate_media(media="print")
    paper = page.evaluate(
        "() => { const p = document.querySelector('.paper');"
        " return [p.scrollHeight, p.clientHeight]; }"
    )
    assert paper[0] <= paper[1]
    millimetre = page.evaluate(WIDTH_OF_A_METRE_MM)
    bar = page.evaluate("() => document.querySelector('.paper-bar').getBoundingClientRect().width")
    scale = int(page.get_attribute(".paper-map", "data-scale"))
    metres = int(re.search(r"(\d+) m", page.text_content(".paper-foot"))[1])
    assert bar / millimetre - 0.4 == pytest.approx(metres * 1000 / scale, rel=0.01)
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert printed.count(b"/Type /Page\n") == 1 or printed.count(b"/Type /Page ") <= 1
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 900, "height": 1220})
    planner.picture(f"dossier-paper-{radius}")


def test_the_sheet_leads_back_to_the_place_on_the_map(seat):
    planner = seat("planner")
    page = planner.go(f"/dossier?lon={STREET[0]}&lat={STREET[1]}")
    page.click("nav >> text=回到地图")
    page.wait_for_selector(".dossier")
