"""Formats that layers are exported in; what writes them is loaded when something is written."""

from __future__ import annotations

#: name -> (ending, media type)
FORMATS: dict[str, tuple[str, str]] = {
    "geojson": (".geojson", "application/geo+json"),
    "gpkg": (".gpkg", "application/geopackage+sqlite3"),
    "shapefile": (".zip", "application/zip"),
    "csv": (".csv", "text/csv; charset=utf-8"),
    "xlsx": (
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "flatgeobuf": (".fgb", "application/octet-stream"),
}
