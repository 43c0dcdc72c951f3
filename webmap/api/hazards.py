"""Hazard models over HTTP: levels, models, runs."""

from __future__ import annotations

from io import BytesIO
from typing import Literal
from uuid import UUID

from flask import Blueprint, Response, send_file
from pydantic import Field

from cityops.services.hazards.requests import BlastRequest
from cityops.services.sheets.papers import Paper
from hazards.registry import DEFAULT_CURVE
from webmap.current import person, services
from webmap.errors import as_json
from webmap.validated import Body, Query, validated

bp = Blueprint("hazards", __name__, url_prefix="/api/v1/hazards")

#: More levels than any model takes: the service says so with its own words.
_MOST_LEVELS = 100


class Masses(Body):
    """TNT-equivalent in kg by alternative; at least one."""

    low: float | None = Field(None, allow_inf_nan=False)
    likely: float | None = Field(None, allow_inf_nan=False)
    high: float | None = Field(None, allow_inf_nan=False)


class NewRun(Body):
    """A blast to compute: at a site or a place, with masses or those of the site."""

    model: str = Field(DEFAULT_CURVE, max_length=60)
    site: str | None = Field(None, max_length=120, description="key of a hazard site")
    lon: float | None = Field(None, allow_inf_nan=False)
    lat: float | None = Field(None, allow_inf_nan=False)
    crs: str = Field("cgcs2000", max_length=40)
    masses_kg: Masses | None = None
    levels: list[str] | None = Field(
        None, max_length=_MOST_LEVELS, description="overpressures such as 2kPa"
    )

    def request(self) -> BlastRequest:
        """The request as the service takes it."""
        return BlastRequest(
            lon=self.lon,
            lat=self.lat,
            crs=self.crs,
            site=self.site,
            masses_kg=None if self.masses_kg is None else self.masses_kg.model_dump(),
            levels=None if self.levels is None else tuple(self.levels),
            model=self.model,
        )


class SheetBody(Body):
    """Which alternative of a run, at which time of day, on which paper."""

    alternative: Literal["low", "likely", "high"] | None = None
    time: Literal["day", "night"] = "day"
    paper: Literal["A4", "A3"] = "A4"


class RecentQuery(Query):
    """How many of the newest runs."""

    limit: int = Field(20, ge=1, le=50)


@bp.get("/levels")
@validated()
def levels() -> Response:
    """Levels of overpressure with meaning, source and how sure that is."""
    return as_json(services().hazards.levels(person()))


@bp.get("/models")
@validated()
def models() -> Response:
    """Effect models with formula, source and range."""
    return as_json(services().hazards.models(person()))


@bp.post("/runs")
@validated(body=NewRun, status=201)
def run(body: NewRun) -> Response:
    """Compute blast zones and what they reach; the run is kept and never changed."""
    found = services().hazards.run(person(), body.request())
    answer = as_json(found, 201)
    answer.headers["Location"] = f"/api/v1/hazards/runs/{found['run_id']}"
    return answer


@bp.get("/runs")
@validated(query=RecentQuery)
def recent(query: RecentQuery) -> Response:
    """The newest runs, without their zones."""
    return as_json(services().hazards.recent(person(), query.limit))


@bp.get("/runs/<uuid:run_id>")
@validated()
def one(run_id: UUID) -> Response:
    """A run as it was computed."""
    return as_json(services().hazards.get(person(), run_id))


@bp.post("/runs/<uuid:run_id>/sheet")
@validated(body=SheetBody)
def sheet(run_id: UUID, body: SheetBody) -> Response:
    """The situation sheet of a run as PDF."""
    made = services().situation_sheets.print(
        person(), run_id, body.alternative, body.time, Paper(body.paper)
    )
    answer = send_file(
        BytesIO(made.pdf),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=made.filename,
        etag=False,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
