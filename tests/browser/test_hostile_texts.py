"""What hostile people type into layers, cases and names is text on every page that shows it."""

from __future__ import annotations

import json
import re
from urllib.parse import quote
from uuid import uuid4

import pytest

PAYLOAD = "</script><script>window.ran=1</script><img src=x onerror=window.ran=2>"
OTHER = "'\"><svg onload=window.ran=3>{{7*7}}"
AT = "117.1933,39.1176,18.00"
LON, LAT = 117.19331, 39.11761


@pytest.fixture(scope="module")
def hostile(serve, tmp_path_factory):
    """A service with a layer, a case and accounts whose every text is a payload."""
    service = serve()
    file = tmp_path_factory.mktemp("hostile") / "layer.geojson"
    features = [
        {
            "type": "Feature",
            "properties": {"编号": f"{PAYLOAD}{i}", PAYLOAD: OTHER, "备注": PAYLOAD},
            "geometry": {"type": "Point", "coordinates": [LON + i / 1e5, LAT]},
        }
        for i in range(3)
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    report = service.cityops(
        *("import", str(file), "--layer", "hostile", "--new", "--title", PAYLOAD[:60])
    )
    assert report["stored"] == 3, report
    for name, role in (("evil-planner", "planner"), ("evil-data", "data_manager")):
        service.cityops("user", "add", name, "--role", role, "--name", PAYLOAD[:64])
    return service


@pytest.fixture
def sit(seat, hostile):
    """Sign in on the hostile service; nothing that was typed may have run at the end."""
    taken = []

    def at(name: str):
        place = seat(name, at=hostile)
        taken.append(place)
        return place

    yield at
    for place in taken:
        assert place.page.evaluate("() => window.ran") is None


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def check_shown(page, text: str) -> None:
    """Wait until the text stands on the page as text."""
    page.wait_for_function(
        "(text) => (document.body?.innerText ?? '').replace(/\\s+/g, ' ').includes(text)",
        arg=words(text),
    )


def test_a_layers_name_and_values_in_layer_list_table_and_panel(sit):
    planner = sit("planner")
    planner.go(f"/map?at={AT}&on=hostile&list=hostile")
    page = planner.map_idle()
    check_shown(page, PAYLOAD[:60])
    check_shown(page, OTHER)
    key = quote(f"hostile/{PAYLOAD}0", safe="")
    planner.go(f"/map?at={AT}&sel={key}")
    planner.map_idle()
    check_shown(page, OTHER)
    planner.picture("hostile-panel")


def test_found_by_the_search_box_and_told_in_the_dossier(sit):
    planner = sit("planner")
    planner.go(f"/map?at={AT}")
    page = planner.map_idle()
    box = page.get_by_role("combobox").or_(page.locator("input[type=search]")).first
    box.fill("</script>")
    check_shown(page, PAYLOAD)
    planner.go(f"/map?at={AT}&here={LON},{LAT}")
    planner.map_idle()
    check_shown(page, PAYLOAD[:60])


def test_a_case_in_list_panel_and_on_the_phone(sit):
    inspector = sit("inspector")
    inspector.go("/field")
    page = inspector.page
    report = {"id": str(uuid4()), "class_code": "0401", "lon": LON, "lat": LAT}
    report |= {"description": PAYLOAD, "address": OTHER}
    status = page.evaluate(FILE_CASE, report)
    assert status == 201
    inspector.go("/field")
    page.wait_for_timeout(500)
    leader = sit("acceptor")
    leader.go(f"/map?at={AT}&tool=cases&case={report['id']}")
    check_shown(leader.page, PAYLOAD)
    check_shown(leader.page, OTHER)
    leader.go(f"/dossier?lon={LON}&lat={LAT}")
    leader.page.locator("h1").first.wait_for()
    assert leader.page.locator("img[src=x], svg[onload]").count() == 0


FILE_CASE = """async (body) => {
  const token = document.querySelector('meta[name=csrf-token]').content;
  const answer = await fetch('/api/v1/cases', { method: 'POST', body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token } });
  return answer.status;
}"""


def test_a_wrong_address_and_a_wrong_name_are_repeated_as_text(sit, seat, hostile):
    planner = sit("planner")
    answer = planner.page.request.get(hostile.url + "/" + quote(PAYLOAD, safe=""))
    assert answer.status == 404
    assert "<img src=x" not in answer.text()
    visitor = seat(None, at=hostile)
    visitor.go("/login")
    visitor.page.fill("input[name=username]", PAYLOAD[:60])
    visitor.page.fill("input[type=password]", "wrong-wrong")
    visitor.page.click("button[type=submit]")
    check_shown(visitor.page, "账号或密码不对")
    assert visitor.page.evaluate("() => window.ran") is None


def test_a_hostile_name_of_a_person_in_the_top_bar(sit, hostile):
    told = hostile.cityops("user", "passwd", "evil-planner")
    page = sit("planner").page
    page.goto(hostile.url + "/map")
    token = page.locator("meta[name=csrf-token]").get_attribute("content")
    page.request.post(hostile.url + "/logout", headers={"X-CSRFToken": token})
    page.goto(hostile.url + "/login")
    page.fill("input[name=username]", "evil-planner")
    page.fill("input[type=password]", told["password"])
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto(hostile.url + "/map")
    assert PAYLOAD[:40] in page.content().replace("&lt;", "<").replace("&gt;", ">")
    assert "<img src=x onerror" not in page.content()
