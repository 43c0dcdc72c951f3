"""The page of the model city tells its figures."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from generate.cells import cells_of
from generate.city import plan_of
from generate.figures import BEGIN, END, block_of, least_cover, with_figures
from generate.frame import Settings
from generate.scene import NAME

from gis.errors import InvalidError

PAGE = Path(__file__).parents[2] / "docs" / "model-city.md"


@pytest.fixture(scope="module")
def totals(small_scene):
    return orjson.loads((small_scene / NAME / "statistics.json").read_bytes())


def test_the_block_of_figures_is_what_the_program_makes_and_the_rest_is_left_alone(totals):
    page = PAGE.read_text("utf-8")
    made = with_figures(page, totals)
    assert made.partition(BEGIN)[0] == page.partition(BEGIN)[0]
    assert made.partition(END)[2] == page.partition(END)[2]
    assert block_of(totals) in made
    assert with_figures(made, totals) == made


def test_the_page_has_the_same_rows_as_the_program_makes_of_any_city(totals):
    def first_words(text):
        lines = [line for line in text.splitlines() if line.startswith("| ")]
        return {line.split("|")[1].strip() for line in lines}

    _, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    assert first_words(rest.partition(END)[0]) >= first_words(block_of(totals))


def test_every_row_of_a_table_has_as_many_cells_as_its_head(totals):
    for table in block_of(totals).split("\n\n"):
        widths = {line.count("|") for line in table.splitlines() if line.startswith("|")}
        assert len(widths) <= 1, table


def test_lengths_by_kind_sum_up_and_shares_of_components_to_all(totals):
    for pilot in totals["pilots"]:
        below = pilot["below"]
        assert sum(k["km"] for k in below["pipes"].values()) == pytest.approx(
            below["pipe_km"], abs=0.001
        )
        assert sum(below["component_groups"].values()) == below["components"]


def test_a_page_without_marks_is_refused(totals):
    with pytest.raises(InvalidError):
        with_figures("# A page", totals)


def test_least_covers_are_told_with_clause_and_how_sure_they_are():
    assert least_cover("storm") == "0.7 m (GB 50289-2016 表4.1.1, verified_text)"
    assert least_cover("no such kind") == "unknown"


@pytest.mark.slow
def test_the_page_tells_the_counts_of_the_model():
    settings = Settings()
    made = [(plan, cells_of(plan)) for plan in (plan_of(settings, p) for p in settings.pilots())]
    counts = {
        "lots": [len(plan.lots) for plan, _ in made],
        "buildings": [len(plan.buildings) for plan, _ in made],
        "unit grid cells": [len(cells.code) for _, cells in made],
    }
    rows = [line.split("|") for line in PAGE.read_text("utf-8").splitlines()]
    for name, wanted in counts.items():
        row = next(r for r in rows if len(r) > 5 and r[1].strip() == name)
        assert [int(cell.replace(" ", "")) for cell in row[2:5]] == wanted, name
