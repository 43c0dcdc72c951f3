"""``cityops hazard alarms``: observations under rules."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, show
from gis.errors import CityError, FileError, InvalidError

#: No file of observations is larger; more goes through the library or in parts with --state.
_MOST_BYTES = 500_000_000
#: What files of gzip begin with, and how much of one is unpacked at a time.
_GZIP, _PIECE_BYTES = b"\x1f\x8b", 1 << 20


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("alarms", cls=CityCommand)
@click.argument("observations", type=_FILE)
@click.option("--rules", type=_FILE, required=True, help="规则表 CSV：测点、限值、死区、延时")
@click.option("--acts", type=_FILE, help="人工操作 CSV：确认、复位、搁置、取消搁置")
@click.option("--begin", help="从何时起监视，默认最早的接收时间")
@click.option("--until", help="算到何时，默认最晚的接收时间")
@click.option("--received-until", help="声明到此时为止接收的观测都已给出，可据此结算")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="状态文件：有则接着算，算完写回",
)
@click.option("--ahead-s", type=float, help="设备时钟最多超前多少秒，默认 60")
@click.option("--lag-s", type=float, help="迟到多少秒以内算实时，默认 180")
@click.option("--backfill-s", type=float, help="补传最多迟到多少秒，默认 86400")
def alarms(
    observations: Path,
    rules: Path,
    acts: Path | None,
    state: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """按规则算报警清单；OBSERVATIONS 为观测 CSV，也可为 gzip 压缩的。

    结果与观测到达的先后和重复无关；补传、时钟不可信、数据中断都有说明。
    """
    from cityops.services.hazards.watching import Watch, watched
    from hazards.monitoring.files import read_acts, read_observations, read_rules
    from hazards.monitoring.stored import monitor_json

    faults: list[CityError] = []
    read = _tried(faults, lambda: read_observations(_text(observations), observations.name))
    book = _tried(faults, lambda: read_rules(_text(rules), rules.name))
    done = () if acts is None else _tried(faults, lambda: read_acts(_text(acts), acts.name))
    policy = _tried(faults, lambda: _policy(given))
    times = {
        name: _tried(faults, lambda name=name: _time(name, given[name]))
        for name in ("begin", "until", "received_until")
    }
    _refuse(faults)
    kept = _text(state) if state is not None and state.exists() else None
    asked = Watch(read, book, done, policy, state=kept, **times)
    found, after = watched(asked)
    if state is not None:
        _keep(state, monitor_json(after))
    show(found, lambda: _told(found), as_json=as_json)


def _tried(faults: list[CityError], act: Callable[[], Any]) -> Any:
    """What `act` gives; None and its fault noted when it refuses."""
    try:
        return act()
    except InvalidError as fault:
        faults.append(fault)
        return None


def _refuse(faults: list[CityError]) -> None:
    """Refuse with the fault, or with one that gathers those of several files and options.

    Raises
    ------
    CityError
        When there are faults.
    """
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            "monitoring.refused",
            "{told}",
            field=faults[0].field,
            params={"told": "；".join(map(str, faults))},
            errors=[one for fault in faults for one in (fault.errors or (fault,))],
        )


def _time(name: str, text: str | None) -> datetime | None:
    """A time of the command line.

    Raises
    ------
    InvalidError
        ``monitoring.bad_time`` when it is no ISO 8601 time with an offset.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidError(
            "monitoring.bad_time",
            "{field} 应为带时区的 ISO 8601 时间，得到 {given}",
            field=name,
            got=text[:60],
            params={"given": text[:60]},
        )
    return found


def _policy(given: dict[str, Any]) -> Any:
    """How far clocks may be apart, as asked for; None where nothing was said."""
    from hazards.monitoring.clocks import ClockPolicy

    said = {n: given[n] for n in ("ahead_s", "lag_s", "backfill_s") if given[n] is not None}
    return ClockPolicy(**said) if said else None


def _text(file: Path) -> str:
    """Text of a file, plain or packed by gzip, UTF-8 with or without a byte order mark."""
    with file.open("rb") as opened:
        is_packed = opened.read(2) == _GZIP
    if file.stat().st_size > _MOST_BYTES:
        raise _too_large()
    held = _unpacked(file) if is_packed else file.read_bytes()
    try:
        return held.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise FileError(
            "hazard.not_utf8", "文件不是 UTF-8 文字", field="file", hint="另存为 UTF-8"
        ) from fault


def _unpacked(file: Path) -> bytes:
    """What a file of gzip holds, read only so far as it may be large.

    Raises
    ------
    FileError
        ``hazard.file_too_large``, ``hazard.bad_gzip``.
    """
    held = bytearray()
    try:
        with gzip.open(file) as opened:
            while piece := opened.read(_PIECE_BYTES):
                held += piece
                if len(held) > _MOST_BYTES:
                    raise _too_large()
    except (OSError, EOFError, zlib.error) as fault:
        raise FileError(
            "hazard.bad_gzip", "压缩文件（gzip）已损坏：{got}", field="file", got=file.name
        ) from fault
    return bytes(held)


def _too_large() -> FileError:
    return FileError(
        "hazard.file_too_large",
        "文件（解压后）超过 {expected} 字节",
        field="file",
        expected=_MOST_BYTES,
    )


def _keep(file: Path, text: str) -> None:
    """Write a state wholly or not at all."""
    beside = file.with_name(file.name + ".part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, file)


def _told(found: dict[str, Any]) -> str:
    from hazards.monitoring.alarms import STATE_TITLES, AlarmState
    from hazards.monitoring.rules import KIND_TITLES, AlarmKind

    lines = [f"{found['begin']} 至 {found['until']}：{len(found['alarms'])} 条报警"]
    for one in found["alarms"]:
        value = "" if one["value"] is None else f" {one['value']:g} {one['unit'] or ''}".rstrip()
        kind, state = KIND_TITLES[AlarmKind(one["kind"])], STATE_TITLES[AlarmState(one["state"])]
        back = "未恢复" if one["returned_at"] is None else f"恢复 {one['returned_at']}"
        lines.append(
            f"{one['raised_at']} {one['stream']} {one['rule']}（{kind.zh}）{value}，{back}，{state.zh}"
        )
    lines += [f"注意：{w['message']}" for w in found["warnings"]]
    return "\n".join([*lines, f"依据：{found['source']}"])
