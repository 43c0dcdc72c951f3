"""The datum of a delivery, held against a layer that its sender names."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from gis.datum import OffsetDatum, wgs84_to_offset
from gis.errors import InvalidError
from gis.features import FeatureBatch, object_array


@pytest.fixture
def streets(city):
    """A grid of streets around 117.2 E 39.12 N in the layer of roads, and lamps beside them."""
    rng = np.random.default_rng(5)
    xs = 117.19 + np.cumsum(rng.uniform(0.0008, 0.003, 9))
    ys = 39.11 + np.cumsum(rng.uniform(0.0006, 0.0025, 9))
    lines = [shapely.LineString([(x, ys[0]), (x, ys[-1])]) for x in xs]
    lines += [shapely.LineString([(xs[0], y), (xs[-1], y)]) for y in ys]
    with city.store.writing() as tx:
        spec = tx.layers.registry().get("roads")
        n = len(lines)
        columns = {f.name: np.full(n, None, object) for f in spec.fields}
        columns[spec.key] = object_array([f"R{i}" for i in range(n)])
        tx.layers.append(
            spec,
            FeatureBatch(
                spec, np.full(n, -1), object_array(lines), columns, object_array([""] * n)
            ),
            None,
        )
    along = [line.interpolate(t, normalized=True) for line in lines for t in rng.uniform(0, 1, 9)]
    return shapely.get_coordinates(along) + rng.normal(0, 3e-5, (len(along), 2))


@pytest.fixture
def lamps(tmp_path, streets):
    """Write lamps, in a datum if one is given."""

    def write(datum=None, count=None):
        xy = streets if datum is None else wgs84_to_offset(streets, datum)
        features = [
            {
                "type": "Feature",
                "properties": {"no": i},
                "geometry": {"type": "Point", "coordinates": p},
            }
            for i, p in enumerate(xy[:count].tolist())
        ]
        path = tmp_path / "lamps.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return path

    return write


def test_a_right_delivery_is_as_declared(bring, lamps):
    told = bring(lamps(), "lamps", new=True, reference="roads", dry_run=True)["suspicion"]
    assert (told["verdict"], told["cannot_tell"], told["n"]) == ("as_declared", False, 162)


def test_gcj02_without_a_word_is_suspected_with_what_to_name(bring, lamps):
    told = bring(lamps(OffsetDatum.GCJ02), "lamps", new=True, reference="roads", dry_run=True)
    assert told["suspicion"]["verdict"] == "suspicious"
    assert told["suspicion"]["best"]["crs"] == "gcj02"
    assert told["suspicion"]["margin"] > 1.5
    again = bring(
        lamps(OffsetDatum.GCJ02), "lamps", new=True, reference="roads", crs="gcj02", dry_run=True
    )
    assert again["suspicion"]["verdict"] == "as_declared"


def test_few_features_cannot_tell(bring, lamps):
    told = bring(lamps(OffsetDatum.GCJ02, 29), "lamps", new=True, reference="roads", dry_run=True)
    assert told["suspicion"]["cannot_tell"]


@pytest.mark.parametrize("layer", ["districts", "streets", "communities", "places", "coast"])
def test_generalised_layers_may_not_be_the_reference(bring, lamps, layer):
    with pytest.raises(InvalidError) as refusal:
        bring(lamps(), "lamps", new=True, reference=layer, dry_run=True)
    assert refusal.value.code == "suspicion.reference_too_coarse"
