"""``cityops migrate``: bring the database to this program's schema."""

from __future__ import annotations

import click

from cityops.cli.output import CityCommand, settings, show


@click.command("migrate", cls=CityCommand)
def command(as_json: bool) -> None:
    """升级数据库到本程序的版本；中断则不留痕迹。升级前先做 cityops backup。"""
    from cityops.store.database import open_store
    from cityops.store.migrate import upgrade

    before, after = upgrade(settings())
    open_store(settings()).dispose()
    show(
        {"before": before, "after": after},
        f"数据库版本：{before or '无'} → {after}" if before != after else f"已是版本 {after}",
        as_json=as_json,
    )
