"""Who is counted where: buildings and sensitive places name some of the same people.

A register of buildings says how many people each holds; a register of sensitive places says it
again for schools, hospitals, markets. A place that stands in a building of its own use, whose
figure is known, is counted with that building; any other place adds its people. So a school in
its school building is not counted twice, and a kindergarten on the ground floor of a block of
flats is not lost.
"""

from __future__ import annotations

#: kind of sensitive place -> uses of buildings that already count its people
USES_OF_KIND: dict[str, frozenset[str]] = {
    "school": frozenset({"education"}),
    "kindergarten": frozenset({"education"}),
    "hospital": frozenset({"health"}),
    "nursing_home": frozenset({"health", "public"}),
    "station": frozenset({"public"}),
    "market": frozenset({"commercial"}),
    "stadium": frozenset({"public"}),
}

#: The rule in words, for results.
RULE_ZH = "建筑物按落入圈内的底面积比例计人；敏感场所若位于用途相符且有人数的建筑内，随建筑计，否则另加，同一人不计两次"


def counted_with(kind: str | None, use: str | None) -> bool:
    """Whether a building of a use already counts the people of a place of a kind.

    Examples
    --------
    >>> counted_with("school", "education"), counted_with("kindergarten", "residential")
    (True, False)
    """
    return use is not None and use in USES_OF_KIND.get(kind or "", frozenset())
