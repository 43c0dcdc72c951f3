"""Layers: what there is, what lies in a window, one feature, what a polygon selects."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, current_app, request, url_for
from pydantic import ConfigDict, Field, field_validator

from cityops.services.layer_summary import LayerSummary
from cityops.services.layers import MAX_PAGE
from cityops.services.permissions import Action, Permission, permission_for
from cityops.services.ports import Box
from cityops.services.selections import ClassSum, Selection
from gis.boxes import parse_degree_box
from webmap import city
from webmap.current import person, services
from webmap.errors import as_json
from webmap.feature_json import feature_json, page_json, window_json
from webmap.layer_json import layer_json, tile_zooms
from webmap.validated import Body, Query, validated

bp = Blueprint("layers", __name__, url_prefix="/api/v1/layers")

_FID_MOST = 2**63 - 1


class ListQuery(Query):
    """Window, page and filters of a list. Every other name is a field with its wanted values."""

    model_config = ConfigDict(extra="allow")

    bbox: str | None = Field(default=None, description="west,south,east,north in degrees")
    limit: int = Field(default=100, ge=1, description="rows per page, cut to 1000")
    after: int = Field(default=0, ge=0, le=_FID_MOST, description="row to go on behind")
    sort: str | None = Field(default=None, max_length=60)
    q: str | None = Field(default=None, max_length=200, description="text in any text field")

    @field_validator("bbox")
    @classmethod
    def check_box(cls, value: str | None) -> str | None:
        """Refuse what is no box."""
        if value is not None:
            parse_degree_box(value)
        return value

    @property
    def box(self) -> Box | None:
        """The window, None for everywhere."""
        return None if self.bbox is None else parse_degree_box(self.bbox).as_tuple()

    @property
    def equal(self) -> dict[str, list[str]]:
        """Field -> wanted values."""
        return {name: str(given).split(",") for name, given in (self.model_extra or {}).items()}


class ValuesQuery(Query):
    """Of which field."""

    field: str = Field(max_length=60)


class SelectBody(Body):
    """A polygon, filters, and how much of what they select is wanted, in which order."""

    polygon: dict[str, Any]
    where: dict[str, list[str | None]] = Field(
        default_factory=dict, description="field -> wanted values, null for unknown"
    )
    q: str | None = Field(default=None, max_length=200, description="text in any text field")
    sort: str | None = Field(default=None, max_length=60)
    limit: int = Field(default=100, ge=0, le=MAX_PAGE)
    after: int = Field(default=0, ge=0, le=_FID_MOST)


@bp.get("")
@validated()
def catalogue() -> Response:
    """Layers that the person may see, with style, legend, amounts and tile address."""
    layers = [entry_json(summary) for summary in services().summaries.catalogue(person())]
    return as_json({"layers": layers, "city": city_json(layers)})


def entry_json(summary: LayerSummary) -> dict[str, Any]:
    """One layer of the catalogue."""
    out = layer_json(summary.spec, summary.permission)
    for item in out["classes"]:
        amount = summary.classes.get(item["code"])
        item["count"] = amount.count if amount else 0
        item["length_m"] = amount.length_m if amount else None
    return out | {
        "version": summary.version,
        "count": summary.count,
        "length_m": summary.length_m,
        "features_from": summary.features_from,
        "tile_zooms": tile_zooms(summary.features_from),
        "bounds": None if summary.bounds is None else list(summary.bounds),
        "exportable": permission_for(person(), summary.spec, Action.EXPORT).allowed,
        "notice": city.notice_of(summary.spec.name) or summary.spec.notice,
        "tiles": tile_address(summary.spec.name, summary.version, summary.permission),
    }


def tile_address(layer: str, version: int, permission: Permission) -> str:
    """Template of tile addresses, naming version and permission so that caches never mix people."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    seen = hmac.new(key, repr(_ordered(permission)).encode(), hashlib.sha256).hexdigest()[:16]
    return f"/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt?v={version}&p={seen}"


