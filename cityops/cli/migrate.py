"""``cityops migrate``: bring the database to this program's schema, or a city to the other store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show
from gis.errors import ConflictError, InvalidError

_MOVES = ("sqlite-to-postgis", "postgis-to-sqlite")


@click.command("migrate", cls=CityCommand)
@click.argument("move", type=click.Choice(_MOVES), required=False)
def command(move: str | None, as_json: bool) -> None:
    """升级数据库到本程序的版本；中断则不留痕迹。升级前先做 cityops backup。

    给出 sqlite-to-postgis 或 postgis-to-sqlite，则在数据文件夹的 cityops.db 与
    CITYOPS_DATABASE_URL 之间搬运整座城市，逐表核对行数与杂凑；目标须是空的。
    """
    if move is not None:
        told = _move(move)
        show(told, lambda: _told(told), as_json=as_json)
        return
    from cityops.store.database import open_store
    from cityops.store.migrate import upgrade

    before, after = upgrade(settings())
    open_store(settings()).dispose()
    show(
        {"before": before, "after": after},
        f"数据库版本：{before or '无'} → {after}" if before != after else f"已是版本 {after}",
        as_json=as_json,
    )


def _move(move: str) -> dict[str, Any]:
    from cityops.jobs.processes import folder_lock
    from cityops.store.database import create_all, open_store, sqlite_path
    from cityops.store.transfer import transfer

    server = settings()
    if not server.database_url or sqlite_path(server.database) is not None:
        raise InvalidError(
            "transfer.no_server",
            "CITYOPS_DATABASE_URL 应为 PostgreSQL 的地址",
            field="CITYOPS_DATABASE_URL",
            hint="例如 postgresql+psycopg://city@127.0.0.1/city",
        )
    file = replace(server, database_url="")
    path = sqlite_path(file.database)
    source, target = (file, server) if move == _MOVES[0] else (server, file)
    if target is file and path is not None and path.exists():
        raise ConflictError("transfer.exists", "文件已存在：{got}", got=str(path))
    with folder_lock(server):
        old = open_store(source)
        try:
            new = create_all(target)
            try:
                return {"move": move} | transfer(old, new)
            finally:
                new.dispose()
        finally:
            old.dispose()


def _told(told: dict[str, Any]) -> str:
    rows = [f"  {name:26}{one['rows']:>9}" for name, one in told["tables"].items() if one["rows"]]
    return "\n".join([f"已搬运 {told['rows']} 行，逐表行数与杂凑一致：", *rows])
