"""A layer at one version as one file that all processes map into memory.

Layout: 8 bytes magic, 32 bytes sha256 of everything after them, 8 bytes length of the header,
the header as JSON, then the arrays it lists, each at a multiple of 64 bytes. The whole file is
hashed once when it is opened (about 0.1 s for 150 MB), for a packed tree with a flipped byte
answers wrongly without a word. Mapped pages are shared and clean: a process pays for the
dictionaries of its text columns and for the pages' entries only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.curve import order_along_curve
from gis.errors import FileError, InvalidError, NotFoundError
from gis.features import FeatureBatch, object_array
from gis.index import SpatialIndex
from gis.layers import GeometryKind, LayerSpec
from gis.packed import Engine
from gis.ragged import Ragged
from gis.table import CodedColumn, Column, NumberColumn, Table, TextColumn

MAGIC = b"CITYSNP1"
_HASHED_FROM = len(MAGIC) + 32
_START = _HASHED_FROM + 8
_ALIGN = 64
_CHUNK = 1 << 22
#: Layers of fewer rows stay in the order of their fids.
CURVED_FROM = 1000
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Snapshot:
    """A layer at one version.

    Attributes
    ----------
    version
        Of the layer, from the store.
    table
        The rows, in mapped memory when the snapshot comes from a file.
    index
        Packed index; ids are positions of rows.
    by_fid
        (n,) rows in the order of their fids; None where that is the order they lie in.
    """

    version: int
    table: Table
    index: SpatialIndex
    by_fid: npt.NDArray[np.int32] | None = None

    @property
    def spec(self) -> LayerSpec:
        """The layer."""
        return self.table.spec

    def __len__(self) -> int:
        return len(self.table)

    @classmethod
    def of(cls, version: int, batch: FeatureBatch, engine: Engine | None = None) -> Snapshot:
        """A snapshot in the memory of this process alone, for small layers and for writing.

        Rows of large layers lie along the Z-curve, so that those of a window or a tile are
        neighbours in memory whatever the order in which they were delivered.

        Raises
        ------
        InvalidError
            When the rows are not in ascending order of distinct fids.
        """
        if not (np.diff(batch.fids) > 0).all():
            raise InvalidError("snapshot.order", "快照的行应按 fid 递增且不重复")
        by_fid = None
        if len(batch) >= CURVED_FROM:
            order = order_along_curve(shapely.bounds(batch.geometry))
            batch = batch.take(order)
            by_fid = np.empty(len(order), np.int32)
            by_fid[order] = np.arange(len(order), dtype=np.int32)
        table = Table.from_batch(batch)
        placed = np.flatnonzero(~np.isnan(table.bounds[:, 0]))
        ids = None if len(placed) == len(table) else placed
        return cls(version, table, SpatialIndex.build(table.bounds[placed], ids, engine), by_fid)

    @classmethod
    def open(cls, path: Path, spec: LayerSpec, engine: Engine | None = None) -> Snapshot:
        """Map a snapshot of `spec` into memory after comparing its hash.

        Raises
        ------
        NotFoundError
            When there is no such file.
        FileError
            When the file is damaged, cut short, no snapshot, or of another layer or of another
            declaration of the layer: make it anew from the store.
        """
        data = _mapped(path)
        header = _checked_header(data, path)
        if header["layer"] != spec.name or header["fields"] != _declared(spec):
            raise _bad_file(path, "snapshot.other_layer", "快照文件属于另一个图层或另一版图层声明")
        arrays = {name: _array(data, *entry) for name, entry in header["arrays"].items()}
        table = _table_from(spec, arrays)
        placed = arrays.get("placed")
        boxes = table.bounds if placed is None else table.bounds[placed]
        index = SpatialIndex.from_bytes(arrays["tree"], boxes, placed, engine)
        return cls(int(header["version"]), table, index, arrays.get("by_fid"))


def write(path: Path, version: int, batch: FeatureBatch) -> Snapshot:
    """Write a layer's rows as a snapshot file; complete on disk or not there at all.

    Parameters
    ----------
    path
        Target; an older file there is replaced in one step.
    version
        Version of the layer that `batch` is.
    batch
        All rows, ordered by fid.

    Returns
    -------
    Snapshot
        The same content in the memory of this process.

    Raises
    ------
    InvalidError
        When the rows are not in ascending order of distinct fids.
    """
    made = Snapshot.of(version, batch)
    arrays = dict(_arrays_of(made))
    header: dict[str, Any] = {"layer": batch.spec.name, "version": version, "rows": len(batch)}
    header["fields"] = _declared(batch.spec)
    entries, text = _placed_entries(arrays, header)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        _write_draft(draft, text, arrays, entries)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return made


def _write_draft(draft: Path, text: bytes, arrays: Arrays, entries: dict[str, Any]) -> None:
    digest = hashlib.sha256()
    with draft.open("wb") as file:
        file.write(MAGIC + bytes(32))
        at = _HASHED_FROM
        for piece in _pieces(text, arrays, entries):
            file.write(piece)
            digest.update(piece)
            at += len(piece)
        file.seek(len(MAGIC))
        file.write(digest.digest())
        file.flush()
        os.fsync(file.fileno())


def _pieces(text: bytes, arrays: Arrays, entries: dict[str, Any]) -> Iterator[memoryview]:
    yield memoryview(len(text).to_bytes(8, "little"))
    yield memoryview(text)
    at = _START + len(text)
    for name, array in arrays.items():
        start = entries[name][2]
        yield memoryview(bytes(start - at))
        body = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        if len(body):
            yield body
        at = start + len(body)


def _placed_entries(arrays: Arrays, header: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Where each array lies, and the header that says so, padded to a fixed length."""
    rough = json.dumps(header, ensure_ascii=False).encode()
    room = _aligned(_START + len(rough) + 120 * len(arrays) + 64) - _START
    entries: dict[str, Any] = {}
    at = _START + room
    for name, array in arrays.items():
        entries[name] = [array.dtype.str, list(array.shape), at]
        at = _aligned(at + array.nbytes)
    text = json.dumps(header | {"arrays": entries}, ensure_ascii=False).encode()
    return entries, text.ljust(room)


