"""Alarms as people see them: up, acknowledged, returned, latched, shelved, cleared.

States and acts follow the practice of ISA-18.2 (own knowledge; nobody has compared them with the
printed standard).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from gis.errors import InvalidError
from gis.layers import Title
from hazards.monitoring.delays import Moves
from hazards.monitoring.monitor import Monitor, moves_until
from hazards.monitoring.observations import micros, moment
from hazards.monitoring.rules import Rule, RuleBook


class AlarmState(StrEnum):
    """Where an alarm stands."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    LATCHED = "latched"
    SHELVED = "shelved"
    CLEARED = "cleared"


STATE_TITLES: dict[AlarmState, Title] = {
    AlarmState.UNACKNOWLEDGED: Title("报警未确认", "Unacknowledged"),
    AlarmState.ACKNOWLEDGED: Title("报警已确认", "Acknowledged"),
    AlarmState.RETURNED: Title("已恢复未确认", "Returned, unacknowledged"),
    AlarmState.LATCHED: Title("已恢复待复位", "Latched, to be reset"),
    AlarmState.SHELVED: Title("搁置", "Shelved"),
    AlarmState.CLEARED: Title("已解除", "Cleared"),
}


#: How an alarm gets from state to state; None is before there is one. Any state may be shelved,
#: and comes back from the shelf as what it is by then.
TRANSITIONS: tuple[tuple[AlarmState | None, Title, AlarmState], ...] = (
    (None, Title("成立并超过延时", "condition lasts"), AlarmState.UNACKNOWLEDGED),
    (AlarmState.UNACKNOWLEDGED, Title("确认", "acknowledge"), AlarmState.ACKNOWLEDGED),
    (AlarmState.UNACKNOWLEDGED, Title("恢复", "return"), AlarmState.RETURNED),
    (AlarmState.ACKNOWLEDGED, Title("恢复（不锁存）", "return"), AlarmState.CLEARED),
    (AlarmState.ACKNOWLEDGED, Title("恢复（锁存）", "return, latched"), AlarmState.LATCHED),
    (AlarmState.RETURNED, Title("确认（不锁存）", "acknowledge"), AlarmState.CLEARED),
    (AlarmState.RETURNED, Title("确认（锁存）", "acknowledge, latched"), AlarmState.LATCHED),
    (AlarmState.RETURNED, Title("再次成立（锁存）", "again, latched"), AlarmState.UNACKNOWLEDGED),
    (AlarmState.LATCHED, Title("再次成立", "again"), AlarmState.UNACKNOWLEDGED),
    (AlarmState.LATCHED, Title("复位", "reset"), AlarmState.CLEARED),
    (AlarmState.UNACKNOWLEDGED, Title("搁置", "shelve"), AlarmState.SHELVED),
    (AlarmState.SHELVED, Title("到期或取消", "ends"), AlarmState.UNACKNOWLEDGED),
)


class ActKind(StrEnum):
    """What a person may do about the alarms of a rule."""

    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"


@dataclass(frozen=True)
class Act:
    """An act of a person on the alarms of one rule; shelving has an end, always.

    Raises
    ------
    InvalidError
        ``monitoring.bad_act`` for shelving without an end after its begin, and for an end beside
        another act.
    """

    at: datetime
    stream: str
    rule: str
    kind: ActKind
    by: str
    until: datetime | None = None

    def __post_init__(self) -> None:
        micros(self.at)
        is_shelving = self.kind is ActKind.SHELVE
        ends = self.until is not None and micros(self.until) > micros(self.at)
        if is_shelving != ends or (not is_shelving and self.until is not None):
            raise InvalidError(
                "monitoring.bad_act",
                "搁置须写明在其后的截止时间，其他操作不写截止时间",
                field="until",
                got=None if self.until is None else self.until.isoformat(),
            )


