"""Cases over HTTP: report, list, look, move, photos."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from flask import Blueprint, Response, request
from pydantic import BeforeValidator, Field
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from cityops.services.case_acts import Act
from cityops.services.case_report import Report
from gis.boxes import parse_degree_box
from gis.errors import InvalidError
from grid.classes import GB_SCHEME, ClassKey
from grid.clock.clock import ClockKind
from grid.clock.stages import Urgency
from grid.flow.states import CaseAction, CaseSource, CaseState
from webmap.current import person, services, settings
from webmap.errors import as_json
from webmap.validated import Body, Query, validated

bp = Blueprint("cases", __name__, url_prefix="/api/v1/cases")

_MEGABYTE = 1_000_000
#: What a form may add to the bytes of its file.
_FORM_AROUND = 100_000
_NOT_ON_MAPS = frozenset({"position", "photos", "actions"})


def _uuid(value: Any) -> Any:
    """A UUID in its usual 36 characters; other spellings would make other keys."""
    if isinstance(value, str):
        found = UUID(value)
        if str(found) != value.lower():
            raise ValueError("not in canonical form")
        return found
    return value


def _time(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


Identity = Annotated[UUID, BeforeValidator(_uuid, json_schema_input_type=str)]
Time = Annotated[datetime, BeforeValidator(_time, json_schema_input_type=str)]
Text = Annotated[str, Field(max_length=2000)]


class NewCase(Body):
    """A report as a device sends it. ``id`` is made there, once for each report."""

    id: Identity
    domain: str = Field("event", max_length=16)
    scheme: str = Field(GB_SCHEME, max_length=64)
    class_code: str = Field(max_length=64)
    description: Text = ""
    lon: float | None = Field(None, allow_inf_nan=False)
    lat: float | None = Field(None, allow_inf_nan=False)
    crs: str = Field("cgcs2000", max_length=40)
    accuracy_m: float | None = Field(None, allow_inf_nan=False)
    address: str = Field("", max_length=500)
    component: str | None = Field(None, max_length=64)
    device_time: Time | None = None
    sent_at: Time | None = None
    source: str | None = Field(None, max_length=16)
    condition: str | None = Field(None, max_length=120)
    urgency: str | None = Field(None, max_length=16)
    self_disposal: bool = False

    def report(self) -> Report:
        """The report as the service takes it."""
        return Report(
            id=self.id,
            class_key=ClassKey(self.domain, self.scheme, self.class_code),
            source=None if self.source is None else _one_of(CaseSource, self.source, "source"),
            urgency=None if self.urgency is None else _one_of(Urgency, self.urgency, "urgency"),
            **{
                name: getattr(self, name)
                for name in (
                    *("description", "lon", "lat", "crs", "accuracy_m", "address"),
                    *("component", "device_time", "sent_at", "condition", "self_disposal"),
                )
            },
        )


class Move(Body):
    """An act on a case that was seen at ``version`` (or If-Match).

    ``note`` is the reason or opinion; ``condition`` an id of the case's ``conditions``;
    ``handler`` and ``assignee`` ids of its ``handlers`` and ``collectors``; ``proposed`` the
    department that should have it instead; ``until`` the end of a suspension; ``target`` the case
    to link to. What an act needs is in ``needs`` of the case's ``actions``. Under the same ``key``
    an act is done once.
    """

    action: str = Field(max_length=24)
    version: int | None = Field(None, ge=1, le=2**31)
    note: Text = ""
    department: str | None = Field(None, max_length=40)
    condition: str | None = Field(None, max_length=120)
    handler: int | None = Field(None, ge=1, le=2**53)
    assignee: int | None = Field(None, ge=1, le=2**53)
    proposed: str | None = Field(None, max_length=40)
    until: Time | None = None
    target: Identity | None = None
    key: Identity | None = None

    def act(self, version: int) -> Act:
        """The act as the service takes it, on a case that was seen at `version`."""
        return Act(
            action=_one_of(CaseAction, self.action, "action"),
            version=version,
            note=self.note,
            department=self.department or None,
            **{
                name: getattr(self, name)
                for name in (
                    "condition",
                    "handler",
                    "assignee",
                    "proposed",
                    "until",
                    "target",
                    "key",
                )
            },
        )


class CaseQuery(Query):
    """What a list is narrowed to."""

    state: str | None = Field(None, max_length=200)
    class_code: str | None = Field(None, max_length=64)
    domain: str | None = Field(None, pattern="^(event|component)$")
    mine: bool = False
    inbox: bool = False
    area: str | None = Field(None, pattern=r"^\d{2,15}$")
    bbox: str | None = Field(None, max_length=200)
    after: int | None = Field(None, ge=0, le=2**53)
    limit: int = Field(100, ge=1, le=500)
    format: str = Field("json", pattern="^(json|geojson)$")


class ClassQuery(Query):
    """A class of a scheme."""

    domain: str = Field("event", pattern="^(event|component)$")
    scheme: str = Field(GB_SCHEME, max_length=64)
    class_code: str = Field(max_length=64)


class ClockQuery(Query):
    """A clock of a case; without one that of its disposal, or of its stage before there is one."""

    kind: str | None = Field(None, max_length=16)


class PhotoQuery(Query):
    """What a photo that is sent shows."""

    kind: str | None = Field(None, max_length=40)


def _one_of(kind: Any, text: str, field: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise InvalidError(
            "field.enum",
            "{field} 应为 {expected} 之一，得到 {got}",
            field=field,
            got=text,
            expected=[k.value for k in kind],
        ) from None


@bp.post("")
@validated(body=NewCase, status=201)
def report(body: NewCase) -> Response:
    """Receive a report: 201 when it is new, 200 when it was received before."""
    case, is_new = services().cases.report(person(), body.report())
    answer = as_json(case, 201 if is_new else 200)
    answer.headers["Location"] = f"/api/v1/cases/{case['id']}"
    return _with_version(answer, case)


@bp.get("")
@validated(query=CaseQuery)
def page(query: CaseQuery) -> Response:
    """Cases in reach, newest first; ``format=geojson`` for a map."""
    states = None
    if query.state is not None:
        states = [_one_of(CaseState, text, "state") for text in query.state.split(",")]
    found = services().cases.page(
        person(),
        states=states,
        class_code=query.class_code,
        domain=query.domain,
        mine=query.mine,
        inbox=query.inbox,
        area=query.area,
        box=None if query.bbox is None else parse_degree_box(query.bbox).as_tuple(),
        after=query.after,
        limit=query.limit,
    )
    return as_json(found if query.format == "json" else as_features(found))


def as_features(found: dict[str, Any]) -> dict[str, Any]:
    """A list of cases as a GeoJSON collection; cases without a position have a null geometry."""
    features = [
        {
            "type": "Feature",
            "id": case["id"],
            "geometry": None
            if case["position"] is None
            else {"type": "Point", "coordinates": case["position"]},
            "properties": {k: v for k, v in case.items() if k not in _NOT_ON_MAPS},
        }
        for case in found["cases"]
    ]
    return {
        "type": "FeatureCollection",
        "features": features,
        "numberMatched": found["total"],
        "numberReturned": len(features),
        "next": found["next"],
    }


@bp.get("/counts")
@validated()
def counts() -> Response:
    """How many cases are in reach, by state, and how many wait for the person."""
    return as_json(services().cases.counts(person()))


@bp.get("/classes")
@validated()
def classes() -> Response:
    """Classes that may be reported, the person's recent ones first."""
    return as_json(services().cases.classes(person()))


