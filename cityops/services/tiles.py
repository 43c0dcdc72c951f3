"""Vector tiles of a layer as one person may see it, kept while neither layer nor right changes."""

from __future__ import annotations

import threading
from collections import OrderedDict

from cityops.services.layers import LayerService, Seen
from cityops.services.permissions import Permission
from cityops.services.roles import Person
from gis.layers import LayerSpec
from gis.mvt import check_tile
from gis.pyramid import layer_tile

#: Bytes of tiles that a process keeps.
KEEP_BYTES = 32_000_000
_Key = tuple[str, int, Permission, int, int, int]


def tile_field_names(spec: LayerSpec, permission: Permission) -> tuple[str, ...]:
    """Fields that go into tiles: those declared so, the key, the label and the class, if seen."""
    needed = {spec.key, spec.label_field, spec.style.class_field}
    return tuple(
        f.name
        for f in spec.fields
        if (f.in_tiles or f.name in needed) and f.name in permission.fields
    )


class TileService:
    """Tiles of the layers of a process."""

    def __init__(self, layers: LayerService, keep_bytes: int = KEEP_BYTES) -> None:
        self._layers = layers
        self._keep_bytes = keep_bytes
        self._kept: OrderedDict[_Key, bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def tile(self, person: Person, layer: str, z: int, x: int, y: int) -> bytes:
        """One layer's tile: features, or below the layer's zoom aggregates; empty for nothing.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not see it.
        InvalidError
            When there is no such tile.
        """
        check_tile(z, x, y)
        seen = self._layers.seen(person, layer)
        key = (layer, seen.view.version, seen.permission, z, x, y)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = tile_of(seen, (z, x, y))
        self._keep(key, made)
        return made

    def _keep(self, key: _Key, made: bytes) -> None:
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = made
            self._size += len(made) + 200
            while self._size > self._keep_bytes:
                _, gone = self._kept.popitem(last=False)
                self._size -= len(gone) + 200


def tile_of(seen: Seen, tile: tuple[int, int, int]) -> bytes:
    """A layer's tile made anew.

    Raises
    ------
    InvalidError
        When there is no such tile.
    """
    fields = tile_field_names(seen.spec, seen.permission)
    return layer_tile(seen.view, seen.permission, fields, tile)
