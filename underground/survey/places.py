"""Delivered coordinates in metres for measuring, and in degrees for showing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gis.crs import is_metric, transform
from gis.errors import CrsError
from gis.frame import LocalFrame
from gis.reference import Reference
from underground.axes import BoolArray, FloatArray
from underground.survey.model import Survey


@dataclass(frozen=True)
class MetricPlaces:
    """Places of a survey in metres of one plane.

    ``points`` is (n, 2), ``ends`` (m, 2, 2), ``inner`` (k, 2); NaN where unknown.
    """

    points: FloatArray
    ends: FloatArray
    inner: FloatArray


@dataclass(frozen=True)
class Plane:
    """The plane in metres in which a survey is measured.

    Attributes
    ----------
    frame
        Projection of a survey in degrees; None where coordinates are projected already.
    unit_m
        Metres of a unit of the delivered coordinates.
    """

    frame: LocalFrame | None
    unit_m: float

    def metres(self, places: FloatArray) -> FloatArray:
        """(n, 2) delivered places in metres; NaN stays."""
        if self.frame is None:
            return places * self.unit_m
        out = np.full(places.shape, np.nan)
        known = ~np.isnan(places).any(axis=1)
        out[known] = self.frame.project(places[known])
        return out

    def delivered(self, metres: FloatArray) -> FloatArray:
        """(n, 2) places of the plane in delivered coordinates; NaN stays."""
        if self.frame is None:
            return metres / self.unit_m
        out = np.full(metres.shape, np.nan)
        known = ~np.isnan(metres).any(axis=1)
        out[known] = self.frame.unproject(metres[known])
        return out


def plane_of(survey: Survey) -> Plane:
    """The plane of a survey.

    Coordinates of a projected system are multiplied by the metres of its unit, degrees are
    projected around the middle of the survey. A schematic plan without a system is taken as it is.

    Raises
    ------
    CrsError
        Web Mercator and other systems in which metres are no metres.
    """
    reference = survey.crs
    if reference is None or reference.crs is None:
        return Plane(None, survey.unit_m)
    if reference.crs.is_geographic:
        places = np.column_stack([survey.points.number("east"), survey.points.number("north")])
        places = np.vstack([places, survey.end_places.reshape(-1, 2)])
        known = places[~np.isnan(places).any(axis=1)]
        centre = known.mean(axis=0) if len(known) else np.zeros(2)
        return Plane(LocalFrame(float(centre[0]), float(centre[1])), 1.0)
    if survey.unit_m == 1.0 and not is_metric(reference.crs):
        raise CrsError(
            "crs.not_metric",
            "不能在 {got} 中量算长度和面积",
            got=reference.label,
            expected="投影坐标系，单位为米，且不是 Web 墨卡托",
            hint="先转换到 EPSG:4548 一类的高斯-克吕格投影",
        )
    return Plane(None, survey.unit_m)


def metric_places(survey: Survey) -> MetricPlaces:
    """Places of a survey in metres of its plane.

    Raises
    ------
    CrsError
        See `plane_of`.
    """
    plane = plane_of(survey)
    points = np.column_stack([survey.points.number("east"), survey.points.number("north")])
    ends = survey.end_places
    flat = plane.metres(ends.reshape(-1, 2)).reshape(ends.shape)
    return MetricPlaces(plane.metres(points), flat, plane.metres(survey.shapes.xyz[:, :2]))


def degrees_of(reference: Reference | None, places: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Longitude and latitude (CGCS2000) of (n, 2) delivered places, and which could be placed.

    What lies outside of where the system may be used gets NaN.
    """
    out = np.full((len(places), 2), np.nan)
    good = np.asarray(np.isfinite(places).all(axis=1), bool)
    if reference is None:
        return out, np.zeros(len(places), bool)
    for _ in range(2):
        rows = np.flatnonzero(good)
        if not len(rows):
            break
        try:
            out[rows] = transform(places[rows], reference)
            break
        except CrsError as fault:
            wrong = getattr(fault, "rows", None)
            if wrong is None:
                raise
            good[rows[np.asarray(wrong)]] = False
    return out, good
