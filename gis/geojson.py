"""GeoJSON (RFC 7946) of many features at once.

All coordinates are printed in one call and cut into features by the places of their
brackets; what is left for Python per feature is one dictionary. Positions are [lon, lat] with
at most 9 decimals (0.1 mm), heights follow where every vertex of a feature has one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
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
_BRACKETS = {
    GeometryKind.POINT: (b"", b""),
    GeometryKind.LINE: (b"[", b"]"),
    GeometryKind.POLYGON: (b"[[", b"]]"),
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
    woven = _Woven(len(rows))
    woven.same(b',{"type":"Feature","id":')
    key = view.spec.key
    keys = view.json_column(key, rows)
    woven.each([keys])
    woven.same(b',"properties":{')
    for is_key, names in itertools.groupby(fields, lambda name: name == key):
        some = [(_before(name, name != fields[0], woven.taken()), name) for name in names]
        if is_key:
            woven.same(some[0][0])
            woven.each([keys])
        else:
            woven.each(view.json_members(some, rows))
    before, geometry, after = _geometry_pieces(view.shapes(rows))
    woven.same(b'},"geometry":' + before)
    woven.each([geometry])
    woven.same(after + b"}")
    return woven.collection(more)


def _before(name: str, is_later: bool, pending: bytes) -> bytes:
    """What stands before the value of a property."""
    return pending + (b"," if is_later else b"") + orjson.dumps(name) + b":"


class _Woven:
    """Columns of pieces of text, one piece of each feature, that are read by turns.

    All pieces of all features are joined at once, so that no big text is copied twice.
    """

    def __init__(self, features: int) -> None:
        self._features = features
        self._columns: list[list[bytes]] = []
        self._pending = b""

    def same(self, text: bytes) -> None:
        """The same text in every feature."""
        self._pending += text

    def taken(self) -> bytes:
        """What is the same in every feature and was not written yet, for a column to begin with."""
        text, self._pending = self._pending, b""
        return text

    def each(self, columns: list[list[bytes]]) -> None:
        """Texts of each feature."""
        if self._pending:
            self._columns.append([self.taken()] * self._features)
        self._columns += columns

    def collection(self, members: Mapping[str, Any]) -> bytes:
        """The features, each of which begins with a comma, as a FeatureCollection."""
        self.each([])
        pieces = [b""] * (self._features * len(self._columns))
        for i, column in enumerate(self._columns):
            pieces[i :: len(self._columns)] = column
        if pieces:
            pieces[0] = pieces[0][1:]
        more = orjson.dumps(members)[1:-1]
        tail = b"]," + more + b"}" if more else b"]}"
        return b"".join([b'{"type":"FeatureCollection","features":[', *pieces, tail])


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
    rows = zip(*(columns[name].tolist() for name in names), strict=True) if names else None
    properties: Iterable[dict[str, Any]] = (
        [{} for _ in ids] if rows is None else [dict(zip(names, row, strict=True)) for row in rows]
    )
    fragment = orjson.Fragment
    features = [
        {"type": "Feature", "id": id_, "properties": known, "geometry": fragment(geometry)}
        for id_, known, geometry in zip(ids, properties, fragments(shapes), strict=True)
    ]
    collection = {"type": "FeatureCollection", "features": features} | dict(members or {})
    return orjson.dumps(collection)


def fragments(shapes: Ragged) -> list[bytes]:
    """The GeoJSON geometry of each feature as JSON bytes, ``null`` where it is missing.

    Examples
    --------
    >>> import shapely
    >>> line = shapely.linestrings([[[0, 0], [1, 2]]])
    >>> fragments(Ragged.from_shapely(GeometryKind.LINE, line))
    [b'{"type":"LineString","coordinates":[[0.0,0.0],[1.0,2.0]]}']
    """
    before, pieces, after = _geometry_pieces(shapes)
    return [before + piece + after for piece in pieces] if before else pieces


def _geometry_pieces(shapes: Ragged) -> tuple[bytes, list[bytes], bytes]:
    """What stands before each geometry's text, that text, and what stands behind it."""
    pieces = _pieces(shapes)
    simple, several = _NAMES[shapes.kind]
    before, after = _BRACKETS[shapes.kind]
    one_each = len(pieces) == len(shapes) and bool((np.diff(shapes.geoms) == 1).all())
    if one_each and not shapes.multi.any():
        return b'{"type":"%b","coordinates":%b' % (simple, before), pieces, after + b"}"
    return b"", _grouped(shapes, pieces, simple, several), b""


def _pieces(shapes: Ragged) -> list[bytes]:
    """Coordinates of each point, line or ring, with commas between them."""
    flat = _printed(shapes, np.round(shapes.xy, DECIMALS))
    if shapes.z is None:
        return flat
    tall = _printed(shapes, np.column_stack([np.round(shapes.xy, DECIMALS), shapes.z.round(4)]))
    of_part = np.repeat(_all_high(shapes), np.diff(shapes.geoms))
    of_ring = np.repeat(of_part, np.diff(shapes.parts)).tolist()
    return [
        high if is_high else low for is_high, high, low in zip(of_ring, tall, flat, strict=True)
    ]


def _printed(shapes: Ragged, coordinates: FloatArray) -> list[bytes]:
    text = orjson.dumps(np.ascontiguousarray(coordinates), option=orjson.OPT_SERIALIZE_NUMPY)
    # The first bracket opens the whole list; the end stands for one coordinate more.
    opening = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("["))
    places = np.append(opening[1:], len(text))[shapes.rings].tolist()
    return [text[i : j - 1] for i, j in itertools.pairwise(places)]


def _grouped(shapes: Ragged, pieces: list[bytes], simple: bytes, several: bytes) -> list[bytes]:
    rings, parts = shapes.parts.tolist(), shapes.geoms.tolist()
    bodies = pieces
    if shapes.kind is GeometryKind.LINE:
        bodies = [b"[%b]" % piece for piece in pieces]
    elif shapes.kind is GeometryKind.POLYGON:
        loops = [b"[%b]" % piece for piece in pieces]
        bodies = [b"[%b]" % b",".join(loops[i:j]) for i, j in itertools.pairwise(rings)]
    out = []
    for multi, (i, j) in zip(shapes.multi.tolist(), itertools.pairwise(parts), strict=True):
        if i == j:
            out.append(b"null")
        elif multi:
            out.append(b'{"type":"%b","coordinates":[%b]}' % (several, b",".join(bodies[i:j])))
        else:
            out.append(b'{"type":"%b","coordinates":%b}' % (simple, bodies[i]))
    return out


def _all_high(shapes: Ragged) -> npt.NDArray[np.bool_]:
    """Which geometries have a height at every vertex."""
    if shapes.z is None:
        return np.zeros(len(shapes), bool)
    unknown = np.concatenate([[0], np.cumsum(np.isnan(shapes.z))])
    first = shapes.rings[shapes.parts[shapes.geoms]]
    return np.asarray(np.diff(unknown[first]) == 0)
