"""Shapes that would take minutes and gigabytes: given up in words, and the web process goes on."""

from __future__ import annotations

import math
import resource

import numpy as np
import pytest
import shapely

from cityops.jobs.shape_bench import BoundedBench
from cityops.jobs.walls import Limits
from gis.features import FeatureBatch, object_array

# Each starts children that use up their second of processor.
pytestmark = pytest.mark.server
TIGHT = Limits(memory_bytes=700 << 20, file_bytes=0, cpu_seconds=1, open_files=64)


def comb(teeth, along_x):
    at = [(0.0, 0.0)]
    for i in range(teeth):
        x, step = i / teeth, 1 / teeth
        at += [(x, 1.0), (x + 0.4 * step, 1.0), (x + 0.4 * step, 0.01), (x + step, 0.01)]
    at.append((1.0, 0.0))
    spots = [(x, y) if along_x else (y, x) for x, y in at]
    return shapely.Polygon([(117.3 + x * 0.05, 39.3 + y * 0.05) for x, y in spots])


def star(rays):
    """Every edge crosses nearly every other one: to name the places means to meet them all."""
    turn = 2 * math.pi * np.arange(rays) * (rays // 2 - 1) / rays
    ring = np.column_stack([117.3 + 0.1 * np.cos(turn), 39.3 + 0.1 * np.sin(turn)]).tolist()
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def folded(spikes):
    """Tens of thousands of spikes, each of which must be taken away before the next is seen."""
    ring = [[117.0, 38.9], [117.2, 38.9], [117.2, 39.0]]
    for i in range(spikes):
        x = 117.2 - 0.1 * (i + 1) / spikes
        ring += [[x, 39.0], [x, 39.05], [x, 39.0]]
    return {"type": "Polygon", "coordinates": [[*ring, [117.0, 39.0], ring[0]]]}


@pytest.fixture(scope="module")
def stored_comb(services):
    """A comb that somebody brought as a district, and a bench with little time and memory."""
    with services.store.writing() as tx:
        spec = tx.layers.registry().get("districts")
        rows = {"code": "990199", "name": "梳子区"}
        columns = {name: object_array([rows.get(name)]) for name in spec.field_names}
        tx.layers.append(
            spec,
            FeatureBatch(
                spec=spec,
                fids=np.full(1, -1, np.int64),
                geometry=object_array([comb(1000, True)]),
                columns=columns,
                areas=object_array(["990199"]),
            ),
            None,
        )
    services.bench = BoundedBench(services.settings.data_dir / "shapes", TIGHT)
    services.layers.bench = services.bench


@pytest.fixture
def post(sign_in):
    client = sign_in("planner")

    def send(path, body):
        return client.post(path, json=body, headers={"X-CSRFToken": client.token})

    return send


def test_a_comb_drawn_over_a_stored_comb_is_given_up_and_others_are_served(post, stored_comb):
    """Row 32."""
    drawn = shapely.geometry.mapping(comb(1000, False))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = post("/api/v1/layers/districts/select", {"polygon": drawn})
    assert answer.status_code == 422, answer.text[:300]
    assert answer.json["error"]["code"] == "geometry.too_expensive"
    assert answer.json["error"]["hint"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024
    box = shapely.geometry.mapping(shapely.box(117.31, 39.31, 117.32, 39.32))
    assert post("/api/v1/layers/districts/select", {"polygon": box}).json["count"] == 1


@pytest.mark.parametrize("shape", [star(19_999), folded(6_000)], ids=["star", "spikes"])
def test_what_takes_long_to_explain_is_refused_with_a_reason(post, stored_comb, shape):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in ("/api/v1/layers/pipes/select", "/api/v1/underground/sums"):
        answer = post(path, {"polygon": shape})
        assert answer.status_code == 422
        assert answer.json["error"]["code"].startswith("geometry.")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024


def test_the_fence_of_a_plant_is_looked_at_within_the_same_bounds(sign_in, stored_comb):
    client = sign_in("emergency")
    body = {"substances": [{"row": 1, "quantity_t": 1.0}], "boundary": star(19_999)}
    answer = client.post("/api/v1/hazards/grades", json=body, headers={"X-CSRFToken": client.token})
    assert answer.status_code == 422
    assert answer.json["error"]["code"].startswith(("geometry.", "gb18218."))


def test_when_all_places_are_taken_one_is_told_to_come_again(
    post, stored_comb, services, monkeypatch
):
    from cityops.jobs import shape_bench

    monkeypatch.setattr(shape_bench, "_taken", lambda _: False)
    monkeypatch.setattr(services.bench, "_wait_s", 0.0)
    answer = post("/api/v1/layers/pipes/select", {"polygon": star(2999)})
    assert answer.status_code == 503
    assert answer.json["error"]["code"] == "shapes.busy"
    assert int(answer.headers["Retry-After"]) >= 1
