"""Observations, rules and acts out of CSV text, every fault at once by row and field.

Times are ISO 8601 with an offset. An empty cell is unknown.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from gis.errors import CityError, FileError, InvalidError
from hazards.models import Confidence
from hazards.monitoring.alarms import Act, ActKind
from hazards.monitoring.observations import (
    Observations,
    Quality,
    Sent,
    micros,
)
from hazards.monitoring.rules import AlarmKind, Rule, RuleBook, Stream, rule_book

#: So many faults are told; what comes after is only counted.
MOST_FAULTS = 1000
OBSERVATION_COLUMNS = ("stream", "device_time", "receive_time", "value", "quality", "sent")
RULE_COLUMNS = (
    "stream", "unit", "period_s", "range_low", "range_high", "rule", "kind", "limit", "dead_band",
    "on_delay_s", "off_delay_s", "latch", "window_s", "priority", "source", "confidence",
)  # fmt: skip
ACT_COLUMNS = ("time", "stream", "rule", "act", "by", "until")
_QUALITIES = {"": Quality.GOOD, "good": Quality.GOOD, "uncertain": Quality.UNCERTAIN,
              "bad": Quality.BAD}  # fmt: skip
_SENT = {"": Sent.UNKNOWN, "unknown": Sent.UNKNOWN, "live": Sent.LIVE, "backfill": Sent.BACKFILL}
_YES = {"": False, "no": False, "yes": True}
#: How devices write that they have no finite number.
_NO_NUMBER = frozenset({"nan", "inf", "infinity"})
_CONFIDENCES = {
    "": Confidence.GIVEN,
    **{word.value: word for word in Confidence},
    **{word.words.zh: word for word in Confidence},
}
#: Numbers as they usually stand; others are looked at with care.
_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
Row = Mapping[str, str]
V = TypeVar("V")


def read_observations(text: str, file: str = "文件") -> Observations:
    r"""Observations out of CSV text with `OBSERVATION_COLUMNS`; the last three may be missing.

    Without a time of receipt that of the device is taken for both. A value that the device calls
    NaN or infinite is none. ``file`` is what refusals call the text.

    Raises
    ------
    FileError
        ``monitoring.no_column``; ``monitoring.bad_file`` with all faults by row and field.

    Examples
    --------
    >>> text = "stream,device_time,receive_time,value\nT,2026-01-01T08:00:00+08:00,,1.5\n"
    >>> read_observations(text).value.tolist()
    [1.5]
    """
    head, lines = _lines(text, OBSERVATION_COLUMNS[:2], file)
    columns = [head.index(name) if name in head else -1 for name in OBSERVATION_COLUMNS]
    places: dict[str, int] = {}
    rows: list[tuple[int, int, int, float, int, int]] = []
    faults: list[CityError] = []
    for number, cells in lines:
        read = _quick([*cells, ""], columns)
        if read is None:
            try:
                read = _careful(_named_cells(head, cells))
            except InvalidError as fault:
                _note(faults, fault, number)
                continue
        rows.append((places.setdefault(read[0], len(places)), *read[1:]))
    _refuse(faults, file)
    kinds = (np.int64, np.int64, np.int64, np.float64, np.int8, np.int8)
    made = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return Observations(
        tuple(places), *(np.array(c, kind) for c, kind in zip(made, kinds, strict=True))
    )


Read = tuple[str, int, int, float, int, int]


def _quick(cells: list[str], columns: list[int]) -> Read | None:
    """A row as most rows are; None for one that has to be looked at with care."""
    try:
        name, device, receive, value, quality, sent = (cells[i] for i in columns)
        at = datetime.fromisoformat(device)
        late = datetime.fromisoformat(receive)
        if at.tzinfo is None or late.tzinfo is None or not _PLAIN.fullmatch(value):
            return None
        if not 1 <= len(name) <= 200 or name != name.strip():
            return None
        return name, micros(at), micros(late), float(value), _QUALITIES[quality], _SENT[sent]
    except (ValueError, KeyError, IndexError, OverflowError):
        return None


def _careful(row: Row) -> Read:
    """A row, or every fault of it.

    Raises
    ------
    InvalidError
        With its field, or with all of several in `errors`.
    """
    late = "receive_time" if row.get("receive_time") else "device_time"
    name, at, received, value, quality, sent = _each(
        lambda: _named(row, "stream"),
        lambda: _time(row, "device_time"),
        lambda: _time(row, late) if late != "device_time" else None,
        lambda: _measured(row),
        lambda: _one_of(row, "quality", _QUALITIES),
        lambda: _one_of(row, "sent", _SENT),
    )
    return name, at, at if received is None else received, value, quality, sent


def _measured(row: Row) -> float:
    if row.get("value", "").lstrip("+-").lower() in _NO_NUMBER:
        return math.nan
    found = _number(row, "value")
    return math.nan if found is None else found


def _each(*acts: Callable[[], Any]) -> list[Any]:
    """What each act gives.

    Raises
    ------
    InvalidError
        The fault, or one that holds every one of several.
    """
    found, faults = [], list[CityError]()
    for act in acts:
        try:
            found.append(act())
        except InvalidError as fault:
            faults.extend(fault.errors or (fault,))
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError("monitoring.bad_row", "一行有几处不对", errors=faults)
    return found


def read_rules(text: str, file: str = "文件") -> RuleBook:
    """A rule book out of CSV text with `RULE_COLUMNS`; only stream, rule and kind must be there.

    What rows of the same stream say of the stream must agree; an empty cell agrees with all.

    Raises
    ------
    FileError
        ``monitoring.no_column``; ``monitoring.bad_file`` with all faults by row and field.
    InvalidError
        What `rule_book` refuses.
    """
    streams: dict[str, dict[str, Any]] = {}
    rules: list[Rule] = []
    faults: list[CityError] = []
    for number, row in _rows(text, ("stream", "rule", "kind"), file):
        try:
            rule, stream = _rule_and_stream(row)
            rules.append(rule)
            _agree(streams.setdefault(row["stream"], {}), stream)
        except InvalidError as fault:
            _note(faults, fault, number)
    _refuse(faults, file)
    return rule_book((Stream(name, **told) for name, told in streams.items()), rules)


def read_acts(text: str, file: str = "文件") -> tuple[Act, ...]:
    """Acts of people out of CSV text with `ACT_COLUMNS`; ``until`` is for shelving.

    Raises
    ------
    FileError
        ``monitoring.no_column``; ``monitoring.bad_file`` with all faults by row and field.
    """
    acts: list[Act] = []
    faults: list[CityError] = []
    for number, row in _rows(text, ACT_COLUMNS[:5], file):
        try:
            acts.append(_act(row))
        except InvalidError as fault:
            _note(faults, fault, number)
    _refuse(faults, file)
    return tuple(acts)


def _act(row: Row) -> Act:
    """An act, or every fault of its row."""
    _, kind, _, stream, rule, by = _each(
        lambda: _time(row, "time"),
        lambda: _one_of(row, "act", {k.value: k for k in ActKind}),
        lambda: _time(row, "until") if row.get("until") else None,
        lambda: _named(row, "stream"),
        lambda: _named(row, "rule"),
        lambda: _named(row, "by"),
    )
    until = datetime.fromisoformat(row["until"]) if row.get("until") else None
    return Act(datetime.fromisoformat(row["time"]), stream, rule, kind, by, until)


def _rule_and_stream(row: Row) -> tuple[Rule, dict[str, Any]]:
    """What a row says of a rule and of its stream, or every fault of both."""
    rule, stream = _each(lambda: _rule(row), lambda: _stream(row))
    return rule, stream


def _rule(row: Row) -> Rule:
    """A rule, or every fault of its row."""
    numbers = ("limit", "dead_band", "on_delay_s", "off_delay_s", "window_s")
    stream, name, kind, latch, confidence, *measured = _each(
        lambda: _named(row, "stream"),
        lambda: _named(row, "rule"),
        lambda: _one_of(row, "kind", {k.value: k for k in AlarmKind}),
        lambda: _one_of(row, "latch", _YES),
        lambda: _one_of(row, "confidence", _CONFIDENCES),
        *(lambda field=field: _number(row, field) for field in numbers),
    )
    limit, dead_band, on_delay_s, off_delay_s, window_s = measured
    return Rule(
        stream=stream,
        name=name,
        kind=kind,
        limit=limit,
        dead_band=dead_band or 0.0,
        on_delay_s=on_delay_s or 0.0,
        off_delay_s=off_delay_s or 0.0,
        is_latched=latch,
        window_s=window_s,
        priority=row.get("priority") or None,
        source=row.get("source") or "",
        confidence=confidence,
    )


def _stream(row: Row) -> dict[str, Any]:
    fields = ("period_s", "range_low", "range_high")
    period, low, high = _each(*(lambda field=field: _number(row, field) for field in fields))
    return {"unit": row.get("unit") or None, "period_s": period, "low": low, "high": high}


def _agree(told: dict[str, Any], more: dict[str, Any]) -> None:
    for field, value in more.items():
        if value is None:
            told.setdefault(field, None)
        elif told.get(field) in (None, value):
            told[field] = value
        else:
            raise InvalidError(
                "monitoring.stream_differs",
                "同一测点的 {field} 前后不一：{got} 与 {expected}",
                field=field,
                got=value,
                expected=told[field],
            )


def _rows(text: str, needed: tuple[str, ...], file: str) -> Iterator[tuple[int, Row]]:
    """Rows that are not empty, with their number in the file; cells without blanks around."""
    head, lines = _lines(text, needed, file)
    for number, cells in lines:
        yield number, _named_cells(head, cells)


def _named_cells(head: list[str], cells: list[str]) -> dict[str, str]:
    return {name: cell.strip() for name, cell in zip(head, cells, strict=False)}


def _lines(
    text: str, needed: tuple[str, ...], file: str
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The head, and the rows that are not empty with their number in the file."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    lines = _read(reader, file)
    head = [name.strip() for _, cells in islice(lines, 1) for name in cells]
    missing = [name for name in needed if name not in head]
    if missing:
        raise FileError(
            "monitoring.no_column",
            "{file} 缺少列：{missing}",
            field="file",
            got=missing,
            expected=list(needed),
            params={"file": file, "missing": "、".join(missing)},
        )
    return head, lines


def _read(reader: Any, file: str) -> Iterator[tuple[int, list[str]]]:
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield reader.line_num, cells
    except csv.Error as fault:
        raise FileError(
            "monitoring.bad_csv",
            "{file} 读不出（CSV）：{got}",
            field="file",
            got=str(fault)[:200],
            params={"file": file},
        ) from fault


def _named(row: Row, field: str) -> str:
    text = row.get(field, "")
    if not 1 <= len(text) <= 200:
        raise InvalidError("monitoring.no_name", "{field} 应为 1 至 200 字", field=field)
    return text


def _time(row: Row, field: str) -> int:
    text = row.get(field, "")
    try:
        return micros(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as fault:
        if isinstance(fault, CityError) and fault.code != "monitoring.naive_time":
            raise
        raise InvalidError(
            "monitoring.bad_time",
            "{field} 应为带时区的 ISO 8601 时间，得到 {given}",
            field=field,
            got=text[:60],
            params={"given": text[:60] or "空"},
        ) from fault


def _number(row: Row, field: str) -> float | None:
    text = row.get(field, "")
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.inf
    if not text.isascii() or "_" in text or not math.isfinite(found):
        raise InvalidError(
            "monitoring.bad_number", "{field} 应为数，得到 {got}", field=field, got=text[:60]
        )
    return found


def _one_of(row: Row, field: str, words: Mapping[str, V]) -> V:
    text = row.get(field, "").lower()
    if text not in words:
        raise InvalidError(
            "monitoring.bad_word",
            "{field} 不能是 {given}，应为 {expected} 之一",
            field=field,
            got=text[:60],
            expected=[word for word in words if word],
            params={"given": text[:60] or "空"},
        )
    return words[text]


def _note(faults: list[CityError], fault: CityError, number: int) -> None:
    for one in fault.errors or (fault,):
        one.row = number
        if len(faults) < MOST_FAULTS:
            faults.append(one)
        else:
            faults[-1].params["more"] = faults[-1].params.get("more", 0) + 1


def _refuse(faults: list[CityError], file: str) -> None:
    if not faults:
        return
    more = int(faults[-1].params.get("more", 0))
    raise FileError(
        "monitoring.bad_file",
        "{file} 有 {count} 处不对，第 {row} 行：{first}",
        field="file",
        params={
            "file": file,
            "count": len(faults) + more,
            "row": faults[0].row,
            "first": str(faults[0]),
        },
        errors=faults,
    )
