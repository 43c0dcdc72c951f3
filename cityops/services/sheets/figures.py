"""Numbers and words of a sheet, as an officer writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from cityops.services.selections import ClassSum
from gis.layers import FieldSpec, FieldType, GeometryKind, LayerSpec

UNKNOWN = "未知"
_KM2 = 1_000_000


def thousands(number: float) -> str:
    """A number without decimals, in groups of three.

    Examples
    --------
    >>> thousands(12345.6)
    '12,346'
    """
    return f"{round(number):,}"


def scale_text(number: int) -> str:
    """``1:1000`` as it stands on maps.

    Examples
    --------
    >>> scale_text(25000)
    '1:25 000'
    """
    return f"1:{number:,}".replace(",", " ") if number >= 10_000 else f"1:{number}"


def area_text(square_metres: float) -> str:
    """An area with its unit.

    Examples
    --------
    >>> area_text(43_210.4), area_text(2_345_678)
    ('43,210 m²', '2.35 km²')
    """
    if square_metres < _KM2:
        return f"{thousands(square_metres)} m²"
    return f"{square_metres / _KM2:,.2f} km²"


def measures(item: ClassSum) -> tuple[str, str]:
    """Measure within the polygon and whole, without unit: metres or square metres; '' for points."""
    if item.length_m is not None:
        return thousands(item.inside_length_m or 0.0), thousands(item.length_m)
    if item.area_m2 is not None:
        return thousands(item.inside_area_m2 or 0.0), thousands(item.area_m2)
    return "", ""


def unit_of(kind: GeometryKind) -> str:
    """Unit of `measures`."""
    return {GeometryKind.LINE: "m", GeometryKind.POLYGON: "m²", GeometryKind.POINT: ""}[kind]


def value_text(spec: FieldSpec, value: Any) -> str:
    """A value for people: title of a code, number, date; without unit."""
    if value is None or value == "":
        return UNKNOWN
    if spec.type is FieldType.CODE:
        found = spec.code_title(str(value))
        return found.zh if found else str(value)
    if spec.type is FieldType.BOOLEAN:
        return "是" if value else "否"
    if spec.type is FieldType.REAL:
        return f"{float(value):,.3f}".rstrip("0").rstrip(".")
    return value.isoformat() if isinstance(value, date) else str(value)


def filter_text(spec: LayerSpec, equal: Mapping[str, Sequence[Any]]) -> str:
    """The filters of a sheet in words, '' for none."""
    parts = []
    for name, values in equal.items():
        field = spec.field_named(name)
        words = [short(value_text(field, value)) for value in values]
        shown = words if len(words) <= 8 else [*words[:8], f"等 {len(words)} 项"]
        parts.append(f"{field.title.zh}为{'、'.join(shown)}")
    return "；".join(parts)


def short(text: str) -> str:
    """A title up to its colon: ``A 级：开挖或井内量测`` is ``A 级``."""
    return text.partition("：")[0]
