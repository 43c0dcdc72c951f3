"""What the declarations of the domain's layers share: codes, the key, names, places, the source."""

from __future__ import annotations

from typing import Any

from gis.layers import CodeItem, FieldSpec, FieldType, Title

SOURCE_FIELD = FieldSpec(
    "source", Title("数据来源", "Source"), FieldType.TEXT, aliases=("来源", "Source")
)
ADDRESS_FIELD = FieldSpec("address", Title("地址", "Address"), FieldType.TEXT, aliases=("地址",))


def item(code: str, zh: str, en: str, colour: str | None = None, mark: str = "") -> CodeItem:
    """A code with the colour and letter by which it is drawn."""
    return CodeItem(code, Title(zh, en), colour=colour, mark=mark or None)


def text_field(name: str, zh: str, en: str, *aliases: str, **more: Any) -> FieldSpec:
    """A field of text."""
    return FieldSpec(name, Title(zh, en), FieldType.TEXT, aliases=aliases, **more)


def code_field(
    name: str, zh: str, en: str, codes: tuple[CodeItem, ...], *aliases: str, **more: Any
) -> FieldSpec:
    """A field whose values are codes of a list."""
    return FieldSpec(
        name, Title(zh, en), FieldType.CODE, codes=codes, aliases=aliases, in_tiles=True, **more
    )


def count_field(name: str, zh: str, en: str, unit: str, *aliases: str) -> FieldSpec:
    """A field of whole numbers from 0 on."""
    return FieldSpec(name, Title(zh, en), FieldType.INTEGER, unit=unit, minimum=0, aliases=aliases)


def real_field(name: str, zh: str, en: str, unit: str | None, *aliases: str) -> FieldSpec:
    """A field of numbers; without a unit where each row names its own."""
    return FieldSpec(name, Title(zh, en), FieldType.REAL, unit=unit, aliases=aliases)


def id_field(*aliases: str) -> FieldSpec:
    """The key of a layer."""
    return text_field("id", "编号", "Id", *aliases, required=True, in_tiles=True)


def name_field(*aliases: str) -> FieldSpec:
    """What a feature is called."""
    return text_field("name", "名称", "Name", "名称", *aliases, required=True, in_tiles=True)
