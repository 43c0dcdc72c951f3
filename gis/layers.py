"""A layer, declared once: table, index, import, export, tile, legend and panel follow from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import entry_points

from gis.errors import InvalidError, NotFoundError

ENTRY_POINT_GROUP = "cityops.layers"
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
#: Group of the layers that people make from files.
USER_GROUP = "user"
#: Columns that every layer table has; no field may take their names.
RESERVED = frozenset(
    {
        *("fid", "key", "geom", "minx", "miny", "maxx", "maxy", "area", "extra"),
        *("delivered", "delivered_crs", "accuracy_m", "source_id", "row_version"),
        *("version", "rowid"),
    }
)


class GeometryKind(StrEnum):
    """What a layer's features are. Lines and polygons may have several parts."""

    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"


class FieldType(StrEnum):
    """What a field's values are. CODE is text out of the field's code list."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    DATE = "date"
    CODE = "code"


@dataclass(frozen=True)
class Title:
    """A name for people, Chinese first."""

    zh: str
    en: str


@dataclass(frozen=True)
class CodeItem:
    """One value of a code list, with how it is drawn where the layer is drawn by class.

    ``dash`` is a stroke-dasharray in units of the line width, empty for a solid line.
    ``mark`` is the letter shown beside the colour, for colour is never the only sign.
    """

    code: str
    title: Title
    colour: str | None = None
    dash: tuple[float, ...] = ()
    mark: str | None = None
    casing: str | None = None


@dataclass(frozen=True)
class FieldSpec:
    """One attribute of a layer.

    ``seen_by`` holds the names of the roles that may see the field; None means
    everyone who may see the layer. ``aliases`` are column names under which
    files deliver it. ``in_tiles`` puts it on the map for filters and labels.
    """

    name: str
    title: Title
    type: FieldType
    unit: str | None = None
    codes: tuple[CodeItem, ...] = ()
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    seen_by: frozenset[str] | None = None
    aliases: tuple[str, ...] = ()
    in_tiles: bool = False
    max_length: int = 2000

    def code_title(self, code: str) -> Title | None:
        """Title of a code, or None when the list does not hold it."""
        return next((item.title for item in self.codes if item.code == code), None)


@dataclass(frozen=True)
class Style:
    """How a layer is drawn when no class says otherwise. Widths and radii in CSS pixels."""

    colour: str = "#4d585f"
    fill: str | None = None
    fill_opacity: float = 0.25
    width: float = 1.5
    casing: str | None = None
    dash: tuple[float, ...] = ()
    radius: float = 4.0
    class_field: str | None = None


@dataclass(frozen=True)
class LayerSpec:
    """The declaration of a layer.

    ``category_field`` names the CODE field by which permissions may be narrowed.
    ``group`` is what grants refer to: base, areas, grid, components, underground,
    hazards, population, shelters, user. ``surveyed`` layers keep the delivered coordinates
    and their CRS beside the EPSG:4490 geometry. ``order`` is the drawing order,
    low first. ``pyramid`` asks for aggregates below ``min_zoom``.
    ``public`` is False for what may never be served without sign-in.
    """

    name: str
    title: Title
    group: str
    geometry: GeometryKind
    fields: tuple[FieldSpec, ...]
    key: str
    style: Style = Style()
    crs: int = 4490
    min_zoom: int = 0
    category_field: str | None = None
    label_field: str | None = None
    order: int = 100
    surveyed: bool = False
    visible: bool = True
    public: bool = False
    notice: str | None = None
    note: Title | None = None
    _by_name: Mapping[str, FieldSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {f.name: f for f in self.fields})
        check_spec(self)

    def field_named(self, name: str) -> FieldSpec:
        """The field called `name`.

        Raises
        ------
        NotFoundError
            When the layer has no such field.
        """
        found = self._by_name.get(name)
        if found is None:
            raise NotFoundError(
                "layer.unknown_field",
                "图层 {layer} 没有字段 {got}",
                got=name,
                expected=sorted(self._by_name),
                params={"layer": self.name},
            )
        return found

    def has_field(self, name: str) -> bool:
        """Whether the layer has a field called `name`."""
        return name in self._by_name

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of the fields in their order."""
        return tuple(f.name for f in self.fields)

    @property
    def tile_fields(self) -> tuple[FieldSpec, ...]:
        """Fields that go onto the map."""
        return tuple(f for f in self.fields if f.in_tiles)


