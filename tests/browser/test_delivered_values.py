"""What a page shows of delivered values, and what a finished drawing leaves under the pointer."""

from __future__ import annotations

import pytest

PLACE = "/map?at=117.1935,39.1174,16.60&tool=underground"
CORNERS = ((500, 270), (770, 250), (810, 480))


@pytest.fixture
def planner(seat):
    """A planner at the place, the tool open, a desk of 1440 x 900."""
    place = seat("planner")
    place.go(PLACE)
    place.map_idle()
    return place


@pytest.mark.parametrize("last", [(530, 570), (380, 590), (600, 575)])
def test_the_double_click_that_ends_a_polygon_opens_nothing_that_slides_in_below(planner, last):
    page = planner.page
    page.get_by_role("toolbar").get_by_role("button", name="圈选", exact=True).click()
    for x, y in CORNERS:
        page.mouse.move(x, y, steps=4)
        page.mouse.click(x, y)
        page.wait_for_timeout(350)  # two quick clicks would be a double click
    page.mouse.move(*last, steps=4)
    page.mouse.dblclick(*last)
    page.locator("#list-count").wait_for()
    page.wait_for_timeout(700)
    assert page.locator(".credits-pop, .coords-pop").count() == 0
    assert page.locator(".drawer tr[aria-selected]").count() == 0
    # A hand that moves there means it.
    page.locator("#credits").hover()
    page.mouse.move(*[n + 3 for n in centre(page.locator("#credits"))])
    page.locator(".credits-pop").wait_for()


def centre(locator):
    """Middle of an element on the page."""
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_delivered_numbers_keep_their_digits_and_lose_only_binary_noise(planner):
    shown = planner.page.evaluate(
        """async () => { const { exact } = await import('cityops/i18n');
        return [0.0123, 0.1 + 0.2, 1234567.00049, Math.fround(0.3), 6.02e-7, -12, 0.5, 123456792]
          .map((n) => exact(n)).concat(exact(0.0123, 'm')); }"""
    )
    assert shown == [
        "0.0123", "0.3", "1,234,567.00049", "0.3", "0.000000602", "-12", "0.5", "123,456,792", "0.0123 m"
    ]  # fmt: skip


def test_at_1024_the_layers_are_folded_and_every_list_of_cases_can_be_chosen(seat):
    place = seat("dispatcher", size={"width": 1024, "height": 768})
    place.go("/map?tool=cases")
    place.map_idle()
    assert "is-shut" in place.page.locator("#layers").get_attribute("class")
    tab = place.page.get_by_role("button", name="我上报的")
    right = place.page.locator("#side").bounding_box()
    box = tab.bounding_box()
    assert box["x"] + box["width"] <= right["x"] + right["width"]
    seg = place.page.locator(".case-tools .seg")
    assert seg.evaluate("e => e.scrollWidth <= e.clientWidth")
    place.picture("cases-1024")


def test_only_one_kind_is_that_kind_alone_on_map_list_and_address(planner):
    where = planner.page.evaluate(
        """() => { const { layers } = window.cityops; layers.onlyClasses('pipes', ['gas']);
        const only = layers.where('pipes'); layers.onlyClasses('pipes', null);
        return [only, layers.where('pipes')]; }"""
    )
    assert where == [{"kind": ["gas"]}, {}]
