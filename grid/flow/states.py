"""States of a case, what may be done to it, where it came from; the words people read."""

from __future__ import annotations

from enum import StrEnum

from gis.layers import Title


class CaseState(StrEnum):
    """Where a case stands. ``to_*`` names what has to happen next."""

    REPORTED = "reported"
    VERIFYING = "verifying"
    TO_FILE = "to_file"
    TO_DISPATCH = "to_dispatch"
    TO_DISPOSE = "to_dispose"
    DISPOSING = "disposing"
    SUSPENDED = "suspended"
    TO_INSPECT = "to_inspect"
    INSPECTING = "inspecting"
    TO_CLOSE = "to_close"
    CLOSED = "closed"
    FORCED_CLOSE = "forced_close"
    NOT_ACCEPTED = "not_accepted"
    VOID = "void"


STATE_TITLES: dict[CaseState, Title] = {
    CaseState.REPORTED: Title("待受理", "To accept"),
    CaseState.VERIFYING: Title("核实中", "Being verified before filing"),
    CaseState.TO_FILE: Title("待立案", "To file"),
    CaseState.TO_DISPATCH: Title("待派遣", "To dispatch"),
    CaseState.TO_DISPOSE: Title("待处置", "To dispose"),
    CaseState.DISPOSING: Title("处置中", "Being disposed of"),
    CaseState.SUSPENDED: Title("挂账", "Suspended"),
    CaseState.TO_INSPECT: Title("待核查", "To inspect after disposal"),
    CaseState.INSPECTING: Title("核查中", "Being inspected after disposal"),
    CaseState.TO_CLOSE: Title("待结案", "To close"),
    CaseState.CLOSED: Title("已结案", "Closed"),
    CaseState.FORCED_CLOSE: Title("强制结案", "Closed by order"),
    CaseState.NOT_ACCEPTED: Title("不予受理", "Not accepted"),
    CaseState.VOID: Title("已作废", "Void"),
}

#: States from which nothing leads on.
END_STATES = frozenset(
    {CaseState.CLOSED, CaseState.FORCED_CLOSE, CaseState.NOT_ACCEPTED, CaseState.VOID}
)
LIVE_STATES = tuple(state for state in CaseState if state not in END_STATES)


class CaseAction(StrEnum):
    """What may be done to a case after it was reported."""

    ASK_VERIFY = "ask_verify"
    CONFIRM = "confirm"
    DENY = "deny"
    UNABLE = "unable"
    RECALL = "recall"
    REFUSE = "refuse"
    ACCEPT = "accept"
    SEND_BACK = "send_back"
    FILE = "file"
    VOID = "void"
    DISPATCH = "dispatch"
    DESIGNATE = "designate"
    FORWARD = "forward"
    ASK_VOID = "ask_void"
    GRANT_VOID = "grant_void"
    DENY_VOID = "deny_void"
    ASSIGN = "assign"
    REVOKE = "revoke"
    DECLINE = "decline"
    ASK_RETURN = "ask_return"
    GRANT_RETURN = "grant_return"
    DENY_RETURN = "deny_return"
    ASK_EXTENSION = "ask_extension"
    ENDORSE_EXTENSION = "endorse_extension"
    GRANT_EXTENSION = "grant_extension"
    DENY_EXTENSION = "deny_extension"
    ASK_SUSPENSION = "ask_suspension"
    ENDORSE_SUSPENSION = "endorse_suspension"
    GRANT_SUSPENSION = "grant_suspension"
    DENY_SUSPENSION = "deny_suspension"
    RESUME = "resume"
    SUBMIT = "submit"
    REJECT_WORK = "reject_work"
    HAND_BACK = "hand_back"
    ASK_INSPECT = "ask_inspect"
    PASS = "pass"  # noqa: S105 - the inspector's verdict, no password
    FAIL = "fail"
    WAIVE = "waive"
    REWORK = "rework"
    CLOSE = "close"
    FORCE_CLOSE = "force_close"
    CONFIRM_SELF = "confirm_self"
    VOID_SELF = "void_self"
    ASK_APPEAL = "ask_appeal"
    PASS_APPEAL = "pass_appeal"  # noqa: S105 - no password
    GRANT_APPEAL = "grant_appeal"
    DENY_APPEAL = "deny_appeal"
    LINK = "link"
    UNLINK = "unlink"


