"""The few expressions that SQLite and PostgreSQL spell differently, each with both spellings.

Everything else of the store is written once, in what both databases understand.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class JsonText(GenericFunction[str]):
    """``JsonText(column, "$.a[0]", "{a,0}")``: a value inside a text of JSON, as a text.

    Both paths are constants of the program.
    """

    type = Text()
    inherit_cache = True
    name = "json_text"


class AsciiLower(GenericFunction[str]):
    """A text with A to Z in lower case and all else as it is, which is what SQLite's LIKE folds."""

    type = Text()
    inherit_cache = True
    name = "ascii_lower"


class JoinedTexts(GenericFunction[str]):
    """``JoinedTexts(column, between)``: values of all rows as one text; null without rows."""

    type = Text()
    inherit_cache = True
    name = "joined_texts"


class ExactReal(GenericFunction[str]):
    """A double as the decimal digits that give it back to the last bit."""

    type = String()
    inherit_cache = True
    name = "exact_real"


class NotByIndex(GenericFunction[Any]):
    """A column whose index SQLite is not to choose; to PostgreSQL, which has statistics, the column."""

    inherit_cache = True
    name = "not_by_index"


def json_text(column: ColumnElement[Any], *path: str | int) -> ColumnElement[Any]:
    """A value inside a text of JSON: ``json_text(c.flow, "filing", 0)``."""
    from sqlalchemy import literal_column

    ours = "$" + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
    theirs = "{" + ",".join(str(p) for p in path) + "}"
    return JsonText(column, literal_column(f"'{ours}'"), literal_column(f"'{theirs}'"))


@compiles(JsonText)
def _json_text(element: Any, compiler: Any, **kw: Any) -> str:
    column, ours, theirs = (compiler.process(part, **kw) for part in element.clauses)
    if compiler.dialect.name == "postgresql":
        return f"(CAST({column} AS json) #>> {theirs})"
    return f"json_extract({column}, {ours})"


@compiles(NotByIndex)
def _not_by_index(element: Any, compiler: Any, **kw: Any) -> str:
    (column,) = (compiler.process(part, **kw) for part in element.clauses)
    return column if compiler.dialect.name == "postgresql" else f"+{column}"


@compiles(AsciiLower)
def _ascii_lower(element: Any, compiler: Any, **kw: Any) -> str:
    (column,) = (compiler.process(part, **kw) for part in element.clauses)
    if compiler.dialect.name == "postgresql":
        return f'lower(({column}) COLLATE "C")'
    return f"lower({column})"


@compiles(JoinedTexts)
def _joined_texts(element: Any, compiler: Any, **kw: Any) -> str:
    values, between = element.clauses
    text, apart = compiler.process(values, **kw), compiler.process(between, **kw)
    if compiler.dialect.name != "postgresql":
        return f"group_concat({text}, {apart})"
    number = "::int" if isinstance(values.type, Boolean) else ""
    return f"string_agg(({text}){number}::text, {apart})"


@compiles(ExactReal)
def _exact_real(element: Any, compiler: Any, **kw: Any) -> str:
    (value,) = (compiler.process(part, **kw) for part in element.clauses)
    if compiler.dialect.name == "postgresql":
        return f"({value})::text"
    return f"printf('%!.17g', {value})"
