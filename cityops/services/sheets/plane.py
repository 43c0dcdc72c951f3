"""The plane of a map: metres of a projected system on millimetres of paper."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Geod

from cityops.services.sheets.papers import Rect
from cityops.services.sheets.scales import SCALES, fitting
from gis.crs import from_cgcs2000, gauss_kruger_code, require_metric, to_cgcs2000, transform
from gis.errors import GeometryError, InvalidError
from gis.features import ObjectArray, object_array
from gis.frame import A_M, F

FloatArray = npt.NDArray[np.float64]
#: Share of the map that stays free around the polygon, on each side.
_BORDER = 0.04
#: Length over which direction and scale of the projection are taken, degrees (about 100 m).
_STEP_DEG = 1e-3


@dataclass(frozen=True)
class MapPlane:
    """A map at a scale on a rectangle of paper.

    Attributes
    ----------
    epsg
        The projected system, axes in metres.
    scale
        Scale number: 1000 for 1:1000.
    centre
        (east, north) in metres of the middle of the map.
    rect
        The map on paper, millimetres.
    """

    epsg: int
    scale: int
    centre: tuple[float, float]
    rect: Rect

    @property
    def box_m(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) of the map in metres."""
        half_x = self.rect.width * self.scale / 2000
        half_y = self.rect.height * self.scale / 2000
        x, y = self.centre
        return x - half_x, y - half_y, x + half_x, y + half_y

    def outline(self) -> shapely.Polygon:
        """The map's rectangle as a polygon in degrees, EPSG:4490."""
        ring = shapely.segmentize(shapely.box(*self.box_m), (self.box_m[2] - self.box_m[0]) / 8)
        return to_cgcs2000(object_array([ring]), self.epsg)[0]

    def metres(self, shapes: ObjectArray) -> ObjectArray:
        """(n,) shapes in degrees as shapes in metres of the plane.

        Raises
        ------
        CrsError
            When a shape lies outside of where the system may be used.
        """
        return from_cgcs2000(shapely.force_2d(shapes), self.epsg)

    def on_paper(self, shapes: ObjectArray) -> ObjectArray:
        """(n,) shapes in metres as shapes in millimetres from the map's upper left corner, y down."""
        west, _, _, north = self.box_m
        factor = 1000.0 / self.scale

        def placed(at: FloatArray) -> FloatArray:
            return np.column_stack([(at[:, 0] - west) * factor, (north - at[:, 1]) * factor])

        return np.asarray(shapely.transform(shapes, placed), dtype=object)

    def true_north_deg(self) -> float:
        """Direction of true north at the middle of the map, degrees clockwise from grid north.

        The meridian convergence with the opposite sign: east of the central meridian true
        north lies to the left of grid north.
        """
        (lon, lat), (x0, y0) = self._middle()
        x1, y1 = transform([[lon, lat + _STEP_DEG]], 4490, self.epsg)[0].tolist()
        return math.degrees(math.atan2(x1 - x0, y1 - y0))

    def scale_factor(self) -> float:
        """Metres in the plane per metre on the ellipsoid at the middle of the map."""
        (lon, lat), (x0, y0) = self._middle()
        x1, y1 = transform([[lon + _STEP_DEG, lat]], 4490, self.epsg)[0].tolist()
        _, _, true_m = Geod(a=A_M, f=F).inv(lon, lat, lon + _STEP_DEG, lat)
        return math.hypot(x1 - x0, y1 - y0) / float(true_m)

    def _middle(self) -> tuple[tuple[float, float], tuple[float, float]]:
        lon, lat = transform([list(self.centre)], self.epsg, 4490)[0].tolist()
        return (lon, lat), self.centre


def system_for(polygon: shapely.Geometry, epsg: int | None) -> int:
    """The projected system of a city, or the Gauss-Krueger zone of a polygon in degrees.

    Raises
    ------
    CrsError
        When the city's system is not in metres, or there is no zone there.
    """
    if epsg is None:
        west, _, east, _ = polygon.bounds
        epsg = gauss_kruger_code((west + east) / 2)
    require_metric(epsg)
    return epsg


def system_title(epsg: int) -> str:
    """Name of a projected system for the edge of a map.

    Examples
    --------
    >>> system_title(4548)
    'CGCS2000 高斯-克吕格投影 3° 带，中央经线 117°E（EPSG:4548）'
    """
    name = CRS.from_epsg(epsg).name
    start = "CGCS2000 / 3-degree Gauss-Kruger CM "
    if name.startswith(start):
        meridian = name.removeprefix(start).removesuffix("E")
        return f"CGCS2000 高斯-克吕格投影 3° 带，中央经线 {meridian}°E（EPSG:{epsg}）"
    return f"{name}（EPSG:{epsg}）"


def plane_for(
    polygon_m: shapely.Geometry, epsg: int, rect: Rect, scale: int | None
) -> tuple[MapPlane, tuple[int, ...]]:
    """The plane that shows a polygon in the middle of `rect`, and all scale numbers that would.

    Parameters
    ----------
    polygon_m
        In metres of `epsg`.
    scale
        The scale number wanted; None for the largest scale that fits.

    Raises
    ------
    GeometryError
        When the polygon fits at no scale.
    InvalidError
        When it does not fit at the scale wanted, or there is no such scale.
    """
    west, south, east, north = polygon_m.bounds
    free = 1 - 2 * _BORDER
    fits = fitting(east - west, north - south, rect.width * free, rect.height * free)
    if not fits:
        raise GeometryError(
            "sheet.too_large",
            "选区宽 {got} km，一张图放不下",
            field="polygon",
            got=round(max(east - west, north - south) / 1000),
            hint="画小一些的选区，或换 A3 纸",
        )
    if scale is not None and scale not in fits:
        raise _does_not_fit(scale, fits) if scale in SCALES else _unknown_scale(scale)
    centre = (west + east) / 2, (south + north) / 2
    return MapPlane(epsg, scale or fits[0], centre, rect), fits


def _unknown_scale(scale: int) -> InvalidError:
    return InvalidError(
        "sheet.unknown_scale",
        "没有 1:{got} 这一档比例尺",
        field="scale",
        got=scale,
        expected=list(SCALES),
        hint="不填比例尺，就用放得下的最大一档",
    )


def _does_not_fit(scale: int, fits: tuple[int, ...]) -> InvalidError:
    return InvalidError(
        "sheet.bad_scale",
        "按 1:{got} 这张纸放不下选区，最大可用 1:{largest}",
        field="scale",
        got=scale,
        expected=list(fits),
        params={"largest": fits[0]},
        hint="换 A3 纸或小一些的比例",
    )
