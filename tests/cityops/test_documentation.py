"""Pages that must name everything they are about."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from cityops.cli import COMMANDS
from cityops.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def _page(name):
    return (DOCS / name).read_text("utf-8")


def test_every_dependency_has_its_reason_and_no_row_is_left_over():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        wanted += extra
    names = {re.match(r"[\w.-]+", text)[0] for text in wanted}
    rows = set(re.findall(r"^\| ([\w.-]+) \| [^|]+ \|", _page("dependencies.md"), re.MULTILINE))
    assert names <= rows, names - rows


def test_every_setting_is_documented_with_its_default():
    page = _page("settings.md")
    for item in fields(Settings):
        assert f"`CITYOPS_{item.name.upper()}`" in page, item.name
        assert item.metadata["help"] in page, item.name


def test_every_command_is_documented():
    page = _page("commands.md")
    assert [name for name in COMMANDS if f"`cityops {name}" not in page] == []


def test_no_link_between_pages_is_dead():
    dead = []
    for page in [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "README.zh.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if not (page.parent / target).exists():
                dead.append(f"{page.name}: {target}")
    assert dead == []


def test_both_readmes_lead_to_every_page():
    for readme in ("README.md", "README.zh.md"):
        text = (ROOT / readme).read_text("utf-8")
        assert [p.name for p in DOCS.glob("*.md") if f"](docs/{p.name})" not in text] == []
