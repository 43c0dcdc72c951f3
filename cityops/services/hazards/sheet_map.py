"""The map of a situation sheet: quiet base, bands with hatch, numbered places. Millimetres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely

from cityops.services.layers import Reading
from cityops.services.roles import Person
from cityops.services.sheets.base import BaseMap, base_map
from cityops.services.sheets.drawing import path, path_data, svg
from cityops.services.sheets.labels import Board, Label, text_mm, write_names
from cityops.services.sheets.mapping import Tick, ticks
from cityops.services.sheets.plane import MapPlane
from cityops.services.sheets.scales import grid_step_m
from gis.features import object_array
from hazards.models import ModelKind

#: rank -> fill, line, dashes; the warning colours of the screen.
LOOK: dict[str, tuple[str, str, str]] = {
    "red": ("#7a0019", "#560012", ""),
    "orange": ("#e8820c", "#9a4f00", "2.2 1"),
    "yellow": ("#fff7a8", "#857000", "1.2 0.8"),
    "blue": ("#1f4e9e", "#153a78", "0.5 0.7"),
}
#: rank -> a tile of 4 mm that repeats without a seam: readable on a grey print.
_HATCH = {
    "red": '<path d="M0 0L4 4M4 0L0 4" stroke="#560012" stroke-width=".25"/>',
    "orange": '<path d="M-1 3L3 -1M1 5L5 1" stroke="#9a4f00" stroke-width=".4"/>',
    "yellow": '<circle cx="1" cy="1" r=".3" fill="#857000"/><circle cx="3" cy="3" r=".3" fill="#857000"/>',
    "blue": '<path d="M0 1H4M0 3H4" stroke="#153a78" stroke-width=".25"/>',
}
#: Where on its ring a zone says its name, and to which side the name lies from there: share of
#: the way round, counter-clockwise from the north; -1 is left.
_NAMED_AT = ((0.25, -1.0), (0.75, 1.0), (0.36, 0.0), (0.14, 0.0))
#: What the source is called where no site is.
_SOURCES = {
    ModelKind.BLAST: "爆炸位置",
    ModelKind.DISPERSION: "泄放位置",
    ModelKind.FIRE: "火球位置",
}
#: Size of a name in points, and its frame in millimetres.
_NAME_PT, _FRAME_MM = 8.5, 1.6


@dataclass(frozen=True)
class Mark:
    """A word in a frame on the map: a ring's radius, a place's number, the source's name."""

    x: float
    y: float
    text: str
    rank: str


@dataclass(frozen=True)
class SituationMap:
    """The map, ready for print.

    Attributes
    ----------
    svg
        The drawing, its unit the millimetre.
    marks, numbers
        Radii at their rings, and numbers of sensitive places.
    source
        Where the source is.
    """

    svg: str
    base: BaseMap
    labels: tuple[Label, ...]
    ticks: tuple[Tick, ...]
    grid_m: float
    marks: tuple[Mark, ...]
    numbers: tuple[Mark, ...]
    source: Mark


def outline_of(zone: Mapping[str, Any]) -> shapely.Polygon:
    """A zone's ring in degrees."""
    return shapely.Polygon(zone["geometry"]["coordinates"][0])


def swept_of(zone: Mapping[str, Any]) -> shapely.Polygon | None:
    """The ground in degrees that a zone sweeps while the wind turns; None where it does not."""
    found = zone.get("uncertainty")
    return None if found is None else outline_of(found)


