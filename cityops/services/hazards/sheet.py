"""The use case: the situation sheet of a run (情况单) as PDF, its map true to scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cityops.services.hazards.service import HazardService
from cityops.services.hazards.sheet_map import SituationMap, outline_of, situation_map, swept_of
from cityops.services.hazards.sheet_words import (
    RANK_WORDS,
    TIME_WORDS,
    places_in,
    reach_words,
    sheet_words,
)
from cityops.services.permissions import Action, require
from cityops.services.roles import Person
from cityops.services.scene_kept import SCENE_KEY
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
#: What the sheet of a kind of run is called.
_TITLES = {
    ModelKind.BLAST.value: "爆炸影响情况单",
    ModelKind.DISPERSION.value: "气体扩散影响情况单",
    ModelKind.FIRE.value: "火球热辐射影响情况单",
}
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
        title = _title(run)
        chosen = _alternative(run, name)
        if all(zone["geometry"] is None for zone in chosen["zones"]):
            raise InvalidError(
                "hazard.nothing_to_draw",
                "这次计算的“{got}”哪一档都达不到，没有可画的范围",
                field="alternative",
                got=chosen["title"],
                hint="换一种数量，或加低一些的等级重新计算",
            )
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
        return SituationSheet(pdf, f"{title}_{at:%Y%m%d-%H%M}.pdf", plane.scale)

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
            "title": f"{_title(run)}：{_named(run)}",
            "subtitle": "；".join(
                part
                for part in (f"{words['chosen']}，{words['time']}", words["weather"], _where(run))
                if part
            ),
            "marks": [estimate, *marks],
            "sources": list(sources),
            "who": person.name,
            "when": f"{at:%Y-%m-%d %H:%M}",
            "run": f"{run['run_id']}，{run['person']['name']} {run['at'][:16].replace('T', ' ')}",
        }
        return data, plane


def _title(run: Mapping[str, Any]) -> str:
    """What the sheet is called.

    Raises
    ------
    InvalidError
        ``hazard.no_sheet`` for a run without zones.
    """
    kind = run.get("kind", ModelKind.BLAST.value)
    if kind not in _TITLES:
        raise InvalidError(
            "hazard.no_sheet",
            "{got} 的计算没有影响范围，没有情况单",
            field="run_id",
            got=run["model"],
            hint="情况单用于爆炸、气体扩散和火球；分级与概率的结果请直接引用",
        )
    return _TITLES[kind]


def _alternative(run: Mapping[str, Any], name: str | None) -> Mapping[str, Any]:
    found: dict[str, Mapping[str, Any]] = {a["name"]: a for a in run["alternatives"]}
    if name is None:
        return found.get("likely") or next(iter(found.values()))
    if name not in found:
        raise InvalidError(
            "hazard.unknown_alternative",
            "这次计算没有“{got}”这种数量",
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
    last = [zone for zone in chosen["zones"] if zone["geometry"] is not None][-1]
    swept = swept_of(last)
    outermost = outline_of(last) if swept is None else swept
    system = system_for(outermost, epsg)
    plane, _ = plane_for(
        from_cgcs2000(object_array([outermost]), system)[0], system, arrangement.map, None
    )
    return arrangement, plane


def _with_words(chosen: Mapping[str, Any]) -> dict[str, Any]:
    zones = [
        zone | {"told": f"{RANK_WORDS[zone['rank']]} {reach_words(zone)}"}
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
