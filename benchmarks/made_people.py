"""A data folder with a made town of people in buildings, its cells and its district."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from benchmarks import made_city
from benchmarks.made_store import PASSWORD, settings_of
from benchmarks.plan import Plan
from gis.features import FeatureBatch, object_array
from gis.layers import LayerSpec

#: Who runs hazards: an emergency officer of the whole city.
OFFICER = "officer"
#: Cells along a side; the buildings stand among them, the source in their middle.
SIDE = 100
SOURCE = (
    made_city.WEST + SIDE * made_city.CELL_DEG / 2,
    made_city.SOUTH + SIDE * made_city.CELL_DEG / 2,
)
_DISTRICT = "120101"
_READY = "ready"
_USES = ("residential", "commercial", "office", "education", "public")


def boxes_of(n: int) -> npt.NDArray[np.float64]:
    """(n, 4) degrees of `n` rectangular buildings with sides of 8 to 30 m."""
    rng = np.random.default_rng(21)
    middle = made_city.points_in(SIDE, n, seed=22)
    half = rng.uniform(4.0, 15.0, (n, 2)) / [made_city.LON_M, made_city.LAT_M]
    return np.hstack([middle - half, middle + half])


def people_of(n: int, people: int) -> dict[str, npt.NDArray[np.int64]]:
    """By time of day how many of `people` each of `n` buildings holds."""
    rng = np.random.default_rng(23)
    return {time: np.bincount(rng.integers(0, n, people), minlength=n) for time in ("day", "night")}


@contextmanager
def people_folder(plan: Plan, buildings: int, people: int) -> Iterator[Path]:
    """A filled data folder: the one that the run shares, or an own one."""
    if plan.shared is not None:
        folder = plan.shared / f"people-{buildings}-{people}"
        if not (folder / _READY).exists():
            fill(folder, buildings, people)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="cityops-bench-") as made:
        fill(Path(made), buildings, people)
        yield Path(made)


def fill(folder: Path, buildings: int, people: int) -> None:
    """Make the store: a district, cells, buildings with people, one account."""
    from cityops.services.accounts import Account, hash_password
    from cityops.services.roles import Role
    from cityops.services.snapshots import Views
    from cityops.store.database import create_all

    folder.mkdir(parents=True, exist_ok=True)
    settings = settings_of(folder)
    store = create_all(settings)
    with store.writing() as tx:
        known = tx.layers.registry()
        batches = [
            _district(known.get("districts")),
            _cells(known.get("cells")),
            _buildings(known.get("buildings"), buildings, people),
        ]
        for batch in batches:
            tx.layers.append(batch.spec, batch, None)
        tx.accounts.seed_roles()
        officer = Account(
            id=0,
            username=OFFICER,
            name=OFFICER,
            roles=frozenset({Role.EMERGENCY}),
            areas=(),
            categories={},
        )
        tx.accounts.add(officer, hash_password(PASSWORD))
    with store.reading() as tx:
        for batch in batches:
            Views(settings.snapshots_dir).view(tx, batch.spec)
    store.dispose()
    (folder / _READY).touch()


def _batch(
    spec: LayerSpec, shapes: Any, areas: list[str], columns: dict[str, list[Any]]
) -> FeatureBatch:
    n = len(shapes)
    every = {f.name: object_array(columns.get(f.name, [None] * n)) for f in spec.fields}
    fids = np.full(n, -1, np.int64)
    return FeatureBatch(spec, fids, np.asarray(shapes, object), every, object_array(areas))


def _district(spec: LayerSpec) -> FeatureBatch:
    lon, lat = SOURCE
    shape = object_array([shapely.box(lon - 0.2, lat - 0.2, lon + 0.2, lat + 0.2)])
    columns = {"code": [_DISTRICT], "name": ["合成区"], "source": ["合成"]}
    return _batch(spec, shape, [_DISTRICT], columns)


def _cells(spec: LayerSpec) -> FeatureBatch:
    shapes = made_city.as_shapely(made_city.quads(SIDE))
    codes = [f"{_DISTRICT}001001{i:04d}" for i in range(len(shapes))]
    return _batch(spec, shapes, [code[:12] for code in codes], {"code": codes})


def _buildings(spec: LayerSpec, n: int, people: int) -> FeatureBatch:
    rng = np.random.default_rng(24)
    held = people_of(n, people)
    columns = {
        "id": [f"B-{i:06d}" for i in range(n)],
        "use": rng.choice(_USES, n).tolist(),
        **{f"people_{time}": held[time].tolist() for time in held},
    }
    streets, communities = rng.integers(1, 20, n).tolist(), rng.integers(1, 20, n).tolist()
    areas = [f"{_DISTRICT}{s:03d}{c:03d}" for s, c in zip(streets, communities, strict=True)]
    return _batch(spec, shapely.box(*boxes_of(n).T), areas, columns)
