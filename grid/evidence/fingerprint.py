"""Perceptual hash of a photo: 64 bits that hardly change when it is scaled or packed anew.

The hash of the low frequencies: the picture in 32 x 32 grey squares, its cosine transform, the
sign of the 64 lowest frequencies against their median (the zero frequency, the brightness, left
out). Turned or cut pictures have other hashes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.fft import dctn

from gis.errors import InvalidError

SIDE, LOW = 32, 8
#: A picture of one colour has no hash: all of them would look alike.
FLAT = 1.0


def perceptual_hash(grey: npt.ArrayLike) -> int | None:
    """64 bits of a picture, None where there is nothing to be seen on it.

    Parameters
    ----------
    grey
        (height, width) brightness, 0 to 255; at least 32 x 32.

    Raises
    ------
    InvalidError
        ``evidence.bad_picture`` when it is no such array.

    Examples
    --------
    >>> perceptual_hash(np.full((64, 64), 7.0)) is None
    True
    """
    picture = np.asarray(grey, np.float64)
    if picture.ndim != 2 or min(picture.shape) < SIDE or not np.isfinite(picture).all():
        raise InvalidError(
            "evidence.bad_picture",
            "算不出照片指纹：应为至少 {expected} 像素见方的灰度图",
            got=list(picture.shape),
            expected=SIDE,
        )
    small = _squares(picture)
    if small.std() < FLAT:
        return None
    low = dctn(small, norm="ortho")[: LOW + 1, : LOW + 1]
    kept = np.concatenate([low[0, 1 : LOW + 1], low[1 : LOW + 1, :LOW].ravel()])[: LOW * LOW]
    bits = kept > np.median(kept)
    return int("".join("1" if b else "0" for b in bits), 2)


def _squares(picture: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean brightness of 32 x 32 parts of a picture, as equal as whole pixels allow."""
    rows = np.linspace(0, picture.shape[0], SIDE + 1).astype(int)
    columns = np.linspace(0, picture.shape[1], SIDE + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(picture, rows[:-1], axis=0), columns[:-1], axis=1)
    return np.asarray(sums / np.outer(np.diff(rows), np.diff(columns)))


def distance(one: int, two: int) -> int:
    """How many of the 64 bits differ.

    Examples
    --------
    >>> distance(0b1011, 0b0010)
    2
    """
    return (one ^ two).bit_count()


def look_alikes(one: int, known: npt.NDArray[np.uint64], within: int) -> npt.NDArray[np.int64]:
    """Positions in `known` of hashes that differ in at most `within` bits, nearest first."""
    bits = np.bitwise_count(np.bitwise_xor(known, np.uint64(one)))
    near = np.flatnonzero(bits <= within)
    return near[np.argsort(bits[near], kind="stable")]
