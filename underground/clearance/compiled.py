"""The kernel of `pieces` as one loop, for a compiler that may be installed or not.

The loop does for one pair after another, in the same order of operations, what the arrays do for
many at once: both give the same bits, so that no answer depends on what is installed. Without a
compiler it is far slower than numpy and is run by tests alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Loop = Callable[
    [FloatArray, IntArray, FloatArray, IntArray, bool, FloatArray, FloatArray, FloatArray], None
]
#: Pieces whose directions differ by less than this sine are parallel.
PARALLEL = 1e-12


def clamped(value: float) -> float:
    """`value` held within 0 and 1; NaN stays NaN."""
    return 0.0 if value < 0.0 else 1.0 if value > 1.0 else value


def loop_over(clamp: Callable[[float], float]) -> Loop:
    """The loop, with `clamped` as it is or compiled."""

    def loop(
        xyz_a: FloatArray,
        start_a: IntArray,
        xyz_b: FloatArray,
        start_b: IntArray,
        plan: bool,
        share_a: FloatArray,
        share_b: FloatArray,
        distance: FloatArray,
    ) -> None:
        for i in range(len(start_a)):
            p, q = start_a[i], start_b[i]
            ux, uy = xyz_a[p + 1, 0] - xyz_a[p, 0], xyz_a[p + 1, 1] - xyz_a[p, 1]
            vx, vy = xyz_b[q + 1, 0] - xyz_b[q, 0], xyz_b[q + 1, 1] - xyz_b[q, 1]
            rx, ry = xyz_a[p, 0] - xyz_b[q, 0], xyz_a[p, 1] - xyz_b[q, 1]
            uz, vz, rz = 0.0, 0.0, 0.0
            if not plan:
                uz, vz = xyz_a[p + 1, 2] - xyz_a[p, 2], xyz_b[q + 1, 2] - xyz_b[q, 2]
                rz = xyz_a[p, 2] - xyz_b[q, 2]
            uu, vv = ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz
            uv, ur = ux * vx + uy * vy + uz * vz, ux * rx + uy * ry + uz * rz
            vr = vx * rx + vy * ry + vz * rz
            safe_u, safe_v = uu if uu > 0.0 else 1.0, vv if vv > 0.0 else 1.0
            # Ends of b on a and ends of a on b, each clamped to the piece.
            s0, s1 = clamp(-ur / safe_u), clamp((uv - ur) / safe_u)
            t0, t1 = clamp(vr / safe_v), clamp((uv + vr) / safe_v)
            # Times 0 on purpose: what is unknown makes the distance unknown, as in numpy.
            x, y, z = rx + ux * s0 - vx * 0.0, ry + uy * s0 - vy * 0.0, rz + uz * s0 - vz * 0.0
            s, t, best = s0, 0.0, x * x + y * y + z * z
            x, y, z = rx + ux * s1 - vx, ry + uy * s1 - vy, rz + uz * s1 - vz
            square = x * x + y * y + z * z
            if square < best:
                s, t, best = s1, 1.0, square
            x, y, z = rx + ux * 0.0 - vx * t0, ry + uy * 0.0 - vy * t0, rz + uz * 0.0 - vz * t0
            square = x * x + y * y + z * z
            if square < best:
                s, t, best = 0.0, t0, square
            x, y, z = rx + ux - vx * t1, ry + uy - vy * t1, rz + uz - vz * t1
            square = x * x + y * y + z * z
            if square < best:
                s, t, best = 1.0, t1, square
            # The two endless lines: what v and r have across u is taken first.
            of_v, of_r = uv / safe_u, ur / safe_u
            x, y, z = vx - ux * of_v, vy - uy * of_v, vz - uz * of_v
            across = x * x + y * y + z * z
            if across <= PARALLEL * PARALLEL * vv:
                if uu > 0.0 and vv > 0.0 and s0 != s1:
                    s = (s0 + s1) / 2.0
                    t = clamp((s * uv + vr) / safe_v)
            elif uu > 0.0:
                t_in = (x * (rx - ux * of_r) + y * (ry - uy * of_r) + z * (rz - uz * of_r)) / across
                s_in = (uv * t_in - ur) / safe_u
                if 0.0 < s_in < 1.0 and 0.0 < t_in < 1.0:
                    x = rx + ux * s_in - vx * t_in
                    y = ry + uy * s_in - vy * t_in
                    z = rz + uz * s_in - vz * t_in
                    square = x * x + y * y + z * z
                    if square <= best:
                        s, t, best = s_in, t_in, square
            share_a[i], share_b[i], distance[i] = s, t, sqrt(best)

    return loop


@cache
def compiled_loop() -> Loop | None:
    """The loop as machine code; None where numba is not installed or does not know this numpy.

    Takes a second or two, once in a process; processes that are forked afterwards have it.
    """
    try:
        numba: Any = import_module("numba")
    except ImportError:
        return None
    compiled = numba.njit(nogil=True)
    made: Loop = compiled(loop_over(compiled(clamped)))
    point, no = np.zeros((2, 3)), np.zeros(1, np.int64)
    for plan in (False, True):
        made(point, no, point, no, plan, np.zeros(1), np.zeros(1), np.zeros(1))
    return made
