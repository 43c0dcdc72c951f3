"""A book of schemes as JSON and back, without loss: what a store keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from gis.layers import Title
from grid.classes import ClassKey
from grid.clock.clock import limit_from, limit_json
from grid.origin import Confidence, Origin
from grid.schemes.book import SchemeBook
from grid.schemes.values import (
    AreaClass,
    ConditionLimit,
    FilingCondition,
    SchemeClass,
    SchemeInfo,
)


def book_json(book: SchemeBook) -> dict[str, Any]:
    """The book as JSON; `book_from` reads it."""
    return {
        "schemes": [_info_json(info) for info in book.infos],
        "classes": [_class_json(row) for row in book.classes],
        "conditions": [_condition_json(row) for row in book.conditions],
    }


def book_from(value: Mapping[str, Any]) -> SchemeBook:
    """The book of `book_json`.

    Raises
    ------
    InvalidError
        ``scheme.invalid``.
    """
    return SchemeBook(
        [_info_from(info) for info in value["schemes"]],
        [_class_from(row) for row in value["classes"]],
        [_condition_from(row) for row in value["conditions"]],
    )


def _days(row: SchemeInfo | SchemeClass | FilingCondition) -> list[str | None]:
    both = (row.valid_from, row.valid_to)
    return [None if day is None else day.isoformat() for day in both]


def _days_from(value: list[str | None]) -> dict[str, date | None]:
    first, last = (None if text is None else date.fromisoformat(text) for text in value)
    return {"valid_from": first, "valid_to": last}


def _key(key: ClassKey) -> list[str]:
    return [key.domain, key.scheme, key.code]


def _origin(value: list[str]) -> Origin:
    return Origin(value[0], Confidence(value[1]))


def _info_json(info: SchemeInfo) -> dict[str, Any]:
    return {
        "head": [info.domain, info.scheme, info.version, info.edition, info.code_pattern],
        "title": [info.title.zh, info.title.en],
        "origin": [info.origin.source, info.origin.confidence.value],
        "days": _days(info),
    }


def _info_from(value: Mapping[str, Any]) -> SchemeInfo:
    domain, scheme, version, edition, pattern = value["head"]
    return SchemeInfo(
        domain=domain,
        scheme=scheme,
        version=version,
        edition=edition,
        title=Title(*value["title"]),
        code_pattern=pattern,
        origin=_origin(value["origin"]),
        **_days_from(value["days"]),
    )


def _class_json(row: SchemeClass) -> dict[str, Any]:
    return {
        "key": _key(row.key),
        "place": [row.level, row.major],
        "title": [row.title.zh, row.title.en],
        "origin": [row.origin.source, row.origin.confidence.value],
        "days": _days(row),
    }


def _class_from(value: Mapping[str, Any]) -> SchemeClass:
    level, major = value["place"]
    return SchemeClass(
        key=ClassKey(*value["key"]),
        level=level,
        major=major,
        title=Title(*value["title"]),
        origin=_origin(value["origin"]),
        **_days_from(value["days"]),
    )


def _condition_json(row: FilingCondition) -> dict[str, Any]:
    return {
        "id": row.id,
        "keys": [_key(key) for key in row.keys],
        "trigger": [row.trigger.zh, row.trigger.en],
        "closing": [row.closing.zh, row.closing.en],
        "limits": [
            [None if s.area is None else s.area.value, limit_json(s.limit), s.action]
            for s in row.limits
        ],
        "origin": [row.origin.source, row.origin.confidence.value],
        "same_period": row.same_period,
        "days": _days(row),
    }


def _condition_from(value: Mapping[str, Any]) -> FilingCondition:
    steps = []
    for area, stored, action in value["limits"]:
        limit = limit_from(stored)
        if limit is not None:
            steps.append(ConditionLimit(None if area is None else AreaClass(area), limit, action))
    return FilingCondition(
        id=value["id"],
        keys=tuple(ClassKey(*key) for key in value["keys"]),
        trigger=Title(*value["trigger"]),
        closing=Title(*value["closing"]),
        limits=tuple(steps),
        origin=_origin(value["origin"]),
        same_period=value["same_period"],
        **_days_from(value["days"]),
    )
