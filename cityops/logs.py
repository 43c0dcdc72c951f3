"""Logs: one line per event on stderr, for people or as JSON; never a name, an address or a query."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """An event as one line of JSON: nothing in it can begin a line of its own.

    A message that is a JSON object itself is taken into the line, under ``event``.

    Parameters
    ----------
    process
        Which kind of process speaks: ``serve``, ``web``, ``stream`` or ``jobs``.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        message = record.getMessage()
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "pid": record.process,
            "logger": record.name,
        }
        told = _object(message)
        line |= {"message": message} if told is None else {"event": told}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _object(text: str) -> object | None:
    if not text.startswith("{"):
        return None
    try:
        return json.loads(text)  # type: ignore[no-any-return]
    except ValueError:
        return None


def log_to_stderr(process: str, form: str, level: int = logging.INFO) -> None:
    """Send this process's log to stderr in the form that the settings ask for."""
    handler = logging.StreamHandler()
    if form == "json":
        handler.setFormatter(JsonLines(process))
    else:
        handler.setFormatter(
            logging.Formatter(f"%(asctime)s {process} %(levelname)s %(name)s %(message)s")
        )
    logging.basicConfig(level=level, handlers=[handler])
