"""Accounts of the store as sign-in needs them, and the person behind an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, has_request_context, request
from flask_security import SQLAlchemySessionUserDatastore, UserDatastore, UserMixin

from cityops.services.accounts import Account
from cityops.services.roles import ROLE_TITLES, Person

if TYPE_CHECKING:
    from cityops.bootstrap import Services

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Views of the library that change an account. Every other request only looks its person up:
#: were that look-up a writing transaction, the act itself would wait for it in vain, and each
#: password that is checked would hold the write lock while it is hashed.
_CHANGING = frozenset(
    {
        "security.change_password",
        "security.two_factor_setup",
        "security.two_factor_setup_validate",
        "security.two_factor_token_validation",
        "security.mf_recovery_codes",
        "security.mf_recovery",
    }
)


def datastore(app: Flask, services: Services) -> UserDatastore:
    """Sign-in's view of the store: a session per thread that mostly reads without the write lock.

    Raises
    ------
    CityError
        When the store cannot be opened.
    """
    from cityops.store.models import accounts as models

    session = services.store.web_session(_is_read)  # type: ignore[attr-defined]

    def let_go(_fault: BaseException | None) -> None:
        session.remove()

    app.teardown_appcontext(let_go)
    kinds = (models.User, models.Role, models.WebAuthn, models.FsRefreshTracker)
    return _Accounts(services, session, *kinds)


class SignedIn(UserMixin):  # type: ignore[misc]
    """Whoever is behind a request: what sign-in asks of an account, without its row.

    Views of the library, which read and change rows, get the row itself.
    """

    def __init__(self, account: Account, mark: str) -> None:
        self.account = account
        self.active = account.active
        self.fs_uniquifier = mark
        self.roles: list[Any] = []  # rights are asked of the person, never of the library


class _Accounts(SQLAlchemySessionUserDatastore):  # type: ignore[misc]
    """Looks the person of each request up by one plain statement."""

    def __init__(self, services: Services, session: Any, *models: Any) -> None:
        super().__init__(session, *models)
        self._store = services.store

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> Any:
        """The account that has a value in one column, or None."""
        of_library = not has_request_context() or (request.endpoint or "").startswith("security.")
        if of_library or case_insensitive or set(wanted) != {"fs_uniquifier"}:
            return super().find_user(case_insensitive, **wanted)
        mark = wanted["fs_uniquifier"]
        with self._store.reading() as tx:
            account = tx.accounts.of_session(mark)
        return None if account is None else SignedIn(account, mark)


def _is_read() -> bool:
    if not has_request_context():
        return False
    return request.method in _SAFE or request.endpoint not in _CHANGING


def person_of(user: Any) -> Person:
    """The person behind an account."""
    if isinstance(user, SignedIn):
        return user.account.person
    from cityops.store.accounts import person_of as person_of_row

    return person_of_row(user)


def demo_accounts(services: Services) -> list[tuple[str, str]]:
    """Names of the active accounts with the Chinese title of their role; for demonstrations only.

    Raises
    ------
    CityError
        When the store cannot answer.
    """
    with services.store.reading() as tx:
        listed = list(tx.accounts.all())
    return [
        (account.username, ROLE_TITLES[min(account.roles)].zh)
        for account in listed
        if account.active and account.roles
    ]
