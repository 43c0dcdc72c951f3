"""What the document on grade and evacuation says: figures, tables and lines out of the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

_GRADE_WORDS = {1: "一级", 2: "二级", 3: "三级", 4: "四级"}
_CONFIDENCE = {"verified in a text read": "已对照所读文本"}
#: Rows of a table that are printed; the rest is counted.
_MOST_ROWS = 30


def grade_section(grade: Mapping[str, Any]) -> dict[str, Any]:
    """The section on the grade, from the answer of grading."""
    is_major = grade["major"]
    figures = [
        _figure("结论", _GRADE_WORDS[grade["grade"]] if is_major else "不构成", "重大危险源"),
        _figure("辨识指标 S", f"{grade['S']:.4g}", "S ≥ 1 构成"),
    ]
    if is_major:
        people = grade["people_500m"]
        figures += [
            _figure("分级指标 R", f"{grade['R']:.4g}", "R = α Σ β q/Q"),
            _figure("校正系数 α", f"{grade['alpha']:g}", f"500 m 内常住 {people} 人"),
        ]
    rows = [
        (term["name"], term["cas"] or "—", *(_number(term[k]) for k in ("q_t", "Q_t", "q_over_Q", "beta")))
        for term in grade["terms"]
    ]  # fmt: skip
    heads = ("物质", "CAS", "q（t）", "临界量 Q（t）", "q/Q", "β")
    cited = dict.fromkeys(
        f"{term['source']}（{_CONFIDENCE.get(term['confidence'], term['confidence'])}）"
        for term in grade["terms"]
    )
    return {
        "title": "重大危险源分级",
        "note": grade["edition"],
        "figures": figures,
        "tables": [_table(heads, rows, words=2)],
        "lines": _warnings(grade),
        "small": [f"依据：{grade['source']}", *(f"临界量：{one}" for one in cited), *grade["assumptions"]],
    }  # fmt: skip


def evacuation_section(left: Mapping[str, Any]) -> dict[str, Any]:
    """The section on the evacuation, from the answer of `evacuation_run`."""
    people, time, zone = left["people"], left["clearance"], left["zone"]
    figures = [
        _figure("应疏散", _count(people["known"]), f"{people['buildings']} 栋建筑的人"),
        _figure("已安排去处", _count(people["assigned"]), "有路可走、有处可容"),
        _figure("未安排", _count(people["no_route"] + people["no_room"]), _why_left(people)),
        _figure("全部到达", _span(time["low_s"], time["high_s"]), "分钟，自开始移动计"),
    ]
    return {
        "title": "人员疏散",
        "note": f"按 {zone['amount']:g} {zone['unit']} 的影响范围" if zone.get("amount") else None,
        "figures": figures,
        "tables": [_shelters(left), _routes(left)],
        "lines": [*_bottleneck(time), *_close(left), *_warnings(left)],
        "small": [
            f"方法：{left['formula']}",
            f"依据：{left['source']}",
            *(_assumed(one) for one in left["assumptions"]),
        ],
    }


def _shelters(left: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        (one["name"] or one["id"], _use(one), _count(one["people"]), _count(one["capacity"]))
        for one in sorted(left["shelters"], key=lambda one: -(one["people"] or 0))
    ]
    return _table(("避难场所", "", "安排人数", "可容人数"), rows, words=2)


def _use(shelter: Mapping[str, Any]) -> str:
    if shelter["in_zone"]:
        return "在影响范围内，不用"
    return "" if shelter["used"] else "未用"


def _routes(left: Mapping[str, Any]) -> dict[str, Any]:
    """From which buildings most people go, where to, and how long the slowest of them walk."""
    names = {one["id"]: one["name"] or one["id"] for one in left["shelters"]}
    ways = [(b["id"], to) for b in left["buildings"] for to in b["to"]]
    ways.sort(key=lambda way: (-way[1]["people"], way[0]))
    rows = [
        (building, names.get(to["shelter"], to["shelter"]), _count(to["people"]), _span(to["seconds_low"], to["seconds_high"]))
        for building, to in ways
    ]  # fmt: skip
    return _table(("人最多的建筑", "去处", "人", "途中（分钟）"), rows, words=2, most=12)


def _close(left: Mapping[str, Any]) -> list[str]:
    ends = Counter(one["name"] or one["road"] for one in left["close"] if one["leads_in"])
    if not ends:
        return ["没有通向影响范围的路需要封闭"]
    told = "、".join(name if n == 1 else f"{name}（{n} 处）" for name, n in sorted(ends.items()))
    return [f"封路 {ends.total()} 处：{told}"]


def _why_left(people: Mapping[str, Any]) -> str:
    parts = [(people["no_route"], "无路可达"), (people["no_room"], "无处可容")]
    return "，".join(f"{n} 人{word}" for n, word in parts if n) or "无"


def _bottleneck(time: Mapping[str, Any]) -> list[str]:
    worst = time["bottleneck"]
    if worst is None:
        return []
    return [f"最挤的路段：{worst['name'] or worst['road']}，{_count(worst['people'])} 人经过"]


def _assumed(one: Mapping[str, Any]) -> str:
    if one.get("low") is None:
        return f"{one['title']}：未知（{one['source']}）"
    span = f"{one['low']:g}" if one["low"] == one["high"] else f"{one['low']:g} 至 {one['high']:g}"
    return f"{one['title']}：{span} {one['unit']}（{one['source']}）"


def _warnings(part: Mapping[str, Any]) -> list[str]:
    return [f"注意：{one['message']}" for one in part["warnings"]]


def _figure(label: str, value: str, note: str) -> dict[str, str]:
    return {"label": label, "value": value, "note": note}


def _table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, words: int, most: int = _MOST_ROWS
) -> dict[str, Any]:
    """A table whose first `words` columns are words, the others numbers."""
    left = max(0, len(rows) - most)
    shown = [list(row) for row in rows[:most]] or [["无", *([""] * (len(heads) - 1))]]
    return {"heads": list(heads), "rows": shown, "words": words, "left": left}


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.4g}"


def _count(value: float | None) -> str:
    return "—" if value is None else f"{value:,.0f}"


def _span(low_s: float | None, high_s: float | None) -> str:
    if low_s is None or high_s is None:
        return "—"
    low, high = round(low_s / 60), round(high_s / 60)
    return f"{low}" if low == high else f"{low} 至 {high}"
