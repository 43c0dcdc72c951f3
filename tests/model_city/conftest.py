"""The generator of the model city, and a small city of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# The generator is no installed package: it lies beside the scenes that it makes.
sys.path.insert(0, str(Path(__file__).parents[2] / "fixtures" / "tianjin"))

from generate.cells import cells_of
from generate.city import plan_of
from generate.frame import Settings
from generate.scene import NAME, write_scene


@pytest.fixture(scope="session")
def quarter():
    """A quarter of the inner city: the plan and its cells."""
    settings = Settings(scale=0.25)
    plan = plan_of(settings, settings.pilots()[0])
    return plan, cells_of(plan)


@pytest.fixture(scope="session")
def small_scene(tmp_path_factory):
    """Folder of scenes with a city of a twentieth of the model's area."""
    folder = tmp_path_factory.mktemp("scenes")
    write_scene(Settings(scale=0.05), folder / NAME)
    return folder
