"""Use cases of evaluation: figures of a period by department, street or post, and lists behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Protocol

from cityops.services.case_scope import require_scope
from cityops.services.case_values import CaseScope
from cityops.services.city_time import shown_time
from cityops.services.grid.config import current_config
from cityops.services.ports import Store
from cityops.services.roles import Person
from gis.errors import InvalidError, NotFoundError
from grid.clock.calendar import CITY_ZONE
from grid.divisions import divisions
from grid.duty import departments
from grid.evaluation.composites import Composites
from grid.evaluation.evaluate import (
    TOTAL,
    Row,
    cases_behind,
    evaluated,
    weights_of,
    why_unknown,
)
from grid.evaluation.facts import CaseFacts, IntArray
from grid.evaluation.figures import COUNT_OF, PERSON_OF, RATE_OF
from grid.flow.states import POST_TITLES, STATE_TITLES, CaseState, Post

#: Days after it are typed wrongly.
LAST_YEAR = 2200
#: A list longer than this is cut; how many there are is told all the same.
MOST_LISTED = 10_000
_TIMES = ("reported_at", "due_at", "closed_at")
#: Kinds of divisions of the level of streets.
_STREETS = ("street", "functional_zone")


class Basis(StrEnum):
    """By which time a case belongs to a period."""

    DEADLINE = "deadline"
    REPORTED = "reported"


class By(StrEnum):
    """Whose figures."""

    DEPARTMENT = "department"
    STREET = "street"
    POST = "post"


BASIS_TOLD = {
    Basis.DEADLINE: "处置到期时间在期内的案件；没有到期时间的，按上报时间",
    Basis.REPORTED: "上报时间在期内的案件",
}


@dataclass(frozen=True)
class Period:
    """Whole days of the city, first and last, and the time by which cases belong to them."""

    first: date
    last: date
    basis: Basis

    @property
    def start(self) -> datetime:
        """Beginning of the first day."""
        return datetime.combine(self.first, time(), CITY_ZONE)

    @property
    def end(self) -> datetime:
        """End of the last day, exclusive."""
        return datetime.combine(self.last + timedelta(days=1), time(), CITY_ZONE)

    @property
    def told(self) -> str:
        """The period in words, with its basis."""
        return f"{self.first} 至 {self.last}（含首尾两日），{BASIS_TOLD[self.basis]}"


class FactRepo(Protocol):
    """Facts of cases in the store, in columns."""

    def columns(
        self, period: Period, keys: Sequence[str], scope: CaseScope, as_of: datetime
    ) -> tuple[CaseFacts, IntArray]:
        """Facts of the cases of a period in scope, and the seq of each.

        A case is overdue when it is so at `as_of`.
        """

    def cases(self, seqs: Sequence[int]) -> list[dict[str, Any]]:
        """id, number, state, department and times of cases, in the order of `seqs`."""


class EvaluationService:
    """Figures of the cases of a store.

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

    def evaluate(self, person: Person, period: Period, by: By) -> dict[str, Any]:
        """``{"basis", "rows": [{"key", "figures"}]}`` of everything the person may see.

        The last row is the total. Zero of zero has no value. Scores stand beside the figures of
        the subjects for which there are any.

        Raises
        ------
        ForbiddenError
            When the person may see no cases.
        InvalidError
            ``evaluation.bad_period``.
        """
        check_days(period.first, period.last)
        with self._store().reading() as tx:
            composites = current_config(tx).composites
            facts, _ = tx.facts.columns(period, _keys_of(by), require_scope(person), self._now())
            people = {a.id: a.name for a in tx.accounts.all()} if by is By.POST else {}
        rows = [_row_json(row, by, composites, people) for row in rows_of(facts, by)]
        return _head(period, by) | {"cases": len(facts), "rows": rows}

    def behind(
        self, person: Person, period: Period, by: By, figure: str, key: str, part: str = "numerator"
    ) -> dict[str, Any]:
        """The cases behind one figure of one subject, or of the total.

        ``count`` cases make up ``value``; where acts are counted ``times`` says how often each.
        ``value`` is None where nothing is recorded of a count, and ``why`` says so.

        Raises
        ------
        NotFoundError
            ``evaluation.unknown_figure``, ``evaluation.unknown_key``.
        ForbiddenError, InvalidError
            As of `evaluate`.
        """
        check_days(period.first, period.last)
        post = post_of(key) if by is By.POST else None
        with self._store().reading() as tx:
            scope = require_scope(person)
            facts, seqs = tx.facts.columns(period, _keys_of(by), scope, self._now())
            _check_key(tx, facts, by, key, post)
            mask = cases_behind(facts, figure, _column(by), key, post, part)
            counted = COUNT_OF[_count_name(figure, part)]
            times = weights_of(facts, counted)[mask]
            why = why_unknown(facts, counted, _column(by), key, post)
            found = tx.facts.cases(seqs[mask][:MOST_LISTED].tolist())
        for case, often in zip(found, times.tolist(), strict=False):
            case |= {"times": often, "state_title": STATE_TITLES[CaseState(case["state"])].zh}
            case |= {name: case[name] and shown_time(case[name]) for name in _TIMES}
        return _head(period, by) | {
            "figure": figure,
            "part": part if figure in RATE_OF else None,
            "key": key,
            "value": None if why else float(times.sum()),
            **({"why": why} if why else {}),
            "count": int(mask.sum()),
            "cases": found,
        }


