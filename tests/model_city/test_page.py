"""The page of the model city tells its figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from generate.cells import cells_of
from generate.city import plan_of
from generate.frame import Settings

PAGE = Path(__file__).parents[2] / "docs" / "model-city.md"


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
