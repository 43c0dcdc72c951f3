"""Which column of a file is which field of a layer."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cityops.services.imports.units import UNITS, factor
from cityops.services.imports.values import converter
from gis.errors import InvalidError
from gis.layers import FieldSpec, LayerSpec

#: Names that ``--map`` takes beside fields: the coordinate columns of a table.
COORDINATES = {"x": "x", "y": "y", "lon": "x", "lat": "y", "wkt": "wkt"}
_SPACES = re.compile(r"[\s_\-()（）\[\]【】@]+")


@dataclass(frozen=True)
class Column:
    """A column for a field, and by what its numbers are multiplied."""

    name: str
    factor: float = 1.0


@dataclass(frozen=True)
class Matched:
    """Columns by field, coordinate columns, and the columns that no field takes."""

    fields: Mapping[str, Column]
    left: tuple[str, ...]


@dataclass(frozen=True)
class MapRequest:
    """What a sender says about columns: field -> column, axis -> column."""

    fields: Mapping[str, str] = field(default_factory=dict)
    coordinates: Mapping[str, str] = field(default_factory=dict)


def parsed(pairs: Sequence[str], spec: LayerSpec | None) -> MapRequest:
    """What ``--map field=column`` said, once for each field.

    Raises
    ------
    InvalidError
        When a part is not ``field=column``, or names one field twice.

    Examples
    --------
    >>> parsed(["lon=经度", "lat=纬度"], None).coordinates
    {'x': '经度', 'y': '纬度'}
    """
    fields: dict[str, str] = {}
    coordinates: dict[str, str] = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        name = name.strip()
        is_nothing = not column.strip() and name in COORDINATES
        if not equals or not name or is_nothing:
            raise InvalidError(
                "import.bad_map", "--map 应为 字段=列名，得到 {got}", field="map", got=pair
            )
        is_field = spec is not None and spec.has_field(name)
        axis = None if is_field else COORDINATES.get(name)
        target, key = (coordinates, axis) if axis else (fields, name)
        if key in target:
            raise InvalidError("import.bad_map", "{got} 指了两次列", field="map", got=name)
        target[str(key)] = column
    return MapRequest(fields, coordinates)


def constants(pairs: Sequence[str], spec: LayerSpec) -> dict[str, Any]:
    """What ``--set field=value`` said: one value of a field for every row of a file.

    Raises
    ------
    InvalidError
        When a part is not ``field=value``, the layer has no such field, or the value does not fit.

    Examples
    --------
    >>> from underground.layers import PIPES
    >>> constants(["kind=给水"], PIPES)
    {'kind': 'water'}
    """
    out: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not equals or not name or name in out:
            raise InvalidError(
                "import.bad_set",
                "--set 应为 字段=值，每个字段一次，得到 {got}",
                field="set",
                got=pair,
            )
        if not spec.has_field(name) or name == spec.key:
            raise _no_field(spec, name, "set")
        out[name] = converter(spec.field_named(name))(value.strip())
    return out


def _no_field(spec: LayerSpec, name: str, where: str) -> InvalidError:
    return InvalidError(
        "import.no_such_field",
        "图层没有字段 {got}",
        field=where,
        got=name[:80],
        expected=list(spec.field_names),
    )


def matched(
    spec: LayerSpec,
    columns: Sequence[str],
    given: Mapping[str, str],
    without: Collection[str] = (),
) -> Matched:
    """Columns for the fields of a layer: as given, else by name, title or alias.

    Fields `without` a column, because they have one value for all rows, take none, nor do those
    that are given an empty name.

    A column serves one field only. Names are compared without case, spaces and brackets.
    ``column@unit`` names the unit of a given column; units are never guessed.

    Raises
    ------
    InvalidError
        With every wrong entry of `given` in ``errors``.
    """
    faults: list[InvalidError] = []
    out: dict[str, Column] = {}
    left_out = {name for name, text in given.items() if not text.strip()} | set(without)
    for name, text in given.items():
        try:
            if name not in left_out or not spec.has_field(name):
                out[name] = _given(spec, name, text, columns)
        except InvalidError as fault:
            faults.append(fault)
    if faults:
        raise InvalidError(
            "import.bad_map",
            "列的对应有 {count} 处错误：{first}",
            field="map",
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )
    taken = {column.name for column in out.values()}
    by_plain: dict[str, str] = {}
    for column in reversed(columns):
        by_plain[plain(column)] = column
    for item in spec.fields:
        settled = item.name in out or item.name in left_out
        found = None if settled else _by_name(item, columns, by_plain, taken)
        if found is not None:
            out[item.name] = Column(found)
            taken.add(found)
    return Matched(out, tuple(c for c in columns if c not in taken))


def plain(name: str) -> str:
    """A column name without case, spaces and brackets, for comparison."""
    return _SPACES.sub("", name).lower()


def _given(spec: LayerSpec, name: str, text: str, columns: Sequence[str]) -> Column:
    if not spec.has_field(name):
        raise _no_field(spec, name, "map")
    exact = next((name for name in (text, text.strip()) if name in columns), None)
    if exact is not None:
        return Column(exact)
    column, at, unit = text.rpartition("@")
    if at and column in columns and unit.strip().lower() in UNITS:
        return Column(column, factor(unit, spec.field_named(name).unit, name))
    raise InvalidError(
        "import.no_such_column",
        "文件没有列 {got}",
        field=name,
        got=text,
        expected=list(columns)[:100],
    )


def _by_name(
    item: FieldSpec, columns: Sequence[str], by_plain: Mapping[str, str], taken: set[str]
) -> str | None:
    names = (item.name, *item.aliases, item.title.zh, item.title.en)
    exact = next((n for n in names if n in columns and n not in taken), None)
    if exact is not None:
        return exact
    loose = (by_plain.get(plain(n)) for n in names)
    return next((c for c in loose if c is not None and c not in taken), None)
