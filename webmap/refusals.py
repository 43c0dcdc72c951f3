"""What was refused is written down: every refusal in the log, those for want of rights in the audit trail."""

from __future__ import annotations

import logging

import orjson
from flask import current_app, g, request

from cityops.services.hidden_looks import Remembered
from cityops.services.roles import ANONYMOUS, Person
from gis.errors import CityError
from webmap.headers import request_id

log = logging.getLogger("cityops.web.refused")
#: The same refusal of the same person is audited once in so many seconds: a loop must not fill the disk.
AGAIN_AFTER_S = 60.0


def note(error: CityError, status: int) -> None:
    """Write a refusal down; never fails.

    The line is JSON, so that nothing in it can begin a line of its own.
    """
    who: Person | None = g.get("person")
    line = {
        "status": status,
        "code": error.code,
        "method": request.method,
        "path": request.path[:500],
        "person": None if who is None else who.id,
        "request_id": request_id(),
    }
    log.info("%s", orjson.dumps(line).decode())
    if status == 403 and who is not None and who.id != ANONYMOUS.id:
        _audit(who, error)


def _audit(who: Person, error: CityError) -> None:
    remembered = current_app.extensions.setdefault("refusals", Remembered(AGAIN_AFTER_S))
    subject = f"{request.method} {request.path}"[:200]
    if not remembered.is_new((who.id, error.code, subject)):
        return
    try:
        with current_app.extensions["cityops"].store.writing() as tx:
            tx.audit.add(who, "http.refused", subject, result=error.code)
    except CityError as fault:
        # The refusal stands, whether or not it can be written down.
        log.warning("not audited: %s", fault.code)
