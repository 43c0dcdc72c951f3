"""``cityops map``: layers as one HTML file that opens without any network."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import click

from cityops.cli.output import CityCommand, settings, show


@click.command("map", cls=CityCommand)
@click.option("--layer", "layers", multiple=True, required=True, help="图层名，可重复")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="写到哪个 HTML 文件",
)
@click.option("--bbox", default=None, help="范围：西,南,东,北（度）")
@click.option("--title", default="", help="标题")
def command(
    layers: tuple[str, ...], out: Path, bbox: str | None, title: str, as_json: bool
) -> None:
    """把图层写成一个 HTML 地图文件，离线即可打开。"""
    from cityops.bootstrap import Services
    from cityops.services.exports.service import refuse_missing_folder
    from cityops.services.mapfiles import take_layers
    from cityops.services.roles import SYSTEM
    from gis.boxes import parse_degree_box
    from grid.clock.calendar import CITY_ZONE
    from webmap.foliummap.page import MOST_FEATURES, Part, map_page

    refuse_missing_folder(out)
    chosen = settings()
    box = None if bbox is None else parse_degree_box(bbox).as_tuple()
    store = Services(chosen).store
    taken = take_layers(store, SYSTEM, layers, box=box, most=MOST_FEATURES)
    parts = [Part(t.spec, t.batch, t.fields, t.notices) for t in taken]
    now = datetime.datetime.now(CITY_ZONE)
    heading = title or "、".join(part.spec.title.zh for part in parts)
    replaced = out.is_file()
    write_whole(out, map_page(parts, heading, review_no=chosen.map_review_no, made=now))
    counts = {part.spec.name: len(part.batch) for part in parts}
    told = "，".join(f"{name} {n} 个" for name, n in counts.items())
    text = f"已写 {out}：{told}" + ("\n  已替换原有的文件" if replaced else "")
    show({"out": str(out), "features": counts, "replaced": replaced}, text, as_json=as_json)


def check_writable(out: Path) -> None:
    """Refuse a file that cannot be written, before anything is computed for it.

    Raises
    ------
    NotFoundError
        ``file.no_folder`` when its folder is not there.
    InvalidError
        ``file.not_writable`` when it is a folder, or the folder takes no files.
    """
    from gis.errors import InvalidError, NotFoundError

    folder = out.parent
    if not folder.is_dir():
        raise NotFoundError(
            "file.no_folder",
            "没有文件夹 {got}",
            field="out",
            got=str(folder)[:500],
            hint="先建好文件夹，或换一个位置",
        )
    if out.is_dir() or not os.access(folder, os.W_OK):
        raise InvalidError(
            "file.not_writable", "不能写 {got}", field="out", got=str(out)[:500], hint="换一个位置"
        )


def write_whole(out: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        part.write_text(text, "utf-8")
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
