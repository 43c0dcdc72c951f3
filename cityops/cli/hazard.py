"""``cityops hazard``: effect models on the command line, one sub-command for each use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show
from cityops.cli.usage import ChineseGroup
from gis.errors import FileError, InvalidError, UnavailableError

#: No inventory or list of levels is larger.
_MOST_BYTES = 4_000_000


@click.group("hazard", cls=ChineseGroup)
def command() -> None:
    """危险源：影响范围等筛查估算。"""


@command.command("zone", cls=CityCommand)
@click.option("--model", default="kingery-bulmash", show_default=True, help="模型名")
@click.option("--mass-kg", type=float, help="TNT 当量（kg），爆炸模型必填")
@click.option("--at", nargs=2, type=float, required=True, metavar="LON LAT", help="位置")
@click.option(
    "--crs", default="cgcs2000", show_default=True, help="cgcs2000、wgs84、gcj02、bd09 或 EPSG:n"
)
@click.option(
    "--level",
    "levels",
    multiple=True,
    metavar="2kPa|20ppm",
    help="等级，可重复；爆炸不给则用常用的三个",
)
@click.option("--rate-kg-s", type=float, help="泄放速率（kg/s），烟羽必填")
@click.option("--molar-mass-g-mol", type=float, help="摩尔质量，等级为 ppm 或 % 时必填")
@click.option("--wind-m-s", type=float, help="风速（m/s），烟羽必填")
@click.option("--wind-from", type=float, metavar="DEG", help="风的来向，自北顺时针，烟羽必填")
@click.option("--stability", type=click.Choice(list("ABCDEF"), case_sensitive=False))
@click.option("--terrain", type=click.Choice(["rural", "urban"]), help="开阔地或城镇")
@click.option("--height-m", type=float, help="释放高度（m），默认 0")
@click.option("--temperature-k", type=float, help="气温，默认 298.15")
@click.option("--pressure-pa", type=float, help="气压，默认 101325")
@click.option("--averaging-min", type=float, help="平均时间，默认 10")
@click.option("--receptor-m", type=float, help="受体高度，默认 0")
def zone(
    model: str,
    mass_kg: float | None,
    at: tuple[float, float],
    crs: str,
    levels: tuple[str, ...],
    as_json: bool,
    **drift: float | str | None,
) -> None:
    """算影响范围：爆炸每个等级一个圈，烟羽每个浓度一片。

    爆炸的计算保存为不可更改的记录；烟羽不保存。
    """
    given = {name: value for name, value in drift.items() if value is not None}
    if model == "gaussian-plume":
        _refuse_options(model, [] if mass_kg is None else ["mass_kg"])
        _plume(at, crs, levels, given, as_json)
        return
    _refuse_options(model, list(given))
    from cityops.services.hazards.requests import BlastRequest

    request = BlastRequest(
        lon=at[0],
        lat=at[1],
        crs=crs,
        masses_kg={"likely": mass_kg},
        levels=levels or None,
        model=model,
        anywhere=True,
    )
    found = in_order(_run(request), levels)
    show(found, lambda: _told(found), as_json=as_json)


def _refuse_options(model: str, names: list[str]) -> None:
    """Refuse options that the model would not use, so that nobody believes they did."""
    if names:
        options = "、".join("--" + name.replace("_", "-") for name in names)
        raise InvalidError(
            "hazard.wrong_option",
            "模型 {model} 不用 {options}",
            field=names[0],
            params={"model": model, "options": options},
        )


def _plume(
    at: tuple[float, float],
    crs: str,
    levels: tuple[str, ...],
    given: dict[str, Any],
    as_json: bool,
) -> None:
    from cityops.services.hazards.drifting import PlumeRequest, plume_run

    found = plume_run(PlumeRequest(lon=at[0], lat=at[1], levels=levels, crs=crs, **given))
    show(found, lambda: _plume_told(found), as_json=as_json)


def _plume_told(found: dict[str, Any]) -> str:
    lines = [found["model_info"]["title"]["zh"]]
    for one in found["zones"]:
        beyond = "以上" if one["truncated"] else ""
        lines.append(
            f"{one['level']:g} {one['unit']}：下风向约 {one['length_told_m']:,} m{beyond}，"
            f"半宽约 {one['half_width_m']:,.0f} m"
        )
    lines += [f"注意：{w['message']}" for w in found["warnings"]]
    lines += [f"{found['estimate']['zh']}，来源：{found['source']}"]
    return "\n".join(lines)


@command.command("grade", cls=CityCommand)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def grade(file: Path, as_json: bool) -> None:
    """按 GB 18218-2018 辨识并分级一个单元；FILE 为 JSON 清单。"""
    from cityops.services.hazards.grading import graded
    from hazards.gb18218.inventory import read_inventory

    found = graded(read_inventory(_text_of(file)))
    show(found, lambda: _grading_told(found), as_json=as_json)


def _text_of(file: Path) -> str:
    """Text of a file, UTF-8 with or without a byte order mark."""
    with file.open("rb") as opened:
        held = opened.read(_MOST_BYTES + 1)
    if len(held) > _MOST_BYTES:
        raise FileError(
            "hazard.file_too_large", "文件超过 {expected} 字节", field="file", expected=_MOST_BYTES
        )
    try:
        return held.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise FileError(
            "hazard.not_utf8", "文件不是 UTF-8 文字", field="file", hint="另存为 UTF-8"
        ) from fault


def _grading_told(found: dict[str, Any]) -> str:
    grade_words = "" if found["grade"] is None else f"，{'一二三四'[found['grade'] - 1]}级"
    r = "未知" if found["R"] is None else f"{found['R']:g}"
    verdict = "构成重大危险源" if found["major"] else "不构成重大危险源"
    lines = [f"S = {found['S']:g}，R = {r}：{verdict}{grade_words}"]
    for term in found["terms"]:
        beta = "未知" if term["beta"] is None else f"{term['beta']:g}"
        lines.append(
            f"{term['row']} {term['name']}：{term['q_t']:g} t / {term['Q_t']:g} t"
            f" = {term['q_over_Q']:g}，β {beta}"
        )
    lines += [f"注意：{w['message']}" for w in found["warnings"]]
    return "\n".join([*lines, f"来源：{found['source']}"])


@command.command("probit", cls=CityCommand)
@click.argument("name")
@click.option("--value", type=float, required=True, help="浓度、热辐射或超压，单位随函数")
@click.option("--minutes", type=float, help="暴露时间（分钟），毒性和热辐射必填")
def probit(name: str, value: float, minutes: float | None, as_json: bool) -> None:
    """概率单位函数：一定的浓度、热辐射或超压下受害的比例。"""
    from cityops.services.hazards.harming import harmed

    found = harmed(name, value, minutes)
    show(found, lambda: _harm_told(found), as_json=as_json)


def _harm_told(found: dict[str, Any]) -> str:
    lines = [
        f"{found['title']['zh']}：{found['inputs']['value']:g} {found['unit']}",
        f"受害比例 {found['probability']:.3%}",
        found["formula"],
    ]
    lines += [f"注意：{w['message']}" for w in found["warnings"]]
    return "\n".join([*lines, f"{found['estimate']['zh']}，来源：{found['source']}"])


def _run(request: Any) -> dict[str, Any]:
    """Run on the store, or without one where there is none."""
    from cityops.bootstrap import Services
    from cityops.services.hazards.service import run_without_store
    from cityops.services.roles import SYSTEM

    try:
        return Services(settings()).hazards.run(SYSTEM, request)
    except UnavailableError as error:
        if error.code != "store.missing":
            raise
    return run_without_store(request)


def in_order(run: dict[str, Any], levels: tuple[str, ...]) -> dict[str, Any]:
    """The fixed form of the command: one charge, its zones in the order they were asked for."""
    from hazards.levels import parse_level

    (only,) = run["alternatives"]
    zones = {zone["level_pa"]: zone for zone in only["zones"]}
    asked = dict.fromkeys(parse_level(text).level_pa for text in levels) or zones
    shown = {name: value for name, value in run.items() if name not in ("alternatives", "lists")}
    return shown | {"mass_kg": only["mass_kg"], "zones": [zones[pascals] for pascals in asked]}


def _told(found: dict[str, Any]) -> str:
    place = found["place"]
    lines = [
        f"{found['model_info']['title']['zh']}：{found['mass_kg']:g} kg TNT",
        f"位置（CGCS2000）：{place['lon']:.7f}, {place['lat']:.7f}",
    ]
    for one in found["zones"]:
        people = (one.get("exposure") or {}).get("people")
        lines.append(
            f"{one['level']:g} {one['unit']}：约 {one['radius_told_m']:,} m"
            + ("" if people is None else f"，圈内{_people(people)}")
        )
    lines += [f"注意：{w['message']}" for w in found["warnings"]]
    lines += [f"{found['estimate']['zh']}，来源：{found['source']}", f"记录：{found['run_id']}"]
    return "\n".join(lines)


def _people(people: dict[str, Any]) -> str:
    day, night = (people[time]["within"]["rounded"] for time in ("day", "night"))
    told = ["未知" if n is None else f"约 {n:,} 人" for n in (day, night)]
    return f"白天{told[0]}、夜间{told[1]}"
