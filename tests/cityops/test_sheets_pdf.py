"""Printed sheets, read back by another program: words, fonts, and what is drawn how long."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from cityops.printing.typst_printer import TypstPrinter
from cityops.services.roles import Person, Role
from cityops.services.sheets.papers import Paper
from cityops.services.sheets.press import Press
from cityops.services.sheets.service import SheetService
from cityops.services.sheets.values import SheetRequest
from gis.errors import ForbiddenError, GeometryError, InvalidError, NotFoundError

AT = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)  # 14:05 in the city
#: Oblique, so that nothing is parallel to the paper.
AREA = shapely.Polygon([(117.1921, 39.1166), (117.1950, 39.1162), (117.1953, 39.1184), (117.1931, 39.1188)])  # fmt: skip
INK, WHITE, ACCENT = (0x14, 0x19, 0x1C), (255, 255, 255), (0x0B, 0x63, 0x70)
SIZES = {Paper.A4: [210, 297], Paper.A3: [297, 420]}


def together(text: str) -> str:
    """Words without blanks and line ends: between Chinese and Latin readers guess them."""
    return "".join(text.split())


def sheets_of(services, **more):
    """The service of sheets on some services, its clock stopped."""
    press = Press(services.store, services.layers, TypstPrinter(), now=lambda: AT, **more)
    return SheetService(press)


@pytest.fixture
def sheets(tianjin):
    """Sheets of the scene of Tianjin."""
    return sheets_of(tianjin)


PAPERS = list(itertools.product(Paper, (True, False), (None, 5000, 25_000)))


@pytest.mark.parametrize(("paper", "landscape", "scale"), PAPERS)
def test_the_scale_bar_is_true_on_every_paper(sheets, planner, read_pdf, paper, landscape, scale):
    request = SheetRequest("pipes", AREA, paper=paper, landscape=landscape, scale=scale)
    printed = sheets.print(planner, request)
    number, pdf = printed.plan.plane.scale, read_pdf(printed.pdf)
    told = re.search(r"^0 ([\d. ]+) (k?m) 1:([\d ]+) CGCS2000", pdf.text(), re.MULTILINE)
    ends = told[1].split()
    assert int(told[3].replace(" ", "")) == number
    metres = float(ends[-1]) * {"m": 1, "km": 1000}[told[2]]
    parts = [p for p in pdf.paths() if p.fill in (INK, WHITE) and abs(p.size()[1] - 1.6) < 1e-3]
    xs = [x for part in parts for x, _ in part.points]
    assert max(xs) - min(xs) == pytest.approx(metres / number * 1000, abs=2e-3)  # millimetres
    assert len(parts) == len(ends)
    assert sorted(pdf.size_mm()) == pytest.approx(SIZES[paper], abs=0.01)


def test_the_map_is_true_to_scale_and_in_place(sheets, planner, read_pdf):
    printed = sheets.print(planner, SheetRequest("pipes", AREA, landscape=False))
    plane, frame = printed.plan.plane, printed.plan.arrangement
    ring = np.array(next(p.points for p in read_pdf(printed.pdf).paths() if p.stroke == ACCENT))
    there = Transformer.from_crs(4490, 4548, always_xy=True)
    metres = np.array([there.transform(*at) for at in AREA.exterior.coords])
    west, _, _, north = plane.box_m
    x = frame.map.x + (metres[:, 0] - west) * 1000 / plane.scale
    y = frame.height_mm - frame.map.y - (north - metres[:, 1]) * 1000 / plane.scale
    assert ring[: len(x)] == pytest.approx(np.column_stack([x, y]), abs=0.01)


def test_every_font_is_embedded_and_ours(sheets, planner, read_pdf):
    fonts = read_pdf(sheets.print(planner, SheetRequest("pipes", AREA, with_list=True)).pdf).fonts()
    assert fonts == {("NotoSansCJKsc-Regular", True)}


def test_a_sheet_says_what_it_shows_whence_and_for_whom(sheets, planner, read_pdf):
    text = read_pdf(sheets.print(planner, SheetRequest("pipes", AREA)).pdf).text()
    for words in (
        "天津（和平区试点）地下管线图",
        "内部使用，非公开地图",
        "含合成数据，仅供演示",
        "CGCS2000 高斯-克吕格投影 3° 带，中央经线 117°E（EPSG:4548）",
        "坐标北偏东 0°07′",
        "制图：规划员　2026-11-22 14:05",
        "第 1 页，共 1 页",
        "合成数据（种子生成，非实测）",
        "平安大道",
    ):
        assert words in text


def test_the_table_holds_the_sums_of_the_selection(tianjin, sheets, planner, read_pdf):
    text = read_pdf(sheets.print(planner, SheetRequest("pipes", AREA)).pdf).text()
    chosen = tianjin.layers.select(planner, "pipes", AREA)
    titles = {"water": "给水 J", "gas": "燃气 Q", "sewer": "污水 W", "power": "电力 D"}
    for item in chosen.classes:
        if item.code in titles:
            inside, whole = (f"{round(m):,}" for m in (item.inside_length_m, item.length_m))
            assert f"{titles[item.code]} {item.count} {inside} {whole}" in text
    total = chosen.total
    assert f"合计 {total.count} {round(total.inside_length_m):,} {round(total.length_m):,}" in text
    assert f"埋深未知 {chosen.unknown('depth_start_m').count} " in text


def test_a_filter_is_printed_and_kept(tianjin, sheets, planner, read_pdf):
    request = SheetRequest("pipes", AREA, {"kind": ["gas", "heat"], "status": ["in_use"]})
    text = read_pdf(sheets.print(planner, request).pdf).text()
    assert "只含种类为燃气、热力；使用状态为在用" in text
    chosen = tianjin.layers.select(planner, "pipes", AREA, equal=request.equal)
    assert f"合计 {chosen.total.count} " in text
    assert "给水" not in text


def test_the_list_follows_on_pages_of_its_own(tianjin, sheets, planner, read_pdf):
    pdf = read_pdf(sheets.print(planner, SheetRequest("pipes", AREA, with_list=True)).pdf)
    keys = tianjin.layers.select(planner, "pipes", AREA).keys.tolist()
    text = "\n".join(pdf.text(page) for page in range(1, len(pdf)))
    assert len(pdf) > 1
    assert all(f"{key} " in text for key in keys)
    assert f"第 2 页，共 {len(pdf)} 页" in text
    assert "内部使用，非公开地图" in pdf.text(1)
    assert "未知" in text


def test_a_review_number_takes_the_place_of_the_notice(tianjin, planner, read_pdf):
    text = read_pdf(
        sheets_of(tianjin, map_review_no="津S(2026)001")
        .print(planner, SheetRequest("pipes", AREA))
        .pdf
    ).text()
    assert "审图号：津S(2026)001" in together(text)
    assert "非公开地图" not in text


HOSTILE = [
    '#panic("x")',
    "$ sum_(i=1)^n x $",
    "*粗* _斜_ `码`",
    "@ref <label> = 标题",
    '#import "/etc/passwd": *',
    "]] }} \\ // /* */ ```",
    "</script><script>alert(1)</script>",
    "{{7*7}} ${x} %s {title}",
    '"); #read("/etc/passwd"); ("',
    "- + / ~ --- ... 'q' \"q\"",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_users_are_printed_as_they_are(services, store, some_mains, text, read_pdf):
    batch = some_mains(3)
    batch.columns["code"][:] = [f"{text}{i}" for i in range(3)]
    batch.columns["remark"][:] = text
    with store.writing() as tx:
        tx.layers.append(batch.spec, batch, None)
    person = Person(9, text, frozenset({Role.PLANNER}))
    request = SheetRequest("mains", shapely.box(117.0, 39.0, 117.4, 39.3), {"remark": [text]}, title=text, with_list=True)  # fmt: skip
    pdf = read_pdf(sheets_of(services).print(person, request).pdf)
    plain = together(text)
    first, second = together(pdf.text()), together(pdf.text(1))
    assert first.startswith(plain)
    assert f"制图：{plain}2026" in first
    assert f"remark为{plain}" in first
    assert all(f"{plain}{i}" in second for i in range(3))


def test_what_the_font_lacks_is_marked_and_told(services, store, some_mains, read_pdf):
    batch = some_mains(1)
    with store.writing() as tx:
        tx.layers.append(batch.spec, batch, None)
    person = Person(9, "\u202e甲\x00𠮷", frozenset({Role.PLANNER}))
    area = shapely.box(117.0, 39.0, 117.4, 39.3)
    text = read_pdf(sheets_of(services).print(person, SheetRequest("mains", area)).pdf).text()
    assert "甲 〓" in text
    assert "以〓代替打印字体没有的字：U+20BB7" in text


def test_what_a_person_may_not_see_is_not_in_the_file(
    services, filled, manager, planner, gas_owner, read_pdf
):
    area = shapely.box(117.0, 39.0, 117.4, 39.3)
    request = SheetRequest("mains", area, with_list=True, landscape=True)

    def text(person):
        return read_pdf(sheets_of(services).print(person, request).pdf).everything()

    assert "pressure_pa" in text(manager)
    assert "400,0" in text(manager)
    assert "pressure_pa" not in text(planner)
    assert "400,0" not in text(planner)
    owner = text(gas_owner)
    assert "给水" not in owner
    # gas: i % 3 == 0; district 120101: i % 4 in (0, 1) -> i % 12 in (0, 9).
    for i in range(200):
        assert (f"M{i:06d}" in owner) == (i % 12 in (0, 9))


def test_owners_of_gas_pipes_print_gas_pipes_only(sheets, read_pdf):
    owner = Person(3, "燃气公司", frozenset({Role.PIPELINE_OWNER}), categories={"pipes": frozenset({"gas"})})  # fmt: skip
    text = read_pdf(
        sheets.print(owner, SheetRequest("pipes", AREA, with_list=True)).pdf
    ).everything()
    assert "燃气 Q" in text
    assert not any(word in text for word in ("给水", "电力 D", "JS0", "DL0"))
    assert "制图人只有权看燃气，其他未画" in text


def test_who_may_not_take_pipes_away_prints_none(sheets, inspector, filled):
    with pytest.raises(ForbiddenError):
        sheets.print(inspector, SheetRequest("pipes", AREA))
    emergency = Person(5, "应急员", frozenset({Role.EMERGENCY}))
    with pytest.raises(ForbiddenError):
        sheets.plan(emergency, SheetRequest("pipes", AREA))


def test_the_same_sheet_is_the_same_file(sheets, planner):
    request = SheetRequest("pipes", AREA, paper=Paper.A3)
    assert sheets.print(planner, request).pdf == sheets.print(planner, request).pdf


def test_a_print_is_noted(services, filled, planner):
    area = shapely.box(117.1, 39.1, 117.2, 39.2)
    sheets_of(services).print(planner, SheetRequest("mains", area))
    with services.store.reading() as tx:
        count = tx.connection.exec_driver_sql("select count(*) from audit where action = 'sheet.print'").scalar()  # fmt: skip
    assert count == 1


def test_nothing_selected_is_still_a_sheet(sheets, planner, read_pdf):
    empty = shapely.box(117.30, 39.20, 117.302, 39.201)
    text = read_pdf(sheets.print(planner, SheetRequest("pipes", empty)).pdf).text()
    assert "合计 0 0 0" in text


def test_other_layers_print_as_well(sheets, planner, read_pdf):
    points = read_pdf(sheets.print(planner, SheetRequest("components", AREA, with_list=True)).pdf)
    assert "井盖" in points.text()
    assert "个数" in points.text()
    areas = read_pdf(sheets.print(planner, SheetRequest("buildings", AREA)).pdf).text()
    assert "区内面积" in areas
    assert "单位 m²" in areas


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (SheetRequest("nothing", AREA), NotFoundError),
        (SheetRequest("pipes", shapely.Point(117.2, 39.1)), GeometryError),
        (SheetRequest("pipes", shapely.box(117, 39, 118.9, 40.9)), GeometryError),
        (SheetRequest("pipes", AREA, scale=200), InvalidError),
        (SheetRequest("pipes", AREA, title="字" * 61), InvalidError),
        (SheetRequest("pipes", AREA, {"nothing": ["1"]}), InvalidError),
    ],
    ids=["layer", "point", "too large", "scale", "title", "filter"],
)
def test_what_cannot_be_printed_is_refused(sheets, planner, request_, error):
    with pytest.raises(error) as caught:
        sheets.print(planner, request_)
    assert str(caught.value)


def test_too_many_features_are_refused_in_words(sheets, planner, monkeypatch):
    monkeypatch.setattr("cityops.services.sheets.mapping.MOST_FEATURES", 100)
    with pytest.raises(InvalidError) as caught:
        sheets.print(planner, SheetRequest("pipes", AREA))
    assert caught.value.code == "sheet.too_many_features"


def test_a_foreign_city_has_its_own_plane(helsinki, read_pdf):
    planner = Person(2, "规划员", frozenset({Role.PLANNER}))
    with helsinki.store.reading() as tx:
        box = shapely.box(*tx.meta.get("scene")["bounds"])
    middle = box.centroid.buffer(0.001).envelope
    printed = sheets_of(helsinki).print(planner, SheetRequest("components", middle))
    text = read_pdf(printed.pdf).text()
    assert "坐标北偏西 1°" in text
    assert printed.plan.plane.epsg in range(2000, 40_000)
