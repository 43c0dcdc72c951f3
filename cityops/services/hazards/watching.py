"""Alarms over a file of observations, as interfaces answer them."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cityops.services.case_values import CITY_TIME
from gis.errors import ConflictError, InvalidError
from hazards.models import Caution
from hazards.monitoring.alarms import Act, Alarm, AlarmList, alarm_list
from hazards.monitoring.clocks import CLOCK_MARKS, ClockPolicy, Mark
from hazards.monitoring.monitor import Monitor, deliver, marks_of, never_live, start
from hazards.monitoring.observations import Observations, micros, moment
from hazards.monitoring.rules import RuleBook
from hazards.monitoring.stored import monitor_from

SOURCE = (
    "报警状态、死区、延时、锁存、确认、搁置按 ISA-18.2 的做法（凭专业知识，未与标准文本核对）；"
    "限值随规则表，程序不带限值"
)


@dataclass(frozen=True)
class Watch:
    """What is asked: observations under rules, from a kept state on or anew.

    Attributes
    ----------
    begin, until
        From when silence counts, and the moment asked about; None: the first and last receipt.
    received_until
        Everything received up to then is delivered; None: nothing is said.
    state
        Text of an earlier state, or None.
    """

    observations: Observations
    book: RuleBook
    acts: tuple[Act, ...] = ()
    policy: ClockPolicy | None = None
    begin: datetime | None = None
    until: datetime | None = None
    received_until: datetime | None = None
    state: str | None = None


def watched(asked: Watch) -> tuple[dict[str, Any], Monitor]:
    """The alarms as JSON, and the monitor to go on from.

    Raises
    ------
    InvalidError
        ``monitoring.no_time`` when neither observations nor arguments tell a time; what
        `deliver`, `alarm_list` and `monitor_from` refuse.
    ConflictError
        ``monitoring.other_rules``, ``monitoring.set_back``; ``monitoring.kept_already`` for a begin
        or spans of clocks beside a state that holds its own.
    """
    if asked.state is not None and (asked.begin is not None or asked.policy is not None):
        raise ConflictError(
            "monitoring.kept_already",
            "起始时间和时钟容差在保存的状态里，不能再给",
            field="begin" if asked.begin is not None else "policy",
            hint="不带这些参数继续，或不带状态从头计算",
        )
    given = asked.observations
    first, last = (given.receive_us.min(), given.receive_us.max()) if len(given) else (None, None)
    if asked.state is None:
        begin = first if asked.begin is None else micros(asked.begin)
        monitor = start(asked.book, _known(begin, "begin"), asked.policy)
    else:
        monitor = monitor_from(asked.state, asked.book)
    received = None if asked.received_until is None else micros(asked.received_until)
    monitor = deliver(monitor, given, received)
    until = micros(asked.until) if asked.until else received if received is not None else last
    found = alarm_list(monitor, moment(_known(until, "until")), asked.acts)
    return alarms_json(monitor, found), monitor


def _known(us: Any, field: str) -> int:
    if us is None:
        raise InvalidError("monitoring.no_time", "没有观测时须给出 {field}", field=field)
    return int(us)


def alarms_json(monitor: Monitor, found: AlarmList) -> dict[str, Any]:
    """A list of alarms as JSON: every alarm, counts by state, sensors with marks, what is unknown."""
    sensors = _sensors(monitor)
    return {
        "begin": _time(moment(monitor.begin_us)),
        "until": _time(found.until),
        "alarms": [alarm_json(alarm) for alarm in found.alarms],
        "counts": dict(Counter(alarm.state.value for alarm in found.alarms)),
        "sensors": sensors,
        "not_watched": [
            {"stream": rule.stream, "rule": rule.name, "unknown": unknown}
            for rule, unknown in monitor.book.unwatched()
        ],
        "idle_acts": [
            {"at": _time(a.at), "stream": a.stream, "rule": a.rule, "act": a.kind.value, "why": why}
            for a, why in found.idle_acts
        ],
        "policy": asdict(monitor.policy),
        "source": SOURCE,
        "warnings": [caution.as_dict() for caution in _cautions(monitor, sensors)],
    }


def alarm_json(alarm: Alarm) -> dict[str, Any]:
    """One alarm as JSON; null where something has not happened or is not known."""
    rule = alarm.rule
    return {
        "id": alarm.id,
        "stream": rule.stream,
        "rule": rule.name,
        "kind": rule.kind.value,
        "priority": rule.priority,
        "state": alarm.state.value,
        "value": alarm.value,
        "limit": rule.limit,
        "unit": alarm.unit,
        "since": _time(alarm.since),
        "raised_at": _time(alarm.raised_at),
        "known_at": _time(alarm.known_at),
        "returned_at": _time(alarm.returned_at),
        "acknowledged_at": _time(alarm.acknowledged_at),
        "acknowledged_by": alarm.acknowledged_by,
        "cleared_at": _time(alarm.cleared_at),
        "recurrences": alarm.recurrences,
        "was_shelved": alarm.was_shelved,
        "source": rule.source or None,
        "confidence": rule.confidence.value,
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(CITY_TIME).isoformat()


def _sensors(monitor: Monitor) -> list[dict[str, Any]]:
    """Streams with marks, how many of each, and whether the clock is to be believed."""
    found = []
    for name, row in zip(monitor.book.names, marks_of(monitor).tolist(), strict=True):
        counts = {m.name.lower(): n for m, n in zip(Mark, row, strict=True) if n and m.name}
        lies = any(n for m, n in zip(Mark, row, strict=True) if m & CLOCK_MARKS)
        if counts:
            found.append({"stream": name, "clock_lies": lies, "marks": counts})
    return found


def _cautions(monitor: Monitor, sensors: list[dict[str, Any]]) -> list[Caution]:
    found = []
    liars = [sensor["stream"] for sensor in sensors if sensor["clock_lies"]]
    unknown = list(monitor.book.unwatched())
    if liars:
        told = "、".join(liars[:10])
        found.append(Caution("monitoring.clock_lies", f"{len(liars)} 个测点的时钟不可信：{told}"))
    late = never_live(monitor)
    if late:
        told = (
            f"{len(late)} 个测点的观测全部迟到，是补传还是时钟慢，无法分辨：{'、'.join(late[:10])}"
        )
        found.append(Caution("monitoring.never_live", told))
    if unknown:
        found.append(
            Caution(
                "monitoring.not_watched", f"{len(unknown)} 条规则缺少限值、窗口或周期，没有监视"
            )
        )
    if monitor.strangers:
        told = "、".join(monitor.strangers[:10])
        found.append(
            Caution("monitoring.no_rules", f"{len(monitor.strangers)} 个测点没有规则：{told}")
        )
    return found
