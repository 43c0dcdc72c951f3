"""Jobs: how far they are, what came out, and cancel."""

from __future__ import annotations

from flask import Blueprint, Response
from pydantic import Field

from cityops.services.jobs import JobState
from webmap.current import person, services
from webmap.errors import as_json
from webmap.validated import Query, validated

bp = Blueprint("jobs", __name__, url_prefix="/api/v1/jobs")


class JobsQuery(Query):
    """Which jobs, and how many."""

    state: JobState | None = None
    limit: int = Field(default=50, ge=1, le=500)


@bp.get("")
@validated(query=JobsQuery)
def listed(query: JobsQuery) -> Response:
    """Newest jobs first: one's own, or all for administrators."""
    states = () if query.state is None else (query.state,)
    found = services().jobs.list(person(), states=states, limit=query.limit)
    return as_json({"jobs": [job.as_dict() for job in found]})


@bp.get("/<uuid:job_id>")
@validated()
@validated()
def one(job_id: object) -> Response:
    """A job: state, progress, result or error."""
    return as_json(services().jobs.get(person(), str(job_id)).as_dict())


@bp.post("/<uuid:job_id>/cancel")
@validated(status=202)
@validated(status=202)
def cancel(job_id: object) -> Response:
    """Cancel a job that waits, ask a running one to stop."""
    return as_json(services().jobs.cancel(person(), str(job_id)).as_dict(), 202)
