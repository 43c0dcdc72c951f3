"""An evacuation as SVG: roads by the people on them, the zone, buildings, shelters, closures."""

from __future__ import annotations

from html import escape

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from hazards.evacuation.people import Buildings, Shelters
from hazards.evacuation.plan import Plan

FloatArray = npt.NDArray[np.float64]
_FONT = "'Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
_BORDER, _FOOT = 40.0, 64.0
_ROAD, _USED, _ZONE, _SHELTER, _SHUT = "#b9c0c4", "#0b6370", "#a3171f", "#1c6b45", "#7a0019"


def draw_plan(
    plan: Plan,
    buildings: Buildings,
    shelters: Shelters,
    zone: BaseGeometry,
    *,
    wind_from: float | None = None,
    title: str = "疏散",
    width: float = 860.0,
) -> str:
    """A plan as SVG text, north up.

    Colour is never the only sign: used roads are wide by their people, shelters are squares with
    people and room, houses without a way are crosses, closures are bars across the road.
    """
    view = _View(plan, zone, width)
    parts = [f'<text x="{_BORDER:g}" y="26" font-size="15">{escape(title)}</text>']
    parts.append(view.area(zone))
    load = plan.walk.load.sum(axis=0)
    parts += [view.road(line, 0.0) for line in plan.network.lines[load == 0]]
    most = max(float(load.max(initial=0.0)), 1.0)
    for edge in np.argsort(load, kind="stable"):
        if load[edge] > 0:
            parts.append(view.road(plan.network.lines[edge], float(load[edge]) / most))
    parts += [
        view.house(at, reason is None)
        for at, reason in zip(buildings.places_m, plan.reasons, strict=True)
    ]
    parts += [view.bar(plan, closure.place_m) for closure in plan.closures]
    taken = np.bincount(plan.flows.sink, plan.flows.units, minlength=len(plan.open_rows))
    for k, row in enumerate(plan.open_rows.tolist()):
        words = f"{int(taken[k])} / {int(shelters.capacity[row])}"
        parts.append(view.shelter(shelters.places_m[row], words))
    if wind_from is not None:
        parts.append(view.wind(wind_from))
    parts.append(view.legend())
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {view.height:.0f}" '
    head += f'width="{width:g}" height="{view.height:.0f}" role="img" font-family="{_FONT}" '
    return head + f'font-size="12"><title>{escape(title)}</title>' + "".join(parts) + "</svg>"


class _View:
    """From metres to the page."""

    def __init__(self, plan: Plan, zone: BaseGeometry, width: float) -> None:
        low = np.minimum(plan.network.xy.min(axis=0), zone.bounds[:2])
        high = np.maximum(plan.network.xy.max(axis=0), zone.bounds[2:])
        self.width = width
        self.scale = (width - 2 * _BORDER) / max(float(high[0] - low[0]), 1.0)
        self.left, self.top = float(low[0]), float(high[1])
        self.bottom = _BORDER + 8 + float(high[1] - low[1]) * self.scale
        self.height = self.bottom + _FOOT

    def at(self, metres: npt.ArrayLike) -> FloatArray:
        xy = np.asarray(metres, float).reshape(-1, 2)
        x = (xy[:, 0] - self.left) * self.scale + _BORDER
        y = (self.top - xy[:, 1]) * self.scale + _BORDER + 8
        return np.column_stack([x, y])

    def _points(self, metres: npt.ArrayLike) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.at(metres))

    def area(self, zone: BaseGeometry) -> str:
        rings = [p.exterior for p in shapely.get_parts(zone)]
        shape = '<polygon points="{}" fill="{}" fill-opacity="0.10" stroke="{}" stroke-dasharray="6 4"/>'
        return "".join(shape.format(self._points(r.coords), _ZONE, _ZONE) for r in rings)

    def road(self, line: shapely.LineString, share: float) -> str:
        colour, wide = (_ROAD, 1.2) if share == 0 else (_USED, 1.5 + 6.0 * share)
        points = self._points(line.coords)
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{wide:.1f}" stroke-linecap="round"/>'

    def house(self, place: FloatArray, has_way: bool) -> str:
        x, y = self.at(place)[0]
        if has_way:
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="#384147"/>'
        cross = f"M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8"
        return f'<path d="{cross}" stroke="{_SHUT}" stroke-width="2" fill="none"/>'

    def shelter(self, place: FloatArray, words: str) -> str:
        x, y = self.at(place)[0]
        box = f'<rect x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12" fill="{_SHELTER}" stroke="#ffffff"/>'
        side, shift = ("end", -10) if x > self.width - 120 else ("start", 10)
        return box + (
            f'<text x="{x + shift:.1f}" y="{y - 9:.1f}" text-anchor="{side}" stroke="#ffffff" '
            f'stroke-width="3" paint-order="stroke">{escape(words)}</text>'
        )

    def bar(self, plan: Plan, place: tuple[float, float]) -> str:
        """A bar across the road that passes a place."""
        point = shapely.Point(place)
        line = min(plan.network.lines, key=lambda one: one.distance(point))
        a, b = np.array(line.coords[0]), np.array(line.coords[-1])
        along = (b - a) / max(float(np.hypot(*(b - a))), 1e-9)
        x, y = self.at(place)[0]
        dx, dy = along[1] * 6, along[0] * 6
        return f'<path d="M{x - dx:.1f} {y - dy:.1f}L{x + dx:.1f} {y + dy:.1f}" stroke="{_SHUT}" stroke-width="3"/>'

    def wind(self, wind_from: float) -> str:
        """An arrow that points where the wind goes."""
        x, y = self.width - 70, 44.0
        arrow = (
            '<path d="M0 -18L0 14M-5 8L0 16L5 8" stroke="#384147" stroke-width="2" fill="none"/>'
        )
        return (
            f'<g transform="translate({x:.0f},{y:.0f}) rotate({wind_from:.0f})">{arrow}</g>'
            f'<text x="{x - 22:.0f}" y="{y + 4:.0f}" text-anchor="end">风</text>'
        )

    def legend(self) -> str:
        y = self.bottom + 30
        marks = (
            (f'<path d="M0 -4h24" stroke="{_USED}" stroke-width="5"/>', "路线（宽度按人数）"),
            (
                f'<rect x="6" y="-10" width="12" height="12" fill="{_SHELTER}"/>',
                "避难场所：人数 / 容量",
            ),
            ('<circle cx="12" cy="-4" r="2.4" fill="#384147"/>', "建筑"),
            (f'<path d="M8 -8l8 8m0 -8l-8 8" stroke="{_SHUT}" stroke-width="2"/>', "没有路"),
            (f'<path d="M12 -10v12" stroke="{_SHUT}" stroke-width="3"/>', "封路处"),
            (f'<path d="M0 -4h24" stroke="{_ZONE}" stroke-dasharray="6 4"/>', "影响范围"),
        )
        lengths = [42.0 + 11.5 * len(words) for _, words in marks]
        starts = _BORDER + np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
        return "".join(
            f'<g transform="translate({x:.0f},{y:.0f})">{mark}'
            f'<text x="30" y="0" font-size="11">{escape(words)}</text></g>'
            for x, (mark, words) in zip(starts.tolist(), marks, strict=True)
        )
