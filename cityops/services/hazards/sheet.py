"""The use case: the situation sheet of a run (情况单) as PDF, its map true to scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cityops.services.hazards.service import HazardService
from cityops.services.hazards.sheet_map import SituationMap, outline_of, situation_map
from cityops.services.hazards.sheet_words import (
    RANK_WORDS,
    TIME_WORDS,
    places_in,
    radius_words,
    sheet_words,
)
from cityops.services.permissions import Action, require
from cityops.services.roles import Person
from cityops.services.scenes import SCENE_KEY
from cityops.services.sheets.composing import bar, foot_mm, marks_of, north, sources_of
from cityops.services.sheets.figures import scale_text
from cityops.services.sheets.papers import Arrangement, Paper, arrange
from cityops.services.sheets.plane import MapPlane, plane_for, system_for, system_title
from cityops.services.sheets.press import Press
from gis.crs import from_cgcs2000
from gis.errors import InvalidError
from gis.features import object_array
from hazards.layers import HAZARD_SITES
from hazards.models import ModelKind

TEMPLATE = "situation"
#: Room at the foot for model, rule and identity of the run, besides the sources; millimetres.
_MODEL_MM = 9.0


@dataclass(frozen=True)
class SituationSheet:
    """The sheet as PDF, a name for its file, and the scale number of its map."""

    pdf: bytes
    filename: str
    scale: int


class SituationSheets:
    """Situation sheets of one deployment."""

    def __init__(self, hazards: HazardService, press: Press) -> None:
        self._hazards = hazards
        self._press = press

    def print(
        self, person: Person, run_id: UUID, name: str | None, time: str, paper: Paper = Paper.A4
    ) -> SituationSheet:
        """One alternative of a run on paper; the print is noted in the audit trail.

        Parameters
        ----------
        name
            The alternative; None for the likely one, or the first.
        time
            ``day`` or ``night``.

        Raises
        ------
        NotFoundError
            When there is no such run for this person.
        ForbiddenError
            When the person may not take hazard data out.
        InvalidError
            When the run has no such alternative, or there is no such time of day.
        GeometryError
            When the zones fit on no map.
        UnavailableError
            When the PDF cannot be made.
        """
        run = self._hazards.get(person, run_id)
        require(person, HAZARD_SITES, Action.EXPORT)
        if run.get("kind", ModelKind.BLAST.value) != ModelKind.BLAST.value:
            raise InvalidError(
                "hazard.no_sheet",
                "情况单只有爆炸的，这次计算是 {got}",
                field="run_id",
                got=run["model"],
            )
        chosen = _alternative(run, name)
        if time not in TIME_WORDS:
            raise InvalidError(
                "hazard.unknown_time",
                "时段应为 {expected} 之一，得到 {got}",
                field="time",
                got=time[:20],
                expected=list(TIME_WORDS),
            )
        at = self._press.time()
        data, plane = self._data(person, run, chosen, time, paper, at)
        pdf = self._press.printer.pdf(TEMPLATE, data, at)
        with self._press.store.writing() as tx:
            detail = {"alternative": chosen["name"], "time": time, "scale": plane.scale}
            tx.audit.add(person, "hazard.print", f"hazard_run:{run_id}", detail=detail)
        return SituationSheet(pdf, f"爆炸影响情况单_{at:%Y%m%d-%H%M}.pdf", plane.scale)

    def _data(
        self,
        person: Person,
        run: Mapping[str, Any],
        chosen: Mapping[str, Any],
        time: str,
        paper: Paper,
        at: datetime,
    ) -> tuple[dict[str, Any], MapPlane]:
        words = sheet_words(run, chosen["name"], time)
        places = places_in(run, chosen["name"])[: len(words["places"])]
        with self._press.layers.reading() as now:
            scene = dict(now.tx.meta.get(SCENE_KEY) or {})
            counted = [row["layer"] for row in run["data"] if row["layer"] in now.registry]
            sources = sources_of(counted, now.registry, scene)
            arrangement, plane = _laid_out(chosen, sources, paper, scene.get("epsg_metres"))
            drawn = situation_map(now, person, _with_words(chosen), places, run, plane)
            shown = [*counted, *(n for n in drawn.base.used if n not in counted)]
            marks = marks_of(shown, scene, self._press.map_review_no)
            sources = sources_of(shown, now.registry, scene)
        data = words | _map_json(drawn, plane, arrangement)
        estimate = f"{run['estimate']['zh']} {run['estimate']['en']}"
        data |= {
            "title": f"爆炸影响情况单：{_named(run)}",
            "subtitle": f"{words['chosen']}，{words['time']}；{_where(run)}",
            "marks": [estimate, *marks],
            "sources": list(sources),
            "who": person.name,
            "when": f"{at:%Y-%m-%d %H:%M}",
            "run": f"{run['run_id']}，{run['person']['name']} {run['at'][:16].replace('T', ' ')}",
        }
        return data, plane


def _alternative(run: Mapping[str, Any], name: str | None) -> Mapping[str, Any]:
    found: dict[str, Mapping[str, Any]] = {a["name"]: a for a in run["alternatives"]}
    if name is None:
        return found.get("likely") or next(iter(found.values()))
    if name not in found:
        raise InvalidError(
            "hazard.unknown_alternative",
            "这次计算没有“{got}”这种当量",
            field="alternative",
            got=name[:20],
            expected=list(found),
        )
    return found[name]


def _laid_out(
    chosen: Mapping[str, Any], sources: tuple[str, ...], paper: Paper, epsg: int | None
) -> tuple[Arrangement, MapPlane]:
    width = arrange(paper, landscape=True, foot_mm=0.0).foot.width
    arrangement = arrange(paper, landscape=True, foot_mm=foot_mm(sources, width) + _MODEL_MM)
    outermost = outline_of(chosen["zones"][-1])
    system = system_for(outermost, epsg)
    plane, _ = plane_for(
        from_cgcs2000(object_array([outermost]), system)[0], system, arrangement.map, None
    )
    return arrangement, plane


def _with_words(chosen: Mapping[str, Any]) -> dict[str, Any]:
    zones = [
        zone | {"told": f"{RANK_WORDS[zone['rank']]} {radius_words(zone['radius_told_m'])}"}
        for zone in chosen["zones"]
    ]
    return dict(chosen) | {"zones": zones}


def _areas(run: Mapping[str, Any]) -> str:
    areas = run["place"]["areas"] or {}
    names = [areas[k]["name"] for k in ("district", "street", "community") if areas.get(k)]
    return "".join(name for name in names if name)


def _named(run: Mapping[str, Any]) -> str:
    """The site, else the area, else the position."""
    return str(run["site"]["name"]) if run["site"] else _areas(run) or _where(run)


def _where(run: Mapping[str, Any]) -> str:
    place = run["place"]
    return f"{_areas(run)} CGCS2000 {place['lon']:.5f}, {place['lat']:.5f}".strip()


def _map_json(drawn: SituationMap, plane: MapPlane, arrangement: Arrangement) -> dict[str, Any]:
    rects = asdict(arrangement)
    return {
        "paper": {"width": rects.pop("width_mm"), "height": rects.pop("height_mm")},
        "rects": rects,
        "svg": drawn.svg,
        "alt": f"影响范围图，比例 {scale_text(plane.scale)}",
        "labels": [asdict(label) for label in drawn.labels],
        "ticks": [asdict(tick) for tick in drawn.ticks],
        "badges": [asdict(mark) for mark in drawn.marks],
        "numbers": [asdict(mark) for mark in drawn.numbers],
        "source": asdict(drawn.source),
        "north": north(plane),
        "bar": bar(plane.scale, plane.rect.width),
        "scale": scale_text(plane.scale),
        "system": system_title(plane.epsg),
        "grid": f"坐标网间距 {drawn.grid_m:g} m，注记单位 m",
    }
