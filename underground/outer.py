"""Outer sizes out of recorded ones: the number in a survey is nominal, inner or outer by material."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from io import StringIO

import numpy as np

from gis.features import object_array
from underground.axes import BoolArray, FloatArray, ObjectArray
from underground.sizes import Sections


class OuterBasis(StrEnum):
    """Where an outer size comes from."""

    RECORDED = "recorded"
    TABLE = "table"
    RULE = "rule"
    SIZE = "size_taken_as_outer"
    NONE = "unknown"


@dataclass(frozen=True)
class OuterSizes:
    """Outer sizes of n pipes, metres; NaN where no size is known.

    Attributes
    ----------
    wall
        Thickness; NaN where unknown.
    is_wall_assumed
        (n,) whether it follows from a nominal size or from a share, not from both sizes of the pipe.
    basis
        (n,) members of `OuterBasis`.
    is_assumed
        (n,) whether the size itself was taken as outer for want of anything better: the pipe may
        be larger than that.
    """

    width: FloatArray
    height: FloatArray
    wall: FloatArray
    is_wall_assumed: BoolArray
    basis: ObjectArray
    is_assumed: BoolArray


@cache
def outer_table() -> dict[tuple[str, float], float]:
    """Outer metres by material and recorded metres, out of ``data/outer_diameter.csv``.

    Examples
    --------
    >>> outer_table()["QM", 0.2]
    0.222
    """
    text = (files("underground") / "data" / "outer_diameter.csv").read_text(encoding="utf-8")
    return {
        (row["material"], round(float(row["recorded_mm"]) / 1000, 6)): round(
            float(row["outer_mm"]) / 1000, 6
        )
        for row in csv.DictReader(StringIO(text))
    }


def _rule_rows() -> list[dict[str, str]]:
    text = (files("underground") / "data" / "outer_rules.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text)))


@cache
def _meant(meaning: str) -> list[str]:
    """Materials of which the recorded size is the ``inner`` or the ``outer`` one."""
    return [row["material"] for row in _rule_rows() if row["meaning"] == meaning]


@cache
def outer_rules() -> dict[str, tuple[float, float]]:
    """Shares of the recorded size by material: outer size, wall (NaN where unknown)."""
    return {
        row["material"]: (
            float(row["outer_share"]),
            float(row["wall_share"]) if row["wall_share"] else float("nan"),
        )
        for row in _rule_rows()
    }


def outer_sizes(
    sections: Sections, material: ObjectArray, recorded_outer: FloatArray | None = None
) -> OuterSizes:
    """Outer sizes of pipes.

    Parameters
    ----------
    sections
        Sizes as recorded.
    material
        (n,) codes of `underground.kinds.MATERIALS`; None is unknown.
    recorded_outer
        (n,) outer metres where the survey gives them, NaN elsewhere.

    Notes
    -----
    A recorded outer size comes first, then the table of standard diameters, then the rule of the
    material. Where none of them applies, and for boxes, the size is taken as outer and marked: of
    pre-insulated heat pipes that is too small.

    The wall is half of what the outer size exceeds the recorded one by, where the latter is no
    outer size: known where both sizes are recorded and the material's is an inner one, else assumed.

    Examples
    --------
    >>> from underground.sizes import sections_of
    >>> sizes = sections_of(object_array(["200", "500", "110", "300"]))
    >>> found = outer_sizes(sizes, object_array(["QM", "T", "PE", None]))
    >>> found.width.round(3).tolist(), found.is_assumed.tolist()
    ([0.222, 0.6, 0.11, 0.3], [False, False, False, True])
    """
    n = len(sections)
    width, height = sections.width.copy(), sections.height.copy()
    wall = np.full(n, np.nan)
    basis = np.where(~np.isnan(width), OuterBasis.SIZE, OuterBasis.NONE).astype(object)
    keys = list(zip(material.tolist(), np.round(sections.width, 6).tolist(), strict=True))
    distinct = {key for key, box in zip(keys, sections.is_box.tolist(), strict=True) if not box}
    meanings = {key: _meaning(*key) for key in distinct}
    found = [
        None if box else meanings[key]
        for key, box in zip(keys, sections.is_box.tolist(), strict=True)
    ]
    at = np.flatnonzero([f is not None for f in found])
    if len(at):
        read = [f for f in found if f is not None]
        width[at] = height[at] = [f[0] for f in read]
        wall[at] = [f[1] for f in read]
        basis[at] = object_array(f[2] for f in read)
    is_wall_assumed = ~np.isnan(wall)
    if recorded_outer is not None:
        use = recorded_outer > 0
        width = np.where(use, recorded_outer, width)
        height = np.where(use & ~sections.is_box, recorded_outer, height)
        basis = np.where(use, OuterBasis.RECORDED, basis).astype(object)
        both = _wall_between(sections, material, recorded_outer)
        wall = np.where(use, both, wall)
        is_wall_assumed = np.where(
            use, ~np.isin(material.astype(str), _meant("inner")), is_wall_assumed
        )
    assumed = np.array([b == OuterBasis.SIZE for b in basis.tolist()], bool)
    return OuterSizes(width, height, wall, is_wall_assumed & ~np.isnan(wall), basis, assumed)


def _wall_between(sections: Sections, material: ObjectArray, outer: FloatArray) -> FloatArray:
    """Half of what outer sizes exceed recorded ones by; NaN where the latter are outer ones too."""
    wall = (outer - sections.width) / 2
    is_outer = np.isin(material.astype(str), _meant("outer"))
    return np.where(sections.is_box | is_outer | ~(wall > 0), np.nan, wall)


def _meaning(material: str | None, size: float) -> tuple[float, float, OuterBasis] | None:
    if material is None or not size > 0:
        return None
    outer = outer_table().get((material, size))
    if outer is not None:
        return outer, (outer - size) / 2, OuterBasis.TABLE
    rule = outer_rules().get(material)
    if rule is None:
        return None
    return size * rule[0], size * rule[1], OuterBasis.RULE
