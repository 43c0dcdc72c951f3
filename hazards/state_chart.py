"""Charts of states as SVG: boxes in a grid, arrows between them, each with its cause."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

FONT = "'Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
_BOX = (132.0, 46.0)
_STEP = (236.0, 128.0)
_EDGE = (96.0, 84.0)
#: Two arrows between the same boxes run so far beside each other.
_APART = 11.0


@dataclass(frozen=True)
class Box:
    """A state: its words, its place in the grid (column, row), its colour."""

    title: str
    column: float
    row: float
    colour: str = "#1f4e9e"


@dataclass(frozen=True)
class Arrow:
    """A way from one box to another, by their names; ``at`` is where its words stand, 0 to 1."""

    start: str
    end: str
    title: str
    at: float = 0.5


def draw_chart(boxes: Mapping[str, Box], arrows: Sequence[Arrow], *, title: str) -> str:
    """A chart of states as SVG text.

    Raises
    ------
    KeyError
        For an arrow to a box that is not there.

    Examples
    --------
    >>> two = {"a": Box("甲", 0, 0), "b": Box("乙", 1, 0)}
    >>> draw_chart(two, [Arrow("a", "b", "走")], title="例").startswith("<svg")
    True
    """
    width = max(_place(box)[0] for box in boxes.values()) + _EDGE[0]
    height = max(_place(box)[1] for box in boxes.values()) + _EDGE[1] * 0.6
    pairs = {(arrow.start, arrow.end) for arrow in arrows}
    lines, words = [], []
    for arrow in arrows:
        aside = _APART if (arrow.end, arrow.start) in pairs else 0.0
        ends = _ends(boxes[arrow.start], boxes[arrow.end], aside)
        lines.append(_line(ends))
        words.append(_words(ends, arrow))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
            f' font-family="{FONT}" role="img"><title>{escape(title)}</title>',
            '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8"'
            ' markerHeight="8" orient="auto"><path d="M0,1 L10,5 L0,9 z" fill="#444"/></marker></defs>',
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
            f'<text x="16" y="28" font-size="16" font-weight="700">{escape(title)}</text>',
            *lines,
            *map(_drawn, boxes.values()),
            *words,
            "</svg>",
        ]
    )


Ends = tuple[float, float, float, float]


def _line(ends: Ends) -> str:
    x1, y1, x2, y2 = ends
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#444"'
        ' stroke-width="1.4" marker-end="url(#tip)"/>'
    )


def _words(ends: Ends, arrow: Arrow) -> str:
    x1, y1, x2, y2 = ends
    x, y = x1 + (x2 - x1) * arrow.at, y1 + (y2 - y1) * arrow.at
    return (
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-size="13" fill="#222"'
        f' stroke="#ffffff" stroke-width="5" paint-order="stroke">{escape(arrow.title)}</text>'
    )


def _place(box: Box) -> tuple[float, float]:
    return _EDGE[0] + box.column * _STEP[0], _EDGE[1] + box.row * _STEP[1]


def _drawn(box: Box) -> str:
    x, y = _place(box)
    return (
        f'<rect x="{x - _BOX[0] / 2:.1f}" y="{y - _BOX[1] / 2:.1f}" width="{_BOX[0]}"'
        f' height="{_BOX[1]}" rx="8" fill="#ffffff" stroke="{box.colour}" stroke-width="2.4"/>'
        f'<text x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle" font-size="14"'
        f' fill="{box.colour}" font-weight="600">{escape(box.title)}</text>'
    )


def _ends(one: Box, other: Box, aside: float) -> Ends:
    """Where an arrow leaves one box and meets the other, moved aside by so much."""
    (x1, y1), (x2, y2) = _place(one), _place(other)
    dx, dy = x2 - x1, y2 - y1
    length = math.hypot(dx, dy)
    side_x, side_y = -dy / length * aside, dx / length * aside
    share = min(
        (_BOX[0] / 2 + 3) / abs(dx) if dx else 1.0, (_BOX[1] / 2 + 3) / abs(dy) if dy else 1.0
    )
    return (
        x1 + dx * share + side_x,
        y1 + dy * share + side_y,
        x2 - dx * share + side_x,
        y2 - dy * share + side_y,
    )
