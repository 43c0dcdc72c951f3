"""Signing in: who may come in, how often one may try, and what is closed to everyone else."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_babel import gettext, lazy_gettext
from flask_login import current_user, user_logged_in
from flask_security import LoginForm, Security, UserDatastore, hash_password
from flask_security.totp import Totp
from flask_wtf import CSRFProtect
from passlib.exc import UsedTokenError
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response as WerkzeugResponse
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from cityops.secret_key import derived, secret_key
from cityops.services.accounts import HASH_COST
from cityops.services.roles import Person
from cityops.settings import Settings
from gis.errors import CityError, Kind
from webmap import noted
from webmap.accounts import SESSION_ID, person_of
from webmap.current import services
from webmap.errors import answer, wants_json
from webmap.throttle import SignInGuard
from webmap.validated import MOST_JSON, is_json

IDLE = timedelta(hours=2)
#: A cookie is taken no longer than this after it was made, with a minute for unequal clocks.
_LONGEST_S = int(IDLE.total_seconds()) + 60
#: Largest body before sign-in, in bytes: a name, a password, a code.
MOST_OF_VISITORS = 100_000
#: A page or an interface call moves the end of the session, at most this often.
_TOUCH_S = 60
_OPEN_ENDPOINTS = frozenset(
    {
        "static",
        "security.login",
        "security.logout",
        "security.two_factor_token_validation",
        "security.two_factor_rescue",
        "security.mf_recovery",
    }
)
_NO_TOUCH = frozenset({"events.stream", "events.news", "static", "tiles.tile", "health.health"})
View = TypeVar("View", bound=Callable[..., Any])

csrf = CSRFProtect()


def open_to_all(view: View) -> View:
    """Mark a view that answers without sign-in. Every other view is closed."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask, settings: Settings, datastore: UserDatastore) -> Security:
    """Sign-in, sessions, tokens against forged requests, and the gate before every view."""
    secret = secret_key(settings)
    app.config.update(_config(settings, secret))
    app.extensions["sign_in_guard"] = SignInGuard(
        settings.data_dir / "signin.db", derived(secret, "sign-in").encode()
    )
    app.session_interface = QuietSessions()
    # In this order: what looks for the token reads the body, which must be bounded by then, and
    # not be read at all for a visitor who may not send it.
    app.before_request(_refuse_encoded_bodies)
    app.before_request(_require_sign_in)
    app.before_request(_bound_body)
    csrf.init_app(app)
    security = Security(app, datastore, login_form=SignInForm, totp_cls=SingleUseTotp)
    # Sessions only: a token that is sent with each request would outlive every sign-out.
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    user_logged_in.connect(_begin_session, app)
    noted.init_app(app)
    app.before_request(_drop_foreign_next)
    app.before_request(_end_session)
    app.before_request(_touch_session)
    return security


def _config(settings: Settings, secret: str) -> dict[str, Any]:
    return {
        "SECRET_KEY": derived(secret, "session"),
        "SESSION_COOKIE_NAME": "__Host-cityops" if settings.secure_cookies else "cityops",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": IDLE,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": True,
        "SECURITY_PASSWORD_SALT": derived(secret, "password"),
        # argon2 salts by itself; the command line makes the same hashes without Flask.
        "SECURITY_PASSWORD_SINGLE_HASH": True,
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_DEPRECATED_PASSWORD_SCHEMES": [],
        # As the command line hashes: then signing in seldom has to write the hash anew.
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
            "argon2__rounds": HASH_COST["time_cost"],
            "argon2__memory_cost": HASH_COST["memory_cost"],
            "argon2__parallelism": HASH_COST["parallelism"],
        },
        "SECURITY_TRACKABLE": False,
        "SECURITY_PASSWORD_LENGTH_MIN": 8,
        "SECURITY_USER_IDENTITY_ATTRIBUTES": [
            {"username": {"mapper": _account_name, "case_insensitive": True}}
        ],
        # Our form says the same whatever is wrong; the library's own way wants an address field.
        "SECURITY_RETURN_GENERIC_RESPONSES": False,
        "SECURITY_REGISTERABLE": False,
        "SECURITY_RECOVERABLE": False,
        "SECURITY_CHANGEABLE": True,
        "SECURITY_SEND_PASSWORD_CHANGE_EMAIL": False,
        "SECURITY_LOGOUT_METHODS": ["POST"],
        "SECURITY_POST_LOGIN_VIEW": "/",
        "SECURITY_POST_LOGOUT_VIEW": "/login",
        "SECURITY_DEFAULT_REMEMBER_ME": False,
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_ALWAYS_VALIDATE": True,
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
        "SECURITY_TOTP_SECRETS": {"1": derived(secret, "totp")},
        "SECURITY_TOTP_ISSUER": "CityOps",
        "SECURITY_SCRIPT_NONCE_KEY": "csp_nonce",
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
    }


def _account_name(identity: str) -> str | None:
    name = identity.strip().casefold()
    return name if 0 < len(name) <= 64 else None


def guard() -> SignInGuard:
    """The guard of this application."""
    return cast(SignInGuard, current_app.extensions["sign_in_guard"])


