"""Classes under which cases are reported: their names, their groups, the common ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from cityops.services.case_initials import initials
from cityops.services.case_values import UsedClass, shown_time
from gis.errors import InvalidError
from grid.classes import (
    GB_SCHEME,
    OWN_SCHEME,
    ClassKey,
    Domain,
    class_row,
    class_table,
    minor_classes,
)
from grid.schemes.book import SchemeBook

#: Offered to who has not reported anything yet: what inspectors meet every day.
COMMON_CLASSES: tuple[ClassKey, ...] = tuple(
    ClassKey(domain, GB_SCHEME, code)
    for domain, code in (
        ("event", "0110"),
        ("event", "0406"),
        ("component", "0102"),
        ("event", "0113"),
        ("event", "0410"),
        ("component", "0137"),
        ("event", "0506"),
        ("event", "0201"),
    )
)
_DOMAIN_TITLES = ((Domain.EVENT, "事件"), (Domain.COMPONENT, "部件"))


def class_name(key: ClassKey, schemes: SchemeBook, day: date | None = None) -> str:
    """Chinese name of a minor class, in force on a day where one is given.

    Raises
    ------
    InvalidError
        ``case.unknown_domain``, ``case.major_class``, ``scheme.class_off``.
    NotFoundError
        ``scheme.unknown``, ``scheme.unknown_class``.
    """
    if key.domain not in set(Domain):
        raise InvalidError(
            "case.unknown_domain",
            "{field} 应为 {expected}，得到 {got}",
            field="domain",
            got=key.domain,
            expected=[d.value for d in Domain],
        )
    found = schemes.class_of(key, day)
    if found.level != "minor":
        raise InvalidError(
            "case.major_class",
            "{name}（{got}）是大类，须选其中的小类",
            field="class_code",
            got=key.code,
            params={"name": found.title.zh},
        )
    return found.title.zh


def class_json(key: ClassKey, name: str) -> dict[str, str]:
    """A class as JSON; ``initials`` are those of its pinyin."""
    return {
        "domain": key.domain,
        "scheme": key.scheme,
        "code": key.code,
        "title": name,
        "initials": initials(name),
    }


@cache
def class_groups() -> tuple[dict[str, Any], ...]:
    """Minor classes in use, grouped by major: ``{"title", "classes": [...]}``, events first."""
    out: list[dict[str, Any]] = []
    for domain, words in _DOMAIN_TITLES:
        majors = {
            r.code: r.name_zh
            for r in class_table(domain)
            if r.level == "major" and r.scheme == GB_SCHEME
        }
        groups: dict[str, list[dict[str, str]]] = {}
        for row in minor_classes(domain, GB_SCHEME, OWN_SCHEME):
            key = ClassKey(domain.value, row.scheme, row.code)
            groups.setdefault(row.major, []).append(class_json(key, row.name_zh))
        for major, classes in sorted(groups.items()):
            out.append({"title": f"{words}：{majors.get(major, major)}", "classes": classes})
    return tuple(out)


def offered_first(used: Sequence[UsedClass], most: int = 6) -> list[dict[str, Any]]:
    """Classes that a person used last, filled up with common ones to `most`, each once.

    Each with ``times`` (how often lately) and ``last_at`` (None for one that is only common).
    """
    out: list[dict[str, Any]] = [
        class_json(one.key, one.name) | {"times": one.times, "last_at": shown_time(one.last_at)}
        for one in used[:most]
    ]
    known = {one.key for one in used}
    for key in COMMON_CLASSES:
        if len(out) < most and key not in known:
            title = class_row(Domain(key.domain), key.code, key.scheme).name_zh
            out.append(class_json(key, title) | {"times": 0, "last_at": None})
    return out
