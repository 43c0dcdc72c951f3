"""Whether this deployment can work, which part is ill when it cannot, and its figures for monitoring."""

from __future__ import annotations

import hmac
import json
import os
import shutil
import tempfile
from collections.abc import Callable

from flask import Blueprint, Response, current_app, request
from flask_login import current_user

from cityops.services.figures import deployment_figures
from cityops.services.roles import Role
from gis.errors import CityError, ForbiddenError, Kind
from webmap.current import person, services, settings
from webmap.errors import answer, as_json
from webmap.security import open_to_all

bp = Blueprint("health", __name__)
#: Free bytes below which the disk is said to be low.
LOW_BYTES = 200_000_000


@bp.get("/healthz")
@open_to_all
def health() -> Response:
    """200 when this process can answer, else 503; ``parts`` says what is ill. Says nothing of content.

    ``degraded`` with 200 means that people are served and somebody should look: a process that is
    being started again, a disk that is nearly full.
    """
    parts = {name: _state_of(check) for name, check in CHECKS.items()}
    well = all(state == "ok" for state in parts.values())
    parts |= {"disk": _disk()} | _processes()
    status = "ill" if not well else "ok"
    if well and any(state != "ok" for state in parts.values()):
        status = "degraded"
    return as_json({"status": status, "parts": parts}, 200 if well else 503)


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


def _disk() -> str:
    try:
        free = shutil.disk_usage(settings().data_dir).free
    except OSError as error:
        return f"os.{error.errno}"
    return "ok" if free >= LOW_BYTES else "disk.low"


def _processes() -> dict[str, str]:
    """State of each process that the supervisor names; none where none supervises."""
    try:
        state = json.loads((settings().data_dir / "server.json").read_text())["processes"]
    except (OSError, ValueError, KeyError):
        return {}
    return {name: "ok" if pid and _runs(pid) else "process.down" for name, pid in state.items()}


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@bp.get("/metrics")
@open_to_all
def metrics() -> Response:
    """Figures of this deployment in the text form of Prometheus: numbers, never a person or a place.

    For who sends ``Authorization: Bearer`` with the token of the settings, and for system
    administrators.
    """
    if not _has_token():
        if not current_user.is_authenticated:
            refusal = CityError(
                "auth.required",
                Kind.FORBIDDEN,
                "请先登录",
                hint="监控程序请带上 CITYOPS_METRICS_TOKEN",
            )
            return answer(refusal, 401)
        if not person().has(Role.SYSTEM_ADMIN):
            raise ForbiddenError("metrics.forbidden", "运行指标只给系统管理员")
    lines = current_app.extensions["request_counter"].lines()
    for name, labels, value in deployment_figures(services().store, settings().data_dir):
        told = ",".join(f'{key}="{text}"' for key, text in labels.items())
        lines.append(f"cityops_{name}{{{told}}} {value:g}" if told else f"cityops_{name} {value:g}")
    for name, state in _processes().items():
        lines.append(f'cityops_process_up{{process="{name}"}} {int(state == "ok")}')
    return Response("\n".join(lines) + "\n", mimetype="text/plain", content_type=_TEXT)


_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def _has_token() -> bool:
    wanted = settings().metrics_token
    given = request.headers.get("Authorization", "")
    return bool(wanted) and hmac.compare_digest(given.encode(), f"Bearer {wanted}".encode())
