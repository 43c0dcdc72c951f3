"""Delivered values into a field's type, each refusal with its reason."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from cityops.services.reading.encoding import is_plain_text
from gis.errors import InvalidError
from gis.layers import FieldSpec, FieldType

_INT64 = 1 << 63
_WHOLE = re.compile(r"^[+-]?\d{1,19}$")
_DECIMAL = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$")
_DATE = re.compile(r"^(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ].*)?$")
_TRUE = {"1", "true", "t", "yes", "y", "是", "有"}
_FALSE = {"0", "false", "f", "no", "n", "否", "无"}

Convert = Callable[[Any], Any]


def converter(field: FieldSpec, factor: float = 1.0) -> Convert:
    """A function from a delivered value to the field's type; None and blanks are unknown.

    A text stays as it was delivered, blanks at its ends and the empty one included.

    Parameters
    ----------
    factor
        By what numbers are multiplied to be in the field's unit.

    Raises
    ------
    InvalidError
        Of the returned function: ``field.*`` with the value in ``got``.

    Examples
    --------
    >>> from gis.layers import Title
    >>> depth = FieldSpec("depth_m", Title("埋深", "Depth"), FieldType.REAL, unit="m")
    >>> converter(depth)("1.25"), converter(depth)("")
    (1.25, None)
    """
    if field.type is FieldType.CODE:
        return _code_converter(field)
    one = _ONE[field.type]

    def convert(value: Any) -> Any:
        if value is None:
            return None
        if field.type is not FieldType.TEXT and isinstance(value, str) and not value.strip():
            return None
        out = one(field, value)
        if factor != 1.0 and isinstance(out, (int, float)):
            out = out * factor
        _check_range(field, out)
        return out

    return convert


def _wrong(field: FieldSpec, value: Any, expected: str) -> InvalidError:
    return InvalidError(
        "field.type",
        "{title} 应为{expected}，得到 {got}",
        field=field.name,
        got=shown(value),
        expected=expected,
        params={"title": field.title.zh},
    )


def shown(value: Any) -> Any:
    """A value fit for a report: short and storable."""
    if value is None or isinstance(value, (bool, int)):
        return value if not isinstance(value, int) or abs(value) < _INT64 else str(value)[:40]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return str(value)[:80].encode("utf-8", "replace").decode().replace("\x00", "�")


def _text(field: FieldSpec, value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise _wrong(field, value, "文本")
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = str(value)
    if not is_plain_text(text):
        raise InvalidError(
            "field.bad_text",
            "{title} 里有不能存的字符",
            field=field.name,
            got=shown(text),
            params={"title": field.title.zh},
        )
    if len(text) > field.max_length:
        raise InvalidError(
            "field.too_long",
            "{title} 有 {got} 个字，最多 {expected} 个",
            field=field.name,
            got=len(text),
            expected=field.max_length,
            params={"title": field.title.zh},
        )
    return text


def _narrow(value: Any) -> str:
    return unicodedata.normalize("NFKC", str(value)).strip()


def _integer(field: FieldSpec, value: Any) -> int:
    if isinstance(value, bool):
        raise _wrong(field, value, "整数")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = _narrow(value)
    if not _WHOLE.match(text) or not -_INT64 <= int(text) < _INT64:
        raise _wrong(field, value, "整数")
    return int(text)


def _real(field: FieldSpec, value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
    else:
        text = _narrow(value)
        if isinstance(value, bool) or not _DECIMAL.match(text):
            raise _wrong(field, value, "数")
        number = float(text)
    if not math.isfinite(number):
        raise _wrong(field, value, "有限的数")
    return number


def _boolean(field: FieldSpec, value: Any) -> bool:
    text = _narrow(value).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _wrong(field, value, "是或否")


def _date(field: FieldSpec, value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    found = _DATE.match(_narrow(value))
    try:
        if found is not None:
            return dt.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise _wrong(field, value, "日期（年-月-日）")


_ONE: dict[FieldType, Callable[[FieldSpec, Any], Any]] = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: _integer,
    FieldType.REAL: _real,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
}


def _check_range(field: FieldSpec, value: Any) -> None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return
    low, high = field.minimum, field.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        raise InvalidError(
            "field.range",
            "{title} 为 {got}，应在 {low} 到 {high} 之间",
            field=field.name,
            got=value,
            expected=[low, high],
            params={
                "title": field.title.zh,
                "low": "不限" if low is None else f"{low:g}",
                "high": "不限" if high is None else f"{high:g}",
            },
        )


def _code_converter(field: FieldSpec) -> Convert:
    known: dict[str, str] = {}
    for item in reversed(field.codes):
        for name in (item.title.en, item.title.zh, item.code):
            known[_narrow(name).lower()] = item.code

    def convert(value: Any) -> str | None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        code = known.get(_narrow(value).lower())
        if code is None:
            raise InvalidError(
                "field.code",
                "{title} 的代码表里没有 {got}",
                field=field.name,
                got=shown(value),
                expected=[item.code for item in field.codes][:60],
                params={"title": field.title.zh},
                hint="可写代码、中文名或英文名",
            )
        return code

    return convert
