"""The words and tables of a situation sheet, from a run as it was kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hazards.classes import HARM_OF, kinds_of
from hazards.models import ModelKind
from hazards.rounding import rounded_metres

RANK_WORDS = {"red": "红", "orange": "橙", "yellow": "黄", "blue": "蓝"}
TIME_WORDS = {"day": "白天", "night": "夜间"}
#: Sensitive places, roads and classes of components that a sheet has room for.
_MOST_PLACES, _MOST_ROADS, _MOST_CLASSES = 12, 10, 6
_UNKNOWN = "未知"


def mass_words(mass_kg: float) -> str:
    """A mass as on the screen.

    Examples
    --------
    >>> mass_words(500.0), mass_words(60_000.0), mass_words(1.5)
    ('500 kg', '60 t', '1.5 kg')
    """
    return f"{mass_kg:.4g} kg" if mass_kg < 1000 else f"{mass_kg / 1000:,.4g} t"


def radius_words(metres: float) -> str:
    """A rounded distance as on the screen.

    Examples
    --------
    >>> radius_words(1770), radius_words(12_000)
    ('1,770 m', '12.0 km')
    """
    return f"{metres:,.0f} m" if metres < 10_000 else f"{metres / 1000:.1f} km"


def amount_words(alternative: Mapping[str, Any]) -> str:
    """The quantity of an alternative: TNT, a mass, or a rate.

    Examples
    --------
    >>> amount_words({"mass_kg": 60_000.0}), amount_words({"rate_kg_s": 1.5})
    ('60 t', '1.5 kg/s')
    """
    if "rate_kg_s" in alternative:
        return f"{alternative['rate_kg_s']:.4g} kg/s"
    return mass_words(alternative["mass_kg"])


def reach_words(zone: Mapping[str, Any]) -> str:
    """How far a zone reaches: its radius, or its length down the wind.

    Examples
    --------
    >>> reach_words({"length_told_m": 10_000, "truncated": True, "geometry": {}})
    '10.0 km 以上'
    >>> reach_words({"length_told_m": 0, "geometry": None})
    '达不到'
    """
    if zone["geometry"] is None:
        return "达不到"
    metres = zone.get("radius_told_m")
    words = radius_words(zone["length_told_m"] if metres is None else metres)
    return f"{words} 以上" if zone.get("truncated") else words


def is_blast(run: Mapping[str, Any]) -> bool:
    """Whether a run is of an explosion; runs of the first version say nothing and are."""
    return bool(run.get("kind", ModelKind.BLAST.value) == ModelKind.BLAST.value)


def wind_words(run: Mapping[str, Any]) -> str:
    """The weather of a run of gas; nothing for others.

    Examples
    --------
    >>> wind_words({"inputs": {"wind_m_s": 3.0, "wind_from": 250.0, "stability": "D"}})
    '风速 3 m/s，来向 250°，稳定度 D'
    """
    asked = run["inputs"]
    if asked.get("wind_m_s") is None:
        return ""
    told = f"风速 {asked['wind_m_s']:g} m/s，来向 {asked['wind_from']:g}°"
    return told + (f"，稳定度 {asked['stability']}" if asked.get("stability") else "")


def swept_words(chosen: Mapping[str, Any], time: str) -> list[str]:
    """What the broken line on the map is, and who is within it; nothing where no wind blows."""
    found = chosen["zones"][-1].get("uncertainty")
    if found is None:
        return []
    told = f"虚线为风向偏转 ±{found['spread_deg']:g}° 时最外一档扫过的范围"
    people = (found.get("people") or {}).get(time)
    return [f"{told}，{TIME_WORDS[time]}其中 {people_words(people)} 人"]


def people_words(people: Mapping[str, Any] | None, *, blind: bool = False) -> str:
    """People of a zone; unknown where nothing is known, or nothing is on file and little would be.

    Examples
    --------
    >>> told = {"rounded": 1200, "under_ten": False, "carriers": 5}
    >>> people_words(told), people_words({**told, "carriers": 0}, blind=True), people_words(None)
    ('约 1,200', '未知', '未知')
    """
    if people is None or people["rounded"] is None or (blind and people["carriers"] == 0):
        return _UNKNOWN
    if people["under_ten"]:
        return "不到 10"
    return "0" if people["rounded"] == 0 else f"约 {people['rounded']:,}"


def count_words(number: int | None) -> str:
    """A count of records: as it is below a hundred, from there to three digits.

    Examples
    --------
    >>> count_words(63), count_words(1167), count_words(None)
    ('63', '约 1,170', '未知')
    """
    if number is None:
        return _UNKNOWN
    if number < 100:
        return str(number)
    step = max(10, 10 ** (len(str(number)) - 3))
    return f"约 {int(number / step + 0.5) * step:,}"


def is_blind(run: Mapping[str, Any]) -> bool:
    """Whether much of the ground has no building on file near."""
    return any(w["code"] == "exposure.poor_coverage" for w in run["warnings"])


def places_in(run: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Sensitive places within the outermost zone of an alternative, nearest first."""
    listed = (run["lists"] or {}).get("places") or []
    return [place for place in listed if place["zone"].get(name) is not None]


