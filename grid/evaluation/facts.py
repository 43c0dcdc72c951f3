"""What evaluation knows of a case: flags, small counts, whose it was; in columns.

Alarms about photos are not among it: they lead to a person, never to a score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Fact(IntFlag):
    """Flags of a case. A flag about time is set only where it is known to be so."""

    FILED = 1 << 0
    VOIDED = 1 << 1
    DISPATCHED = 1 << 2
    DISPOSED = 1 << 3
    CLOSED = 1 << 4
    CLOSED_SELF = 1 << 5
    CLOSED_FORCED = 1 << 6
    NOT_ACCEPTED = 1 << 7
    LINKED = 1 << 8
    LATE = 1 << 9
    EXEMPT = 1 << 10
    OVERDUE_OPEN = 1 << 11
    FILED_IN_TIME = 1 << 12
    DISPATCHED_IN_TIME = 1 << 13
    CLOSED_STAGE_IN_TIME = 1 << 14
    ACCEPTED = 1 << 15
    ACCEPTED_IN_TIME = 1 << 16
    VERIFY_SENT = 1 << 17
    VERIFY_SENT_IN_TIME = 1 << 18
    VERIFIED = 1 << 19
    VERIFIED_IN_TIME = 1 << 20
    INSPECT_SENT = 1 << 21
    INSPECT_SENT_IN_TIME = 1 << 22
    INSPECTED = 1 << 23
    INSPECTED_IN_TIME = 1 << 24
    SUSPENDED_NOW = 1 << 25
    SUSPENDED_EVER = 1 << 26
    RETURNED_LATE = 1 << 27
    SHIRKED = 1 << 28
    PUBLIC_CONFIRMED = 1 << 29
    MISSED = 1 << 30
    CALLED_BACK = 1 << 31
    CONTENT_RESULT = 1 << 32
    CONTENT_SERVICE = 1 << 33


@dataclass(frozen=True)
class CaseFacts:
    """Facts of cases, or of groups of cases that are alike.

    Attributes
    ----------
    bits
        (n,) flags of `Fact`.
    reworks, extensions, returns, bodies
        (n,) how often; bodies are departments it was sent to.
    overtime
        (n,) time used over the limit of late disposals, summed over the group.
    weight
        (n,) how many cases a row stands for.
    keys
        For each way of grouping, (n,) codes; '' where a case has none.
    """

    bits: IntArray
    reworks: IntArray
    extensions: IntArray
    returns: IntArray
    bodies: IntArray
    overtime: FloatArray
    weight: IntArray
    keys: Mapping[str, npt.NDArray[np.object_]]

    def __post_init__(self) -> None:
        n = len(self.bits)
        columns = {
            name: len(getattr(self, name))
            for name in ("reworks", "extensions", "returns", "bodies", "overtime", "weight")
        }
        columns |= {name: len(key) for name, key in self.keys.items()}
        wrong = {name: length for name, length in columns.items() if length != n}
        if wrong:
            raise InvalidError(
                "evaluation.ragged", "各列长度不一：应为 {expected}", got=wrong, expected=n
            )

    def __len__(self) -> int:
        return len(self.bits)

    def has(self, *flags: Fact) -> BoolArray:
        """(n,) whether all of `flags` are set."""
        wanted = int(np.bitwise_or.reduce([int(f) for f in flags]))
        found: BoolArray = (self.bits & wanted) == wanted
        return found

    def lacks(self, *flags: Fact) -> BoolArray:
        """(n,) whether none of `flags` is set."""
        unwanted = int(np.bitwise_or.reduce([int(f) for f in flags]))
        found: BoolArray = (self.bits & unwanted) == 0
        return found

    def take(self, rows: npt.NDArray[np.int64] | BoolArray) -> CaseFacts:
        """The rows at positions, or where a mask is true."""
        return CaseFacts(
            self.bits[rows],
            self.reworks[rows],
            self.extensions[rows],
            self.returns[rows],
            self.bodies[rows],
            self.overtime[rows],
            self.weight[rows],
            {name: key[rows] for name, key in self.keys.items()},
        )
