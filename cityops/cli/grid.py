"""``cityops grid``: is a grid in order, and cells made along roads, water and parcels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show
from cityops.cli.usage import ChineseGroup

_FILE = click.Path(dir_okay=False, path_type=Path)
#: Below this share of cells within the bounds of sizes a division lacks lines to follow.
_FITTING = 0.9
_FAULTS = {
    "gap": "空隙",
    "overlap": "重叠",
    "outside_parent": "超出社区",
    "order": "编号次序",
    "code": "编码",
    "area": "面积",
    "multipart": "多块",
}


@click.group("grid", cls=ChineseGroup)
def command() -> None:
    """单元网格：检查、划分。"""


def _service() -> Any:
    from cityops.bootstrap import Services

    return Services(settings()).division


@command.command("check", cls=CityCommand)
@click.argument("file", required=False, type=_FILE)
@click.option("--tolerance-m", type=float, default=0.001, show_default=True, help="容差，米")
@click.option("--parents", type=_FILE, help="社区面文件；不给则用库里的社区")
@click.option("--least-m2", type=float, default=500.0, show_default=True, help="网格面积下限")
@click.option("--kind", default="unit", show_default=True, help="网格类型")
@click.option("--crs", help="坐标系，文件没有说明时给出")
def check(file: Path | None, as_json: bool, **options: Any) -> None:
    """检查单元网格：空隙、重叠、越界、编号次序、编码、面积、多块。不给文件则检查库里的网格。"""
    result = _service().check(file, **options)
    show(result, lambda: _checked(result), as_json=as_json)


def _checked(result: dict[str, Any]) -> str:
    faults = result["faults"]
    lines = [f"检查了 {result['cells_checked']} 个网格，发现 {len(faults)} 处问题"]
    for fault in faults[:100]:
        size = "" if fault["width_m"] is None else f"，宽约 {fault['width_m']:.3f} m"
        area = "" if fault["area_m2"] is None else f"，{fault['area_m2']:.2f} m²"
        place = "" if fault["point"] is None else "，{:.6f}, {:.6f}".format(*fault["point"])
        cells = "、".join(fault["cell_codes"])
        kind = _FAULTS[fault["kind"]]
        lines.append(f"  {kind}：{cells}{area}{size}{place} {fault['message']}")
    if len(faults) > 100:
        lines.append(f"  …… 另有 {len(faults) - 100} 处，用 --json 查看")
    return "\n".join(lines)


@command.command("make", cls=CityCommand)
@click.option("--out", required=True, type=_FILE, help="写到哪个 GeoJSON 文件")
@click.option("--communities", type=_FILE, help="社区面文件；不给则用库里的社区")
@click.option("--community", help="只划分这个社区；文件没有代码列时，它的代码")
@click.option("--roads", type=_FILE, help="道路文件；不给则用库里的道路")
@click.option("--osm", type=_FILE, help="OpenStreetMap 摘录，代替各个文件")
@click.option("--water", type=_FILE, help="水面文件")
@click.option("--parcels", type=_FILE, help="地块文件；不给则用库里的绿地")
@click.option("--buildings", type=_FILE, help="建筑物文件")
@click.option("--least-m2", type=float, default=5000.0, show_default=True, help="面积下限")
@click.option("--most-m2", type=float, default=20000.0, show_default=True, help="面积上限")
@click.option(
    "--free-share",
    type=float,
    default=0.095,
    show_default=True,
    help="内部边界里不沿任何线的部分所占的比例上限",
)
@click.option("--crs", help="坐标系，文件没有说明时给出")
def make(
    out: Path,
    community: str | None,
    least_m2: float,
    most_m2: float,
    free_share: float,
    crs: str | None,
    as_json: bool,
    **files: Path | None,
) -> None:
    """沿道路、水系和地块划分单元网格：不切建筑物，自西向东、自北向南编号。"""
    from cityops.cli.map_ import check_writable, write_whole
    from cityops.services.grid.division import Sources
    from grid.partition.regions import Sizes

    check_writable(out)
    body, report = _service().make(
        Sources(**files),
        community=community,
        sizes=Sizes(least_m2, most_m2),
        free_share=free_share,
        crs=crs,
    )
    write_whole(out, body.decode())
    result = {"out": str(out)} | report
    show(result, lambda: _made(result), as_json=as_json)


def _made(result: dict[str, Any]) -> str:
    share = result["on_line_share"]
    lines = [
        f"已写 {result['out']}：{result['communities']} 个社区，{result['cells']} 个网格",
        f"面积在 {result['least_m2']:g} 至 {result['most_m2']:g} m² 的：{result['fitting_share']:.1%}",
        "内部边界沿道路、水系、地块（2 m 内）的：" + ("—" if share is None else f"{share:.1%}"),
        f"被切的建筑物：{result['buildings_cut']}；自检问题：{len(result['faults'])} 处",
    ]
    if result["fitting_share"] < _FITTING:
        lines.append(
            "  怎么办：过大的街区里没有道路、水系、地块可沿；用 --parcels 给出地块，或提高 --free-share"
        )
    return "\n".join(lines)
