"""The table of transitions: who may do what in which state, and what becomes of the case.

``row`` is the number of the row in the union of two live systems' tables from which it comes;
rows 23 and above were added: recalling a task, filing refused by the filer, links of duplicates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gis.errors import InvalidError
from grid.flow import effects as do
from grid.flow import guards as if_
from grid.flow.effects import Effect, unchanged
from grid.flow.guards import Guard
from grid.flow.states import (
    LIVE_STATES,
    AppealState,
    CaseAction,
    CaseState,
    Owner,
    PendingKind,
    Post,
)

_S, _A, _P, _O, _K = CaseState, CaseAction, Post, Owner, PendingKind


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    Attributes
    ----------
    owners
        For each post that may act, whose the case must be.
    after
        The state it leads to; None leaves that to the effect.
    needs
        Inputs that must be there: note, department, handler, filing, proposed, until.
    main_path
        Whether it pushes the case forward, which one may not do to whom it was returned.
    """

    row: int
    before: CaseState
    action: CaseAction
    owners: tuple[tuple[Post, Owner], ...]
    after: CaseState | None
    needs: frozenset[str] = frozenset()
    guards: tuple[Guard, ...] = ()
    effect: Effect = unchanged
    main_path: bool = False

    @property
    def posts(self) -> frozenset[Post]:
        """Posts that may act."""
        return frozenset(post for post, _ in self.owners)


def _row(
    row: int,
    before: CaseState,
    action: CaseAction,
    who: dict[Post, Owner],
    after: CaseState | None,
    needs: str = "",
    guards: tuple[Guard, ...] = (),
    effect: Effect = unchanged,
    *,
    main: bool = False,
) -> Transition:
    guards = (*guards, if_.not_returned_to) if main else guards
    wanted = frozenset(needs.split())
    return Transition(row, before, action, tuple(who.items()), after, wanted, guards, effect, main)


_ACCEPTOR = {_P.ACCEPTOR: _O.ANYONE}
_FILER = {_P.FILER: _O.ANYONE}
_COLLECTOR = {_P.COLLECTOR: _O.TASK}
_DISPATCHER = {_P.DISPATCHER: _O.CENTRE}
_DEPARTMENT = {_P.DEPARTMENT: _O.DEPARTMENT}
_HANDLER = {_P.DEPARTMENT: _O.HANDLER}


def _before_filing() -> Iterable[Transition]:
    yield _row(
        4, _S.REPORTED, _A.ACCEPT, _ACCEPTOR, _S.TO_FILE,
        guards=(if_.verified_where_needed,), effect=do.accepted, main=True,
    )  # fmt: skip
    yield _row(2, _S.REPORTED, _A.ASK_VERIFY, _ACCEPTOR, _S.VERIFYING, effect=do.verification_asked)
    yield _row(2, _S.VERIFYING, _A.CONFIRM, _COLLECTOR, _S.REPORTED, effect=do.confirmed)
    yield _row(2, _S.VERIFYING, _A.DENY, _COLLECTOR, _S.REPORTED, "note", effect=do.denied)
    yield _row(2, _S.VERIFYING, _A.UNABLE, _COLLECTOR, _S.REPORTED, "note", effect=do.undecided)
    yield _row(23, _S.VERIFYING, _A.RECALL, _ACCEPTOR, _S.REPORTED, "note", effect=do.undecided)
    yield _row(3, _S.REPORTED, _A.REFUSE, _ACCEPTOR, _S.NOT_ACCEPTED, "note", effect=do.refused)
    yield _row(
        6, _S.TO_FILE, _A.FILE, _FILER, _S.TO_DISPATCH, "filing",
        (if_.may_be_filed,), do.filed, main=True,
    )  # fmt: skip
    yield _row(
        5, _S.TO_FILE, _A.SEND_BACK, _FILER, _S.REPORTED, "note", effect=do.sent_back_to_acceptor
    )
    yield _row(24, _S.TO_FILE, _A.VOID, _FILER, _S.VOID, "note", effect=do.voided)
    self_guard = (if_.is_self_disposal,)
    yield _row(
        21, _S.REPORTED, _A.CONFIRM_SELF, _ACCEPTOR, _S.CLOSED, "",
        (*self_guard, if_.has_photos_after), do.self_confirmed,
    )  # fmt: skip
    yield _row(21, _S.REPORTED, _A.VOID_SELF, _ACCEPTOR, _S.VOID, "note", self_guard, do.voided)
    for state in (_S.REPORTED, _S.TO_FILE):
        yield _row(
            25, state, _A.LINK, _ACCEPTOR | _FILER, state, "target", (if_.links_another,), do.linked
        )
        yield _row(
            25, state, _A.UNLINK, _ACCEPTOR | _FILER, state, "note", (if_.is_linked,), do.unlinked
        )


