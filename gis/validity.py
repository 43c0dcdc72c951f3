"""Why a polygon is invalid: every reason with its place, found by geometry of our own.

GEOS names one reason only, in words that change between versions. Here the
rings of an invalid polygon are taken one by one: spikes, crossings, holes
against shell, holes against holes, parts against parts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.errors import GEOSException

from gis.faults import Fault

FloatArray = npt.NDArray[np.float64]

_MAX_PLACES = 10
_CHUNK = 200
#: Pairs that are looked at before the next look at how many faults there are: a star of 60 000
#: rays would have 12 million at once, and fill a gigabyte.
_MOST_EDGE_PAIRS, _MOST_SHAPE_PAIRS = 1_000_000, 20_000
#: Vertices that are walked over to take spikes away, all walks together; about a second.
_MOST_STEPS = 20_000_000
#: Holes times vertices above which it is not asked which of them runs along the shell.
_MOST_RELATED = 20_000_000
#: Product of two shapes' vertices above which no overlay of them is computed.
_COSTLY = 250_000


def explain_invalid(geometry: shapely.Polygon | shapely.MultiPolygon) -> list[Fault]:
    """Faults of a polygon that GEOS calls invalid, at least one.

    Parameters
    ----------
    geometry
        Finite coordinates; any unit. A valid polygon would be given ``geometry.invalid``.

    Examples
    --------
    >>> bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> [(fault.code, fault.place) for fault in explain_invalid(bow_tie)]
    [('geometry.self_intersection', (1.0, 1.0))]
    """
    found: list[Fault] = []
    whole: list[shapely.Polygon] = []
    try:
        for part in shapely.get_parts(geometry):
            faults, cleaned = _polygon_faults(part)
            found += faults
            whole += cleaned
        if len(whole) > 1:
            found += _overlaps(np.array(whole, dtype=object), "geometry.parts_overlap")
    except GEOSException:
        return found or [Fault("geometry.invalid")]
    if found:
        return found
    has_holes = shapely.get_num_interior_rings(shapely.get_parts(geometry)).sum() > 0
    return [Fault("geometry.interior_split" if has_holes else "geometry.invalid")]


def _polygon_faults(part: shapely.Polygon) -> tuple[list[Fault], list[shapely.Polygon]]:
    """Faults of one part, and its shell as a valid polygon where it is one."""
    rings = shapely.get_rings(part)
    found: list[Fault] = []
    shapes: list[shapely.Polygon | None] = []
    for ring in rings:
        faults, polygon = _ring_faults(shapely.get_coordinates(ring))
        found += faults
        shapes.append(polygon)
    shell, holes = shapes[0], np.array([h for h in shapes[1:] if h is not None], dtype=object)
    if shell is None:
        return found, []
    if len(holes):
        found += _hole_faults(shell, holes)
    return found, [shell]


def _ring_faults(coords: FloatArray) -> tuple[list[Fault], shapely.Polygon | None]:
    """Faults of one ring, and what it encloses when it has none that matters."""
    kept, found = _without_spikes(coords)
    if kept is None:
        return found, None
    if len(kept) < 4:
        place = (float(coords[0, 0]), float(coords[0, 1]))
        return [*found, Fault("geometry.zero_area", place=place)], None
    crossings = [Fault("geometry.self_intersection", place=p) for p in _crossings(kept)]
    if crossings:
        return found + crossings, None
    polygon = shapely.Polygon(kept)
    return found, polygon if polygon.is_valid else None


def _without_spikes(coords: FloatArray) -> tuple[FloatArray | None, list[Fault]]:
    """A ring without repeated points and without vertices at which it runs straight back.

    The ring is None when it has so many that taking them away would never end.
    """
    ring = coords[:-1, :2]
    found: list[Fault] = []
    steps = 0
    while len(ring) >= 3:
        steps += len(ring)
        if steps > _MOST_STEPS:
            return None, found
        ring = ring[(ring != np.roll(ring, 1, axis=0)).any(axis=1)]
        before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
        turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
        ahead = (before * after).sum(axis=1)
        scale = np.hypot(*before.T) * np.hypot(*after.T)
        tips = _apart(np.flatnonzero((np.abs(turn) <= 1e-12 * scale) & (ahead < 0.0)), len(ring))
        if len(tips) == 0:
            return np.vstack([ring, ring[:1]]), found
        for tip in tips[: _MAX_PLACES - len(found)].tolist():
            found.append(Fault("geometry.spike", place=(float(ring[tip, 0]), float(ring[tip, 1]))))
        ring = np.delete(ring, tips, axis=0)
    return ring, found


def _apart(tips: npt.NDArray[np.int64], around: int) -> npt.NDArray[np.int64]:
    """Those of some vertices of a ring that do not follow upon another one, the first at least."""
    if len(tips) < 2:
        return tips
    alone = np.append(True, np.diff(tips) > 1)
    alone[-1] &= tips[0] != (tips[-1] + 1) % around
    kept: npt.NDArray[np.int64] = tips[alone]
    return kept


def _crossings(coords: FloatArray) -> list[tuple[float, float]]:
    """Places where a closed ring meets itself, other than from one edge to the next."""
    segments = shapely.linestrings(np.stack([coords[:-1], coords[1:]], axis=1))
    tree = shapely.STRtree(segments)
    last = len(segments) - 1
    places: dict[tuple[float, float], None] = {}
    chunk = min(_CHUNK, max(1, _MOST_EDGE_PAIRS // len(segments)))
    for start in range(0, len(segments), chunk):
        a, b = tree.query(segments[start : start + chunk], predicate="intersects")
        a = a + start
        apart = (b > a + 1) & ~((a == 0) & (b == last))
        for i, j in zip(a[apart].tolist(), b[apart].tolist(), strict=True):
            met = shapely.get_coordinates(shapely.intersection(segments[i], segments[j]))
            places[(float(met[0, 0]), float(met[0, 1]))] = None
            if len(places) >= _MAX_PLACES:
                return list(places)
    return list(places)


def _hole_faults(shell: shapely.Polygon, holes: npt.NDArray[np.object_]) -> list[Fault]:
    """Holes that leave the shell, share an edge with it, or disturb each other."""
    found: list[Fault] = []
    shapely.prepare(shell)
    for hole in holes[~shapely.covers(shell, holes)][:_MAX_PLACES]:
        place = None if _is_costly(hole, shell) else _place_in(shapely.difference(hole, shell))
        found.append(Fault("geometry.hole_outside", place=place or _first_meeting(hole, shell)))
    inside = holes[shapely.covers(shell, holes)]
    if len(inside) * int(shapely.get_num_coordinates(shell)) <= _MOST_RELATED:
        along = inside[shapely.relate_pattern(inside, shell, "****1****")]
        for hole in along[:_MAX_PLACES]:
            found.append(Fault("geometry.holes_touch", place=_place_along(hole, shell)))
    return found + _overlaps(holes, "geometry.holes_touch")


def _overlaps(polygons: npt.NDArray[np.object_], code: str) -> list[Fault]:
    """Pairs that overlap or share an edge; of holes also those that lie in each other."""
    tree = shapely.STRtree(polygons)
    found: list[Fault] = []
    chunk = min(_CHUNK, max(1, _MOST_SHAPE_PAIRS // len(polygons)))
    for start in range(0, len(polygons), chunk):
        i, j = tree.query(polygons[start : start + chunk], predicate="intersects")
        pairs = i + start < j
        found += _bad_pairs(polygons[i[pairs] + start], polygons[j[pairs]], code)
        if len(found) >= _MAX_PLACES:
            break
    return found[:_MAX_PLACES]


def _bad_pairs(a: npt.NDArray[np.object_], b: npt.NDArray[np.object_], code: str) -> list[Fault]:
    """The first faults of pairs of polygons that meet."""
    nested = shapely.covers(a, b) | shapely.covers(b, a)
    # Interiors that meet, or borders that meet along a line. Whether interiors meet is asked by
    # `touches`, which stops at the first meeting; a relation of two combs would take minutes.
    bad = ~shapely.touches(a, b)
    bad[~bad] = shapely.relate_pattern(a[~bad], b[~bad], "****1****")
    rows = np.flatnonzero(bad)[:_MAX_PLACES]
    names = np.where(nested & (code == "geometry.holes_touch"), "geometry.holes_nested", code)
    return [Fault(str(names[row]), place=_common_place(a[row], b[row])) for row in rows]


def _is_costly(a: shapely.Geometry, b: shapely.Geometry) -> bool:
    """Whether an overlay may take long: two combs meet as often as their vertices multiplied."""
    sizes = shapely.get_num_coordinates([a, b])
    return int(sizes[0]) * int(sizes[1]) > _COSTLY


def _common_place(a: shapely.Polygon, b: shapely.Polygon) -> tuple[float, float]:
    return _first_meeting(a, b) if _is_costly(a, b) else _place_in(shapely.intersection(a, b))


def _place_along(a: shapely.Polygon, b: shapely.Polygon) -> tuple[float, float]:
    """A place on an edge that two polygons share."""
    if _is_costly(a, b):
        return _first_meeting(a, b)
    return _place_in(shapely.intersection(a.exterior, b.exterior))


def _first_meeting(a: shapely.Polygon, b: shapely.Polygon) -> tuple[float, float]:
    """The first place at which the borders of two polygons meet; in `a` where they do not."""
    edges = [_edges(shape) for shape in (a, b)]
    tree = shapely.STRtree(edges[1])
    for start in range(0, len(edges[0]), _CHUNK):
        some = edges[0][start : start + _CHUNK]
        i, j = tree.query(some, predicate="intersects")
        if len(i):
            met = shapely.get_coordinates(shapely.intersection(some[i[0]], edges[1][j[0]]))
            return (float(met[0, 0]), float(met[0, 1]))
    return _place_in(a)


def _edges(polygon: shapely.Polygon) -> npt.NDArray[np.object_]:
    coords, ring = shapely.get_coordinates(shapely.get_rings(polygon), return_index=True)
    same = ring[1:] == ring[:-1]
    lines = shapely.linestrings(np.stack([coords[:-1][same], coords[1:][same]], axis=1))
    return np.asarray(lines, dtype=object)


def _place_in(shape: shapely.Geometry) -> tuple[float, float]:
    at = shapely.point_on_surface(shape)
    return (float(shapely.get_x(at)), float(shapely.get_y(at)))
