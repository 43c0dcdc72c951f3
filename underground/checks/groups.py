"""Groups of lines that hang together."""

from __future__ import annotations

from collections import Counter

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components

from underground.axes import IntArray
from underground.checks.case import Case, Found
from underground.checks.plan import dangling_pairs
from underground.kinds import KINDS

_TITLES = {item.code: item.title.zh for item in KINDS}


def groups(case: Case) -> Found:
    """Groups of lines that hang together with nothing else of their kind.

    Not looked for where an end is missing: what hangs together is not known then. A near miss
    is a fault of its own and joins its groups here.
    """
    if (case.survey.ends < 0).any():
        return []
    component, kinds = components(case, dangling_pairs(case))
    out = []
    counts = Counter(component[component >= 0].tolist())
    first = {
        c: int(i) for c, i in zip(*np.unique(component, return_index=True), strict=True) if c >= 0
    }
    by_kind: dict[object, list[int]] = {}
    for c, i in first.items():
        by_kind.setdefault(kinds[i], []).append(c)
    for kind, several in by_kind.items():
        largest = max(several, key=lambda c: (counts[c], -first[c]))
        for c in several:
            if c != largest:
                title = _TITLES.get(str(kind), "种类不明")
                params = {"count": counts[c], "title": title, "largest": counts[largest]}
                out.append(case.line_fault("network.separate_group", first[c], params=params))
    return out


def components(
    case: Case, near_misses: tuple[IntArray, IntArray] | None = None
) -> tuple[IntArray, np.ndarray]:
    """(n,) group of each line, of one kind each, -1 where an end is unknown; and (n,) kinds.

    Near misses (points, positions of lines) count as joined: they are faults of their own.
    """
    ends, kinds = case.survey.ends, case.meaning.kind
    _, kind = np.unique(kinds.astype(str), return_inverse=True)
    known = (ends >= 0).all(axis=1)
    k = kind.max(initial=0) + 1
    a, b = ends[known, 0] * k + kind[known], ends[known, 1] * k + kind[known]
    lines = len(a)
    if near_misses is not None and len(near_misses[0]):
        point, line = near_misses
        a = np.concatenate([a, point * k + kind[line]])
        b = np.concatenate([b, ends[line, 0] * k + kind[line]])
    names, index = np.unique(np.concatenate([a, b]), return_inverse=True)
    n = len(names)
    joined = sparse.coo_matrix(
        (np.ones(len(a), np.int8), (index[: len(a)], index[len(a) :])), shape=(n, n)
    )
    _, label = connected_components(joined, directed=False)
    out = np.full(len(ends), -1, np.int64)
    out[known] = label[index[:lines]]
    return out, kinds


CHECKS = (groups,)
