"""Layers of the hazards domain: sites, power plants, places that need protection, and the rest."""

from __future__ import annotations

from gis.declaring import item, source_field
from gis.layers import FieldSpec, FieldType, GeometryKind, LayerSpec, Style, Title
from hazards import relief_layers, watch_layers

_TEXT, _REAL, _CODE, _INTEGER = (
    FieldType.TEXT,
    FieldType.REAL,
    FieldType.CODE,
    FieldType.INTEGER,
)
_SOURCE = source_field("来源", "Source")


SITE_KINDS = (
    item("tank_farm", "储罐区", "Tank farm", "#7a0019", "罐"),
    item("warehouse", "危险化学品仓库", "Dangerous-goods warehouse", "#a3171f", "库"),
    item("chemical_plant", "化工装置", "Chemical plant", "#8a4b00", "化"),
    item("port_yard", "港区危险货物堆场", "Port yard for dangerous goods", "#7a0019", "港"),
    item("fuel_station", "加油加气站", "Fuel station", "#b35c00", "油"),
    item("lpg_station", "液化气站", "LPG station", "#b35c00", "气"),
    item("cold_store", "液氨冷库", "Ammonia cold store", "#1f4e9e", "氨"),
    item("other", "其他", "Other", "#66727a", "他"),
)

#: Grades of major hazard sources (重大危险源), GB 18218-2018: 1 is the gravest.
SITE_GRADES = (
    item("1", "一级", "Grade 1"),
    item("2", "二级", "Grade 2"),
    item("3", "三级", "Grade 3"),
    item("4", "四级", "Grade 4"),
    item("none", "不构成重大危险源", "Not a major hazard source"),
)


def _mass(name: str, zh: str, en: str) -> FieldSpec:
    return FieldSpec(name, Title(zh, en), _REAL, unit="kg", minimum=0)


HAZARD_SITES = LayerSpec(
    name="hazard_sites",
    title=Title("危险源", "Hazard sites"),
    group="hazards",
    geometry=GeometryKind.POINT,
    fields=(
        FieldSpec(
            "id", Title("编号", "Id"), _TEXT, required=True, in_tiles=True, aliases=("危险源编号",)
        ),
        FieldSpec(
            "name",
            Title("名称", "Name"),
            _TEXT,
            required=True,
            in_tiles=True,
            aliases=("企业名称", "单位名称", "危险源名称"),
        ),
        FieldSpec(
            "kind",
            Title("类型", "Kind"),
            _CODE,
            codes=SITE_KINDS,
            required=True,
            in_tiles=True,
            aliases=("危险源类型",),
        ),
        FieldSpec(
            "grade",
            Title("重大危险源等级", "Grade"),
            _CODE,
            codes=SITE_GRADES,
            in_tiles=True,
            aliases=("等级", "重大危险源级别"),
        ),
        FieldSpec("substance", Title("物质", "Substance"), _TEXT, aliases=("危险物质", "物质名称")),
        FieldSpec("cas", Title("CAS 号", "CAS number"), _TEXT, max_length=16),
        _mass("inventory_kg", "最大存量", "Largest inventory"),
        _mass("tnt_low_kg", "TNT 当量（低）", "TNT equivalent, low"),
        _mass("tnt_likely_kg", "TNT 当量（可能）", "TNT equivalent, likely"),
        _mass("tnt_high_kg", "TNT 当量（高）", "TNT equivalent, high"),
        FieldSpec("address", Title("地址", "Address"), _TEXT, aliases=("地址",)),
        _SOURCE,
    ),
    key="id",
    style=Style(colour="#7a0019", radius=6.0, class_field="kind"),
    category_field="kind",
    label_field="name",
    order=90,
    min_zoom=9,
)

FUELS = (
    item("coal", "燃煤", "Coal", "#384147", "煤"),
    item("gas", "天然气", "Natural gas", "#b35c00", "气"),
    item("oil", "燃油", "Oil", "#7a4b1e", "油"),
    item("hydro", "水电", "Hydro", "#1f4e9e", "水"),
    item("wind", "风电", "Wind", "#0b6370", "风"),
    item("solar", "太阳能", "Solar", "#857000", "光"),
    item("waste", "垃圾", "Waste", "#5f8a3a", "垃"),
    item("biomass", "生物质", "Biomass", "#1c6b45", "生"),
    item("nuclear", "核电", "Nuclear", "#5b3f8c", "核"),
    item("other", "其他", "Other", "#66727a", "他"),
)

