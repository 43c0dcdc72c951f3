"""The stream process takes connections over, whatever one message was like."""

from __future__ import annotations

import os
import socket

import pytest

stream = pytest.importorskip("webmap.stream")


@pytest.mark.parametrize("message", [b"no JSON", b"{}", b'{"audience": {}, "last": 1}'])
def test_a_message_that_cannot_be_read_is_logged_and_its_connection_closed(message, caplog):
    ours, theirs = socket.socketpair()
    with ours:
        taker = stream.Stream(None, ours)
        taker._welcome(message, os.dup(theirs.fileno()))
        theirs.close()
        assert ours.recv(1) == b""
    assert "could not be taken over" in caplog.text
