"""Features of one layer in columns: what readers hand in and exports hand out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError
from gis.layers import LayerSpec

IntArray = npt.NDArray[np.int64]
ObjectArray = npt.NDArray[np.object_]


@dataclass(frozen=True)
class FeatureBatch:
    """Rows of a layer, in columns.

    Attributes
    ----------
    spec
        The layer.
    fids
        (n,) int64, identity within the store; -1 before a row is stored.
    geometry
        (n,) shapely geometries in ``spec.crs``, x = longitude.
    columns
        One (n,) object array per field of the layer; None is unknown. Values are
        str, int, float, bool, ``datetime.date``.
    areas
        (n,) object array of division codes (6, 9, 12 digits), '' where unknown.
    extra
        (n,) object array of dicts: delivered columns that the layer does not declare.
    delivered
        (n,) shapely geometries as delivered, or None when `geometry` is what was delivered.
    delivered_crs
        EPSG code or label ("EPSG:3547", "gcj02") of `delivered`.
    versions
        (n,) int64 row versions for optimistic locking; empty before a row is stored.
    """

    spec: LayerSpec
    fids: IntArray
    geometry: ObjectArray
    columns: Mapping[str, ObjectArray]
    areas: ObjectArray
    extra: ObjectArray | None = None
    delivered: ObjectArray | None = None
    delivered_crs: str | None = None
    versions: IntArray = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        n = len(self.fids)
        lengths = {name: len(column) for name, column in self.columns.items()}
        lengths |= {"geometry": len(self.geometry), "areas": len(self.areas)}
        wrong = {name: length for name, length in lengths.items() if length != n}
        if wrong:
            raise InvalidError(
                "layer.ragged_batch",
                "各列长度不一：应为 {expected}，得到 {got}",
                got=wrong,
                expected=n,
            )

    def __len__(self) -> int:
        return len(self.fids)

    @property
    def keys(self) -> ObjectArray:
        """(n,) values of the layer's key field."""
        return self.columns[self.spec.key]

    def take(self, rows: npt.ArrayLike) -> FeatureBatch:
        """The rows at positions `rows`, in that order."""
        at = np.asarray(rows)
        if not at.size:  # an empty list becomes an array of floats, which cannot be positions
            at = at.astype(np.int64)
        return FeatureBatch(
            spec=self.spec,
            fids=self.fids[at],
            geometry=self.geometry[at],
            columns={name: column[at] for name, column in self.columns.items()},
            areas=self.areas[at],
            extra=None if self.extra is None else self.extra[at],
            delivered=None if self.delivered is None else self.delivered[at],
            delivered_crs=self.delivered_crs,
            versions=self.versions[at] if len(self.versions) else self.versions,
        )

    def properties(self, row: int, names: tuple[str, ...]) -> dict[str, Any]:
        """Values of the fields `names` in one row."""
        return {name: self.columns[name][row] for name in names}


@dataclass(frozen=True)
class LayerChanges:
    """What happened to a layer since some version: rows put, rows gone, the version reached."""

    version: int
    put: FeatureBatch
    removed: IntArray


def object_array(values: Any, length: int | None = None) -> ObjectArray:
    """A one-dimensional object array of `values`, never unpacked into two dimensions.

    Examples
    --------
    >>> object_array([(1, 2), (3, 4)]).shape
    (2,)
    """
    listed = list(values)
    out = np.empty(len(listed) if length is None else length, dtype=object)
    out[:] = listed
    return out


def empty_batch(spec: LayerSpec) -> FeatureBatch:
    """A batch of no rows."""
    none = np.empty(0, dtype=object)
    return FeatureBatch(
        spec=spec,
        fids=np.empty(0, np.int64),
        geometry=none,
        columns=dict.fromkeys(spec.field_names, none),
        areas=none,
        extra=none,
    )
