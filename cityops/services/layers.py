"""Layers for people: what there is, what lies in a window, what a polygon selects, and edits.

Every method takes the person first and answers within their permission: windows, tiles and
selections by the mask of the layer's view, lists and single features by SQL. Each call reads
the versions of the layers once, so that what any process acknowledged before is in the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from cityops.services.areas import AreaService
from cityops.services.layer_distinct import MOST_VALUES, Distinct, distinct
from cityops.services.layer_values import (
    ascii_lower,
    check_text,
    check_values,
    codes_titled,
    typed_value,
    visible_field,
)
from cityops.services.origins import origin_of
from cityops.services.permissions import Action, Permission, permission_for, require
from cityops.services.ports import Box, Store
from cityops.services.roles import Person
from cityops.services.selections import Selection, selected
from cityops.services.shape_work import MAX_POLYGON_VERTICES, Bench, Unbounded
from cityops.services.snapshots import Views
from gis.errors import ConflictError, ForbiddenError, GeometryError, InvalidError, NotFoundError
from gis.faults import refusal
from gis.features import FeatureBatch, IntArray, object_array
from gis.geojson import feature_collection
from gis.geometry import Rules
from gis.geometry import check_geometry as faults_of
from gis.layers import USER_GROUP, FieldType, GeometryKind, LayerRegistry, LayerSpec
from gis.shapes import Limits
from gis.view import LayerView

MAX_WINDOW = 10_000
MAX_PAGE = 1000
#: Bounds of a polygon that a person draws: vertices, and square degrees of its box.
MAX_POLYGON_DEG2 = 25.0


@dataclass(frozen=True)
class Seen:
    """A layer as one person sees it now.

    Attributes
    ----------
    spec, permission
        The layer, and what of it the person may see.
    view
        Its rows at ``view.version``.
    """

    spec: LayerSpec
    permission: Permission
    view: LayerView

    def rows_in(self, box: Box | None) -> IntArray:
        """Rows within the permission whose box touches `box` in degrees, by fid."""
        if box is None:
            return self.view.rows(self.permission)
        return self.view.window(box, reach=self.permission)

    def equal(self, rows: IntArray, wanted: Mapping[str, Sequence[Any]]) -> IntArray:
        """Those of `rows` whose fields have one of the wanted values; None or '' is unknown.

        Raises
        ------
        InvalidError
            For a field that may not be seen or a value of another type.
        """
        for name, values in wanted.items():
            allowed = {typed_value(self.spec, self.permission, name, v) for v in values}
            column = self.view.column(visible_field(self.spec, self.permission, name).name, rows)
            rows = rows[np.fromiter((v in allowed for v in column), bool, len(rows))]
        return rows

    def holding(self, rows: IntArray, text: str) -> IntArray:
        """Those of `rows` that have a text in a visible text field, or a code so titled.

        The same rows as the condition of lists finds in the store: letters of ASCII count
        without case.

        Raises
        ------
        InvalidError
            When the text is longer than `MAX_TEXT` characters.
        """
        check_text(text)
        wanted = ascii_lower(text)
        held = np.zeros(len(rows), bool)
        for name in self.permission.fields:
            field = self.spec.field_named(name)
            if field.type not in (FieldType.TEXT, FieldType.CODE):
                continue
            found = self.view.numbered(name, rows)
            titled = set(codes_titled(field, text))
            hits = [wanted in ascii_lower(str(v)) or v in titled for v in found.values]
            held |= np.array([*hits, False])[found.codes]
        return rows[held]


@dataclass(frozen=True)
class Entry:
    """A layer in the catalogue of one person: declaration, permission, version, rows in reach."""

    spec: LayerSpec
    permission: Permission
    version: int
    count: int


@dataclass(frozen=True)
class Window:
    """Rows of a layer in a window.

    ``matched`` counts all rows that match, ``rows`` are at most the limit of them by fid;
    ``after`` is the fid to go on from, None when nothing is left.
    """

    seen: Seen
    rows: IntArray
    matched: int
    after: int | None


@dataclass(frozen=True)
class Page:
    """A page of a list: rows as a batch, how many there are over all pages, where to go on."""

    spec: LayerSpec
    permission: Permission
    version: int
    batch: FeatureBatch
    matched: int
    after: int | None


@dataclass(frozen=True)
class Feature:
    """One feature with where it comes from."""

    spec: LayerSpec
    permission: Permission
    batch: FeatureBatch
    origin: Mapping[str, Any]


@dataclass(frozen=True)
class _KnownLayers:
    """Layers as they were read, with what must be unchanged for them to hold."""

    registry: LayerRegistry
    names: frozenset[str]
    made_by_users: Mapping[str, int]

    @classmethod
    def of(cls, registry: LayerRegistry, versions: Mapping[str, int]) -> _KnownLayers:
        users = [spec.name for spec in registry if spec.group == USER_GROUP]
        made = {name: versions[name] for name in users if name in versions}
        return cls(registry, frozenset(versions), made)

    def holds(self, versions: Mapping[str, int]) -> bool:
        """Whether the layers are those of these versions."""
        return self.names == versions.keys() and self.made_by_users.items() <= versions.items()


class LayerService:
    """Layers of a store.

    Parameters
    ----------
    views
        The views of this process.
    """

    def __init__(
        self,
        store: Store,
        views: Views,
        areas: AreaService | None = None,
        bench: Bench | None = None,
    ) -> None:
        self.bench = bench or Unbounded()
        self._store = store
        self._views = views
        self._areas = areas or AreaService()
        self._registry: _KnownLayers | None = None

    # -- what there is ----------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One state of the store with its views, for several questions in one request."""
        with self._store.reading() as tx:
            yield Reading(self, tx)

    def registry(self, tx: Any, versions: Mapping[str, int]) -> LayerRegistry:
        """Layers of the store; read anew only when their names changed, or a layer that a user
        made: its name may stand for another declaration now.
        """
        known = self._registry
        if known is None or not known.holds(versions):
            self._registry = known = _KnownLayers.of(tx.layers.registry(), versions)
        return known.registry

    def catalogue(self, person: Person) -> list[Entry]:
        """Layers that the person may see, in drawing order."""
        with self.reading() as now:
            return [
                now.entry(spec, permission)
                for spec in now.registry
                if (permission := permission_for(person, spec, Action.VIEW)).allowed
            ]

    def versions(self, person: Person) -> dict[str, int]:
        """Versions of the layers that the person may see."""
        with self.reading() as now:
            return {
                spec.name: now.versions.get(spec.name, 0)
                for spec in now.registry
                if permission_for(person, spec, Action.VIEW).allowed
            }

    def seen(self, person: Person, layer: str, action: Action = Action.VIEW) -> Seen:
        """The layer as `person` sees it now.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not do that with it.
        """
        with self.reading() as now:
            return now.seen(person, layer, action)

    # -- reading ----------------------------------------------------------------------------

    def window(
        self,
        person: Person,
        layer: str,
        box: Box | None,
        *,
        limit: int = MAX_WINDOW,
        after: int = 0,
        equal: Mapping[str, Sequence[Any]] | None = None,
    ) -> Window:
        """Rows whose bounding box touches a box in degrees, by fid, behind fid `after`.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not see it.
        InvalidError
            For a field that may not be seen, a bad value, box or limit.
        """
        check_limit(limit, MAX_WINDOW)
        seen = self.seen(person, layer)
        rows = seen.equal(seen.rows_in(box), equal or {})
        matched = len(rows)
        if after:
            rows = rows[seen.view.fids(rows) > after]
        more = len(rows) > limit
        rows = rows[:limit]
        last = int(seen.view.fids(rows[-1:])[0]) if more else None
        return Window(seen, rows, matched, last)

    def page(
        self,
        person: Person,
        layer: str,
        *,
        box: Box | None = None,
        equal: Mapping[str, Sequence[Any]] | None = None,
        text: str | None = None,
        sort: str | None = None,
        after: int = 0,
        limit: int = 100,
        fids: Sequence[int] | None = None,
    ) -> Page:
        """A page of the list, in the order of a field (``-`` in front: descending) or by fid.

        Parameters
        ----------
        fids
            Rows to keep to, each once, for the list of a selection: the page has their order.
            Filters, text and `sort` do not count then.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not see it.
        InvalidError
            For a field that may not be seen, a bad value or limit.
        ConflictError
            When the row to go on behind is no longer among `fids`.
        """
        check_limit(limit, MAX_PAGE)
        with self.reading() as now:
            spec = now.registry.get(layer)
            allowed = require(person, spec, Action.VIEW)
            repo = now.tx.layers
            if fids is None:
                matched = repo.count(spec, allowed, box=box, equal=equal, text=text)
                batch = repo.page(
                    spec,
                    allowed,
                    box=box,
                    equal=equal,
                    text=text,
                    sort=sort,
                    after=after,
                    limit=limit,
                )
            else:
                wanted = np.asarray(fids, np.int64)
                matched = len(wanted)
                batch = _in_order(repo, spec, allowed, rest_behind(wanted, after)[:limit])
            last = int(batch.fids[-1]) if len(batch) == limit else None
            return Page(spec, allowed, now.versions[layer], batch, matched, last)

    def values(self, person: Person, layer: str, field: str) -> Distinct:
        """Values of a field among the rows that the person may see, most frequent first.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not see it.
        InvalidError
            For a field that may not be seen.
        """
        seen = self.seen(person, layer)
        return distinct(seen, field, seen.rows_in(None), MOST_VALUES)

    def feature(self, person: Person, layer: str, key: str) -> Feature:
        """One feature with its source and quality.

        Raises
        ------
        NotFoundError
            When there is no such layer, or no such feature within the person's permission.
        ForbiddenError
            When the person may not see the layer.
        """
        with self.reading() as now:
            spec = now.registry.get(layer)
            allowed = require(person, spec, Action.VIEW)
            batch = now.tx.layers.by_key(spec, key, allowed)
            if not len(batch):
                raise _no_feature(spec, key)
            return Feature(spec, allowed, batch, origin_of(now.tx, spec, int(batch.fids[0])))

    def select(
        self,
        person: Person,
        layer: str,
        polygon: Any,
        *,
        equal: Mapping[str, Sequence[Any]] | None = None,
        text: str | None = None,
    ) -> Selection:
        """What a polygon in degrees selects: count, length and area by class, keys.

        Parameters
        ----------
        equal
            Field -> values, of which a feature has one; None or '' is unknown. See `Selection`
            for how a filter on the class counts.
        text
            Only features that have it in a visible text field or the title of a code.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not see it.
        GeometryError
            When the polygon is no valid one or too large.
        InvalidError
            For a field that may not be seen or a value of another type.
        """
        check_polygon(polygon)
        seen = self.seen(person, layer)
        touched = seen.view.filter(seen.view.in_polygon(polygon), seen.permission)
        if text:
            touched = seen.holding(touched, text)
        return selected(seen, touched, polygon, equal or {}, self.bench)

    def window_json(
        self,
        person: Person,
        layer: str,
        box: Box | None,
        *,
        limit: int = MAX_WINDOW,
        after: int = 0,
        equal: Mapping[str, Sequence[Any]] | None = None,
        next_link: Callable[[int], str] | None = None,
    ) -> bytes:
        """A window as GeoJSON, written without a loop over coordinates; see `window`.

        Parameters
        ----------
        next_link
            Address of the following page from the fid to go on behind.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not see it.
        InvalidError
            For a field that may not be seen, a bad value, box or limit.
        """
        found = self.window(person, layer, box, limit=limit, after=after, equal=equal)
        following = None
        if next_link is not None and found.after is not None:
            following = next_link(found.after)
        return feature_collection(
            found.seen.view,
            found.rows,
            found.seen.permission.fields,
            next_link=following,
            members={"numberMatched": found.matched, "version": found.seen.view.version},
        )

    # -- writing ----------------------------------------------------------------------------

    def create(
        self, person: Person, layer: str, values: Mapping[str, Any], geometry: Any
    ) -> Feature:
        """Add a feature; gives it as stored.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not edit it there.
        InvalidError
            With all faults of values and geometry.
        ConflictError
            When the key is there already.
        """
        with self._store.writing() as tx:
            spec = tx.layers.registry().get(layer)
            allowed = require(person, spec, Action.EDIT)
            stored = check_values(spec, allowed, values, whole=True)
            check_geometry(spec, geometry)
            area = self._area_of(tx, geometry)
            _require_reach(spec, allowed, area, stored.get(spec.category_field or ""))
            columns = {f.name: object_array([stored.get(f.name)]) for f in spec.fields}
            batch = FeatureBatch(
                spec=spec,
                fids=np.array([-1], np.int64),
                geometry=object_array([geometry]),
                columns=columns,
                areas=object_array([area]),
            )
            fids = tx.layers.append(spec, batch, None)
            tx.audit.add(person, "layer.create", f"{layer}:{stored[spec.key]}")
            return _stored(tx, spec, allowed, int(fids[0]))

    def edit(
        self,
        person: Person,
        layer: str,
        key: str,
        values: Mapping[str, Any],
        geometry: Any | None,
        expected_version: int | None,
    ) -> Feature:
        """Change fields and, when given, the geometry of a feature; gives it as stored.

        Raises
        ------
        NotFoundError
            When there is no such layer, or no such feature within the person's permission.
        ForbiddenError
            When the person may not edit it, or would move it out of their reach.
        InvalidError
            With all faults of values and geometry.
        StaleError
            When its row version is not the expected one.
        """
        with self._store.writing() as tx:
            spec = tx.layers.registry().get(layer)
            allowed = require(person, spec, Action.EDIT)
            old = tx.layers.by_key(spec, key, allowed)
            if not len(old):
                raise _no_feature(spec, key)
            stored = check_values(spec, allowed, values, whole=False)
            area: str | None = None
            if geometry is not None:
                check_geometry(spec, geometry)
                area = self._area_of(tx, geometry)
            fid = int(old.fids[0])
            tx.layers.put(spec, fid, stored, geometry, area, expected_version)
            after = tx.layers.by_fids(spec, [fid], allowed)
            if not len(after):
                # Raised inside the transaction: the change is rolled back.
                raise _out_of_reach(spec)
            tx.audit.add(person, "layer.edit", f"{layer}:{key}", detail={"fields": sorted(stored)})
            return _stored(tx, spec, allowed, fid)

    def remove(self, person: Person, layer: str, key: str, expected_version: int | None) -> None:
        """Delete a feature.

        Raises
        ------
        NotFoundError
            When there is no such layer, or no such feature within the person's permission.
        ForbiddenError
            When the person may not edit the layer.
        StaleError
            When its row version is not the expected one.
        """
        with self._store.writing() as tx:
            spec = tx.layers.registry().get(layer)
            allowed = require(person, spec, Action.EDIT)
            old = tx.layers.by_key(spec, key, allowed)
            if not len(old):
                raise _no_feature(spec, key)
            fid = int(old.fids[0])
            if expected_version is not None:
                tx.layers.put(spec, fid, {}, None, None, expected_version)
            tx.layers.remove(spec, [fid])
            tx.audit.add(person, "layer.remove", f"{layer}:{key}")

    def _area_of(self, tx: Any, geometry: Any) -> str:
        codes = self._areas.lookup(tx).codes_of(object_array([geometry]))
        return str(codes[0])


