"""Requests of another city and another system become cases: each row once, as it stood."""

from __future__ import annotations

import csv
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cityops.services.case_acts import Act
from cityops.services.imports.cases import CaseImportService, CaseOptions
from cityops.services.imports.times import TimeReader, zone_named
from cityops.services.roles import SYSTEM, Person, Role
from gis.errors import CrsError, ForbiddenError, InvalidError
from grid.flow.states import CaseAction, CaseState

NEW_YORK = {"crs": "wgs84", "source": "NYC 311", "time_zone": "America/New_York"}
FEET = {
    **NEW_YORK,
    "crs": "EPSG:2263",
    "map": ("x=X Coordinate (State Plane)", "y=Y Coordinate (State Plane)"),
}


@pytest.fixture
def bring_cases(city):
    """Import a table of cases: ``bring_cases(path, crs=..., source=...)`` gives the report."""
    service = CaseImportService(
        city.store, city.store.files, city.imports._reader, city.areas, city.imports._now
    )

    def run(path, person=SYSTEM, **options):
        return service.run(person, path, path.name, CaseOptions(**options))

    return run


@pytest.fixture
def requests(data):
    with (data / "requests.csv").open(newline="", encoding="utf-8") as file:
        return {row["Unique Key"]: row for row in csv.DictReader(file)}


def stored(city):
    """All cases by the number they had."""
    leader = Person(9, "值班长", frozenset({Role.SHIFT_LEADER}))
    out, after = {}, None
    while True:
        page = city.cases.page(leader, after=after, limit=500)
        for case in page["cases"]:
            record = city.cases.reach(leader, case["id"])
            out[record.extra["number"]] = record
        after = page["next"]
        if after is None:
            return out


def test_a_thousand_requests_of_new_york_become_cases(bring_cases, data, city, requests):
    told = bring_cases(data / "requests.csv", **NEW_YORK)
    assert (told["rows_in"], told["stored"], told["refused_rows"]) == (1000, 1000, 0)
    notes = {note["code"]: note["what"] for note in told["warnings"]}
    assert "107" in notes["case.no_position"]
    assert "10" in notes["case.closed_before_reported"]
    cases = stored(city)
    assert cases.keys() == requests.keys()
    assert sum(case.lon is not None for case in cases.values()) == 893
    assert sum(case.due_at is not None for case in cases.values()) == 486
    for number, row in requests.items():
        case = cases[number]
        assert case.class_name == row["Complaint Type"]
        assert case.description == row["Descriptor"].strip()
        assert (case.lon is None) == (row["Longitude"] == "")
        if case.lon is not None:
            assert [case.lon, case.lat] == pytest.approx(
                [float(row["Longitude"]), float(row["Latitude"])], abs=1e-9
            )


def test_times_are_those_of_new_york_summer_and_winter(bring_cases, data, city, requests):
    bring_cases(data / "requests.csv", **NEW_YORK)
    cases = stored(city)
    for number, row in requests.items():
        said = datetime.strptime(row["Created Date"], "%m/%d/%Y %I:%M:%S %p")
        wanted = said.replace(tzinfo=ZoneInfo("America/New_York"))
        assert cases[number].reported_at == wanted


def test_states_are_closed_or_to_be_accepted(bring_cases, data, city, requests):
    bring_cases(data / "requests.csv", **NEW_YORK)
    for number, case in stored(city).items():
        row = requests[number]
        ended = row["Status"] == "Closed" or row["Closed Date"] != ""
        assert case.flow.state is (CaseState.CLOSED if ended else CaseState.REPORTED)


def test_the_variant_in_feet_lies_at_the_same_places(bring_cases, data, city, requests):
    from pyproj import Geod

    assert bring_cases(data / "requests.csv", **FEET)["stored"] == 1000
    wgs84 = Geod(ellps="WGS84")
    for number, case in stored(city).items():
        row = requests[number]
        if case.lon is not None:
            at = float(row["Longitude"]), float(row["Latitude"])
            assert wgs84.inv(*at, case.lon, case.lat)[2] < 0.2


def test_the_same_requests_again_are_all_known(bring_cases, data, city):
    bring_cases(data / "requests.csv", **NEW_YORK)
    with pytest.raises(InvalidError) as refusal:
        bring_cases(data / "requests.csv", **NEW_YORK)
    assert {fault.code for fault in refusal.value.errors} == {"import.key_exists"}
    assert len(stored(city)) == 1000


def test_a_rehearsal_stores_no_case(bring_cases, data, city):
    assert bring_cases(data / "requests.csv", **NEW_YORK, dry_run=True)["stored"] == 1000
    assert stored(city) == {}


