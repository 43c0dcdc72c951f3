"""``cityops export``: a layer into a file."""

from __future__ import annotations

from pathlib import Path

import click

from cityops.cli.output import CityCommand, settings, show
from cityops.services.exports.formats import FORMATS
from gis.errors import InvalidError


@click.command("export", cls=CityCommand)
@click.argument("layer")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="写到哪个文件")
@click.option("--format", "name", type=click.Choice(sorted(FORMATS)), help="格式；不给则看扩展名")
@click.option("--bbox", help="只要这个范围：西,南,东,北（度）")
@click.option("--crs", help="坐标系：EPSG:代码、gcj02、bd09；same 为交付时的坐标系；默认 EPSG:4490")
@click.option("--where", multiple=True, help="字段=值，可给几次；值之间用逗号")
@click.option("--encoding", help="Shapefile 的编码：UTF-8 或 GBK")
def command(
    layer: str,
    out: Path,
    name: str | None,
    bbox: str | None,
    crs: str | None,
    where: tuple[str, ...],
    encoding: str | None,
    as_json: bool,
) -> None:
    """把图层导出成文件：GeoJSON、GeoPackage、Shapefile（.zip）、CSV、Excel、FlatGeobuf。"""
    from cityops.bootstrap import Services
    from cityops.services.exports.service import ExportOptions, refuse_missing_folder
    from cityops.services.roles import SYSTEM
    from gis.boxes import parse_degree_box

    refuse_missing_folder(out)
    options = ExportOptions(
        format=name,
        crs=crs,
        box=None if bbox is None else parse_degree_box(bbox).as_tuple(),
        where=dict(_condition(text) for text in where),
        encoding=encoding,
    )
    done = Services(settings()).exports.run(SYSTEM, layer, out, options)
    notes = "".join(f"\n  注意：{note['what']}" for note in [*done["losses"], *done["warnings"]])
    notes += "\n  已替换原有的文件" if done["replaced"] else ""
    text = f"已导出 {done['rows']} 个要素到 {done['file']}（{done['crs'][:60]}）{notes}"
    show(done, text, as_json=as_json)


def _condition(text: str) -> tuple[str, list[str]]:
    name, equals, values = text.partition("=")
    if not equals or not name:
        raise InvalidError("cli.usage", "--where 应为 字段=值，得到 {got}", field="where", got=text)
    return name, values.split(",")
