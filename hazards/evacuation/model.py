"""What a plan says of itself."""

from __future__ import annotations

from hazards.evacuation.rates import Mode, Rates

NAME = "evacuation"
EDITION = "1"
FORMULA = (
    "最短路线不含影响范围内的路段；人员分配为运输问题（依次：安置人数最多、下风向人数最少、总时间最短）；"
    "T ≥ max(最长步行时间, max 人数/通行能力)，T ≤ 出发时间 + 最长步行时间 + max 人数/通行能力"
)
SOURCE = (
    "Dijkstra 最短路；运输问题：Ahuja、Magnanti、Orlin, Network Flows, 1993；"
    "时间上界：Le Boudec、Thiran, Network Calculus, 2001"
)
#: Which zone it is and how a building counts.
_RULES = (
    "影响范围内的路段只用于离开，离开后不再进入；离开时首先使范围内的时间最短",
    "被影响范围边界切到的建筑按整栋撤离",
    "道路在有公共顶点处相通；立体交叉没有公共顶点，不相通",
    "排队不占道路长度，先到先走；没有计入路口信号、交叉冲突、折返和拒绝撤离的人",
    "上风向和下风向各为以来风方向和去风方向为中线的 90° 扇区，其余为侧风向（本程序约定）",
)


def assumptions(rates: Rates) -> list[dict[str, str | float | None]]:
    """Every quantity that was taken for granted, with its source and confidence.

    Examples
    --------
    >>> from hazards.evacuation.rates import foot_rates
    >>> [row["quantity"] for row in assumptions(foot_rates())]
    ['speed', 'flow', 'width', 'access_speed', 'departure']
    """
    spans = (
        ("speed", rates.speed, "速度"),
        ("flow", rates.flow, "每米宽流量" if rates.mode is Mode.FOOT else "每车道流量（人）"),
        (
            "width",
            rates.width,
            "未注明道路的宽度" if rates.mode is Mode.FOOT else "未注明道路的车道数",
        ),
        ("access_speed", rates.access_speed, "建筑到道路的步行速度"),
        ("departure", rates.departure, "全部出发所需时间"),
    )
    return [
        {
            "quantity": name,
            "title": title,
            "low": None if span is None else span.low,
            "high": None if span is None else span.high,
            "unit": None if span is None else span.unit,
            "source": "未知" if span is None else span.source,
            "confidence": None if span is None else span.confidence.value,
        }
        for name, span, title in spans
    ]


def rules(rates: Rates) -> list[str]:
    """The rules in words."""
    one_way = "步行不受单行限制" if rates.mode is Mode.FOOT else "车辆遵守单行"
    leaving = "未给出出发时间：按同时出发" if rates.departure is None else "出发时间由使用者给出"
    return [*_RULES, one_way, leaving]
