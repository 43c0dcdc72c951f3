"""A monitor as JSON and back, so that a restart goes on with equal results."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from gis.errors import ConflictError, InvalidError
from hazards.monitoring.clocks import ClockPolicy
from hazards.monitoring.delays import Moves, Standing
from hazards.monitoring.monitor import Monitor
from hazards.monitoring.observations import Observations
from hazards.monitoring.rules import RuleBook
from hazards.monitoring.signals import Equals

#: Form of the text; another form is refused.
VERSION = 1
_TYPES: dict[str, Any] = {
    "value": np.float64, "is_up": np.bool_, "signal": np.int8, "memory": np.int8,
    "quality": np.int8, "sent": np.int8,
}  # fmt: skip


def monitor_json(monitor: Monitor) -> str:
    """The monitor as text; readings without a value are null."""
    return json.dumps(
        {
            "version": VERSION,
            "rules": monitor.book.digest,
            "policy": asdict(monitor.policy),
            "begin_us": monitor.begin_us,
            "received_us": monitor.received_us,
            "settled_us": monitor.settled_us,
            "strangers": monitor.strangers,
            "kept": _columns(monitor.kept),
            "standing": _columns(monitor.standing),
            "equals": _columns(monitor.equals),
            "journal": _columns(monitor.journal),
        }
    )


def monitor_from(text: str, book: RuleBook) -> Monitor:
    """The monitor out of the text of `monitor_json`.

    Raises
    ------
    ConflictError
        ``monitoring.other_rules`` when it was kept under other rules.
    InvalidError
        ``monitoring.bad_state`` when it cannot be read.
    """
    try:
        held = json.loads(text)
        if held["version"] == VERSION and held["rules"] != book.digest:
            raise ConflictError(
                "monitoring.other_rules",
                "保存的状态属于另一套规则",
                field="state",
                got=held["rules"],
                expected=book.digest,
                hint="用原来的规则继续，或不带状态从头计算",
            )
        return _monitor(held, book)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as fault:
        raise InvalidError(
            "monitoring.bad_state", "保存的状态读不出：{got}", field="state", got=str(fault)[:200]
        ) from fault


def _monitor(held: dict[str, Any], book: RuleBook) -> Monitor:
    if held["version"] != VERSION:
        raise ValueError(f"version {held['version']}")
    found = Monitor(
        book=book,
        policy=ClockPolicy(**held["policy"]),
        begin_us=int(held["begin_us"]),
        received_us=int(held["received_us"]),
        settled_us=int(held["settled_us"]),
        kept=Observations(book.names, **_arrays(held["kept"])),
        standing=Standing(**_arrays(held["standing"])),
        equals=Equals(**_arrays(held["equals"])),
        journal=Moves(**_arrays(held["journal"])),
        strangers=tuple(held["strangers"]),
    )
    stream, rule = found.kept.stream, found.journal.rule
    fits = len(found.standing.signal) == len(found.equals.value) == len(book.rules)
    fits &= bool(((stream >= 0) & (stream < len(book.streams))).all())
    fits &= bool(((rule >= 0) & (rule < len(book.rules))).all())
    if not fits:
        raise ValueError("rules")
    return found


def _columns(held: Any) -> dict[str, list[Any]]:
    found = {}
    for f in fields(held):
        column = getattr(held, f.name)
        if isinstance(column, np.ndarray):
            listed = column.tolist()
            is_real = column.dtype == np.float64
            found[f.name] = [_number(v) for v in listed] if is_real else listed
    return found


def _number(value: float) -> float | str | None:
    """NaN is null; the infinite are words, for JSON knows no such numbers."""
    if value != value:
        return None
    return value if abs(value) != float("inf") else str(value)


def _arrays(held: dict[str, list[Any]]) -> dict[str, np.ndarray]:
    made = {}
    for name, listed in held.items():
        if name == "value":
            listed = [np.nan if v is None else float(v) for v in listed]
        made[name] = np.array(listed, _TYPES.get(name, np.int64))
    if len({len(column) for column in made.values()}) > 1:
        raise ValueError("columns")
    return made
