"""Two ways to the same answer, timed by turns in one process after their answers were compared."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


class AnswersDiffer(Exception):
    """The contenders do not answer the same: no figure of theirs may be compared."""


class PeerMissing(Exception):
    """A program to compare with is not installed."""


@dataclass(frozen=True)
class Contender:
    """One way of doing the work.

    Attributes
    ----------
    name
        What does it.
    work
        One round. Is timed; its result is dropped.
    clock
        Processor seconds used so far: of this process, or of the one that does the work.
    """

    name: str
    work: Callable[[], object]
    clock: Callable[[], float] = time.process_time


@dataclass(frozen=True)
class Finding:
    """One measured figure beside its goal.

    Attributes
    ----------
    question
        What was done.
    n
        How much of it, such as ``"1 000 000 cells, 3 000 points"``.
    ours, peer
        Medians in `unit`; `peer` is None where a fixed bound is the goal.
    value, limit
        What is compared with the goal: a ratio where there is a peer, else the figure itself.
        A figure that is told for the record has no limit.
    """

    question: str
    n: str
    ours_name: str
    ours: float
    unit: str
    value: float
    limit: float | None
    goal: str
    peer_name: str | None = None
    peer: float | None = None
    rounds: int = 1

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None for a figure without a goal."""
        return None if self.limit is None else self.value <= self.limit


def check_equal(question: str, ours: Any, peer: Any) -> None:
    """Compare two answers: sequences of arrays, lists, dictionaries or plain values.

    Raises
    ------
    AnswersDiffer
        With the place of the first difference.
    """
    where = _difference(ours, peer, "answer")
    if where is not None:
        raise AnswersDiffer(f"{question}: {where}")


def _difference(a: Any, b: Any, path: str) -> str | None:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return None if np.array_equal(a, b) else f"{path} differs: {_short(a)} / {_short(b)}"
    if isinstance(a, dict) and isinstance(b, dict):
        if set(a) != set(b):
            return f"{path} has other keys: {_short(sorted(set(a) ^ set(b), key=str))}"
        return next((d for k in a if (d := _difference(a[k], b[k], f"{path}[{k!r}]"))), None)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            return f"{path} has {len(a)} / {len(b)} items"
        pairs = enumerate(zip(a, b, strict=True))
        return next((d for i, (x, y) in pairs if (d := _difference(x, y, f"{path}[{i}]"))), None)
    return None if a == b else f"{path} differs: {_short(a)} / {_short(b)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def cpu_seconds(
    work: Callable[[], object], clock: Callable[[], float] = time.process_time
) -> float:
    """Processor seconds by `clock` (this process, all of its threads) for one run of `work`."""
    begin = clock()
    work()
    return clock() - begin


def timed_by_turns(contenders: Sequence[Contender], rounds: int) -> list[float]:
    """Median processor seconds of each contender; every round runs all, in turning order.

    One round before the first is not counted: it fills caches and loads what is loaded late.
    """
    for contender in contenders:
        contender.work()
    taken: list[list[float]] = [[] for _ in contenders]
    for turn in range(rounds):
        order = range(len(contenders)) if turn % 2 == 0 else reversed(range(len(contenders)))
        for i in order:
            taken[i].append(cpu_seconds(contenders[i].work, contenders[i].clock))
    return [statistics.median(each) for each in taken]


def contest(
    question: str,
    n: str,
    ours: Contender,
    peer: Contender,
    *,
    at_most: float | None,
    rounds: int,
    per: int = 1,
    unit: str = "µs",
) -> Finding:
    """Time two contenders; the goal is that ours takes at most a share of the peer's time.

    Parameters
    ----------
    at_most
        That share; None for a figure told for the record.
    per
        How many questions one round answers: figures are for one question.
    unit
        ``"µs"``, ``"ms"`` or ``"s"``.
    """
    ours_s, peer_s = timed_by_turns([ours, peer], rounds)
    scale = {"µs": 1e6, "ms": 1e3, "s": 1.0}[unit] / per
    return Finding(
        question=question,
        n=n,
        ours_name=ours.name,
        ours=ours_s * scale,
        peer_name=peer.name,
        peer=peer_s * scale,
        unit=f"CPU {unit}",
        value=ours_s / peer_s,
        limit=at_most,
        goal="" if at_most is None else f"at most {at_most:g} of the peer's time",
        rounds=rounds,
    )


def bounded(
    question: str, n: str, name: str, value: float, unit: str, *, at_most: float, rounds: int = 1
) -> Finding:
    """A figure whose goal is a fixed bound."""
    return Finding(
        question=question,
        n=n,
        ours_name=name,
        ours=value,
        unit=unit,
        value=value,
        limit=at_most,
        goal=f"at most {at_most:g} {unit}",
        rounds=rounds,
    )
