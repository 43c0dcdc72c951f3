"""One decorator that checks what a view is handed and tells the OpenAPI document about it.

Request models are strict: unknown names and values of another type are refused, all faults at
once. Bodies are read by the strict JSON reader of the core.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from flask import Flask, request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from gis.errors import CityError, InvalidError

View = TypeVar("View", bound=Callable[..., Any])
#: Largest JSON body that is read, in bytes (``webmap.security`` sees to it); files go through the
#: upload routes.
MOST_JSON = 20_000_000


class Body(BaseModel):
    """Base of request bodies: nothing converted, nothing unknown."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """Base of query strings: texts are converted, nothing unknown."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Contract:
    """What a view takes and gives, for checking and for the document."""

    body: type[BaseModel] | None
    query: type[BaseModel] | None
    gives: type[BaseModel] | None
    status: int
    summary: str


def validated(
    *,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    gives: type[BaseModel] | None = None,
    status: int = 200,
    summary: str = "",
) -> Callable[[View], View]:
    """Check a view's body and query and hand them over as ``body`` and ``query``.

    Parameters
    ----------
    body, query
        Models of what the view takes.
    gives
        Model of what it answers; for the document only.
    status
        Status of a good answer; for the document only.
    summary
        One line about the act; the first line of the docstring when empty.
    """

    def wrap(view: View) -> View:
        first_line = (view.__doc__ or "").strip().split("\n", 1)[0]

        @functools.wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if query is not None:
                kwargs["query"] = parse_query(query)
            if body is not None:
                kwargs["body"] = parse_body(body)
            return view(*args, **kwargs)

        checked.contract = Contract(body, query, gives, status, summary or first_line)  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return wrap


def read_json() -> Any:
    """The JSON body of this request.

    Raises
    ------
    UnsupportedMediaType
        When it does not say that it is JSON.
    RequestEntityTooLarge
        When it is longer than `MOST_JSON`.
    InvalidError
        ``json.*`` when it is not.
    """
    from gis.geometry import parse_json

    if not is_json(request.mimetype):
        raise UnsupportedMediaType
    return parse_json(request.get_data(cache=False))


def is_json(mimetype: str) -> bool:
    """Whether a content type says that it is JSON."""
    return mimetype == "application/json" or mimetype.endswith("+json")


def parse_body(model: type[BaseModel]) -> BaseModel:
    """The JSON body as `model`.

    Raises
    ------
    InvalidError
        ``json.*`` for what is no JSON object, ``body.invalid`` with every fault.
    """
    value = read_json()
    if not isinstance(value, dict):
        raise InvalidError(
            "json.not_an_object",
            "内容应为 JSON 对象，得到 {got}",
            got=kind_of(value),
            expected="object",
        )
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise refused(error, "body.invalid", "内容有 {count} 处不对：{first}") from error


def parse_query(model: type[BaseModel]) -> BaseModel:
    """The query string as `model`; a name given twice is refused.

    Raises
    ------
    InvalidError
        ``query.*`` with every fault.
    """
    values: dict[str, str] = {}
    for name, given in request.args.lists():
        if len(given) > 1:
            raise InvalidError("query.repeated", "参数 {field} 给了两次", field=name, got=given)
        values[name] = given[0]
    values.pop("lang", None)
    odd = [
        _no_number(name, values.pop(name))
        for name, item in model.model_fields.items()
        if name in values and _is_number(item.annotation) and not _NUMBER.fullmatch(values[name])
    ]
    try:
        made = model.model_validate(values)
    except ValidationError as error:
        named = {fault.field for fault in odd}
        odd += [fault for fault in faults_of(error) if fault.field not in named]
    if odd:
        raise gathered(odd, "query.invalid", "参数有 {count} 处不对：{first}")
    return made


#: A number as programs write it: no spaces, no underscores, no digits of other scripts.
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def _is_number(annotation: Any) -> bool:
    return bool({int, float} & {annotation, *get_args(annotation)})


def _no_number(name: str, text: str) -> CityError:
    return InvalidError("field.number", "{field} 应为数，得到 {got}", field=name, got=text[:100])


