"""What a reader is asked for and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gis.errors import CityError, CrsError, FileError, GeometryError, in_words
from gis.features import IntArray, ObjectArray

#: Columns a file may have; more is a mistake or an attack.
MAX_COLUMNS = 1_000
#: Longest text a cell may hold, in characters.
MAX_CELL = 100_000
#: What to do about a file without a usable shape.
NO_GEOMETRY_HINT = (
    "至少一行要有图形；只有属性和坐标的表请另存为 CSV，用 --map x=列名 --map y=列名 指明坐标列"
)


@dataclass(frozen=True)
class ReadOptions:
    """How a file is to be read.

    Attributes
    ----------
    encoding
        Encoding of texts; None lets the reader find it and say so.
    source_layer
        Layer inside the file, where it holds several.
    geometry
        ``point``, ``line`` or ``polygon``: picks the layer of an OpenStreetMap file.
    coordinates
        Columns of a table that hold coordinates: keys ``x`` and ``y``, or ``wkt``.
    max_vertices
        Most vertices one feature may have.
    max_rows
        Most rows of a file.
    repair
        Whether broken rings are to be mended where that is possible.
    """

    encoding: str | None = None
    source_layer: str | None = None
    geometry: str | None = None
    coordinates: Mapping[str, str] = field(default_factory=dict)
    max_vertices: int = 200_000
    max_rows: int = 3_000_000
    repair: bool = False


@dataclass(frozen=True)
class Note:
    """Something to tell about a row or, with row 0, about the whole file."""

    row: int
    code: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The note as JSON, its message filled in."""
        parts = {name: in_words(part) for name, part in self.params.items()}
        out: dict[str, Any] = {"code": self.code, "what": self.message.format_map(parts)}
        if self.row:
            out["row"] = self.row
        return out


@dataclass(frozen=True)
class RawTable:
    """The rows of a file in columns, as delivered.

    Attributes
    ----------
    driver
        Format that was read, such as ``GeoJSON`` or ``ESRI Shapefile``.
    rows
        (n,) int64. 1-based number of each row: lines of a table count from the
        head line as 1, features of a map file from the first feature as 1.
    geometry
        (n,) shapely geometries in the file's own axes, x first; None where the row
        has none or a broken one (then `faults` says why).
    columns
        Name -> (n,) object array; values are None, bool, int, float, str, list, dict.
    crs
        What the file itself declares: ``EPSG:n``, another authority's code or WKT.
    texts
        Whether all values are texts to be parsed (CSV).
    sparse
        Whether most cells are empty, so that unknown ones need not be kept (OpenStreetMap).
    dates
        Columns that the file itself says are dates; None where its format has no such type, and
        values are looked at instead.
    layer, layers
        Layer that was read, and all that the file holds.
    encoding, encoding_from
        Encoding of texts, and how it was found: declared, bom, cpg, detected, fixed.
    faults
        Row faults found while reading; each has ``row``.
    repaired, warnings
        What was mended, and what is worth knowing.
    axes
        For a table: the columns that were taken for coordinates.
    rows_in
        Rows in the file, with those that have faults.
    """

    driver: str
    rows: IntArray
    geometry: ObjectArray
    columns: Mapping[str, ObjectArray]
    crs: str | None = None
    texts: bool = False
    sparse: bool = False
    dates: tuple[str, ...] | None = None
    layer: str | None = None
    layers: tuple[str, ...] = ()
    encoding: str | None = None
    encoding_from: str | None = None
    faults: tuple[CityError, ...] = ()
    repaired: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()
    axes: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows_in(self) -> int:
        """How many rows the file has."""
        return len(self.rows)


class Reader(Protocol):
    """Reads one format from a path of ours."""

    def __call__(self, path: Path, options: ReadOptions) -> RawTable:
        """The rows of the file at `path`."""


class UploadReader(Protocol):
    """Reads a delivered file where it can do no harm."""

    def read(
        self,
        path: Path,
        filename: str,
        options: ReadOptions,
        check: Callable[[], None] | None = None,
    ) -> RawTable:
        """The rows of the file at `path`, which its sender calls `filename`.

        `check` is called while it is read, and ends the reading by raising.

        Raises
        ------
        FileError
            When the file cannot be read as what it says it is.
        UnavailableError
            When this machine has no wall strong enough for the format.
        """

    def walls(self) -> Mapping[str, Any]:
        """Which confinements work on this machine."""


#: Beginning of a code -> the leaf that refusals of a reader are; else a `FileError`.
_LEAVES = {"geometry": GeometryError, "crs": CrsError}


def fault_from(parts: Mapping[str, Any]) -> CityError:
    """An error made again from what :func:`fault_parts` gave."""
    code = str(parts["code"])
    return _LEAVES.get(code.partition(".")[0], FileError)(
        code,
        str(parts["message"]),
        field=parts.get("field"),
        got=parts.get("got"),
        expected=parts.get("expected"),
        hint=parts.get("hint"),
        params=parts.get("params") or {},
        row=parts.get("row"),
        errors=[fault_from(single) for single in parts.get("errors", ())],
    )


def fault_parts(error: CityError) -> dict[str, Any]:
    """The parts of an error, templates unfilled, as JSON values."""
    return {
        "code": error.code,
        "message": error.template,
        "field": error.field,
        "got": error.got,
        "expected": error.expected,
        "hint": error.hint_template,
        "params": error.params,
        "row": error.row,
        "errors": [fault_parts(single) for single in error.errors],
    }


def check_columns(names: Sequence[str]) -> None:
    """Refuse a head that no honest table has.

    Raises
    ------
    FileError
        When there are too many columns, or two have one name.
    """
    if len(names) > MAX_COLUMNS:
        raise FileError(
            "file.too_many_columns",
            "列太多：{got} 列，最多 {expected} 列",
            got=len(names),
            expected=MAX_COLUMNS,
        )
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise FileError(
            "file.duplicate_columns",
            "列名重复：{got}",
            got=double,
            hint="给每一列取不同的名字",
        )


def check_row_count(count: int, options: ReadOptions) -> None:
    """Refuse more rows than asked for.

    Raises
    ------
    FileError
        When `count` is above the limit.
    """
    if count > options.max_rows:
        raise FileError(
            "file.too_many_rows",
            "行太多：{got} 行，最多 {expected} 行",
            got=count,
            expected=options.max_rows,
            hint="请分成几个文件导入",
        )


def numbered(count: int, first: int = 1) -> IntArray:
    """Row numbers `first`, `first` + 1, ..."""
    return np.arange(first, first + count, dtype=np.int64)
