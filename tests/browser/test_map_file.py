"""A map file in a real browser without any network: it opens, and what people typed stays text."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

from cityops.services.scenes import SceneService
from cityops.settings import Settings
from cityops.store.database import create_all
from gis.features import FeatureBatch, object_array
from gis.layers import CodeItem, FieldSpec, FieldType, GeometryKind, LayerSpec, Style, Title
from webmap.foliummap.page import Part, map_page

#: Each would run a script if it became markup, or the end of the script it stands in.
PAYLOADS = (
    "</script><script>window.ran=1</script><img src=x onerror=window.ran=2>",
    "<img src=x onerror=window.ran=3>",
    "'\"><svg onload=window.ran=4>",
    "{{7*7}}${7*7}<%= 7*7 %>`+(window.ran=5)+`",
    "\\');window.ran=6;//",
    "<!--<script>window.ran=7</script>",
    "javascript:window.ran=8",
    "]]></script><style onload=window.ran=9>",
    "\u2028window.ran=10\u2029",
)
PICTURES = Path(__file__).parent / "out"
KINDS = {
    GeometryKind.POINT: lambda x: shapely.Point(x, 39.1),
    GeometryKind.LINE: lambda x: shapely.LineString([(x, 39.1), (x + 0.002, 39.1)]),
    GeometryKind.POLYGON: lambda x: shapely.box(x, 39.1, x + 0.002, 39.101),
}


def hostile_part(kind: GeometryKind) -> Part:
    """A layer of which every name and every value is a payload."""
    payload = PAYLOADS[0]
    title = Title(payload, payload)
    codes = tuple(CodeItem(p, Title(p, p)) for p in PAYLOADS[:2])
    spec = LayerSpec(
        name=f"hostile_{kind.value}s",
        title=title,
        group="user",
        geometry=kind,
        fields=(
            FieldSpec("code", title, FieldType.TEXT),
            FieldSpec("note", Title(PAYLOADS[1], ""), FieldType.TEXT, unit=PAYLOADS[2]),
            FieldSpec("kind", title, FieldType.CODE, codes=codes),
        ),
        key="code",
        category_field="kind",
        style=Style(class_field="kind", radius=12),
        notice=payload,
    )
    n = len(PAYLOADS)
    batch = FeatureBatch(
        spec=spec,
        fids=np.arange(n),
        geometry=object_array(KINDS[kind](117.2 + i / 100) for i in range(n)),
        columns={
            "code": object_array(PAYLOADS),
            "note": object_array(PAYLOADS[::-1]),
            "kind": object_array(PAYLOADS),
        },
        areas=object_array([""] * n),
    )
    return Part(spec, batch, spec.field_names, notices=PAYLOADS)


@pytest.fixture
def opened(browser, tmp_path):
    """Open a page from disk, offline; gives it with what it asked for and what went wrong."""
    context = browser.new_context(viewport={"width": 1000, "height": 700}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("dialog", lambda d: (wrong.append(d.message), d.dismiss()))

    def go(text: str):
        file = tmp_path / "map.html"
        file.write_text(text, "utf-8")
        page.goto(file.as_uri())
        page.wait_for_selector("canvas, path.leaflet-interactive", state="attached")
        return page, [a for a in asked if not a.startswith((file.as_uri(), "data:"))], wrong

    yield go
    context.close()


def page_of(*parts: Part, title: str = PAYLOADS[0]) -> str:
    return map_page(parts, title, made=datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC))


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_people_typed_is_shown_as_text_and_nothing_of_it_runs(opened, kind):
    page, asked, wrong = opened(page_of(hostile_part(kind)))
    assert page.title() == " ".join(PAYLOADS[0].split())
    assert PAYLOADS[0] in page.locator("h1").inner_text()
    assert all(" ".join(p.split()) in page.locator("footer").inner_text() for p in PAYLOADS[:3])
    for i in range(3):
        at = shapely.get_coordinates(shapely.centroid(KINDS[kind](117.2 + i / 100)))[0]
        page.evaluate(OPEN_POPUP, at.tolist())
        popup = page.locator(".leaflet-popup-content")
        popup.wait_for()
        assert " ".join(PAYLOADS[i].split()) in " ".join(popup.inner_text().split())
        assert popup.locator("img, svg, script, style").count() == 0
    assert page.evaluate("() => window.ran") is None
    assert (asked, wrong) == ([], [])


#: Fires a click where a feature lies, as Leaflet's own renderers hear it.
OPEN_POPUP = """([lon, lat]) => {
  const map = Object.values(window).find((v) => v && v instanceof L.Map);
  map.closePopup();
  let found = null;
  map.eachLayer((l) => {
    const middle = l.getLatLng ? l.getLatLng() : l.getBounds && l.feature && l.getBounds().getCenter();
    if (l.feature && middle && Math.abs(middle.lng - lon) < 1e-6) found = l;
  });
  found.fire('click', { latlng: L.latLng(lat, lon) }, true);
}"""


def test_several_hostile_layers_have_their_names_as_text_in_the_list_of_layers(opened):
    page, asked, wrong = opened(page_of(*(hostile_part(kind) for kind in KINDS)))
    legend = page.locator("main > details")
    assert PAYLOADS[1] in legend.inner_text()
    assert legend.locator("img, script, svg").count() == 0
    names = page.locator(".leaflet-control-layers-overlays label")
    assert names.count() == 3
    assert PAYLOADS[0] in names.first.inner_text()
    names.first.click()
    assert page.evaluate("() => window.ran") is None
    assert (asked, wrong) == ([], [])


def test_a_script_that_got_in_all_the_same_would_not_run(opened):
    """The second wall: the page's own policy, with a nonce that only its own scripts have."""
    text = page_of(hostile_part(GeometryKind.POINT))
    text = text.replace(
        "<footer>", "<script>window.ran=1</script><img src=x onerror=window.ran=2><footer>"
    )
    page, _, wrong = opened(text)
    page.wait_for_timeout(200)
    assert page.evaluate("() => window.ran") is None
    assert any("Content Security Policy" in text for text in wrong)


def test_the_command_writes_a_file_that_opens_without_network(opened, tmp_path):
    folder = tmp_path / "data"
    store = create_all(Settings(data_dir=folder))
    SceneService(store).set_up("tianjin")
    store.dispose()
    out = tmp_path / "out.html"
    command = [sys.executable, "-m", "cityops", "map", "--layer", "districts", "--layer", "roads"]
    done = subprocess.run(
        [*command, "--layer", "power_plants", "--out", str(out), "--title", "电厂与道路", "--json"],
        env={**os.environ, "CITYOPS_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["features"]["districts"] == 16
    page, asked, wrong = opened(out.read_text("utf-8"))
    assert "电厂与道路" in page.locator("h1").inner_text()
    assert "内部使用，非公开地图" in page.locator("header").inner_text()
    sources = page.locator("footer").inner_text()
    assert "CC BY 4.0" in sources
    assert "上游授权未说明" in sources
    assert page.locator(".leaflet-control-layers-overlays label").count() == 3
    assert (asked, wrong) == ([], [])
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / "map-file.png")
