"""Who may use which address, written down once more and compared with every rule of the map."""

from __future__ import annotations

import io
import re
from uuid import UUID, uuid4

import pytest

from cityops.services.accounts import Account, hash_password
from cityops.services.roles import Role
from webmap.validated import describe

PASSWORD = "open-sesame-7"
#: Answer before sign-in, each for a reason: signing in itself, files of the pages, the pulse.
OPEN = {
    "static",
    "security.static",
    "security.login",
    "security.logout",
    "security.two_factor_token_validation",
    "security.two_factor_rescue",
    "security.mf_recovery",
    "health.health",
    "health.metrics",  # looks for a token itself
}
ROLES = [role for role in Role if role is not Role.CITIZEN]
EVERYONE = set(ROLES)
GRID = {
    *(Role.INSPECTOR, Role.ACCEPTOR, Role.SHIFT_LEADER, Role.DISPATCHER, Role.DEPARTMENT),
    *(Role.STREET_OFFICER, Role.PLANNER, Role.EMERGENCY, Role.DATA_MANAGER),
}
UNDERGROUND = {Role.PLANNER, Role.PIPELINE_OWNER, Role.EMERGENCY, Role.DATA_MANAGER}
HAZARDS = {Role.EMERGENCY, Role.DATA_MANAGER}
CASES = GRID - {Role.PLANNER} | {Role.AUDITOR}
REPORTERS = {Role.INSPECTOR, Role.ACCEPTOR, Role.SHIFT_LEADER, Role.STREET_OFFICER}
AT = "lon=117.2005&lat=39.1005"
NOBODY = UUID(int=7)
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[117, 39], [118, 39], [118, 40], [117, 40], [117, 39]]],
}
SMALL = {
    "type": "Polygon",
    "coordinates": [[[117.2, 39.1], [117.202, 39.1], [117.202, 39.101], [117.2, 39.1]]],
}
SHEETS = UNDERGROUND - {Role.EMERGENCY}  # a sheet leaves the program: the right to export
MANAGERS = {Role.DATA_MANAGER}
TAKERS = {Role.PLANNER, Role.DATA_MANAGER}
#: endpoint -> [(method, address, JSON body, roles that are answered; all others are refused)]
TABLE: dict[str, list[tuple[str, str, object, set[Role]]]] = {
    "home.home": [("GET", "/", None, EVERYONE)],
    "map.page": [("GET", "/map", None, EVERYONE)],
    "field.page": [("GET", "/field", None, EVERYONE)],
    "layers.catalogue": [("GET", "/api/v1/layers", None, EVERYONE)],
    "layers.features": [
        ("GET", "/api/v1/layers/districts/features", None, EVERYONE),
        ("GET", "/api/v1/layers/roads/features", None, EVERYONE),
        ("GET", "/api/v1/layers/components/features", None, GRID),
        ("GET", "/api/v1/layers/cells/features", None, GRID),
        ("GET", "/api/v1/layers/pipes/features", None, UNDERGROUND),
        ("GET", "/api/v1/layers/hazard_sites/features", None, HAZARDS),
    ],
    "layers.feature": [
        ("GET", "/api/v1/layers/districts/features/990101", None, EVERYONE),
        ("GET", "/api/v1/layers/pipes/features/P-0", None, UNDERGROUND),
    ],
    "layers.values": [
        ("GET", "/api/v1/layers/districts/values?field=name", None, EVERYONE),
        ("GET", "/api/v1/layers/components/values?field=id", None, GRID),
        ("GET", "/api/v1/layers/pipes/values?field=kind", None, UNDERGROUND),
        ("GET", "/api/v1/layers/hazard_sites/values?field=id", None, HAZARDS),
    ],
    "layers.select": [
        ("POST", "/api/v1/layers/districts/select", {"polygon": SQUARE}, EVERYONE),
        ("POST", "/api/v1/layers/components/select", {"polygon": SQUARE}, GRID),
        ("POST", "/api/v1/layers/pipes/select", {"polygon": SQUARE}, UNDERGROUND),
    ],
    "tiles.tile": [
        ("GET", "/tiles/districts/0/0/0.mvt", None, EVERYONE),
        ("GET", "/tiles/components/0/0/0.mvt", None, GRID),
        ("GET", "/tiles/pipes/0/0/0.mvt", None, UNDERGROUND),
        ("GET", "/tiles/hazard_sites/0/0/0.mvt", None, HAZARDS),
    ],
    "search.search": [("GET", "/api/v1/search?q=P", None, EVERYONE)],
    "locate.locate": [("GET", f"/api/v1/locate?{AT}", None, EVERYONE)],
    "locate.scene": [("GET", "/api/v1/scene", None, EVERYONE)],
    "dossier.dossier": [("GET", f"/api/v1/dossier?{AT}", None, EVERYONE)],
    "cases.page": [("GET", "/api/v1/cases", None, CASES)],
    "cases.counts": [("GET", "/api/v1/cases/counts", None, CASES)],
    "cases.classes": [("GET", "/api/v1/cases/classes", None, REPORTERS)],
    "cases.report": [
        (
            "POST",
            "/api/v1/cases",
            lambda: {"id": str(uuid4()), "class_code": "0401", "lon": 117.2005, "lat": 39.1005},
            REPORTERS,
        )
    ],
    "cases.conditions": [("GET", "/api/v1/cases/conditions?class_code=0401", None, CASES)],
    "cases.explanation": [("GET", f"/api/v1/cases/{NOBODY}/explanation", None, set())],
    "cases.duplicates": [("GET", f"/api/v1/cases/{NOBODY}/duplicates", None, set())],
    "cases.one": [("GET", f"/api/v1/cases/{NOBODY}", None, set())],
    "cases.move": [
        ("POST", f"/api/v1/cases/{NOBODY}/moves", {"action": "close", "version": 1}, set())
    ],
    "cases.photo": [("GET", f"/api/v1/cases/{NOBODY}/photos/a", None, set())],
    "cases.add_photo": [("POST", f"/api/v1/cases/{NOBODY}/photos/a", b"\xff\xd8", set())],
    "events.stream": [("GET", "/events", None, EVERYONE)],
    "events.news": [("GET", "/api/v1/events", None, EVERYONE)],
    "jobs.listed": [("GET", "/api/v1/jobs", None, EVERYONE)],
    "jobs.one": [("GET", f"/api/v1/jobs/{NOBODY}", None, set())],
    "jobs.cancel": [("POST", f"/api/v1/jobs/{NOBODY}/cancel", None, set())],
    "openapi.document": [("GET", "/api/v1/openapi.json", None, EVERYONE)],
    "hazards.levels": [("GET", "/api/v1/hazards/levels", None, HAZARDS)],
    "hazards.models": [("GET", "/api/v1/hazards/models", None, HAZARDS)],
    "hazards.run": [
        (
            "POST",
            "/api/v1/hazards/runs",
            {"lon": 117.2005, "lat": 39.1005, "masses_kg": {"likely": 100}},
            HAZARDS,
        )
    ],
    "hazards.zone": [
        (
            "POST",
            "/api/v1/hazards/zones",
            {
                "model": "bleve-fireball",
                "lon": 117.2005,
                "lat": 39.1005,
                "mass_kg": {"likely": 1000},
                "heat_mj_kg": 46.3,
            },
            HAZARDS,
        )
    ],
    "hazards.grade": [
        (
            "POST",
            "/api/v1/hazards/grades",
            {"substances": [{"row": 1, "quantity_t": 20}]},
            HAZARDS,
        )
    ],
    "hazards.probit": [
        (
            "POST",
            "/api/v1/hazards/probits",
            {"name": "chlorine", "value": 250, "minutes": 30},
            HAZARDS,
        )
    ],
    "hazards.recent": [("GET", "/api/v1/hazards/runs", None, HAZARDS)],
    "hazards.one": [("GET", f"/api/v1/hazards/runs/{NOBODY}", None, set())],
    "hazards.sheet": [("POST", f"/api/v1/hazards/runs/{NOBODY}/sheet", {"time": "day"}, set())],
    "dossier_page.page": [("GET", f"/dossier?{AT}", None, EVERYONE)],
    "sheets.plan": [
        ("POST", "/api/v1/sheets/plan", {"layer": "pipes", "polygon": SMALL}, SHEETS),
    ],
    "sheets.print_sheet": [
        ("POST", "/api/v1/sheets", {"layer": "pipes", "polygon": SMALL}, SHEETS),
    ],
    "imports.page": [("GET", "/data", None, EVERYONE)],
    "deliveries.receive": [("POST", "/api/v1/imports", ("a.json", b'{"a": 1}'), MANAGERS)],
    "deliveries.latest": [("GET", "/api/v1/imports", None, MANAGERS)],
    "deliveries.one": [("GET", "/api/v1/imports/999999", None, set())],
    "deliveries.look": [("POST", "/api/v1/imports/999999/look", {"layer": "x"}, set())],
    "deliveries.bring": [("POST", "/api/v1/imports/999999/import", {"layer": "x"}, set())],
    "deliveries.undo": [("POST", "/api/v1/imports/999999/undo", {}, set())],
    "deliveries.refused": [("GET", "/api/v1/imports/999999/refused.csv", None, set())],
    "exports.at_once": [
        ("GET", "/api/v1/exports/districts?format=csv", None, TAKERS | {Role.EMERGENCY}),
        ("GET", "/api/v1/exports/pipes?format=csv", None, SHEETS),
    ],
    "exports.submit": [("POST", "/api/v1/exports", {"layer": "pipes", "format": "csv"}, SHEETS)],
    "exports.selection": [
        ("POST", "/api/v1/exports/file", {"layer": "pipes", "within": SQUARE}, SHEETS)
    ],
    "exports.fetch": [("GET", f"/api/v1/exports/jobs/{NOBODY}/file", None, set())],
    "health.metrics": [("GET", "/metrics", None, {Role.SYSTEM_ADMIN})],
    "audit.entries": [("GET", "/api/v1/audit", None, {Role.AUDITOR})],
    "audit.check": [("GET", "/api/v1/audit/check", None, {Role.AUDITOR})],
    "underground.sums": [
        ("POST", "/api/v1/underground/sums", {"polygon": SQUARE}, UNDERGROUND),
    ],
}
_SAMPLES = {
    "number": "1",
    "layer": "pipes",
    "z": "0",
    "x": "0",
    "y": "0",
    "name": "a",
    "key": "P-0",
}


