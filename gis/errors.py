"""The one error of the program and its leaves.

Messages are written in Chinese, the first language of the program; they are
templates whose parts travel in ``params``, so that a shell can look the
template up in its translation catalogue before it fills the parts in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What sort of refusal an error is; exit code and HTTP status follow from it."""

    INVALID = "invalid"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    STALE = "stale"
    FORBIDDEN = "forbidden"
    UNAVAILABLE = "unavailable"


def in_words(value: Any) -> Any:
    """A part of a message as people read it: no words of the programming language in it.

    Examples
    --------
    >>> in_words(None), in_words(True), in_words(["gas", "heat"]), in_words([1, 2.5]), in_words(7)
    ('空', 'true', 'gas、heat', [1, 2.5], 7)
    >>> in_words({"type": "Point"})
    '{…}'
    """
    if value is None:
        return "空"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{…}"
    if isinstance(value, (list, tuple, set, frozenset)):
        if all(isinstance(part, (int, float)) and not isinstance(part, bool) for part in value):
            return value  # a position, a box
        return "、".join(str(in_words(part)) for part in value)
    return value


class CityError(Exception):
    """A refusal that a person can act on.

    Parameters
    ----------
    code
        Stable name to quote, ``domain.what``, such as ``crs.not_metric``.
    kind
        Sort of refusal.
    message
        Chinese template; ``{name}`` is replaced from `params`, and from
        ``field``, ``got``, ``expected``.
    field
        Which input is meant, as its sender names it.
    got, expected
        What was handed in and what would have been right. JSON values.
    hint
        Chinese template: what to do next.
    params
        Parts for `message` and `hint`.
    errors
        All single faults, where one refusal gathers several.
    row
        1-based row of the file, where a file was read.

    Examples
    --------
    >>> e = CityError("crs.unknown", Kind.INVALID, "不认识坐标系 {got}", got="EPSG:1")
    >>> str(e)
    '不认识坐标系 EPSG:1'
    """

    def __init__(
        self,
        code: str,
        kind: Kind,
        message: str,
        *,
        field: str | None = None,
        got: Any = None,
        expected: Any = None,
        hint: str | None = None,
        params: Mapping[str, Any] | None = None,
        errors: Iterable[CityError] = (),
        row: int | None = None,
    ) -> None:
        self.code = code
        self.kind = kind
        self.template = message
        self.hint_template = hint
        self.field = field
        self.got = got
        self.expected = expected
        self.params = dict(params or {})
        self.errors = tuple(errors)
        self.row = row
        super().__init__(code)

    def _fill(self, template: str) -> str:
        parts = {"field": self.field, "got": self.got, "expected": self.expected} | self.params
        try:
            return template.format_map({name: in_words(part) for name, part in parts.items()})
        except (KeyError, IndexError, ValueError, AttributeError):
            return template

    def message(self, translate: Callable[[str], str] = str) -> str:
        """Message with its parts filled in, after `translate` looked the template up."""
        return self._fill(translate(self.template))

    def hint(self, translate: Callable[[str], str] = str) -> str | None:
        """Hint with its parts filled in, or None."""
        return None if self.hint_template is None else self._fill(translate(self.hint_template))

    def __str__(self) -> str:
        return self.message()

    def as_dict(self, translate: Callable[[str], str] = str) -> dict[str, Any]:
        """The error as the JSON object that every interface answers with.

        ``row`` follows where a file was read, ``place`` ([x, y]) where a fault lies on a map.
        """
        out: dict[str, Any] = {
            "code": self.code,
            "kind": self.kind.value,
            "message": self.message(translate),
            "field": self.field,
            "got": self.got,
            "expected": self.expected,
            "hint": self.hint(translate),
        }
        if self.row is not None:
            out["row"] = self.row
        if self.params.get("place") is not None:
            out["place"] = self.params["place"]
        return out


class InvalidError(CityError, ValueError):
    """Input that cannot be accepted as it is."""

    def __init__(self, code: str, message: str, **parts: Any) -> None:
        super().__init__(code, Kind.INVALID, message, **parts)


class CrsError(InvalidError):
    """Coordinates whose reference system is missing, unknown or not fit for the purpose."""


class GeometryError(InvalidError):
    """A shape that is not valid, too large or of the wrong kind."""


class FileError(InvalidError):
    """A file that cannot be read as what it says it is."""


class NotFoundError(CityError, LookupError):
    """What was asked for is not there, or not there for this person."""

    def __init__(self, code: str, message: str, **parts: Any) -> None:
        super().__init__(code, Kind.NOT_FOUND, message, **parts)


class ConflictError(CityError):
    """The act does not fit the present state."""

    def __init__(self, code: str, message: str, **parts: Any) -> None:
        super().__init__(code, Kind.CONFLICT, message, **parts)


class StaleError(CityError):
    """The record was changed since it was read."""

    def __init__(self, code: str, message: str, **parts: Any) -> None:
        super().__init__(code, Kind.STALE, message, **parts)


class ForbiddenError(CityError, PermissionError):
    """The person may not do this."""

    def __init__(self, code: str, message: str, **parts: Any) -> None:
        super().__init__(code, Kind.FORBIDDEN, message, **parts)


class UnavailableError(CityError, RuntimeError):
    """A part of the program cannot answer now."""

    def __init__(self, code: str, message: str, **parts: Any) -> None:
        super().__init__(code, Kind.UNAVAILABLE, message, **parts)


def error_body(error: CityError, translate: Callable[[str], str] = str) -> dict[str, Any]:
    """``{"error": {...}, "errors": [...]}`` of an error and its single faults."""
    return {
        "error": error.as_dict(translate),
        "errors": [single.as_dict(translate) for single in error.errors],
    }