class Reading:
    """One state of the store, with the versions of its layers read once."""

    def __init__(self, service: LayerService, tx: Any) -> None:
        self._service = service
        self.tx = tx
        self.versions: Mapping[str, int] = tx.layers.versions()
        self.registry = service.registry(tx, self.versions)

    def seen(self, person: Person, layer: str, action: Action = Action.VIEW) -> Seen:
        """The layer as `person` sees it in this state.

        Raises
        ------
        NotFoundError
            When there is no such layer.
        ForbiddenError
            When the person may not do that with it.
        """
        spec = self.registry.get(layer)
        return Seen(spec, require(person, spec, action), self.view(spec))

    def seen_if_allowed(self, person: Person, layer: str) -> Seen | None:
        """The layer as `person` sees it; None when it is not there or they may not."""
        if layer not in self.registry:
            return None
        spec = self.registry.get(layer)
        permission = permission_for(person, spec, Action.VIEW)
        return Seen(spec, permission, self.view(spec)) if permission.allowed else None

    def view(self, spec: LayerSpec) -> LayerView:
        """The view of a layer, whoever asks."""
        return self._service._views.view(self.tx, spec, self.versions)

    def entry(self, spec: LayerSpec, permission: Permission) -> Entry:
        """The layer's place in a catalogue."""
        if permission.areas is None and permission.categories is None:
            count = self.tx.layers.counts().get(spec.name, 0)
        else:
            count = int(self.view(spec).mask(permission).sum())
        return Entry(spec, permission, self.versions.get(spec.name, 0), count)


