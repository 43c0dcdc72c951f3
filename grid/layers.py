"""Layers of the grid domain: areas, unit grid, components and the base map."""

from __future__ import annotations

from gis.declaring import item, source_field, text_field
from gis.layers import CodeItem, FieldSpec, FieldType, GeometryKind, LayerSpec, Style, Title
from grid.classes import GB_SCHEME, OWN_SCHEME, Domain, drawing_group, minor_classes
from grid.units.kinds import grid_kind

_PEOPLE = frozenset({"emergency", "data_manager"})

#: Who made a feature and from what; every layer has it, and synthetic data say so in it.
SOURCE_FIELD = source_field("DataSource", "数据源", "来源", "datasource")


def _area_layer(
    name: str, zh: str, en: str, digits: int, style: Style, order: int, min_zoom: int
) -> LayerSpec:
    return LayerSpec(
        name=name,
        title=Title(zh, en),
        group="areas",
        geometry=GeometryKind.POLYGON,
        fields=(
            text_field(
                "code",
                "区划代码",
                "Division code",
                "adcode",
                "区划码",
                "行政区划代码",
                required=True,
                in_tiles=True,
                max_length=digits,
            ),
            text_field("name", "名称", "Name", "NAME", "名称", required=True, in_tiles=True),
            text_field("parent", "上级代码", "Parent code", "parent_code"),
            SOURCE_FIELD,
        ),
        key="code",
        style=style,
        label_field="name",
        order=order,
        min_zoom=min_zoom,
    )


DISTRICTS = _area_layer(
    "districts",
    "区",
    "Districts",
    6,
    Style(colour="#66727a", fill="#f7f8f6", fill_opacity=0.0, width=2.0, dash=(6.0, 2.0, 1.0, 2.0)),
    20,
    0,
)
STREETS = _area_layer(
    "streets",
    "街道（镇）",
    "Streets and towns",
    9,
    Style(colour="#66727a", fill_opacity=0.0, width=1.5, dash=(5.0, 3.0)),
    21,
    9,
)
COMMUNITIES = _area_layer(
    "communities",
    "社区（村）",
    "Communities",
    12,
    Style(colour="#929da3", fill_opacity=0.0, width=1.0, dash=(2.0, 2.0)),
    22,
    12,
)

#: Kinds of area on which limits depend; a cell of which none is known has none.
AREA_CLASSES = (
    item("A", "A 类（核心区域）", "A, core area"),
    item("B", "B 类（一般区域）", "B, general area"),
    item("C", "C 类（一般区域）", "C, general area"),
)

CELLS = LayerSpec(
    name="cells",
    title=Title("单元网格", "Unit grid cells"),
    group="grid",
    geometry=GeometryKind.POLYGON,
    fields=(
        text_field(
            "code",
            "网格编码",
            "Cell code",
            "BGCode",
            "BGID",
            "网格编号",
            "单元网格编码",
            required=True,
            in_tiles=True,
            max_length=16,
        ),
        text_field("community", "社区代码", "Community code", "社区编码"),
        text_field("community_name", "社区", "Community", "社区名称"),
        FieldSpec(
            "area_m2",
            Title("面积", "Area"),
            FieldType.REAL,
            unit="m²",
            minimum=0,
            aliases=("面积", "Area"),
        ),
        FieldSpec(
            "area_class",
            Title("区域类别", "Kind of area"),
            FieldType.CODE,
            codes=AREA_CLASSES,
            aliases=("环境属性", "区域类型", "areaClass"),
        ),
        text_field("responsible", "责任主体", "Responsible body", "责任单位"),
        FieldSpec(
            "valid_from",
            Title("启用日期", "Valid from"),
            FieldType.DATE,
            aliases=("ORDate", "初始日期"),
        ),
        FieldSpec(
            "valid_to",
            Title("停用日期", "Valid to"),
            FieldType.DATE,
            aliases=("停用日期",),
        ),
        SOURCE_FIELD,
    ),
    key="code",
    style=Style(colour="#0b6370", fill="#0b6370", fill_opacity=0.04, width=0.8),
    label_field="code",
    order=40,
    min_zoom=13,
)


