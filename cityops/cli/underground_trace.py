"""``cityops underground trace`` and ``reconnect``: along a network, and mending one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, show
from cityops.cli.underground_warnings import DESPITE, warned

_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
_CRS = click.option("--crs", help="坐标系，例如 EPSG:4548；文件自带时不必给")


@click.command("trace", cls=CityCommand)
@_FILES
@_CRS
@click.option("--from", "start", required=True, help="起点点号")
@click.option("--to", "end", help="终点点号：给出两点间最短的路")
@click.option(
    "--direction",
    type=click.Choice(["connected", "up", "down"]),
    default="connected",
    show_default=True,
    help="连通的全部、上游、下游",
)
@click.option("--kind", help="只看这一种管线")
@click.option("--part", type=click.Choice(["top", "invert", "axis"]), help="高程指哪一处")
@click.option("--respect-status", is_flag=True, help="关闭的管段不通")
@DESPITE
def trace(files: tuple[Path, ...], start: str, as_json: bool, **options: Any) -> None:
    """追踪：连通、上游、下游、最短路径，以及停在哪里、为什么。"""
    from cityops.services.underground.tracing import trace_of_files

    result = trace_of_files(files, start, **options)
    show(result, lambda: warned(result, _trace_told(result)), as_json=as_json)


@click.command("reconnect", cls=CityCommand)
@_FILES
@_CRS
@click.option("--tolerance", "tolerance_m", type=float, required=True, help="容差，m")
@click.option(
    "--pin", "pins", multiple=True, help="人工指定：LINE,NODE，这条线较近的一端接到这个点；可给多个"
)
@click.option("--out", type=click.Path(path_type=Path), help="把接好的线写成 GeoJSON")
def reconnect(
    files: tuple[Path, ...], pins: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """把没有相接的线端在容差内接上；每一处移动都列出，原文件不变。"""
    from cityops.services.underground.tracing import reconnect_files

    result = reconnect_files(files, pins=pins, **options)
    show(result, lambda: _reconnect_told(result), as_json=as_json)


_REASONS = {
    "end": "到头",
    "source": "水源",
    "closed": "关闭",
    "undetermined_flow": "流向不定",
    "flow_turns": "流向相背",
}


def _trace_told(result: dict[str, Any]) -> str:
    lines = [
        f"节点 {len(result['nodes'])} 个，管段 {len(result['links'])} 段，共 {result['length_m']:.1f} m"
    ]
    for stop in result.get("stops", [])[:50]:
        link = "" if stop["link"] is None else f"（管段 {stop['link']}）"
        lines.append(f"  停在 {stop['node']}{link}：{_REASONS[stop['reason']]}")
    return "\n".join(lines)


def _reconnect_told(result: dict[str, Any]) -> str:
    lines = [
        f"线 {result['lines']} 条，端点 {result['ends']} 个；容差 {result['tolerance_m']:g} m",
        f"接上 {result['joined']} 个，接在线上 {result['mid_span']} 个，"
        f"未接 {result['left_open']} 个，存疑 {result['doubtful']} 个",
        f"最大移动 {result['moved_max_m']:.3f} m",
    ]
    return "\n".join(lines)
