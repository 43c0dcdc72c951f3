"""The command ``cityops hazard register`` and the loop of dangers on the engine of cases."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import openpyxl
import pytest
from click.testing import CliRunner

from cityops.cli.main import cli
from cityops.services.hazards.rectifying import CaseEngine, danger_settings
from gis.errors import CityError
from hazards.registers.rectification import (
    TRANSITIONS,
    Doer,
    Given,
    LoopAct,
    LoopStage,
    begin_loop,
    do,
    is_overdue,
    rounds_of,
)
from hazards.registers.values import HiddenDanger

sys.path.insert(0, str(Path(__file__).parents[1] / "hazards" / "registers"))
from made_register import ONE, sheets

A = LoopAct
NOON = datetime.fromisoformat("2026-03-02T12:00:00+08:00")
OFFICER = Doer(1, "应急", frozenset({"emergency"}))
PLANT = Doer(2, "企业", frozenset({"enterprise"}), ONE)
DANGER = HiddenDanger(
    "YH-1", ONE, date(2026, 3, 1), "报警器未投用", measures="更换", responsible="张某",
    deadline=date(2026, 3, 31),
)  # fmt: skip
ENGINE = CaseEngine(lambda: UUID(int=1), danger_settings())


def register(*arguments):
    done = CliRunner().invoke(cli, ["hazard", "register", *map(str, arguments)])
    assert not isinstance(done.exception, Exception), done.exception
    return done.exit_code, done.stdout


def written(made, file):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in made.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(file)
    return file


def test_what_was_filed_and_licensed_is_held_against_the_register(tmp_path):
    made = sheets()
    made["单元"][0].append("备案级别")
    made["单元"][1].append("四级")
    made["物质"][0].append("许可量（t）")
    made["物质"][2].append(4)
    file = written(made, tmp_path / "register.xlsx")
    code, text = register("check", file)
    assert code == 0
    assert f"{ONE} 1 备案级别偏低：按 GB 18218 为三级，备案四级" in text.splitlines()
    assert f"{ONE} 1 设计最大量超过许可量：氯设计最大量 10 t，许可量 4 t" in text.splitlines()
    found = json.loads(register("check", file, "--json")[1])["findings"]
    assert [(f["kind"], f["equipment_no"], f["found"], f["stated"]) for f in found] == [
        ("filed_too_low", None, 3, 4),
        ("over_licence", "V-102", 10.0, 4.0),
    ]


def test_a_right_workbook_is_told_with_grades_cards_and_what_is_unknown(tmp_path):
    code, told = register("check", written(sheets(), tmp_path / "r.xlsx"), "--json")
    found = json.loads(told)
    assert (code, found["ok"], found["rows"]["物质"]) == (0, True, 3)
    tank_farm, hall, cold = found["units"]
    assert (tank_farm["S"], tank_farm["R"], tank_farm["grade"]) == (4.0, 24.0, 3)
    assert hall["S"] is None
    assert (cold["S"], cold["major"], cold["grade"]) == (0.85, False, None)
    leaks = {s["name"]: s["leak"] for s in found["substances"]}
    assert leaks == {"氨": "关阀，喷雾状水", "氯": None}
    assert "治理期限" in found["dangers"][1]["unplanned"]


def test_people_read_grades_and_unknowns(tmp_path):
    told = register("check", written(sheets(), tmp_path / "r.xlsx"))[1]
    assert "S 4，R 24，三级重大危险源" in told
    assert "氯（7782-50-5）：没有处置卡，全部未知" in told
    assert "GB 18218-2018" in told


def test_every_fault_is_told_by_sheet_row_and_field(tmp_path):
    made = sheets()
    made["物质"][1][5], made["设备"][2][5] = "20t", 42144
    code, told = register("check", written(made, tmp_path / "r.xlsx"), "--json")
    found = json.loads(told)
    assert (code, found["error"]["code"]) == (2, "register.invalid")
    places = [(e["row"], e["field"], e["message"][:3]) for e in found["errors"]]
    assert places == [(3, "投用日期", "设备："), (2, "设计最大量", "物质：")]


def test_a_file_that_is_no_workbook_is_refused(tmp_path):
    (tmp_path / "r.xlsx").write_bytes(b"no zip")
    code, told = register("check", tmp_path / "r.xlsx", "--json")
    assert (code, json.loads(told)["error"]["code"]) == (2, "zip.bad")


def test_the_template_is_written_once_and_never_over_another_file(tmp_path):
    out = tmp_path / "t.xlsx"
    assert register("template", "--out", out)[0] == 0
    assert openpyxl.load_workbook(out).sheetnames[0] == "企业"
    code, told = register("template", "--out", out, "--json")
    assert (code, json.loads(told)["error"]["code"]) == (4, "register.file_exists")


def test_a_template_has_the_name_of_a_workbook(tmp_path):
    code, told = register("template", "--out", tmp_path / "t.csv", "--json")
    assert (code, json.loads(told)["error"]["code"]) == (2, "register.not_xlsx")
    assert not (tmp_path / "t.csv").exists()


class Story:
    """A danger that acts are done to, an hour apart."""

    def __init__(self, danger=DANGER):
        self.now = NOON
        self.loop = begin_loop(ENGINE, danger, OFFICER, self.now)

    def does(self, act, by, note="说明", evidence=0):
        self.now += timedelta(hours=1)
        self.loop = do(ENGINE, self.loop, act, by, self.now, Given(note, evidence))
        return self

    def refused(self, act, by, **more):
        with pytest.raises(CityError) as caught:
            self.does(act, by, **more)
        return caught.value.code

    @property
    def stage(self):
        return ENGINE.stage(self.loop.state)


def rechecking():
    story = Story().does(A.ORDER, OFFICER)
    return story.does(A.REPORT_DONE, PLANT, evidence=1).does(A.RECHECK, OFFICER)


def test_the_whole_way_and_once_round_again():
    story = rechecking().does(A.FAIL, OFFICER)
    assert story.stage is LoopStage.RECTIFYING
    story.does(A.REPORT_DONE, PLANT, evidence=1).does(A.RECHECK, OFFICER)
    story.does(A.PASS, OFFICER).does(A.CLOSE, OFFICER)
    assert story.stage is LoopStage.CLOSED
    assert rounds_of(ENGINE, story.loop) == 1
    acts = [e.act for e in ENGINE.entries(story.loop.state)]
    assert acts == [
        "report", "accept", "file", "order", "report_done", "recheck", "fail", "report_done",
        "recheck", "pass", "close",
    ]  # fmt: skip


def after(story, act):
    """Stage after an act, None where the state does not know it."""
    try:
        return story.does(act, PLANT if act is A.REPORT_DONE else OFFICER, evidence=1).stage
    except CityError as refused:
        return None if refused.code == "case.wrong_state" else refused.code


def test_the_engine_goes_the_ways_of_the_table_and_no_other():
    way = [A.ORDER, A.REPORT_DONE, A.RECHECK, A.PASS, A.CLOSE]
    gone = set()
    for steps in range(len(way) + 1):
        for act in A:
            story = Story()
            for step in way[:steps]:
                after(story, step)
            before = story.stage
            gone.add((before, act, after(story, act)))
    assert {way for way in gone if way[2] is not None} == set(TRANSITIONS)


def test_what_may_be_done_depends_on_stage_and_person():
    story = Story()
    assert ENGINE.open_acts(story.loop.state, OFFICER, story.now) == (A.ORDER,)
    assert ENGINE.open_acts(story.loop.state, PLANT, story.now) == ()
    story.does(A.ORDER, OFFICER)
    other = Doer(3, "他企", frozenset({"enterprise"}), "91110000802100433B")
    assert story.refused(A.REPORT_DONE, other, evidence=1) == "case.other_department"
    assert story.refused(A.CLOSE, OFFICER) == "case.wrong_state"
    assert story.refused(A.REPORT_DONE, PLANT) == "case.no_photo_after"


def test_no_order_without_a_plan():
    bare = HiddenDanger("YH-2", ONE, date(2026, 3, 1), "未设紧急切断阀")
    assert Story(bare).refused(A.ORDER, OFFICER) == "rectification.no_plan"


def test_a_refused_order_moves_nothing():
    story = Story()
    before = story.loop
    assert story.refused(A.ORDER, PLANT) == "case.wrong_role"
    assert story.loop is before


def test_nobody_rechecks_their_own_work():
    both = Doer(2, "企业", frozenset({"enterprise", "emergency"}), ONE)
    assert rechecking().refused(A.PASS, both) == "rectification.own_recheck"


@pytest.mark.parametrize(("day", "late"), [(31, False), (32, True)])
def test_the_day_of_the_deadline_is_in_time(day, late):
    today = date(2026, 3, 1) + timedelta(days=day - 1)
    assert is_overdue(ENGINE, Story().does(A.ORDER, OFFICER).loop, today) is late


def test_without_a_deadline_nobody_can_say_whether_it_is_late():
    bare = HiddenDanger("YH-2", ONE, date(2026, 3, 1), "未设紧急切断阀")
    assert is_overdue(ENGINE, Story(bare).loop, date(2030, 1, 1)) is None


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_a_workbook_with_a_part_cut_off_is_refused_as_damaged(tmp_path, part):
    whole, cut = written(sheets(), tmp_path / "whole.xlsx"), tmp_path / "cut.xlsx"
    with ZipFile(whole) as source, ZipFile(cut, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data[: len(data) // 2] if name == part else data)
    code, told = register("check", cut, "--json")
    assert (code, json.loads(told)["error"]["code"]) == (2, "xlsx.bad")
