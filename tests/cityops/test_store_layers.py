"""Layers in the store: what goes in comes out, versions tell what changed, indexes hold."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from sqlalchemy.exc import DBAPIError

from cityops.services.permissions import Action, permission_for
from cityops.services.roles import SYSTEM
from cityops.store.database import open_store
from cityops.store.layer_tables import drop_triggers
from gis.errors import ConflictError, GeometryError, InvalidError, NotFoundError, StaleError
from gis.features import object_array
from gis.layers import FieldSpec, FieldType, LayerRegistry, LayerSpec, Title


def everything(spec):
    return permission_for(SYSTEM, spec, Action.VIEW)


def rows_and_versions(store, spec):
    with store.reading() as tx:
        return tx.layers.counts()[spec.name], tx.layers.versions()[spec.name]


@pytest.mark.parametrize("n", [3, 1500])
def test_a_batch_comes_back_as_it_went_in(store, mains, some_mains, n):
    batch = some_mains(n)
    with store.writing() as tx:
        fids = tx.layers.append(mains, batch, None)
    with store.reading() as tx:
        version, back = tx.layers.load(mains)
        checks = tx.layers.check_indexes(deep=True)
    assert fids.tolist() == back.fids.tolist() == list(range(1, n + 1))
    assert shapely.equals_identical(back.geometry, batch.geometry).all()
    for name in mains.field_names:
        assert back.columns[name].tolist() == batch.columns[name].tolist()
    assert back.areas.tolist() == batch.areas.tolist()
    assert [c.faults for c in checks] == [(), ()]
    assert rows_and_versions(store, mains) == (n, version)


def test_delivered_coordinates_and_undeclared_columns_come_back_exactly(store, mains, some_mains):
    batch = some_mains(4)
    delivered = object_array(
        shapely.LineString([(512345.678 + i, 4331234.5678), (512346.1, 4331240.2)])
        for i in range(4)
    )
    extra = object_array([{"备注2": "甲", "n": 1.5}, {}, {"d": [1, 2]}, {}])
    with store.writing() as tx:
        given = replace(batch, delivered=delivered, delivered_crs="EPSG:4548", extra=extra)
        tx.layers.append(mains, given, 9, accuracy_m=0.05)
    with store.reading() as tx:
        back = tx.layers.page(mains, everything(mains))
        origin = tx.layers.origin(mains, 2)
    assert shapely.equals_identical(back.delivered, delivered).all()
    assert back.delivered_crs == "EPSG:4548"
    assert back.extra.tolist() == extra.tolist()
    assert origin == {
        "source_id": 9,
        "accuracy_m": 0.05,
        "delivered_crs": "EPSG:4548",
        "row_version": 1,
    }


def test_batches_never_mix_two_delivered_crs(store, mains, some_mains):
    with store.writing() as tx:
        for start, crs in ((0, "EPSG:4548"), (3, None), (6, "EPSG:3547")):
            batch = some_mains(3, start)
            if crs:
                batch = replace(batch, delivered=batch.geometry, delivered_crs=crs)
            tx.layers.append(mains, batch, None)
    with store.reading() as tx:
        parts = list(tx.layers.batches(mains, everything(mains), size=4))
    assert [i for p in parts for i in p.fids] == list(range(1, 10))
    assert {p.delivered_crs for p in parts} == {"EPSG:4548", None, "EPSG:3547"}


def test_a_window_is_exact_though_the_index_rounds(store, plots, squares):
    # 117.25 is exact in float32, its neighbours 1e-7 deg away are not told apart there.
    x = 117.25
    with store.writing() as tx:
        tx.layers.append(plots, squares(("in", x, 39.0, 0.01), ("out", x + 1e-7, 39.0, 0.01)), None)
    with store.reading() as tx:
        found = tx.layers.page(plots, everything(plots), box=(117.2, 38.9, x, 39.1))
        edge = tx.layers.page(plots, everything(plots), box=(117.2, 38.9, np.nextafter(x, 0), 39.1))
    assert found.keys.tolist() == ["in"]
    assert edge.keys.tolist() == []


def test_windows_equal_a_comparison_of_all_boxes(filled, mains):
    rng = np.random.default_rng(11)
    with filled.reading() as tx:
        _, all_rows = tx.layers.load(mains)
        bounds = shapely.bounds(all_rows.geometry)
        for _ in range(20):
            x, y, size = rng.uniform(117, 117.4), rng.uniform(39, 39.3), rng.uniform(0, 0.2)
            hit = (bounds[:, 0] <= x + size) & (bounds[:, 2] >= x)
            hit &= (bounds[:, 1] <= y + size) & (bounds[:, 3] >= y)
            page = tx.layers.page(
                mains, everything(mains), box=(x, y, x + size, y + size), limit=1000
            )
            assert page.fids.tolist() == all_rows.fids[hit].tolist()


def test_a_key_that_is_there_refuses_the_whole_batch(filled, mains, some_mains):
    before = rows_and_versions(filled, mains)
    with pytest.raises(ConflictError) as caught, filled.writing() as tx:
        tx.layers.append(mains, some_mains(1200, start=199), None)
    assert caught.value.code == "layer.duplicate_key"
    assert caught.value.got == ["M000199"]
    assert rows_and_versions(filled, mains) == before


def test_a_refused_bulk_load_leaves_triggers_in_a_transaction_that_goes_on(
    filled, mains, some_mains
):
    with filled.writing() as tx:
        with pytest.raises(ConflictError):
            tx.layers.append(mains, some_mains(1200, start=100), None)
        tx.layers.append(mains, some_mains(1, start=500), None)
    with filled.reading() as tx:
        assert all(not c.faults for c in tx.layers.check_indexes(deep=True))
        assert tx.layers.counts()["mains"] == 201


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code": [None, "b"]}, InvalidError),
        ({"code": ["", "b"]}, InvalidError),
        ({"code": ["b", "b"]}, ConflictError),
    ],
)
def test_bad_keys_are_refused(store, mains, some_mains, change, error):
    batch = some_mains(2)
    columns = dict(batch.columns) | {k: object_array(v) for k, v in change.items()}
    with pytest.raises(error), store.writing() as tx:
        tx.layers.append(mains, replace(batch, columns=columns), None)


@pytest.mark.parametrize(
    "geometry",
    [None, shapely.LineString(), shapely.Point(117, 39), shapely.LineString([(0, 0), (1, np.inf)])],
)
def test_geometries_that_the_layer_cannot_hold_are_refused(store, mains, some_mains, geometry):
    batch = some_mains(2)
    shapes = object_array([batch.geometry[0], geometry])
    with pytest.raises(GeometryError) as caught, store.writing() as tx:
        tx.layers.append(mains, replace(batch, geometry=shapes), None)
    assert caught.value.row == 2


def test_changes_name_what_was_put_and_what_is_gone(filled, mains, some_mains):
    _, start = rows_and_versions(filled, mains)
    line = shapely.LineString([(117.1, 39.1), (117.2, 39.2)])
    with filled.writing() as tx:
        tx.layers.put(mains, 5, {"diameter_m": 0.9, "laid": date(2020, 1, 2)}, line, "120103", 1)
        new = tx.layers.append(mains, some_mains(1, start=900), None)
        tx.layers.remove(mains, [7, 8, int(new[0]), 4000])
    with filled.reading() as tx:
        changes = tx.layers.changes(mains, start, 100)
        none = tx.layers.changes(mains, changes.version, 100)
        too_many = tx.layers.changes(mains, start, 3)
        unknown = tx.layers.changes(mains, changes.version + 1, 100)
    assert changes.put.fids.tolist() == [5]
    assert changes.put.columns["laid"].tolist() == [date(2020, 1, 2)]
    assert changes.put.geometry[0].equals(line)
    assert changes.put.areas.tolist() == ["120103"]
    assert changes.removed.tolist() == [7, 8, int(new[0])]
    assert (len(none.put), len(none.removed)) == (0, 0)
    assert too_many is None
    assert unknown is None
    assert rows_and_versions(filled, mains) == (198, changes.version)


def test_a_fid_is_never_used_twice(filled, mains, some_mains):
    with filled.writing() as tx:
        tx.layers.remove(mains, [200])
        assert tx.layers.append(mains, some_mains(1, start=300), None).tolist() == [201]


def test_a_bulk_write_is_one_version_and_tells_readers_to_start_afresh(
    store, mains, some_mains, monkeypatch
):
    monkeypatch.setattr("cityops.store.layer_repo.MAX_LOGGED", 10)
    with store.writing() as tx:
        tx.layers.append(mains, some_mains(10), None)
    _, start = rows_and_versions(store, mains)
    with store.writing() as tx:
        tx.layers.append(mains, some_mains(11, start=10), None)
    with store.reading() as tx:
        assert tx.layers.versions()["mains"] == start + 1
        assert tx.layers.changes(mains, start, 1000) is None
        assert len(tx.layers.changes(mains, start + 1, 1000).put) == 0


def test_old_log_rows_go_and_late_readers_are_told(filled, mains, monkeypatch):
    monkeypatch.setattr("cityops.store.layer_repo.KEEP_LOGGED", 20)
    _, start = rows_and_versions(filled, mains)
    for i in range(30):
        with filled.writing() as tx:
            tx.layers.put(mains, i + 1, {"inspections": 9}, None, None, None)
    with filled.reading() as tx:
        assert tx.layers.changes(mains, start, 1000) is None
        late = tx.layers.changes(mains, start + 27, 1000)
        logged = tx.connection.exec_driver_sql("SELECT count(*) FROM layer_change").scalar_one()
    assert late.put.fids.tolist() == [28, 29, 30]
    assert logged <= 21


def test_a_change_on_an_old_row_version_is_refused(filled, mains):
    with filled.writing() as tx:
        assert tx.layers.put(mains, 1, {"remark": "甲"}, None, None, 1) == 2
    with pytest.raises(StaleError) as caught, filled.writing() as tx:
        tx.layers.put(mains, 1, {"remark": "乙"}, None, None, 1)
    assert (caught.value.got, caught.value.expected) == (2, 1)
    with pytest.raises(NotFoundError), filled.writing() as tx:
        tx.layers.put(mains, 999, {}, None, None, None)
    with pytest.raises(ConflictError), filled.writing() as tx:
        tx.layers.put(mains, 1, {"code": "M000005"}, None, None, None)


def test_new_geometry_is_no_longer_the_delivered_one(store, mains, some_mains):
    batch = some_mains(1)
    with store.writing() as tx:
        given = replace(batch, delivered=batch.geometry, delivered_crs="EPSG:4548")
        tx.layers.append(mains, given, None)
        tx.layers.put(mains, 1, {}, shapely.LineString([(117, 39), (117.1, 39)]), None, None)
    with store.reading() as tx:
        assert tx.layers.page(mains, everything(mains)).delivered is None


def test_pages_in_any_order_hold_every_row_once(filled, mains):
    with filled.reading() as tx:
        for sort in (None, "diameter_m", "-diameter_m", "kind", "-laid", "in_use"):
            seen: list[int] = []
            while True:
                after = seen[-1] if seen else 0
                page = tx.layers.page(mains, everything(mains), sort=sort, after=after, limit=33)
                if not len(page):
                    break
                seen += page.fids.tolist()
            assert sorted(seen) == list(range(1, 201)), sort
        falling = tx.layers.page(mains, everything(mains), sort="-diameter_m", limit=200)
    values = falling.columns["diameter_m"].tolist()
    known = [v for v in values if v is not None]
    assert known == sorted(known, reverse=True)
    assert values[len(known) :] == [None] * (200 - len(known))


@pytest.mark.parametrize(
    ("equal", "text", "expected"),
    [
        ({"kind": ["gas"]}, None, 67),
        ({"kind": ["gas", "water"]}, None, 134),
        ({"kind": [""]}, None, 66),
        ({"inspections": ["3"], "kind": ["gas"]}, None, 17),
        ({"in_use": ["是"]}, None, 67),
        ({"laid": ["2001-02-03"]}, None, 40),
        (None, "井12号", 1),
        (None, "100%_12", 11),
        (None, "%", 200),
        (None, "燃气", 67),
        (None, "m00001", 10),
        (None, "' or 1=1 --", 0),
        ({"code": ["' or 1=1 --"]}, None, 0),
    ],
)
def test_filters_and_search_count_what_they_should(filled, mains, equal, text, expected):
    with filled.reading() as tx:
        assert tx.layers.count(mains, everything(mains), equal=equal, text=text) == expected
        page = tx.layers.page(mains, everything(mains), equal=equal, text=text, limit=1000)
        assert len(page) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"equal": {"nothing": ["1"]}},
        {"equal": {"name; drop table": ["1"]}},
        {"equal": {"inspections": ["1e400"]}},
        {"equal": {"inspections": ["9" * 5000]}},
        {"equal": {"diameter_m": ["nan"]}},
        {"equal": {"laid": ["2026-02-30"]}},
        {"equal": {"in_use": ["maybe"]}},
        {"equal": {"kind": ["x"] * 201}},
        {"sort": "name;drop table"},
        {"sort": "(select 1)"},
        {"sort": "geom"},
        {"text": "x" * 101},
    ],
)
def test_bad_filters_are_refused(filled, mains, query):
    with filled.reading() as tx, pytest.raises(InvalidError):
        tx.layers.page(mains, everything(mains), **query)


def test_what_may_not_be_seen_can_neither_be_filtered_sorted_nor_searched(filled, mains, planner):
    allowed = permission_for(planner, mains, Action.VIEW)
    with filled.reading() as tx:
        for query in ({"equal": {"pressure_pa": ["400005"]}}, {"sort": "pressure_pa"}):
            with pytest.raises(InvalidError):
                tx.layers.page(mains, allowed, **query)
        batch = tx.layers.page(mains, allowed, limit=1)
    assert "pressure_pa" not in batch.columns


def test_a_reading_transaction_cannot_write(filled, mains):
    with pytest.raises(DBAPIError), filled.reading() as tx:
        tx.layers.remove(mains, [1])


def test_a_reader_does_not_wait_for_a_writer(filled, mains):
    inside, done = threading.Event(), threading.Event()

    def write():
        with filled.writing() as tx:
            tx.layers.remove(mains, [1])
            inside.set()
            done.wait(5)

    writer = threading.Thread(target=write)
    writer.start()
    assert inside.wait(5)
    assert rows_and_versions(filled, mains)[0] == 200
    done.set()
    writer.join()
    assert rows_and_versions(filled, mains)[0] == 199


def test_concurrent_writers_lose_nothing(filled, mains):
    def bump():
        for _ in range(20):
            with filled.writing() as tx:
                row = tx.layers.by_fids(mains, [3], everything(mains))
                value = row.columns["inspections"][0] + 1
                tx.layers.put(mains, 3, {"inspections": value}, None, None, None)

    with filled.writing() as tx:
        tx.layers.put(mains, 3, {"inspections": 0}, None, None, None)
    threads = [threading.Thread(target=bump) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with filled.reading() as tx:
        row = tx.layers.by_fids(mains, [3], everything(mains))
    assert row.columns["inspections"].tolist() == [60]


def test_opening_makes_lost_triggers_and_their_index_again(filled, settings, registry, mains):
    if filled.path is None:
        pytest.skip("the index is the server's own")
    with filled.writing() as tx:
        drop_triggers(tx.connection, "mains")
        tx.connection.exec_driver_sql("DELETE FROM lyr_mains WHERE fid <= 50")
    with filled.reading() as tx:
        assert len(tx.layers.check_indexes()[0].faults) == 4
    again = open_store(settings, registry)
    with again.reading() as tx:
        assert all(not c.faults for c in tx.layers.check_indexes(deep=True))
    again.dispose()


def test_a_field_declared_later_becomes_a_column_of_the_rows_there(
    filled, settings, registry, mains
):
    depth = FieldSpec("depth_m", Title("埋深", "Depth"), FieldType.REAL)
    wider = replace(mains, fields=(*mains.fields, depth))
    _, before = rows_and_versions(filled, mains)
    again = open_store(settings, LayerRegistry([wider]))
    with again.writing() as tx:
        assert tx.layers.versions()["mains"] == before + 1
        tx.layers.put(wider, 1, {"depth_m": 1.5}, None, None, None)
    with again.reading() as tx:
        page = tx.layers.page(wider, everything(wider), limit=2)
    assert page.columns["depth_m"].tolist() == [1.5, None]
    again.dispose()


def test_a_layer_of_a_user_is_kept_with_its_declaration(store, settings, registry, plots):
    mine = replace(plots, name="my_plots", group="user", notice="© 我")
    with store.writing() as tx:
        tx.layers.declare(mine)
    again = open_store(settings, registry)
    with again.reading() as tx:
        assert tx.layers.registry().get("my_plots") == mine
        assert tx.layers.versions()["my_plots"] == 1
    again.dispose()
    with pytest.raises(ConflictError), store.writing() as tx:
        tx.layers.declare(replace(mine, notice=None))
    with pytest.raises(InvalidError), store.writing() as tx:
        tx.layers.declare(plots)


def test_every_part_of_a_declaration_survives_the_store(mains):
    from cityops.store.declarations import spec_from_json, spec_to_json

    assert spec_from_json(spec_to_json(mains)) == mains
    assert isinstance(spec_from_json(spec_to_json(mains)), LayerSpec)
