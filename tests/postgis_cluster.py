"""A PostgreSQL cluster with PostGIS for tests: made once, a new database each time, gone afterwards.

Nothing that runs already is touched: it lies in a new folder and listens on a free port of this
machine alone. PostgreSQL refuses to run as root; then its own user ``postgres`` runs it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
MISSING = "no PostgreSQL with PostGIS on this machine (make test-all installs Debian's as root)"


def programs() -> Path | None:
    """Folder of the newest server's programs that has PostGIS and a user to run it, or None."""
    found = sorted(
        (p for p in DEBIAN.glob("*/bin") if p.parent.name.isdigit()),
        key=lambda path: int(path.parent.name),
    )
    for folder in reversed(found):
        control = Path(f"/usr/share/postgresql/{folder.parent.name}/extension/postgis.control")
        if (folder / "initdb").is_file() and control.is_file() and _user() is not False:
            return folder
    return None


def _user() -> str | bool | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return False


@dataclass
class Cluster:
    """A running server; ``url`` is the address of a new, empty database with PostGIS."""

    folder: Path
    port: int
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def address(self, name: str) -> str:
        return f"postgresql+psycopg://city@127.0.0.1:{self.port}/{name}"

    def url(self) -> str:
        name = f"city_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE with_postgis")
        return self.address(name)

    def drop(self, url: str) -> None:
        self.run(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def run(self, statement: str, database: str = "postgres") -> None:
        import psycopg

        address = self.address(database).replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster of our own, on a free port."""
    binaries = programs()
    assert binaries is not None, MISSING
    folder = Path(tempfile.mkdtemp(prefix="cityops-postgis-"))
    user = _user() or None
    if user is not None:
        os.chown(folder, pwd.getpwnam(str(user)).pw_uid, -1)
    server = None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    try:
        subprocess.run(
            [binaries / "initdb", "-D", folder / "data", "-U", "city", "-A", "trust",
             "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            user=user, cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        settings = {"listen_addresses": "127.0.0.1", "port": port, "fsync": "off",
                    "unix_socket_directories": folder, "max_connections": 60}  # fmt: skip
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        server = subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", *options],
            user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        made = Cluster(folder, port)
        _wait(binaries, port)
        made.run("CREATE DATABASE with_postgis TEMPLATE template0")
        made.run("CREATE EXTENSION postgis", "with_postgis")
        _make_schema(made.address("with_postgis"))
        yield made
    finally:
        if server is not None:
            server.send_signal(2)  # fast shutdown: sessions are ended
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(binaries: Path, port: int) -> None:
    for _ in range(200):
        ask = [binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-q"]
        if subprocess.run(ask).returncode == 0:
            return
        time.sleep(0.05)
    raise AssertionError("PostgreSQL did not start")


def _make_schema(url: str) -> None:
    """The tables of the store once, so that each new database has them from its template."""
    from cityops.store.database import make_engine
    from cityops.store.migrate import create_schema

    engine = make_engine(url)
    with engine.begin() as connection:
        create_schema(connection)
    engine.dispose()
