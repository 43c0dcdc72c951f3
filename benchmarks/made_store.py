"""A data folder with a layer of seeded pipes, and accounts that may see it."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from benchmarks import made_city
from benchmarks.plan import Plan
from cityops.settings import Settings
from gis.features import FeatureBatch, object_array
from gis.layers import FieldSpec, FieldType, LayerSpec

LAYER = "pipes"
POINTS = "components"
PASSWORD = "made-for-measuring-1"
#: Sees half of the districts.
LIMITED = "west"
#: Sees everything of the layer.
PLANNER = "planner"
DISTRICTS = tuple(f"1201{number:02d}" for number in range(1, 17))
#: Of the measured values; as of the sample pipes of the scene tianjin.
KNOWN_SHARE = 0.75
_READY = "ready"


@contextmanager
def folder_for(plan: Plan, pipes: int, points: int = 0) -> Iterator[Path]:
    """A filled data folder: the one that the run shares, made when it is not there, or an own one."""
    if plan.shared is not None:
        folder = plan.shared / f"pipes-{pipes}-{points}"
        if not (folder / _READY).exists():
            fill(folder, pipes, points)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="cityops-bench-") as made:
        fill(Path(made), pipes, points)
        yield Path(made)


def settings_of(folder: Path) -> Settings:
    """Settings of a deployment on `folder` with one web process."""
    return Settings(data_dir=folder, secret_key=secrets.token_urlsafe(32), web_workers=1)


def fill(folder: Path, pipes: int, points: int) -> None:
    """Make the store: pipes, components, two accounts."""
    from cityops.services.accounts import Account, hash_password
    from cityops.services.roles import Role
    from cityops.services.snapshots import Views
    from cityops.store.database import create_all

    folder.mkdir(parents=True, exist_ok=True)
    settings = settings_of(folder)
    store = create_all(settings)
    hashed = hash_password(PASSWORD)
    with store.writing() as tx:
        known = tx.layers.registry()
        specs = [known.get(name) for name, n in ((LAYER, pipes), (POINTS, points)) if n]
        for spec, n in zip(specs, (pipes, points), strict=False):
            tx.layers.append(spec, batch_of(spec, n), None)
        tx.accounts.seed_roles()
        for name, areas in ((PLANNER, ()), (LIMITED, DISTRICTS[::2])):
            account = Account(
                id=0,
                username=name,
                name=name,
                roles=frozenset({Role.PLANNER}),
                areas=areas,
                categories={},
            )
            tx.accounts.add(account, hashed)
    with store.reading() as tx:
        for spec in specs:
            Views(settings.snapshots_dir).view(tx, spec)
    store.dispose()
    (folder / _READY).touch()


def batch_of(spec: LayerSpec, n: int) -> FeatureBatch:
    """`n` pipes or components with all of their fields, as a survey delivers them."""
    rng = np.random.default_rng(11)
    columns = {f.name: _values(spec, f, n, rng) for f in spec.fields}
    fids = np.full(n, -1, np.int64)
    shapes = lines_of(n) if spec.name == LAYER else points_of(n)
    return FeatureBatch(spec, fids, shapes, columns, object_array(areas_of(n)))


def lines_of(n: int) -> npt.NDArray[np.object_]:
    """The shapes of `n` pipes."""
    return np.asarray(shapely.linestrings(made_city.pipe_vertices(n)), object)


def points_of(n: int) -> npt.NDArray[np.object_]:
    """Where `n` components stand: with the density of the pipes."""
    return np.asarray(shapely.points(made_city.pipe_vertices(n, seed=13)[:, 0]), object)


def areas_of(n: int) -> list[str]:
    """Their communities, which have nothing to do with where they lie."""
    rng = np.random.default_rng(12)
    district = rng.integers(0, len(DISTRICTS), n).tolist()
    return [f"{DISTRICTS[d]}{c:03d}" for d, c in zip(district, rng.integers(1, 20, n), strict=True)]


def keys_of(n: int) -> list[str]:
    """Their keys."""
    return [f"P-{i:07d}" for i in range(n)]


def _values(
    spec: LayerSpec, f: FieldSpec, n: int, rng: np.random.Generator
) -> npt.NDArray[np.object_]:
    if f.name == spec.key:
        return object_array(keys_of(n))
    listed: Any
    if f.type is FieldType.CODE:
        listed = rng.choice([item.code for item in f.codes], n)
    elif f.type is FieldType.DATE:
        listed = (np.datetime64("1985-01-01") + rng.integers(0, 14_000, n)).astype(str)
    elif f.type is FieldType.REAL:
        whole = rng.integers(50, 900, n) / (1 if f.unit == "mm" else 100)
        listed = np.where(rng.random(n) < KNOWN_SHARE, whole.astype(object), None)
    else:
        listed = np.array([f"{f.title.zh}{i}（合成）" for i in range(20)])[rng.integers(0, 20, n)]
    return object_array(listed.tolist())
