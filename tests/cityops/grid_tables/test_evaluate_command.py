"""``cityops evaluate``: figures of a period, the lists behind them, and SQL that says the same."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert

from benchmarks.made_cases import fill_closed, filled
from cityops.services.accounts import AccountService
from cityops.services.grid.evaluation import Basis, By, EvaluationService, Period
from cityops.services.roles import SYSTEM, Person, Role
from cityops.store.models.cases import CaseFact, CaseRow
from gis.errors import ForbiddenError
from grid.evaluation.evaluate import TOTAL
from grid.evaluation.facts import Fact
from grid.evaluation.figures import COUNT_OF, RATE_OF

SQL = (Path(__file__).parents[3] / "docs/examples/evaluation_month.sql").read_text("utf-8")
JANUARY = ("--from", "2026-01-01", "--to", "2026-01-31")
MONTH = Period(date(2026, 1, 1), date(2026, 1, 31), Basis.DEADLINE)
NOW = datetime(2026, 1, 20, tzinfo=UTC)
PEOPLE = ("reporter", "verifier", "inspector", "acceptor", "filer", "closer", "dispatcher")
POSTS = dict(
    zip(PEOPLE, ("collector",) * 3 + ("acceptor", "filer", "filer", "dispatcher"), strict=True)
)
FIGURES = sorted({*COUNT_OF, *RATE_OF})


def random_facts(count: int) -> list[dict]:
    """Facts with any combination of flags, open and closed, with and without a deadline."""
    rng = np.random.default_rng(11)
    start, end = int(datetime(2025, 12, 1, tzinfo=UTC).timestamp()), int(MONTH.end.timestamp())
    out = []
    for seq in range(1, count + 1):
        deadline = None if rng.random() < 0.1 else int(rng.integers(start, end + 864_000))
        late = rng.random() < 0.3
        out.append(
            {
                "case_seq": seq,
                "bits": int(rng.integers(0, 1 << 34)) & ~(0 if late else int(Fact.LATE)),
                **{n: int(rng.integers(0, 3)) for n in ("reworks", "extensions", "returns")},
                "bodies": int(rng.integers(1, 4)),
                "overtime": 1.0 + float(rng.random()) if late else 0.0,
                "reported": int(rng.integers(start, end + 864_000)),
                "deadline": deadline,
                "is_open": bool(rng.random() < 0.4),
                "department": ["", "urban", "road"][int(rng.integers(3))],
                "street": ["", "120101001", "120101002"][int(rng.integers(3))],
                **{n: f"{POSTS[n]}/{rng.integers(1, 4)}" for n in PEOPLE},
                "missed_by": f"collector/{rng.integers(1, 4)}",
            }
        )
    return out


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """A store with a month of random facts."""
    from cityops.settings import Settings
    from cityops.store.database import create_all

    store = create_all(Settings(data_dir=tmp_path_factory.mktemp("month") / "data"))
    facts = random_facts(600)
    rows = [
        filled(CaseRow.__table__, seq=f["case_seq"], id=f"id-{f['case_seq']}", number=f["case_seq"],
               department=f["department"], area=f["street"] + "001", state="closed")
        for f in facts
    ]  # fmt: skip
    with store.writing() as tx:
        tx.connection.execute(insert(CaseRow), rows)
        tx.connection.execute(insert(CaseFact), facts)
    yield store
    store.dispose()


@pytest.fixture(scope="module")
def service(month):
    return EvaluationService(lambda: month, lambda: NOW)


@pytest.fixture(scope="module")
def rows(service):
    return {by: service.evaluate(SYSTEM, MONTH, by)["rows"] for by in By}


def by_sql(store, now=NOW):
    with sqlite3.connect(store.settings.data_dir / "cityops.db") as connection:
        connection.row_factory = sqlite3.Row
        times = {
            "first": MONTH.start.timestamp(),
            "until": MONTH.end.timestamp(),
            "now": now.timestamp(),
        }
        return {row["subject"]: dict(row) for row in connection.execute(SQL, times)}


def same(a, b):
    """Equal numbers, or no value on either side."""
    return a is b is None or (None not in (a, b) and a == pytest.approx(b, rel=1e-12))


def test_an_independent_script_recomputes_the_month(month, rows):
    expected = by_sql(month)
    assert [row["key"] for row in rows[By.DEPARTMENT]] == ["road", "urban", TOTAL]
    names = {name for name in FIGURES if not name.endswith("_due_sent")}
    for row in rows[By.DEPARTMENT]:
        sql = expected[row["key"]]
        assert names <= sql.keys()
        told = {name: row["figures"][name]["value"] for name in names}
        different = {n: (told[n], sql[n]) for n in names if not same(told[n], sql[n])}
        assert different == {}


@pytest.mark.parametrize("by", list(By))
def test_the_list_behind_every_figure_has_exactly_that_many_cases(service, rows, by):
    """Of every subject and of the total, numerators and denominators."""
    acts = {"reworks", "extensions", "returns", "overtime"}
    some = [rows[by][0], rows[by][-1]]
    for row in some:
        for name in FIGURES:
            figure = row["figures"][name]
            parts = ("numerator", "denominator") if name in RATE_OF else ("numerator",)
            for part in parts:
                found = service.behind(SYSTEM, MONTH, by, name, row["key"], part)
                assert found["count"] == len({c["id"] for c in found["cases"]})
                assert found["value"] == pytest.approx(figure[part])
                if name not in acts and not (name == "overtime_multiple" and part == "numerator"):
                    assert found["count"] == figure[part], (row["key"], name, part)


def test_subjects_and_cases_without_one_add_up_to_the_total(rows, service, month):
    *streets, total = rows[By.STREET]
    nowhere = service.behind(SYSTEM, MONTH, By.STREET, "reported", "")["count"]
    assert (
        sum(r["figures"]["reported"]["value"] for r in streets) + nowhere
        == (total["figures"]["reported"]["value"])
    )


def test_what_nobody_recorded_is_nothing_in_the_figures_the_list_and_the_script(tmp_path):
    from cityops.cli.evaluate import list_text, table_text
    from cityops.settings import Settings
    from cityops.store.database import create_all

    store = create_all(Settings(data_dir=tmp_path / "data"))
    facts = random_facts(40)
    for fact in facts:
        fact["bits"] &= ~int(Fact.MISSED | Fact.CALLED_BACK)
    rows = [
        filled(CaseRow.__table__, seq=f["case_seq"], id=f"id-{f['case_seq']}", number=f["case_seq"])
        for f in facts
    ]
    with store.writing() as tx:
        tx.connection.execute(insert(CaseRow), rows)
        tx.connection.execute(insert(CaseFact), facts)
    service = EvaluationService(lambda: store, lambda: NOW)
    told = service.evaluate(SYSTEM, MONTH, By.DEPARTMENT)
    sql = by_sql(store)[TOTAL]
    total = told["rows"][-1]["figures"]
    for name in ("misses", "miss_rate", "called_back", "result_satisfaction"):
        assert total[name]["value"] is sql[name] is None
        assert "没有记录" in total[name]["why"]
    assert "未记录" in table_text(told, ("miss_rate", "misses"))
    behind = service.behind(SYSTEM, MONTH, By.DEPARTMENT, "misses", TOTAL)
    assert (behind["value"], behind["count"], behind["why"]) == (None, 0, total["misses"]["why"])
    assert behind["why"] in list_text(behind)
    store.dispose()


def test_zero_of_zero_has_no_value(service):
    empty = Period(date(2020, 1, 1), date(2020, 1, 31), Basis.DEADLINE)
    (total,) = service.evaluate(SYSTEM, empty, By.DEPARTMENT)["rows"]
    assert total["figures"]["closing_rate"] == {"value": None, "numerator": 0, "denominator": 0}
    assert total["figures"]["filed"]["value"] == 0


def test_the_two_bases_differ_by_the_cases_carried_over(service, month):
    found = {
        basis: service.evaluate(SYSTEM, Period(MONTH.first, MONTH.last, basis), By.STREET)
        for basis in Basis
    }
    first, until = MONTH.start.timestamp(), MONTH.end.timestamp()
    facts = random_facts(600)
    due = [f["reported"] if f["deadline"] is None else f["deadline"] for f in facts]
    assert found[Basis.DEADLINE]["cases"] == sum(first <= t < until for t in due)
    assert found[Basis.REPORTED]["cases"] == sum(first <= f["reported"] < until for f in facts)
    assert "到期时间" in found[Basis.DEADLINE]["period"]


def test_a_case_becomes_overdue_as_time_goes_by(month):
    counts = [
        EvaluationService(lambda: month, lambda now=now: now).evaluate(SYSTEM, MONTH, By.STREET)
        for now in (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 2, 10, tzinfo=UTC))
    ]
    early, late = (c["rows"][-1]["figures"]["overdue_open"]["value"] for c in counts)
    assert early < late
    assert late == by_sql(month, datetime(2026, 2, 10, tzinfo=UTC))[TOTAL]["overdue_open"]


def test_by_index_and_without_it_is_the_same(month):
    day = Period(date(2026, 1, 5), date(2026, 1, 6), Basis.DEADLINE)
    with month.reading() as tx:
        scope = _everything()
        assert tx.facts._is_small(day)
        assert not tx.facts._is_small(MONTH)
        some, seqs = tx.facts.columns(day, ["street"], scope, NOW)
        _, many = tx.facts.columns(MONTH, ["street"], scope, NOW)
    assert len(some) == len(seqs) > 0
    assert set(seqs.tolist()) <= set(many.tolist())


def _everything():
    from cityops.services.case_scope import scope_of

    return scope_of(SYSTEM)


def test_a_person_is_shown_their_own_areas_only(service):
    officer = Person(5, "街道", frozenset({Role.STREET_OFFICER}), areas=frozenset({"120101001"}))
    found = service.evaluate(officer, MONTH, By.STREET)
    assert [row["key"] for row in found["rows"]] == ["120101001", TOTAL]
    with pytest.raises(ForbiddenError):
        service.evaluate(Person(6, "市民", frozenset({Role.CITIZEN})), MONTH, By.STREET)


def test_people_of_each_post_have_rows_of_their_own(rows):
    keys = [row["key"] for row in rows[By.POST]]
    assert keys[-1] == TOTAL
    assert len(keys) == len(set(keys))
    assert {key.partition("/")[0] for key in keys[:-1]} == set(POSTS.values())
    assert set(rows[By.POST][0]["scores"]) == {"collector"}


def test_the_command_prints_the_basis_and_a_table(cityops, store):
    fill_closed(store, 50)
    told = cityops("evaluate", *JANUARY, "--by", "department", as_json=False)
    assert "统计口径：2026-01-01 至 2026-01-31（含首尾两日），处置到期时间在期内的案件" in told
    assert "按期处置率" in told
    assert "合计" in told
    found = cityops("evaluate", *JANUARY, "--by", "department", "--basis", "reported")
    assert found["basis"] == "reported"
    assert set(found["rows"][-1]["figures"]["filed"]) == {"value", "numerator", "denominator"}


@pytest.mark.parametrize(
    ("by", "known"),
    [("department", "drainage"), ("street", "120101003"), ("post", "filer/1")],
)
def test_a_key_that_nobody_knows_is_refused_and_one_without_cases_is_not(cityops, store, by, known):
    AccountService(store).add(SYSTEM, "lead", [Role.SHIFT_LEADER], password="open-sesame-7")
    listed = ("evaluate", *JANUARY, "--by", by, "--list", "filed", "--key")
    assert cityops(*listed, known)["count"] == 0
    refused = cityops(*listed, "post/9" if by != "post" else "filer/999", code=3)["error"]
    assert (refused["code"], refused["field"]) == ("evaluation.unknown_key", "key")
    assert known in refused["expected"]


def test_the_command_lists_the_cases_behind_a_figure(cityops, store):
    fill_closed(store, 50)
    whole = cityops("evaluate", *JANUARY, "--by", "street", "--list", "closed", "--key", "total")
    assert whole["count"] == len(whole["cases"]) > 0
    told = cityops("evaluate", *JANUARY, "--by", "street", "--list", "closed", as_json=False)
    assert f"案件 {whole['count']} 件" in told
    times = {case["reported_at"] for case in whole["cases"]}
    assert {(len(text), text[-6:]) for text in times} == {(25, "+08:00")}


@pytest.mark.parametrize(
    ("more", "code", "name"),
    [
        (("--from", "2026-02-01", "--to", "2026-01-01"), 2, "evaluation.bad_period"),
        (("--from", "2026-02-01", "--to", "9999-12-31"), 2, "evaluation.bad_period"),
        ((*JANUARY, "--list", "moon"), 3, "evaluation.unknown_figure"),
        ((*JANUARY, "--list", "filed", "--by", "post", "--key", "x"), 2, "evaluation.bad_key"),
        (("--from", "gestern", "--to", "2026-01-01"), 2, "cli.usage"),
    ],
)
def test_what_cannot_be_told_is_refused_with_its_own_error(cityops, more, code, name):
    refused = cityops("evaluate", "--by", "department", *more, code=code)
    assert refused["error"]["code"] == name
