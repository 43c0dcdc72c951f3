"""Layers of online monitoring: sensors and the weather stations.

A sensor is one stream of readings (数据流): its number is that under which readings come, so that a
weather station has a sensor for each element it measures. What is watched follows the facts on
AQ 3035, AQ 3036, GB/T 50493 and GB/T 28181; the words are own knowledge.
"""

from __future__ import annotations

from gis.declaring import (
    code_field,
    id_field,
    item,
    name_field,
    real_field,
    source_field,
    text_field,
)
from gis.layers import GeometryKind, LayerSpec, Style, Title

_SOURCE = source_field("来源", "Source")

SENSOR_KINDS = (
    item("level", "液位", "Level", "#1f4e9e", "液"),
    item("pressure", "压力", "Pressure", "#8a4b00", "压"),
    item("temperature", "温度", "Temperature", "#a3171f", "温"),
    item("flammable", "可燃气体", "Flammable gas", "#b35c00", "燃"),
    item("toxic", "有毒气体", "Toxic gas", "#7a0019", "毒"),
    item("wind_speed", "风速", "Wind speed", "#0b6370", "风"),
    item("wind_from", "风向", "Wind direction", "#0b6370", "向"),
    item("air_temperature", "气温", "Air temperature", "#0b6370", "气"),
    item("humidity", "相对湿度", "Relative humidity", "#0b6370", "湿"),
    item("video", "视频", "Video", "#384147", "视"),
    item("interlock", "联锁状态", "Interlock", "#5b3f8c", "锁"),
    item("other", "其他", "Other", "#66727a", "他"),
)

SENSORS = LayerSpec(
    name="sensors",
    title=Title("监测点", "Sensors"),
    group="hazards",
    geometry=GeometryKind.POINT,
    fields=(
        id_field("测点编号", "位号"),
        name_field("测点名称"),
        code_field("kind", "监测内容", "Measures", SENSOR_KINDS, "类型", required=True),
        text_field("unit", "计量单位", "Unit", "单位"),
        text_field("enterprise", "企业", "Enterprise", "企业名称", in_tiles=True),
        text_field(
            "credit_code", "统一社会信用代码", "Credit code", "统一社会信用代码", max_length=18
        ),
        text_field("unit_no", "单元编号", "Process unit", "单元编号"),
        text_field("equipment_no", "设备编号", "Equipment", "设备编号"),
        text_field("station", "气象站编号", "Weather station", "站号"),
        real_field(
            "range_low", "量程下限（按计量单位）", "Range, low (in its unit)", None, "量程下限"
        ),
        real_field(
            "range_high", "量程上限（按计量单位）", "Range, high (in its unit)", None, "量程上限"
        ),
        real_field("limit_low", "低报（按计量单位）", "Low limit (in its unit)", None, "低报"),
        real_field("limit_high", "高报（按计量单位）", "High limit (in its unit)", None, "高报"),
        text_field("limit_source", "报警值来源", "Source of the limits", "报警值来源"),
        real_field("period_s", "上报周期", "Period", "s", "周期"),
        _SOURCE,
    ),
    key="id",
    style=Style(colour="#384147", radius=4.0, class_field="kind"),
    category_field="kind",
    label_field="name",
    order=87,
    min_zoom=13,
)

STATION_KINDS = (
    item("national", "国家级气象站", "National station", "#0b6370", "国"),
    item("regional", "区域自动气象站", "Regional automatic station", "#0b6370", "区"),
    item("enterprise", "企业自建气象站", "Station of an enterprise", "#1f4e9e", "企"),
    item("other", "其他", "Other", "#66727a", "他"),
)

WEATHER_STATIONS = LayerSpec(
    name="weather_stations",
    title=Title("气象站", "Weather stations"),
    group="hazards",
    geometry=GeometryKind.POINT,
    fields=(
        id_field("站号", "区站号"),
        name_field("站名"),
        code_field("kind", "类型", "Kind", STATION_KINDS, "台站类型", required=True),
        text_field("elements", "观测要素", "Elements", "观测要素"),
        real_field(
            "wind_height_m", "风速仪离地高度", "Height of the anemometer", "m", "风速仪高度"
        ),
        text_field("manager", "管理单位", "Kept by", "管理单位"),
        _SOURCE,
    ),
    key="id",
    style=Style(colour="#0b6370", radius=5.0, class_field="kind"),
    label_field="name",
    order=85,
    min_zoom=10,
)
LAYERS = (SENSORS, WEATHER_STATIONS)
