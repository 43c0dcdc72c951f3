"""``cityops underground check``: every fault of a delivered survey."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, show


@click.command("check", cls=CityCommand)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--crs", help="坐标系，例如 EPSG:4548；文件自带时不必给")
@click.option("--datum", help="高程基准，例如 1985；不给则视为不明")
def check(files: tuple[Path, ...], crs: str | None, datum: str | None, as_json: bool) -> None:
    """检查普查成果：点表和线表（一个工作簿或两个文件）、GIS 图层、EPANET 或 SWMM 模型。"""
    from cityops.services.underground.checking import check_files

    result = check_files(files, crs=crs, datum=datum)
    show(result, lambda: _told(result), as_json=as_json)


def _told(result: dict[str, Any]) -> str:
    lines = [
        f"共 {result['rows']} 行（点 {result['points']}，线 {result['lines']}），"
        f"错误 {result['errors']} 处，提醒 {result['warnings']} 处"
    ]
    layers = result["form"] == "layers"
    names = (
        {"points": "点图层", "lines": "线图层"} if layers else {"points": "点表", "lines": "线表"}
    )
    counted = "个图形" if layers else "行"
    for fault in result["faults"][:100]:
        sign = "✗" if fault["severity"] == "error" else "!"
        table = names.get(fault["table"], "文件")
        head = "" if fault["table"] == "file" else "的列"
        where = f"{table}第 {fault['row']} {counted}" if fault["row"] else f"{table}{head}"
        lines.append(f"  {sign} {where}：{fault['message']}（{fault['code']}）")
        if fault["repair"]:
            repair = fault["repair"]
            lines.append(f"      可修复：{repair['op']} {repair['field'] or ''} → {repair['to']}")
    if len(result["faults"]) > 100:
        lines.append("  …… 其余用 --json 查看")
    return "\n".join(lines)
