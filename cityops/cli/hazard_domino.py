"""``cityops hazard domino``: what an explosion may set off next, and the lifelines in reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, show
from gis.errors import InvalidError

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("domino", cls=CityCommand)
@click.option("--at", nargs=2, type=float, metavar="LON LAT", help="爆炸的位置")
@click.option("--mass-kg", type=float, help="TNT 当量（kg）")
@click.option("--zone", type=_FILE, help="代替爆炸：hazard zone --json 的结果")
@click.option(
    "--alternative",
    type=click.Choice(["low", "likely", "high"]),
    help="与 --zone 同用：按哪一种数量，不给则取最大的",
)
@click.option("--minutes", type=float, help="与 --zone 同用：热辐射持续的分钟数")
@click.option("--sites", type=_FILE, help="其他危险源：equipment、tnt_kg 两列，可以未知")
@click.option(
    "--pipes", multiple=True, type=click.Path(path_type=Path), help="管线普查成果，可重复"
)
@click.option("--crs", default="cgcs2000", show_default=True, help="--at 的坐标系")
@click.option("--sites-crs", help="危险源文件的坐标系，文件没有说明时给出")
@click.option("--pipes-crs", help="管线文件的坐标系，文件没有说明时给出")
@click.option("--model", default="kingery-bulmash", show_default=True, help="爆炸模型")
@click.option("--generations", type=int, default=1, show_default=True, help="连锁几级")
def domino(
    at: tuple[float, float] | None,
    mass_kg: float | None,
    zone: Path | None,
    alternative: str | None,
    minutes: float | None,
    sites: Path | None,
    sites_crs: str | None,
    pipes: tuple[Path, ...],
    pipes_crs: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """多米诺：爆炸或影响范围可能引发哪些危险源，圈内有哪些管线和阀门。不保存。"""
    port = None
    if pipes:
        from cityops.services.hazards.lifeline_files import SurveyLifelines

        port = SurveyLifelines(pipes, pipes_crs)
    if zone is not None:
        from cityops.services.hazards.escalating_zones import ZoneDominoRequest, zone_domino_run

        _refuse(at is not None or mass_kg is not None, "给出 --zone 时不用 --at 和 --mass-kg")
        asked = ZoneDominoRequest(zone, sites, sites_crs, minutes or 0.0, alternative)
        found = zone_domino_run(asked, port)
        show(found, lambda: _zones_told(found), as_json=as_json)
        return
    from cityops.services.hazards.escalating import DominoRequest, domino_run

    _refuse(minutes is not None, "--minutes 只与 --zone 同用")
    _refuse(alternative is not None, "--alternative 只与 --zone 同用")
    if at is None or mass_kg is None:
        raise InvalidError("domino.missing", "给出 --at 和 --mass-kg，或者 --zone", field="at")
    common = {"sites": sites, "sites_crs": sites_crs}
    found = domino_run(DominoRequest(at[0], at[1], mass_kg, **common, **given), port)
    show(found, lambda: _told(found), as_json=as_json)


def _refuse(wrong: bool, words: str) -> None:
    if wrong:
        raise InvalidError("domino.wrong_option", words, field="zone")


def _zones_told(found: dict[str, Any]) -> str:
    lines = []
    for site in found["sites"]:
        verdict = {True: "可能引发", False: "达不到阈值", None: "不能判断"}[site["exceeded"]]
        where = "范围外"
        if site["zone"] is not None:
            zone = found["zones"][site["zone"]]
            where = f"{zone['level']:g} {zone['unit']} 范围内"
        kind = site["equipment_title"] or "设备类别未知"
        name = site["name"] or site["id"]
        lines.append(f"  {name}（{kind}）：{site['distance_m']:,.0f} m，{where}，{verdict}")
    for one in (found["lifelines"] or {"sums": []})["sums"]:
        zone = found["zones"][one["zone"]]
        lines.append(
            f"{zone['level']:g} {zone['unit']} 范围内 {one['kind']}：{one['length_m']:,.0f} m"
        )
    lines += [f"注意：{w['message']}" for w in found["warnings"]]
    return "\n".join([*lines, f"{found['estimate']['zh']}，来源：{found['source']}"])


def _told(found: dict[str, Any]) -> str:
    lines = [f"{found['model_info']['title']['zh']}：{found['inputs']['mass_kg']:g} kg TNT"]
    for ring in found["rings"]:
        lines.append(
            f"{ring['equipment_title']} {ring['value']:g} {ring['unit']}：约 {ring['radius_told_m']:,} m"
            f"（{ring['source']}）"
        )
    for site in found["sites"]:
        lines.append(_site_told(site))
    if found["lifelines"] is not None:
        for one in found["lifelines"]["sums"]:
            lines.append(
                f"圈内 {one['radius_m']:,.0f} m {one['kind']}：{one['lines']} 条，{one['length_m']:,.0f} m"
            )
        lines.append(f"圈内阀门 {len(found['lifelines']['valves'])} 个")
    lines += [f"注意：{w['message']}" for w in found["warnings"]]
    return "\n".join([*lines, f"{found['estimate']['zh']}，来源：{found['source']}"])


def _site_told(site: dict[str, Any]) -> str:
    verdict = {True: "可能引发", False: "达不到阈值", None: "不能判断"}[site["exceeded"]]
    bound = {"at_least": "至少 ", "at_most": "至多 ", None: ""}[site["bound"]]
    by = "" if site["by"] is None else f"，由 {site['by']} 引发（第 {site['generation']} 级）"
    return (
        f"  {site['name'] or site['id']}（{site['equipment_title'] or '设备类别未知'}）："
        f"{site['distance_m']:,.0f} m，{bound}{site['pressure_kpa']:.3g} kPa，{verdict}{by}"
    )
