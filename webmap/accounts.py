"""Accounts of the store as sign-in needs them, and the person behind an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, has_request_context, request
from flask_security import SQLAlchemySessionUserDatastore, UserDatastore

from cityops.services.roles import Person, Role

if TYPE_CHECKING:
    from cityops.bootstrap import Services

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def datastore(app: Flask, services: Services) -> UserDatastore:
    """Sign-in's view of the store: a session per thread that reads without the write lock."""
    from cityops.store.models import accounts as models

    session = services.store.web_session(_is_read)  # type: ignore[attr-defined]
    app.teardown_appcontext(lambda _fault: session.remove())
    return SQLAlchemySessionUserDatastore(
        session, models.User, models.Role, models.WebAuthn, models.FsRefreshTracker
    )


def _is_read() -> bool:
    return has_request_context() and request.method in _SAFE


def person_of(user: Any) -> Person:
    """The person behind an account."""
    known = {role.value for role in Role}
    return Person(
        id=user.id,
        name=user.name or user.username,
        roles=frozenset(Role(role.name) for role in user.roles if role.name in known),
        areas=tuple(user.areas or ()),
        categories={name: frozenset(codes) for name, codes in (user.categories or {}).items()},
        department=user.department,
    )
