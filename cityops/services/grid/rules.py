"""Use cases: a city's own rules of duty, tried on history, and its own weights of scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from cityops.services.grid.config import StoredTable, config_of, current_config
from cityops.services.grid.evaluation import check_days
from cityops.services.grid.rule_rows import Row, RuleKind, read_rules
from cityops.services.ports import Store
from cityops.services.roles import Person
from grid.clock.calendar import CITY_ZONE
from grid.duty import departments
from grid.routing.rules import rules_of
from grid.routing.trial import Choice, first_dispatch_accuracy, may_be_switched_on, tried


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
            ``rules.bad_rows`` with every fault, those of the table as a whole too;
            ``routing.invalid``, ``evaluation.bad_weights`` where each row by itself is sound.
        ConflictError
            ``routing.not_tried``, ``routing.worse``: rules that history does not speak for.
        FileError, NotFoundError
            When the file is no such table.
        """
        source = options.source or path.name
        with self._store().reading() as tx:
            config = current_config(tx)
            history = tx.facts.settled() if kind is RuleKind.DUTIES else []
        rows = read_rules(path, kind, source, config)
        report: dict[str, Any] = {"kind": kind.value, "rows": len(rows), "stored": False}
        if kind is RuleKind.DUTIES:
            new = tried(rules_of(rows, departments()), history)
            old = tried(config.rules, history)
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


def trial_text(trial: Mapping[str, Any]) -> str:
    """A trial in one line."""
    share = trial["accuracy"]
    told = "—" if share is None else f"{share:.1%}"
    return f"{trial['cases']} 个已结案件，派对 {trial['right']} 件（{told}）"