@pytest.fixture(scope="module")
def everyone(app, services):
    """A signed-in client for each role, its token in ``client.token``."""
    hashed = hash_password(PASSWORD)
    with services.store.writing() as tx:
        for role in ROLES:
            account = Account(0, f"of-{role}", str(role), frozenset({role}), department="urban")
            tx.accounts.add(account, hashed)
    clients = {}
    for role in ROLES:
        client = clients[role] = app.test_client()
        page = client.get("/login").text
        token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        form = {"username": f"of-{role}", "password": PASSWORD, "csrf_token": token}
        assert client.post("/login", data=form).status_code == 302
        page = client.get("/map").text
        client.token = page.split('name="csrf-token" content="')[1].split('"')[0]
    return clients


def rules(app):
    """(endpoint, method, address with something filled in) of every rule."""
    return [
        (rule.endpoint, method, re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", _filled, rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


def _filled(part):
    return _SAMPLES.get(part[1], str(NOBODY) if part[1].endswith("_id") else "x")


def ask(client, method, address, body=None, token=True):
    headers = {"X-CSRFToken": client.token} if token else {}
    if isinstance(body, bytes):
        return client.open(
            address, method=method, data=body, content_type="image/jpeg", headers=headers
        )
    if isinstance(body, tuple):
        name, data = body
        form = {"file": (io.BytesIO(data), name)}
        return client.open(address, method=method, data=form, headers=headers)
    return client.open(address, method=method, json=body, headers=headers)


def test_every_address_is_closed_to_visitors_unless_it_is_among_the_open_ones(app):
    visitor = app.test_client()
    for endpoint, method, address in rules(app):
        if endpoint in OPEN:
            continue
        page = visitor.open(address, method=method)
        program = visitor.open(address, method=method, headers={"Accept": "application/json"})
        assert program.status_code in (401, 403), (method, address)
        assert program.json["error"]["code"] in ("auth.required", "csrf.missing")
        assert page.status_code in (302, 401, 403), (method, address)
        if page.status_code == 302:
            assert page.location.startswith("/login"), (method, address)


def test_no_view_marked_open_is_missing_from_the_list(app):
    marked = {e for e, v in app.view_functions.items() if getattr(v, "open_to_all", False)}
    assert marked - OPEN == set()


def test_every_changing_address_wants_the_token(app, everyone):
    client = everyone[Role.DATA_MANAGER]
    for endpoint, method, address in rules(app):
        if method == "GET" or endpoint.startswith("security."):
            continue
        answer = ask(client, method, address, {}, token=False)
        assert answer.status_code == 403, (method, address)
        assert answer.json["error"]["code"] == "csrf.missing"


def test_no_address_changes_anything_by_get(app):
    both = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
    ]
    # Signing in and out of the library: their GET shows the form.
    assert [r for r in both if not r.startswith(("/login", "/change", "/tf-", "/verify"))] == []


def test_every_address_is_in_the_table(app):
    endpoints = {e for e, *_ in rules(app) if not e.startswith("security.")}
    assert endpoints - TABLE.keys() - OPEN == set()
    assert TABLE.keys() - endpoints == set()


def test_every_interface_is_in_its_document(app):
    bare = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        and not hasattr(app.view_functions[rule.endpoint], "contract")
    ]
    assert bare == ["/api/v1/openapi.json"]


def test_two_models_of_one_name_are_two_in_the_document(app):
    document = describe(app, "CityOps", "0")
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "requestBody" not in operation:
                continue
            named = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            rule = next(
                r
                for r in app.url_map.iter_rules()
                if r.endpoint == operation["operationId"] and method.upper() in r.methods
            )
            model = app.view_functions[rule.endpoint].contract.body
            told = schemas[named.rpartition("/")[2]]["properties"]
            assert set(told) == set(model.model_fields), path


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_answered_where_the_table_says_so_and_refused_elsewhere(everyone, role):
    client = everyone[role]
    for cases in TABLE.values():
        for method, address, body, roles in cases:
            answer = ask(client, method, address, body() if callable(body) else body)
            where = (method, address, answer.status_code)
            if role in roles:
                assert answer.status_code in (200, 201, 202, 204, 302), where
            else:
                assert answer.status_code in (403, 404), where
                assert answer.json["error"]["kind"] in ("forbidden", "not_found"), where


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_a_method_that_an_address_does_not_know_is_405_with_those_it_knows(everyone, method):
    answer = ask(everyone[Role.PLANNER], method, "/api/v1/layers")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.json["error"]["code"] == "http.405"
