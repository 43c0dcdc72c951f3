"""What a view asks for: the services of this deployment and the person behind the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app, g
from flask_login import current_user

from cityops.services.roles import ANONYMOUS, Person

if TYPE_CHECKING:
    from cityops.bootstrap import Services
    from cityops.settings import Settings


def services() -> Services:
    """Services of this application."""
    return cast("Services", current_app.extensions["cityops"])


def settings() -> Settings:
    """Settings of this application."""
    return services().settings


def person() -> Person:
    """The signed-in person, or the visitor without rights. Looked up once for each request."""
    if "person" not in g:
        from webmap.accounts import person_of

        user = current_user._get_current_object()  # what is behind the proxy
        g.person = person_of(user) if user.is_authenticated else ANONYMOUS
    return cast(Person, g.person)
