"""The layer service: views follow the store, selections add up, edits are checked and audited."""

from __future__ import annotations

import orjson
import pytest
import shapely

from cityops.services.layers import LayerService
from cityops.services.roles import Person, Role
from cityops.services.snapshots import Views
from cityops.services.tiles import TileService
from gis.errors import (
    ConflictError,
    ForbiddenError,
    GeometryError,
    InvalidError,
    NotFoundError,
    StaleError,
)

EVERYWHERE = (116.0, 38.0, 118.0, 40.0)
LINE = shapely.LineString([(117.5, 39.5), (117.6, 39.5)])


def snapshots(settings):
    return sorted(p.name for p in settings.snapshots_dir.glob("*.snap"))


def test_a_window_equals_the_list(services, filled, manager):
    window = services.layers.window(manager, "mains", (117.1, 39.0, 117.3, 39.2))
    page = services.layers.page(manager, "mains", box=(117.1, 39.0, 117.3, 39.2), limit=1000)
    assert window.matched == page.matched == len(page.batch) > 20
    assert window.seen.view.fids(window.rows).tolist() == page.batch.fids.tolist()
    assert window.after is None


def test_a_window_is_given_in_pages(services, filled, manager):
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        part = services.layers.window(manager, "mains", EVERYWHERE, limit=70, after=after)
        assert part.matched == 200
        seen += part.seen.view.fids(part.rows).tolist()
        after = part.after
    assert seen == list(range(1, 201))


@pytest.mark.parametrize(
    "equal",
    [
        {"kind": ["gas"]},
        {"kind": ["", "water"]},
        {"inspections": ["3"]},
        {"diameter_m": ["0.2"]},
        {"in_use": ["true"]},
        {"laid": ["2001-02-03"]},
        {"laid": [""]},
    ],
)
def test_filters_in_memory_and_in_sql_agree(services, filled, manager, equal):
    window = services.layers.window(manager, "mains", EVERYWHERE, equal=equal)
    page = services.layers.page(manager, "mains", equal=equal, limit=1000)
    assert 0 < page.matched < 200
    assert window.seen.view.fids(window.rows).tolist() == page.batch.fids.tolist()


def test_a_write_is_in_the_next_window_tile_and_list(services, filled, mains, manager):
    tiles = TileService(services.layers)
    before = tiles.tile(manager, "mains", 14, *tile_of(LINE))
    services.layers.create(manager, "mains", {"code": "N1", "kind": "gas"}, LINE)
    window = services.layers.window(manager, "mains", LINE.bounds)
    assert window.seen.view.keys(window.rows).tolist() == ["N1"]
    assert services.layers.page(manager, "mains", text="N1").batch.keys.tolist() == ["N1"]
    after = tiles.tile(manager, "mains", 14, *tile_of(LINE))
    assert b"N1" not in before
    assert b"N1" in after


def tile_of(geometry):
    import math

    lon, lat = geometry.coords[0]
    n = 2**14
    x = int((lon + 180) / 360 * n)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
    return x, y


def test_views_take_the_changes_and_make_a_new_file_only_when_they_are_many(
    services, filled, settings, mains, manager, some_mains
):
    services.layers.window(manager, "mains", EVERYWHERE)
    first = snapshots(settings)
    assert len(first) == 1
    for i in range(3):
        services.layers.edit(manager, "mains", f"M{i:06d}", {"remark": "改"}, None, None)
    window = services.layers.window(manager, "mains", EVERYWHERE)
    assert window.seen.view.pending == 6  # each edit takes a row away and adds one
    assert snapshots(settings) == first
    with filled.writing() as tx:
        tx.layers.append(mains, some_mains(150, start=1000), None)
    window = services.layers.window(manager, "mains", EVERYWHERE)
    assert (window.matched, window.seen.view.pending) == (350, 0)
    assert len(snapshots(settings)) == 1
    assert snapshots(settings) != first


def test_a_second_process_maps_the_file_of_the_first(services, filled, settings, manager):
    services.layers.window(manager, "mains", EVERYWHERE)
    services.layers.edit(manager, "mains", "M000001", {"remark": "改"}, None, None)
    made = snapshots(settings)
    other = LayerService(filled, Views(settings.snapshots_dir, most_pending=100, small=50))
    window = other.window(manager, "mains", EVERYWHERE, equal={"remark": ["改"]})
    assert window.seen.view.keys(window.rows).tolist() == ["M000001"]
    assert window.seen.view.pending == 2
    assert snapshots(settings) == made


