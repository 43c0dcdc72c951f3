"""Tables of limits: what is in them, how a row is chosen, what is refused on loading."""

from collections import Counter
from importlib.resources import files

import pytest

from gis.errors import InvalidError
from underground.rules.conditions import Profile
from underground.rules.resolve import Verdict, choose, choose_cover
from underground.rules.tables import FILES, RuleTable, rules_of_texts, shipped_rules

H, V = RuleTable.HORIZONTAL, RuleTable.VERTICAL


def text_of(name):
    return (files("underground") / "data" / name).read_text(encoding="utf-8")


def limit(table, a, b):
    found = choose(shipped_rules(), table, a, b)
    return shipped_rules().rules[found.rule].limit_m if found.verdict is Verdict.RULE else None


def test_every_row_has_clause_edition_and_confidence_and_is_a_draft():
    rules = shipped_rules().rules
    assert Counter(rule.table.value for rule in rules) == {
        "horizontal": 203, "vertical": 79, "cover": 28,
    }  # fmt: skip
    assert all(r.clause and r.edition and r.confidence and r.is_draft for r in rules)


WATER = Profile("water", size_m=0.2, laying="direct")
SEWER = Profile("sewer_storm")
CABLE = Profile("power", laying="direct", voltage_kv=10.0)


@pytest.mark.parametrize(
    ("table", "a", "b", "metres"),
    [
        (H, WATER, SEWER, 1.0),
        (H, Profile("water", size_m=0.3), SEWER, 1.5),
        (H, SEWER, Profile("gas", pressure="gas_subhigh_a"), 2.0),
        (H, SEWER, Profile("telecom", laying="duct"), 1.0),  # 0.5 is the vertical table's
        (H, CABLE, Profile("telecom", laying="direct"), 0.5),
        (H, Profile("power", laying="duct", voltage_kv=35.0), Profile("telecom", laying="duct"), 2.0),
        (H, Profile("gas", size_m=0.2), Profile("gas", size_m=0.4), 0.5),
        (H, Profile("gas", size_m=0.2), Profile("gas", size_m=0.3), 0.4),
        (H, WATER, WATER, None),
        (H, WATER, Profile("gas", pressure="gas_high"), None),
        (V, WATER, SEWER, 0.4),
        (V, CABLE, WATER, 0.5),
        (V, Profile("telecom", laying="duct"), WATER, 0.15),
        (V, Profile("heat"), Profile("reclaimed"), 0.15),
    ],
)  # fmt: skip
def test_cells_of_the_tables_in_either_order(table, a, b, metres):
    assert limit(table, a, b) == limit(table, b, a) == metres


def test_an_unknown_pressure_is_asked_for_with_the_range_it_may_change():
    found = choose(shipped_rules(), H, WATER, Profile("gas"))
    assert found.verdict is Verdict.INSUFFICIENT
    assert found.missing == ("pressure",)
    assert found.most_m == 1.5


@pytest.mark.parametrize(
    ("pipe", "surface", "metres"),
    [
        (Profile("gas"), "carriageway", 0.9),
        (Profile("gas"), "courtyard", 0.3),
        (Profile("water", material="G"), "carriageway", 0.7),
        (Profile("water", material="PE"), "carriageway", 1.0),
        (Profile("telecom", laying="duct", material="G"), "sidewalk", 0.5),
        (SEWER, "river_1_5", 2.0),
    ],
)
def test_cover_by_surface(pipe, surface, metres):
    found = choose_cover(shipped_rules(), pipe, surface)
    assert shipped_rules().rules[found.rule].limit_m == metres


def test_a_checked_copy_replaces_the_draft():
    name = FILES[H]
    lines = text_of(name).splitlines()
    row = next(i for i, line in enumerate(lines) if line.startswith("H014,"))
    lines[row] = lines[row].removesuffix(",,") + ",张三,2026-01-05"
    rules = rules_of_texts({name: "\n".join(lines)})
    ticked = [rule for rule in rules.rules if not rule.is_draft]
    assert [(rule.id, rule.checked_by, rule.checked_on) for rule in ticked] == [
        ("H014", "张三", "2026-01-05")
    ]


def test_every_fault_of_the_tables_is_named_at_once():
    name = FILES[V]
    head, *rows = text_of(name).splitlines()
    twice = rows[0].replace("V001", "V900").replace("0.15", "0.25", 1)
    broken = rows[1].replace("V002", "V901").replace(",0.4,", ",wide,")
    again = rows[2]
    with pytest.raises(InvalidError) as refused:
        rules_of_texts({name: "\n".join([head, *rows, twice, broken, again])})
    assert sorted(e.code for e in refused.value.errors) == [
        "rules.contradict", "rules.contradict", "rules.id", "rules.number",
    ]  # fmt: skip


def test_the_same_condition_in_other_words_is_the_same_condition():
    name = FILES[H]
    head, *rows = text_of(name).splitlines()
    row = next(r for r in rows if "DN<=300" in r)
    twice = row.replace(row[:4], "H900").replace("DN<=300", "d<=300mm").replace(",0.4,", ",0.9,")
    with pytest.raises(InvalidError) as refused:
        rules_of_texts({name: "\n".join([head, *rows, twice])})
    assert [e.code for e in refused.value.errors] == ["rules.contradict"]


def test_rows_that_overlap_and_differ_are_no_tie_to_be_guessed():
    """A pipe of 250 mm would be both above 200 and not above 300."""
    name = FILES[H]
    head, *rows = text_of(name).splitlines()
    row = next(r for r in rows if "d<=200mm" in r and ",building," in r)
    rows[rows.index(row)] = row.replace("d<=200mm", "d<=300mm")
    with pytest.raises(InvalidError) as refused:
        rules_of_texts({name: "\n".join([head, *rows])})
    assert [e.code for e in refused.value.errors] == ["rules.contradict"]


@pytest.mark.parametrize("name", [FILES[H], "crossing_order.csv"])
def test_an_empty_copy_is_refused_and_not_the_draft_taken_for_it(name):
    with pytest.raises(InvalidError) as refused:
        rules_of_texts({name: ""})
    assert refused.value.errors[0].code in ("rules.columns", "rules.order")


def test_missing_columns_are_named():
    with pytest.raises(InvalidError) as refused:
        rules_of_texts({FILES[H]: "id,table\n"})
    assert refused.value.errors[0].code == "rules.columns"


def test_the_order_at_crossings_is_that_of_the_clause():
    order = shipped_rules().crossing_order
    assert sorted(order, key=lambda kind: order[kind].rank) == [
        "telecom", "power", "gas", "heat", "water", "reclaimed", "storm", "sewer",
    ]  # fmt: skip
