"""How many people are about a place, as far as the buildings say, rounded to what is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cityops.services.permissions import Action, permission_for
from cityops.services.places import Place, features_near
from cityops.services.roles import Person
from grid.layers import BUILDINGS

_TIMES = ("people_day", "people_night")


def people_of(
    tx: Any,
    person: Person,
    place: Place,
    radius_m: float,
    notices: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any] | None:
    """People by day and by night in buildings that reach into the circle, to two figures.

    A building counts whole when a part of it lies within the radius. None for who may not know,
    and where no building there says anything; a time of which nothing is known is null.
    """
    permission = permission_for(person, BUILDINGS, Action.VIEW)
    if not permission.allowed or not set(_TIMES) <= set(permission.fields):
        return None
    near = features_near(tx.layers, BUILDINGS, permission, place, radius_m)
    known = {name: [v for v in near.batch.columns[name] if v is not None] for name in _TIMES}
    if not any(known.values()):
        return None
    sources = {str(v) for v in near.batch.columns["source"] if v is not None}
    return {
        "day": rounded(sum(known["people_day"])) if known["people_day"] else None,
        "night": rounded(sum(known["people_night"])) if known["people_night"] else None,
        "buildings": len(near.batch),
        "unknown": len(near.batch) - min(len(v) for v in known.values()),
        "radius_m": radius_m,
        "source": "；".join(sorted(sources)) or None,
        "notice": notices.get(BUILDINGS.name, {}).get("notice"),
    }


def rounded(n: float) -> int:
    """A count of people to two figures, and to tens at the finest: none claims to know better.

    Examples
    --------
    >>> [rounded(n) for n in (0, 3, 26, 498, 1249, 18733)]
    [0, 10, 30, 500, 1200, 19000]
    """
    if n <= 0:
        return 0
    step = max(10, int(10 ** (math.floor(math.log10(n)) - 1)))
    return max(step, math.floor(n / step + 0.5) * step)
