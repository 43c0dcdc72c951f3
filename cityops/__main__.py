"""``python -m cityops``: the command without its script."""

from __future__ import annotations

from cityops.cli.main import main

main()