def test_a_damaged_snapshot_is_made_again(services, filled, settings, manager):
    services.layers.window(manager, "mains", EVERYWHERE)
    path = settings.snapshots_dir / snapshots(settings)[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    other = LayerService(filled, Views(settings.snapshots_dir, most_pending=100, small=50))
    assert other.window(manager, "mains", EVERYWHERE).matched == 200


def test_a_folder_that_cannot_be_written_does_not_stop_readers(filled, tmp_path, manager):
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    service = LayerService(filled, Views(blocked / "snapshots", small=50))
    assert service.window(manager, "mains", EVERYWHERE).matched == 200


def test_uncommitted_rows_are_seen_in_their_transaction_and_never_kept(
    filled, views, mains, some_mains
):
    with filled.reading() as tx:
        assert len(views.view(tx, mains)) == 200

    def write_and_fail():
        with filled.writing() as tx:
            tx.layers.append(mains, some_mains(1, start=700), None)
            assert len(views.view(tx, mains)) == 201
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    with filled.reading() as tx:
        assert len(views.view(tx, mains)) == 200


def test_a_selection_adds_up_and_clips(services, store, mains, manager, some_mains):
    from dataclasses import replace

    from gis.features import object_array

    # At 39 N one degree of longitude is 86 629.9 m on the ellipsoid (a cos B / sqrt(1-e2 sin2 B)).
    lines = object_array(
        [
            shapely.LineString([(117.00, 39.0), (117.01, 39.0)]),  # half of it inside
            shapely.LineString([(117.001, 39.0), (117.004, 39.0)]),  # inside
            shapely.LineString([(117.005, 38.99), (117.005, 38.995)]),  # touches the corner
            shapely.LineString([(117.1, 39.0), (117.2, 39.0)]),  # outside
        ]
    )
    with store.writing() as tx:
        tx.layers.append(mains, replace(some_mains(4), geometry=lines), None)
    chosen = services.layers.select(manager, "mains", shapely.box(116.99, 38.995, 117.005, 39.005))
    assert chosen.keys.tolist() == ["M000000", "M000001", "M000002"]
    assert [(c.code, c.count) for c in chosen.classes] == [("gas", 1), ("water", 1), (None, 1)]
    assert [c.length_m for c in chosen.classes] == pytest.approx([866.30, 259.89, 555.05], abs=0.1)
    assert [c.inside_length_m for c in chosen.classes] == pytest.approx(
        [433.15, 259.89, 0.0], abs=0.1
    )
    assert chosen.total.length_m == pytest.approx(sum(c.length_m for c in chosen.classes))
    assert chosen.class_field == "kind"


def test_areas_of_a_selection_are_whole_and_clipped(services, store, plots, squares, manager):
    with store.writing() as tx:
        tx.layers.append(plots, squares(("a", 117.0, 39.0, 0.01), ("b", 118.0, 39.0, 0.01)), None)
    chosen = services.layers.select(manager, "plots", shapely.box(116.9, 38.9, 117.005, 39.1))
    assert chosen.keys.tolist() == ["a"]
    # 0.01 deg x 0.01 deg at 39.005 N: 866.24 m x 1110.10 m.
    assert chosen.total.area_m2 == pytest.approx(961_600, rel=1e-3)
    assert chosen.total.inside_area_m2 == pytest.approx(chosen.total.area_m2 / 2, rel=1e-4)


@pytest.mark.parametrize(
    "polygon",
    [
        shapely.Polygon([(117, 39), (118, 40), (118, 39), (117, 40)]),
        shapely.Polygon(),
        shapely.Point(117, 39),
        None,
        shapely.box(39, 117, 40, 118),
        shapely.box(110, 30, 120, 40),
        shapely.Point(117, 39).buffer(0.1, quad_segs=6000),
    ],
    ids=["bow-tie", "empty", "point", "none", "swapped", "continent", "vertices"],
)
def test_bad_polygons_are_refused(services, filled, manager, polygon):
    with pytest.raises(GeometryError):
        services.layers.select(manager, "mains", polygon)


def test_the_catalogue_counts_what_each_may_see(services, filled, manager, gas_owner, inspector):
    def counts(person):
        return {e.spec.name: e.count for e in services.layers.catalogue(person)}

    assert counts(manager) == {"mains": 200, "plots": 0}
    # gas: i % 3 == 0; district 120101: i % 4 in (0, 1) -> i % 12 in (0, 9): 17 + 16 of 200.
    assert counts(gas_owner) == {"mains": 33, "plots": 0}
    assert counts(inspector) == {"plots": 0}


def test_what_is_not_reached_is_not_found_and_what_is_not_granted_forbidden(
    services, filled, gas_owner, inspector
):
    assert services.layers.feature(gas_owner, "mains", "M000000").origin["source_id"] == 3
    with pytest.raises(NotFoundError):
        services.layers.feature(gas_owner, "mains", "M000001")
    with pytest.raises(ForbiddenError):
        services.layers.feature(inspector, "mains", "M000000")
    with pytest.raises(NotFoundError):
        services.layers.feature(gas_owner, "nothing", "M000000")
    with pytest.raises(ForbiddenError):
        services.layers.edit(gas_owner, "mains", "M000000", {}, None, None)


def test_a_created_feature_comes_back_as_stored(services, manager, filled):
    made = services.layers.create(
        manager,
        "mains",
        {"code": "N1", "kind": "gas", "diameter_m": "0.3", "laid": "2026-02-03", "in_use": True},
        LINE,
    )
    assert made.batch.properties(0, ("code", "diameter_m", "in_use", "remark")) == {
        "code": "N1",
        "diameter_m": 0.3,
        "in_use": True,
        "remark": None,
    }
    assert made.origin["row_version"] == 1
    with pytest.raises(ConflictError):
        services.layers.create(manager, "mains", {"code": "N1"}, LINE)
    with filled.reading() as tx:
        assert [e["action"] for e in tx.audit.latest()] == ["layer.create"]
        assert tx.audit.verify().broken_at is None


def test_every_fault_of_an_edit_is_listed(services, filled, manager):
    values = {
        "code": "",
        "kind": "steam",
        "diameter_m": -5,
        "laid": "2026-02-30",
        "inspections": "many",
        "unknown": 1,
        "remark": "长" * 2001,
    }
    with pytest.raises(InvalidError) as caught:
        services.layers.edit(manager, "mains", "M000001", values, None, None)
    assert sorted((e.field, e.code) for e in caught.value.errors) == [
        ("code", "layer.required"),
        ("diameter_m", "layer.out_of_range"),
        ("inspections", "layer.bad_value"),
        ("kind", "layer.unknown_code"),
        ("laid", "layer.bad_value"),
        ("remark", "layer.too_long"),
        ("unknown", "layer.unknown_property"),
    ]


def test_an_edit_on_an_old_version_is_refused(services, filled, manager):
    services.layers.edit(manager, "mains", "M000001", {"remark": "甲"}, None, 1)
    with pytest.raises(StaleError):
        services.layers.edit(manager, "mains", "M000001", {"remark": "乙"}, None, 1)
    with pytest.raises(StaleError):
        services.layers.remove(manager, "mains", "M000001", 1)
    services.layers.remove(manager, "mains", "M000001", 2)
    with pytest.raises(NotFoundError):
        services.layers.feature(manager, "mains", "M000001")


def test_nobody_edits_a_feature_out_of_their_own_reach(services, filled):
    limited = Person(
        9,
        "燃气数据员",
        frozenset({Role.DATA_MANAGER}),
        categories={"mains": frozenset({"gas"})},
    )
    with pytest.raises(ForbiddenError):
        services.layers.edit(limited, "mains", "M000000", {"kind": "water"}, None, None)
    with pytest.raises(ForbiddenError):
        services.layers.create(limited, "mains", {"code": "N1", "kind": "water"}, LINE)
    assert services.layers.feature(limited, "mains", "M000000").batch.properties(0, ("kind",)) == {
        "kind": "gas"
    }


def test_a_window_is_geojson_with_the_next_address(services, filled, manager):
    data = orjson.loads(
        services.layers.window_json(
            manager, "mains", EVERYWHERE, limit=10, next_link=lambda fid: f"?after={fid}"
        )
    )
    assert data["numberMatched"] == 200
    assert len(data["features"]) == data["numberReturned"] == 10
    assert data["links"] == [{"rel": "next", "href": "?after=10"}]
    assert data["features"][0]["id"] == "M000000"


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_limits_have_bounds(services, filled, manager, limit):
    with pytest.raises(InvalidError):
        services.layers.window(manager, "mains", None, limit=limit)


def test_tiles_are_kept_within_a_bound_and_by_right(services, filled, manager, gas_owner):
    tiles = TileService(services.layers, keep_bytes=20_000)
    column, row = tile_of(shapely.LineString([(117.2, 39.15), (117.3, 39.2)]))
    at = (10, column >> 4, row >> 4)
    whole = tiles.tile(manager, "mains", *at)
    assert tiles.tile(manager, "mains", *at) is whole
    assert len(tiles.tile(gas_owner, "mains", *at)) < len(whole)
    for x in range(200):
        tiles.tile(manager, "mains", 8, x, 0)
    assert tiles._size <= 20_000
    assert len(tiles._kept) <= 100
