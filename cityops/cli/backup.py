"""``cityops backup``: one file with the database and everything that it names."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cityops.cli.output import CityCommand, settings, show


@click.command("backup", cls=CityCommand)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def command(file: Path, as_json: bool) -> None:
    """把数据库与照片、交付文件备份到一个新文件；运行中也可以做。密钥 secret.key 不在其中。"""
    from cityops.services.roles import SYSTEM
    from cityops.store.backup import write_backup
    from cityops.store.database import open_store

    store = open_store(settings())
    # Before the copy: everything leaves with it, and what cannot be written down is not done.
    with store.writing() as tx:
        name = os.fsencode(file.name).decode("utf-8", "replace")
        tx.audit.add(SYSTEM, "backup", "store", detail={"file": name})
    report = write_backup(store, file)
    show(report.as_dict(), lambda: backup_text(report.as_dict()), as_json=as_json)


def backup_text(report: dict[str, object]) -> str:
    """A backup's report for people."""
    rows = sum(dict(report["rows"]).values())  # type: ignore[call-overload]
    lines = [f"已备份到 {report['path']}：{rows} 行，{report['files']} 个文件"]
    missing = list(report["missing_files"])  # type: ignore[call-overload]
    if missing:
        lines.append(f"注意：有 {len(missing)} 个文件缺失或损坏，运行 cityops doctor 查看")
    lines.append(
        "secret.key 不在备份内，请另行妥善保存：没有它，两步验证要重新设置，所有人要重新登录"
    )
    return "\n".join(lines)
