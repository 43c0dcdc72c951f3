"""The child that reads uploads: no network, no foreign file, no driver but one, no end of time."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely

from cityops.jobs.sandbox import ConfinedReader
from cityops.jobs.walls import Limits
from cityops.services.reading.gdal import DRIVERS, skipped_but
from cityops.services.reading.sniff import Format
from cityops.services.reading.table import ReadOptions
from gis.errors import FileError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")


@pytest.fixture
def reader(tmp_path) -> ConfinedReader:
    return ConfinedReader(tmp_path / "reading")


@pytest.fixture
def listener():
    """Address of a server of this machine, and the connections it got."""
    calls: list[object] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.1)
        going = threading.Event()

        def listen() -> None:
            while not going.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    continue
                calls.append(connection.recv(100))
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", calls
        going.set()
        thread.join()


def in_child(code: str, folder: Path, driver: str = "GPKG") -> str:
    """What a confined child says that runs `code` behind its walls."""
    script = (
        "import sys; from pathlib import Path\n"
        "from cityops.jobs import reader_child\n"
        f"print(reader_child.confine(Path({str(folder)!r})), file=sys.stderr)\n"
        "def attempt(act):\n"
        "    try:\n        act()\n    except OSError as fault:\n        return type(fault).__name__\n"
        "    return 'done'\n" + code
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_this_machine_has_walls_and_they_hold(reader):
    walls = reader.walls()
    assert walls["landlock"] or walls["seccomp"]
    assert walls["no_network"] == walls["seccomp"]
    assert walls["no_foreign_files"] == walls["landlock"]


def test_a_file_is_read_in_the_child_as_in_this_process(reader, data):
    table = reader.read(data / "components.geojson", "components.geojson", ReadOptions())
    features = json.loads((data / "components.geojson").read_text())["features"]
    assert table.columns["name"].tolist() == [f["properties"]["name"] for f in features]
    assert [list(p.coords[0]) for p in table.geometry] == [
        f["geometry"]["coordinates"] for f in features
    ]


@pytest.mark.parametrize("act", ["import socket; print(attempt(lambda: socket.socket().connect(('127.0.0.1', 9))))", "import os; print(attempt(lambda: os.execv('/bin/true', ['true'])))", "import os; print(attempt(lambda: os.fork() and None))", "print(attempt(lambda: open('/etc/hostname').read()))", "print(attempt(lambda: open('/tmp/left-behind', 'w')))", "import os; print(attempt(lambda: os.kill(os.getppid(), 0)))"])  # fmt: skip
def test_behind_the_walls_nothing_else_can_be_done(tmp_path, act):
    if "fork" in act:
        act = "import os\ndef f():\n    if os.fork() == 0: os._exit(0)\nprint(attempt(f))"
    assert in_child(act, tmp_path) == "PermissionError"


@pytest.mark.parametrize("form", [Format.SHAPEFILE, Format.OSM])
def test_one_driver_is_left(form):
    code = "import pyogrio; print(sorted(pyogrio.list_drivers()))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=os.environ | {"GDAL_SKIP": skipped_but(DRIVERS[form])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str([DRIVERS[form]])


def test_a_driver_that_nobody_knew_of_is_left_out_at_a_second_start(tmp_path):
    (tmp_path / "out").mkdir()
    request = {"driver": "GPKG", "probe": "/etc/hostname"}
    (tmp_path / "request.json").write_text(json.dumps(request))
    known = ",".join(n for n in skipped_but("GPKG").split(",") if n != "OGR_VRT")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "cityops.jobs.reader_child", str(tmp_path)],
        env=os.environ | {"GDAL_SKIP": known},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out" / "result.json").read_text())["no_network"]


SECRET_VRT = """<OGRVRTDataSource><OGRVRTLayer name="secret">
<SrcDataSource>{source}</SrcDataSource><GeometryType>wkbPoint</GeometryType>
<GeometryField encoding="PointFromColumns" x="lon" y="lat"/></OGRVRTLayer></OGRVRTDataSource>"""


@pytest.mark.parametrize("name", ["map.geojson", "map.shp", "map.gpkg", "map.csv", "map.fgb"])
@pytest.mark.parametrize("kind", ["file", "call"])
def test_a_vrt_under_another_name_reads_nothing_and_calls_nobody(
    reader, tmp_path, listener, name, kind
):
    address, calls = listener
    secret = tmp_path / "secret.csv"
    secret.write_text("lon,lat,password\n117,39,hunter2\n")
    source = str(secret) if kind == "file" else f"/vsicurl/{address}/x.csv"
    (tmp_path / name).write_text(SECRET_VRT.format(source=source))
    with pytest.raises(FileError) as refusal:
        reader.read(tmp_path / name, name, ReadOptions())
    assert refusal.value.code == "file.wrong_type"
    assert "hunter2" not in str(refusal.value.as_dict())
    assert calls == []


def test_a_crs_link_is_dropped_told_and_never_fetched(reader, tmp_path, listener):
    address, calls = listener
    body = {
        "type": "FeatureCollection",
        "crs": {"type": "link", "properties": {"href": f"{address}/crs", "type": "proj4"}},
        "features": [
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Point", "coordinates": [117, 39]},
            }
        ],
    }
    (tmp_path / "map.geojson").write_text(json.dumps(body))
    table = reader.read(tmp_path / "map.geojson", "map.geojson", ReadOptions())
    assert table.crs is None
    assert [note.code for note in table.warnings] == ["crs.link_dropped"]
    assert calls == []


def geopackage(path: Path, *statements: str) -> Path:
    import sqlite3

    pyogrio.raw.write(
        path,
        np.array([shapely.Point(117.2, 39.1).wkb], object),
        [np.array([1])],
        np.array(["no"], object),
        geometry_type="Point",
        crs="EPSG:4326",
        driver="GPKG",
        layer="stops",
    )
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return path


def test_triggers_of_a_geopackage_never_run(reader, tmp_path):
    act = "CREATE TRIGGER t AFTER UPDATE ON stops BEGIN DELETE FROM stops; END"
    file = geopackage(tmp_path / "in.gpkg", act)
    before = file.read_bytes()
    assert reader.read(file, "in.gpkg", ReadOptions()).rows_in == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "make",
    [
        "CREATE VIEW evil AS SELECT fid, geom, load_extension('/tmp/x.so') AS no FROM stops",
        "CREATE TABLE evil (fid INTEGER PRIMARY KEY, geom BLOB, no AS (length(geom)))",
        "CREATE VIRTUAL TABLE evil USING rtree(id, a, b)",
    ],
)
def test_a_layer_that_would_run_something_is_refused(reader, tmp_path, make):
    file = geopackage(
        tmp_path / "in.gpkg",
        make,
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
        "VALUES ('evil', 'features', 'evil', 4326)",
    )
    with pytest.raises(FileError) as refusal:
        reader.read(file, "in.gpkg", ReadOptions(source_layer="evil"))
    assert refusal.value.code in ("gpkg.not_a_table", "gpkg.bad")


class TestLimits:
    """A child that takes too much is killed, and the file refused."""

    @staticmethod
    def large(path: Path) -> Path:
        """A file that takes a while."""
        ring = ",".join(f"[{117 + i / 1e6},{39 + (i % 7) / 1e6}]" for i in range(150_000))
        text = f'{{"type":"LineString","coordinates":[{ring}]}}'
        some = ",".join(
            f'{{"type":"Feature","properties":{{}},"geometry":{text}}}' for _ in range(6)
        )
        path.write_text(f'{{"type":"FeatureCollection","features":[{some}]}}')
        return path

    def test_the_clock_ends_it(self, tmp_path):
        reader = ConfinedReader(tmp_path / "reading", wall_clock_s=0.4)
        began = time.monotonic()
        with pytest.raises(FileError) as refusal:
            reader.read(self.large(tmp_path / "in.geojson"), "in.geojson", ReadOptions())
        assert refusal.value.code == "file.too_slow"
        assert time.monotonic() - began < 20
        assert list((tmp_path / "reading").iterdir()) == []
        assert _children() == []

    @pytest.mark.parametrize(
        "limits", [Limits(memory_bytes=300 << 20), Limits(cpu_seconds=1)], ids=["memory", "cpu"]
    )
    def test_memory_and_cpu_end_it(self, tmp_path, limits):
        reader = ConfinedReader(tmp_path / "reading", limits)
        with pytest.raises(FileError) as refusal:
            reader.read(self.large(tmp_path / "in.geojson"), "in.geojson", ReadOptions())
        assert refusal.value.code in ("file.too_large", "file.reader_died")
        assert list((tmp_path / "reading").iterdir()) == []

    def test_a_cancel_ends_it_at_once(self, tmp_path, reader):
        class Enough(Exception):
            pass

        def stop() -> None:
            raise Enough

        file = self.large(tmp_path / "in.geojson")
        with pytest.raises(Enough):
            reader.read(file, "in.geojson", ReadOptions(), stop)
        assert list((tmp_path / "reading").iterdir()) == []

    def test_a_child_that_crashes_is_a_refusal(self, tmp_path, monkeypatch, data):
        reader = ConfinedReader(tmp_path / "reading")
        real = subprocess.Popen

        class Dying(real):
            def wait(self, timeout=None):
                os.kill(self.pid, signal.SIGSEGV)
                return super().wait(timeout)

        monkeypatch.setattr(subprocess, "Popen", Dying)
        with pytest.raises(FileError) as refusal:
            reader.read(data / "components.geojson", "components.geojson", ReadOptions())
        assert refusal.value.code == "file.reader_died"


def _children() -> list[str]:
    """Readers that still run as children of this process."""
    found = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in found.stdout.splitlines() if "reader_child" in line]


def test_without_any_wall_only_our_own_readers_take_files(tmp_path, data, monkeypatch):
    from gis.errors import UnavailableError

    reader = ConfinedReader(tmp_path / "reading")
    monkeypatch.setitem(reader.__dict__, "_probed", {"landlock": False, "seccomp": False})
    with pytest.raises(UnavailableError) as refusal:
        reader.read(data / "feet" / "schools.shp", "schools.shp", ReadOptions())
    assert refusal.value.code == "sandbox.no_walls"
    assert reader.read(data / "busstops.geojson", "b.geojson", ReadOptions()).rows_in == 49


def test_the_real_shapefile_goes_through_the_child(reader, data):
    table = reader.read(data / "feet" / "schools.shp", "schools.shp", ReadOptions())
    assert (table.rows_in, table.driver) == (8, "ESRI Shapefile")
    assert table.crs.startswith('PROJCS["NAD_1983_StatePlane_Arizona_Central_FIPS_0202_Feet"')
