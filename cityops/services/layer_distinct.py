"""Which values a field of a layer has, most frequent first, for filters of lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cityops.services.layer_values import visible_field
from gis.features import IntArray
from gis.layers import FieldSpec

if TYPE_CHECKING:
    from cityops.services.layers import Seen

#: So many values are named; the others are counted.
MOST_VALUES = 200


@dataclass(frozen=True)
class Distinct:
    """Values of a field among some rows of a layer.

    ``values`` are the most frequent ones with how many rows have each, ties as the layer's
    columns hold them; ``others`` counts the rest, and ``other_rows`` their rows.
    """

    seen: Seen
    field: FieldSpec
    values: tuple[tuple[Any, int], ...]
    others: int
    other_rows: int
    unknown: int

    def as_dict(self) -> dict[str, Any]:
        """The values as JSON values."""
        return {
            "layer": self.seen.spec.name,
            "field": self.field.name,
            "version": self.seen.view.version,
            "values": [{"value": value, "count": count} for value, count in self.values],
            "others": {"values": self.others, "count": self.other_rows},
            "unknown": self.unknown,
        }


def distinct(seen: Seen, name: str, rows: IntArray, most: int) -> Distinct:
    """The values of a field among `rows`.

    Raises
    ------
    InvalidError
        When the field may not be seen.
    """
    field = visible_field(seen.spec, seen.permission, name)
    found = seen.view.numbered(field.name, rows)
    counts = np.bincount(np.asarray(found.codes, np.int64) + 1, minlength=len(found.values) + 1)
    unknown, counts = int(counts[0]), counts[1:]
    order = np.argsort(-counts, kind="stable")[: int(np.count_nonzero(counts))]
    named, rest = order[:most], order[most:]
    return Distinct(
        seen=seen,
        field=field,
        values=tuple((_plain(found.values[i]), int(counts[i])) for i in named.tolist()),
        others=len(rest),
        other_rows=int(counts[rest].sum()),
        unknown=unknown,
    )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
