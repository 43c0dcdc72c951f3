"""Sections as SVG: scaled, with kinds by colour and letter, gaps drawn as gaps."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from underground.kinds import KINDS
from underground.sections.labels import LINE, Box, Labels, text_width

_STYLES = {item.code: (item.colour or "#6b6b6b", item.mark or "?", item.title.zh) for item in KINDS}
_UNKNOWN = ("#6b6b6b", "?", "种类不明")
_FONT = "'Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
_HALO = {"paint_order": "stroke", "stroke": "#ffffff", "stroke_width": "3"}
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 20.0, 44.0, 98.0


@dataclass(frozen=True)
class _Sheet:
    """Scales of a drawing: metres to picture units."""

    x0: float
    x1: float
    z0: float
    z1: float
    width: float
    height: float

    def x(self, metres: float) -> float:
        share = (metres - self.x0) / ((self.x1 - self.x0) or 1.0)
        return _LEFT + share * (self.width - _LEFT - _RIGHT)

    def z(self, metres: float) -> float:
        share = (metres - self.z0) / ((self.z1 - self.z0) or 1.0)
        return self.height - _BOTTOM - share * (self.height - _TOP - _BOTTOM)

    @property
    def per_x(self) -> float:
        return (self.width - _LEFT - _RIGHT) / ((self.x1 - self.x0) or 1.0)

    @property
    def per_z(self) -> float:
        return (self.height - _TOP - _BOTTOM) / ((self.z1 - self.z0) or 1.0)


def draw_cross_section(
    rows: Sequence[dict[str, Any]],
    length_m: float,
    *,
    title: str = "横断面",
    width: float = 960.0,
    height: float = 520.0,
) -> str:
    """A cross-section as SVG text, from `cross.section_rows`.

    Pipes without a height stand on a line of their own above the drawing. Where a row has
    ``cover_limit_m`` the least cover is drawn below the ground as a dashed line.

    Examples
    --------
    >>> draw_cross_section([], 10.0).startswith("<svg")
    True
    """
    known = [r for r in rows if r["axis_m"] is not None]
    levels = [v for r in rows for v in (r["top_m"], r["bottom_m"], r["ground_m"]) if v is not None]
    sheet = _sheet(0.0, length_m, levels, width, height)
    parts = [_frame(sheet, title, has_levels=bool(levels))]
    grounds = [(r["chainage_m"], r["ground_m"]) for r in rows if r["ground_m"] is not None]
    parts.append(_ground(sheet, grounds))
    for row in rows:
        if row.get("cover_limit_m") is not None and row["ground_m"] is not None:
            parts.append(_limit(sheet, row))
    labels = Labels((0.0, _TOP - 12, width, height - _BOTTOM))
    parts += [_unknown(sheet, row, labels) for row in rows if row["axis_m"] is None]
    for row in known:
        labels.take(_outline(sheet, row))
    parts += [_pipe(sheet, row) for row in known]
    parts += [_label(sheet, row, labels) for row in known]
    parts.append(_spacings(sheet, rows))
    parts.append(_legend(sheet, [r["kind"] for r in rows]))
    return _svg(parts, width, height, title)


def draw_long_profile(
    profile: dict[str, list[dict[str, Any]]],
    length_m: float,
    *,
    title: str = "纵断面",
    width: float = 1080.0,
    height: float = 520.0,
) -> str:
    """A long profile as SVG text, from `long.profile_rows`; what is missing is left open.

    Examples
    --------
    >>> draw_long_profile({"vertices": [], "links": [], "crossing": [], "gaps": []}, 1.0)[:4]
    '<svg'
    """
    vertices, crossing = profile["vertices"], profile["crossing"]
    levels = [
        v
        for row in (*vertices, *crossing)
        for v in (row["top_m"], row["bottom_m"], row.get("invert_m"), row.get("ground_m"))
        if v is not None
    ]
    sheet = _sheet(0.0, length_m, levels, width, height)
    parts = [_frame(sheet, title, has_levels=bool(levels))]
    for name, colour, wide, dash in (
        ("ground_m", "#7a5c3e", 2.0, ""),
        ("top_m", "#1f4e9e", 1.6, ""),
        ("bottom_m", "#1f4e9e", 1.6, ""),
        ("axis_m", "#1f4e9e", 0.8, "6 3 1 3"),
        ("invert_m", "#0b7285", 1.0, "4 2"),
    ):
        parts.append(_lines(sheet, vertices, name, colour, wide, dash))
    parts += [_gap(sheet, gap) for gap in profile["gaps"]]
    parts += [_manhole(sheet, link, vertices) for link in profile["links"]]
    parts += [_crossing(sheet, row) for row in crossing]
    parts += [_slope(sheet, link) for link in profile["links"]]
    parts.append(
        _legend(sheet, [*(r["kind"] for r in crossing), *(r["kind"] for r in profile["links"])])
    )
    return _svg(parts, width, height, title)


def _sheet(x0: float, x1: float, levels: list[float], width: float, height: float) -> _Sheet:
    low, high = (min(levels), max(levels)) if levels else (0.0, 1.0)
    room = max(0.15 * (high - low), 0.3)
    return _Sheet(x0, x1, low - room, high + room, width, height)


def _svg(parts: list[str], width: float, height: float, title: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" font-family="{_FONT}" font-size="12">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>'
    )
    return head + "".join(parts) + "</svg>"


def _text(x: float, y: float, text: str, anchor: str = "middle", **more: str) -> str:
    extra = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in more.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(text)}</text>'


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, wide: float, dash: str = ""
) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="{wide:g}"{dashed}/>'
    )


def _frame(sheet: _Sheet, title: str, *, has_levels: bool) -> str:
    """Title, levels on the left where any is known, metres below."""
    parts = [_text(_LEFT, 22, title, "start", font_size="15", font_weight="600")]
    scale = f"竖向放大 {sheet.per_z / sheet.per_x:.1f} 倍" if has_levels else "高程都不明"
    parts.append(_text(sheet.width - _RIGHT, 22, scale, "end", fill="#555555"))
    floor = sheet.height - _BOTTOM
    for level in _ticks(sheet.z0, sheet.z1) if has_levels else ():
        y = sheet.z(level)
        parts.append(_line(_LEFT, y, sheet.width - _RIGHT, y, "#e3e3e3", 0.8))
        parts.append(_text(_LEFT - 8, y + 4, f"{level:g}", "end", fill="#333333"))
    for metres in _ticks(sheet.x0, sheet.x1):
        x = sheet.x(metres)
        parts.append(_line(x, floor, x, floor + 5, "#555555", 0.8))
        parts.append(_text(x, floor + 18, f"{metres:g}", fill="#333333"))
    parts.append(_line(_LEFT, floor, sheet.width - _RIGHT, floor, "#555555", 1))
    if has_levels:
        parts.append(_text(14, _TOP - 8, "高程 m", "start", fill="#333333"))
    parts.append(_text(sheet.width - _RIGHT, floor - 6, "里程 m", "end", fill="#333333", **_HALO))
    return "".join(parts)


def _ticks(low: float, high: float) -> list[float]:
    """Round values between two, at most about ten."""
    span = high - low
    if not span > 0:
        return [round(low, 3)]
    rough = span / 8
    power = 10.0 ** len(str(int(rough))) / 10 if rough >= 1 else 1.0
    while power > rough:
        power /= 10
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough)
    first = int(low / step) - 1
    values = [round((first + i) * step, 9) for i in range(int(span / step) + 4)]
    return [v for v in values if low <= v <= high]


def _ground(sheet: _Sheet, grounds: list[tuple[float, float]]) -> str:
    if not grounds:
        return ""
    ends = [(sheet.x0, grounds[0][1]), *grounds, (sheet.x1, grounds[-1][1])]
    points = " ".join(f"{sheet.x(c):.1f},{sheet.z(g):.1f}" for c, g in ends)
    return f'<polyline points="{points}" fill="none" stroke="#7a5c3e" stroke-width="2"/>'


def _limit(sheet: _Sheet, row: dict[str, Any]) -> str:
    y = sheet.z(row["ground_m"] - row["cover_limit_m"])
    x = sheet.x(row["chainage_m"])
    half = max((row["half_width_m"] or 0) * sheet.per_x, 14)
    return _line(x - half, y, x + half, y, "#b3261e", 1, "4 3")


def _outline(sheet: _Sheet, row: dict[str, Any]) -> Box:
    """Box of a pipe's section, true to scale and at least large enough to be seen."""
    x, y = sheet.x(row["chainage_m"]), sheet.z(row["axis_m"])
    wide = max((row["half_width_m"] or 0) * sheet.per_x, 4.0)
    tall = max((row["height_m"] or 0) / 2 * sheet.per_z, 4.0)
    return x - wide, y - tall, x + wide, y + tall


