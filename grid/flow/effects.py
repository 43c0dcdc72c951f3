"""What an act of the table changes beside the state: people, requests, counts, clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gis.errors import CityError
from grid.clock.clock import (
    Cause,
    Clock,
    ClockKind,
    Happening,
    extend,
    is_late,
    pause,
    resume,
    start_clock,
    stop,
)
from grid.flow.case import Actor, Case, Pending, Request, Returned, Task
from grid.flow.states import AppealState, CaseState, ClosedKind, PendingKind, Post, TaskKind
from grid.flow.world import World

Effect = Callable[[Case, Actor, Request, World], Case]
_ASKED = (PendingKind.EXTENSION, PendingKind.SUSPENSION)


def unchanged(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Nothing."""
    return case


# -- clocks ----------------------------------------------------------------------------------------


def _stage_clock(case: Case, kind: ClockKind, world: World) -> Case:
    """A new clock of a stage, by the city's limit for it."""
    row = world.stages.of(kind, case.urgency)
    if row is None:
        return case.started(start_clock(kind, None, world.now))
    return case.started(start_clock(kind, row.limit, world.now, row.calendar))


def _stopped(case: Case, kind: ClockKind, world: World) -> Case:
    clock = case.clock(kind)
    return case.changed(stop(clock, world.now)) if clock is not None and clock.is_open else case


def _paused(case: Case, kind: ClockKind, cause: Cause, world: World) -> Case:
    clock = case.clock(kind)
    if clock is None or not clock.is_running:
        return case
    return case.changed(pause(clock, world.now, cause))


def _resumed(case: Case, kind: ClockKind, world: World) -> Case:
    clock = case.clock(kind)
    if clock is None or clock.is_running:
        return case
    return case.changed(resume(clock, world.now))


def _stopped_all(case: Case, world: World) -> Case:
    for kind in ClockKind:
        case = _stopped(case, kind, world)
    return case


def lateness(clock: Clock | None, world: World) -> bool | None:
    """Whether a clock used more than its limit; None where nobody can tell."""
    if clock is None or clock.limit is None:
        return None
    try:
        return is_late(clock, world.book, world.now)
    except CityError:
        return None  # a year without a calendar: told when the calendar is there


# -- before filing ---------------------------------------------------------------------------------


