"""What can be wrong with a shape, each fault as a value: code, text, place, offer of repair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gis.errors import GeometryError


class Repair(StrEnum):
    """What `gis.geometry.repair` can do about a fault, on request and never silently."""

    CLOSE_RING = "close_ring"
    DROP_REPEATED = "drop_repeated"
    MAKE_VALID = "make_valid"
    DROP_PARTS = "drop_parts"
    UNWRAP = "unwrap"
    DROP_HEIGHT = "drop_height"
    DROP_MEASURE = "drop_measure"


#: Code -> Chinese message template, hint template or None, repair or None.
CATALOGUE: dict[str, tuple[str, str | None, Repair | None]] = {
    "geometry.missing": ("没有几何", "每个要素都应有几何", None),
    "geometry.empty": ("几何为空", "每个要素都应有几何", None),
    "geometry.not_object": ("几何应为 GeoJSON 对象，得到 {got}", None, None),
    "geometry.unknown_type": ("不认识几何类型 {got}", None, None),
    "geometry.wrong_type": ("这里需要 {expected}，得到 {got}", None, None),
    "geometry.single_part": (
        "这里需要 {expected}，得到 {got}",
        "其中只有一个部分，可以取出",
        Repair.UNWRAP,
    ),
    "geometry.nested": ("几何集合嵌套了 {got} 层，最多 {expected} 层", None, None),
    "geometry.too_many_vertices": ("几何有 {got} 个顶点，最多 {expected} 个", "请简化或拆分", None),
    "geometry.too_many_parts": ("几何有 {got} 个部分，最多 {expected} 个", "请拆分", None),
    "geometry.too_many_holes": ("多边形有 {got} 个洞，最多 {expected} 个", "请拆分", None),
    "geometry.bad_position": ("坐标应为 [经度, 纬度]，得到 {got}", None, None),
    "geometry.bad_number": ("坐标中 {got} 不是数", None, None),
    "geometry.not_finite": ("坐标中有不是有限数的值", None, None),
    "geometry.out_of_range": ("坐标 {got} 超出经纬度的取值范围", None, None),
    "geometry.swapped": ("坐标 {got} 的经度和纬度可能写反", "是否应为 {corrected}", None),
    "geometry.zone_prefix": (
        "坐标 {got} 是带带号的高斯-克吕格坐标（{zone} 带），不是经纬度",
        "请指明坐标系，可能是 {candidates}",
        None,
    ),
    "geometry.projected": (
        "坐标 {got} 像是投影坐标（米或英尺），不是经纬度",
        "请指明坐标系，可能是 {candidates}",
        None,
    ),
    "geometry.outside_area": ("坐标 {got} 在 {expected} 范围以外", None, None),
    "geometry.antimeridian": ("几何跨越 180 度经线", "请在 180 度经线处拆开", None),
    "geometry.pole": ("几何到达极点", None, None),
    "geometry.has_height": ("这里不接受高程坐标", "可以去掉高程", Repair.DROP_HEIGHT),
    "geometry.has_measure": ("不接受 M 值或第四个坐标", "可以去掉 M 值", Repair.DROP_MEASURE),
    "geometry.mixed_dimensions": ("有的顶点有高程，有的没有", "可以去掉高程", Repair.DROP_HEIGHT),
    "geometry.unclosed_ring": ("多边形的环没有闭合", "可以补上终点", Repair.CLOSE_RING),
    "geometry.too_few_points": ("只有 {got} 个不同的点，至少要 {expected} 个", None, None),
    "geometry.zero_length": ("线的长度为零", None, None),
    "geometry.zero_area": ("多边形的面积为零", None, None),
    "geometry.sliver": ("多边形过窄或过小：面积 {area_m2} m²，宽 {width_m} m", None, None),
    "geometry.repeated_points": ("{got} 个顶点与前一个顶点重复", "可以去掉", Repair.DROP_REPEATED),
    "geometry.spike": ("多边形有折返的尖刺", "可以修复", Repair.MAKE_VALID),
    "geometry.self_intersection": ("多边形的边界自相交", "可以修复", Repair.MAKE_VALID),
    "geometry.hole_outside": ("洞不在外环以内", "可以修复", Repair.MAKE_VALID),
    "geometry.holes_nested": ("一个洞在另一个洞里面", "可以修复", Repair.MAKE_VALID),
    "geometry.holes_touch": ("洞与洞（或与外环）重叠或有公共边", "可以修复", Repair.MAKE_VALID),
    "geometry.parts_overlap": ("两个部分重叠或有公共边", "可以修复", Repair.MAKE_VALID),
    "geometry.interior_split": ("洞把多边形的内部隔成几块", "可以修复", Repair.MAKE_VALID),
    "geometry.invalid": ("几何无效", "可以修复", Repair.MAKE_VALID),
    "geometry.truncated": ("二进制几何不完整：第 {got} 字节之后缺少数据", None, None),
    "geometry.bad_binary": ("二进制几何有误", None, None),
    "geometry.foreign_crs": (
        "图形声明的坐标系 {got} 不能用在这里",
        "按 {expected} 的经纬度给出，不写 crs",
        None,
    ),
    "geometry.foreign_srid": ("几何标明坐标系为 {got}，与文件的不同", None, None),
}


@dataclass(frozen=True)
class Fault:
    """One fault of a shape.

    Attributes
    ----------
    code
        Stable name out of `CATALOGUE`.
    place
        (x, y) where it is, in the coordinates of the shape, or None.
    path
        Where it is in a JSON text, or None.
    got, expected, params
        Parts of the message; JSON values.
    """

    code: str
    place: tuple[float, float] | None = None
    path: str | None = None
    got: Any = None
    expected: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """Chinese template of the fault."""
        return CATALOGUE[self.code][0]

    @property
    def repair(self) -> Repair | None:
        """What could be done about it on request, or None."""
        return CATALOGUE[self.code][2]

    def error(self, row: int | None = None, field: str = "geometry") -> GeometryError:
        """The fault as an error of the field `field`, of the 1-based `row` of a file."""
        message, hint, repair = CATALOGUE[self.code]
        params = dict(self.params)
        params["place"] = None if self.place is None else list(self.place)
        params["repair"] = None if repair is None else repair.value
        if "candidates" in params:
            params["candidates"] = "、".join(params["candidates"])
            hint = hint if params["candidates"] else "请向交付方问清坐标系，并指明它的 EPSG 代码"
        return GeometryError(
            self.code,
            message,
            field=self.path or field,
            got=self.got,
            expected=self.expected,
            hint=hint,
            params=params,
            row=row,
        )


def refusal(faults: Sequence[Fault], field: str = "geometry") -> GeometryError:
    """One error for the faults of one shape, with all of them in ``errors``.

    Examples
    --------
    >>> str(refusal([Fault("geometry.empty")]))
    '几何为空'
    """
    singles = [fault.error(field=field) for fault in faults]
    first = singles[0]
    return GeometryError(
        first.code,
        first.template,
        field=first.field,
        got=first.got,
        expected=first.expected,
        hint=first.hint_template,
        params=first.params,
        errors=singles,
    )
