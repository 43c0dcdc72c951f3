"""Hidden dangers on the workflow engine of cases: the port of `hazards.registers.rectification`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from cityops.services.roles import Role
from grid.classes import ClassKey
from grid.clock.shipped import shipped_calendars
from grid.clock.stages import shipped_stage_limits
from grid.flow.case import Actor, Case, Entry, Filing, Request
from grid.flow.choices import open_actions
from grid.flow.mover import move, report
from grid.flow.settings import FlowSettings, shipped_flow_settings
from grid.flow.states import CaseAction, CaseSource, CaseState, Post
from grid.flow.world import World
from hazards.registers.rectification import Doer, Given, LoopAct, LoopEntry, LoopStage
from hazards.registers.values import HiddenDanger

#: Hidden dangers are a class of their own, of no national scheme.
DANGER_KEY = ClassKey("event", "CityOps", "重大事故隐患")
_EMERGENCY, _ENTERPRISE = frozenset({Role.EMERGENCY.value}), frozenset({Role.ENTERPRISE.value})
_STAGES: dict[CaseState, LoopStage] = {
    CaseState.REPORTED: LoopStage.FOUND,
    CaseState.VERIFYING: LoopStage.FOUND,
    CaseState.TO_FILE: LoopStage.FOUND,
    CaseState.TO_DISPATCH: LoopStage.FOUND,
    CaseState.TO_DISPOSE: LoopStage.RECTIFYING,
    CaseState.DISPOSING: LoopStage.RECTIFYING,
    CaseState.SUSPENDED: LoopStage.RECTIFYING,
    CaseState.TO_INSPECT: LoopStage.RECTIFIED,
    CaseState.INSPECTING: LoopStage.RECHECKING,
    CaseState.TO_CLOSE: LoopStage.PASSED,
    CaseState.CLOSED: LoopStage.CLOSED,
    CaseState.FORCED_CLOSE: LoopStage.CLOSED,
    CaseState.NOT_ACCEPTED: LoopStage.WITHDRAWN,
    CaseState.VOID: LoopStage.WITHDRAWN,
}
#: Acts of the loop as moves of the engine; an order is three desks of a city in one.
_MOVES: dict[LoopAct, tuple[CaseAction, ...]] = {
    LoopAct.ORDER: (CaseAction.ACCEPT, CaseAction.FILE, CaseAction.DISPATCH),
    LoopAct.REPORT_DONE: (CaseAction.HAND_BACK,),
    LoopAct.RECHECK: (CaseAction.ASK_INSPECT,),
    LoopAct.PASS: (CaseAction.PASS,),
    LoopAct.FAIL: (CaseAction.FAIL,),
    LoopAct.CLOSE: (CaseAction.CLOSE,),
}
_ACT_OF: dict[str, LoopAct] = {moves[-1].value: act for act, moves in _MOVES.items()}


def danger_settings() -> FlowSettings:
    """Settings by which emergency officers hold every desk and the enterprise disposes."""
    posts = dict.fromkeys(Post, _EMERGENCY) | {Post.DEPARTMENT: _ENTERPRISE}
    return replace(
        shipped_flow_settings(), posts=tuple(posts.items()), needs_verification=frozenset()
    )


@dataclass(frozen=True)
class DangerState:
    """A danger as the engine holds it: the case, its history, the enterprise that has to dispose."""

    case: Case
    history: tuple[Entry, ...]
    body: str


@dataclass(frozen=True)
class CaseEngine:
    """The workflow engine of cases behind the port of the loop.

    Attributes
    ----------
    new_id
        Gives each case its id.
    settings
        Which roles hold which desk.
    """

    new_id: Callable[[], UUID]
    settings: FlowSettings

    def begin(self, danger: HiddenDanger, by: Doer, at: datetime) -> DangerState:
        """The case of a danger that was found; what is in the register was seen.

        Raises
        ------
        InvalidError
            ``case.naive_time``.
        """
        fresh = Case(
            self.new_id(), CaseState.REPORTED, CaseSource.SUPERVISION, DANGER_KEY, at, at,
            reporter=by.id, verified=True,
        )  # fmt: skip
        world = self._world(danger.credit_code, at)
        case, entry = report(fresh, _actor(by), world, post=Post.COLLECTOR.value)
        return DangerState(case, (entry,), danger.credit_code)

    def act(
        self, state: DangerState, act: LoopAct, by: Doer, at: datetime, given: Given
    ) -> DangerState:
        """The case after the moves that make up an act, all of them or none.

        Raises
        ------
        CityError
            What the engine refuses.
        """
        world, case, history = self._world(state.body, at), state.case, list(state.history)
        for action in _MOVES[act]:
            request = Request(
                note=given.note,
                department=state.body if action is CaseAction.DISPATCH else None,
                filing=Filing("重大事故隐患", None) if action is CaseAction.FILE else None,
                photos=given.evidence,
            )
            case, entry = move(case, action, _actor(by), request, world)
            history.append(entry)
        return replace(state, case=case, history=tuple(history))

    def stage(self, state: DangerState) -> LoopStage:
        """Where it stands."""
        return _STAGES[state.case.state]

    def open_acts(self, state: DangerState, by: Doer, at: datetime) -> tuple[LoopAct, ...]:
        """Acts whose first move the engine would not refuse, inputs supposed to be given."""
        world = self._world(state.body, at)
        may = set(open_actions(state.case, _actor(by), world))
        return tuple(act for act, moves in _MOVES.items() if moves[0] in may)

    def entries(self, state: DangerState) -> tuple[LoopEntry, ...]:
        """The history; moves that are only parts of an act keep the engine's own names."""
        return tuple(
            LoopEntry(
                _ACT_OF.get(e.action, e.action), e.actor_id, e.actor_name, e.at, e.note,
                _STAGES[e.after],
            )
            for e in state.history
        )  # fmt: skip

    def _world(self, body: str, at: datetime) -> World:
        return World(
            at, shipped_calendars(), shipped_stage_limits(), self.settings, frozenset({body})
        )


def _actor(by: Doer) -> Actor:
    return Actor(by.id, by.name, by.roles, by.body)
