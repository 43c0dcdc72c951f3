"""Where the parts of a sheet lie on paper. Millimetres from the upper left corner, y downwards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Paper(StrEnum):
    """Sizes of ISO 216 that office printers take."""

    A4 = "A4"
    A3 = "A3"


#: Short and long side in millimetres, ISO 216.
_SIZES = {Paper.A4: (210.0, 297.0), Paper.A3: (297.0, 420.0)}
MARGIN_MM = 10.0
TITLE_MM = 15.0
#: Room around the map for the coordinates of its grid.
EDGE_MM = 4.5
#: Below the map: scale bar, scale, reference system.
STRIP_MM = 11.0
GAP_MM = 3.0
_SIDE_MM = {Paper.A4: 64.0, Paper.A3: 84.0}
_BELOW_MM = {Paper.A4: 76.0, Paper.A3: 92.0}


@dataclass(frozen=True)
class Rect:
    """A rectangle on paper in millimetres, `x` and `y` of its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Arrangement:
    """The parts of a sheet.

    Attributes
    ----------
    width_mm, height_mm
        Of the paper as it is turned.
    title, map, strip, side, foot
        Title band; the map within its frame; scale bar and reference system; tables and legend;
        sources and notices.
    """

    width_mm: float
    height_mm: float
    title: Rect
    map: Rect
    strip: Rect
    side: Rect
    foot: Rect


def arrange(paper: Paper, *, landscape: bool, foot_mm: float) -> Arrangement:
    """Lay out a sheet: tables beside the map on wide paper, below it on tall paper.

    Parameters
    ----------
    foot_mm
        Height that sources and notices need, millimetres.

    Examples
    --------
    >>> wide = arrange(Paper.A4, landscape=True, foot_mm=12)
    >>> wide.width_mm, wide.map.width > wide.map.height
    (297.0, True)
    """
    short, long = _SIZES[paper]
    width, height = (long, short) if landscape else (short, long)
    inner = width - 2 * MARGIN_MM
    top = MARGIN_MM + TITLE_MM
    bottom = height - MARGIN_MM - foot_mm
    title = Rect(MARGIN_MM, MARGIN_MM, inner, TITLE_MM)
    foot = Rect(MARGIN_MM, bottom, inner, foot_mm)
    if landscape:
        side_width = _SIDE_MM[paper]
        map_width = inner - side_width - GAP_MM
        below = bottom - GAP_MM
        side = Rect(MARGIN_MM + map_width + GAP_MM, top, side_width, below - top)
    else:
        map_width = inner
        below = bottom - GAP_MM - _BELOW_MM[paper]
        side = Rect(MARGIN_MM, below, inner, _BELOW_MM[paper])
    framed = Rect(
        MARGIN_MM + EDGE_MM,
        top + EDGE_MM,
        map_width - 2 * EDGE_MM,
        below - top - STRIP_MM - 2 * EDGE_MM,
    )
    strip = Rect(framed.x, below - STRIP_MM, framed.width, STRIP_MM)
    return Arrangement(width, height, title, framed, strip, side, foot)
