"""Figures of the pages on clock, workflow, routing and evaluation are made from the tables."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def _drawn():
    spec = importlib.util.spec_from_file_location("figures", DOCS / "examples/grid_figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.figures()


@pytest.mark.parametrize("name", ["clock", "workflow", "routing", "evaluation"])
def test_the_figure_of_a_page_is_what_the_tables_give(name):
    assert (DOCS / "figures" / f"{name}.svg").read_text("utf-8") == _drawn()[name] + "\n"
    assert f"](figures/{name}.svg)" in (DOCS / f"{name}.md").read_text("utf-8")
