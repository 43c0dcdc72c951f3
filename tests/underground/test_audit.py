"""The audit: its six answers, its laws, and that pairs equal a plain loop over all of them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from cityops.services.underground.audits import run_audit
from gis.errors import ConflictError
from underground.audit.answers import ANSWERS, CHECKS, Findings
from underground.audit.checks import AuditSettings
from underground.audit.report import finding_rows
from underground.audit.tiles import Audit, audit_pipes
from underground.clearance.pairs import clearances
from underground.frames import findings_frame, pipes_of_frame
from underground.heights import DatumError
from underground.pipes import pipes_of_survey
from underground.rules.tables import shipped_rules
from underground.survey.model import Sheet
from underground.survey.tables import survey_of_tables

KINDS = np.array(["给水", "污水", "雨水", "燃气", "热力", "电力", "通信", "中水"], object)


def frame(*rows):
    """(kind, size, WKT, more) as a frame; "east north height" from a local origin."""
    moved = [
        shapely.transform(
            shapely.from_wkt(f"LINESTRING Z ({wkt})"),
            lambda at: np.asarray(at) + np.array([517_000.0, 4_332_000.0, 0.0]),
            include_z=True,
        )
        for _, _, wkt, *_ in rows
    ]
    columns = {
        "管线编号": [f"p{i}" for i in range(len(rows))],
        "管类": [r[0] for r in rows],
        "管径": [r[1] for r in rows],
    }
    more = [r[3] if len(r) > 3 else {} for r in rows]
    for name in sorted({name for m in more for name in m}):
        columns[name] = [m.get(name) for m in more]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=4548)


def checked(*rows, **settings):
    """Answers by check of the first two pipes; errors of points as in a manhole."""
    given = [
        (*r[:3], {"探查方式": "明显点", "埋设方式": "ZM"} | (r[3] if len(r) > 3 else {}))
        for r in rows
    ]
    pipes = pipes_of_frame(frame(*given), datum="1985")
    audit = Audit(pipes, shipped_rules(), AuditSettings(**settings))
    result = audit_pipes(pipes, shipped_rules(), audit.settings)
    found = {row["check"]: row for row in finding_rows(audit, result.findings)}
    return found, result.counts


BESIDE = "0 0 -2, 30 0 -2"


def test_the_classic_mistake_axes_are_far_enough_and_walls_are_not():
    found, _ = checked(
        ("给水", "300", BESIDE, {"材质": "QM"}),
        ("污水", "600", "0 1.7 -2, 30 1.7 -2", {"材质": "T"}),
    )
    row = found["horizontal"]
    assert row["answer"] == "fail_but_reducible_with_measures"
    assert row["gap_m"] == pytest.approx(1.7 - 0.163 - 0.36, abs=1e-4)
    assert row["required_m"] == 1.5
    assert row["rule"]["clause"] == "表4.1.9"
    assert row["rule"]["confidence"] == "verified_text"
    assert row["rule"]["conditions"] == "water (d>200mm) – sewer_storm"
    assert row["draft"] is True
    assert "规则草案" in row["message"]
    assert row["sigma_m"] == pytest.approx(0.05 * np.sqrt(2), abs=1e-4)


@pytest.mark.parametrize(
    ("a", "b", "check", "answer"),
    [
        (("给水", "100"), ("污水", "300", "0 1.36 -2, 30 1.36 -2"), "horizontal", "pass"),
        (("给水", "100"), ("污水", "300", "0 0.5 -2, 30 0.5 -2"), "horizontal",
         "fail_but_reducible_with_measures"),
        (("给水", "100"), ("污水", "300", "0 1.2 -2, 30 1.2 -2"), "horizontal",
         "within_survey_error"),
        (("给水", "100"), ("给水", "100", "0 0.25 -2, 30 0.25 -2"), "horizontal", "no_rule"),
        (("给水", "100"), ("燃气", "100", "0 0.8 -2, 30 0.8 -2"), "horizontal",
         "insufficient_data"),
        (("给水", "100"), ("燃气", "100", "0 0.75 -2, 30 0.75 -2", {"压力": "中压A"}), "horizontal",
         "pass"),
        (("给水", "100"), ("污水", "300", "5 -9 -2.1, 5 9 -2.1"), "vertical", "fail"),
        (("给水", "100"), ("污水", "300", "5 -9 -2.5, 5 9 -2.5"), "vertical",
         "fail_but_reducible_with_measures"),
        (("给水", "100"), ("污水", "300", "5 -9 -3, 5 9 -3"), "vertical", "pass"),
        (("给水", "100"), ("污水", "300", "0 0.15 -4, 30 0.15 -4"), "stacking",
         "within_survey_error"),
        (("给水", "600"), ("污水", "800", "0 0.05 -4, 30 0.05 -4"), "stacking", "fail"),
        (("给水", "100"), ("污水", "300", "5 -9 -1, 5 9 -1"), "order",
         "fail_but_reducible_with_measures"),
        (("给水", "100"), ("污水", "300", "5 -9 -3, 5 9 -3"), "order", "pass"),
    ],
)  # fmt: skip
def test_each_check_gives_each_answer(a, b, check, answer):
    _, counts = checked((*a, BESIDE), b)
    assert {x: n for (c, x), n in counts.items() if c == check} == {answer: 1}


def test_a_barrier_plate_may_bring_the_limit_down_but_not_below_its_floor():
    cable = ("电力", "100", "5 -9 -2, 5 9 -2")
    some, _ = checked(("给水", "100", "0 0 -2.45, 30 0 -2.45"), cable)
    hard, _ = checked(("给水", "100", "0 0 -2.22, 30 0 -2.22"), cable)
    assert some["vertical"]["answer"] == "fail_but_reducible_with_measures"
    assert hard["vertical"]["answer"] == "fail"


def test_what_the_limit_does_not_depend_on_is_not_asked_for():
    """The voltage of a cable counts beside telecom and not beside water."""
    cable = ("电力", "100", "0 0.7 -2, 30 0.7 -2")
    beside_water, _ = checked(("给水", "100", BESIDE), cable)
    beside_telecom, _ = checked(("通信", "100", BESIDE), cable)
    assert beside_water["horizontal"]["answer"] == "within_survey_error"
    assert beside_telecom["horizontal"]["missing"] == ["voltage"]
    assert beside_telecom["horizontal"]["answer"] == "insufficient_data"


def test_what_keeps_none_of_the_limits_that_may_apply_fails_by_the_least_of_them():
    """0.5 or 2.0 m by the voltage: at 0.1 m the voltage does not matter."""
    cable = ("电力", "100", "0 0.25 -2, 30 0.25 -2")
    found, _ = checked(("通信", "100", BESIDE), cable)
    row = found["horizontal"]
    assert row["answer"] == "fail_but_reducible_with_measures"
    assert row["required_m"] == row["rule"]["limit_m"] == 0.5


def test_a_size_that_is_unknown_is_named_as_such():
    found, _ = checked(("给水", None, BESIDE), ("污水", "300", "0 1.2 -2, 30 1.2 -2"))
    assert found["horizontal"]["answer"] == "insufficient_data"
    assert found["horizontal"]["missing"] == ["size"]


@pytest.mark.parametrize(
    ("kind", "mode", "freezes"),
    [("给水", "ZM", True), ("电力", "ZM", True), ("电力", "GK", False), ("燃气", "ZM", False)],
)
def test_the_frost_depth_is_what_is_asked_for_where_it_is_greater(kind, mode, freezes):
    head = ["点号", "X", "Y", "地面高程"]
    points = Sheet("p", head, [["a", 0, 0, 5], ["b", 0, 9, 5]], [2, 3])
    head = ["起点", "终点", "起点埋深", "终点埋深", "管类", "管径", "材质", "埋设方式"]
    lines = Sheet("l", head, [["a", "b", 1.0, 1.0, kind, "200", "G", mode]], [2])
    pipes = pipes_of_survey(survey_of_tables(points, lines, datum="1985"))
    audit = Audit(pipes, shipped_rules(), AuditSettings(frost_m=1.2, times_sigma=0))
    result = audit_pipes(pipes, shipped_rules(), audit.settings)
    asked = [row["required_m"] for row in finding_rows(audit, result.findings)]
    assert asked == ([1.2] if freezes else [])
    plain = audit_pipes(pipes, shipped_rules(), AuditSettings(times_sigma=0))
    assert plain.counts["cover", "pass"] == 1


def test_an_unknown_way_of_laying_leaves_the_limit_open():
    telecom = ("通信", "100", "5 -9 -2.4, 5 9 -2.4", {"埋设方式": None})
    found, _ = checked(("给水", "100", BESIDE), telecom)
    assert found["vertical"]["answer"] == "insufficient_data"
    assert found["vertical"]["missing"] == ["laying"]


def test_unknown_heights_leave_crossings_open_and_plan_decided():
    flat = ("污水", "300", "5 -9 nan, 5 9 nan")
    found, _ = checked(("给水", "100", BESIDE), flat)
    assert found["vertical"]["answer"] == "insufficient_data"
    assert found["vertical"]["missing"] == ["heights"]


def test_what_lies_in_a_trench_does_not_clash_with_it():
    trench = ("热力", "1200x900", BESIDE, {"埋设方式": "GG"})
    inside = ("热力", "300", "0 0.1 -2, 30 0.1 -2")
    _, counts = checked(trench, inside)
    assert {c for c, _ in counts} == {"cover"}


def test_overhead_lines_are_left_out():
    _, counts = checked(
        ("给水", "100", BESIDE), ("电力", "100", "5 -9 6, 5 9 6", {"埋设方式": "JK"})
    )
    assert sum(counts.values()) == 1


def test_heights_of_an_unknown_datum_are_refused():
    pipes = pipes_of_frame(frame(("给水", "100", BESIDE)))
    with pytest.raises(DatumError):
        audit_pipes(pipes, shipped_rules())


def test_sets_of_different_datums_do_not_join():
    one = pipes_of_frame(frame(("给水", "100", BESIDE)), datum="1985")
    other = pipes_of_frame(frame(("给水", "100", BESIDE)), datum="dagu")
    with pytest.raises(DatumError):
        one.joined(other)


# -- laws --------------------------------------------------------------------------------------


def city(n, seed, bends=False):
    """n seeded pipes on about 100 pipes per hectare, some bent, some boxes, some without heights."""
    rng = np.random.default_rng(seed)
    side = np.sqrt(n / 100) * 100
    start = rng.uniform(0, side, (n, 2))
    angle = rng.choice([0, np.pi / 2], n) + rng.normal(0, 0.1, n)
    long = rng.uniform(5, 40, n)
    step = np.column_stack([np.cos(angle), np.sin(angle)]) * long[:, None]
    z = rng.uniform(-3.5, -0.8, n)
    rows = []
    for i in range(n):
        a, b = start[i], start[i] + step[i]
        mid = (a + b) / 2 + rng.normal(0, 2, 2)
        places = [a, mid, b] if bends and i % 3 == 0 else [a, b]
        height = "nan" if i % 17 == 0 else f"{z[i]:.3f}"
        wkt = ", ".join(f"{x:.3f} {y:.3f} {height}" for x, y in places)
        size = "800x600" if i % 11 == 0 else str(rng.choice([100, 200, 300, 600]))
        more = {"埋设方式": str(rng.choice(["ZM", "GK"])), "压力": rng.choice(["中压A", None])}
        rows.append((rng.choice(KINDS), size, wkt, more))
    return frame(*rows)


def as_set(pipes, findings):
    ids = np.append(pipes.ids, None)
    return sorted(
        (CHECKS[c], ANSWERS[w], ids[a], str(ids[b]), round(g, 9) if g == g else None)
        for c, w, a, b, g in zip(
            findings.check, findings.answer, findings.a, findings.b, findings.gap_m, strict=True
        )
    )


@pytest.mark.parametrize("tile_m", [37.0, 200.0, 10_000.0])
def test_every_tiling_gives_the_same_answer(tile_m):
    pipes = pipes_of_frame(city(300, 1, bends=True), datum="1985")
    one, other = (audit_pipes(pipes, shipped_rules(), tile_m=t) for t in (500.0, tile_m))
    assert one.counts == other.counts
    for name in Findings.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one.findings, name), getattr(other.findings, name))


def test_tiles_so_small_that_every_pipe_spans_very_many_give_the_same_answer():
    pipes = pipes_of_frame(city(60, 5, bends=True), datum="1985")
    one, other = (audit_pipes(pipes, shipped_rules(), tile_m=t) for t in (500.0, 2.0))
    assert one.counts == other.counts
    for name in Findings.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one.findings, name), getattr(other.findings, name))


def test_a_pipe_across_half_a_continent_has_the_tiles_of_its_pairs_only():
    pipes = pipes_of_frame(
        frame(
            ("给水", "200", "-20 20 -1, 3800000 -3800000 -1"),
            ("污水", "300", "-9 -9 -3, 9 9 -3"),
            ("燃气", "100", "0 40 -1, 30 40 -1"),
        ),
        datum="1985",
    )
    audit = Audit(pipes, shipped_rules())
    assert len(audit.tiles) <= 6
    counts = audit_pipes(pipes, shipped_rules()).counts
    assert sum(n for (check, _), n in counts.items() if check == "vertical") == 1


def test_the_order_of_rows_does_not_change_the_answer():
    lines = city(250, 2)
    mixed = lines.sample(frac=1, random_state=3)
    one, two = (pipes_of_frame(f, datum="1985") for f in (lines, mixed))
    found = [audit_pipes(p, shipped_rules()) for p in (one, two)]
    assert found[0].counts == found[1].counts
    assert as_set(one, found[0].findings) == as_set(two, found[1].findings)


def test_the_candidates_of_the_tree_are_all_that_a_loop_over_all_pairs_finds():
    pipes = pipes_of_frame(city(160, 4), datum="1985")
    result = audit_pipes(pipes, shipped_rules())
    i, j = np.triu_indices(len(pipes), 1)
    found = clearances(pipes.solids, i, pipes.solids, j)
    meet = found.crosses | (found.horizontal_m < 0)
    assert sum(n for (c, _), n in result.counts.items() if c == "vertical") == meet.sum()
    listed = {
        tuple(sorted((pipes.ids[a], pipes.ids[b])))
        for c, a, b in zip(result.findings.check, result.findings.a, result.findings.b, strict=True)
        if CHECKS[c] == "horizontal"
    }
    near = ~meet & (found.horizontal_m < 0.2)  # below every horizontal limit but that of cables
    kinds = pipes.kind
    ruled = np.array([kinds[a] != kinds[b] for a, b in zip(i, j, strict=True)])
    expected = {
        tuple(sorted((pipes.ids[a], pipes.ids[b])))
        for a, b in zip(i[near & ruled], j[near & ruled], strict=True)
    }
    assert expected <= listed


def test_several_processes_and_a_second_start_give_the_same_answer(tmp_path):
    pipes = pipes_of_frame(city(200, 5), datum="1985")
    audit = Audit(pipes, shipped_rules(), tile_m=60.0)
    plain = run_audit(audit)
    steps = []
    both = run_audit(
        audit, workers=2, folder=tmp_path, progress=lambda done, of: steps.append((done, of))
    )
    for path in sorted(tmp_path.glob("tile_*"))[::2]:
        path.unlink()
    sorted(tmp_path.glob("tile_*"))[0].write_bytes(b"broken")
    again = run_audit(Audit(pipes, shipped_rules(), tile_m=60.0), folder=tmp_path)
    assert steps[-1] == (len(audit.tiles), len(audit.tiles))
    for other in (both, again):
        assert other.counts == plain.counts
        np.testing.assert_array_equal(other.findings.gap_m, plain.findings.gap_m)


def test_tiles_of_another_audit_are_not_mixed_in(tmp_path):
    rules = shipped_rules()
    run_audit(Audit(pipes_of_frame(city(30, 6), datum="1985"), rules), folder=tmp_path)
    with pytest.raises(ConflictError):
        run_audit(Audit(pipes_of_frame(city(30, 7), datum="1985"), rules), folder=tmp_path)


def test_findings_come_back_as_a_frame():
    pipes = pipes_of_frame(city(60, 8), datum="1985")
    audit = Audit(pipes, shipped_rules())
    result = audit_pipes(pipes, shipped_rules())
    found = findings_frame(audit, result, 4548)
    assert len(found) == len(result.findings) > 0
    assert found.crs.to_epsg() == 4548
    assert {"check", "answer", "a", "b", "gap_m", "rule", "clause", "confidence"} <= set(found)
