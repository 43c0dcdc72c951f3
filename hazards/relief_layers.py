"""Layers of what helps in an emergency: shelters, rescue teams, stores of relief goods."""

from __future__ import annotations

from gis.declaring import (
    code_field,
    count_field,
    id_field,
    item,
    name_field,
    real_field,
    source_field,
    text_field,
)
from gis.layers import GeometryKind, LayerSpec, Style, Title

_SOURCE = source_field("来源", "Source")
_ADDRESS = text_field("address", "地址", "Address", "地址")

#: By how long people may stay (避难时长).
SHELTER_KINDS = (
    item("emergency", "紧急避难场所", "Emergency shelter", "#1c6b45", "急"),
    item("short", "短期避难场所", "Short-term shelter", "#1c6b45", "短"),
    item("long", "长期避难场所", "Long-term shelter", "#0b6370", "长"),
    item("unknown", "类型未知", "Kind unknown", "#66727a", "未"),
)
SHELTER_SPACES = (
    item("indoor", "室内型", "Indoors"),
    item("outdoor", "室外型", "Outdoors"),
    item("both", "室内外结合", "Both"),
)

SHELTERS = LayerSpec(
    name="shelters",
    title=Title("应急避难场所", "Emergency shelters"),
    group="shelters",
    geometry=GeometryKind.POINT,
    fields=(
        id_field("避难场所编号"),
        name_field("避难场所名称"),
        code_field(
            "kind", "避难时长类型", "Kind by duration", SHELTER_KINDS, "类型", required=True
        ),
        code_field("space", "空间类型", "Kind by space", SHELTER_SPACES, "空间类型"),
        count_field("capacity", "可容纳人数", "Capacity", "人", "容纳人数", "避难人数"),
        real_field("area_m2", "有效避难面积", "Effective area", "m²", "有效避难面积"),
        text_field("manager", "管理单位", "Kept by", "管理单位"),
        _ADDRESS,
        _SOURCE,
    ),
    key="id",
    style=Style(colour="#1c6b45", radius=6.0, class_field="kind"),
    label_field="name",
    order=89,
    min_zoom=11,
    note=Title(
        "避难时长与空间类型的名称见 GB/T 44013-2024，凭专业知识，未与原文核对",
        "Kinds by duration and space as in GB/T 44013-2024, by own knowledge, not compared with it",
    ),
)

TEAM_KINDS = (
    item("fire", "综合性消防救援队伍", "Fire and rescue", "#a3171f", "消"),
    item("professional", "专业应急救援队伍", "Specialised team", "#8a4b00", "专"),
    item("enterprise", "企业应急救援队伍", "Team of an enterprise", "#7a0019", "企"),
    item("grassroots", "基层应急救援队伍", "Team of a street or village", "#1c6b45", "基"),
    item("social", "社会应急力量", "Volunteers", "#5b3f8c", "社"),
    item("other", "其他", "Other", "#66727a", "他"),
)

RESCUE_TEAMS = LayerSpec(
    name="rescue_teams",
    title=Title("应急救援队伍", "Rescue teams"),
    group="hazards",
    geometry=GeometryKind.POINT,
    fields=(
        id_field("队伍编号"),
        name_field("队伍名称"),
        code_field("kind", "队伍类型", "Kind", TEAM_KINDS, "类型", required=True),
        count_field("people", "人数", "People", "人", "人数", "队员人数"),
        count_field("vehicles", "车辆", "Vehicles", "辆", "车辆数"),
        text_field("skills", "专长", "Skills", "专业", "救援专长"),
        text_field("equipment", "主要装备", "Equipment", "主要装备", "装备"),
        text_field("manager", "所属单位", "Belongs to", "所属单位", "主管单位"),
        text_field("duty_phone", "值班电话", "Duty phone", "值班电话"),
        _ADDRESS,
        _SOURCE,
    ),
    key="id",
    style=Style(colour="#a3171f", radius=6.0, class_field="kind"),
    category_field="kind",
    label_field="name",
    order=88,
    min_zoom=10,
)

STORE_KINDS = (
    item("government", "政府应急物资储备库", "Government store", "#1f4e9e", "政"),
    item("enterprise", "企业应急物资储备点", "Store of an enterprise", "#7a0019", "企"),
    item("community", "社区应急物资储备点", "Store of a community", "#1c6b45", "社"),
    item("other", "其他", "Other", "#66727a", "他"),
)

RELIEF_STORES = LayerSpec(
    name="relief_stores",
    title=Title("应急物资储备点", "Relief stores"),
    group="hazards",
    geometry=GeometryKind.POINT,
    fields=(
        id_field("储备点编号"),
        name_field("储备点名称"),
        code_field("kind", "储备类型", "Kind", STORE_KINDS, "类型", required=True),
        text_field("goods", "物资及数量", "Goods and quantities", "物资", "物资名称"),
        text_field("manager", "管理单位", "Kept by", "管理单位"),
        text_field("duty_phone", "值班电话", "Duty phone", "值班电话"),
        _ADDRESS,
        _SOURCE,
    ),
    key="id",
    style=Style(colour="#1f4e9e", radius=5.0, class_field="kind"),
    category_field="kind",
    label_field="name",
    order=84,
    min_zoom=11,
)

LAYERS = (SHELTERS, RESCUE_TEAMS, RELIEF_STORES)
