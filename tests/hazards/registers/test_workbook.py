"""A register's workbook is read whole or not at all, with every fault at its sheet, row and field."""

from __future__ import annotations

import copy
from datetime import date, datetime
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_register import ONE, TODAY, TWO, rows_of, sheets

from hazards.registers.sheets import SHEETS, CellType
from hazards.registers.template import template_workbook
from hazards.registers.values import Register, unknown_of
from hazards.registers.workbook import SheetRows, read_register

STRANGER = "91120116MA00000317"


def read(made):
    return read_register(rows_of(made), TODAY)


def faults(made):
    """(sheet, row, field, code without its prefix) of every fault."""
    found = read(made)
    assert (found.register is None) == bool(found.faults)
    return [(f.params["sheet"], f.row, f.field, f.code.partition(".")[2]) for f in found.faults]


def changed(sheet, row, column, value):
    """The workbook with one cell changed; rows count from 1, as in Excel."""
    made = sheets()
    made[sheet][row - 1][made[sheet][0].index(column)] = value
    return made


def test_a_right_workbook_becomes_a_register():
    register = read(sheets()).register
    assert [e.credit_code for e in register.enterprises] == [ONE, TWO]
    assert register.enterprises[0].duty_phone == "2212345678"
    assert register.enterprises[1].duty_phone is None
    assert [u.unit_no for u in register.units] == ["1", "2", "1"]
    assert [u.kind for u in register.units] == ["storage", "production", "production"]
    assert [e.commissioned_on for e in register.equipment] == [date(2015, 5, 20), date(2016, 7, 1)]
    assert register.holdings[2].design_max_t == 8.5
    assert register.dangers[1].found_on == date(2026, 2, 10)


def test_a_substance_without_a_card_has_one_on_which_all_is_unknown():
    register = read(sheets()).register
    ammonia, chlorine = (register.card_of(held) for held in register.holdings[:2])
    assert (ammonia.leak, ammonia.source) == ("关阀，喷雾状水", "企业应急预案（示例）")
    assert chlorine.name == "氯"
    assert len(unknown_of(chlorine)) == 10


CODE, NUMBER = "统一社会信用代码", "设计最大量（t）"


@pytest.mark.parametrize(
    ("sheet", "row", "column", "value", "field", "code"),
    [
        ("重点部位", 2, "部位名称", None, "部位名称", "missing"),
        ("物质", 2, NUMBER, "20", "设计最大量", "text_number"),
        ("物质", 2, NUMBER, "20t", "设计最大量", "unit_in_cell"),
        ("物质", 2, NUMBER, "20 吨", "设计最大量", "unit_in_cell"),
        ("物质", 2, NUMBER, "很多", "设计最大量", "bad_number"),
        ("物质", 2, NUMBER, -1, "设计最大量", "out_of_range"),
        ("物质", 2, NUMBER, 0, "设计最大量", "out_of_range"),
        ("物质", 2, NUMBER, True, "设计最大量", "bad_value"),
        ("物质", 2, NUMBER, datetime(2026, 1, 1), "设计最大量", "bad_number"),
        ("物质", 2, "CAS 号", "7664-41-8", "CAS 号", "bad_cas"),
        ("单元", 2, "厂界外500m常住人口（人）", 12.5, "厂界外500m常住人口", "bad_number"),
        ("单元", 2, "单元类型", "罐区", "单元类型", "bad_choice"),
        ("设备", 2, "投用日期", "20/5/2015", "投用日期", "bad_date"),
        ("设备", 2, "投用日期", 42144, "投用日期", "bad_date"),
        ("设备", 2, "投用日期", "2015-02-30", "投用日期", "bad_date"),
        ("设备", 2, "投用日期", "2026-03-02", "投用日期", "future"),
        ("设备", 2, "设备名称", "x" * 2001, "设备名称", "bad_text"),
        ("企业", 2, "经度", 217.7, "经度", "out_of_range"),
        ("设备", 2, "容积（m³）", 1e300, "容积", "out_of_range"),
    ],
)
def test_a_cell_that_is_wrong_is_told(sheet, row, column, value, field, code):
    assert faults(changed(sheet, row, column, value)) == [(sheet, row, field, code)]


