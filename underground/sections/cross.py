"""Cross-section (横断面): what a line on the map cuts, where, how deep, how far apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gis.errors import GeometryError
from gis.index import SpatialIndex
from underground.axes import Axes, FloatArray, IntArray, axes_of
from underground.clearance.levels import levels
from underground.clearance.meetings import MEETING_M
from underground.clearance.pieces import closest_points
from underground.pipes import Pipes

#: A pipe cut at less than this angle is drawn as broad as at it: it runs along the section.
LEAST_CUT_DEG = 5.0


@dataclass(frozen=True)
class CrossSection:
    """Hits along a cut line, by chainage; metres, NaN where unknown.

    Attributes
    ----------
    length_m
        Of the cut line.
    pipe
        (n,) rows of the pipes.
    chainage, place
        (n,) metres along the cut, (n, 2) in plan.
    axis, bottom, top, ground, cover
        (n,) heights at the hit and ground less top.
    angle_deg
        (n,) between cut and pipe, 0 to 90.
    half_width
        (n,) half of the ellipse's width on the cut: half the outer width / sin(angle).
    spacing
        (n,) metres in plan between outer walls to the next hit along the cut; NaN at the last.
    """

    length_m: float
    pipe: IntArray
    chainage: FloatArray
    place: FloatArray
    axis: FloatArray
    bottom: FloatArray
    top: FloatArray
    ground: FloatArray
    cover: FloatArray
    angle_deg: FloatArray
    half_width: FloatArray
    spacing: FloatArray

    def __len__(self) -> int:
        return len(self.pipe)


def cross_section(pipes: Pipes, cut: Any) -> CrossSection:
    """What a line cuts.

    Parameters
    ----------
    pipes
        Metres in one plane.
    cut
        shapely LineString in the same plane; heights are not looked at. It may bend.

    Notes
    -----
    Heights are interpolated on each pipe at its own place. A pipe that touches the cut with its
    end is hit; one that runs along it is hit once, in the middle of the common stretch.

    Raises
    ------
    GeometryError
        The cut is no line.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from underground.frames import pipes_of_frame
    >>> line = shapely.from_wkt("LINESTRING Z (0 0 -1, 10 10 -2)")
    >>> frame = gpd.GeoDataFrame({"管径": ["200"]}, geometry=[line], crs=4548)
    >>> found = cross_section(pipes_of_frame(frame), shapely.LineString([(5, 0), (5, 9)]))
    >>> found.chainage.round(3).tolist(), found.axis.tolist(), found.half_width.round(4).tolist()
    ([5.0], [-1.5], [0.1414])
    """
    line = _cut_axis(cut)
    piece, share, chainage, angle = _hits(pipes, line)
    owner = pipes.axes.pieces[1][piece]
    order = np.lexsort((owner, chainage))
    piece, share, chainage, angle = piece[order], share[order], chainage[order], angle[order]
    owner = owner[order]
    bottom, axis, top = levels(pipes.solids, piece, share)
    start = pipes.axes.pieces[0][piece]
    ground = pipes.ground[start] + share * (pipes.ground[start + 1] - pipes.ground[start])
    a, b = pipes.axes.xyz[start, :2], pipes.axes.xyz[start + 1, :2]
    broad = np.maximum(np.sin(np.radians(angle)), np.sin(np.radians(LEAST_CUT_DEG)))
    half = pipes.solids.width[owner] / 2 / broad
    spacing = np.full(len(owner), np.nan)
    spacing[:-1] = np.diff(chainage) - half[:-1] - half[1:]
    return CrossSection(
        length_m=float(line.lengths(plan=True)[0]),
        pipe=owner,
        chainage=chainage,
        place=a + share[:, None] * (b - a),
        axis=axis,
        bottom=bottom,
        top=top,
        ground=ground,
        cover=ground - top,
        angle_deg=angle,
        half_width=half,
        spacing=spacing,
    )


def _cut_axis(cut: Any) -> Axes:
    axes = axes_of([cut])
    if len(axes) != 1 or not axes.lengths(plan=True)[0] > 0:
        raise GeometryError("section.no_line", "断面线没有长度", field="line")
    flat = axes.xyz.copy()
    flat[:, 2] = np.nan
    return Axes(flat, axes.first)


def _hits(pipes: Pipes, line: Axes) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """Pieces hit, shares along them, chainages on the cut, angles; once per meeting."""
    start, owner = pipes.axes.pieces
    a, b = pipes.axes.xyz[start, :2], pipes.axes.xyz[start + 1, :2]
    boxes = np.hstack([np.minimum(a, b), np.maximum(a, b)])
    cut_start = line.pieces[0]
    c, d = line.xyz[cut_start, :2], line.xyz[cut_start + 1, :2]
    windows = np.hstack([np.minimum(c, d), np.maximum(c, d)])
    if not len(start):
        none = np.empty(0)
        return np.empty(0, np.int64), none, none, none
    cut_piece, piece = SpatialIndex.build(boxes).windows(windows)
    share, on_cut, apart = closest_points(a[piece], b[piece], c[cut_piece], d[cut_piece])
    meets = apart <= MEETING_M
    piece, cut_piece = piece[meets], cut_piece[meets]
    share, on_cut = share[meets], on_cut[meets]
    stations = line.stations
    long = stations[cut_start + 1] - stations[cut_start]
    chainage = stations[cut_start[cut_piece]] + on_cut * long[cut_piece]
    u, v = (b - a)[piece], (d - c)[cut_piece]
    across = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    along = np.abs(u[:, 0] * v[:, 0] + u[:, 1] * v[:, 1])
    angle = np.degrees(np.arctan2(across, along))
    once = _once(owner[piece], chainage)
    return piece[once], share[once], chainage[once], angle[once]


def _once(owner: IntArray, chainage: FloatArray) -> IntArray:
    """Positions of hits, one where a cut through a vertex met two pieces of a pipe."""
    order = np.lexsort((chainage, owner))
    same = np.zeros(len(order), bool)
    same[1:] = (owner[order][1:] == owner[order][:-1]) & (
        np.diff(chainage[order]) <= 10 * MEETING_M
    )
    return order[~same]


def section_rows(section: CrossSection, pipes: Pipes) -> list[dict[str, Any]]:
    """Hits as JSON values, by chainage."""
    out = []
    for k, row in enumerate(section.pipe.tolist()):
        out.append(
            {
                "id": pipes.ids[row],
                "kind": pipes.kind[row],
                "material": pipes.material[row],
                "owner": pipes.owner[row],
                "width_m": _number(pipes.solids.width[row]),
                "height_m": _number(pipes.solids.height[row]),
                "box": bool(pipes.solids.is_box[row]),
                "size_assumed": bool(pipes.is_size_assumed[row]),
                **{
                    f"{name}_m": _number(getattr(section, name)[k])
                    for name in ("chainage", "axis", "bottom", "top", "ground", "cover")
                },
                "angle_deg": _number(section.angle_deg[k], 2),
                "half_width_m": _number(section.half_width[k]),
                "spacing_m": _number(section.spacing[k]),
                "sigma_z_m": _number(pipes.sigma_z[row]),
                "at": [_number(v) for v in section.place[k]],
            }
        )
    return out


def out_of_order(section: CrossSection, pipes: Pipes, ranks: dict[str, int]) -> list[bool]:
    """Which hits break the recommended order across the street (4.1.3).

    The order runs from the red line to the centre line, so that across a whole street it goes up
    and down again: the street is split where that leaves the fewest hits out of order.

    Examples
    --------
    >>> from types import SimpleNamespace as S
    >>> section = S(pipe=np.array([0, 1, 2]))
    >>> pipes = S(kind=np.array(["power", "sewer", "water"], object))
    >>> out_of_order(section, pipes, {"power": 1, "water": 3, "sewer": 7})
    [False, False, False]
    """
    rank = [ranks.get(pipes.kind[row]) for row in section.pipe.tolist()]
    known = [(k, r) for k, r in enumerate(rank) if r is not None]
    values = [r for _, r in known]
    best: set[int] = set()
    for split in range(len(values) + 1):
        kept = _longest_rising(values[:split])
        falling = _longest_rising(values[split:][::-1])
        both = kept | {len(values) - 1 - i for i in falling}
        best = max(best, both, key=len)
    good = {known[i][0] for i in best}
    return [r is not None and k not in good for k, r in enumerate(rank)]


def _longest_rising(values: list[int]) -> set[int]:
    """Positions of a longest run of values that never fall."""
    n = len(values)
    length, before = [1] * n, [-1] * n
    for i in range(n):
        for j in range(i):
            if values[j] <= values[i] and length[j] + 1 > length[i]:
                length[i], before[i] = length[j] + 1, j
    out: set[int] = set()
    i = max(range(n), key=length.__getitem__) if n else -1
    while i >= 0:
        out.add(i)
        i = before[i]
    return out


def _number(value: float, decimals: int = 4) -> float | None:
    return None if np.isnan(value) else round(float(value), decimals)
