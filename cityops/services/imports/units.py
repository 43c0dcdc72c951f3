"""Units that a sender may name for a column, and what they are of one another."""

from __future__ import annotations

from gis.errors import InvalidError

#: Unit -> (what it measures, how many of the base unit it is).
UNITS: dict[str, tuple[str, float]] = {
    "m": ("length", 1.0),
    "dm": ("length", 0.1),
    "cm": ("length", 0.01),
    "mm": ("length", 0.001),
    "km": ("length", 1000.0),
    "ft": ("length", 0.3048),
    "ftus": ("length", 1200.0 / 3937.0),
    "in": ("length", 0.0254),
    "m²": ("area", 1.0),
    "m2": ("area", 1.0),
    "ha": ("area", 1e4),
    "km²": ("area", 1e6),
    "km2": ("area", 1e6),
    "亩": ("area", 10_000.0 / 15.0),
    "pa": ("pressure", 1.0),
    "kpa": ("pressure", 1e3),
    "mpa": ("pressure", 1e6),
    "bar": ("pressure", 1e5),
    "kg": ("mass", 1.0),
    "t": ("mass", 1000.0),
    "w": ("power", 1.0),
    "kw": ("power", 1e3),
    "mw": ("power", 1e6),
}


def factor(given: str, wanted: str | None, field: str) -> float:
    """By what a number in `given` is multiplied to be one in `wanted`.

    Raises
    ------
    InvalidError
        When one is unknown, or the two do not measure the same.

    Examples
    --------
    >>> factor("m", "mm", "diameter_mm")
    1000.0
    """
    here = UNITS.get(given.strip().lower())
    there = UNITS.get((wanted or "").strip().lower())
    if here is None or there is None or here[0] != there[0]:
        raise InvalidError(
            "import.unit",
            "字段 {field} 的单位是 {expected}，不能从 {got} 换算",
            field=field,
            got=given,
            expected=wanted,
        )
    return here[1] / there[1]
