"""Reading uploads in a killable, confined child process: the port ``UploadReader``."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cityops.jobs.walls import Limits, landlock_version
from cityops.services.reading.gdal import DRIVERS, skipped_but
from cityops.services.reading.packed import unpack
from cityops.services.reading.sniff import OWN_READERS, format_of, suffix_of
from cityops.services.reading.table import Note, RawTable, ReadOptions, fault_from
from gis.errors import CityError, FileError, UnavailableError
from gis.features import ObjectArray, object_array

WALL_CLOCK_S = 180.0
_POLL_S = 0.02
_COMPANIONS = (".shx", ".dbf", ".prj", ".cpg")
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")
_LOG_BYTES = 2000


class ConfinedReader:
    """Reads each upload in a child of its own, inside walls, limits and a wall clock.

    Parameters
    ----------
    scratch
        Folder for private folders, one per upload; removed when it is read.
    wall_clock_s
        Seconds after which a child is killed.
    """

    def __init__(
        self, scratch: Path, limits: Limits | None = None, wall_clock_s: float = WALL_CLOCK_S
    ) -> None:
        self._scratch = scratch
        self._limits = limits or Limits()
        self._wall_clock_s = wall_clock_s

    def read(
        self,
        path: Path,
        filename: str,
        options: ReadOptions,
        check: Callable[[], None] | None = None,
    ) -> RawTable:
        """The rows of the file at `path`, which its sender calls `filename`.

        Raises
        ------
        FileError
            When it cannot be read as what it says it is, in the time and memory it may take.
        UnavailableError
            When this machine has no wall and the format needs one.
        Exception
            Whatever `check`, called while the child reads, raises to end it.
        """
        form = format_of(path, filename)
        if form not in OWN_READERS and not self.stands:
            raise UnavailableError(
                "sandbox.no_walls",
                "本机没有可用的隔离手段，只收 GeoJSON 和 CSV",
                got=form.value,
                expected=sorted(f.value for f in OWN_READERS),
                hint="需要 Linux 的 seccomp 或 Landlock；运行 cityops doctor 查看",
            )
        with _private_folder(self._scratch) as folder:
            name = _copied(path, folder, suffix_of(filename))
            request = {
                "path": name,
                "filename": name,
                "options": asdict(options),
                "limits": asdict(self._limits),
                "needs_walls": form not in OWN_READERS,
                "driver": DRIVERS.get(form),
            }
            self._run(folder, request, check)
            return read_table(folder / "out")

    def walls(self) -> Mapping[str, Any]:
        """Which confinements work here: landlock (version), seccomp, and what a probe found."""
        return dict(self._probed)

    @property
    def stands(self) -> bool:
        """Whether at least one wall works."""
        return bool(self._probed["landlock"] or self._probed["seccomp"])

    @cached_property
    def _probed(self) -> dict[str, Any]:
        with tempfile.NamedTemporaryFile() as secret, _private_folder(self._scratch) as folder:
            request = {"probe": secret.name, "limits": asdict(self._limits)}
            try:
                self._run(folder, request, None)
                found: dict[str, Any] = orjson.loads((folder / "out" / "result.json").read_bytes())
            except (CityError, OSError):
                found = {"landlock": False, "seccomp": False}
        return found | {"landlock_version": landlock_version()}

    def _run(
        self, folder: Path, request: Mapping[str, Any], check: Callable[[], None] | None
    ) -> None:
        (folder / "request.json").write_bytes(orjson.dumps(request))
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "cityops.jobs.reader_child", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=_environment(folder, request.get("driver")),
                start_new_session=True,
                close_fds=True,
            )
            try:
                status = _watched(child, time.monotonic() + self._wall_clock_s, check)
            finally:
                _kill(child)
        if status not in (0, 1) or not (folder / "out" / "result.json").is_file():
            raise _died(status, folder)


class _private_folder:  # noqa: N801
    """A folder that only this user sees, with ``out`` in it; gone at the end."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch

    def __enter__(self) -> Path:
        self._scratch.mkdir(parents=True, exist_ok=True)
        self._path = Path(tempfile.mkdtemp(prefix="read-", dir=self._scratch)).resolve()
        (self._path / "out").mkdir()
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


