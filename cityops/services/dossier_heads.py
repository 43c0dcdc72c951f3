"""What to read first of a dossier: at most three sentences, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

MOST = 3
#: A gas pipe nearer than this is said first to who stands there.
GAS_NEAR_M = 10.0


def heads_of(sections: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most three things to know of a place, from the sections of its dossier.

    Each is ``{"text", "params", "section", "key", "level"}``: a Chinese template with its parts
    apart, the section and the feature it is about, and ``late`` or ``soon`` for how grave.
    """
    named = {s["name"]: s for s in sections}
    found = [*_zones(named), *_pipes(named), *_cases(named), *_hazards(named)]
    found.sort(key=lambda head: head["level"] != "late")
    return found[:MOST]


def _head(
    text: str, section: str, level: str, key: str | None = None, **params: Any
) -> dict[str, Any]:
    return {"text": text, "params": params, "section": section, "key": key, "level": level}


def _zones(named: dict[str, Any]) -> Iterator[dict[str, Any]]:
    zones = named.get("zones")
    if zones is not None:
        row = zones["rows"][0]
        yield _head(
            "在{name}的影响区计算里属{rank}（{alternative}方案），初步估算",
            "zones",
            "soon",
            row["key"],
            name=row["label"],
            rank=row["rank_title"],
            alternative=row["alternative"],
        )


def _hazards(named: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sites = named.get("hazard_sites")
    if sites is not None:
        row = sites["rows"][0]
        kinds = [row["titles"][n] for n in ("kind", "grade") if n in row["titles"]]
        yield _head(
            "危险源：{name}（{what}），距此 {metres} m"
            if kinds
            else "危险源：{name}，距此 {metres} m",
            "hazard_sites",
            "soon",
            row["key"],
            name=row["label"],
            what="，".join(kinds),
            metres=round(row["distance_m"]),
        )


def _pipes(named: dict[str, Any]) -> Iterator[dict[str, Any]]:
    section = named.get("pipes")
    if section is None:
        return
    gas = next((c for c in section["classes"] if c["code"] == "gas"), None)
    if gas is not None and gas["nearest_m"] <= GAS_NEAR_M:
        rows = (r["values"].get("owner") for r in section["rows"] if r["key"] == gas["key"])
        owner = next(rows, None) or "权属单位"
        yield _head(
            "燃气管线距此 {metres} m，动土前联系{owner}",
            "pipes",
            "late",
            gas["key"],
            metres=round(gas["nearest_m"], 1),
            owner=owner,
        )
    unsure = section["unmeasured"]
    if unsure is not None:
        yield _head(
            "{n} 段管线埋深未实测，最近 {metres} m，开挖前须现场探查",
            "pipes",
            "soon",
            unsure["key"],
            n=unsure["count"],
            metres=round(unsure["nearest_m"], 1),
        )


def _cases(named: dict[str, Any]) -> Iterator[dict[str, Any]]:
    section = named.get("cases")
    if section is not None and section["count"]:
        row = section["rows"][0]
        yield _head(
            "在办案件 {n} 件，最近的{state}：{title}，距此 {metres} m"
            if row["distance_m"] >= 1.0
            else "在办案件 {n} 件，此处的{state}：{title}",
            "cases",
            "soon",
            row["key"],
            n=section["count"],
            state=row["state_title"],
            title=row["label"],
            metres=round(row["distance_m"]),
        )
