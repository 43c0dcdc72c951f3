"""``cityops underground segments`` and ``isolate``: what valves cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, show

_FILE = click.argument("file", type=click.Path(path_type=Path))
_VALVES = click.option(
    "--valves",
    required=True,
    type=click.Path(path_type=Path),
    help="阀门表 CSV，列 link,node：阀门在管段 link 靠节点 node 的一端",
)
_SOURCES = click.option(
    "--source", "sources", multiple=True, help="水源节点；文件没有写明时用，可给多个"
)
_STATUS = click.option(
    "--respect-status", is_flag=True, help="关闭的管段不通水，止回阀只单向通水；不给则全部通水"
)


@click.command("segments", cls=CityCommand)
@_FILE
@_VALVES
@_SOURCES
@_STATUS
def segments(
    file: Path, valves: Path, sources: tuple[str, ...], respect_status: bool, as_json: bool
) -> None:
    """阀门分区：每个分区的管段、节点、边界阀门，以及有没有水源。"""
    from cityops.services.underground.networks import segments_of_file

    result = segments_of_file(file, valves, sources=sources, respect_status=respect_status)
    show(result, lambda: _segments_told(result), as_json=as_json)


@click.command("isolate", cls=CityCommand)
@_FILE
@_VALVES
@click.option("--link", required=True, help="爆管的管段")
@click.option("--exclude", multiple=True, help="关不了的阀门：LINK,NODE；可给多个")
@_SOURCES
@_STATUS
def isolate(
    file: Path,
    valves: Path,
    link: str,
    exclude: tuple[str, ...],
    sources: tuple[str, ...],
    respect_status: bool,
    as_json: bool,
) -> None:
    """关阀：要关的阀门（由近到远）、关断的管段、另外断水的管段。"""
    from cityops.services.underground.networks import isolation_of_file

    result = isolation_of_file(
        file, valves, link, exclude=exclude, sources=sources, respect_status=respect_status
    )
    show(result, lambda: _isolation_told(result), as_json=as_json)


def _segments_told(result: dict[str, Any]) -> str:
    found = result["segments"]
    lines = [f"阀门 {result['valves']} 个，分区 {len(found)} 个"]
    for segment in sorted(found, key=lambda s: -len(s["links"]))[:20]:
        source = "，有水源" if segment["has_source"] else ""
        lines.append(
            f"  {segment['id']}：管段 {len(segment['links'])}，节点 {len(segment['nodes'])}，"
            f"阀门 {len(segment['valves'])}{source}"
        )
    if len(found) > 20:
        lines.append("  …… 其余用 --json 查看")
    return "\n".join(lines + _warned(result))


def _isolation_told(result: dict[str, Any]) -> str:
    lines = [f"要关的阀门 {len(result['close'])} 个（由近到远）："]
    idle = {tuple(v) for v in result["not_needed"]}
    for valve, metres in zip(result["close"], result["distance_m"], strict=True):
        note = "，那一侧反正断水" if tuple(valve) in idle else ""
        lines.append(f"  {valve[0]} 靠 {valve[1]}，{metres:.0f} m{note}")
    lines.append(f"关断管段 {len(result['links'])} 段，共 {result['length_m']:.1f} m")
    lost = result["unintended_links"]
    lines.append(f"另外断水 {len(lost)} 段" + (f"：{'、'.join(lost[:20])}" if lost else ""))
    if result["has_source"]:
        lines.append("注意：关断范围内有水源")
    return "\n".join(lines + _warned(result))


def _warned(result: dict[str, Any]) -> list[str]:
    lines = []
    if not result["sources"]:
        lines.append("注意：文件里没有水源，不能判断断水；可用 --source 指明")
    if result["not_isolating"]:
        names = "、".join(result["not_isolating"][:20])
        lines.append(f"注意：这些阀门点不接两段管线，不能隔断：{names}")
    return lines
