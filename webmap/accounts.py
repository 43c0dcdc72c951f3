"""Accounts of the store as sign-in needs them, and the person behind an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, has_request_context, request, session
from flask_security import SQLAlchemySessionUserDatastore, UserDatastore, UserMixin

from cityops.services.accounts import Account
from cityops.services.roles import ROLE_TITLES, Person

if TYPE_CHECKING:
    from cityops.bootstrap import Services

#: Name of a session's own number within it, given at sign-in; sign-out ends the session by it.
SESSION_ID = "sid"
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

    rows = services.store.web_session(_is_read)  # type: ignore[attr-defined]

    def let_go(_fault: BaseException | None) -> None:
        rows.remove()

    app.teardown_appcontext(let_go)
    kinds = (models.User, models.Role, models.WebAuthn, models.FsRefreshTracker)
    return Accounts(services, rows, *kinds)


class SignedIn(UserMixin):  # type: ignore[misc]
    """Whoever is behind a request: what sign-in asks of an account, without its row.

    Views of the library, which read and change rows, get the row itself.
    """

    def __init__(self, account: Account, mark: str) -> None:
        self.account = account
        self.active = account.active
        self.fs_uniquifier = mark
        self.roles: list[Any] = []  # rights are asked of the person, never of the library


class Accounts(SQLAlchemySessionUserDatastore):  # type: ignore[misc]
    """Looks the person of each request up by one plain statement."""

    def __init__(self, services: Services, rows: Any, *models: Any) -> None:
        super().__init__(rows, *models)
        self._store = services.store
        self._rows = rows

    def note(
        self,
        person: Person,
        action: str,
        subject: str,
        *,
        result: str = "ok",
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Append to the audit trail: in the library's transaction where it changes an account, so
        that both are there or neither, else in one of its own.

        Raises
        ------
        CityError
            When the store cannot write.
        """
        if _is_read():
            with self._store.writing() as tx:
                tx.audit.add(person, action, subject, result=result, detail=detail)
            return
        unit = self._store.joined(self._rows())  # type: ignore[attr-defined]
        unit.audit.add(person, action, subject, result=result, detail=detail)

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> Any:
        """The account that has a value in one column, or None."""
        if case_insensitive or set(wanted) != {"fs_uniquifier"} or not has_request_context():
            return super().find_user(case_insensitive, **wanted)
        mark, session_id = wanted["fs_uniquifier"], session.get(SESSION_ID)
        if (request.endpoint or "").startswith("security."):
            return None if self._is_over(session_id) else super().find_user(**wanted)
        if session_id is None:
            return None
        with self._store.reading() as tx:
            account = tx.accounts.of_session(mark, session_id)
        return None if account is None else SignedIn(account, mark)

    def put(self, model: Any) -> Any:
        """Keep what changed in an account.

        Of views that only read, that is the hash of a password that was just given and whose cost is
        no longer ours; it goes into a transaction of its own, for signing in holds no write lock.
        """
        if not _is_read() or not isinstance(model, self.user_model):
            return super().put(model)
        account_id, renewed = model.id, model.password
        self._rows.expire(model)
        with self._store.writing() as tx:
            tx.accounts.renew_hash(account_id, renewed)
        return model

    def _is_over(self, session_id: str | None) -> bool:
        """Whether the session cannot be one that somebody is signed in with; between password
        and one-time code nobody is yet.
        """
        if "_user_id" not in session:
            return False
        with self._store.reading() as tx:
            return session_id is None or tx.accounts.is_ended(session_id)


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
