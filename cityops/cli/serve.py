"""``cityops serve``: the whole service with one command."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show
from cityops.logs import log_to_stderr
from cityops.settings import Settings


@click.command("serve", cls=CityCommand)
@click.option("--host", help="监听地址；不给则用 CITYOPS_HOST（127.0.0.1）")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="监听端口，0 为任意空闲端口；默认 CITYOPS_PORT"
)
def command(host: str | None, port: int | None, as_json: bool) -> None:
    """启动并看护网页、推送、后台任务三类进程；Ctrl-C 停止。"""
    chosen = settings()
    chosen = replace(
        chosen,
        host=chosen.host if host is None else host,
        port=chosen.port if port is None else port,
    )
    serve(chosen, lambda url: show({"url": url, "pid": os.getpid()}, _told(url), as_json=as_json))


def serve(chosen: Settings, announce: Callable[[str], None]) -> None:
    """Run the service until it is told to stop; `announce` hears the address once it answers.

    Raises
    ------
    ConflictError
        When the data folder or the port is in use.
    InvalidError
        When the secret is weak.
    UnavailableError
        When the store cannot be opened, or the service does not come up.
    """
    from cityops.jobs.processes import folder_lock

    with folder_lock(chosen) as state_file:
        serve_locked(chosen, state_file, announce)


def serve_locked(chosen: Settings, state_file: Any, announce: Callable[[str], None]) -> None:
    """Run the service on a data folder that the caller has locked."""
    from cityops.jobs.processes import jobs_spec, listen, stream_spec, web_spec
    from cityops.jobs.supervisor import Supervisor
    from cityops.secret_key import secret_key

    log_to_stderr("serve", chosen.log_format)
    chosen = replace(chosen, data_dir=chosen.data_dir.resolve())
    secret_key(chosen)
    _check_store(chosen)
    shutil.rmtree(chosen.data_dir / "metrics", ignore_errors=True)  # counts begin with the service
    with listen(chosen.host, chosen.port) as listener:
        port = listener.getsockname()[1]
        chosen = replace(chosen, port=port, trusted_hosts=_trusted(chosen))
        url = f"http://{_shown(chosen.host)}:{port}/"
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs:
            specs = [
                web_spec(chosen, listener, ours.fileno()),
                stream_spec(chosen, theirs.fileno()),
                jobs_spec(chosen),
            ]
            Supervisor(
                specs,
                state_file=state_file,
                url=url,
                is_ready=lambda: _answers(chosen.host, port),
                on_ready=lambda: announce(url),
            ).run()


def _check_store(chosen: Settings) -> None:
    """Open the store once, so that its refusal is one sentence and not three processes' logs."""
    from cityops.store.database import open_store

    open_store(chosen).dispose()


def _trusted(chosen: Settings) -> str:
    names = [name.strip() for name in chosen.trusted_hosts.split(",") if name.strip()]
    if chosen.host not in ("0.0.0.0", "::", *names):  # noqa: S104 - compared, not bound
        names.append(chosen.host)
    return ",".join(names)


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _answers(host: str, port: int) -> bool:
    """Whether ``/healthz`` answers 200."""
    target = http.client.HTTPConnection(_shown(host).strip("[]"), port, timeout=2)
    try:
        target.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{port}"})
        return target.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        target.close()


def _told(url: str) -> str:
    return f"CityOps 已启动：{url}\nCtrl-C 停止。"
