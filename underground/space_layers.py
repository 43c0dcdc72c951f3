"""Layers below ground beyond pipes: bodies of buildings and structures, boreholes, subsidence.

What belongs here is that of the Tianjin rules on underground space information
(天津市地下空间信息管理办法): transport, civil defence and other facilities, foundations with their
retaining structures, wells and data of geological surveys. The words are own knowledge. Columns of
bodies and boreholes bear the names that `underground.columns` knows, so that exports are read by
``cityops underground spaces`` again.
"""

from __future__ import annotations

from gis.declaring import item, real_field, source_field, text_field
from gis.layers import FieldSpec, FieldType, GeometryKind, LayerSpec, Style, Title
from underground.kinds import QUALITY_LEVELS

_TEXT, _REAL, _CODE, _DATE = FieldType.TEXT, FieldType.REAL, FieldType.CODE, FieldType.DATE


SPACE_KINDS = (
    item("foundation", "浅基础", "Shallow foundation", "#8d8577", "基"),
    item("basement", "地下室", "Basement", "#6b6459", "室"),
    item("pile", "桩基", "Pile foundation", "#4a443b", "桩"),
    item("retaining", "围护结构", "Retaining structure", "#a06a2c", "围"),
    item("metro_tunnel", "地铁区间隧道", "Metro tunnel", "#1f4e9e", "隧"),
    item("metro_station", "地铁车站", "Metro station", "#15366e", "站"),
    item("metro_exit", "地铁出入口", "Metro entrance", "#3b6cc0", "口"),
    item("civil_defence", "人防工程", "Civil-defence works", "#7a0019", "防"),
    item("utility_tunnel", "综合管廊", "Utility tunnel", "#0b6370", "廊"),
    item("garage", "地下车库", "Underground garage", "#5b6b2f", "车"),
    item("passage", "地下通道", "Underpass", "#3d7a5a", "通"),
    item("mall", "地下商业", "Underground shops", "#8a3f7a", "商"),
    item("other", "其他", "Other", "#66727a", "他"),
)

HOLE_PURPOSES = (
    item("survey", "工程勘察孔", "Site investigation", "#7a4a00", "勘"),
    item("hydro", "水文地质孔", "Hydrogeology", "#1f4e9e", "水"),
    item("heat_pump", "地源热泵孔", "Ground-source heat pump", "#a3171f", "热"),
    item("other", "其他", "Other", "#66727a", "他"),
)

SUBSIDENCE_CLASSES = (
    item("under_10", "小于 10 mm/年", "Below 10 mm a year", "#2f7d4f", "1"),
    item("10_30", "10–30 mm/年", "10 to 30 mm a year", "#b38600", "2"),
    item("30_50", "30–50 mm/年", "30 to 50 mm a year", "#b35c00", "3"),
    item("over_50", "大于 50 mm/年", "Over 50 mm a year", "#a3171f", "4"),
    item("rising", "回升", "Rising", "#1f4e9e", "升"),
    item("unknown", "不明", "Unknown", "#66727a", "？"),
)


def _metres(name: str, zh: str, en: str, *aliases: str) -> FieldSpec:
    return real_field(name, zh, en, "m", *aliases)


def _key(zh: str, *aliases: str) -> FieldSpec:
    more = {"required": True, "in_tiles": True, "max_length": 64}
    return text_field("id", zh, "Number", zh, "编号", *aliases, **more)


_DATUM = text_field("datum", "高程基准", "Height datum", "高程基准", "高程系统")
_QUALITY = FieldSpec(
    "quality_level",
    Title("质量等级", "Quality level"),
    _CODE,
    codes=QUALITY_LEVELS,
    aliases=("质量等级", "QL"),
)
_OWNER = text_field("owner", "权属单位", "Owner", "权属单位", "管理单位")
_SOURCE = source_field("数据来源", "资料来源")

