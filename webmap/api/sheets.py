"""Map sheets: how one would lie, and the sheet itself as PDF."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Literal

import orjson
import shapely
from flask import Blueprint, Response, send_file
from pydantic import Field

from cityops.services.sheets.papers import Paper
from cityops.services.sheets.values import SheetPlan, SheetRequest
from webmap.current import person, services
from webmap.errors import as_json
from webmap.validated import Body, validated

bp = Blueprint("sheets", __name__, url_prefix="/api/v1/sheets")


class SheetBody(Body):
    """A polygon in degrees, filters, paper and scale."""

    layer: str = Field(max_length=40)
    polygon: dict[str, Any]
    where: dict[str, list[str | None]] = Field(
        default_factory=dict, description="field -> wanted values, null for unknown"
    )
    paper: Literal["A4", "A3"] = "A4"
    landscape: bool = True
    scale: int | None = Field(default=None, description="scale number; null: the largest that fits")
    title: str | None = Field(default=None, max_length=1000)
    with_list: bool = Field(default=False, description="the features as a table on further pages")

    def request(self) -> SheetRequest:
        """The request to the service.

        Raises
        ------
        GeometryError
            When the polygon is no geometry.
        """
        return SheetRequest(
            layer=self.layer,
            polygon=services().bench.drawn(self.polygon),
            equal=self.where,
            paper=Paper(self.paper),
            landscape=self.landscape,
            scale=self.scale,
            title=self.title,
            with_list=self.with_list,
        )


@bp.post("/plan")
@validated(body=SheetBody)
def plan(body: SheetBody) -> Response:
    """Scale, scales that fit, and the map's rectangle on the ground, without printing."""
    return as_json(plan_json(services().sheets.plan(person(), body.request())))


@bp.post("")
@validated(body=SheetBody)
def print_sheet(body: SheetBody) -> Response:
    """The sheet as PDF."""
    made = services().sheets.print(person(), body.request())
    answer = send_file(
        BytesIO(made.pdf),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=made.filename,
        etag=False,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def plan_json(found: SheetPlan) -> dict[str, Any]:
    """How a sheet would lie."""
    rect = found.plane.rect
    return {
        "scale": found.plane.scale,
        "scales": list(found.scales),
        "crs": f"EPSG:{found.plane.epsg}",
        "map_mm": [rect.width, rect.height],
        "outline": orjson.loads(shapely.to_geojson(found.outline)),
    }
