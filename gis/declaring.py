"""Fields and codes as declarations of layers write them, one line each."""

from __future__ import annotations

from typing import Any

from gis.layers import CodeItem, FieldSpec, FieldType, Title


def item(
    code: str, zh: str, en: str, colour: str | None = None, mark: str | None = None, **more: Any
) -> CodeItem:
    """A code with the colour and letter by which it is drawn."""
    return CodeItem(code, Title(zh, en), colour=colour, mark=mark or None, **more)


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


def source_field(*aliases: str) -> FieldSpec:
    """Who made a feature and from what; synthetic data say so in it."""
    return text_field("source", "数据来源", "Source", *aliases)
