"""Deliveries over HTTP: upload, look, import, report, take back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request
from pydantic import Field

from cityops.services.city_time import shown_time
from cityops.services.deliveries import Delivery
from cityops.services.imports.report import refused_csv
from cityops.services.imports.service import ImportOptions
from cityops.services.jobs import Job
from gis.errors import CityError, InvalidError
from webmap.current import person, services, settings
from webmap.errors import WrongMedia, as_json
from webmap.validated import Body, Query, validated

bp = Blueprint("deliveries", __name__, url_prefix="/api/v1/imports")

_MEGABYTE = 1_000_000
#: Refused rows that are sent with a report; all of them are in the CSV.
_LISTED = 200


class Options(Body):
    """How a delivery is to be imported; see ``cityops import --help``."""

    layer: str = Field(max_length=60)
    new: bool = False
    title: str | None = Field(None, max_length=60)
    crs: str | None = Field(None, max_length=4000)
    map: dict[str, str] = Field(
        default_factory=dict, description="field -> column or column@unit, '' for no column"
    )
    set: dict[str, str] = Field(default_factory=dict, description="field -> one value for all rows")
    reference: str | None = Field(None, max_length=60)
    repair: bool = False
    encoding: str | None = Field(None, max_length=40)
    source_layer: str | None = Field(None, max_length=200)
    swap_axes: bool = False
    all_or_nothing: bool = False
    again: bool = False

    def options(self, *, dry_run: bool) -> ImportOptions:
        """The options as the service takes them."""
        values = self.model_dump() | {"dry_run": dry_run}
        return ImportOptions(**values | {name: _pairs(values[name]) for name in ("map", "set")})


def _pairs(named: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in named.items())


class LatestQuery(Query):
    """How many of the newest deliveries."""

    limit: int = Field(30, ge=1, le=200)


@bp.post("")
@validated(status=201)
def receive() -> Response:
    """Receive a file, or the parts of one shapefile: multipart, nothing is read but heads."""
    request.max_content_length = (settings().max_upload_mb + 1) * _MEGABYTE
    if request.mimetype != "multipart/form-data":
        raise WrongMedia("multipart/form-data")
    uploads = [f for files in request.files.listvalues() for f in files]
    if not uploads:
        raise InvalidError("file.missing", "没有收到文件", field="file", hint="请选一个文件")
    files = [(upload.filename or "", upload.stream) for upload in uploads]
    return as_json(delivery_json(services().deliveries.receive(person(), files)), 201)


@bp.get("")
@validated(query=LatestQuery)
def latest(query: LatestQuery) -> Response:
    """The newest deliveries, without reports."""
    found = services().deliveries.latest(person(), query.limit)
    return as_json({"deliveries": [delivery_json(one) for one in found]})


@bp.get("/<int:number>")
@validated()
def one(number: int) -> Response:
    """A delivery with its last report and the job that works on it."""
    delivery = services().deliveries.get(person(), number)
    return as_json(delivery_json(delivery, _job_of(delivery)))


@bp.post("/<int:number>/look")
@validated(body=Options, status=202)
def look(number: int, body: Options) -> Response:
    """Look at a delivery as it would be imported: a job, nothing is stored."""
    job = services().deliveries.submit(person(), number, body.options(dry_run=True))
    return as_json(job.as_dict(), 202)


@bp.post("/<int:number>/import")
@validated(body=Options, status=202)
def bring(number: int, body: Options) -> Response:
    """Import a delivery: a job with progress that can be cancelled."""
    job = services().deliveries.submit(person(), number, body.options(dry_run=False))
    return as_json(job.as_dict(), 202)


@bp.post("/<int:number>/undo")
@validated()
def undo(number: int) -> Response:
    """Take the rows of a delivery out of their layer again."""
    return as_json(services().deliveries.undo(person(), number))


@bp.get("/<int:number>/refused.csv")
@validated()
def refused(number: int) -> Response:
    """The refused rows of the last report: row, field, code, message, what was got, what to do."""
    delivery = services().deliveries.get(person(), number)
    answer = Response(refused_csv(delivery.report or {}), mimetype="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="refused-{number}.csv"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _job_of(delivery: Delivery) -> Job | None:
    """The job that works on a delivery, where the person may see it."""
    if delivery.job is None:
        return None
    try:
        return services().jobs.get(person(), delivery.job)
    except CityError:
        return None


def delivery_json(delivery: Delivery, job: Job | None = None) -> dict[str, Any]:
    """A delivery as JSON; its report with the first refused rows only."""
    options = asdict(ImportOptions.from_dict({"layer": ""} | delivery.options))
    named = {n: dict(pair.split("=", 1) for pair in options[n]) for n in ("map", "set")}
    return {
        "id": delivery.id,
        "filename": delivery.filename,
        "size_bytes": delivery.size_bytes,
        "at": shown_time(delivery.at),
        "layer": delivery.layer,
        "state": delivery.state.value,
        "options": options | named,
        "report": None if delivery.report is None else _cut(delivery.report),
        "job": None if job is None else job.as_dict(),
    }


def _cut(report: dict[str, Any]) -> dict[str, Any]:
    out = dict(report)
    if "refused" in out:
        out["refused_total"] = len(out["refused"]) + out.get("refused_not_listed", 0)
        out["refused"] = out["refused"][:_LISTED]
    return out