@bp.get("/conditions")
@validated(query=ClassQuery)
def conditions(query: ClassQuery) -> Response:
    """Filing conditions of a class: ``{"conditions": [{"id", "title", "closing", "limit", ...}]}``."""
    key = ClassKey(query.domain, query.scheme, query.class_code)
    return as_json(services().cases.conditions(person(), key))


@bp.get("/<uuid:case_id>/explanation")
@validated(query=ClockQuery)
def explanation(case_id: UUID, query: ClockQuery) -> Response:
    """Why a case is due when it is: ``{"due_at", "sentences", "periods"}``."""
    kind = None if query.kind is None else _one_of(ClockKind, query.kind, "kind")
    return as_json(services().cases.explain(person(), case_id, kind))


@bp.get("/<uuid:case_id>/duplicates")
@validated()
def duplicates(case_id: UUID) -> Response:
    """Cases that may be the same thing: ``{"duplicates": [{"case_id", "kind", "distance_m", ...}]}``."""
    return as_json({"duplicates": services().cases.duplicates(person(), case_id)})


@bp.get("/<uuid:case_id>")
@validated()
def one(case_id: UUID) -> Response:
    """One case with history, photos and what may be done next."""
    case = services().cases.get(person(), case_id)
    return _with_version(as_json(case), case)