def _dispatching() -> Iterable[Transition]:
    d = _S.TO_DISPATCH
    to_body = (if_.nothing_pending, if_.known_department)
    yield _row(
        7, d, _A.DISPATCH, _DISPATCHER, _S.TO_DISPOSE, "department",
        (*to_body, if_.explained_if_given_back), do.dispatched,
    )  # fmt: skip
    yield _row(
        7, d, _A.DESIGNATE, _DISPATCHER, _S.TO_DISPOSE, "department note",
        (*to_body, if_.returned_often), do.designated,
    )  # fmt: skip
    yield _row(
        7, d, _A.FORWARD, _DISPATCHER, d, "department",
        (if_.nothing_pending, if_.known_centre), do.forwarded,
    )  # fmt: skip
    yield _row(
        9, d, _A.SEND_BACK, _DISPATCHER, _S.TO_FILE, "note",
        (if_.nothing_pending,), do.sent_back_to_filer,
    )  # fmt: skip
    yield _row(
        8, d, _A.ASK_VOID, _DISPATCHER, d, "note",
        (if_.nothing_pending,), do.asked(_K.VOID, by_department=True),
    )  # fmt: skip
    asked = (if_.asked_for(_K.VOID),)
    yield _row(8, d, _A.GRANT_VOID, _FILER, _S.VOID, "", asked, do.voided)
    yield _row(8, d, _A.DENY_VOID, _FILER, d, "note", asked, do.answered(_K.VOID))


def _disposing() -> Iterable[Transition]:
    waiting, working = _S.TO_DISPOSE, _S.DISPOSING
    calm = (if_.nothing_pending,)
    yield _row(
        15, waiting, _A.HAND_BACK, _DEPARTMENT, _S.TO_INSPECT, "note",
        (*calm, if_.has_photos_after), do.handed_back,
    )  # fmt: skip
    yield _row(10, waiting, _A.ASSIGN, _DEPARTMENT, working, "handler", calm, do.assigned)
    yield _row(10, working, _A.REVOKE, _DEPARTMENT, waiting, "note", effect=do.unassigned)
    yield _row(
        10, working, _A.DECLINE, _HANDLER, waiting, "note",
        (if_.work_not_submitted,), do.unassigned,
    )  # fmt: skip
    yield _row(
        15, working, _A.SUBMIT, _HANDLER, working, "",
        (*calm, if_.work_not_submitted, if_.has_photos_after), do.submitted,
    )  # fmt: skip
    yield _row(
        16, working, _A.REJECT_WORK, _DEPARTMENT, working, "note",
        (if_.work_submitted,), do.work_rejected,
    )  # fmt: skip
    yield _row(
        15, working, _A.HAND_BACK, _DEPARTMENT, _S.TO_INSPECT, "",
        (*calm, if_.work_submitted), do.handed_back,
    )  # fmt: skip
    asked = (if_.asked_for(_K.RETURN),)
    yield _row(
        11, waiting, _A.GRANT_RETURN, _DISPATCHER, _S.TO_DISPATCH, "", asked, do.return_granted
    )
    yield _row(
        11, waiting, _A.DENY_RETURN, _DISPATCHER, waiting, "note", asked, do.answered(_K.RETURN)
    )
    for state in (waiting, working):
        yield from _requests(state)


def _requests(state: CaseState) -> Iterable[Transition]:
    """Asking for return (refused while somebody is assigned), extension and suspension, answers."""
    calm = (if_.nothing_pending,)
    yield _row(
        11, state, _A.ASK_RETURN, _DEPARTMENT, state, "note proposed",
        (*calm, if_.may_be_returned), do.asked(_K.RETURN, by_department=True),
    )  # fmt: skip
    pairs = (
        (12, _K.EXTENSION, if_.may_be_extended, do.extension_granted, state, "note"),
        (13, _K.SUSPENSION, if_.may_be_suspended, do.suspension_granted, _S.SUSPENDED, "note until"),
    )  # fmt: skip
    for number, kind, may, granted, after, needs in pairs:
        ask, endorse, grant, deny = _ACTS[kind]
        may_ask = (if_.not_asked_yet(kind), *(calm if kind is _K.SUSPENSION else ()), may)
        yield _row(
            number, state, ask, _DEPARTMENT, state, needs, may_ask, do.asked_by_whoever(kind)
        )
        yield _row(
            number, state, endorse, _DEPARTMENT, state, "",
            (if_.asked_for(kind, endorsed=False),), do.endorsed(kind),
        )  # fmt: skip
        yield _row(
            number, state, grant, _DISPATCHER, after, "",
            (if_.asked_for(kind, endorsed=True),), granted,
        )  # fmt: skip
        yield _row(
            number, state, deny, _DISPATCHER | _DEPARTMENT, state, "note",
            (if_.asked_for(kind),), do.answered(kind),
        )  # fmt: skip