def situation_map(
    now: Reading,
    person: Person,
    alternative: Mapping[str, Any],
    places: list[Mapping[str, Any]],
    run: Mapping[str, Any],
    plane: MapPlane,
) -> SituationMap:
    """Draw one alternative of a run; `places` are numbered from 1.

    Zones that are nowhere reached are not drawn.
    """
    zones = [zone for zone in alternative["zones"] if zone["geometry"] is not None]
    base = base_map(now, person, plane)
    width, height = plane.rect.width, plane.rect.height
    rings = plane.on_paper(plane.metres(object_array(outline_of(zone) for zone in zones))).tolist()
    ranks = [zone["rank"] for zone in zones]
    at = plane.on_paper(
        plane.metres(
            object_array(
                shapely.Point(spot["lon"], spot["lat"]) for spot in [run["place"], *places]
            )
        )
    ).tolist()
    source = Mark(at[0].x, at[0].y, _source_name(run), "")
    numbers = tuple(Mark(p.x, p.y, str(i), "") for i, p in enumerate(at[1:], 1))
    marks = tuple(
        _named(ring, zone, rank, i)
        for i, (ring, zone, rank) in enumerate(zip(rings, zones, ranks, strict=True))
    )
    board = Board(plane.rect)
    for mark in (*marks, source):
        half = _half_mm(mark.text)
        board.reserve(shapely.box(mark.x - half, mark.y - 3, mark.x + half, mark.y + 7))
    for mark in numbers:
        board.reserve(shapely.Point(mark.x, mark.y).buffer(2.5))
    write_names(board, base.names)
    step = grid_step_m(plane.scale)
    body = (
        f"<defs>{''.join(_pattern(rank) for rank in dict.fromkeys(ranks))}</defs>"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>{base.svg}'
        + "".join(_band(rings, i, rank) for i, rank in enumerate(ranks))
        + _swept(zones[-1], plane)
        + "".join(_numbered(mark) for mark in numbers)
        + _cross(source)
    )
    return SituationMap(
        svg(width, height, body),
        base,
        tuple(board.labels),
        ticks(plane, step),
        step,
        marks,
        numbers,
        source,
    )


def _source_name(run: Mapping[str, Any]) -> str:
    if run["site"]:
        return str(run["site"]["name"])
    return _SOURCES[ModelKind(run.get("kind", ModelKind.BLAST.value))]


def _named(ring: shapely.Polygon, zone: Mapping[str, Any], rank: str, number: int) -> Mark:
    """A zone's name at its ring: of a disc by turns around it, of a plume at its far end."""
    corners = shapely.get_coordinates(ring.exterior)
    share, side = _NAMED_AT[number % len(_NAMED_AT)]
    if zone.get("radius_m") is None:
        share, side = 0.5, 0.0
    x, y = corners[round(share * (len(corners) - 1))].tolist()
    return Mark(x + side * _half_mm(zone["told"]), y, zone["told"], rank)


def _swept(zone: Mapping[str, Any], plane: MapPlane) -> str:
    """The border of what the outermost zone sweeps while the wind turns; nothing for a disc."""
    ground = swept_of(zone)
    if ground is None:
        return ""
    data = path_data(plane.on_paper(plane.metres(object_array([ground]))))
    return path(data, stroke="#14191c", stroke_width=0.35, stroke_dasharray="1.6 1")


def _half_mm(text: str) -> float:
    return text_mm(text, _NAME_PT) / 2 + _FRAME_MM


def _pattern(rank: str) -> str:
    return (
        f'<pattern id="hatch-{rank}" width="4" height="4" patternUnits="userSpaceOnUse">'
        f"{_HATCH[rank]}</pattern>"
    )


def _band(rings: list[shapely.Polygon], number: int, rank: str) -> str:
    """A zone without the stronger one in it, with its border."""
    ring = rings[number]
    band = ring if number == 0 else ring.difference(rings[number - 1])
    fill, line, dashes = LOOK[rank]
    data, edge = path_data(object_array([band])), path_data(object_array([ring]))
    opacity = 0.3 if rank == "yellow" else 0.16
    more = {"stroke_dasharray": dashes} if dashes else {}
    return (
        path(data, fill=fill, fill_opacity=opacity, fill_rule="evenodd")
        + path(data, fill=f"url(#hatch-{rank})", fill_opacity=0.5, fill_rule="evenodd")
        + path(edge, stroke="#ffffff", stroke_width=1.0)
        + path(edge, stroke=line, stroke_width=0.55, **more)
    )


def _numbered(mark: Mark) -> str:
    return (
        f'<circle cx="{mark.x:.3f}" cy="{mark.y:.3f}" r="2.2" fill="#ffffff"'
        ' stroke="#14191c" stroke-width=".4"/>'
    )


def _cross(mark: Mark) -> str:
    x, y = mark.x, mark.y
    return (
        f'<circle cx="{x:.3f}" cy="{y:.3f}" r="2.6" fill="#ffffff" stroke="#7a0019" stroke-width=".5"/>'
        + path(
            f"M{x - 1.2:.3f} {y - 1.2:.3f}L{x + 1.2:.3f} {y + 1.2:.3f}"
            f"M{x + 1.2:.3f} {y - 1.2:.3f}L{x - 1.2:.3f} {y + 1.2:.3f}",
            stroke="#7a0019",
            stroke_width=0.6,
        )
    )
