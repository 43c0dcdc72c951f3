"""Accounts: who may sign in, in which roles, limited to what."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from cityops.services.ports import Store
from cityops.services.roles import ROLE_TITLES, Person, Role
from gis.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from gis.layers import LayerRegistry

MIN_PASSWORD = 8
MAX_PASSWORD = 256
#: Powers that one account may not hold together (separation of duties).
APART = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})
_NAME = re.compile(r"^[a-z0-9][a-z0-9._@-]{0,63}$")
_AREA = re.compile(r"^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$")
#: Cost of a hash (argon2id, RFC 9106 second recommendation), here and at sign-in on the web, which
#: renews the hashes of another cost.
HASH_COST = {"time_cost": 3, "memory_cost": 65_536, "parallelism": 4}


@dataclass(frozen=True)
class Account:
    """An account without its password."""

    id: int
    username: str
    name: str
    roles: frozenset[Role]
    active: bool = True
    areas: tuple[str, ...] = ()
    categories: Mapping[str, frozenset[str]] = field(default_factory=dict)
    department: str | None = None

    @property
    def person(self) -> Person:
        """The person who signs in with this account."""
        return Person(
            id=self.id,
            name=self.name,
            roles=self.roles,
            areas=self.areas,
            categories=dict(self.categories),
            department=self.department,
        )

    def as_dict(self) -> dict[str, Any]:
        """The account as JSON values."""
        return {
            "id": self.id,
            "username": self.username,
            "name": self.name,
            "roles": sorted(r.value for r in self.roles),
            "active": self.active,
            "areas": list(self.areas),
            "categories": {k: sorted(v) for k, v in sorted(self.categories.items())},
            "department": self.department,
        }


class AccountRepo(Protocol):
    """Accounts in the store."""

    def seed_roles(self) -> None:
        """Make the roles of the program that are missing."""

    def find(self, username: str) -> Account | None:
        """The account with this name, or None."""

    def numbered(self, account_id: int) -> Account | None:
        """The account with this id, or None."""

    def of_session(self, mark: str, session_id: str) -> Account | None:
        """The account whose open sessions carry this mark, or None; also None for a session that
        was signed out of.
        """

    def end_session(self, session_id: str, until: int, now: int) -> None:
        """Take this session no more, up to `until`; forget those that ran out before `now`."""

    def is_ended(self, session_id: str) -> bool:
        """Whether somebody signed out of this session."""

    def all(self) -> Sequence[Account]:
        """All accounts by name."""

    def add(self, account: Account, password_hash: str) -> Account:
        """Store a new account; gives it with its id."""

    def change(self, account: Account) -> None:
        """Store what `account` says; open sessions of it end."""

    def set_password(self, account_id: int, password_hash: str) -> None:
        """Replace the password; open sessions end."""

    def renew_hash(self, account_id: int, password_hash: str) -> None:
        """Keep another hash of the same password; open sessions go on."""

    def password_hash(self, account_id: int) -> str | None:
        """The password's hash."""


def hash_password(password: str) -> str:
    """Argon2id hash with a salt of its own; sign-in on the web verifies the same hashes."""
    cost = HASH_COST
    hasher = PasswordHasher(cost["time_cost"], cost["memory_cost"], cost["parallelism"])
    return hasher.hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """Whether `password` is the one that was hashed."""
    try:
        return PasswordHasher().verify(password_hash, password)
    except VerificationError:
        return False


def new_password() -> str:
    """A password of 96 random bits."""
    return secrets.token_urlsafe(12)


