"""``cityops scheme``: a real workbook with the traps of real ones, refused by row, stored whole."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from cityops.services.case_classes import class_groups
from cityops.services.grid.config import current_config
from gis.errors import NotFoundError
from grid.classes import ClassKey
from grid.schemes.template import columns
from grid.schemes.values import AreaClass

SCHEME = "TJ-样城-2026"
HEAD = ["大类代码", "大类名称", "小类代码", "小类名称", "立案条件", "结案条件", "处置时限"]
COVER = [1, "公用设施", 1, "上水井盖", "井盖丢失", "补装", "2紧急工作时"]
BROKEN = [None, None, None, None, "井盖破损", "更换", "4工作时"]
BIN = ["01", "公用设施", "02", "垃圾箱", "破损", "修复", "1工作日"]
NAMED = ("--scheme", SCHEME, "--edition", "2026 年版")


def keys(*codes: str, domain="component") -> list[ClassKey]:
    return [ClassKey(domain, SCHEME, code) for code in codes]


def in_force(store):
    with store.reading() as tx:
        return current_config(tx).schemes


@pytest.fixture
def city(workbook):
    """A workbook: merged cells, codes as number and text, a head repeated after a page break."""
    rows = [["样城立案结案规范"], HEAD, COVER, BROKEN, HEAD, BIN]
    return workbook({"部件": rows}, [f"{c}3:{c}4" for c in "ABCD"] + ["A1:G1"])


def test_a_workbook_of_a_city_comes_into_force(cityops, store, city):
    report = cityops("scheme", "import", city, *NAMED)
    assert (report["classes"], report["conditions"], report["stored"]) == (2, 3, True)
    assert any("表头重复" in note["message"] and note["row"] == 5 for note in report["notes"])
    (cover,) = keys("0101")
    told = [c.limit_for(AreaClass.A).told for c in in_force(store).conditions_of(cover)]
    assert told == ["2 紧急工作时", "4 工作时"]


def test_classes_of_the_city_are_offered_to_who_reports_before_what_ships(cityops, store, city):
    cityops("scheme", "import", city, *NAMED)
    groups = class_groups(in_force(store), date.today())
    components = [g for g in groups if g["title"].startswith("部件")]
    assert components[0]["title"] == f"部件（{SCHEME}）：公用设施"
    assert [c["title"] for c in components[0]["classes"]] == ["上水井盖", "垃圾箱"]
    assert any(c["code"] == "0102" for g in components[1:] for c in g["classes"])


def test_the_list_names_what_ships_and_what_was_delivered(cityops, city):
    cityops("scheme", "import", city, *NAMED, "--source", "样城规范")
    listed = {(s["domain"], s["scheme"]): s for s in cityops("scheme", "list")["schemes"]}
    mine = listed["component", SCHEME]
    assert (mine["delivered"], mine["classes"], mine["confidence"]) == (True, 2, "local")
    assert mine["source"] == "样城规范"
    assert not listed["event", "GB/T 30428.2-2013"]["delivered"]


def test_a_dry_run_stores_nothing(cityops, store, city):
    assert cityops("scheme", "import", city, *NAMED, "--dry-run")["stored"] is False
    with pytest.raises(NotFoundError):
        in_force(store).info("component", SCHEME)


def test_the_same_workbook_again_is_not_stored_again(cityops, city):
    cityops("scheme", "import", city, *NAMED)
    again = cityops("scheme", "import", city, *NAMED)
    assert (again["unchanged"], again["stored"]) == (True, False)


def test_rows_that_contradict_each_other_refuse_the_whole_by_row(cityops, store, workbook):
    path = workbook({"部件": [HEAD, COVER, BIN, [*COVER[:6], "3工作日"], [9, None, None]]})
    refused = cityops("scheme", "import", path, *NAMED, code=2)
    assert refused["error"]["code"] == "scheme.refused"
    found = [(e["row"], e["code"]) for e in refused["errors"]]
    assert found == [
        (2, "scheme.contradiction"),
        (4, "scheme.contradiction"),
        (5, "scheme.no_code"),
    ]
    with pytest.raises(NotFoundError):
        in_force(store).info("component", SCHEME)


def test_events_may_come_after_components_of_one_scheme(cityops, store, city, workbook):
    cityops("scheme", "import", city, *NAMED)
    events = workbook({"事件": [HEAD, [1, "市容环境", 1, "私搭乱建", "搭建", "拆除", "2工作日"]]})
    cityops("scheme", "import", events, *NAMED)
    book = in_force(store)
    assert book.class_of(*keys("0101")).title.zh == "上水井盖"
    assert book.class_of(*keys("0101", domain="event")).title.zh == "私搭乱建"


def test_where_the_table_does_not_say_it_the_option_does(cityops, workbook):
    path = workbook({"Sheet1": [HEAD, COVER]})
    refused = cityops("scheme", "import", path, *NAMED, code=2)
    assert refused["errors"][0]["code"] == "scheme.no_domain"
    assert cityops("scheme", "import", path, *NAMED, "--domain", "event")["domains"] == ["event"]


def test_a_code_may_not_get_another_meaning(cityops, city, workbook):
    cityops("scheme", "import", city, *NAMED)
    other = workbook({"部件": [HEAD, [1, "公用设施", 1, "路灯", "不亮", "修复", "1工作日"], BIN]})
    assert (
        cityops("scheme", "import", other, *NAMED, code=2)["error"]["code"] == "scheme.renumbered"
    )


def test_a_class_that_is_left_out_is_refused_or_switched_off(cityops, store, city, workbook):
    cityops("scheme", "import", city, *NAMED)
    fewer = workbook({"部件": [HEAD, COVER]})
    assert (
        cityops("scheme", "import", fewer, *NAMED, code=2)["error"]["code"] == "scheme.renumbered"
    )
    report = cityops("scheme", "import", fewer, *NAMED, "--retire", "2027-01-01")
    assert report["retired"] == ["component:0102"]
    (gone,) = keys("0102")
    assert in_force(store).class_of(gone, date(2026, 12, 31)).title.zh == "垃圾箱"
    assert in_force(store).conditions_of(gone, date(2027, 1, 1)) == ()


def test_a_delivery_is_in_the_audit_trail(cityops, store, city):
    cityops("scheme", "import", city, *NAMED)
    with store.reading() as tx:
        (entry, *_) = tx.audit.latest()
    assert (entry["action"], entry["subject"]) == ("scheme.import", f"scheme:{SCHEME}")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsx", b"PK\x03\x04 no workbook", "zip.bad"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "file.unknown"),
        ("a.csv", "名称,数\n一,1\n".encode(), "scheme.no_head"),
    ],
)
def test_what_is_no_such_workbook_is_refused(cityops, tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    refused = cityops("scheme", "import", tmp_path / name, *NAMED, code=2)
    assert refused["error"]["code"] == code


@pytest.mark.parametrize("name", ["", "a:b", "名" * 65])
def test_a_scheme_needs_a_name_that_a_class_can_carry(cityops, city, name):
    refused = cityops("scheme", "import", city, "--scheme", name, "--edition", "1", code=2)
    assert refused["error"]["code"] == "scheme.bad_name"


def test_a_table_in_gb18030_is_read_too(cityops, tmp_path):
    lines = "\n".join(",".join("" if c is None else str(c) for c in r) for r in (HEAD, COVER))
    (tmp_path / "部件.csv").write_bytes(lines.encode("gb18030"))
    assert cityops("scheme", "import", tmp_path / "部件.csv", *NAMED)["classes"] == 1


def test_classes_and_conditions_are_listed(cityops):
    gb = "GB/T 30428.2-2013"
    listed = cityops("scheme", "classes", "--domain", "component", "--scheme", gb)["classes"]
    name = f"component:{gb}:0102"
    assert name in {one["class"] for one in listed}
    found = cityops("scheme", "conditions", "--class", name)["conditions"]
    assert "TJ-WELL-COVER" in {one["id"] for one in found}
    unknown = cityops("scheme", "conditions", "--class", f"component:{gb}:9999", code=3)
    assert unknown["error"]["code"] == "scheme.unknown_class"
    cityops("scheme", "classes", "--domain", "event", "--scheme", "moon", code=3)


def test_the_template_takes_rows_and_comes_in(cityops, tmp_path):
    path = tmp_path / "empty.xlsx"
    assert cityops("scheme", "template", "--out", path)["sheets"] == ["部件", "事件", "说明"]
    book = openpyxl.load_workbook(path)
    row = ["01", "公用设施", "01", "井盖", None, "破损", "更换", "2工作时", "A"]
    book["部件"].append(row)
    book.save(path)
    line = ("scheme", "import", path, "--scheme", "TJ-样城", "--edition", "2026 年版", "--dry-run")
    report = cityops(*line)
    assert (report["rows_in"], report["conditions_without_limit"]) == (1, 0)
    again = cityops("scheme", "template", "--out", path, code=4)
    assert again["error"]["code"] == "scheme.file_exists"


def test_the_page_on_grids_names_every_column_of_the_workbook():
    page = (Path(__file__).parents[3] / "docs/grid.md").read_text("utf-8")
    for column in columns():
        row = next(line for line in page.splitlines() if line.startswith(f"| {column.name} |"))
        assert all(f"{other}" in row for other in column.others)
