"""What a store keeps of its scene: the description, and what that says of layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

#: Name under which the store keeps the description of its scene.
SCENE_KEY = "scene"


class MetaRepo(Protocol):
    """Facts about a deployment, by name."""

    def get(self, name: str) -> Any:
        """The value called `name`, or None."""

    def put(self, name: str, value: Any) -> None:
        """Keep a JSON value."""


def layer_notices(scene: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """``{layer: {"synthetic", "notice"}}`` of a described scene.

    Examples
    --------
    >>> layer_notices({})
    {}
    """
    return {
        row["layer"]: {"synthetic": row["synthetic"], "notice": row["notice"]}
        for row in scene.get("layers", ())
    }
