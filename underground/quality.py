"""How well a point is known: standard errors by the way it was found (CJJ 61)."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from io import StringIO

import numpy as np

from underground.axes import BoolArray, FloatArray, ObjectArray
from underground.kinds import QUALITY_LEVELS, SURVEY_METHODS

#: Method that stands for a quality level where only the level is known.
_METHOD_OF_LEVEL = {"A": "manhole", "B": "detected", "C": "record", "D": "record"}
_METHODS = {item.code: item.code for item in SURVEY_METHODS}
_METHODS |= {item.title.zh: item.code for item in SURVEY_METHODS}
_METHODS |= {"明显点": "manhole", "明显": "manhole", "隐蔽点": "detected", "隐蔽": "detected"}
_METHODS |= {"探测": "detected", "开挖": "exposed", "竣工": "as_built", "资料": "record"}
_LEVELS = {item.code for item in QUALITY_LEVELS}


@cache
def _table() -> dict[str, dict[str, float]]:
    text = (files("underground") / "data" / "survey_quality.csv").read_text(encoding="utf-8")
    names = ("sigma_xy_m", "sigma_xy_per_depth", "sigma_z_m", "sigma_z_per_depth")
    more = ("least_depth_m", "deep_from_m")
    return {
        row["method"]: {n: float(row[n]) if row[n] else np.nan for n in (*names, *more)}
        for row in csv.DictReader(StringIO(text))
    }


def method_of(text: str | None, level: str | None = None) -> str | None:
    """Survey method meant by a text, else by a quality level; None is unknown.

    Examples
    --------
    >>> method_of("明显点量测"), method_of(None, "B"), method_of("?")
    ('manhole', 'detected', None)
    """
    if text is not None and text.strip() in _METHODS:
        return _METHODS[text.strip()]
    if level is not None and level.strip().upper() in _LEVELS:
        return _METHOD_OF_LEVEL[level.strip().upper()]
    return None


def standard_errors(
    method: ObjectArray, depth_m: FloatArray, *, assume: str | None = None
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Standard errors in plan and in height of points.

    Parameters
    ----------
    method
        (n,) codes of `underground.kinds.SURVEY_METHODS`; None is unknown.
    depth_m
        (n,) depth of the pipe's centre below ground; NaN is unknown.
    assume
        Method that stands in where none is known; None leaves the errors unknown.

    Returns
    -------
    sigma_xy, sigma_z, is_assumed
        (n,) metres, NaN where unknown; records carry none.

    Examples
    --------
    >>> xy, z, _ = standard_errors(np.array(["detected"], object), np.array([1.5]))
    >>> xy.round(4).tolist(), z.round(4).tolist()
    ([0.075], [0.1125])
    """
    xy, z = np.full(len(method), np.nan), np.full(len(method), np.nan)
    missing = np.array([m is None for m in method.tolist()], bool)
    used = np.where(missing, assume, method) if assume is not None else method
    for code in {m for m in used.tolist() if m is not None}:
        row = _table()[code]
        at = np.array([m == code for m in used.tolist()], bool)
        xy[at], z[at] = _errors(row, np.abs(depth_m[at]))
    return xy, z, missing & ~np.isnan(xy)


def _errors(row: dict[str, float], depth: FloatArray) -> tuple[FloatArray, FloatArray]:
    if not np.isnan(row["least_depth_m"]):
        used = np.maximum(
            np.where(np.isnan(depth), row["least_depth_m"], depth), row["least_depth_m"]
        )
        return row["sigma_xy_per_depth"] * used, row["sigma_z_per_depth"] * used
    xy = np.full(len(depth), row["sigma_xy_m"])
    z = np.full(len(depth), row["sigma_z_m"])
    if not np.isnan(row["deep_from_m"]):
        deep = depth > row["deep_from_m"]
        z = np.where(deep, row["sigma_z_per_depth"] * depth, z)
    return xy, z
