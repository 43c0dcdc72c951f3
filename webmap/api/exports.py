"""Layers as files over HTTP: at once, or as a job."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from flask import Blueprint, Response
from pydantic import ConfigDict, Field, field_validator

from cityops.services.exports.desk import Exported
from cityops.services.exports.service import ExportOptions
from gis.boxes import parse_degree_box
from webmap.current import person, services
from webmap.errors import as_json
from webmap.validated import Body, Query, validated

bp = Blueprint("exports", __name__, url_prefix="/api/v1/exports")

_CHUNK = 1 << 16


class ExportQuery(Query):
    """What to take along. Every other name is a field with its wanted values."""

    model_config = ConfigDict(extra="allow")

    format: str = Field("geojson", max_length=20)
    crs: str | None = Field(None, max_length=200)
    bbox: str | None = Field(None, max_length=200, description="west,south,east,north in degrees")
    encoding: str | None = Field(None, max_length=20)

    @field_validator("bbox")
    @classmethod
    def check_box(cls, value: str | None) -> str | None:
        """Refuse what is no box."""
        if value is not None:
            parse_degree_box(value)
        return value

    def options(self) -> ExportOptions:
        """The options as the service takes them."""
        where = {name: str(given).split(",") for name, given in (self.model_extra or {}).items()}
        return _options(self.format, self.crs, self.bbox, self.encoding, where)


class NewExport(Body):
    """An export: of a layer, or of what a polygon touches."""

    layer: str = Field(max_length=60)
    format: str = Field("geojson", max_length=20)
    crs: str | None = Field(None, max_length=200)
    bbox: str | None = Field(None, max_length=200)
    encoding: str | None = Field(None, max_length=20)
    where: dict[str, list[str]] = Field(default_factory=dict)
    within: dict[str, Any] | None = Field(None, description="a polygon in degrees, as GeoJSON")

    def options(self) -> ExportOptions:
        """The options as the service takes them."""
        found = _options(self.format, self.crs, self.bbox, self.encoding, self.where)
        return replace(found, within=self.within)


def _options(
    name: str, crs: str | None, bbox: str | None, encoding: str | None, where: dict[str, Any]
) -> ExportOptions:
    return ExportOptions(
        format=name,
        crs=crs or None,
        box=None if not bbox else parse_degree_box(bbox).as_tuple(),
        where=where,
        encoding=encoding or None,
    )


@bp.get("/<layer>")
@validated(query=ExportQuery)
def at_once(layer: str, query: ExportQuery) -> Response:
    """A layer as a file, now: for programs and links. Great layers go as a job."""
    return _made(layer, query.options())


@bp.post("/file")
@validated(body=NewExport)
def selection(body: NewExport) -> Response:
    """What a polygon and filters select of a layer as a file, now."""
    return _made(body.layer, body.options())


def _made(layer: str, options: ExportOptions) -> Response:
    done = services().export_desk.at_once(person(), layer, options)
    answer = _sent(done)
    # The open file outlives its name: nothing is left behind, however the answer ends.
    shutil.rmtree(done.path.parent, ignore_errors=True)
    return answer


@bp.post("")
@validated(body=NewExport, status=202)
def submit(body: NewExport) -> Response:
    """Export a layer as a job; its result says what the format could not hold."""
    job = services().export_desk.submit(person(), body.layer, body.options())
    return as_json(job.as_dict(), 202)


@bp.get("/jobs/<uuid:job_id>/file")
@validated()
def fetch(job_id: object) -> Response:
    """The file of a finished export of one's own."""
    return _sent(services().export_desk.fetch(person(), str(job_id)))


def _sent(done: Exported) -> Response:
    file = done.path.open("rb")
    answer = Response(_chunks(file), mimetype=done.media_type)
    answer.call_on_close(file.close)
    answer.content_length = done.path.stat().st_size
    answer.headers["Content-Disposition"] = f'attachment; filename="{done.filename}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
