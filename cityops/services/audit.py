"""The audit trail for those who look after it: look, verify, forget a person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cityops.services.city_time import shown_time
from cityops.services.ports import Store
from cityops.services.roles import Person, Role
from gis.errors import ForbiddenError, InvalidError, NotFoundError, UnavailableError

_ANCHOR = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})")
#: Why an entry does not fit -> what people are told.
FAULTS = {
    "gap": "编号不连续：中间有条目被删去",
    "before": "与前一条接不上",
    "hash": "条目被改过",
    "body": "条目的内容被改过",
    "algorithm": "改用了不认识的杂凑算法",
    "anchor": "与以前记下的杂凑值不同：链被重新写过",
    "lost": "以前记下的条目不见了：末尾被截去",
}


@dataclass(frozen=True)
class Anchor:
    """Number and hash of an entry, noted somewhere else, that must stay in the chain."""

    number: int
    hash: str

    def __str__(self) -> str:
        """Form that `anchor_of` reads."""
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True)
class ChainCheck:
    """What a walk along the chain found.

    Attributes
    ----------
    entries
        Entries up to where the walk ended.
    head
        Hash of the last entry that fits.
    broken_at
        Number of the first entry that does not fit, None when all do.
    why
        Key of `FAULTS`, None when all fit.
    algorithm
        Hash function in force at the end of the walk.
    """

    entries: int
    head: str
    broken_at: int | None
    why: str | None = None
    algorithm: str = "sha256"

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON values; ``anchor`` is what to note for the next time."""
        return {
            "ok": self.broken_at is None,
            "entries": self.entries,
            "head": self.head,
            "anchor": str(Anchor(self.entries, self.head)) if self.broken_at is None else None,
            "algorithm": self.algorithm,
            "broken_at": self.broken_at,
            "why": self.why,
        }


@dataclass(frozen=True)
class AuditQuery:
    """Which entries: newest first, older than entry `before`; times are ISO 8601 in UTC."""

    before: int | None = None
    action: str | None = None
    person: int | None = None
    subject: str | None = None
    since: str | None = None
    until: str | None = None
    limit: int = 100


def anchor_of(text: str) -> Anchor:
    """An anchor as it was printed.

    Raises
    ------
    InvalidError
        When it is not a number, a colon and 64 hexadecimal digits.

    Examples
    --------
    >>> anchor_of("3:" + "ab" * 32).number
    3
    """
    found = _ANCHOR.fullmatch(text.strip().lower())
    if found is None or int(found[1]) < 1:
        raise InvalidError(
            "audit.bad_anchor",
            "记下的锚点不对：{got}",
            field="anchor",
            got=text[:100],
            expected="编号:64 位十六进制，例如 cityops audit verify 打印的那一行",
        )
    return Anchor(int(found[1]), found[2])


class AuditDesk:
    """Reads and verifies the trail for auditors, forgets people for security administrators.

    Nobody can change or remove an entry; only what names a person can be erased.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def found(self, person: Person, wanted: AuditQuery) -> list[dict[str, Any]]:
        """Entries, newest first, times with +08:00.

        Raises
        ------
        ForbiddenError
            When `person` is no auditor.
        """
        _require(person, Role.AUDITOR)
        with self._store.reading() as tx:
            entries: list[dict[str, Any]] = tx.audit.found(wanted)
        return [entry | {"at": shown_time(entry["at"])} for entry in entries]

    def verify(self, person: Person, anchors: Iterable[Anchor] = ()) -> ChainCheck:
        """Walk the whole chain.

        Raises
        ------
        ForbiddenError
            When `person` is no auditor.
        """
        _require(person, Role.AUDITOR)
        with self._store.reading() as tx:
            check: ChainCheck = tx.audit.verify(anchors)
        return check

    def head(self) -> Anchor:
        """Number and hash of the newest entry; says nothing of what is in it."""
        with self._store.reading() as tx:
            head: Anchor = tx.audit.head()
        return head

    def forget(self, person: Person, username: str, reason: str) -> int:
        """Erase what entries say of an account beyond its number; gives of how many entries.

        That it was done is an entry itself, in the same transaction.

        Raises
        ------
        ForbiddenError
            When `person` is no security administrator.
        NotFoundError
            When there is no such account.
        InvalidError
            When no reason is given.
        """
        _require(person, Role.SECURITY_ADMIN)
        if not reason.strip():
            raise InvalidError("audit.no_reason", "请写明抹去的理由", field="reason")
        with self._store.writing() as tx:
            account = tx.accounts.find(username.strip().casefold())
            if account is None:
                raise NotFoundError(
                    "account.unknown", "没有账号 {got}", field="username", got=username[:80]
                )
            erased: int = tx.audit.erase_person(account.id)
            tx.audit.add(
                person,
                "audit.erase",
                f"audit.person:{account.id}",
                detail={"entries": erased, "reason": reason.strip()[:500]},
            )
        return erased


def refusal(check: ChainCheck) -> UnavailableError:
    """A chain that does not hold, in the one form of every refusal."""
    return UnavailableError(
        "audit.broken",
        "审计链在第 {got} 条断开：{why}",
        got=check.broken_at,
        params={"why": FAULTS[check.why or "hash"]},
        hint="停止服务，保全数据文件夹，与最近备份清单中的 audit_head 对照",
    )


def _require(person: Person, role: Role) -> None:
    if person.has(role):
        return
    titles = {Role.AUDITOR: "审计员", Role.SECURITY_ADMIN: "安全管理员"}
    raise ForbiddenError(
        "audit.forbidden",
        "{person} 不能查看或处理审计记录",
        params={"person": person.name},
        hint=f"这是{titles[role]}的职责",
    )
