"""Names of coordinate reference systems: what an input's numbers may refer to.

Three sorts are known: systems that PROJ has, the offset datums GCJ-02 and
BD-09, and systems of a single city, which installed plug-ins bring because
their parameters are classified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from gis.datum import ACCURACY_M, OffsetDatum
from gis.errors import CrsError, UnavailableError

FloatArray = npt.NDArray[np.float64]

CGCS2000 = 4490
WGS84 = 4326
GK_CM117 = 4548
GK_ZONE39 = 4527
WEB_MERCATOR = 3857

LOCAL_SYSTEMS_GROUP = "cityops.local_systems"
_MAX_TEXT = 16_000
_WGS84_NAMES = {"wgs84", "wgs1984", "crs84", "ogc:crs84", "urn:ogc:def:crs:ogc:1.3:crs84"}
_WGS84_NAMES |= {"http://www.opengis.net/def/crs/ogc/1.3/crs84", "urn:ogc:def:crs:ogc::crs84"}
_CODE = re.compile(
    r"^(?:urn:ogc:def:crs:|https?://www\.opengis\.net/def/crs/)?"
    r"(?:(?P<authority>EPSG|ESRI)(?::[0-9.]*:|/[0-9.]+/|:))?(?P<code>[0-9]{4,6})$",
    re.IGNORECASE | re.ASCII,
)
_WKT = re.compile(
    r"^(PROJCS|GEOGCS|PROJCRS|PROJECTEDCRS|GEOGCRS|GEOGRAPHICCRS|GEODCRS|GEODETICCRS|COMPD_CS"
    r"|COMPOUNDCRS|BOUNDCRS|LOCAL_CS|ENGCRS|ENGINEERINGCRS|GEOCCS|VERT_CS|VERTCRS)\s*[\[(]",
    re.IGNORECASE,
)
_AXIS = re.compile(r',AXIS\["[^"]*",[A-Z]+\]')
#: Chinese datums whose relation to CGCS2000 is a classified set of parameters.
_CLASSIFIED_DATUMS = ("beijing", "xian", "xi'an", "1980 guojia")


@runtime_checkable
class LocalSystem(Protocol):
    """A city's own coordinate system, given by an installed plug-in.

    The plug-in is the entry point ``NAME`` of the group ``cityops.local_systems``
    and is called without arguments. It reads its parameters from a protected
    file of its own; nothing of this program stores, logs or shows them.
    """

    @property
    def accuracy_m(self) -> float:
        """What is left between a converted position and the true one, in metres."""
        ...

    def to_cgcs2000(self, xy: FloatArray) -> FloatArray:
        """Longitude and latitude, EPSG:4490, of (n, 2) local eastings and northings in metres."""
        ...

    def from_cgcs2000(self, lonlat: FloatArray) -> FloatArray:
        """Local eastings and northings in metres of (n, 2) longitudes and latitudes."""
        ...


@dataclass(frozen=True)
class Reference:
    """What the numbers of an input refer to.

    Attributes
    ----------
    label
        How it is written down beside delivered geometry: "EPSG:2263", "gcj02", "local:NAME", or WKT.
    crs
        Set where PROJ knows the system.
    offset
        Set for GCJ-02 and BD-09.
    local
        Set for a plug-in.
    accuracy_m
        What conversion to CGCS2000 leaves as error, in metres; 0 where nothing changes.
    """

    label: str
    crs: CRS | None = None
    offset: OffsetDatum | None = None
    local: LocalSystem | None = field(default=None, repr=False)
    accuracy_m: float = 0.0

    @property
    def is_geographic(self) -> bool:
        """Whether the numbers are degrees."""
        return self.offset is not None or (self.crs is not None and self.crs.is_geographic)

    @property
    def is_stored(self) -> bool:
        """Whether the numbers are stored as they are: CGCS2000 or WGS84 degrees."""
        return self.crs is not None and is_stored_crs(self.crs)

    @property
    def is_surveyed_quality(self) -> bool:
        """Whether positions converted from it may serve as surveyed ones: not from GCJ-02, BD-09."""
        return self.offset is None


def parse_crs(text: str | int) -> Reference:
    """The reference system that a person or a file names.

    Parameters
    ----------
    text
        ``EPSG:4548``, ``4548``, ``gcj02``, ``bd09``, ``wgs84``, ``cgcs2000``, an OGC URN, ``local:NAME``
        or the WKT of a ``.prj`` file. PROJ strings are refused, for they may name files.

    Raises
    ------
    CrsError
        Unknown or ambiguous name, no horizontal system, or a system whose relation to CGCS2000
        only a plug-in may know.

    Examples
    --------
    >>> parse_crs("4548").label
    'EPSG:4548'
    >>> parse_crs("GCJ-02").accuracy_m
    2.0
    """
    cleaned = str(text).strip().lstrip("\ufeff")
    plain = re.sub(r"[\s_-]", "", cleaned.lower())
    if plain in {"gcj02", "bd09", "bd09ll"}:
        datum = OffsetDatum.GCJ02 if plain == "gcj02" else OffsetDatum.BD09
        return Reference(datum.value, offset=datum, accuracy_m=ACCURACY_M[datum])
    if plain in _WGS84_NAMES:
        return reference_of(WGS84)
    if plain == "cgcs2000":
        return reference_of(CGCS2000)
    if cleaned.lower().startswith("local:"):
        return _local_reference(cleaned[len("local:") :])
    if (code := _CODE.match(cleaned)) is not None:
        return _coded_reference((code["authority"] or "EPSG").upper(), code["code"], cleaned)
    if _WKT.match(cleaned) and len(cleaned) <= _MAX_TEXT:
        return _wkt_reference(cleaned)
    raise unknown_crs(cleaned)


def reference_of(crs: CRS | Reference | int | str) -> Reference:
    """A reference from whatever names one; a `Reference` is returned as it is.

    Raises
    ------
    CrsError
        As `parse_crs`.

    Examples
    --------
    >>> reference_of(4490).is_stored
    True
    """
    if isinstance(crs, Reference):
        return crs
    if isinstance(crs, CRS):
        return _reference_of_crs(crs)
    return parse_crs(crs)


def local_systems() -> Mapping[str, Callable[[], LocalSystem]]:
    """Installed local systems by name, not yet opened.

    Examples
    --------
    >>> isinstance(local_systems(), dict)
    True
    """
    return {point.name: _opener(point) for point in entry_points(group=LOCAL_SYSTEMS_GROUP)}


def _opener(point: EntryPoint) -> Callable[[], LocalSystem]:
    def open_system() -> LocalSystem:
        system = point.load()()
        if not isinstance(system, LocalSystem):
            raise TypeError(point.name)
        return system

    return open_system


def _local_reference(name: str) -> Reference:
    known = local_systems()
    if name not in known:
        raise CrsError(
            "crs.no_local_system",
            "没有安装地方坐标系 {got}",
            got=name[:80],
            expected=sorted(known),
            hint="地方坐标系的转换参数涉密，须由本单位以插件提供",
        )
    system = guarded(known[name], name)
    return Reference(f"local:{name}", local=system, accuracy_m=float(system.accuracy_m))


def guarded(act: Callable[[], Any], name: str) -> Any:
    """What the plug-in answers; its own error text stays inside, for it may quote parameters."""
    try:
        return act()
    except Exception:
        raise UnavailableError(
            "crs.local_system_failed",
            "地方坐标系插件 {got} 没有给出结果",
            got=name,
            hint="请插件的管理员检查其参数文件",
        ) from None


def unknown_crs(text: str) -> CrsError:
    """The refusal of a name that nobody knows; only its first 80 characters are quoted."""
    return CrsError(
        "crs.unknown",
        "不认识坐标系 {got}",
        field="crs",
        got=text[:80],
        expected=["EPSG:4490", "EPSG:4548", "gcj02", "bd09", "local:NAME"],
        hint="用 EPSG 代码、gcj02、bd09 或 .prj 文件的内容指明坐标系",
    )


@lru_cache(maxsize=256)
def _coded_reference(authority: str, code: str, text: str) -> Reference:
    try:
        return _reference_of_crs(CRS.from_authority(authority, code))
    except CRSError as fault:
        raise unknown_crs(text) from fault


@lru_cache(maxsize=64)
def _wkt_reference(wkt: str) -> Reference:
    try:
        crs = CRS.from_wkt(wkt)
    except CRSError as fault:
        raise unknown_crs(wkt) from fault
    if crs.to_authority(min_confidence=70) is None and "EXTENSION" in wkt.upper():
        raise unknown_crs(wkt)
    return _reference_of_crs(crs)


def _reference_of_crs(crs: CRS) -> Reference:
    """Reference of a system that PROJ knows, by its registered definition where it has one."""
    if crs.is_bound:
        raise CrsError(
            "crs.has_parameters",
            "坐标系定义中含有基准转换参数，不予接受",
            hint="转换参数涉密：请用 EPSG 代码，或由本单位以地方坐标系插件提供",
        )
    flat = crs.sub_crs_list[0] if crs.is_compound else crs
    if len(flat.axis_info) == 3 and flat.is_geographic:
        flat = flat.to_2d()
    if not (flat.is_geographic or flat.is_projected):
        raise CrsError(
            "crs.not_horizontal",
            "{got} 不是平面或经纬度坐标系",
            got=name_of(crs),
            expected="EPSG:4490",
            hint="地方坐标系请用 local:NAME",
        )
    known = _registered(flat)
    if known is not None and known[0] in {"EPSG", "ESRI", "OGC"}:
        named = CRS.from_authority(*known)
        _refuse_classified(named, registered=True)
        return Reference(":".join(known), crs=named, accuracy_m=_accuracy_m(named))
    _refuse_classified(flat, registered=False)
    return Reference(flat.to_wkt(), crs=flat, accuracy_m=_accuracy_m(flat))


def _registered(crs: CRS) -> tuple[str, str] | None:
    """Authority and code of a system, the one that its text names where that is true.

    Two codes may mean the same plane: EPSG:4548 and EPSG:4509 differ in their belts only.
    """
    said = crs.to_json_dict().get("id")
    if said is not None:
        try:
            named = CRS.from_authority(said["authority"], said["code"])
        except CRSError:
            named = None
        if named is not None and _without_axes(named) == _without_axes(crs):
            return str(said["authority"]), str(said["code"])
    found: tuple[str, str] | None = crs.to_authority(min_confidence=70)
    return found


def _without_axes(crs: CRS) -> str | None:
    """The definition in the plain text of old, where areas of use have no place; no axes."""
    text = crs.to_wkt("WKT1_GDAL")
    return None if text is None else _AXIS.sub("", text)


def _refuse_classified(crs: CRS, *, registered: bool) -> None:
    """Refuse what only the holder of classified parameters can convert."""
    datum = crs.datum.name.lower() if crs.datum is not None else ""
    chinese = "china 2000" in datum or "china_2000" in datum or "cgcs2000" in datum
    if any(word in datum for word in _CLASSIFIED_DATUMS) or (chinese and not registered):
        raise CrsError(
            "crs.needs_local_system",
            "{got} 到 CGCS2000 的转换参数涉密，程序内没有",
            got=name_of(crs),
            expected="local:NAME",
            hint="请用本单位提供的地方坐标系插件（local:NAME），或先由测绘部门转换为 EPSG:4490",
        )


def _accuracy_m(crs: CRS) -> float:
    """Error of taking `crs` to CGCS2000, in metres, as far as PROJ states it.

    0 for CGCS2000 and WGS84 themselves; at least 1 m for any other datum.
    """
    if hub_of(crs) == CGCS2000 or crs.to_epsg() == WEB_MERCATOR or is_stored_crs(crs):
        return 0.0
    stated = float(way_to_degrees(crs, WGS84).accuracy)
    return stated if stated >= 1.0 else 5.0


def is_stored_crs(crs: CRS) -> bool:
    """Whether degrees of `crs` are stored as they are: EPSG:4490 and EPSG:4326."""
    return bool(crs.is_geographic) and crs.to_epsg() in {CGCS2000, WGS84}


def hub_of(crs: CRS) -> int:
    """Through which degrees a system goes, so that PROJ need not guess between WGS84 and CGCS2000."""
    name = crs.datum.name.lower() if crs.datum is not None else ""
    return CGCS2000 if "china 2000" in name or "china_2000" in name else WGS84


@lru_cache(maxsize=256)
def way_to_degrees(source: CRS, hub: int) -> Transformer:
    """The way from `source` to the degrees of `hub`; safe to share between threads.

    Raises
    ------
    CrsError
        PROJ knows no way that is better than a guess.
    """
    try:
        return Transformer.from_crs(source, hub, always_xy=True, allow_ballpark=False)
    except ProjError as fault:
        if source.ellipsoid is not None and source.ellipsoid.semi_major_metre == 6378137.0:
            return Transformer.from_crs(source, hub, always_xy=True)
        raise CrsError(
            "crs.no_way",
            "不知道如何把 {got} 转换到 CGCS2000",
            got=name_of(source),
            hint="请先在测绘软件中转换为 EPSG:4490",
        ) from fault


def name_of(crs: CRS) -> str:
    """Code of `crs`, or its name where no register holds it."""
    known = _registered(crs)
    return ":".join(known) if known is not None else crs.name
