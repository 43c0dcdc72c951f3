"""Nothing that a person may not see is in any byte that the program sends them.

Every value of every layer is a canary that occurs nowhere else. For accounts of every role, and
of random roles, areas and categories, all reading addresses are asked, and each answer is
searched for the canaries of what that account may not see, by a rule written down here anew.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from uuid import UUID

import numpy as np
import pytest
import shapely

from cityops.bootstrap import Services
from cityops.services.accounts import Account, hash_password
from cityops.services.case_report import Report
from cityops.services.deliveries import Delivery, DeliveryState
from cityops.services.exports.service import ExportOptions
from cityops.services.exports.writers import WRITERS
from cityops.services.hazards.requests import BlastRequest
from cityops.services.hazards.service import HazardService
from cityops.services.mapfiles import take_layers
from cityops.services.permissions import GRANTS, Action
from cityops.services.roles import Person, Role
from cityops.settings import Settings
from cityops.store.database import create_all
from gis.errors import ForbiddenError
from gis.features import FeatureBatch, object_array
from gis.layers import (
    CodeItem,
    FieldSpec,
    FieldType,
    GeometryKind,
    LayerRegistry,
    LayerSpec,
    Style,
    Title,
    installed_layers,
)
from grid.classes import ClassKey
from grid.flow.states import CaseSource
from webmap.api.sheets import SheetBody
from webmap.foliummap.page import Part, map_page

PASSWORD = "open-sesame-7"
WEST, EAST, NOWHERE = "990101001001", "990102001001", ""
AREAS = (WEST, EAST, NOWHERE, WEST, EAST)
#: Layers of places and divisions: their codes and names are public, and `locate` tells them all.
PUBLIC = {"districts", "streets", "communities"}
LON, LAT = 117.2, 39.1
CASE_CLASS = ClassKey("event", "GB/T 30428.2-2013", "0401")
_CANARY = re.compile(rb"cny[0-9a-f]{12}")


def _hidden(name: str, kind: FieldType, *roles: str, **more) -> FieldSpec:
    return FieldSpec(name, Title(name, name), kind, seen_by=frozenset(roles), in_tiles=True, **more)  # type: ignore[arg-type]


#: A layer with a restricted field of every type; the class by which it is drawn is one of them.
VAULT = LayerSpec(
    name="vault",
    title=Title("密库", "Vault"),
    group="underground",
    geometry=GeometryKind.POINT,
    fields=(
        FieldSpec("code", Title("号", "Code"), FieldType.TEXT, required=True, in_tiles=True),
        FieldSpec(
            "kind",
            Title("类", "Kind"),
            FieldType.CODE,
            codes=tuple(CodeItem(k, Title(k, k)) for k in ("gas", "water", "heat")),
            in_tiles=True,
        ),
        _hidden("label", FieldType.TEXT, "data_manager"),
        _hidden("pressure_pa", FieldType.REAL, "data_manager", "planner"),
        _hidden("meter", FieldType.INTEGER, "data_manager", "emergency"),
        _hidden("sealed_on", FieldType.DATE, "data_manager", "pipeline_owner"),
        _hidden(
            "secret_class",
            FieldType.CODE,
            "data_manager",
            codes=tuple(CodeItem(f"cnyaaaaaaaaaa{i:02d}", Title(f"级{i}", "L")) for i in range(5)),
        ),
    ),
    key="code",
    category_field="kind",
    label_field="label",
    style=Style(class_field="secret_class"),
)


@dataclass
class Town:
    """The application, its people, and where each canary comes from."""

    app: object = field(repr=False)
    services: Services = field(repr=False)
    registry: LayerRegistry = field(repr=False)
    people: dict[str, Person] = field(repr=False)
    #: value -> (layer, row number, field)
    canaries: dict[object, tuple[str, int, str]] = field(repr=False)
    #: layer -> [(key, area, category, longitude as text)]
    rows: dict[str, list[tuple[str, str, str | None, str]]] = field(repr=False)
    #: canary -> (area, reporter)
    cases: dict[str, tuple[str, str]] = field(repr=False)
    #: canaries of reports on deliveries
    refused: set[str] = field(default_factory=set, repr=False)
    #: sha256 of an answer -> canaries in it
    searched: dict[bytes, set[object]] = field(default_factory=dict, repr=False)


def _canary(*parts: object) -> str:
    return "cny" + hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _value(spec: LayerSpec, f: FieldSpec, row: int, number: int) -> object:
    if f.type is FieldType.TEXT:
        return _canary(spec.name, f.name, row)
    if f.type is FieldType.CODE:
        return f.codes[row % len(f.codes)].code
    if f.type is FieldType.REAL:
        return 71_000 + number + (8 * row + 5) / 1024  # whole in binary, so written the same by all
    if f.type is FieldType.INTEGER:
        return 5_000_001_234 + number * 100_000 + row * 10_000  # no rounding makes one another
    if f.type is FieldType.DATE:
        return date(1931, 1, 1) + timedelta(days=number * 10 + row)
    return bool(row % 2)


def _rows_of(spec: LayerSpec, at: int) -> FeatureBatch:
    lon = LON + at / 10_000 + np.arange(len(AREAS)) / 100_000 + 3e-7
    make = {
        GeometryKind.POINT: lambda x: shapely.Point(x, LAT),
        GeometryKind.LINE: lambda x: shapely.LineString([(x, LAT), (x + 4e-6, LAT + 1e-4)]),
        GeometryKind.POLYGON: lambda x: shapely.box(x, LAT, x + 4e-6, LAT + 1e-4),
    }[spec.geometry]
    return FeatureBatch(
        spec=spec,
        fids=np.full(len(AREAS), -1, np.int64),
        geometry=object_array(make(round(float(x), 7)) for x in lon),
        columns={
            f.name: object_array(_value(spec, f, row, at * 30 + n) for row in range(len(AREAS)))
            for n, f in enumerate(spec.fields)
        },
        areas=object_array(AREAS),
        extra=object_array({"undeclared": _canary(spec.name, "extra", r)} for r in range(5)),
    )


def _people() -> dict[str, tuple[set[Role], tuple[str, ...], dict[str, frozenset[str]]]]:
    """An account of each role without limits, and nine of random roles with random limits."""
    rng = np.random.default_rng(7)
    made = {role.value: ({role}, (), {}) for role in Role if role is not Role.CITIZEN}
    groups = (Role.PLANNER, Role.PIPELINE_OWNER, Role.EMERGENCY, Role.DATA_MANAGER, Role.INSPECTOR)
    for i in range(9):
        roles = set(rng.choice(groups, rng.integers(1, 3), replace=False).tolist())
        areas = tuple(rng.choice([WEST[:6], EAST, "99"], rng.integers(0, 3), replace=False))
        kinds = frozenset(rng.choice(["gas", "water"], rng.integers(0, 3), replace=False).tolist())
        limits = {} if i % 3 == 0 else {"vault": kinds, "pipes": kinds}
        made[f"random{i}"] = ({Role(r) for r in roles}, tuple(map(str, areas)), limits)
    made["kinds"] = ({Role.DATA_MANAGER}, (), {"vault": frozenset({"gas"})})
    return made


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    from webmap.app import create_app

    chosen = Settings(data_dir=tmp_path_factory.mktemp("bytes") / "data", secret_key="k" * 40)
    chosen = Settings(**{**chosen.__dict__, "demo": True})
    registry = LayerRegistry([*installed_layers(), VAULT])
    store = create_all(chosen, registry)
    services = Services(chosen)
    services.__dict__["store"] = store
    made = Town(None, services, registry, {}, {}, {}, {})
    hashed = hash_password(PASSWORD)
    with store.writing() as tx:
        for at, spec in enumerate(registry):
            _keep(made, spec, _rows_of(spec, at), tx)
        tx.accounts.seed_roles()
        for name, (roles, areas, limits) in _people().items():
            account = Account(0, name, name, frozenset(roles), True, areas, limits, "dept-none")
            made.people[name] = tx.accounts.add(account, hashed).person
    _file_cases(made)
    _deliver(made)
    _compute_blasts(made)
    made.app = create_app(services=services)
    yield made
    store.dispose()


def _keep(made: Town, spec: LayerSpec, batch: FeatureBatch, tx) -> None:
    tx.layers.append(spec, batch, None)
    category = batch.columns[spec.category_field] if spec.category_field else [None] * len(AREAS)
    lon = shapely.bounds(batch.geometry)[:, 0]
    made.rows[spec.name] = [
        (key, area, kind, f"{x:.7f}")
        for key, area, kind, x in zip(batch.keys, batch.areas, category, lon, strict=True)
    ]
    for row in range(len(AREAS)):
        made.canaries[_canary(spec.name, "extra", row)] = (spec.name, row, "extra")
        for f in spec.fields:
            value = batch.columns[f.name][row]
            if isinstance(value, bool) or (f.type is FieldType.CODE and f.name != "secret_class"):
                continue
            made.canaries[value] = (spec.name, row, f.name)


def _file_cases(made: Town) -> None:
    reporter = made.people["inspector"]
    for number, area in enumerate((WEST, EAST)):
        text, where = _canary("case", area), _canary("address", area)
        report = Report(UUID(int=number + 1), CASE_CLASS, description=text, address=where)
        made.services.cases.report(reporter, report)
        with made.services.store.writing() as tx:
            tx.connection.exec_driver_sql(
                "UPDATE case_record SET area = ? WHERE description = ?", (area, text)
            )
        made.cases[text] = made.cases[where] = (area, "inspector")


def _deliver(made: Town) -> None:
    """A delivery of the data manager whose report quotes what was refused."""
    told = _canary("refused row")
    fault = {"row": 1, "field": "code", "code": "x", "message": told, "got": told, "hint": None}
    delivery = Delivery(
        filename=f"{told}.csv",
        sha256="0" * 64,
        size_bytes=1,
        person_id=made.people["data_manager"].id,
        at="2026-01-01T00:00:00+00:00",
        layer="vault",
        state=DeliveryState.REFUSED,
        report={"refused": [fault], "refused_rows": 1},
    )
    with made.services.store.writing() as tx:
        assert tx.deliveries.add(delivery) == 1
    made.refused.add(told)


def _compute_blasts(made: Town) -> None:
    """Runs of somebody who sees everything and of somebody in the west, at a place and a site."""
    asked = (
        BlastRequest(**blast_body(made)),
        BlastRequest(site=made.rows["hazard_sites"][0][0], anywhere=True),
    )
    for number, (name, area) in enumerate((("data_manager", ""), ("emergency", WEST[:6]))):
        person = made.people[name]
        who = Person(person.id, person.name, person.roles, (area,) if area else ())
        for n, request in enumerate(asked, 1 + len(asked) * number):
            service = HazardService(
                made.services.store,
                made.services.layers,
                made.services.areas,
                new_id=lambda n=n: UUID(int=n),
            )
            service.run(who, request)


def blast_body(made: Town) -> dict[str, object]:
    """A blast in a district, large enough to reach every row."""
    lon = float(made.rows["districts"][0][3]) + 2.4e-6
    return {"lon": lon, "lat": LAT + 5e-5, "masses_kg": {"likely": 70_123.0}}


def fireball_body(made: Town) -> dict[str, object]:
    """A fireball at the same place, as large."""
    blast = blast_body(made)
    burning = {"model": "bleve", "mass_kg": {"likely": 70_123.0}, "heat_mj_kg": 46.0}
    return {"lon": blast["lon"], "lat": blast["lat"], **burning}


def unit_body(made: Town) -> dict[str, object]:
    """A unit with chlorine whose fence has the blast in its midst."""
    x, y = (float(blast_body(made)[name]) for name in ("lon", "lat"))  # type: ignore[arg-type]
    ring = [[x - 1e-5, y - 1e-5], [x + 1e-5, y - 1e-5], [x, y + 1e-5], [x - 1e-5, y - 1e-5]]
    return {
        "substances": [{"cas": "7782-50-5", "quantity_t": 10}],
        "boundary": {"type": "Polygon", "coordinates": [ring]},
    }


# --- what a person may see, in words ------------------------------------------------------------


def roles_for(person: Person, spec: LayerSpec, action: Action) -> set[str]:
    return {r.value for r in person.roles if action in GRANTS[r].get(spec.group, ())}


def may_see_row(town: Town, person: Person, layer: str, row: int, action: Action) -> bool:
    if not roles_for(person, town.registry.get(layer), action):
        return False
    _, area, category, _ = town.rows[layer][row]
    in_area = not person.areas or any(area.startswith(p) for p in person.areas)
    wanted = person.categories.get(layer)
    return in_area and (wanted is None or category in wanted)


def may_see(town: Town, person: Person, canary: object, action: Action = Action.VIEW) -> bool:
    if canary in town.cases:
        wide = person.has(
            *(Role.INSPECTOR, Role.ACCEPTOR, Role.SHIFT_LEADER, Role.DISPATCHER),
            *(Role.STREET_OFFICER, Role.EMERGENCY, Role.DATA_MANAGER, Role.AUDITOR),
        )
        area, reporter = town.cases[canary]
        in_area = not person.areas or any(area.startswith(p) for p in person.areas)
        return (wide and in_area) or person.name == reporter
    if canary in town.refused:
        unlimited = not person.areas and not person.categories
        return person.has(Role.DATA_MANAGER) and unlimited
    layer, row, name = town.canaries[canary]
    if name == "secret_class":  # its list of codes belongs to the field, not to a row
        return bool(roles_for(person, VAULT, action) & {"data_manager"})
    if layer in PUBLIC and name in ("code", "name"):
        return True
    if not may_see_row(town, person, layer, row, action):
        return False
    spec, roles = town.registry.get(layer), roles_for(person, town.registry.get(layer), action)
    shown = {f.name: f.seen_by is None or bool(roles & f.seen_by) for f in spec.fields}
    # Undeclared columns have no rule of their own: only who sees every field sees them.
    return all(shown.values()) if name == "extra" else shown[name]


@lru_cache(maxsize=None, typed=True)
def forms(value: object) -> list[bytes]:
    """A value as it may stand in text, in a tile, in SQLite, in FlatGeobuf and in a workbook."""
    if isinstance(value, float):
        return [repr(value).encode(), *(struct.pack(f, value) for f in ("<d", ">d", "<f"))]
    if isinstance(value, int):
        plain, zigzag = _varint(value), _varint(value << 1)
        return [
            str(value).encode(),
            plain,
            zigzag,
            value.to_bytes(6, "big"),
            struct.pack("<q", value),
        ]
    if isinstance(value, date):
        sheet_day = f"<v>{(value - date(1899, 12, 30)).days}</v>"
        return [value.isoformat().encode(), f"{value:%Y%m%d}".encode(), sheet_day.encode()]
    return [str(value).encode()]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def unpacked(data: bytes) -> bytes:
    """The bytes with the members of a zip (also xlsx) behind them."""
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return data + b"".join(archive.read(name) for name in archive.namelist())


def found_in(town: Town, data: bytes) -> set[object]:
    """Canaries that the bytes hold, in whatever form; equal answers to many are searched once."""
    key = hashlib.sha256(data).digest()
    if key not in town.searched:
        town.searched[key] = _search(town, data)
    return town.searched[key]


def _search(town: Town, data: bytes) -> set[object]:
    texts = {text.decode() for text in _CANARY.findall(data)}
    numbers = {
        value
        for value in town.canaries
        if not isinstance(value, str) and any(form in data for form in forms(value))
    }
    known = town.canaries.keys() | town.cases.keys() | town.refused
    return (texts & known) | numbers


def stands_in(number: str, data: bytes) -> bool:
    """Whether a decimal number is in a text, also with the noise of binary fractions behind it."""
    if number.encode() not in data:
        return False
    return re.search(re.escape(number.encode()) + rb"(?:00000\d*)?(?!\d)", data) is not None


def check(town: Town, person: Person, data: bytes, where: str, action: Action = Action.VIEW):
    """Fail when `data` holds what the person may not see; gives what it holds."""
    held = found_in(town, unpacked(data)) - found_in(town, where.encode())  # asked for: echoed
    leaked = [town.canaries.get(c, c) for c in held if not may_see(town, person, c, action)]
    assert leaked == [], f"{person.name} sees {leaked[:5]} in {where}"
    for layer, rows in town.rows.items():
        for number, (_, _, _, lon) in enumerate(rows):
            if stands_in(lon, data):
                assert layer in PUBLIC or may_see_row(town, person, layer, number, action), (
                    f"{person.name} sees where {layer} {number} lies in {where}"
                )
    return held


# --- what is asked ------------------------------------------------------------------------------


def tiles_at(town: Town, layer: str) -> list[str]:
    lon = float(town.rows[layer][0][3])
    out = []
    for zoom in (0, 8, 14, 16):
        n = 2**zoom
        x = int((lon + 180) / 360 * n)
        y = int((1 - np.arcsinh(np.tan(np.radians(LAT))) / np.pi) / 2 * n)
        out.append(f"/tiles/{layer}/{zoom}/{x}/{y}.mvt")
    return out


def of_every_layer(town: Town, *tails: str) -> list[str]:
    return [f"/api/v1/layers/{layer}/{tail}" for layer in town.rows for tail in tails]


def around(town: Town, layer: str = "vault") -> str:
    return f"lon={float(town.rows[layer][0][3]) + 0.0000305:.7f}&lat={LAT + 0.0000305:.7f}"


#: endpoint -> addresses to ask. Addresses without a part to fill in are asked as they are; a
#: reading endpoint that has such parts and is not here fails the test.
ASKED = {
    "layers.features": lambda t: of_every_layer(
        t, "features", "features?bbox=117,39,118,40&limit=2", "features?q=cny&limit=50"
    ),
    "layers.values": lambda t: [
        f"/api/v1/layers/{layer}/values?field={name}"
        for layer in t.rows
        for name in t.registry.get(layer).field_names
    ],
    "layers.feature": lambda t: [
        f"/api/v1/layers/{layer}/features/{key}"
        for layer, rows in t.rows.items()
        for key, *_ in rows
    ],
    "tiles.tile": lambda t: [a for layer in t.rows for a in tiles_at(t, layer)],
    "search.search": lambda t: [
        "/api/v1/search?q=cny&limit=50",
        *(f"/api/v1/search?q={rows[1][0]}" for rows in t.rows.values()),
    ],
    "dossier.dossier": lambda t: [f"/api/v1/dossier?{around(t)}&radius_m=500"],
    "dossier_page.page": lambda t: [f"/dossier?{around(t)}&radius_m=500"],
    "locate.locate": lambda t: [f"/api/v1/locate?{around(t, 'components')}"],
    "cases.page": lambda t: [
        "/api/v1/cases?format=geojson",
        "/api/v1/cases?inbox=true",
        "/api/v1/cases?mine=true",
    ],
    "deliveries.one": lambda t: ["/api/v1/imports/1"],
    "deliveries.refused": lambda t: ["/api/v1/imports/1/refused.csv"],
    "exports.at_once": lambda t: [f"/api/v1/exports/{layer}?format=csv" for layer in t.rows],
    "exports.fetch": lambda t: [f"/api/v1/exports/jobs/{UUID(int=5)}/file"],
    "cases.explanation": lambda t: [f"/api/v1/cases/{UUID(int=n)}/explanation" for n in (1, 2)],
    "cases.duplicates": lambda t: [f"/api/v1/cases/{UUID(int=n)}/duplicates" for n in (1, 2)],
    "cases.one": lambda t: [f"/api/v1/cases/{UUID(int=n)}" for n in (1, 2)],
    "cases.photo": lambda t: [f"/api/v1/cases/{UUID(int=n)}/photos/a" for n in (1, 2)],
    "events.news": lambda t: ["/api/v1/events?after=0"],
    "hazards.one": lambda t: [f"/api/v1/hazards/runs/{UUID(int=n)}" for n in (1, 2, 3, 4)],
    "jobs.one": lambda t: [f"/api/v1/jobs/{UUID(int=1)}"],
}

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[117, 39], [118, 39], [118, 40], [117, 40], [117, 39]]],
}
#: endpoint -> (address, body) of questions that are posted because they are long.
POSTED = {
    "layers.select": lambda t: [
        (f"/api/v1/layers/{layer}/select", {"polygon": SQUARE}) for layer in t.rows
    ],
    "underground.sums": lambda t: [("/api/v1/underground/sums", {"polygon": SQUARE})],
    "exports.selection": lambda t: [
        ("/api/v1/exports/file", {"layer": layer, "format": "geojson"}) for layer in t.rows
    ],
    "sheets.plan": lambda t: [("/api/v1/sheets/plan", sheet_body(t, "vault"))],
    "hazards.run": lambda t: [("/api/v1/hazards/runs", blast_body(t))],
    "hazards.zone": lambda t: [("/api/v1/hazards/zones", fireball_body(t))],
    "hazards.grade": lambda t: [("/api/v1/hazards/grades", unit_body(t))],
    "hazards.probit": lambda t: [
        ("/api/v1/hazards/probits", {"name": "chlorine", "value": 250, "minutes": 30})
    ],
}
#: Endpoints that change something and answer with what the person gave or may see anyway.
CHANGING = {
    *("cases.report", "cases.move", "cases.add_photo", "jobs.cancel", "exports.submit"),
    *("deliveries.receive", "deliveries.look", "deliveries.bring", "deliveries.undo"),
}


def sheet_body(town: Town, layer: str) -> dict[str, object]:
    """A map sheet with all rows of a layer and a list of them."""
    x = float(town.rows[layer][0][3])
    ring = [(x - 1e-4, LAT - 1e-4), (x + 2e-4, LAT - 1e-4), (x + 2e-4, LAT + 2e-4)]
    ring += [(x - 1e-4, LAT + 2e-4), (x - 1e-4, LAT - 1e-4)]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    return {"layer": layer, "polygon": polygon, "with_list": True, "paper": "A3"}


def reading_rules(app) -> dict[str, list[str]]:
    """Endpoint -> its addresses that have no part to fill in."""
    found: dict[str, list[str]] = {}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.endpoint.startswith(("security.", "static")):
            found.setdefault(rule.endpoint, []).extend([] if rule.arguments else [rule.rule])
    return found


def answers(town: Town, person: Person) -> Iterator[tuple[str, bytes]]:
    client = town.app.test_client()
    page = client.get("/login").text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"username": person.name, "password": PASSWORD, "csrf_token": token}
    assert client.post("/login", data=form).status_code == 302
    for endpoint, plain in sorted(reading_rules(town.app).items()):
        if endpoint == "audit.entries":
            continue  # auditors see what every act was about: keys of rows, never their values
        for address in [*plain, *ASKED.get(endpoint, lambda _: [])(town)]:
            answer = client.get(address)
            assert answer.status_code < 500, address
            yield address, answer.data
    page = client.get("/map").text
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    headers = {"X-CSRFToken": token}
    for endpoint in POSTED.keys() & town.app.view_functions.keys():
        for address, body in POSTED[endpoint](town):
            answer = client.post(address, json=body, headers=headers)
            assert answer.status_code < 500, address
            yield address, answer.data


def test_no_reading_address_is_forgotten(town):
    rules = reading_rules(town.app)
    assert [e for e, plain in rules.items() if not plain and e not in ASKED] == []
    assert ASKED.keys() - rules.keys() == set()
    posts = {r.endpoint for r in town.app.url_map.iter_rules() if "POST" in r.methods}
    # Sheets are printed for a few people only, in a test of their own below.
    known = POSTED.keys() | CHANGING | {"sheets.print_sheet", "hazards.sheet"}
    assert {e for e in posts if not e.startswith("security.")} == known


@pytest.mark.parametrize("name", [*_people()])
def test_no_answer_holds_what_its_person_may_not_see(town, name):
    person = town.people[name]
    held: set[object] = set()
    for address, data in answers(town, person):
        held |= check(town, person, data, address)
    # Not vacuous: whatever they may see of layers and cases was in some answer.
    wanted = {
        c
        for c in (*town.canaries, *town.cases, *town.refused)
        if may_see(town, person, c) and c not in held
    }
    assert {town.canaries.get(c, c) for c in wanted if not _is_public(town, c)} == set()


def _is_public(town: Town, canary: object) -> bool:
    return canary in town.canaries and town.canaries[canary][0] in PUBLIC


@pytest.mark.parametrize("name", ["data_manager", "planner", "pipeline_owner"])
@pytest.mark.parametrize("form", sorted(WRITERS))
def test_no_export_holds_what_its_person_may_not_see(town, tmp_path, name, form):
    person = town.people[name]
    out = tmp_path / f"out{WRITERS[form][1]}"
    for layer in ("vault", "pipes"):
        town.services.exports.run(person, layer, out, ExportOptions(format=form))
        held = check(town, person, out.read_bytes(), form, Action.EXPORT)
        assert {
            c
            for c, (of, *_) in town.canaries.items()
            if of == layer and may_see(town, person, c, Action.EXPORT)
        } - held == set()


@pytest.mark.parametrize("name", [n for n in _people() if n.startswith("random")])
def test_no_export_of_a_limited_person_holds_more_than_their_part(town, tmp_path, name):
    person = town.people[name]
    for spec in town.registry:
        out = tmp_path / "out.geojson"
        if not roles_for(person, spec, Action.EXPORT):
            with pytest.raises(ForbiddenError):
                town.services.exports.run(person, spec.name, out, ExportOptions())
            continue
        town.services.exports.run(person, spec.name, out, ExportOptions())
        check(town, person, out.read_bytes(), spec.name, Action.EXPORT)


@pytest.mark.parametrize("name", ["planner", "emergency", "data_manager", "random1", "random4"])
def test_no_map_file_holds_what_its_person_may_not_see(town, name):
    person = town.people[name]
    names = [s.name for s in town.registry if roles_for(person, s, Action.EXPORT)]
    taken = take_layers(town.services.store, person, names, box=None, most=1000)
    page = map_page([Part(t.spec, t.batch, t.fields) for t in taken], "图", made=datetime.now(UTC))
    check(town, person, page.encode(), "map file", Action.EXPORT)


@pytest.mark.parametrize(
    "name", ["planner", "pipeline_owner", "data_manager", "random1", "random8"]
)
def test_no_map_sheet_holds_what_its_person_may_not_see(town, read_pdf, name):
    person = town.people[name]
    with town.app.app_context():
        asked = SheetBody(**sheet_body(town, "vault")).request()
    made = town.services.sheets.print(person, asked)
    words = read_pdf(made.pdf).everything()
    text = made.pdf + words.encode() + re.sub(r"\s|-", "", words).encode()
    held = check(town, person, text, "sheet", Action.EXPORT)
    keys = {key for at, (key, *_) in enumerate(town.rows["vault"])
            if may_see_row(town, person, "vault", at, Action.EXPORT)}  # fmt: skip
    assert keys <= held


@pytest.mark.parametrize("name", [n for n, p in _people().items() if p[0] & {Role.EMERGENCY}])
def test_no_situation_sheet_holds_what_its_person_may_not_see(town, read_pdf, name):
    person = town.people[name]
    run = town.services.hazards.run(person, BlastRequest(**blast_body(town)))
    sheet = town.services.situation_sheets.print(person, UUID(run["run_id"]), None, "day")
    words = read_pdf(sheet.pdf).everything()
    text = sheet.pdf + words.encode() + re.sub(r"\s|-", "", words).encode()
    check(town, person, text, "situation sheet")


def test_who_handles_a_case_does_not_learn_who_reported_it(town):
    handler = Person(99, "handler", frozenset({Role.DEPARTMENT}), department="urban")
    with town.services.store.writing() as tx:
        tx.connection.exec_driver_sql(
            "UPDATE case_record SET flow = json_set(flow, '$.department', 'urban')"
        )
    told = town.services.cases.get(handler, UUID(int=1))
    assert told["description"] in town.cases
    assert "inspector" not in str({k: v for k, v in told.items() if k != "actions"})
    assert told["source"] == CaseSource.PATROL.value