POWER_PLANTS = LayerSpec(
    name="power_plants",
    title=Title("发电厂", "Power plants"),
    group="hazards",
    geometry=GeometryKind.POINT,
    fields=(
        FieldSpec("id", Title("编号", "Id"), _TEXT, required=True, aliases=("Power Plant ID",)),
        FieldSpec(
            "name", Title("名称", "Name"), _TEXT, required=True, in_tiles=True, aliases=("Name",)
        ),
        FieldSpec(
            "fuel", Title("燃料", "Fuel"), _CODE, codes=FUELS, in_tiles=True, aliases=("Fuel",)
        ),
        FieldSpec(
            "capacity_mw",
            Title("装机容量", "Capacity"),
            _REAL,
            unit="MW",
            minimum=0,
            aliases=("Capacity (MW)",),
            in_tiles=True,
        ),
        FieldSpec(
            "commissioned",
            Title("投运年份", "Commissioned"),
            _TEXT,
            aliases=("Commissioning Date",),
        ),
        FieldSpec("owner", Title("业主", "Owner"), _TEXT, aliases=("Owner",)),
        FieldSpec("status", Title("状态", "Status"), _TEXT, aliases=("Operational Status",)),
        FieldSpec("place", Title("位置", "Place"), _TEXT, aliases=("Location",)),
        FieldSpec("province", Title("省市", "Province"), _TEXT, aliases=("province",)),
        FieldSpec("url", Title("出处", "URL"), _TEXT, aliases=("URL",)),
        _SOURCE,
    ),
    key="id",
    style=Style(colour="#384147", radius=5.0, class_field="fuel"),
    label_field="name",
    order=88,
    min_zoom=6,
    notice="Global Power Plant Database, World Resources Institute（CC BY 4.0）",
)

SENSITIVE_KINDS = (
    item("school", "学校", "School", "#1f4e9e", "校"),
    item("kindergarten", "幼儿园", "Kindergarten", "#1f4e9e", "幼"),
    item("hospital", "医院", "Hospital", "#a3171f", "医"),
    item("nursing_home", "养老院", "Nursing home", "#8a4b00", "老"),
    item("station", "车站", "Station", "#384147", "站"),
    item("market", "商场", "Market", "#5b3f8c", "商"),
    item("stadium", "体育场馆", "Stadium", "#1c6b45", "体"),
    item("other", "其他", "Other", "#66727a", "他"),
)

SENSITIVE_PLACES = LayerSpec(
    name="sensitive_places",
    title=Title("敏感场所", "Sensitive places"),
    group="hazards",
    geometry=GeometryKind.POINT,
    fields=(
        FieldSpec("id", Title("编号", "Id"), _TEXT, required=True, in_tiles=True),
        FieldSpec(
            "name", Title("名称", "Name"), _TEXT, required=True, in_tiles=True, aliases=("名称",)
        ),
        FieldSpec(
            "kind",
            Title("类型", "Kind"),
            _CODE,
            codes=SENSITIVE_KINDS,
            required=True,
            in_tiles=True,
            aliases=("类型", "场所类型"),
        ),
        FieldSpec(
            "people_day",
            Title("白天人数", "People by day"),
            _INTEGER,
            unit="人",
            minimum=0,
        ),
        FieldSpec(
            "people_night",
            Title("夜间人数", "People by night"),
            _INTEGER,
            unit="人",
            minimum=0,
        ),
        FieldSpec("address", Title("地址", "Address"), _TEXT, aliases=("地址",)),
        _SOURCE,
    ),
    key="id",
    style=Style(colour="#1f4e9e", radius=5.0, class_field="kind"),
    label_field="name",
    order=86,
    min_zoom=12,
)

LAYERS = (
    HAZARD_SITES,
    POWER_PLANTS,
    SENSITIVE_PLACES,
    *watch_layers.LAYERS,
    *relief_layers.LAYERS,
)
