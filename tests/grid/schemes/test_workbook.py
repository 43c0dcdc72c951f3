"""A city's own workbook, with every trap that real ones have."""

from __future__ import annotations

import pytest

from gis.errors import FileError, InvalidError
from grid.classes import ClassKey
from grid.clock.shipped import shipped_seasons
from grid.schemes.sheet import Sheet
from grid.schemes.values import AreaClass
from grid.schemes.workbook import SchemeName, WorkbookResult, codes_of, read_workbook

NAME = SchemeName("TJ-样城-2026", "1", "2026 年版", "样城立案结案规范")
HEAD = [
    "大类代码",
    "大类名称",
    "小类代码",
    "小类名称",
    "立案条件",
    "结案条件",
    "处置时限",
    "时限类型",
]
FIRST = [1, "公用设施", 1, "上水井盖", "井盖丢失", "补装", "2紧急工作时", None]


def read(rows, name="部件", merged=(), head=HEAD, more=()) -> WorkbookResult:
    sheets = [Sheet(name, [["样城立案结案规范"], head, *rows], merged), *more]
    return read_workbook(sheets, NAME, shipped_seasons())


def codes(result: WorkbookResult) -> list[str]:
    return [c.key.code for c in result.book.classes if c.level == "minor"]


def refusals(result: WorkbookResult) -> list[tuple[int, str]]:
    assert result.book is None
    return [(f.row, f.code) for f in result.refused]


def test_a_plain_row_becomes_a_class_a_condition_and_a_limit():
    book = read([FIRST]).book
    (condition,) = book.conditions_of(ClassKey("component", NAME.scheme, "0101"))
    assert (condition.trigger.zh, condition.closing.zh) == ("井盖丢失", "补装")
    assert condition.limit_for(AreaClass.B).told == "2 紧急工作时"
    assert condition.origin.source == "样城立案结案规范"


def test_a_row_that_says_for_which_area_it_holds_is_data_and_no_second_head():
    head = [*HEAD[:7], "适用区域"]
    rows = [
        [1, "公用设施", 1, "井盖", "破损", "更换", "2紧急工作时", "A类"],
        [1, "公用设施", 1, "井盖", "丢失", "补装", "4紧急工作时", "A类"],
        [1, "公用设施", 2, "消火栓", "漏水", "修复", "1工作日", "A类"],
    ]
    result = read(rows, head=head)
    told = {c.trigger.zh: [s.limit.told for s in c.limits] for c in result.book.conditions}
    assert result.rows_in == 3
    assert told == {"破损": ["2 紧急工作时"], "丢失": ["4 紧急工作时"], "漏水": ["1 工作日"]}
    assert {s.area for c in result.book.conditions for s in c.limits} == {AreaClass.A}


def test_rows_of_one_condition_that_hold_in_other_areas_are_one_condition():
    head = [*HEAD[:7], "适用区域"]
    row = [1, "公用设施", 1, "井盖", "破损", "更换"]
    rows = [[*row, "2工作时", "A类"], [*row, "4工作时", "B、C类"]]
    (condition,) = read(rows, head=head).book.conditions
    told = {area.value: condition.limit_for(area).told for area in AreaClass}
    assert told == {"A": "2 工作时", "B": "4 工作时", "C": "4 工作时"}


def test_a_row_for_an_area_that_nobody_knows_is_refused():
    rows = [[1, "公用设施", 1, "井盖", "破损", "更换", "2工作时", "城郊"]]
    assert refusals(read(rows, head=[*HEAD[:7], "适用区域"])) == [(3, "scheme.unknown_area")]


def test_a_row_refused_for_its_limit_is_told_that_its_name_contradicts_another_too():
    rows = [FIRST, [1, "公用设施", 1, "消火栓", "漏水", "修复", "尽快", None]]
    assert set(refusals(read(rows))) == {
        (3, "scheme.contradiction"),
        (4, "scheme.contradiction"),
        (4, "limit.unreadable"),
    }


def test_codes_as_number_and_as_text_are_the_same_code():
    rows = [FIRST, ["01", "公用设施", "01", "上水井盖", "井盖松动", "", "2工作日", ""]]
    assert codes(read(rows)) == ["0101"]


def test_merged_cells_belong_to_every_row_they_cover():
    rows = [FIRST, [None, None, None, None, "井盖破损", "更换", "4工作时", None]]
    merged = [(2, c, 3, c) for c in range(4)]
    book = read(rows, merged=merged).book
    assert len(book.conditions_of(ClassKey("component", NAME.scheme, "0101"))) == 2


def test_blank_cells_mean_as_above():
    rows = [FIRST, [None, None, None, None, "井盖破损", "更换", "4工作时", None]]
    rows.append([None, None, 2, "污水井盖", "井盖破损", "更换", "4工作时", None])
    assert codes(read(rows)) == ["0101", "0102"]


def test_a_new_major_does_not_inherit_the_minor_above():
    rows = [FIRST, [2, "道路交通", None, None, "破损", "", "1工作日", None]]
    assert refusals(read(rows)) == [(4, "scheme.no_code")]


def test_a_new_code_does_not_inherit_the_name_above():
    rows = [FIRST, [None, None, 2, None, "破损", "", "1工作日", None]]
    assert refusals(read(rows)) == [(4, "scheme.blank")]


def test_a_head_repeated_after_a_page_break_and_a_class_begun_again():
    rows = [FIRST, HEAD, [1, "公用设施", "01", "上水井盖", "井盖破损", "更换", "4工作时", None]]
    result = read(rows)
    assert codes(result) == ["0101"]
    assert len(result.book.conditions) == 2
    assert any("表头重复" in n.message and n.row == 4 for n in result.notes)


