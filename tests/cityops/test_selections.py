"""Selections by polygon: filters, facets, order, what is unknown."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Geod

from cityops.services.layers import rest_behind
from gis.errors import ConflictError, GeometryError, InvalidError

BLOCK = shapely.box(117.1915, 39.1160, 117.1960, 39.1190)


def pipes(services):
    """Shapes and columns of all pipes, straight from the store."""
    with services.store.reading() as tx:
        spec = tx.layers.registry().get("pipes")
        return tx.layers.load(spec)[1]


def kilometres(lines):
    """Metres by an independent geodesic."""
    geod = Geod(ellps="GRS80")
    return sum(geod.geometry_length(line) for line in lines)


@pytest.fixture
def chosen(tianjin, planner):
    """Gives the selection of the block under filters."""
    return lambda **equal: tianjin.layers.select(planner, "pipes", BLOCK, equal=equal)


def test_sums_by_class_equal_an_independent_geodesic(tianjin, chosen):
    batch = pipes(tianjin)
    hit = shapely.intersects(batch.geometry, BLOCK)
    assert chosen().total.count == int(hit.sum()) > 100
    for item in chosen().classes:
        lines = batch.geometry[hit & (batch.columns["kind"] == item.code)]
        assert item.count == len(lines)
        assert item.length_m == pytest.approx(kilometres(lines), rel=1e-6)
        inside = kilometres(shapely.intersection(lines, BLOCK))
        assert item.inside_length_m == pytest.approx(inside, rel=1e-6)


def test_a_filter_on_the_class_leaves_the_other_classes_counted(chosen):
    every, gas = chosen(), chosen(kind=["gas"])
    assert gas.classes == every.classes
    assert gas.total.count == next(c.count for c in every.classes if c.code == "gas")
    assert len(gas.fids) == gas.total.count < every.total.count


def test_a_filter_on_another_field_narrows_every_class(chosen):
    abandoned = chosen(status=["abandoned", "empty"])
    assert 0 < abandoned.total.count == sum(c.count for c in abandoned.classes) < 60


def test_what_lacks_a_value_is_summed(tianjin, chosen):
    batch = pipes(tianjin)
    hit = shapely.intersects(batch.geometry, BLOCK)
    lacking = np.array([v is None for v in batch.columns["depth_start_m"]])
    unknown = chosen().unknown("depth_start_m", "depth_end_m")
    assert unknown.count == int((hit & lacking).sum()) > 0
    assert unknown.length_m == pytest.approx(kilometres(batch.geometry[hit & lacking]), rel=1e-6)
    assert sum(c.count for c in chosen().sums_by("quality_level")) == chosen().total.count


def test_unknown_is_a_value_to_filter_by(chosen):
    without = chosen(diameter_mm=[None])
    assert without.total.count == chosen().unknown("diameter_mm").count > 0


@pytest.mark.parametrize("sort", [None, "diameter_mm", "-diameter_mm", "id", "-id"])
def test_pages_in_any_order_give_each_row_once(tianjin, planner, chosen, sort):
    fids = chosen().ordered(sort)
    seen, after = [], 0
    while True:
        page = tianjin.layers.page(planner, "pipes", fids=fids, after=after, limit=37)
        seen += page.batch.fids.tolist()
        if page.after is None:
            break
        after = page.after
    assert seen == fids.tolist()
    assert sorted(seen) == chosen().fids.tolist()


def test_unknown_values_come_last_in_both_directions(tianjin, planner, chosen):
    for sort in ("diameter_mm", "-diameter_mm"):
        page = tianjin.layers.page(planner, "pipes", fids=chosen().ordered(sort), limit=1000)
        values = page.batch.columns["diameter_mm"].tolist()
        known = [v for v in values if v is not None]
        assert known == sorted(known, reverse=sort.startswith("-"))
        assert values[len(known) :] == [None] * (len(values) - len(known))


def test_a_page_behind_a_row_that_went_says_so():
    with pytest.raises(ConflictError) as caught:
        rest_behind(np.array([1, 2, 3]), 9)
    assert caught.value.hint()


def test_hidden_fields_give_nothing_away(tianjin, planner, gas_owner):
    hidden = tianjin.layers.select(planner, "buildings", BLOCK)
    for ask in (hidden.unknown, hidden.sums_by, hidden.ordered):
        with pytest.raises(InvalidError):
            ask("people_day")
    with pytest.raises(InvalidError):
        tianjin.layers.select(planner, "buildings", BLOCK, equal={"people_day": ["3"]})


def test_a_comb_over_the_streets_is_refused_before_it_costs_minutes(tianjin, planner):
    xs = np.linspace(117.183, 117.203, 10_000)
    teeth = [(x, 39.1245 if i % 2 else 39.1112) for i, x in enumerate(xs)]
    comb = shapely.Polygon([*teeth, (117.203, 39.1110), (117.183, 39.1110)])
    with pytest.raises(GeometryError) as caught:
        tianjin.layers.select(planner, "pipes", comb)
    assert caught.value.code == "geometry.too_expensive"


def test_trust_is_summed_over_what_the_filters_leave(tianjin, planner):
    from cityops.services.pipe_sums import PipeSums

    chosen, trust = PipeSums(tianjin.layers).within(planner, BLOCK, {"kind": ["gas"]})
    assert sum(item.count for item in trust.quality) == chosen.total.count
    assert [item.code for item in trust.quality] == sorted(item.code for item in trust.quality)
    known = trust.quality[0].count + trust.quality[1].count  # A and B carry a depth here
    assert trust.no_depth.count == chosen.total.count - known
    assert all(item.code in ("abandoned", "empty") for item in trust.not_in_use)


def test_an_export_of_an_area_holds_what_the_selection_counts(tianjin, planner, chosen, tmp_path):
    import orjson
    from shapely.geometry import mapping

    from cityops.services.exports.service import ExportOptions

    out = tmp_path / "gas.geojson"
    options = ExportOptions(within=mapping(BLOCK), where={"kind": ["gas"]})
    tianjin.exports.run(planner, "pipes", out, options)
    keys = [feature["id"] for feature in orjson.loads(out.read_bytes())["features"]]
    assert sorted(keys) == sorted(chosen(kind=["gas"]).keys)


def test_an_export_of_an_area_that_is_none_is_refused(tianjin, planner, tmp_path):
    from cityops.services.exports.service import ExportOptions

    bow_tie = {"type": "Polygon", "coordinates": [[[117, 39], [118, 40], [118, 39], [117, 40], [117, 39]]]}  # fmt: skip
    with pytest.raises(GeometryError):
        tianjin.exports.check(planner, "pipes", ExportOptions("geojson", within=bow_tie))
