"""Variable-length integers of protocol buffers, many at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_LIMITS = np.array([1 << (7 * k) for k in range(1, 10)], np.uint64)


def sizes_of(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """(n,) bytes that each non-negative integer takes, 1 to 10.

    Examples
    --------
    >>> sizes_of(np.array([0, 127, 128, 2**21])).tolist()
    [1, 1, 2, 4]
    """
    out = np.ones(len(values), np.int64)
    most = int(values.max()) if len(values) else 0
    for limit in _LIMITS.tolist():
        if most < limit:
            break
        out += values >= limit
    return out


def bytes_of(values: npt.NDArray[np.uint64]) -> bytes:
    """The integers one after another as variable-length integers.

    Examples
    --------
    >>> bytes_of(np.array([1, 300], np.uint64)).hex()
    '01ac02'
    """
    if not len(values):
        return b""
    sizes = sizes_of(values)
    ends = np.cumsum(sizes)
    starts = ends - sizes
    out = np.zeros(int(ends[-1]), np.uint8)
    out[starts] = values & np.uint64(0x7F)
    more = np.flatnonzero(sizes > 1)
    rest, at, left = values[more], starts[more], sizes[more]
    while len(more):
        out[at] |= 0x80
        rest, at, left = rest >> np.uint64(7), at + 1, left - 1
        out[at] = rest & np.uint64(0x7F)
        more = np.flatnonzero(left > 1)
        rest, at, left = rest[more], at[more], left[more]
    return out.tobytes()


def varint(value: int) -> bytes:
    """One non-negative integer as a variable-length integer.

    Examples
    --------
    >>> varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