def verification_asked(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """A collector is sent; acceptance waits."""
    case = _paused(case, ClockKind.ACCEPT, Cause.VERIFYING, world)
    case = _stage_clock(case, ClockKind.VERIFY, world)
    return replace(case, task=Task(TaskKind.VERIFY, request.assignee, world.now))


def _verification_ended(case: Case, world: World) -> Case:
    case = _stopped(case, ClockKind.VERIFY, world)
    return replace(_resumed(case, ClockKind.ACCEPT, world), task=None)


def confirmed(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Seen; new facts set a returned case free."""
    case = _verification_ended(case, world)
    photos = case.photos + request.photos
    return replace(case, verified=True, photos=photos, returned=None)


def denied(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Looked for and not found; that is a new fact too."""
    return replace(_verification_ended(case, world), verified=False, returned=None)


def undecided(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The errand is over without an answer."""
    if case.state is CaseState.INSPECTING:
        case = _stopped(case, ClockKind.INSPECT, world)
        return replace(_stage_clock(case, ClockKind.SEND_INSPECT, world), task=None)
    return _verification_ended(case, world)


def accepted(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The acceptor is done, the filer's clock runs."""
    case = _stopped(case, ClockKind.ACCEPT, world)
    case = _stage_clock(case, ClockKind.FILE, world)
    return replace(case, accepted_by=actor.id, returned=None)


def refused(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Everything stands still for good."""
    return replace(_stopped_all(case, world), closed_at=world.now, pending=(), task=None)


def sent_back_to_acceptor(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Back to the person who accepted it; counts as a return."""
    case = _resumed(_stopped(case, ClockKind.FILE, world), ClockKind.ACCEPT, world)
    marker = Returned(case.accepted_by, actor.id, case.state, request.note)
    return replace(case, returned=marker, return_count=case.return_count + 1)


def filed(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The filing condition is set, and with it what disposal may take."""
    case = _stopped(case, ClockKind.FILE, world)
    case = _stage_clock(case, ClockKind.DISPATCH, world)
    return replace(case, filed_by=actor.id, filing=request.filing, returned=None)


# -- dispatch --------------------------------------------------------------------------------------


def dispatched(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """A department has it in hand; its clock starts, or goes on when it had it before.

    The same department continues the clock that stood still; another one gets a new clock.
    """
    body = request.department
    case = _stopped(case, ClockKind.DISPATCH, world)
    last = case.departments[-1] if case.departments else None
    if last == body and case.clock(ClockKind.DISPOSE) is not None:
        case = _resumed(case, ClockKind.DISPOSE, world)
    else:
        limit = None if case.filing is None else case.filing.limit
        calendar = world.calendar_of(Post.DEPARTMENT)
        case = case.started(start_clock(ClockKind.DISPOSE, limit, world.now, calendar))
        case = replace(case, extension_count=0)
    had = case.departments if last == body else (*case.departments, body or "")
    return replace(case, department=body, departments=had, returned=None)


def designated(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Dispatched for good."""
    return replace(dispatched(case, actor, request, world), designated=True)


def forwarded(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Another dispatching centre goes on with it."""
    return replace(case, centre=request.department, returned=None)


def sent_back_to_filer(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Back to the person who filed it, all data kept."""
    case = _stopped(case, ClockKind.DISPATCH, world)
    case = _stage_clock(case, ClockKind.FILE, world)
    marker = Returned(case.filed_by, actor.id, case.state, request.note)
    count = case.return_count + 1
    return replace(case, returned=marker, return_count=count, centre=None, pending=())


def asked(kind: PendingKind, *, by_department: bool) -> Effect:
    """An effect: something is asked for; the department's own asking needs no endorsement."""

    def effect(case: Case, actor: Actor, request: Request, world: World) -> Case:
        waiting = Pending(
            kind, actor.id, request.note, by_department, world.now, request.proposed, request.until
        )
        return replace(case, pending=(*case.pending, waiting))

    return effect


def asked_by_whoever(kind: PendingKind) -> Effect:
    """An effect: the handler's asking waits for the department, the department's own does not."""

    def effect(case: Case, actor: Actor, request: Request, world: World) -> Case:
        by_department = case.handler is None or actor.id != case.handler
        return asked(kind, by_department=by_department)(case, actor, request, world)

    return effect


def endorsed(kind: PendingKind) -> Effect:
    """An effect: the department stands behind its handler's request."""

    def effect(case: Case, actor: Actor, request: Request, world: World) -> Case:
        pending = tuple(replace(p, endorsed=True) if p.kind is kind else p for p in case.pending)
        return replace(case, pending=pending)

    return effect


def answered(*kinds: PendingKind) -> Effect:
    """An effect: these requests are gone."""

    def effect(case: Case, actor: Actor, request: Request, world: World) -> Case:
        return case.without(*kinds)

    return effect


def voided(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The case was none."""
    return replace(_stopped_all(case, world), pending=(), task=None, closed_at=world.now)


def return_granted(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The department is rid of it; its clock stands still, the dispatcher's runs."""
    case = _paused(case, ClockKind.DISPOSE, Cause.RETURNED, world)
    case = _stage_clock(case, ClockKind.DISPATCH, world)
    marker = Returned(None, actor.id, case.state, request.note)
    gave_back = () if case.department is None else (case.department,)
    return replace(
        case,
        department=None,
        handler=None,
        submitted=False,
        pending=(),
        returned=marker,
        returned_by=case.returned_by + gave_back,
        return_count=case.return_count + 1,
    )


# -- disposal --------------------------------------------------------------------------------------


def assigned(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """A person of the department does it."""
    return replace(case, handler=request.handler, submitted=False)


def unassigned(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Nobody does it any more; what the person asked for is no longer asked for."""
    return replace(case.without(*_ASKED), handler=None, submitted=False)


def extension_granted(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The original limit once more."""
    clock = case.clock(ClockKind.DISPOSE)
    case = case if clock is None else case.changed(extend(clock))
    case = case.without(PendingKind.EXTENSION)
    return replace(case, extension_count=case.extension_count + 1)


def suspension_granted(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The clock stands still until the day that was asked for."""
    waiting = case.waiting(PendingKind.SUSPENSION)
    case = _paused(case, ClockKind.DISPOSE, Cause.SUSPENDED, world)
    return replace(
        case.without(*_ASKED),
        suspended_from=case.state,
        suspended_until=None if waiting is None else waiting.until,
        suspension_count=case.suspension_count + 1,
    )


def suspension_ended(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Back to where it was suspended; the time in between does not count."""
    case = _resumed(case, ClockKind.DISPOSE, world)
    back = CaseState.TO_DISPOSE if case.handler is None else CaseState.DISPOSING
    return replace(case, state=back, suspended_from=None, suspended_until=None)


def submitted(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The handler reports it done; the department's clock still runs."""
    return replace(case, submitted=True, photos_after=case.photos_after + request.photos)


def work_rejected(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Not done, says the department."""
    return replace(case, submitted=False)


def handed_back(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The department hands back: here, and not before, its clock stops."""
    case = _stopped(case, ClockKind.DISPOSE, world)
    case = _stage_clock(case, ClockKind.SEND_INSPECT, world)
    return replace(
        case,
        photos_after=case.photos_after + request.photos,
        pending=(),
        was_late=lateness(case.clock(ClockKind.DISPOSE), world),
    )


# -- afterwards ------------------------------------------------------------------------------------


def inspection_asked(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """A collector is sent to look (核查)."""
    case = _stopped(case, ClockKind.SEND_INSPECT, world)
    case = _stage_clock(case, ClockKind.INSPECT, world)
    return replace(case, task=Task(TaskKind.INSPECT, request.assignee, world.now))


def passed(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Done indeed; the closing clock runs."""
    case = _stage_clock(_stopped(case, ClockKind.INSPECT, world), ClockKind.CLOSE, world)
    photos = case.photos_after + request.photos
    return replace(case, task=None, inspection="passed", photos_after=photos)


def waived(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """Nobody looks, for a stated reason."""
    case = _stopped(case, ClockKind.SEND_INSPECT, world)
    case = _stage_clock(case, ClockKind.CLOSE, world)
    return replace(case, task=None, inspection="waived")


def dispatched_anew(case: Case, came_from: CaseState, why: str, world: World) -> Case:
    """A case whose department is no longer there, waiting for another; its clock stands still."""
    clock = case.clock(ClockKind.DISPOSE)
    if clock is not None and clock.is_running:
        case = case.changed(pause(clock, world.now, Cause.NO_BODY))
    return replace(
        _stage_clock(case, ClockKind.DISPATCH, world),
        state=CaseState.TO_DISPATCH,
        department=None,
        handler=None,
        submitted=False,
        designated=False,
        pending=(),
        suspended_from=None,
        suspended_until=None,
        returned=Returned(None, 0, came_from, why),
    )


def sent_to_rework(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The same department once more; its clock goes on, earlier photos are kept.

    Where the department is no longer in being, the case is dispatched anew.
    """
    for kind in (ClockKind.SEND_INSPECT, ClockKind.INSPECT, ClockKind.CLOSE):
        case = _stopped(case, kind, world)
    case = replace(
        case,
        state=CaseState.TO_DISPOSE,
        task=None,
        inspection=None,
        handler=None,
        submitted=False,
        rework_count=case.rework_count + 1,
    )
    if case.department not in world.departments:
        return dispatched_anew(case, CaseState.TO_INSPECT, "承办部门已不存在", world)
    return _resumed(case, ClockKind.DISPOSE, world)


def closed(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The end. Whether disposal was late is told now where its year had no calendar before."""
    case = _stopped_all(case, world)
    return replace(
        case,
        closed_at=world.now,
        closed_kind=ClosedKind.NORMAL,
        pending=(),
        was_late=_late_so_far(case, world),
    )


def _late_so_far(case: Case, world: World) -> bool | None:
    if case.was_late is not None:
        return case.was_late
    return lateness(case.clock(ClockKind.DISPOSE), world)


def closed_by_order(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The end by order, counted apart; lateness up to here is kept."""
    clock = case.clock(ClockKind.DISPOSE)
    late = _late_so_far(case, world)
    if clock is not None and clock.state is not Happening.STOP:
        late = lateness(clock, world)
    case = _stopped_all(case, world)
    return replace(
        case,
        closed_at=world.now,
        closed_kind=ClosedKind.FORCED,
        pending=(),
        task=None,
        was_late=late,
    )


def self_confirmed(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """The collector did it himself, counted apart."""
    case = _stopped_all(case, world)
    return replace(case, closed_at=world.now, closed_kind=ClosedKind.SELF)


def appeal_to(state: AppealState) -> Effect:
    """An effect: the appeal stands there now; granted, the case is left out of the figures.

    That it was late stays a fact.
    """

    def effect(case: Case, actor: Actor, request: Request, world: World) -> Case:
        return replace(case, appeal=state, exempt=state is AppealState.GRANTED)

    return effect


def linked(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """A copy of another case; both keep their reporters, this one is not moved any more."""
    return replace(_stopped_all(case, world), merged_into=request.target, task=None)


def unlinked(case: Case, actor: Actor, request: Request, world: World) -> Case:
    """A case of its own again; the clock of its stage goes on."""
    kind = ClockKind.FILE if case.state is CaseState.TO_FILE else ClockKind.ACCEPT
    return replace(_resumed(case, kind, world), merged_into=None, open_duplicate=None)
