"""``cityops layers``: what layers there are."""

from __future__ import annotations

from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show


@click.command("layers", cls=CityCommand)
def command(as_json: bool) -> None:
    """列出图层：名称、标题、几何、字段、要素数、版本。"""
    from cityops.bootstrap import Services
    from cityops.services.roles import SYSTEM

    layers = [_plain(entry) for entry in Services(settings()).layers.catalogue(SYSTEM)]
    show({"layers": layers}, lambda: "\n".join(map(_line, layers)), as_json=as_json)


def _plain(entry: Any) -> dict[str, Any]:
    spec = entry.spec
    return {
        "name": spec.name,
        "title": {"zh": spec.title.zh, "en": spec.title.en},
        "group": spec.group,
        "geometry": spec.geometry.value,
        "crs": f"EPSG:{spec.crs}",
        "key": spec.key,
        "fields": [
            {
                "name": f.name,
                "title": {"zh": f.title.zh, "en": f.title.en},
                "type": f.type.value,
                "unit": f.unit,
                "required": f.required,
                "codes": [item.code for item in f.codes] or None,
            }
            for f in spec.fields
        ],
        "count": entry.count,
        "version": entry.version,
    }


def _line(layer: dict[str, Any]) -> str:
    return (
        f"{layer['name']:18} {layer['count']:>8}  {layer['title']['zh']}"
        f"（{layer['geometry']}，{len(layer['fields'])} 个字段，第 {layer['version']} 版）"
    )