class QuietSessions(SecureCookieSessionInterface):
    """Sessions that files and tiles neither renew nor depend on.

    A tile's address names the permission it was made for, a file's its digest; a ``Vary`` on a
    cookie that moves every minute would make browsers fetch both again and again, and a late
    tile could bring a session back that was just signed out.
    """

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Send the cookie, unless the answer does not belong to the session."""
        if request.endpoint not in _NO_TOUCH:
            super().save_session(app, session, response)


class SingleUseTotp(Totp):
    """One-time codes that are taken once only, whichever process sees them first."""

    def get_last_counter(self, user: Any) -> int | None:
        """Counter of the last code that this person used."""
        return guard().last_code(user.fs_uniquifier)

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        """Take the code.

        Raises
        ------
        UsedTokenError
            When another request took it first.
        """
        if not guard().use_code(user.fs_uniquifier, tmatch.counter):
            raise UsedTokenError(expire_time=tmatch.expire_time)


class SignInForm(LoginForm):  # type: ignore[misc]
    """Account name and password. Whatever is wrong, the answer and its time are the same."""

    email = None
    username = StringField(lazy_gettext("账号"), validators=[InputRequired(), Length(max=64)])
    password = PasswordField(lazy_gettext("密码"), validators=[InputRequired(), Length(max=256)])

    def validate(self, **kwargs: Any) -> bool:
        """Whether the person may come in; counts failures."""
        name = (self.username.data or "").strip()
        address = request.remote_addr or ""
        if guard().is_locked(name, address):
            hash_password(self.password.data or "")
            noted.refused(self._named(name), "locked")
            return self._refused()
        self.ifield = self.username
        self.user = self._named(name)
        if super().validate(**kwargs):
            guard().note_success(name)
            return True
        if name:
            guard().note_failure(name, address)
            noted.refused(self._named(name), "wrong")
        return self._refused()

    def _named(self, name: str) -> Any:
        """The account of that name, or None."""
        return current_app.extensions["security"].datastore.find_user(
            case_insensitive=True, username=name
        )

    def _refused(self) -> bool:
        for field in self:
            field.errors = []
        self.form_errors = [gettext("账号或密码不对")]
        return False


def is_local(address: str | None) -> bool:
    """Whether an address to go on to lies on this site: a path, and nothing that browsers take
    for another host.
    """
    if not address or not address.startswith("/"):
        return False
    return not address.startswith(("//", "/\\")) and address.isprintable() and "\\" not in address


def _drop_foreign_next() -> None:
    """Forget where to go on to when it does not lie here, whoever would read it later."""
    if not (request.endpoint or "").startswith("security."):
        return
    for source in ("args", "form"):
        values = getattr(request, source)
        if "next" in values and not is_local(values["next"]):
            kept = [(name, value) for name, value in values.items(multi=True) if name != "next"]
            setattr(request, source, ImmutableMultiDict(kept))


def _refuse_encoded_bodies() -> Response | None:
    """Bodies come as they are: a compressed one could unpack to any size."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return None
    return answer(
        CityError(
            "http.415",
            Kind.INVALID,
            "不接受压缩的请求内容（{got}）",
            got=encoding,
            expected="identity",
            hint="按原样发送，不压缩",
        ),
        415,
    )


def _bound_body() -> None:
    """Let JSON, and what visitors send, be no longer than it needs to be."""
    limit = request.max_content_length or MOST_JSON
    if request.endpoint in _OPEN_ENDPOINTS:
        request.max_content_length = min(limit, MOST_OF_VISITORS)
    elif is_json(request.mimetype):
        request.max_content_length = min(limit, MOST_JSON)


def _require_sign_in() -> WerkzeugResponse | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in _OPEN_ENDPOINTS:
        return None
    if getattr(current_app.view_functions.get(endpoint), "open_to_all", False):
        return None
    if current_user.is_authenticated:
        return None
    if wants_json() or request.method not in ("GET", "HEAD"):
        refusal = CityError(
            "auth.required", Kind.FORBIDDEN, "请先登录", hint="登录后再试；程序请带上会话"
        )
        return answer(refusal, 401)
    wanted = request.full_path.rstrip("?")
    return redirect(url_for("security.login", next=wanted if is_local(wanted) else None))


def _begin_session(_app: Flask, **_user: Any) -> None:
    session[SESSION_ID] = secrets.token_hex(16)


def _end_session() -> None:
    """At sign-out, end the session for whoever holds a copy of its cookie, or refuse."""
    if request.endpoint != "security.logout" or request.method != "POST":
        return
    session_id = session.get(SESSION_ID)
    if session_id is not None:
        services().accounts.sign_out(
            session_id, _LONGEST_S, int(time.time()), _person_signing_out()
        )
        del session[SESSION_ID]


def _person_signing_out() -> Person | None:
    return person_of(current_user) if current_user.is_authenticated else None


def _touch_session() -> None:
    """Keep a session alive while its person works; tiles and files do not count."""
    if request.endpoint in _NO_TOUCH or not current_user.is_authenticated:
        return
    if not session.permanent:  # setting it again would send the cookie with every answer
        session.permanent = True
    now = int(time.time())
    if now - session.get("seen", 0) >= _TOUCH_S:
        session["seen"] = now
