"""Use cases: a city's own rules of duty, tried on history, and its own weights of scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

from cityops.services.grid.config import StoredTable, config_of, current_config
from cityops.services.grid.evaluation import check_days
from cityops.services.grid.sheets import read_sheets
from cityops.services.ports import Store
from cityops.services.roles import Person
from gis.errors import CityError, FileError, InvalidError
from grid.clock.calendar import CITY_ZONE
from grid.duty import departments
from grid.origin import Confidence
from grid.routing.rules import rules_of
from grid.routing.trial import Choice, first_dispatch_accuracy, may_be_switched_on, tried
from grid.schemes.limit_text import typed_text
from grid.shipped import day_of

Row = dict[str, str]


class RuleKind(StrEnum):
    """Which table; the value is its kind in the store."""

    DUTIES = "duties"
    WEIGHTS = "composites"


_NEEDED: dict[RuleKind, tuple[str, ...]] = {
    RuleKind.DUTIES: ("id", "domain", "scheme", "class_prefix", "body"),
    RuleKind.WEIGHTS: ("composite", "subject", "component", "figure", "form", "weight"),
}
_OPTIONAL: dict[RuleKind, tuple[str, ...]] = {
    RuleKind.DUTIES: ("grid_kind", "grid_code", "condition", "auto", "valid_from", "valid_to"),
    RuleKind.WEIGHTS: (),
}


@dataclass(frozen=True)
class RuleOptions:
    """How a table is taken over; ``untried`` switches rules on without a trial."""

    version: str = "1"
    source: str = ""
    dry_run: bool = False
    untried: bool = False


class RuleDesk:
    """Rules and weights of a city.

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
        self, person: Person, path: Path, kind: RuleKind, options: RuleOptions
    ) -> dict[str, Any]:
        """Read a table, hold it against history and the other tables, and put it in force.

        Raises
        ------
        InvalidError
            ``rules.bad_rows`` with every row that cannot be read, ``routing.invalid``,
            ``evaluation.bad_weights``.
        ConflictError
            ``routing.not_tried``, ``routing.worse``: rules that history does not speak for.
        FileError, NotFoundError
            When the file is no such table.
        """
        source = options.source or path.name
        rows = _rows(path, kind, source)
        with self._store().reading() as tx:
            in_force = current_config(tx).rules
            history = tx.facts.settled() if kind is RuleKind.DUTIES else []
        report: dict[str, Any] = {"kind": kind.value, "rows": len(rows), "stored": False}
        if kind is RuleKind.DUTIES:
            new = tried(rules_of(rows, departments()), history)
            old = tried(in_force, history)
            report |= {"trial": new.as_dict(), "in_force": old.as_dict()}
            if not options.untried and not options.dry_run:
                may_be_switched_on(new, old)
        table = self._keep(person, kind, rows, source, options)
        return report | {"stored": not options.dry_run, "table": table}

    def accuracy(self, first: date, last: date) -> dict[str, Any]:
        """How often the body suggested was the one chosen at the first dispatch (首派准确率).

        Parameters
        ----------
        first, last
            Days of the city on which cases were dispatched, both included.

        A dispatch without a suggestion is counted and is in neither part of the share.

        Raises
        ------
        InvalidError
            ``evaluation.bad_period``.
        """
        check_days(first, last)
        start = datetime.combine(first, time(), CITY_ZONE)
        end = datetime.combine(last + timedelta(days=1), time(), CITY_ZONE)
        with self._store().reading() as tx:
            choices: list[Choice] = tx.facts.first_dispatches(start, end)
        right, suggested = first_dispatch_accuracy(choices)
        pairs = Counter((c.suggested or "", c.chosen) for c in choices)
        return {
            "from": start.isoformat(),
            "until": end.isoformat(),
            "dispatched": len(choices),
            "value": right / suggested if suggested else None,
            "numerator": right,
            "denominator": suggested,
            "pairs": [
                {"suggested": said or None, "chosen": chosen, "cases": n}
                for (said, chosen), n in sorted(pairs.items())
            ],
        }

    def _keep(
        self,
        person: Person,
        kind: RuleKind,
        rows: Sequence[Row],
        source: str,
        options: RuleOptions,
    ) -> int | None:
        """Put a table beside the others where it fits them; a dry run only holds it against them."""
        at, content = self._now(), {"rows": list(rows)}
        if options.dry_run:
            with self._store().reading() as tx:
                new = StoredTable(0, kind.value, kind.value, options.version, source, content)
                config_of([*tx.grid_tables.in_force(), new], 0)
            return None
        with self._store().writing() as tx:
            table: int = tx.grid_tables.add(
                kind.value, kind.value, options.version, source, content, at, person.id
            )
            config_of(tx.grid_tables.in_force(), table)
            detail = {"table": table, "rows": len(rows), "untried": options.untried}
            tx.audit.add(person, "rules.import", f"rules:{kind.value}", detail=detail, at=at)
        return table


