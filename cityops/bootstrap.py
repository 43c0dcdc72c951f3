"""The composition root: settings -> services on a real store."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cityops.settings import Settings

if TYPE_CHECKING:
    from cityops.services.areas import AreaService
    from cityops.services.dossier import DossierService
    from cityops.services.locate import LocateService
    from cityops.services.ports import Store
    from cityops.services.search import SearchService


class Services:
    """Every use case of the program, made when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def store(self) -> Store:
        """Store of this deployment."""
        from cityops.store.database import open_store

        return open_store(self.settings)

    @cached_property
    def areas(self) -> AreaService:
        """Areas by place, kept until one of their layers changes."""
        from cityops.services.areas import AreaService

        return AreaService()

    @cached_property
    def locate(self) -> LocateService:
        """Where is this?"""
        from cityops.services.locate import LocateService

        return LocateService(self.store, self.areas)

    @cached_property
    def dossier(self) -> DossierService:
        """What is here, over everything?"""
        from cityops.services.dossier import DossierService

        return DossierService(self.store, self.areas)

    @cached_property
    def search(self) -> SearchService:
        """The search box."""
        from cityops.services.search import SearchService

        return SearchService(self.store, self.areas)
