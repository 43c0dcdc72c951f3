"""``cityops calendar``: when a limit ends, by which calendar, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from cityops.cli.output import CityCommand, show
from cityops.cli.usage import ChineseGroup

_UNITS = ("urgent_hour", "urgent_day", "work_hour", "work_day", "natural_day")


@click.group("calendar", cls=ChineseGroup)
def command() -> None:
    """工作日历与时限。"""


@command.command("due", cls=CityCommand)
@click.option("--from", "start", required=True, help="起算时刻，ISO 8601；不写时区按东八区")
@click.option("--amount", required=True, help="数量，可为小数")
@click.option("--unit", required=True, help="、".join(_UNITS))
@click.option("--calendar", default="default", show_default=True, help="日历名称")
def due(start: str, amount: str, unit: str, calendar: str, as_json: bool) -> None:
    """算出时限何时届满，并逐段说明哪些时间计入。不需要数据库。"""
    from cityops.services.grid.calendars import due_json

    result = due_json(start, amount, unit, calendar)
    show(result, lambda: _told(result), as_json=as_json)


def _told(result: dict[str, Any]) -> str:
    lines = [f"届满：{_short(result['due_at'])}"]
    for period in result["periods"]:
        hours = period["counted_s"] / 3600
        counted = f"计 {hours:g} 小时" if period["counted_s"] else "不计"
        lines.append(
            f"  {_short(period['from'])} – {_short(period['to'])}  {counted}  {period['why']}"
        )
    return "\n".join(lines)


def _short(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M")
