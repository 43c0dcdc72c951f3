"""Sums of what zones hold by group: cell, community, street.

Each carrier belongs to one group, so that nobody counts twice and the groups add up to the whole;
carriers of no group are in none of the columns and are told apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError
from hazards.exposure import SHARE, Tally

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class GroupTallies:
    """(k, g) sums for k zones and g groups; the fields are those of `hazards.exposure.Tally`."""

    expected: FloatArray
    at_least: FloatArray
    at_most: FloatArray
    carriers: IntArray
    unknown: IntArray

    def tally(self, zone: int, group: int) -> Tally:
        """What a zone holds of a group."""
        return Tally(
            float(self.expected[zone, group]),
            float(self.at_least[zone, group]),
            float(self.at_most[zone, group]),
            int(self.carriers[zone, group]),
            int(self.unknown[zone, group]),
        )


def grouped(shares: FloatArray, amounts: FloatArray, groups: IntArray, count: int) -> GroupTallies:
    """What each zone holds of each group.

    Parameters
    ----------
    shares
        (k, n) share of each carrier within each zone.
    amounts
        (n,) what each carries; NaN is unknown.
    groups
        (n,) number of each carrier's group, -1 for none.
    count
        How many groups there are.

    Raises
    ------
    InvalidError
        ``exposure.ragged`` when they have different lengths.

    Examples
    --------
    >>> shares = np.array([[1.0, 0.25, 0.5]])
    >>> grouped(shares, np.array([10.0, 8.0, 6.0]), np.array([0, 1, 0]), 2).expected.tolist()
    [[13.0, 2.0]]
    """
    if not shares.shape[1] == len(amounts) == len(groups):
        raise InvalidError(
            "exposure.ragged",
            "长度不一：{got} 与 {expected}",
            got=[len(amounts), len(groups)],
            expected=int(shares.shape[1]),
        )
    known, missing = np.nan_to_num(amounts, nan=0.0), np.isnan(amounts)
    k = len(shares)
    expected, at_least, at_most = (np.zeros((k, count)) for _ in range(3))
    carriers, unknown = (np.zeros((k, count), np.int64) for _ in range(2))
    for row, share in enumerate(shares):
        # Most zones hold few of all carriers: nothing is done with the others.
        own = np.flatnonzero((share > SHARE) & (groups >= 0))
        group, held, part = groups[own], known[own], share[own]
        whole = part >= 1.0 - SHARE
        expected[row] = np.bincount(group, weights=part * held, minlength=count)
        at_least[row] = np.bincount(group[whole], weights=held[whole], minlength=count)
        at_most[row] = np.bincount(group, weights=held, minlength=count)
        carriers[row] = np.bincount(group, minlength=count)
        unknown[row] = np.bincount(group[missing[own]], minlength=count)
    return GroupTallies(expected, at_least, at_most, carriers, unknown)
