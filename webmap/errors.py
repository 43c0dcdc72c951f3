"""One form for every refusal: the same object as JSON, or a page that says what to do."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError, UnsupportedMediaType

from gis.errors import CityError, Kind, error_body
from webmap import refusals
from webmap.headers import request_id
from webmap.i18n import translate

log = logging.getLogger("cityops.web")


class WrongMedia(UnsupportedMediaType):
    """A body of another type than the one wanted, which the answer names."""

    def __init__(self, expected: str) -> None:
        super().__init__()
        self.expected = expected


#: The only place where a kind becomes a status.
STATUS = {
    Kind.INVALID: 422,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.FORBIDDEN: 403,
    Kind.UNAVAILABLE: 503,
}
#: Faults of transport, parsing and queries are 400, whatever else is wrong with the content.
_BAD_REQUEST = ("json.", "query.", "http.")
_RETRY_S = 5

#: Refusals that come from the transport itself: kind, what happened, what to do.
_HTTP: dict[int, tuple[Kind, str, str | None]] = {
    400: (Kind.INVALID, "请求不完整或写法不对", None),
    401: (Kind.FORBIDDEN, "请先登录", "登录后再试"),
    403: (Kind.FORBIDDEN, "没有权限", "请向安全管理员申请"),
    404: (Kind.NOT_FOUND, "没有这个地址或这条数据", "检查地址是否完整"),
    405: (Kind.INVALID, "这个地址不接受 {got} 请求", None),
    408: (Kind.UNAVAILABLE, "请求传得太慢，已中断", "网络好些再试"),
    409: (Kind.CONFLICT, "与现状冲突", "刷新后再试"),
    411: (Kind.INVALID, "请求没有写明长度", None),
    413: (Kind.INVALID, "内容太大，上限 {expected}", "分成几次传，或压缩后再传"),
    414: (Kind.INVALID, "地址太长", None),
    415: (Kind.INVALID, "不接受 {got} 类型的内容", "应为 {expected}"),
    429: (Kind.UNAVAILABLE, "请求太频繁", "过一会儿再试"),
    503: (Kind.UNAVAILABLE, "服务暂时不可用", "过一会儿再试"),
}


def init_app(app: Flask) -> None:
    """Answer every refusal and every failure in the one form."""
    app.register_error_handler(CityError, answer_city_error)
    app.register_error_handler(CSRFError, _answer_csrf)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_failure)


def status_of(error: CityError) -> int:
    """HTTP status of an error."""
    if error.kind is not Kind.INVALID:
        return STATUS[error.kind]
    # Whatever a reading request gets wrong stands in its address.
    if error.code.startswith(_BAD_REQUEST) or request.method in ("GET", "HEAD"):
        return 400
    return STATUS[error.kind]


def wants_json() -> bool:
    """Whether the one who asks is a program: an interface path, or JSON preferred to HTML."""
    if request.path.startswith(("/api/", "/tiles/", "/healthz", "/metrics", "/ogc/")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json"


def answer_city_error(error: CityError) -> Response:
    """The answer to a refusal."""
    return answer(error, status_of(error))


def answer(error: CityError, status: int) -> Response:
    """The answer to a refusal with a status of one's own."""
    body = error_body(error, translate)
    body["request_id"] = request_id()
    g.error_code = error.code
    refusals.note(error, status)
    response = as_json(body, status) if wants_json() else _page(body, status)
    if status == 503:
        response.headers.setdefault("Retry-After", str(_RETRY_S))
    response.headers["Cache-Control"] = "no-store"
    return response


def as_json(value: Any, status: int = 200) -> Response:
    """A JSON answer; numpy values are accepted, NaN becomes null."""
    data = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    return Response(data, status, mimetype="application/json")


def _page(body: dict[str, Any], status: int) -> Response:
    if g.get("foreign_host"):
        # A page needs addresses, and none is made from a foreign host.
        return _plain(body, status)
    try:
        return make_response(render_template("error.html", status=status, **body), status)
    except Exception:
        # Whatever made the page fail may be the very fault that is being reported.
        log.exception("no error page for request %s", request_id())
        return _plain(body, status)


def _plain(body: dict[str, Any], status: int) -> Response:
    error = body["error"]
    text = "\n".join(filter(None, (error["message"], error["hint"], error["code"])))
    return Response(f"{text}\n{request_id()}\n", status, mimetype="text/plain")


def _answer_csrf(error: CSRFError) -> Response:
    refusal = CityError(
        "csrf.missing",
        Kind.FORBIDDEN,
        "页面的安全令牌不对或已过期",
        hint="刷新页面后重试，填写的内容会保留",
        params={"reason": error.description},
    )
    return answer(refusal, 403)


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None:
        return Response.force_type(error.response)  # type: ignore[arg-type]
    if 300 <= status < 400:
        return Response.force_type(error.get_response())  # type: ignore[arg-type]
    g.foreign_host = isinstance(error, SecurityError)
    kind, message, hint = _HTTP.get(status, (Kind.INVALID, "请求不能接受", None))
    got, expected = _parts_of(status, error)
    refusal = CityError(f"http.{status}", kind, message, hint=hint, got=got, expected=expected)
    response = answer(refusal, status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _parts_of(status: int, error: HTTPException) -> tuple[Any, Any]:
    if status == 405:
        return request.method, None
    if status == 413:
        limit = request.max_content_length or 0
        length = request.content_length or 0
        return length if length < 2**53 else None, f"{limit / 1_000_000:g} MB"
    if status == 415:
        return request.mimetype or "?", getattr(error, "expected", "application/json")
    return None, None


def _answer_failure(error: Exception) -> Response:
    refusal = _refusal_of_store(error)
    if refusal is not None:
        return answer_city_error(refusal)
    log.exception("request %s failed", request_id(), exc_info=error)
    refusal = CityError(
        "internal.failure",
        Kind.UNAVAILABLE,
        "程序出了意外，已记录，编号 {id}",
        hint="请把编号告诉管理员",
        params={"id": request_id()},
    )
    return answer(refusal, 500)


def _refusal_of_store(error: Exception) -> CityError | None:
    """What a failure means that came from the database through a library, such as sign-in's."""
    if not type(error).__module__.startswith("sqlalchemy."):
        return None
    from cityops.store.database import refusal_of

    return refusal_of(error)
