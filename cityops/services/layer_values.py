"""Values of a layer's fields as people hand them in: in filters and in edits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from cityops.services.permissions import Permission
from gis.errors import InvalidError
from gis.layers import USER_GROUP, FieldSpec, FieldType, LayerSpec

_KINDS = {
    FieldType.TEXT: "文字",
    FieldType.CODE: "代码",
    FieldType.INTEGER: "整数",
    FieldType.REAL: "数",
    FieldType.BOOLEAN: "是或否",
    FieldType.DATE: "日期（年-月-日）",
}
_TRUE = frozenset({"1", "true", "yes", "是"})
_FALSE = frozenset({"0", "false", "no", "否"})
_INT64 = 2**63
#: Longest text that is looked for in fields.
MAX_TEXT = 100
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
#: So many codes are named in a hint.
_MOST_NAMED = 20


def check_text(text: str) -> None:
    """Refuse a text to look for that no field can hold, or that is longer than any in use.

    Raises
    ------
    InvalidError
        When it has more than `MAX_TEXT` characters, a NUL, or half of a surrogate pair.
    """
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise InvalidError(
            "layer.bad_text",
            "查找的文字里有不能存的字符，什么也不会找到",
            field="q",
            got=text[:60].encode("utf-8", "replace").decode().replace("\0", "\ufffd"),
        )
    if len(text) > MAX_TEXT:
        raise InvalidError(
            "layer.text_too_long",
            "查找的文字长于 {expected} 个字",
            field="text",
            got=len(text),
            expected=MAX_TEXT,
        )


def codes_titled(field: FieldSpec, text: str) -> list[str]:
    """Codes of a field whose title holds a text, without regard to case."""
    wanted = text.lower()
    return [
        c.code for c in field.codes if wanted in c.title.zh.lower() or wanted in c.title.en.lower()
    ]


def ascii_lower(text: str) -> str:
    """`text` with A to Z in lower case and all else as it is, as SQLite compares texts.

    Examples
    --------
    >>> ascii_lower("DN Ü")
    'dn Ü'
    """
    return text.translate(_ASCII_LOWER)


def visible_field(spec: LayerSpec, permission: Permission, name: str) -> FieldSpec:
    """The field `name` that the permission lets see; a layer of a file takes its column too.

    A field that exists but may not be seen is answered like one that does not: filtering or
    sorting by it would give its values away.

    Raises
    ------
    InvalidError
        When there is none.
    """
    name = _of_column(spec, permission, name)
    if name not in permission.fields or not spec.has_field(name):
        raise InvalidError(
            "layer.unknown_property",
            "图层 {layer} 没有可用的字段 {got}",
            field=name[:60],
            got=name[:60],
            expected=sorted(permission.fields),
            params={"layer": spec.name},
        )
    return spec.field_named(name)


def _of_column(spec: LayerSpec, permission: Permission, name: str) -> str:
    """The field whose column in the file was called `name`, where a layer was made from a file.

    Exports of such a layer have the file's own headings: what they say can be asked for.
    """
    if spec.group != USER_GROUP or spec.has_field(name):
        return name
    named = [f.name for f in spec.fields if f.title.zh == name and f.name in permission.fields]
    return named[0] if len(named) == 1 else name


def typed_value(spec: LayerSpec, permission: Permission, name: str, value: Any) -> Any:
    """A filter's value for the field `name`, see `filter_value`.

    Raises
    ------
    InvalidError
        For a field that may not be seen, a value of another type or an unknown code.
    """
    return filter_value(visible_field(spec, permission, name), value)


def filter_value(field: FieldSpec, value: Any) -> Any:
    """A value to filter by, as the store keeps it; a code may be told by its title.

    Raises
    ------
    InvalidError
        When it is no value of the field's type, or a code that its list does not hold.

    Examples
    --------
    >>> from gis.layers import CodeItem, Title
    >>> gas = (CodeItem("gas", Title("燃气", "Gas")),)
    >>> filter_value(FieldSpec("kind", Title("种类", "Kind"), FieldType.CODE, codes=gas), "燃气")
    'gas'
    """
    parsed = parse_value(field, value)
    if parsed is None or field.type is not FieldType.CODE or not field.codes:
        return parsed
    if field.code_title(parsed) is not None:
        return parsed
    wanted = parsed.strip().casefold()
    for item in field.codes:
        if wanted in {part.casefold() for part in (item.code, item.title.zh, item.title.en)}:
            return item.code
    listed = "、".join(f"{item.code}（{item.title.zh}）" for item in field.codes[:_MOST_NAMED])
    raise InvalidError(
        "layer.unknown_code",
        "“{title}”没有代码 {got}",
        field=field.name,
        got=parsed[:60],
        expected=[item.code for item in field.codes][:50],
        params={"title": field.title.zh, "listed": listed},
        hint="可用：{listed}" if len(field.codes) <= _MOST_NAMED else "可用：{listed} 等",
    )


def parse_value(field: FieldSpec, value: Any) -> Any:
    """A value, often text, as the store keeps it: dates as ISO text, empty text as None.

    Raises
    ------
    InvalidError
        When it is no value of the field's type.

    Examples
    --------
    >>> from gis.layers import Title
    >>> parse_value(FieldSpec("lanes", Title("车道", "Lanes"), FieldType.INTEGER), " 4 ")
    4
    """
    if value is None or value == "":
        return None
    try:
        return _PARSERS[field.type](value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidError(
            "layer.bad_value",
            "字段 {field} 的值不对：{got}，应为{kind}",
            field=field.name,
            got=str(value)[:60],
            expected=field.type.value,
            params={"kind": _KINDS[field.type]},
        ) from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str):
        if len(value) > 25 or not value.strip().isascii():
            raise ValueError
        value = int(value)
    if value != int(value) or not -_INT64 <= value < _INT64:
        raise ValueError
    return int(value)


def _real(value: Any) -> float:
    if isinstance(value, bool) or (isinstance(value, str) and len(value) > 60):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    lowered = _text(value).strip().lower()
    if lowered not in _TRUE | _FALSE:
        raise ValueError
    return lowered in _TRUE


def _date(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    return date.fromisoformat(_text(value)).isoformat()


_PARSERS: dict[FieldType, Callable[[Any], Any]] = {
    FieldType.TEXT: _text,
    FieldType.CODE: _text,
    FieldType.INTEGER: _integer,
    FieldType.REAL: _real,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
}


def check_values(
    spec: LayerSpec, permission: Permission, values: Mapping[str, Any], *, whole: bool
) -> dict[str, Any]:
    """Values of a feature that a person edits, as the store keeps them.

    Parameters
    ----------
    whole
        Whether `values` are those of a new feature: then none that is required may be missing.

    Raises
    ------
    InvalidError
        With one entry in ``errors`` per fault.
    """
    faults: list[InvalidError] = []
    out: dict[str, Any] = {}
    for name, value in values.items():
        try:
            found = visible_field(spec, permission, name)
            out[name] = parse_value(found, value)
            _check_range(found, out[name])
        except InvalidError as fault:
            faults.append(fault)
    for wanted in spec.fields:
        given = wanted.name in values or whole
        required = wanted.required or wanted.name == spec.key
        if required and given and values.get(wanted.name) in (None, ""):
            faults.append(_missing(wanted))
    if faults:
        raise InvalidError(
            "layer.bad_values",
            "{count} 个字段不对：{first}",
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )
    return out


def _missing(field: FieldSpec) -> InvalidError:
    return InvalidError(
        "layer.required",
        "缺少“{title}”",
        field=field.name,
        params={"title": field.title.zh},
    )


def _check_range(field: FieldSpec, value: Any) -> None:
    if value is None:
        return
    if field.type is FieldType.CODE and field.code_title(value) is None:
        raise InvalidError(
            "layer.unknown_code",
            "“{title}”没有代码 {got}",
            field=field.name,
            got=value[:60],
            expected=[item.code for item in field.codes][:50],
            params={"title": field.title.zh},
        )
    if isinstance(value, str) and len(value) > field.max_length:
        raise InvalidError(
            "layer.too_long",
            "“{title}”长 {got} 个字，上限 {expected}",
            field=field.name,
            got=len(value),
            expected=field.max_length,
            params={"title": field.title.zh},
        )
    low, high = field.minimum, field.maximum
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and ((low is not None and value < low) or (high is not None and value > high)):
        raise InvalidError(
            "layer.out_of_range",
            "“{title}”的值 {got} 超出范围 {expected}",
            field=field.name,
            got=value,
            expected=[low, high],
            params={"title": field.title.zh},
        )
