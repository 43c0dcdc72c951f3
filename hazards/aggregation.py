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
    own = np.flatnonzero((groups >= 0) & (shares > SHARE).any(axis=0))
    held, group = shares[:, own], groups[own]
    known, missing = np.nan_to_num(amounts[own], nan=0.0), np.isnan(amounts[own])

    def summed(weights: FloatArray) -> FloatArray:
        rows = [np.bincount(group, weights=row, minlength=count) for row in weights]
        return np.array(rows, np.float64).reshape(len(weights), count)

    touched = held > SHARE
    return GroupTallies(
        expected=summed(held * known),
        at_least=summed((held >= 1.0 - SHARE) * known),
        at_most=summed(touched * known),
        carriers=summed(touched.astype(np.float64)).astype(np.int64),
        unknown=summed((touched & missing).astype(np.float64)).astype(np.int64),
    )
