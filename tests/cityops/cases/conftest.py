"""A town of two communities with four cells and two components, and people who work on cases."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
import shapely
from PIL import Image

from cityops.services.areas import AreaService
from cityops.services.case_acts import Act
from cityops.services.case_report import Report
from cityops.services.cases import CaseService
from cityops.services.jobs import JobService
from cityops.services.photos import PhotoService
from cityops.services.roles import Person, Role
from cityops.settings import Settings
from cityops.store.database import SqlStore, create_all
from cityops.store.files import FolderFileStore
from gis.features import FeatureBatch, object_array
from grid.classes import GB_SCHEME, ClassKey
from grid.flow.states import CaseAction

WEST, EAST = "990101001001", "990101002001"
MORNING = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
HERE = (117.2005, 39.1005)
THERE = (117.2105, 39.1005)


def _batch(spec: Any, shapes: list[Any], rows: list[dict[str, Any]], area: str) -> FeatureBatch:
    return FeatureBatch(
        spec=spec,
        fids=np.full(len(rows), -1, np.int64),
        geometry=object_array(shapes),
        columns={n: object_array([r.get(n) for r in rows]) for n in spec.field_names},
        areas=object_array([area] * len(rows)),
    )


def _side(registry: Any, area: str, west: float, name: str) -> Iterator[FeatureBatch]:
    square = shapely.box(west, 39.10, west + 0.01, 39.11)
    halves = [
        shapely.box(west, 39.10, west + 0.005, 39.11),
        shapely.box(west + 0.005, 39.10, west + 0.01, 39.11),
    ]
    codes = [f"{area}001", f"{area}002"]
    for layer, code in (("streets", area[:9]), ("communities", area)):
        row = {"code": code, "name": f"{name}{'街道' if layer == 'streets' else '社区'}"}
        yield _batch(registry.get(layer), [square], [row], area)
    yield _batch(registry.get("cells"), halves, [{"code": c} for c in codes], area)


def fill_town(store: SqlStore) -> None:
    """Two communities side by side; a sewer cover of the drainage department in the western one."""
    with store.writing() as tx:
        registry = tx.layers.registry()
        district = [{"code": "990101", "name": "样例区"}]
        both = [shapely.box(117.20, 39.10, 117.22, 39.11)]
        batches = [_batch(registry.get("districts"), both, district, "990101")]
        batches += [*_side(registry, WEST, 117.20, "朝晖"), *_side(registry, EAST, 117.21, "望河")]
        rows = [
            {"id": "9901010102000001", "class_code": "0102", "dept1": "排水管理部门（示例）"},
            {"id": "9901010137000002", "class_code": "0137", "dept1": "园林管理部门（示例）"},
        ]
        points = [shapely.Point(117.20051, 39.1005), shapely.Point(117.2006, 39.1005)]
        batches.append(_batch(registry.get("components"), points, rows, WEST))
        for batch in batches:
            tx.layers.append(batch.spec, batch, None)


@dataclass
class Clock:
    """A clock that a test moves."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        """The time now; every look takes a second."""
        self.now += timedelta(seconds=1)
        return self.now


class NoBell:
    """Nobody hears of jobs; tests run them by hand."""

    def ring(self, job_id: str) -> None:
        """Do nothing."""


@dataclass
class Desk:
    """Services on one store, and what a test wants of them in one line."""

    store: SqlStore
    cases: CaseService
    photos: PhotoService
    files: FolderFileStore
    clock: Clock
    audit: Callable[[], list[dict[str, Any]]] = field(init=False)

    def __post_init__(self) -> None:
        def latest() -> list[dict[str, Any]]:
            with self.store.reading() as tx:
                return tx.audit.latest()

        self.audit = latest

    def filed(self, person: Person, **more: Any) -> dict[str, Any]:
        """File a report of a sewer cover at the usual place."""
        return self.cases.report(person, a_report(**more))[0]

    def act(self, person: Person, case: dict[str, Any], action: str, **more: Any) -> dict[str, Any]:
        """Move a case as the person sees it in `case`."""
        usual = {"version": case["version"]}
        kind = {"file": "report", "hand_back": "after"}.get(action)
        if kind is not None:
            name = f"{kind}-{case['version']}.jpg"
            self.photos.add(person, UUID(case["id"]), name, jpeg((80, 60)), kind)
            usual["version"] = self.cases.get(person, UUID(case["id"]))["version"]
        if action == "file":
            usual["condition"] = "TJ-WELL-COVER"
        act = Act(CaseAction(action), **(usual | more))
        return self.cases.move(person, UUID(case["id"]), act)


def a_report(**more: Any) -> Report:
    """A report of a broken sewer cover; `more` changes it."""
    given = {
        "id": uuid4(),
        "class_key": ClassKey("component", GB_SCHEME, "0102"),
        "description": "井盖破损",
        "lon": HERE[0],
        "lat": HERE[1],
        "accuracy_m": 8.0,
    }
    return Report(**(given | more))


def jpeg(size: tuple[int, int] = (64, 48), mode: str = "RGB", **more: Any) -> bytes:
    """Bytes of a JPEG of noise, so that two of a size differ from a plain one."""
    noise = np.random.default_rng(size[0]).integers(0, 255, (size[1], size[0], 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(out, "JPEG", **more)
    return out.getvalue()


@pytest.fixture
def report() -> Callable[..., Report]:
    """Make reports: ``report(description=...)``."""
    return a_report


@pytest.fixture
def photo() -> Callable[..., bytes]:
    """Make JPEG bytes: ``photo((width, height))``."""
    return jpeg


@pytest.fixture(scope="module")
def town(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]
) -> Iterator[SqlStore]:
    """The store with the town; tests of a module share it and its cases."""
    folder = tmp_path_factory.mktemp("town") / "data"
    made = create_all(Settings(data_dir=folder, database_url=new_database()))
    fill_town(made)
    yield made
    made.dispose()


@pytest.fixture
def desk(town: SqlStore, tmp_path: Path) -> Desk:
    """Services on the town, with a clock of the test's own."""
    clock = Clock()
    cases = CaseService(town, AreaService(), clock)
    files = FolderFileStore(tmp_path / "files")
    photos = PhotoService(town, files, cases, JobService(town, NoBell()), clock)
    return Desk(town, cases, photos, files, clock)


def _somebody(number: int, name: str, role: Role, **more: Any) -> Person:
    return Person(number, name, frozenset({role}), **more)


@pytest.fixture
def inspector() -> Person:
    """Patrols the whole town."""
    return _somebody(11, "监督员甲", Role.INSPECTOR)


@pytest.fixture
def eastern() -> Person:
    """Patrols the eastern community only."""
    return _somebody(12, "监督员东", Role.INSPECTOR, areas=(EAST,))


@pytest.fixture
def acceptor() -> Person:
    """Accepts."""
    return _somebody(13, "受理员乙", Role.ACCEPTOR)


@pytest.fixture
def leader() -> Person:
    """Files and closes."""
    return _somebody(14, "值班长丁", Role.SHIFT_LEADER)


@pytest.fixture
def dispatcher() -> Person:
    """Dispatches."""
    return _somebody(15, "派遣员丙", Role.DISPATCHER)


@pytest.fixture
def drainage() -> Person:
    """The drainage department."""
    return _somebody(16, "排水部门", Role.DEPARTMENT, department="drainage")


@pytest.fixture
def greening() -> Person:
    """Another department."""
    return _somebody(17, "园林部门", Role.DEPARTMENT, department="greening")


@pytest.fixture
def planner() -> Person:
    """Has nothing to do with cases."""
    return _somebody(18, "规划员", Role.PLANNER)
