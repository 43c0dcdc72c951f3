"""The words and tables around the map, and all of a sheet as plain data for the print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cityops.services.exports.service import INTERNAL, SYNTHETIC
from cityops.services.pipe_sums import DEPTH, Trust, trust_of
from cityops.services.scene_kept import layer_notices
from cityops.services.selections import ClassSum, Selection
from cityops.services.sheets.base import BORDERS, border_look
from cityops.services.sheets.drawing import Pen, path, pen_of, svg, swatch
from cityops.services.sheets.figures import (
    area_text,
    filter_text,
    measures,
    scale_text,
    short,
    unit_of,
    value_text,
)
from cityops.services.sheets.labels import PT_MM, text_mm
from cityops.services.sheets.mapping import ACCENT, DrawnMap, item_of
from cityops.services.sheets.plane import MapPlane, system_title
from cityops.services.sheets.rows import table_of
from cityops.services.sheets.scales import scale_bar
from cityops.services.sheets.values import SheetPlan, SheetRequest
from gis.layers import CodeItem, GeometryKind, LayerRegistry
from gis.measure import area_m2

#: Classes that the table of a sheet names; the rest is one row.
_MOST_CLASSES = 14
#: Longest scale bar, millimetres.
_BAR_MM = 62.0
SOURCE_PT = 6.5
#: Line height of the sources, in sizes.
SOURCE_LINE = 1.45
#: The footer's last line, and room around it, in millimetres.
_WHO_MM = 6.5


@dataclass(frozen=True)
class Around:
    """What a sheet says besides map and table.

    Attributes
    ----------
    marks
        Notices in boxes at the top: not for the public, made up.
    sources
        Where the data are from, a sentence for each source.
    who
        Who had it printed.
    """

    title: str
    marks: tuple[str, ...]
    sources: tuple[str, ...]
    who: str


def default_title(spec_title: str, scene: Mapping[str, Any]) -> str:
    """Heading of a sheet: city and layer."""
    city = (scene.get("title") or {}).get("zh", "")
    return f"{city}{spec_title}图"


def marks_of(names: list[str], scene: Mapping[str, Any], map_review_no: str) -> tuple[str, ...]:
    """What must stand at the top of a sheet that shows the layers `names`."""
    known = layer_notices(scene)
    made_up = any(known.get(name, {}).get("synthetic") for name in names)
    review = f"审图号：{map_review_no}" if map_review_no else INTERNAL
    return (review, SYNTHETIC) if made_up else (review,)


def sources_of(
    names: list[str], registry: LayerRegistry, scene: Mapping[str, Any]
) -> tuple[str, ...]:
    """Sources of the layers shown, each once with its layers, then what the city's data say."""
    known = layer_notices(scene)
    by_notice: dict[str, list[str]] = {}
    for name in names:
        spec = registry.get(name)
        for notice in dict.fromkeys((spec.notice, known.get(name, {}).get("notice"))):
            if notice:
                by_notice.setdefault(str(notice), []).append(spec.title.zh)
    told = [f"{'、'.join(titles)}：{notice}" for notice, titles in by_notice.items()]
    return (*told, *(str(notice) for notice in scene.get("notices", ())))


def foot_mm(sources: tuple[str, ...], width_mm: float) -> float:
    """Height of the foot of a sheet `width_mm` wide: the sources, and who printed it when."""
    wide = text_mm("　".join(("来源：", *sources)), SOURCE_PT)
    lines = int(wide / (width_mm * 0.97)) + 1
    return lines * SOURCE_PT * PT_MM * SOURCE_LINE + _WHO_MM


