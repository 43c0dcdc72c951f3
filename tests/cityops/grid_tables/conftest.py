"""An empty store, the command line on it, and workbooks as cities deliver them."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from openpyxl import Workbook

from cityops.cli import output as cli_output
from cityops.cli.main import main
from cityops.settings import Settings
from cityops.store.database import create_all


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    made = create_all(Settings(data_dir=tmp_path / "data"))
    yield made
    made.dispose()


@click.command(context_settings={"ignore_unknown_options": True})
def _entry() -> None:
    main()


@pytest.fixture
def cityops(store, monkeypatch):
    """Run ``cityops ... --json`` on the store; gives its object, after comparing the exit code."""

    def run(*arguments, code=0, as_json=True):
        words = ["cityops", *map(str, arguments), *(["--json"] if as_json else [])]
        monkeypatch.setenv("CITYOPS_DATA_DIR", str(store.settings.data_dir))
        monkeypatch.setattr(sys, "argv", words)
        cli_output.settings.cache_clear()
        done = CliRunner().invoke(_entry)
        cli_output.settings.cache_clear()
        assert done.exit_code == code, done.output
        return json.loads(done.stdout) if as_json else done.stdout

    return run


@pytest.fixture
def workbook(tmp_path):
    """Write sheets ``{name: rows}`` with merged ranges as .xlsx; gives the path."""
    numbers = itertools.count(1)

    def write(sheets, merged=()) -> Path:
        book = Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
            for span in merged:
                sheet.merge_cells(span)
        path = tmp_path / f"book{next(numbers)}.xlsx"
        book.save(path)
        return path

    return write
