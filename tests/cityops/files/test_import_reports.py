"""What an import says and leaves behind: every row accounted for, all at once or not at all."""

from __future__ import annotations

import json

import pytest
import shapely

from cityops.services.roles import Person, Role
from gis.errors import ConflictError, FileError, ForbiddenError, InvalidError, NotFoundError

BOW_TIE = [[[117.1, 39.1], [117.2, 39.2], [117.2, 39.1], [117.1, 39.2], [117.1, 39.1]]]
OPEN = [[[117.1, 39.1], [117.2, 39.1], [117.2, 39.2], [117.1, 39.2]]]


def line(i: int) -> dict:
    return {
        "type": "LineString",
        "coordinates": [[117.2, 39.1 + i / 1000], [117.21, 39.1 + i / 1000]],
    }


@pytest.fixture
def file(tmp_path):
    """Write features: ``file([(properties, geometry), ...])``."""

    def write(rows, name="in.geojson"):
        features = [{"type": "Feature", "properties": p, "geometry": g} for p, g in rows]
        path = tmp_path / name
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return path

    return write


PIPES = [
    ({"管线编号": "A1", "管类": "给水", "管径": "DN200", "材质": "球墨铸铁"}, line(0)),
    ({"管线编号": "A2", "管类": "燃气", "管径": 300}, line(1)),
    ({"管线编号": "A2", "管类": "燃气", "管径": 300}, line(2)),
    ({"管线编号": "A4", "管类": "水晶", "管径": -5}, line(3)),
    ({"管线编号": "A5", "管径": 20_000}, {"type": "Point", "coordinates": [117.2, 39.1]}),
    ({"管线编号": "A6", "管类": "GAS"}, None),
]  # fmt: skip


def test_each_fault_has_row_field_code_message_and_what_to_do(bring, file):
    told = bring(file(PIPES), "pipes", dry_run=True)
    found = {(r["row"], r["field"], r["code"]) for r in told["refused"]}
    assert {
        (1, "diameter_mm", "field.type"),
        (3, "id", "import.duplicate_key"),
        (4, "kind", "field.code"),
        (4, "diameter_mm", "field.range"),
        (5, "kind", "field.required"),
        (5, "diameter_mm", "field.range"),
        (5, "geometry", "geometry.wrong_type"),
        (6, "geometry", "geometry.missing"),
    } == found
    assert (told["rows_in"], told["stored"], told["refused_rows"]) == (6, 1, 5)
    assert all(r["message"] for r in told["refused"])


def test_good_rows_are_stored_and_the_refused_ones_listed(bring, file, rows_of):
    told = bring(file(PIPES), "pipes")
    assert rows_of("pipes").columns["id"].tolist() == ["A2"]
    assert told["stored"] == 1
    assert told["version"] > 1
    assert told["delivery"] == 1


def test_with_all_or_nothing_one_bad_row_refuses_the_file(bring, file, rows_of):
    with pytest.raises(InvalidError) as refusal:
        bring(file(PIPES), "pipes", all_or_nothing=True)
    assert refusal.value.code == "import.refused"
    assert len(refusal.value.errors) == 8
    assert len(rows_of("pipes")) == 0


def test_a_file_of_which_no_row_stands_is_refused(bring, file, city):
    with pytest.raises(InvalidError) as refusal:
        bring(file(PIPES[3:]), "pipes")
    assert refusal.value.code == "import.refused"
    with city.store.reading() as tx:
        assert tx.deliveries.latest(None) == []


def test_a_rehearsal_stores_nothing_at_all(bring, file, city):
    before = _state(city)
    told = bring(file(PIPES), "fresh", new=True, dry_run=True, title="新图层")
    assert told["dry_run"]
    assert [c["name"] for c in told["columns"]] == ["管线编号", "管类", "管径", "材质"]
    assert _state(city) == before


def _state(city):
    with city.store.reading() as tx:
        names = [s.name for s in tx.layers.registry()]
        return names, dict(tx.layers.counts()), tx.deliveries.latest(None)


def test_a_failure_at_the_last_moment_leaves_nothing(bring, file, city, monkeypatch):
    from cityops.store.audit import SqlAuditRepo

    before = _state(city)

    def full(*_args, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SqlAuditRepo, "add", full)
    with pytest.raises(OSError, match="space"):
        bring(file([({"a": 1}, line(0))]), "fresh", new=True)
    assert _state(city) == before


