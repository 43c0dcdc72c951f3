"""One line layer with a Chinese name, a code list, a unit and a restricted field."""

from gis.layers import CodeItem, FieldSpec, FieldType, GeometryKind, LayerSpec, Style, Title

LAYERS = (
    LayerSpec(
        name="tram_wires",
        title=Title("有轨电车接触网", "Tram overhead lines"),
        group="underground",
        geometry=GeometryKind.LINE,
        key="wire_no",
        label_field="wire_no",
        style=Style(colour="#8a4b00", width=2.0, class_field="phase"),
        min_zoom=13,
        order=310,
        notice="合成数据",
        fields=(
            FieldSpec(
                "wire_no", Title("接触线编号", "Wire"), FieldType.TEXT, required=True, in_tiles=True
            ),
            FieldSpec(
                "phase",
                Title("建设阶段", "Phase"),
                FieldType.CODE,
                codes=(
                    CodeItem("built", Title("已建", "Built"), "#8a4b00", (), "建"),
                    CodeItem("planned", Title("规划", "Planned"), "#c07a1e", (4, 2), "规"),
                ),
                in_tiles=True,
                aliases=("阶段",),
            ),
            FieldSpec(
                "voltage_v",
                Title("电压", "Voltage"),
                FieldType.REAL,
                unit="V",
                minimum=0,
                maximum=1500,
                aliases=("电压",),
            ),
            FieldSpec(
                "duty_phone",
                Title("值班电话", "Duty phone"),
                FieldType.TEXT,
                seen_by=frozenset({"data_manager"}),
                in_tiles=True,
                aliases=("电话",),
            ),
        ),
    ),
)
