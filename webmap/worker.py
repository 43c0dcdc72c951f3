"""The web worker: a thread is given to a connection once the head of its request is there, not before.

gunicorn's own gives a thread to every connection that opens: browsers open some ahead of need,
and a slow or hostile client that sends its head byte by byte would hold a thread for each. Here
the main loop looks into what has come (without taking it) until the empty line is there.
"""

from __future__ import annotations

import errno
import selectors
import socket
import sys
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

#: A head that is not complete by then is no longer waited for, in seconds.
HEAD_WITHIN_S = 10.0
#: A body, or an answer, that does not get on for so long ends the request, in seconds.
STALLED_AFTER_S = 60.0
#: Bytes of a head that are looked at; longer ones go to the parser, which refuses them.
MOST_HEAD = 1 << 16
_ENDS = (b"\r\n\r\n", b"\n\n")


class HeadFirstWorker(ThreadWorker):  # type: ignore[misc]
    """Threads for requests, one loop for connections that have none yet."""

    def accept(self, listener: Any) -> None:
        """Take a new connection and wait for the head of its request."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                return
            raise
        self.nr_conns += 1
        self.await_head(TConn(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Wait for the head of the next request on a connection that was kept open."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self.await_head(conn)

    def await_head(self, conn: Any) -> None:
        """Look at `conn` whenever something comes, for `HEAD_WITHIN_S` at most."""
        conn.timeout = time.monotonic() + HEAD_WITHIN_S
        self.pending_conns.append(conn)
        looking = partial(self.on_head_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, looking)

    def on_head_readable(self, conn: Any, client: Any) -> None:
        """Give the connection a thread when its head is complete, or when it has ended."""
        if not _is_complete(client):
            return
        self.on_pending_socket_readable(conn, client)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request; a client that neither sends nor takes anything for long is let go."""
        conn.sock.settimeout(STALLED_AFTER_S)
        return super().handle_request(req, conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """When the worker stops, let connections without a request go as soon as those kept open."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)


def _is_complete(client: socket.socket) -> bool:
    """Whether a head, an end or too much has come; the system wakes us for more than that only."""
    try:
        seen = client.recv(MOST_HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True  # broken: its thread will find out at once
    done = not seen or len(seen) >= MOST_HEAD or any(end in seen for end in _ENDS)
    if sys.platform != "linux":
        return True  # without the option below the loop would spin
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1 if done else len(seen) + 1)
    return done
