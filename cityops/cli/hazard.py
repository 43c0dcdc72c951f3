"""``cityops hazard``: effect models on the command line, one sub-command for each use."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import click

from cityops.cli.hazard_zone_told import blast_told, model_told
from cityops.cli.output import CityCommand, settings, show
from cityops.cli.usage import ChineseGroup
from gis.errors import FileError, InvalidError, NotFoundError, UnavailableError

#: No inventory or list of levels is larger.
_MOST_BYTES = 4_000_000


class HazardGroup(ChineseGroup):
    """The commands of this module, and those that are imported when they are asked for."""

    elsewhere: ClassVar[dict[str, tuple[str, str]]] = {
        "alarms": ("hazard_alarms", "alarms"),
        "register": ("hazard_register", "register"),
        "domino": ("hazard_domino", "domino"),
        "evacuate": ("hazard_evacuate", "evacuate"),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands."""
        return sorted([*super().list_commands(ctx), *self.elsewhere])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command, or None when there is no such command."""
        if name not in self.elsewhere:
            return super().get_command(ctx, name)
        module, attribute = self.elsewhere[name]
        found: click.Command = getattr(import_module(f"cityops.cli.{module}"), attribute)
        return found


@click.group("hazard", cls=HazardGroup)
def command() -> None:
    """危险源：影响范围等筛查估算，监测报警，企业档案。"""


@command.command("zone", cls=CityCommand)
@click.option(
    "--model",
    default="kingery-bulmash",
    show_default=True,
    help="kingery-bulmash、kinney-graham、dispersion（自动选扩散模型）、gaussian-plume、"
    "britter-mcquaid、gaussian-puff 或 bleve-fireball",
)
@click.option("--mass-kg", type=float, help="质量（kg）：爆炸为 TNT 当量，烟团与火球为物质的量")
@click.option("--rate-kg-s", type=float, help="泄放速率（kg/s），连续扩散必填")
@click.option("--low", type=float, help="数量不确定时的较小值，单位同上")
@click.option("--high", type=float, help="数量不确定时的较大值，单位同上")
@click.option("--at", nargs=2, type=float, required=True, metavar="LON LAT", help="位置")
@click.option(
    "--crs", default="cgcs2000", show_default=True, help="cgcs2000、wgs84、gcj02、bd09 或 EPSG:n"
)
@click.option(
    "--level",
    "levels",
    multiple=True,
    metavar="2kPa|20ppm|5kW/m2",
    help="等级，可重复；爆炸与火球不给则用常用的，气体可由 --cas 得出",
)
@click.option("--cas", help="气体的 CAS 号：给出摩尔质量、AEGL 和分级")
@click.option("--molar-mass-g-mol", type=float, help="摩尔质量，等级为 ppm 或 % 时必填")
@click.option("--wind-m-s", type=float, help="风速（m/s），扩散必填，至少 1")
@click.option("--wind-from", type=float, metavar="DEG", help="风的来向，自北顺时针，扩散必填")
@click.option("--wind-spread-deg", type=float, help="风向可能偏转的角度，默认 30")
@click.option("--stability", type=click.Choice(list("ABCDEF"), case_sensitive=False))
@click.option("--terrain", type=click.Choice(["rural", "urban"]), help="开阔地或城镇")
@click.option("--height-m", type=float, help="释放高度（m），默认 0")
@click.option("--temperature-k", type=float, help="气温，默认 298.15")
@click.option("--pressure-pa", type=float, help="气压，默认 101325")
@click.option("--averaging-min", type=float, help="平均时间，默认 10")
@click.option("--receptor-m", type=float, help="受体高度，默认 0")
@click.option("--duration-s", type=float, help="重气：释放持续的时间（s）")
@click.option("--release-k", type=float, help="重气：气体释放时的温度，默认为气温")
@click.option("--heat-mj-kg", type=float, help="火球：燃烧热（MJ/kg），必填")
@click.option("--radiated-share", type=float, help="火球：辐射的份额，默认 0.3")
@click.option("--form", type=click.Choice(["ccps", "tno"]), help="火球：公式，默认 ccps")
@click.option("--vapour-pa", type=float, help="火球：水蒸气分压，默认 2000")
def zone(
    model: str,
    mass_kg: float | None,
    rate_kg_s: float | None,
    low: float | None,
    high: float | None,
    at: tuple[float, float],
    crs: str,
    levels: tuple[str, ...],
    as_json: bool,
    **more: float | str | None,
) -> None:
    """算影响范围和其中的人与物：爆炸、扩散的气体、火球。

    计算保存为不可更改的记录；数量不确定时用 --low、--high 同时算三种。
    """
    from cityops.services.hazards.model_requests import OPTIONS

    given = {name: value for name, value in more.items() if value is not None}
    if model in OPTIONS:
        amounts = _amounts(model, mass_kg, rate_kg_s, low, high)
        asked = {"model": model, "crs": crs, "levels": levels, **amounts, **given}
        _model_zone(at, asked, as_json)
        return
    _refuse_unknown(model)
    _refuse_options(model, [*given, *([] if rate_kg_s is None else ["rate_kg_s"])])
    from cityops.services.hazards.requests import BlastRequest

    request = BlastRequest(
        lon=at[0],
        lat=at[1],
        crs=crs,
        masses_kg={"low": low, "likely": mass_kg, "high": high},
        levels=levels or None,
        model=model,
        anywhere=True,
    )
    found = in_order(_run(request), levels)
    show(found, lambda: blast_told(found), as_json=as_json)


def _amounts(
    model: str, mass: float | None, rate: float | None, low: float | None, high: float | None
) -> dict[str, Any]:
    """The quantity of a model with its alternatives; the other one stays, to be refused."""
    from cityops.services.hazards.model_requests import OPTIONS

    name = "mass_kg" if "mass_kg" in OPTIONS[model] else "rate_kg_s"
    given = {"mass_kg": mass, "rate_kg_s": rate}
    out = {n: {"likely": v} for n, v in given.items() if v is not None}
    if any(v is not None for v in (given[name], low, high)):
        out[name] = {"low": low, "likely": given[name], "high": high}
    return out


def _refuse_unknown(model: str) -> None:
    """Refuse a model that is neither of blasts nor of gas or fire, and name them all."""
    from cityops.services.hazards.model_requests import OPTIONS
    from hazards.registry import CURVES

    if model not in CURVES:
        raise InvalidError(
            "hazard.unknown_model",
            "没有模型 {got}，有 {expected}",
            field="model",
            got=model[:60],
            expected=sorted([*CURVES, *OPTIONS]),
        )


def _refuse_options(model: str, names: list[str]) -> None:
    """Refuse options that the model would not use, so that nobody believes they did."""
    if names:
        from cityops.services.hazards.model_requests import wrong_options

        raise wrong_options(model, names)


def _model_zone(at: tuple[float, float], asked: dict[str, Any], as_json: bool) -> None:
    from cityops.services.hazards.model_json import in_fixed_form
    from cityops.services.hazards.model_requests import ModelRequest

    request = ModelRequest(lon=at[0], lat=at[1], anywhere=True, **asked)
    found = in_fixed_form(_run_model(request), request)
    show(found, lambda: model_told(found), as_json=as_json)


def _run_model(request: Any) -> dict[str, Any]:
    """Run on the store, or without one where there is none."""
    from cityops.bootstrap import Services
    from cityops.services.hazards.service import model_run_without_store
    from cityops.services.roles import SYSTEM

    try:
        return Services(settings()).hazards.run_model(SYSTEM, request)
    except UnavailableError as error:
        if error.code != "store.missing":
            raise
    return model_run_without_store(request)


@command.command("grade", cls=CityCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--boundary",
    type=click.Path(dir_okay=False, path_type=Path),
    help="企业厂界（GeoJSON 面，CGCS2000）：按建筑物资料统计 500 m 内常住人口，并保存记录",
)
def grade(file: Path, boundary: Path | None, as_json: bool) -> None:
    """按 GB 18218-2018 辨识并分级一个单元；FILE 为 JSON 清单。"""
    from cityops.services.hazards.grading import graded
    from hazards.gb18218.inventory import read_inventory
    from hazards.gb18218.resolve import check_line

    inventory = read_inventory(_text_of(file), check_line)
    if boundary is None:
        found = graded(inventory)
    else:
        from cityops.bootstrap import Services
        from cityops.services.roles import SYSTEM

        fence = _json_of(boundary)
        found = Services(settings()).hazards.grade(SYSTEM, inventory, fence)
    show(found, lambda: _grading_told(found), as_json=as_json)


def _text_of(file: Path) -> str:
    """Text of a file, UTF-8 with or without a byte order mark."""
    if not file.is_file():
        raise NotFoundError("file.missing", "没有文件 {got}", field="file", got=str(file))
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


def _json_of(file: Path) -> Any:
    from gis.strict_json import parse_json

    return parse_json(_text_of(file).encode())


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
    return "\n".join([*lines, f"{found['estimate']['zh']}，来源：{found['source']}"])


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
    """The fixed form of the command: the likely charge, its zones in the order they were asked for."""
    from hazards.levels import parse_level

    named = {one["name"]: one for one in run["alternatives"]}
    only = named.get("likely") or run["alternatives"][-1]
    zones = {zone["level_pa"]: zone for zone in only["zones"]}
    asked = dict.fromkeys(parse_level(text).level_pa for text in levels) or zones
    left = ("alternatives", "lists") if len(named) == 1 else ("lists",)
    shown = {name: value for name, value in run.items() if name not in left}
    return shown | {"mass_kg": only["mass_kg"], "zones": [zones[pascals] for pascals in asked]}
