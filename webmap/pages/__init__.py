"""Pages for people. What every template may ask for is named here."""

from __future__ import annotations

from typing import Any

from flask import Flask, url_for
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf
from werkzeug.local import LocalProxy

from cityops.services.roles import ROLE_TITLES, Person, Role
from gis.errors import CityError
from webmap import city
from webmap.current import person, settings
from webmap.headers import nonce, request_id
from webmap.i18n import language
from webmap.rail import rail_for

#: Which role names a person who has several, first found first.
_FIRST = (Role.SHIFT_LEADER, Role.DATA_MANAGER, Role.PLANNER, Role.EMERGENCY, Role.DISPATCHER)


def init_app(app: Flask) -> None:
    """Give templates the words of the shell."""
    app.context_processor(_shell)
    app.jinja_env.globals.update(nonce=nonce, request_id=request_id)


def role_title(who: Person) -> str:
    """The person's main role in the language of the page."""
    roles = [r for r in _FIRST if r in who.roles] or sorted(who.roles)
    title = ROLE_TITLES[roles[0]]
    return title.en if language() == "en" else title.zh


def _shell() -> dict[str, Any]:
    chosen = settings()
    return {
        # Looked up when a template asks: an error page must not need the store.
        "person": LocalProxy(person),
        "role_title": role_title,
        "rail": rail_for,
        "city": LocalProxy(_city_title),
        "synthetic": LocalProxy(city.is_synthetic),
        "notices": LocalProxy(city.notices),
        "review_no": chosen.map_review_no,
        "demo": chosen.demo,
        "csrf_token": generate_csrf,
        "rail_href": rail_href,
    }


def _city_title() -> str:
    try:
        return city.title()
    except CityError:
        return gettext("城市运行")


def rail_href(item: Any) -> str:
    """Address that a rail entry leads to."""
    if item.endpoint is not None:
        return url_for(item.endpoint)
    return url_for("map.page", tool=item.tool)
