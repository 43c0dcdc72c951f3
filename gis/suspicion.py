"""Does a delivery lie where it says? Hypotheses about its datum, scored against a reference layer.

A declared coordinate system may be wrong in a few usual ways: the numbers are
GCJ-02 or BD-09, the axes are swapped, the zone is another one, feet were taken
for metres. Each way is applied to the delivered shapes, and it is asked how
the result lies against a layer that is known to be right.

What is compared is not nearness itself, for in a city everything is near a
road. It is the *sharpness* of the fit: two statistics, taken at the position
in question and with the whole delivery moved by 110 to 290 m in forty ways.
Where two layers have to do with each other the true position stands out:

- nearness, the mean of ``exp(-distance / 4 m)``: manholes and lamps keep to roads;
- overlap, the share of features that cross or lie in the reference's shapes,
  where either side has polygons: buildings keep off the roads, lamps off buildings.

A wrong hypothesis is just one more moved position. So a suspicion needs both:
the hypothesis stands out, and the declared position does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import shapely

from gis.crs import GK_CM117, GK_ZONE39, transform
from gis.datum import OffsetDatum, offset_to_wgs84
from gis.errors import CrsError, InvalidError
from gis.frame import LocalFrame, Shapes
from gis.reference import Reference, parse_crs, reference_of

FloatArray = npt.NDArray[np.float64]
ObjectArray = npt.NDArray[np.object_]

#: A layer less accurate than this may not be the reference.
MAX_REFERENCE_ACCURACY_M = 50.0
#: With fewer features nothing is said.
MIN_FEATURES = 30
#: How far a hypothesis must stand out from moved positions, in standard deviations.
STANDS_OUT = 3.5
#: How much further than the declared position.
MIN_MARGIN = 1.5
#: Share of features that must lie on the reference's ground under a gross hypothesis, and under none but it.
_LANDS, _MISSES = 0.9, 0.1

_MAX_FEATURES = 600
_SAMPLES_PER_FEATURE = 6
#: Features with more vertices are left out.
_MAX_VERTICES = 5_000
#: Decay of nearness, metres; that of a reference of poorer accuracy is its accuracy.
_NEAR_M = 4.0
#: Least standard deviation of a share, so that nothing stands out from a constant by a hair.
_FLOOR = 0.005
_RING_M = (110.0, 170.0, 230.0, 290.0)
_DIRECTIONS = 10
_FOOT_M = 0.3048
_US_FOOT_M = 1200.0 / 3937.0


class Hypothesis(StrEnum):
    """What the delivered numbers may be."""

    DECLARED = "declared"
    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"
    SWAPPED = "swapped"
    OTHER_ZONE = "other_zone"
    FEET = "feet"


#: Mistakes that move by many kilometres, so that landing on the ground at all is evidence.
_GROSS = frozenset({Hypothesis.SWAPPED, Hypothesis.OTHER_ZONE, Hypothesis.FEET})


class Verdict(StrEnum):
    """What came out."""

    AS_DECLARED = "as_declared"
    SUSPICIOUS = "suspicious"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True)
class Score:
    """How one hypothesis fares.

    Attributes
    ----------
    hypothesis
        What the numbers were taken for.
    crs
        The system to name instead, where it is another one: "gcj02", "EPSG:4549".
    landing
        Share of features that come to lie on the reference's ground, 0 to 1.
    score
        How far the position stands out from moved ones, in standard deviations;
        None where too few features land on the reference's ground.
    n
        Features behind `score`.
    median_distance_m
        Median distance of the samples to the reference, metres; None as `score`.
    """

    hypothesis: Hypothesis
    crs: str
    landing: float
    score: float | None
    n: int
    median_distance_m: float | None


@dataclass(frozen=True)
class Suspicion:
    """The answer: verdict, best hypothesis, margin over the declared one, and all scores.

    Attributes
    ----------
    margin
        Score of `best` minus that of the declared position (or, where everything lay off the
        reference's ground, the difference of the shares that land on it).
    n
        Features that were looked at.
    """

    verdict: Verdict
    best: Score
    margin: float
    n: int
    scores: tuple[Score, ...]


class ReferenceLayer:
    """A layer that is known to lie right, prepared for distances.

    Parameters
    ----------
    geometries
        (n,) shapely geometries in EPSG:4490; distances are to the outline of polygons.
    accuracy_m
        How right: the standard deviation of its positions, metres.

    Raises
    ------
    InvalidError
        ``suspicion.reference_too_coarse``: worse than 50 m or unknown; ``suspicion.empty_reference``.
    """

    def __init__(self, geometries: Shapes, accuracy_m: float | None) -> None:
        if accuracy_m is None or not 0.0 <= accuracy_m <= MAX_REFERENCE_ACCURACY_M:
            raise InvalidError(
                "suspicion.reference_too_coarse",
                "参照图层经过概括或精度不明，不能用来判断坐标基准"
                if accuracy_m is None
                else "参照图层的精度为 {got} m，不能用来判断坐标基准",
                field="reference",
                got=accuracy_m if accuracy_m is not None and math.isfinite(accuracy_m) else None,
                expected=f"≤ {MAX_REFERENCE_ACCURACY_M:g} m",
                hint="请用道路、建筑物或实测部件作参照，概括过的行政区界不行",
            )
        shapes = np.array(geometries, dtype=object, ndmin=1)
        shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
        if len(shapes) == 0:
            raise InvalidError("suspicion.empty_reference", "参照图层是空的", field="reference")
        west, south, east, north = shapely.total_bounds(shapes).tolist()
        self.accuracy_m = accuracy_m
        self.frame = LocalFrame((west + east) / 2.0, (south + north) / 2.0)
        plane = self.frame.project_geometry(shapes)
        is_area = shapely.get_dimensions(plane) == 2
        self._areas = shapely.STRtree(plane[is_area])
        self._shapes = shapely.STRtree(plane)
        plane[is_area] = shapely.boundary(plane[is_area])
        self._pieces = shapely.STRtree(_short_pieces(plane))
        self._ground = shapely.convex_hull(shapely.multipoints(shapely.get_coordinates(plane)))
        shapely.prepare(self._ground)

    @property
    def has_areas(self) -> bool:
        """Whether any of its shapes is a polygon."""
        return len(self._areas) > 0

    def is_on_ground(self, xy: FloatArray) -> npt.NDArray[np.bool_]:
        """Which positions, metres of `frame`, lie on the reference's ground: its convex hull."""
        inside: npt.NDArray[np.bool_] = shapely.intersects_xy(self._ground, xy[:, 0], xy[:, 1])
        return inside

    def distances_m(self, xy: FloatArray) -> FloatArray:
        """Distances of positions, metres of `frame`, to the reference."""
        at, distance = self._pieces.query_nearest(
            shapely.points(xy), return_distance=True, all_matches=False
        )
        out = np.full(len(xy), np.inf)
        out[at[0]] = distance
        return out

    def is_in_area(self, xy: FloatArray) -> npt.NDArray[np.bool_]:
        """Which positions, metres of `frame`, lie in a polygon of the reference."""
        out = np.zeros(len(xy), dtype=bool)
        out[self._areas.query(shapely.points(xy), predicate="intersects")[0]] = True
        return out

    def is_crossed_by(self, polygons: ObjectArray) -> npt.NDArray[np.bool_]:
        """Which polygons, metres of `frame`, share a point with a shape of the reference."""
        out = np.zeros(len(polygons), dtype=bool)
        out[self._shapes.query(polygons, predicate="intersects")[0]] = True
        return out


@dataclass(frozen=True)
class _Delivery:
    """The features that are looked at.

    Attributes
    ----------
    coords
        (m, 2) all their vertices, as delivered.
    owner
        (m,) feature of each vertex, from 0, ascending.
    sampled
        (m,) which vertices stand for their feature.
    shapes
        (n,) the features; `coords` are their vertices in this order.
    """

    coords: FloatArray
    owner: npt.NDArray[np.intp]
    sampled: npt.NDArray[np.bool_]
    shapes: ObjectArray

    @property
    def n(self) -> int:
        return len(self.shapes)


def suspect_datum(
    geometries: Shapes, declared: Reference | int | str, reference: ReferenceLayer
) -> Suspicion:
    """Whether delivered shapes lie where they say, or where a usual mistake would put them.

    Parameters
    ----------
    geometries
        (n,) shapely geometries as delivered, numbers of `declared`. Missing and empty ones are left out;
        of more than 600 an even choice is looked at.
    declared
        The system that the delivery names.
    reference
        A layer known to lie right, of the same ground.

    Returns
    -------
    `cannot_tell` below 30 features, or where nothing stands out clearly, or where the layers do not
    share their ground. A suspicion is a question to the sender, never a reason to convert.

    Examples
    --------
    >>> roads = ReferenceLayer([shapely.LineString([(117.2, 39.1), (117.3, 39.1)])], accuracy_m=5)
    >>> suspect_datum([shapely.Point(117.21, 39.1)], "EPSG:4490", roads).verdict.value
    'cannot_tell'
    """
    here = reference_of(declared)
    delivery = _chosen(np.array(geometries, dtype=object, ndmin=1))
    scores = [
        _scored(hypothesis, label, xy, delivery, reference)
        for hypothesis, label, xy in _readings(delivery.coords, here, reference)
    ]
    return _judged(scores, delivery.n)


def _chosen(shapes: ObjectArray) -> _Delivery:
    """At most 600 features, evenly chosen, and up to 6 vertices of each to stand for it."""
    kept = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    size = shapely.get_num_coordinates(kept)
    finite = np.isfinite(shapely.bounds(kept)).all(axis=1) if len(kept) else np.ones(0, bool)
    kept = shapely.force_2d(kept[finite & (size <= _MAX_VERTICES)])
    if len(kept) > _MAX_FEATURES:
        kept = kept[np.linspace(0, len(kept) - 1, _MAX_FEATURES).astype(np.intp)]
    coords, owner = shapely.get_coordinates(kept, return_index=True)
    count = np.bincount(owner, minlength=len(kept))
    place = np.arange(len(owner)) - (np.cumsum(count) - count)[owner]
    wanted = np.minimum(count, _SAMPLES_PER_FEATURE)[owner]
    # A vertex is taken when it is the first in its sixth of the feature.
    sampled = (place == 0) | (place * wanted // count[owner] > (place - 1) * wanted // count[owner])
    return _Delivery(coords, owner, sampled, kept)


def _readings(
    coords: FloatArray, here: Reference, reference: ReferenceLayer
) -> Iterator[tuple[Hypothesis, str, FloatArray]]:
    """Each hypothesis with the vertices in metres of the reference's frame; NaN where impossible."""
    declared = _lonlat(coords, here)
    yield Hypothesis.DECLARED, here.label, reference.frame.project(declared)
    seen = [declared]
    for hypothesis, label, lonlat in _alternatives(coords, declared, here, reference.frame.lon):
        if any(np.allclose(lonlat, old, atol=1e-7, rtol=0.0, equal_nan=True) for old in seen):
            continue
        seen.append(lonlat)
        yield hypothesis, label, reference.frame.project(lonlat)


def _alternatives(
    coords: FloatArray, declared: FloatArray, here: Reference, lon: float
) -> Iterator[tuple[Hypothesis, str, FloatArray]]:
    swapped = np.ascontiguousarray(coords[:, ::-1])
    if here.offset is not None:
        yield Hypothesis.WGS84, "EPSG:4326", coords.copy()
    for datum in OffsetDatum:
        if here.offset is not datum:
            raw = coords if here.offset is not None else declared
            yield Hypothesis(datum.value), datum.value, offset_to_wgs84(raw, datum)
    yield Hypothesis.SWAPPED, here.label, _lonlat(swapped, here)
    if here.crs is not None and here.crs.is_projected:
        unit = float(here.crs.axis_info[0].unit_conversion_factor)
        for factor in (_US_FOOT_M, _FOOT_M) if unit == 1.0 else (1.0 / unit,):
            yield Hypothesis.FEET, here.label, _lonlat(coords * factor, here)
    for code in _other_zones(here, coords, lon):
        yield Hypothesis.OTHER_ZONE, f"EPSG:{code}", _lonlat(coords, parse_crs(code))


def _other_zones(here: Reference, coords: FloatArray, lon: float) -> list[int]:
    """Codes of CGCS2000 Gauss-Krueger systems near `lon` that the numbers may be in.

    None when the numbers are degrees: 3- and 6-degree zones, with and without prefix, otherwise.
    """
    if here.crs is None or len(coords) == 0 or np.nanmedian(np.abs(coords)) <= 180.0:
        return []
    three, six = round(lon / 3.0), round((lon - 3.0) / 6.0)
    codes = [GK_CM117, GK_ZONE39]
    for zone in range(max(three - 2, 25), min(three + 2, 45) + 1):
        codes += [4513 + zone - 25, 4534 + zone - 25]
    for zone in range(max(six, 13), min(six + 2, 23) + 1):
        codes += [4491 + zone - 13, 4502 + zone - 13]
    own = here.crs.to_epsg()
    return [code for code in dict.fromkeys(codes) if code != own]


def _lonlat(xy: FloatArray, here: Reference) -> FloatArray:
    """Degrees of `xy`; NaN in rows that `here` cannot place."""
    out = np.full((len(xy), 2), np.nan)
    rows = np.arange(len(xy))
    try:
        return transform(xy, here) if len(xy) else out
    except CrsError as fault:
        wrong = getattr(fault, "rows", rows)
        good = np.setdiff1d(rows, wrong)
    if len(good):
        out[good] = transform(xy[good], here)
    return out


@dataclass(frozen=True)
class _Fit:
    """How the delivery lies at one position: shares and means over the features on the ground."""

    landing: float
    nearness: float = math.nan
    overlap: float = math.nan
    median_m: float = math.nan


def _scored(
    hypothesis: Hypothesis,
    label: str,
    xy: FloatArray,
    delivery: _Delivery,
    reference: ReferenceLayer,
) -> Score:
    fit = _fit(xy, delivery, reference)
    landed = round(fit.landing * delivery.n)
    if landed < MIN_FEATURES:
        return Score(hypothesis, label, fit.landing, None, 0, None)
    moved = [_fit(xy + move, delivery, reference) for move in _moves()]
    moved = [m for m in moved if m.landing * delivery.n >= MIN_FEATURES]
    if len(moved) < len(_moves()) // 2:
        return Score(hypothesis, label, fit.landing, None, 0, None)
    score = max(
        _stands_out(fit.nearness, [m.nearness for m in moved]),
        _stands_out(fit.overlap, [m.overlap for m in moved]),
    )
    return Score(hypothesis, label, fit.landing, score, landed, fit.median_m)


def _stands_out(value: float, moved: list[float]) -> float:
    """Standard deviations between `value` and moved ones; 0 within their range or without any."""
    if not (math.isfinite(value) and all(map(math.isfinite, moved))):
        return 0.0
    if min(moved) <= value <= max(moved):
        return 0.0
    return abs(value - float(np.mean(moved))) / (float(np.std(moved)) + _FLOOR)


def _moves() -> FloatArray:
    """Moves by 110 to 290 m in ten directions each: where the delivery would lie by accident."""
    turns = np.arange(_DIRECTIONS) / _DIRECTIONS * 2.0 * np.pi
    return np.concatenate(
        [
            ring * np.column_stack([np.cos(turns + i * 0.37), np.sin(turns + i * 0.37)])
            for i, ring in enumerate(_RING_M)
        ]
    )


def _fit(xy: FloatArray, delivery: _Delivery, reference: ReferenceLayer) -> _Fit:
    """How the delivery lies with its vertices at `xy`, metres of the reference's frame."""
    at, owner = xy[delivery.sampled], delivery.owner[delivery.sampled]
    on = np.asarray(np.isfinite(at).all(axis=1), dtype=bool)
    on[on] = reference.is_on_ground(at[on])
    if not on.any():
        return _Fit(0.0)
    at, owner = at[on], owner[on]
    distance = reference.distances_m(at)
    near = np.exp(-distance / max(_NEAR_M, reference.accuracy_m))
    landed, mean = _mean_by(owner, near, delivery.n)
    overlaps = []
    is_area = shapely.get_dimensions(delivery.shapes) == 2
    rows = np.flatnonzero(landed & is_area)
    if len(rows):
        overlaps.append(reference.is_crossed_by(_placed(xy, delivery, rows)).astype(np.float64))
    other = ~is_area[owner]
    if other.any() and reference.has_areas:
        inside = reference.is_in_area(at[other]).astype(np.float64)
        overlaps.append(_mean_by(owner[other], inside, delivery.n)[1])
    overlap = float(np.concatenate(overlaps).mean()) if overlaps else math.nan
    return _Fit(float(landed.mean()), float(mean.mean()), overlap, float(np.median(distance)))


def _mean_by(
    owner: npt.NDArray[np.intp], values: FloatArray, n: int
) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    """Which of `n` features have values, and the mean of each that has."""
    count = np.bincount(owner, minlength=n)
    total = np.bincount(owner, weights=values, minlength=n)
    has = count > 0
    return has, total[has] / count[has]


def _placed(xy: FloatArray, delivery: _Delivery, rows: npt.NDArray[np.intp]) -> ObjectArray:
    """The features `rows` with their vertices at `xy`; those that cannot be placed are left out."""
    finite = np.ones(delivery.n, dtype=bool)
    finite[delivery.owner[~np.isfinite(xy).all(axis=1)]] = False
    wanted = np.zeros(delivery.n, dtype=bool)
    wanted[rows] = True
    wanted &= finite
    return np.asarray(
        shapely.set_coordinates(delivery.shapes[wanted], xy[wanted[delivery.owner]]), dtype=object
    )


def _judged(scores: list[Score], n: int) -> Suspicion:
    """The verdict over all scores; the declared one comes first."""
    declared, others = scores[0], scores[1:]
    gross = _gross(declared, others, n)
    if gross is not None:
        return Suspicion(
            Verdict.SUSPICIOUS, gross, gross.landing - declared.landing, n, tuple(scores)
        )
    ranked = sorted(others, key=lambda s: -(s.score or 0.0))
    own = declared.score or 0.0
    best = ranked[0] if ranked and (ranked[0].score or 0.0) > own else declared
    # Two sorts of feet lie metres apart: variants of one mistake do not speak against each other.
    others_than_best = (s.score or 0.0 for s in scores if s.hypothesis is not best.hypothesis)
    rest = max(others_than_best, default=0.0)
    margin = (best.score or 0.0) - (own if best is not declared else rest)
    clear = (best.score or 0.0) >= STANDS_OUT and (best.score or 0.0) - rest >= MIN_MARGIN
    verdict = Verdict.CANNOT_TELL
    if n >= MIN_FEATURES and clear:
        verdict = Verdict.AS_DECLARED if best is declared else Verdict.SUSPICIOUS
    return Suspicion(verdict, best, margin, n, tuple(scores))


def _gross(declared: Score, others: list[Score], n: int) -> Score | None:
    """The one mistake under which the delivery lands on the reference's ground at all."""
    if n < MIN_FEATURES or declared.landing > _MISSES:
        return None
    landed = [s for s in others if s.landing >= _LANDS and s.hypothesis in _GROSS]
    if len({s.hypothesis for s in landed}) > 1:
        landed = [s for s in landed if (s.score or 0.0) >= STANDS_OUT]
    if len({s.hypothesis for s in landed}) != 1:
        return None
    return max(landed, key=lambda s: s.score or 0.0)


def _short_pieces(shapes: ObjectArray) -> ObjectArray:
    """Lines cut into their segments, so that the tree's boxes are tight; points as they are."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    is_line = shapely.get_dimensions(parts) == 1
    coords, line = shapely.get_coordinates(parts[is_line], return_index=True)
    joined = line[1:] == line[:-1]
    segments = shapely.linestrings(np.stack([coords[:-1][joined], coords[1:][joined]], axis=1))
    return np.concatenate([parts[~is_line], np.atleast_1d(segments)])
