"""Bad query strings, addresses and tiles, for every parameter that the OpenAPI document names."""

from __future__ import annotations

import re
from urllib.parse import quote
from uuid import UUID

import pytest

from webmap.validated import describe

AT = "lon=117.2005&lat=39.1005"
#: parameters that an address needs beside the one under test
NEEDED = {"/api/v1/dossier": AT, "/api/v1/locate": AT, "/api/v1/search": "q=a", "/dossier": AT}
NUMBERS = ("nan", "inf", "-inf", "1e400", "0x10", "1_0", "", " ", "1;2", "' or 1=1 --", "%00")
WHOLE = (*NUMBERS, "-1", "1.5", "9" * 400, "１２")
BOXES = (
    *("1,2,3", "1,2,3,4,5", "118,39,117,40", "117,40,118,39", "nan,39,118,40", "117,39,118,1e400"),
    *("117,39,500,40", "１１７,39,118,40", "", ",,,", "117,39,118,40;drop", "-inf,-inf,inf,inf"),
    *("[117,39,118,40]", "117 39 118 40", "9" * 400 + ",0,0,0"),
)
#: Texts that would do something if they were ever taken for more than text.
TEXTS = (
    *("' or 1=1 --", '"; DROP TABLE lyr_pipes; --', "%' OR '1'='1", "\\", "%", "_", "*", "(a+)+$"),
    *("strStartsWith(x,'''')=true", "exec(java.lang.Runtime.getRuntime())", "__class__"),
    *(
        "${jndi:ldap://x}",
        "{{7*7777777}}",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "a/../b",
    ),
    *("\u202e", "\ud7ff", "😀" * 20, "\t\r\n", "(select password from users)", "name;drop table"),
)


@pytest.fixture(scope="module")
def reads(app):
    """(address, parameters) of every reading operation with a query."""
    out = []
    for path, methods in describe(app, "CityOps", "0")["paths"].items():
        asked = [p for p in methods.get("get", {}).get("parameters", []) if p["in"] == "query"]
        filled = re.sub(
            r"\{(\w+)\}", lambda m: "pipes" if m[1] == "layer" else str(UUID(int=7)), path
        )
        if asked:
            out.append((filled, asked))
    return out


@pytest.fixture(scope="module")
def client(app):
    """The data manager."""
    made = app.test_client()
    page = made.get("/login").text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"username": "data", "password": "open-sesame-7", "csrf_token": token}
    assert made.post("/login", data=form).status_code == 302
    return made


def ask(client, path, name, value):
    others = [p for p in NEEDED.get(path, "").split("&") if p and not p.startswith(f"{name}=")]
    return client.get(f"{path}?{'&'.join([*others, f'{name}={quote(value)}'])}")


def check_refused(answer, path, status=400):
    assert answer.status_code == status, (path, answer.status_code, answer.data[:300])
    assert answer.json["error"]["kind"] == "invalid"
    assert answer.json["error"]["message"]


def kinds(schema):
    return {schema.get("type"), *(part.get("type") for part in schema.get("anyOf", ()))}


@pytest.mark.parametrize("value", WHOLE)
def test_no_whole_number_but_a_whole_number_is_taken(client, reads, value):
    for path, parameters in reads:
        for parameter in parameters:
            capped = parameter["name"] == "limit" and value == "9" * 400
            if "integer" in kinds(parameter["schema"]) and not capped:
                check_refused(ask(client, path, parameter["name"], value), (path, parameter))


#: Addresses that tell the person of these tests nothing, whatever is asked.
AUDITORS_ONLY = {"/api/v1/audit"}


@pytest.mark.parametrize("value", NUMBERS)
def test_no_number_but_a_finite_number_is_taken(client, reads, value):
    for path, parameters in reads:
        for parameter in parameters:
            if "number" in kinds(parameter["schema"]):
                check_refused(ask(client, path, parameter["name"], value), (path, parameter))


@pytest.mark.parametrize("value", BOXES)
def test_no_box_but_four_degrees_in_order_is_taken(client, reads, value):
    paths = [path for path, asked in reads if "bbox" in {p["name"] for p in asked}]
    assert len(paths) >= 2
    for path in paths:
        check_refused(ask(client, path, "bbox", value), path)


