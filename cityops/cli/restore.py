"""``cityops restore``: a data folder from a backup, proven by counts and hashes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show
from cityops.settings import Settings
from gis.errors import CityError


@click.command("restore", cls=CityCommand)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="恢复到的文件夹")
@click.option("--force", is_flag=True, help="文件夹里已有数据时，把它改名保留再恢复")
def command(file: Path, data: Path | None, force: bool, as_json: bool) -> None:
    """从备份恢复数据文件夹；核对每个计数与哈希之后才替换。先停止 cityops serve。"""
    from cityops.jobs.processes import refuse_served
    from cityops.store.backup import restore_backup

    target = settings() if data is None else replace(settings(), data_dir=data)
    refuse_served(target)
    report = restore_backup(file, target.data_dir, force=force).as_dict()
    report["audited"] = _audited(target, report)
    show(report, lambda: restore_text(report), as_json=as_json)


def _audited(target: Settings, report: dict[str, Any]) -> bool:
    """Write down in the restored trail that it was restored; False where its schema is an older one,
    which ``cityops migrate`` has to bring up first.
    """
    from cityops.services.roles import SYSTEM
    from cityops.store.database import open_store

    try:
        store = open_store(target)
        with store.writing() as tx:
            tx.audit.add(SYSTEM, "restore", "store", detail={"created": report["created"]})
        store.dispose()
    except CityError:
        return False
    return True


def restore_text(report: dict[str, object]) -> str:
    """A restore's report for people."""
    rows = sum(dict(report["rows"]).values())  # type: ignore[call-overload]
    lines = [
        f"已恢复到 {report['path']}：{rows} 行、{report['files']} 个文件，计数与哈希全部相符",
        f"备份时间：{report['created']}",
    ]
    if not report["audited"]:
        lines.append("恢复一事未能记入审计链：先运行 cityops migrate，再运行 cityops doctor")
    if report["kept_before"]:
        lines.append(f"原有数据保留在 {report['kept_before']}")
    missing = list(report["missing_files"])  # type: ignore[call-overload]
    if missing:
        lines.append(f"注意：备份时就有 {len(missing)} 个文件缺失")
    return "\n".join(lines)