def _rows(path: Path, kind: RuleKind, source: str) -> list[Row]:
    """Rows of the first sheet, whose first row names the columns.

    Raises
    ------
    FileError
        ``rules.no_columns``.
    InvalidError
        ``rules.bad_rows``.
    """
    sheet = read_sheets(path)[0]
    head = [typed_text(value).lower() for value in (sheet.rows[0] if sheet.rows else ())]
    missing = [name for name in _NEEDED[kind] if name not in head]
    if missing:
        raise FileError(
            "rules.no_columns",
            "表里缺少列：{got}",
            field="file",
            got=missing,
            expected=[*_NEEDED[kind], *_OPTIONAL[kind], "source", "confidence"],
        )
    usual = dict.fromkeys(_OPTIONAL[kind], "") | {"source": source, "confidence": "local"}
    rows: list[Row] = []
    faults: list[CityError] = []
    for number, cells in enumerate(sheet.rows[1:], 2):
        given = {n: t for n, v in zip(head, cells, strict=False) if (t := _cell(n, v))}
        if not given:
            continue
        row = dict.fromkeys(_NEEDED[kind], "") | usual | given
        found = _fault(row, kind)
        if found is not None:
            found.row = number
            faults.append(found)
        rows.append(row)
    if faults or not rows:
        raise _bad(path, faults)
    return rows


def _cell(name: str, value: Any) -> str:
    """A cell as text; a class code that a workbook made a number of gets its zeros back."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value).strip()
    is_code = name == "class_prefix" and isinstance(value, int)
    return text.zfill(len(text) + len(text) % 2) if is_code else text


def _fault(row: Mapping[str, str], kind: RuleKind) -> InvalidError | None:
    """What cannot be read in a row, by itself."""
    if row["confidence"] not in set(Confidence):
        known = [c.value for c in Confidence]
        return _wrong("confidence", row["confidence"], known)
    if kind is RuleKind.WEIGHTS:
        try:
            Fraction(row["weight"])
        except (ValueError, ZeroDivisionError):
            return _wrong("weight", row["weight"], "0.30")
        return None
    for name in ("valid_from", "valid_to"):
        try:
            day_of(row[name])
        except ValueError:
            return _wrong(name, row[name], "2026-01-01")
    return None


def _wrong(field: str, got: str, expected: Any) -> InvalidError:
    return InvalidError(
        "rules.bad_value",
        "{field} 的值不对：{got}",
        field=field,
        got=got[:80],
        expected=expected,
        params={"field": field},
    )


def _bad(path: Path, faults: Sequence[CityError]) -> InvalidError:
    first = str(faults[0]) if faults else "没有一行"
    return InvalidError(
        "rules.bad_rows",
        "{file} 有 {count} 行不能接受，什么都没有存：{first}",
        field="file",
        got=path.name,
        params={"file": path.name, "count": len(faults), "first": first},
        errors=list(faults),
    )


def trial_text(trial: Mapping[str, Any]) -> str:
    """A trial in one line."""
    share = trial["accuracy"]
    told = "—" if share is None else f"{share:.1%}"
    return f"{trial['cases']} 个已结案件，派对 {trial['right']} 件（{told}）"
