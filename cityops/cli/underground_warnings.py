"""What the checks say of a survey, above an answer from it."""

from __future__ import annotations

from typing import Any

import click

#: Kinds of faults that are shown; the others are counted.
SHOWN = 5
TABLES = {"points": "点表", "lines": "线表", "file": "文件"}

DESPITE = click.option(
    "--despite", is_flag=True, help="坐标、点或单位有误也要回答；错误仍列在结果前面"
)


def warned(result: dict[str, Any], text: str) -> str:
    """The text of an answer below the worst faults of what it was made from."""
    found = result.get("warnings", [])
    if not found:
        return text
    counts = {
        severity: sum(w["count"] for w in found if w["severity"] == severity)
        for severity in ("error", "warning")
    }
    lines = [
        f"注意：数据有错误 {counts['error']} 处、提醒 {counts['warning']} 处，结果可能因此不对"
    ]
    for fault in found[:SHOWN]:
        sign = "✗" if fault["severity"] == "error" else "!"
        where = TABLES[fault["table"]] + (f"第 {fault['row']} 行" if fault["row"] else "")
        more = f"，同类共 {fault['count']} 处" if fault["count"] > 1 else ""
        lines.append(f"  {sign} {where}：{fault['message']}（{fault['code']}{more}）")
    if len(found) > SHOWN:
        lines.append(f"  …… 另有 {len(found) - SHOWN} 类，用 cityops underground check 查看")
    return "\n".join([*lines, text])