def test_the_same_file_twice_is_stored_once(bring, file, rows_of):
    path = file([({"a": 1}, line(0))])
    first = bring(path, "fresh", new=True)
    second = bring(path, "fresh")
    assert second["duplicate"]
    assert second["delivery"] == first["delivery"]
    assert len(rows_of("fresh")) == 1


def test_the_same_rows_in_another_file_are_noticed(bring, file, rows_of):
    bring(file([({"a": 1}, line(0))]), "fresh", new=True)
    with pytest.raises(InvalidError) as refusal:
        bring(file([({"a": 1}, line(0))], "copy.geojson"), "fresh", again=True)
    assert refusal.value.errors[0].code == "import.key_exists"


def test_broken_shapes_are_named_with_their_place(bring, file):
    rows = [
        ({"no": 1}, {"type": "Polygon", "coordinates": BOW_TIE}),
        ({"no": 2}, {"type": "Polygon", "coordinates": OPEN}),
        ({"no": 3}, shapely.geometry.mapping(shapely.box(117, 39, 117.1, 39.1))),
    ]
    told = bring(file(rows), "plots", new=True, dry_run=True)
    assert [(r["row"], r["code"]) for r in told["refused"]] == [
        (1, "geometry.self_intersection"),
        (2, "geometry.unclosed_ring"),
    ]
    assert told["refused"][0]["got"][0] == pytest.approx([117.15, 39.15])
    assert all("--repair" in r["hint"] for r in told["refused"])


def test_repair_is_done_when_asked_for_and_told(bring, file, rows_of):
    rows = [
        ({"no": 1}, {"type": "Polygon", "coordinates": BOW_TIE}),
        ({"no": 2}, {"type": "Polygon", "coordinates": OPEN}),
    ]
    told = bring(file(rows), "plots", new=True, repair=True)
    assert [(n["row"], n["code"]) for n in told["repaired"]] == [
        (1, "geometry.self_intersection"),
        (2, "geometry.unclosed_ring"),
    ]
    shapes = rows_of("plots").geometry
    assert shapely.is_valid(shapes).all()
    assert shapely.area(shapes).tolist() == pytest.approx([0.005, 0.01])


def test_real_districts_show_their_broken_rings(bring, data):
    told = bring(data / "districts_gcj02.geojson", "d", new=True, crs="gcj02", dry_run=True)
    by_row = {}
    for fault in told["refused"]:
        by_row.setdefault(fault["row"], set()).add(fault["code"])
    assert by_row == {
        5: {"geometry.spike"},
        6: {"geometry.spike", "geometry.self_intersection"},
        7: {"geometry.unclosed_ring", "geometry.spike", "geometry.self_intersection"},
    }


class TestColumns:
    """Which column is which field."""

    def test_names_aliases_and_titles_find_their_columns(self, bring, file):
        told = bring(file(PIPES[:2]), "pipes", dry_run=True)
        assert told["mapping"] == {
            "id": "管线编号",
            "kind": "管类",
            "diameter_mm": "管径",
            "material": "材质",
        }

    def test_what_is_said_goes_before_what_is_found(self, bring, file, rows_of):
        rows = [({"管线编号": "A", "旧编号": "B", "管类": "雨水"}, line(0))]
        bring(file(rows), "pipes", map=("id=旧编号",))
        assert rows_of("pipes").columns["id"].tolist() == ["B"]

    def test_columns_that_no_field_takes_are_kept(self, bring, file, city):
        from cityops.services.permissions import Action, permission_for
        from cityops.services.roles import SYSTEM

        bring(file([({"管线编号": "A", "管类": "雨水", "勘测员": "王"}, line(0))]), "pipes")
        with city.store.reading() as tx:
            spec = tx.layers.registry().get("pipes")
            batch = tx.layers.by_key(spec, "A", permission_for(SYSTEM, spec, Action.VIEW))
        assert batch.extra.tolist() == [{"勘测员": "王"}]

    def test_a_unit_that_is_named_is_converted(self, bring, file, rows_of):
        rows = [({"管线编号": "A", "管类": "雨水", "口径": 0.8}, line(0))]
        bring(file(rows), "pipes", map=("diameter_mm=口径@m",))
        assert rows_of("pipes").columns["diameter_mm"].tolist() == [800.0]

    @pytest.mark.parametrize(
        ("pairs", "code"),
        [
            (("diameter_mm=口径@kg",), "import.unit"),
            (("nothing=管类",), "import.no_such_field"),
            (("kind=没有",), "import.no_such_column"),
            (("kind",), "import.bad_map"),
            (("kind=管类", "kind=管线编号"), "import.bad_map"),
        ],
    )
    def test_what_cannot_be_is_refused(self, bring, file, pairs, code):
        rows = [({"管线编号": "A", "管类": "雨水", "口径": 0.8}, line(0))]
        with pytest.raises(InvalidError) as refusal:
            bring(file(rows), "pipes", map=pairs)
        assert code in {refusal.value.code, *(e.code for e in refusal.value.errors)}

    def test_one_value_for_all_rows(self, bring, file, rows_of):
        bring(
            file([({"管线编号": "A"}, line(0))]), "pipes", set=("kind=雨水", "laid_on=2001-02-03")
        )
        rows = rows_of("pipes")
        assert rows.columns["kind"].tolist() == ["storm"]
        assert rows.columns["laid_on"][0].isoformat() == "2001-02-03"

    @pytest.mark.parametrize("pair", ["kind=水晶", "id=A", "nothing=1", "kind", "diameter_mm=x"])
    def test_a_value_for_all_rows_that_does_not_fit_is_refused(self, bring, file, pair):
        with pytest.raises(InvalidError):
            bring(file([({"管线编号": "A", "管类": "雨水"}, line(0))]), "pipes", set=(pair,))


