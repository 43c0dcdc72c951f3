"""Classes under which cases are reported: their names, their groups, the common ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
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
)
from grid.schemes.book import SchemeBook
from grid.schemes.shipped import shipped_schemes
from grid.schemes.values import holds_on

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
_SHIPPED_SCHEMES = (GB_SCHEME, OWN_SCHEME)
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


@lru_cache(maxsize=4)
def class_groups(schemes: SchemeBook, day: date) -> tuple[dict[str, Any], ...]:
    """Minor classes in use on a day, grouped by major: ``{"title", "classes": [...]}``.

    Events first; in each domain what the city brought itself before what ships.
    """
    return tuple(
        {"title": title, "classes": classes}
        for domain, words in _DOMAIN_TITLES
        for offered in (_schemes_of_the_city(schemes, domain.value, day), _SHIPPED_SCHEMES)
        for title, classes in _groups(schemes, domain.value, words, offered, day)
    )


def _schemes_of_the_city(schemes: SchemeBook, domain: str, day: date) -> tuple[str, ...]:
    shipped = {(info.domain, info.scheme) for info in shipped_schemes().infos}
    return tuple(
        info.scheme
        for info in schemes.infos
        if info.domain == domain
        and (domain, info.scheme) not in shipped
        and holds_on(info.valid_from, info.valid_to, day)
    )


def _groups(
    schemes: SchemeBook, domain: str, words: str, offered: tuple[str, ...], day: date
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    titles = {
        (c.key.scheme, c.key.code): c.title.zh
        for c in schemes.classes
        if c.key.domain == domain and c.level == "major"
    }
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for one in sorted(schemes.classes, key=lambda c: c.key.code):
        if (
            one.key.domain == domain
            and one.level == "minor"
            and one.key.scheme in offered
            and holds_on(one.valid_from, one.valid_to, day)
        ):
            # What the program adds to the national scheme stands in the groups of that.
            scheme = GB_SCHEME if one.key.scheme == OWN_SCHEME else one.key.scheme
            found.setdefault((scheme, one.major), []).append(class_json(one.key, one.title.zh))
    for (scheme, major), classes in sorted(found.items()):
        mark = "" if scheme == GB_SCHEME else f"（{scheme}）"
        yield f"{words}{mark}：{titles.get((scheme, major), major)}", classes


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
