"""Give an open connection away: from a web worker's thread to the stream process.

An event stream stays open for minutes, and a worker has a few threads only. So the view for
``/events`` answers nobody: it leaves an offer, and this wrapper sends the connection itself
(its file descriptor) with what its person may hear of through a socket pair that the
supervisor made. The worker's own descriptor is put out of the way first, so that the server
cannot close what it no longer owns. The address stays the same as that of every other page,
no request is copied through a second process, and sign-in is checked in one place only.

Where there is no stream process or no plain socket (another server, TLS in this process) the
view's own answer goes out: 204, which tells a browser not to try again.
"""

from __future__ import annotations

import array
import errno
import os
import socket
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from flask import request

from cityops.services.events import Audience

#: Where the view leaves its offer in the request's environment.
OFFER = "cityops.stream_offer"
#: Names the inherited descriptor of the socket pair.
VARIABLE = "CITYOPS_STREAM_FD"
PATH = "/events"

Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Iterable[bytes]]


def offer(audience: Audience, last: int | None) -> None:
    """Offer this request's connection to the stream process."""
    request.environ[OFFER] = {"audience": audience.as_dict(), "last": last}


class HandOver:
    """A WSGI application around another one that hands connections over when they are offered."""

    def __init__(self, app: Wsgi, channel: socket.socket | None) -> None:
        self._app = app
        self._channel = channel

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer, or hand the connection over.

        Raises
        ------
        ConnectionResetError
            When the connection was handed over: to the server it is gone.
        """
        if environ.get("PATH_INFO") != PATH:
            return self._app(environ, start_response)
        started: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        body = self._app(environ, lambda *args, **more: started.append((args, more)))
        if OFFER in environ and self._give(environ):
            _close(body)
            raise ConnectionResetError(errno.ECONNRESET, "the stream process has the connection")
        for args, more in started:
            start_response(*args, **more)
        return body

    def _give(self, environ: dict[str, Any]) -> bool:
        connection = environ.get("gunicorn.socket")
        if self._channel is None or type(connection) is not socket.socket:
            return False
        rights = array.array("i", [connection.fileno()])
        try:
            self._channel.sendmsg(
                [orjson.dumps(environ[OFFER])],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)],
                socket.MSG_DONTWAIT,
            )
        except OSError:
            return False
        _put_aside(connection)
        return True


def _put_aside(connection: socket.socket) -> None:
    """Make `connection` an end of a dead socket pair; what it was lives on in the other process."""
    spare, other = socket.socketpair()
    with spare, other:
        os.dup2(spare.fileno(), connection.fileno(), inheritable=False)


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def channel_from(environment: dict[str, str] | os._Environ[str]) -> socket.socket | None:
    """End of the socket pair in this process, None when the supervisor gave none."""
    number = environment.get(VARIABLE)
    return None if not number else socket.socket(fileno=int(number))
