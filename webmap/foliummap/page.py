"""One HTML file from layers: drawn by folium, written so that no text of a user becomes markup."""

from __future__ import annotations

import datetime
import html
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import folium
import numpy as np
import shapely
from branca.element import Figure

from gis.features import FeatureBatch
from gis.layers import FieldSpec, GeometryKind, LayerSpec
from webmap.foliummap.assets import for_script, leaflet_css, leaflet_js

NOT_PUBLIC = "内部使用，非公开地图"
#: Shapes with more features than this make a file that browsers redraw in seconds.
MOST_FEATURES = 20_000
_DECIMALS = 7
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class OfflineMap(folium.Map):
    """A folium map that asks for nothing from outside; its assets are written into the page."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium reads class attributes
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


@dataclass(frozen=True)
class Part:
    """One layer of a map file: what to draw, and which fields may be shown."""

    spec: LayerSpec
    batch: FeatureBatch
    fields: tuple[str, ...]
    notices: tuple[str, ...] = field(default=())


def map_page(
    parts: Sequence[Part], title: str, *, review_no: str = "", made: datetime.datetime
) -> str:
    """A complete HTML page.

    Parameters
    ----------
    parts
        Layers, drawn in this order; geometry in EPSG:4490.
    title
        Heading of the page.
    review_no
        Map review number; empty: the page says that it is not a public map.
    made
        Time shown as the state of the data, aware.

    Notes
    -----
    Texts are escaped before folium sees them, for its popups set them as markup; the generated
    program is rewritten so that it cannot end its script element; only scripts written here
    carry the page's nonce.
    """
    figure = Figure()
    drawn = OfflineMap(tiles=None, prefer_canvas=True, attributionControl=False)
    figure.add_child(drawn)
    drawn.options["maxZoom"] = 21
    for part, name in zip(parts, distinct_names(parts), strict=True):
        _layer(part, name).add_to(drawn)
    if len(parts) > 1:
        folium.LayerControl(collapsed=False).add_to(drawn)
    bounds = _bounds(parts)
    if bounds is not None:
        drawn.fit_bounds(bounds, padding=(16, 16))
    figure.render()
    return _page(figure, title, _notices(parts, review_no), legend(parts), made)


def distinct_names(parts: Sequence[Part]) -> list[str]:
    """Titles for the list of layers, which holds one layer for each: equal ones get a number."""
    names: list[str] = []
    for part in parts:
        title, number = part.spec.title.zh, 2
        while title in names:
            title, number = f"{part.spec.title.zh}（{number}）", number + 1
        names.append(title)
    return names


def _layer(part: Part, name: str) -> folium.FeatureGroup:
    group = folium.FeatureGroup(name=html.escape(name))
    if len(part.batch) == 0:
        return group
    shown = [part.spec.field_named(name) for name in part.fields]
    folium.GeoJson(
        {"type": "FeatureCollection", "features": _features(part, shown)},
        style_function=_style_of(part.spec),
        marker=folium.CircleMarker(radius=part.spec.style.radius),
        popup=folium.GeoJsonPopup(
            fields=[f.name for f in shown], aliases=[_heading(f) for f in shown], max_width=360
        ),
    ).add_to(group)
    return group


def _heading(spec: FieldSpec) -> str:
    return html.escape(f"{spec.title.zh}（{spec.unit}）" if spec.unit else spec.title.zh)


def _features(part: Part, shown: Sequence[FieldSpec]) -> list[dict[str, Any]]:
    geometry = shapely.set_precision(part.batch.geometry, 10.0**-_DECIMALS, mode="pointwise")
    class_field = part.spec.style.class_field
    features = []
    for row in range(len(part.batch)):
        properties = {f.name: _text(f, part.batch.columns[f.name][row]) for f in shown}
        if class_field in part.fields:
            properties["_class"] = str(part.batch.columns[class_field][row])
        shape = shapely.geometry.mapping(geometry[row])
        features.append({"type": "Feature", "geometry": shape, "properties": properties})
    return features


def _text(spec: FieldSpec, value: Any) -> str:
    if value is None:
        return "未知"
    if isinstance(value, bool):
        return "是" if value else "否"
    found = spec.code_title(str(value)) if spec.codes else None
    return html.escape(found.zh if found else str(value))


def _style_of(spec: LayerSpec) -> Any:
    style = spec.style
    field_name = style.class_field
    items = {i.code: i for i in spec.field_named(field_name).codes} if field_name else {}
    filled = spec.geometry is not GeometryKind.LINE

    def style_of(feature: dict[str, Any]) -> dict[str, Any]:
        item = items.get(feature["properties"].get("_class"))
        colour = item.colour if item and item.colour else style.colour
        dash = item.dash if item else style.dash
        return {
            "color": colour,
            "weight": style.width,
            "dashArray": " ".join(str(d * style.width) for d in dash) or None,
            "fill": filled,
            "fillColor": colour if spec.geometry is GeometryKind.POINT else style.fill or colour,
            "fillOpacity": 0.9 if spec.geometry is GeometryKind.POINT else style.fill_opacity,
        }

    return style_of


def _bounds(parts: Sequence[Part]) -> list[list[float]] | None:
    boxes = [shapely.total_bounds(part.batch.geometry) for part in parts if len(part.batch)]
    if not boxes:
        return None
    every = np.array(boxes)
    west, south = every[:, :2].min(axis=0)
    east, north = every[:, 2:].max(axis=0)
    return [[float(south), float(west)], [float(north), float(east)]]


def _notices(parts: Sequence[Part], review_no: str) -> list[str]:
    said = [review_no or NOT_PUBLIC]
    for part in parts:
        said += [text for text in (part.spec.notice, *part.notices) if text and text not in said]
    return said


def legend(parts: Sequence[Part]) -> str:
    """Markup of the classes that are drawn, layer by layer; empty where nothing has classes."""
    blocks = []
    for part, name in zip(parts, distinct_names(parts), strict=True):
        field_name = part.spec.style.class_field
        if field_name is None or field_name not in part.fields:
            continue
        there = set(part.batch.columns[field_name])
        items = [i for i in part.spec.field_named(field_name).codes if i.code in there]
        rows = "".join(
            f'<li><i style="background:{safe_colour(item.colour or part.spec.style.colour)}"></i>'
            f"{html.escape(item.title.zh)}</li>"
            for item in items
        )
        if rows:
            blocks.append(f"<h2>{html.escape(name)}</h2><ul>{rows}</ul>")
    if not blocks:
        return ""
    return f"<details open><summary>图例</summary>{''.join(blocks)}</details>"


def safe_colour(text: str) -> str:
    """A colour that can stand in a style; anything but ``#rrggbb`` becomes grey.

    Examples
    --------
    >>> safe_colour("#0b5d6b"), safe_colour("red;background:url(x)")
    ('#0b5d6b', '#777777')
    """
    return text if _COLOUR.fullmatch(text) else "#777777"


def _page(
    figure: Figure, title: str, notices: list[str], legend: str, made: datetime.datetime
) -> str:
    nonce = secrets.token_urlsafe(18)
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src 'unsafe-inline'; script-src 'nonce-{nonce}'"
    )
    words = "　".join(html.escape(text) for text in notices)
    first = html.escape("　".join(t for t in notices if t == notices[0] or "合成" in t))
    style = "".join(_styles(figure))
    script = for_script(figure.script.render())
    return f"""<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{html.escape(title)}</title>