def _ordered(permission: Permission) -> tuple[Any, ...]:
    categories = permission.categories
    return (
        permission.layer,
        permission.areas,
        None if categories is None else sorted(categories),
        permission.fields,
    )


def city_json(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Name, extent and notices of the city; without a scene the extent of the layers."""
    boxes = [layer["bounds"] for layer in layers if layer["bounds"]]
    around = [
        min((box[0] for box in boxes), default=73.0),
        min((box[1] for box in boxes), default=18.0),
        max((box[2] for box in boxes), default=135.0),
        max((box[3] for box in boxes), default=54.0),
    ]
    return {
        "name": city.title(),
        "bounds": city.extent() or around,
        "notices": city.notices(),
        "synthetic": city.is_synthetic(),
    }


@bp.get("/<layer>/features")
@validated(query=ListQuery)
def features(layer: str, query: ListQuery) -> Response:
    """A page of features in a window, filtered by fields, by fid or in the order of a field."""
    limit = min(query.limit, MAX_PAGE)
    asked = {"box": query.box, "equal": query.equal, "after": query.after, "limit": limit}
    if query.sort is None and query.q is None:
        window = services().layers.window(person(), layer, **asked)
        return geojson(window_json(window, next_address(layer, window.after)))
    page = services().layers.page(person(), layer, text=query.q, sort=query.sort, **asked)
    return geojson(page_json(page, next_address(layer, page.after)))


def next_address(layer: str, after: int | None) -> str | None:
    """Address of the following page of this request, None when there is none."""
    if after is None:
        return None
    # Not by `url_for` alone: a field may be called like a part of the address, such as ``layer``.
    asked = request.args.to_dict() | {"after": str(after)}
    return f"{url_for('layers.features', layer=layer)}?{urlencode(asked)}"


@bp.get("/<layer>/values")
@validated(query=ValuesQuery)
def values(layer: str, query: ValuesQuery) -> Response:
    """The most frequent 200 values of a field within the permission, and how many others."""
    return as_json(services().layers.values(person(), layer, query.field).as_dict())


@bp.get("/<layer>/features/<path:key>")
@validated()
def feature(layer: str, key: str) -> Response:
    """One feature with everything that the person may see of it."""
    found = feature_json(services().layers.feature(person(), layer, key))
    return geojson(orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY))


@bp.post("/<layer>/select")
@validated(body=SelectBody)
def select(layer: str, body: SelectBody) -> Response:
    """What a polygon selects: counts, lengths and areas by class, keys, a page of features."""
    polygon = services().bench.drawn(body.polygon)
    chosen = services().layers.select(person(), layer, polygon, equal=body.where, text=body.q)
    if not body.limit:
        return as_json(selection_json(chosen))
    page = services().layers.page(
        person(), layer, fids=chosen.ordered(body.sort), after=body.after, limit=body.limit
    )
    return geojson(page_json(page, None, after=page.after, **selection_json(chosen)))


def selection_json(chosen: Selection) -> dict[str, Any]:
    """A selection's sums and keys."""
    return {
        "layer": chosen.seen.spec.name,
        "count": len(chosen.fids),
        "keys": chosen.keys.tolist(),
        "class_field": chosen.class_field,
        "sum": sum_json(chosen.total),
        "classes": [sum_json(item) for item in chosen.classes],
    }


def sum_json(item: ClassSum) -> dict[str, Any]:
    """A sum; what a layer of its kind does not have is null."""
    return {
        "code": item.code,
        "count": item.count,
        "length_m": item.length_m,
        "inside_length_m": item.inside_length_m,
        "area_m2": item.area_m2,
        "inside_area_m2": item.inside_area_m2,
    }


def geojson(data: bytes) -> Response:
    """A GeoJSON answer."""
    return Response(data, mimetype="application/geo+json")
