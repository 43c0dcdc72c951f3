"""The application factory: settings and services in, a Flask application out."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import Flask

from cityops.bootstrap import Services
from cityops.settings import Settings, settings_from
from webmap import accounts, assets, errors, headers, i18n, metrics, pages, security

#: Modules with a blueprint ``bp``, in order. One that is not installed is left out.
BLUEPRINTS = (
    "webmap.pages.home",
    "webmap.pages.signin",
    "webmap.pages.map",
    "webmap.pages.field",
    "webmap.pages.imports",
    "webmap.pages.dossier",
    "webmap.api.health",
    "webmap.api.openapi",
    "webmap.api.layers",
    "webmap.api.tiles",
    "webmap.api.search",
    "webmap.api.locate",
    "webmap.api.dossier",
    "webmap.api.cases",
    "webmap.api.imports",
    "webmap.api.jobs",
    "webmap.api.events",
    "webmap.api.hazards",
    "webmap.api.underground",
    "webmap.api.exports",
    "webmap.api.sheets",
    "webmap.api.audit",
)
_MEGABYTE = 1_000_000


class _PlainFlask(Flask):
    """Flask whose views are plain functions, all of them: none is looked at anew in each request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return func


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """The web application.

    Parameters
    ----------
    settings
        Settings of the deployment; from the environment when None.
    services
        The use cases; made from `settings` when None.

    Raises
    ------
    CityError
        When the store cannot be opened.
    """
    chosen = services or Services(settings or settings_from())
    app = _PlainFlask(__name__, static_folder="static", template_folder="templates")
    app.extensions["cityops"] = chosen
    app.config.update(_config(chosen.settings))
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    metrics.init_app(app, chosen.settings.data_dir / metrics.FOLDER)
    headers.init_app(app)
    i18n.init_app(app)
    assets.init_app(app)
    errors.init_app(app)
    security.init_app(app, chosen.settings, accounts.datastore(app, chosen))
    pages.init_app(app)
    register(app)
    if chosen.settings.proxies:
        _believe(app, chosen.settings.proxies)
    return app


def _believe(app: Flask, proxies: int) -> None:
    """Take the sender's address and the scheme from our own proxies; behind them everybody would
    seem to be one machine, and its failures would lock all others out. The host stays the
    request's own.
    """
    from werkzeug.middleware.proxy_fix import ProxyFix

    fixed = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)
    app.wsgi_app = fixed  # type: ignore[method-assign]


def register(app: Flask) -> None:
    """Add the blueprints that are there."""
    for name in BLUEPRINTS:
        if find_spec(name) is not None:
            app.register_blueprint(import_module(name).bp)


def _config(settings: Settings) -> dict[str, object]:
    hosts = [host.strip() for host in settings.trusted_hosts.split(",") if host.strip()]
    return {
        "TRUSTED_HOSTS": hosts or None,
        "MAX_CONTENT_LENGTH": settings.max_upload_mb * _MEGABYTE,
        "MAX_FORM_MEMORY_SIZE": 2 * _MEGABYTE,
        "MAX_FORM_PARTS": 200,
        "SEND_FILE_MAX_AGE_DEFAULT": None,
        "JSON_SORT_KEYS": False,
    }
