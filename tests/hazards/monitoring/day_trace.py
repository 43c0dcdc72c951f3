"""A day of a tank's level and of a silent gas detector, made by hand, and the alarms expected of it.

Every minute the level is 5.00 m or 5.01 m by turns, received two seconds later. What is different
is said beside it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

from hazards.monitoring.alarms import Act, ActKind
from hazards.monitoring.clocks import ClockPolicy
from hazards.monitoring.observations import Observation, Quality, Sent
from hazards.monitoring.rules import AlarmKind, Rule, Stream, rule_book

POLICY = ClockPolicy(ahead_s=60, lag_s=180, backfill_s=6 * 3600)
LEVEL, GAS = "LT-101", "GT-201"
BOOK = rule_book(
    [Stream(LEVEL, "m", period_s=60, low=0, high=12), Stream(GAS, "%LEL", period_s=60)],
    [
        Rule(LEVEL, "H", AlarmKind.HIGH, 9.0, dead_band=0.2, on_delay_s=120, off_delay_s=180),
        Rule(LEVEL, "HH", AlarmKind.HIGH, 9.5, is_latched=True),
        Rule(LEVEL, "RISE", AlarmKind.RISE, 0.5, window_s=60),
        Rule(LEVEL, "STUCK", AlarmKind.STUCK, window_s=1800),
        Rule(LEVEL, "BAD", AlarmKind.BAD),
        Rule(LEVEL, "CLOCK", AlarmKind.CLOCK),
        Rule(LEVEL, "STALE", AlarmKind.STALE),
        Rule(GAS, "H", AlarmKind.HIGH, 25.0),
        Rule(GAS, "STALE", AlarmKind.STALE),
    ],
)


def at(clock: str, day: int = 1) -> datetime:
    """A time of the day, Beijing."""
    hour, minute, second = (int(p) for p in f"{clock}:00".split(":")[:3])
    return datetime.fromisoformat(f"2026-03-{day:02}T00:00:00+08:00") + timedelta(
        hours=hour, minutes=minute, seconds=second
    )


BEGIN, END = at("00:00"), at("24:00")


def observations() -> list[Observation]:
    """All observations of the day, by time of the sender."""
    made = [_minute(m) for m in range(24 * 60)]
    return [*(one for one in made if one is not None), _much_too_late()]


def _minute(m: int) -> Observation:
    time = BEGIN + timedelta(minutes=m)
    clock = f"{m // 60:02}:{m % 60:02}"
    level = 5.00 + 0.01 * (m % 2)
    plain = Observation(LEVEL, time, time + timedelta(seconds=2), level)
    if "03:00" <= clock < "03:30":  # chatter around the limit, inside of the dead band
        return replace(plain, value=8.95 if m % 2 else 9.05)
    if clock == "05:00":  # a spike shorter than the on-delay
        return replace(plain, value=9.2)
    if clock in ("06:00", "06:01", "06:10"):  # above the second limit, twice
        return replace(plain, value=9.6)
    if "08:00" <= clock < "09:00":  # the float has stuck
        return replace(plain, value=5.0)
    if "10:00" <= clock < "10:30":  # the line is down: all of it comes at 10:30:10
        value = 9.3 if "10:10" <= clock < "10:15" else level
        return replace(plain, receive_time=at("10:30:10"), value=value)
    if "12:00" <= clock < "12:05":  # the clock jumps two hours ahead
        return replace(plain, device_time=time + timedelta(hours=2))
    if "16:00" <= clock < "16:03":  # the clock says 1970, the gateway says: sent at once
        early = datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(minutes=m)
        return replace(plain, device_time=early, sent=Sent.LIVE)
    if "18:00" <= clock < "18:10":  # the clock jumps an hour back and nobody says how it was sent
        return replace(plain, device_time=time - timedelta(hours=1), value=7.0)
    if "20:00" <= clock < "20:03":  # out of order
        bad = (Quality.BAD, 5.0), (Quality.GOOD, 99.0), (Quality.GOOD, math.nan)
        quality, value = bad[m % 60]
        return replace(plain, quality=quality, value=value)
    return plain


def _much_too_late() -> Observation:
    """A level above both limits, twenty hours after its time."""
    return Observation(LEVEL, at("02:00:30"), at("22:00:30"), 9.9)


ACTS = (
    Act(at("03:05"), LEVEL, "H", ActKind.ACKNOWLEDGE, "张"),
    Act(at("06:05"), LEVEL, "HH", ActKind.ACKNOWLEDGE, "张"),
    Act(at("06:07"), LEVEL, "HH", ActKind.RESET, "张"),
    Act(at("06:10:30"), LEVEL, "HH", ActKind.ACKNOWLEDGE, "张"),
    Act(at("07:00"), LEVEL, "RISE", ActKind.ACKNOWLEDGE, "张"),
    Act(at("08:10"), LEVEL, "STUCK", ActKind.SHELVE, "李", until=at("08:45")),
    Act(at("10:05"), LEVEL, "STALE", ActKind.ACKNOWLEDGE, "李"),
    Act(at("11:00"), GAS, "H", ActKind.ACKNOWLEDGE, "李"),
    Act(at("21:00"), LEVEL, "BAD", ActKind.RESET, "李"),
)
#: Acts that change nothing, and why.
IDLE = [(LEVEL, "BAD", "nothing_to_reset"), (GAS, "H", "nothing_to_acknowledge")]

#: Stream, rule, condition since, up, known, returned, acknowledged, cleared, state at 24:00.
EXPECTED = [
    # Never a value: stale after three periods, to the end of the day.
    (GAS, "STALE", "00:03", "00:03", "00:03", None, None, None, "unacknowledged"),
    # The level jumps by 4.04 m in a minute.
    (LEVEL, "RISE", "03:00", "03:00", "03:00:02", "03:01", "07:00", "07:00", "cleared"),
    # Half an hour of chatter is one alarm: 8.95 lies inside of the dead band.
    (LEVEL, "H", "03:00", "03:02", "03:02", "03:33", "03:05", "03:33", "cleared"),
    # The spike lasts a minute and the on-delay two: no high alarm.
    (LEVEL, "RISE", "05:00", "05:00", "05:00:02", "05:01", "07:00", "07:00", "cleared"),
    # 9.6 m for exactly the on-delay of H: its condition ends as the delay does, so no H alarm.
    (LEVEL, "HH", "06:00", "06:00", "06:00:02", "06:02", "06:05", "06:07", "cleared"),
    (LEVEL, "RISE", "06:00", "06:00", "06:00:02", "06:01", "07:00", "07:00", "cleared"),
    # Once reset, a new alarm; acknowledged while up, it waits for its reset.
    (LEVEL, "HH", "06:10", "06:10", "06:10:02", "06:11", "06:10:30", None, "latched"),
    (LEVEL, "RISE", "06:10", "06:10", "06:10:02", "06:11", "07:00", "07:00", "cleared"),
    # Unchanged since 08:00; 09:00 is 5.00 m as well. It went up while shelved.
    (LEVEL, "STUCK", "08:30", "08:30", "08:30:02", "09:01", None, None, "returned"),
    # Three periods after the last receipt at 09:59:02, until the next at 10:30:02.
    (LEVEL, "STALE", "10:02:02", "10:02:02", "10:02:02", "10:30:02", "10:05", "10:30:02", "cleared"),
    # Back-fill tells at 10:30:10 what was at 10:10.
    (LEVEL, "RISE", "10:10", "10:10", "10:30:10", "10:11", None, None, "returned"),
    (LEVEL, "H", "10:10", "10:12", "10:30:10", "10:18", None, None, "returned"),
    (LEVEL, "CLOCK", "12:00:02", "12:00:02", "12:00:02", "12:05", None, None, "returned"),
    (LEVEL, "CLOCK", "16:00:02", "16:00:02", "16:00:02", "16:03", None, None, "returned"),
    # What comes with times of an hour ago is taken for back-fill: nothing of now came.
    (LEVEL, "STALE", "18:02:02", "18:02:02", "18:02:02", "18:10:02", None, None, "returned"),
    # Called bad, out of range, no value.
    (LEVEL, "BAD", "20:00", "20:00", "20:00:02", "20:03", None, None, "returned"),
]  # fmt: skip