def test_the_whole_world_and_huge_limits_are_capped_or_refused(client, reads):
    for path, asked in reads:
        names = {p["name"] for p in asked}
        if "bbox" in names:
            assert client.get(f"{path}?bbox=-180,-90,180,90").status_code == 200
        if "limit" in names:
            needed = NEEDED.get(path, "")
            answer = client.get(f"{path}?{needed}&limit=1000000000")
            assert answer.status_code in (200, 400), path
            check_refused(client.get(f"{path}?{needed}&limit=-1"), path)
            check_refused(client.get(f"{path}?{needed}&limit=0"), path)


def test_a_name_that_nobody_declared_or_that_comes_twice_is_refused(client, reads):
    for path, asked in reads:
        for extra in ("__class__=1", "a/../b=1", "exec(java.lang.Runtime)=1"):
            check_refused(client.get(f"{path}?{NEEDED.get(path, '')}&{extra}"), (path, extra))
        name = asked[0]["name"]
        check_refused(client.get(f"{path}?{NEEDED.get(path, '')}&{name}=1&{name}=1"), path)


@pytest.mark.parametrize("text", TEXTS)
def test_texts_stay_texts_in_every_query(client, reads, services, text):
    with services.store.reading() as tx:
        before = tx.layers.versions(), tx.layers.counts()
    for path, parameters in reads:
        for parameter in parameters:
            if "string" not in kinds(parameter["schema"]):
                continue
            answer = ask(client, path, parameter["name"], text)
            where = (path, parameter["name"], answer.data[:300])
            allowed = (200, 400, 403) if path in AUDITORS_ONLY else (200, 400)
            assert answer.status_code in allowed, where
            assert answer.mimetype in ("application/json", "application/geo+json"), where
            assert b"Traceback" not in answer.data, where
            assert b"54444439" not in answer.data, where
    with services.store.reading() as tx:
        assert (tx.layers.versions(), tx.layers.counts()) == before


@pytest.mark.parametrize("text", TEXTS)
def test_texts_stay_texts_in_every_part_of_an_address(client, app, text):
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or not rule.arguments or rule.endpoint.startswith("security"):
            continue
        path = re.sub(r"<(?:[^:<>]+:)?[^<>]+>", lambda _: quote(text, safe=""), rule.rule)
        answer = client.get(path)
        assert answer.status_code in (302, 308, 400, 403, 404, 405), (path, answer.status_code)
        assert b"root:" not in answer.data
        assert b"Traceback" not in answer.data


@pytest.mark.parametrize(
    "sort",
    ["name;drop table users", "(select 1)", "diameter_mm desc", "-", "--id", "id,kind", "owner_x"],
)
def test_only_a_field_can_be_sorted_by(client, sort):
    check_refused(client.get(f"/api/v1/layers/pipes/features?sort={quote(sort)}"), sort)


@pytest.mark.parametrize(
    "tile",
    [
        *("-1/0/0.mvt", "30/0/0.mvt", "23/0/0.mvt", "３/0/0.mvt", "1/２/0.mvt", "1e1/0/0.mvt"),
        *("3/9e400/0.mvt", "3/8/0.mvt", "3/0/8.mvt", "3/-1/0.mvt", "3/0/-0.mvt", "03/0/0.mvt"),
        *("3/0/0.mvt.php", "3/0/0.pbf.php", "3/0/0", "3/0/0.pbf", "3/ 1/0.mvt", "3/0/0.5.mvt"),
        *("9" * 400 + "/0/0.mvt", "0/0/0/0.mvt", "../0/0/0.mvt", "3/0/%00.mvt", "3/0/1;2.mvt"),
    ],
)
def test_a_tile_that_there_is_not_is_404_and_asks_the_store_nothing(
    client, services, monkeypatch, tile
):
    client.get("/tiles/pipes/0/0/0.mvt")

    def asked(*_, **__):
        raise AssertionError("the layer was looked at")

    monkeypatch.setattr(services.layers, "seen", asked)
    answer = client.get(f"/tiles/pipes/{tile}")
    assert answer.status_code in (404, 308), tile
    assert answer.status_code == 308 or answer.json["error"]["kind"] == "not_found"


@pytest.mark.parametrize("layer", ["nothing", "lyr_pipes", "sqlite_master", "pipes;drop", "Pipes"])
def test_a_tile_of_no_layer_is_404(client, layer):
    assert client.get(f"/tiles/{quote(layer)}/0/0/0.mvt").status_code == 404