def check_password(username: str, password: str) -> None:
    """Refuse passwords that are too short, too long or the account's name.

    Raises
    ------
    InvalidError
        With what was expected; never with the password.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidError(
            "account.password_length",
            "密码应为 {least} 至 {most} 个字符",
            field="password",
            got=len(password),
            params={"least": MIN_PASSWORD, "most": MAX_PASSWORD},
        )
    if password.casefold() == username.casefold() or len(set(password)) < 4:
        raise InvalidError("account.weak_password", "密码太容易猜到", field="password")


def check_account(account: Account, registry: LayerRegistry | None = None) -> None:
    """Refuse an account that could not be or must not be, with all of its faults at once.

    Parameters
    ----------
    registry
        Layers to check `account.categories` against; None leaves them unchecked.

    Raises
    ------
    InvalidError
        With one entry in ``errors`` per fault.
    """
    faults: list[InvalidError] = []

    def fault(code: str, message: str, where: str, got: object) -> None:
        faults.append(InvalidError(code, message, field=where, got=got))

    if not _NAME.match(account.username):
        fault(
            "account.bad_name",
            "账号名用小写字母、数字和 . _ @ -，得到 {got}",
            "username",
            account.username[:80],
        )
    if not account.roles:
        fault("account.no_role", "账号至少要有一个角色", "roles", [])
    held = sorted(r.value for r in account.roles & APART)
    if len(held) > 1:
        fault("account.duties", "系统管理、安全管理、审计三权不得兼任：{got}", "roles", held)
    for area in account.areas:
        if not _AREA.match(area):
            fault("account.bad_area", "区划代码应为 2、4、6、9 或 12 位数字：{got}", "areas", area)
    for layer, codes in account.categories.items() if registry is not None else ():
        for got in _unknown_categories(registry, layer, codes):
            fault("account.bad_category", "没有这个图层或类别：{got}", "categories", got)
    if faults:
        raise InvalidError(
            "account.invalid",
            "账号有 {count} 处错误：{first}",
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )


def _unknown_categories(
    registry: LayerRegistry | None, layer: str, codes: Iterable[str]
) -> list[str]:
    if registry is None or layer not in registry:
        return [layer]
    spec = registry.get(layer)
    if spec.category_field is None:
        return [layer]
    known = {c.code for c in spec.field_named(spec.category_field).codes}
    return [f"{layer}:{code}" for code in sorted(codes) if code not in known]


class AccountService:
    """Make and change accounts. The store is the only authority; every act is audited.

    Parameters
    ----------
    changed
        Told of an account before and after a change, in its transaction.
    """

    def __init__(
        self, store: Store, changed: Callable[[Any, Account, Account], None] | None = None
    ) -> None:
        self._store = store
        self._changed = changed

    def add(
        self,
        person: Person,
        username: str,
        roles: Iterable[Role],
        *,
        password: str,
        name: str | None = None,
        areas: Sequence[str] = (),
        categories: Mapping[str, Iterable[str]] | None = None,
        department: str | None = None,
    ) -> Account:
        """Make an account; gives it.

        Parameters
        ----------
        areas
            Division code prefixes the person is limited to; none for the whole city.
        categories
            Layer -> category codes the person is limited to in it.

        Raises
        ------
        ForbiddenError
            When `person` may not manage accounts.
        InvalidError
            With all faults of the account and its password.
        ConflictError
            When the name is taken.
        """
        require_manager(person)
        limited = {k: frozenset(v) for k, v in (categories or {}).items()}
        account = Account(
            id=0,
            username=username.strip().casefold(),
            name=name or username,
            roles=frozenset(roles),
            areas=tuple(areas),
            categories=limited,
            department=department,
        )
        check_password(username, password)
        hashed = hash_password(password)
        with self._store.writing() as tx:
            check_account(account, tx.layers.registry())
            if tx.accounts.find(account.username) is not None:
                raise ConflictError(
                    "account.exists", "已有账号 {got}", field="username", got=account.username
                )
            tx.accounts.seed_roles()
            made: Account = tx.accounts.add(account, hashed)
            tx.audit.add(person, "account.add", f"account:{made.id}", detail=made.as_dict())
        return made

    def all(self, person: Person) -> list[Account]:
        """All accounts by name.

        Raises
        ------
        ForbiddenError
            When `person` may neither manage nor audit accounts.
        """
        if not person.has(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR):
            raise _forbidden(person)
        with self._store.reading() as tx:
            return list(tx.accounts.all())

    def get(self, username: str) -> Account:
        """The account with this name.

        Raises
        ------
        NotFoundError
            When there is none.
        """
        with self._store.reading() as tx:
            return _found(tx, username)

    def acting(self, account_id: int) -> Person:
        """The person of an account, with the rights it has now, for work done in their name.

        Raises
        ------
        ForbiddenError
            When the account is gone or no longer active.
        """
        with self._store.reading() as tx:
            account: Account | None = tx.accounts.numbered(account_id)
        if account is None or not account.active:
            raise ForbiddenError(
                "account.inactive", "账号 {got} 已不能使用", got=account_id, hint="请联系安全管理员"
            )
        return account.person

    def grant(
        self,
        person: Person,
        username: str,
        *,
        roles: Iterable[Role] | None = None,
        areas: Sequence[str] | None = None,
        categories: Mapping[str, Iterable[str]] | None = None,
        department: str | None = None,
        active: bool | None = None,
    ) -> Account:
        """Replace what is given of an account's roles, limits and state; gives the account.

        Open sessions of the account end.

        Raises
        ------
        ForbiddenError
            When `person` may not manage accounts, or would change their own rights.
        NotFoundError
            When there is no such account.
        InvalidError
            When the account would not be a possible one.
        """
        require_manager(person)
        with self._store.writing() as tx:
            old = _found(tx, username)
            if old.id == person.id:
                raise ForbiddenError("account.own_rights", "不能修改自己的权限")
            limits = old.categories if categories is None else categories
            new = Account(
                id=old.id,
                username=old.username,
                name=old.name,
                roles=old.roles if roles is None else frozenset(roles),
                active=old.active if active is None else active,
                areas=old.areas if areas is None else tuple(areas),
                categories={k: frozenset(v) for k, v in limits.items()},
                department=old.department if department is None else department,
            )
            check_account(new, tx.layers.registry())
            tx.accounts.change(new)
            if self._changed is not None:
                self._changed(tx, old, new)
            tx.audit.add(
                person,
                "account.grant",
                f"account:{new.id}",
                detail={"before": old.as_dict(), "after": new.as_dict()},
            )
        return new

    def set_password(self, person: Person, username: str, password: str) -> None:
        """Replace an account's password; its open sessions end.

        Raises
        ------
        ForbiddenError
            When it is neither the person's own account nor may they manage accounts.
        NotFoundError
            When there is no such account.
        InvalidError
            When the password is too short, too long or too easy.
        """
        check_password(username, password)
        hashed = hash_password(password)
        with self._store.writing() as tx:
            account = _found(tx, username)
            if account.id != person.id:
                require_manager(person)
            tx.accounts.set_password(account.id, hashed)
            tx.audit.add(person, "account.password", f"account:{account.id}")

    def sign_out(
        self, session_id: str, lasts_s: int, now: int, person: Person | None = None
    ) -> None:
        """End one session of an account, whoever holds a copy of its cookie.

        Parameters
        ----------
        lasts_s
            How long a cookie is taken after it was made, in seconds.
        now
            Seconds since the epoch.
        person
            Who signs out, for the audit trail; None when the session was over already.

        Raises
        ------
        UnavailableError
            When the store cannot write; the session goes on then.
        """
        with self._store.writing() as tx:
            tx.accounts.end_session(session_id, now + lasts_s, now)
            if person is not None:
                tx.audit.add(person, "session.end", f"account:{person.id}")

    def verify(self, username: str, password: str) -> Account | None:
        """The account when the password is its own and it is active, else None."""
        with self._store.reading() as tx:
            account = tx.accounts.find(username.strip().casefold())
            hashed = None if account is None else tx.accounts.password_hash(account.id)
        if account is None or hashed is None:
            verify_password(_DECOY, password)
            return None
        return account if verify_password(hashed, password) and account.active else None


def require_manager(person: Person) -> None:
    """Refuse who may not manage accounts.

    Raises
    ------
    ForbiddenError
        When the person is no security administrator.
    """
    if not person.has(Role.SECURITY_ADMIN):
        raise _forbidden(person)


def _forbidden(person: Person) -> ForbiddenError:
    return ForbiddenError(
        "account.forbidden",
        "{person} 没有管理账号的权限",
        params={"person": person.name},
        hint="账号由{who}管理".replace("{who}", ROLE_TITLES[Role.SECURITY_ADMIN].zh),
    )


def _found(tx: Any, username: str) -> Account:
    account: Account | None = tx.accounts.find(username.strip().casefold())
    if account is None:
        raise NotFoundError("account.unknown", "没有账号 {got}", field="username", got=username)
    return account


#: Verified for accounts that do not exist, so that the time of an answer does not tell.
_DECOY = (
    "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
