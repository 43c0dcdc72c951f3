"""The spatial index: a packed tree, a mask of what has gone, a small dynamic tree of what is new.

Boxes answer first, shapes decide: the questions that end in an exact answer take a
:class:`GeometrySource` and ask it about the candidates only. Answers are ordered by id, those
of nearest neighbours by distance and then id.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from rtree import index as rtree_index

from gis.errors import InvalidError, NotFoundError
from gis.local_frame import LocalFrame, check_point
from gis.packed import Engine, PackedTree, build_tree, check_boxes, open_tree

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Box = tuple[float, float, float, float]

_NONE = np.empty(0, np.int64)


class GeometrySource(Protocol):
    """Exact tests on the shapes behind ids. :class:`gis.ragged.Ragged` is one, ids = positions."""

    def covers_one(self, row: int, x: float, y: float) -> bool:
        """Whether a shape holds a point, border included."""

    def covers_pairs(self, rows: IntArray, xs: FloatArray, ys: FloatArray) -> BoolArray:
        """Which pairs of shape and point touch, border included."""

    def distances_m(self, rows: IntArray, frame: LocalFrame) -> FloatArray:
        """Metres from the frame's origin to each shape."""


def check_window(box: Box) -> Box:
    """`box` when it is four finite numbers in the order minx, miny, maxx, maxy.

    Raises
    ------
    InvalidError
        When it is not.

    Examples
    --------
    >>> check_window((0, 0, 1, 1))
    (0, 0, 1, 1)
    """
    minx, miny, maxx, maxy = box
    # A chain of < is False for NaN; the sums are NaN or infinite when any number is.
    if minx <= maxx and miny <= maxy and math.isfinite(minx + maxx) and math.isfinite(miny + maxy):
        return box
    raise InvalidError(
        "geometry.bad_box",
        "范围应为有限的 minx,miny,maxx,maxy，且 minx≤maxx、miny≤maxy",
        field="bbox",
        got=[float(v) if math.isfinite(v) else None for v in box],
        expected="minx<=maxx, miny<=maxy, finite",
    )


