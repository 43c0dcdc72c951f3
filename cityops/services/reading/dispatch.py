"""From a format to its reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cityops.services.reading import geojson, tables
from cityops.services.reading.sniff import Format, format_of
from cityops.services.reading.table import RawTable, ReadOptions


def _gdal(name: str) -> Callable[[Path, ReadOptions], RawTable]:
    def reader(path: Path, options: ReadOptions) -> RawTable:
        from cityops.services.reading import gdal

        found: Callable[[Path, ReadOptions], RawTable] = getattr(gdal, name)
        return found(path, options)

    return reader


def _workbook(path: Path, options: ReadOptions) -> RawTable:
    from cityops.services.reading import workbook

    return workbook.read(path, options)


READERS: dict[Format, Callable[[Path, ReadOptions], RawTable]] = {
    Format.GEOJSON: geojson.read,
    Format.CSV: tables.read,
    Format.GPKG: _gdal("read_geopackage"),
    Format.SHAPEFILE: _gdal("read_shapefile"),
    Format.SHAPEFILE_ZIP: _gdal("read_archive"),
    Format.OSM: _gdal("read_osm"),
    Format.FLATGEOBUF: _gdal("read_flatgeobuf"),
    Format.XLSX: _workbook,
}


def read_file(path: Path, filename: str, options: ReadOptions) -> RawTable:
    """The rows of the file at `path`, read in this very process.

    Raises
    ------
    FileError
        When it cannot be read as what it says it is.
    """
    return READERS[format_of(path, filename)](path, options)
