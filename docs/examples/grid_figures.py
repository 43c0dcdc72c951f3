"""Draw the figures of the pages on clock, workflow, routing and evaluation from the tables."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from html import escape
from pathlib import Path

from grid.classes import GB_SCHEME, ClassKey
from grid.clock.calendar import CITY_ZONE, DayKind
from grid.clock.limit import limit_of
from grid.clock.shipped import shipped_calendars
from grid.clock.stretches import stretches
from grid.duty import departments
from grid.evaluation.composites import shipped_composites
from grid.evaluation.figures import COUNT_OF, RATE_OF
from grid.flow.states import ACTION_TITLES, POST_TITLES, STATE_TITLES
from grid.flow.table import INDEX
from grid.origin import Confidence, Origin
from grid.routing.decide import BORDER_M, Near, Situation, decide
from grid.routing.rules import DutyRule, RuleBook, shipped_rules
from grid.schemes.shipped import shipped_schemes

FIGURES = Path(__file__).parent.parent / "figures"
INK, FAINT, BLUE, PALE, RED, GREEN = (
    *("#1d2b36", "#6b7a86", "#1f6fb2", "#d7e6f3", "#b3372d", "#2c7a4b"),
)
FORMS = {
    "share": (BLUE, "取值"),
    "complement": (GREEN, "1 − 取值"),
    "bands": ("#8a6d1f", "按件数分档"),
}

NAMES = {
    "department": "部门",
    "area": "区域",
    "collector": "监督员",
    "acceptor": "受理员",
    "filer": "值班长",
    "dispatcher": "派遣员",
    "department_yuncheng": "部门（运城）",
}


class Drawing:
    """An SVG drawing that is put together element by element."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self._size = width, height
        self._parts = [f"<title>{escape(title)}</title>", self._box(0, 0, width, height, "#ffffff")]
        self.text(16, 26, title, size=16, bold=True)

    @staticmethod
    def _box(x: float, y: float, w: float, h: float, fill: str, stroke: str = "none") -> str:
        return (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" '
            f'fill="{fill}" stroke="{stroke}"/>'
        )

    def box(self, x: float, y: float, w: float, h: float, fill: str, stroke: str = "none") -> None:
        """A rectangle."""
        self._parts.append(self._box(x, y, w, h, fill, stroke))

    def line(self, x: float, y: float, x2: float, y2: float, colour: str, dash: str = "") -> None:
        """A line."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" stroke-width="1.5"{dashes}/>'
        )

    def dot(self, x: float, y: float, r: float, fill: str) -> None:
        """A filled circle."""
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}"/>')

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: int = 12,
        colour: str = INK,
        anchor: str = "start",
        bold: bool = False,
        turn: int = 0,
    ) -> None:
        """Words."""
        weight = ' font-weight="bold"' if bold else ""
        turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}"{weight}{turned}>{escape(words)}</text>'
        )

    def svg(self) -> str:
        """The drawing."""
        width, height = self._size
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="sans-serif">'
        )
        return "\n".join([head, *self._parts, "</svg>"])


def clock_figure() -> str:
    """A limit of two working days over Spring Festival, what counted of each day."""
    book = shipped_calendars()
    calendar = book.calendar()
    start = datetime(2026, 2, 13, 15, 0, tzinfo=CITY_ZONE)
    limit = limit_of(2, "work_day")
    due = book.due(start, limit)
    drawing = Drawing(760, 470, f"{limit.told}，{start:%m-%d %H:%M} 起算，{due:%m-%d %H:%M} 届满")
    left, top, hour, row = 190, 64, 22.0, 28
    for clock in range(0, 25, 4):
        drawing.text(left + clock * hour, top - 8, f"{clock}", colour=FAINT, anchor="middle")
    counted = [p for p in stretches(book, start, due, limit) if p.counted]
    for at in range((due.date() - start.date()).days + 1):
        day = start.date() + timedelta(days=at)
        y = top + at * row
        drawing.text(16, y + 18, f"{day:%m-%d} {'一二三四五六日'[day.weekday()]}")
        drawing.text(96, y + 18, _day_name(calendar.special(day), day), colour=FAINT)
        drawing.box(left, y + 4, 24 * hour, row - 8, "#f2f4f6")
        for first, last in calendar.periods_on(day):
            drawing.box(left + first / 60 * hour, y + 4, (last - first) / 60 * hour, row - 8, PALE)
        for period in counted:
            if period.start.date() == day:
                x = left + _hours(period.start) * hour
                width = (period.end - period.start).total_seconds() / 3600 * hour
                drawing.box(x, y + 4, width, row - 8, BLUE)
    y = top + (due.date() - start.date()).days * row
    x = left + _hours(due) * hour
    drawing.line(x, y, x, y + row, RED)
    drawing.text(x + 5, y + row - 9, "届满", colour=RED)
    foot = top + (due.date() - start.date()).days * row + row + 26
    legend = [(BLUE, "计入"), (PALE, "工作时段"), ("#f2f4f6", "不计")]
    for at, (colour, words) in enumerate(legend):
        drawing.box(left + at * 120, foot - 11, 14, 14, colour, FAINT)
        drawing.text(left + at * 120 + 20, foot, words)
    return drawing.svg()


def _day_name(special: object, day: date) -> str:
    """What a day is called: feast, made-up working day, weekend."""
    if special is None:
        return "周末" if day.isoweekday() > 5 else ""
    name = str(getattr(special, "name", "")) or "节假日"
    worked = getattr(special, "kind", None) is DayKind.WORK
    return name if not worked or "班" in name else f"{name}上班"


def _hours(at: datetime) -> float:
    return at.hour + at.minute / 60


def workflow_figure() -> str:
    """The table of transitions: state by action, a dot for each row, coloured by who acts first."""
    states = [s for s in STATE_TITLES if any(before is s for before, _ in INDEX)]
    actions = [a for a in ACTION_TITLES if any(act is a for _, act in INDEX)]
    posts = [p for p in POST_TITLES if any(p in row.posts for row in INDEX.values())]
    colours = dict(zip(posts, (GREEN, BLUE, "#8a3ab9", "#c26a00", RED, INK, FAINT), strict=False))
    left, top, step, row = 110, 150, 19, 30
    width = left + step * len(actions) + 24
    drawing = Drawing(width, top + row * len(states) + 60, "状态 × 动作：转移表的每一行")
    for at, action in enumerate(actions):
        x = left + at * step + step / 2
        drawing.text(x + 4, top - 8, ACTION_TITLES[action].zh, size=11, turn=-60)
        drawing.line(x, top, x, top + row * len(states), "#eceff1")
    for at, state in enumerate(states):
        y = top + at * row + row / 2
        drawing.text(16, y + 4, STATE_TITLES[state].zh)
        drawing.line(left, y, width - 24, y, "#eceff1")
    for (before, action), entry in INDEX.items():
        if before not in states:
            continue
        x = left + actions.index(action) * step + step / 2
        y = top + states.index(before) * row + row / 2
        for n, post in enumerate(sorted(entry.posts, key=posts.index)):
            drawing.dot(x, y + (n - (len(entry.posts) - 1) / 2) * 6, 4, colours[post])
    for at, post in enumerate(posts):
        x = left + at * 100
        drawing.dot(x, top + row * len(states) + 30, 5, colours[post])
        drawing.text(x + 10, top + row * len(states) + 34, POST_TITLES[post].zh)
    return drawing.svg()


def routing_figure() -> str:
    """A place near the border of two cells, and how many classes the sample rules give to each body."""
    drawing = Drawing(760, 400, "派遣建议：相邻网格的部门，和样例职责表把各小类派给谁")
    _border(drawing)
    rules, book = shipped_rules(), shipped_schemes()
    given: Counter[str] = Counter()
    for row in book.classes:
        if row.level == "minor" and row.key.scheme == GB_SCHEME:
            best = rules.best(row.key, None, {})
            given["" if best is None else best.body] += 1
    most = max(given.values())
    drawing.text(400, 62, f"{GB_SCHEME}：小类数", colour=FAINT)
    for at, (body, count) in enumerate(sorted(given.items(), key=lambda g: (-g[1], g[0]))):
        y = 78 + at * 30
        name = departments()[body].title.zh if body else "职责表没有规定"
        drawing.text(400, y + 15, name.replace("（示例）", ""))
        drawing.box(530, y, 170 * count / most, 20, BLUE if body else FAINT)
        drawing.text(536 + 170 * count / most, y + 15, str(count))
    return drawing.svg()


def _border(drawing: Drawing) -> None:
    """Two cells side by side, a place in one of them, and what is decided."""
    key = ClassKey("event", GB_SCHEME, "0401")
    origin = Origin("样例", Confidence.SAMPLE)
    west, east = "120101001001001", "120101001001002"
    rules = [
        DutyRule(n, key.domain, key.scheme, "04", body, origin, "unit", code)
        for n, body, code in (("W", "enforcement", west), ("E", "urban", east))
    ]
    away = 18.0
    found = decide(
        RuleBook(rules), Situation(key, grids={"unit": west}, near=[Near("unit", east, away)])
    )
    metre, x, y = 2.6, 196, 70
    for left, code in ((26, west), (x, east)):
        drawing.box(left, y, 170, 170, PALE if code == west else "#f2f4f6", FAINT)
        drawing.text(left + 85, y - 8, code, anchor="middle", colour=FAINT, size=11)
    drawing.box(x - BORDER_M * metre, y, BORDER_M * metre, 170, "#bfd6ea")
    drawing.line(x - BORDER_M * metre, y, x - BORDER_M * metre, y + 170, BLUE, "4 4")
    drawing.text(x - BORDER_M * metre + 4, y + 160, f"{BORDER_M:g} m 以内", size=11, colour=BLUE)
    drawing.line(x - away * metre, y + 90, x, y + 90, RED)
    drawing.dot(x - away * metre, y + 90, 6, RED)
    drawing.text(x - away * metre / 2, y + 82, f"{away:g} m", size=11, anchor="middle", colour=RED)
    names = {code: body.title.zh.replace("（示例）", "") for code, body in departments().items()}
    drawing.text(26, 268, f"建议：{names[str(found.body)]}")
    drawing.text(26, 290, f"备选：{names[str(found.runner_up)]}（相邻网格）")
    drawing.text(26, 312, "有备选的不自动派遣" if not found.auto else "自动派遣", colour=FAINT)
    drawing.text(26, 346, "先后：部件权属单位 › 立案条件 › 小类 › 大类 › 网格", size=11)


def evaluation_figure() -> str:
    """What each score is made of, with the weights of the table."""
    composites = list(shipped_composites().composites.values())
    drawing = Drawing(860, 96 + 62 * len(composites), "综合指标：各部分的权重，合计为 1")
    left, width = 170, 660
    for at, composite in enumerate(composites):
        y = 56 + at * 62
        drawing.text(16, y + 24, NAMES.get(composite.name, composite.name))
        x = float(left)
        for component in composite.components:
            share = float(component.weight) * width
            colour, _ = FORMS[component.form.partition(":")[0]]
            drawing.box(x, y, share, 40, colour, "#ffffff")
            title = ("1 − " if component.form == "complement" else "") + " + ".join(
                f"{'' if factor == 1 else f'{float(factor):g} × '}{_title(name)}"
                for factor, name in component.terms
            )
            drawing.text(
                x + 5, y + 17, f"{float(component.weight):.0%}", colour="#ffffff", bold=True
            )
            fits = int((share - 8) // 11)
            short = title if len(title) <= fits else title[: max(fits - 1, 1)] + "…"
            drawing.text(x + 5, y + 33, short, size=11, colour="#ffffff")
            x += share
    y = 56 + len(composites) * 62 + 14
    for at, (colour, words) in enumerate(FORMS.values()):
        drawing.box(left + at * 150, y - 11, 14, 14, colour)
        drawing.text(left + at * 150 + 20, y, words)
    return drawing.svg()


def _title(name: str) -> str:
    return RATE_OF[name].title.zh if name in RATE_OF else COUNT_OF[name].title.zh


def figures() -> dict[str, str]:
    """All figures by name."""
    return {
        "clock": clock_figure(),
        "workflow": workflow_figure(),
        "routing": routing_figure(),
        "evaluation": evaluation_figure(),
    }


def main() -> None:
    """Write all figures."""
    for name, figure in figures().items():
        (FIGURES / f"{name}.svg").write_text(figure + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
