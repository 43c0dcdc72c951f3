"""A JSON reader that takes nothing on trust, for bodies and files of strangers.

The standard library's parser does the work; what it would let pass (NaN,
overflowing numbers, duplicate keys, lone surrogates, NUL) is found here and
named by its path. Depth is counted on the bytes before any parser recurses.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from gis.errors import InvalidError

MAX_DEPTH = 100
MAX_BYTES = 64 * 2**20
_MAX_LISTED = 100
#: A string, or the rest of the text where its end is missing: so no quote is tried twice.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
#: Where none of these is outside of strings, every number is an ordinary one.
_ODD_NUMBER = re.compile(rb"\d{19}|[eE][+]?\d{3}|[NI]")
_ESCAPED_TROUBLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_LONE = re.compile(r"[\ud800-\udfff]")
_INT64 = 2**63
#: What a byte adds to the depth.
_BRACKETS = np.zeros(256, np.int8)
_BRACKETS[[ord("["), ord("{")]] = 1
_BRACKETS[[ord("]"), ord("}")]] = -1
_KINDS: dict[type, str] = {dict: "对象", list: "数组"}


class _Bad:
    """Stands in the parsed tree where a value may not be."""

    def __init__(self, code: str, message: str, got: str) -> None:
        self.code, self.message, self.got = code, message, got[:60]


class _Repeated(dict[str, Any]):
    """An object of which a key came twice."""

    keys_again: tuple[str, ...] = ()


def parse_json(
    data: bytes,
    *,
    expect: type[dict[str, Any]] | type[list[Any]] | None = None,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
) -> Any:
    """The value that a JSON text holds.

    Parameters
    ----------
    data
        UTF-8; a byte order mark is accepted.
    expect
        ``dict`` or ``list`` where the value must be an object or an array.
    max_bytes, max_depth
        Bounds on size and on nested brackets.

    Raises
    ------
    InvalidError
        ``json.empty``, ``json.too_large``, ``json.bad_encoding``, ``json.too_deep``, ``json.syntax``,
        ``json.not_finite``, ``json.number_too_large``, ``json.duplicate_key``, ``json.bad_text``,
        ``json.wrong_type``. ``field`` is the path, such as ``$.features[3].id``; where there are
        several faults of the value, ``errors`` lists up to 100 of them.

    Examples
    --------
    >>> parse_json(b'{"at": [117.2, 39.1]}')
    {'at': [117.2, 39.1]}
    """
    text = _decoded(data, max_bytes)
    bare = _STRING.sub(b"", data)
    _check_depth(bare, max_depth)
    value, suspicious = _parsed(text, odd_numbers=_ODD_NUMBER.search(bare) is not None)
    if suspicious or _ESCAPED_TROUBLE.search(data):
        _refuse_faults(value)
    if expect is not None and not isinstance(value, expect):
        raise InvalidError(
            "json.wrong_type",
            "这里应为 JSON {expected}，得到 {got}",
            field="$",
            got=_KINDS.get(type(value), type(value).__name__),
            expected=_KINDS[expect],
        )
    return value


def _decoded(data: bytes, max_bytes: int) -> str:
    if len(data) > max_bytes:
        raise InvalidError(
            "json.too_large", "JSON 超过 {expected} 字节", got=len(data), expected=max_bytes
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise InvalidError(
            "json.bad_encoding",
            "JSON 不是 UTF-8 编码，第 {got} 字节有误",
            got=fault.start,
            expected="UTF-8",
        ) from fault
    if not text.strip(" \t\r\n"):
        raise InvalidError("json.empty", "没有内容，这里应为 JSON", expected="JSON")
    return text


def _check_depth(bare: bytes, max_depth: int) -> None:
    """Refuse too many nested brackets; `bare` is the text without its strings."""
    steps = _BRACKETS[np.frombuffer(bare, np.uint8)]
    deepest = int(steps[steps != 0].cumsum(dtype=np.int32).max(initial=0))
    if deepest > max_depth:
        raise InvalidError(
            "json.too_deep",
            "JSON 嵌套 {got} 层，超过 {expected} 层",
            got=deepest,
            expected=max_depth,
        )


def _parsed(text: str, *, odd_numbers: bool) -> tuple[Any, bool]:
    """The value, and whether it may hold stand-ins for what is not allowed."""
    repeated: list[bool] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        repeated.append(True)
        marked = _Repeated(made)
        seen: set[str] = set()
        marked.keys_again = tuple(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return marked

    numbers: dict[str, Any] = {}
    if odd_numbers:
        numbers = {"parse_float": _float, "parse_int": _int, "parse_constant": _constant}
    try:
        value = json.loads(text, object_pairs_hook=build, **numbers)
    except json.JSONDecodeError as fault:
        raise InvalidError(
            "json.syntax",
            "JSON 第 {line} 行第 {column} 个字符处有误",
            params={"line": fault.lineno, "column": fault.colno},
            got=text[fault.pos : fault.pos + 20],
            hint="文件可能不完整，请重新获取" if _is_cut_off(text, fault.pos) else None,
        ) from fault
    return value, odd_numbers or bool(repeated)


def _is_cut_off(text: str, at: int) -> bool:
    """Whether a text that is wrong at position `at` looks as if its end were missing."""
    return not text[at:].strip() or text.rstrip()[-1] not in "]}"


def _float(text: str) -> float | _Bad:
    value = float(text)
    return (
        value
        if math.isfinite(value)
        else _Bad("json.not_finite", "{field} 处的数 {got} 过大", text)
    )


def _int(text: str) -> int | _Bad:
    value = int(text) if len(text) <= 20 else _INT64
    if -_INT64 <= value < _INT64:
        return value
    return _Bad("json.number_too_large", "{field} 处的整数超过 64 位：{got}", text)


def _constant(text: str) -> _Bad:
    return _Bad("json.not_finite", "{field} 处不允许 {got}", text)


def _refuse_faults(value: Any) -> None:
    """Refuse stand-ins and bad texts, each with its path."""
    faults = []
    for fault in _faults(value):
        faults.append(fault)
        if len(faults) == _MAX_LISTED:
            break
    if faults:
        first = faults[0]
        raise InvalidError(
            first.code,
            first.template,
            field=first.field,
            got=first.got,
            errors=faults if len(faults) > 1 else (),
        )


def _faults(value: Any) -> Iterator[InvalidError]:
    """Faults of the tree in the order of the text, without recursion."""
    stack: list[tuple[str, Any]] = [("$", value)]
    while stack:
        path, at = stack.pop()
        if isinstance(at, _Bad):
            yield InvalidError(at.code, at.message, field=path, got=at.got)
        elif isinstance(at, str):
            if _is_bad_text(at):
                yield _bad_text(path, at)
        elif isinstance(at, dict):
            yield from _key_faults(path, at)
            stack.extend(reversed([(_member(path, key), part) for key, part in at.items()]))
        elif isinstance(at, list):
            stack.extend(
                reversed(
                    [(f"{path}[{i}]", p) for i, p in enumerate(at) if not isinstance(p, float)]
                )
            )


def _key_faults(path: str, at: dict[str, Any]) -> Iterator[InvalidError]:
    if isinstance(at, _Repeated):
        for key in at.keys_again:
            yield InvalidError(
                "json.duplicate_key",
                "{field} 处的键 {got} 出现了两次",
                field=_member(path, key),
                got=_shown(key),
            )
    for key in at:
        if _is_bad_text(key):
            yield _bad_text(path, key)


def _member(path: str, key: str) -> str:
    return f"{path}.{_shown(key)}"


def _shown(text: str) -> str:
    """`text` fit to be written into any answer: short, no NUL, no lone surrogates."""
    return _LONE.sub("\ufffd", text[:60]).replace("\0", "\ufffd")


def _is_bad_text(text: str) -> bool:
    return "\0" in text or _LONE.search(text) is not None


def _bad_text(path: str, text: str) -> InvalidError:
    return InvalidError(
        "json.bad_text",
        "{field} 处的文字含有空字符或残缺的 Unicode 字符",
        field=path,
        got=_shown(text),
    )