@dataclass(frozen=True)
class Alarm:
    """One alarm from going up to its end; None where something has not happened.

    Attributes
    ----------
    since
        When the condition began; ``raised_at`` is later by the on-delay.
    known_at
        When it could be known: later than ``raised_at`` where back-fill told of it.
    value
        Reading with which the condition began, None where it was the lack of one.
    recurrences
        How often the condition came again while the alarm was latched.
    was_shelved
        Whether it went up while its rule was shelved.
    """

    rule: Rule
    unit: str | None
    since: datetime
    raised_at: datetime
    known_at: datetime
    value: float | None
    state: AlarmState = AlarmState.UNACKNOWLEDGED
    returned_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    cleared_at: datetime | None = None
    recurrences: int = 0
    was_shelved: bool = False

    @property
    def id(self) -> str:
        """Stream, rule and time: the same alarm has the same id, however often it is computed."""
        return f"{self.rule.stream}/{self.rule.name}/{self.raised_at.isoformat()}"


@dataclass(frozen=True)
class AlarmList:
    """Alarms up to a time, and acts that had no effect, each with its reason."""

    until: datetime
    alarms: tuple[Alarm, ...]
    idle_acts: tuple[tuple[Act, str], ...]

    @property
    def standing(self) -> tuple[Alarm, ...]:
        """Those that somebody has still to do with."""
        return tuple(a for a in self.alarms if a.state is not AlarmState.CLEARED)


def alarm_list(monitor: Monitor, until: datetime, acts: Iterable[Act] = ()) -> AlarmList:
    """The alarms up to and with a time, by the time at which they went up.

    Raises
    ------
    InvalidError
        ``monitoring.settled`` for a time before what is settled, ``monitoring.naive_time``.
    """
    end = micros(until)
    moves = moves_until(monitor, end)
    known, idle = _sorted_acts(monitor.book, acts, end)
    alarms: list[Alarm] = []
    for number, steps in _by_rule(moves, known):
        found, useless = _lived(monitor.book, number, steps, moves, until)
        alarms += found
        idle += useless
    alarms.sort(key=lambda a: (a.raised_at, a.rule.stream, a.rule.name))
    return AlarmList(until, tuple(alarms), tuple(sorted(idle, key=lambda one: _order(one[0]))))


Step = tuple[int, int, int | Act]
Idle = list[tuple[Act, str]]


def _sorted_acts(
    book: RuleBook, acts: Iterable[Act], end_us: int
) -> tuple[dict[int, list[Act]], Idle]:
    """Acts by the number of their rule, each once, in order of time; and those of no rule."""
    known: dict[int, list[Act]] = {}
    idle: Idle = []
    for act in sorted(set(acts), key=_order):
        number = book.number(act.stream, act.rule)
        if number is None:
            idle.append((act, "unknown_rule"))
        elif micros(act.at) <= end_us:
            known.setdefault(number, []).append(act)
    return known, idle


def _order(act: Act) -> tuple[int, str, str, str, str, int]:
    until = 0 if act.until is None else micros(act.until)
    return micros(act.at), act.stream, act.rule, act.kind.value, act.by, until


def _by_rule(moves: Moves, acts: dict[int, list[Act]]) -> Iterator[tuple[int, list[Step]]]:
    """Moves (by position) and acts of each rule in order of time; a move before an act."""
    steps: dict[int, list[Step]] = {}
    at = moves.at_us.tolist()
    for i, number in enumerate(moves.rule.tolist()):
        steps.setdefault(number, []).append((at[i], 0, i))
    for number, listed in acts.items():
        steps.setdefault(number, []).extend((micros(act.at), 1, act) for act in listed)
    for number in sorted(steps):
        yield number, sorted(steps[number], key=lambda step: step[:2])


