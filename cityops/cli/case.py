"""``cityops case``: cases filed, moved and explained from the machine of the deployment."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

import click

from cityops.cli.output import CityCommand, settings, show
from cityops.cli.usage import ChineseGroup
from gis.errors import CityError, InvalidError, NotFoundError

if TYPE_CHECKING:
    from cityops.settings import Settings

_as = click.option("--as", "username", required=True, metavar="USER", help="以谁的名义（账号名）")
_key = click.option(
    "--key", type=click.UUID, required=True, metavar="UUID", help="本次办理的编号；重发时不变"
)
_photo = click.option("--photo", type=click.Path(path_type=Path), help="照片：JPEG、PNG 或 WebP")
_condition = click.option("--condition", metavar="ID", help="立案条件")
#: What ``--to`` means for an act.
_TO_PERSON = {"assign": "handler", "ask_verify": "assignee", "ask_inspect": "assignee"}
_TO_BODY = {"dispatch": "department", "designate": "department", "forward": "department"}


@click.group("case", cls=ChineseGroup)
def command() -> None:
    """上报、办理和查看案件。"""


@command.command("file", cls=CityCommand)
@click.option("--at", nargs=2, type=float, required=True, metavar="LON LAT", help="位置")
@click.option("--crs", default="cgcs2000", show_default=True, help="坐标系，如 gcj02")
@click.option(
    "--class", "class_text", required=True, metavar="DOMAIN:SCHEME:CODE", help="类别，三部分"
)
@click.option("--description", default="", help="说明")
@_photo
@_condition
@click.option("--key", required=True, metavar="UUID", help="本次办理的编号；重发时不变")
@_as
def file(
    at: tuple[float, float],
    crs: str,
    class_text: str,
    description: str,
    photo: Path | None,
    condition: str | None,
    key: str,
    username: str,
    as_json: bool,
) -> None:
    """上报一个案件；同一编号、同一内容再报，仍是那一案件。"""
    from cityops.services.case_report import Report

    faults: list[CityError] = []
    number = _tried(faults, lambda: key_of(key))
    key_of_class = _tried(faults, lambda: class_of(class_text))
    data = _tried(faults, lambda: None if photo is None else photo_bytes(photo))
    if faults:
        _refuse_line(faults, at, crs, username)
    services, person = acting_for(username, "case.file")
    report = Report(
        id=number,
        class_key=key_of_class,
        description=description,
        lon=at[0],
        lat=at[1],
        crs=crs,
        condition=condition,
        photo_sha256=None if data is None else hashlib.sha256(data).hexdigest(),
    )
    services.cases.report(person, report)
    if data is not None:
        services.photos.add(person, number, "photo", data, "report")
    case = services.cases.get(person, number)
    twins = services.cases.duplicates(person, number)
    result = standing(case) | {
        "cell_code": case["cell_code"],
        "suggested_department": case["suggested_department"],
        "runner_up": case["runner_up"],
        "duplicates": [
            {name: twin[name] for name in ("case_id", "distance_m", "state")}
            for twin in twins
            if twin["kind"] == "duplicate"
        ],
    }
    show(result, lambda: _told(case), as_json=as_json)


@command.command("move", cls=CityCommand)
@click.argument("case_id", type=click.UUID, metavar="ID")
@click.argument("action")
@_as
@click.option("--reason", default="", help="意见或理由")
@click.option(
    "--to",
    metavar="BODY",
    help="派给哪个部门、建议由谁承办、指派给谁（账号名）、并入哪个案件：视办理而定",
)
@click.option("--version", type=click.IntRange(1), help="所见案件的版本；不给则不核对")
@_condition
@click.option("--until", metavar="ISO", help="挂账到何时")
@_photo
@_key
def move(
    case_id: UUID,
    action: str,
    username: str,
    reason: str,
    to: str | None,
    version: int | None,
    condition: str | None,
    until: str | None,
    photo: Path | None,
    key: UUID,
    as_json: bool,
) -> None:
    """办理一个案件；同一编号再发，不会办两次。"""
    from cityops.services.case_acts import Act

    chosen = action_named(action)
    ends = None if until is None else _time(until)
    data = None if photo is None else photo_bytes(photo)
    services, person = acting_for(username, f"case.{action}")
    named = {} if to is None else _named(services, action, to)
    act = Act(chosen, version, reason, condition=condition, until=ends, key=key, **named)
    if data is not None:
        services.cases.check(person, case_id, act, with_photo=True)
        services.photos.add(person, case_id, str(key), data)
    case = services.cases.move(person, case_id, act)
    show(standing(case), lambda: _told(case), as_json=as_json)


@command.command("list", cls=CityCommand)
@click.option("--as", "username", metavar="USER", help="以谁的名义看；不给则看全部")
@click.option("--state", "states", multiple=True, help="只看这些状态，可给多次")
@click.option("--inbox", is_flag=True, help="只看等此人办的，须给 --as")
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True, help="几件")
def list_(
    username: str | None, states: tuple[str, ...], inbox: bool, limit: int, as_json: bool
) -> None:
    """列出案件，新的在前。"""
    from cityops.bootstrap import Services
    from cityops.services.roles import SYSTEM

    chosen = [state_named(text) for text in states] or None
    if inbox and username is None:
        raise InvalidError("case.whose_inbox", "--inbox 要写明是谁的", field="as")
    services, person = Services(settings()), SYSTEM
    if username is not None:
        services, person = acting_for(username, "case.list")
    found = services.cases.page(person, states=chosen, inbox=inbox, limit=limit)
    show(found, lambda: _listed(found), as_json=as_json)


def _listed(found: dict[str, Any]) -> str:
    lines = [f"{found['total']} 件"]
    lines += [
        f"  {one['id']}  {one['number']}  {one['class_title']}  {one['state_title']}"
        for one in found["cases"]
    ]
    return "\n".join(lines)


def state_named(text: str) -> Any:
    """The state of this name.

    Raises
    ------
    InvalidError
        ``field.enum`` when there is none.
    """
    from grid.flow.states import CaseState

    if text not in set(CaseState):
        raise InvalidError(
            "field.enum",
            "{field} 应为 {expected} 之一，得到 {got}",
            field="state",
            got=text[:80],
            expected=[state.value for state in CaseState],
        )
    return CaseState(text)


@command.command("explain", cls=CityCommand)
@click.argument("case_id", type=click.UUID, metavar="ID")
def explain(case_id: UUID, as_json: bool) -> None:
    """说明一个案件的期限怎样算出。"""
    from cityops.bootstrap import Services
    from cityops.services.roles import SYSTEM

    told = Services(settings()).cases.explain(SYSTEM, case_id)
    result = {name: told[name] for name in ("due_at", "sentences", "periods")}
    show(result, lambda: "\n".join(told["sentences"]), as_json=as_json)


@command.command("department", cls=CityCommand)
@click.argument("gone", metavar="BODY")
@click.option("--into", metavar="BODY", help="并入哪个部门；不给则撤销，在办案件重新派遣")
def department(gone: str, into: str | None, as_json: bool) -> None:
    """撤并一个部门，在办案件随之调整。"""
    from cityops.bootstrap import Services
    from cityops.services.roles import SYSTEM

    told = Services(settings()).organisation.end_department(SYSTEM, gone, into)
    text = f"{gone} 已{'撤销' if into is None else f'并入 {into}'}，调整在办案件 {told['cases']} 件"
    show(told, text, as_json=as_json)


def standing(case: dict[str, Any]) -> dict[str, Any]:
    """How a case stands after an act."""
    return {
        "case_id": case["id"],
        "state": case["state"],
        "department": case["department"],
        "accept_due_at": case["accept_due_at"],
        "disposal_due_at": case["due_at"],
        "version": case["version"],
    }


def _tried(faults: list[CityError], part: Callable[[], Any]) -> Any:
    """A part of a command line; None where it is wrong, with the fault put to the others."""
    try:
        return part()
    except CityError as fault:
        faults.append(fault)
        return None


def _refuse_line(
    faults: list[CityError], at: tuple[float, float], crs: str, username: str
) -> NoReturn:
    """Refuse a line that cannot be read, with what is wrong about place and account, too."""
    from cityops.bootstrap import Services
    from cityops.services.locate import checked_place
    from cityops.services.owner_acting import check_owner

    _tried(faults, lambda: checked_place(*at, crs))
    services = Services(settings())
    check_owner(services.store, username, "case.file", os.geteuid(), owners_of(settings()))
    _tried(faults, lambda: services.accounts.get(username))
    if len(faults) == 1:
        raise faults[0]
    raise InvalidError(
        "case.bad_line",
        "有 {count} 处不对：{first}",
        params={"count": len(faults), "first": str(faults[0])},
        errors=faults,
    )


def key_of(text: str) -> UUID:
    """The identity of an act.

    Raises
    ------
    InvalidError
        ``cli.usage`` when it is none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise InvalidError(
            "cli.usage",
            "{field} 的值不对：{got}",
            field="--key",
            got=text[:200],
            expected="UUID，如 7a5f0f1e-6a44-4f5e-9f43-0d7f9a3c1e55",
        ) from None


