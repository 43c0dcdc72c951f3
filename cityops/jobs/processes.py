"""Which processes a deployment runs, and the lock that keeps a second one off its folder."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cityops.settings import Settings, environment_of
from gis.errors import ConflictError, UnavailableError

#: Web workers that wait for each other's answers no longer than this, in seconds.
REQUEST_WITHIN_S = 60
STOP_WITHIN_S = 10


@dataclass(frozen=True)
class ProcessSpec:
    """One process: its name, command, additional variables, descriptors it inherits."""

    name: str
    command: tuple[str, ...]
    variables: Mapping[str, str]
    handles: tuple[int, ...] = ()


@contextlib.contextmanager
def folder_lock(settings: Settings) -> Iterator[Path]:
    """Hold the data folder for one server; gives the file that says who holds it.

    The lock is the kernel's: it is gone when the process is gone, however it ended.

    Raises
    ------
    ConflictError
        When another server runs on the folder.
    UnavailableError
        When the folder cannot be written.
    """
    import fcntl

    path = settings.data_dir / "server.json"
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(settings.data_dir / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UnavailableError(
            "serve.folder",
            "数据文件夹 {got} 不能写：{why}",
            got=str(settings.data_dir),
            params={"why": error.strerror},
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _held(settings, path) from error
        yield path
        path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def refuse_served(settings: Settings) -> None:
    """Refuse to go on when a server runs on the data folder; makes nothing.

    Raises
    ------
    ConflictError
        Then.
    """
    import fcntl

    try:
        handle = os.open(settings.data_dir / "server.lock", os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise _held(settings, settings.data_dir / "server.json") from error
    finally:
        os.close(handle)


def _held(settings: Settings, path: Path) -> ConflictError:
    try:
        holder = json.loads(path.read_text())
    except (OSError, ValueError):
        holder = {}
    return ConflictError(
        "serve.folder_in_use",
        "数据文件夹 {got} 已有一个服务在用（进程 {pid}，地址 {url}）",
        field="data_dir",
        got=str(settings.data_dir),
        params={"pid": holder.get("pid", "?"), "url": holder.get("url", "?")},
        hint="先停掉它，或用 CITYOPS_DATA_DIR 另选文件夹",
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that outlives the web processes; port 0 takes a free one.

    Raises
    ------
    ConflictError
        When the port is taken.
    UnavailableError
        When the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(1024)
    except (OSError, UnicodeError, TypeError) as error:  # the latter two: no name of a host at all
        made.close()
        if getattr(error, "errno", None) in (98, 48):  # EADDRINUSE on Linux, macOS
            raise ConflictError(
                "serve.port_taken",
                "端口 {got} 已被占用",
                field="port",
                got=port,
                hint="换一个端口：--port {other}",
                params={"other": port + 1},
            ) from error
        raise UnavailableError(
            "serve.cannot_listen",
            "不能在 {got} 上监听：{why}",
            field="host",
            got=f"{host}:{port}",
            params={"why": getattr(error, "strerror", None) or "不是主机名"},
        ) from error
    return made


def web_spec(settings: Settings, listener: socket.socket, channel: int | None) -> ProcessSpec:
    """The web processes: gunicorn with threads; waitress where gunicorn is missing."""
    variables = environment_of(settings)
    if find_spec("gunicorn") is None:
        return ProcessSpec("web", _waitress(settings, listener), variables, (listener.fileno(),))
    handles: tuple[int, ...] = (listener.fileno(),)
    if channel is not None:
        variables["CITYOPS_STREAM_FD"] = str(channel)
        handles = (*handles, channel)
    command = (
        *_python("gunicorn"),
        *("--bind", f"fd://{listener.fileno()}"),
        *("--worker-class", "webmap.worker.HeadFirstWorker"),
        *("--workers", str(settings.web_workers), "--threads", str(settings.web_threads)),
        *("--timeout", str(REQUEST_WITHIN_S), "--graceful-timeout", str(STOP_WITHIN_S)),
        *("--keep-alive", "15", "--limit-request-line", "8190", "--log-level", "warning"),
        *_quick_heartbeats(),
        "webmap.wsgi:application()",
    )
    return ProcessSpec("web", command, variables, handles)


def stream_spec(settings: Settings, channel: int) -> ProcessSpec:
    """The stream process."""
    variables = environment_of(settings) | {"CITYOPS_STREAM_FD": str(channel)}
    return ProcessSpec("stream", _python("webmap.stream"), variables, (channel,))


def jobs_spec(settings: Settings) -> ProcessSpec:
    """The job process."""
    return ProcessSpec("jobs", (*_python("cityops"), "jobs", "work"), environment_of(settings))


def _python(module: str) -> tuple[str, ...]:
    # -P: the folder the command was called in is no place to import from.
    return (sys.executable, "-P", "-m", module)


def _quick_heartbeats() -> tuple[str, ...]:
    # gunicorn's workers touch a file; on a disk that is busy they would seem to hang.
    return ("--worker-tmp-dir", "/dev/shm") if Path("/dev/shm").is_dir() else ()  # noqa: S108


def _waitress(settings: Settings, listener: socket.socket) -> tuple[str, ...]:
    start = (
        "import socket, waitress, webmap.wsgi;"
        f"waitress.serve(webmap.wsgi.application(), threads={settings.web_threads * 2},"
        f" sockets=[socket.socket(fileno={listener.fileno()})], ident=None)"
    )
    return (sys.executable, "-P", "-c", start)
