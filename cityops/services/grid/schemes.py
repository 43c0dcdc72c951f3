"""Use cases: a city's own workbook of classes, conditions and limits comes into force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cityops.services.grid.config import StoredTable, config_of, current_config
from cityops.services.grid.sheets import read_sheets
from cityops.services.ports import Store
from cityops.services.roles import Person
from gis.errors import InvalidError
from grid.classes import ClassKey
from grid.clock.calendar import CITY_ZONE
from grid.clock.shipped import shipped_seasons
from grid.origin import weakest
from grid.schemes.book import SchemeBook
from grid.schemes.stored import book_json
from grid.schemes.values import SchemeInfo
from grid.schemes.workbook import SchemeName, WorkbookResult, read_workbook

KIND = "scheme"
_LONGEST = 64


@dataclass(frozen=True)
class SchemeOptions:
    """How a workbook is taken over.

    Attributes
    ----------
    retire_on
        From this day on classes that the workbook no longer has are switched off; without it a
        workbook that leaves out classes in being is refused.
    """

    dry_run: bool = False
    retire_on: date | None = None


class SchemeDesk:
    """Class schemes of a city.

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

    def bring_in(
        self, person: Person, path: Path, name: SchemeName, options: SchemeOptions
    ) -> dict[str, Any]:
        """Read a workbook, hold it against what is in force, and put it in force; gives a report.

        Nothing is stored unless everything fits: a row that cannot be read, rows that contradict
        each other or a code with another meaning refuse the whole.

        Raises
        ------
        InvalidError
            ``scheme.refused`` with every row that was refused; ``scheme.bad_name``,
            ``scheme.renumbered``, ``scheme.invalid``.
        FileError, NotFoundError
            When the file is no such workbook.
        """
        _check_name(name)
        result = read_workbook(read_sheets(path), name, shipped_seasons())
        book = _whole(result, path)
        with self._store().reading() as tx:
            config = current_config(tx)
            known = {(t.kind, t.name): t for t in tx.grid_tables.in_force()}
        whole, retired = with_retired(config.schemes, book, options.retire_on)
        config.schemes.merged(whole)
        parts = [
            (f"{info.domain}:{info.scheme}", book_json(_of_domain(whole, info)))
            for info in whole.infos
        ]
        fresh = [p for p in parts if not _is_stored(known.get((KIND, p[0])), p[1])]
        report = _report(result, whole, name, retired) | {"stored": False, "tables": []}
        report["unchanged"] = not fresh
        if options.dry_run or not fresh:
            return report
        return report | {"stored": True, "tables": self._keep(person, name, fresh)}

    def _keep(
        self, person: Person, name: SchemeName, parts: Sequence[tuple[str, dict[str, Any]]]
    ) -> list[int]:
        at = self._now()
        with self._store().writing() as tx:
            ids = [
                tx.grid_tables.add(KIND, key, name.version, name.source, content, at, person.id)
                for key, content in parts
            ]
            # Another delivery may have come in between: what is kept must fit what is there now.
            config_of(tx.grid_tables.in_force(), tx.grid_tables.newest())
            detail = {"version": name.version, "edition": name.edition, "tables": ids}
            tx.audit.add(person, "scheme.import", f"scheme:{name.scheme}", detail=detail, at=at)
        return ids

    def listed(self) -> dict[str, Any]:
        """``{"schemes": [...]}`` of every scheme in force, with its numbers and how sure it is."""
        with self._store().reading() as tx:
            book = current_config(tx).schemes
            own = {t.name for t in tx.grid_tables.in_force() if t.kind == KIND}
        return {"schemes": [_listed(book, info, own) for info in book.infos]}

    def classes(self, domain: str, scheme: str) -> dict[str, Any]:
        """``{"classes": [{"class", "code", "title", "level", "valid_to"}]}`` of a scheme.

        Raises
        ------
        NotFoundError
            ``scheme.unknown``.
        """
        with self._store().reading() as tx:
            book = current_config(tx).schemes
        book.info(domain, scheme)
        found = [c for c in book.classes if (c.key.domain, c.key.scheme) == (domain, scheme)]
        return {
            "classes": [
                {
                    "class": f"{domain}:{scheme}:{one.key.code}",
                    "code": one.key.code,
                    "title": one.title.zh,
                    "level": one.level,
                    "valid_to": one.valid_to and one.valid_to.isoformat(),
                }
                for one in found
            ]
        }

    def conditions(self, key: ClassKey) -> dict[str, Any]:
        """``{"conditions": [...]}`` of a class in force today, with the limits of each.

        Raises
        ------
        NotFoundError
            ``scheme.unknown``, ``scheme.unknown_class``.
        InvalidError
            ``scheme.class_off``.
        """
        today = self._now().astimezone(CITY_ZONE).date()
        with self._store().reading() as tx:
            book = current_config(tx).schemes
        book.class_of(key, today)
        return {
            "conditions": [
                {
                    "id": one.id,
                    "trigger": one.trigger.zh,
                    "closing": one.closing.zh,
                    "limits": [
                        {"area": step.area and step.area.value, "limit": step.limit.told}
                        for step in one.limits
                    ],
                }
                for one in book.conditions_of(key, today)
            ]
        }


