"""``cityops demo``: sample data, sample accounts and the service, with one command."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show, told
from cityops.cli.serve import serve_locked
from cityops.settings import Settings


@click.command("demo", cls=CityCommand)
@click.option("--host", help="监听地址；默认 CITYOPS_HOST（127.0.0.1）")
@click.option("--port", type=click.IntRange(0, 65535), help="监听端口；默认 CITYOPS_PORT（8000）")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="数据文件夹；默认 CITYOPS_DATA_DIR（var）",
)
@click.option(
    "--scene",
    help="场景：tianjin、helsinki，或已生成的 tianjin-model；默认 CITYOPS_SCENE（tianjin）",
)
def command(
    host: str | None, port: int | None, data: Path | None, scene: str | None, as_json: bool
) -> None:
    """装入示例数据与账号，启动服务，给出地址与账号。"""
    from cityops.jobs.processes import folder_lock

    chosen = _chosen(host=host, port=port, data_dir=data, scene=scene)
    with folder_lock(chosen) as state_file:
        password = _set_up(chosen)
        chosen = replace(chosen, demo_password=password)

        def announce(url: str) -> None:
            show(_result(chosen, url), _told(chosen, url), as_json=as_json)

        serve_locked(chosen, state_file, announce)


def _chosen(**given: Any) -> Settings:
    return replace(
        settings(), demo=True, **{name: value for name, value in given.items() if value is not None}
    )


def _set_up(chosen: Settings) -> str:
    """Database, accounts and scene, each made when it is missing; gives the password.

    Accounts come first: they play in the cases of the scene.
    """
    from cityops.services.demo import demo_password, demo_seats, ensure_demo_accounts
    from cityops.services.scenes import SceneService, read_scene
    from cityops.store.database import create_all

    read_scene(chosen.scene)
    store = create_all(chosen)
    try:
        scenes = SceneService(store)
        scenes.refuse_other(chosen.scene)  # no accounts for a demonstration that does not come
        password = demo_password(chosen.data_dir, chosen.demo_password)
        ensure_demo_accounts(store, password)
        scenes.set_up(chosen.scene, demo_seats(store), told)
    finally:
        store.dispose()
    return password


def _result(chosen: Settings, url: str) -> dict[str, Any]:
    from cityops.services.demo import DEMO_ACCOUNTS

    return {
        "url": url,
        "pid": os.getpid(),
        "scene": chosen.scene,
        "data_dir": str(chosen.data_dir.resolve()),
        "password": chosen.demo_password,
        "accounts": [{"username": a.username, "title": a.title} for a in DEMO_ACCOUNTS],
    }


def _told(chosen: Settings, url: str) -> str:
    from cityops.services.demo import DEMO_ACCOUNTS

    rows = [f"    {a.username:<12}{a.title}" for a in DEMO_ACCOUNTS]
    return "\n".join(
        [
            "",
            f"  CityOps 演示已启动：{url}",
            f"  场景 {chosen.scene}，数据文件夹 {chosen.data_dir}",
            "",
            f"  账号（密码都是 {chosen.demo_password}）：",
            *rows,
            "",
            "  Ctrl-C 停止。",
        ]
    )
