"""Use cases of a city's calendar: published by a table, held against the years that are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cityops.services.grid.config import GridConfig, current_config, with_days
from cityops.services.grid.days import DaysRead, read_days
from cityops.services.grid.following import Following, begin, chunks, unfinished
from cityops.services.grid.recompute import Recomputed, moves_of, summed
from cityops.services.ports import Store
from cityops.services.roles import Person
from gis.errors import ConflictError, NotFoundError, UnavailableError
from grid.clock.book import CalendarBook
from grid.clock.calendar import CITY_ZONE

KIND = "days"
#: Limits of cases reach about so far: a year that begins within it has to be known.
AHEAD = timedelta(days=92)


@dataclass(frozen=True)
class DaysOptions:
    """How a table of days is taken over; no ``years`` are those that it names."""

    name: str = "CN"
    years: tuple[int, ...] = ()
    version: str = "1"
    source: str = ""
    dry_run: bool = False


class CalendarDesk:
    """Calendars of a city.

    Parameters
    ----------
    store
        Opens the store.
    now
        Gives the present time, aware.
    """

    def __init__(self, store: Callable[[], Store], now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def bring_in(self, person: Person, path: Path, options: DaysOptions) -> dict[str, Any]:
        """Publish the days of whole years and recompute every open case; gives the numbers.

        Deadlines that move are written into the history of each case and told through the outbox.
        Years that the table does not hold stay as they are. The table is stored whole or not at
        all; the cases follow some at a time, so that others may write in between. Where that was
        broken off, `resume` or the same table again goes on with it.

        Raises
        ------
        InvalidError, FileError, NotFoundError
            When the file is no such table, or no calendar uses a set of days of that name.
        ConflictError
            ``calendar.overtaken`` when another table was delivered meanwhile.
        """
        options = replace(options, source=options.source or path.name)
        read = read_days(path, options.name, options.source, options.years)
        with self._store().reading() as tx:
            config = current_config(tx)
            before = _content(tx, options.name)
        _check_name(config.book, options.name)
        content = _merged(before, read)
        report = {
            "name": options.name,
            "years": [int(row["year"]) for row in read.years],
            "days": len(read.days),
            "stored": False,
            "unchanged": content == before,
        }
        if options.dry_run or content == before:
            book = with_days(config.book, options.name, content)
            done = self._tried(book) if options.dry_run else self._resumed()
            return report | done.as_dict()
        table = self._publish(person, options, content, config)
        done = self._following().run(table)
        return report | {"stored": True, "table": table} | done.as_dict()

    def resume(self) -> int:
        """Go on with recomputations that were broken off; gives how many deadlines moved."""
        return self._resumed().moved

    def _resumed(self) -> Recomputed:
        following = self._following()
        return sum((following.run(table) for table in following.broken_off()), Recomputed())

    def _following(self) -> Following:
        return Following(self._store(), self._now)

    def _tried(self, book: CalendarBook) -> Recomputed:
        """What would become of the deadlines; nothing is kept."""
        done = Recomputed()
        with self._store().reading() as tx:
            for some in chunks(tx.deadlines.open_seqs()):
                cases = tx.deadlines.open_cases(some[0], some[-1])
                done += summed(len(cases), moves_of(cases, book, self._now(), ""))
        return done

    def _publish(
        self, person: Person, options: DaysOptions, content: Mapping[str, Any], config: GridConfig
    ) -> int:
        """Store the table, and that the cases are to follow; gives its number."""
        at = self._now()
        with self._store().writing() as tx:
            if tx.grid_tables.newest() != config.version:
                raise ConflictError(
                    "calendar.overtaken", "另一份表同时在导入，什么都没有存", hint="再运行一次"
                )
            table: int = tx.grid_tables.add(
                KIND, options.name, options.version, options.source, content, at, person.id
            )
            begin(tx, table, options.name, at)
            detail = {"table": table, "years": sorted(_years(content))}
            tx.audit.add(
                person, "calendar.import", f"calendar:{options.name}", detail=detail, at=at
            )
        return table

    def check(self) -> dict[str, Any]:
        """``{"ok", "calendars", "following"}``: the years that each calendar knows, and those it
        lacks; tables that open cases have not all followed yet.
        """
        with self._store().reading() as tx:
            book, following = current_config(tx).book, sorted(unfinished(tx))
        return years_needed(book, self._now()) | {"following": following}


def years_needed(book: CalendarBook, now: datetime, ahead: timedelta = AHEAD) -> dict[str, Any]:
    """Years that deadlines may need soon, held against those that the calendars know.

    Examples
    --------
    >>> from grid.clock.shipped import shipped_calendars
    >>> late = datetime(2026, 11, 25, tzinfo=CITY_ZONE)
    >>> years_needed(shipped_calendars(), late)["missing"]
    [{'calendar': 'default', 'days': 'CN', 'year': 2027}]
    """
    local = now.astimezone(CITY_ZONE)
    needed = range(local.year, (local + ahead).year + 1)
    told, missing = [], []
    for calendar in book.calendars.values():
        years = None if calendar.days is None else sorted(calendar.days.years)
        name = None if calendar.days is None else calendar.days.name
        told.append(
            {
                "calendar": calendar.name,
                "title": calendar.title.zh,
                "days": name,
                "years": years,
            }
        )
        lacking = [] if years is None else [y for y in needed if y not in years]
        missing += [{"calendar": calendar.name, "days": name, "year": y} for y in lacking]
    return {"ok": not missing, "needed": list(needed), "calendars": told, "missing": missing}


def missing_error(found: Mapping[str, Any]) -> UnavailableError:
    """The years that are missing, as a refusal."""
    years = sorted({gap["year"] for gap in found["missing"]})
    return UnavailableError(
        "calendar.year_missing",
        "日历缺少 {told} 年的节假日安排：到这一年的时限算不出来",
        field="year",
        got=years,
        params={"years": years, "told": "、".join(map(str, years))},
        hint="公布后用 cityops calendar import 导入",
    )


def _check_name(book: CalendarBook, name: str) -> None:
    names = sorted({c.days.name for c in book.calendars.values() if c.days is not None})
    if name not in names:
        raise NotFoundError(
            "calendar.unknown_days",
            "没有日历用节假日表 {got}",
            field="name",
            got=name[:80],
            expected=names,
        )


def _content(tx: Any, name: str) -> Mapping[str, Any]:
    """The days of a set that were delivered before; the newest delivery stands for all."""
    for table in tx.grid_tables.in_force():
        if (table.kind, table.name) == (KIND, name):
            content: Mapping[str, Any] = table.content
            return content
    return {"days": [], "years": []}


def _years(content: Mapping[str, Any]) -> set[int]:
    return {int(row["year"]) for row in content["years"]}


def _merged(before: Mapping[str, Any], read: DaysRead) -> dict[str, Any]:
    """What was delivered before, the years of the new table in place of its own."""
    fresh = {row["year"] for row in read.years}
    days = [row for row in before["days"] if row["date"][:4] not in fresh] + list(read.days)
    years = [row for row in before["years"] if row["year"] not in fresh] + list(read.years)
    return {
        "days": sorted(days, key=lambda row: row["date"]),
        "years": sorted(years, key=lambda row: row["year"]),
    }