def check_limit(limit: int, most: int) -> None:
    """Refuse a limit below 1 or above `most`.

    Raises
    ------
    InvalidError
        Then.
    """
    if not 1 <= limit <= most:
        raise InvalidError(
            "query.bad_limit",
            "每页条数应为 1 至 {expected}，得到 {got}",
            field="limit",
            got=limit,
            expected=most,
        )


def check_polygon(polygon: Any) -> None:
    """Refuse what is no valid polygon in degrees, or one too large to work with.

    Raises
    ------
    GeometryError
        With one entry in ``errors`` per fault and its place.
    """
    _refuse_faults(polygon, GeometryKind.POLYGON, "polygon")
    x0, y0, x1, y1 = (float(v) for v in polygon.bounds)
    if (x1 - x0) * (y1 - y0) > MAX_POLYGON_DEG2:
        raise GeometryError(
            "geometry.too_large",
            "多边形的范围过大：{got}",
            field="polygon",
            got=[x0, y0, x1, y1],
            expected=MAX_POLYGON_DEG2,
            hint="一次不超过几个城市的范围",
        )


def check_geometry(spec: LayerSpec, geometry: Any) -> None:
    """Refuse a geometry that a person drew and the layer cannot hold.

    Raises
    ------
    GeometryError
        With one entry in ``errors`` per fault and its place.
    """
    _refuse_faults(geometry, spec.geometry, "geometry")


