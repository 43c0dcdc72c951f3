"""The example that needs no server, and the figures of the pages."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pypdfium2
import pytest

DOCS = Path(__file__).parents[2] / "docs"
UNIT = {
    "substances": [{"row": 1, "quantity_t": 20}, {"cas": "7782-50-5", "quantity_t": 10}],
    "people_500m": 120,
}


def _example(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _shelter(number, lon, lat):
    point = {"type": "Point", "coordinates": [lon, lat]}
    values = {"id": f"S{number}", "name": f"避难场所{number}", "capacity": 20_000}
    return {"type": "Feature", "properties": values, "geometry": point}


def _text_of(path):
    with pypdfium2.PdfDocument(path) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    return "".join("".join(texts).split())


def test_from_an_inventory_and_a_place_to_a_sheet_without_a_server(tmp_path):
    module, out = _example("hazard_report"), tmp_path / "out"
    unit, shelters = tmp_path / "unit.json", tmp_path / "shelters.geojson"
    unit.write_text(json.dumps(UNIT))
    features = [_shelter(1, 117.188, 39.114), _shelter(2, 117.2, 39.1215)]
    shelters.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    words = [str(unit), "117.1933", "39.1176", str(out), "--shelters", str(shelters)]
    told = module.report(module.arguments(words))
    assert (told["S"], told["grade"]) == (4, 3)
    assert [one["radius_m"] for one in told["outermost"].values()] == [210, 359, 569]
    people = [one["people_by_night"] for one in told["outermost"].values()]
    assert people == sorted(people)
    assert 0 < told["evacuated"]["low_s"] <= told["evacuated"]["high_s"]
    assert (out / "situation.pdf").read_bytes().startswith(b"%PDF-")
    brief = _text_of(out / "brief.pdf")
    moved = f"{told['evacuated']['people']['assigned']:,}"
    for word in ("三级", "分级指标R", "GB18218-2018", "避难场所2", "封路", moved):
        assert word in brief, word
    assert (told["evacuated"]["zone"]["alternative"], told["evacuated"]["people"]["no_room"]) == (
        "high",
        0,
    )
    left = json.loads((out / "evacuation.json").read_text("utf-8"))["people"]
    assert left["known"] == left["assigned"] + left["no_route"]
    assert json.loads((out / "zones.json").read_text("utf-8"))["kept"] is True


def test_the_figures_of_the_pages_are_those_that_the_program_draws(tmp_path):
    module = _example("hazard_figures")
    module.draw(tmp_path)
    for path in tmp_path.glob("*.svg"):
        assert path.read_text("utf-8") == (DOCS / "figures" / path.name).read_text("utf-8"), (
            path.name
        )


@pytest.mark.parametrize("page", ["hazards", "dispersion", "fires", "releases", "grading"])
def test_every_figure_stands_on_a_page_with_the_words_of_its_models(page):
    text = (DOCS / f"{page}.md").read_text("utf-8")
    assert re.findall(r"!\[[^\]]+\]\(figures/hazard_\w+\.svg\)", text)


def test_every_model_has_its_section_and_its_figure():
    from hazards.registry import models

    text = "".join(
        (DOCS / f"{n}.md").read_text("utf-8") for n in ("hazards", "dispersion", "fires")
    )
    assert [m.name for m in models() if f"`{m.name}`" not in text] == []
    drawn = set(_example("hazard_figures").FIGURES_BY_NAME)
    pages = text + "".join((DOCS / f"{n}.md").read_text("utf-8") for n in ("releases", "grading"))
    assert {name for name in drawn if f"figures/{name}.svg" not in pages} == set()
