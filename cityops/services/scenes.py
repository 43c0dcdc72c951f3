"""Scenes: a folder of layer files with a description, set up in an empty store in one go.

A scene may have cases (key ``cases``); they are checked with the layers and stored with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely

from cityops.services.accounts import Account
from cityops.services.areas import AreaLookup
from cityops.services.case_bulk import PlaceLookup
from cityops.services.case_season_people import Seat
from cityops.services.case_seasons import (
    Season,
    SeasonFiles,
    Told,
    prepare_season,
    store_season,
)
from cityops.services.grid.config import GridConfig, current_config
from cityops.services.ports import FileStore, Store
from cityops.services.scene_kept import SCENE_KEY
from gis.errors import ConflictError, FileError, NotFoundError
from gis.features import FeatureBatch, ObjectArray, object_array
from gis.layers import FieldType, LayerRegistry, LayerSpec
from grid.layers import CELLS, COMPONENTS

DESCRIPTION = "scene.json"


@dataclass(frozen=True)
class LayerFile:
    """One layer of a scene: its file, how many rows it must hold, whose data it is."""

    layer: str
    file: str
    rows: int
    synthetic: bool
    notice: str | None


@dataclass(frozen=True)
class Scene:
    """A scene as its folder describes it. `body` is what the store keeps and serves."""

    name: str
    folder: Path
    layers: tuple[LayerFile, ...]
    body: Mapping[str, Any]


def scenes_folder() -> Path:
    """Folder of the scenes that ship with the program: beside the package, or in the checkout."""
    installed = Path(__file__).resolve().parents[1] / "_fixtures"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[2] / "fixtures"


def scene_names(folder: Path | None = None) -> list[str]:
    """Names of the scenes in a folder."""
    return sorted(path.parent.name for path in (folder or scenes_folder()).glob(f"*/{DESCRIPTION}"))


def read_scene(name: str, folder: Path | None = None) -> Scene:
    """Description of a scene.

    Raises
    ------
    NotFoundError
        When there is no such scene.
    """
    root = folder or scenes_folder()
    if name not in scene_names(root):
        raise NotFoundError(
            "scene.unknown",
            "没有场景 {got}",
            field="scene",
            got=name,
            expected=scene_names(root),
            hint="可用的场景：{names}",
            params={"names": "、".join(scene_names(root))},
        )
    body = orjson.loads((root / name / DESCRIPTION).read_bytes())
    layers = tuple(LayerFile(**row) for row in body["layers"])
    return Scene(name, root / name, layers, body)


def read_layer_file(path: Path, spec: LayerSpec) -> FeatureBatch:
    """Features of a scene's GeoJSON file, whose properties are named as the layer's fields.

    Raises
    ------
    FileError
        When the file has a property that the layer does not declare.
    """
    features = orjson.loads(path.read_bytes())["features"]
    rows = [f["properties"] for f in features]
    foreign = sorted({name for row in rows for name in row if not spec.has_field(name)})
    if foreign:
        raise FileError(
            "scene.foreign_property",
            "文件 {field} 有图层没有的属性 {got}",
            field=path.name,
            got=foreign,
            expected=list(spec.field_names),
        )
    columns = {f.name: _column([row.get(f.name) for row in rows], f.type) for f in spec.fields}
    texts = [orjson.dumps(f["geometry"]).decode() for f in features]
    return FeatureBatch(
        spec=spec,
        fids=np.full(len(rows), -1, np.int64),
        geometry=object_array(shapely.from_geojson(texts)),
        columns=columns,
        areas=np.full(len(rows), "", dtype=object),
    )


def _column(values: list[Any], kind: FieldType) -> ObjectArray:
    if kind is FieldType.DATE:
        return object_array(None if v is None else date.fromisoformat(v) for v in values)
    return object_array(values)


def with_areas(batch: FeatureBatch, lookup: AreaLookup) -> FeatureBatch:
    """`batch` with the area code of each row: its own for areas, its community's for cells."""
    if batch.spec.group == "areas":
        areas = batch.columns["code"]
    elif batch.spec.name == "cells":
        areas = object_array(str(code)[:12] for code in batch.columns["code"])
    else:
        areas = lookup.codes_of(batch.geometry)
    return FeatureBatch(batch.spec, batch.fids, batch.geometry, batch.columns, areas)


def read_batches(scene: Scene, registry: LayerRegistry) -> list[FeatureBatch]:
    """Every layer of a scene, areas assigned.

    Raises
    ------
    FileError
        When a file does not hold the rows that the description promises.
    """
    batches = []
    for entry in scene.layers:
        batch = read_layer_file(scene.folder / entry.file, registry.get(entry.layer))
        if len(batch) != entry.rows:
            raise FileError(
                "scene.row_count",
                "文件 {field} 应有 {expected} 个要素，实有 {got} 个",
                field=entry.file,
                got=len(batch),
                expected=entry.rows,
            )
        batches.append(batch)
    lookup = _areas_of(batches)
    return [with_areas(batch, lookup) for batch in batches]


