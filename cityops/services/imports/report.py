"""What an import says at its end: every number, every refused row, every repair."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cityops.services.exports.formulas import guarded
from cityops.services.reading.table import Note
from gis.errors import CityError

#: So many refused rows are listed one by one; beyond that they are counted by reason.
MAX_LISTED = 10_000


@dataclass(frozen=True)
class Report:
    """Result of an import or of its rehearsal."""

    layer: str
    file: str
    driver: str
    crs: str | None
    crs_declared: str | None
    encoding: str | None
    encoding_from: str | None
    rows_in: int
    stored: int
    dry_run: bool
    mapping: Mapping[str, str]
    extra_columns: Sequence[str]
    faults: Sequence[CityError] = ()
    repaired: Sequence[Note] = ()
    warnings: Sequence[Note] = ()
    delivery: int | None = None
    version: int | None = None
    accuracy_m: float | None = None
    new_layer: bool = False
    all_or_nothing: bool = False
    suspicion: Mapping[str, Any] | None = None
    columns: Sequence[Mapping[str, Any]] = field(default_factory=list)
    sample: Sequence[Mapping[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON. ``refused`` has one entry per fault; a row may have several."""
        rows = {fault.row for fault in self.faults}
        listed = sorted(self.faults, key=lambda f: f.row or 0)[:MAX_LISTED]
        return {
            "layer": self.layer,
            "file": self.file,
            "driver": self.driver,
            "crs": self.crs,
            "crs_declared": self.crs_declared,
            "encoding": self.encoding,
            "encoding_from": self.encoding_from,
            "rows_in": self.rows_in,
            "stored": self.stored,
            "refused_rows": len(rows),
            "refused": [refused(fault) for fault in listed],
            "refused_by_code": dict(Counter(fault.code for fault in self.faults)),
            "refused_not_listed": len(self.faults) - len(listed),
            "repaired": [note.as_dict() for note in self.repaired],
            "warnings": [note.as_dict() for note in self.warnings],
            "mapping": dict(self.mapping),
            "extra_columns": list(self.extra_columns),
            "dry_run": self.dry_run,
            "delivery": self.delivery,
            "version": self.version,
            "accuracy_m": self.accuracy_m,
            "new_layer": self.new_layer,
            "suspicion": None if self.suspicion is None else dict(self.suspicion),
            "columns": list(self.columns),
            "sample": list(self.sample),
            "duplicate": False,
            "importable": self.is_importable,
        }

    @property
    def is_importable(self) -> bool:
        """Whether rows stand that an import would store; else it refuses the file."""
        return not self.faults or (self.stored > 0 and not self.all_or_nothing)


def refused_csv(report: Mapping[str, Any]) -> bytes:
    """The refused rows of a report as a table for spreadsheets: UTF-8 with mark, no formulas.

    Examples
    --------
    >>> refused_csv({"refused": []}).decode("utf-8-sig").strip()
    '行,字段,代码,原因,得到,怎么办'
    """
    faults = report.get("refused")
    if faults is None:
        faults = (report.get("refusal") or {}).get("errors", [])
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["行", "字段", "代码", "原因", "得到", "怎么办"])
    for fault in faults:
        cells = [fault.get(n) for n in ("row", "field", "code", "message", "got", "hint")]
        writer.writerow(["" if cell is None else guarded(str(cell)) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def refused(fault: CityError) -> dict[str, Any]:
    """One fault of a row as JSON: row, field, code, message, got, hint."""
    return {
        "row": fault.row,
        "field": fault.field,
        "code": fault.code,
        "message": fault.message(),
        "got": fault.got,
        "hint": fault.hint(),
    }