_ACTS = {
    _K.EXTENSION: (
        _A.ASK_EXTENSION, _A.ENDORSE_EXTENSION, _A.GRANT_EXTENSION, _A.DENY_EXTENSION,
    ),
    _K.SUSPENSION: (
        _A.ASK_SUSPENSION, _A.ENDORSE_SUSPENSION, _A.GRANT_SUSPENSION, _A.DENY_SUSPENSION,
    ),
}  # fmt: skip


def _after_disposal() -> Iterable[Transition]:
    who = _DISPATCHER | _DEPARTMENT | {_P.SYSTEM: _O.ANYONE}
    yield _row(
        14, _S.SUSPENDED, _A.RESUME, who, None, "",
        (if_.suspension_over,), do.suspension_ended,
    )  # fmt: skip
    i, n = _S.TO_INSPECT, _S.INSPECTING
    sender = _ACCEPTOR | {_P.SYSTEM: _O.ANYONE}
    yield _row(17, i, _A.ASK_INSPECT, sender, n, effect=do.inspection_asked)
    yield _row(17, n, _A.PASS, _COLLECTOR, _S.TO_CLOSE, "", (if_.same_time_of_day,), do.passed)
    yield _row(17, n, _A.FAIL, _COLLECTOR, None, "note", effect=do.sent_to_rework)
    yield _row(17, n, _A.UNABLE, _COLLECTOR, i, "note", effect=do.undecided)
    yield _row(23, n, _A.RECALL, _ACCEPTOR, i, "note", effect=do.undecided)
    yield _row(17, i, _A.WAIVE, _ACCEPTOR | _FILER, _S.TO_CLOSE, "note", effect=do.waived)
    for state in (i, _S.TO_CLOSE):
        yield _row(
            18, state, _A.REWORK, _ACCEPTOR | _FILER | _DISPATCHER, None,
            "note", effect=do.sent_to_rework,
        )  # fmt: skip
    yield _row(19, _S.TO_CLOSE, _A.CLOSE, _FILER, _S.CLOSED, "", (if_.may_be_closed,), do.closed)
    for state in LIVE_STATES:
        yield _row(
            20, state, _A.FORCE_CLOSE, {_P.LEADER: _O.ANYONE}, _S.FORCED_CLOSE, "note",
            effect=do.closed_by_order,
        )  # fmt: skip
    yield from _appeals()


def _appeals() -> Iterable[Transition]:
    c, asked, passed = _S.CLOSED, AppealState.ASKED, AppealState.PASSED
    yield _row(22, c, _A.ASK_APPEAL, _DEPARTMENT, c, "note", (if_.was_late,), do.appeal_to(asked))
    yield _row(
        22, c, _A.PASS_APPEAL, _DISPATCHER, c, "", (if_.appeal_is(asked),), do.appeal_to(passed)
    )
    yield _row(
        22, c, _A.GRANT_APPEAL, _ACCEPTOR, c, "", (if_.appeal_is(passed),),
        do.appeal_to(AppealState.GRANTED),
    )  # fmt: skip
    yield _row(
        22, c, _A.DENY_APPEAL, _DISPATCHER | _ACCEPTOR, c, "note", (if_.appeal_is(asked, passed),),
        do.appeal_to(AppealState.DENIED),
    )  # fmt: skip


Index = dict[tuple[CaseState, CaseAction], Transition]


def index_of(table: Iterable[Transition]) -> Index:
    """Rows by (state, action).

    Raises
    ------
    InvalidError
        When two rows share state and action: the outcome would depend on their order.
    """
    found: Index = {}
    for row in table:
        key = (row.before, row.action)
        if key in found:
            raise InvalidError(
                "case.ambiguous_table",
                "流转表中 {got} 出现两次",
                got=f"{row.before} + {row.action}",
            )
        found[key] = row
    return found


#: The table in use; of each state the usual act comes first.
TRANSITIONS: tuple[Transition, ...] = (
    *_before_filing(),
    *_dispatching(),
    *_disposing(),
    *_after_disposal(),
)
INDEX: Index = index_of(TRANSITIONS)
