"""Numbers along the Z-curve: what lies together in the plane mostly lies together along it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
UIntArray = npt.NDArray[np.uint64]
#: Steps along each side of a layer's extent, as a power of two.
_BITS = 16


def z_order(x: UIntArray, y: UIntArray) -> IntArray:
    """(n,) numbers along the Z-curve of columns and rows below 2 ** 31.

    Examples
    --------
    >>> z_order(np.array([1, 0, 3], np.uint64), np.array([0, 1, 3], np.uint64)).tolist()
    [1, 2, 15]
    """
    return (_spread_bits(x) | (_spread_bits(y) << np.uint64(1))).astype(np.int64)


def from_z_order(cells: IntArray) -> tuple[IntArray, IntArray]:
    """Columns and rows of numbers along the Z-curve.

    Examples
    --------
    >>> [a.tolist() for a in from_z_order(np.array([1, 2, 15]))]
    [[1, 0, 3], [0, 1, 3]]
    """
    number = cells.astype(np.uint64)
    return _gathered_bits(number), _gathered_bits(number >> np.uint64(1))


_STEPS = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def _spread_bits(value: UIntArray) -> UIntArray:
    out = value.astype(np.uint64)
    for shift, mask in _STEPS:
        out = (out | (out << np.uint64(shift))) & np.uint64(mask)
    return out


def _gathered_bits(value: UIntArray) -> IntArray:
    out = value & np.uint64(_STEPS[-1][1])
    masks = [mask for _, mask in reversed(_STEPS[:-1])] + [0x00000000FFFFFFFF]
    for (shift, _), mask in zip(reversed(_STEPS), masks, strict=True):
        out = (out | (out >> np.uint64(shift))) & np.uint64(mask)
    return out.astype(np.int64)


def order_along_curve(boxes: FloatArray) -> IntArray:
    """(n,) positions of boxes in the order of their middles along the curve; NaN ones last.

    Equal places keep their order.

    Examples
    --------
    >>> order_along_curve(np.array([[9.0, 9, 9, 9], [np.nan] * 4, [0, 0, 1, 1]])).tolist()
    [2, 0, 1]
    """
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    placed = np.flatnonzero(~np.isnan(middle[:, 0]))
    numbers = np.full(len(boxes), np.iinfo(np.int64).max)
    if len(placed):
        at = middle[placed] - middle[placed].min(axis=0)
        wide = at.max(axis=0)
        steps = np.divide(at, wide, out=np.zeros_like(at), where=wide > 0) * ((1 << _BITS) - 1)
        whole = steps.astype(np.uint64)
        numbers[placed] = z_order(whole[:, 0], whole[:, 1])
    return np.argsort(numbers, kind="stable")
