"""``cityops evaluate``: figures of a period by department, street or post, and the lists behind."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show

_DAY = click.DateTime(["%Y-%m-%d"])
_METAVAR = "年-月-日"
#: Figures of the table for people when none are asked for.
_SHOWN = (
    *("filed", "dispose_due", "in_time_disposal_rate", "due_to_close", "closing_rate"),
    *("in_time_closing_rate", "rework_rate", "overdue_rate"),
)


@click.command("evaluate", cls=CityCommand)
@click.option(
    "--from", "first", type=_DAY, metavar=_METAVAR, required=True, help="第一天，如 2026-01-01"
)
@click.option("--to", "last", type=_DAY, metavar=_METAVAR, required=True, help="最后一天，含在内")
@click.option(
    "--by", type=click.Choice(["department", "street", "post"]), required=True, help="按什么分"
)
@click.option(
    "--basis",
    type=click.Choice(["deadline", "reported"]),
    default="deadline",
    show_default=True,
    help="按处置到期时间还是上报时间算在期内",
)
@click.option(
    "--figure", "figures", multiple=True, help="表里列哪些指标，可给多次；--json 总给全部"
)
@click.option("--list", "listed", metavar="指标", help="列出这个指标背后的案件")
@click.option("--key", default="total", show_default=True, help="列哪一个部门、街道或人员的")
@click.option(
    "--part",
    type=click.Choice(["numerator", "denominator"]),
    default="numerator",
    show_default=True,
    help="比率的分子还是分母",
)
def command(
    first: datetime,
    last: datetime,
    by: str,
    basis: str,
    figures: tuple[str, ...],
    listed: str | None,
    key: str,
    part: str,
    as_json: bool,
) -> None:
    """评价：按部门、街道或岗位给出一段时间的全部指标，零比零没有值；每个数都能列出背后的案件。"""
    from cityops.bootstrap import Services
    from cityops.services.grid.evaluation import Basis, By, Period
    from cityops.services.roles import SYSTEM

    period = Period(first.date(), last.date(), Basis(basis))
    service = Services(settings()).evaluation
    if listed is not None:
        found = service.behind(SYSTEM, period, By(by), listed, key, part)
        show(found, lambda: list_text(found), as_json=as_json)
        return
    result = service.evaluate(SYSTEM, period, By(by))
    show(result, lambda: table_text(result, figures or _SHOWN), as_json=as_json)


def table_text(result: dict[str, Any], names: tuple[str, ...]) -> str:
    """The figures as a table, its period and basis above it.

    Raises
    ------
    NotFoundError
        ``evaluation.unknown_figure``.
    """
    titles = [_title(name) for name in names]
    most = max((len(row["scores"]) for row in result["rows"]), default=0)
    lines = [["", "", *titles, *(["得分"] * most)]]
    for row in result["rows"]:
        cells = [_cell(row["figures"][name]) for name in names]
        marks = [_score(name, score) for name, score in row["scores"].items()]
        marks += [""] * (most - len(marks))
        lines.append([row["key"], row["title"], *cells, *marks])
    head = f"统计口径：{result['period']}；共 {result['cases']} 件"
    return "\n".join([head, *_aligned(lines)])


def _title(name: str) -> str:
    from gis.errors import NotFoundError
    from grid.evaluation.figures import COUNT_OF, RATE_OF

    known = {name: one.title.zh for name, one in COUNT_OF.items()}
    known |= {name: one.title.zh for name, one in RATE_OF.items()}
    if name not in known:
        raise NotFoundError(
            "evaluation.unknown_figure",
            "没有指标 {got}",
            field="figure",
            got=name[:80],
            expected=sorted(known),
        )
    return known[name]


def _cell(figure: dict[str, Any]) -> str:
    value, below = figure["value"], figure["denominator"]
    if "why" in figure:
        return "未记录"
    if below is None:
        return f"{value:g}"
    told = f"{figure['numerator']:g}/{below:g}"
    return f"—（{told}）" if value is None else f"{value:.1%}（{told}）"


def _score(name: str, score: dict[str, Any]) -> str:
    told = "—" if score["value"] is None else f"{score['value']:.1f} {score['grade']}"
    return f"{told}（{name}）"


def _aligned(lines: list[list[str]]) -> list[str]:
    widths = [max(_width(line[i]) for line in lines) for i in range(len(lines[0]))]
    return [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def _width(text: str) -> int:
    """Columns that a text takes on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def list_text(found: dict[str, Any]) -> str:
    """The cases behind a figure, one a line."""
    part = {None: "", "numerator": "的分子", "denominator": "的分母"}[found["part"]]
    told = found.get("why") or f"{found['value']:g}，案件 {found['count']} 件"
    lines = [
        f"统计口径：{found['period']}",
        f"{found['key']} {_title(found['figure'])}{part}：{told}",
    ]
    for case in found["cases"]:
        often = f"  {case['times']:g} 次" if case["times"] != 1 else ""
        lines.append(f"  {case['number']}  {case['class_name']}  {case['state_title']}{often}")
    if found["count"] > len(found["cases"]):
        lines.append(f"  …… 另有 {found['count'] - len(found['cases'])} 件")
    return "\n".join(lines)
