"""Mapbox Vector Tiles 2.1, written with numpy.

A tile is a protocol buffer, and all of a layer's features are one run of variable-length
integers: field numbers, lengths, ids, attribute numbers, drawing commands. The run is laid
out as one array of numbers and turned into bytes once; no feature is touched by Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError
from gis.layers import GeometryKind
from gis.mvt_attributes import Tags, encode_tags
from gis.mvt_paths import BUFFER, EXTENT, Paths, tile_paths
from gis.mvt_varint import bytes_of, sizes_of, varint
from gis.ragged import Ragged, offsets_of, spread
from gis.table import Numbered

IntArray = npt.NDArray[np.int64]
Columns = Mapping[str, npt.NDArray[Any] | Numbered]
MAX_ZOOM = 22
#: A tile above this many bytes is not sent; the pyramid's tile is sent instead.
MOST_BYTES = 500_000
_TYPES = {GeometryKind.POINT: 1, GeometryKind.LINE: 2, GeometryKind.POLYGON: 3}


def check_tile(z: int, x: int, y: int) -> None:
    """Refuse a tile that does not exist.

    Raises
    ------
    InvalidError
        When z is outside of 0..22, or x or y outside of the tiles of that zoom.

    Examples
    --------
    >>> check_tile(1, 1, 0)
    """
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise InvalidError(
            "tile.no_such_tile",
            "没有这个瓦片：{got}",
            field="tile",
            got=[z, x, y],
            expected="0<=z<=22, 0<=x,y<2^z",
        )


def tile_box(z: int, x: int, y: int, buffer: int = BUFFER) -> tuple[float, float, float, float]:
    """Box in degrees of a tile with `buffer` units of its 4096 around it.

    Raises
    ------
    InvalidError
        When there is no such tile.

    Examples
    --------
    >>> [round(v, 3) for v in tile_box(1, 1, 0, 0)]
    [0.0, 0.0, 180.0, 85.051]
    """
    check_tile(z, x, y)
    edge = buffer / EXTENT
    across = np.array([x - edge, x + 1 + edge]) / (1 << z)
    down = np.array([y + 1 + edge, y - edge]) / (1 << z)
    lon = across * 360.0 - 180.0
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * down))))
    return float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1])


def encode_layer(
    name: str,
    shapes: Ragged,
    fids: IntArray,
    columns: Columns,
    tile: tuple[int, int, int],
) -> bytes:
    """One layer of a tile as bytes; a tile is its layers one after another.

    Parameters
    ----------
    name
        Of the layer in the tile.
    shapes
        (n,) geometries in degrees.
    fids
        (n,) non-negative ids.
    columns
        Attributes: (n,) object arrays of str, bool, int, float, None, or numbered values.
    tile
        z, x, y.

    Returns
    -------
    bytes
        Empty when no feature is left: parts outside of the tile and its buffer are cut off,
        lines and polygons that shrink to nothing at this zoom are left out.

    Raises
    ------
    InvalidError
        When there is no such tile.
    """
    check_tile(*tile)
    return write_layer(name, tile_paths(shapes, tile), fids, columns)


def write_layer(name: str, paths: Paths, fids: IntArray, columns: Columns) -> bytes:
    """One layer as bytes from paths that are in the units of the tile already."""
    if not len(paths.owners):
        return b""
    tags = encode_tags(columns, paths.owners)
    body = _features(paths, fids[paths.owners], tags)
    text = name.encode()
    parts = [b"\x0a", varint(len(text)), text, body, tags.keys, tags.values]
    parts += [b"\x28", varint(EXTENT), b"\x78\x02"]
    layer = b"".join(parts)
    return b"\x1a" + varint(len(layer)) + layer


def _features(paths: Paths, fids: IntArray, tags: Tags) -> bytes:
    """All Feature messages of a layer: each is field 2 with its length before it."""
    commands, per_feature = _commands(paths)
    command_bytes = _sums(sizes_of(commands), per_feature)
    tag_bytes = _sums(sizes_of(tags.numbers), tags.counts)
    has_tags = tags.counts > 0
    ids = fids.astype(np.uint64)
    inner = 1 + sizes_of(ids) + 2 + 1 + sizes_of(command_bytes) + command_bytes
    inner = inner + np.where(has_tags, 1 + sizes_of(tag_bytes) + tag_bytes, 0)
    tag_run = np.where(has_tags, 2 + tags.counts, 0)
    start = offsets_of(4 + tag_run + 4 + per_feature).astype(np.int64)
    out = np.empty(start[-1], np.uint64)
    at = start[:-1]
    out[at], out[at + 1], out[at + 2], out[at + 3] = 0x12, inner, 0x08, ids
    tagged = at[has_tags] + 4
    out[tagged], out[tagged + 1] = 0x12, tag_bytes[has_tags]
    places, _ = spread(at + 6, tags.counts)
    out[places] = tags.numbers
    rest = at + 4 + tag_run
    out[rest], out[rest + 1] = 0x18, _TYPES[paths.kind]
    out[rest + 2], out[rest + 3] = 0x22, command_bytes
    places, _ = spread(rest + 4, per_feature)
    out[places] = commands
    return bytes_of(out)


def _commands(paths: Paths) -> tuple[npt.NDArray[np.uint64], IntArray]:
    """Drawing commands of all features and how many numbers each feature has."""
    if paths.kind is GeometryKind.POINT:
        return _point_commands(paths)
    lengths = np.diff(paths.starts).astype(np.int64)
    closing = int(paths.kind is GeometryKind.POLYGON)
    sizes = 2 * lengths + 2 + closing
    start = offsets_of(sizes).astype(np.int64)
    out = np.empty(start[-1], np.uint64)
    at = start[:-1]
    steps = _zigzag(_steps(paths))
    out[at] = 9  # MoveTo, once
    out[at + 1], out[at + 2] = steps[paths.starts[:-1]].T
    out[at + 3] = ((lengths - 1) << 3) | 2  # LineTo, for the rest
    inner, _ = spread(paths.starts[:-1] + 1, lengths - 1)
    places, _ = spread(at + 4, 2 * (lengths - 1))
    out[places] = steps[inner].reshape(-1)
    if closing:
        out[start[1:] - 1] = 15  # ClosePath
    return out, _sums(sizes, np.diff(paths.features).astype(np.int64))


def _point_commands(paths: Paths) -> tuple[npt.NDArray[np.uint64], IntArray]:
    counts = np.diff(paths.features).astype(np.int64)
    start = offsets_of(1 + 2 * counts).astype(np.int64)
    out = np.empty(start[-1], np.uint64)
    out[start[:-1]] = (counts << 3) | 1  # MoveTo, for each point
    places, _ = spread(start[:-1] + 1, 2 * counts)
    out[places] = _zigzag(_steps(paths)).reshape(-1)
    return out, 1 + 2 * counts


def _steps(paths: Paths) -> IntArray:
    """Each vertex relative to the one before it within its feature, the first to (0, 0)."""
    steps = paths.xy.copy()
    steps[1:] -= paths.xy[:-1]
    first = paths.starts[paths.features[:-1]]
    steps[first] = paths.xy[first]
    return steps


def _zigzag(values: IntArray) -> npt.NDArray[np.uint64]:
    return ((values << 1) ^ (values >> 63)).astype(np.uint64)


def _sums(values: npt.NDArray[Any], counts: npt.NDArray[Any]) -> IntArray:
    """Sums over consecutive groups of `counts` values."""
    total = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    ends = np.cumsum(counts)
    return np.asarray(total[ends] - total[ends - counts])