def _environment(folder: Path, driver: str | None) -> dict[str, str]:
    """What the child gets to know: where programs lie, and that GDAL may open nothing else."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return kept | {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "CPL_TMPDIR": str(folder),
        "GDAL_SKIP": skipped_but(driver or ""),
        "GDAL_PAM_ENABLED": "NO",
        "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
        "GDAL_HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "PROJ_NETWORK": "OFF",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "LANG": "C.UTF-8",
    }


def _copied(path: Path, folder: Path, suffix: str) -> str:
    """Copy the upload, and the companions of a bare .shp, under names of ours."""
    name = f"upload{suffix}"
    shutil.copyfile(path, folder / name)
    if suffix == ".shp":
        siblings = {p.suffix.lower(): p for p in path.parent.glob(f"{_escaped(path.stem)}.*")}
        for ending in _COMPANIONS:
            if ending in siblings and siblings[ending].is_file():
                shutil.copyfile(siblings[ending], folder / f"upload{ending}")
    return name


def _escaped(stem: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)


def _watched(child: subprocess.Popen[bytes], until: float, check: Callable[[], None] | None) -> int:
    while True:
        try:
            return child.wait(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            pass
        if time.monotonic() > until:
            raise FileError(
                "file.too_slow",
                "读文件超过了时限",
                field="file",
                hint="请分成几个文件，或简化图形",
            )
        if check is not None:
            check()


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the child with everything it may have started."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _died(status: int, folder: Path) -> CityError:
    log = (folder / "log").read_bytes()[-_LOG_BYTES:].decode("utf-8", "replace")
    too_much = status in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ) or "MemoryError" in log
    if too_much:
        return FileError(
            "file.too_large", "读文件用的时间或内存超过了上限", field="file", hint="请分成几个文件"
        )
    error = FileError(
        "file.reader_died",
        "文件使读取程序中止，没有读入任何内容",
        field="file",
        hint="文件可能已损坏；用原来的程序打开并重新导出",
    )
    error.add_note(log)
    return error


def read_table(out: Path) -> RawTable:
    """The table that a child wrote.

    Raises
    ------
    FileError
        When it does not fit together.
    CityError
        The refusal that the child wrote instead.
    """
    try:
        head = orjson.loads((out / "result.json").read_bytes())
        if "error" in head:
            raise fault_from(head["error"])
        listed = orjson.loads((out / "columns.json").read_bytes())
        with np.load(out / "shapes.npz", allow_pickle=False) as arrays:
            rows = arrays["rows"]
            geometry = unpack(arrays)
        return _table(head, listed, rows, geometry)
    except (OSError, KeyError, TypeError, IndexError, orjson.JSONDecodeError) as fault:
        raise FileError("file.damaged", "读取结果不完整", field="file") from fault


def _table(
    head: dict[str, Any],
    listed: dict[str, list[Any]],
    rows: np.ndarray[Any, Any],
    geometry: ObjectArray,
) -> RawTable:
    columns = {name: object_array(values) for name, values in listed.items()}
    if {len(rows), len(geometry)} | {len(c) for c in columns.values()} != {len(rows)}:
        raise FileError("file.damaged", "读取结果不完整", field="file")
    head["faults"] = tuple(fault_from(fault) for fault in head["faults"])
    for name in ("repaired", "warnings"):
        head[name] = tuple(Note(**note) for note in head[name])
    head["layers"] = tuple(head["layers"])
    head["dates"] = None if head["dates"] is None else tuple(head["dates"])
    return RawTable(rows=rows.astype(np.int64), geometry=geometry, columns=columns, **head)
