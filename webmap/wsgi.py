"""The application as a WSGI server runs it: ``gunicorn "webmap.wsgi:application()"``."""

from __future__ import annotations

import gc
import logging
import os

from cityops.logs import log_to_stderr
from cityops.settings import settings_from
from webmap.app import create_app
from webmap.hand_over import HandOver, channel_from


def application() -> HandOver:
    """The web application of the deployment that the environment describes.

    Raises
    ------
    CityError
        When a setting is wrong or the store cannot be opened.
    """
    settings = settings_from()
    log_to_stderr("web", settings.log_format, logging.WARNING)
    logging.getLogger("cityops").setLevel(logging.INFO)
    app = create_app(settings)
    # What is loaded now stays: later collections need not look at it again.
    gc.collect()
    gc.freeze()
    return HandOver(app.wsgi_app, channel_from(os.environ))
