"""``cityops calendar import`` and ``check``: days as people type them, open cases recomputed."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from benchmarks.made_cases import fill_open
from cityops.services.grid import following
from cityops.services.grid.config import current_config
from cityops.services.grid.publishing import CalendarDesk, DaysOptions, years_needed
from cityops.services.grid.recompute import moves_of
from cityops.services.roles import SYSTEM
from cityops.store.health import check_store
from gis.errors import ConflictError
from grid.clock.clock import ClockKind, due_at
from grid.clock.limit import limit_of
from grid.clock.shipped import shipped_calendars
from grid.flow.stored import case_from

COUNT = 40
HEAD = "日期,结束日期,类型,名称"
#: Made for the tests; the days of 2027 are not announced yet.
YEAR = (
    "2027-01-01,2027-01-03,休息,元旦",
    "2027/2/5,2027/2/11,休息,春节",
    "2027年2月20日,,上班,调休",
)


@pytest.fixture
def days(tmp_path):
    """Write a table of days; gives the path."""

    def write(*lines, name="days.csv"):
        (tmp_path / name).write_text("\n".join((HEAD, *lines)), "utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def cases(store):
    """Open cases whose deadlines lie in 2027, unknown while that year is."""
    fill_open(store, COUNT, shipped_calendars())
    return store


def rows(store, query):
    with store.reading() as tx:
        return [dict(row) for row in tx.connection.exec_driver_sql(query).mappings()]


def book_of(store):
    with store.reading() as tx:
        return current_config(tx).book


def desk_of(store):
    return CalendarDesk(lambda: store, lambda: datetime.now(UTC))


def check_each_alone(store):
    """Every deadline is that of its case alone, in the list and in what is evaluated."""
    book = book_of(store)
    found = rows(
        store, "SELECT r.*, f.deadline FROM case_record r JOIN case_fact f ON seq = case_seq"
    )
    for row in found:
        alone = due_at(case_from(orjson.loads(row["flow"])).clock(ClockKind.DISPOSE), book)
        assert datetime.fromisoformat(row["due_at"]) == alone.replace(
            microsecond=alone.microsecond // 1000 * 1000
        )
        assert row["deadline"] == int(alone.timestamp())


def test_a_year_that_is_published_is_known_from_then_on(cityops, store, days):
    report = cityops("calendar", "import", days(*YEAR))
    assert (report["years"], report["days"], report["stored"]) == ([2027], 11, True)
    book = book_of(store)
    # Thursday evening before New Year: Friday to Sunday are off.
    due = book.due(datetime.fromisoformat("2026-12-31T17:00+08:00"), limit_of(2, "work_hour"))
    assert due.isoformat() == "2027-01-04T09:00:00+08:00"


def test_a_limit_is_counted_by_the_calendar_of_the_data_folder(cityops, days, tmp_path):
    line = ("calendar", "due", "--from", "2026-12-31T17:00", "--amount", 2, "--unit", "work_hour")
    missing = cityops(*line, code=6)["error"]
    assert "--data" in missing["hint"]
    cityops("calendar", "import", days(*YEAR))
    found = cityops(*line)
    assert found["due_at"] == "2027-01-04T09:00:00+08:00"
    assert found["days"]["origin"] == "city"
    assert (found["days"]["published_years"], found["days"]["source"]) == ([2027], "days.csv")
    assert "其中 2027 年是本市导入的（days.csv，版本 1）" in cityops(*line, as_json=False)
    elsewhere = cityops(*line, "--data", tmp_path / "none", code=6)["error"]
    assert elsewhere["code"] == "store.missing"


def test_open_cases_are_recomputed_and_equal_to_each_alone(cityops, cases, days):
    assert (
        rows(cases, "SELECT count(*) AS n FROM case_record WHERE due_at IS NULL")[0]["n"] == COUNT
    )
    report = cityops("calendar", "import", days(*YEAR))
    assert (report["open_cases"], report["moved"], report["known"]) == (COUNT, COUNT, COUNT)
    check_each_alone(cases)


def test_a_clock_of_disposal_behind_which_others_were_started_is_recomputed(cityops, cases, days):
    """Given back to the same department: its clock goes on, that of dispatch came later."""
    with cases.writing() as tx:
        tx.connection.exec_driver_sql(
            "UPDATE case_record SET flow = json_set(flow, '$.clocks', json_array("
            "json_extract(flow, '$.clocks[0]'), json_extract(flow, '$.clocks[3]'), "
            "json_extract(flow, '$.clocks[2]'))) WHERE seq <= 7"
        )
    assert cityops("calendar", "import", days(*YEAR))["moved"] == COUNT
    check_each_alone(cases)


def test_each_history_says_so_and_stays_equal_to_its_case(cityops, cases, days):
    cityops("calendar", "import", days(*YEAR))
    with cases.reading() as tx:
        record = tx.cases.find(UUID(int=1))
        history = tx.cases.history(record.seq)
    last = history[-1]
    assert (last.action, last.number, last.actor_name) == ("recompute", record.flow.steps, "系统")
    assert "原未知，现为 2027-01-" in last.note
    assert (record.version, record.flow.last_at) == (2, last.at)


def test_the_explanation_of_a_case_knows_what_a_calendar_moved(cityops, cases, days):
    cityops("calendar", "import", days(*YEAR))
    with cases.reading() as tx:
        record = tx.cases.find(UUID(int=1))
        ((_, before, after),) = tx.cases.due_changes(record.seq)
    assert before is None
    assert datetime.fromisoformat(after) == record.due_at


def test_people_are_told_case_by_case_and_in_sum(cityops, cases, days):
    cityops("calendar", "import", days(*YEAR))
    with cases.reading() as tx:
        messages = tx.outbox.after(0, 1000)
        (entry, *_) = tx.audit.latest()
    assert [m.topic for m in messages].count("case.recompute") == COUNT
    (summary,) = [m for m in messages if m.topic == "calendar.published"]
    assert sum(summary.body["departments"].values()) == COUNT
    assert (entry["action"], entry["body"]["detail"]["moved"]) == ("calendar.recompute", COUNT)


def test_no_more_than_some_hundred_cases_are_told_one_by_one(cityops, cases, days, monkeypatch):
    monkeypatch.setattr(following, "TOLD_SINGLY", 15)
    monkeypatch.setattr(following, "AT_ONCE", 10)
    assert cityops("calendar", "import", days(*YEAR))["moved"] == COUNT
    with cases.reading() as tx:
        topics = [m.topic for m in tx.outbox.after(0, 1000)]
    assert topics.count("case.recompute") == 15


def test_closed_cases_never_change(cityops, cases, days):
    with cases.writing() as tx:
        tx.connection.exec_driver_sql("UPDATE case_record SET state = 'closed' WHERE seq <= 10")
    before = rows(cases, "SELECT * FROM case_record WHERE seq <= 10")
    assert cityops("calendar", "import", days(*YEAR))["moved"] == COUNT - 10
    assert rows(cases, "SELECT * FROM case_record WHERE seq <= 10") == before
    assert (
        rows(cases, "SELECT * FROM case_step WHERE action = 'recompute' AND case_seq <= 10") == []
    )


def test_a_dry_run_counts_and_changes_nothing(cityops, cases, days):
    before = rows(cases, "SELECT * FROM case_record")
    report = cityops("calendar", "import", days(*YEAR), "--dry-run")
    assert (report["moved"], report["stored"]) == (COUNT, False)
    assert rows(cases, "SELECT * FROM case_record") == before


def test_a_corrected_calendar_moves_what_it_touches_only(cityops, cases, days):
    cityops("calendar", "import", days(*YEAR))
    assert cityops("calendar", "import", days(*YEAR))["unchanged"] is True
    longer = ("2027-01-01,2027-01-05,休息,元旦", *YEAR[1:])
    report = cityops("calendar", "import", days(*longer))
    touched = rows(
        cases, "SELECT count(*) AS n FROM case_step WHERE action = 'recompute' AND number = 3"
    )
    assert report["later"] == report["moved"] == touched[0]["n"] > 0
    assert report["earlier"] == 0


def test_years_delivered_before_stay(cityops, store, days):
    cityops("calendar", "import", days(*YEAR))
    cityops("calendar", "import", days("2028-01-01,2028-01-10,休息,元旦"))
    assert {2026, 2027, 2028} <= book_of(store).calendar("default").days.years


def between(monkeypatch, act):
    """Do something once between the reading and the writing of the first cases."""
    told, counted = [], following.moves_of

    def then_act(*given):
        moved = counted(*given)
        if not told:
            told.append(True)
            act()
        return moved

    monkeypatch.setattr(following, "moves_of", then_act)


def test_a_case_that_moves_meanwhile_is_recomputed_as_it_is_then(cases, days, monkeypatch):
    def moves():
        with cases.writing() as tx:
            run = tx.connection.exec_driver_sql
            run("UPDATE case_record SET version = 9, description = 'new' WHERE seq = 1")
            run("UPDATE case_record SET state = 'void' WHERE seq = 2")

    between(monkeypatch, moves)
    assert desk_of(cases).bring_in(SYSTEM, days(*YEAR), DaysOptions())["moved"] == COUNT - 1
    first, second = rows(cases, "SELECT * FROM case_record WHERE seq <= 2 ORDER BY seq")
    assert (first["version"], first["description"], first["due_at"] is None) == (10, "new", False)
    assert second["due_at"] is None


def test_others_write_while_cases_follow(cases, days, monkeypatch):
    """Each transaction holds a few cases: the lock is free in between."""
    monkeypatch.setattr(following, "AT_ONCE", 10)
    written = []

    def write(*given):
        with cases.writing() as tx:
            tx.meta.put("other", len(written))
        written.append(True)
        return moves_of(*given)

    monkeypatch.setattr(following, "moves_of", write)
    assert desk_of(cases).bring_in(SYSTEM, days(*YEAR), DaysOptions())["moved"] == COUNT
    assert len(written) == COUNT // 10


def test_a_calendar_published_meanwhile_is_the_one_that_counts(cases, days, monkeypatch):
    monkeypatch.setattr(following, "AT_ONCE", 10)
    longer = days("2027-01-01,2027-01-06,休息,元旦", *YEAR[1:], name="longer.csv")
    between(monkeypatch, lambda: desk_of(cases).bring_in(SYSTEM, longer, DaysOptions()))
    desk_of(cases).bring_in(SYSTEM, days(*YEAR), DaysOptions())
    check_each_alone(cases)
    assert rows(cases, "SELECT value FROM meta WHERE name = 'calendar.following'")[0] == {
        "value": "{}"
    }


def test_two_tables_at_once_do_not_mix(cases, days):
    desk = CalendarDesk(lambda: cases, lambda: datetime.now(UTC))
    other = days("2028-01-01,2028-01-10,休息,元旦", name="other.csv")

    class Overtaken(CalendarDesk):
        def _publish(self, *given):
            desk.bring_in(SYSTEM, other, DaysOptions())
            return super()._publish(*given)

    with pytest.raises(ConflictError, match="另一份表"):
        Overtaken(lambda: cases, lambda: datetime.now(UTC)).bring_in(
            SYSTEM, days(*YEAR), DaysOptions()
        )
    assert 2027 not in book_of(cases).calendar("default").days.years


def broken_after(monkeypatch, chunks):
    """Let the recomputation break off once so many groups of ten cases were kept."""
    kept = []

    def keep(tx, *given):
        if len(kept) == chunks:
            raise sqlite3.OperationalError("disk")
        kept.append(True)
        return still_true(tx, *given)

    still_true = following._still_true
    monkeypatch.setattr(following, "AT_ONCE", 10)
    monkeypatch.setattr(following, "_still_true", keep)


@pytest.mark.parametrize("chunks", [0, 1, 3])
@pytest.mark.parametrize("by_worker", [True, False])
def test_a_recomputation_that_broke_off_is_brought_to_its_end(
    cases, days, monkeypatch, chunks, by_worker
):
    with monkeypatch.context() as patched:
        broken_after(patched, chunks)
        with pytest.raises(sqlite3.OperationalError):
            desk_of(cases).bring_in(SYSTEM, days(*YEAR), DaysOptions())
    later = CalendarDesk(lambda: cases, lambda: datetime.now(UTC) + timedelta(minutes=2))
    assert later.check()["following"] == [1]
    if by_worker:
        assert later.resume() == COUNT
    else:
        assert later.bring_in(SYSTEM, days(*YEAR), DaysOptions())["moved"] == COUNT
    check_each_alone(cases)
    steps = rows(cases, "SELECT case_seq FROM case_step WHERE action = 'recompute'")
    assert sorted(row["case_seq"] for row in steps) == list(range(1, COUNT + 1))
    assert later.resume() == 0
    assert later.check()["following"] == []


def test_nobody_else_goes_on_with_a_recomputation_that_is_under_way(cases, days, monkeypatch):
    between(monkeypatch, lambda: resumed.append(desk_of(cases).resume()))
    resumed = []
    assert desk_of(cases).bring_in(SYSTEM, days(*YEAR), DaysOptions())["moved"] == COUNT
    assert resumed == [0]


def test_a_table_is_not_published_where_the_store_fails(cases, days, monkeypatch):
    def broken(*_):
        raise sqlite3.OperationalError("disk")

    monkeypatch.setattr("cityops.services.grid.publishing.begin", broken)
    with pytest.raises(sqlite3.OperationalError):
        desk_of(cases).bring_in(SYSTEM, days(*YEAR), DaysOptions())
    assert rows(cases, "SELECT * FROM grid_table") == []
    assert rows(cases, "SELECT * FROM case_step WHERE action = 'recompute'") == []


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("2027-01-01,2027-01-12,休息,", "x,,休息,"), [(3, "calendar.bad_date")]),
        (("2027-01-01,2027-01-12,有空,",), [(2, "calendar.bad_kind")]),
        (("2027-01-12,2027-01-01,休息,",), [(2, "calendar.bad_span")]),
        (("2027-01-01,2027-01-12,休息,", "2027-01-04,,休息,"), [(3, "calendar.day_twice")]),
        (("2027-01-01,2027-01-12,休息,", "2027-03-01,,上班,"), [(3, "calendar.work_on_weekday")]),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_by_row(cityops, store, days, lines, found):
    refused = cityops("calendar", "import", days(*lines), code=2)
    assert refused["error"]["code"] == "calendar.bad_days"
    assert [(e["row"], e["code"]) for e in refused["errors"]] == found
    assert rows(store, "SELECT * FROM grid_table") == []


def test_a_few_days_are_no_year_unless_somebody_says_so(cityops, days):
    path = days("2027-01-01,,休息,元旦")
    assert cityops("calendar", "import", path, code=2)["error"]["code"] == "calendar.year_thin"
    assert cityops("calendar", "import", path, "--year", "2027")["stored"] is True


def test_a_day_of_a_year_that_was_not_named_is_refused(cityops, days):
    refused = cityops("calendar", "import", days(*YEAR), "--year", "2028", code=2)
    assert refused["errors"][0]["code"] == "calendar.year_not_listed"


def test_a_set_of_days_that_no_calendar_uses_is_not_found(cityops, days):
    refused = cityops("calendar", "import", days(*YEAR), "--name", "XX", code=3)
    assert (refused["error"]["code"], refused["error"]["expected"]) == (
        "calendar.unknown_days",
        ["CN"],
    )


def test_dates_of_a_workbook_are_dates(cityops, workbook):
    table = [["2027 年安排"], ["日期", "类型", "名称"]]
    table += [[datetime(2027, 1, 1) + timedelta(days=i), "放假", "样例"] for i in range(10)]
    assert cityops("calendar", "import", workbook({"节假日": table}))["days"] == 10


def test_a_missing_year_is_an_error_one_can_see(cityops, days, monkeypatch):
    late = datetime(2026, 11, 25, tzinfo=UTC)
    monkeypatch.setattr("cityops.services.cases.now_utc", lambda: late)
    found = cityops("calendar", "check", code=6)
    assert (found["error"]["code"], found["error"]["got"]) == ("calendar.year_missing", [2027])
    cityops("calendar", "import", days(*YEAR))
    assert cityops("calendar", "check")["missing"] == []


def test_in_spring_nobody_asks_for_next_year():
    spring = datetime(2026, 3, 1, tzinfo=UTC)
    assert years_needed(shipped_calendars(), spring)["ok"] is True


def test_the_store_stays_well(cityops, cases, days):
    cityops("calendar", "import", days(*YEAR))
    assert check_store(cases, full=True)["faults"] == []