class _Delta:
    """Boxes put since the base was packed; shared by the forks of an index, only ever grows.

    Each put takes a new slot. A fork knows which slots are its own, so that what one fork
    adds another never sees. The dynamic tree is not safe for a reader beside a writer: a
    lock is held for the microseconds of each.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots = count()
        self._tree: Any = None

    def put(self, box: Box) -> int:
        with self._lock:
            if self._tree is None:
                self._tree = rtree_index.Index()
            slot = next(self._slots)
            self._tree.insert(slot, box)
            return slot

    def window(self, box: Box) -> list[int]:
        with self._lock:
            return list(self._tree.intersection(box))


class SpatialIndex:
    """Boxes by id, under change.

    Reading is safe from many threads. ``put`` and ``remove`` are for one writer; a writer
    beside readers works on a :meth:`fork` and hands that out when it is done.

    Parameters
    ----------
    tree
        Packed tree of the base.
    ids
        (n,) distinct int64 ids of the base's boxes; None for 0..n-1.

    Examples
    --------
    >>> index = SpatialIndex.build(np.array([[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 3.0, 3.0]]))
    >>> index.put(7, (1.5, 1.5, 1.6, 1.6))
    >>> index.window((1.5, 1.5, 1.5, 1.5)).tolist()
    [0, 1, 7]
    >>> index.remove(0)
    >>> index.window((1.5, 1.5, 1.5, 1.5)).tolist()
    [1, 7]
    """

    def __init__(self, tree: PackedTree, ids: IntArray | None = None) -> None:
        self._tree = tree
        self._ids = ids
        self._order = None if ids is None else np.argsort(ids, kind="stable")
        self._dead: BoolArray | None = None
        self._dead_count = 0
        self._delta = _Delta()
        self._slot_ids: dict[int, int] = {}
        self._id_slots: dict[int, int] = {}
        self._base_search = tree.search

    @classmethod
    def build(
        cls, boxes: npt.ArrayLike, ids: npt.ArrayLike | None = None, engine: Engine | None = None
    ) -> SpatialIndex:
        """Pack (n, 4) boxes under `ids`, or under 0..n-1.

        Raises
        ------
        InvalidError
            When a box is not finite or inside out, or an id comes twice.
        """
        checked = check_boxes(boxes)
        return cls(build_tree(checked, engine), _checked_ids(ids, len(checked)))

    @classmethod
    def from_bytes(
        cls,
        buffer: npt.NDArray[np.uint8] | None,
        boxes: FloatArray,
        ids: npt.ArrayLike | None = None,
        engine: Engine | None = None,
    ) -> SpatialIndex:
        """An index on the bytes of a file whose hash was compared, such as a mapped snapshot.

        `boxes` serve the engine that cannot use the bytes.

        Raises
        ------
        InvalidError
            When the bytes are no packed tree over as many boxes.
        """
        return cls(open_tree(buffer, boxes, engine), _checked_ids(ids, len(boxes)))

    @property
    def engine(self) -> Engine:
        """What keeps the base."""
        return self._tree.engine

    @property
    def pending(self) -> int:
        """Boxes in the dynamic tree and boxes of the base that have gone: cost of a fold."""
        return len(self._slot_ids) + self._dead_count

    def __len__(self) -> int:
        return len(self._tree) - self._dead_count + len(self._slot_ids)

    def as_bytes(self) -> npt.NDArray[np.uint8] | None:
        """The base as bytes for a file, or None where the engine has no such form."""
        return self._tree.as_bytes()

    def fork(self) -> SpatialIndex:
        """An index with the same content that changes on its own."""
        new = object.__new__(SpatialIndex)
        new.__dict__ |= self.__dict__
        new._dead = None if self._dead is None else self._dead.copy()
        new._slot_ids = dict(self._slot_ids)
        new._id_slots = dict(self._id_slots)
        return new

    # -- change ---------------------------------------------------------------------------

    def put(self, id_: int, box: Box) -> None:
        """Set the box of an id, new or known.

        Raises
        ------
        InvalidError
            When the box is not finite or inside out.
        """
        check_window(box)
        self.discard(id_)
        slot = self._delta.put(box)
        self._slot_ids[slot] = id_
        self._id_slots[id_] = slot

    def remove(self, id_: int) -> None:
        """Take an id out.

        Raises
        ------
        NotFoundError
            When the index does not hold it.
        """
        if not self.discard(id_):
            raise NotFoundError("index.unknown_id", "空间索引中没有 {got}", got=int(id_))

    def discard(self, id_: int) -> bool:
        """Take an id out; gives whether the index held it."""
        slot = self._id_slots.pop(id_, None)
        if slot is not None:
            del self._slot_ids[slot]
            return True
        at = self._position(id_)
        if at < 0 or (self._dead is not None and self._dead[at]):
            return False
        if self._dead is None:
            self._dead = np.zeros(len(self._tree), bool)
        self._dead[at] = True
        self._dead_count += 1
        return True

    def _position(self, id_: int) -> int:
        if self._ids is None:
            return id_ if 0 <= id_ < len(self._tree) else -1
        at = int(np.searchsorted(self._ids, id_, sorter=self._order))
        if at == len(self._ids) or self._order is None:
            return -1
        position = int(self._order[at])
        return position if self._ids[position] == id_ else -1

    # -- boxes ----------------------------------------------------------------------------

    def window(self, box: Box) -> IntArray:
        """Ids whose box touches a box, edges included, ascending.

        Raises
        ------
        InvalidError
            When `box` is not finite or inside out.
        """
        check_window(box)
        return self._touching(*box)

    def at(self, x: float, y: float) -> IntArray:
        """Ids whose box holds a point, ascending."""
        return self.window((x, y, x, y))

    def windows(self, boxes: npt.ArrayLike) -> tuple[IntArray, IntArray]:
        """Pairs (row of `boxes`, id) whose boxes touch, ordered by row and then id.

        Raises
        ------
        InvalidError
            When a box is not finite or inside out.
        """
        return sorted_pairs(*self._joined(check_boxes(boxes)))

    def _joined(self, checked: FloatArray) -> tuple[npt.NDArray[Any], IntArray]:
        """Pairs in the order of the trees, which keeps neighbours together in memory."""
        rows, found = self._tree.join(checked)
        if self._dead_count and self._dead is not None:
            alive = ~self._dead[found]
            rows, found = rows[alive], found[alive]
        ids = self._named(found)
        if self._slot_ids:
            more_rows, more_ids = self._delta_windows(checked)
            rows, ids = np.concatenate([rows, more_rows]), np.concatenate([ids, more_ids])
        return rows, ids

    def _touching(self, minx: float, miny: float, maxx: float, maxy: float) -> IntArray:
        found = self._base_search(minx, miny, maxx, maxy)
        if self._dead_count and self._dead is not None:
            found = found[~self._dead[found]]
        ids = self._named(found)
        if self._slot_ids:
            known = self._slot_ids
            hits = self._delta.window((minx, miny, maxx, maxy))
            new = [known[slot] for slot in hits if slot in known]
            if new:
                ids = np.concatenate([ids, np.array(new, np.int64)])
        ids.sort()
        return ids

    def _named(self, positions: npt.NDArray[Any]) -> IntArray:
        return positions.astype(np.int64) if self._ids is None else self._ids[positions]

    def _delta_windows(self, boxes: FloatArray) -> tuple[IntArray, IntArray]:
        rows: list[int] = []
        ids: list[int] = []
        known = self._slot_ids
        for row, box in enumerate(boxes.tolist()):
            new = [known[slot] for slot in self._delta.window(tuple(box)) if slot in known]
            ids.extend(new)
            rows.extend([row] * len(new))
        return np.array(rows, np.int64), np.array(ids, np.int64)

    # -- exact ----------------------------------------------------------------------------

    def contains(self, x: float, y: float, shapes: GeometrySource) -> IntArray:
        """Ids of the polygons that hold a point, exactly, ascending; a border belongs to both sides.

        Raises
        ------
        InvalidError
            When a coordinate is NaN or infinite.
        """
        if not math.isfinite(x + y):
            check_window((x, y, x, y))
        if self._ids is None and not self._dead_count and not self._slot_ids:
            candidates = self._base_search(x, y, x, y).tolist()
        else:
            candidates = self._touching(x, y, x, y).tolist()
        covers = shapes.covers_one
        inside = [id_ for id_ in candidates if covers(id_, x, y)]
        inside.sort()
        return np.array(inside, np.int64)

    def contains_many(self, xy: npt.ArrayLike, shapes: GeometrySource) -> tuple[IntArray, IntArray]:
        """Pairs (row of `xy`, id) of points in polygons, exactly, by row and then id.

        Raises
        ------
        InvalidError
            When a coordinate is NaN or infinite.
        """
        points = np.ascontiguousarray(xy, dtype=np.float64).reshape(-1, 2)
        rows, ids = self._joined(check_boxes(np.hstack([points, points])))
        inside = shapes.covers_pairs(ids, points[rows, 0], points[rows, 1])
        return sorted_pairs(rows[inside], ids[inside])

    def within(
        self, lon: float, lat: float, metres: float, shapes: GeometrySource
    ) -> tuple[IntArray, FloatArray]:
        """Ids of the shapes within a distance of a position, ascending, and how far each is.

        Distances are metres on the ellipsoid (:class:`gis.local_frame.LocalFrame`); a shape
        exactly at the distance is within it. 0 is inside or on a polygon.

        Raises
        ------
        InvalidError
            When the position is none, or the distance is negative or not finite.
        """
        _check_distance(metres)
        frame = LocalFrame(lon, lat)
        candidates = self._touching(*frame.box_around(metres))
        distances = shapes.distances_m(candidates, frame)
        near = distances <= metres
        return candidates[near], distances[near]

    def within_many(
        self, lonlat: npt.ArrayLike, metres: float, shapes: GeometrySource
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Triples (row of `lonlat`, id, metres) of :meth:`within`, by row and then id."""
        points = np.asarray(lonlat, float).reshape(-1, 2)
        found = [self.within(lon, lat, metres, shapes) for lon, lat in points.tolist()]
        return _stacked(found)

    def nearest(
        self,
        lon: float,
        lat: float,
        k: int,
        shapes: GeometrySource,
        max_m: float | None = None,
        rank: Callable[[IntArray], IntArray] | None = None,
    ) -> tuple[IntArray, FloatArray]:
        """The k ids nearest to a position and their metres, by distance and then id.

        Exact: the k-th distance among any k shapes bounds the answer, and every shape within
        that bound touches the box around the disc, all of which are measured. Fewer come
        back where the index holds fewer, or fewer lie within `max_m`.

        Parameters
        ----------
        rank
            Numbers of ids by which those at equal distance are ordered and taken, instead of
            the ids themselves.

        Raises
        ------
        InvalidError
            When the position is none, `k` is below 1, or `max_m` is negative or not finite.
        """
        if k < 1:
            raise InvalidError("query.bad_count", "个数至少为 1，得到 {got}", field="k", got=k)
        if max_m is not None:
            _check_distance(max_m)
        frame = LocalFrame(lon, lat)
        candidates = self._some_near(lon, lat, k)
        distances = shapes.distances_m(candidates, frame)
        bound = math.inf if max_m is None else max_m
        if len(self) > len(candidates) or max_m is not None:
            if len(candidates) >= k:
                bound = min(bound, float(np.partition(distances, k - 1)[k - 1]))
            candidates = self._touching(*frame.box_around(min(bound, 2.1e7)))
            distances = shapes.distances_m(candidates, frame)
        keep = np.isfinite(distances) & (distances <= bound)
        candidates, distances = candidates[keep], distances[keep]
        ranks = candidates if rank is None else rank(candidates)
        order = np.lexsort((ranks, distances))[:k]
        return candidates[order], distances[order]

    def nearest_many(
        self,
        lonlat: npt.ArrayLike,
        k: int,
        shapes: GeometrySource,
        max_m: float | None = None,
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Triples (row of `lonlat`, id, metres) of :meth:`nearest`, by row and distance."""
        points = np.asarray(lonlat, float).reshape(-1, 2)
        found = [self.nearest(lon, lat, k, shapes, max_m) for lon, lat in points.tolist()]
        return _stacked(found)

    def _some_near(self, x: float, y: float, k: int) -> IntArray:
        """Ids of at least min(k, all) shapes that are probably near a point."""
        check_point(x, y)
        asked, alive = k, _NONE
        while len(self._tree):
            found = self._tree.near(x, y, asked)
            alive = found if self._dead is None else found[~self._dead[found]]
            if len(alive) >= k or len(found) >= len(self._tree):
                break
            asked = min(asked * 4, len(self._tree))
        ids = self._named(alive)
        if len(ids) < k and self._slot_ids:
            ids = np.concatenate([ids, np.fromiter(self._id_slots, np.int64)])
        return ids


def sorted_pairs(rows: npt.NDArray[Any], ids: npt.NDArray[Any]) -> tuple[IntArray, IntArray]:
    """Pairs ordered by row and then id.

    Examples
    --------
    >>> [a.tolist() for a in sorted_pairs(np.array([1, 0, 1]), np.array([5, 9, 4]))]
    [[0, 1, 1], [9, 4, 5]]
    """
    if not len(rows):
        return _NONE, _NONE
    rows, ids = rows.astype(np.int64), ids.astype(np.int64)
    if ids.min() >= 0 and ids.max() < 2**31 and rows.max() < 2**31:
        # One 64-bit number sorts several times faster than two keys.
        both = (rows << 32) | ids
        both.sort()
        return both >> 32, both & 0xFFFFFFFF
    order = np.lexsort((ids, rows))
    return rows[order], ids[order]


def _stacked(
    found: list[tuple[IntArray, FloatArray]],
) -> tuple[IntArray, IntArray, FloatArray]:
    rows = np.repeat(np.arange(len(found)), [len(ids) for ids, _ in found])
    ids = np.concatenate([ids for ids, _ in found]) if found else _NONE
    metres = np.concatenate([m for _, m in found]) if found else np.empty(0)
    return rows, ids, metres


def _checked_ids(ids: npt.ArrayLike | None, n: int) -> IntArray | None:
    if ids is None:
        return None
    out = np.ascontiguousarray(ids, dtype=np.int64)
    if out.shape != (n,) or len(np.unique(out)) != n:
        raise InvalidError(
            "index.bad_ids", "编号应有 {expected} 个且不重复", got=len(np.unique(out)), expected=n
        )
    return out


def _check_distance(metres: float) -> None:
    if not (math.isfinite(metres) and metres >= 0):
        raise InvalidError(
            "query.bad_distance",
            "距离应为不小于 0 的有限数，单位 m",
            field="distance_m",
            got=metres if math.isfinite(metres) else None,
            expected=">= 0",
        )
