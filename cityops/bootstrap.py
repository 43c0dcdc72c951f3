"""The composition root: settings -> services on a real store."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cityops.settings import Settings

if TYPE_CHECKING:
    from cityops.services.ports import Store


class Services:
    """Every use case of the program, made when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def store(self) -> Store:
        """Store of this deployment."""
        from cityops.store.database import open_store

        return open_store(self.settings)