def sheet_data(
    request: SheetRequest,
    plan: SheetPlan,
    chosen: Selection,
    drawn: DrawnMap,
    around: Around,
    now: datetime,
) -> dict[str, Any]:
    """A sheet as JSON values; the template of the print knows this form."""
    arrangement = asdict(plan.arrangement)
    return {
        "paper": {"width": arrangement.pop("width_mm"), "height": arrangement.pop("height_mm")},
        "rects": arrangement,
        "title": around.title,
        "subtitle": _subtitle(request, chosen),
        "marks": list(around.marks),
        "svg": drawn.svg,
        "alt": f"{around.title}，比例 {scale_text(plan.plane.scale)}",
        "labels": [asdict(label) for label in drawn.labels],
        "ticks": [asdict(tick) for tick in drawn.ticks],
        "north": north(plan.plane),
        "bar": bar(plan.plane.scale, plan.plane.rect.width),
        "scale": scale_text(plan.plane.scale),
        "system": system_title(plan.plane.epsg),
        "grid": f"坐标网间距 {drawn.grid_m:g} m，注记单位 m",
        "classes": class_table(chosen, drawn, plan.plane.scale),
        "trust": trust_rows(chosen, trust_of(chosen)),
        "legend": legend(drawn),
        "notes": notes(chosen, drawn, plan.plane),
        "sources": list(around.sources),
        "who": around.who,
        "when": f"{now:%Y-%m-%d %H:%M}",
        "list": table_of(chosen, landscape=request.landscape) if request.with_list else None,
    }


def _subtitle(request: SheetRequest, chosen: Selection) -> str:
    told = filter_text(chosen.seen.spec, request.equal)
    parts = [f"选区 {area_text(float(area_m2([request.polygon])[0]))}"]
    parts.append(f"只含{told}" if told else "未筛选")
    return "；".join([*parts, *limits(chosen)])


def limits(chosen: Selection) -> list[str]:
    """What the person's rights leave out: a reader must not take it for absent."""
    spec, permission = chosen.seen.spec, chosen.seen.permission
    out = []
    if permission.categories is not None and spec.category_field is not None:
        field = spec.field_named(spec.category_field)
        names = [item.title.zh for item in field.codes if item.code in permission.categories]
        out.append(f"制图人只有权看{'、'.join(names) or '其中一部分'}，其他未画")
    if permission.areas is not None:
        out.append("只含制图人管辖范围内的数据")
    return out


def north(plane: MapPlane) -> dict[str, Any]:
    """Direction of true north on paper, and how grid north differs from it, in words."""
    angle = plane.true_north_deg()
    minutes = round(abs(angle) * 60)
    side = "东" if angle < 0 else "西"
    words = f"坐标北偏{side} {minutes // 60}°{minutes % 60:02d}′" if minutes else "坐标北即真北"
    return {"angle": round(angle, 4), "text": words}


def bar(scale: int, map_mm: float) -> dict[str, Any]:
    """The scale bar: length in millimetres, parts, and the number at each of their ends."""
    found = scale_bar(scale, min(_BAR_MM, map_mm / 2.5))
    unit = 1000.0 if found.metres >= 2000 else 1.0
    words = [f"{found.metres / found.parts * i / unit:g}" for i in range(found.parts + 1)]
    return {
        "metres": found.metres,
        "mm": found.mm,
        "parts": found.parts,
        "texts": [*words[:-1], words[-1] + (" km" if unit > 1 else " m")],
    }


def class_table(chosen: Selection, drawn: DrawnMap, scale: int) -> dict[str, Any]:
    """Legend and sums in one: a row per class that is drawn or selected, and the total."""
    summed = {item.code: item for item in _counted(chosen)}
    codes = list(summed) + [code for code in drawn.classes if code not in summed]
    codes = sorted(codes, key=lambda code: (code is None, _place(chosen, code)))
    rows = [_class_row(chosen, code, summed.get(code), scale) for code in codes[:_MOST_CLASSES]]
    rest = codes[_MOST_CLASSES:]
    if rest:
        rows.append(_rest_row([summed[code] for code in rest if code in summed], len(rest)))
    return {
        "title": chosen.seen.spec.title.zh,
        "unit": unit_of(chosen.seen.spec.geometry),
        "rows": rows,
        "total": _figures(chosen.total),
    }


def _counted(chosen: Selection) -> tuple[ClassSum, ...]:
    if chosen.class_field is None:
        return (chosen.total,)
    return chosen.sums_by(chosen.class_field)


def _place(chosen: Selection, code: str | None) -> int:
    if chosen.class_field is None:
        return 0
    listed = [item.code for item in chosen.seen.spec.field_named(chosen.class_field).codes]
    return listed.index(code) if code in listed else len(listed)


def _figures(item: ClassSum | None) -> dict[str, str]:
    if item is None:
        return {"count": "0", "inside": "0", "whole": "0"}
    inside, whole = measures(item)
    return {"count": f"{item.count:,}", "inside": inside, "whole": whole}


