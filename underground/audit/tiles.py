"""An audit as a map over tiles: every pair belongs to exactly one tile, whatever their size.

A pair of boxes belongs to the tile that holds the lower left corner of their intersection, a
single pipe to the tile of its own corner. The measurements of a pair use its own coordinates
only, so that every tiling gives the same findings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gis.errors import InvalidError
from gis.index import SpatialIndex
from underground.audit.answers import Findings, joined_findings, sorted_findings
from underground.audit.checks import (
    AuditSettings,
    Counts,
    buried,
    check_cover,
    check_pairs,
    reach_of,
)
from underground.audit.foundations import check_foundations, foundation_reach
from underground.audit.land import LandUse, stretches
from underground.audit.profiles import Limits
from underground.audit.structures import StructureLimits, check_structures, serves
from underground.axes import FloatArray, IntArray, ObjectArray
from underground.clearance.cover import Ground
from underground.heights import require_one_datum
from underground.pipes import Pipes
from underground.rules.tables import RuleSet
from underground.surroundings import Surroundings

#: Side of a tile, metres.
TILE_M = 500.0
#: Pairs checked at once within a tile.
PAIRS_AT_ONCE = 200_000
#: Boxes over more tiles than this are met at the corners of their pairs only.
MOST_TILES = 64
Tile = tuple[int, int]


@dataclass(frozen=True)
class TileResult:
    """Findings and counts of one tile."""

    tile: Tile
    findings: Findings
    counts: Counts


@dataclass(frozen=True)
class Audit:
    """An audit of pipes, ready to be run tile by tile in any order, in any process.

    Attributes
    ----------
    pipes, rules, settings
        What is audited, by what, and what is taken for granted.
    tile_m
        Side of a tile.
    surface
        (n,) what lies above each pipe as a whole; `land` says it stretch by stretch.
    ground
        A model of the ground for the cover; without it the ground of the points.
    around
        Structures that stand around.

    Raises
    ------
    DatumError
        The heights are of an unknown datum, or those of the structures of another.
    InvalidError
        The side of a tile is not positive and finite.
    """

    pipes: Pipes
    rules: RuleSet
    settings: AuditSettings = AuditSettings()
    tile_m: float = TILE_M
    surface: ObjectArray | None = None
    ground: Ground | None = None
    around: Surroundings | None = None
    land: LandUse | None = None

    def __post_init__(self) -> None:
        require_one_datum([self.pipes.datum])
        if self.around is not None and self.around.has_heights:
            require_one_datum([self.pipes.datum, self.around.datum])
        if not (np.isfinite(self.tile_m) and self.tile_m > 0):
            raise InvalidError(
                "audit.tile", "分块边长应大于 0，得到 {got}", field="tile", got=str(self.tile_m)
            )

    @cached_property
    def limits(self) -> Limits:
        """Limits of the profiles of these pipes."""
        return Limits.of(self.pipes, self.rules)

    @cached_property
    def rank(self) -> IntArray:
        """(n,) place of each pipe in the order of the ids: pairs name the lower one first."""
        out = np.empty(len(self.pipes), np.int64)
        out[np.argsort(self.pipes.ids.astype(str), kind="stable")] = np.arange(len(self.pipes))
        return out

    @cached_property
    def chosen(self) -> IntArray:
        """Pipes that are audited."""
        return np.flatnonzero(buried(self.pipes))

    @cached_property
    def boxes(self) -> FloatArray:
        """(k, 4) boxes of the chosen pipes with what may matter around them."""
        reach = reach_of(self.pipes, self.limits, self.settings)[self.chosen, None]
        grown = self.pipes.axes.bounds[self.chosen] + reach * np.array([-1.0, -1.0, 1.0, 1.0])
        return np.asarray(grown, np.float64)

    @cached_property
    def index(self) -> SpatialIndex:
        """Tree of these boxes."""
        return SpatialIndex.build(self.boxes)

    @cached_property
    def structure_limits(self) -> StructureLimits | None:
        """Limits of the profiles of these pipes with the structures around."""
        return None if self.around is None else StructureLimits.of(self.limits, self.around)

    @cached_property
    def wide_boxes(self) -> FloatArray:
        """(k, 4) boxes of the chosen pipes with what may matter around them of structures."""
        if self.around is None or self.structure_limits is None:
            return self.boxes
        limit = self.structure_limits.reach[self.limits.of_pipe]
        limit = np.maximum(limit, foundation_reach(self.pipes, self.around, self.settings))
        half = np.nan_to_num(self.pipes.solids.width) / 2
        other = np.nanmax(self.around.sigma_xy, initial=0.0)
        error = np.hypot(np.nan_to_num(self.pipes.sigma_xy), other)
        reach = (half + limit + self.settings.times_sigma * error)[self.chosen, None]
        bounds = self.pipes.axes.bounds[self.chosen]
        return np.asarray(bounds + reach * np.array([-1.0, -1.0, 1.0, 1.0]), np.float64)

    @cached_property
    def around_index(self) -> SpatialIndex | None:
        """Tree of the structures."""
        return None if self.around is None else SpatialIndex.build(self.around.bounds)

    @cached_property
    def tiles(self) -> list[Tile]:
        """Tiles that hold the corner of some pair or pipe, in order."""
        if not len(self.chosen):
            return []
        low = np.minimum(self.boxes[:, :2], self.wide_boxes[:, :2])
        high = np.maximum(self.boxes[:, 2:], self.wide_boxes[:, 2:])
        low = np.floor(low / self.tile_m).astype(np.int64)
        high = np.floor(high / self.tile_m).astype(np.int64)
        one = (low == high).all(axis=1)
        vast = (high - low + 1).prod(axis=1, dtype=np.float64) > MOST_TILES
        found: set[Tile] = {(x, y) for x, y in np.unique(low[one], axis=0).tolist()}
        some = ~one & ~vast
        for (x0, y0), (x1, y1) in zip(low[some].tolist(), high[some].tolist(), strict=True):
            found.update((x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1))
        found.update((x, y) for x, y in self._corners(np.flatnonzero(vast)).tolist())
        return sorted(found)

    def _corners(self, vast: IntArray) -> IntArray:
        """(k, 2) tiles of what belongs to boxes over very many tiles: corners alone are looked at."""
        if not len(vast):
            return np.empty((0, 2), np.int64)
        boxes, wide = self.boxes[vast], self.wide_boxes[vast]
        rows, other = self.index.windows(boxes)
        corners = [boxes[:, :2], np.maximum(boxes[rows, :2], self.boxes[other, :2])]
        if self.around is not None and self.around_index is not None:
            rows, other = self.around_index.windows(wide)
            corners.append(np.maximum(wide[rows, :2], self.around.bounds[other, :2]))
        tiles = np.floor(np.vstack(corners) / self.tile_m).astype(np.int64)
        return np.unique(tiles, axis=0)

    def run(self, tile: Tile) -> TileResult:
        """Findings of one tile."""
        minx, miny = tile[0] * self.tile_m, tile[1] * self.tile_m
        box = (minx, miny, minx + self.tile_m, miny + self.tile_m)
        near = self.index.window(box)
        parts: list[Findings] = []
        counts: Counts = Counter()
        for i, j in self._pairs(near, tile):
            found, more = check_pairs(self.pipes, i, j, self.limits, self.settings)
            parts += found
            counts.update(more)
        for found, more in self._structures(tile, box):
            parts += found
            counts.update(more)
        own = near[self._is_in(self.boxes[near, :2], tile)]
        found, more = self._cover(self.chosen[own])
        counts.update(more)
        return TileResult(tile, joined_findings(parts + found), counts)

    def _cover(self, rows: IntArray) -> tuple[list[Findings], Counts]:
        """Cover of pipes, stretch by stretch where the land use is known."""
        if self.land is None:
            return check_cover(
                self.pipes, rows, self.limits, self.settings,
                surface=self.surface, ground=self.ground,
            )  # fmt: skip
        cut = stretches(self.pipes, rows, self.land)
        limits = replace(self.limits, of_pipe=self.limits.of_pipe[cut.owner])
        found, counts = check_cover(
            cut.pipes, np.arange(len(cut.pipes)), limits, self.settings,
            surface=cut.surface, ground=self.ground,
        )  # fmt: skip
        of = [f.a for f in found]
        moved = [
            replace(f, a=cut.owner[a], along_a=f.along_a + cut.start[a])
            for f, a in zip(found, of, strict=True)
        ]
        return moved, counts

    def _structures(
        self, tile: Tile, box: tuple[float, float, float, float]
    ) -> Iterator[tuple[list[Findings], Counts]]:
        """Answers of the pairs of pipe and structure that belong to a tile, a part at a time."""
        around, limits, index = self.around, self.structure_limits, self.around_index
        if around is None or limits is None or index is None:
            return
        near = index.window(box)
        boxes = self.wide_boxes
        meets = (boxes[:, :2] <= np.array(box[2:])).all(axis=1)
        pipes = np.flatnonzero(meets & (boxes[:, 2:] >= np.array(box[:2])).all(axis=1))
        if not len(near) or not len(pipes):
            return
        k, i = SpatialIndex.build(boxes[pipes]).windows(around.bounds[near])
        k, i = near[k], pipes[i]
        keep = self._is_in(np.maximum(boxes[i, :2], around.bounds[k, :2]), tile)
        order = np.lexsort((k[keep], i[keep]))
        k, i = k[keep][order], self.chosen[i[keep][order]]
        for start in range(0, len(i), PAIRS_AT_ONCE):
            part = slice(start, start + PAIRS_AT_ONCE)
            yield check_structures(self.pipes, i[part], around, k[part], limits, self.settings)
            rows = np.flatnonzero(around.kind[k[part]] == "building")
            rows = rows[~serves(self.pipes, i[part][rows], around, k[part][rows])]
            found, more = check_foundations(
                self.pipes, i[part][rows], around, k[part][rows], self.settings
            )
            yield [found], more

    def _is_in(self, corner: FloatArray, tile: Tile) -> np.ndarray:
        at = np.floor(corner / self.tile_m).astype(np.int64)
        return np.asarray((at[:, 0] == tile[0]) & (at[:, 1] == tile[1]))

    def _pairs(self, near: IntArray, tile: Tile) -> Iterator[tuple[IntArray, IntArray]]:
        """Pairs of pipes whose boxes meet and that belong to a tile, a part at a time."""
        boxes = self.boxes[near]
        if len(near) < 2:
            return
        local = SpatialIndex.build(boxes)
        for start in range(0, len(near), 4096):
            rows, other = local.windows(boxes[start : start + 4096])
            i, j = rows + start, other
            keep = i < j
            i, j = i[keep], j[keep]
            corner = np.maximum(boxes[i, :2], boxes[j, :2])
            keep = self._is_in(corner, tile)
            i, j = self.chosen[near[i[keep]]], self.chosen[near[j[keep]]]
            swap = self.rank[i] > self.rank[j]
            i, j = np.where(swap, j, i), np.where(swap, i, j)
            for part in range(0, len(i), PAIRS_AT_ONCE):
                yield i[part : part + PAIRS_AT_ONCE], j[part : part + PAIRS_AT_ONCE]


@dataclass(frozen=True)
class AuditResult:
    """All findings, sorted, and counts by check and answer."""

    findings: Findings
    counts: Counts
    pipes: int


def merged(audit: Audit, results: Iterable[TileResult]) -> AuditResult:
    """One result of those of the tiles, in whatever order they come."""
    parts: list[Findings] = []
    counts: Counts = Counter()
    for result in results:
        parts.append(result.findings)
        counts.update(result.counts)
    return AuditResult(sorted_findings(joined_findings(parts)), counts, len(audit.chosen))


def audit_pipes(
    pipes: Pipes,
    rules: RuleSet,
    settings: AuditSettings | None = None,
    *,
    tile_m: float = TILE_M,
    surface: ObjectArray | None = None,
    ground: Ground | None = None,
    around: Surroundings | None = None,
    land: LandUse | None = None,
) -> AuditResult:
    """An audit in this process, tile after tile; see `Audit` for what is given.

    Raises
    ------
    DatumError
        The heights are of an unknown datum.

    Examples
    --------
    >>> from underground.rules.tables import shipped_rules
    >>> from underground.survey.model import Sheet
    >>> from underground.survey.tables import survey_of_tables
    >>> from underground.pipes import pipes_of_survey
    >>> points = Sheet("p", ["点号", "X", "Y", "地面高程"], [["a", 0, 0, 0], ["b", 0, 9, 0]], [2, 3])
    >>> lines = Sheet("l", ["起点", "终点", "起点埋深", "终点埋深", "管类", "管径"],
    ...     [["a", "b", 0.2, 0.5, "污水", "300"]], [2])
    >>> pipes = pipes_of_survey(survey_of_tables(points, lines, datum="1985"))
    >>> dict(audit_pipes(pipes, shipped_rules()).counts)
    {('cover', 'fail'): 1}
    """
    settings = settings or AuditSettings()
    audit = Audit(pipes, rules, settings, tile_m, surface, ground, around, land)
    return merged(audit, (audit.run(tile) for tile in audit.tiles))
