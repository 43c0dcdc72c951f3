"""A dossier put together for one sheet of paper: pipes by kind, the map, who printed it when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cityops.services.case_values import shown_time
from cityops.services.dossier import DossierService
from cityops.services.dossier_map import PaperMap, on_paper, paper_map
from cityops.services.locate import checked_place
from cityops.services.ports import Store
from cityops.services.roles import Person

#: Features per section that are looked at to group them.
_LOOKED_AT = 2000
#: Rows that fit onto the sheet.
MOST_PIPES, MOST_CASES, MOST_COMPONENTS, MOST_HAZARDS = 10, 5, 5, 3


@dataclass(frozen=True)
class PipeGroup:
    """Pipes of one kind, size and owner near a place.

    ``depth_m`` is the least measured depth of burial in metres, None where none was measured;
    ``unmeasured`` how many of them have no measured depth; ``quality`` the worst level.
    """

    kind: str | None
    title: str
    size: str
    owner: str | None
    count: int
    nearest_m: float
    depth_m: float | None
    unmeasured: int
    quality: str | None
    surveyed_on: str | None


@dataclass(frozen=True)
class Sheet:
    """What is printed: the dossier, its map, its pipes by group, and when.

    ``marks`` are the numbers of listed cases and where they lie on the map in millimetres.
    """

    dossier: dict[str, Any]
    map: PaperMap
    marks: tuple[tuple[int, float, float], ...]
    pipes: tuple[PipeGroup, ...]
    more_pipes: int
    printed_at: str

    def section(self, name: str) -> dict[str, Any] | None:
        """The section of that name, or None."""
        return next((s for s in self.dossier["sections"] if s["name"] == name), None)


class PaperService:
    """Makes the sheet of a place.

    Parameters
    ----------
    clock
        Gives the present time, aware.
    """

    def __init__(
        self, store: Store, dossiers: DossierService, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._dossiers = dossiers
        self._clock = clock

    def sheet(
        self, person: Person, lon: float, lat: float, radius_m: float, crs: str = "cgcs2000"
    ) -> Sheet:
        """The sheet of a place, with what the person may see.

        Raises
        ------
        CrsError
            When the position is none of `crs`.
        ForbiddenError
            When the person may not see areas.
        InvalidError
            When the radius is not over 0 and up to 500 m.
        """
        dossier = self._dossiers.dossier(person, lon, lat, radius_m, crs, listed=_LOOKED_AT)
        place = checked_place(lon, lat, crs)
        with self._store.reading() as tx:
            drawn = paper_map(tx, person, place, radius_m)
        rows = {s["name"]: s["rows"] for s in dossier["sections"]}
        groups = pipe_groups(rows.get("pipes", ()))
        spots = [
            (n, on_paper(place, drawn.scale, case["position"]))
            for n, case in enumerate(rows.get("cases", ())[:MOST_CASES], 1)
        ]
        return Sheet(
            dossier=dossier,
            map=drawn,
            marks=tuple((n, *spot) for n, spot in spots if spot is not None),
            pipes=tuple(groups[:MOST_PIPES]),
            more_pipes=sum(g.count for g in groups[MOST_PIPES:]),
            printed_at=str(shown_time(self._clock())),
        )


def pipe_groups(rows: Sequence[dict[str, Any]]) -> list[PipeGroup]:
    """Rows of a section of pipes by kind, size and owner, nearest group first.

    Parameters
    ----------
    rows
        As a dossier lists them, nearest first.
    """
    groups: dict[tuple[Any, str, Any], list[dict[str, Any]]] = {}
    for row in rows:
        values = row["values"]
        key = (values.get("kind"), size_of(values), values.get("owner"))
        groups.setdefault(key, []).append(row)
    return [_group(key, members) for key, members in groups.items()]


def size_of(values: dict[str, Any]) -> str:
    """Size of a pipe as drawings write it: ``DN300``, ``600×400``, '' unknown.

    Examples
    --------
    >>> size_of({"diameter_mm": 300.0}), size_of({"size_text": "600X400"}), size_of({})
    ('DN300', '600×400', '')
    """
    if values.get("diameter_mm"):
        return f"DN{values['diameter_mm']:g}"
    return str(values.get("size_text") or "").replace("X", "×").replace("*", "×")


def _group(key: tuple[Any, str, Any], members: list[dict[str, Any]]) -> PipeGroup:
    kind, size, owner = key
    measured = [m["values"] for m in members if m["trust"]["depth_measured"]]
    depths = [v[name] for v in measured for name in ("depth_start_m", "depth_end_m")]
    levels = [m["trust"]["quality_level"] for m in members]
    days = [m["values"]["surveyed_on"] for m in members if m["values"].get("surveyed_on")]
    return PipeGroup(
        kind=kind,
        title=members[0]["label"] or "",
        size=size,
        owner=owner,
        count=len(members),
        nearest_m=members[0]["distance_m"],
        depth_m=min(depths) if depths else None,
        unmeasured=len(members) - len(measured),
        quality=None if None in levels else max(levels),
        surveyed_on=min(days) if days else None,
    )
