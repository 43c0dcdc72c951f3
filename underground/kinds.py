"""Kinds of pipelines and the code lists of their survey, mapped to the codes surveys deliver.

Material, burial mode and status letters follow CJJ 61-2017 appendix C as transcribed in open
survey tools; older and local code sets differ, so the table of survey codes is data.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.layers import CodeItem, Title


def _kind(
    code: str,
    zh: str,
    en: str,
    colour: str,
    mark: str,
    dash: tuple[float, ...] = (),
    casing: str = "#ffffff",
) -> CodeItem:
    return CodeItem(code, Title(zh, en), colour, dash, mark, casing)


#: The eight kinds of GB 50289, Okabe-Ito colours, each with a dash and a letter of its own.
KINDS: tuple[CodeItem, ...] = (
    _kind("water", "给水", "Water", "#0072b2", "J"),
    _kind("storm", "雨水", "Storm water", "#56b4e9", "Y", (3.5, 1.2)),
    _kind("sewer", "污水", "Sewage", "#000000", "W", (3.8, 1.2, 0.8, 1.2)),
    _kind("gas", "燃气", "Gas", "#f0e442", "Q", (), "#3a3a22"),
    _kind("heat", "热力", "Heat", "#e69f00", "R", (6.2, 0.8)),
    _kind("power", "电力", "Power", "#d55e00", "D", (1.2, 0.8)),
    _kind("telecom", "通信", "Telecom", "#009e73", "X", (0.6, 1.0)),
    _kind("reclaimed", "再生水", "Reclaimed water", "#cc79a7", "Z", (4.6, 1.2, 0.6, 1.2, 0.6, 1.2)),
)

MATERIALS: tuple[CodeItem, ...] = tuple(
    CodeItem(code, Title(zh, en))
    for code, zh, en in (
        ("ZT", "铸铁", "Cast iron"),
        ("QM", "球墨铸铁", "Ductile iron"),
        ("G", "钢", "Steel"),
        ("T", "混凝土", "Concrete"),
        ("PE", "PE", "Polyethylene"),
        ("PVC", "PVC", "PVC"),
        ("BLG", "玻璃钢", "Glass-fibre reinforced plastic"),
        ("ZS", "砖石", "Brick or stone"),
        ("S", "塑料", "Plastic"),
        ("SM", "石棉", "Asbestos cement"),
        ("TC", "陶瓷", "Vitrified clay"),
        ("TZ", "铜", "Copper"),
        ("VL", "钢芯铝绞线", "ACSR"),
        ("GX", "光纤", "Optical fibre"),
    )
)

BURIAL_MODES: tuple[CodeItem, ...] = tuple(
    CodeItem(code, Title(zh, en))
    for code, zh, en in (
        ("ZM", "直埋", "Direct burial"),
        ("GM", "管埋", "In a casing pipe"),
        ("GK", "管块", "Duct bank"),
        ("GG", "管沟", "Trench"),
        ("JK", "架空", "Overhead"),
        ("DM", "地面", "On the ground"),
        ("SJ", "上架", "On a rack"),
        ("XTD", "小通道", "Small gallery"),
        ("ZH", "综合管廊", "Utility tunnel"),
        ("RF", "人防", "Civil-defence works"),
        ("JN", "井内连线", "Link inside a manhole"),
        ("DG", "顶管", "Pipe jacking"),
        ("SX", "水下", "Under water"),
    )
)

#: Abandoned pipes stay in the ground: digging checks keep them, flow traces leave them out.
STATUSES: tuple[CodeItem, ...] = (
    CodeItem("in_use", Title("在用", "In use")),
    CodeItem("abandoned", Title("废弃", "Abandoned")),
    CodeItem("empty", Title("空管", "Empty")),
    CodeItem("planned", Title("规划", "Planned")),
    CodeItem("other", Title("其他", "Other")),
)

#: Quality levels in the sense of ASCE 38-22 and PAS 128: D and C carry no measured depth.
QUALITY_LEVELS: tuple[CodeItem, ...] = (
    CodeItem("A", Title("A 级：开挖或井内量测", "A: exposed and measured")),
    CodeItem("B", Title("B 级：仪器探查", "B: detected by geophysics")),
    CodeItem("C", Title("C 级：资料加现场核对", "C: records checked on site")),
    CodeItem("D", Title("D 级：仅有资料", "D: records only")),
)

SURVEY_METHODS: tuple[CodeItem, ...] = (
    CodeItem("exposed", Title("开挖量测", "Exposed")),
    CodeItem("manhole", Title("明显点量测", "Measured in the manhole")),
    CodeItem("detected", Title("隐蔽点探查", "Detected")),
    CodeItem("as_built", Title("竣工测量", "As-built survey")),
    CodeItem("record", Title("资料转绘", "Taken from records")),
)

PRESSURE_CLASSES: tuple[CodeItem, ...] = (
    CodeItem("gravity", Title("重力流", "Gravity")),
    CodeItem("pressure", Title("压力流", "Pressure")),
    CodeItem("gas_low", Title("燃气低压", "Gas, low pressure")),
    CodeItem("gas_medium_b", Title("燃气中压 B", "Gas, medium pressure B")),
    CodeItem("gas_medium_a", Title("燃气中压 A", "Gas, medium pressure A")),
    CodeItem("gas_subhigh_b", Title("燃气次高压 B", "Gas, sub-high pressure B")),
    CodeItem("gas_subhigh_a", Title("燃气次高压 A", "Gas, sub-high pressure A")),
    CodeItem("lv", Title("低压电力", "Low voltage")),
    CodeItem("mv", Title("10 kV 电力", "10 kV")),
    CodeItem("hv", Title("35 kV 及以上电力", "35 kV and above")),
)


@dataclass(frozen=True)
class SurveyCode:
    """One class of CJJ 61-2017 appendix B and the kind of this program it belongs to.

    ``kind`` is None for what none of the eight kinds covers (industrial, utility tunnel, unknown).
    """

    major: str
    minor: str
    minor_code: str
    name: str
    flow: str
    kind: str | None
    source: str
    confidence: str


_KIND_OF_MAJOR = {"JS": "water", "RQ": "gas", "RL": "heat", "DL": "power", "TX": "telecom"}
_KIND_OF_MINOR = {"ZS": "reclaimed", "YS": "storm", "WS": "sewer", "HS": "sewer"}


@cache
def survey_codes() -> dict[str, SurveyCode]:
    """Survey classes by their two-letter minor code.

    Combined sewers (雨污合流, HS) count as sewage, the stricter of their two neighbours.

    Examples
    --------
    >>> survey_codes()["YS"].kind, survey_codes()["TR"].kind, survey_codes()["QQ"].kind
    ('storm', 'gas', None)
    """
    table = files("underground") / "data" / "pipeline_kinds_cjj61_2017.csv"
    rows = csv.DictReader(StringIO(table.read_text(encoding="utf-8")))
    out: dict[str, SurveyCode] = {}
    for row in rows:
        minor = row["minor_code"]
        out[minor] = SurveyCode(
            major=row["major_code"],
            minor=row["minor"],
            minor_code=minor,
            name=row["minor"],
            flow=row["flow"],
            kind=_KIND_OF_MINOR.get(minor, _KIND_OF_MAJOR.get(row["major_code"])),
            source=row["source"],
            confidence=row["confidence"],
        )
    return out


def kind_of(text: str) -> str | None:
    """Kind meant by what a survey delivers: our code, a survey code or a Chinese name; else None.

    Examples
    --------
    >>> kind_of("JS"), kind_of("污水"), kind_of("gas"), kind_of("中水"), kind_of("?")
    ('water', 'sewer', 'gas', 'reclaimed', None)
    """
    given = text.strip()
    for item in KINDS:
        if given.lower() == item.code or given in (item.title.zh, item.title.zh + "管线"):
            return item.code
    upper = given.upper()
    if upper in survey_codes():
        return survey_codes()[upper].kind
    if upper in _KIND_OF_MAJOR:
        return _KIND_OF_MAJOR[upper]
    return next((s.kind for s in survey_codes().values() if s.name == given), None)


def kind_title(code: str | None) -> str:
    """Chinese name of a kind, a dash for one that is not known.

    Examples
    --------
    >>> kind_title("water"), kind_title(None)
    ('给水', '—')
    """
    return next((item.title.zh for item in KINDS if item.code == code), "—")
