"""Whether this deployment can work, and which part is ill when it cannot."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

from flask import Blueprint, Response

from gis.errors import CityError
from webmap.current import services, settings
from webmap.errors import as_json
from webmap.security import open_to_all

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@open_to_all
def health() -> Response:
    """200 when every part answers, else 503 with the ill ones. Says nothing about content."""
    parts = {name: _state_of(check) for name, check in CHECKS.items()}
    well = all(state == "ok" for state in parts.values())
    return as_json({"status": "ok" if well else "ill", "parts": parts}, 200 if well else 503)


def _state_of(check: Callable[[], None]) -> str:
    try:
        check()
    except CityError as error:
        return error.code
    except OSError as error:
        return f"os.{error.errno}"
    return "ok"


def _store() -> None:
    with services().store.reading() as tx:
        tx.layers.versions()


def _files() -> None:
    with tempfile.TemporaryFile(dir=settings().data_dir) as probe:
        probe.write(b"x")


#: part -> what must not raise.
CHECKS: dict[str, Callable[[], None]] = {"store": _store, "files": _files}
