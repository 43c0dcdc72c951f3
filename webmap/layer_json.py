"""A declared layer as the browser needs it: for the map style, the legend, the panel, the list."""

from __future__ import annotations

from typing import Any

from cityops.services.permissions import Permission
from gis.layers import CodeItem, FieldSpec, LayerSpec, Title
from gis.mvt import MAX_ZOOM

#: Deepest zoom of the tiles where features are drawn by then; the browser draws deeper zooms from
#: the deepest tile.
_USUAL_DEEPEST = 16


def title_json(title: Title) -> dict[str, str]:
    """``{"zh", "en"}``."""
    return {"zh": title.zh, "en": title.en}


def code_json(item: CodeItem) -> dict[str, Any]:
    """One value of a code list with how it is drawn."""
    return {
        "code": item.code,
        "title": title_json(item.title),
        "colour": item.colour,
        "dash": list(item.dash),
        "mark": item.mark,
        "casing": item.casing,
    }


def field_json(spec: FieldSpec) -> dict[str, Any]:
    """One field with unit and codes."""
    return {
        "name": spec.name,
        "title": title_json(spec.title),
        "type": spec.type.value,
        "unit": spec.unit,
        "codes": [code_json(item) for item in spec.codes],
        "in_tiles": spec.in_tiles,
    }


def style_json(spec: LayerSpec) -> dict[str, Any]:
    """Colours, widths in pixels, dash in widths."""
    style = spec.style
    return {
        "colour": style.colour,
        "fill": style.fill,
        "fill_opacity": style.fill_opacity,
        "width": style.width,
        "casing": style.casing,
        "dash": list(style.dash),
        "radius": style.radius,
    }


def classes_of(spec: LayerSpec, permission: Permission) -> list[CodeItem]:
    """Values by which the layer is drawn, those that the permission reaches."""
    name = spec.style.class_field
    if name is None or name not in permission.fields:
        return []
    items = spec.field_named(name).codes
    if name == spec.category_field and permission.categories is not None:
        return [item for item in items if item.code in permission.categories]
    return list(items)


def tile_zooms(features_from: int) -> list[int]:
    """First and last zoom of a layer's tiles; a dense layer has tiles down to its features.

    Examples
    --------
    >>> tile_zooms(13), tile_zooms(18)
    ([0, 16], [0, 18])
    """
    return [0, min(MAX_ZOOM, max(_USUAL_DEEPEST, features_from))]


def layer_json(spec: LayerSpec, permission: Permission) -> dict[str, Any]:
    """The declaration of a layer, cut to the fields and categories that a person may see."""
    drawn_by = spec.style.class_field
    return {
        "name": spec.name,
        "title": title_json(spec.title),
        "group": spec.group,
        "base": spec.group == "base",
        "geometry": spec.geometry.value,
        "key": spec.key,
        "label_field": spec.label_field if spec.label_field in permission.fields else None,
        "category_field": spec.category_field,
        "class_field": drawn_by if drawn_by in permission.fields else None,
        "min_zoom": spec.min_zoom,
        "order": spec.order,
        "visible": spec.visible,
        "note": None if spec.note is None else title_json(spec.note),
        "style": style_json(spec),
        "classes": [code_json(item) for item in classes_of(spec, permission)],
        "fields": [field_json(f) for f in spec.fields if f.name in permission.fields],
    }