def sheet_words(run: Mapping[str, Any], name: str, time: str) -> dict[str, Any]:
    """Figures, tables and sentences of one alternative at a time of day, as JSON of texts."""
    chosen = next(a for a in run["alternatives"] if a["name"] == name)
    return {
        "figures": _figures(run, chosen, time),
        "rings": [_ring(run, zone, i, time) for i, zone in enumerate(chosen["zones"])],
        "alternatives": [_alternative(run, a, time, name) for a in run["alternatives"]],
        "places": [_place(p, chosen, i, time) for i, p in enumerate(_shown(run, name), 1)],
        "places_known": (run["lists"] or {}).get("places") is not None,
        "places_left": max(0, len(places_in(run, name)) - _MOST_PLACES),
        "roads": _roads(run, name),
        "components": _components(run, name),
        "cautions": [*swept_words(chosen, time), *(w["message"] for w in run["warnings"])],
        "model": _model(run),
        "rule": run["rule"],
        "time": TIME_WORDS[time],
        "chosen": f"{chosen['title']} {amount_words(chosen)}" + " TNT" * is_blast(run),
        "weather": wind_words(run),
        "heads": _heads(run, chosen),
    }


def _heads(run: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, str]:
    """Headings that depend on what the zones are."""
    round_zones = all(z.get("radius_told_m") is not None for z in chosen["zones"])
    reach = "半径" if round_zones else "长度"
    return {
        "reach": reach,
        "alternatives": "三种当量" if is_blast(run) else "三种数量",
        "reaches": f"{reach} m，由强到弱",
    }