def rows_of(facts: CaseFacts, by: By) -> list[Row]:
    """Figures of every subject, the total last; by post the people of all posts, one after another."""
    if by is not By.POST:
        return evaluated(facts, _column(by))
    rows: list[Row] = []
    for post in PERSON_OF:
        *people, total = evaluated(facts, "", post)
        mine = f"{post.value}/"
        rows += [row for row in people if row.key.startswith(mine)]
    return [*rows, total]


def _check_key(tx: Any, facts: CaseFacts, by: By, key: str, post: Post | None) -> None:
    """Refuse a subject that nobody knows; one without cases in the period has an empty list.

    Raises
    ------
    NotFoundError
        ``evaluation.unknown_key``.
    """
    if key in (TOTAL, ""):
        return
    mine = "" if post is None else f"{post.value}/"
    known = {k for column in facts.keys.values() for k in set(column.tolist()) if k}
    if by is By.DEPARTMENT:
        known |= set(departments())
    elif by is By.STREET:
        known |= {code for code, one in divisions().items() if one.kind in _STREETS}
    else:
        known = {k for k in known if k.startswith(mine)}
        known |= {f"{mine}{account.id}" for account in tx.accounts.all()}
    if key not in known:
        raise NotFoundError(
            "evaluation.unknown_key",
            "没有要列的 {got}",
            field="key",
            got=key[:80],
            expected=[*sorted(known), TOTAL],
        )


def _column(by: By) -> str:
    return "department" if by is By.POST else by.value


def post_of(key: str) -> Post | None:
    """The post that a key of people begins with; None for the total.

    Raises
    ------
    InvalidError
        ``evaluation.bad_key``.

    Examples
    --------
    >>> post_of("dispatcher/7")
    <Post.DISPATCHER: 'dispatcher'>
    """
    if key == TOTAL:
        return None
    name = key.partition("/")[0]
    known = [post.value for post in PERSON_OF]
    if name not in known:
        raise InvalidError(
            "evaluation.bad_key",
            "应为 岗位/人员 或 total，得到 {got}",
            field="key",
            got=key[:80],
            expected=[f"{post}/7" for post in known] + [TOTAL],
        )
    return Post(name)


def _keys_of(by: By) -> list[str]:
    """Columns of keys that a way of grouping needs."""
    if by is not By.POST:
        return [by.value]
    own = {c.person_of(post) for c in COUNT_OF.values() for post in PERSON_OF}
    return sorted(own | {_column(by)})


def _count_name(figure: str, part: str) -> str:
    rate = RATE_OF.get(figure)
    if rate is None:
        return figure
    return rate.denominator if part == "denominator" else rate.numerator


def check_days(first: date, last: date) -> None:
    """Refuse days that are no period.

    Raises
    ------
    InvalidError
        ``evaluation.bad_period`` when the last comes before the first, or after `LAST_YEAR`.
    """
    if last.year > LAST_YEAR:
        raise InvalidError(
            "evaluation.bad_period",
            "结束日期 {got} 太晚，最晚到 {expected} 年",
            field="to",
            got=last.isoformat(),
            expected=LAST_YEAR,
        )
    if last < first:
        raise InvalidError(
            "evaluation.bad_period",
            "结束日期 {got} 早于开始日期 {expected}",
            field="to",
            got=last.isoformat(),
            expected=first.isoformat(),
        )


def _head(period: Period, by: By) -> dict[str, Any]:
    return {
        "basis": period.basis.value,
        "period": period.told,
        "from": period.start.isoformat(),
        "until": period.end.isoformat(),
        "by": by.value,
    }


def title_of(key: str, by: By, people: Mapping[int, str]) -> str:
    """What people call a subject; its key where nobody knows a name.

    Examples
    --------
    >>> title_of("120101003", By.STREET, {}), title_of("filer/7", By.POST, {7: "王芳"})
    ('五大道街道', '值班长 王芳')
    """
    if key == TOTAL:
        return "合计"
    if by is By.DEPARTMENT:
        department = departments().get(key)
        return key if department is None else department.title.zh
    if by is By.STREET:
        street = divisions().get(key)
        return key if street is None else street.name
    post, _, number = key.partition("/")
    name = people.get(int(number)) if number.isdigit() else None
    return f"{POST_TITLES[Post(post)].zh} {name or number}"


def _row_json(
    row: Row, by: By, composites: Composites, people: Mapping[int, str]
) -> dict[str, Any]:
    out: dict[str, Any] = {
        "key": row.key,
        "title": title_of(row.key, by, people),
        "figures": {name: figure.as_dict() for name, figure in row.figures.items()},
    }
    subject = row.key.partition("/")[0] if by is By.POST else by.value
    scores = {} if row.key == TOTAL else _scores(row, subject, composites)
    return out | {"scores": scores}


def _scores(row: Row, subject: str, composites: Composites) -> Mapping[str, Any]:
    return {
        composite.name: composites.score(composite, row.figures).as_dict()
        for composite in composites.for_subject(subject)
    }
