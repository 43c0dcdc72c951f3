"""``cityops underground excavate`` and ``propose``: pits and proposed pipes."""

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
    click.option(
        "--datum", help="高程基准，例如 1985；只有埋深、没有地面高程时用 ground（地面以下）"
    ),
    click.option(
        "--part",
        type=click.Choice(["top", "invert", "axis"]),
        help="没有写明时，埋深和高程指哪一处",
    ),
    DESPITE,
)


def _with_shared(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_SHARED):
        function = option(function)
    return function


@click.command("excavate", cls=CityCommand)
@_with_shared
@click.option("--pit", required=True, help="开挖范围，WKT POLYGON，坐标与文件相同")
@click.option("--depth", "depth_m", type=float, help="开挖深度，m，从地面算起")
@click.option("--floor", "floor_level_m", type=float, help="坑底高程，m；与 --depth 二选一")
@click.option(
    "--margin", "margin_m", type=float, default=2.0, show_default=True, help="坑外多远，m"
)
def excavate(files: tuple[Path, ...], pit: str, as_json: bool, **options: Any) -> None:
    """开挖：挖到哪些管线、离坑壁多近、坑内各种类各单位的长度。"""
    from cityops.services.underground.digging import excavation_of_files

    result = excavation_of_files(files, pit, **options)
    show(result, lambda: warned(result, _pit_told(result)), as_json=as_json)


@click.command("propose", cls=CityCommand)
@_with_shared
@click.option("--line", required=True, help="方案轴线，WKT LINESTRING Z，坐标与文件相同")
@click.option("--kind", required=True, help="种类，例如 给水 或 JS")
@click.option("--size", required=True, help="管径或断面，mm，例如 300、1000x600")
@click.option("--material", help="材质，例如 QM、PE")
@click.option("--mode", default="ZM", show_default=True, help="埋设方式")
@click.option("--pressure", help="燃气压力或电力电压，例如 中压A、10kV")
@click.option(
    "--corridor", nargs=3, type=float, help="找最近的可行位置：左右各几米、上移几米、下移几米"
)
@click.option("--rules", type=click.Path(path_type=Path), help="核对过的规则表所在文件夹")
@click.option("--around", type=click.Path(path_type=Path), help="周边地物图层，见 audit")
@click.option("--around-datum", help="周边地物图层的高程基准")
@click.option("--step", type=float, default=0.1, show_default=True, help="走廊里的步长，m")
def propose(
    files: tuple[Path, ...],
    line: str,
    corridor: tuple[float, float, float] | None,
    step: float,
    as_json: bool,
    **options: Any,
) -> None:
    """方案管线与现状管线的全部检查结果；可在走廊内找最近的可行位置。"""
    from cityops.services.underground.digging import proposal_of_files
    from underground.proposal import Corridor

    room = None if corridor is None else Corridor(*corridor, step)
    result = proposal_of_files(files, line, corridor=room, **options)
    show(result, lambda: warned(result, _proposal_told(result)), as_json=as_json)


def _pit_told(result: dict[str, Any]) -> str:
    lines = [f"挖到 {result['hit']} 条，可能挖到（高程不明）{result['may_be_hit']} 条"]
    for row in result["pipes"]:
        said = "挖到" if row["hit"] else "可能挖到" if row["may_be_hit"] else "未挖到"
        gap = row["wall_gap_m"]
        outside = "管径不明，距坑壁未知" if gap is None else f"距坑壁 {gap:.2f} m"
        wall = "坑内" if row["inside"] else outside
        lines.append(
            f"  {kind_title(row['kind'])} {row['id']}：{said}，{wall}，{row['owner'] or '权属不明'}"
        )
    for row in result["by_owner"]:
        lines.append(
            f"坑内 {kind_title(row['kind'])} {row['owner'] or '权属不明'}："
            f"{row['pipes']} 条，{row['length_m']:.1f} m"
        )
    return "\n".join([*lines, f"注意：{result['note']}"])


def _proposal_told(result: dict[str, Any]) -> str:
    lines = ["方案没有问题" if result["passes"] else f"发现 {len(result['findings'])} 处："]
    lines += [f"  - {finding['message']}" for finding in result["findings"][:50]]
    if "alignment" in result:
        found = result["alignment"]
        step = result["corridor"]["step_m"]
        lines.append(
            f"走廊内按步长 {step:g} m 没有可行位置"
            if found is None
            else f"最近的可行位置：向左 {found['aside_m']:g} m，向上 {found['up_m']:g} m"
        )
    return "\n".join(lines)
