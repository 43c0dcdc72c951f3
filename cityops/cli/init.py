"""``cityops init``: make the database and load a scene."""

from __future__ import annotations

from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show, told


@click.command("init", cls=CityCommand)
@click.option("--scene", default=None, help="场景名；不给则用 CITYOPS_SCENE（tianjin）")
def command(scene: str | None, as_json: bool) -> None:
    """在空的数据文件夹里建库并装入一个场景；已装过同一场景则什么也不做。"""
    from cityops.services.scenes import SceneService, read_scene
    from cityops.store.database import create_all

    chosen = scene or settings().scene
    read_scene(chosen)
    store = create_all(settings())
    result = SceneService(store).set_up(chosen, told=told)
    show(result, lambda: _told(result), as_json=as_json)


def _told(result: dict[str, object]) -> str:
    layers = result["layers"]
    head = "已装入场景" if result["created"] else "场景已在，未改动"
    rows = [f"  {name:18} {count:>8}" for name, count in dict(layers).items()]  # type: ignore[call-overload]
    cases: Any = result.get("cases")
    if cases is not None:
        rows.append(f"  案件 {cases['cases']}，经过 {cases['steps']} 步，照片 {cases['photos']} 张")
    return "\n".join([f"{head}：{result['scene']}", *rows])
