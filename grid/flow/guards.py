"""Why an act of the table may not happen now. A guard gives the refusal, or None."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from gis.errors import CityError, ConflictError, InvalidError
from grid.clock.calendar import CITY_ZONE
from grid.clock.clock import ClockKind, due_at
from grid.clock.explain import shown
from grid.duty import departments
from grid.flow.case import Actor, Case, Request
from grid.flow.states import PENDING_TITLES, AppealState, CaseSource, PendingKind
from grid.flow.world import World

Guard = Callable[[Case, Actor, Request, World], CityError | None]
_DAY_MINUTES = 1440


def verified_where_needed(
    case: Case, actor: Actor, request: Request, world: World
) -> CityError | None:
    """A report that nobody of the city has seen is verified first; what is not so, never goes on."""
    needed = case.source in world.settings.needs_verification
    if case.verified or (case.verified is None and not needed):
        return None
    return ConflictError(
        "case.not_verified",
        "案件没有核实属实，不能受理",
        got=case.verified,
        hint="先派发核实；核实不属实的，不予受理",
    )


def not_returned_to(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """Whoever receives a returned case may not push it forward by the main path."""
    if case.returned is None or case.returned.to != actor.id:
        return None
    return ConflictError(
        "case.returned_to_you",
        "案件被退回给您：{note}。不能原样再往前送",
        got=case.returned.came_from.value,
        params={"note": case.returned.note},
        hint="重新核实、退回或作废，或由另一位同岗人员办理",
    )


def may_be_filed(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """Filing needs a place inside of a cell, a photo or a verification, and no open duplicate."""
    if not case.located:
        return ConflictError(
            "case.no_cell", "案件没有落在任何网格内，不能立案", field="position", hint="先补充位置"
        )
    if not case.photos and not case.verified:
        return ConflictError(
            "case.no_evidence", "没有照片，也没有核实属实，不能立案", field="photos"
        )
    if case.open_duplicate is not None:
        return ConflictError(
            "case.open_duplicate",
            "与未结案件 {got} 重复，不能另行立案",
            got=str(case.open_duplicate),
            hint="并入那一案件，或说明两案不同后取消重复标记",
        )
    return None


def known_department(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """Cases go to departments that are in being."""
    if request.department in world.departments:
        return None
    return InvalidError(
        "case.unknown_department",
        "没有部门 {got}",
        field="department",
        got=request.department,
        expected=sorted(world.departments),
    )


def known_centre(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """Cases are forwarded to another dispatching centre, not to the one that has them."""
    others = world.centres - {case.centre or ""}
    if not others:
        return ConflictError("case.no_centre", "没有别的派遣中心")
    if request.department in others:
        return None
    return InvalidError(
        "case.unknown_centre",
        "没有派遣中心 {got}",
        field="department",
        got=request.department,
        expected=sorted(others),
    )


def explained_if_given_back(
    case: Case, actor: Actor, request: Request, world: World
) -> CityError | None:
    """A case does not go twice in a row to the department that gave it back, unexplained."""
    again = bool(case.returned_by) and case.returned_by[-1] == request.department
    if not again or request.note.strip():
        return None
    return InvalidError(
        "case.note_needed",
        "{body}刚刚回退过此案，再次派遣须说明理由",
        field="note",
        got=request.department,
        params={"body": _named(request.department)},
    )


def _named(code: str | None) -> str:
    """Title of a department; its code where no table holds it."""
    known = departments().get(code or "")
    return code or "" if known is None else known.title.zh


def returned_often(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """A body is designated only after several returns."""
    least = world.settings.returns_before_designation
    if case.return_count >= least:
        return None
    return ConflictError(
        "case.too_few_returns",
        "回退 {expected} 次后才可指定承办，现在 {got} 次",
        got=case.return_count,
        expected=least,
    )


def nothing_pending(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """One question at a time, and no way on before it is answered."""
    open_ones = [p.kind for p in case.pending if p.kind is not PendingKind.EXTENSION]
    if not open_ones:
        return None
    return ConflictError(
        "case.pending",
        "有{what}申请待批，先作决定",
        got=[k.value for k in open_ones],
        params={"what": "、".join(PENDING_TITLES[k].zh for k in open_ones)},
    )


def asked_for(kind: PendingKind, *, endorsed: bool | None = None) -> Guard:
    """A guard: something of this kind is asked for, and endorsed or not."""
    title = PENDING_TITLES[kind].zh

    def guard(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
        waiting = case.waiting(kind)
        if waiting is None:
            return ConflictError(
                "case.nothing_asked", "没有待批的{what}申请", got=kind.value, params={"what": title}
            )
        if endorsed is not None and waiting.endorsed is not endorsed:
            return ConflictError(
                "case.not_endorsed" if endorsed else "case.already_endorsed",
                "申请还没有经部门同意" if endorsed else "部门已经同意过这项申请",
                got=kind.value,
            )
        return None

    return guard


def not_asked_yet(kind: PendingKind) -> Guard:
    """A guard: nothing of this kind waits already."""
    title = PENDING_TITLES[kind].zh

    def guard(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
        if case.waiting(kind) is None:
            return None
        return ConflictError(
            "case.asked_already", "已有{what}申请待批", got=kind.value, params={"what": title}
        )

    return guard


def may_be_returned(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """A case goes back before anybody is assigned, in time, and not once it was designated."""
    if case.handler is not None:
        return ConflictError(
            "case.handler_assigned", "已指派处置人员，先撤回指派再申请回退", got=case.handler
        )
    if case.designated:
        return ConflictError("case.designated", "案件已指定承办，不能再回退")
    return _inside_window(case, world)


def _inside_window(case: Case, world: World) -> CityError | None:
    window, clock = world.settings.return_window, case.clock(ClockKind.DISPOSE)
    if window is None or clock is None:
        return None
    started = clock.ticks[-1].at if clock.is_running else clock.started_at
    last = world.book.due(started, window, clock.calendar)
    if world.now <= last:
        return None
    return ConflictError(
        "case.return_too_late",
        "超过了回退期限 {last}，须由本部门办理",
        got=world.now.isoformat(),
        expected=last.isoformat(),
        params={"last": shown(last)},
    )


def may_be_extended(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """An extension is asked for before the deadline, and granted so many times at most."""
    most = world.settings.max_extensions
    if case.extension_count >= most:
        return ConflictError(
            "case.extended_often",
            "最多延期 {expected} 次，已延期 {got} 次",
            got=case.extension_count,
            expected=most,
        )
    clock = case.clock(ClockKind.DISPOSE)
    if clock is None or clock.limit is None:
        return ConflictError("case.no_deadline", "案件没有处置时限，无须延期")
    due = _due(case, world)
    if due is not None and world.now > due:
        return ConflictError(
            "case.deadline_passed",
            "已过期限 {due}，不能再申请延期",
            got=world.now.isoformat(),
            expected=due.isoformat(),
            params={"due": shown(due)},
        )
    return None


def _due(case: Case, world: World) -> datetime | None:
    clock = case.clock(ClockKind.DISPOSE)
    try:
        return None if clock is None else due_at(clock, world.book)
    except CityError:
        return None  # without next year's calendar nobody can be too late


def may_be_suspended(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """A case is suspended so many times at most, until a day that is not too far."""
    settings = world.settings
    if case.suspension_count >= settings.max_suspensions:
        return ConflictError(
            "case.suspended_often",
            "最多挂账 {expected} 次",
            got=case.suspension_count,
            expected=settings.max_suspensions,
        )
    if request.until is None or request.until.tzinfo is None:
        return InvalidError("case.until_needed", "申请挂账须写明截止时间", field="until")
    if not world.now < request.until <= world.now + timedelta(days=settings.max_suspension_days):
        return InvalidError(
            "case.bad_until",
            "挂账截止应在今后 {expected} 天之内，得到 {got}",
            field="until",
            got=request.until.isoformat(),
            expected=settings.max_suspension_days,
        )
    return None


def work_submitted(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """The department decides on work that its handler reports done."""
    if case.submitted:
        return None
    return ConflictError("case.not_submitted", "处置人员还没有报告处置完成")


def work_not_submitted(
    case: Case, actor: Actor, request: Request, world: World
) -> CityError | None:
    """Work is reported done once; then the department decides."""
    if not case.submitted:
        return None
    return ConflictError("case.submitted", "处置结果已提交，等待部门确认")


def has_photos_after(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """Disposal is shown by a photo."""
    if case.photos_after + request.photos > 0:
        return None
    return ConflictError("case.no_photo_after", "没有处置后的照片", field="photos")


def same_time_of_day(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """Events bound to a time of day are inspected at the same time of day."""
    if case.filing is None or not case.filing.same_period:
        return None
    then, now = (at.astimezone(CITY_ZONE) for at in (case.reported_at, world.now))
    apart = abs(then.hour * 60 + then.minute - now.hour * 60 - now.minute)
    apart = min(apart, _DAY_MINUTES - apart)
    if apart <= world.settings.same_period_minutes:
        return None
    return ConflictError(
        "case.other_time_of_day",
        "此类案件应在上报的同一时段（{expected} 前后）核查",
        got=now.strftime("%H:%M"),
        expected=then.strftime("%H:%M"),
    )


def may_be_closed(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """Closing needs a photo afterwards, an inspection passed or waived, and no task open."""
    if case.task is not None:
        return ConflictError("case.task_open", "还有任务没有完成", got=case.task.kind.value)
    if case.inspection is None:
        return ConflictError("case.not_inspected", "没有核查通过，也没有免予核查")
    return has_photos_after(case, actor, request, world)


def is_self_disposal(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """Only what a collector on patrol disposed of himself is confirmed so."""
    if not case.self_disposal or case.source is not CaseSource.PATROL:
        return ConflictError("case.no_self_disposal", "案件不是自处置")
    if case.reporter is not None and case.reporter == actor.id:
        return ConflictError("case.own_report", "自己上报的自处置须由别人确认")
    return None


def was_late(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """Appeals are against lateness, once for a case."""
    if not case.was_late:
        return ConflictError("case.not_late", "处置没有超时，无须申诉")
    if case.appeal is not AppealState.NONE:
        return ConflictError(
            "case.appealed", "每案只能申诉一次", got=case.appeal.value, expected="none"
        )
    return None


def appeal_is(*states: AppealState) -> Guard:
    """A guard: the appeal stands at one of these."""

    def guard(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
        if case.appeal in states:
            return None
        return ConflictError(
            "case.no_appeal",
            "没有待办的申诉",
            got=case.appeal.value,
            expected=[s.value for s in states],
        )

    return guard


def links_another(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """A case is linked to another one, not to itself."""
    if request.target is not None and request.target != case.id:
        return None
    return InvalidError(
        "case.bad_target",
        "并入的应是另一个案件",
        field="target",
        got=None if request.target is None else str(request.target),
    )


def is_linked(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """Only a link that is there is undone."""
    if case.merged_into is not None:
        return None
    return ConflictError("case.not_linked", "案件没有并入别的案件")


def suspension_over(case: Case, actor: Actor, request: Request, world: World) -> CityError | None:
    """The system itself resumes a case on the day that was set, not before."""
    if actor.id != 0 or case.suspended_until is None or world.now >= case.suspended_until:
        return None
    return ConflictError(
        "case.still_suspended",
        "挂账到 {until} 才截止",
        got=world.now.isoformat(),
        expected=case.suspended_until.isoformat(),
        params={"until": shown(case.suspended_until)},
    )
