"""A network as arrays: nodes, links between them, valves on links, what stands at nodes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sparse

from gis.errors import InvalidError, NotFoundError
from gis.features import object_array
from underground.axes import BoolArray, FloatArray, IntArray, ObjectArray


@dataclass(frozen=True)
class Network:
    """n nodes and m links.

    Attributes
    ----------
    nodes, links
        (n,) and (m,) names, unique each.
    tail, head
        (m,) positions of the nodes at which links start and end.
    length
        (m,) metres; NaN where unknown or none (pumps, valves of a model).
    link_kind
        (m,) ``pipe``, ``pump``, ``valve`` ... or a kind of pipeline.
    is_closed, is_one_way
        (m,) whether a link is shut, and whether it conducts from tail to head only.
    is_source
        (n,) whether water comes from a node: tanks and reservoirs.
    xyz
        (n, 3) metres; NaN where unknown.
    parent
        (m,) row of the survey's line of which a link is a piece: links are cut where another
        joins them in mid-span.
    point_valves
        (v,) nodes that are valves.
    """

    nodes: ObjectArray
    links: ObjectArray
    tail: IntArray
    head: IntArray
    length: FloatArray
    link_kind: ObjectArray
    is_closed: BoolArray
    is_one_way: BoolArray
    is_source: BoolArray
    xyz: FloatArray
    parent: IntArray
    point_valves: IntArray

    def __post_init__(self) -> None:
        n, m = len(self.nodes), len(self.links)
        wrong = {
            name: len(getattr(self, name))
            for names, length in (
                (("is_source", "xyz"), n),
                (("tail", "head", "length", "link_kind", "is_closed", "is_one_way", "parent"), m),
            )
            for name in names
            if len(getattr(self, name)) != length
        }
        if wrong:
            raise InvalidError(
                "network.ragged", "数组长度不一：{got}，节点 {nodes}，管段 {links}",
                got=wrong, params={"nodes": n, "links": m},
            )  # fmt: skip

    @cached_property
    def version(self) -> str:
        """Fingerprint of what conducts where: traces name it, so that a stale one can be told."""
        digest = hashlib.sha256()
        for array in (self.tail, self.head, self.is_closed, self.is_one_way, self.is_source):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update("\0".join(map(str, self.nodes.tolist())).encode())
        digest.update("\0".join(map(str, self.links.tolist())).encode())
        return digest.hexdigest()[:16]

    @cached_property
    def node_at(self) -> dict[str, int]:
        """Position of each node."""
        return {name: i for i, name in enumerate(self.nodes.tolist())}

    @cached_property
    def link_at(self) -> dict[str, int]:
        """Position of each link."""
        return {name: i for i, name in enumerate(self.links.tolist())}

    def node(self, name: str) -> int:
        """Position of a node.

        Raises
        ------
        NotFoundError
            There is none of that name.
        """
        if name not in self.node_at:
            raise NotFoundError("network.no_node", "没有节点 {got}", field="node", got=name)
        return self.node_at[name]

    def link(self, name: str) -> int:
        """Position of a link.

        Raises
        ------
        NotFoundError
            There is none of that name.
        """
        if name not in self.link_at:
            raise NotFoundError("network.no_link", "没有管段 {got}", field="link", got=name)
        return self.link_at[name]

    @cached_property
    def both_ways(self) -> sparse.csr_array:
        """(n, n) neighbours in compressed rows, every link both ways; made once."""
        rows = np.concatenate([self.tail, self.head])
        columns = np.concatenate([self.head, self.tail])
        return plain_matrix(rows, columns, len(self.nodes))

    @cached_property
    def degrees(self) -> IntArray:
        """(n,) ends of links at each node."""
        n = len(self.nodes)
        return np.bincount(self.tail, minlength=n) + np.bincount(self.head, minlength=n)


def network_of(
    nodes: Sequence[str],
    links: Sequence[tuple[str, str, str]],
    *,
    sources: Sequence[str] = (),
    lengths: Sequence[float] | None = None,
    closed: Sequence[str] = (),
    one_way: Sequence[str] = (),
) -> Network:
    """A network out of names, for small cases.

    Parameters
    ----------
    links
        (name, start, end) of each.

    Examples
    --------
    >>> net = network_of("ABC", [("p", "A", "B"), ("q", "B", "C")], sources="A")
    >>> net.degrees.tolist()
    [1, 2, 1]
    """
    at = {name: i for i, name in enumerate(nodes)}
    names = [name for name, _, _ in links]
    m = len(links)
    return Network(
        nodes=object_array(nodes),
        links=object_array(names),
        tail=np.array([at[a] for _, a, _ in links], np.int64),
        head=np.array([at[b] for _, _, b in links], np.int64),
        length=np.ones(m) if lengths is None else np.asarray(lengths, float),
        link_kind=object_array(["pipe"] * m),
        is_closed=np.isin(object_array(names).astype(str), list(closed)),
        is_one_way=np.isin(object_array(names).astype(str), list(one_way)),
        is_source=np.isin(object_array(nodes).astype(str), list(sources)),
        xyz=np.full((len(at), 3), np.nan),
        parent=np.arange(m),
        point_valves=np.empty(0, np.int64),
    )


def adjacency(
    network: Network, use: BoolArray | None = None, *, directed: bool = False
) -> sparse.csr_array:
    """(n, n) matrix in compressed rows; an entry is 1 + the position of a link.

    Parameters
    ----------
    use
        (m,) links that conduct; None for all.
    directed
        From tail to head only; else both ways.

    Notes
    -----
    Of parallel links one is kept: they lead to the same nodes.
    """
    chosen = np.arange(len(network.links)) if use is None else np.flatnonzero(use)
    rows, columns = network.tail[chosen], network.head[chosen]
    values = chosen + 1
    if not directed:
        rows, columns = np.concatenate([rows, columns]), np.concatenate([columns, rows])
        values = np.concatenate([values, values])
    return unique_matrix(rows, columns, values, len(network.nodes))


def unique_matrix(rows: IntArray, columns: IntArray, values: IntArray, n: int) -> sparse.csr_array:
    """(n, n) matrix of the first value for each place; nothing is summed."""
    key = rows * n + columns
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.ones(len(key), bool)
    first[1:] = key[1:] != key[:-1]
    kept = order[first]
    counts = np.bincount(rows[kept], minlength=n)
    pointer = np.zeros(n + 1, np.int32)
    np.cumsum(counts, out=pointer[1:])
    data = values[kept].astype(np.float64)
    return sparse.csr_array((data, columns[kept].astype(np.int32), pointer), shape=(n, n))


def plain_matrix(rows: IntArray, columns: IntArray, n: int) -> sparse.csr_array:
    """(n, n) matrix of ones, one for each edge; parallel edges stay, which searches do not mind."""
    order = np.argsort(rows)
    pointer = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(rows, minlength=n), out=pointer[1:])
    data = np.ones(len(rows))
    return sparse.csr_array((data, columns[order].astype(np.int32), pointer), shape=(n, n))
