"""The answer of ``cityops hazard zone`` as text for people: each quantity with its zones."""

from __future__ import annotations

from typing import Any


def blast_told(found: dict[str, Any]) -> str:
    """Zones of one charge, or of each alternative while the charge is unknown."""
    title, place = found["model_info"]["title"]["zh"], found["place"]
    where = f"位置（CGCS2000）：{place['lon']:.7f}, {place['lat']:.7f}"
    if "alternatives" not in found:
        lines = [f"{title}：{found['mass_kg']:g} kg TNT", where]
        return _ended([*lines, *map(_ring_told, found["zones"])], found)
    lines = [title, where]
    for one in found["alternatives"]:
        lines.append(f"{one['title']}：{one['mass_kg']:g} kg TNT")
        lines += [f"  {_ring_told(zone)}" for zone in _as_asked(one, found)]
    return _ended(lines, found)


def model_told(found: dict[str, Any]) -> str:
    """Zones of gas or heat of one quantity, or of each alternative."""
    lines = [found["model_info"]["title"]["zh"]]
    if found["choice"] is not None:
        lines.append(found["choice"]["reason"])
    if "alternatives" not in found:
        lines += [_ground_told(zone) for zone in found["zones"]]
    for one in found.get("alternatives", ()):
        lines.append(f"{one['title']}：{one['amount']:g} {one['unit']}")
        lines += [f"  {_ground_told(zone)}" for zone in _as_asked(one, found)]
    spread = next(
        (z["uncertainty"]["spread_deg"] for z in found["zones"] if z["uncertainty"]), None
    )
    if spread is not None:
        lines.append(f"风向可能左右偏转 {spread:g}°，偏转后扫过的范围见 uncertainty")
    return _ended(lines, found)


def _ended(lines: list[str], found: dict[str, Any]) -> str:
    lines += [f"注意：{told}" for told in _warnings(found)]
    lines.append(f"{found['estimate']['zh']}，来源：{found['source']}")
    lines.append(f"记录：{found['run_id']}" if found["kept"] else "没有保存记录")
    return "\n".join(lines)


def _warnings(found: dict[str, Any]) -> list[str]:
    """Warnings; one that holds for some of the alternatives only says for which."""
    rows = found.get("alternatives", ())
    of: dict[str, list[str]] = {}
    for one in rows:
        every = [*one["warnings"], *(w for zone in one["zones"] for w in zone["warnings"])]
        for words in dict.fromkeys(w["message"] for w in every):
            of.setdefault(words, []).append(one["title"])
    told = []
    for words in (w["message"] for w in found["warnings"]):
        which = of.get(words, [])
        told.append(f"{'、'.join(which)}：{words}" if 0 < len(which) < len(rows) else words)
    return told


def _as_asked(one: dict[str, Any], found: dict[str, Any]) -> list[dict[str, Any]]:
    """The zones of an alternative in the order of the levels that were asked for."""
    order = {(zone["level"], zone["unit"]): i for i, zone in enumerate(found["zones"])}
    last = len(order)
    return sorted(one["zones"], key=lambda zone: order.get((zone["level"], zone["unit"]), last))


def _ring_told(zone: dict[str, Any]) -> str:
    return (
        f"{zone['level']:g} {zone['unit']}：约 {zone['radius_told_m']:,} m{_inside(zone, '圈内')}"
    )


def _ground_told(zone: dict[str, Any]) -> str:
    beyond = "以上" if zone["truncated"] else ""
    where = f"下风向约 {zone['length_told_m']:,} m{beyond}，半宽约 {zone['half_width_m']:,.0f} m"
    if zone["radius_told_m"] is not None:
        where = f"约 {zone['radius_told_m']:,} m{beyond}"
    if zone["geometry"] is None:
        where = "达不到"
    return f"{zone['level']:g} {zone['unit']}：{where}{_inside(zone, '区内')}"


def _inside(zone: dict[str, Any], where: str) -> str:
    people = (zone.get("exposure") or {}).get("people")
    if people is None:
        return ""
    day, night = (people[time]["within"]["rounded"] for time in ("day", "night"))
    told = ["未知" if n is None else f"约 {n:,} 人" for n in (day, night)]
    return f"，{where}白天{told[0]}、夜间{told[1]}"
