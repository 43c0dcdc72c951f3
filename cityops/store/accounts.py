"""Accounts in an SQL database: the port ``cityops.services.accounts.AccountRepo``."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.orm import Session, selectinload

from cityops.services.accounts import Account
from cityops.services.roles import ROLE_TITLES, Person
from cityops.services.roles import Role as RoleName
from cityops.store.models.accounts import Role, User
from cityops.store.models.ended_sessions import EndedSession
from gis.errors import NotFoundError

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_KNOWN = frozenset(role.value for role in RoleName)


class SqlAccountRepo:
    """Accounts of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    @property
    def _session(self) -> Session:
        return self._unit.session

    def seed_roles(self) -> None:
        """Make the roles of the program that are missing."""
        there = set(self._session.scalars(select(Role.name)))
        for role in RoleName:
            if role.value not in there:
                self._session.add(Role(name=role.value, description=ROLE_TITLES[role].zh))
        self._session.flush()

    def find(self, username: str) -> Account | None:
        """The account with this name, or None."""
        user = self._session.scalars(_users().where(User.username == username)).first()
        return None if user is None else account_of(user)

    def numbered(self, account_id: int) -> Account | None:
        """The account with this id, or None."""
        user = self._session.scalars(_users().where(User.id == account_id)).first()
        return None if user is None else account_of(user)

    def of_session(self, mark: str, session_id: str) -> Account | None:
        """The account whose open sessions carry this mark, or None; also None for a session that
        was signed out of.

        Asked by every request: one statement made once, and no objects of the mapper.
        """
        wanted = {"mark": mark, "session_id": session_id}
        rows = self._unit.connection.execute(_of_session(), wanted).all()
        if not rows:
            return None
        user = rows[0]
        return Account(
            id=user.id,
            username=user.username,
            name=user.name or user.username,
            roles=frozenset(RoleName(r.role) for r in rows if r.role in _KNOWN),
            active=bool(user.active),
            areas=tuple(user.areas or ()),
            categories={k: frozenset(v) for k, v in (user.categories or {}).items()},
            department=user.department,
        )

    def end_session(self, session_id: str, until: int, now: int) -> None:
        """Take this session no more, up to `until`; forget those that ran out before `now`."""
        self._session.execute(delete(EndedSession).where(EndedSession.until < now))
        self._session.merge(EndedSession(id=session_id, until=until))
        self._session.flush()

    def is_ended(self, session_id: str) -> bool:
        """Whether somebody signed out of this session."""
        return self._session.get(EndedSession, session_id) is not None

    def all(self) -> list[Account]:
        """All accounts by name."""
        return [account_of(u) for u in self._session.scalars(_users().order_by(User.username))]

    def add(self, account: Account, password_hash: str) -> Account:
        """Store a new account; gives it with its id."""
        user = User(
            username=account.username,
            # The library demands an address; sign-in here goes by the account's name.
            email=f"{account.username}@invalid",
            password=password_hash,
            active=account.active,
            fs_uniquifier=secrets.token_hex(16),
        )
        self._fill(user, account)
        self._session.add(user)
        self._session.flush()
        return account_of(user)

    def change(self, account: Account) -> None:
        """Store what `account` says; open sessions of it end.

        Raises
        ------
        NotFoundError
            When there is no such account.
        """
        user = self._user(account.id)
        user.active = account.active
        user.fs_uniquifier = secrets.token_hex(16)
        self._fill(user, account)
        self._session.flush()

    def set_password(self, account_id: int, password_hash: str) -> None:
        """Replace the password; open sessions end.

        Raises
        ------
        NotFoundError
            When there is no such account.
        """
        user = self._user(account_id)
        user.password = password_hash
        user.fs_uniquifier = secrets.token_hex(16)
        self._session.flush()

    def renew_hash(self, account_id: int, password_hash: str) -> None:
        """Keep another hash of the same password; open sessions go on."""
        renewed = update(User).where(User.id == account_id).values(password=password_hash)
        self._session.execute(renewed)

    def password_hash(self, account_id: int) -> str | None:
        """The password's hash."""
        return self._session.scalar(select(User.password).where(User.id == account_id))

    def _user(self, account_id: int) -> User:
        user = self._session.get(User, account_id)
        if user is None:
            raise NotFoundError("account.unknown", "没有账号 {got}", got=account_id)
        return user

    def _fill(self, user: User, account: Account) -> None:
        user.name = account.name
        user.department = account.department
        user.areas = list(account.areas)
        user.categories = {k: sorted(v) for k, v in account.categories.items()}
        user.roles = self._roles(role.value for role in account.roles)

    def _roles(self, names: Iterable[str]) -> list[Any]:
        return list(self._session.scalars(select(Role).where(Role.name.in_(sorted(names)))))


@cache
def _of_session() -> Any:
    users, roles = User.__table__, Role.__table__
    held = User.roles.property.secondary
    wanted = ("id", "username", "name", "active", "areas", "categories", "department")
    return (
        select(*(users.c[name] for name in wanted), roles.c.name.label("role"))
        .select_from(
            users.outerjoin(held, held.c.user_id == users.c.id).outerjoin(
                roles, roles.c.id == held.c.role_id
            )
        )
        .where(users.c.fs_uniquifier == bindparam("mark"))
        .where(~exists().where(EndedSession.id == bindparam("session_id")))
    )


def _users() -> Any:
    return select(User).options(selectinload(User.roles))


def account_of(user: Any) -> Account:
    """The account of a row; roles that the program does not know are left out."""
    return Account(
        id=user.id,
        username=user.username,
        name=user.name or user.username,
        roles=frozenset(RoleName(r.name) for r in user.roles if r.name in _KNOWN),
        active=bool(user.active),
        areas=tuple(user.areas or ()),
        categories={k: frozenset(v) for k, v in (user.categories or {}).items()},
        department=user.department,
    )


def person_of(user: Any) -> Person:
    """The person behind a row of the table of users."""
    return account_of(user).person