def _pipe(sheet: _Sheet, row: dict[str, Any]) -> str:
    """An ellipse or a box."""
    colour = _STYLES.get(row["kind"], _UNKNOWN)[0]
    x0, y0, x1, y1 = _outline(sheet, row)
    style = f'fill="{colour}" fill-opacity="0.35" stroke="{colour}" stroke-width="1.6"'
    if row["box"]:
        return (
            f'<rect x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" '
            f'height="{y1 - y0:.1f}" {style}/>'
        )
    return (
        f'<ellipse cx="{(x0 + x1) / 2:.1f}" cy="{(y0 + y1) / 2:.1f}" rx="{(x1 - x0) / 2:.1f}" '
        f'ry="{(y1 - y0) / 2:.1f}" {style}/>'
    )


def _label(sheet: _Sheet, row: dict[str, Any], labels: Labels) -> str:
    """Name and cover of a pipe: below it, above it, or at its side, where nothing stands yet."""
    mark = _STYLES.get(row["kind"], _UNKNOWN)[1]
    said = [f"{mark} {row['id']}"]
    if row["cover_m"] is not None:
        said.append(f"覆土 {row['cover_m']:.2f}")
    wide, tall = max(text_width(text) for text in said), LINE * len(said)
    x0, y0, x1, y1 = _outline(sheet, row)
    middle, height = (x0 + x1) / 2, (y0 + y1) / 2
    places = [
        (middle - wide / 2, y1 + 3),
        (middle - wide / 2, y0 - 3 - tall),
        (x1 + 5, height - tall / 2),
        (x0 - 5 - wide, height - tall / 2),
        *((middle - wide / 2, y1 + 3 + LINE * k) for k in (1, 2)),
        *((middle - wide / 2, y0 - 3 - tall - LINE * k) for k in (1, 2)),
    ]
    at = labels.place([(x, y, x + wide, y + tall) for x, y in places])
    x, y = places[at][0] + wide / 2, places[at][1] + 11
    return "".join(
        _text(x, y + LINE * k, text, fill=("#111111", "#444444")[k], **_HALO)
        for k, text in enumerate(said)
    )


