"""``cityops hazard evacuate``: people out of a zone to shelters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, dump, show

_FILE = click.Path(dir_okay=False, path_type=Path)
_PAIR = {"nargs": 2, "type": float, "metavar": "LOW HIGH"}


@click.command("evacuate", cls=CityCommand)
@click.option("--roads", required=True, type=_FILE, help="道路中心线：GeoJSON、GeoPackage 等")
@click.option("--buildings", required=True, type=_FILE, help="建筑，有人数一列")
@click.option("--shelters", required=True, type=_FILE, help="避难场所，有容量一列")
@click.option(
    "--zone", required=True, type=_FILE, help="影响范围的面，或 hazard zone --json 的结果"
)
@click.option(
    "--alternative",
    type=click.Choice(["low", "likely", "high"]),
    help="影响范围按哪一种数量：较小、可能、较大；不给则取最大的",
)
@click.option("--resources", type=_FILE, help="救援力量的位置")
@click.option("--crs", help="坐标系，文件没有说明时给出")
@click.option(
    "--mode", type=click.Choice(["foot", "vehicle"]), default="foot", show_default=True, help="方式"
)
@click.option(
    "--who",
    type=click.Choice(["zone", "all"]),
    default="zone",
    show_default=True,
    help="疏散谁：影响范围内的，或文件中全部建筑",
)
@click.option(
    "--time",
    type=click.Choice(["day", "night"]),
    default="night",
    show_default=True,
    help="人数用白天还是夜间的一列",
)
@click.option("--wind-from", type=float, metavar="DEG", help="风的来向，自北顺时针")
@click.option("--source", nargs=2, type=float, metavar="LON LAT", help="源的位置，默认取范围中心")
@click.option("--speed-kmh", **_PAIR, help="速度；步行不给则用表中的值，乘车必填")
@click.option("--width-m", **_PAIR, help="步行：没有注明的道路宽度")
@click.option("--lanes", **_PAIR, help="乘车：没有注明的车道数")
@click.option("--lane-people-h", **_PAIR, help="乘车：每车道每小时通过的人数")
@click.option("--departure-min", **_PAIR, help="全部出发所需的分钟数")
@click.option("--response-kmh", **_PAIR, help="救援车速")
@click.option("--out", type=_FILE, help="把路线和封路点写成 GeoJSON")
def evacuate(out: Path | None, as_json: bool, **given: Any) -> None:
    """疏散：谁去哪里、走哪条路、谁没有路、要多久、封哪些路。不保存。"""
    from cityops.cli.map_ import write_whole
    from cityops.services.hazards.evacuating import EvacuationRequest, evacuation_run

    found, routes = evacuation_run(EvacuationRequest(**given))
    if out is not None:
        write_whole(out, dump(routes()))
        found["out"] = str(out)
    show(found, lambda: _told(found), as_json=as_json)


def _told(found: dict[str, Any]) -> str:
    people, time = found["people"], found["clearance"]
    lines = [
        *_zone_told(found["zone"]),
        f"建筑 {people['buildings']} 栋，已知 {people['known']:,} 人：安置 {people['assigned']:,} 人"
        f"（其中往下风向 {people['downwind']:,} 人），没有路 {people['no_route']:,} 人，"
        f"没有位置 {people['no_room']:,} 人",
        _arrival_told(people, time),
    ]
    if time["bottleneck"] is not None:
        road = time["bottleneck"]
        name = road["name"] or road["road"]
        lines.append(f"瓶颈：{name}，{road['people']:,} 人")
    for shelter in found["shelters"]:
        used = "" if shelter["used"] else "（未使用）"
        name = shelter["name"] or shelter["id"]
        room = "未知" if shelter["capacity"] is None else f"{shelter['capacity']:,}"
        lines.append(f"  {name}{used}：{shelter['people']:,} / {room}")
    for one in [b for b in found["buildings"] if b["no_route"]][:20]:
        lines.append(f"  没有路：{one['id']}，{one['no_route']['message']}")
    roads = {one["name"] or one["road"] for one in found["close"] if one["leads_in"]}
    lines.append(
        f"封路 {sum(c['leads_in'] for c in found['close'])} 处：{'、'.join(sorted(roads)[:20])}"
    )
    for one in (found["resources"] or [])[:10]:
        after = "没有路" if one["gate"] is None else _minutes(one["seconds_high"])
        lines.append(f"  救援 {one['name'] or one['id']}：{after}")
    for row in found["assumptions"]:
        told = (
            "未知" if row["low"] is None else f"{row['low']:.3g} 至 {row['high']:.3g} {row['unit']}"
        )
        lines.append(f"假定 {row['title']}：{told}（{row['source']}）")
    lines += [f"注意：{w['message']}" for w in found["warnings"]]
    return "\n".join([*lines, f"{found['estimate']['zh']}，来源：{found['source']}"])


def _zone_told(zone: dict[str, Any] | None) -> list[str]:
    """Which of several quantities was gone by."""
    if zone is None or zone["alternative"] is None:
        return []
    from cityops.services.hazards.run_json import TITLES

    amount = "" if zone["amount"] is None else f"，{zone['amount']:g} {zone['unit']}"
    return [f"影响范围：数量{TITLES[zone['alternative']]}的一种{amount}"]


def _arrival_told(people: dict[str, Any], time: dict[str, Any]) -> str:
    if not people["assigned"]:
        return "没有人出发"
    told = f"全部到达需 {_minutes(time['low_s'])} 至 {_minutes(time['high_s'])}"
    return told if time["departure_s"] is not None else told + "（出发所需时间未知，没有计入）"


def _minutes(seconds: float | None) -> str:
    return "未知" if seconds is None else f"约 {seconds / 60:.0f} 分钟"
