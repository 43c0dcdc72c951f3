"""Shapes of a file in degrees, with its columns: what checks and divisions are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cityops.services.imports.placing import chosen_reference, place
from cityops.services.reading.table import ReadOptions, UploadReader
from gis.errors import FileError, InvalidError, NotFoundError
from gis.features import IntArray, ObjectArray


@dataclass(frozen=True)
class Delivered:
    """Rows of a file that have a shape: row numbers, shapes in EPSG:4490, columns.

    ``left_out`` rows could not be read.
    """

    name: str
    rows: IntArray
    shapes: ObjectArray
    columns: Mapping[str, ObjectArray]
    left_out: int = 0

    def column(self, *names: str) -> ObjectArray | None:
        """The first of the named columns that the file has, capitals not counting; None without."""
        lower = {name.lower(): name for name in self.columns}
        for name in names:
            if name.lower() in lower:
                return self.columns[lower[name.lower()]]
        return None

    def require(self, what: str, *names: str) -> ObjectArray:
        """The first of the named columns that the file has.

        Raises
        ------
        FileError
            ``grid.no_column`` when it has none of them.
        """
        found = self.column(*names)
        if found is None:
            raise FileError(
                "grid.no_column",
                "文件 {got} 没有{what}一列",
                field="file",
                got=self.name,
                expected=list(names),
                params={"what": what},
            )
        return found


def read_shapes(
    reader: UploadReader,
    path: Path,
    crs: str | None = None,
    geometry: str | None = None,
    *,
    whole: bool = True,
) -> Delivered:
    """The rows of a file; shapes that cross themselves are mended where that is possible.

    Parameters
    ----------
    crs
        System of the coordinates, where the file does not say it.
    geometry
        ``line`` or ``polygon``: which layer of an OpenStreetMap file.
    whole
        Whether a row that cannot be read is a fault; otherwise it is left out and counted.

    Raises
    ------
    NotFoundError
        ``file.missing``.
    FileError
        When it cannot be read as what it says it is.
    CrsError
        When its coordinates are none of their system.
    InvalidError
        ``grid.bad_rows`` with every row that has a fault, when the file is wanted whole.
    """
    if not path.is_file():
        raise NotFoundError("file.missing", "没有文件 {got}", field="file", got=str(path))
    table = reader.read(path, path.name, ReadOptions(geometry=geometry, repair=True))
    reference = chosen_reference(crs, table.crs or "EPSG:4490", None)
    placed = place(table.geometry, table.rows, reference, swap=False)
    faults = [*table.faults, *placed.faults]
    if faults and whole:
        raise InvalidError(
            "grid.bad_rows",
            "文件 {got} 有 {count} 行读不出图形：{first}",
            field="file",
            got=path.name,
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )
    there = np.flatnonzero([shape is not None for shape in placed.geometry])
    return Delivered(
        path.name,
        table.rows[there],
        placed.geometry[there],
        {name: column[there] for name, column in table.columns.items()},
        len({fault.row for fault in faults}),
    )
