"""``cityops underground audit``: pipes against rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, show
from cityops.cli.underground_warnings import DESPITE, warned


@click.command("audit", cls=CityCommand)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--crs", help="坐标系，例如 EPSG:4548；文件自带时不必给")
@click.option("--datum", required=True, help="高程基准，例如 1985；不同或不明的高程不能比较")
@click.option(
    "--part", type=click.Choice(["top", "invert", "axis"]), help="没有写明时，埋深和高程指哪一处"
)
@click.option("--rules", type=click.Path(path_type=Path), help="核对过的规则表所在文件夹")
@click.option(
    "--around",
    type=click.Path(path_type=Path),
    help="周边地物图层：建筑物、乔木、灌木、杆、铁塔、路缘石、有轨电车、铁路，列 类别",
)
@click.option("--around-datum", help="周边地物图层的高程基准（基底高程、轨底高程）")
@click.option("--land", type=click.Path(path_type=Path), help="用地图层：面，列 用途")
@click.option("--ground", type=click.Path(path_type=Path), help="地面高程点，组成三角网求覆土")
@click.option("--ground-datum", help="地面高程点的高程基准")
@click.option("--friction", "friction_deg", type=float, help="土壤内摩擦角，度（4.1.11）")
@click.option("--trench", "trench_m", type=float, help="沟槽宽度，m（4.1.11）")
@click.option("--frost", "frost_m", type=float, help="冻土深度，m；不给则不检查")
@click.option("--tile", "tile_m", type=float, default=500.0, show_default=True, help="分块边长，m")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="进程数")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="中间结果的文件夹；中断后用它接着做"
)
@DESPITE
def audit(
    files: tuple[Path, ...],
    frost_m: float | None,
    friction_deg: float | None,
    trench_m: float | None,
    as_json: bool,
    **options: Any,
) -> None:
    """按规则检查净距、重叠、交叉次序和覆土，及与周边地物的净距；未核对的规则按草案注明。"""
    from cityops.services.underground.audits import audit_files
    from underground.audit.checks import AuditSettings

    settings = AuditSettings(frost_m=frost_m, friction_deg=friction_deg, trench_m=trench_m)
    result = audit_files(files, settings=settings, **options)
    show(result, lambda: warned(result, _told(result)), as_json=as_json)


_ANSWERS = {
    "pass": "符合",
    "fail": "不符合",
    "fail_but_reducible_with_measures": "不足，有措施可减少",
    "no_rule": "没有规定",
    "insufficient_data": "资料不足",
    "within_survey_error": "误差以内",
}
_CHECKS = {
    "horizontal": "水平净距",
    "vertical": "垂直净距",
    "stacking": "上下重叠",
    "order": "交叉次序",
    "cover": "覆土",
    "foundation": "与基础净距（低于基础）",
}


def _told(result: dict[str, Any]) -> str:
    lines = [f"管线 {result['pipes']} 段，检查 {result['audited']} 段，分 {result['tiles']} 块"]
    if result["left_out"]:
        lines.append(
            f"  另有 {result['left_out']} 段没有检查：架空、地面，或位置不明（check 列出）"
        )
    if result["structures"]:
        lines.append(f"  周边地物 {result['structures']} 处")
    for row in result["counts"]:
        lines.append(f"  {_CHECKS[row['check']]} {_ANSWERS[row['answer']]}：{row['count']}")
    lines.append(f"规则 {result['rules']} 条，其中未经核对的草案 {result['draft_rules']} 条")
    lines += [f"  - {finding['message']}" for finding in result["findings"][:50]]
    if len(result["findings"]) > 50:
        lines.append("  …… 其余用 --json 查看")
    return "\n".join(lines)