def test_every_number_of_a_register_ends_somewhere():
    numbers = [c for s in SHEETS for c in s.columns if c.type in (CellType.REAL, CellType.INTEGER)]
    assert [c.title for c in numbers if c.low is None or c.high is None] == []


@pytest.mark.parametrize(
    ("value", "code"),
    [(ONE[:-1] + "0", "check"), (911201160000000017.0, "code_is_number"), ("91120116", "length")],
)
def test_a_wrong_credit_code_is_told_once_and_not_again_for_what_hangs_on_it(value, code):
    made = changed("重点部位", 2, CODE, value)
    assert faults(made) == [("重点部位", 2, CODE, code)]


def test_a_code_spoilt_where_the_enterprise_stands_leaves_its_units_without_parents():
    made = changed("企业", 2, CODE, ONE[:-1] + "0")
    found = faults(made)
    assert found[0] == ("企业", 2, CODE, "check")
    assert ("单元", 2, CODE, "no_parent") in found


def test_longitude_and_latitude_turned_round_are_noticed():
    made = changed("重点部位", 2, "经度", 39.0001)
    made["重点部位"][1][4] = 117.7001
    assert ("重点部位", 2, "经度", "swapped") in faults(made)


def test_the_same_key_twice_names_the_first_row():
    made = sheets()
    made["设备"].append([ONE, 1.0, "v-102 ", "另一储罐", 3, None])
    assert faults(made) == [("设备", 4, "设备编号", "repeated")]
    assert str(read(made).faults[0]) == f"与第 3 行重复：{ONE}、1、v-102"


def test_an_enterprise_twice_is_told():
    made = sheets()
    made["企业"].append([ONE, "又一个", None, None, None, None, None])
    assert faults(made) == [("企业", 4, CODE, "repeated")]


@pytest.mark.parametrize(
    ("sheet", "column", "value", "field"),
    [
        ("单元", CODE, STRANGER, CODE),
        ("物质", "单元编号", "9", "单元编号"),
        ("物质", "设备编号", "V-999", "设备编号"),
        ("重大隐患", CODE, STRANGER, CODE),
    ],
)
def test_what_hangs_on_nothing_is_told(sheet, column, value, field):
    found = faults(changed(sheet, 2, column, value))
    assert (sheet, 2, field, "no_parent") in found


def test_a_unit_in_the_head_other_than_ours_is_told_not_converted():
    made = sheets()
    made["物质"][0][5] = "设计最大量（kg）"
    assert faults(made) == [("物质", 1, "设计最大量", "wrong_unit")]


def test_a_unit_written_otherwise_is_the_same_unit():
    made = sheets()
    made["物质"][0][5] = "设计最大量 (T)"
    made["设备"][0][4] = "容积(m3)"
    assert faults(made) == []


def test_columns_missing_and_twice_are_told():
    made = sheets()
    made["物质"][0][5] = "存量"
    made["企业"][0][2] = "企业名称"
    assert faults(made) == [
        ("企业", 1, "企业名称", "repeated_column"),
        ("物质", 1, "设计最大量", "no_column"),
    ]


@pytest.mark.parametrize(
    ("name", "cas", "code"),
    [("某添加剂", None, "unknown_substance"), ("异丙醇", "67-63-0", "unknown_substance")],
)
def test_a_substance_that_nobody_can_look_up_is_told(name, cas, code):
    made = sheets()
    made["物质"].append([TWO, "1", None, name, cas, 1])
    assert faults(made) == [("物质", 5, "物质名称", code)]


def test_a_card_or_a_symbol_makes_a_substance_known():
    made = sheets()
    made["物质"][0].append("类别符号")
    made["物质"] += [
        [TWO, "1", None, "异丙醇", "67-63-0", 1, "W5.3"],
        [TWO, "1", None, "乙二醇", "107-21-1", 1, None],
    ]
    made["处置卡"].append(["107-21-1", "乙二醇", None, "示例"])
    found = read(made)
    assert found.faults == ()
    assert [c.code for c in found.cautions] == ["gb18218.not_listed"]


