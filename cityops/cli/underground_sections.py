"""``cityops underground section`` and ``profile``: across a line, along a path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, show
from cityops.cli.underground_warnings import DESPITE, warned
from underground.kinds import kind_title

_SHARED = (
    click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path)),
    click.option("--crs", help="坐标系，例如 EPSG:4548；文件自带时不必给"),
    click.option("--datum", help="高程基准，例如 1985；不给则视为不明"),
    click.option(
        "--part",
        type=click.Choice(["top", "invert", "axis"]),
        help="没有写明时，埋深和高程指哪一处",
    ),
    DESPITE,
    click.option("--svg", type=click.Path(path_type=Path), help="画成 SVG 写到这里"),
    click.option("--xlsx", type=click.Path(path_type=Path), help="写成 Excel 放到这里"),
)


def _with_shared(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_SHARED):
        function = option(function)
    return function


@click.command("section", cls=CityCommand)
@_with_shared
@click.option("--line", required=True, help="断面线，WKT LINESTRING，坐标与文件相同")
def section(files: tuple[Path, ...], line: str, as_json: bool, **options: Any) -> None:
    """横断面：断面线切到的管线、里程、高程、覆土、间距、推荐次序。"""
    from cityops.services.underground.sections import section_of_files

    result = section_of_files(files, line, **options)
    show(result, lambda: warned(result, _section_told(result)), as_json=as_json)


@click.command("profile", cls=CityCommand)
@_with_shared
@click.option("--from", "start", required=True, help="起点点号")
@click.option("--to", "end", required=True, help="终点点号")
@click.option("--kind", help="只沿这一种管线")
def profile(files: tuple[Path, ...], start: str, end: str, as_json: bool, **options: Any) -> None:
    """纵断面：两点之间最短路径上的地面、管顶、管底、坡度、检查井和交叉管线。"""
    from cityops.services.underground.sections import profile_of_files

    result = profile_of_files(files, start, end, **options)
    show(result, lambda: warned(result, _profile_told(result)), as_json=as_json)


def _section_told(result: dict[str, Any]) -> str:
    lines = [f"断面长 {result['length_m']:.2f} m，切到 {len(result['hits'])} 条管线"]
    for hit in result["hits"]:
        level = "高程不明" if hit["axis_m"] is None else f"管顶 {hit['top_m']:.2f}"
        cover = "" if hit["cover_m"] is None else f"，覆土 {hit['cover_m']:.2f} m"
        note = "，次序与推荐不同" if hit["out_of_order"] else ""
        lines.append(
            f"  {hit['chainage_m']:8.2f} m  {kind_title(hit['kind'])} {hit['id']}：{level}{cover}{note}"
        )
    return "\n".join(lines)


def _profile_told(result: dict[str, Any]) -> str:
    lines = [f"路径长 {result['length_m']:.2f} m，{len(result['links'])} 段"]
    for link in result["links"]:
        slope = _slope_told(link)
        lines.append(f"  {link['from_m']:8.2f}–{link['to_m']:.2f} m  {link['pipe']}：{slope}")
    lines += [f"  {c['station_m']:8.2f} m  与 {c['pipe']} 交叉" for c in result["crossing"]]
    lines += [f"  {g['from_m']:8.2f}–{g['to_m']:.2f} m  {_gap_told(g)}" for g in result["gaps"]]
    return "\n".join(lines)


def _slope_told(link: dict[str, Any]) -> str:
    if link["slope"] is None:
        return "坡度缺"
    of = {"invert": "内底", "axis": "轴线"}[link["slope_of"]]
    wall = "，壁厚为假定" if link["wall_assumed"] else ""
    return f"坡度 {link['slope'] * 1000:.2f}‰（{of}{wall}）"


def _gap_told(gap: dict[str, Any]) -> str:
    from underground.sections.sheets import REASONS

    what = "缺少管内底" if gap["missing"] == ["invert_m"] else "缺少高程"
    return f"{what}：{REASONS[gap['reason']]}"