def _refuse_faults(shape: Any, kind: GeometryKind, where: str) -> None:
    rules = Rules(kind=kind, limits=Limits(vertices=MAX_POLYGON_VERTICES))
    faults = faults_of(shape, rules)
    if faults:
        raise refusal(faults, where)


def rest_behind(fids: IntArray, after: int) -> IntArray:
    """Those of `fids` that come behind the one called `after`, all for 0.

    Raises
    ------
    ConflictError
        When `after` is not among them.

    Examples
    --------
    >>> rest_behind(np.array([7, 3, 9]), 3).tolist()
    [9]
    """
    if not after:
        return fids
    found = np.flatnonzero(fids == after)
    if not len(found):
        raise ConflictError(
            "layer.list_changed",
            "列表在翻页时变了",
            field="after",
            got=after,
            hint="请从头重新载入列表",
        )
    return fids[found[0] + 1 :]


def _in_order(repo: Any, spec: LayerSpec, permission: Permission, fids: IntArray) -> FeatureBatch:
    """Rows by fid in the order given, those that are still there and within reach."""
    batch: FeatureBatch = repo.by_fids(spec, fids.tolist(), permission)
    place = {fid: i for i, fid in enumerate(fids.tolist())}
    return batch.take(sorted(range(len(batch)), key=lambda i: place[int(batch.fids[i])]))


def _require_reach(
    spec: LayerSpec, permission: Permission, area: str, category: str | None
) -> None:
    """Refuse a feature that the person could not see and edit afterwards."""
    code = np.array([0 if category is not None else -1])
    reached = permission.mask(object_array([area]), np.array([0]), object_array([category]), code)
    if not reached[0]:
        raise _out_of_reach(spec)


def _out_of_reach(spec: LayerSpec) -> ForbiddenError:
    return ForbiddenError(
        "permission.out_of_reach",
        "要素不在您可编辑的区域或类别内：{layer}",
        params={"layer": spec.title.zh},
    )


def _no_feature(spec: LayerSpec, key: str) -> NotFoundError:
    return NotFoundError(
        "layer.no_feature",
        "图层“{layer}”中没有编号为 {got} 的要素",
        field="key",
        got=key[:100],
        params={"layer": spec.title.zh},
    )


def _stored(tx: Any, spec: LayerSpec, permission: Permission, fid: int) -> Feature:
    batch = tx.layers.by_fids(spec, [fid], permission)
    return Feature(spec, permission, batch, origin_of(tx, spec, fid))