def test_history_begins_with_the_import_and_can_go_on(bring_cases, data, city):

    bring_cases(data / "requests.csv", **NEW_YORK)
    open_one = next(c for c in stored(city).values() if c.flow.state is CaseState.REPORTED)
    acceptor = Person(8, "受理员", frozenset({Role.ACCEPTOR}))
    whole = city.cases.get(acceptor, open_one.id)
    assert [step["title"] for step in whole["history"]] == ["导入"]
    moved = city.cases.move(acceptor, open_one.id, Act(CaseAction.ACCEPT, version=whole["version"]))
    assert moved["history"][-1]["action"] == "accept"


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="gb18030"):
        path = tmp_path / "案件.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_a_chinese_table_finds_its_columns_and_our_classes(bring_cases, table, city):
    text = (
        "案件编号,案件类别,问题描述,经度,纬度,上报时间,办结时间\n"
        "A-1,上水井盖,丢失,117.2,39.1,2026-11-24 08:00:00,\n"
        "A-2,稀奇的类别,说不清,,,2026/11/24 9:30,2026年11月24日 10:00\n"
    )
    told = bring_cases(table(text), crs="EPSG:4490", source="老平台")
    assert told["stored"] == 2
    cases = stored(city)
    assert cases["A-1"].class_key.domain == "component"
    assert cases["A-2"].class_key.scheme == "老平台"
    assert cases["A-1"].reported_at.isoformat() == "2026-11-24T00:00:00+00:00"
    assert cases["A-2"].flow.state is CaseState.CLOSED


def test_bad_rows_are_named_and_the_others_stored(bring_cases, table):
    text = (
        "案件编号,案件类别,经度,纬度,上报时间\n"
        "A-1,井盖,117.2,39.1,2026-11-24\n"
        "A-1,井盖,117.2,39.1,2026-11-24\n"
        "A-3,,117.2,39.1,2026-11-24\n"
        "A-4,井盖,117.2,39.1,昨天\n"
        "A-5,井盖,东边,39.1,2026-11-24\n"
        "A-6,井盖,117.2,39.1,2026-02-30\n"
    )
    told = bring_cases(table(text), crs="EPSG:4490")
    assert told["stored"] == 1
    assert [(r["row"], r["code"]) for r in told["refused"]] == [
        (3, "import.key_exists"),
        (4, "field.required"),
        (5, "field.type"),
        (6, "csv.not_a_number"),
        (7, "field.type"),
    ]


def test_only_a_data_manager_of_the_whole_city_imports_cases(bring_cases, data):
    for person in (
        Person(1, "值班长", frozenset({Role.SHIFT_LEADER})),
        Person(2, "区数据员", frozenset({Role.DATA_MANAGER}), areas=("120101",)),
    ):
        with pytest.raises(ForbiddenError):
            bring_cases(data / "requests.csv", person=person, **NEW_YORK)


def test_a_table_without_a_system_is_refused(bring_cases, data):
    with pytest.raises(CrsError):
        bring_cases(data / "requests.csv", source="NYC 311")


class TestTimes:
    """Times as tables write them."""

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("2026-11-24T08:30:00+08:00", "2026-11-24T08:30:00+08:00"),
            ("2026-11-24 08:30", "2026-11-24T08:30:00+08:00"),
            ("2026/1/2", "2026-01-02T00:00:00+08:00"),
            ("2026-11-24T00:30:00Z", "2026-11-24T00:30:00+00:00"),
            ("25/12/2026 11:00 PM", "2026-12-25T23:00:00+08:00"),
            ("01/12/2026 12:05:00 AM", "2026-12-01T00:05:00+08:00"),
        ],
    )
    def test_are_read(self, text, wanted):
        reader = TimeReader([text, "25/12/2026"], zone_named(None))
        assert reader.read(text).isoformat() == wanted

    @pytest.mark.parametrize(
        "text", ["2026-02-30", "13:00", "2026-11-24 25:00", "99/99/2026", "", "1/1/2026 13:00 PM"]
    )
    def test_that_are_none_are_not_guessed(self, text):
        assert TimeReader([text, "25/12/2026"], zone_named(None)).read(text) is None

    def test_whether_day_or_month_comes_first_is_not_guessed(self):
        with pytest.raises(InvalidError) as refusal:
            TimeReader(["01/02/2026", "03/04/2026"], zone_named(None))
        assert refusal.value.code == "import.date_order"

    @pytest.mark.parametrize("name", ["Mars/Olympus", "+25:00", "../../etc/passwd"])
    def test_an_unknown_zone_is_refused(self, name):
        with pytest.raises(InvalidError):
            zone_named(name)
