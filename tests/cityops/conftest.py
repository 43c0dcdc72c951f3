"""A store on a temporary folder with two small layers, and people of different rights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from cityops.bootstrap import Services
from cityops.services.accounts import AccountService
from cityops.services.layers import LayerService
from cityops.services.roles import Person, Role
from cityops.services.scenes import SceneService
from cityops.services.snapshots import Views
from cityops.settings import Settings
from cityops.store.database import SqlStore, create_all
from gis.features import FeatureBatch, object_array
from gis.layers import (
    CodeItem,
    FieldSpec,
    FieldType,
    GeometryKind,
    LayerRegistry,
    LayerSpec,
    Title,
)


def _field(name: str, kind: FieldType, **more: object) -> FieldSpec:
    return FieldSpec(name, Title(name, name), kind, **more)  # type: ignore[arg-type]


MAINS = LayerSpec(
    name="mains",
    title=Title("干管", "Mains"),
    group="underground",
    geometry=GeometryKind.LINE,
    fields=(
        _field("code", FieldType.TEXT, required=True, in_tiles=True, max_length=40),
        _field(
            "kind",
            FieldType.CODE,
            codes=(
                CodeItem("gas", Title("燃气", "Gas")),
                CodeItem("water", Title("给水", "Water")),
            ),
            in_tiles=True,
        ),
        _field("diameter_m", FieldType.REAL, unit="m", minimum=0.01, maximum=10, in_tiles=True),
        _field("laid", FieldType.DATE),
        _field("inspections", FieldType.INTEGER, minimum=0),
        _field("in_use", FieldType.BOOLEAN),
        _field("pressure_pa", FieldType.REAL, seen_by=frozenset({"data_manager"}), in_tiles=True),
        _field("remark", FieldType.TEXT),
    ),
    key="code",
    category_field="kind",
    surveyed=True,
)
PLOTS = LayerSpec(
    name="plots",
    title=Title("地块", "Plots"),
    group="base",
    geometry=GeometryKind.POLYGON,
    fields=(_field("code", FieldType.TEXT, required=True), _field("name", FieldType.TEXT)),
    key="code",
)


def mains_batch(n: int, start: int = 0, seed: int = 7) -> FeatureBatch:
    """n short lines around 117.2 E 39.1 N, kinds and areas by turns, seeded."""
    rng = np.random.default_rng(seed + start)
    x, y = rng.uniform(117.0, 117.4, n), rng.uniform(39.0, 39.3, n)
    ends = np.stack([x + rng.uniform(-0.002, 0.002, n), y + 0.001], axis=1)
    lines = shapely.linestrings(np.stack([np.stack([x, y], axis=1), ends], axis=1))
    at = range(start, start + n)
    areas = ("120101001001", "120101002", "120102001001", "")
    kinds = ("gas", "water", None)
    return FeatureBatch(
        spec=MAINS,
        fids=np.full(n, -1, np.int64),
        geometry=lines,
        columns={
            "code": object_array(f"M{i:06d}" for i in at),
            "kind": object_array(kinds[i % 3] for i in at),
            "diameter_m": object_array([None if i % 7 == 0 else 0.1 * (i % 9 + 1) for i in at]),
            "laid": object_array(
                [None if i % 5 else np.datetime64("2001-02-03").item() for i in at]
            ),
            "inspections": object_array(i % 4 for i in at),
            "in_use": object_array([None, True, False][i % 3] for i in at),
            "pressure_pa": object_array(400000.0 + i for i in at),
            "remark": object_array(f"井{i}号 100%_{i}" for i in at),
        },
        areas=object_array(areas[i % 4] for i in at),
    )


def square_batch(*squares: tuple[str, float, float, float]) -> FeatureBatch:
    """Squares (code, lon, lat, side in degrees) as a batch of the layer of plots."""
    return FeatureBatch(
        spec=PLOTS,
        fids=np.full(len(squares), -1, np.int64),
        geometry=object_array(shapely.box(x, y, x + s, y + s) for _, x, y, s in squares),
        columns={
            "code": object_array(code for code, *_ in squares),
            "name": object_array(f"第{code}块" for code, *_ in squares),
        },
        areas=object_array([""] * len(squares)),
    )


@pytest.fixture
def settings(tmp_path: Path, new_database: Callable[[], str]) -> Settings:
    """Settings of a deployment in a temporary folder."""
    return Settings(data_dir=tmp_path / "data", database_url=new_database())


@pytest.fixture
def registry() -> LayerRegistry:
    """The layers of these tests, so that they stand apart from the installed ones."""
    return LayerRegistry([MAINS, PLOTS])


@pytest.fixture
def store(settings: Settings, registry: LayerRegistry) -> Iterator[SqlStore]:
    """An empty store with the layers ``mains`` and ``plots``."""
    made = create_all(settings, registry)
    yield made
    made.dispose()


@pytest.fixture
def views(settings: Settings) -> Views:
    """Views of a process; snapshot files already for layers of 50 rows."""
    return Views(settings.snapshots_dir, most_pending=100, small=50)


@pytest.fixture
def services(store: SqlStore, views: Views, settings: Settings) -> SimpleNamespace:
    """Services on the store: ``store``, ``views``, ``layers``, ``accounts``, ``settings``."""
    return SimpleNamespace(
        settings=settings,
        store=store,
        views=views,
        layers=LayerService(store, views),
        accounts=AccountService(store),
    )


@pytest.fixture
def mains() -> LayerSpec:
    """A line layer with a category, a restricted field and delivered coordinates."""
    return MAINS


@pytest.fixture
def plots() -> LayerSpec:
    """A polygon layer of the group ``base``."""
    return PLOTS


@pytest.fixture
def some_mains() -> Callable[..., FeatureBatch]:
    """Make lines: ``some_mains(n, start=0)``."""
    return mains_batch


@pytest.fixture
def squares() -> Callable[..., FeatureBatch]:
    """Make plots: ``squares(("a", lon, lat, side), ...)``."""
    return square_batch


@pytest.fixture
def filled(store: SqlStore) -> SqlStore:
    """The store with 200 lines, codes M000000 to M000199."""
    with store.writing() as tx:
        tx.layers.append(MAINS, mains_batch(200), source_id=3)
    return store


@pytest.fixture
def manager() -> Person:
    """May see and change everything."""
    return Person(1, "数据员", frozenset({Role.DATA_MANAGER}))


@pytest.fixture
def planner() -> Person:
    """May see and export, but not the restricted field."""
    return Person(2, "规划员", frozenset({Role.PLANNER}))


@pytest.fixture
def gas_owner() -> Person:
    """Sees gas only, in one district only."""
    return Person(
        3,
        "燃气公司",
        frozenset({Role.PIPELINE_OWNER}),
        areas=("120101",),
        categories={"mains": frozenset({"gas"})},
    )


@pytest.fixture
def inspector() -> Person:
    """May not see the underground at all."""
    return Person(4, "监督员", frozenset({Role.INSPECTOR}))


def _scene(folder: Path, name: str) -> Services:
    settings = Settings(data_dir=folder, scene=name)
    store = create_all(settings)
    SceneService(store).set_up(name)
    store.dispose()
    return Services(settings)


@pytest.fixture(scope="session")
def tianjin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Services on the scene tianjin. Shared by all tests: do not write."""
    services = _scene(tmp_path_factory.mktemp("tianjin"), "tianjin")
    yield services
    services.store.dispose()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def helsinki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Services on the scene helsinki. Shared by all tests: do not write."""
    services = _scene(tmp_path_factory.mktemp("helsinki"), "helsinki")
    yield services
    services.store.dispose()  # type: ignore[attr-defined]


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[SqlStore]:
    """A store with the installed layers and nothing in them."""
    store = create_all(Settings(data_dir=tmp_path / "empty"))
    yield store
    store.dispose()
