"""Files cases with photos while the machine refuses writes; started as ``python failing.py FOLDER MODE``.

The kernel itself refuses, none of the program's functions is replaced: a limit on the size of
files stops the n-th page of the log of the database, a seccomp filter fails ``fsync``, a small
disk of its own is filled or made read only. Each line out is an act and how it was answered.
"""

from __future__ import annotations

import ctypes
import errno
import io
import json
import os
import platform
import random
import resource
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image

from cityops.bootstrap import Services
from cityops.services.case_report import Report
from cityops.services.roles import SYSTEM
from cityops.settings import Settings
from gis.errors import CityError
from grid.classes import ClassKey

EVENT = ClassKey("event", "GB/T 30428.2-2013", "0401")
LON, LAT = 117.1933, 39.1176
#: A page of the database in its log, and the head of the log, in bytes.
FRAME, HEAD = 4096 + 24, 32
_SYNCS = {"x86_64": (74, 75), "aarch64": (82, 83)}
_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
rng = random.Random(11)


def say(**told: Any) -> None:
    """One line."""
    os.write(1, (json.dumps(told) + "\n").encode())


def photo() -> bytes:
    """A photo of random pixels, about 20 kB."""
    out = io.BytesIO()
    Image.frombytes("RGB", (96, 64), rng.randbytes(96 * 64 * 3)).save(out, "JPEG", quality=95)
    return out.getvalue()


def identity() -> UUID:
    """A new one."""
    return UUID(int=rng.getrandbits(128), version=4)


def tried(act: Any) -> str:
    """``ok``, or the code of the refusal."""
    try:
        act()
    except CityError as error:
        return error.code
    return "ok"


def file_case(services: Services, case: UUID) -> str:
    """Report a case."""
    report = Report(case, EVENT, lon=LON, lat=LAT, description="井盖" * 40)
    return tried(lambda: services.cases.report(SYSTEM, report))


def add_photo(services: Services, case: UUID, data: bytes) -> str:
    """Add a photo to a case."""
    return tried(lambda: services.photos.add(SYSTEM, case, "one", data))


def limit(most: int) -> None:
    """No file may be written beyond so many bytes; -1 for any size."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))


def emptied_log(services: Services) -> None:
    """Bring the log of the database into the database and cut it to nothing."""
    with services.store.engine.connect() as connection:  # type: ignore[attr-defined]
        raw = connection.connection.driver_connection
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def nth_write(services: Services, _folder: Path) -> None:
    """The n-th page that an act writes is refused, for n = 1, 2, … until the act succeeds."""
    acts = {"case": lambda case, _: file_case(services, case), "photo": None}
    for act in acts:
        for n in range(1, 400):
            case, data = identity(), photo()
            if act == "photo":
                say(act="case", id=str(case), result=file_case(services, case), n=0)
            emptied_log(services)
            limit(HEAD + FRAME * n - 1)
            try:
                if act == "case":
                    result = file_case(services, case)
                else:
                    result = add_photo(services, case, data)
            finally:
                limit(-1)
            say(act=act, id=str(case), result=result, n=n)
            if result == "ok":
                break
            again = file_case(services, case) if act == "case" else add_photo(services, case, data)
            say(act=act, id=str(case), result=again, n=0)


def fail_syncs(handle: int | None) -> None:
    """Let ``fsync`` and ``fdatasync`` fail with EIO from now on, of one open file or of all."""
    machine = platform.machine()
    lines = [(0x20, 0, 0, 4), (0x15, 1, 0, _ARCH[machine]), (0x06, 0, 0, 0x7FFF0000)]
    lines += [(0x20, 0, 0, 0)]
    first, second = _SYNCS[machine]
    fail = [(0x06, 0, 0, 0x00050000 | errno.EIO)]
    if handle is not None:
        fail = [(0x20, 0, 0, 16), (0x15, 0, 1, handle), *fail]
    lines += [(0x15, 1, 0, first), (0x15, 0, len(fail), second), *fail]
    lines += [(0x06, 0, 0, 0x7FFF0000)]
    code = b"".join(struct.pack("<HBBI", *line) for line in lines)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(lines), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)
    if libc.prctl(22, 2, program, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def failing_sync(services: Services, folder: Path) -> None:
    """Every sync fails: nothing may be acknowledged."""
    case = identity()
    say(act="case", id=str(case), result=file_case(services, case))
    fail_syncs(None)
    for _ in range(3):
        other = identity()
        say(act="case", id=str(other), result=file_case(services, other))
        say(act="photo", id=str(case), result=add_photo(services, case, photo()))


def failing_log_sync(services: Services, folder: Path) -> None:
    """Only the log of the database cannot be synced: the photo's file is there, its row is not."""
    case = identity()
    say(act="case", id=str(case), result=file_case(services, case))
    log = str(folder / "cityops.db-wal")
    handles = [int(p.name) for p in Path("/proc/self/fd").iterdir() if _target(p) == log]
    for handle in handles:
        fail_syncs(handle)
    say(act="photo", id=str(case), result=add_photo(services, case, photo()))
    other = identity()
    say(act="case", id=str(other), result=file_case(services, other))