ACTION_TITLES: dict[CaseAction, Title] = {
    CaseAction.ASK_VERIFY: Title("派发核实", "Send to be verified"),
    CaseAction.CONFIRM: Title("核实属实", "Confirm"),
    CaseAction.DENY: Title("核实不属实", "Deny"),
    CaseAction.UNABLE: Title("无法核实核查", "Unable to tell"),
    CaseAction.RECALL: Title("收回任务", "Recall the task"),
    CaseAction.REFUSE: Title("不予受理", "Refuse"),
    CaseAction.ACCEPT: Title("受理批转", "Accept"),
    CaseAction.SEND_BACK: Title("退回上一环节", "Send back"),
    CaseAction.FILE: Title("立案", "File"),
    CaseAction.VOID: Title("作废", "Void"),
    CaseAction.DISPATCH: Title("派遣", "Dispatch"),
    CaseAction.DESIGNATE: Title("指定承办", "Designate"),
    CaseAction.FORWARD: Title("转下级派遣", "Forward to another centre"),
    CaseAction.ASK_VOID: Title("申请作废", "Ask to void"),
    CaseAction.GRANT_VOID: Title("同意作废", "Grant voiding"),
    CaseAction.DENY_VOID: Title("不同意作废", "Deny voiding"),
    CaseAction.ASSIGN: Title("指派处置人员", "Assign a handler"),
    CaseAction.REVOKE: Title("撤回指派", "Revoke the assignment"),
    CaseAction.DECLINE: Title("处置人员退回", "Decline"),
    CaseAction.ASK_RETURN: Title("申请回退", "Ask to return"),
    CaseAction.GRANT_RETURN: Title("同意回退", "Grant the return"),
    CaseAction.DENY_RETURN: Title("不同意回退", "Deny the return"),
    CaseAction.ASK_EXTENSION: Title("申请延期", "Ask for an extension"),
    CaseAction.ENDORSE_EXTENSION: Title("部门同意延期申请", "Endorse the extension"),
    CaseAction.GRANT_EXTENSION: Title("同意延期", "Grant the extension"),
    CaseAction.DENY_EXTENSION: Title("不同意延期", "Deny the extension"),
    CaseAction.ASK_SUSPENSION: Title("申请挂账", "Ask for suspension"),
    CaseAction.ENDORSE_SUSPENSION: Title("部门同意挂账申请", "Endorse the suspension"),
    CaseAction.GRANT_SUSPENSION: Title("同意挂账", "Grant the suspension"),
    CaseAction.DENY_SUSPENSION: Title("不同意挂账", "Deny the suspension"),
    CaseAction.RESUME: Title("恢复处置", "Resume"),
    CaseAction.SUBMIT: Title("处置完成", "Submit the work"),
    CaseAction.REJECT_WORK: Title("部门不认可处置", "Reject the work"),
    CaseAction.HAND_BACK: Title("处置反馈", "Hand back"),
    CaseAction.ASK_INSPECT: Title("派发核查", "Send to be inspected"),
    CaseAction.PASS: Title("核查通过", "Pass"),
    CaseAction.FAIL: Title("核查不通过", "Fail"),
    CaseAction.WAIVE: Title("免予核查", "Waive the inspection"),
    CaseAction.REWORK: Title("返工", "Rework"),
    CaseAction.CLOSE: Title("结案", "Close"),
    CaseAction.FORCE_CLOSE: Title("强制结案", "Close by order"),
    CaseAction.CONFIRM_SELF: Title("确认自处置", "Confirm self-disposal"),
    CaseAction.VOID_SELF: Title("自处置作废", "Void self-disposal"),
    CaseAction.ASK_APPEAL: Title("申诉", "Appeal"),
    CaseAction.PASS_APPEAL: Title("派遣员同意申诉", "Pass the appeal on"),
    CaseAction.GRANT_APPEAL: Title("同意申诉，免计超时", "Grant the appeal"),
    CaseAction.DENY_APPEAL: Title("驳回申诉", "Deny the appeal"),
    CaseAction.LINK: Title("并入已有案件", "Link to another case"),
    CaseAction.UNLINK: Title("取消并案", "Undo the link"),
}


