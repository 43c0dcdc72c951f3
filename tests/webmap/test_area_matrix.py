"""Role x reading address x area: whoever is limited to a district reads nothing of another one.

The addresses come from the rules of the URL map, the expectation from the list of grants and two
sentences: what is not granted is refused, and what is granted ends at the border of the district.
"""

from __future__ import annotations

import json
import re

import pytest

from cityops.services.accounts import Account, hash_password
from cityops.services.permissions import GRANTS, Action
from cityops.services.roles import Role

PASSWORD = "open-sesame-7"
AREAS = {"everywhere": (), "west": ("990101",), "east": ("990102",)}
ROLES = [role for role in Role if role is not Role.CITIZEN]
#: Keys of features in the west and in the east, for layers whose rows have both.
KEYS = {"pipes": {"west": ("P-0", "P-1", "P-2"), "east": ("P-3", "P-4", "P-5")}}
KEYS["components"] = {"west": tuple(f"99010100101000{i}" for i in range(3)), "east": ()}
GROUP = {"pipes": "underground", "components": "components"}
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[117, 39], [118, 39], [118, 40], [117, 40], [117, 39]]],
}


@pytest.fixture(scope="module")
def clients(app, services):
    """A signed-in client for each role and area."""
    hashed = hash_password(PASSWORD)
    with services.store.writing() as tx:
        for role in ROLES:
            for area, codes in AREAS.items():
                name = f"m.{role.value}.{area}"
                tx.accounts.add(Account(0, name, name, frozenset({role}), areas=codes), hashed)
    made = {}

    def client(role, area):
        if (role, area) not in made:
            made[role, area] = _signed_in(app, f"m.{role.value}.{area}")
        return made[role, area]

    return client


def _signed_in(app, name):
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)[1]
    form = {"username": name, "password": PASSWORD, "csrf_token": token}
    assert client.post("/login", data=form).status_code == 302
    client.token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/map").text)[1]
    return client


def reading_addresses(app, layer):
    """Every address below the layer that reads, by the rules of the map; ``{key}`` is one feature."""
    found = []
    for rule in app.url_map.iter_rules():
        if "<layer>" not in rule.rule or "GET" not in rule.methods:
            continue
        filled = rule.rule.replace("<layer>", layer)
        filled = re.sub(r"<(?:[^:<>]+:)?key>", "{key}", filled)
        filled = re.sub(r"<(?:[^<>]*:)?[zxy]>", "0", filled)
        found.append(filled)
    return sorted(found)


QUERIES = {"values": "?field=id", "exports": "?format=csv"}


def asked(client, address):
    query = next((q for part, q in QUERIES.items() if part in address), "")
    return client.get(address + query)


@pytest.mark.parametrize("layer", ["pipes", "components"])
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.value)
def test_what_is_granted_ends_at_the_border_of_the_district(app, clients, role, layer):
    granted = GRANTS[role].get(GROUP[layer], frozenset())
    addresses = reading_addresses(app, layer)
    assert len(addresses) >= 4
    for area in AREAS:
        client = clients(role, area)
        reached = {
            key
            for side, keys in KEYS[layer].items()
            for key in keys
            if area in ("everywhere", side)
        }
        hidden = {key for keys in KEYS[layer].values() for key in keys} - reached
        for address in addresses:
            need = Action.EXPORT if "/exports/" in address else Action.VIEW
            where = (role.value, area, address)
            if "{key}" in address:
                for key in sorted(reached | hidden):
                    answer = client.get(address.format(key=key))
                    good = need in granted and key in reached
                    assert (answer.status_code == 200) == good, (*where, key)
                    assert good or answer.status_code in (403, 404), (*where, key)
                continue
            answer = asked(client, address)
            if need not in granted:
                assert answer.status_code in (403, 404), (*where, answer.status_code)
                continue
            assert answer.status_code in (200, 204), (*where, answer.status_code)
            assert not [key for key in hidden if key.encode() in answer.data], where
            if "/features" in address or "/values" in address or "/exports/" in address:
                assert all(key.encode() in answer.data for key in reached), where


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.value)
def test_sums_over_an_area_count_what_is_reached(clients, role):
    granted = Action.VIEW in GRANTS[role].get("underground", frozenset())
    for area, expected in {"everywhere": 6, "west": 3, "east": 3}.items():
        client = clients(role, area)
        answer = client.post(
            "/api/v1/layers/pipes/select",
            json={"polygon": SQUARE},
            headers={"X-CSRFToken": client.token},
        )
        assert (answer.status_code == 200) == granted, (role, area)
        if granted:
            text = json.dumps(answer.json)
            found = {key for keys in KEYS["pipes"].values() for key in keys if f'"{key}"' in text}
            assert len(found) == expected, (role, area)


def test_the_matrix_is_not_empty(app):
    addresses = reading_addresses(app, "pipes")
    assert sum("{key}" in address for address in addresses) == 1
    assert "/tiles/pipes/0/0/0.mvt" in addresses
