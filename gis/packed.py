"""A packed R-tree over boxes that never changes once built, with two engines behind it.

geoindex-rs is the first choice: its tree is one block of bytes that processes share through
a memory-mapped file. Where it is not installed, shapely's STRtree answers the same questions
from a tree that each process builds from the boxes. Neither is ever shown a NaN (geoindex-rs
answers a NaN query with every row) nor bytes that were not checked first.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from gis.errors import InvalidError, UnavailableError

_geoindex: Any
try:
    _geoindex = import_module("geoindex_rs.rtree")
except ImportError:  # no wheel for this Python
    _geoindex = None

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_T = TypeVar("_T")


class Engine(StrEnum):
    """What keeps the packed tree."""

    GEOINDEX = "geoindex"
    STRTREE = "strtree"


class PackedTree(Protocol):
    """A tree over n boxes; answers are positions 0..n-1, unordered, of boxes that touch."""

    engine: Engine

    def __len__(self) -> int: ...

    def search(self, minx: float, miny: float, maxx: float, maxy: float) -> npt.NDArray[Any]:
        """Positions of the boxes that touch a box."""

    def near(self, x: float, y: float, k: int) -> npt.NDArray[Any]:
        """At least min(k, n) positions of boxes near a point; not exactly the nearest."""

    def join(self, boxes: FloatArray) -> tuple[IntArray, IntArray]:
        """Pairs (row of `boxes`, position) of boxes that touch."""

    def as_bytes(self) -> npt.NDArray[np.uint8] | None:
        """The tree as bytes for a file, or None where the engine has no such form."""


def best_engine() -> Engine:
    """The engine that is used when none is named.

    Examples
    --------
    >>> best_engine() in set(Engine)
    True
    """
    return Engine.STRTREE if _geoindex is None else Engine.GEOINDEX


def build_tree(boxes: FloatArray, engine: Engine | None = None) -> PackedTree:
    """Pack (n, 4) boxes ``minx miny maxx maxy``.

    Raises
    ------
    InvalidError
        When a number is NaN or infinite, or a box is inside out.

    Examples
    --------
    >>> tree = build_tree(np.array([[0.0, 0.0, 1.0, 1.0], [5.0, 5.0, 6.0, 6.0]]))
    >>> tree.search(0.5, 0.5, 2.0, 2.0).tolist()
    [0]
    """
    boxes = check_boxes(boxes)
    if not len(boxes):
        return _NoTree()
    if (engine or best_engine()) is Engine.GEOINDEX:
        return _GeoindexTree.build(boxes)
    return _StrTree(boxes)


def open_tree(
    buffer: npt.NDArray[np.uint8] | None, boxes: FloatArray, engine: Engine | None = None
) -> PackedTree:
    """A tree from the bytes of a checked file, or built from `boxes` where they do not serve.

    The bytes are trusted to be those that :meth:`PackedTree.as_bytes` gave for `boxes`: a
    reader compares the file's hash before it comes here.

    Raises
    ------
    InvalidError
        When the bytes are no tree over as many boxes.
    """
    if not len(boxes):
        return _NoTree()
    if buffer is None or not len(buffer) or (engine or best_engine()) is not Engine.GEOINDEX:
        return build_tree(boxes, engine)
    return _GeoindexTree.open(buffer, len(boxes))


def check_boxes(boxes: npt.ArrayLike) -> FloatArray:
    """`boxes` as a contiguous (n, 4) float array.

    Raises
    ------
    InvalidError
        When the shape is another, a number is NaN or infinite, or a box is inside out.

    Examples
    --------
    >>> check_boxes([[0, 0, 1, 1]]).dtype
    dtype('float64')
    """
    out = np.ascontiguousarray(boxes, dtype=np.float64)
    if out.size == 0:
        return out.reshape(0, 4)
    if out.ndim != 2 or out.shape[1] != 4:
        raise InvalidError(
            "geometry.bad_box", "包围盒应为 n 行 4 列，得到 {got}", got=list(out.shape)
        )
    good = np.isfinite(out).all(axis=1) & (out[:, 0] <= out[:, 2]) & (out[:, 1] <= out[:, 3])
    if not good.all():
        first = int(np.argmin(good))
        raise InvalidError(
            "geometry.bad_box",
            "第 {row} 个包围盒不是有限的 minx≤maxx、miny≤maxy",
            field="bbox",
            expected="minx<=maxx, miny<=maxy, finite",
            params={"row": first + 1},
        )
    return out


def _without_panic(call: Callable[[], _T]) -> _T:
    """Result of `call`; a panic of the Rust library becomes an error that can be caught.

    A PanicException is a BaseException and its class cannot be imported, so it is told
    from KeyboardInterrupt and SystemExit by its name.
    """
    try:
        return call()
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UnavailableError("index.damaged", "空间索引损坏，需要重建") from error


class _NoTree:
    """A tree over no boxes."""

    engine = best_engine()

    def __len__(self) -> int:
        return 0

    def search(self, minx: float, miny: float, maxx: float, maxy: float) -> npt.NDArray[Any]:
        return np.empty(0, np.int64)

    def near(self, x: float, y: float, k: int) -> npt.NDArray[Any]:
        return np.empty(0, np.int64)

    def join(self, boxes: FloatArray) -> tuple[IntArray, IntArray]:
        return np.empty(0, np.int64), np.empty(0, np.int64)

    def as_bytes(self) -> npt.NDArray[np.uint8] | None:
        return None


class _GeoindexTree:
    """A tree kept by geoindex-rs, in its own memory or in mapped bytes."""

    engine = Engine.GEOINDEX

    def __init__(self, tree: Any, count: int) -> None:
        self._tree = tree
        self._count = count
        self._search = _geoindex.search
        self._near = _geoindex.neighbors

    @classmethod
    def build(cls, boxes: FloatArray) -> _GeoindexTree:
        builder = _geoindex.RTreeBuilder(len(boxes))
        builder.add(boxes)
        return cls(_without_panic(builder.finish), len(boxes))

    @classmethod
    def open(cls, buffer: npt.NDArray[np.uint8], count: int) -> _GeoindexTree:
        expected = _geoindex.RTreeMetadata(num_items=count).num_bytes
        # Compared here first, for a panic prints a backtrace before it can be caught.
        if len(buffer) != expected or buffer[0] != 0xFB:
            raise InvalidError(
                "index.damaged", "空间索引损坏：{got} 字节", got=len(buffer), expected=expected
            )
        found = _without_panic(lambda: _geoindex.RTreeMetadata.from_index(buffer))
        if found.num_items != count:
            raise InvalidError(
                "index.damaged", "空间索引有 {got} 项", got=found.num_items, expected=count
            )
        return cls(buffer, count)

    def __len__(self) -> int:
        return self._count

    def search(self, minx: float, miny: float, maxx: float, maxy: float) -> npt.NDArray[Any]:
        return np.asarray(self._search(self._tree, minx, miny, maxx, maxy))

    def near(self, x: float, y: float, k: int) -> npt.NDArray[Any]:
        return np.asarray(self._near(self._tree, x, y, max_results=k, max_distance=None))

    def join(self, boxes: FloatArray) -> tuple[IntArray, IntArray]:
        if not len(boxes):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        builder = _geoindex.RTreeBuilder(len(boxes))
        builder.add(boxes)
        pairs = _without_panic(lambda: _geoindex.tree_join(builder.finish(), self._tree))
        return np.asarray(pairs["left"]), np.asarray(pairs["right"])

    def as_bytes(self) -> npt.NDArray[np.uint8] | None:
        return np.frombuffer(self._tree, np.uint8)


class _StrTree:
    """A tree kept by shapely's STRtree, built from the boxes by each process."""

    engine = Engine.STRTREE

    def __init__(self, boxes: FloatArray) -> None:
        self._tree = shapely.STRtree(shapely.box(*boxes.T))

    def __len__(self) -> int:
        return len(self._tree)

    def search(self, minx: float, miny: float, maxx: float, maxy: float) -> npt.NDArray[Any]:
        return np.asarray(self._tree.query(shapely.box(minx, miny, maxx, maxy)))

    def near(self, x: float, y: float, k: int) -> npt.NDArray[Any]:
        wanted = min(k, len(self))
        point = shapely.Point(x, y)
        nearest = self._tree.query_nearest(point, return_distance=True, all_matches=False)
        reach = max(float(nearest[1][0]), 1e-9)
        found = np.asarray(nearest[0])
        while len(found) < wanted:
            reach *= 2
            found = self.search(x - reach, y - reach, x + reach, y + reach)
        return found

    def join(self, boxes: FloatArray) -> tuple[IntArray, IntArray]:
        if not len(boxes):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        rows, found = self._tree.query(shapely.box(*boxes.T))
        return rows, found

    def as_bytes(self) -> npt.NDArray[np.uint8] | None:
        return None