def _made_grid(
    name: str, kinds: tuple[str, ...], areas: tuple[FieldSpec, ...], style: Style, order: int
) -> LayerSpec:
    """A layer of grids that lie over the unit grid: its code, whom it is for, who looks after it."""
    first = grid_kind(kinds[0]).title
    return LayerSpec(
        name=name,
        title=first,
        group="grid",
        geometry=GeometryKind.POLYGON,
        fields=(
            text_field(
                "code",
                "网格编码",
                "Grid code",
                "网格编号",
                f"{first.zh}编码",
                f"{first.zh}编号",
                required=True,
                in_tiles=True,
                max_length=20,
            ),
            FieldSpec(
                "kind",
                Title("网格类型", "Kind of grid"),
                FieldType.CODE,
                codes=tuple(CodeItem(kind, grid_kind(kind).title) for kind in kinds),
                aliases=("类型",),
            ),
            text_field("name", "名称", "Name", "网格名称", in_tiles=True),
            *areas,
            FieldSpec(
                "households",
                Title("户数", "Households"),
                FieldType.INTEGER,
                unit="户",
                minimum=0,
                aliases=("户数", "总户数"),
                in_tiles=True,
            ),
            text_field("cells", "所含单元网格", "Unit cells", "单元网格"),
            text_field("responsible", "责任主体", "Responsible body", "责任单位", "网格员单位"),
            FieldSpec("valid_from", Title("启用日期", "Valid from"), FieldType.DATE),
            FieldSpec("valid_to", Title("停用日期", "Valid to"), FieldType.DATE),
            SOURCE_FIELD,
        ),
        key="code",
        style=style,
        label_field="code",
        order=order,
        min_zoom=12,
        visible=False,
    )


#: What somebody walks: neighbouring unit cells, usually of one street.
DUTY_GRIDS = _made_grid(
    "duty_grids",
    ("duty",),
    (text_field("street", "街道代码", "Street code", "街道编码", max_length=9),),
    Style(colour="#8a4b00", fill="#8a4b00", fill_opacity=0.03, width=1.8, dash=(6.0, 2.0)),
    43,
)
#: What covers people, some hundreds of households of one community.
GOVERNANCE_GRIDS = _made_grid(
    "governance_grids",
    ("governance", "community_service"),
    (text_field("community", "社区代码", "Community code", "社区编码", max_length=12),),
    Style(colour="#5b3f8c", fill="#5b3f8c", fill_opacity=0.03, width=1.4, dash=(2.0, 1.5)),
    42,
)

#: Component states as city tables use them.
COMPONENT_STATES = (
    item("intact", "完好", "Intact"),
    item("damaged", "破损", "Damaged"),
    item("missing", "丢失", "Missing"),
    item("abandoned", "废弃", "Abandoned"),
    item("removed", "移除", "Removed"),
)

#: Drawing groups: colour and letter, the letter because colour is never the only sign.
COMPONENT_GROUPS = (
    item("manhole", "井盖", "Manhole covers", "#384147", "井"),
    item("lamp", "路灯", "Lamps", "#b8860b", "灯"),
    item("fire", "消防设施", "Fire fighting", "#a3171f", "消"),
    item("camera", "监控设施", "Cameras", "#5b3f8c", "监"),
    item("cabinet", "箱柜与立杆", "Cabinets and poles", "#7a4b1e", "箱"),
    item("utility", "其他公用设施", "Other utilities", "#66727a", "公"),
    item("traffic", "道路交通设施", "Road and traffic", "#1f4e9e", "交"),
    item("sanitation", "市容环境设施", "Sanitation", "#8a4b00", "环"),
    item("tree", "树木", "Trees", "#1c6b45", "树"),
    item("green", "园林绿化设施", "Greening", "#5f8a3a", "园"),
    item("other", "其他部件", "Other", "#929da3", "他"),
)
_GROUP_STYLE = {item.code: item for item in COMPONENT_GROUPS}


def component_codes() -> tuple[CodeItem, ...]:
    """Minor classes of GB/T 30428.2-2013 and of the program's extension, coloured by group."""
    out = []
    for row in minor_classes(Domain.COMPONENT, GB_SCHEME, OWN_SCHEME):
        look = _GROUP_STYLE[drawing_group(row.code)]
        out.append(item(row.code, row.name_zh, row.name_en, look.colour, look.mark))
    return tuple(out)


def _body(number: int, zh: str, en: str) -> FieldSpec:
    return text_field(
        f"dept{number}",
        zh,
        en,
        f"DeptName{number}",
        f"deptName{number}",
        zh,
    )


