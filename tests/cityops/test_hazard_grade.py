"""The command ``cityops hazard grade``: its fixed form and its refusals."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cityops.cli.main import cli

UNIT = {
    "substances": [{"row": 1, "quantity_t": 20}, {"cas": "7782-50-5", "quantity_t": 10}],
    "people_500m": 120,
}


@pytest.fixture
def grade(tmp_path):
    """Gives a function that grades a document: exit code and what was printed."""

    def run(document, *, as_json=True):
        file = tmp_path / "unit.json"
        held = document if isinstance(document, bytes) else json.dumps(document).encode()
        file.write_bytes(held)
        arguments = ["hazard", "grade", str(file), *(["--json"] if as_json else [])]
        done = CliRunner().invoke(cli, arguments)
        assert not isinstance(done.exception, Exception), done.exception
        return done.exit_code, json.loads(done.stdout) if as_json else done.stdout

    return run


def test_the_fixed_form(grade):
    code, found = grade(UNIT)
    assert code == 0
    assert (found["S"], found["major"], found["R"]) == (4, True, 24)
    assert (found["alpha"], found["grade"], found["edition"]) == (2, 3, "GB 18218-2018")
    assert found["warnings"] == []
    first = {name: found["terms"][0][name] for name in ("row", "q_t", "Q_t", "beta", "q_over_Q")}
    assert first == {"row": 1, "q_t": 20, "Q_t": 10, "beta": 2, "q_over_Q": 2}


def test_a_missing_symbol_is_null_with_its_reason(grade):
    code, found = grade({"substances": [{"row": 57, "quantity_t": 50}], "people_500m": 0})
    assert code == 0
    assert (found["S"], found["major"], found["R"], found["grade"]) == (1, True, None, None)
    assert found["terms"][0]["beta"] is None
    assert "gb18218.symbol_missing" in {w["code"] for w in found["warnings"]}


def test_an_ambiguous_cas_is_refused_with_its_rows(grade):
    code, found = grade({"substances": [{"cas": "6484-52-2", "quantity_t": 9}], "people_500m": 0})
    assert code == 2
    assert found["error"]["code"] == "gb18218.ambiguous"
    assert [row["row"] for row in found["error"]["expected"]] == [43, 44]


def test_the_text_for_people(grade):
    code, told = grade(UNIT, as_json=False)
    assert code == 0
    assert "S = 4，R = 24：构成重大危险源，三级" in told
    assert "筛查估算，来源：GB 18218-2018" in told


@pytest.mark.parametrize("held", [b"\xff\xfe{}", b"{", b" " * 4_000_001, b"null"])
def test_files_that_are_no_inventory_are_refused(grade, held):
    code, found = grade(held)
    assert code == 2
    assert found["error"]["code"].split(".")[0] in ("hazard", "inventory")


def test_a_byte_order_mark_is_no_fault(grade):
    assert grade(b"\xef\xbb\xbf" + json.dumps(UNIT).encode())[0] == 0


def test_a_file_that_is_not_there_is_refused(tmp_path):
    done = CliRunner().invoke(cli, ["hazard", "grade", str(tmp_path / "none.json"), "--json"])
    assert done.exit_code == 3
    assert json.loads(done.stdout)["error"]["message"].startswith("没有文件")


def test_every_fault_of_every_line_is_told_at_once_with_row_and_field(tmp_path):
    file = tmp_path / "unit.json"
    file.write_text(
        """{"substances": [{"row": 1, "quantity_t": NaN}, {"row": 99, "quantity_t": 1},
        {"cas": "7664-41-8", "quantity_t": -3}, {"cas": 5, "name": 6, "quantity_t": 1}],
        "people_500m": -1}""",
        "utf-8",
    )
    done = CliRunner().invoke(cli, ["hazard", "grade", str(file), "--json"])
    found = json.loads(done.stdout)
    assert found["error"]["code"] == "inventory.invalid"
    assert [(e.get("row"), e["field"]) for e in found["errors"]] == [
        (1, "quantity_t"), (2, "row"), (3, "quantity_t"), (3, "cas"), (4, "cas"), (4, "name"),
        (None, "people_500m"),
    ]  # fmt: skip


def test_what_is_no_inventory_is_told_what_one_looks_like(grade):
    _, found = grade({"substances": "chlorine"})
    assert found["error"]["got"] == "chlorine"
    assert "substances" in found["error"]["expected"]
