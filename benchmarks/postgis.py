"""A PostgreSQL cluster with PostGIS of our own: made for one benchmark, gone afterwards.

Nothing that runs already is touched: the cluster lies in a new folder, listens on a socket in it
and on no port. PostgreSQL refuses to run as root; then its own user ``postgres`` runs it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contest import PeerMissing

DEBIAN = Path("/usr/lib/postgresql")
#: One worker, nothing on its way to the disk, room for everything.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "shared_buffers": "512MB",
    "work_mem": "256MB",
}


@dataclass
class Session:
    """One connection that stays open; its backend's processor time can be read."""

    psql: subprocess.Popen[str]
    pid: int = 0

    def ask(self, sql: str) -> list[str]:
        """Lines of the answer, columns divided by ``|``.

        Raises
        ------
        PeerMissing
            The server said no; its words are on standard error.
        """
        assert self.psql.stdin is not None
        assert self.psql.stdout is not None
        self.psql.stdin.write(f"{sql};\n\\echo done\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == "done\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise PeerMissing(f"PostGIS: {sql[:60]}")

    def clock(self) -> float:
        """Processor seconds of the backend since it began."""
        numbers = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def postgis() -> Iterator[Session]:
    """A session of a new cluster with the extension.

    Raises
    ------
    PeerMissing
        PostgreSQL or PostGIS is not installed, or there is no ``/proc`` to read its time from.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="cityops-postgis-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    server = None
    try:
        _run(user, programs / "initdb", "-D", folder / "data", "-U", "bench", "-A", "trust",
             "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        settings = SETTINGS | {"unix_socket_directories": str(folder)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *options],
            user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _run(user, programs / "pg_isready", "-h", folder, "-q", tries=100)
        yield from _session(programs, folder)
    finally:
        if server is not None:
            server.terminate()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _session(programs: Path, folder: Path) -> Iterator[Session]:
    command = [programs / "psql", "-h", folder, "-U", "bench", "-d", "postgres"]
    command += ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as psql:
        session = Session(psql)
        session.ask("create extension postgis")
        session.pid = int(session.ask("select pg_backend_pid()")[0])
        yield session
        assert psql.stdin is not None
        psql.stdin.close()


def _programs() -> Path:
    """Folder of the server's programs: those on the path, else the newest of Debian's."""
    found = shutil.which("postgres")
    debian = sorted(
        DEBIAN.glob("*/bin"),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
    )
    folder = Path(found).resolve().parent if found else debian[-1] if debian else None
    if folder is None or not (folder / "initdb").is_file():
        raise PeerMissing("PostgreSQL (Debian: postgresql, postgresql-NN-postgis-3)")
    if not Path("/proc/self/stat").is_file():
        raise PeerMissing("/proc, where the server's processor time is read")
    return folder


def _run(user: str | None, *command: object, tries: int = 1) -> None:
    for _ in range(tries):
        done = subprocess.run(
            [str(part) for part in command], user=user, capture_output=True, cwd="/"
        )
        if done.returncode == 0:
            return
        time.sleep(0.1)
    raise PeerMissing(f"PostgreSQL: {done.stderr.decode(errors='replace').strip()[-200:]}")
