"""``cityops import``: a file into a layer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from cityops.cli.output import EXIT_CODES, CityCommand, settings, show
from gis.errors import Kind

#: More refusals of one reason than `_FEW` are told by their number and the first `_SHOWN`.
_FEW, _SHOWN = 5, 3


@click.command("import", cls=CityCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--layer", required=True, help="导入到哪个图层；cases 为案件库")
@click.option("--crs", help="坐标系：EPSG:代码、gcj02、bd09；文件自带且正确时不必给")
@click.option(
    "--map", "pairs", multiple=True, help="字段=列名，可带单位：字段=列名@m；坐标列：x= y= wkt="
)
@click.option("--set", "constants", multiple=True, help="字段=值：所有行取同一个值")
@click.option("--dry-run", is_flag=True, help="只核对，不导入")
@click.option("--new", is_flag=True, help="图层不存在时按文件新建")
@click.option("--title", help="新图层的名称")
@click.option("--reference", help="用哪个图层核对坐标系")
@click.option("--repair", is_flag=True, help="修复没有闭合、自相交的图形")
@click.option("--encoding", help="文字编码，如 GBK；不给则自动判断并写入报告")
@click.option("--source-layer", help="文件里有几个图层时指明一个")
@click.option("--swap-axes", is_flag=True, help="文件的坐标是先纬度（北）后经度（东）")
@click.option("--all-or-nothing", is_flag=True, help="有一行不合格就全部不导入")
@click.option("--source", help="案件来自哪个系统；同一系统的同一编号是同一个案件")
@click.option("--time-zone", help="文件里的时间是哪里的：America/New_York、+08:00；不给则为本市")
@click.option("--again", is_flag=True, help="同一文件导入过也再导入")
def command(
    file: Path, pairs: tuple[str, ...], constants: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """把文件导入图层：GeoJSON、GeoPackage、Shapefile、CSV、Excel、FlatGeobuf、OSM .pbf。"""
    from cityops.bootstrap import Services
    from cityops.services.imports.cases import TARGET, CaseOptions
    from cityops.services.imports.service import ImportOptions
    from cityops.services.roles import SYSTEM

    services = Services(settings())
    cases = {name: options.pop(name) for name in ("source", "time_zone")}
    if options["layer"] == TARGET:
        known = {n: options[n] for n in ("crs", "encoding", "source_layer", "swap_axes", "dry_run")}
        given = {name: value for name, value in cases.items() if value is not None}
        report = services.case_imports.run(
            SYSTEM, file, file.name, CaseOptions(map=pairs, **known, **given)
        )
    else:
        report = services.imports.run(
            SYSTEM, file, file.name, ImportOptions(map=pairs, set=constants, **options)
        )
    show(report, lambda: described(report), as_json=as_json)
    if report["dry_run"] and not report.get("importable", True):
        # A rehearsal ends as the import would.
        sys.exit(EXIT_CODES[Kind.INVALID])


def described(report: dict[str, Any]) -> str:
    """A report as text for people."""
    if report["duplicate"]:
        return f"同一文件已导入过（第 {report['delivery']} 次交付），没有重复导入。加 --again 可再导入。"
    verb = "可导入" if report["dry_run"] else "已导入"
    lines = [
        f"{report['file']} → 图层 {report['layer']}：共 {report['rows_in']} 行，"
        f"{verb} {report['stored']} 行，拒绝 {report['refused_rows']} 行，"
        f"修复 {len(report['repaired'])} 处",
        f"格式 {report['driver']}，坐标系 {str(report['crs'])[:60]}，编码 {report['encoding'] or '—'}",
    ]
    if report["delivery"]:
        version = f"，图层版本 {report['version']}" if report["version"] else ""
        lines.append(f"交付编号 {report['delivery']}{version}")
    lines += [f"  对应：{field} ← {column}" for field, column in report["mapping"].items()]
    if report["extra_columns"]:
        named = "、".join(report["extra_columns"][:20])
        more = " 等" if len(report["extra_columns"]) > 20 else ""
        lines.append(f"  未对应，随要素保留：{named}{more}")
    lines += [f"  注意：{note['what']}" for note in report["warnings"]]
    lines += [f"  第 {note.get('row')} 行 修复：{note['what']}" for note in report["repaired"][:20]]
    if report["dry_run"] and not report.get("importable", True):
        lines.append("  照这样导入，整个文件会被拒绝")
    lines += _refusals(report["refused"])
    if report["refused_not_listed"]:
        lines.append(f"  …… 另有 {report['refused_not_listed']} 处没有列出")
    if report["suspicion"]:
        lines.append(f"  {_verdict(report['suspicion'])}")
    return "\n".join(lines)


def _refusals(faults: list[dict[str, Any]]) -> list[str]:
    """A line for each refusal; more than a few of one field and reason are folded."""
    alike: dict[tuple[Any, str], list[dict[str, Any]]] = {}
    for fault in faults:
        alike.setdefault((fault["field"], fault["code"]), []).append(fault)
    lines = []
    for same in alike.values():
        few = same if len(same) <= _FEW else same[:_SHOWN]
        if len(few) < len(same):
            lines.append(
                f"  {same[0]['field'] or ''} 拒绝（{same[0]['code']}）："
                f"共 {len(same)} 行，前 {_SHOWN} 行如下，全部用 --json 查看"
            )
        lines += [
            f"  第 {fault['row']} 行 {fault['field'] or ''} 拒绝：{fault['message']}（{fault['code']}）"
            for fault in few
        ]
        hint = same[0].get("hint")
        if hint:
            lines.append(f"    怎么办：{hint}")
    return lines


def _verdict(found: dict[str, Any]) -> str:
    """What the comparison with a reference layer says, in one line."""
    best = found["best"]
    words = {
        "as_declared": "位置与声明的坐标系相符",
        "suspicious": f"坐标系可疑：像是 {best['crs']}（{best['hypothesis']}）",
        "cannot_tell": "看不出坐标系对不对",
    }
    return (
        f"{words[found['verdict']]}；与 {found['reference']} 比较了 {found['n']} 个要素，"
        f"得分 {best['score']}，领先 {found['margin']}"
    )
