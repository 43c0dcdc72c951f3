"""Pipes along the streets of a made city, and a network of the size of a city: seeded."""

from __future__ import annotations

import numpy as np

from gis.features import object_array
from underground.axes import Axes, offsets
from underground.clearance.bodies import Solids
from underground.network.model import Network
from underground.network.valves import ValveLayer
from underground.pipes import Pipes

KINDS = np.array(
    ["power", "telecom", "water", "gas", "heat", "reclaimed", "sewer", "storm"], object
)
_DEPTHS = np.array([0.9, 1.0, 1.4, 1.2, 1.5, 1.6, 3.0, 2.4])
#: Pipes in a square kilometre, as in a dense city centre.
PER_KM2 = 10_000


def lines_3d(n: int, seed: int = 1) -> Axes:
    """N straight lines of 5 to 40 m in all directions, 0.7 to 3 m deep."""
    rng = np.random.default_rng(seed)
    side = np.sqrt(n / PER_KM2) * 1000
    start = rng.uniform(0, side, (n, 2))
    angle, long = rng.uniform(0, 2 * np.pi, n), rng.uniform(5, 40, n)
    xyz = np.empty((2 * n, 3))
    xyz[::2, :2] = start
    xyz[1::2, :2] = start + np.column_stack([np.cos(angle), np.sin(angle)]) * long[:, None]
    xyz[:, 2] = rng.uniform(-3, -0.7, 2 * n)
    return Axes(xyz, offsets(np.full(n, 2)))


def streets(n: int, seed: int = 2) -> Pipes:
    """N pipes of eight kinds in lanes along streets every 100 m in both directions."""
    rng = np.random.default_rng(seed)
    side = np.sqrt(n / PER_KM2) * 1000
    kind = rng.integers(0, 8, n)
    east_west = (rng.random(n) < 0.5)[:, None]
    lane = rng.integers(0, max(1, int(side / 100)), n) * 100.0 + (kind - 3.5) * 1.6
    lane += rng.normal(0, 0.3, n)
    along, long, drift = rng.uniform(0, side, n), rng.uniform(10, 40, n), rng.normal(0, 0.3, n)
    start = np.where(east_west, np.column_stack([along, lane]), np.column_stack([lane, along]))
    step = np.where(east_west, np.column_stack([long, drift]), np.column_stack([drift, long]))
    xyz = np.empty((2 * n, 3))
    xyz[::2, :2], xyz[1::2, :2] = start, start + step
    xyz[::2, 2] = 3 - _DEPTHS[kind] + rng.normal(0, 0.2, n)
    xyz[1::2, 2] = xyz[::2, 2] + rng.normal(0, 0.05, n)
    width = rng.choice([0.11, 0.2, 0.3, 0.4, 0.6], n)
    box = (kind < 2) & (rng.random(n) < 0.5)
    axes = Axes(xyz, offsets(np.full(n, 2)))
    none, no = object_array([None] * n), np.zeros(n, bool)
    pressures = np.array(["10kV", None, None, "中压A", None, None, None, None], object)
    return Pipes(
        ids=object_array(range(n)),
        solids=Solids(axes, width, np.where(box, 0.3, width), box),
        ground=np.full(2 * n, 3.0),
        kind=KINDS[kind],
        mode=np.where(box, "GK", "ZM").astype(object),
        material=object_array(["QM"] * n),
        pressure=pressures[kind],
        status=none,
        owner=none,
        recorded_m=width,
        is_size_assumed=no,
        is_part_assumed=no,
        wall=np.full(n, np.nan),
        is_wall_assumed=no,
        inverts=np.full((n, 2), np.nan),
        sigma_xy=np.full(n, 0.05),
        sigma_z=np.full(n, 0.05),
        is_sigma_assumed=no,
        nodes=np.full((n, 2), -1),
        datum="1985",
        rows=np.arange(n),
    )


def lattice(links: int, seed: int = 3) -> Network:
    """A square lattice of about so many links, with a source in 25 000 nodes."""
    rng = np.random.default_rng(seed)
    side = int(np.sqrt(links / 2)) + 1
    at = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    head = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    n, m = side * side, len(tail)
    source = np.zeros(n, bool)
    source[rng.choice(n, max(1, n // 25_000), replace=False)] = True
    return Network(
        nodes=object_array(range(n)),
        links=object_array(range(m)),
        tail=tail,
        head=head,
        length=rng.uniform(5, 80, m),
        link_kind=object_array(["pipe"] * m),
        is_closed=np.zeros(m, bool),
        is_one_way=np.zeros(m, bool),
        is_source=source,
        xyz=np.full((n, 3), np.nan),
        parent=np.arange(m),
        point_valves=np.empty(0, np.int64),
    )


def valves(network: Network, share: float = 0.7, seed: int = 4) -> ValveLayer:
    """A valve at one end of a share of the links."""
    rng = np.random.default_rng(seed)
    m = len(network.links)
    link = rng.choice(m, int(share * m), replace=False)
    at_tail = rng.random(len(link)) < 0.5
    node = np.where(at_tail, network.tail[link], network.head[link])
    return ValveLayer(link, node, np.empty(0, np.int64))
