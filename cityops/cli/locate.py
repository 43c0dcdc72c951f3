"""``cityops locate``: cell, areas and nearest components of a position."""

from __future__ import annotations

from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show


@click.command("locate", cls=CityCommand)
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option(
    "--crs", default="cgcs2000", show_default=True, help="cgcs2000、wgs84、gcj02、bd09 或 EPSG:n"
)
def command(lon: float, lat: float, crs: str, as_json: bool) -> None:
    """给出一个位置所在的单元网格、社区、街道、区，以及最近的部件。"""
    from cityops.bootstrap import Services
    from cityops.services.roles import SYSTEM

    result = Services(settings()).locate.locate(SYSTEM, lon, lat, crs)
    show(result, lambda: _told(result), as_json=as_json)


def _told(result: dict[str, Any]) -> str:
    lines = [f"位置（CGCS2000）：{result['lon']:.7f}, {result['lat']:.7f}"]
    cell = result["cell"]
    lines.append(f"单元网格：{cell['code'] if cell else '—'}")
    for key, label in (("community", "社区"), ("street", "街道"), ("district", "区")):
        area = result[key]
        lines.append(f"{label}：" + (f"{area['name'] or ''}（{area['code']}）" if area else "—"))
    if result["boundary_distance_m"] is not None:
        lines.append(f"距最近边界：{result['boundary_distance_m']:.1f} m")
    lines += [
        f"部件：{c['class_title'] or c['class']} {c['id']}，{c['distance_m']:.1f} m"
        for c in result["components"]
    ]
    lines += [f"注意：{w['message']}" for w in result["warnings"]]
    return "\n".join(lines)
