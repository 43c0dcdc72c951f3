"""``cityops calendar``: when a limit ends, by which calendar, and why."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cityops.cli.output import EXIT_CODES, CityCommand, settings, show
from cityops.cli.usage import ChineseGroup
from gis.errors import Kind, error_body

_UNITS = ("urgent_hour", "urgent_day", "work_hour", "work_day", "natural_day")


@click.group("calendar", cls=ChineseGroup)
def command() -> None:
    """工作日历与时限。"""


@command.command("due", cls=CityCommand)
@click.option("--from", "start", required=True, help="起算时刻，ISO 8601；不写时区按东八区")
@click.option("--amount", required=True, help="数量，可为小数")
@click.option("--unit", required=True, help="、".join(_UNITS))
@click.option("--calendar", default="default", show_default=True, help="日历名称")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="用哪个数据目录里导入的日历；不给则用 CITYOPS_DATA_DIR 的，没有就用自带的",
)
def due(
    start: str, amount: str, unit: str, calendar: str, data: Path | None, as_json: bool
) -> None:
    """算出时限何时届满，并逐段说明哪些时间计入。没有数据目录也能算，用自带的日历。"""
    from cityops.services.grid.due import due_json

    result = due_json(start, amount, unit, calendar, _store(data))
    show(result, lambda: _told(result), as_json=as_json)


def _store(data: Path | None) -> Any:
    """The store that holds the city's calendars: the one asked for, or the usual one if it is
    there; None without.
    """
    from cityops.bootstrap import Services
    from cityops.settings import settings_from
    from cityops.store.database import sqlite_path

    chosen = settings() if data is None else settings_from(data_dir=data, database_url="")
    path = sqlite_path(chosen.database)
    if data is None and path is not None and not path.is_file():
        return None
    return Services(chosen).store


def _told(result: dict[str, Any]) -> str:
    lines = [f"届满：{_short(result['due_at'])}"]
    for period in result["periods"]:
        hours = period["counted_s"] / 3600
        counted = f"计 {hours:g} 小时" if period["counted_s"] else "不计"
        lines.append(
            f"  {_short(period['from'])} – {_short(period['to'])}  {counted}  {period['why']}"
        )
    return "\n".join([*lines, _counted_by(result)])


def _counted_by(result: dict[str, Any]) -> str:
    days = result["days"]
    if days is None:
        return f"日历：{result['calendar']}，不用节假日表"
    years = f"{days['years'][0]} 至 {days['years'][-1]} 年" if days["years"] else "没有一年"
    told = f"日历：{result['calendar']}，节假日表 {days['name']}，已知 {years}"
    if days["origin"] == "shipped":
        return f"{told}，都是自带的"
    own = "、".join(map(str, days["published_years"]))
    return f"{told}，其中 {own} 年是本市导入的（{days['source']}，版本 {days['version']}）"


def _short(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M")


def _desk() -> Any:
    from cityops.bootstrap import Services

    return Services(settings()).calendar_desk


@command.command("import", cls=CityCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", default="CN", show_default=True, help="哪一套节假日")
@click.option(
    "--year", "years", type=int, multiple=True, help="表里完整的年份，可给多次；不给则取表里各年"
)
@click.option("--version", default="1", show_default=True, help="录入的版本")
@click.option("--source", default="", help="出处；不给则用文件名")
@click.option("--dry-run", is_flag=True, help="只核对并试算，不存")
def import_(
    file: Path,
    name: str,
    years: tuple[int, ...],
    version: str,
    source: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """公布某年的节假日与调休，在办案件随即重算时限，逐案留痕并通知；已结案的不变。"""
    from cityops.services.grid.publishing import DaysOptions
    from cityops.services.roles import SYSTEM

    options = DaysOptions(name, years, version, source, dry_run)
    result = _desk().bring_in(SYSTEM, file, options)
    show(result, lambda: _published(result), as_json=as_json)


def _published(result: dict[str, Any]) -> str:
    years = "、".join(map(str, result["years"]))
    outcome = "已公布" if result["stored"] else "未存"
    if result["unchanged"]:
        outcome = "与已公布的相同，未再存"
    lines = [
        f"{result['name']}，{years} 年，{result['days']} 天：{outcome}",
        f"在办案件 {result['open_cases']} 件，时限变动 {result['moved']} 件："
        f"由未知变为已知 {result['known']}，推后 {result['later']}，提前 {result['earlier']}，"
        f"变为未知 {result['unknown']}",
    ]
    lines += [f"  {code or '未派遣'}：{n} 件" for code, n in result["departments"].items()]
    return "\n".join(lines)


@command.command("check", cls=CityCommand)
def check(as_json: bool) -> None:
    """各日历已知哪些年份；近期时限要用的年份缺了，以 6 退出。"""
    from cityops.services.grid.publishing import missing_error

    found = _desk().check()
    refused = {} if found["ok"] else error_body(missing_error(found))
    show(refused | found, lambda: _checked(found), as_json=as_json)
    if not found["ok"]:
        sys.exit(EXIT_CODES[Kind.UNAVAILABLE])


def _checked(found: dict[str, Any]) -> str:
    lines = []
    for calendar in found["calendars"]:
        years = calendar["years"]
        known = (
            "节假日照常，不用节假日表" if years is None else f"已知 {years[0]} 至 {years[-1]} 年"
        )
        lines.append(f"{calendar['title']}（{calendar['calendar']}）：{known}")
    lines += [f"  缺 {gap['year']} 年：{gap['calendar']}" for gap in found["missing"]]
    if found["following"]:
        lines.append("  有在办案件还在按新日历重算；中断的，任务进程或再导入一次会接着做")
    lines += ["  怎么办：公布后用 cityops calendar import 导入"] if found["missing"] else []
    return "\n".join(lines)