def class_of(text: str) -> Any:
    """The class of a text ``DOMAIN:SCHEME:CODE``.

    Raises
    ------
    InvalidError
        ``case.bad_class`` when it has not three parts.

    Examples
    --------
    >>> class_of("component:GB/T 30428.2-2013:0102").code
    '0102'
    """
    from grid.classes import ClassKey

    domain, _, rest = text.partition(":")
    scheme, _, code = rest.rpartition(":")
    if not (domain and scheme and code):
        raise InvalidError(
            "case.bad_class",
            "类别应写成 {expected}，得到 {got}",
            field="class",
            got=text[:200],
            expected="DOMAIN:SCHEME:CODE",
        )
    return ClassKey(domain, scheme, code)


def action_named(text: str) -> Any:
    """The act of this name.

    Raises
    ------
    InvalidError
        ``field.enum`` when there is none.
    """
    from grid.flow.states import CaseAction

    if text not in set(CaseAction):
        raise InvalidError(
            "field.enum",
            "{field} 应为 {expected} 之一，得到 {got}",
            field="action",
            got=text[:80],
            expected=[action.value for action in CaseAction],
        )
    return CaseAction(text)


def photo_bytes(path: Path) -> bytes:
    """The bytes of a photo that may be taken; looked at before anything is filed.

    Raises
    ------
    NotFoundError
        ``file.missing``.
    InvalidError
        When it is too large or no photo that is taken.
    """
    from cityops.services.photo_head import photo_head

    if not path.is_file():
        raise NotFoundError("file.missing", "没有文件 {got}", field="photo", got=str(path)[:200])
    most = settings().max_photo_mb * 1_000_000
    if path.stat().st_size > most:
        raise InvalidError(
            "photo.too_large",
            "照片 {got} 字节，最多 {expected} 字节",
            field="photo",
            got=path.stat().st_size,
            expected=most,
        )
    data = path.read_bytes()
    photo_head(data)
    return data