def _class_row(
    chosen: Selection, code: str | None, item: ClassSum | None, scale: int
) -> dict[str, Any]:
    spec = chosen.seen.spec
    known: CodeItem | None = item_of(chosen, code)
    title = spec.title.zh
    if chosen.class_field is not None:
        title = value_text(spec.field_named(chosen.class_field), code)
    pen = pen_of(spec, known, scale, is_only=chosen.class_field is None)
    mark = known.mark if known and known.mark else ""
    return {"svg": swatch(pen), "title": title, "mark": mark} | _figures(item)


def _rest_row(items: list[ClassSum], classes: int) -> dict[str, Any]:
    def total(name: str) -> float | None:
        values = [getattr(item, name) for item in items]
        return None if None in values else sum(values)

    names = ("length_m", "inside_length_m", "area_m2", "inside_area_m2")
    summed = ClassSum(None, sum(i.count for i in items), **{name: total(name) for name in names})
    return {"svg": "", "title": f"其余 {classes} 类", "mark": ""} | _figures(summed)


def trust_rows(chosen: Selection, trust: Trust) -> list[dict[str, Any]]:
    """Sums by quality, and what is unknown, abandoned or empty; rows of nothing are left out."""
    spec = chosen.seen.spec
    rows = []
    for item in trust.quality:
        title = value_text(spec.field_named("quality_level"), item.code)
        rows.append({"title": title if item.code else "质量等级未知"} | _figures(item))
    for words, lacking in (("埋深未知", trust.no_depth), ("平面精度未知", trust.no_accuracy)):
        if lacking is not None and lacking.count:
            rows.append({"title": words} | _figures(lacking))
    for item in trust.not_in_use:
        title = value_text(spec.field_named("status"), item.code)
        rows.append({"title": f"使用状态：{short(title)}"} | _figures(item))
    return rows


_AREA_LEGEND = {
    "buildings": ("建筑物", "#c4c9c6", "#ececea"),
    "water": ("水面", "#b5ccd6", "#dbe8ee"),
    "green": ("绿地", "#d3dfcf", "#e8f0e5"),
    "roads": ("道路", "#b3bab6", "#ffffff"),
}
_BORDER_LEGEND = {"communities": "社区界", "streets": "街道界", "districts": "区界"}
_LEGEND_MM = 8.0


def legend(drawn: DrawnMap) -> list[dict[str, str]]:
    """Swatches of the polygon, and of the base map's areas and borders."""
    out = [{"svg": swatch(Pen(GeometryKind.LINE, ACCENT, 0.6), _LEGEND_MM), "title": "选区边界"}]
    for name, (title, edge, fill) in _AREA_LEGEND.items():
        if name in drawn.base.drawn:
            pen = Pen(GeometryKind.POLYGON, edge, 0.12, fill=fill, fill_opacity=1.0)
            out.append({"svg": swatch(pen, _LEGEND_MM), "title": title})
    for name, title in _BORDER_LEGEND.items():
        if name in drawn.base.drawn:
            line = path(f"M0.2 1.6H{_LEGEND_MM - 0.2}", **border_look(BORDERS[name]))
            out.append({"svg": svg(_LEGEND_MM, 3.2, line), "title": title})
    return out


def notes(chosen: Selection, drawn: DrawnMap, plane: MapPlane) -> list[str]:
    """What a reader of the sheet must know to use its numbers."""
    per_km = (plane.scale_factor() - 1) * 1e5  # centimetres in a kilometre
    said = (
        f"图上长度每千米比椭球面长 {per_km:.1f} cm"
        if per_km >= 0
        else f"图上长度每千米比椭球面短 {-per_km:.1f} cm"
    )
    out = []
    if chosen.seen.spec.geometry is not GeometryKind.POINT:
        what = "长度" if chosen.seen.spec.geometry is GeometryKind.LINE else "面积"
        out.append(f"区内{what}只计选区内的部分；{what}均在 CGCS2000 椭球面上量算。")
    if set(DEPTH) <= set(chosen.seen.permission.fields):
        out.append("埋深未知指至少一端没有埋深；C、D 级没有量测的埋深。动土前须现场探查。")
    out.append(f"选区外淡显。{said}。")
    for name in drawn.base.left_out:
        out.append(f"底图图层 {name} 要素过多，未画。")
    out.append(f"数据版本：{chosen.seen.spec.title.zh}第 {chosen.seen.view.version} 版。")
    return out
