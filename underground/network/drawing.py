"""An isolation as SVG: the closed part, its valves, and what loses its water."""

from __future__ import annotations

from html import escape

import numpy as np

from underground.network.isolation import Isolation
from underground.network.model import Network
from underground.network.valves import ValveLayer

_FONT = "'Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
_BORDER = 48.0
_CLOSED, _LOST, _ALIVE = "#d55e00", "#7a0019", "#0072b2"


def draw_isolation(
    network: Network,
    valves: ValveLayer,
    found: Isolation,
    burst: int,
    *,
    title: str = "关阀",
    width: float = 860.0,
) -> str:
    """A plan of the network as SVG text; links without places at both ends are left out.

    Colour is never the only sign: the closed part is thick, what loses its water dashed, valves
    to close are filled and numbered in their order, others hollow.
    """
    xy = network.xyz[:, :2]
    known = np.asarray(~np.isnan(xy).any(axis=1) & (network.degrees > 0), bool)
    if not known.any():
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><title>'
            f"{escape(title)}</title></svg>"
        )
    low, high = xy[known].min(axis=0), xy[known].max(axis=0)
    span = np.maximum(high - low, 1e-9)
    scale = (width - 2 * _BORDER) / float(span[0] if span[0] > 1e-6 else span[1])
    height = float(span[1]) * scale + 2 * _BORDER + 40
    at = np.column_stack(
        [(xy[:, 0] - low[0]) * scale + _BORDER, (high[1] - xy[:, 1]) * scale + _BORDER + 24]
    )
    parts = [_text(_BORDER, 26, title, "start", "15")]
    closed, lost = set(found.links.tolist()), set(found.unintended_links.tolist())
    for k in range(len(network.links)):
        if known[network.tail[k]] and known[network.head[k]]:
            parts.append(_link(at, network, k, k in closed, k in lost))
    parts += [_node(at[n], bool(network.is_source[n])) for n in np.flatnonzero(known).tolist()]
    numbers = {int(v): i + 1 for i, v in enumerate(found.close.tolist())}
    parts += [_valve(at, network, valves, v, numbers.get(v)) for v in range(len(valves))]
    middle = (at[network.tail[burst]] + at[network.head[burst]]) / 2
    parts.append(_burst(middle))
    parts.append(_legend(height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:.0f}" '
        f'width="{width:g}" height="{height:.0f}" role="img" font-family="{_FONT}" font-size="12">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{width:g}" height="{height:.0f}" fill="#ffffff"/>'
        + "".join(parts)
        + "</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str = "middle", size: str = "12") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="#111111" paint-order="stroke" stroke="#ffffff" stroke-width="3">{escape(text)}</text>'
    )


def _link(at: np.ndarray, network: Network, k: int, closed: bool, lost: bool) -> str:
    (x1, y1), (x2, y2) = at[network.tail[k]], at[network.head[k]]
    colour = _CLOSED if closed else _LOST if lost else _ALIVE
    wide = 6 if closed else 3.5 if lost else 2.5
    dash = ' stroke-dasharray="7 5"' if lost else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{wide:g}"{dash}/>'
    )


def _node(place: np.ndarray, is_source: bool) -> str:
    x, y = place
    if is_source:
        return (
            f'<rect x="{x - 8:.1f}" y="{y - 8:.1f}" width="16" height="16" fill="{_ALIVE}"/>'
            + _text(x, y - 13, "水源")
        )
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#333333"/>'


def _valve(at: np.ndarray, network: Network, valves: ValveLayer, v: int, number: int | None) -> str:
    """Two triangles on the link, a fifth of its length from the node."""
    link, node = int(valves.link[v]), int(valves.node[v])
    other = int(network.head[link] if network.tail[link] == node else network.tail[link])
    x, y = at[node] + 0.2 * (at[other] - at[node])
    if np.isnan(x):
        return ""
    fill = "#111111" if number is not None else "#ffffff"
    shape = (
        f'<path d="M{x - 8:.1f} {y - 6:.1f} L{x + 8:.1f} {y + 6:.1f} L{x + 8:.1f} {y - 6:.1f} '
        f'L{x - 8:.1f} {y + 6:.1f} Z" fill="{fill}" stroke="#111111" stroke-width="1.3"/>'
    )
    if number is None:
        return shape
    across, down = np.abs(at[other] - at[node])
    beside = down > across  # the number of a valve on an upright link stands beside it
    return shape + _text(x + 15 if beside else x, y + 4 if beside else y - 11, str(number))


def _burst(place: np.ndarray) -> str:
    x, y = place
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="#ffffff" stroke="{_LOST}" stroke-width="3"/>'
        + _text(x, y + 4, "!", size="14")
        + _text(x, y + 26, "爆管")
    )


def _legend(height: float) -> str:
    y = height - 14
    parts = []
    for x, colour, wide, dash, label in (
        (_BORDER, _CLOSED, 6, "", "关断范围"),
        (_BORDER + 150, _LOST, 3.5, ' stroke-dasharray="7 5"', "另外断水"),
        (_BORDER + 300, _ALIVE, 2.5, "", "仍有水"),
    ):
        parts.append(
            f'<line x1="{x:.0f}" y1="{y - 4:.1f}" x2="{x + 40:.0f}" y2="{y - 4:.1f}" '
            f'stroke="{colour}" stroke-width="{wide:g}"{dash}/>'
        )
        parts.append(_text(x + 50, y, label, "start"))
    return "".join(parts)
