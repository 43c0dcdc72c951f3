"""``cityops rules``: a city's own rules of duty and weights of scores."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show
from cityops.cli.usage import ChineseGroup

_KINDS = {"duties": "职责表", "composites": "综合指标权重"}


@click.group("rules", cls=ChineseGroup)
def command() -> None:
    """职责表与综合指标的权重。"""


@command.command("import", cls=CityCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(["duties", "weights"]), required=True, help="哪一种表")
@click.option("--version", default="1", show_default=True, help="录入的版本")
@click.option("--source", default="", help="出处；不给则用文件名")
@click.option("--dry-run", is_flag=True, help="只核对并用已结案件试算，不存")
@click.option("--untried", is_flag=True, help="职责表不经试算就启用，留痕")
def import_(
    file: Path,
    kind: str,
    version: str,
    source: str,
    dry_run: bool,
    untried: bool,
    as_json: bool,
) -> None:
    """用城市自己的表替换自带的：职责表先用已结案件试算，不比现行的差才启用；权重合计须为 1。"""
    from cityops.bootstrap import Services
    from cityops.services.grid.rule_rows import RuleKind
    from cityops.services.grid.rules import RuleOptions
    from cityops.services.roles import SYSTEM

    options = RuleOptions(version, source, dry_run, untried)
    table = RuleKind.DUTIES if kind == "duties" else RuleKind.WEIGHTS
    result = Services(settings()).rule_desk.bring_in(SYSTEM, file, table, options)
    show(result, lambda: _told(result), as_json=as_json)


def _told(result: dict[str, Any]) -> str:
    from cityops.services.grid.rules import trial_text

    outcome = "已启用" if result["stored"] else "未存"
    lines = [f"{_KINDS[result['kind']]}，{result['rows']} 行：{outcome}"]
    for name, title in (("trial", "试算"), ("in_force", "现行")):
        if name in result:
            lines.append(f"  {title}：{trial_text(result[name])}")
    return "\n".join(lines)


_DAY = click.DateTime(["%Y-%m-%d"])


@command.command("accuracy", cls=CityCommand)
@click.option("--from", "first", type=_DAY, metavar="年-月-日", required=True, help="第一天")
@click.option("--to", "last", type=_DAY, metavar="年-月-日", required=True, help="最后一天，含在内")
def accuracy(first: datetime, last: datetime, as_json: bool) -> None:
    """首派准确率：第一次派遣时，建议的部门有多少就是派遣员选的部门。"""
    from cityops.bootstrap import Services

    result = Services(settings()).rule_desk.accuracy(first.date(), last.date())
    show(result, lambda: _accurate(result), as_json=as_json)


def _accurate(result: dict[str, Any]) -> str:
    share = "—" if result["value"] is None else f"{result['value']:.1%}"
    lines = [
        f"首派准确率 {share}（{result['numerator']}/{result['denominator']}），"
        f"首次派遣 {result['dispatched']} 件"
    ]
    lines += [
        f"  建议 {pair['suggested'] or '—'}  选定 {pair['chosen']}  {pair['cases']} 件"
        for pair in result["pairs"]
    ]
    return "\n".join(lines)
