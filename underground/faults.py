"""Faults of survey data: each a value with its row, its place, and an offer of repair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as of_field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """Whether a row with the fault may be used."""

    ERROR = "error"
    WARNING = "warning"


class SheetRole(StrEnum):
    """Which table of a survey a row is of."""

    POINTS = "points"
    LINES = "lines"
    FILE = "file"


class RepairOp(StrEnum):
    """What would remove a fault; nothing is ever done without being asked."""

    SET = "set"
    SWAP = "swap"
    DELETE = "delete_row"
    MERGE = "merge_points"
    SNAP = "snap"
    REVERSE = "reverse"
    SPLIT = "split"


@dataclass(frozen=True)
class Repair:
    """An offer of repair: what to do, to which field, from which value to which."""

    op: RepairOp
    field: str | None = None
    old: Any = None
    new: Any = None


_E, _W = Severity.ERROR, Severity.WARNING
#: Code -> severity and Chinese message template.
CATALOGUE: dict[str, tuple[Severity, str]] = {
    "file.no_points": (_E, "没有点表，也没有带几何的线"),
    "file.no_lines": (_E, "没有线表"),
    "column.duplicate": (_E, "列“{got}”出现了 {count} 次"),
    "column.ambiguous": (_E, "列“{got}”与列“{other}”都可以是{title}"),
    "column.missing": (_E, "缺少必需的列：{title}"),
    "value.missing": (_E, "{title}为空"),
    "value.not_a_number": (_E, "{title}“{got}”不是数"),
    "value.unknown_kind": (_W, "不认识管线种类“{got}”"),
    "value.unknown_material": (_W, "不认识材质“{got}”"),
    "value.unknown_mode": (_W, "不认识埋设方式“{got}”"),
    "value.unknown_status": (_W, "不认识使用状态“{got}”"),
    "value.bad_size": (_W, "管径或断面“{got}”读不出来"),
    "value.size_unit": (_W, "管径或断面“{got}”的单位可能不是毫米"),
    "value.depth_unit": (_W, "埋深 {got} 的单位可能不是米"),
    "value.height_range": (_E, "{title} {got} m 不在 {expected} m 之内"),
    "point.duplicate": (_E, "点号 {got} 重复，内容相同，首次出现在第 {first} 行"),
    "point.duplicate_differs": (_E, "点号 {got} 重复，内容不同，首次出现在第 {first} 行"),
    "point.same_place": (_W, "点 {got} 与第 {first} 行的点 {other} 坐标和高程完全相同"),
    "point.numbers_differ": (_W, "图上点号 {other} 与物探点号 {got} 不一致"),
    "point.feature_and_appurtenance": (_E, "特征“{got}”与附属物“{other}”只能有一个"),
    "point.code_mismatch": (_W, "点编码 {got} 是“{expected}”，与“{other}”不符"),
    "point.unknown_code": (_W, "不认识点编码 {got}"),
    "point.swapped_axes": (_E, "X（北）和 Y（东）可能写反"),
    "point.outside": (_E, "坐标不在坐标系 {expected} 的适用范围内"),
    "point.unused": (_W, "点 {got} 没有管线连接"),
    "point.degree": (_W, "特征“{got}”应连接 {expected} 段管线，实际 {count} 段"),
    "point.ground_on_surface": (_W, "地面敷设的点 {got} 不应另有地面高程"),
    "point.heights_differ": (_W, "点 {got} 处各管段的管线高程相差 {difference} m"),
    "point.depths_differ": (_W, "点 {got} 处各管段的埋深相差 {difference} m"),
    "point.materials_differ": (_W, "点 {got} 处两段管线材质不同：{other}"),
    "point.sizes_differ": (_W, "点 {got} 处两段管线管径不同：{other}"),
    "point.below_well": (_W, "管底低于井底 {difference} m（点 {got}）"),
    "line.missing_point": (_E, "点号 {got} 不在点表中"),
    "line.start_is_end": (_E, "起点和终点都是 {got}"),
    "line.duplicate": (_E, "与第 {first} 行是同一管段"),
    "line.duplicate_reversed": (_E, "与第 {first} 行是同一管段，方向相反"),
    "line.height_mismatch": (
        _E,
        "{title}：地面高程 {ground} − 埋深 {depth} ≠ 管线高程 {got}，相差 {difference} m",
    ),
    "line.negative_depth": (_E, "地下管线的埋深为负：{got} m"),
    "line.positive_depth": (_E, "架空管线的埋深应为负：{got} m"),
    "line.too_deep": (_W, "埋深 {got} m 超过 {expected} m"),
    "line.above_ground": (_E, "管线高于地面：{title}高出 {difference} m"),
    "line.too_long": (_W, "管段长 {got} m，超过 {expected} m"),
    "line.too_short": (_W, "管段长 {got} m，不足 {expected} m"),
    "line.zero_length": (_E, "管段长度为零"),
    "line.steep": (_W, "坡角 {got}° 超过 {expected}°"),
    "line.adverse_slope": (_W, "倒坡：沿水流方向上升 {difference} m"),
    "line.smaller_downstream": (_W, "下游管径 {got} m 小于上游 {other} m（第 {first} 行）"),
    "line.misconnection": (_E, "雨污混接：污水管段接入雨水管段（第 {first} 行）"),
    "line.sharp_turn": (_W, "与第 {first} 行管段的夹角只有 {got}°"),
    "line.crosses": (_W, "与第 {first} 行管段在同一高度相交而没有节点"),
    "line.dangling": (_W, "端点 {got} 距最近的管线只有 {difference} m 而没有连接"),
    "line.ends_differ": (_E, "同名端点 {got} 的坐标相差 {difference} m"),
    "line.flat": (_W, "没有高程：图形没有，也没有埋深或管线高程"),
    "line.all_flat": (_W, "{count} 条线都没有高程：图形没有，也没有埋深或管线高程"),
    "line.length_unit": (_W, "长度列与图形长度之比是 {got}，像是米和英尺混用"),
    "line.bad_shape": (_E, "没有可用的折线：{got}"),
    "network.separate_group": (
        _W,
        "与其余管线不连通的一组：{count} 段（{title}，本类最大的一组 {largest} 段）",
    ),
    "inp.unknown_section": (_E, "读不懂的一行：{got}"),
    "inp.duplicate": (_E, "编号 {got} 重复，首次出现在第 {first} 行"),
    "inp.unknown_node": (_E, "连接 {other} 的节点 {got} 没有定义"),
    "inp.unknown_link": (_E, "编号 {got} 的管段没有定义"),
    "inp.unknown_units": (_E, "不认识流量单位 {got}，长度是米还是英尺不明"),
    "inp.short_line": (_E, "这一行缺少数据：{got}"),
    "inp.not_a_number": (_E, "{title}“{got}”不是数"),
}


@dataclass(frozen=True)
class SurveyFault:
    """One fault of a delivery.

    Attributes
    ----------
    code
        Stable name out of `CATALOGUE`.
    table, row
        Table of the delivery and 1-based row in it (its head is row 1); row 0 is the table itself.
    field
        Field or delivered column that is meant.
    place
        (east, north) as delivered, or None.
    params
        Parts of the message; JSON values.
    """

    code: str
    table: SheetRole
    row: int
    field: str | None = None
    got: Any = None
    place: tuple[float, float] | None = None
    params: Mapping[str, Any] = of_field(default_factory=dict)
    repair: Repair | None = None

    @property
    def severity(self) -> Severity:
        """Whether the row may be used."""
        return CATALOGUE[self.code][0]

    @property
    def message(self) -> str:
        """Chinese message with its parts filled in."""
        return CATALOGUE[self.code][1].format_map({"got": self.got, **self.params})


def sorted_faults(faults: Iterator[SurveyFault] | list[SurveyFault]) -> tuple[SurveyFault, ...]:
    """Faults by table, row, code and field, so that the answer does not depend on the checks' order."""
    roles = {SheetRole.FILE: 0, SheetRole.POINTS: 1, SheetRole.LINES: 2}
    return tuple(
        sorted(faults, key=lambda f: (roles[f.table], f.row, f.code, f.field or "", str(f.got)))
    )
