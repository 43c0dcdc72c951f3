"""What a legend says of a layer: its extent, how much of each class there is."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import numpy as np

from cityops.services.layers import LayerService, Seen
from cityops.services.permissions import Permission
from cityops.services.ports import Box
from cityops.services.roles import Person
from cityops.services.tiles import tile_field_names
from gis.detail import detail_zoom
from gis.features import IntArray
from gis.layers import GeometryKind, LayerSpec

#: Summaries kept: layers times different permissions.
_KEPT = 400


@dataclass(frozen=True)
class ClassAmount:
    """How many features of one class there are, and their length in metres for lines."""

    count: int
    length_m: float | None


@dataclass(frozen=True)
class LayerSummary:
    """One layer as one person may see it.

    ``bounds`` is a box in degrees, None for an empty layer; ``length_m`` is on the ellipsoid,
    None where the layer is not of lines; ``classes`` is by the code of the layer's class field;
    below the zoom ``features_from`` the map has counts, from it on every feature.
    """

    spec: LayerSpec
    permission: Permission
    version: int
    count: int
    bounds: Box | None
    length_m: float | None
    classes: dict[str, ClassAmount]
    features_from: int


class SummaryService:
    """Summaries of layers, kept until the layer changes.

    Parameters
    ----------
    layers
        The layers of this process.
    """

    def __init__(self, layers: LayerService) -> None:
        self._layers = layers
        self._kept: OrderedDict[tuple[str, int, Permission], LayerSummary] = OrderedDict()
        self._lock = Lock()

    def catalogue(self, person: Person) -> list[LayerSummary]:
        """Every layer that the person may see, in drawing order, as of one state of the store."""
        out = []
        with self._layers.reading() as now:
            for spec in now.registry:
                seen = now.seen_if_allowed(person, spec.name)
                if seen is not None:
                    out.append(self._of(seen))
        return out

    def _of(self, seen: Seen) -> LayerSummary:
        key = (seen.spec.name, seen.view.version, seen.permission)
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found.spec == seen.spec:
                self._kept.move_to_end(key)
                return found
        made = summarise(seen)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made


def summarise(seen: Seen) -> LayerSummary:
    """Count, extent and classes of a layer within a permission."""
    rows = seen.rows_in(None)
    is_line = seen.spec.geometry is GeometryKind.LINE
    lengths = seen.view.measures(rows) if is_line else None
    return LayerSummary(
        spec=seen.spec,
        permission=seen.permission,
        version=seen.view.version,
        count=len(rows),
        bounds=seen.view.bounds(seen.permission),
        length_m=None if lengths is None else float(np.nansum(lengths)),
        classes=_classes(seen, rows, lengths),
        features_from=features_from(seen),
    )


def features_from(seen: Seen) -> int:
    """The lowest zoom at which the tiles of a layer hold features for a person."""
    fields = tile_field_names(seen.spec, seen.permission)
    return detail_zoom(seen.view, seen.permission, fields)


def _classes(
    seen: Seen, rows: IntArray, lengths: np.ndarray[tuple[int], np.dtype[np.float64]] | None
) -> dict[str, ClassAmount]:
    field = seen.spec.style.class_field
    if field is None or field not in seen.permission.fields:
        return {}
    column = seen.view.coded(field)
    codes = column.codes[rows]
    counts = np.bincount(codes + 1, minlength=len(column.values) + 1)
    metres = None
    if lengths is not None:
        metres = np.bincount(codes + 1, weights=np.nan_to_num(lengths), minlength=len(counts))
    return {
        str(value): ClassAmount(
            int(counts[i + 1]), None if metres is None else float(metres[i + 1])
        )
        for i, value in enumerate(column.values)
        if counts[i + 1]
    }
