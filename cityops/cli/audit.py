"""``cityops audit``: verify the audit trail, read it, forget a person in it."""

from __future__ import annotations

import sys
from typing import Any

import click

from cityops.cli.output import EXIT_CODES, CityCommand, settings, show
from cityops.cli.usage import ChineseGroup
from cityops.services.roles import SYSTEM
from gis.errors import Kind, error_body

#: The largest number that a database keeps.
MOST_ID = 2**63 - 1


@click.group("audit", cls=ChineseGroup)
def command() -> None:
    """核对、查看审计链；抹去其中的个人信息。"""


@command.command("verify", cls=CityCommand)
@click.option("--anchor", "anchors", multiple=True, help="以前记下的“编号:杂凑值”，可给多次")
def verify(anchors: tuple[str, ...], as_json: bool) -> None:
    """从头核对审计链，指出第一个不合的条目；断开时以 6 退出。"""
    from cityops.services.audit import anchor_of, refusal

    check = _desk().verify(SYSTEM, [anchor_of(text) for text in anchors])
    told = check.as_dict()
    if check.broken_at is not None:
        told = error_body(refusal(check)) | told
    show(told, lambda: _check_text(told), as_json=as_json)
    if check.broken_at is not None:
        sys.exit(EXIT_CODES[Kind.UNAVAILABLE])


@command.command("list", cls=CityCommand)
@click.option("--before", type=click.IntRange(1, MOST_ID), help="只列比这一条更早的")
@click.option("--action", help="只列这种动作，例如 account.grant")
@click.option("--subject", help="只列针对它的，例如 layer:pipes")
@click.option(
    "--person", type=click.IntRange(0, MOST_ID), help="只列这个账号编号的；0 是程序自己与机器的主人"
)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="条数")
def listed(
    before: int | None,
    action: str | None,
    subject: str | None,
    person: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """列出审计条目，新的在前。"""
    from cityops.services.audit import AuditQuery

    wanted = AuditQuery(before=before, action=action, subject=subject, person=person, limit=limit)
    found = _desk().found(SYSTEM, wanted)
    show({"entries": found}, lambda: "\n".join(map(_line, found)) or "没有条目", as_json=as_json)


@command.command("forget", cls=CityCommand)
@click.argument("username")
@click.option("--as", "acting", required=True, help="以哪个安全管理员账号的名义")
@click.option("--reason", required=True, help="理由，记入审计链")
def forget(username: str, acting: str, reason: str, as_json: bool) -> None:
    """抹去审计链中一个账号的姓名与细节；链仍可核对，抹去本身也记入链中。"""
    from cityops.cli.case import acting_for

    services, person = acting_for(acting, "audit.forget")
    erased = services.audit.forget(person, username, reason)
    show({"username": username, "erased": erased}, f"已抹去 {erased} 条的内容", as_json=as_json)


def _desk() -> Any:
    from cityops.bootstrap import Services

    return Services(settings()).audit


def _check_text(told: dict[str, Any]) -> str:
    if told["ok"]:
        return (
            f"审计链完好：{told['entries']} 条，杂凑算法 {told['algorithm']}\n"
            f"锚点（另处记下，下次用 --anchor 核对）：{told['anchor']}"
        )
    return f"{told['error']['message']}\n  怎么办：{told['error']['hint']}"


def _line(entry: dict[str, Any]) -> str:
    body = entry["body"]
    who = "（已抹去）" if body is None else body["person"]
    act = f"{entry['action']}  {entry['subject']}  {entry['result']}"
    return f"{entry['id']:>8}  {entry['at']}  {who}  {act}"
