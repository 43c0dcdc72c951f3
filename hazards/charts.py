"""Curves as SVG: what a model says over its range, for pages and sheets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from gis.errors import InvalidError

#: Okabe and Ito's colours, apart for the colour-blind; dashes tell the curves apart as well.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000")
_DASHES = ("", "8 4", "2 4", "10 3 2 3", "5 2")
_FONT = "'Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
_WIDE, _HIGH = 760.0, 420.0
_LEFT, _RIGHT, _TOP, _FOOT = 74.0, 36.0, 40.0, 52.0
_MOST_TICKS = 6


@dataclass(frozen=True)
class Curve:
    """A named line through points; those that are not finite are gaps."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Axis:
    """Words under an axis, and whether its scale is logarithmic."""

    title: str
    is_log: bool = False


def line_chart(
    title: str,
    x: Axis,
    y: Axis,
    curves: Sequence[Curve],
    *,
    true: bool = False,
    legend_left: bool = False,
) -> str:
    """An SVG of curves with axes, ticks and a legend.

    Parameters
    ----------
    true
        One metre is as long along either axis: for plans.
    legend_left
        Names stand in the upper left corner, else in the upper right one.

    Raises
    ------
    InvalidError
        ``chart.empty`` when there is nothing to draw.

    Examples
    --------
    >>> line_chart("t", Axis("x"), Axis("y"), [Curve("a", ((0.0, 0.0), (1.0, 2.0)))])[:4]
    '<svg'
    """
    frame = _Frame.around(curves, x, y, true=true)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE:g} {_HIGH:g}" '
        f'width="{_WIDE:g}" height="{_HIGH:g}" role="img" font-family="{_FONT}" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDE:g}" height="{_HIGH:g}" fill="#ffffff"/>',
        _text(_LEFT, 24.0, title, size=15),
        *_grid(frame, x, y),
        *(_curve(frame, curve, i) for i, curve in enumerate(curves)),
        *_legend(curves, left=legend_left),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


@dataclass(frozen=True)
class _Frame:
    """Where values lie on the paper."""

    low: tuple[float, float]
    high: tuple[float, float]
    logs: tuple[bool, bool]

    @classmethod
    def around(cls, curves: Sequence[Curve], x: Axis, y: Axis, *, true: bool) -> _Frame:
        logs = (x.is_log, y.is_log)
        good = [
            (_scaled(a, logs[0]), _scaled(b, logs[1]))
            for curve in curves
            for a, b in curve.points
            if math.isfinite(a) and math.isfinite(b)
        ]
        if len(good) < 2:
            raise InvalidError("chart.empty", "没有可画的数据")
        low = [min(p[i] for p in good) for i in (0, 1)]
        high = [max(p[i] for p in good) for i in (0, 1)]
        for i in (0, 1):
            if high[i] - low[i] <= 0:
                low[i], high[i] = low[i] - 0.5, high[i] + 0.5
            if logs[i]:
                low[i], high[i] = math.floor(low[i] + 1e-9), math.ceil(high[i] - 1e-9)
        if true:
            tall = (high[0] - low[0]) * (_HIGH - _TOP - _FOOT) / (_WIDE - _LEFT - _RIGHT)
            if tall >= high[1] - low[1]:
                middle = 0.5 * (low[1] + high[1])
                low[1], high[1] = middle - tall / 2, middle + tall / 2
        return cls((low[0], low[1]), (high[0], high[1]), logs)

    def x(self, value: float) -> float:
        share = (_scaled(value, self.logs[0]) - self.low[0]) / (self.high[0] - self.low[0])
        return _LEFT + share * (_WIDE - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (_scaled(value, self.logs[1]) - self.low[1]) / (self.high[1] - self.low[1])
        return _HIGH - _FOOT - share * (_HIGH - _TOP - _FOOT)


def _scaled(value: float, is_log: bool) -> float:
    return math.log10(value) if is_log else value


def _ticks(low: float, high: float, is_log: bool) -> list[float]:
    """Values at round steps; of logarithms, whole powers of ten."""
    if is_log:
        every = max(1, math.ceil((high - low) / _MOST_TICKS))
        return [10.0**n for n in range(round(low), round(high) + 1, every)]
    rough = (high - low) / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _grid(frame: _Frame, x: Axis, y: Axis) -> list[str]:
    left, right, top, foot = _LEFT, _WIDE - _RIGHT, _TOP, _HIGH - _FOOT
    parts = []
    for value in _ticks(frame.low[0], frame.high[0], x.is_log):
        at = frame.x(value)
        parts += [
            _line(at, top, at, foot, "#e3e3e3"),
            _text(at, foot + 18, _words(value), "middle"),
        ]
    for value in _ticks(frame.low[1], frame.high[1], y.is_log):
        at = frame.y(value)
        parts += [
            _line(left, at, right, at, "#e3e3e3"),
            _text(left - 6, at + 4, _words(value), "end"),
        ]
    parts += [_line(left, foot, right, foot, "#555555"), _line(left, top, left, foot, "#555555")]
    parts.append(_text((left + right) / 2, _HIGH - 12, x.title, "middle"))
    parts.append(_text(16.0, (top + foot) / 2, y.title, "middle", turn=True))
    return parts


def _curve(frame: _Frame, curve: Curve, number: int) -> str:
    words, pen_down = [], False
    for a, b in curve.points:
        if not (math.isfinite(a) and math.isfinite(b)):
            pen_down = False
            continue
        words.append(f"{'L' if pen_down else 'M'}{frame.x(a):.1f} {frame.y(b):.1f}")
        pen_down = True
    return (
        f'<path d="{"".join(words)}" fill="none" stroke="{COLOURS[number % len(COLOURS)]}" '
        f'stroke-width="2" stroke-dasharray="{_DASHES[number % len(_DASHES)]}"/>'
    )


def _legend(curves: Sequence[Curve], *, left: bool) -> list[str]:
    parts = []
    for i, curve in enumerate(curves):
        y = _TOP + 16.0 + 18.0 * i
        colour, dash = COLOURS[i % len(COLOURS)], _DASHES[i % len(_DASHES)]
        x = _LEFT + 46.0 if left else _WIDE - _RIGHT - 12.0
        parts.append(
            f'<line x1="{x - 34:.1f}" y1="{y - 4:.1f}" x2="{x:.1f}" y2="{y - 4:.1f}" '
            f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        parts.append(_text(x + 6, y, curve.name) if left else _text(x - 40, y, curve.name, "end"))
    return parts


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        'stroke-width="0.8"/>'
    )


def _text(
    x: float, y: float, words: str, anchor: str = "start", *, size: int = 12, turn: bool = False
) -> str:
    how = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turn else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="#222222" '
        f'paint-order="stroke" stroke="#ffffff" stroke-width="3"{how}>{escape(words)}</text>'
    )


def _words(value: float) -> str:
    return (
        f"{value:,.7g}"
        if abs(value) < 1e7 and (value == 0 or abs(value) >= 1e-3)
        else f"{value:.0e}"
    )
