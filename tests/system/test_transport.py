"""What only a real connection can do: lie about its length, stop half-way, be slow, never end."""

from __future__ import annotations

import contextlib
import http.client
import io
import itertools
import json
import shutil
import socket
import threading
import time
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from PIL import Image

pytestmark = pytest.mark.slow

REPORT = {"class_code": "0401", "lon": 117.1933, "lat": 39.1176, "description": "井盖移位"}


@pytest.fixture(scope="module")
def service(serve, template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("transport") / "data"
    shutil.copytree(template, folder)
    return serve(folder, CITYOPS_MAX_UPLOAD_MB="5")


@pytest.fixture(scope="module")
def inspector(service):
    return service.client("inspector")


@pytest.fixture(autouse=True)
def goes_on(service):
    """Whatever came over one connection, the next one is answered at once."""
    yield
    began = time.monotonic()
    assert service.health() == 200
    assert time.monotonic() - began < 5


def raw(service, data: bytes, *, wait_s: float = 20.0, end: bool = False) -> bytes:
    """Send bytes, and give what comes back until the server closes or `wait_s` are over."""
    host, _, port = urlsplit(service.url).netloc.partition(":")
    with socket.create_connection((host, int(port)), timeout=wait_s) as line:
        line.sendall(data)
        if end:
            line.shutdown(socket.SHUT_WR)
        told = b""
        try:
            while part := line.recv(65536):
                told += part
        except (TimeoutError, ConnectionResetError):
            return told
    return told


def head(service, client, path: str, *lines: str, method: str = "POST") -> bytes:
    """The head of a request of a signed-in person."""
    cookie = "; ".join(f"{k}={v}" for k, v in client._cookies.items())
    start = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(service.url).netloc}"]
    start += [f"Cookie: {cookie}", f"X-CSRFToken: {client.token}", "Connection: close", *lines]
    return ("\r\n".join(start) + "\r\n\r\n").encode()


def picture(size: int = 64) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((size, size), 90).save(out, "JPEG")
    return out.getvalue()


def photos_of(client, case: str) -> list[dict]:
    return client.get(f"/api/v1/cases/{case}")["photos"]


def test_a_photo_cut_at_nine_tenths_is_not_there_and_comes_whole_the_next_time(service, inspector):
    case = inspector.post("/api/v1/cases", REPORT | {"id": str(uuid4())})["id"]
    data = picture(200)
    path = f"/api/v1/cases/{case}/photos/a"
    lines = ("Content-Type: image/jpeg", f"Content-Length: {len(data)}")
    request = head(service, inspector, path, *lines) + data[: len(data) * 9 // 10]
    raw(service, request, end=True, wait_s=10)
    assert photos_of(inspector, case) == []
    kind = {"Content-Type": "image/jpeg"}
    assert inspector.ask("POST", path, data, kind)[0] == 201
    assert inspector.ask("POST", path, data, kind)[0] == 200  # the same again is no second one
    assert len(photos_of(inspector, case)) == 1
    assert not list((service.folder / "files").glob(".new-*"))


def test_a_report_that_is_cut_is_not_stored(service, inspector):
    body = json.dumps(REPORT | {"id": str(uuid4())}).encode()
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    before = inspector.get("/api/v1/cases?mine=true")["total"]
    raw(service, head(service, inspector, "/api/v1/cases", *lines) + body[:-9], end=True)
    assert inspector.get("/api/v1/cases?mine=true")["total"] == before


def test_a_body_longer_than_it_says_is_cut_where_it_says_and_is_no_second_request(
    service, inspector
):
    identity = str(uuid4())
    body = json.dumps(REPORT | {"id": identity}).encode()
    smuggled = head(service, inspector, "/logout", "Content-Length: 0")
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    told = raw(service, head(service, inspector, "/api/v1/cases", *lines) + body + smuggled)
    assert told.startswith(b"HTTP/1.1 201")
    assert told.count(b"HTTP/1.1 ") == 1
    assert inspector.get(f"/api/v1/cases/{identity}")["id"] == identity


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: -1",),
        ("Content-Length: 1_0",),
        ("Content-Length: +5",),
        ("Content-Length: 99999999999999999999999",),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked, identity",),
        ("X-Name : space before the colon",),
        ("X-Name: a\x00b",),
    ],
)
def test_a_head_that_can_be_read_in_two_ways_is_refused_and_the_line_closed(
    service, inspector, lines
):
    request = head(service, inspector, "/api/v1/cases", "Content-Type: application/json", *lines)
    told = raw(service, request + b"0\r\n\r\n", wait_s=10)
    assert told == b"" or told.split()[1] in (b"400", b"413", b"501"), told[:200]
    assert told.count(b"HTTP/1.1 ") <= 1


