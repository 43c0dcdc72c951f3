"""What a survey delivered: tables with their cells untouched, and what was read out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.features import object_array
from gis.reference import Reference
from underground.axes import FloatArray, IntArray, ObjectArray
from underground.faults import SheetRole, SurveyFault
from underground.heights import UNKNOWN_DATUM


@dataclass(frozen=True)
class Sheet:
    """A table out of a file: its head and its rows of cells, as they stand there.

    ``rows`` are 1-based numbers of the rows in the file; the head is row 1 unless said otherwise.
    """

    name: str
    head: Sequence[str]
    cells: Sequence[Sequence[Any]]
    rows: Sequence[int]


@dataclass(frozen=True)
class SurveyTable:
    """A point or line table: delivered columns, and fields that were found in them.

    Attributes
    ----------
    rows
        (n,) 1-based rows of the file.
    raw
        Delivered column -> (n,) cells, untouched.
    names
        Field -> delivered column.
    texts, numbers
        Field -> (n,) texts (None is unknown), (n,) numbers in metres where they are lengths
        (NaN is unknown). Every field of the role is there.
    """

    role: SheetRole
    rows: IntArray
    raw: Mapping[str, ObjectArray]
    names: Mapping[str, str]
    texts: Mapping[str, ObjectArray]
    numbers: Mapping[str, FloatArray]

    def __len__(self) -> int:
        return len(self.rows)

    def text(self, name: str) -> ObjectArray:
        """(n,) texts of a field, all None where it was not delivered."""
        found = self.texts.get(name)
        return object_array([None] * len(self)) if found is None else found

    def number(self, name: str) -> FloatArray:
        """(n,) numbers of a field, all NaN where it was not delivered."""
        found = self.numbers.get(name)
        return np.full(len(self), np.nan) if found is None else found

    def has(self, name: str) -> bool:
        """Whether a field was delivered."""
        return name in self.names


@dataclass(frozen=True)
class LineShapes:
    """Vertices of delivered lines between their ends, in delivered coordinates.

    ``first`` is (n + 1,) into ``xyz`` (k, 3); lines of tables have none.
    """

    xyz: FloatArray
    first: IntArray

    @classmethod
    def none(cls, n: int) -> LineShapes:
        """No inner vertex on any of n lines."""
        return cls(np.empty((0, 3)), np.zeros(n + 1, np.int64))


@dataclass(frozen=True)
class Survey:
    """One delivery.

    Attributes
    ----------
    points, lines
        The two tables.
    shapes
        Inner vertices of lines.
    end_xyz
        (n, 2, 3) coordinates of the ends of lines that were delivered with a shape; NaN where
        only point numbers were given.
    crs
        System of the delivered coordinates; None where the file is a schematic plan.
    unit_m
        Metres of one unit of the coordinates: 0.3048006 where they are US survey feet.
    datum
        What heights refer to, see `underground.heights.DATUMS`.
    dialect
        Whose column names were found most.
    source
        Name of the file or files.
    points_delivered
        False where the points were made of the ends of lines.
    faults
        What reading already found.
    """

    points: SurveyTable
    lines: SurveyTable
    shapes: LineShapes
    end_xyz: FloatArray
    crs: Reference | None = None
    unit_m: float = 1.0
    datum: str = UNKNOWN_DATUM
    dialect: str = ""
    source: str = ""
    points_delivered: bool = True
    notes: tuple[str, ...] = ()
    faults: tuple[SurveyFault, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows of data were delivered."""
        return len(self.lines) + (len(self.points) if self.points_delivered else 0)

    @cached_property
    def point_positions(self) -> dict[str, int]:
        """First point of each number."""
        out: dict[str, int] = {}
        for i, number in enumerate(self.points.text("number").tolist()):
            if number is not None:
                out.setdefault(number, i)
        return out

    @cached_property
    def ends(self) -> IntArray:
        """(n, 2) positions of the points of each line's start and end; -1 where there is none."""
        known = self.point_positions
        columns = [self.lines.text(name).tolist() for name in ("start", "end")]
        out = np.full((len(self.lines), 2), -1, np.int64)
        for side, column in enumerate(columns):
            out[:, side] = [known.get(number, -1) for number in column]
        return out

    @cached_property
    def end_places(self) -> FloatArray:
        """(n, 2, 2) east and north of both ends as delivered; NaN where unknown."""
        east, north = self.points.number("east"), self.points.number("north")
        places = np.column_stack([np.append(east, np.nan), np.append(north, np.nan)])
        found = places[self.ends]
        own = self.end_xyz[:, :, :2]
        return np.where(np.isnan(own), found, own)

    def point_place(self, i: int) -> tuple[float, float] | None:
        """East and north of a point, or None."""
        place = self.points.number("east")[i], self.points.number("north")[i]
        return None if np.isnan(place).any() else (float(place[0]), float(place[1]))

    def line_place(self, i: int, side: int | None = None) -> tuple[float, float] | None:
        """Middle of a line between its ends, or one of them; None where unknown."""
        ends = self.end_places[i]
        place = ends.mean(axis=0) if side is None else ends[side]
        if np.isnan(place).any():
            known = ends[~np.isnan(ends).any(axis=1)]
            if side is not None or not len(known):
                return None
            place = known[0]
        return float(place[0]), float(place[1])


def no_shapes(n: int) -> tuple[LineShapes, npt.NDArray[np.float64]]:
    """Shapes and ends of n lines that were delivered by point numbers only."""
    return LineShapes.none(n), np.full((n, 2, 3), np.nan)