class TestRights:
    """Who may bring what where."""

    def test_a_planner_may_not_import(self, bring, file):
        planner = Person(2, "规划员", frozenset({Role.PLANNER}))
        with pytest.raises(ForbiddenError):
            bring(file(PIPES), "pipes", person=planner)
        with pytest.raises(ForbiddenError):
            bring(file(PIPES), "fresh", person=planner, new=True)

    def test_rows_outside_of_the_persons_areas_are_refused(self, bring, file, rows_of):
        local = Person(5, "区数据员", frozenset({Role.DATA_MANAGER}), areas=("120101",))
        with pytest.raises(InvalidError) as refusal:
            bring(file(PIPES[1:2]), "pipes", person=local)
        assert refusal.value.errors[0].code == "import.not_yours"

    def test_a_layer_that_is_not_there_is_named_with_what_to_do(self, bring, file):
        with pytest.raises(NotFoundError) as refusal:
            bring(file(PIPES), "nothing")
        assert "--new" in refusal.value.hint()

    @pytest.mark.parametrize("name", ["管线", "Pipes", "a" * 41, "1a", "drop table", ""])
    def test_a_layer_cannot_have_any_name(self, bring, file, name):
        with pytest.raises(InvalidError):
            bring(file(PIPES), name, new=True)

    def test_a_second_file_of_other_columns_keeps_the_layers_declaration(
        self, bring, file, rows_of
    ):
        bring(file([({"a": 1}, line(0))]), "fresh", new=True)
        told = bring(file([({"b": "x"}, line(1))], "b.geojson"), "fresh", new=True)
        assert told["extra_columns"] == ["b"]
        assert len(rows_of("fresh")) == 2


def test_two_layers_of_one_name_made_at_once_are_a_conflict(city):
    from gis.layers import FieldSpec, FieldType, GeometryKind, LayerSpec, Title

    def spec(title):
        field = FieldSpec("code", Title("x", "x"), FieldType.TEXT)
        return LayerSpec("twin", Title(title, title), "user", GeometryKind.POINT, (field,), "code")

    with city.store.writing() as tx:
        tx.layers.declare(spec("a"))
    with pytest.raises(ConflictError), city.store.writing() as tx:
        tx.layers.declare(spec("b"))


def test_numbers_among_words_are_told_by_column_and_row(bring, tmp_path):
    path = tmp_path / "trees.csv"
    path.write_text(
        "树号,经度,纬度,胸径,树种,门牌\nT1,117.2,39.1,12,槐,7\nT2,117.2,39.2,约15,柳,8\n"
        "T3,117.2,39.3,1.5e1,杨,9\nT4,117.2,39.4,,3,10\n"
    )
    told = bring(path, "trees", new=True, crs="EPSG:4490")
    mixed = [w for w in told["warnings"] if w["code"] == "import.mixed_texts"]
    assert [w["what"].partition("，整列")[0] for w in mixed] == [
        "列 胸径 有 2 个值是数，1 个不是（第 3 行：约15）"
    ]
    assert told["stored"] == 4


def test_a_file_without_shapes_is_refused_with_a_way_out(bring, file):
    with pytest.raises(FileError) as refused:
        bring(file([({"a": 1}, None)]), "nowhere", new=True)
    assert refused.value.code == "file.no_geometry"
    assert "另存为 CSV" in refused.value.hint()