COMPONENTS = LayerSpec(
    name="components",
    title=Title("部件", "Components"),
    group="components",
    geometry=GeometryKind.POINT,
    fields=(
        text_field(
            "id",
            "标识码",
            "Component id",
            "ObjID",
            "objid",
            "部件标识码",
            "osm_id",
            required=True,
            in_tiles=True,
            max_length=32,
        ),
        FieldSpec(
            "class_code",
            Title("小类", "Class"),
            FieldType.CODE,
            codes=component_codes(),
            required=True,
            aliases=("class", "ObjClass", "小类代码", "部件小类"),
            in_tiles=True,
        ),
        FieldSpec(
            "class_group",
            Title("类别", "Group"),
            FieldType.CODE,
            codes=COMPONENT_GROUPS,
            in_tiles=True,
        ),
        text_field("name", "名称", "Name", "ObjName", "objname", "部件名称"),
        FieldSpec(
            "state",
            Title("状态", "State"),
            FieldType.CODE,
            codes=COMPONENT_STATES,
            aliases=("ObjState", "部件状态"),
            in_tiles=True,
        ),
        _body(1, "主管部门", "Supervising body"),
        _body(2, "权属单位", "Owner"),
        _body(3, "养护单位", "Maintainer"),
        text_field("cell", "所在网格", "Cell", "BGID", "bgid", "单元网格编码", max_length=16),
        # The number of a point tells neither depth nor course of a pipe: whoever may see the cover
        # may see it; what it leads to is a feature of the layer of pipes, with that layer's rights.
        text_field(
            "survey_point",
            "管线点号",
            "Survey point of the pipe",
            "管点编号",
            "物探点号",
            "SurveyPoint",
            max_length=64,
        ),
        text_field("address", "位置描述", "Place", "Position", "地址"),
        FieldSpec(
            "surveyed_on",
            Title("普查日期", "Surveyed on"),
            FieldType.DATE,
            aliases=("ORDate", "初始日期"),
        ),
        FieldSpec(
            "changed_on",
            Title("变更日期", "Changed on"),
            FieldType.DATE,
            aliases=("CHDate", "变更日期"),
        ),
        text_field("note", "备注", "Note", "Note", "备注"),
        SOURCE_FIELD,
    ),
    key="id",
    style=Style(colour="#4d585f", radius=4.0, class_field="class_group"),
    label_field="name",
    order=80,
    min_zoom=14,
)

ROAD_CLASSES = (
    item("motorway", "高速公路", "Motorway"),
    item("trunk", "快速路", "Expressway"),
    item("primary", "主干路", "Primary road"),
    item("secondary", "次干路", "Secondary road"),
    item("tertiary", "支路", "Tertiary road"),
    item("residential", "居住区道路", "Residential road"),
    item("service", "内部道路", "Service road"),
    item("pedestrian", "步行街", "Pedestrian street"),
    item("footway", "人行道", "Footway"),
    item("cycleway", "自行车道", "Cycleway"),
    item("rail", "轨道", "Rail"),
    item("other", "其他", "Other"),
)

ROADS = LayerSpec(
    name="roads",
    title=Title("道路", "Roads"),
    group="base",
    geometry=GeometryKind.LINE,
    fields=(
        text_field("id", "编号", "Id", "osm_id", "道路编号", required=True),
        text_field("name", "路名", "Name", "道路名称", "NAME", in_tiles=True),
        FieldSpec(
            "road_class",
            Title("等级", "Class"),
            FieldType.CODE,
            codes=ROAD_CLASSES,
            aliases=("highway", "道路等级", "fclass"),
            in_tiles=True,
        ),
        FieldSpec(
            "width_m",
            Title("宽度", "Width"),
            FieldType.REAL,
            unit="m",
            minimum=0,
            aliases=("width", "路宽", "宽度"),
            in_tiles=True,
        ),
        FieldSpec("lanes", Title("车道数", "Lanes"), FieldType.INTEGER, minimum=0),
        FieldSpec("oneway", Title("单行", "One way"), FieldType.BOOLEAN),
        SOURCE_FIELD,
    ),
    key="id",
    style=Style(colour="#ffffff", width=3.0, casing="#dfe3e1"),
    label_field="name",
    order=14,
    min_zoom=9,
)

BUILDING_USES = (
    item("residential", "住宅", "Residential"),
    item("commercial", "商业", "Commercial"),
    item("office", "办公", "Office"),
    item("education", "教育", "Education"),
    item("health", "医疗", "Health"),
    item("industrial", "工业", "Industrial"),
    item("warehouse", "仓储", "Warehouse"),
    item("public", "公共", "Public"),
    item("religious", "宗教", "Religious"),
    item("other", "其他", "Other"),
)

BUILDINGS = LayerSpec(
    name="buildings",
    title=Title("建筑物", "Buildings"),
    group="base",
    geometry=GeometryKind.POLYGON,
    fields=(
        text_field("id", "编号", "Id", "osm_id", "建筑编号", required=True),
        text_field("name", "名称", "Name", "建筑名称", in_tiles=True),
        FieldSpec(
            "use",
            Title("用途", "Use"),
            FieldType.CODE,
            codes=BUILDING_USES,
            aliases=("building", "用途", "建筑用途"),
            in_tiles=True,
        ),
        FieldSpec(
            "floors",
            Title("地上层数", "Floors"),
            FieldType.INTEGER,
            minimum=0,
            aliases=("building:levels", "building_levels", "层数", "楼层数"),
            in_tiles=True,
        ),
        FieldSpec(
            "height_m",
            Title("高度", "Height"),
            FieldType.REAL,
            unit="m",
            minimum=0,
            aliases=("height", "高度", "建筑高度"),
            in_tiles=True,
        ),
        text_field("address", "地址", "Address", "门牌", "地址"),
        FieldSpec(
            "people_day",
            Title("白天人数", "People by day"),
            FieldType.INTEGER,
            unit="人",
            minimum=0,
            seen_by=_PEOPLE,
        ),
        FieldSpec(
            "people_night",
            Title("夜间人数", "People by night"),
            FieldType.INTEGER,
            unit="人",
            minimum=0,
            seen_by=_PEOPLE,
        ),
        SOURCE_FIELD,
    ),
    key="id",
    style=Style(colour="#d9dddb", fill="#e6e9e7", fill_opacity=1.0, width=0.7),
    label_field="name",
    order=16,
    min_zoom=13,
)

