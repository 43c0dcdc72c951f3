"""Who and what lies within discs around a place, counted once and without false precision.

The rule for what the edge of a zone cuts: a building's people are spread evenly over its
footprint, and the share of the footprint within the disc counts. Beside the expected number stand
the bounds of that rule: only the buildings wholly inside, and all that are touched. Points are
inside or not, the edge included. A band is a disc without the stronger one in it, so that the
highest level wins and the bands add up to the largest disc.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError
from gis.ragged import Ragged
from hazards.disc import areas_within

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
#: Slack of the quick test whether a footprint is wholly inside or outside, metres.
_SLACK_M = 0.05
#: Shares closer to 0 or 1 than this are 0 or 1.
SHARE = 1e-9


@dataclass(frozen=True)
class Tally:
    """What a zone holds.

    Attributes
    ----------
    expected
        Sum of amounts by share; those that are unknown count as nothing.
    at_least, at_most
        Sum over the carriers wholly inside, and over all that are touched.
    carriers, unknown
        How many are touched, and how many of them have no figure.
    """

    expected: float
    at_least: float
    at_most: float
    carriers: int
    unknown: int


@dataclass(frozen=True)
class Footprints:
    """Polygons around a source, cheap to test and exact where a test needs it.

    Attributes
    ----------
    centres_m
        (n, 2) metres from the source to the middle of each bounding box.
    reaches_m
        (n,) metres from there to the box's corners.
    shapes_of
        Gives the polygons of rows in metres around the source.
    """

    centres_m: FloatArray
    reaches_m: FloatArray
    shapes_of: Callable[[IntArray], Ragged]

    def __len__(self) -> int:
        return len(self.centres_m)


def footprint_shares(footprints: Footprints, radii_m: Sequence[float]) -> FloatArray:
    """(k, n) share of each footprint within each disc.

    A footprint without area counts by its middle, one without a place never.
    """
    middle = np.hypot(*footprints.centres_m.T)
    radii = np.asarray(radii_m, np.float64)[:, None]
    inside = middle + footprints.reaches_m <= radii - _SLACK_M
    outside = ~(middle - footprints.reaches_m <= radii + _SLACK_M)
    shares = np.where(inside, 1.0, 0.0)
    cut = np.flatnonzero((~inside & ~outside).any(axis=0))
    if len(cut):
        areas = areas_within(footprints.shapes_of(cut), [*radii_m, np.inf])
        whole = areas[-1]
        exact = np.where(
            whole > 0, areas[:-1] / np.where(whole > 0, whole, 1.0), middle[cut] <= radii
        )
        shares[:, cut] = settled(exact)
    return shares


def settled(shares: FloatArray) -> FloatArray:
    """Shares within 0 to 1, those that differ from an end by rounding alone on that end.

    Without it a building that a disc just misses would hold a hundred-millionth of a person,
    and a zone without anybody would tell "under ten".

    Examples
    --------
    >>> settled(np.array([-1e-12, 1e-12, 0.5, 1.0 - 1e-12])).tolist()
    [0.0, 0.0, 0.5, 1.0]
    """
    return np.where(shares <= SHARE, 0.0, np.where(shares >= 1.0 - SHARE, 1.0, shares))


def point_shares(distances_m: FloatArray, radii_m: Sequence[float]) -> FloatArray:
    """(k, n) 1 where a point lies within a disc, its edge included, else 0."""
    return (distances_m[None, :] <= np.asarray(radii_m)[:, None]).astype(np.float64)


def within(shares: FloatArray, amounts: FloatArray) -> list[Tally]:
    """What each disc holds.

    Parameters
    ----------
    shares
        (k, n) share of each carrier within each disc.
    amounts
        (n,) what each carries; NaN is unknown.

    Raises
    ------
    InvalidError
        When the two have different lengths.

    Examples
    --------
    >>> shares = np.array([[1.0, 0.25, 0.0], [1.0, 1.0, 0.5]])
    >>> [t.expected for t in within(shares, np.array([10.0, 8.0, np.nan]))]
    [12.0, 18.0]
    """
    return bands(shares, amounts, disjoint=False)


def bands(shares: FloatArray, amounts: FloatArray, *, disjoint: bool = True) -> list[Tally]:
    """What each disc holds that no disc before it does; the discs from the smallest outwards.

    Parameters
    ----------
    shares, amounts
        As in `within`.
    disjoint
        False counts each disc for itself.

    Raises
    ------
    InvalidError
        When the two have different lengths.

    Examples
    --------
    >>> shares = np.array([[1.0, 0.25, 0.0], [1.0, 1.0, 0.5]])
    >>> [t.expected for t in bands(shares, np.array([10.0, 8.0, np.nan]))]
    [12.0, 6.0]
    """
    if shares.shape[1] != len(amounts):
        raise InvalidError(
            "exposure.ragged",
            "长度不一：{got} 与 {expected}",
            got=len(amounts),
            expected=int(shares.shape[1]),
        )
    known = np.nan_to_num(amounts, nan=0.0)
    missing = np.isnan(amounts)
    before = None
    out = []
    for disc in shares:
        # Most discs hold few of all carriers: nothing is done with the others.
        own = np.flatnonzero(disc > SHARE)
        share = wholly = disc[own]
        if before is not None:
            share = share - before[own]
            own, share, wholly = (part[share > SHARE] for part in (own, share, wholly))
            wholly = np.where(before[own] <= SHARE, wholly, 0.0)
        held = known[own]
        out.append(
            Tally(
                expected=float(share @ held),
                at_least=float(held[wholly >= 1.0 - SHARE].sum()),
                at_most=float(held.sum()),
                carriers=len(own),
                unknown=int(missing[own].sum()),
            )
        )
        before = disc if disjoint else None
    return out
