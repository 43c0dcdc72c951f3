"""Hazard models over HTTP: levels, models, runs."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Literal
from uuid import UUID

from flask import Blueprint, Response, send_file
from pydantic import Field

from cityops.services.hazards.model_requests import AUTOMATIC, ModelRequest
from cityops.services.hazards.requests import BlastRequest
from cityops.services.sheets.papers import Paper
from hazards.gb18218.inventory import MAX_SUBSTANCES
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


class Amounts(Body):
    """A quantity by alternative; at least one, not falling from low to high."""

    low: float | None = Field(None, allow_inf_nan=False)
    likely: float | None = Field(None, allow_inf_nan=False)
    high: float | None = Field(None, allow_inf_nan=False)


class NewZone(Body):
    """Gas that drifts or a fireball; options that the model does not use are refused."""

    model: str = Field(AUTOMATIC, max_length=60, description="dispersion chooses by criterion")
    lon: float = Field(allow_inf_nan=False)
    lat: float = Field(allow_inf_nan=False)
    crs: str = Field("cgcs2000", max_length=40)
    levels: list[str] = Field([], max_length=_MOST_LEVELS, description="such as 20ppm, 5kW/m2")
    rate_kg_s: Amounts | None = None
    mass_kg: Amounts | None = None
    cas: str | None = Field(None, max_length=20)
    molar_mass_g_mol: float | None = Field(None, allow_inf_nan=False)
    wind_m_s: float | None = Field(None, allow_inf_nan=False)
    wind_from: float | None = Field(None, allow_inf_nan=False)
    wind_spread_deg: float | None = Field(None, allow_inf_nan=False)
    stability: str | None = Field(None, max_length=20)
    terrain: str | None = Field(None, max_length=20)
    height_m: float | None = Field(None, allow_inf_nan=False)
    temperature_k: float | None = Field(None, allow_inf_nan=False)
    pressure_pa: float | None = Field(None, allow_inf_nan=False)
    averaging_min: float | None = Field(None, allow_inf_nan=False)
    receptor_m: float | None = Field(None, allow_inf_nan=False)
    duration_s: float | None = Field(None, allow_inf_nan=False)
    release_k: float | None = Field(None, allow_inf_nan=False)
    heat_mj_kg: float | None = Field(None, allow_inf_nan=False)
    radiated_share: float | None = Field(None, allow_inf_nan=False)
    form: str | None = Field(None, max_length=20)
    vapour_pa: float | None = Field(None, allow_inf_nan=False)

    def request(self) -> ModelRequest:
        """The request as the service takes it."""
        given = self.model_dump()
        return ModelRequest(**given | {"levels": tuple(self.levels)})


class SubstanceBody(Body):
    """One line of an inventory; row as printed in table 1, or a symbol of table 2."""

    row: int | str | None = Field(None)
    cas: str | None = Field(None, max_length=40)
    form: str | None = Field(None, max_length=200)
    symbol: str | list[str] | None = Field(None)
    name: str | None = Field(None, max_length=200)
    quantity_t: float | str = Field(description="design maximum, t; text keeps it exact")


class NewGrade(Body):
    """A unit to grade; with its fence the residents within 500 m are counted."""

    substances: list[SubstanceBody] = Field(max_length=MAX_SUBSTANCES)
    people_500m: int | None = None
    boundary: dict[str, Any] | None = Field(None, description="GeoJSON polygon, CGCS2000")


class NewProbit(Body):
    """A load of which the share harmed is wanted; the value in the unit of the function."""

    name: str = Field(max_length=60)
    value: float
    minutes: float | None = None


class SheetBody(Body):
    """Which alternative of a run, at which time of day, on which paper."""

    alternative: Literal["low", "likely", "high"] | None = None
    time: Literal["day", "night"] = "day"
    paper: Literal["A4", "A3"] = "A4"


class RecentQuery(Query):
    """How many of the newest runs."""

    limit: int = Field(20, ge=1, le=50)
    kind: Literal["blast", "dispersion", "fire", "grade", "probit", "all"] = "blast"


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
    return _kept(services().hazards.run(person(), body.request()))


@bp.get("/runs")
@validated(query=RecentQuery)
def recent(query: RecentQuery) -> Response:
    """The newest runs of a kind, without their zones."""
    return as_json(services().hazards.recent(person(), query.limit, query.kind))


@bp.post("/zones")
@validated(body=NewZone, status=201)
def zone(body: NewZone) -> Response:
    """Compute zones of gas or fire and what they reach; the run is kept and never changed."""
    return _kept(services().hazards.run_model(person(), body.request()))


@bp.post("/grades")
@validated(body=NewGrade, status=201)
def grade(body: NewGrade) -> Response:
    """Grade a unit by GB 18218; the run is kept and never changed."""
    given = body.model_dump(exclude_none=True)
    return _kept(services().hazards.grade_given(person(), given))


@bp.post("/probits")
@validated(body=NewProbit, status=201)
def probit(body: NewProbit) -> Response:
    """The share that a load harms; the run is kept and never changed."""
    return _kept(services().hazards.probit(person(), body.name, body.value, body.minutes))


def _kept(found: dict[str, Any]) -> Response:
    answer = as_json(found, 201)
    answer.headers["Location"] = f"/api/v1/hazards/runs/{found['run_id']}"
    return answer


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
