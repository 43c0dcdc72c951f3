"""Kinds of grids that live side by side, each with its own form of codes.

A unit grid covers land, about a hectare a cell; a social-governance grid covers people, some
hundreds of households; a duty grid is what somebody walks. They nest in the community at most,
so none has the code rule of another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from gis.errors import InvalidError, NotFoundError
from gis.layers import Title
from grid.origin import Origin
from grid.shipped import origin_of, shipped_rows


@dataclass(frozen=True)
class GridKind:
    """A kind of grid.

    Attributes
    ----------
    pattern
        A regular expression that a whole code matches.
    parent_digits
        So many first characters of a code name the community; None where none do.
    covers_land
        Whether its cells cover their communities without gap.
    """

    name: str
    title: Title
    pattern: str
    parent_digits: int | None
    covers_land: bool
    origin: Origin

    def check(self, code: str) -> str:
        """`code` itself, when it has the form of the kind.

        Raises
        ------
        InvalidError
            ``grid.bad_code``.

        Examples
        --------
        >>> grid_kind("duty").check("AREA-0001")
        'AREA-0001'
        """
        # Numbers of a unit grid begin at 1: 000 is the community undivided.
        whole = re.fullmatch(self.pattern, code, re.ASCII)
        if whole is None or (self.name == "unit" and code.endswith("000")):
            raise InvalidError(
                "grid.bad_code",
                "{field} 不合{kind}的编码规则：{got}",
                field="code",
                got=code[:40],
                expected=self.pattern,
                params={"kind": self.title.zh},
            )
        return code

    def parent_of(self, code: str) -> str | None:
        """Community that a code names, None where codes of the kind name none."""
        return None if self.parent_digits is None else code[: self.parent_digits]


@cache
def grid_kinds() -> dict[str, GridKind]:
    """All kinds by name.

    Examples
    --------
    >>> sorted(grid_kinds())
    ['community_service', 'duty', 'governance', 'unit', 'unit_14']
    """
    return {
        row["kind"]: GridKind(
            name=row["kind"],
            title=Title(row["title_zh"], row["title_en"]),
            # A comma would end the cell of the table.
            pattern=row["code_pattern"].replace(";", ","),
            parent_digits=int(row["parent_digits"]) if row["parent_digits"] else None,
            covers_land=row["covers_land"] == "yes",
            origin=origin_of(row),
        )
        for row in shipped_rows("grid_kinds.csv")
    }


def grid_kind(name: str) -> GridKind:
    """The kind of that name.

    Raises
    ------
    NotFoundError
        ``grid.unknown_kind``.
    """
    found = grid_kinds().get(name)
    if found is None:
        raise NotFoundError(
            "grid.unknown_kind",
            "没有网格类型 {got}",
            field="kind",
            got=name,
            expected=sorted(grid_kinds()),
        )
    return found