<style>{leaflet_css()}</style>
<style>{_OWN_STYLE}</style>
{style}
</head>
<body>
<header><h1>{html.escape(title)}</h1><p>{first}</p></header>
<main>{figure.html.render()}{legend}</main>
<footer>数据时间 {made:%Y-%m-%d %H:%M}　坐标 CGCS2000　{words}</footer>
<script nonce="{nonce}">var L_NO_TOUCH=false,L_DISABLE_3D=false;{leaflet_js()}</script>
<script nonce="{nonce}">{script}</script>
</body>
</html>
"""


def _styles(figure: Figure) -> list[str]:
    """Style elements that folium made for its map: sizes only, with ids of its own."""
    return [
        f"<style>#{child.get_name()}{{position:absolute;inset:0}}</style>"
        for child in figure._children.values()
        if isinstance(child, folium.Map)
    ]


_OWN_STYLE = """
html,body{height:100%;margin:0}
body{display:grid;grid-template-rows:auto minmax(0,1fr) auto;color:#14191c;
font:14px/20px 'Noto Sans SC','Noto Sans CJK SC','Microsoft YaHei',system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;padding:8px 16px}
h1{font-size:20px;line-height:28px;margin:0}
p{margin:0;color:#4d585f}
main{position:relative;background:#f1f3f1}
footer{padding:4px 16px;font-size:12px;color:#4d585f}
.leaflet-container{background:#f1f3f1;font:inherit}
details{position:absolute;left:12px;bottom:12px;z-index:1000;max-width:240px;max-height:60%;
overflow:auto;padding:8px 12px;background:#fff;border:1px solid #c4ccc9;border-radius:4px}
summary{min-height:24px;cursor:pointer}
h2{margin:8px 0 4px;font-size:12px;line-height:16px;font-weight:400;color:#4d585f}
ul{margin:0;padding:0;list-style:none}
li{display:flex;align-items:center;gap:8px;line-height:24px}
li i{flex:none;width:14px;height:14px;border-radius:50%}
.leaflet-popup-content{max-height:50vh;overflow:auto}
.foliumpopup th{text-align:left;font-weight:400;color:#4d585f;padding-right:12px;white-space:nowrap}
"""