def _check_name(name: SchemeName) -> None:
    if not name.scheme.strip() or len(name.scheme) > _LONGEST or ":" in name.scheme:
        raise InvalidError(
            "scheme.bad_name",
            "方案名称要有 1 至 64 个字，不含冒号：{got}",
            field="scheme",
            got=name.scheme[:80],
            expected="TJ-和平-2026",
        )


def _whole(result: WorkbookResult, path: Path) -> SchemeBook:
    """The book of a workbook of which no row was refused.

    Raises
    ------
    InvalidError
        ``scheme.refused``.
    """
    if result.book is not None:
        return result.book
    raise InvalidError(
        "scheme.refused",
        "{file} 有 {count} 行不能接受，什么都没有存：{first}",
        field="file",
        got=path.name,
        params={
            "file": path.name,
            "count": len({(f.params["sheet"], f.row) for f in result.refused}),
            "first": str(result.refused[0]),
        },
        errors=list(result.refused),
    )


def with_retired(
    known: SchemeBook, new: SchemeBook, day: date | None
) -> tuple[SchemeBook, tuple[str, ...]]:
    """A new book with the classes it leaves out, switched off from a day on; and their codes.

    Without a day the new book is given as it is: to leave a class out is then refused by
    :meth:`grid.schemes.book.SchemeBook.merged`.
    """
    if day is None:
        return new, ()
    schemes = {(i.domain, i.scheme) for i in new.infos}
    there = {c.key for c in new.classes}
    gone = [
        c for c in known.classes if (c.key.domain, c.key.scheme) in schemes and c.key not in there
    ]
    keys = {c.key for c in gone}
    classes = [c if c.valid_to is not None else replace(c, valid_to=day) for c in gone]
    conditions = [
        c if c.valid_to is not None else replace(c, valid_to=day)
        for c in known.conditions
        if keys.issuperset(c.keys)
    ]
    whole = SchemeBook(new.infos, [*new.classes, *classes], [*new.conditions, *conditions])
    return whole, tuple(sorted(f"{key.domain}:{key.code}" for key in keys))


def _of_domain(book: SchemeBook, info: SchemeInfo) -> SchemeBook:
    """The part of a book that belongs to one of its heads."""
    own = (info.domain, info.scheme)
    return SchemeBook(
        [info],
        [c for c in book.classes if (c.key.domain, c.key.scheme) == own],
        [c for c in book.conditions if any((k.domain, k.scheme) == own for k in c.keys)],
    )


def _is_stored(table: StoredTable | None, content: dict[str, Any]) -> bool:
    return table is not None and table.content == content


def _report(
    result: WorkbookResult, book: SchemeBook, name: SchemeName, retired: Sequence[str]
) -> dict[str, Any]:
    minors = [c for c in book.classes if c.level == "minor"]
    return {
        "scheme": name.scheme,
        "version": name.version,
        "edition": name.edition,
        "source": name.source,
        "domains": [info.domain for info in book.infos],
        "rows_in": result.rows_in,
        "majors": len(book.classes) - len(minors),
        "classes": len(minors),
        "conditions": len(book.conditions),
        "conditions_without_limit": sum(not c.limits for c in book.conditions),
        "retired": list(retired),
        "notes": [note.as_dict() for note in result.notes],
    }


def _listed(book: SchemeBook, info: SchemeInfo, own: set[str]) -> dict[str, Any]:
    part = _of_domain(book, info)
    origins = [info.origin, *(c.origin for c in part.classes)]
    sure = weakest([*origins, *(c.origin for c in part.conditions)])
    return {
        "domain": info.domain,
        "scheme": info.scheme,
        "title": info.title.zh,
        "version": info.version,
        "edition": info.edition,
        "classes": sum(c.level == "minor" for c in part.classes),
        "conditions": len(part.conditions),
        "conditions_without_limit": sum(not c.limits for c in part.conditions),
        "delivered": f"{info.domain}:{info.scheme}" in own,
        "valid_from": None if info.valid_from is None else info.valid_from.isoformat(),
        "valid_to": None if info.valid_to is None else info.valid_to.isoformat(),
        "source": info.origin.source,
        "confidence": None if sure is None else sure.value,
    }
