"""Use case: when a limit ends, by the calendar of a city or the one that ships, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cityops.services.city_time import shown_time
from cityops.services.grid.calendars import time_of_text
from cityops.services.grid.config import current_config
from cityops.services.ports import Store
from gis.errors import CityError, InvalidError
from grid.clock.book import CalendarBook
from grid.clock.calendar import Calendar
from grid.clock.limit import amount_of, limit_of
from grid.clock.shipped import shipped_calendars
from grid.clock.stretches import stretches


def due_json(
    start: str, amount: str, unit: str, calendar: str, store: Store | None = None
) -> dict[str, Any]:
    """``{"due_at", "periods", "calendar", "days"}`` of a limit that starts at `start`.

    Parameters
    ----------
    start
        ISO 8601; without an offset the city's time is meant.
    store
        Holds calendars that the city has published; those that ship count when None.

    ``days`` says which table of days off counted: its name, its years, and for those of a city
    the version and the source of the delivery.

    Raises
    ------
    InvalidError
        ``calendar.bad_time``, ``limit.bad_amount``, ``limit.unknown_unit``, ``limit.too_long``;
        ``calendar.bad_due`` with each fault where there are several.
    NotFoundError
        ``calendar.unknown``.
    UnavailableError
        ``calendar.year_missing``.
    """
    book, published = _book(store)
    _check(start, amount, unit, calendar, book)
    begins, limit, known = time_of_text(start), limit_of(amount, unit), book.calendar(calendar)
    ends = book.due(begins, limit, known.name)
    periods = stretches(book, begins, ends, limit, calendar)
    return {
        "from": shown_time(begins),
        "due_at": shown_time(ends),
        "periods": [period.as_dict() for period in periods],
        "calendar": calendar,
        "days": _days(known, published),
        "limit": limit.as_dict(),
    }


def _book(store: Store | None) -> tuple[CalendarBook, dict[str, dict[str, Any]]]:
    """Calendars, and what is known of each table of days that the city has published."""
    if store is None:
        return shipped_calendars(), {}
    with store.reading() as tx:
        tables = [t for t in tx.grid_tables.in_force() if t.kind == "days"]
        book = current_config(tx).book
    return book, {
        table.name: {
            "version": table.version,
            "source": table.source,
            "published_years": sorted(int(row["year"]) for row in table.content["years"]),
        }
        for table in tables
    }


def _days(calendar: Calendar, published: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    if calendar.days is None:
        return None
    name = calendar.days.name
    told: dict[str, Any] = {"name": name, "years": sorted(calendar.days.years)}
    return told | {"origin": "city" if name in published else "shipped"} | published.get(name, {})


def _check(start: str, amount: str, unit: str, calendar: str, book: CalendarBook) -> None:
    """Refuse what is wrong with any of the words, all of it at once."""
    parts: list[Callable[[], object]] = [
        lambda: time_of_text(start),
        lambda: amount_of(amount),
        lambda: limit_of(1, unit),
        lambda: book.calendar(calendar),
    ]
    faults = [fault for part in parts if (fault := _fault_of(part)) is not None]
    if not faults and (too_long := _fault_of(lambda: limit_of(amount, unit))) is not None:
        faults = [too_long]
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            "calendar.bad_due",
            "有 {count} 处不对：{first}",
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )


def _fault_of(part: Callable[[], object]) -> CityError | None:
    try:
        part()
    except CityError as fault:
        return fault
    return None
