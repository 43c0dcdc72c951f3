"""The process that opens what strangers deliver: confined, alone, and allowed to die.

Started as ``python -m cityops.jobs.reader_child FOLDER``. ``FOLDER/request.json`` says what to
read; ``FOLDER/out`` receives ``result.json``, ``columns.json`` and ``shapes.npz``. Everything
that comes back is plain JSON and plain arrays: the parent runs no parser of map formats.
"""

from __future__ import annotations

import os
import socket
import sys
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cityops.jobs.walls import (
    Limits,
    end_with_parent,
    enter_landlock,
    enter_seccomp,
    set_limits,
)
from cityops.services.reading.gdal import skipped_but
from cityops.services.reading.packed import pack
from cityops.services.reading.table import Note, RawTable, ReadOptions, fault_parts
from gis.errors import CityError, FileError

_PARTS = (
    "driver",
    "crs",
    "texts",
    "layer",
    "layers",
    "encoding",
    "encoding_from",
    "sparse",
    "dates",
)

_STARTED_AGAIN = "CITYOPS_READER_STARTED_AGAIN"


def main(argv: list[str]) -> int:
    """Read one upload and write what it holds; gives 0, or 1 after writing a refusal."""
    end_with_parent()
    folder = Path(argv[1]).resolve()
    request = orjson.loads((folder / "request.json").read_bytes())
    out = folder / "out"
    # What a reader imports must be in memory before the walls stand, for speed and for macOS.
    _import_readers(request.get("driver"))
    set_limits(Limits(**request.get("limits", {})))
    walls = confine(folder)
    if request.get("probe"):
        _write(out / "result.json", walls | probed(request["probe"]))
        return 0
    if not (walls["landlock"] or walls["seccomp"]) and request.get("needs_walls"):
        raise RuntimeError("no wall stands")
    try:
        table = _read(folder / request["path"], request)
    except CityError as refusal:
        _write(out / "result.json", {"error": fault_parts(refusal)})
        return 1
    except MemoryError:
        too_large = FileError("file.too_large", "文件太大，内存不够", hint="请分成几个文件")
        _write(out / "result.json", {"error": fault_parts(too_large)})
        return 1
    write_table(table, out)
    return 0


def _import_readers(driver: str | None) -> None:
    from cityops.services.reading import dispatch, workbook

    _ = (dispatch, workbook)
    if driver is not None:
        _leave_only(driver)


def _leave_only(driver: str) -> None:
    """Have GDAL in memory with the named driver alone.

    Drivers can only be left out while GDAL starts. Where a newer GDAL brought one that
    ``GDAL_SKIP`` does not name, this process starts itself again with the longer list.
    """
    import pyogrio

    others = set(pyogrio.list_drivers()) - {driver}
    if others and not os.environ.get(_STARTED_AGAIN):
        os.environ["GDAL_SKIP"] = skipped_but(driver, others)
        os.environ[_STARTED_AGAIN] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
    if others:
        raise RuntimeError(f"drivers that cannot be left out: {sorted(others)}")


def confine(folder: Path) -> dict[str, bool]:
    """Put the walls up around this process: only `folder` and the program itself are left."""
    readable = {Path(sys.prefix), Path(sys.base_prefix), Path("/usr"), Path("/lib"), Path("/lib64")}
    readable |= {Path(p) for p in sysconfig.get_paths().values()}
    readable.add(Path(__file__).resolve().parents[2])
    readable.add(Path("/dev/urandom"))
    return {
        "landlock": enter_landlock(sorted(readable), [folder]),
        "seccomp": enter_seccomp(),
    }


def probed(secret: str) -> dict[str, bool]:
    """Whether the walls hold: no socket, no foreign file."""
    try:
        socket.socket().close()
        no_network = False
    except OSError:
        no_network = True
    try:
        Path(secret).read_bytes()
        no_files = False
    except OSError:
        no_files = True
    return {"no_network": no_network, "no_foreign_files": no_files}


def _read(path: Path, request: dict[str, Any]) -> RawTable:
    from cityops.services.reading.dispatch import read_file

    options = ReadOptions(**request["options"])
    return read_file(path, request["filename"], options)


def write_table(table: RawTable, out: Path) -> None:
    """Write a table in files that need no parser but JSON and plain arrays."""
    arrays = pack(table.geometry)
    with (out / "shapes.npz").open("wb") as file:
        np.savez(file, rows=table.rows, **arrays)  # type: ignore[arg-type]
    columns = {name: column.tolist() for name, column in table.columns.items()}
    _write(out / "columns.json", columns)
    head = {name: getattr(table, name) for name in _PARTS if hasattr(table, name)}
    head["axes"] = dict(table.axes)
    head["faults"] = [fault_parts(fault) for fault in table.faults]
    head["repaired"] = [_note(note) for note in table.repaired]
    head["warnings"] = [_note(note) for note in table.warnings]
    _write(out / "result.json", head)


def _note(note: Note) -> dict[str, Any]:
    return {"row": note.row, "code": note.code, "message": note.message, "params": note.params}


def _write(path: Path, value: Any) -> None:
    path.write_bytes(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS))


if __name__ == "__main__":
    # No clean-up of libraries that a hostile file has seen: the answer is written, go.
    status = main(sys.argv)
    sys.stdout.flush()
    os._exit(status)
