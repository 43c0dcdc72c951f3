"""What signing in does is written down: who came in, who was refused, whose secrets changed.

A session that cannot be written down does not begin, and a password or second factor that cannot
be written down is not changed. Whoever is refused stays refused, written down or not.
"""

from __future__ import annotations

import logging
from typing import Any, cast

from flask import Flask, current_app, request, session
from flask_login import logout_user, user_logged_in
from flask_security import password_changed, tf_disabled, tf_profile_changed

from cityops.services.hidden_looks import Remembered
from cityops.services.roles import ANONYMOUS
from gis.errors import CityError
from webmap.accounts import Accounts, person_of

log = logging.getLogger("cityops.web.signin")
#: The same refusal is audited once in so many seconds: a storm of guesses must not fill the disk.
AGAIN_AFTER_S = 60.0


def init_app(app: Flask) -> None:
    """Listen to what the library does."""
    app.extensions["sign_in_refusals"] = Remembered(AGAIN_AFTER_S)
    user_logged_in.connect(_begun, app)
    password_changed.connect(_changed("account.password"), app, weak=False)
    tf_profile_changed.connect(_changed("account.second_factor"), app, weak=False)
    tf_disabled.connect(_changed("account.second_factor"), app, weak=False)


def _accounts() -> Accounts:
    return cast(Accounts, current_app.extensions["security"].datastore)


def _begun(_app: Flask, user: Any, **_more: Any) -> None:
    try:
        person = person_of(user)
        detail = {"address": request.remote_addr}
        _accounts().note(person, "session.begin", f"account:{person.id}", detail=detail)
    except BaseException:
        logout_user()
        session.clear()
        raise


def _changed(action: str) -> Any:
    def note(_app: Flask, user: Any, **_more: Any) -> None:
        person = person_of(user)
        _accounts().note(person, action, f"account:{person.id}")

    return note


def refused(user: Any, result: str) -> None:
    """Write down that somebody was not let in; never fails and never tells the typed name.

    Parameters
    ----------
    user
        The account that was named, None when there is none of that name: people type passwords
        into the wrong box.
    result
        ``wrong`` or ``locked``.
    """
    subject = "account:?" if user is None else f"account:{user.id}"
    key = (subject, result, request.remote_addr)
    if not current_app.extensions["sign_in_refusals"].is_new(key):
        return
    detail = {"address": request.remote_addr}
    try:
        _accounts().note(ANONYMOUS, "session.refused", subject, result=result, detail=detail)
    except CityError as fault:
        log.warning("not audited: %s", fault.code)
