"""Accounts of a demonstration: one for each way of using the program."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cityops.services.accounts import Account, AccountService, hash_password, new_password
from cityops.services.case_season_people import Seat
from cityops.services.ports import Store
from cityops.services.roles import ROLE_TITLES, SYSTEM, Role
from grid.flow.states import Post


@dataclass(frozen=True)
class DemoAccount:
    """One account and what it is limited to."""

    username: str
    name: str
    role: Role
    department: str | None = None
    categories: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it shows, in Chinese."""
        limits = "，只看燃气" if self.categories else ""
        return f"{ROLE_TITLES[self.role].zh}{limits}"


#: Fictitious people.
DEMO_ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount("inspector", "监督员甲（示例）", Role.INSPECTOR),
    DemoAccount("acceptor", "受理员乙（示例）", Role.ACCEPTOR),
    DemoAccount("dispatcher", "派遣员丙（示例）", Role.DISPATCHER),
    DemoAccount("leader", "值班长丁（示例）", Role.SHIFT_LEADER),
    DemoAccount("department", "排水部门戊（示例）", Role.DEPARTMENT, department="drainage"),
    DemoAccount("planner", "规划员己（示例）", Role.PLANNER),
    DemoAccount("emergency", "应急员庚（示例）", Role.EMERGENCY),
    DemoAccount("data", "数据员辛（示例）", Role.DATA_MANAGER),
    DemoAccount(
        "owner",
        "燃气公司壬（示例）",
        Role.PIPELINE_OWNER,
        categories={"pipes": frozenset({"gas"})},
    ),
    DemoAccount("admin", "系统管理员（示例）", Role.SYSTEM_ADMIN),
    DemoAccount("security", "安全管理员（示例）", Role.SECURITY_ADMIN),
    DemoAccount("auditor", "审计员（示例）", Role.AUDITOR),
)

#: Which post in the cases of a scene a demo account plays.
_POSTS = {
    Role.INSPECTOR: Post.COLLECTOR,
    Role.ACCEPTOR: Post.ACCEPTOR,
    Role.DISPATCHER: Post.DISPATCHER,
    Role.SHIFT_LEADER: Post.FILER,
    Role.DEPARTMENT: Post.DEPARTMENT,
}


def demo_password(folder: Path, given: str = "") -> str:
    """Password of the demo accounts: `given`, else the one kept in `folder`, made once.

    The file ``demo-password`` can be read by its owner only.
    """
    kept = folder / "demo-password"
    if not given and kept.is_file():
        return kept.read_text().strip()
    chosen = given or new_password()
    handle = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(chosen)
    return chosen


def ensure_demo_accounts(store: Store, password: str) -> None:
    """Make the demo accounts that are missing, and give `password` to all of them.

    Raises
    ------
    InvalidError
        When the password is too short or too easy.
    """
    service = AccountService(store)
    with store.reading() as tx:
        there = {account.username: account for account in tx.accounts.all()}
        probe = there.get(DEMO_ACCOUNTS[0].username)
    for demo in DEMO_ACCOUNTS:
        if demo.username not in there:
            _add(service, demo, password)
    if probe is not None and service.verify(probe.username, password) is None:
        _renew(
            store, [there[d.username].id for d in DEMO_ACCOUNTS if d.username in there], password
        )


def demo_seats(store: Store) -> Mapping[Seat, Account]:
    """Demo accounts by the post and department that they play in the cases of a scene."""
    with store.reading() as tx:
        there = {account.username: account for account in tx.accounts.all()}
    return {
        (_POSTS[demo.role], demo.department): there[demo.username]
        for demo in DEMO_ACCOUNTS
        if demo.role in _POSTS and demo.username in there
    }


def _add(service: AccountService, demo: DemoAccount, password: str) -> None:
    service.add(
        SYSTEM,
        demo.username,
        [demo.role],
        password=password,
        name=demo.name,
        categories=demo.categories,
        department=demo.department,
    )


def _renew(store: Store, account_ids: list[int], password: str) -> None:
    hashed = hash_password(password)
    with store.writing() as tx:
        accounts: Any = tx.accounts
        for account_id in account_ids:
            accounts.set_password(account_id, hashed)
            tx.audit.add(SYSTEM, "account.password", f"account:{account_id}")
