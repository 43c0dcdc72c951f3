"""Texts that no column can hold are refused before they reach the database, on both stores alike.

PostgreSQL takes neither NUL nor more characters than a column is wide and fails on them; SQLite
takes both. Here is the one place that every statement passes, whoever asks: whatever is looked
for or stored. Rows of layers that come in bulk are not looked at again; their reader did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, String, event

from gis.errors import InvalidError

_CANNOT_BE_STORED = re.compile(r"[\0\ud800-\udfff]")


def refuse_bad_texts(engine: Engine) -> None:
    """Let every statement of an engine be looked at."""
    event.listen(engine, "before_cursor_execute", _look)


def _look(
    _connection: Connection,
    _cursor: Any,
    _statement: str,
    parameters: Any,
    context: Any,
    executemany: bool,
) -> None:
    compiled = getattr(context, "compiled", None)
    if compiled is None:
        if not executemany:
            _check_characters(_values(parameters))
        return
    for values in context.compiled_parameters:
        _check_characters(values.values())
        if compiled.isinsert or compiled.isupdate:
            _check_lengths(compiled.binds, values)


def _values(parameters: Any) -> Iterable[Any]:
    return parameters.values() if isinstance(parameters, Mapping) else parameters or ()


def _check_characters(values: Iterable[Any]) -> None:
    """Refuse a text with NUL or half of a surrogate pair.

    Raises
    ------
    InvalidError
        Then.
    """
    for value in values:
        if type(value) is str and _is_bad(value):
            raise InvalidError(
                "text.bad_character",
                "文字里有不能存的字符：{got}",
                got=_CANNOT_BE_STORED.sub("\ufffd", value[:60]),
                hint="去掉空字符和残缺的 Unicode 字符",
            )


def _is_bad(text: str) -> bool:
    # Most texts are ASCII, and a plain search is many times faster than an expression.
    return "\0" in text if text.isascii() else _CANNOT_BE_STORED.search(text) is not None


def _check_lengths(binds: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuse a text that is longer than its column is wide.

    Raises
    ------
    InvalidError
        Then; ``field`` is the column.
    """
    for name, value in values.items():
        if type(value) is not str or name not in binds:
            continue
        kind = binds[name].type
        most = kind.length if isinstance(kind, String) else None
        if most is not None and len(value) > most:
            raise InvalidError(
                "text.too_long",
                "{field} 有 {got} 个字，最多 {expected} 个",
                field=name,
                got=len(value),
                expected=most,
            )
