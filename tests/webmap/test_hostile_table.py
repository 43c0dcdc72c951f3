"""The table of bad input names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_test_that_the_tables_of_controls_name_is_there():
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    for page in ("hostile-input.md", "security.md"):
        named = set(re.findall(r"`(test_\w+\.py)`", (ROOT / "docs" / page).read_text("utf-8")))
        assert len(named) > 20
        assert named <= there, (page, named - there)
