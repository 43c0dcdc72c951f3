"""Geometries as plain arrays, so that they cross a process border without any parser of WKB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from gis.errors import FileError
from gis.features import ObjectArray

_KINDS = {
    "p": shapely.GeometryType.POINT,
    "l": shapely.GeometryType.LINESTRING,
    "a": shapely.GeometryType.POLYGON,
    "mp": shapely.GeometryType.MULTIPOINT,
    "ml": shapely.GeometryType.MULTILINESTRING,
    "ma": shapely.GeometryType.MULTIPOLYGON,
}


def pack(geometry: ObjectArray) -> dict[str, np.ndarray[Any, Any]]:
    """Arrays of (n,) shapely geometries, grouped by kind and dimension.

    None and kinds that no layer has (collections, bare rings) are left out: they
    come back as None.

    Examples
    --------
    >>> import shapely
    >>> arrays = pack(np.array([shapely.Point(1, 2), None], object))
    >>> unpack(arrays)
    array([<POINT (1 2)>, None], dtype=object)
    """
    out: dict[str, np.ndarray[Any, Any]] = {"n": np.array([len(geometry)], np.int64)}
    kinds = shapely.get_type_id(geometry)
    solid = shapely.has_z(geometry)
    for tag, kind in _KINDS.items():
        for z in (False, True):
            at = np.flatnonzero((kinds == kind) & (solid == z))
            if not len(at):
                continue
            _, coords, offsets = shapely.to_ragged_array(geometry[at], include_z=z)
            name = tag + ("z" if z else "")
            out[f"{name}.at"] = at.astype(np.int64)
            out[f"{name}.xy"] = coords
            for level, values in enumerate(offsets):
                out[f"{name}.o{level}"] = np.asarray(values, np.int64)
    return out


def unpack(arrays: Mapping[str, np.ndarray[Any, Any]]) -> ObjectArray:
    """(n,) shapely geometries from the arrays that :func:`pack` gave.

    Raises
    ------
    FileError
        When the arrays do not fit together.
    """
    count = int(arrays["n"][0])
    out = np.full(count, None, object)
    for tag, kind in _KINDS.items():
        for name in (tag, tag + "z"):
            if f"{name}.at" not in arrays:
                continue
            at = arrays[f"{name}.at"]
            coords = arrays[f"{name}.xy"]
            levels = [k for k in ("o0", "o1", "o2") if f"{name}.{k}" in arrays]
            offsets = tuple(arrays[f"{name}.{k}"] for k in levels)
            _check(at, count, len(coords), offsets)
            out[at] = shapely.from_ragged_array(kind, coords, offsets or None)
    return out


def _check(
    at: np.ndarray[Any, Any], count: int, coords: int, offsets: tuple[np.ndarray[Any, Any], ...]
) -> None:
    """Each level of offsets must rise, start at 0 and end at the length of the level below."""
    below = coords
    fits = bool(len(at)) and int(at.min()) >= 0 and int(at.max()) < count
    for values in offsets:
        fits &= len(values) > 0 and int(values[0]) == 0 and int(values[-1]) == below
        fits &= bool(np.all(np.diff(values) >= 0))
        below = len(values) - 1
    if not fits or below != len(at):
        raise FileError("file.damaged", "读取结果不完整", hint="请重试；若仍如此，文件可能有意损坏")
