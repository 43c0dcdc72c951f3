"""``cityops user``: accounts, from the machine of the deployment."""

from __future__ import annotations

import sys
from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show
from cityops.cli.usage import ChineseGroup
from cityops.services.roles import ROLE_TITLES, SYSTEM, Role
from gis.errors import InvalidError

_ROLES = click.Choice([role.value for role in Role if role is not Role.CITIZEN])
_area = click.option(
    "--area", "areas", multiple=True, help="只管这个区划：6、9 或 12 位代码，可给多次"
)
_category = click.option(
    "--category", "categories", multiple=True, metavar="图层=类别,类别", help="在该图层只看这些类别"
)
_stdin = click.option("--password-stdin", is_flag=True, help="从标准输入读密码；不给则生成一个")


@click.group("user", cls=ChineseGroup)
def command() -> None:
    """管理账号。"""


@command.command("add", cls=CityCommand)
@click.argument("username")
@click.option("--role", "roles", type=_ROLES, multiple=True, required=True, help="角色，可给多次")
@click.option("--name", help="显示的名字")
@click.option("--department", help="所属部门")
@_area
@_category
@_stdin
def add(
    username: str,
    roles: tuple[str, ...],
    name: str | None,
    department: str | None,
    areas: tuple[str, ...],
    categories: tuple[str, ...],
    password_stdin: bool,
    as_json: bool,
) -> None:
    """新建账号。"""
    password, made_here = _password(password_stdin)
    account = _accounts().add(
        SYSTEM,
        username,
        [Role(r) for r in roles],
        password=password,
        name=name,
        areas=areas,
        categories=_parsed(categories),
        department=department,
    )
    _show_with_password(account.as_dict(), "已建账号", password if made_here else None, as_json)


@command.command("list", cls=CityCommand)
def list_(as_json: bool) -> None:
    """列出账号。"""
    accounts = [account.as_dict() for account in _accounts().all(SYSTEM)]
    show({"users": accounts}, lambda: "\n".join(map(account_text, accounts)), as_json=as_json)


@command.command("disable", cls=CityCommand)
@click.argument("username")
@click.option("--enable", is_flag=True, help="反过来：重新启用")
def disable(username: str, enable: bool, as_json: bool) -> None:
    """停用账号；它打开的会话随即结束。"""
    account = _accounts().grant(SYSTEM, username, active=enable).as_dict()
    show(account, lambda: account_text(account), as_json=as_json)


@command.command("passwd", cls=CityCommand)
@click.argument("username")
@_stdin
def passwd(username: str, password_stdin: bool, as_json: bool) -> None:
    """换密码；它打开的会话随即结束。"""
    password, made_here = _password(password_stdin)
    service = _accounts()
    service.set_password(SYSTEM, username, password)
    account = service.get(username).as_dict()
    _show_with_password(account, "已换密码", password if made_here else None, as_json)


@command.command("grant", cls=CityCommand)
@click.argument("username")
@click.option("--role", "roles", type=_ROLES, multiple=True, help="换成这些角色")
@_area
@_category
@click.option("--everywhere", is_flag=True, help="去掉区划限制")
@click.option("--all-categories", is_flag=True, help="去掉类别限制")
@click.option("--department", help="所属部门")
def grant(
    username: str,
    roles: tuple[str, ...],
    areas: tuple[str, ...],
    categories: tuple[str, ...],
    everywhere: bool,
    all_categories: bool,
    department: str | None,
    as_json: bool,
) -> None:
    """更改角色与范围；没有给出的保持不变。"""
    account = (
        _accounts()
        .grant(
            SYSTEM,
            username,
            roles=[Role(r) for r in roles] if roles else None,
            areas=() if everywhere else areas or None,
            categories={} if all_categories else _parsed(categories) or None,
            department=department,
        )
        .as_dict()
    )
    show(account, lambda: account_text(account), as_json=as_json)


def account_text(account: dict[str, Any]) -> str:
    """One line for an account."""
    roles = "、".join(ROLE_TITLES[Role(r)].zh for r in account["roles"])
    areas = ",".join(account["areas"]) or "全市"
    limits = "；".join(f"{k}={','.join(v)}" for k, v in account["categories"].items())
    state = "" if account["active"] else "（停用）"
    return f"{account['username']:20} {account['name']}{state}  {roles}  {areas}  {limits}".rstrip()


def _accounts() -> Any:
    from cityops.bootstrap import Services

    return Services(settings()).accounts


def _password(from_stdin: bool) -> tuple[str, bool]:
    """The password, and whether it was made here and must be shown once."""
    from cityops.services.accounts import new_password

    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    return new_password(), True


def _parsed(categories: tuple[str, ...]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for text in categories:
        layer, equals, codes = text.partition("=")
        if not (layer and equals and codes):
            raise InvalidError(
                "account.bad_category",
                "类别应写成 图层=类别,类别，得到 {got}",
                field="category",
                got=text,
            )
        out.setdefault(layer, []).extend(c for c in codes.split(",") if c)
    return out


def _show_with_password(
    account: dict[str, Any], head: str, password: str | None, as_json: bool
) -> None:
    result = account | ({} if password is None else {"password": password})
    lines = [f"{head}：{account_text(account)}"]
    if password is not None:
        lines.append(f"密码（只显示这一次）：{password}")
    show(result, "\n".join(lines), as_json=as_json)