@dataclass
class _Life:
    """What is known of one rule while its steps are gone through."""

    done: list[Alarm] = field(default_factory=list)
    open: list[Alarm] = field(default_factory=list)
    idle: Idle = field(default_factory=list)
    shelved_until: datetime | None = None

    def is_shelved(self, at: datetime) -> bool:
        return self.shelved_until is not None and at < self.shelved_until

    def settle(self) -> None:
        """Put those that have ended aside."""
        self.done += [a for a in self.open if a.cleared_at is not None]
        self.open = [a for a in self.open if a.cleared_at is None]


def _lived(
    book: RuleBook, number: int, steps: Sequence[Step], moves: Moves, until: datetime
) -> tuple[list[Alarm], Idle]:
    life = _Life()
    rule = book.rules[number]
    unit = book.streams[int(book.stream_of[number])].unit
    for at_us, _, step in steps:
        at = moment(at_us)
        if isinstance(step, Act):
            _act(life, step)
        elif moves.is_up[step]:
            _raise(life, rule, unit, moves, step)
        else:
            _return(life, at)
        life.settle()
    shelved = life.is_shelved(until)
    told = [replace(a, state=_state(a, shelved=shelved)) for a in life.open]
    return [*(replace(a, state=AlarmState.CLEARED) for a in life.done), *told], life.idle


def _raise(life: _Life, rule: Rule, unit: str | None, moves: Moves, i: int) -> None:
    at = moment(int(moves.at_us[i]))
    if rule.is_latched and life.open:
        last = life.open[-1]
        life.open[-1] = replace(
            last,
            returned_at=None,
            acknowledged_at=None,
            acknowledged_by=None,
            recurrences=last.recurrences + 1,
        )
        return
    value = float(moves.value[i])
    life.open.append(
        Alarm(
            rule=rule,
            unit=unit,
            since=moment(int(moves.since_us[i])),
            raised_at=at,
            known_at=max(at, moment(int(moves.receive_us[i]))),
            value=None if value != value else value,
            was_shelved=life.is_shelved(at),
        )
    )


def _return(life: _Life, at: datetime) -> None:
    """The last alarm returns; acknowledged and not latched, it has ended."""
    last = life.open[-1]
    ended = at if last.acknowledged_at is not None and not last.rule.is_latched else None
    life.open[-1] = replace(last, returned_at=at, cleared_at=ended)


def _act(life: _Life, act: Act) -> None:
    if act.kind is ActKind.SHELVE:
        life.shelved_until = act.until
        return
    if act.kind is ActKind.UNSHELVE:
        if not life.is_shelved(act.at):
            life.idle.append((act, "not_shelved"))
        life.shelved_until = None
        return
    change = _acknowledged if act.kind is ActKind.ACKNOWLEDGE else _reset
    changed = [change(alarm, act) for alarm in life.open]
    if changed == life.open:
        reason = "nothing_to_acknowledge" if change is _acknowledged else "nothing_to_reset"
        life.idle.append((act, reason))
    life.open = changed


def _acknowledged(alarm: Alarm, act: Act) -> Alarm:
    if alarm.acknowledged_at is not None:
        return alarm
    ended = alarm.returned_at is not None and not alarm.rule.is_latched
    return replace(
        alarm,
        acknowledged_at=act.at,
        acknowledged_by=act.by,
        cleared_at=act.at if ended else None,
    )


def _reset(alarm: Alarm, act: Act) -> Alarm:
    """Only a latched alarm that was acknowledged and whose condition has gone is reset."""
    may = alarm.rule.is_latched and alarm.acknowledged_at is not None
    return replace(alarm, cleared_at=act.at) if may and alarm.returned_at is not None else alarm


def _state(alarm: Alarm, *, shelved: bool) -> AlarmState:
    if shelved:
        return AlarmState.SHELVED
    if alarm.returned_at is None:
        up = AlarmState.UNACKNOWLEDGED
        return up if alarm.acknowledged_at is None else AlarmState.ACKNOWLEDGED
    return AlarmState.RETURNED if alarm.acknowledged_at is None else AlarmState.LATCHED
