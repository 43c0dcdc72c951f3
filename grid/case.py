"""A case (案件): what was reported, where it stands, and who had it in hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from gis.layers import Title


class CaseState(StrEnum):
    """Where a case stands. ``to_*`` names what has to happen next."""

    REPORTED = "reported"
    VERIFYING = "verifying"
    TO_FILE = "to_file"
    TO_DISPATCH = "to_dispatch"
    TO_DISPOSE = "to_dispose"
    TO_INSPECT = "to_inspect"
    TO_CLOSE = "to_close"
    CLOSED = "closed"
    NOT_ACCEPTED = "not_accepted"
    VOID = "void"


STATE_TITLES: dict[CaseState, Title] = {
    CaseState.REPORTED: Title("待受理", "To accept"),
    CaseState.VERIFYING: Title("核实中", "Being verified before filing"),
    CaseState.TO_FILE: Title("待立案", "To file"),
    CaseState.TO_DISPATCH: Title("待派遣", "To dispatch"),
    CaseState.TO_DISPOSE: Title("待处置", "To dispose"),
    CaseState.TO_INSPECT: Title("待核查", "To inspect after disposal"),
    CaseState.TO_CLOSE: Title("待结案", "To close"),
    CaseState.CLOSED: Title("已结案", "Closed"),
    CaseState.NOT_ACCEPTED: Title("不予受理", "Not accepted"),
    CaseState.VOID: Title("已作废", "Void"),
}

#: States from which nothing leads on.
END_STATES = frozenset({CaseState.CLOSED, CaseState.NOT_ACCEPTED, CaseState.VOID})


class CaseAction(StrEnum):
    """What may be done to a case after it was reported."""

    ASK_VERIFY = "ask_verify"
    CONFIRM = "confirm"
    DENY = "deny"
    ACCEPT = "accept"
    REFUSE = "refuse"
    FILE = "file"
    SEND_BACK = "send_back"
    VOID = "void"
    DISPATCH = "dispatch"
    RETURN = "return"
    SUBMIT = "submit"
    PASS = "pass"  # noqa: S105 - the inspector's verdict, no password
    FAIL = "fail"
    REWORK = "rework"
    CLOSE = "close"


ACTION_TITLES: dict[CaseAction, Title] = {
    CaseAction.ASK_VERIFY: Title("派发核实", "Ask for verification"),
    CaseAction.CONFIRM: Title("核实属实", "Confirm"),
    CaseAction.DENY: Title("核实不属实", "Deny"),
    CaseAction.ACCEPT: Title("受理批转", "Accept"),
    CaseAction.REFUSE: Title("不予受理", "Refuse"),
    CaseAction.FILE: Title("立案", "File"),
    CaseAction.SEND_BACK: Title("退回上一环节", "Send back"),
    CaseAction.VOID: Title("作废", "Void"),
    CaseAction.DISPATCH: Title("派遣", "Dispatch"),
    CaseAction.RETURN: Title("回退", "Return to the dispatcher"),
    CaseAction.SUBMIT: Title("处置完成", "Submit"),
    CaseAction.PASS: Title("核查通过", "Pass"),
    CaseAction.FAIL: Title("核查不通过", "Fail"),
    CaseAction.REWORK: Title("返工", "Rework"),
    CaseAction.CLOSE: Title("结案", "Close"),
}


class CaseSource(StrEnum):
    """How a case came in. Patrol reports need no verification before filing, others do."""

    PATROL = "patrol"
    HOTLINE = "hotline"
    PUBLIC = "public"
    LEADER = "leader"
    IMPORT = "import"


SOURCE_TITLES: dict[CaseSource, Title] = {
    CaseSource.PATROL: Title("监督员上报", "Patrol"),
    CaseSource.HOTLINE: Title("热线", "Hotline"),
    CaseSource.PUBLIC: Title("公众举报", "Public"),
    CaseSource.LEADER: Title("领导交办", "Leader's order"),
    CaseSource.IMPORT: Title("外部导入", "Imported"),
}

#: Reports out of these sources have to be seen by an inspector before they go on.
NEEDS_VERIFICATION = frozenset({CaseSource.HOTLINE, CaseSource.PUBLIC})


@dataclass(frozen=True)
class ClassKey:
    """A class of the scheme in use; the same four digits differ between domains and schemes.

    ``domain`` is ``event`` (事件) or ``component`` (部件).
    """

    domain: str
    scheme: str
    code: str


@dataclass(frozen=True)
class CaseFlow:
    """The part of a case on which the workflow acts.

    Attributes
    ----------
    id
        Made by the device that reported; never made twice.
    verified
        What the inspector found before filing; None while nobody looked.
    department
        Code of the department that has the case in hand, or had it last.
    returned_by
        Departments that gave the case back since the last filing, in order.
    rework_count
        How often the disposal was refused.
    steps
        Number of history entries.
    """

    id: UUID
    state: CaseState
    source: CaseSource
    verified: bool | None = None
    department: str | None = None
    returned_by: tuple[str, ...] = ()
    rework_count: int = 0
    steps: int = 0
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state not in END_STATES


@dataclass(frozen=True)
class Actor:
    """Who acts: identity, names of the roles held, and the department for a department's people."""

    id: int
    name: str
    roles: frozenset[str]
    department: str | None = None


@dataclass(frozen=True)
class Step:
    """One entry of a case's history; entries are only ever added.

    ``number`` counts from 1. ``role`` is the role under which the actor was allowed to act.
    """

    number: int
    action: str
    before: CaseState | None
    after: CaseState
    actor_id: int
    actor_name: str
    role: str
    at: datetime
    note: str = ""
    department: str | None = None