def _unknown(sheet: _Sheet, row: dict[str, Any], labels: Labels) -> str:
    """A pipe whose height is not known: above the drawing, never at 0."""
    colour, mark, _ = _STYLES.get(row["kind"], _UNKNOWN)
    x, said = sheet.x(row["chainage_m"]), f"{mark} {row['id']} 高程不明"
    wide = text_width(said)
    lines = [_TOP + 4 + 16 * k for k in range(12)]
    places = [(left, y) for y in lines for left in (x + 9, x - 9 - wide)]
    at = labels.place(
        [(a - 16 * (a > x), y - 8, a + wide + 16 * (a < x), y + 7) for a, y in places]
    )
    left, y = places[at]
    down = _line(x, y + 8, x, sheet.height - _BOTTOM, colour, 1, "2 4")
    circle = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#ffffff" stroke="{colour}" '
        f'stroke-dasharray="2 2"/>'
    )
    return down + circle + _text(left, y + 4, said, "start", fill="#444444", **_HALO)


def _spacings(sheet: _Sheet, rows: Sequence[dict[str, Any]]) -> str:
    floor = sheet.height - _BOTTOM
    parts = []
    for row, following in itertools.pairwise(rows):
        if row["spacing_m"] is None:
            continue
        a, b = sheet.x(row["chainage_m"]), sheet.x(following["chainage_m"])
        if b - a > 34:
            parts.append(_line(a, floor + 42, b, floor + 42, "#888888", 0.8))
            parts.append(_text((a + b) / 2, floor + 56, f"{row['spacing_m']:.2f}", fill="#333333"))
    return "".join(parts)


