"""The use case: a selection on paper, as PDF, true to scale."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cityops.services.layers import Reading, check_polygon
from cityops.services.permissions import Action
from cityops.services.roles import Person
from cityops.services.scene_kept import SCENE_KEY
from cityops.services.selections import Selection, selected
from cityops.services.shape_work import Bench
from cityops.services.sheets.composing import (
    Around,
    default_title,
    foot_mm,
    marks_of,
    sheet_data,
    sources_of,
)
from cityops.services.sheets.figures import scale_text
from cityops.services.sheets.mapping import draw_map
from cityops.services.sheets.papers import arrange
from cityops.services.sheets.plane import plane_for, system_for
from cityops.services.sheets.press import Press
from cityops.services.sheets.values import (
    MAX_TITLE,
    PrintedSheet,
    SheetPlan,
    SheetRequest,
)
from gis.crs import from_cgcs2000
from gis.errors import InvalidError
from gis.features import object_array

#: Base layers that may stand on a sheet besides its own layer, for the sources.
_BASE = ("buildings", "roads", "water", "green", "communities", "streets", "districts")
TEMPLATE = "sheet"
#: Rows of a list up to which each cell is tagged: tags make 1 000 rows 3 MB instead of 0.2 MB.
_TAGGED_ROWS = 300


class SheetService:
    """Sheets of one deployment."""

    def __init__(self, press: Press) -> None:
        self._press = press

    def plan(self, person: Person, request: SheetRequest) -> SheetPlan:
        """How the sheet would lie: scale, scales that fit, the map's rectangle on the ground.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not export the layer.
        GeometryError
            When the polygon is no valid one, or fits at no scale.
        InvalidError
            When the polygon does not fit at the scale wanted.
        CrsError
            When the polygon lies outside of where the city's system may be used.
        """
        check_polygon(request.polygon)
        with self._press.layers.reading() as now:
            now.seen(person, request.layer, Action.EXPORT)
            return self._plan(request, self._sources(now, person, request), _scene(now))

    def print(self, person: Person, request: SheetRequest) -> PrintedSheet:
        """The sheet as PDF; the print is noted in the audit trail.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not export the layer.
        GeometryError
            When the polygon is no valid one, or fits at no scale.
        InvalidError
            When the polygon does not fit at the scale wanted, a filter names a field that may
            not be seen, the title is too long, or more features lie there than a sheet can show.
        CrsError
            When the polygon lies outside of where the city's system may be used.
        UnavailableError
            When the PDF cannot be made.
        """
        check_polygon(request.polygon)
        at = self._press.time()
        with self._press.layers.reading() as now:
            chosen = _chosen(now, person, request, self._press.layers.bench)
            scene = _scene(now)
            plan = self._plan(request, self._sources(now, person, request), scene)
            drawn = draw_map(now, person, chosen, request.polygon, request.equal, plan.plane)
            names = [request.layer, *drawn.base.used]
            around = Around(
                title=checked_title(request.title)
                or default_title(chosen.seen.spec.title.zh, scene),
                marks=marks_of(names, scene, self._press.map_review_no),
                sources=sources_of(names, now.registry, scene),
                who=person.name,
            )
        data = sheet_data(request, plan, chosen, drawn, around, at)
        tagged = not request.with_list or chosen.total.count <= _TAGGED_ROWS
        pdf = self._press.printer.pdf(TEMPLATE, data, at, tagged=tagged)
        self._log(person, request, plan, chosen)
        return PrintedSheet(pdf, _filename(chosen, plan, at), plan)

    def _plan(
        self, request: SheetRequest, sources: tuple[str, ...], scene: dict[str, Any]
    ) -> SheetPlan:
        width = arrange(request.paper, landscape=request.landscape, foot_mm=0.0).foot.width
        arrangement = arrange(
            request.paper, landscape=request.landscape, foot_mm=foot_mm(sources, width)
        )
        epsg = system_for(request.polygon, scene.get("epsg_metres"))
        polygon_m = from_cgcs2000(object_array([request.polygon]), epsg)[0]
        plane, scales = plane_for(polygon_m, epsg, arrangement.map, request.scale)
        return SheetPlan(plane, arrangement, scales, plane.outline())

    def _sources(self, now: Reading, person: Person, request: SheetRequest) -> tuple[str, ...]:
        """Sources of every layer that may stand on the sheet: the room they need is kept free."""
        shown = [name for name in _BASE if now.seen_if_allowed(person, name) is not None]
        return sources_of([request.layer, *shown], now.registry, _scene(now))

    def _log(
        self, person: Person, request: SheetRequest, plan: SheetPlan, chosen: Selection
    ) -> None:
        west, south, east, north = plan.plane.box_m
        detail = {
            "features": chosen.total.count,
            "scale": plan.plane.scale,
            "paper": request.paper.value,
            "area_m2": round((east - west) * (north - south)),
        }
        with self._press.store.writing() as tx:
            tx.audit.add(person, "sheet.print", f"layer:{request.layer}", detail=detail)


def _chosen(now: Reading, person: Person, request: SheetRequest, bench: Bench) -> Selection:
    seen = now.seen(person, request.layer, Action.EXPORT)
    touched = seen.view.filter(seen.view.in_polygon(request.polygon), seen.permission)
    return selected(seen, touched, request.polygon, request.equal, bench)


def _scene(now: Reading) -> dict[str, Any]:
    return dict(now.tx.meta.get(SCENE_KEY) or {})


def checked_title(title: str | None) -> str:
    """A heading without blanks around it; '' for none.

    Raises
    ------
    InvalidError
        When it is longer than `MAX_TITLE` characters.
    """
    text = " ".join((title or "").split())
    if len(text) > MAX_TITLE:
        raise InvalidError(
            "sheet.long_title",
            "标题有 {got} 个字，最多 {expected} 个",
            field="title",
            got=len(text),
            expected=MAX_TITLE,
        )
    return text


def _filename(chosen: Selection, plan: SheetPlan, at: datetime) -> str:
    scale = scale_text(plan.plane.scale).replace(":", "-").replace(" ", "")
    return f"{chosen.seen.spec.title.zh}图_{scale}_{at:%Y%m%d-%H%M}.pdf"