SPACES = LayerSpec(
    name="underground_spaces",
    title=Title("地下空间", "Underground spaces"),
    group="underground",
    geometry=GeometryKind.POLYGON,
    fields=(
        _key("地下空间编号"),
        FieldSpec(
            "kind", Title("类别", "Kind"), _CODE, codes=SPACE_KINDS, required=True, in_tiles=True,
            aliases=("类别", "种类", "类型"),
        ),
        text_field("called", "设施名称", "Called", "名称", "设施名称", in_tiles=True),
        _metres("top_m", "顶高程", "Top level", "顶高程", "顶标高", "顶板顶标高"),
        _metres("bottom_m", "底高程", "Bottom level", "底高程", "底标高", "底板底标高", "基底高程"),
        _DATUM,
        text_field("use", "用途", "Use", "用途"),
        _OWNER,
        FieldSpec(
            "built_on", Title("竣工日期", "Completed on"), _DATE, aliases=("竣工日期", "建成日期")
        ),
        _QUALITY,
        _SOURCE,
    ),
    key="id",
    style=Style(colour="#4a443b", fill_opacity=0.3, width=1.4, class_field="kind"),
    category_field="kind",
    label_field="called",
    order=66,
    min_zoom=14,
    visible=False,
    surveyed=True,
)  # fmt: skip

BOREHOLES = LayerSpec(
    name="boreholes",
    title=Title("钻孔", "Boreholes"),
    group="underground",
    geometry=GeometryKind.POINT,
    fields=(
        _key("钻孔编号", "孔号"),
        FieldSpec(
            "purpose", Title("用途", "Purpose"), _CODE, codes=HOLE_PURPOSES, required=True,
            in_tiles=True, aliases=("用途", "钻孔类型"),
        ),
        _metres("collar_m", "孔口高程", "Collar level", "孔口高程", "孔口标高"),
        FieldSpec(
            "depth_m", Title("孔深", "Depth"), _REAL, unit="m", minimum=0,
            aliases=("孔深", "钻孔深度"),
        ),
        FieldSpec(
            "water_depth_m", Title("稳定水位埋深", "Depth to groundwater"), _REAL, unit="m",
            aliases=("水位埋深", "地下水埋深", "稳定水位埋深"),
        ),
        FieldSpec(
            "strata", Title("地层（自孔口起的深度）", "Strata, by depth below the collar"), _TEXT,
            aliases=("地层",),
        ),
        _DATUM,
        FieldSpec("drilled_on", Title("钻探日期", "Drilled on"), _DATE, aliases=("钻探日期", "日期")),
        text_field("surveyor", "勘察单位", "Surveyor", "勘察单位"),
        text_field("project", "项目", "Project", "项目", "工程名称"),
        _SOURCE,
    ),
    key="id",
    style=Style(colour="#7a4a00", radius=4.5, class_field="purpose"),
    category_field="purpose",
    label_field="id",
    order=74,
    min_zoom=13,
    visible=False,
    surveyed=True,
)  # fmt: skip

SUBSIDENCE = LayerSpec(
    name="subsidence_points",
    title=Title("沉降监测点", "Subsidence benchmarks"),
    group="underground",
    geometry=GeometryKind.POINT,
    fields=(
        _key("点号", "水准点号", "沉降点号"),
        FieldSpec(
            "rate_class", Title("年沉降等级", "Rate of subsidence"), _CODE,
            codes=SUBSIDENCE_CLASSES, required=True, in_tiles=True, aliases=("年沉降等级",),
        ),
        FieldSpec(
            "rate_mm_a", Title("年平均沉降", "Mean subsidence a year"), _REAL, unit="mm/a",
            aliases=("年平均沉降", "年均沉降量"),
        ),
        FieldSpec(
            "total_mm", Title("累计沉降", "Subsidence in total"), _REAL, unit="mm",
            aliases=("累计沉降", "累计沉降量"),
        ),
        _metres("level_m", "末次高程", "Last level", "末次高程", "高程"),
        FieldSpec("first_on", Title("首次观测", "First reading"), _DATE, aliases=("首次观测",)),
        FieldSpec("last_on", Title("末次观测", "Last reading"), _DATE, aliases=("末次观测",)),
        FieldSpec(
            "readings", Title("历次高程", "Readings"), _TEXT, aliases=("历次高程", "历次观测"),
        ),
        text_field("mark", "标志类型", "Kind of mark", "标志类型"),
        _DATUM,
        _SOURCE,
    ),
    key="id",
    style=Style(colour="#2f7d4f", radius=5.0, class_field="rate_class"),
    category_field="rate_class",
    label_field="id",
    order=75,
    min_zoom=12,
    visible=False,
    surveyed=True,
)  # fmt: skip
