"""The printed dossier over HTTP."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

PLACE = "lon=117.201&lat=39.1005"


def test_the_sheet_says_where_what_and_who_printed_it(sign_in):
    page = sign_in("planner").get(f"/dossier?{PLACE}&radius_m=100").text
    for words in ("此地一张纸", "117.201000, 39.100500", "样例区", "地下管线", "planner（规划员）"):
        assert words in page
    assert "内部使用，非公开地图" in page


def test_the_map_is_as_large_as_its_scale_says(sign_in):
    page = sign_in("planner").get(f"/dossier?{PLACE}&radius_m=50").text
    assert 'data-scale="2000"' in page
    bar = re.search(r'style="width:([\d.]+)mm".*?<span>(\d+) m</span>', page, re.DOTALL)
    assert float(bar[1]) - 0.4 == pytest.approx(float(bar[2]) / 2.0)


def test_what_people_stored_is_shown_as_text(sign_in):
    page = sign_in("data").get(f"/dossier?{PLACE}&radius_m=300").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_an_inspector_gets_no_pipes_on_paper(sign_in):
    page = sign_in("inspector").get(f"/dossier?{PLACE}&radius_m=300")
    assert page.status_code == 200
    assert "地下管线" not in page.text
    assert b"secret-" not in page.data


@pytest.mark.parametrize(
    "query",
    [
        *("", "lon=117.2", "lon=abc&lat=1", "lon=117.2&lat=39.1&radius_m=501"),
        *("lon=NaN&lat=39.1", "lon=39.1&lat=117.2", f"{PLACE}&lon=1", f"{PLACE}&colour=red"),
    ],
)
def test_a_bad_place_is_answered_with_a_page_that_says_why(sign_in, query):
    answer = sign_in("planner").get(f"/dossier?{query}")
    assert answer.status_code == 400
    assert answer.mimetype == "text/html"


def test_without_sign_in_there_is_no_sheet(client):
    answer = client.get(f"/dossier?{PLACE}")
    assert (answer.status_code, answer.location[:7]) == (302, "/login?")


def test_the_page_is_well_formed(sign_in):
    class Checker(HTMLParser):
        void = frozenset(
            {"meta", "link", "br", "path", "rect", "circle", "use", "ellipse", "input"}
        )

        def __init__(self):
            super().__init__()
            self.open, self.faults = [], []

        def handle_starttag(self, tag, attrs):
            if tag not in self.void:
                self.open.append(tag)

        def handle_endtag(self, tag):
            if tag in self.void:
                return
            if not self.open or self.open.pop() != tag:
                self.faults.append((tag, self.getpos()))

    checker = Checker()
    checker.feed(sign_in("planner").get(f"/dossier?{PLACE}&radius_m=300").text)
    assert checker.faults == []
    assert checker.open == []
