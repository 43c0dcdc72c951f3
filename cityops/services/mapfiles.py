"""Layers for a map that leaves the program as a file: what a person may take away, bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cityops.services.exports.service import SYNTHETIC
from cityops.services.permissions import Action, require
from cityops.services.ports import Box, Store
from cityops.services.roles import Person
from cityops.services.scene_kept import SCENE_KEY, layer_notices
from gis.errors import InvalidError
from gis.features import FeatureBatch, empty_batch, object_array
from gis.layers import LayerSpec


@dataclass(frozen=True)
class Taken:
    """Rows of one layer, with the fields that may be shown and what must be said of its source."""

    spec: LayerSpec
    batch: FeatureBatch
    fields: tuple[str, ...]
    notices: tuple[str, ...] = ()


def take_layers(
    store: Store, person: Person, names: Sequence[str], *, box: Box | None, most: int
) -> list[Taken]:
    """Layers by name with all rows that `person` may export, within `box` when given.

    Parameters
    ----------
    box
        (west, south, east, north) in degrees, EPSG:4490; a feature counts when its box meets it.
    most
        Largest number of features over all layers.

    Raises
    ------
    NotFoundError
        For a layer that there is not.
    ForbiddenError
        For a layer that the person may not export.
    InvalidError
        When there are more than `most` features.
    """
    taken: list[Taken] = []
    left = most
    with store.reading() as tx:
        registry = tx.layers.registry()
        said = layer_notices(tx.meta.get(SCENE_KEY) or {})
        for name in dict.fromkeys(names):
            spec = registry.get(name)
            permission = require(person, spec, Action.EXPORT)
            batches: list[FeatureBatch] = []
            for batch in tx.layers.batches(spec, permission, box=box):
                batches.append(batch)
                left -= len(batch)
                if left < 0:
                    raise InvalidError(
                        "map.too_many_features",
                        "要素超过 {expected} 个，浏览器打开这样的文件会很慢",
                        field="layer",
                        expected=most,
                        hint="用 --bbox 缩小范围，或少选图层",
                    )
            fields = permission.fields
            notices = _notices(said.get(name, {}))
            taken.append(Taken(spec, joined(spec, batches, fields), fields, notices))
    return taken


def _notices(known: Mapping[str, Any]) -> tuple[str, ...]:
    """Attribution of a layer of the scene, and that it is made up where it is."""
    texts = (known.get("notice"), SYNTHETIC if known.get("synthetic") else None)
    return tuple(text for text in texts if text)


def joined(spec: LayerSpec, batches: Sequence[FeatureBatch], fields: Sequence[str]) -> FeatureBatch:
    """One batch of several, with the columns `fields`; the key column is always there."""
    if not batches:
        return empty_batch(spec)
    names = list(dict.fromkeys([*fields, *(f for f in batches[0].columns)]))
    return FeatureBatch(
        spec=spec,
        fids=np.concatenate([b.fids for b in batches]),
        geometry=object_array(g for b in batches for g in b.geometry),
        columns={n: np.concatenate([b.columns[n] for b in batches]) for n in names},
        areas=np.concatenate([b.areas for b in batches]),
    )
