"""One permission, three forms: its SQL, its mask and its fields agree with a plain reading of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import orjson
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cityops.services.layer_summary import SummaryService
from cityops.services.layers import LayerService
from cityops.services.permissions import GRANTS, Action, permission_for
from cityops.services.roles import Person, Role
from cityops.services.snapshots import Views
from cityops.settings import Settings
from cityops.store.database import SqlStore, create_all
from gis.errors import ForbiddenError, InvalidError
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
)
from gis.pyramid import blocks_of

T = Title("名", "Name")
#: Codes that are beginnings of each other, hold SQL's wild cards, or differ in case only.
AREAS = (
    *("", "12", "120101", "120101001", "120101001001", "120101002001", "120102001001"),
    *("1201_1001001", "120%", "fi0911", "FI0911"),
)
KINDS = ("gas", "Gas", "water", "g%", "unlisted", None)
GROUPS = ("base", "areas", "components", "underground", "hazards", "user", "secret")
EVERYWHERE = (-180.0, -90.0, 180.0, 90.0)
ROWS = 40


def _spec(number: int, rng: np.random.Generator) -> LayerSpec:
    """A layer of a random group, with or without a category, its fields shown to random roles."""
    roles = [role.value for role in Role]

    def seen_by() -> frozenset[str] | None:
        few = rng.choice(roles, rng.integers(0, 5), replace=False).tolist()
        return None if rng.random() < 0.4 else frozenset(few)

    codes = tuple(CodeItem(k, T) for k in KINDS if k not in ("unlisted", None))
    has_category = rng.random() < 0.7
    fields = [
        FieldSpec("code", T, FieldType.TEXT, required=True),
        FieldSpec("kind", T, FieldType.CODE, codes=codes),
        FieldSpec("note", T, FieldType.TEXT, seen_by=seen_by(), in_tiles=True),
        FieldSpec("size_m", T, FieldType.REAL, seen_by=seen_by(), in_tiles=True),
        FieldSpec("class_code", T, FieldType.CODE, codes=codes, seen_by=seen_by()),
    ]
    return LayerSpec(
        name=f"made_{number}",
        title=T,
        group=GROUPS[number % len(GROUPS)],
        geometry=(GeometryKind.POINT, GeometryKind.LINE, GeometryKind.POLYGON)[number % 3],
        fields=tuple(fields),
        key="code",
        category_field="kind" if has_category else None,
        style=Style(class_field="class_code"),
    )


def _batch(spec: LayerSpec, rng: np.random.Generator, first: int = 0) -> FeatureBatch:
    xy = rng.uniform((117.0, 39.0), (117.3, 39.3), (ROWS, 2))
    shapes = {
        GeometryKind.POINT: lambda p: shapely.Point(p),
        GeometryKind.LINE: lambda p: shapely.LineString([p, p + 0.001]),
        GeometryKind.POLYGON: lambda p: shapely.box(*p, *(p + 0.001)),
    }[spec.geometry]
    return FeatureBatch(
        spec=spec,
        fids=np.full(ROWS, -1, np.int64),
        geometry=object_array(shapes(p) for p in xy),
        columns={
            "code": object_array(f"{spec.name}-{first + i}" for i in range(ROWS)),
            "kind": object_array(rng.choice(np.array(KINDS, object), ROWS).tolist()),
            "note": object_array(f"note {i}" for i in range(ROWS)),
            "size_m": object_array(float(i) for i in range(ROWS)),
            "class_code": object_array(rng.choice(np.array(KINDS, object), ROWS).tolist()),
        },
        areas=object_array(rng.choice(np.array(AREAS, object), ROWS).tolist()),
    )


@dataclass
class City:
    """The store, its layers, and their rows as (key, area, category, class)."""

    store: SqlStore = field(repr=False)
    layers: LayerService = field(repr=False)
    specs: list[LayerSpec] = field(repr=False)
    rows: dict[str, list[tuple[str, str, str | None, str | None]]] = field(repr=False)


@pytest.fixture(scope="module")
def city(tmp_path_factory, new_database):
    """Fourteen random layers, packed or in memory, some rows changed since they were packed."""
    rng = np.random.default_rng(20240611)
    folder = tmp_path_factory.mktemp("permission") / "data"
    chosen = Settings(data_dir=folder, database_url=new_database())
    specs = [_spec(i, rng) for i in range(14)]
    store = create_all(chosen, LayerRegistry(specs))
    views = Views(chosen.snapshots_dir, small=ROWS)
    with store.writing() as tx:
        for spec in specs:
            tx.layers.append(spec, _batch(spec, rng), None)
    layers = LayerService(store, views)
    with store.reading() as tx:
        for spec in specs:
            views.view(tx, spec)
    with store.writing() as tx:
        for spec in specs[::2]:
            for fid in range(1, 12):
                moved = str(rng.choice(AREAS))
                tx.layers.put(spec, fid, {"kind": str(rng.choice(KINDS[:4]))}, None, moved, None)
            tx.layers.remove(spec, [12, 13])
            tx.layers.append(spec, _batch(spec, rng, first=1000), None)
    rows = {}
    with store.reading() as tx:
        for spec in specs:
            batch = tx.layers.load(spec)[1]
            rows[spec.name] = [
                (key, area, kind, shown)
                for key, area, kind, shown in zip(
                    batch.keys,
                    batch.areas,
                    batch.columns["kind"],
                    batch.columns["class_code"],
                    strict=True,
                )
            ]
    yield City(store, layers, specs, rows)
    store.dispose()


people = st.builds(
    Person,
    id=st.just(1),
    name=st.just("某人"),
    roles=st.frozensets(st.sampled_from(sorted(Role)), max_size=3),
    areas=st.lists(st.sampled_from(AREAS[1:]), max_size=3, unique=True).map(tuple),
    categories=st.dictionaries(
        st.sampled_from([f"made_{i}" for i in range(14)]),
        st.frozensets(st.sampled_from([k for k in KINDS if k]), max_size=3),
        max_size=14,
    ),
)
one_of_the_layers = st.integers(0, 13)
#: The store is only read, so that one for all examples is as good as one for each.
many = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def granted(person: Person, spec: LayerSpec, action: Action) -> set[str]:
    """Roles of the person that grant the action, read off the table row by row."""
    return {r.value for r in person.roles for a in GRANTS[r].get(spec.group, ()) if a is action}


def expected(city, person: Person, spec: LayerSpec, action: Action) -> list[str]:
    """Keys that the person reaches, by the rule in words, one row at a time."""
    if not granted(person, spec, action):
        return []
    reached = []
    for key, area, kind, _ in city.rows[spec.name]:
        in_area = not person.areas or any(area[: len(p)] == p for p in person.areas)
        wanted = person.categories.get(spec.name)
        has_kind = spec.category_field is not None and kind is not None
        if in_area and (wanted is None or (has_kind and kind in wanted)):
            reached.append(key)
    return reached


def expected_fields(person: Person, spec: LayerSpec, action: Action) -> list[str]:
    by = granted(person, spec, action)
    return [f.name for f in spec.fields if by and (f.seen_by is None or by & f.seen_by)]


@many
@given(person=people, number=one_of_the_layers, action=st.sampled_from(list(Action)))
def test_sql_mask_and_fields_reach_the_same(city, person, number, action):
    spec = city.specs[number]
    permission = permission_for(person, spec, action)
    wanted = expected(city, person, spec, action)
    assert permission.allowed == bool(granted(person, spec, action))
    assert list(permission.fields) == expected_fields(person, spec, action)
    with city.layers.reading() as now:
        repo = now.tx.layers
        view = now.view(spec)
        whole = repo.page(spec, permission, limit=1000)
        by_box = repo.page(spec, permission, box=EVERYWHERE, limit=1000)
        parts = [key for b in repo.batches(spec, permission, size=7) for key in b.keys]
        assert view.keys(view.rows(permission)).tolist() == wanted
        assert view.mask(permission).sum() == repo.count(spec, permission) == len(wanted)
    if permission.allowed:
        assert whole.keys.tolist() == by_box.keys.tolist() == parts == wanted
        assert list(whole.columns) == list(permission.fields)
    else:
        assert len(whole) == len(by_box) == len(parts) == 0


@many
@given(person=people, number=one_of_the_layers)
def test_every_question_to_the_service_is_answered_within_it(city, person, number):
    spec = city.specs[number]
    wanted = expected(city, person, spec, Action.VIEW)
    if not granted(person, spec, Action.VIEW):
        with pytest.raises(ForbiddenError):
            city.layers.window(person, spec.name, EVERYWHERE)
        return
    window = city.layers.window(person, spec.name, EVERYWHERE)
    page = city.layers.page(person, spec.name, limit=1000)
    chosen = city.layers.select(person, spec.name, shapely.box(116.9, 38.9, 117.4, 39.4))
    assert window.matched == page.matched == len(chosen.fids) == len(wanted)
    assert window.seen.view.keys(window.rows).tolist() == page.batch.keys.tolist() == wanted
    assert chosen.keys.tolist() == wanted
    told = orjson.loads(city.layers.window_json(person, spec.name, EVERYWHERE))
    names = set(expected_fields(person, spec, Action.VIEW))
    assert {name for f in told["features"] for name in f["properties"]} <= names
    assert {c.code for c in chosen.classes} == (
        {c for k, _, _, c in city.rows[spec.name] if k in set(wanted)}
        if "class_code" in names
        else ({k for key, _, k, _ in city.rows[spec.name] if key in set(wanted)})
        if spec.category_field
        else set()
    )


@many
@given(person=people, number=one_of_the_layers)
def test_sums_over_all_are_sums_over_what_is_reached(city, person, number):
    spec = city.specs[number]
    if not granted(person, spec, Action.VIEW):
        return
    wanted = set(expected(city, person, spec, Action.VIEW))
    seen = city.layers.seen(person, spec.name)
    assert blocks_of(seen.view, seen.permission, (0, 0, 0)).counts.sum() == len(wanted)
    summary = next(
        s for s in SummaryService(city.layers).catalogue(person) if s.spec.name == spec.name
    )
    assert summary.count == len(wanted)
    shown = [c for key, _, _, c in city.rows[spec.name] if key in wanted and c is not None]
    counted = {c: n.count for c, n in summary.classes.items()}
    visible = "class_code" in expected_fields(person, spec, Action.VIEW)
    assert counted == ({c: shown.count(c) for c in set(shown)} if visible else {})
    assert (summary.bounds is None) == (not wanted)


@many
@given(person=people, number=one_of_the_layers, pick=st.integers(0, 999))
def test_single_features_are_found_when_they_are_reached_and_only_then(city, person, number, pick):
    spec = city.specs[number]
    if not granted(person, spec, Action.VIEW):
        return
    wanted = set(expected(city, person, spec, Action.VIEW))
    key = city.rows[spec.name][pick % len(city.rows[spec.name])][0]
    permission = permission_for(person, spec, Action.VIEW)
    with city.store.reading() as tx:
        assert len(tx.layers.by_key(spec, key, permission)) == (key in wanted)
        fids = tx.layers.by_fids(spec, list(range(200)), permission)
    assert set(fids.keys) == wanted


@many
@given(person=people, number=one_of_the_layers)
def test_a_field_that_is_hidden_can_neither_be_sorted_searched_nor_filtered_by(
    city, person, number
):
    spec = city.specs[number]
    hidden = set(spec.field_names) - set(expected_fields(person, spec, Action.VIEW))
    if not granted(person, spec, Action.VIEW):
        return
    for name in hidden:
        for asked in ({"sort": name}, {"sort": f"-{name}"}, {"equal": {name: ["1"]}}):
            with pytest.raises(InvalidError):
                city.layers.page(person, spec.name, **asked)
        with pytest.raises(InvalidError):
            city.layers.window(person, spec.name, EVERYWHERE, equal={name: ["1"]})
    if "note" in hidden:
        assert city.layers.page(person, spec.name, text="note ").matched == 0


@many
@given(person=people, number=one_of_the_layers, pick=st.integers(0, 999))
def test_the_place_of_a_hidden_row_in_an_order_is_not_told(city, person, number, pick):
    """Going on behind a row that one may not see answers as if there were no such row."""
    spec = city.specs[number]
    fields = expected_fields(person, spec, Action.VIEW)
    if "size_m" not in fields:
        return
    permission = permission_for(person, spec, Action.VIEW)
    with city.store.reading() as tx:
        reached = set(tx.layers.page(spec, permission, limit=1000).fids.tolist())
        hidden = sorted(set(tx.layers.load(spec)[1].fids.tolist()) - reached)
        if not hidden:
            return
        fid = hidden[pick % len(hidden)]
        behind = tx.layers.page(spec, permission, sort="size_m", after=fid, limit=1000)
        nowhere = tx.layers.page(spec, permission, sort="size_m", after=10_000, limit=1000)
    assert behind.keys.tolist() == nowhere.keys.tolist()


def test_a_limit_to_categories_of_a_layer_that_lost_its_category_reaches_nothing(city):
    spec = next(s for s in city.specs if s.category_field is None and s.group != "secret")
    limit = {spec.name: frozenset({"gas"})}
    person = Person(1, "某人", frozenset({Role.DATA_MANAGER}), categories=limit)
    assert city.layers.page(person, spec.name).matched == 0
    assert city.layers.window(person, spec.name, EVERYWHERE).matched == 0


@pytest.mark.parametrize("role", list(Role))
def test_a_group_that_no_grant_names_is_closed_to_every_role(city, role):
    spec = next(s for s in city.specs if s.group == "secret")
    person = Person(1, "某人", frozenset({role}))
    assert all(not permission_for(person, spec, action).allowed for action in Action)


@pytest.mark.parametrize("pointed", ["key", "category_field"])
def test_what_names_features_or_grants_rights_cannot_be_a_hidden_field(pointed):
    hidden = frozenset({"planner"})
    codes = (CodeItem("gas", T),)
    fields = (
        FieldSpec("code", T, FieldType.TEXT, seen_by=hidden if pointed == "key" else None),
        FieldSpec(
            "kind", T, FieldType.CODE, codes=codes,
            seen_by=hidden if pointed == "category_field" else None,
        ),
    )  # fmt: skip
    with pytest.raises(InvalidError, match=pointed):
        LayerSpec("a", T, "base", GeometryKind.POINT, fields, "code", category_field="kind")
