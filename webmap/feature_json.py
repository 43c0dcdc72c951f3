"""Features as GeoJSON, cut to the fields that a person may see."""

from __future__ import annotations

from typing import Any

import orjson
import shapely

from cityops.services.layers import Feature, Page, Window
from gis.features import FeatureBatch
from gis.geojson import encode, feature_collection
from gis.layers import GeometryKind
from gis.measure import area_m2, length_m
from gis.ragged import Ragged


def window_json(window: Window, following: str | None) -> bytes:
    """A page of a window, written from the packed view: no object per feature."""
    return feature_collection(
        window.seen.view,
        window.rows,
        window.seen.permission.fields,
        next_link=following,
        members={"total": window.matched, "next": following},
    )


def page_json(page: Page, following: str | None, **members: Any) -> bytes:
    """A page of a list that came from the store, in its order."""
    batch = page.batch
    shapes = Ragged.from_shapely(page.spec.geometry, batch.geometry)
    columns = {name: batch.columns[name] for name in page.permission.fields}
    links = [] if following is None else [{"rel": "next", "href": following}]
    told = {"numberReturned": len(batch), "links": links, "total": page.matched, "next": following}
    return encode(shapes, batch.keys.tolist(), columns, told | members)


def feature_json(feature: Feature) -> dict[str, Any]:
    """One feature with measures, delivered columns and origin."""
    batch, permission = feature.batch, feature.permission
    out: dict[str, Any] = {
        "type": "Feature",
        "id": batch.keys[0],
        "geometry": _geometry(batch),
        "properties": batch.properties(0, permission.fields) | measures(batch),
        "origin": {str(name): value for name, value in feature.origin.items()},
    }
    # Columns that nobody declared have no rule of who may see them: only who sees every field.
    if batch.extra is not None and set(permission.fields) == set(feature.spec.field_names):
        out["properties"]["extra"] = batch.extra[0] or {}
    return out


def _geometry(batch: FeatureBatch) -> orjson.Fragment | None:
    text = shapely.to_geojson(batch.geometry[0])
    return None if text is None else orjson.Fragment(text)


def measures(batch: FeatureBatch) -> dict[str, float]:
    """``_length_m`` of a line, ``_area_m2`` of a polygon, on the ellipsoid."""
    if batch.geometry[0] is None:
        return {}
    if batch.spec.geometry is GeometryKind.LINE:
        return {"_length_m": round(float(length_m(batch.geometry)[0]), 3)}
    if batch.spec.geometry is GeometryKind.POLYGON:
        return {"_area_m2": round(float(area_m2(batch.geometry)[0]), 2)}
    return {}
