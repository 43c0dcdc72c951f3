"""Small layers that several tests of the spatial core share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely

from gis.features import FeatureBatch, object_array
from gis.layers import CodeItem, FieldSpec, FieldType, GeometryKind, LayerSpec, Style, Title

_T = Title("名", "Name")


def _spec(geometry: GeometryKind, min_zoom: int) -> LayerSpec:
    fields = (
        FieldSpec("code", _T, FieldType.TEXT),
        FieldSpec("kind", _T, FieldType.CODE, codes=tuple(CodeItem(k, _T) for k in "abc")),
        FieldSpec("note", _T, FieldType.TEXT),
        FieldSpec("count_n", _T, FieldType.INTEGER),
        FieldSpec("size_m", _T, FieldType.REAL),
        FieldSpec("checked", _T, FieldType.BOOLEAN),
        FieldSpec("built", _T, FieldType.DATE),
    )
    return LayerSpec(
        f"some_{geometry.value}s",
        Title("样例", "Sample"),
        "base",
        geometry,
        fields,
        "code",
        style=Style(class_field="kind"),
        category_field="kind",
        min_zoom=min_zoom,
    )


@pytest.fixture(scope="session")
def layer_of() -> Callable[..., FeatureBatch]:
    """A batch of any geometries: fids from 10 in steps of 3, keys k0000 k0001 ..."""

    def make(
        geometry: Any, *, min_zoom: int = 0, seed: int = 0, first: int = 0, fids: Any = None
    ) -> FeatureBatch:
        shapes = object_array(list(geometry))
        n = len(shapes)
        rng = np.random.default_rng(seed)
        kinds = {0: GeometryKind.POINT, 1: GeometryKind.LINE, 2: GeometryKind.POLYGON}
        known = [g for g in shapes if g is not None]
        kind = kinds[int(shapely.get_dimensions(known[0]))] if known else GeometryKind.POINT
        columns = {
            "code": object_array([f"k{first + i:04d}" for i in range(n)]),
            "kind": object_array(rng.choice(["a", "b", "c", None], n).tolist()),
            "note": object_array([None if i % 3 == 0 else f"说明 {i}" for i in range(n)]),
            "count_n": object_array([None if i % 4 == 0 else i for i in range(n)]),
            "size_m": object_array([None if i % 5 == 0 else i / 8 for i in range(n)]),
            "checked": object_array([(True, False, None)[i % 3] for i in range(n)]),
            "built": object_array([None if i % 2 else "2024-02-29" for i in range(n)]),
        }
        areas = object_array(rng.choice(["120101", "120102001", ""], n).tolist())
        ids = np.arange(n) * 3 + 10 if fids is None else np.asarray(fids, np.int64)
        return FeatureBatch(_spec(kind, min_zoom), ids, shapes, columns, areas)

    return make


@pytest.fixture(scope="session")
def jittered_cells() -> Callable[..., Any]:
    """Quads around 117 E 39 N, about 100 m wide, that share their vertices and leave no gap."""

    def make(side: int, seed: int = 0) -> Any:
        rng = np.random.default_rng(seed)
        across, up = np.meshgrid(np.arange(side + 1), np.arange(side + 1))
        moved = np.stack([across, up], -1) + rng.uniform(-0.3, 0.3, (side + 1, side + 1, 2))
        v = np.round(moved * 0.001 + [117.0, 39.0], 9)
        rings = np.stack([v[:-1, :-1], v[:-1, 1:], v[1:, 1:], v[1:, :-1], v[:-1, :-1]], 2)
        return shapely.polygons(rings.reshape(-1, 5, 2))

    return make


@pytest.fixture(scope="session")
def wiggly_lines() -> Callable[..., Any]:
    """Lines of five vertices around 117 E 39 N."""

    def make(n: int, seed: int = 0, spread: float = 0.02) -> Any:
        rng = np.random.default_rng(seed)
        start = rng.uniform([117.0, 39.0], [117.0 + spread, 39.0 + spread], (n, 1, 2))
        steps = np.cumsum(rng.normal(0, 0.0003, (n, 5, 2)), axis=1)
        return shapely.linestrings(np.round(start + steps, 9))

    return make