def _aligned(value: int) -> int:
    return -(-value // _ALIGN) * _ALIGN


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _mapped(path: Path) -> memoryview:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < _START:
                raise _bad_file(path, "snapshot.damaged", "快照文件不完整")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError as error:
        raise NotFoundError("snapshot.missing", "没有快照文件 {got}", got=path.name) from error


def _checked_header(data: memoryview, path: Path) -> dict[str, Any]:
    if bytes(data[: len(MAGIC)]) != MAGIC:
        raise _bad_file(path, "snapshot.foreign", "不是快照文件")
    digest = hashlib.sha256()
    for start in range(_HASHED_FROM, len(data), _CHUNK):
        digest.update(data[start : start + _CHUNK])
    if digest.digest() != bytes(data[len(MAGIC) : _HASHED_FROM]):
        raise _bad_file(path, "snapshot.damaged", "快照文件损坏：校验和不符")
    length = int.from_bytes(data[_HASHED_FROM:_START], "little")
    header: dict[str, Any] = json.loads(bytes(data[_START : _START + length]))
    return header


def _bad_file(path: Path, code: str, message: str) -> FileError:
    return FileError(code, message, got=path.name, hint="将从数据库重建快照")


def _array(data: memoryview, dtype: str, shape: list[int], start: int) -> npt.NDArray[Any]:
    count = int(np.prod(shape))
    return np.frombuffer(data, np.dtype(dtype), count, start).reshape(shape)


def _declared(spec: LayerSpec) -> list[list[str]]:
    return [["", spec.geometry.value], *([f.name, f.type.value] for f in spec.fields)]


def _arrays_of(snapshot: Snapshot) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    table = snapshot.table
    tree = snapshot.index.as_bytes()
    yield "tree", np.empty(0, np.uint8) if tree is None else tree
    if np.isnan(table.bounds[:, 0]).any():
        yield "placed", np.flatnonzero(~np.isnan(table.bounds[:, 0]))
    yield "fids", table.fids
    if snapshot.by_fid is not None:
        yield "by_fid", snapshot.by_fid
    yield "bounds", table.bounds
    yield "measures", table.measures
    for name in ("xy", "rings", "parts", "geoms", "multi"):
        yield name, getattr(table.shapes, name)
    if table.shapes.z is not None:
        yield "z", table.shapes.z
    for name, column in table.columns.items():
        yield from _column_arrays(f"field.{name}", column)
    yield from _column_arrays("areas", table.areas)


def _column_arrays(name: str, column: Column) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    if isinstance(column, CodedColumn):
        listed = json.dumps(column.values.tolist(), ensure_ascii=False).encode()
        yield f"{name}.dictionary", np.frombuffer(listed, np.uint8)
        yield f"{name}.codes", column.codes
    elif isinstance(column, TextColumn):
        yield f"{name}.starts", column.starts
        yield f"{name}.lengths", column.lengths
        yield f"{name}.data", column.data
    elif isinstance(column, NumberColumn):
        yield f"{name}.values", column.values
        if column.known is not None:
            yield f"{name}.known", column.known


def _column_from(name: str, arrays: Arrays) -> Column:
    if f"{name}.dictionary" in arrays:
        return _coded_from(name, arrays)
    if f"{name}.data" in arrays:
        return TextColumn(*(arrays[f"{name}.{part}"] for part in ("starts", "lengths", "data")))
    return NumberColumn(arrays[f"{name}.values"], arrays.get(f"{name}.known"))


def _coded_from(name: str, arrays: Arrays) -> CodedColumn:
    values = object_array(json.loads(arrays[f"{name}.dictionary"].tobytes()))
    return CodedColumn(values, arrays[f"{name}.codes"])


def _table_from(spec: LayerSpec, arrays: Arrays) -> Table:
    shapes = Ragged(
        kind=GeometryKind(spec.geometry),
        xy=arrays["xy"],
        z=arrays.get("z"),
        **{name: arrays[name] for name in ("rings", "parts", "geoms", "multi")},
    )
    return Table(
        spec,
        arrays["fids"],
        shapes,
        arrays["bounds"],
        arrays["measures"],
        {f.name: _column_from(f"field.{f.name}", arrays) for f in spec.fields},
        _coded_from("areas", arrays),
    )


def remove_older(folder: Path, keep: frozenset[str]) -> None:
    """Delete the snapshot files of `folder` whose names are not in `keep`.

    Processes that still map a deleted file go on reading it.
    """
    for path in folder.glob("*.snap"):
        if path.name not in keep:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
