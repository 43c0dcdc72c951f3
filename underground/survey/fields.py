"""Fields of point and line tables and the names under which surveys deliver them.

The names lie in ``data/survey_columns.csv``, one dialect per row: ``cjj61_2003`` (English
abbreviations after CJJ 61-2003), ``zh`` (Chinese names), ``gis`` (layers of GIS programs, of
WNTR and of this program). In tables X is north and Y is east, as in every Chinese survey.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from io import StringIO

from underground.faults import SheetRole


class FieldKind(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    NUMBER = "number"


@dataclass(frozen=True)
class SurveyField:
    """A field of a point or line table; numbers are metres unless said otherwise."""

    name: str
    title: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = False


_T, _N = FieldKind.TEXT, FieldKind.NUMBER
POINT_FIELDS: tuple[SurveyField, ...] = (
    SurveyField("number", "物探点号", required=True),
    SurveyField("map_number", "图上点号"),
    SurveyField("north", "X（北坐标）", _N, required=True),
    SurveyField("east", "Y（东坐标）", _N, required=True),
    SurveyField("ground", "地面高程", _N),
    SurveyField("kind", "管线种类"),
    SurveyField("feature", "特征"),
    SurveyField("appurtenance", "附属物"),
    SurveyField("code", "点编码"),
    SurveyField("well_depth", "井底埋深", _N),
    SurveyField("pipe_level", "管线高程", _N),
    SurveyField("method", "探查方式"),
    SurveyField("quality", "质量等级"),
    SurveyField("sigma_xy", "平面中误差", _N),
    SurveyField("sigma_z", "埋深中误差", _N),
    SurveyField("owner", "权属单位"),
    SurveyField("road", "道路名称"),
    SurveyField("note", "备注"),
)
LINE_FIELDS: tuple[SurveyField, ...] = (
    SurveyField("name", "管段编号"),
    SurveyField("start", "起点点号", required=True),
    SurveyField("end", "终点点号", required=True),
    SurveyField("start_depth", "起点埋深", _N),
    SurveyField("end_depth", "终点埋深", _N),
    SurveyField("start_level", "起点高程", _N),
    SurveyField("end_level", "终点高程", _N),
    SurveyField("kind", "管线种类"),
    SurveyField("mode", "埋设方式"),
    SurveyField("material", "材质"),
    SurveyField("size", "管径或断面"),
    SurveyField("diameter", "公称直径", _N),
    SurveyField("outer", "外径", _N),
    SurveyField("status", "使用状态"),
    SurveyField("flow", "流向"),
    SurveyField("pressure", "压力或电压"),
    SurveyField("part", "管高位置"),
    SurveyField("quality", "质量等级"),
    SurveyField("method", "探查方式"),
    SurveyField("owner", "权属单位"),
    SurveyField("laid_on", "埋设日期"),
    SurveyField("road", "道路名称"),
    SurveyField("length", "长度", _N),
    SurveyField("note", "备注"),
)
FIELDS: dict[SheetRole, tuple[SurveyField, ...]] = {
    SheetRole.POINTS: POINT_FIELDS,
    SheetRole.LINES: LINE_FIELDS,
}


@dataclass(frozen=True)
class Alias:
    """A delivered column name: its field, its dialect, and the metres of its unit if it has one."""

    table: SheetRole
    field: str
    name: str
    dialect: str
    unit_m: float | None
    source: str
    confidence: str


@cache
def aliases() -> tuple[Alias, ...]:
    """All rows of the table of column names.

    Examples
    --------
    >>> sorted({alias.dialect for alias in aliases()})
    ['cjj61_2003', 'gis', 'zh']
    """
    text = (files("underground") / "data" / "survey_columns.csv").read_text(encoding="utf-8")
    return tuple(
        Alias(
            SheetRole(row["table"]),
            row["field"],
            row["name"],
            row["dialect"],
            float(row["unit_m"]) if row["unit_m"] else None,
            row["source"],
            row["confidence"],
        )
        for row in csv.DictReader(StringIO(text))
    )


#: Units in brackets behind a column name, in metres.
_STATED = {
    "(m)": 1.0, "(米)": 1.0, "(cm)": 0.01, "(厘米)": 0.01, "(mm)": 0.001, "(毫米)": 0.001,
}  # fmt: skip


def stated_unit(name: str) -> float | None:
    """Metres of the unit in brackets behind a column name; None where there is none.

    Examples
    --------
    >>> stated_unit("埋深（mm）"), stated_unit("埋深")
    (0.001, None)
    """
    plain = _plain(name)
    return next((metres for unit, metres in _STATED.items() if plain.endswith(unit)), None)


def _plain(name: str) -> str:
    plain = name.strip().replace("（", "(").replace("）", ")").casefold()
    for mark in (" ", "_", "-"):
        plain = plain.replace(mark, "")
    return plain


def folded(name: str) -> str:
    """A column name without case, blanks, underscores, hyphens, and units in brackets.

    Examples
    --------
    >>> folded("起点埋深（m）"), folded(" S_Deep ")
    ('起点埋深', 'sdeep')
    """
    plain = _plain(name)
    for unit in _STATED:
        plain = plain.removesuffix(unit)
    return plain


@cache
def by_name(table: SheetRole) -> dict[str, tuple[Alias, ...]]:
    """Aliases of a table by folded name; one name may mean something else in each dialect."""
    out: dict[str, tuple[Alias, ...]] = {}
    for alias in aliases():
        if alias.table is table:
            key = folded(alias.name)
            out[key] = (*out.get(key, ()), alias)
    return out