def test_chunks_that_never_end_are_cut_off_at_the_limit(service, inspector):
    lines = ("Content-Type: image/jpeg", "Transfer-Encoding: chunked")
    host, _, port = urlsplit(service.url).netloc.partition(":")
    sent = 0
    with (
        socket.create_connection((host, int(port)), timeout=20) as line,
        contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError),
    ):
        line.sendall(head(service, inspector, f"/api/v1/cases/{uuid4()}/photos/a", *lines))
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        while sent < 400_000_000:
            line.sendall(chunk)
            sent += 65536
    assert sent < 100_000_000


@pytest.mark.parametrize("path", ["/login", "/api/v1/cases"])
def test_a_visitor_who_announces_a_large_body_is_refused_before_it_comes(service, path):
    netloc = urlsplit(service.url).netloc
    request = (
        f"POST {path} HTTP/1.1\r\nHost: {netloc}\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000000\r\n\r\n"
    )
    began = time.monotonic()
    told = raw(service, request.encode())
    assert told.split()[1] in (b"401", b"413"), told[:200]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("request_line", "statuses"),
    [
        ("GET /" + "a" * 20_000 + " HTTP/1.1", (b"400", b"414")),
        ("GET http://evil.com/healthz HTTP/1.1", (b"400", b"404", b"200")),
        ("GET //evil.com/%2e%2e HTTP/1.1", (b"302", b"308", b"400", b"401", b"404")),
        ("GET /healthz HTTP/9.9", (b"400", b"505")),
        ("nonsense", (b"400",)),
        ("GET /\x00 HTTP/1.1", (b"400", b"404")),
        ("CONNECT 127.0.0.1:22 HTTP/1.1", (b"400", b"404", b"405")),
    ],
)
def test_a_strange_request_line_is_refused(service, request_line, statuses):
    netloc = urlsplit(service.url).netloc
    told = raw(service, f"{request_line}\r\nHost: {netloc}\r\nConnection: close\r\n\r\n".encode())
    assert told == b"" or told.split()[1] in statuses, told[:200]
    location = [li for li in told.split(b"\r\n") if li.lower().startswith(b"location:")]
    assert not any(b"//evil" in line.replace(b"%2F", b"/")[:20] for line in location)


def test_too_many_headers_are_refused(service):
    netloc = urlsplit(service.url).netloc
    lines = "".join(f"X-{i}: {'v' * 100}\r\n" for i in range(500))
    told = raw(service, f"GET /healthz HTTP/1.1\r\nHost: {netloc}\r\n{lines}\r\n".encode())
    assert told == b"" or told.split()[1] in (b"400", b"431"), told[:200]


@contextlib.contextmanager
def open_lines(service, count: int):
    """Connections on which nothing was sent yet."""
    host, _, port = urlsplit(service.url).netloc.partition(":")
    with contextlib.ExitStack() as held:
        yield [
            held.enter_context(socket.create_connection((host, int(port)), timeout=20))
            for _ in range(count)
        ]


def check_quick(service):
    for _ in range(5):
        began = time.monotonic()
        assert service.health() == 200
        assert time.monotonic() - began < 2


def test_connections_that_are_opened_ahead_keep_nobody_waiting(service):
    with open_lines(service, 30):
        time.sleep(0.3)
        check_quick(service)


def test_clients_that_send_a_byte_now_and_then_keep_nobody_waiting_and_are_let_go(service):
    """More of them than there are threads."""
    over = threading.Event()
    with open_lines(service, 30) as slow:

        def drip():
            for byte in itertools.chain(b"GET /healthz HTTP/1.1\r\n", itertools.repeat(65)):
                for line in slow:
                    with contextlib.suppress(OSError):
                        line.sendall(bytes([byte]))
                if over.wait(0.2):
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            time.sleep(0.5)
            check_quick(service)
            slow[0].settimeout(15)
            with contextlib.suppress(ConnectionResetError):
                assert slow[0].recv(100) == b""
        finally:
            over.set()
            dripping.join()


def test_a_head_that_comes_in_pieces_is_answered_and_so_is_the_next_on_the_same_line(service):
    netloc = urlsplit(service.url).netloc
    with open_lines(service, 1) as (line,):
        for _ in range(3):
            for piece in (
                b"GET /hea",
                b"lthz HTTP/1.1\r",
                b"\nHost: ",
                netloc.encode(),
                b"\r\n\r\n",
            ):
                line.sendall(piece)
                time.sleep(0.05)
            answer = http.client.HTTPResponse(line)
            answer.begin()
            assert (answer.status, json.loads(answer.read())["status"]) == (200, "ok")
