"""``cityops doctor``: is this deployment well, and what walls stand around uploads?"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from cityops.cli.output import EXIT_CODES, CityCommand, settings, show
from gis.errors import CityError, Kind, UnavailableError, error_body

_PACKAGES = ("cityops", "flask", "geopandas", "numpy", "pyogrio", "pyproj", "shapely", "sqlalchemy")


@click.command("doctor", cls=CityCommand)
@click.option("--full", is_flag=True, help="逐个读出并核对所有文件，而不是抽查")
def command(full: bool, as_json: bool) -> None:
    """检查数据库、空间索引、文件、审计链、磁盘、隔离手段、字体与版本。有毛病时以 6 退出。"""
    found = examined(full=full)
    show(found, lambda: doctor_text(found), as_json=as_json)
    if not found["ok"]:
        sys.exit(EXIT_CODES[Kind.UNAVAILABLE])


def examined(*, full: bool) -> dict[str, Any]:
    """Everything that is checked, as JSON values; ``ok`` says whether all is well."""
    store = _store(full=full)
    walls = _walls()
    refused = {} if not store["faults"] else error_body(_ill(store))
    return refused | {
        "ok": not store["faults"],
        "data_dir": str(settings().data_dir.resolve()),
        "store": store,
        "sandbox": walls,
        "fonts": _fonts(),
        "versions": _versions(),
    }


def _ill(store: dict[str, Any]) -> UnavailableError:
    """The findings in the one form of every refusal."""
    single = [UnavailableError("doctor.fault", "{got}", got=fault) for fault in store["faults"]]
    return UnavailableError(
        "doctor.faults",
        "有 {got} 处毛病：{first}",
        got=len(single),
        params={"first": store["faults"][0]},
        hint=(
            "先运行 cityops init"
            if store.get("error", {}).get("code") == "store.missing"
            else "先停服务并备份现状；需要时用 cityops restore 恢复"
        ),
        errors=single,
    )


def _store(*, full: bool) -> dict[str, Any]:
    from cityops.store.database import open_store
    from cityops.store.health import check_store

    try:
        store = open_store(settings())
        found = check_store(store, full=full) | {"calendars": _calendars(store)}
        store.dispose()
    except CityError as error:
        return {"faults": [str(error)], "error": error.as_dict()}
    return found


def _calendars(store: Any) -> dict[str, Any]:
    """Years that deadlines may need soon; a missing one is told, the store is well without it."""
    from datetime import UTC, datetime

    from cityops.services.grid.config import current_config
    from cityops.services.grid.publishing import years_needed

    with store.reading() as tx:
        return years_needed(current_config(tx).book, datetime.now(UTC))


def _walls() -> dict[str, Any]:
    """What confines the reading of uploads on this machine."""
    from cityops.jobs.sandbox import ConfinedReader

    try:
        with tempfile.TemporaryDirectory(prefix="cityops-doctor-") as scratch:
            return dict(ConfinedReader(Path(scratch)).walls())
    except (CityError, OSError) as error:
        return {"landlock": False, "seccomp": False, "error": str(error)}


def _fonts() -> dict[str, Any]:
    """Font for print, which is shipped, and whether this machine's browser can show Chinese."""
    import cityops.printing

    folder = Path(cityops.printing.__path__[0])
    listed = 0
    if shutil.which("fc-list"):
        done = subprocess.run(
            ["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False
        )
        listed = len(done.stdout.splitlines())
    return {"print": sorted(p.name for p in folder.glob("*.otf")), "system_chinese": listed}


def _versions() -> dict[str, str]:
    import sqlite3

    import shapely

    found = {name: version(name) for name in _PACKAGES}
    python = ".".join(str(part) for part in sys.version_info[:3])
    return found | {
        "python": python,
        "sqlite": sqlite3.sqlite_version,
        "geos": shapely.geos_version_string,
    }


def doctor_text(found: dict[str, Any]) -> str:
    """The findings for people."""
    store, walls = found["store"], found["sandbox"]
    lines = ["一切正常" if found["ok"] else "有问题："]
    lines += [f"  - {fault}" for fault in store["faults"]]
    if store.get("error", {}).get("hint"):
        lines.append(f"  怎么办：{store['error']['hint']}")
    if "layers" in store:
        rows = sum(layer["rows"] for layer in store["layers"])
        files = store["files"]
        lines += [
            f"数据库：{found['data_dir']}，版本 {store['schema']['found']}",
            f"图层：{len(store['layers'])} 个，{rows} 个要素，索引已逐一核对",
            f"文件：{files['total']} 个，核对了 {files['checked']} 个",
            f"审计：{store['audit']['entries']} 条，链{'断' if store['audit']['broken_at'] else '完整'}",
            f"磁盘：剩余 {store['disk_free_bytes'] / 1e9:.1f} GB，落盘一次 {store['sync_ms']} 毫秒",
        ]
    up = [name for name in ("landlock", "seccomp") if walls.get(name)]
    for gap in store.get("calendars", {}).get("missing", ()):
        lines.append(
            f"日历：{gap['calendar']} 缺 {gap['year']} 年，用 cityops calendar import 导入"
        )
    lines.append("隔离：" + ("、".join(up) if up else "没有；只收 GeoJSON 和 CSV"))
    lines.append("版本：" + "，".join(f"{k} {v}" for k, v in found["versions"].items()))
    return "\n".join(lines)
