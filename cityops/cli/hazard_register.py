"""``cityops hazard register``: an enterprise register's workbook, its template and its check."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, show
from cityops.cli.usage import ChineseGroup
from gis.errors import ConflictError, InvalidError


@click.group("register", cls=ChineseGroup)
def register() -> None:
    """企业档案（一企一档）：写模板，检查 Excel 表。"""


@register.command("check", cls=CityCommand)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path, as_json: bool) -> None:
    """检查一个档案工作簿（.xlsx）：全部错误一次列出，不存任何内容。

    没有错误时与备案、许可比对：未备案、备案级别偏低、超过许可量。
    """
    from cityops.services.case_values import CITY_TIME
    from cityops.services.hazards.registers import checked_register, refusal

    found = checked_register(file, datetime.now(CITY_TIME).date())
    if not found["ok"]:
        raise refusal(found, found["faults"])
    show(found, lambda: _told(found), as_json=as_json)


@register.command("template", cls=CityCommand)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
def template(out: Path, as_json: bool) -> None:
    """写一个空的档案工作簿；已有的文件不覆盖。"""
    from cityops.services.hazards.registers import sheet_titles
    from hazards.registers.template import template_workbook

    if out.suffix.lower() != ".xlsx":
        raise InvalidError(
            "register.not_xlsx",
            "工作簿的文件名应以 .xlsx 结尾，得到 {got}",
            field="out",
            got=out.name,
        )
    if out.exists():
        raise ConflictError("register.file_exists", "文件已存在：{got}", field="out", got=str(out))
    out.write_bytes(template_workbook())
    found = {"file": str(out), "sheets": sheet_titles()}
    show(found, lambda: f"已写：{out}，工作表：{'、'.join(found['sheets'])}", as_json=as_json)


def _told(found: dict[str, Any]) -> str:
    lines = ["；".join(f"{title} {count} 行" for title, count in found["rows"].items() if count)]
    for unit in found["units"]:
        grade = "" if unit["grade"] is None else f"，{'一二三四'[unit['grade'] - 1]}级重大危险源"
        lines.append(
            f"{unit['credit_code']} {unit['unit_no']} {unit['name']}："
            f"S {_number(unit['S'])}，R {_number(unit['R'])}{grade}"
        )
    lines += [f"{f['credit_code']} {f['unit_no']} {f['message']}" for f in found["findings"]]
    for one in found["substances"]:
        known = "没有处置卡，全部未知" if one["source"] is None else f"处置卡来源 {one['source']}"
        lines.append(f"{one['name'] or '未知'}（{one['cas'] or 'CAS 未知'}）：{known}")
    for danger in found["dangers"]:
        lacking = "、".join(danger["unplanned"])
        lines.append(
            f"隐患 {danger['danger_no']}：期限 {danger['deadline'] or '未知'}"
            + (f"，治理方案缺 {lacking}" if lacking else "")
        )
    lines += [f"注意：{w['message']}" for w in found["warnings"]]
    return "\n".join([*lines, f"分级依据：{found['grading_source']}"])


def _number(value: float | None) -> str:
    return "未知" if value is None else f"{value:g}"
