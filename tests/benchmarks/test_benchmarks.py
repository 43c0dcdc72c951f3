"""Benchmarks run, compare answers before times, and say by their exit code what went wrong."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks import __main__ as runner
from benchmarks import results
from benchmarks.command import main
from benchmarks.contest import AnswersDiffer, Finding, PeerMissing, check_equal

#: benchmark -> the module of its peer, None where the program itself needs it
IN_PROCESS = {
    "point_in_cell": "rtree.index",
    "points_in_bulk": "shapely",
    "pipe_window": "rtree.index",
    "pending_edits": "rtree.index",
    "packed_build": None,
    "tile_encoding": "mapbox_vector_tile",
    "reports_in_bulk": None,
    "calendar_change": None,
    "evaluation_month": None,
    "underground_clearance": "shapely",
    "underground_audit": None,
    "underground_network": "networkx",
    "hazard_alarms": None,
    "evacuation": "networkx",
}
#: mapbox-vector-tile calls what shapely deprecates.
peer_warns = pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning")
ON_A_SERVICE = {"window_route": None, "tile_route": "mapbox_vector_tile", "hazard_click": None}


def test_the_benchmark_against_postgis_needs_it(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("benchmarks.postgis.DEBIAN", Path("/nowhere"))
    assert _run("underground_postgis") == 2
    assert "PostgreSQL" in capsys.readouterr().err


@pytest.mark.slow
def test_the_benchmark_against_postgis_compares_ids_before_times(capsys):
    code = _run("underground_postgis")
    if code == 2:
        pytest.skip("no PostGIS here")
    assert code == 0
    assert "PostGIS" in capsys.readouterr().out


def _without_the_last(answer):
    """A wrong answer that looks like the right one."""
    if isinstance(answer, dict):
        return dict(list(answer.items())[:-1])
    if isinstance(answer, set):
        return set(sorted(answer)[:-1])
    if isinstance(answer, tuple):
        return tuple(part[:-1] for part in answer)
    return [*answer[:-1], answer[-1][:-1]] if answer[-1] else answer[:-1]


def _run(name, *arguments):
    return main(import_module(f"benchmarks.{name}").measure, "", argv=["--quick", *arguments])


@peer_warns
@pytest.mark.parametrize("name", IN_PROCESS)
def test_a_quick_run_measures_and_reports(name, tmp_path, capsys):
    file = tmp_path / "report.json"
    assert _run(name, "--json", str(file)) == 0
    report = json.loads(file.read_text())
    assert {"python", "numpy", "shapely"} <= set(report["versions"])
    printed = capsys.readouterr().out
    assert report["findings"]
    for finding in report["findings"]:
        assert finding["ours"] > 0
        assert finding["question"] in printed


def _spoil(name, monkeypatch):
    module = import_module(f"benchmarks.{name}")
    right = module.peer_answer
    monkeypatch.setattr(module, "peer_answer", lambda *a: _without_the_last(right(*a)))


@peer_warns
@pytest.mark.parametrize("name", IN_PROCESS)
def test_a_peer_that_answers_something_else_ends_a_run_with_1(name, monkeypatch, capsys):
    _spoil(name, monkeypatch)
    assert _run(name) == 1
    assert "answers differ" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.parametrize("name", ON_A_SERVICE)
def test_so_does_one_behind_a_route(name, monkeypatch, capsys):
    _spoil(name, monkeypatch)
    assert _run(name) == 1
    assert "answers differ" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "peer"), [(n, p) for n, p in (IN_PROCESS | ON_A_SERVICE).items() if p]
)
def test_a_missing_peer_ends_a_run_with_2_and_is_named(name, peer, monkeypatch, capsys):
    def need(module, package=None):
        if module == peer:
            raise PeerMissing(package or module)
        return import_module(module)

    monkeypatch.setattr(import_module(f"benchmarks.{name}"), "need", need)
    assert _run(name) == 2
    assert peer.split(".")[0].replace("_", "-") in capsys.readouterr().err


def test_answers_are_compared_to_the_last_part():
    right = [{"a": [1, 2]}, {"b": (3.0, "x")}]
    check_equal("all", right, [{"a": [1, 2]}, {"b": (3.0, "x")}])
    for wrong in ([{"a": [1, 2]}], [{"a": [1, 3]}, {"b": (3.0, "x")}], [{"a": [1, 2]}, {"c": 1}]):
        with pytest.raises(AnswersDiffer):
            check_equal("some", right, wrong)


def _finding(value, limit, **more):
    return Finding("a thing", "3 rows", "ours", 1.5, "CPU ms", value, limit, "a goal", **more)


def test_the_page_says_which_goals_are_met_and_what_was_not_measured(tmp_path):
    good, bad = _finding(0.2, 0.5, peer_name="theirs", peer=7.5), _finding(9.0, 3.0)
    findings = [asdict(finding) | {"met": finding.met} for finding in (good, bad)]
    machine = {"processor": "P", "cores": "2", "system": "Linux", "load": "0.1 0.1 0.1"}
    report = {"versions": {"python": "3.11"}, "machine": machine, "findings": findings}
    results.write({"one": report, "two": "missing: rtree"}, folder=tmp_path)
    page = (tmp_path / "RESULTS.md").read_text()
    assert "theirs: 7.5 CPU ms (ratio 0.200)" in page
    assert "**not met**" in page
    assert "- two: missing: rtree" in page
    assert json.loads((tmp_path / "results.json").read_text())["benchmarks"]["one"] == report


def test_the_worst_of_all_runs_decides_and_unmet_goals_only_when_asked():
    missed = {"one": {"findings": [{"met": False}]}}
    assert runner.worst([0, 0], missed, strict=False) == 0
    assert runner.worst([0, 0], missed, strict=True) == 3
    assert runner.worst([2, 0], missed, strict=True) == 2
    assert runner.worst([2, 1], missed, strict=False) == 1


def test_every_benchmark_has_its_place_in_a_run_of_all():
    folder = results.HERE
    commands = [p.stem for p in folder.glob("*.py") if "sys.exit(main(measure" in p.read_text()]
    assert sorted(commands) == sorted(runner.NAMES)