def _target(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def full_disk(services: Services, folder: Path) -> None:
    """File cases with photos until the disk is full, then make room and go on."""
    refused = 0
    for n in range(2000):
        case = identity()
        result = file_case(services, case)
        say(act="case", id=str(case), result=result, n=n)
        if result == "ok":
            result = add_photo(services, case, photo())
            say(act="photo", id=str(case), result=result, n=n)
        refused += result != "ok"
        if refused == 20:
            break
    (folder / "ballast").unlink()
    case = identity()
    say(act="case", id=str(case), result=file_case(services, case), n=-1)
    say(act="photo", id=str(case), result=add_photo(services, case, photo()), n=-1)


def read_only_disk(services: Services, folder: Path) -> None:
    """The disk turns read only under a running program, and writable again."""
    case = identity()
    say(act="case", id=str(case), result=file_case(services, case))
    services.store.dispose()  # type: ignore[attr-defined]
    mount = ["mount", "-o", "remount,ro", str(folder)]
    if subprocess.run(mount, check=False).returncode:
        say(act="skip", result="no remount")
        return
    fresh = identity()
    say(act="case", id=str(fresh), result=file_case(services, fresh))
    say(act="read", result=tried(lambda: services.cases.get(SYSTEM, case)))
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
    say(act="case", id=str(fresh), result=file_case(services, fresh))


MODES = {
    "nth_write": nth_write,
    "failing_sync": failing_sync,
    "failing_log_sync": failing_log_sync,
    "full_disk": full_disk,
    "read_only_disk": read_only_disk,
}
#: Modes that need a disk of their own, and its size in MB.
DISKS = {"full_disk": 14, "read_only_disk": 40}


def main() -> None:
    """Do what a mode does; a disk of its own ends with the process, so what it held is copied back."""
    folder, mode = Path(sys.argv[1]).resolve(), sys.argv[2]
    work = folder
    if mode in DISKS:
        work = folder.with_name("disk")
        work.mkdir()
        size = f"size={DISKS[mode]}m"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", work], check=False)
        if done.returncode:
            say(act="skip", result="no mount")
            return
        shutil.copytree(folder, work, dirs_exist_ok=True)
        if mode == "full_disk":
            free = shutil.disk_usage(work).free
            (work / "ballast").write_bytes(bytes(max(0, free - 1_500_000)))
    services = Services(Settings(data_dir=work))
    first = identity()  # everything is imported, and every file made, before the first refusal
    file_case(services, first)
    if mode != "read_only_disk":  # which no open file may hold writable
        add_photo(services, first, photo())
    MODES[mode](services, work)
    services.store.dispose()  # type: ignore[attr-defined]
    if work is not folder:
        shutil.rmtree(folder)
        shutil.copytree(work, folder)


if __name__ == "__main__":
    main()
