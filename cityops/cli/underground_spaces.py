"""``cityops underground spaces``, ``contained`` and ``strata``: below ground beyond pipes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, show
from cityops.cli.underground_warnings import DESPITE, warned
from underground.kinds import kind_title

_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
_CRS = click.option("--crs", help="坐标系，例如 EPSG:4548；文件自带时不必给")
_DATUM = click.option("--datum", help="高程基准，例如 1985；不同或不明的高程不能比较")
_PART = click.option(
    "--part", type=click.Choice(["top", "invert", "axis"]), help="没有写明时，埋深和高程指哪一处"
)


@click.command("spaces", cls=CityCommand)
@_FILES
@_CRS
@_DATUM
@_PART
@DESPITE
@click.option(
    "--spaces",
    required=True,
    type=click.Path(path_type=Path),
    help="地下空间图层：面（底高程、顶高程）是建筑、地铁、人防，点（井口高程、井深、井径）是井",
)
@click.option("--spaces-datum", help="地下空间图层的高程基准")
@click.option(
    "--within", "within_m", type=float, default=2.0, show_default=True, help="多近才列出，m"
)
def spaces(files: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """管线与地下空间（建筑、地铁、人防、基础、井）的空间净距。"""
    from cityops.services.underground.spaces import spaces_of_files

    result = spaces_of_files(files, options.pop("spaces"), **options)
    show(result, lambda: warned(result, _near_told(result)), as_json=as_json)


@click.command("contained", cls=CityCommand)
@_FILES
@_CRS
@_DATUM
@_PART
@DESPITE
def contained(files: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """套管、管沟、管块、管廊里有哪些管线。"""
    from cityops.services.underground.spaces import contained_of_files

    result = contained_of_files(files, **options)
    show(result, lambda: warned(result, _contained_told(result)), as_json=as_json)


@click.command("strata", cls=CityCommand)
@_FILES
@_CRS
@_DATUM
@click.option("--at", nargs=2, type=float, required=True, help="东坐标 北坐标")
@click.option("--depth", "depth_m", type=float, required=True, help="深度，m，从孔口算起")
@click.option(
    "--nearest", type=click.IntRange(1, 50), default=3, show_default=True, help="几个钻孔"
)
def strata(files: tuple[Path, ...], at: tuple[float, float], as_json: bool, **options: Any) -> None:
    """这里这么深是什么土：最近的钻孔在该深度的地层，以及各有多远。"""
    from cityops.services.underground.spaces import strata_of_files

    result = strata_of_files(files, *at, **options)
    show(result, lambda: _strata_told(result), as_json=as_json)


def _near_told(result: dict[str, Any]) -> str:
    lines = [
        f"管线 {result['pipes']} 段，地下空间 {result['spaces']} 处，"
        f"{result['within_m']:g} m 以内 {len(result['near'])} 对"
    ]
    for row in result["near"][:100]:
        gap = row["gap_3d_m"]
        said = "高程或尺寸不明" if gap is None else "相碰" if gap < 0 else f"净距 {gap:.3f} m"
        name = row["space_kind"] or ("井" if row["shape"] == "well" else "地下空间")
        lines.append(f"  {kind_title(row['kind'])} {row['pipe']} 与 {name} {row['space']}：{said}")
    if len(result["near"]) > 100:
        lines.append("  …… 其余用 --json 查看")
    return "\n".join([*lines, f"注意：{result['note']}"])


def _contained_told(result: dict[str, Any]) -> str:
    lines = [f"管线 {result['pipes']} 段，在别的管线里面的 {len(result['contained'])} 段"]
    if result["unknown_height_or_size"]:
        lines.append(f"高程或尺寸不明、无从判断的 {result['unknown_height_or_size']} 段")
    for row in result["contained"][:100]:
        lines.append(
            f"  {kind_title(row['inner_kind'])} {row['inner']} 在 "
            f"{kind_title(row['outer_kind'])} {row['outer']}（{row['mode']}）里"
        )
    if len(result["contained"]) > 100:
        lines.append("  …… 其余用 --json 查看")
    return "\n".join(lines)


def _strata_told(result: dict[str, Any]) -> str:
    lines = [f"深 {result['depth_m']:g} m，最近的 {len(result['holes'])} 个钻孔："]
    for hole in result["holes"]:
        layer = hole["layer"]
        said = "未揭露" if layer is None else f"{layer['code'] or ''} {layer['name'] or '名称不明'}"
        water = {True: "，水位以下", False: "，水位以上", None: ""}[hole["below_water"]]
        lines.append(f"  {hole['id']}，距 {hole['distance_m']:.1f} m：{said.strip()}{water}")
    return "\n".join([*lines, f"注意：{result['note']}"])