def _shown(run: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return places_in(run, name)[:_MOST_PLACES]


def _within(zone: Mapping[str, Any], kind: str) -> Any:
    return (zone.get("exposure") or {}).get(kind)


def _figures(run: Mapping[str, Any], chosen: Mapping[str, Any], time: str) -> list[dict[str, str]]:
    outer = chosen["zones"][-1]
    people = (_within(outer, "people") or {}).get(time, {}).get("within")
    places, roads = _within(outer, "places"), _within(outer, "roads")
    bounds = ""
    if people and people["rounded"] is not None and people["low"] != people["high"]:
        bounds = f"上下限 {people['low']:,}–{people['high']:,}"
    return [
        {
            "label": f"{TIME_WORDS[time]}圈内人数",
            "value": people_words(people, blind=is_blind(run)),
            "note": bounds,
        },
        {
            "label": "敏感场所",
            "value": _UNKNOWN if places is None else f"{places['within']:,}",
            "note": "",
        },
        {
            "label": "道路",
            "value": _UNKNOWN if roads is None else f"{roads['named']:,}",
            "note": "" if roads is None else f"圈内 {roads['length_m'] / 1000:.1f} km",
        },
    ]


def _ring(run: Mapping[str, Any], zone: Mapping[str, Any], i: int, time: str) -> dict[str, str]:
    people = (_within(zone, "people") or {}).get(time, {}).get("band")
    places, components = _within(zone, "places"), _within(zone, "components")
    return {
        "rank": zone["rank"],
        "word": RANK_WORDS[zone["rank"]],
        "level": f"≥ {zone['level']:g} {zone['unit']}",
        "meaning": _meaning(run, zone, i),
        "radius": reach_words(zone),
        "people": people_words(people),
        "places": _UNKNOWN if places is None else str(places["band"]),
        "components": _concerned(run, "components", components),
    }


def _meaning(run: Mapping[str, Any], zone: Mapping[str, Any], i: int) -> str:
    """The name of a level of overpressure; else the class of the zone, where it has one."""
    if is_blast(run):
        return str(run["levels"][i]["name"])
    return str(zone["class"]["title"]["zh"]) if zone["class"] else "未分级"


def _concerned(run: Mapping[str, Any], kind: str, held: Mapping[str, Any] | None) -> str:
    """A count of a kind of thing; a stroke where the hazard does not concern the kind."""
    if not concerns(run, kind):
        return "—"
    return count_words(None if held is None else held["band"])


def concerns(run: Mapping[str, Any], kind: str) -> bool:
    """Whether the hazard of a run concerns a kind of thing."""
    model = ModelKind(run.get("kind", ModelKind.BLAST.value))
    return kind in kinds_of(HARM_OF[model])


def _alternative(
    run: Mapping[str, Any], alternative: Mapping[str, Any], time: str, chosen: str
) -> dict[str, Any]:
    outer = alternative["zones"][-1]
    people = (_within(outer, "people") or {}).get(time, {}).get("within")
    return {
        "title": alternative["title"],
        "mass": amount_words(alternative),
        "people": people_words(people, blind=is_blind(run)),
        "radii": " / ".join(_short_reach(zone) for zone in alternative["zones"]),
        "chosen": alternative["name"] == chosen,
    }


def _short_reach(zone: Mapping[str, Any]) -> str:
    if zone["geometry"] is None:
        return "—"
    metres = zone.get("radius_told_m")
    told = f"{zone['length_told_m'] if metres is None else metres:,.0f}"
    return f"≥{told}" if zone.get("truncated") else told


def _place(
    place: Mapping[str, Any], chosen: Mapping[str, Any], number: int, time: str
) -> dict[str, str]:
    zone = chosen["zones"][place["zone"][chosen["name"]]]
    people = place["people"][time]
    return {
        "number": str(number),
        "name": place["name"] or place["id"],
        "people": _UNKNOWN if people is None else f"约 {people:,}",
        "distance": radius_words(place["distance_m"]),
        "rank": zone["rank"],
        "word": RANK_WORDS[zone["rank"]],
    }


def _roads(run: Mapping[str, Any], name: str) -> str:
    listed = (run["lists"] or {}).get("roads")
    if listed is None:
        return "没有道路资料"
    inside = [(r["name"], r["length_m"].get(name, 0)) for r in listed if r["length_m"].get(name)]
    inside.sort(key=lambda row: -row[1])
    told = "、".join(
        f"{road} {radius_words(rounded_metres(m))}" for road, m in inside[:_MOST_ROADS]
    )
    more = len(inside) - _MOST_ROADS
    return (told + (f" 等 {len(inside)} 条" if more > 0 else "")) or "圈内没有有名的道路"


def _components(run: Mapping[str, Any], name: str) -> str:
    listed = (run["lists"] or {}).get("components")
    if not concerns(run, "components"):
        return "这种危害不计部件"
    if listed is None:
        return "没有部件资料"
    rows = [(r["title"] or r["class"] or "未知类别", r["within"][name][-1]) for r in listed]
    rows = sorted((row for row in rows if row[1]), key=lambda row: -row[1])
    told = "、".join(f"{title} {count_words(n)}" for title, n in rows[:_MOST_CLASSES])
    return (
        told + (f" 等 {len(rows)} 类" if len(rows) > _MOST_CLASSES else "")
    ) or "圈内没有登记的部件"


def _model(run: Mapping[str, Any]) -> str:
    info = run["model_info"]
    return (
        f"{info['title']['zh']}，{info['edition']}；{info['source']}（{info['confidence']['zh']}）"
    )
