"""Pipes deeper than the foundation of a building (4.1.11): how far away they must lie.

L = (H - h) / tan(alpha) + B / 2, L from the pipe's axis to the foundation in plan, H the pipe's
depth, h that of the foundation, B the width of the trench, alpha the soil's angle of friction. Here
H - h is the height of the underside of the foundation over the bottom of the pipe's outer wall. The
table 4.1.9 holds beside it: the larger of both counts. The clause is remembered, not read: its
findings are drafts.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import shapely

from gis.features import object_array
from underground.audit.answers import ANSWERS, Answer, Check, Findings, counts_of
from underground.audit.checks import AuditSettings, Counts
from underground.audit.structures import structure_findings
from underground.axes import FloatArray, IntArray
from underground.clearance.levels import levels
from underground.heights import GROUND_DATUM
from underground.pipes import Pipes
from underground.surroundings import Surroundings

#: Distance of the places of a pipe that are looked at, metres.
STEP_M = 1.0
_TOUCH_M = 1e-6


def foundation_reach(pipes: Pipes, around: Surroundings, settings: AuditSettings) -> FloatArray:
    """(n,) metres from each axis within which the clause may ask for something; 0 where unknown."""
    none = np.zeros(len(pipes))
    if settings.friction_deg is None or settings.trench_m is None or not len(pipes):
        return none
    first = pipes.axes.first[:-1]
    lowest = np.minimum.reduceat(pipes.axes.xyz[:, 2], first)
    lowest = lowest - pipes.solids.height / 2 * np.sqrt(2)
    ground = np.maximum.reduceat(pipes.ground, first)
    shallow = np.nanmin(around.foundation_depth, initial=np.inf)
    level = np.nanmax(around.foundation_level, initial=-np.inf)
    highest = np.maximum(np.where(np.isnan(ground), -np.inf, ground) - shallow, level)
    deeper = np.nan_to_num(highest - lowest, nan=0.0, neginf=0.0, posinf=0.0)
    deeper = deeper + settings.times_sigma * np.nan_to_num(pipes.sigma_z)
    asked = deeper / np.tan(np.radians(settings.friction_deg))
    return np.where(deeper > 0, asked + settings.trench_m / 2, none)


def check_foundations(
    pipes: Pipes, i: IntArray, around: Surroundings, k: IntArray, settings: AuditSettings
) -> tuple[Findings, Counts]:
    """Answers of pairs of pipe and building; those that the pipe serves are no pairs."""
    n = len(i)
    answer = np.full(n, ANSWERS.index(Answer.INSUFFICIENT), np.int64)
    gap, required, sigma, along = (np.full(n, np.nan) for _ in range(4))
    place = np.full((n, 2), np.nan)
    missing = object_array([None] * n)
    for row in range(n):
        worst = _worst(pipes, int(i[row]), around, int(k[row]), settings)
        gap[row], required[row], sigma[row], along[row], place[row], missing[row], said = worst
        answer[row] = ANSWERS.index(said)
    findings = structure_findings(
        Check.FOUNDATION, answer, i, len(pipes) + k, gap, required, sigma,
        np.full(n, -1, np.int64), missing, place, along,
    )  # fmt: skip
    return findings, Counter(counts_of(Check.FOUNDATION, answer))


_Worst = tuple[float, float, float, float, FloatArray, str | None, Answer]


def _worst(
    pipes: Pipes, row: int, around: Surroundings, which: int, settings: AuditSettings
) -> _Worst:
    """Gap, distance asked for, error, place and answer where they differ most."""
    at, xy, bottom, ground = _profile(pipes, row)
    outline = around.shapes[which]
    apart = np.asarray(shapely.distance(shapely.points(xy), outline), float)
    near = int(np.argmin(apart))
    gap = apart - pipes.solids.width[row] / 2
    level = around.foundation_level[which]
    if np.isnan(level) or pipes.datum == GROUND_DATUM:
        under = ground - around.foundation_depth[which]
    else:
        under = np.full(len(at), level)
    deeper = under - bottom
    lacking = [
        name
        for name, unknown in (
            ("foundation", np.isnan(under).any()),
            ("heights", np.isnan(bottom).any()),
        )
        if unknown
    ]
    here = float(gap[near]), np.nan, float(pipes.sigma_xy[row]), float(at[near]), xy[near]
    if lacking:
        return (*here, ",".join(lacking), Answer.INSUFFICIENT)
    if (deeper <= 0).all():
        return (*here, None, Answer.PASS)
    given = (("friction", settings.friction_deg), ("trench", settings.trench_m))
    lacking = [name for name, value in given if value is None]
    if lacking or settings.friction_deg is None or settings.trench_m is None:
        return (*here, ",".join(lacking), Answer.INSUFFICIENT)
    slope = np.tan(np.radians(settings.friction_deg))
    asked = np.where(deeper > 0, deeper / slope + settings.trench_m / 2, 0.0)
    asked = np.maximum(asked - pipes.solids.width[row] / 2, 0.0)
    at_worst = int(np.argmin(gap - asked))
    error = float(np.hypot(pipes.sigma_xy[row], pipes.sigma_z[row] / slope))
    spare = float(gap[at_worst] - asked[at_worst])
    if np.isnan(spare):
        return (*here, "size", Answer.INSUFFICIENT)
    said = Answer.PASS if spare >= 0 else Answer.FAIL
    if abs(spare) < settings.times_sigma * np.nan_to_num(error):
        said = Answer.WITHIN_ERROR
    return (
        float(gap[at_worst]), float(asked[at_worst]), error, float(at[at_worst]), xy[at_worst],
        None, said,
    )  # fmt: skip


def _profile(pipes: Pipes, row: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Stations, places, bottoms and ground along a pipe: its vertices and every `STEP_M`."""
    first, last = int(pipes.axes.first[row]), int(pipes.axes.first[row + 1])
    own = pipes.axes.stations[first:last]
    count = max(2, int(np.ceil(own[-1] / STEP_M)) + 1)
    at = np.unique(np.concatenate([np.linspace(0, own[-1], count), own]))
    piece = np.clip(np.searchsorted(own, at, side="right") - 1, 0, len(own) - 2)
    long = own[piece + 1] - own[piece]
    share = np.where(long > 0, (at - own[piece]) / np.where(long > 0, long, 1), 0.0)
    bottom = levels(pipes.solids, piece + first - row, share)[0]
    xyz, ground = pipes.axes.xyz[first:last], pipes.ground[first:last]
    xy = xyz[piece, :2] + share[:, None] * (xyz[piece + 1] - xyz[piece])[:, :2]
    return at, xy, bottom, ground[piece] + share * (ground[piece + 1] - ground[piece])
