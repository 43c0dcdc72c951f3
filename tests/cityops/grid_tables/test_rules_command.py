"""``cityops rules import``: rules are tried on history, weights sum to one, nothing half stored."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from benchmarks.made_cases import filled
from cityops.services.grid.config import current_config
from cityops.store.models.cases import CaseRow, CaseStep
from grid.classes import GB_SCHEME, ClassKey
from grid.shipped import shipped_text

HEAD = "id,domain,scheme,class_prefix,body"
VENDORS = f"R1,event,{GB_SCHEME},04,"
WEIGHTS = "composite,subject,component,figure,form,weight"


@pytest.fixture
def table(tmp_path):
    def write(*lines):
        (tmp_path / "table.csv").write_text("\n".join(lines), "utf-8")
        return tmp_path / "table.csv"

    return write


@pytest.fixture
def history(store):
    """Forty closed cases of street vendors, disposed of by law enforcement."""
    rows = [
        filled(CaseRow.__table__, seq=i, id=f"c{i}", number=f"n{i}", state="closed",
               class_domain="event", class_scheme=GB_SCHEME, class_code="0401", flow="{}",
               department="enforcement", reported_at="2026-11-01T01:00:00.000Z")
        for i in range(1, 41)
    ]  # fmt: skip
    with store.writing() as tx:
        tx.connection.execute(insert(CaseRow), rows)


def body_of(store, code="0401"):
    with store.reading() as tx:
        best = current_config(tx).rules.best(ClassKey("event", GB_SCHEME, code), None, {})
    return None if best is None else best.body


def test_rules_that_history_speaks_for_are_switched_on(cityops, store, history, table):
    path = table(HEAD, VENDORS + "enforcement")
    report = cityops("rules", "import", path, "--kind", "duties")
    assert (report["stored"], report["trial"]["right"], report["trial"]["cases"]) == (True, 40, 40)
    assert body_of(store) == "enforcement"
    assert body_of(store, "0101") is None


def test_rules_worse_than_those_in_force_are_refused(cityops, store, history, table):
    refused = cityops("rules", "import", table(HEAD, VENDORS + "urban"), "--kind", "duties", code=4)
    assert refused["error"]["code"] == "routing.worse"
    assert body_of(store, "0101") is not None


def test_without_history_rules_are_switched_on_by_order_only(cityops, store, table):
    path = table(HEAD, VENDORS + "urban")
    refused = cityops("rules", "import", path, "--kind", "duties", code=4)
    assert refused["error"]["code"] == "routing.not_tried"
    assert cityops("rules", "import", path, "--kind", "duties", "--untried")["stored"] is True
    with store.reading() as tx:
        (entry, *_) = tx.audit.latest()
    assert entry["body"]["detail"]["untried"] is True


def test_a_dry_run_only_tries(cityops, store, history, table):
    path = table(HEAD, VENDORS + "urban")
    report = cityops("rules", "import", path, "--kind", "duties", "--dry-run")
    assert (report["stored"], report["trial"]["right"], report["in_force"]["right"]) == (
        False,
        0,
        40,
    )
    assert body_of(store) == "enforcement"


@pytest.mark.parametrize(
    ("kind", "lines", "code"),
    [
        ("duties", (HEAD, VENDORS + "moon"), "routing.invalid"),
        ("duties", (HEAD, VENDORS + "urban", f"R2,event,{GB_SCHEME},04,road"), "routing.invalid"),
        ("duties", ("id,domain", "1,event"), "rules.no_columns"),
        ("duties", (HEAD + ",valid_from", VENDORS + "urban,soon"), "rules.bad_rows"),
        ("weights", (WEIGHTS, "a,department,x,closing_rate,share,0.9"), "evaluation.bad_weights"),
        ("weights", (WEIGHTS, "a,department,x,closing_rate,share,much"), "rules.bad_rows"),
        ("weights", (WEIGHTS, "a,department,x,1.2.3,share,1"), "evaluation.bad_weights"),
        ("weights", (WEIGHTS,), "rules.bad_rows"),
    ],
)
def test_a_table_that_cannot_be_is_refused(cityops, store, history, table, kind, lines, code):
    refused = cityops("rules", "import", table(*lines), "--kind", kind, "--untried", code=2)
    assert refused["error"]["code"] == code
    with store.reading() as tx:
        assert tx.grid_tables.newest() == 0


def test_every_fault_of_a_table_of_duties_is_told_with_its_row(cityops, history, table):
    path = table(
        HEAD + ",valid_from",
        "R1,foo,nowhere,04,urban,",
        "",
        f"R2,event,{GB_SCHEME},04,moon,soon",
        f"R2,event,{GB_SCHEME},05,urban,",
    )
    refused = cityops("rules", "import", path, "--kind", "duties", "--untried", code=2)
    told = [(one["row"], one["field"], one["got"]) for one in refused["errors"]]
    assert told == [
        (2, "domain", "foo"),
        (2, "scheme", "nowhere"),
        (4, "valid_from", "soon"),
        (4, "body", "moon"),
        (5, "id", "R2"),
    ]


def test_a_weight_that_is_no_number_hides_no_unknown_figure(cityops, history, table):
    path = table(WEIGHTS, "a,department,x,closing_rate,share,much", "a,department,y,luck,share,1")
    refused = cityops("rules", "import", path, "--kind", "weights", code=2)
    assert {one["got"] for one in refused["errors"]} == {"much", "luck"}


def test_missing_columns_are_told_apart_from_those_given(cityops, history, table):
    refused = cityops("rules", "import", table("id,domain", "1,event"), "--kind", "duties", code=2)
    assert refused["error"]["got"] == "id、domain"
    assert "缺少列：scheme、class_prefix、body" in refused["error"]["message"]


def test_weights_of_a_city_take_the_place_of_those_that_ship(cityops, store, tmp_path):
    path = tmp_path / "weights.csv"
    text = shipped_text("composites.csv")
    path.write_text(
        text.replace("rework_rate,complement,0.30", "rework_rate,complement,0.20").replace(
            "closing_rate,share,0.30,UNI（标准附录的示例值）", "closing_rate,share,0.40,本市", 1
        ),
        "utf-8",
    )
    assert cityops("rules", "import", path, "--kind", "weights")["stored"] is True
    with store.reading() as tx:
        composite = current_config(tx).composites.of("department")
    assert [float(c.weight) for c in composite.components] == [0.1, 0.4, 0.3, 0.2]


def test_what_was_suggested_is_held_against_what_was_first_chosen(cityops, store, history):
    def step(seq, number, action, chosen, details="{}"):
        return filled(CaseStep.__table__, case_seq=seq, number=number, action=action, after="x",
                      department=chosen, at="2026-11-02T01:00:00.000Z", details=details)  # fmt: skip

    said = '{"suggested": "urban"}'
    steps = [
        step(1, 1, "dispatch", "urban", said),
        step(1, 2, "dispatch", "traffic", said),
        step(2, 1, "file", None),
        step(2, 2, "dispatch", "traffic", said),
        step(3, 1, "dispatch", "urban"),
    ]
    with store.writing() as tx:
        tx.connection.execute(insert(CaseStep), steps)
    found = cityops("rules", "accuracy", "--from", "2026-11-02", "--to", "2026-11-02")
    assert (found["numerator"], found["denominator"], found["dispatched"]) == (1, 2, 3)
    empty = cityops("rules", "accuracy", "--from", "2026-11-03", "--to", "2026-11-30")
    assert (empty["value"], empty["pairs"]) == (None, [])
