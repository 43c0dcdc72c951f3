"""Places of imported cases: all in one look, the same as of each alone, and never those of before."""

from __future__ import annotations

from uuid import uuid4

import pytest

from cityops.services.areas import AreaLookup, AreaService
from cityops.services.case_bulk import PlaceLookup
from cityops.services.case_values import CaseFilter, CaseScope
from cityops.services.imports import cases as importing
from cityops.services.imports.cases import CaseImportService, CaseOptions
from cityops.services.locate import cells_at
from cityops.services.places import Place
from cityops.services.reading.dispatch import read_file
from cityops.services.roles import SYSTEM

from .conftest import Clock

#: Inside a cell, on the border of two, on that of two communities, on the rim, outside, nowhere.
SPOTS = ("117.201,39.105", "117.205,39.105", "117.21,39.105", "117.22,39.11", "117.3,39.2", ",")


class Reader:
    """Reads a table where it lies."""

    def read(self, path, filename, options, check=None):
        return read_file(path, filename, options)


@pytest.fixture
def bring(town, tmp_path):
    """Import a case for each of the spots, out of a system of its own; gives them in order."""
    source = str(uuid4())

    def run():
        rows = [f"A-{n},上水井盖,丢失,{spot},2026-11-24 08:00:00" for n, spot in enumerate(SPOTS)]
        path = tmp_path / "cases.csv"
        path.write_text(
            "\n".join(["案件编号,案件类别,问题描述,经度,纬度,上报时间", *rows]), "utf-8"
        )
        service = CaseImportService(town, town.files, Reader(), AreaService(), Clock())
        told = service.run(SYSTEM, path, path.name, CaseOptions(crs="EPSG:4490", source=source))
        assert told["stored"] == len(SPOTS)
        with town.reading() as tx:
            everything = CaseScope(allowed=True), CaseFilter()
            found, _ = tx.cases.page(*everything, after=None, limit=50)
        found = [record for record in found if record.extra["source"] == source]
        return sorted(found, key=lambda record: record.extra["number"])

    return run


def test_each_lies_where_it_would_alone(town, bring):
    cases = bring()
    with town.reading() as tx:
        lookup = AreaService().lookup(tx)
        for case in cases[:-1]:
            place = Place(case.lon, case.lat, (case.lon, case.lat), "cgcs2000", 0.0)
            cells = cells_at(tx, SYSTEM, place).columns["code"].tolist()
            cell = cells[0] if cells else None
            area = cell[:12] if cell else lookup.code_at(case.lon, case.lat)
            assert (case.cell, case.area) == (cell, area)
    assert [case.cell is None for case in cases] == [False] * 4 + [True] * 2


def test_numbers_run_on_within_city_and_day(bring):
    cases = bring()
    assert [case.number[:14] for case in cases] == ["99010020261124"] * 4 + ["00000020261124"] * 2
    for some in (cases[:4], cases[4:]):
        running = [int(case.number[14:]) for case in some]
        assert running == list(range(running[0], running[0] + len(some)))


def test_cells_that_change_meanwhile_count_as_they_are_when_the_cases_are_stored(
    bring, monkeypatch
):
    looks = iter([lambda *_: PlaceLookup(AreaLookup({}), None, {"cells": -1})])
    now = importing.stored_places
    monkeypatch.setattr(importing, "stored_places", lambda *a: next(looks, now)(*a))
    assert [case.cell is None for case in bring()] == [False] * 4 + [True] * 2
