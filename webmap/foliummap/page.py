"""One HTML file from layers: drawn by folium, written so that no text of a user becomes markup."""

from __future__ import annotations

import datetime
import html
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
    for part in parts:
        _layer(part).add_to(drawn)
    if len(parts) > 1:
        folium.LayerControl(collapsed=False).add_to(drawn)
    bounds = _bounds(parts)
    if bounds is not None:
        drawn.fit_bounds(bounds, padding=(16, 16))
    figure.render()
    return _page(figure, title, _notices(parts, review_no), made)


def _layer(part: Part) -> folium.FeatureGroup:
    group = folium.FeatureGroup(name=html.escape(part.spec.title.zh))
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


def _page(figure: Figure, title: str, notices: list[str], made: datetime.datetime) -> str:
    nonce = secrets.token_urlsafe(18)
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src 'unsafe-inline'; script-src 'nonce-{nonce}'"
    )
    words = "　".join(html.escape(text) for text in notices)
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
<header><h1>{html.escape(title)}</h1><p>{words}</p></header>
<main>{figure.html.render()}</main>
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
.leaflet-popup-content{max-height:50vh;overflow:auto}
.foliumpopup th{text-align:left;font-weight:400;color:#4d585f;padding-right:12px;white-space:nowrap}
"""
