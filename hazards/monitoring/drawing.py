"""A trace with its limits and, below it, a bar for each alarm, as SVG; the chart of alarm states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

import numpy as np

from hazards.monitoring.alarms import STATE_TITLES, TRANSITIONS, Alarm, AlarmState
from hazards.monitoring.observations import FloatArray, IntArray, micros
from hazards.monitoring.rules import KIND_TITLES, AlarmKind, Rule
from hazards.state_chart import FONT, Arrow, Box, draw_chart

_LEFT, _RIGHT, _TOP, _BAR = 150.0, 24.0, 44.0, 24.0
_PLOT, _WIDTH = 200.0, 1000.0
_UP, _BACK = "#a3171f", "#66727a"
_PLACES: dict[AlarmState | None, tuple[float, float, str]] = {
    None: (0, 1, "#0b6e4f"),
    AlarmState.SHELVED: (0, 0, "#66727a"),
    AlarmState.UNACKNOWLEDGED: (1.3, 0, "#a3171f"),
    AlarmState.ACKNOWLEDGED: (3.1, 0, "#8a4b00"),
    AlarmState.RETURNED: (1.3, 2, "#1f4e9e"),
    AlarmState.LATCHED: (3.1, 2, "#5b2a86"),
}
#: Where the words of long or crossing arrows stand on them.
_WORDS_AT: dict[tuple[AlarmState | None, AlarmState], float] = {
    (AlarmState.ACKNOWLEDGED, AlarmState.CLEARED): 0.3,
    (AlarmState.LATCHED, AlarmState.CLEARED): 0.3,
    (AlarmState.LATCHED, AlarmState.UNACKNOWLEDGED): 0.28,
    (AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED): 0.46,
    (AlarmState.RETURNED, AlarmState.UNACKNOWLEDGED): 0.16,
}


def draw_states() -> str:
    """The states of an alarm and the ways between them, from the table that the program holds.

    Examples
    --------
    >>> "复位" in draw_states()
    True
    """
    boxes = {
        _name(state): Box("正常" if state is None else STATE_TITLES[state].zh, x, y, colour)
        for state, (x, y, colour) in _PLACES.items()
    }
    arrows = [
        Arrow(_name(before), _name(after), cause.zh, _WORDS_AT.get((before, after), 0.5))
        for before, cause, after in TRANSITIONS
    ]
    return draw_chart(boxes, arrows, title="一条报警的状态（任一状态都可以搁置）")


def _name(state: AlarmState | None) -> str:
    """A cleared alarm is back where none is."""
    return "normal" if state in (None, AlarmState.CLEARED) else str(state)


@dataclass(frozen=True, eq=False)
class Trace:
    """Values of one stream by time; NaN and gaps longer than ``horizon_us`` break the line."""

    at_us: IntArray
    value: FloatArray
    horizon_us: int
    unit: str


@dataclass(frozen=True)
class _Sheet:
    begin_us: int
    end_us: int
    low: float
    high: float

    def x(self, us: float) -> float:
        share = (us - self.begin_us) / (self.end_us - self.begin_us)
        return _LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _TOP + _PLOT * (1 - (value - self.low) / (self.high - self.low))


def draw_trace(
    trace: Trace,
    rules: Sequence[Rule],
    alarms: Sequence[Alarm],
    begin: datetime,
    end: datetime,
    *,
    title: str,
) -> str:
    """A trace over time with the limits of `rules` and a row of bars for the alarms of each.

    A bar is solid while the alarm is up and open while it has returned and is not cleared; a
    tick marks when it was acknowledged. Times of the axis are those of `begin`'s zone.
    """
    limits = [r for r in rules if r.kind in (AlarmKind.HIGH, AlarmKind.LOW) and r.limit is not None]
    levels = [*trace.value[np.isfinite(trace.value)].tolist(), *(r.limit or 0.0 for r in limits)]
    low, high = min(levels, default=0.0), max(levels, default=1.0)
    room = (high - low or 1.0) * 0.08
    sheet = _Sheet(micros(begin), micros(end), low - room, high + room)
    height = _TOP + _PLOT + 30 + _BAR * len(rules) + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height:.0f}"'
        f' font-family="{FONT}" font-size="12" role="img"><title>{escape(title)}</title>',
        f'<rect width="{_WIDTH:.0f}" height="{height:.0f}" fill="#ffffff"/>',
        f'<text x="16" y="26" font-size="16" font-weight="700">{escape(title)}</text>',
        f'<text x="{_WIDTH - _RIGHT}" y="26" text-anchor="end" fill="#444">'
        "实心：报警中　空心：已恢复、未解除　▼：确认</text>",
        *_hours(sheet, begin, end, height),
        *(_limit(sheet, rule, trace.unit) for rule in limits),
        *_line(sheet, trace),
    ]
    for row, rule in enumerate(rules):
        y = _TOP + _PLOT + 30 + _BAR * row
        parts.append(
            f'<text x="{_LEFT - 10}" y="{y + 14:.0f}" text-anchor="end">'
            f"{escape(rule.name)} {KIND_TITLES[rule.kind].zh}</text>"
        )
        parts += [_bar(sheet, a, y) for a in alarms if a.rule == rule]
    return "\n".join([*parts, "</svg>"])


def _hours(sheet: _Sheet, begin: datetime, end: datetime, height: float) -> list[str]:
    step = max(1, round((end - begin) / timedelta(hours=12)))
    drawn = []
    hour = begin
    while hour <= end:
        x = sheet.x(micros(hour))
        told = "24:00" if hour == end and end - begin == timedelta(days=1) else f"{hour:%H:%M}"
        drawn.append(
            f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{height - 12:.0f}" stroke="#e3e7ea"/>'
            f'<text x="{x:.1f}" y="{_TOP + _PLOT + 18:.0f}" text-anchor="middle" fill="#444">'
            f"{told}</text>"
        )
        hour += timedelta(hours=step)
    return drawn


def _limit(sheet: _Sheet, rule: Rule, unit: str) -> str:
    y = sheet.y(rule.limit or 0.0)
    return (
        f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}" stroke="{_UP}"'
        ' stroke-dasharray="6 4"/>'
        f'<text x="{_LEFT - 10}" y="{y + 4:.1f}" text-anchor="end" fill="{_UP}">'
        f"{escape(rule.name)} {rule.limit:g} {escape(unit)}</text>"
    )


def _line(sheet: _Sheet, trace: Trace) -> list[str]:
    """Steps: a value holds until the next one, or until nobody knows."""
    drawn: list[str] = []
    path: list[str] = []
    for i, (at, value) in enumerate(zip(trace.at_us.tolist(), trace.value.tolist(), strict=True)):
        if value != value:
            drawn, path = _ended(drawn, path)
            continue
        nxt = int(trace.at_us[i + 1]) if i + 1 < len(trace.at_us) else sheet.end_us
        gap = trace.horizon_us > 0 and nxt - at > trace.horizon_us
        until = at + trace.horizon_us if gap else nxt
        y = sheet.y(value)
        path += [f"{sheet.x(at):.1f},{y:.1f}", f"{sheet.x(until):.1f},{y:.1f}"]
        if gap:
            drawn, path = _ended(drawn, path)
    return _ended(drawn, path)[0]


def _ended(drawn: list[str], path: list[str]) -> tuple[list[str], list[str]]:
    if not path:
        return drawn, []
    kept = [p for i, p in enumerate(path) if i == 0 or p != path[i - 1]]
    line = f'<polyline points="{" ".join(kept)}" fill="none" stroke="#1f4e9e"/>'
    return [*drawn, line], []


def _bar(sheet: _Sheet, alarm: Alarm, y: float) -> str:
    up = sheet.x(micros(alarm.raised_at))
    back = sheet.end_us if alarm.returned_at is None else micros(alarm.returned_at)
    end = sheet.end_us if alarm.cleared_at is None else micros(alarm.cleared_at)
    x1, x2 = max(sheet.x(back), up + 2.0), sheet.x(max(end, back))
    parts = [
        f'<rect x="{up:.1f}" y="{y:.0f}" width="{x1 - up:.1f}" height="18" fill="{_UP}">'
        f"<title>{escape(alarm.id)}</title></rect>"
    ]
    if x2 > x1:
        parts.append(
            f'<rect x="{x1:.1f}" y="{y + 5:.0f}" width="{x2 - x1:.1f}" height="8" fill="none"'
            f' stroke="{_BACK}"/>'
        )
    if alarm.acknowledged_at is not None:
        x = sheet.x(micros(alarm.acknowledged_at))
        parts.append(
            f'<path d="M{x - 4:.1f},{y - 3:.0f} h8 l-4,6 z" fill="#0b6e4f"><title>确认</title></path>'
        )
    return "".join(parts)
