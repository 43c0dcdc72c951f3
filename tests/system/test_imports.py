"""What a web worker has in memory: nothing heavy at its start, nor for what everyone asks all day."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

#: Imported by the act that needs them, in whatever process does it.
HEAVY = (
    *("geopandas", "pandas", "folium", "branca", "openpyxl", "scipy", "typst", "pyogrio", "fiona"),
    *("matplotlib", "PIL", "huey", "alembic", "networkx", "dask", "numba", "pyarrow", "requests"),
)
SCRIPT = """
import json, sys
from webmap.wsgi import application

app = application()._app.__self__

def heavy():
    return sorted(name for name in HEAVY if name in sys.modules)

found = {"start": heavy()}
client = app.test_client()
page = client.get("/login").text
token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
form = {"username": "planner", "password": "open-sesame-7", "csrf_token": token}
found["sign-in"] = client.post("/login", data=form).status_code
for path in PATHS:
    answer = client.get(path)
    found[path] = [answer.status_code, heavy()]
print(json.dumps(found))
"""
PATHS = (
    "/healthz",
    "/map",
    "/api/v1/layers",
    "/api/v1/layers/pipes/features?bbox=117.1,39.0,117.3,39.2&limit=20",
    "/api/v1/layers/pipes/features?sort=id&limit=5",
    "/tiles/pipes/14/13525/6254.mvt",
    "/tiles/components/10/845/390.mvt",
    "/api/v1/locate?lon=117.1933&lat=39.1176",
    "/api/v1/dossier?lon=117.1933&lat=39.1176",
    "/api/v1/search?q=和平",
    "/api/v1/events",
)


@pytest.fixture(scope="module")
def found(template, machine):
    script = f"HEAVY = {HEAVY!r}\nPATHS = {PATHS!r}\n" + SCRIPT
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=machine.environment(template, PYTHONIOENCODING="utf-8"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_web_worker_imports_nothing_heavy_at_its_start(found):
    assert found["start"] == []


@pytest.mark.parametrize("path", PATHS)
def test_what_everyone_asks_imports_nothing_heavy(found, path):
    assert found["sign-in"] == 302
    assert found[path] == [200, []]
