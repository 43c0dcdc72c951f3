"""Findings as JSON values: numbers, the row of the rules, and a sentence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from underground.audit.answers import ANSWERS, CHECKS, Answer, Check, Findings
from underground.audit.checks import AuditSettings
from underground.audit.tiles import Audit, AuditResult
from underground.kinds import KINDS

_TITLES = {item.code: item.title.zh for item in KINDS}
_CHECKS = {
    Check.HORIZONTAL: "水平净距",
    Check.VERTICAL: "垂直净距",
    Check.STACKING: "上下重叠",
    Check.ORDER: "交叉次序",
    Check.COVER: "覆土",
    Check.FOUNDATION: "低于基础的管线与基础的净距",
}
_MISSING = {
    "size": "管径", "pressure": "压力等级", "laying": "埋设方式", "voltage": "电压",
    "material": "材质", "heights": "高程", "surface": "地面用途", "variant": "电压",
    "foundation": "基础的高程或埋深", "friction": "土壤内摩擦角", "trench": "沟槽宽度",
}  # fmt: skip
_FOUNDATION = {
    "id": "F001", "table": "foundation", "conditions": "管线深于基础：L = (H - h) / tan α + B / 2",
    "clause": "4.1.11", "edition": "GB 50289-2016", "confidence": "own",
    "source": "own knowledge; that it must be computed is read in notes to GB 50013 and GB 50014",
    "draft": True,
}  # fmt: skip
_STRUCTURES = {
    "building": "建筑物", "tree": "乔木", "shrub": "灌木", "pole": "杆", "tower": "铁塔",
    "curb": "路缘石", "tram_rail": "有轨电车钢轨", "railway": "铁路",
}  # fmt: skip
_STACKING = {
    "id": "S001", "table": "stacking", "conditions": "平面重叠且夹角小于 {deg}°", "clause": "4.1.6",
    "edition": "GB 50289-2016", "confidence": "verified_text", "source": "mtk.mxqe 857840",
    "draft": True,
}  # fmt: skip


def finding_rows(audit: Audit, findings: Findings) -> list[dict[str, Any]]:
    """Each finding with the pipes by id, the row that decides, sigma and a sentence.

    Examples
    --------
    >>> finding_rows.__name__
    'finding_rows'
    """
    return [_row(audit, findings, k) for k in range(len(findings))]


def _row(audit: Audit, findings: Findings, k: int) -> dict[str, Any]:
    check, answer = CHECKS[int(findings.check[k])], ANSWERS[int(findings.answer[k])]
    a, b = int(findings.a[k]), int(findings.b[k])
    rule = _rule(audit, check, int(findings.rule[k]), a, b)
    missing = findings.missing[k]
    out = {
        "check": check.value,
        "answer": answer.value,
        "a": audit.pipes.ids[a],
        "b": _name(audit, b),
        "kind_a": audit.pipes.kind[a],
        "kind_b": _kind(audit, b),
        "gap_m": number(findings.gap_m[k]),
        "required_m": number(findings.required_m[k]),
        "sigma_m": number(findings.sigma_m[k]),
        "missing": [] if missing is None else missing.split(","),
        "rule": rule,
        "draft": rule is not None and bool(rule["draft"]),
        "assumed": _assumed(audit, a, b),
        "at": [number(v) for v in findings.place[k]],
        "along_a_m": number(findings.along_a[k]),
    }
    if check is Check.COVER and audit.ground is not None:
        by_points = findings.by_points_m[k]
        out["cover_by"] = "model"
        out["cover_by_points_m"] = number(by_points)
        out["cover_model_less_points_m"] = number(findings.gap_m[k] - by_points)
    out["message"] = _message(audit, check, answer, out)
    return out


def _name(audit: Audit, b: int) -> str | None:
    """Id of a pipe or structure; structures are numbered after the pipes."""
    if b < 0:
        return None
    own = len(audit.pipes)
    found = audit.pipes.ids[b] if b < own or audit.around is None else audit.around.ids[b - own]
    return str(found)


def _kind(audit: Audit, b: int) -> str | None:
    if b < 0:
        return None
    own = len(audit.pipes)
    kind = audit.pipes.kind[b] if b < own or audit.around is None else audit.around.kind[b - own]
    return None if kind is None else str(kind)


def number(value: float, decimals: int = 4) -> float | None:
    """A JSON number, or None where unknown."""
    return None if math.isnan(value) else round(float(value), decimals)


def _rule(audit: Audit, check: Check, rule: int, a: int, b: int) -> dict[str, object] | None:
    if check is Check.STACKING:
        deg = f"{audit.settings.stacked_deg:g}"
        return _STACKING | {"conditions": str(_STACKING["conditions"]).format(deg=deg)}
    if check is Check.FOUNDATION:
        return dict(_FOUNDATION)
    if check is Check.ORDER:
        order = audit.rules.crossing_order
        kinds = [audit.pipes.kind[row] for row in (a, b)]
        rows = [order[k] for k in kinds]
        first = rows[0].as_dict()
        return first | {
            "id": "-".join(str(row.as_dict()["id"]) for row in rows),
            "conditions": "、".join(
                _TITLES[k] for k in sorted(kinds, key=lambda kind: order[kind].rank)
            ),
        }
    return audit.rules.rules[rule].as_dict() if rule >= 0 else None


def _assumed(audit: Audit, a: int, b: int) -> list[str]:
    """What was taken for granted of the pipes: sizes, references of depths, errors."""
    out = []
    for name, row in (("a", a), ("b", b)):
        if 0 <= row < len(audit.pipes):
            flags = (
                ("size", audit.pipes.is_size_assumed[row]),
                ("part", audit.pipes.is_part_assumed[row]),
                ("sigma", audit.pipes.is_sigma_assumed[row]),
                ("wall", _leans_on_wall(audit, row)),
            )
            out += [f"{name}.{what}" for what, is_so in flags if is_so]
    return out


def _leans_on_wall(audit: Audit, row: int) -> bool:
    """Whether heights of a pipe follow from an invert and a wall that no one measured."""
    pipes = audit.pipes
    is_open = bool(pipes.is_wall_assumed[row] or np.isnan(pipes.wall[row]))
    return is_open and not np.isnan(pipes.inverts[row]).all()


def _message(audit: Audit, check: Check, answer: Answer, row: dict[str, Any]) -> str:
    names = " 与 ".join(
        f"{_title(row[kind])} {row[side]}"
        for side, kind in (("a", "kind_a"), ("b", "kind_b"))
        if row[side] is not None
    )
    said = {
        Answer.PASS: "符合",
        Answer.FAIL: "不符合",
        Answer.REDUCIBLE: "不足，采取安全措施后可减少",
        Answer.NO_RULE: "没有规定",
        Answer.INSUFFICIENT: "资料不足",
        Answer.WITHIN_ERROR: "在测量误差以内，不能判断",
    }[answer]
    parts = [f"{names}：{_CHECKS[check]}{said}"]
    if row["gap_m"] is not None:
        limit = "" if row["required_m"] is None else f"，要求 {row['required_m']:g} m"
        error = "" if row["sigma_m"] is None else f"（中误差 {row['sigma_m']:.3f} m）"
        parts.append(f"{row['gap_m']:.3f} m{error}{limit}")
    if row.get("cover_by_points_m") is not None:
        parts.append(f"按地面模型；按测点间直线为 {row['cover_by_points_m']:.3f} m")
    if row["missing"]:
        parts.append("缺少" + "、".join(_MISSING.get(m, m) for m in row["missing"]))
    if row["rule"] is not None:
        text = f"{row['rule']['edition']} {row['rule']['clause']}"
        parts.append(text + ("（规则草案，未经核对）" if row["draft"] else ""))
    return "；".join(parts)


def _title(kind: str | None) -> str:
    return _TITLES.get(kind or "") or _STRUCTURES.get(kind or "") or kind or "种类不明"


def settings_row(settings: AuditSettings, tile_m: float) -> dict[str, Any]:
    """What an audit took for granted."""
    return {
        "times_sigma": settings.times_sigma,
        "stacked_deg": settings.stacked_deg,
        "frost_m": settings.frost_m,
        "friction_deg": settings.friction_deg,
        "trench_m": settings.trench_m,
        "tile_m": tile_m,
    }


def counts_rows(result: AuditResult) -> list[dict[str, Any]]:
    """Counts by check and answer, in their order."""
    return [
        {"check": check.value, "answer": answer.value, "count": result.counts[check, answer]}
        for check in CHECKS
        for answer in ANSWERS
        if (check, answer) in result.counts
    ]
