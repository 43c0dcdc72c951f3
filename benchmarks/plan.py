"""How much is measured: in full, or quickly to see that everything still runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """Size of a run.

    Attributes
    ----------
    quick
        Small data and few rounds: the figures mean nothing, the checks are the same.
    shared
        Folder for data that several benchmarks of one run use; None for one of their own.
    """

    quick: bool = False
    shared: Path | None = None

    def size(self, full: int, quick: int) -> int:
        """`full`, or `quick` in a quick run."""
        return quick if self.quick else full

    @property
    def rounds(self) -> int:
        """How often each contender runs; the median counts."""
        return 2 if self.quick else 7
