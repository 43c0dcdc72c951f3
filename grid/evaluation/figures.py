"""Every count and every rate, declared once: name, definition, where it was read.

A rate has a numerator and a denominator among the counts, and no value where the denominator is
zero. What belongs to whom is part of the declaration: a collector's reports are those he made,
his verifications those he was sent out for, his misses what others reported in his area.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from gis.layers import Title
from grid.evaluation.facts import BoolArray, CaseFacts, Fact, FloatArray
from grid.flow.states import Post

#: Whose a case is, by post: the column of keys.
PERSON_OF: dict[Post, str] = {
    Post.COLLECTOR: "reporter",
    Post.ACCEPTOR: "acceptor",
    Post.FILER: "filer",
    Post.DISPATCHER: "dispatcher",
}


@dataclass(frozen=True)
class Count:
    """A number of cases, or of acts on them.

    Attributes
    ----------
    cases
        Which cases are behind it.
    times
        How often each of them counts; None is once.
    persons
        Where the person of a post is another than usual.
    recorded
        Of a count that no act here records: the flag that shows that somebody did.
    might
        Which cases might belong to it. Where there are such and not one case of the period has
        the flag, the count has no value.
    why_unknown
        Why it has none then.
    """

    name: str
    title: Title
    definition: str
    source: str
    cases: Callable[[CaseFacts], BoolArray]
    times: Callable[[CaseFacts], FloatArray] | None = None
    persons: Mapping[Post, str] = field(default_factory=dict, hash=False)
    recorded: Fact | None = None
    might: Callable[[CaseFacts], BoolArray] = lambda f: np.ones(len(f), bool)
    why_unknown: str = ""

    def person_of(self, post: Post) -> str:
        """Column of keys that says whose a case is for a post."""
        return self.persons.get(post, PERSON_OF[post])


@dataclass(frozen=True)
class Rate:
    """A share: numerator and denominator name counts."""

    name: str
    title: Title
    numerator: str
    denominator: str
    source: str


def _has(*flags: Fact) -> Callable[[CaseFacts], BoolArray]:
    return lambda f: f.has(*flags)


def _own(*flags: Fact) -> Callable[[CaseFacts], BoolArray]:
    """Cases with flags that were not linked to another one."""
    return lambda f: f.has(*flags) & f.lacks(Fact.LINKED)


def _counted(*flags: Fact) -> Callable[[CaseFacts], BoolArray]:
    """Cases with flags whose lateness is not to be left out after an appeal."""
    return lambda f: f.has(*flags) & f.lacks(Fact.EXEMPT)


def _in_time(*flags: Fact) -> Callable[[CaseFacts], BoolArray]:
    return lambda f: f.has(*flags) & f.lacks(Fact.LATE, Fact.EXEMPT)


def _due_to_close(f: CaseFacts) -> BoolArray:
    disposed = f.has(Fact.DISPOSED) | f.has(Fact.OVERDUE_OPEN)
    return disposed & f.lacks(Fact.EXEMPT)


def _everything(f: CaseFacts) -> BoolArray:
    return np.ones(len(f), bool)


def _more_than(name: str, least: int) -> Callable[[CaseFacts], BoolArray]:
    return lambda f: getattr(f, name) >= least


def _times(name: str) -> Callable[[CaseFacts], FloatArray]:
    return lambda f: np.asarray(getattr(f, name), np.float64)


_VERIFIER = {Post.COLLECTOR: "verifier"}
_INSPECTOR = {Post.COLLECTOR: "inspector"}
_CLOSER = {Post.FILER: "closer"}
_NO_JUDGEMENT = "没有记录：属实的公众举报是否监督员本应发现，办理中没有人判定"
_NO_CALL_BACK = "没有记录：办理中没有回访这一步"
_F = Fact

COUNTS: tuple[Count, ...] = (
    Count("reported", Title("上报数", "Reported"), "所有上报", "UNI", _everything),
    Count("accepted", Title("受理数", "Accepted"), "受理批转的案件", "UNI", _has(_F.ACCEPTED)),
    Count(
        "valid_reports", Title("有效上报数", "Valid reports"),
        "上报后立案的案件，包括后来作废的", "UNI", _own(_F.FILED),
    ),
    Count("filed", Title("立案数", "Filed"), "立案的案件", "UNI、EGO", _own(_F.FILED)),
    Count(
        "filed_in_time", Title("按时立案数", "Filed in time"),
        "在立案时限内立案", "UNI", _own(_F.FILED, _F.FILED_IN_TIME),
    ),
    Count("voided", Title("作废数", "Voided"), "立案后作废", "UNI", _own(_F.FILED, _F.VOIDED)),
    Count(
        "filed_correctly", Title("准确立案数", "Filed correctly"),
        "立案且没有作废", "UNI", lambda f: f.has(_F.FILED) & f.lacks(_F.VOIDED, _F.LINKED),
    ),
    Count("linked", Title("并案数", "Linked"), "并入其他案件的上报", "本程序", _has(_F.LINKED)),
    Count(
        "not_accepted", Title("不予受理数", "Not accepted"), "不予受理", "UNI、YC",
        _has(_F.NOT_ACCEPTED),
    ),
    Count(
        "self_disposed", Title("自处置数", "Self-disposed"), "监督员自处置，单独计", "UNI、EGO",
        _has(_F.CLOSED_SELF),
    ),
    Count(
        "verify_due", Title("应核实数", "To be verified"), "派发了核实任务", "UNI",
        _has(_F.VERIFY_SENT), persons=_VERIFIER,
    ),
    Count(
        "verify_sent_in_time", Title("按时派发核实数", "Verification sent in time"),
        "受理时限内派发核实", "UNI", _has(_F.VERIFY_SENT, _F.VERIFY_SENT_IN_TIME),
    ),
    Count(
        "verified", Title("核实数", "Verified"), "核实有了答复", "UNI",
        _has(_F.VERIFY_SENT, _F.VERIFIED), persons=_VERIFIER,
    ),
    Count(
        "verified_in_time", Title("按时核实数", "Verified in time"), "在核实时限内答复", "UNI",
        _has(_F.VERIFY_SENT, _F.VERIFIED, _F.VERIFIED_IN_TIME), persons=_VERIFIER,
    ),
    Count(
        "to_dispatch", Title("应派遣数", "To be dispatched"), "立案的案件", "UNI、EGO",
        _own(_F.FILED),
    ),
    Count(
        "dispatched", Title("派遣数", "Dispatched"), "派遣过的案件", "UNI、EGO", _own(_F.DISPATCHED)
    ),
    Count(
        "dispatched_in_time", Title("按时派遣数", "Dispatched in time"),
        "立案后在派遣时限内派遣", "UNI、EGO",
        _own(_F.FILED, _F.DISPATCHED, _F.DISPATCHED_IN_TIME),
    ),
    Count(
        "dispatched_correctly", Title("准确派遣数", "Dispatched correctly"),
        "从未改派到其他部门（UNI 实体的定义）", "UNI",
        lambda f: _own(_F.DISPATCHED)(f) & (f.bodies <= 1),
    ),
    Count(
        "misdispatched", Title("错误派遣数", "Misdispatched"), "派给过两个以上部门", "UNI",
        lambda f: _own(_F.DISPATCHED)(f) & (f.bodies >= 2),
    ),
    Count(
        "dispose_due", Title("应处置数", "To be disposed of"),
        "派遣过的案件，申诉免计的除外", "UNI、EGO", _counted(_F.DISPATCHED),
    ),
    Count(
        "disposed", Title("处置数", "Disposed of"), "部门已反馈，申诉免计的除外", "UNI、EGO",
        _counted(_F.DISPATCHED, _F.DISPOSED),
    ),
    Count(
        "disposed_in_time", Title("按期处置数", "Disposed of in time"),
        "反馈时没有超过处置时限", "UNI、EGO", _in_time(_F.DISPATCHED, _F.DISPOSED),
    ),
    Count(
        "disposed_late", Title("超期处置数", "Disposed of late"),
        "反馈时超过处置时限，申诉免计的除外", "UNI、EGO",
        _counted(_F.DISPATCHED, _F.DISPOSED, _F.LATE),
    ),
    Count(
        "exempt", Title("申诉免计数", "Exempt after appeal"),
        "超期但申诉成立；超期的事实保留，不进超期的统计", "YC", _has(_F.LATE, _F.EXEMPT),
    ),
    Count(
        "overdue_open", Title("超期未处置数", "Overdue and open"),
        "统计时刻已过期限、还没有反馈", "UNI、EGO", _counted(_F.OVERDUE_OPEN),
    ),
    Count(
        "due_to_close", Title("应结案数", "Due to close"),
        "已处置的加上超期未处置的；还在时限内的不算应结", "UNI、EGO", _due_to_close,
    ),
    Count(
        "closed", Title("结案数", "Closed"), "正常结案，申诉免计的除外", "UNI、EGO",
        _counted(_F.DISPOSED, _F.CLOSED), persons=_CLOSER,
    ),
    Count(
        "closed_in_time", Title("按期结案数", "Closed in time"),
        "结案且处置没有超期", "EGO", _in_time(_F.DISPOSED, _F.CLOSED), persons=_CLOSER,
    ),
    Count(
        "closed_late", Title("超期结案数", "Closed late"),
        "结案但处置超期", "YCA", _counted(_F.DISPOSED, _F.CLOSED, _F.LATE), persons=_CLOSER,
    ),
    Count(
        "close_due", Title("应办结案数", "Closings due"), "结过案的案件", "UNI",
        _has(_F.CLOSED), persons=_CLOSER,
    ),
    Count(
        "closing_stage_in_time", Title("按时办结数", "Closings made in time"),
        "核查通过后在结案时限内结案", "UNI", _has(_F.CLOSED, _F.CLOSED_STAGE_IN_TIME),
        persons=_CLOSER,
    ),
    Count(
        "forced_closed", Title("强制结案数", "Closed by order"), "强制结案，单独计", "YC",
        _has(_F.CLOSED_FORCED),
    ),
    Count(
        "reworked", Title("返工案件数", "Cases with rework"), "至少返工一次的案件", "EGO",
        lambda f: _counted(_F.DISPOSED)(f) & (f.reworks >= 1),
    ),
    Count(
        "reworked_due", Title("应结案中的返工案件数", "Cases with rework among those due"),
        "应结案里至少返工一次的案件", "UNI",
        lambda f: _due_to_close(f) & (f.reworks >= 1),
    ),
    Count(
        "reworks", Title("返工次数", "Reworks"), "返工的次数", "EGO", _more_than("reworks", 1),
        _times("reworks"),
    ),
    Count(
        "suspended", Title("挂账数", "Suspended now"), "统计时刻挂账的案件", "EGO、UNI",
        _has(_F.SUSPENDED_NOW),
    ),
    Count(
        "ever_suspended", Title("历史挂账数", "Ever suspended"), "挂过账的案件", "EGO",
        _has(_F.SUSPENDED_EVER),
    ),
    Count(
        "extended", Title("延期案件数", "Extended"), "应结案里批准过延期的案件", "EGO、YCR",
        lambda f: _due_to_close(f) & (f.extensions >= 1),
    ),
    Count(
        "extensions", Title("延期次数", "Extensions"), "批准延期的次数", "EGO",
        _more_than("extensions", 1), _times("extensions"),
    ),
    Count(
        "returned", Title("回退案件数", "Returned"), "应结案里回退过的案件", "EGO、YCR",
        lambda f: _due_to_close(f) & (f.returns >= 1),
    ),
    Count(
        "returns", Title("回退次数", "Returns"), "回退的次数", "EGO", _more_than("returns", 1),
        _times("returns"),
    ),
    Count(
        "returned_late", Title("超期回退数", "Returned late"), "超过回退期限才申请回退", "EGO",
        _has(_F.RETURNED_LATE),
    ),
    Count(
        "shirked", Title("推诿数", "Shirked"),
        "部门回退后最终仍由它处置（名称见于 EGO、UNI，定义是本程序的）", "EGO、UNI", _has(_F.SHIRKED),
    ),
    Count(
        "late_or_overdue", Title("超期数", "Late or overdue"),
        "超期处置的加上超期未处置的", "UNI、YCR",
        lambda f: _due_to_close(f) & (f.has(_F.LATE) | f.has(_F.OVERDUE_OPEN)),
    ),
    Count(
        "overtime", Title("超时倍数合计", "Overtime"), "超期处置的用时与时限之比，逐案相加", "EGO",
        _counted(_F.DISPATCHED, _F.DISPOSED, _F.LATE), _times("overtime"),
    ),
    Count(
        "inspect_due", Title("应核查数", "To be inspected"), "派发了核查任务", "UNI",
        _has(_F.INSPECT_SENT), persons=_INSPECTOR,
    ),
    Count(
        "inspect_sent_in_time", Title("按时派发核查数", "Inspection sent in time"),
        "反馈后在时限内派发核查", "UNI", _has(_F.INSPECT_SENT, _F.INSPECT_SENT_IN_TIME),
    ),
    Count(
        "inspected", Title("核查数", "Inspected"), "核查有了答复", "UNI",
        _has(_F.INSPECT_SENT, _F.INSPECTED), persons=_INSPECTOR,
    ),
    Count(
        "inspected_in_time", Title("按时核查数", "Inspected in time"), "在核查时限内答复", "UNI",
        _has(_F.INSPECT_SENT, _F.INSPECTED, _F.INSPECTED_IN_TIME), persons=_INSPECTOR,
    ),
    Count(
        "public_confirmed", Title("属实公众举报数", "Confirmed public reports"),
        "公众举报、核实属实并立案", "UNI", _own(_F.FILED, _F.PUBLIC_CONFIRMED),
    ),
    Count(
        "misses", Title("漏报数", "Misses"), "属实的公众举报里监督员本应发现的", "UNI",
        _own(_F.FILED, _F.PUBLIC_CONFIRMED, _F.MISSED), persons={Post.COLLECTOR: "missed_by"},
        recorded=_F.MISSED, might=_own(_F.FILED, _F.PUBLIC_CONFIRMED), why_unknown=_NO_JUDGEMENT,
    ),
    Count(
        "called_back", Title("回访数", "Called back"), "回访过的案件", "EGO", _has(_F.CALLED_BACK),
        recorded=_F.CALLED_BACK, why_unknown=_NO_CALL_BACK,
    ),
    Count(
        "content_result", Title("结果满意数", "Content with the result"), "回访对结果满意", "EGO",
        _has(_F.CALLED_BACK, _F.CONTENT_RESULT), recorded=_F.CALLED_BACK, why_unknown=_NO_CALL_BACK,
    ),
    Count(
        "content_service", Title("服务满意数", "Content with the service"), "回访对服务满意", "EGO",
        _has(_F.CALLED_BACK, _F.CONTENT_SERVICE), recorded=_F.CALLED_BACK, why_unknown=_NO_CALL_BACK,
    ),
)  # fmt: skip

RATES: tuple[Rate, ...] = tuple(
    Rate(name, Title(zh, en), numerator, denominator, source)
    for name, zh, en, numerator, denominator, source in (
        ("valid_report_rate", "有效上报率", "Valid reports", "valid_reports", "reported", "UNI"),
        ("miss_rate", "漏报率", "Misses", "misses", "filed", "UNI"),
        (
            "verify_in_time_rate", "按时核实率", "Verified in time",
            "verified_in_time", "verify_due", "UNI",
        ),
        (
            "inspect_in_time_rate", "按时核查率", "Inspected in time",
            "inspected_in_time", "inspect_due", "UNI",
        ),
        (
            "verify_sent_in_time_rate", "按时派发核实率", "Verification sent in time",
            "verify_sent_in_time", "verify_due_sent", "UNI",
        ),
        (
            "inspect_sent_in_time_rate", "按时派发核查率", "Inspection sent in time",
            "inspect_sent_in_time", "inspect_due_sent", "UNI",
        ),
        ("filing_rate", "立案率", "Filed", "filed", "reported", "UNI"),
        ("filing_in_time_rate", "按时立案率", "Filed in time", "filed_in_time", "filed", "UNI"),
        ("correct_filing_rate", "准确立案率", "Filed correctly", "filed_correctly", "filed", "UNI"),
        (
            "dispatch_in_time_rate", "按时派遣率", "Dispatched in time",
            "dispatched_in_time", "to_dispatch", "UNI、EGO",
        ),
        (
            "correct_dispatch_rate", "准确派遣率", "Dispatched correctly",
            "dispatched_correctly", "dispatched", "UNI",
        ),
        ("disposal_rate", "处置率", "Disposed of", "disposed", "dispose_due", "UNI"),
        (
            "in_time_disposal_rate", "按期处置率", "Disposed of in time",
            "disposed_in_time", "dispose_due", "UNI",
        ),
        ("closing_rate", "结案率", "Closed", "closed", "due_to_close", "UNI、EGO"),
        (
            "in_time_closing_rate", "按期结案率", "Closed in time",
            "closed_in_time", "due_to_close", "UNI、EGO",
        ),
        (
            "late_closing_rate", "超期结案率", "Closed late",
            "closed_late", "due_to_close", "YCA",
        ),
        (
            "closing_stage_in_time_rate", "按时办结率", "Closings made in time",
            "closing_stage_in_time", "close_due", "UNI",
        ),
        ("rework_rate", "返工率", "Rework", "reworked", "disposed", "UNI（页面）"),
        (
            "rework_rate_due", "返工率（应结案口径）", "Rework among those due",
            "reworked_due", "due_to_close", "UNI（代码）、YCA",
        ),
        (
            "public_report_rate", "监督举报率", "Public reports",
            "public_confirmed", "filed", "UNI",
        ),
        ("extension_rate", "延期率", "Extensions", "extended", "due_to_close", "UNI、YCR"),
        ("return_rate", "回退率", "Returns", "returned", "due_to_close", "UNI、YCR"),
        ("overdue_rate", "超期率", "Late or overdue", "late_or_overdue", "due_to_close", "UNI、YCR"),
        (
            "overtime_multiple", "平均超时倍数", "Mean overtime",
            "overtime", "disposed_late", "EGO",
        ),
        (
            "result_satisfaction", "结果满意率", "Content with the result",
            "content_result", "called_back", "EGO",
        ),
        (
            "service_satisfaction", "服务满意率", "Content with the service",
            "content_service", "called_back", "EGO",
        ),
    )
)  # fmt: skip

#: The same cases as seen by who sent the collector out, not by the collector.
_SENT = (
    Count(
        "verify_due_sent", Title("派发核实数", "Verifications sent"), "派发了核实任务", "UNI",
        _has(_F.VERIFY_SENT),
    ),
    Count(
        "inspect_due_sent", Title("派发核查数", "Inspections sent"), "派发了核查任务", "UNI",
        _has(_F.INSPECT_SENT),
    ),
)  # fmt: skip

COUNT_OF: dict[str, Count] = {count.name: count for count in (*COUNTS, *_SENT)}
RATE_OF: dict[str, Rate] = {rate.name: rate for rate in RATES}
#: Figures of grid evaluation that are named in systems and not computed here, and why.
NOT_COMPUTED = {"bundled_limit": "捆绑时限：见于 EGO，含义未查到"}
