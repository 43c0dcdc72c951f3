"""The loop that may be compiled gives the very bits of numpy; without a compiler all goes on."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from underground.axes import axes_of
from underground.clearance import compiled
from underground.clearance.bodies import Solids
from underground.clearance.pairs import clearances
from underground.clearance.pieces import closest_of_pieces, use_compiled_kernel


def hostile_pieces():
    """400 pairs of pieces: skew, parallel, in one line, points, copies, far away, without height."""
    rng = np.random.default_rng(8)
    a = rng.uniform(-5, 5, (400, 2, 3))
    b = rng.uniform(-5, 5, (400, 2, 3))
    b[40:80] = a[40:80] + rng.uniform(-3, 3, (40, 1, 3))
    b[80:100] = a[80:100, ::-1] + 0.5 * (a[80:100, :1] - a[80:100, 1:])
    a[100:120, 1] = a[100:120, 0]
    b[110:130, 1] = b[110:130, 0]
    b[130:140] = a[130:140]
    a[140:160, :, :2] += 500_000
    a[160:180, 0, 2] = np.nan
    b[170:190, 1, 2] = np.nan
    a[190:230, :, 2], b[190:230, :, 2] = -1.0, -1.0
    b[230:260] = a[230:260] + 1e-13 * rng.normal(size=(30, 2, 3)) + [0, 0, 1.0]
    a[260:300] = np.round(a[260:300])
    b[260:300] = np.round(b[260:300])
    return a.reshape(-1, 3), b.reshape(-1, 3), np.arange(0, 800, 2)


def by_loop(loop, a, b, starts, plan):
    found = [np.empty(len(starts)) for _ in range(3)]
    loop(a, starts, b, starts, plan, *found)
    return found


@pytest.mark.parametrize("plan", [False, True])
def test_the_loop_gives_the_bits_of_numpy(plan):
    a, b, starts = hostile_pieces()
    expected = closest_of_pieces(a, starts, b, starts, plan=plan)
    found = by_loop(compiled.loop_over(compiled.clamped), a, b, starts, plan)
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("plan", [False, True])
def test_compiled_the_loop_gives_the_bits_of_numpy(plan):
    pytest.importorskip("numba")
    a, b, starts = hostile_pieces()
    expected = closest_of_pieces(a, starts, b, starts, plan=plan)
    loop = compiled.compiled_loop()
    assert loop is not None
    for one, two in zip(by_loop(loop, a, b, starts, plan), expected, strict=True):
        np.testing.assert_array_equal(one, two)


def test_clearances_do_not_depend_on_the_kernel(monkeypatch):
    rng = np.random.default_rng(9)
    lines = shapely.linestrings(rng.uniform(-20, 20, (40, 3, 3)) * [1, 1, 0.1])
    box, width = rng.random(40) < 0.4, rng.uniform(0.1, 1.5, 40)
    pipes = Solids(axes_of(lines), width, np.where(box, 0.5, width), box)
    i, j = np.triu_indices(40, 1)
    expected = clearances(pipes, i, pipes, j)
    loop = compiled.loop_over(compiled.clamped)
    monkeypatch.setattr("underground.clearance.pieces.compiled_loop", lambda: loop)
    try:
        assert use_compiled_kernel()
        found = clearances(pipes, i, pipes, j)
    finally:
        use_compiled_kernel(False)
    for name in expected.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_without_numba_numpy_answers(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(compiled, "import_module", missing)
    compiled.compiled_loop.cache_clear()
    try:
        assert not use_compiled_kernel()
    finally:
        compiled.compiled_loop.cache_clear()
    a, b, starts = hostile_pieces()
    assert len(closest_of_pieces(a, starts, b, starts)[2]) == 400
