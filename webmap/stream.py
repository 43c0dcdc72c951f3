"""The stream process: server-sent events for everyone who has a page open.

Web workers hand connections over (``webmap.hand_over``); each lives in a greenlet here. One
greenlet looks into the store a few times a second and tells all of them. Nothing is ever read
from a connection: what may be heard was settled when it was handed over, and a connection ends
after some minutes, so that its browser comes back and is checked again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import resource
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gevent
import orjson
from gevent.event import Event
from gevent.queue import Full, Queue
from gevent.socket import socket as GreenSocket  # noqa: N812
from gevent.socket import wait_read

from cityops.bootstrap import Services
from cityops.logs import log_to_stderr
from cityops.services.events import MOST_MISSED, Audience, EventMessage
from cityops.services.ports import Store
from cityops.settings import settings_from
from gis.errors import UnavailableError

log = logging.getLogger("cityops.stream")

LOOK_EVERY_S = 0.5
KEEP_ALIVE_S = 15.0
#: A connection lasts so long, give or take a tenth; then the browser signs in again by itself.
LIFETIME_S = 600.0
SEND_WITHIN_S = 10.0
#: Events that may wait for a slow reader before it is let go.
MOST_WAITING = 100
MOST_VIEWERS = 10_000
HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/event-stream; charset=utf-8\r\n"
    b"Cache-Control: no-store\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
    b"X-Accel-Buffering: no\r\n"
    b"Connection: close\r\n\r\n"
    b"retry: 3000\n\n"
)


def event(name: str, data: Any, number: int) -> bytes:
    r"""One server-sent event; `data` is any JSON value.

    Examples
    --------
    >>> event("layers", {"pipes": 5}, 7)
    b'event: layers\\nid: 7\\ndata: {"pipes":5}\\n\\n'
    """
    return b"event: %s\nid: %d\ndata: %s\n\n" % (name.encode(), number, orjson.dumps(data))


@dataclass(eq=False)
class Viewer:
    """One open connection and what waits for it."""

    connection: GreenSocket
    audience: Audience
    last: int | None
    waiting: Queue[bytes | None] = field(default_factory=lambda: Queue(maxsize=MOST_WAITING))

    def tell(self, data: bytes) -> bool:
        """Queue `data`; False when the reader is too slow to be told any more."""
        try:
            self.waiting.put_nowait(data)
        except Full:
            return False
        return True

    def serve(self) -> None:
        """Send what comes until the connection has lived its time, breaks, or None is queued."""
        ends_in = gevent.Timeout.start_new(LIFETIME_S * random.uniform(0.9, 1.1))  # noqa: S311
        try:
            self._send(HEAD)
            while True:
                data = self._next()
                if data is None:
                    break
                self._send(data)
        except gevent.Timeout as over:
            if over is not ends_in:
                log.debug("a reader took too long")
        except OSError:
            log.debug("a reader went away")
        finally:
            ends_in.close()
            self.connection.close()

    def _next(self) -> bytes | None:
        try:
            return self.waiting.get(timeout=KEEP_ALIVE_S)
        except gevent.queue.Empty:
            return b": still here\n\n"

    def _send(self, data: bytes) -> None:
        with gevent.Timeout(SEND_WITHIN_S):
            self.connection.sendall(data)


class Stream:
    """Takes connections over and tells them what changed."""

    def __init__(self, store: Store, channel: socket.socket) -> None:
        self._store = store
        self._channel = channel
        self._viewers: set[Viewer] = set()
        self._versions: Mapping[str, int] = {}
        self._last = 0
        self._over = Event()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self._over.set)
        self._channel.setblocking(False)
        self._look()
        loops = [gevent.spawn(self._accept), gevent.spawn(self._watch)]
        self._over.wait()
        gevent.killall(loops)
        for viewer in list(self._viewers):
            viewer.connection.close()

    def _accept(self) -> None:
        while True:
            wait_read(self._channel.fileno())
            message, handles, _, _ = socket.recv_fds(self._channel, 1 << 20, 4)
            if not message and not handles:
                self._over.set()  # the last web worker and the supervisor are gone
                return
            for handle in handles:
                self._welcome(message, handle)

    def _welcome(self, message: bytes, handle: int) -> None:
        try:
            told = orjson.loads(message)
            audience, last = Audience.from_dict(told["audience"]), told["last"]
            connection = GreenSocket(fileno=handle)
        except Exception:
            # One bad message must not end the loop that takes all others over.
            log.exception("a connection could not be taken over")
            with contextlib.suppress(OSError):
                os.close(handle)
            return
        if len(self._viewers) >= MOST_VIEWERS:
            connection.close()
            return
        gevent.spawn(self._serve, Viewer(connection, audience, last))

    def _serve(self, viewer: Viewer) -> None:
        try:
            if self._greet(viewer):
                self._viewers.add(viewer)
                viewer.serve()
        except UnavailableError as error:
            log.warning("%s", error)
        finally:
            self._viewers.discard(viewer)
            viewer.connection.close()

    def _greet(self, viewer: Viewer) -> bool:
        """Queue the present versions, and what a reader that came back has missed."""
        if not self._viewers:
            self._look()  # nobody was watching for a while
        missed: Sequence[EventMessage] = ()
        if viewer.last is not None and viewer.last < self._last:
            with self._store.reading() as tx:
                missed = tx.outbox.after(viewer.last, MOST_MISSED + 1)
            missed = [m for m in missed if m.id <= self._last]
        if len(missed) > MOST_MISSED:
            return viewer.tell(event("reload", {}, self._last))
        told = viewer.audience.versions(self._versions)
        parts = [
            event("case", body, message.id)
            for message in missed
            if (body := viewer.audience.told(message)) is not None
        ]
        return viewer.tell(b"".join([*parts, event("layers", told, self._last)]))

    def _watch(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY_S)
            if not self._viewers:
                continue
            with contextlib.suppress(UnavailableError):
                self._tell(*self._look())

    def _look(self) -> tuple[dict[str, int], Sequence[EventMessage]]:
        """Versions that changed and messages that came since the last look."""
        with self._store.reading() as tx:
            versions: Mapping[str, int] = dict(tx.layers.versions())
            fresh: Sequence[EventMessage] = ()
            newest: int = tx.outbox.newest()
            if self._viewers and newest > self._last:
                fresh = tx.outbox.after(self._last, MOST_MISSED)
        changed = {n: v for n, v in versions.items() if self._versions.get(n) != v}
        self._versions = versions
        self._last = fresh[-1].id if fresh else newest
        return changed, fresh

    def _tell(self, changed: Mapping[str, int], fresh: Sequence[EventMessage]) -> None:
        for viewer in list(self._viewers):
            parts = [
                event("case", body, message.id)
                for message in fresh
                if (body := viewer.audience.told(message)) is not None
            ]
            if seen := viewer.audience.versions(changed):
                parts.append(event("layers", seen, self._last))
            if parts and not viewer.tell(b"".join(parts)):
                self._viewers.discard(viewer)
                viewer.connection.close()


def main() -> None:
    """Run the process with the descriptor and settings of its environment."""
    settings = settings_from()
    log_to_stderr("stream", settings.log_format, logging.WARNING)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    channel = socket.socket(fileno=int(os.environ["CITYOPS_STREAM_FD"]))
    Stream(Services(settings).store, channel).run()


if __name__ == "__main__":
    main()
