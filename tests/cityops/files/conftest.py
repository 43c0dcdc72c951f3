"""A store with the installed layers, and imports that read in this very process.

What the child process adds is tested in ``test_reading_walls.py``; here it would only cost time.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cityops.bootstrap import Services
from cityops.services.imports.service import ImportOptions, ImportService
from cityops.services.reading.dispatch import read_file
from cityops.services.reading.sniff import suffix_of
from cityops.services.reading.table import RawTable, ReadOptions
from cityops.services.roles import SYSTEM, Person
from cityops.settings import Settings
from cityops.store.database import create_all

DATA = Path(__file__).parents[1] / "data"
_SHAPEFILE = (".shx", ".dbf", ".prj", ".cpg")


class ReaderHere:
    """Reads uploads without walls, from a copy of its own as the child does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def read(
        self,
        path: Path,
        filename: str,
        options: ReadOptions,
        check: Callable[[], None] | None = None,
    ) -> RawTable:
        """The rows of the file at `path`, which its sender calls `filename`."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir(parents=True)
        copy = folder / f"upload{suffix_of(filename)}"
        shutil.copyfile(path, copy)
        for ending in _SHAPEFILE if copy.suffix == ".shp" else ():
            if path.with_suffix(ending).is_file():
                shutil.copyfile(path.with_suffix(ending), copy.with_suffix(ending))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # GDAL's, about what it mends
            return read_file(copy, copy.name, options)

    def walls(self) -> Mapping[str, Any]:
        """None."""
        return {}


@pytest.fixture
def data() -> Path:
    """Folder of the small real files."""
    return DATA


@pytest.fixture(scope="session")
def empty_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder of a store with the installed layers and nothing in them."""
    folder = tmp_path_factory.mktemp("city") / "data"
    create_all(Settings(data_dir=folder)).dispose()
    return folder


@pytest.fixture
def city(tmp_path: Path, empty_city: Path) -> Iterator[Services]:
    """Services on an empty store of one's own."""
    settings = Settings(data_dir=tmp_path / "data")
    shutil.copytree(empty_city, settings.data_dir)
    services = Services(settings)
    services.imports = ImportService(
        services.store,
        services.store.files,
        ReaderHere(tmp_path / "reading"),
        services.areas,
        now=services.imports._now,
        max_vertices=settings.max_vertices,
    )
    yield services
    services.store.dispose()


@pytest.fixture
def bring(city: Services) -> Callable[..., dict[str, Any]]:
    """Import a file: ``bring(path, "layer", crs="gcj02", new=True)`` gives the report."""

    def run(path: Path, layer: str, person: Person = SYSTEM, **options: Any) -> dict[str, Any]:
        name = options.pop("filename", path.name)
        return city.imports.run(person, path, name, ImportOptions(layer=layer, **options))

    return run


@pytest.fixture
def rows_of(city: Services) -> Callable[[str], Any]:
    """The rows of a layer as a batch."""

    def load(layer: str) -> Any:
        with city.store.reading() as tx:
            return tx.layers.load(tx.layers.registry().get(layer))[1]

    return load