WATER_KINDS = (
    item("river", "河道", "River"),
    item("lake", "湖泊", "Lake"),
    item("basin", "坑塘", "Basin"),
    item("harbour", "港池", "Harbour basin"),
    item("sea", "海域", "Sea"),
    item("other", "其他", "Other"),
)

WATER = LayerSpec(
    name="water",
    title=Title("水面", "Water"),
    group="base",
    geometry=GeometryKind.POLYGON,
    fields=(
        text_field("id", "编号", "Id", "osm_id", required=True),
        text_field("name", "名称", "Name", "水系名称", in_tiles=True),
        FieldSpec("kind", Title("类型", "Kind"), FieldType.CODE, codes=WATER_KINDS, in_tiles=True),
        SOURCE_FIELD,
    ),
    key="id",
    style=Style(colour="#bcd0d8", fill="#d3e2e8", fill_opacity=1.0, width=1.0),
    label_field="name",
    order=10,
)

COAST_KINDS = (
    item("coast", "海岸线", "Coastline", "#66727a"),
    item("lake", "湖岸线", "Lake shore", "#86a9b8"),
    item("river", "河流中线", "River centre line", "#9dbccb"),
)

COAST = LayerSpec(
    name="coast",
    title=Title("海岸与河流", "Coast and rivers"),
    group="base",
    geometry=GeometryKind.LINE,
    fields=(
        text_field("id", "编号", "Id", required=True),
        FieldSpec(
            "kind",
            Title("类型", "Kind"),
            FieldType.CODE,
            codes=COAST_KINDS,
            required=True,
            in_tiles=True,
        ),
        FieldSpec("level", Title("级别", "Level"), FieldType.INTEGER, in_tiles=True),
        SOURCE_FIELD,
    ),
    key="id",
    style=Style(colour="#86a9b8", width=1.2, class_field="kind"),
    order=11,
    notice="GSHHG 2.3.7（LGPL-3.0-or-later）",
    note=Title(
        "小比例尺数据，位置误差可达约 1.5 km，只宜在第 9 级及以下看",
        "Small-scale data, errors up to about 1.5 km: for zoom 9 and below",
    ),
)

GREEN_KINDS = (
    item("park", "公园", "Park"),
    item("verge", "街头绿地", "Street green"),
    item("yard", "附属绿地", "Attached green"),
    item("wood", "林地", "Wood"),
    item("other", "其他", "Other"),
)

GREEN = LayerSpec(
    name="green",
    title=Title("绿地", "Green space"),
    group="base",
    geometry=GeometryKind.POLYGON,
    fields=(
        text_field("id", "编号", "Id", "osm_id", required=True),
        text_field("name", "名称", "Name", "绿地名称", in_tiles=True),
        FieldSpec("kind", Title("类型", "Kind"), FieldType.CODE, codes=GREEN_KINDS, in_tiles=True),
        SOURCE_FIELD,
    ),
    key="id",
    style=Style(colour="#d3dfcf", fill="#e2ebdf", fill_opacity=1.0, width=0.7),
    label_field="name",
    order=12,
    min_zoom=10,
)

PLACES = LayerSpec(
    name="places",
    title=Title("地名", "Places"),
    group="base",
    geometry=GeometryKind.POINT,
    fields=(
        text_field("id", "编号", "Id", "geonameid", required=True),
        text_field("name", "地名", "Name", "name_zh", required=True, in_tiles=True),
        text_field("name_en", "外文名", "Latin name", "name_latin"),
        FieldSpec(
            "population",
            Title("人口", "Population"),
            FieldType.INTEGER,
            unit="人",
            minimum=0,
            in_tiles=True,
        ),
        SOURCE_FIELD,
    ),
    key="id",
    style=Style(colour="#5e6a70", radius=2.5),
    label_field="name",
    order=60,
    min_zoom=8,
)

LAYERS = (
    WATER,
    COAST,
    GREEN,
    ROADS,
    BUILDINGS,
    DISTRICTS,
    STREETS,
    COMMUNITIES,
    CELLS,
    GOVERNANCE_GRIDS,
    DUTY_GRIDS,
    PLACES,
    COMPONENTS,
)
