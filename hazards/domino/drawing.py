"""Domino effects as SVG: rings of the thresholds, and sites by what the charge does to them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from hazards.domino.escalation import Hit, Site
from hazards.domino.thresholds import Threshold

_FONT = "'Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
_RING, _SET_OFF, _SAFE, _OPEN = "#a3171f", "#7a0019", "#0b6370", "#66727a"


def draw_domino(
    rings: Sequence[tuple[Threshold, float]],
    hits: Sequence[Hit],
    sites: Sequence[Site],
    *,
    title: str = "多米诺",
    size: float = 560.0,
) -> str:
    """A plan as SVG text, north up, the first source in the middle.

    Set off: filled square; not: hollow circle; undecided: a question mark. Lines lead from what
    explodes to what it sets off.
    """
    reach = max([radius for _, radius in rings] + [math.hypot(s.x_m, s.y_m) for s in sites]) * 1.12
    scale, middle = size / (2 * reach), size / 2

    def at(x_m: float, y_m: float) -> tuple[float, float]:
        return middle + x_m * scale, middle + 34 - y_m * scale

    x0, y0 = at(0.0, 0.0)
    parts = [f'<text x="16" y="24" font-size="15">{escape(title)}</text>']
    for row, radius in rings:
        words = f"{row.equipment.words.zh} {row.value / 1000:g} kPa：{radius:.0f} m"
        parts.append(
            f'<circle cx="{x0:.1f}" cy="{y0:.1f}" r="{radius * scale:.1f}" fill="{_RING}" '
            f'fill-opacity="0.06" stroke="{_RING}" stroke-dasharray="6 4"/>'
            f'<text x="{x0:.1f}" y="{y0 - radius * scale - 5:.1f}" text-anchor="middle" '
            f'fill="{_RING}" font-size="11">{escape(words)}</text>'
        )
    for hit in hits:
        site = sites[hit.site]
        x, y = at(site.x_m, site.y_m)
        if hit.exceeded:
            a, b = (x0, y0) if hit.source < 0 else at(sites[hit.source].x_m, sites[hit.source].y_m)
            parts.append(f'<path d="M{a:.1f} {b:.1f}L{x:.1f} {y:.1f}" stroke="{_SET_OFF}"/>')
    parts.append(f'<circle cx="{x0:.1f}" cy="{y0:.1f}" r="6" fill="{_RING}"/>')
    for hit in hits:
        x, y = at(sites[hit.site].x_m, sites[hit.site].y_m)
        parts.append(_mark(hit, sites[hit.site], x, y, to_left=x > size - 150))
    height = size + 44
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size:g} {height:g}" width="{size:g}" '
        f'height="{height:g}" role="img" font-family="{_FONT}" font-size="12">'
        f"<title>{escape(title)}</title>" + "".join(parts) + "</svg>"
    )


def _mark(hit: Hit, site: Site, x: float, y: float, *, to_left: bool) -> str:
    kind = "类别未知" if site.equipment is None else site.equipment.words.zh
    words = (
        f"{site.id}（{kind}，第 {hit.generation} 级）" if hit.exceeded else f"{site.id}（{kind}）"
    )
    side, anchor = (-1, "end") if to_left else (1, "start")
    text = (
        f'<text x="{x + side * 9:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}" stroke="#ffffff" stroke-width="3" '
        f'paint-order="stroke">{escape(words)}</text>'
    )
    if hit.exceeded:
        return f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" fill="{_SET_OFF}"/>{text}'
    if hit.exceeded is None:
        return f'<text x="{x - 4:.1f}" y="{y + 5:.1f}" font-size="15" fill="{_OPEN}">?</text>{text}'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#ffffff" stroke="{_SAFE}" stroke-width="2"/>{text}'
