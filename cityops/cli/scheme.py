"""``cityops scheme``: a city's own classes, filing conditions and limits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show
from cityops.cli.usage import ChineseGroup

_DOMAINS = {"component": "部件", "event": "事件"}


@click.group("scheme", cls=ChineseGroup)
def command() -> None:
    """分类方案：部件与事件的类、立案条件、时限。"""


def _desk() -> Any:
    from cityops.bootstrap import Services

    return Services(settings()).scheme_desk


@command.command("import", cls=CityCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--scheme", required=True, help="方案名称，如 TJ-和平-2026")
@click.option("--edition", required=True, help="文本的版次，如 2026 年版")
@click.option("--version", default="1", show_default=True, help="录入的版本")
@click.option("--source", help="出处；不给则用文件名")
@click.option(
    "--domain", type=click.Choice(sorted(_DOMAINS)), help="表里没有写明时，是部件还是事件"
)
@click.option(
    "--retire",
    type=click.DateTime(["%Y-%m-%d"]),
    help="表里不再有的类自这一天起停用；不给则拒收缺少旧类的表",
)
@click.option("--dry-run", is_flag=True, help="只核对，不存")
def import_(
    file: Path,
    scheme: str,
    edition: str,
    version: str,
    source: str | None,
    domain: str | None,
    retire: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """把城市自己的立案结案规范工作簿收进来。有一行不对就什么都不存，逐行说明。"""
    from cityops.services.grid.schemes import SchemeOptions
    from cityops.services.roles import SYSTEM
    from grid.schemes.workbook import SchemeName

    name = SchemeName(scheme, version, edition, source or file.name, domain or "")
    options = SchemeOptions(dry_run, None if retire is None else retire.date())
    result = _desk().bring_in(SYSTEM, file, name, options)
    show(result, lambda: _told(result), as_json=as_json)


def _told(result: dict[str, Any]) -> str:
    domains = "、".join(_DOMAINS[d] for d in result["domains"])
    outcome = "已存" if result["stored"] else "未存"
    if result["unchanged"]:
        outcome = "与已存的相同，未再存"
    lines = [
        f"{result['scheme']}（{domains}，{result['edition']}）：{outcome}",
        f"读了 {result['rows_in']} 行：大类 {result['majors']}，小类 {result['classes']}，"
        f"立案条件 {result['conditions']}，其中 {result['conditions_without_limit']} 条没有时限",
    ]
    if result["retired"]:
        lines.append("停用的类：" + "、".join(result["retired"]))
    lines += [f"  第 {n['row']} 行（{n['sheet']}）：{n['message']}" for n in result["notes"][:50]]
    if len(result["notes"]) > 50:
        lines.append(f"  …… 另有 {len(result['notes']) - 50} 条，用 --json 查看")
    return "\n".join(lines)


@command.command("list", cls=CityCommand)
def list_(as_json: bool) -> None:
    """列出现行的分类方案。"""
    result = _desk().listed()
    show(result, lambda: "\n".join(map(_line, result["schemes"])), as_json=as_json)


def _line(scheme: dict[str, Any]) -> str:
    own = "本市" if scheme["delivered"] else "自带"
    return (
        f"{_DOMAINS.get(scheme['domain'], scheme['domain'])}  {scheme['scheme']}  {own}  "
        f"{scheme['classes']} 类 {scheme['conditions']} 条件"
        f"（{scheme['conditions_without_limit']} 条无时限）  "
        f"{scheme['source']}，可信度 {scheme['confidence']}"
    )


@command.command("classes", cls=CityCommand)
@click.option("--domain", type=click.Choice(sorted(_DOMAINS)), required=True, help="部件还是事件")
@click.option("--scheme", required=True, help="方案名称，见 cityops scheme list")
def classes(domain: str, scheme: str, as_json: bool) -> None:
    """列出一个方案的类，写法与 cityops case file --class 的相同。"""
    result = _desk().classes(domain, scheme)
    lines = [f"{one['class']}  {one['title']}" for one in result["classes"]]
    show(result, "\n".join(lines), as_json=as_json)


@command.command("conditions", cls=CityCommand)
@click.option("--class", "class_text", required=True, metavar="DOMAIN:SCHEME:CODE", help="类别")
def conditions(class_text: str, as_json: bool) -> None:
    """列出一个类的立案条件、结案条件和时限。"""
    from cityops.cli.case import class_of

    result = _desk().conditions(class_of(class_text))
    show(result, lambda: "\n".join(map(_condition, result["conditions"])), as_json=as_json)


def _condition(one: dict[str, Any]) -> str:
    limits = "；".join(
        f"{step['area'] + ' 类 ' if step['area'] else ''}{step['limit']}" for step in one["limits"]
    )
    closing = f"，结案：{one['closing']}" if one["closing"] else ""
    return f"{one['id']}  {one['trigger']}{closing}，时限：{limits or '未知'}"


@command.command("template", cls=CityCommand)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="写到哪个 .xlsx"
)
def template(out: Path, as_json: bool) -> None:
    """写一个空的工作簿：部件、事件两张表，和一张说明各列的表；已有的文件不覆盖。"""
    from cityops.cli.map_ import check_writable
    from cityops.services.grid.scheme_template import EXPLAINED, template_workbook
    from gis.errors import ConflictError, InvalidError
    from grid.schemes.template import SHEETS

    if out.suffix.lower() != ".xlsx":
        raise InvalidError(
            "scheme.not_xlsx", "文件名应以 .xlsx 结尾，得到 {got}", field="out", got=out.name[:200]
        )
    if out.exists():
        raise ConflictError(
            "scheme.file_exists", "文件已存在：{got}", field="out", got=str(out)[:500]
        )
    check_writable(out)
    out.write_bytes(template_workbook())
    told = {"file": str(out), "sheets": [*SHEETS, EXPLAINED]}
    show(told, f"已写：{out}；填好后用 cityops scheme import 导入", as_json=as_json)
