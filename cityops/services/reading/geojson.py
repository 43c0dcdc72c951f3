"""GeoJSON, read by our own code: nothing in the file makes anything else be opened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cityops.services.reading.encoding import decode
from cityops.services.reading.shapes import Shapes
from cityops.services.reading.sniff import Format
from cityops.services.reading.table import (
    Note,
    RawTable,
    ReadOptions,
    check_columns,
    check_row_count,
    numbered,
)
from gis.errors import FileError
from gis.features import ObjectArray, object_array
from gis.strict_json import parse_json

_EPSG = re.compile(r"^(?:urn:ogc:def:crs:EPSG:[^:]*:|EPSG:)(\d{4,6})$", re.IGNORECASE)
_CRS84 = re.compile(r"CRS:?84$", re.IGNORECASE)
#: Name under which the ``id`` member of a feature becomes a column; a property may be called id.
ID_COLUMN = "@id"
_MOST_NAME = 16_000


def read(path: Path, options: ReadOptions) -> RawTable:
    """The features of a GeoJSON file.

    Raises
    ------
    FileError
        When the text is no GeoJSON.
    """
    data = path.read_bytes()
    decoded = decode(data, options.encoding)
    if decoded.encoding not in ("utf-8", "utf-8-sig"):
        data = decoded.text.encode("utf-8")
    body = parse_json(data, expect=dict, max_bytes=len(data))
    features = _features(body)
    check_row_count(len(features), options)
    warnings: list[Note] = []
    crs = declared_crs(body, warnings)
    shapes = Shapes(options)
    for row, feature in enumerate(features, 1):
        shapes.add_geojson(feature.get("geometry") if isinstance(feature, dict) else {}, row)
    geometry, faults, repaired = shapes.done()
    return RawTable(
        driver=Format.GEOJSON.value,
        rows=numbered(len(features)),
        geometry=geometry,
        columns=_columns(features),
        crs=crs,
        encoding=decoded.encoding,
        encoding_from=decoded.source,
        faults=faults,
        repaired=repaired,
        warnings=tuple(warnings),
    )


def _features(body: Any) -> list[Any]:
    kind = body.get("type") if isinstance(body, dict) else None
    if kind == "FeatureCollection" and isinstance(body.get("features"), list):
        features: list[Any] = body["features"]
        return features
    if kind == "Feature":
        return [body]
    raise FileError(
        "geojson.bad",
        "不是 GeoJSON 要素集",
        field="type",
        got=kind if isinstance(kind, str) else None,
        expected="FeatureCollection",
    )


def declared_crs(body: dict[str, Any], warnings: list[Note]) -> str | None:
    """CRS that a file declares; EPSG:4326 where it says nothing, for that is the format's own.

    A ``crs`` member that is a link is dropped with a warning and never fetched. A member
    ``coordinate_system`` is a name as our own exports of systems without a code write it.
    """
    member, own = body.get("crs"), body.get("coordinate_system")
    if member is None and isinstance(own, str) and own:
        return own[:_MOST_NAME]
    if member is None:
        return "EPSG:4326"
    if not isinstance(member, dict) or member.get("type") != "name":
        warnings.append(
            Note(
                0, "crs.link_dropped", "文件的 crs 成员指向外部地址，已忽略；请用 --crs 指明坐标系"
            )
        )
        return None
    properties = member.get("properties")
    name = str(properties.get("name", "")) if isinstance(properties, dict) else ""
    if _CRS84.search(name):
        return "EPSG:4326"
    found = _EPSG.match(name)
    if found is None:
        warnings.append(
            Note(
                0, "crs.name_dropped", "不认识文件声明的坐标系 {name}，已忽略", {"name": name[:80]}
            )
        )
        return None
    return f"EPSG:{found[1]}"


def _columns(features: list[Any]) -> dict[str, ObjectArray]:
    rows = [f.get("properties") if isinstance(f, dict) else None for f in features]
    names = dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row)
    check_columns(list(names))
    columns = {}
    for name in names:
        values = [row.get(name) if isinstance(row, dict) else None for row in rows]
        columns[name] = object_array(values)
    ids = [f.get("id") if isinstance(f, dict) else None for f in features]
    if ID_COLUMN not in columns and any(value is not None for value in ids):
        columns[ID_COLUMN] = object_array(ids)
    return columns