def _areas_of(batches: Sequence[FeatureBatch]) -> AreaLookup:
    return AreaLookup({b.spec.name: b for b in batches if b.spec.group == "areas"})


def read_cases(
    scene: Scene,
    batches: Sequence[FeatureBatch],
    config: GridConfig,
    kept: FileStore,
    told: Told = lambda text: None,
) -> Season | None:
    """Cases of a scene, held against its own layers; None when it has none.

    Parameters
    ----------
    kept
        Where photos are kept.
    told
        Called with a line now and then.

    Raises
    ------
    FileError
        When one of the files cannot be read or has not the rows that the description promises.
    InvalidError
        ``season.refused`` with the faults of all cases in ``errors``.
    """
    body = scene.body.get("cases")
    if body is None:
        return None
    by_name = {batch.spec.name: batch for batch in batches}
    components: Mapping[str, str] = {}
    if COMPONENTS.name in by_name:
        columns = by_name[COMPONENTS.name].columns
        components = dict(zip(columns["id"], columns["class_code"], strict=True))
    return prepare_season(
        SeasonFiles.of(scene.folder, body),
        PlaceLookup(_areas_of(batches), by_name.get(CELLS.name)),
        components,
        config,
        kept,
        told,
    )


class SceneService:
    """Sets a scene up and describes the one that is there."""

    def __init__(self, store: Store, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    def set_up(
        self,
        name: str,
        seats: Mapping[Seat, Account] | None = None,
        told: Told = lambda text: None,
    ) -> dict[str, Any]:
        """Load scene `name` into an empty store, all or nothing.

        Parameters
        ----------
        seats
            Accounts that play somebody in the cases of the scene, by post and department.
        told
            Called with a line now and then.

        Returns
        -------
        dict
            ``scene``, ``created`` (False when the same scene was there already) and
            ``layers``: rows by layer; where cases were stored, ``cases``: how many cases, steps,
            photos and people.

        Raises
        ------
        ConflictError
            When another scene is there.
        FileError
            When a file of the scene is not as its description says.
        InvalidError
            ``season.refused`` when its cases could not stand as they do.
        NotFoundError
            When there is no such scene.
        """
        scene = read_scene(name, self._folder)
        with self._store.reading() as tx:
            there = tx.meta.get(SCENE_KEY)
            registry, config = tx.layers.registry(), current_config(tx)
        if there is not None:
            return self._already(there, scene)
        batches = read_batches(scene, registry)
        season = read_cases(scene, batches, config, self._store.files, told)
        with self._store.writing() as tx:
            there = tx.meta.get(SCENE_KEY)
            if there is not None:
                return self._already(there, scene)
            for batch in batches:
                tx.layers.append(batch.spec, batch, None)
            stored = {}
            if season is not None:
                stored["cases"] = store_season(tx, season, name, seats)
            tx.meta.put(SCENE_KEY, dict(scene.body))
        counts = {batch.spec.name: len(batch) for batch in batches}
        return {"scene": name, "created": True, "layers": counts, **stored}

    def refuse_other(self, name: str) -> None:
        """Refuse a store that holds another scene than `name`, before anything is put into it.

        Raises
        ------
        ConflictError
            When another scene is there.
        """
        with self._store.reading() as tx:
            there = tx.meta.get(SCENE_KEY)
        if there is not None:
            _check_same(there, name)

    def _already(self, there: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
        _check_same(there, scene.name)
        with self._store.reading() as tx:
            counts = tx.layers.counts()
        names = [entry.layer for entry in scene.layers]
        kept = {layer: counts.get(layer, 0) for layer in names}
        return {"scene": scene.name, "created": False, "layers": kept}

    def described(self) -> dict[str, Any]:
        """Title, centre, zoom, bounds, metric CRS and notices of the scene, {} when there is none.

        ``centre`` is [lon, lat], ``bounds`` [west, south, east, north]; ``layers`` says for each
        layer whether it is synthetic and its notice.
        """
        with self._store.reading() as tx:
            there = tx.meta.get(SCENE_KEY)
        return dict(there or {})


def _check_same(there: Mapping[str, Any], name: str) -> None:
    if there["name"] != name:
        raise ConflictError(
            "scene.other",
            "数据文件夹里已是场景 {got}，不能再装 {expected}",
            field="scene",
            got=there["name"],
            expected=name,
            hint="换一个文件夹：设置 CITYOPS_DATA_DIR",
        )
