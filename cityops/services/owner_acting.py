"""Acting in somebody's name from the machine: allowed to the owner of the data folder, audited."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from cityops.services.accounts import Account
from cityops.services.ports import Store
from cityops.services.roles import SYSTEM, Person
from gis.errors import CityError, ForbiddenError, NotFoundError


def check_owner(store: Store, username: str, what: str, uid: int, owners: Sequence[int]) -> None:
    """Refuse whoever does not own the data, the administrator of the machine not excepted.

    Parameters
    ----------
    what
        What is to be done, ``case.file``.
    uid
        Number of the process's user on this machine.
    owners
        Numbers of the owners of data folder and database; where there are none, nobody is.

    Raises
    ------
    ForbiddenError
        ``account.not_owner``; the attempt is audited where that is possible.
    """
    if owners and all(owner == uid for owner in owners):
        return
    refusal = ForbiddenError(
        "account.not_owner",
        "只有数据文件夹的所有者可以代 {username} 办理",
        field="as",
        got=uid,
        expected=sorted(set(owners)),
        params={"username": username},
        hint="以数据文件夹所有者的身份运行",
    )
    with suppress(CityError), store.writing() as tx:
        detail = {"username": username, "what": what, "uid": uid}
        tx.audit.add(
            SYSTEM, "account.as", f"account:{username}", result=refusal.code, detail=detail
        )
    raise refusal


def acting_as(store: Store, username: str, what: str, uid: int) -> Person:
    """The person of an account, for an act of the owner in that name; audited before it is done.

    Raises
    ------
    NotFoundError
        ``account.unknown``.
    ForbiddenError
        ``account.inactive``.
    """
    name = username.strip().casefold()
    with store.writing() as tx:
        account: Account | None = tx.accounts.find(name)
        if account is None:
            raise NotFoundError("account.unknown", "没有账号 {got}", field="as", got=name[:80])
        if not account.active:
            raise ForbiddenError("account.inactive", "账号 {got} 已停用", field="as", got=name)
        detail = {"username": name, "what": what, "uid": uid}
        tx.audit.add(SYSTEM, "account.as", f"account:{account.id}", detail=detail)
    return account.person
