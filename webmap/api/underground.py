"""The underground: what a polygon holds of pipes, by kind, and how far to trust it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from pydantic import Field

from cityops.services.pipe_sums import Trust
from cityops.services.selections import ClassSum
from webmap.api.layers import selection_json, sum_json
from webmap.current import person, services
from webmap.errors import as_json
from webmap.validated import Body, validated

bp = Blueprint("underground", __name__, url_prefix="/api/v1/underground")


class SumsBody(Body):
    """A polygon in degrees, and filters."""

    polygon: dict[str, Any]
    where: dict[str, list[str | None]] = Field(
        default_factory=dict, description="field -> wanted values, null for unknown"
    )


@bp.post("/sums")
@validated(body=SumsBody)
def sums(body: SumsBody) -> Response:
    """Count and length of the pipes in a polygon, by kind and quality, and what is unknown."""
    from gis.measure import area_m2

    polygon = services().bench.drawn(body.polygon)
    chosen, trust = services().pipe_sums.within(person(), polygon, body.where)
    found = selection_json(chosen)
    del found["keys"]
    square_metres = round(float(area_m2([polygon])[0]), 2)
    return as_json(found | {"polygon_m2": square_metres, "trust": trust_json(trust)})


def trust_json(trust: Trust) -> dict[str, Any]:
    """The trust in what is selected; null for what the person may not see."""

    def one(item: ClassSum | None) -> dict[str, Any] | None:
        return None if item is None else sum_json(item)

    return {
        "quality": [sum_json(item) for item in trust.quality],
        "no_depth": one(trust.no_depth),
        "no_accuracy": one(trust.no_accuracy),
        "not_in_use": [sum_json(item) for item in trust.not_in_use],
    }