@bp.post("/<uuid:case_id>/moves")
@validated(body=Move)
def move(case_id: UUID, body: Move) -> Response:
    """Move a case on."""
    case = services().cases.move(person(), case_id, body.act(_version_of(body)))
    return _with_version(as_json(case), case)


@bp.post("/<uuid:case_id>/photos/<name>")
@validated(query=PhotoQuery, status=201)
def add_photo(case_id: UUID, name: str, query: PhotoQuery) -> Response:
    """Receive a photo: multipart with one file, or the file as the body."""
    data = _photo_bytes(settings().max_photo_mb * _MEGABYTE)
    case, is_new = services().photos.add(person(), case_id, name, data, query.kind)
    return as_json(case, 201 if is_new else 200)


@bp.get("/<uuid:case_id>/photos/<name>")
@validated()
def photo(case_id: UUID, name: str) -> Response:
    """The copy without EXIF, or with ``size=thumbnail`` the small one."""
    small = request.args.get("size") == "thumbnail"
    data = services().photos.read(person(), case_id, name, small=small)
    answer = Response(data, mimetype="image/jpeg")
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # Kept, but asked for again each time: the next person at this browser may not see it.
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    return answer.make_conditional(request)


def _photo_bytes(limit: int) -> bytes:
    """The bytes of the one photo of this request.

    Raises
    ------
    RequestEntityTooLarge
        When it is longer than `limit` bytes; no more than that is ever held.
    InvalidError
        When there is not exactly one file.
    """
    request.max_content_length = limit
    if (request.content_length or 0) > limit + _FORM_AROUND:
        raise RequestEntityTooLarge
    if request.mimetype == "multipart/form-data":
        uploads = [f for files in request.files.listvalues() for f in files]
        if len(uploads) != 1:
            raise InvalidError(
                "photo.one_file",
                "应有一个文件，得到 {got} 个",
                field="photo",
                got=len(uploads),
                expected=1,
            )
        data: bytes = uploads[0].stream.read(limit + 1)
    elif request.mimetype.startswith("image/") or request.mimetype == "application/octet-stream":
        data = request.stream.read(limit + 1)
    else:
        raise UnsupportedMediaType
    if len(data) > limit:
        raise RequestEntityTooLarge
    return data


def _version_of(body: Move) -> int:
    """The version that the person saw: out of the body, or If-Match."""
    if body.version is not None:
        return body.version
    tag = (request.headers.get("If-Match") or "").strip().removeprefix("W/").strip('"')
    if tag.isascii() and tag.isdigit() and len(tag) < 10:
        return int(tag)
    raise InvalidError(
        "case.version_needed",
        "须注明您看到的案件版本",
        field="version",
        hint="在 version 或 If-Match 中给出",
    )


def _with_version(answer: Response, case: dict[str, Any]) -> Response:
    answer.headers["ETag"] = f'"{case["version"]}"'
    return answer
