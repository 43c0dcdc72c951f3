"""GeoJSON (RFC 7946) of many features at once.

All coordinates are printed in one call and cut into features by the places of their
brackets; what is left for Python per feature is one dictionary. Positions are [lon, lat] with
at most 9 decimals (0.1 mm), heights follow where every vertex of a feature has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from gis.layers import GeometryKind
from gis.ragged import FloatArray, Ragged
from gis.view import LayerView

#: Decimals of a degree that are printed; 7 would move a surveyed pipe by up to 7 mm.
DECIMALS = 9
_NAMES = {
    GeometryKind.POINT: (b"Point", b"MultiPoint"),
    GeometryKind.LINE: (b"LineString", b"MultiLineString"),
    GeometryKind.POLYGON: (b"Polygon", b"MultiPolygon"),
}


def feature_collection(
    view: LayerView,
    rows: npt.NDArray[Any],
    fields: Sequence[str],
    *,
    next_link: str | None = None,
    members: Mapping[str, Any] | None = None,
) -> bytes:
    """UTF-8 JSON of a FeatureCollection of `rows`; a feature's id is its key.

    Parameters
    ----------
    view, rows
        What to write, in this order.
    fields
        Properties; a permission gives their list.
    next_link
        Address of the following page, as a link of relation ``next``.
    members
        More members of the collection; values that JSON knows.

    Raises
    ------
    NotFoundError
        When the layer has no field of that name.
    """
    links = [] if next_link is None else [{"rel": "next", "href": next_link}]
    more = {"numberReturned": len(rows), "links": links} | dict(members or {})
    columns = view.take(rows, fields)
    return encode(view.shapes(rows), view.keys(rows).tolist(), columns, more)


def encode(
    shapes: Ragged,
    ids: Sequence[Any],
    columns: Mapping[str, npt.NDArray[Any]],
    members: Mapping[str, Any] | None = None,
) -> bytes:
    """UTF-8 JSON of a FeatureCollection.

    Examples
    --------
    >>> import shapely
    >>> shapes = Ragged.from_shapely(GeometryKind.POINT, shapely.points([[117.1, 39.1234567891]]))
    >>> encode(shapes, ["a"], {})[-65:-2]
    b'"geometry":{"type":"Point","coordinates":[117.1,39.123456789]}}'
    """
    names = list(columns)
    values = zip(*(_plain(columns[name]) for name in names), strict=True) if names else None
    features = []
    for id_, geometry in zip(ids, fragments(shapes), strict=True):
        row = next(values) if values is not None else ()
        features.append(
            {
                "type": "Feature",
                "id": id_,
                "properties": dict(zip(names, row, strict=True)),
                "geometry": orjson.Fragment(geometry),
            }
        )
    collection = {"type": "FeatureCollection", "features": features} | dict(members or {})
    return orjson.dumps(collection)


def _plain(column: npt.NDArray[Any]) -> list[Any]:
    """Python values; orjson writes NaN and infinity as null."""
    values: list[Any] = column.tolist()
    return values


def fragments(shapes: Ragged) -> Iterator[bytes]:
    """The GeoJSON geometry of each feature as JSON bytes, ``null`` where it is missing.

    Examples
    --------
    >>> import shapely
    >>> line = shapely.linestrings([[[0, 0], [1, 2]]])
    >>> next(fragments(Ragged.from_shapely(GeometryKind.LINE, line)))
    b'{"type":"LineString","coordinates":[[0.0,0.0],[1.0,2.0]]}'
    """
    flat = _Text(np.round(shapes.xy, DECIMALS))
    tall = flat if shapes.z is None else _Text(np.column_stack([flat.xy, np.round(shapes.z, 4)]))
    high = np.zeros(len(shapes), bool) if shapes.z is None else _all_high(shapes)
    write = {
        GeometryKind.POINT: _points,
        GeometryKind.LINE: _lines,
        GeometryKind.POLYGON: _polygons,
    }[shapes.kind]
    rings, parts = shapes.rings.tolist(), shapes.parts.tolist()
    geoms, multi = shapes.geoms.tolist(), shapes.multi.tolist()
    names = _NAMES[shapes.kind]
    for i, is_high in enumerate(high.tolist()):
        first, last = geoms[i], geoms[i + 1]
        if first == last:
            yield b"null"
            continue
        body = write(tall if is_high else flat, rings, parts, first, last)
        if multi[i]:
            yield b'{"type":"%b","coordinates":[%b]}' % (names[1], b",".join(body))
        else:
            yield b'{"type":"%b","coordinates":%b}' % (names[0], body[0])


class _Text:
    """Coordinates printed once, and where each begins in the text."""

    def __init__(self, xy: FloatArray) -> None:
        self.xy = xy
        self.data = orjson.dumps(np.ascontiguousarray(xy), option=orjson.OPT_SERIALIZE_NUMPY)
        opening = np.flatnonzero(np.frombuffer(self.data, np.uint8) == ord("["))
        # The first bracket opens the whole list; the end stands for one coordinate more.
        self.starts: list[int] = [*opening[1:].tolist(), len(self.data)]

    def run(self, first: int, last: int) -> bytes:
        """Coordinates first..last-1 with commas between."""
        return self.data[self.starts[first] : self.starts[last] - 1]


def _points(text: _Text, rings: list[int], parts: list[int], first: int, last: int) -> list[bytes]:
    return [text.run(rings[parts[p]], rings[parts[p]] + 1) for p in range(first, last)]


def _lines(text: _Text, rings: list[int], parts: list[int], first: int, last: int) -> list[bytes]:
    return [b"[%b]" % text.run(rings[parts[p]], rings[parts[p] + 1]) for p in range(first, last)]


def _polygons(
    text: _Text, rings: list[int], parts: list[int], first: int, last: int
) -> list[bytes]:
    out = []
    for part in range(first, last):
        loops = [
            b"[%b]" % text.run(rings[r], rings[r + 1]) for r in range(parts[part], parts[part + 1])
        ]
        out.append(b"[%b]" % b",".join(loops))
    return out


def _all_high(shapes: Ragged) -> npt.NDArray[np.bool_]:
    if shapes.z is None:
        return np.zeros(len(shapes), bool)
    unknown = np.concatenate([[0], np.cumsum(np.isnan(shapes.z))])
    first = shapes.rings[shapes.parts[shapes.geoms]]
    return np.asarray(np.diff(unknown[first]) == 0)
