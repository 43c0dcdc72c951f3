"""Signed distance between convex bodies that are sums of line pieces: boxes, pipes' axes, plates.

The difference of two such bodies is again one, a zonotope: a centre and half edges (generators).
The bodies are as far apart as the origin is from it, and where they intersect the origin lies
as deep in it as one body must be moved to come free.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
#: Normals shorter than this share of their generators' product belong to parallel generators.
_FLAT = 1e-12


def signed_distance(centre: FloatArray, generators: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distance of the origin from zonotopes, negative inside.

    Parameters
    ----------
    centre
        (n, 3) metres.
    generators
        (n, m, 3) half edges in metres; a zero one counts as none.

    Returns
    -------
    distance, shares
        (n,) metres; (n, m) shares in [-1, 1] of the generators whose sum with the centre is the
        nearest point of the surface.

    Notes
    -----
    Every face is a sum of parallelograms spanned by two generators, every edge lies along one,
    the others each at an end. All of these are inside of the body or on it, so that the least
    distance over them is exact also where generators lie in one plane.

    Examples
    --------
    >>> cube = np.diag([1.0, 1.0, 1.0])[None]
    >>> signed_distance(np.array([[0.0, 3.0, 0.0]]), cube)[0].tolist()
    [2.0]
    >>> signed_distance(np.array([[0.0, 0.25, 0.0]]), cube)[0].tolist()
    [-0.75]
    """
    n, m = generators.shape[:2]
    best, shares = np.full(n, np.inf), np.zeros((n, m))
    for k in range(m):
        _nearest_edges(centre, generators, k, best, shares)
    for i, j in combinations(range(m), 2):
        _nearest_faces(centre, generators, (i, j), best, shares)
    depth = _depth(centre, generators)
    return np.where(depth > 0, -depth, np.sqrt(best)), shares


def _corners(
    centre: FloatArray, generators: FloatArray, free: tuple[int, ...]
) -> list[tuple[FloatArray, list[int], tuple[float, ...]]]:
    """Centre plus all generators but the free ones, each at an end: places, which, signs."""
    others = [k for k in range(generators.shape[1]) if k not in free]
    out = []
    for signs in product((-1.0, 1.0), repeat=len(others)):
        place = centre.copy()
        for k, sign in zip(others, signs, strict=True):
            place += sign * generators[:, k]
        out.append((place, others, signs))
    return out


def _keep(
    square: FloatArray,
    best: FloatArray,
    shares: FloatArray,
    columns: dict[int, FloatArray | float],
) -> None:
    better = square < best
    if better.any():
        best[better] = square[better]
        for k, value in columns.items():
            shares[better, k] = value if isinstance(value, float) else value[better]


def _nearest_edges(
    centre: FloatArray, generators: FloatArray, k: int, best: FloatArray, shares: FloatArray
) -> None:
    along = generators[:, k]
    square_length = _dot(along, along)
    safe = np.where(square_length > 0, square_length, 1.0)
    for place, others, signs in _corners(centre, generators, (k,)):
        share = np.clip(-_dot(place, along) / safe, -1.0, 1.0)
        point = place + along * share[:, None]
        _keep(
            _dot(point, point),
            best,
            shares,
            {k: share, **dict(zip(others, signs, strict=True))},
        )


def _nearest_faces(
    centre: FloatArray,
    generators: FloatArray,
    pair: tuple[int, int],
    best: FloatArray,
    shares: FloatArray,
) -> None:
    """Distances from the insides of faces; their borders are edges."""
    g, h = generators[:, pair[0]], generators[:, pair[1]]
    gg, hh, gh = (_dot(a, b) for a, b in ((g, g), (h, h), (g, h)))
    area = gg * hh - gh * gh
    flat = area <= _FLAT * gg * hh
    safe = np.where(flat, 1.0, area)
    for place, others, signs in _corners(centre, generators, pair):
        pg, ph = _dot(place, g), _dot(place, h)
        share_g, share_h = (gh * ph - hh * pg) / safe, (gh * pg - gg * ph) / safe
        inside = ~flat & (np.abs(share_g) <= 1) & (np.abs(share_h) <= 1)
        point = place + g * share_g[:, None] + h * share_h[:, None]
        square = np.where(inside, _dot(point, point), np.inf)
        columns: dict[int, FloatArray | float] = {pair[0]: share_g, pair[1]: share_h}
        _keep(square, best, shares, columns | dict(zip(others, signs, strict=True)))


def _depth(centre: FloatArray, generators: FloatArray) -> FloatArray:
    """How deep the origin lies inside, by the plane that is nearest; not above 0 outside."""
    depth = np.full(len(centre), np.inf)
    lengths = np.linalg.norm(generators, axis=2)
    for i, j in combinations(range(generators.shape[1]), 2):
        normal = np.cross(generators[:, i], generators[:, j])
        size = np.linalg.norm(normal, axis=1)
        spans = size > _FLAT * lengths[:, i] * lengths[:, j]
        unit = normal / np.where(spans, size, 1.0)[:, None]
        half = sum(np.abs(_dot(generators[:, k], unit)) for k in range(generators.shape[1]))
        room = half - np.abs(_dot(centre, unit))
        depth = np.where(spans, np.minimum(depth, room), depth)
    return np.where(np.isfinite(depth), depth, 0.0)


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Row by row, term by term: a body's answer does not depend on its neighbours."""
    return np.asarray(a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2])