#: pydantic's kind of fault -> our sentence.
_SENTENCES = {
    "missing": "缺少 {field}",
    "extra_forbidden": "没有 {field} 这一项",
    "finite_number": "{field} 应为有限的数",
    "string_too_long": "{field} 太长，最多 {limit} 个字符",
    "string_too_short": "{field} 太短，最少 {limit} 个字符",
    "greater_than_equal": "{field} 应不小于 {limit}",
    "less_than_equal": "{field} 应不大于 {limit}",
    "greater_than": "{field} 应大于 {limit}",
    "less_than": "{field} 应小于 {limit}",
    "too_long": "{field} 太多，最多 {limit} 项",
    "too_short": "{field} 太少，最少 {limit} 项",
    "enum": "{field} 应为 {expected} 之一",
    "literal_error": "{field} 应为 {expected} 之一",
}
#: What the kinds of values are called in sentences.
_KINDS = {
    "string": "文字",
    "int": "整数",
    "float": "数",
    "bool": "true 或 false",
    "list": "列表",
    "dict": "对象",
    "model": "对象",
    "model_attributes": "对象",
}
_SENTENCES |= {
    f"{kind}_{ending}": f"{{field}} 应为{words}，得到 {{got}}"
    for kind, words in _KINDS.items()
    for ending in ("type", "parsing")
}
_LIMITS = ("ge", "le", "gt", "lt", "max_length", "min_length")


def kind_of(value: Any) -> str:
    """What sort of JSON value something is, for sentences.

    Examples
    --------
    >>> kind_of([1]), kind_of({}), kind_of("x"), kind_of(None)
    ('列表', '对象', '文字', '空')
    """
    if value is None:
        return "空"
    if isinstance(value, bool):
        return "true 或 false"
    kinds = ((str, "文字"), (int, "整数"), (float, "数"), ((list, tuple), "列表"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "对象")


def refused(error: ValidationError, code: str, message: str) -> CityError:
    """All faults that pydantic found, in our form."""
    return gathered(faults_of(error), code, message)


def faults_of(error: ValidationError) -> list[CityError]:
    """The single faults that pydantic found."""
    return [_fault(item) for item in error.errors(include_url=False)]


def gathered(faults: list[CityError], code: str, message: str) -> CityError:
    """One refusal of several faults; the message names the first.

    A single fault that the core found is the refusal itself, as everywhere else.
    """
    if len(faults) == 1 and not faults[0].code.startswith("field."):
        return faults[0]
    return InvalidError(
        code,
        message,
        params={"count": len(faults), "first": str(faults[0])},
        field=faults[0].field,
        errors=faults,
    )


def _fault(item: Any) -> CityError:
    field = ".".join(str(part) for part in item["loc"]) or "?"
    context = item.get("ctx") or {}
    cause = context.get("error")
    if isinstance(cause, CityError):
        return cause
    limit = next((context[name] for name in _LIMITS if name in context), None)
    got = item.get("input")
    return InvalidError(
        f"field.{item['type']}",
        _SENTENCES.get(item["type"], "{field} 的值不对：{got}"),
        field=field,
        got=got if isinstance(got, str | int | float | bool | None) else kind_of(got),
        expected=context.get("expected", limit),
        params={"limit": limit},
    )


def describe(app: Flask, title: str, version: str) -> dict[str, Any]:
    """OpenAPI 3.1 document of every view under ``/api/v1`` that has a contract."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: r.rule):
        contract = getattr(app.view_functions[rule.endpoint], "contract", None)
        if contract is None or not rule.rule.startswith("/api/v1/"):
            continue
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            operation = _operation(contract, rule.endpoint, schemas)
            operation["parameters"] = [
                *_path_parameters(sorted(rule.arguments)),
                *operation["parameters"],
            ]
            paths.setdefault(path, {})[method.lower()] = operation
    schemas["Error"] = _ERROR_SCHEMA
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "cityops"}},
        },
        "security": [{"session": []}],
    }


_ERROR_SCHEMA = {
    "type": "object",
    "required": ["error", "errors"],
    "properties": {
        "error": {"type": "object", "required": ["code", "kind", "message"]},
        "errors": {"type": "array", "items": {"type": "object"}},
        "request_id": {"type": "string"},
    },
}
_REFUSAL = {
    "description": "refused",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


def _path_parameters(names: list[str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]


def _operation(contract: Contract, name: str, schemas: dict[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "OK"}
    if contract.gives is not None:
        good["content"] = {"application/json": {"schema": _schema(contract.gives, schemas)}}
    out: dict[str, Any] = {
        "operationId": name,
        "summary": contract.summary,
        "parameters": _query_parameters(contract.query) if contract.query else [],
        "responses": {str(contract.status): good, "4XX": _REFUSAL},
    }
    if contract.body is not None:
        content = {"application/json": {"schema": _schema(contract.body, schemas)}}
        out["requestBody"] = {"required": True, "content": content}
    return out


def _schema(model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    made = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(made.pop("$defs", {}))
    name = model.__name__
    if schemas.get(name, made) != made:
        # Another module has a model of that name: both stay, one with its module in front.
        name = f"{model.__module__.rpartition('.')[2].capitalize()}{name}"
    schemas[name] = made
    return {"$ref": f"#/components/schemas/{name}"}


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    made = model.model_json_schema()
    wanted = set(made.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in wanted, "schema": schema}
        for name, schema in made.get("properties", {}).items()
    ]
