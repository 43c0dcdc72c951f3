"""Sheets and columns of the register's workbook, declared once: reading and template follow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hazards.models import Confidence
from hazards.registers.values import (
    FILED_GRADES,
    UNIT_KINDS,
    Enterprise,
    Equipment,
    HiddenDanger,
    Holding,
    KeyPlace,
    ResponseCard,
    Unit,
)


class CellType(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    CREDIT_CODE = "credit_code"
    CAS = "cas"
    INTEGER = "integer"
    REAL = "real"
    DATE = "date"
    CHOICE = "choice"


CELL_TITLES = {
    CellType.TEXT: "文字",
    CellType.CREDIT_CODE: "18 位代码，单元格设为文本",
    CellType.CAS: "CAS 号，如 7664-41-7",
    CellType.INTEGER: "整数",
    CellType.REAL: "数",
    CellType.DATE: "日期",
    CellType.CHOICE: "选一项",
}


@dataclass(frozen=True)
class ColumnSpec:
    """One column.

    Attributes
    ----------
    name
        Attribute of the value.
    unit
        Of a number; stands in the head in brackets. A head with another unit is refused.
    low, high
        Ends of what may stand there, included.
    is_past
        Whether a date may not lie after today.
    choices
        Code and title of each choice; both are read.
    """

    name: str
    title: str
    type: CellType = CellType.TEXT
    is_required: bool = False
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    is_past: bool = False
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def head(self) -> str:
        """The head of the column in a template."""
        return f"{self.title}（{self.unit}）" if self.unit else self.title


@dataclass(frozen=True)
class SheetSpec:
    """One sheet.

    Attributes
    ----------
    part
        Attribute of `Register`.
    key
        Columns that may not all be the same in two rows; empty where rows may repeat.
    parents
        Part and columns that have to be there: ``("units", ("credit_code", "unit_no"))``. Where the
        last column is empty and not required, nothing is looked for.
    """

    part: str
    title: str
    value: type[Any]
    columns: tuple[ColumnSpec, ...]
    key: tuple[str, ...] = ()
    parents: tuple[tuple[str, tuple[str, ...]], ...] = ()
    is_required: bool = False


_C = ColumnSpec
_T = CellType
_CODE = _C("credit_code", "统一社会信用代码", _T.CREDIT_CODE, is_required=True)
_UNIT = _C("unit_no", "单元编号", is_required=True)
_CAS = _C("cas", "CAS 号", _T.CAS)
#: Degrees in which China lies, roundly; a place outside is a fault.
_LON = _C("lon", "经度", _T.REAL, unit="°", low=73, high=136)
_LAT = _C("lat", "纬度", _T.REAL, unit="°", low=3, high=54)
_OF_ENTERPRISE = ("enterprises", ("credit_code",))
_OF_UNIT = ("units", ("credit_code", "unit_no"))
_OF_EQUIPMENT = ("equipment", ("credit_code", "unit_no", "equipment_no"))

SHEETS: tuple[SheetSpec, ...] = (
    SheetSpec(
        "enterprises", "企业", Enterprise,
        (
            _CODE, _C("name", "企业名称", is_required=True), _C("address", "地址"),
            _C("industry", "行业"), _C("legal_person", "法定代表人"),
            _C("safety_manager", "安全负责人"), _C("duty_phone", "值班电话"),
            _C("employees", "从业人数", _T.INTEGER, unit="人", low=0, high=10_000_000), _LON, _LAT,
        ),
        key=("credit_code",), is_required=True,
    ),
    SheetSpec(
        "units", "单元", Unit,
        (
            _CODE, _UNIT, _C("name", "单元名称", is_required=True),
            _C(
                "kind", "单元类型", _T.CHOICE, is_required=True,
                choices=tuple((str(code), title.zh) for code, title in UNIT_KINDS.items()),
            ),
            _C("people_500m", "厂界外500m常住人口", _T.INTEGER, unit="人", low=0, high=100_000_000),
            _LON, _LAT,
            _C("filed_grade", "备案级别", _T.CHOICE,
               choices=tuple((code, title.zh) for code, title in FILED_GRADES.items())),
        ),
        key=("credit_code", "unit_no"), parents=(_OF_ENTERPRISE,),
    ),
    SheetSpec(
        "equipment", "设备", Equipment,
        (
            _CODE, _UNIT, _C("equipment_no", "设备编号", is_required=True),
            _C("name", "设备名称", is_required=True), _C("medium", "介质"),
            # Wider than any vessel: gauge pressure from full vacuum, caverns of gas, furnaces.
            _C("volume_m3", "容积", _T.REAL, unit="m³", low=0, high=1e8),
            _C("design_pressure_mpa", "设计压力", _T.REAL, unit="MPa", low=-0.11, high=1000),
            _C("design_temperature_c", "设计温度", _T.REAL, unit="℃", low=-273.15, high=3000),
            _C("commissioned_on", "投用日期", _T.DATE, is_past=True),
            _C("next_inspection_on", "下次检验日期", _T.DATE),
        ),
        key=("credit_code", "unit_no", "equipment_no"), parents=(_OF_UNIT,),
    ),
    SheetSpec(
        "holdings", "物质", Holding,
        (
            _CODE, _UNIT, _C("equipment_no", "设备编号"),
            _C("name", "物质名称", is_required=True), _CAS,
            _C("row", "GB 18218 表1序号"), _C("symbol", "类别符号"), _C("form", "形态"),
            _C("design_max_t", "设计最大量", _T.REAL, is_required=True, unit="t",
               low=1e-9, high=1e9),
            _C("licensed_t", "许可量", _T.REAL, unit="t", low=0, high=1e9),
        ),
        key=("credit_code", "unit_no", "equipment_no", "name", "cas", "form"),
        parents=(_OF_UNIT, _OF_EQUIPMENT),
    ),
    SheetSpec(
        "cards", "处置卡", ResponseCard,
        (
            _C("cas", "CAS 号", _T.CAS, is_required=True), _C("name", "物质名称"),
            _C("un_no", "UN 号"), _C("dangers", "危险性"), _C("protection", "个体防护"),
            _C("fire", "灭火"), _C("leak", "泄漏处置"), _C("first_aid", "急救"),
            _C("isolation_m", "初始隔离距离", _T.REAL, unit="m", low=0, high=100_000),
            _C("source", "来源", is_required=True), _C("edition", "版本"),
            _C("confidence", "可信度", _T.CHOICE,
               choices=tuple((c.value, c.words.zh) for c in Confidence)),
        ),
        key=("cas",),
    ),
    SheetSpec(
        "dangers", "重大隐患", HiddenDanger,
        (
            _C("danger_no", "隐患编号", is_required=True), _CODE, _C("unit_no", "单元编号"),
            _C("found_on", "发现日期", _T.DATE, is_required=True, is_past=True),
            _C("found_by", "发现单位或人员"), _C("description", "隐患内容", is_required=True),
            _C("basis", "判定依据"), _C("goal", "治理目标"), _C("measures", "治理措施"),
            _C("funds_yuan", "治理经费", _T.REAL, unit="元", low=0, high=1e12), _C("responsible", "责任人"),
            _C("deadline", "治理期限", _T.DATE), _C("precautions", "治理期间防范措施和应急预案"),
        ),
        key=("danger_no",), parents=(_OF_ENTERPRISE, _OF_UNIT),
    ),
    SheetSpec(
        "places", "重点部位", KeyPlace,
        (
            _CODE, _C("place_no", "部位编号", is_required=True),
            _C("name", "部位名称", is_required=True), _C("kind", "部位类型"), _C("risk", "主要风险"),
            _C("responsible", "责任人"), _LON, _LAT,
        ),
        key=("credit_code", "place_no"), parents=(_OF_ENTERPRISE,),
    ),
)  # fmt: skip