def check_spec(spec: LayerSpec) -> None:
    """Refuse a declaration that could not work, with all of its faults at once.

    Raises
    ------
    InvalidError
        With one entry in ``errors`` per fault.
    """
    faults: list[InvalidError] = []

    def fault(message: str, got: object) -> None:
        faults.append(InvalidError("layer.bad_declaration", message, got=got, field=spec.name))

    if not _NAME.match(spec.name):
        fault("图层名应为小写字母、数字、下划线：{got}", spec.name)
    names = [f.name for f in spec.fields]
    for name in sorted({n for n in names if names.count(n) > 1}):
        fault("字段 {got} 重复", name)
    for f in spec.fields:
        if not _NAME.match(f.name):
            fault("字段名应为小写字母、数字、下划线：{got}", f.name)
        if f.name in RESERVED:
            fault("字段名 {got} 是保留名", f.name)
        if f.type is FieldType.CODE and not f.codes:
            fault("代码字段 {got} 没有代码表", f.name)
    for role, pointed in (
        ("key", spec.key),
        ("category_field", spec.category_field),
        ("label_field", spec.label_field),
        ("class_field", spec.style.class_field),
    ):
        if pointed is not None and pointed not in names:
            fault(role + " 指向不存在的字段 {got}", pointed)
    by_name = {f.name: f for f in spec.fields}
    for role, pointed in (("key", spec.key), ("category_field", spec.category_field)):
        # They name features and grant rights: answers tell them whatever else they hold.
        if pointed in by_name and by_name[pointed].seen_by is not None:
            fault(role + " 不能是限定角色的字段：{got}", pointed)
    if spec.category_field in names and by_name[spec.category_field].type is not FieldType.CODE:
        fault("category_field 必须是代码字段：{got}", spec.category_field)
    if faults:
        raise InvalidError(
            "layer.bad_declaration",
            "图层 {field} 的声明有 {count} 处错误：{first}",
            field=spec.name,
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )


class LayerRegistry:
    """The layers that a program knows, by name, in drawing order."""

    def __init__(self, specs: Iterable[LayerSpec] = ()) -> None:
        self._specs: dict[str, LayerSpec] = {}
        for spec in specs:
            self.add(spec)

    def add(self, spec: LayerSpec) -> None:
        """Add a layer.

        Raises
        ------
        InvalidError
            When another layer has the name already.
        """
        known = self._specs.get(spec.name)
        if known is not None and known != spec:
            raise InvalidError("layer.duplicate", "图层 {got} 被声明了两次", got=spec.name)
        self._specs[spec.name] = spec

    def get(self, name: str) -> LayerSpec:
        """The layer called `name`.

        Raises
        ------
        NotFoundError
            When there is none.
        """
        spec = self._specs.get(name)
        if spec is None:
            raise NotFoundError(
                "layer.unknown",
                "没有图层 {got}",
                field="layer",
                got=name,
                expected=[s.name for s in self],
                hint="用 cityops layers 看有哪些图层",
            )
        return spec

    def __contains__(self, name: object) -> bool:
        return name in self._specs

    def __iter__(self) -> Iterator[LayerSpec]:
        return iter(sorted(self._specs.values(), key=lambda s: (s.order, s.name)))

    def __len__(self) -> int:
        return len(self._specs)


def installed_layers() -> LayerRegistry:
    """All layers that installed packages declare under the entry point group ``cityops.layers``.

    An entry point names a sequence of :class:`LayerSpec`.

    Raises
    ------
    InvalidError
        When two packages declare one name differently, or an entry point holds something else.
    """
    registry = LayerRegistry()
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda p: p.name):
        specs = point.load()
        for spec in specs:
            if not isinstance(spec, LayerSpec):
                raise InvalidError(
                    "layer.bad_entry_point",
                    "入口点 {field} 应给出 LayerSpec 的序列，得到 {got}",
                    field=point.name,
                    got=type(spec).__name__,
                )
            registry.add(spec)
    return registry
