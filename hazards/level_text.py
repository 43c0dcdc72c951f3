"""A level of concern out of its text: a number and one of the units of a quantity."""

from __future__ import annotations

import re
from collections.abc import Collection

from gis.errors import InvalidError

#: Longer texts are no level, and no more than this of one is told back.
LONGEST = 40
_LEVEL = re.compile(
    r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*([A-Za-z%/0-9]+)", re.ASCII
)


def number_and_unit(
    text: str, quantity: str, units: Collection[str], example: str, hint: str | None = None
) -> tuple[float, str]:
    """The number, which may be infinite, and the unit of a text such as ``2kPa`` or ``0.5 %``.

    Parameters
    ----------
    quantity
        What the units are of, in Chinese, for the words of the refusal.
    units
        Units that are taken, in the order in which they are told; upper and lower case differ.
    example
        A level as it should be written.
    hint
        What else to say when the unit is none of them.

    Raises
    ------
    InvalidError
        ``level.syntax`` when it is not a number and a unit, ``level.unit`` when the unit is none
        of ``units``.

    Examples
    --------
    >>> number_and_unit("2 kPa", "超压", ("Pa", "kPa"), "2kPa")
    (2.0, 'kPa')
    """
    found = _LEVEL.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if found is None:
        raise InvalidError(
            "level.syntax",
            "等级应为数值加单位，如 {expected}，得到 {got}",
            field="level",
            got=text[:LONGEST],
            expected=example,
        )
    if found[2] not in units:
        raise InvalidError(
            "level.unit",
            "{quantity}的单位应为 {units}，得到 {got}",
            field="level",
            got=text[:LONGEST],
            expected=list(units),
            params={"quantity": quantity, "units": "、".join(units)},
            hint=hint,
        )
    return float(found[1]), found[2]
