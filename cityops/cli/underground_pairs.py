"""``cityops underground clearance``: how far two pipes are apart."""

from __future__ import annotations

from typing import Any

import click

from cityops.cli.output import CityCommand, show


@click.command("clearance", cls=CityCommand)
@click.option("--a", required=True, help="第一条管线的轴线，WKT LINESTRING Z（东 北 高，m）")
@click.option("--b", required=True, help="第二条管线的轴线")
@click.option("--size-a", type=float, help="第一条的外径，m，含保护层")
@click.option("--size-b", type=float, help="第二条的外径，m")
@click.option("--section-a", help="第一条为矩形断面时的外轮廓“宽x高”，m，例如 1.0x0.6")
@click.option("--section-b", help="第二条为矩形断面时的外轮廓“宽x高”，m")
@click.option("--crs", required=True, help="平面坐标系，须以米为单位，例如 EPSG:4548")
@click.option("--datum-a", help="第一条的高程基准；两条都给出时须相同")
@click.option("--datum-b", help="第二条的高程基准")
def clearance(as_json: bool, **given: Any) -> None:
    """两条管线外壁之间的净距：空间、垂直、水平，以及最近处。"""
    from cityops.services.underground.clearance import clearance_of

    result = clearance_of(given.pop("a"), given.pop("b"), **given)
    show(result, lambda: _told(result), as_json=as_json)


def _told(result: dict[str, Any]) -> str:
    lines = [f"注意：{warning['message']}" for warning in result["warnings"]]
    lines.append(f"空间净距：{_metres(result['gap_3d_m'])}")
    lines.append(f"垂直净距：{_metres(result['vertical_m'])}")
    lines.append(f"水平净距：{_metres(result['horizontal_m'])}")
    if result["crosses"]:
        lines.append(f"平面相交，交角 {result['angle_deg']:.1f}°")
    for name, at in result["at"].items():
        place = ", ".join("—" if v is None else f"{v:.3f}" for v in at)
        lines.append(f"最近处（{name}）：{place}")
    if result["gap_3d_m"] is not None and result["gap_3d_m"] < 0:
        lines.append("两条管线碰撞")
    return "\n".join(lines)


def _metres(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f} m"