def _time(text: str) -> datetime:
    from cityops.services.grid.calendars import time_of_text

    return time_of_text(text, "until")


def acting_for(username: str, what: str) -> tuple[Any, Any]:
    """Services, and the person in whose name the owner of the data acts."""
    from cityops.bootstrap import Services
    from cityops.services.owner_acting import acting_as, check_owner

    services = Services(settings())
    uid = os.geteuid()
    store = services.store
    check_owner(store, username, what, uid, owners_of(settings()))
    return services, acting_as(store, username, what, uid)


def owners_of(chosen: Settings) -> list[int]:
    """Numbers of the owners of a data folder and of the database, in it or elsewhere, as far as
    they are there.
    """
    from cityops.store.database import sqlite_path

    paths = {chosen.data_dir, chosen.data_dir / "cityops.db", sqlite_path(chosen.database)}
    return [path.stat().st_uid for path in paths if path is not None and path.exists()]


def _named(services: Any, action: str, to: str) -> dict[str, Any]:
    """What ``--to`` names, by the act.

    Raises
    ------
    InvalidError
        ``case.to_unused`` where an act is for nobody, ``case.bad_target``.
    NotFoundError
        ``account.unknown``.
    """
    if action in _TO_BODY:
        return {_TO_BODY[action]: to}
    if action == "ask_return":
        return {"proposed": to}
    if action in _TO_PERSON:
        return {_TO_PERSON[action]: services.accounts.get(to).id}
    if action != "link":
        raise InvalidError(
            "case.to_unused", "这项办理不指给谁：{got}", field="to", got=to[:80], expected=None
        )
    try:
        return {"target": UUID(to)}
    except ValueError:
        raise InvalidError(
            "case.bad_target", "不是案件编号：{got}", field="to", got=to[:80]
        ) from None


def _told(case: dict[str, Any]) -> str:
    lines = [f"{case['number']}（{case['id']}）{case['state_title']}，版本 {case['version']}"]
    if case["department_title"] or case["suggested_department_title"]:
        lines.append(
            f"承办：{case['department_title']}"
            if case["department_title"]
            else f"建议承办：{case['suggested_department_title']}"
        )
    if case["accept_due_at"]:
        lines.append(f"受理期限：{case['accept_due_at']}")
    if case["due_at"]:
        lines.append(f"处置期限：{case['due_at']}")
    return "\n".join(lines)