def test_an_ambiguous_substance_is_kept_and_remarked_on():
    made = sheets()
    made["物质"].append([TWO, "1", None, "硝酸铵", "6484-52-2", 1])
    found = read(made)
    assert found.register is not None
    assert "第 5 行" in found.cautions[0].message


def test_all_faults_come_at_once_in_order_and_nothing_is_read():
    made = changed("物质", 2, NUMBER, "20t")
    made["企业"][2][0] = TWO[:-1] + "Q"
    made["重大隐患"][1][2] = "昨天"
    made["设备"].append([ONE, "1", "V-101", "重复", 1, None])
    found = read(made)
    assert found.register is None
    places = [(f.params["sheet"], f.row) for f in found.faults]
    order = [spec.title for spec in SHEETS]
    assert places == sorted(places, key=lambda p: (order.index(p[0]), p[1]))
    assert {("物质", 2), ("企业", 3), ("重大隐患", 2), ("设备", 4)} <= set(places)


def test_strange_sheets_and_columns_are_remarked_on():
    made = sheets() | {"附件": [["甲"]]}
    made["企业"][0].append("备注")
    found = read(made)
    assert found.register is not None
    codes = [c.code for c in found.cautions]
    assert codes == ["register.unknown_column", "register.unknown_sheet"]


def test_an_empty_workbook_lacks_its_enterprises():
    assert [f.code for f in read_register([], TODAY).faults] == ["register.no_rows"]


def test_the_template_has_every_column_and_reads_back():
    book = openpyxl.load_workbook(BytesIO(template_workbook()))
    assert book.sheetnames == [*(spec.title for spec in SHEETS), "说明"]
    made = {name: [[cell.value for cell in book[name][1]]] for name in book.sheetnames}
    for name, rows in sheets().items():
        titles = [head.partition("（")[0] for head in made[name][0]]
        places = [titles.index(head.partition("（")[0]) for head in rows[0]]
        for row in rows[1:]:
            cells = [None] * len(made[name][0])
            for place, value in zip(places, row, strict=True):
                cells[place] = value
            made[name].append(cells)
    assert read(made).register == read(sheets()).register


def test_codes_of_the_template_are_texts_so_that_they_keep_their_digits():
    sheet = openpyxl.load_workbook(BytesIO(template_workbook()))["企业"]
    assert {sheet.cell(row, 1).number_format for row in (2, 100, 201)} == {"@"}


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(["20t", "1e400", "{got}", "2026-13-01", "=A1", "\x00"]),
    st.datetimes(),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_cell_is_read_or_told(data):
    made = copy.deepcopy(sheets())
    sheet = data.draw(st.sampled_from(list(made)))
    row = data.draw(st.integers(1, len(made[sheet])))
    column = data.draw(st.integers(0, len(made[sheet][0]) - 1))
    made[sheet][row - 1][column] = data.draw(CELLS)
    found = read(made)
    assert (found.register is None) == (len(found.faults) > 0)
    assert all(f.row and f.params["sheet"] and str(f) for f in found.faults)


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_but_the_order(chance):
    made = sheets()
    for rows in made.values():
        rest = rows[1:]
        chance.shuffle(rest)
        rows[1:] = rest
    one, other = read(made).register, read(sheets()).register
    for part in Register.__dataclass_fields__:
        assert set(getattr(one, part)) == set(getattr(other, part))


def test_short_rows_and_rows_of_blanks_do_no_harm():
    made = sheets()
    made["单元"].append([None, " ", None])
    made["重点部位"][1] = made["重点部位"][1][:3]
    assert read(made).faults == ()


def test_numbers_of_rows_are_those_of_the_file():
    listed = rows_of(changed("物质", 2, NUMBER, "x"))
    moved = [SheetRows(s.name, [n + 4 for n in s.numbers], s.rows) for s in listed]
    assert [f.row for f in read_register(moved, TODAY).faults] == [6]