def _legend(sheet: _Sheet, kinds: list[str | None]) -> str:
    parts, x = [], _LEFT
    for kind in dict.fromkeys(kinds):
        colour, mark, name = _STYLES.get(kind or "", _UNKNOWN)
        y = sheet.height - 10
        parts.append(f'<rect x="{x:.1f}" y="{y - 10:.1f}" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 17, y, f"{mark} {name}", "start", fill="#222222"))
        x += 34 + 13 * (len(name) + 1)
    return "".join(parts)


# -- long profiles -------------------------------------------------------------------------------


def _lines(
    sheet: _Sheet,
    vertices: Sequence[dict[str, Any]],
    name: str,
    colour: str,
    wide: float,
    dash: str,
) -> str:
    """Stretches of known levels; an unknown one ends the stretch."""
    runs: list[list[str]] = [[]]
    before = None
    for row in vertices:
        if row[name] is None or (before is not None and before["pipe"] != row["pipe"]):
            runs.append([])
        if row[name] is not None:
            runs[-1].append(f"{sheet.x(row['station_m']):.1f},{sheet.z(row[name]):.1f}")
        before = row
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return "".join(
        f'<polyline points="{" ".join(run)}" fill="none" stroke="{colour}" stroke-width="{wide:g}"{dashed}/>'
        for run in runs
        if len(run) > 1
    )


def _gap(sheet: _Sheet, gap: dict[str, Any]) -> str:
    """A veil over a stretch without levels; where the invert alone is missing, a word above it."""
    a, b = sheet.x(gap["from_m"]), sheet.x(gap["to_m"])
    if gap["missing"] == ["invert_m"]:
        said = "内底缺" if b - a > 44 else ""
        return _text((a + b) / 2, _TOP + 16, said, fill="#b3261e") if said else ""
    box = (
        f'<rect x="{a:.1f}" y="{_TOP:.1f}" width="{max(b - a, 1):.1f}" '
        f'height="{sheet.height - _TOP - _BOTTOM:.1f}" fill="#b3261e" fill-opacity="0.07"/>'
    )
    label = _text((a + b) / 2, _TOP + 16, "高程缺", fill="#b3261e") if b - a > 44 else ""
    return box + label


def _manhole(sheet: _Sheet, link: dict[str, Any], vertices: Sequence[dict[str, Any]]) -> str:
    """A line from the ground to the bottom at the start of each pipe."""
    at = [v for v in vertices if v["pipe"] == link["pipe"] and v["station_m"] == link["from_m"]]
    if not at or at[0]["ground_m"] is None or at[0]["bottom_m"] is None:
        return ""
    x = sheet.x(link["from_m"])
    return _line(x, sheet.z(at[0]["ground_m"]), x, sheet.z(at[0]["bottom_m"]), "#555555", 1.2)


def _crossing(sheet: _Sheet, row: dict[str, Any]) -> str:
    colour, mark, _ = _STYLES.get(row["kind"], _UNKNOWN)
    x = sheet.x(row["station_m"])
    if row["top_m"] is None or row["bottom_m"] is None:
        return _line(x, _TOP, x, sheet.height - _BOTTOM, colour, 1, "2 4") + _text(
            x + 4, _TOP + 30, f"{mark} {row['pipe']} 高程不明", "start", fill="#444444"
        )
    y, tall = (
        (sheet.z(row["top_m"]) + sheet.z(row["bottom_m"])) / 2,
        abs(sheet.z(row["top_m"]) - sheet.z(row["bottom_m"])) / 2,
    )
    wide = max((row["half_width_m"] or 0) * sheet.per_x, 3.0)
    return (
        f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{wide:.1f}" ry="{max(tall, 3):.1f}" '
        f'fill="{colour}" fill-opacity="0.35" stroke="{colour}" stroke-width="1.4"/>'
        + _text(x + wide + 3, y + 4, f"{mark} {row['pipe']}", "start", fill="#222222")
    )


def _slope(sheet: _Sheet, link: dict[str, Any]) -> str:
    a, b = sheet.x(link["from_m"]), sheet.x(link["to_m"])
    floor = sheet.height - _BOTTOM
    said = "坡度缺" if link["slope"] is None else f"{link['slope'] * 1000:.1f}‰"
    if b - a < text_width(said) + 8:
        return _line(a, floor, a, floor + 6, "#888888", 0.8)
    return _line(a, floor + 24, a, floor + 46, "#888888", 0.8) + _text(
        (a + b) / 2, floor + 40, f"{said}", fill="#333333"
    )
