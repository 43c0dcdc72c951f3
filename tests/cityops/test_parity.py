"""The same question on the command line, over HTTP and to the library: one answer, one refusal."""

from __future__ import annotations

import json
import shutil
import sys

import click
import pytest
from click.testing import CliRunner

from cityops.bootstrap import Services
from cityops.cli import output as cli_output
from cityops.cli.main import main
from cityops.cli.output import EXIT_CODES
from cityops.services.accounts import AccountService
from cityops.services.roles import SYSTEM, Role
from gis.errors import CityError, Kind, error_body
from webmap.app import create_app
from webmap.errors import STATUS

PASSWORD = "open-sesame-7"
NOBODY = "00000000-0000-0000-0000-000000000007"


@pytest.fixture(scope="module")
def city(tianjin, tmp_path_factory):
    """Services on a copy of the scene with an account that may do everything with data."""
    folder = tmp_path_factory.mktemp("parity") / "data"
    shutil.copytree(tianjin.settings.data_dir, folder)
    settings = type(tianjin.settings)(data_dir=folder, scene="tianjin")
    made = Services(settings)
    roles = [Role.DATA_MANAGER, Role.EMERGENCY, Role.INSPECTOR]
    AccountService(made.store).add(SYSTEM, "all", roles, password=PASSWORD)
    yield made
    made.store.dispose()


@pytest.fixture(scope="module")
def client(city):
    made = create_app(services=city).test_client()
    page = made.get("/login").text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"username": "all", "password": PASSWORD, "csrf_token": token}
    assert made.post("/login", data=form).status_code == 302
    page = made.get("/map").text
    made.token = page.split('name="csrf-token" content="')[1].split('"')[0]
    return made


@pytest.fixture
def command(city, monkeypatch):
    """Run ``cityops ... --json``; gives exit code and the object on stdout."""
    monkeypatch.setenv("CITYOPS_DATA_DIR", str(city.settings.data_dir))

    @click.command(context_settings={"ignore_unknown_options": True})
    def entry() -> None:
        main()

    def run(*arguments: str):
        cli_output.settings.cache_clear()
        monkeypatch.setattr(sys, "argv", ["cityops", *arguments, "--json"])
        done = CliRunner().invoke(entry)
        return done.exit_code, json.loads(done.stdout)

    yield run
    cli_output.settings.cache_clear()


def over_http(client, method, path, body=None):
    answer = client.open(path, method=method, json=body, headers={"X-CSRFToken": client.token})
    return answer.status_code, answer.json


#: command line, the same over HTTP
REFUSED = [
    (("locate", "200", "39"), ("GET", "/api/v1/locate?lon=200&lat=39")),
    (("locate", "39.1", "117.2"), ("GET", "/api/v1/locate?lon=39.1&lat=117.2")),
    (("locate", "0", "90"), ("GET", "/api/v1/locate?lon=0&lat=90")),
    (
        ("locate", "117.2", "39.1", "--crs", "mars"),
        ("GET", "/api/v1/locate?lon=117.2&lat=39.1&crs=mars"),
    ),
    (
        ("locate", "117.2", "39.1", "--crs", "EPSG:4548"),
        ("GET", "/api/v1/locate?lon=117.2&lat=39.1&crs=EPSG:4548"),
    ),
    (("jobs", "show", NOBODY), ("GET", f"/api/v1/jobs/{NOBODY}")),
    (("jobs", "cancel", NOBODY), ("POST", f"/api/v1/jobs/{NOBODY}/cancel")),
    (("export", "nothing", "--out", "x.csv"), ("GET", "/api/v1/exports/nothing?format=csv")),
    (
        ("export", "districts", "--out", "x.csv", "--crs", "mars"),
        ("GET", "/api/v1/exports/districts?format=csv&crs=mars"),
    ),
    (
        ("export", "districts", "--out", "x.csv", "--bbox", "1,2,3"),
        ("GET", "/api/v1/exports/districts?format=csv&bbox=1,2,3"),
    ),
    (
        ("export", "districts", "--out", "x.csv", "--bbox", "118,40,117,39"),
        ("GET", "/api/v1/layers/districts/features?bbox=118,40,117,39"),
    ),
    (
        ("export", "districts", "--out", "x.csv", "--where", "secret=1"),
        ("GET", "/api/v1/exports/districts?format=csv&secret=1"),
    ),
    (
        ("export", "districts", "--out", "x.csv", "--where", "secret=1"),
        ("GET", "/api/v1/layers/districts/features?secret=1"),
    ),
    (
        ("hazard", "zone", "--mass-kg", "-5", "--at", "117.19", "39.11"),
        (
            *("POST", "/api/v1/hazards/runs"),
            {"lon": 117.19, "lat": 39.11, "masses_kg": {"likely": -5.0}},
        ),
    ),
    (
        ("hazard", "zone", "--mass-kg", "100", "--at", "117.19", "39.11", "--level", "7miles"),
        (
            *("POST", "/api/v1/hazards/runs"),
            {"lon": 117.19, "lat": 39.11, "masses_kg": {"likely": 100.0}, "levels": ["7miles"]},
        ),
    ),
]


@pytest.mark.parametrize(("line", "request_"), REFUSED, ids=[" ".join(c[0]) for c in REFUSED])
def test_the_same_refusal_is_the_same_object(command, client, line, request_):
    code, printed = command(*line)
    status, answered = over_http(client, *request_)
    assert answered["error"] == printed["error"]
    assert answered["errors"] == printed["errors"]
    kind = Kind(printed["error"]["kind"])
    assert code == EXIT_CODES[kind]
    assert status == (400 if kind is Kind.INVALID and request_[0] == "GET" else STATUS[kind])


@pytest.mark.parametrize("line", [("117.1933", "39.1176"), ("-71.06", "42.36"), ("0", "0")])
def test_the_same_place_is_the_same_object(command, client, city, line):
    code, printed = command("locate", *line)
    assert code == 0
    _, answered = over_http(client, "GET", f"/api/v1/locate?lon={line[0]}&lat={line[1]}")
    assert printed == answered == city.locate.locate(SYSTEM, float(line[0]), float(line[1]))


def test_a_layer_has_the_same_count_and_version_everywhere(command, client, city):
    _, printed = command("layers")
    _, answered = over_http(client, "GET", "/api/v1/layers")
    listed = {layer["name"]: (layer["count"], layer["version"]) for layer in printed["layers"]}
    shown = {layer["name"]: (layer["count"], layer["version"]) for layer in answered["layers"]}
    assert shown.items() <= listed.items()
    assert set(shown) >= {"pipes", "components", "districts"}


def test_exported_bytes_are_the_same(command, client, tmp_path):
    out = tmp_path / "districts.geojson"
    assert command("export", "districts", "--out", str(out))[0] == 0
    answer = client.get("/api/v1/exports/districts?format=geojson")
    assert answer.status_code == 200
    assert json.loads(answer.data) == json.loads(out.read_bytes())


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_refusal_has_an_exit_code_and_a_status(kind):
    assert EXIT_CODES[kind] in (2, 3, 4, 5, 6)
    assert STATUS[kind] in (403, 404, 409, 412, 422, 503)


def test_the_form_holds_what_the_interfaces_promise():
    inner = CityError("a.b", Kind.INVALID, "甲 {got}", got=1, field="x", row=3)
    told = error_body(CityError("a.c", Kind.INVALID, "乙", errors=[inner]))
    assert told["errors"] == [
        {
            "code": "a.b",
            "kind": "invalid",
            "message": "甲 1",
            "field": "x",
            "got": 1,
            "expected": None,
            "hint": None,
            "row": 3,
        }
    ]