class Post(StrEnum):
    """Who acts, as the table names them; settings say which roles hold a post."""

    COLLECTOR = "collector"
    ACCEPTOR = "acceptor"
    FILER = "filer"
    DISPATCHER = "dispatcher"
    DEPARTMENT = "department"
    LEADER = "leader"
    SYSTEM = "system"


POST_TITLES: dict[Post, Title] = {
    Post.COLLECTOR: Title("监督员", "Collector"),
    Post.ACCEPTOR: Title("受理员", "Acceptor"),
    Post.FILER: Title("值班长", "Shift leader"),
    Post.DISPATCHER: Title("派遣员", "Dispatcher"),
    Post.DEPARTMENT: Title("专业部门", "Department"),
    Post.LEADER: Title("领导", "Leader"),
    Post.SYSTEM: Title("系统", "System"),
}


class Owner(StrEnum):
    """Whose the case must be for an act."""

    ANYONE = "anyone"
    TASK = "task"
    CENTRE = "centre"
    DEPARTMENT = "department"
    HANDLER = "handler"


class CaseSource(StrEnum):
    """How a case came in (codes of sources seen in live systems: EGO, YC)."""

    PATROL = "patrol"
    HOTLINE = "hotline"
    PUBLIC = "public"
    MEDIA = "media"
    VIDEO = "video"
    LEADER = "leader"
    SUPERVISION = "supervision"
    DEPARTMENT = "department"
    ENFORCEMENT = "enforcement"
    IMPORT = "import"


SOURCE_TITLES: dict[CaseSource, Title] = {
    CaseSource.PATROL: Title("监督员上报", "Patrol"),
    CaseSource.HOTLINE: Title("热线", "Hotline"),
    CaseSource.PUBLIC: Title("公众举报", "Public"),
    CaseSource.MEDIA: Title("媒体", "Media"),
    CaseSource.VIDEO: Title("视频与智能识别", "Video and recognition"),
    CaseSource.LEADER: Title("领导交办", "Leader's order"),
    CaseSource.SUPERVISION: Title("督查考评", "Supervision"),
    CaseSource.DEPARTMENT: Title("部门移交", "Handed over by a department"),
    CaseSource.ENFORCEMENT: Title("执法发现", "Enforcement"),
    CaseSource.IMPORT: Title("外部导入", "Imported"),
}


class ClosedKind(StrEnum):
    """How a case came to its end."""

    NORMAL = "normal"
    SELF = "self"
    FORCED = "forced"


class AppealState(StrEnum):
    """Where an appeal against lateness stands; there is one for a case at most."""

    NONE = "none"
    ASKED = "asked"
    PASSED = "passed"
    GRANTED = "granted"
    DENIED = "denied"


class PendingKind(StrEnum):
    """What may be asked for and waits for a decision."""

    VOID = "void"
    RETURN = "return"
    EXTENSION = "extension"
    SUSPENSION = "suspension"


PENDING_TITLES: dict[PendingKind, Title] = {
    PendingKind.VOID: Title("作废", "Voiding"),
    PendingKind.RETURN: Title("回退", "Return"),
    PendingKind.EXTENSION: Title("延期", "Extension"),
    PendingKind.SUSPENSION: Title("挂账", "Suspension"),
}


class TaskKind(StrEnum):
    """What a collector is sent out for: 核实 before filing, 核查 after disposal."""

    VERIFY = "verify_before_filing"
    INSPECT = "inspect_after_disposal"