def test_a_line_break_inside_a_name_is_taken_out_and_told():
    result = read([[2, "道路交通", 4, "公交站亭\n（牌）", "倾斜", "修复", "1工作日", None]])
    assert [c.title.zh for c in result.book.classes if c.level == "minor"] == ["公交站亭（牌）"]
    assert result.notes[0].row == 3


def test_three_limits_by_kind_of_area_under_a_head_of_two_rows():
    head = [*HEAD[:6], "处置时限", None, None]
    below = [None] * 6 + ["A类", "B类（一般）", "C类"]
    row = [*FIRST[:6], "1工作日", "2工作日", "3天"]
    rows = [["样城"], head, below, row]
    sheet = Sheet("部件", rows, [(1, 6, 1, 8)])
    book = read_workbook([sheet], NAME, {}).book
    (condition,) = book.conditions
    told = [condition.limit_for(area).told for area in AreaClass]
    assert told == ["1 工作日", "2 工作日", "3 工作日"]
    assert condition.limit_for(None) is None


def test_a_condition_without_a_limit_is_unknown_and_noted():
    result = read([[*FIRST[:6], None, None]])
    assert result.book.conditions[0].limit_for(None) is None
    assert "没有处置时限" in result.notes[0].message


def test_several_steps_in_a_cell_are_kept_and_the_last_bounds_disposal():
    row = [1, "市容环境", 1, "私搭乱建", "正在施工", "拆除", "1紧急工作时制止，15工作日拆除", None]
    (condition,) = read([row], name="事件").book.conditions
    assert [s.action for s in condition.steps_for(None)] == ["制止", "拆除"]
    assert condition.limit_for(None).told == "15 工作日"


def test_components_and_events_stand_side_by_side_under_the_same_code():
    event = Sheet("事件", [HEAD, [1, "市容环境", 1, "私搭乱建", "施工", "", "2紧急工作日", None]])
    keys = {c.key for c in read([FIRST], more=[event]).book.classes if c.level == "minor"}
    assert keys == {ClassKey(d, NAME.scheme, "0101") for d in ("component", "event")}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ([1, "公用设施", None, "上水井盖", "丢失", "", "2工作日", None], "scheme.no_code"),
        ([None, None, 3, "井盖", "丢失", "", "2工作日", None], "scheme.no_code"),
        ([1, "公用设施", "0203", "x", "丢失", "", "2工作日", None], "scheme.codes_differ"),
        ([1, "公用设施", "一号", "x", "丢失", "", "2工作日", None], "scheme.bad_code"),
        ([101, "公用设施", 3, "x", "丢失", "", "2工作日", None], "scheme.bad_code"),
        ([1, "公用设施", 3, "", "丢失", "", "2工作日", None], "scheme.blank"),
        ([1, "公用设施", 3, "x", None, "", "2工作日", None], "scheme.blank"),
        ([1, "公用设施", 3, "x", "丢失", "", "尽快", None], "limit.unreadable"),
        ([1, "公用设施", 3, "x", "丢失", "", 3, None], "limit.no_unit"),
        ([1, "公用设施", 3, "x", "丢失", "", "雨季3天", None], "limit.unknown_season"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_by_its_number(row, code):
    assert refusals(read([row])) == [(3, code)]


@pytest.mark.parametrize(
    "second",
    [
        [1, "公用设施", 1, "污水井盖", "破损", "", "2工作日", None],  # another name
        [1, "道路设施", 2, "污水井盖", "破损", "", "2工作日", None],  # major renamed
        [1, "公用设施", 1, "上水井盖", "井盖 丢失", "", "3工作日", None],  # another limit
    ],
)
def test_rows_that_contradict_each_other_are_both_refused(second):
    result = read([FIRST, second])
    assert refusals(result) == [(3, "scheme.contradiction"), (4, "scheme.contradiction")]
    assert "第 4 行" in str(result.refused[0])


def test_a_row_said_twice_is_merged():
    result = read([FIRST, FIRST])
    assert len(result.book.conditions) == 1
    assert "已合并" in result.notes[0].message


def test_every_fault_is_told_at_once():
    rows = [
        FIRST,
        [1, "公用设施", 2, "", "x", "", "1天", None],
        [1, "公用设施", 3, "y", "x", "", "?", None],
    ]
    assert [row for row, _ in refusals(read(rows))] == [4, 5]


def test_a_sheet_that_says_neither_component_nor_event_is_refused_by_row():
    assert refusals(read([FIRST], name="Sheet1")) == [(3, "scheme.no_domain")]


def test_a_column_may_say_component_or_event():
    rows = [["部件", *FIRST], ["事件", *FIRST[:3], "私搭乱建", *FIRST[4:]]]
    book = read(rows, name="Sheet1", head=["类型", *HEAD]).book
    assert [i.domain for i in book.infos] == ["component", "event"]


def test_a_workbook_without_such_a_table_is_no_scheme():
    with pytest.raises(FileError) as caught:
        read_workbook([Sheet("说明", [["随便"], [1, 2]])], NAME, {})
    assert caught.value.code == "scheme.no_head"


def test_a_sheet_of_notes_beside_the_table_is_left_out_and_told():
    result = read([FIRST], more=[Sheet("说明", [["本表……"]])])
    assert [(n.sheet, n.row) for n in result.notes] == [("说明", 0)]


def test_a_port_keeps_its_own_kind_of_codes():
    row = ["P01", "港区秩序", "P01-02", "散货遗撒", "超过10平方米", "清理", "4小时", None]
    assert codes(read([row], name="事件")) == ["P01-02"]


@pytest.mark.parametrize("pair", [("", ""), ("1", ""), ("", "3")])
def test_half_a_code_is_none(pair):
    with pytest.raises(InvalidError) as caught:
        codes_of(*pair)
    assert caught.value.code == "scheme.no_code"
