"""Accounts as Flask-Security wants them, with what CityOps limits a person to.

Class names are those the library looks up; ``sqla_v2`` fixes them. Failed sign-ins and used
one-time codes are not kept here: a storm of wrong passwords must not take the write lock.
"""

from __future__ import annotations

from typing import Any

from flask_security.models.sqla_v2 import (
    FsModels,
    FsRefreshTrackerMixin,
    FsRoleMixin,
    FsUserMixin,
    FsWebAuthnMixin,
)
from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from cityops.store.models import Base

FsModels.set_db_info(
    base_model=Base,
    user_table_name="users",
    role_table_name="roles",
    webauthn_table_name="webauthn",
    refresh_table_name="refresh_tracker",
)


class Role(FsRoleMixin, Base):  # type: ignore[misc]
    """A role of ``cityops.services.roles``."""

    __tablename__ = "roles"


class User(FsUserMixin, Base):  # type: ignore[misc]
    """An account.

    ``areas`` is a list of division code prefixes, empty for everywhere; ``categories`` maps a
    layer to the category codes the person may see, a layer that is missing is not limited.
    """

    __tablename__ = "users"

    name: Mapped[str | None] = mapped_column(String(64))
    department: Mapped[str | None] = mapped_column(String(64))
    areas: Mapped[list[str]] = mapped_column(JSON, default=list)
    categories: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class WebAuthn(FsWebAuthnMixin, Base):  # type: ignore[misc]
    """A registered security key."""

    __tablename__ = "webauthn"


class FsRefreshTracker(FsRefreshTrackerMixin, Base):  # type: ignore[misc]
    """A family of refresh tokens."""

    __tablename__ = "refresh_tracker"
