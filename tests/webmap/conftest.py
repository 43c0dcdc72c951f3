"""A real application on a real store with a small made-up town, one account for each role."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from cityops.bootstrap import Services
from cityops.services.accounts import Account, hash_password
from cityops.services.roles import Role
from cityops.settings import Settings
from gis.features import FeatureBatch, object_array

PASSWORD = "open-sesame-7"
#: account -> roles, areas, categories
PEOPLE = {
    "inspector": ({Role.INSPECTOR}, (), {}),
    "dispatcher": ({Role.DISPATCHER}, (), {}),
    "planner": ({Role.PLANNER}, (), {}),
    "emergency": ({Role.EMERGENCY}, (), {}),
    "data": ({Role.DATA_MANAGER}, (), {}),
    "owner": ({Role.PIPELINE_OWNER}, (), {"pipes": frozenset({"gas"})}),
    "west": ({Role.PLANNER}, ("990101",), {}),
    "auditor": ({Role.AUDITOR}, (), {}),
}
WEST, EAST = "990101001001", "990102001001"


def _batch(spec, geometries, rows, areas):
    columns = {name: object_array([row.get(name) for row in rows]) for name in spec.field_names}
    return FeatureBatch(
        spec=spec,
        fids=np.full(len(rows), -1, np.int64),
        geometry=object_array(geometries),
        columns=columns,
        areas=object_array(areas),
    )


def _town(registry):
    """Six pipes in two areas (one gas pipe in each), three components, one district."""
    pipes = registry.get("pipes")
    kinds = ["water", "gas", "sewer", "water", "gas", "power"]
    lines = [
        shapely.LineString([(117.20, 39.10 + i / 1000), (117.202, 39.10 + i / 1000)])
        for i in range(6)
    ]
    rows = [
        {
            "id": f"P-{i}",
            "kind": kind,
            "diameter_mm": 100.0 * (i + 1),
            "owner_contact": f"secret-{i}",
            "source": "<script>alert(1)</script>",
        }
        for i, kind in enumerate(kinds)
    ]
    yield _batch(pipes, lines, rows, [WEST] * 3 + [EAST] * 3)
    components = registry.get("components")
    points = [shapely.Point(117.2005 + i / 10000, 39.1005) for i in range(3)]
    code = components.field_named("class_code").codes[0].code
    rows = [
        {"id": f"99010100101000{i}", "class_code": code, "class_group": "manhole"} for i in range(3)
    ]
    yield _batch(components, points, rows, [WEST] * 3)
    district = shapely.box(117.19, 39.09, 117.22, 39.12)
    yield _batch(
        registry.get("districts"), [district], [{"code": "990101", "name": "样例区"}], ["990101"]
    )


def fill(store):
    """Put the town and the people into an empty store."""
    hashed = hash_password(PASSWORD)
    with store.writing() as tx:
        for batch in _town(tx.layers.registry()):
            tx.layers.append(batch.spec, batch, None)
        tx.accounts.seed_roles()
        for name, (roles, areas, categories) in PEOPLE.items():
            tx.accounts.add(
                Account(
                    id=0,
                    username=name,
                    name=name,
                    roles=frozenset(roles),
                    areas=areas,
                    categories=categories,
                ),
                hashed,
            )


@pytest.fixture(scope="module")
def settings(tmp_path_factory, new_database) -> Settings:
    """Settings of the application under test."""
    folder: Path = tmp_path_factory.mktemp("web") / "data"
    return Settings(data_dir=folder, demo=True, secret_key="k" * 40, database_url=new_database())


@pytest.fixture(scope="module")
def services(settings):
    """Services on a filled store."""
    from cityops.store.database import create_all

    store = create_all(settings)
    fill(store)
    store.dispose()
    made = Services(settings)
    yield made
    made.store.dispose()


@pytest.fixture(scope="module")
def app(services):
    """The application."""
    from webmap.app import create_app

    return create_app(services=services)


@pytest.fixture
def client(app):
    """A browser that has not signed in."""
    return app.test_client()


@pytest.fixture
def sign_in(app):
    """Gives a signed-in client, its token in ``client.token``; `name` is one of the accounts."""

    def signed(name, password=PASSWORD):
        client = app.test_client()
        page = client.get("/login").text
        token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        answer = client.post(
            "/login", data={"username": name, "password": password, "csrf_token": token}
        )
        assert answer.status_code == 302, answer.text
        page = client.get("/map").text
        client.token = page.split('name="csrf-token" content="')[1].split('"')[0]
        return client

    return signed
