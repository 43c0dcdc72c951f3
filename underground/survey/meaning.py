"""What the texts of a survey mean: kinds, materials, modes, sizes, which part a depth is of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np

from gis.features import object_array
from gis.layers import CodeItem
from underground.axes import BoolArray, IntArray, ObjectArray
from underground.heights import Part
from underground.kinds import BURIAL_MODES, MATERIALS, kind_of, survey_codes
from underground.sizes import Sections, sections_of
from underground.survey.model import Survey

_STATUS = {
    "0": "in_use", "1": "abandoned", "2": "empty", "3": "other",
    "在用": "in_use", "使用": "in_use", "open": "in_use", "cv": "in_use", "in_use": "in_use",
    "active": "in_use", "使用中": "in_use", "正常": "in_use", "正常使用": "in_use",
    "废弃": "abandoned", "停用": "abandoned", "报废": "abandoned", "abandoned": "abandoned",
    "空管": "empty", "空": "empty", "预埋": "empty", "empty": "empty",
    "规划": "planned", "planned": "planned", "其他": "other", "other": "other",
    "closed": "closed", "关闭": "closed",
}  # fmt: skip
_PARTS = {
    "管顶": Part.TOP, "外顶": Part.TOP, "top": Part.TOP, "顶": Part.TOP, "0": Part.TOP,
    "管内底": Part.INVERT, "内底": Part.INVERT, "管底": Part.INVERT, "invert": Part.INVERT,
    "底": Part.INVERT, "1": Part.INVERT,
    "管中心": Part.AXIS, "中心": Part.AXIS, "axis": Part.AXIS, "2": Part.AXIS,
    "unknown": Part.UNKNOWN, "不明": Part.UNKNOWN,
}  # fmt: skip
#: Words of deliveries that the code lists do not have: material, burial mode, state of use.
_MATERIAL_WORDS = {
    "砼": "T", "钢筋砼": "T", "钢筋混凝土": "T", "水泥": "T", "HDPE": "PE", "UPVC": "PVC",
    "PVC-U": "PVC", "球墨": "QM", "砖": "ZS", "石": "ZS", "砖混": "ZS", "光缆": "GX", "铜芯": "TZ",
    "FRP": "BLG", "镀锌钢": "G", "不锈钢": "G", "无缝钢": "G",
}  # fmt: skip
_MODE_WORDS = {
    "方沟": "GG", "矩形沟": "GG", "拱形沟": "GG", "沟道": "GG", "套管": "GM", "管廊": "ZH", "井内": "JN",
}  # fmt: skip
#: Classes without a kind of their own. Drainage that is not said to be storm water counts as
#: sewage, the stricter of the two.
_KIND_WORDS = {
    "PS": ("sewer", "PS"), "排水": ("sewer", "PS"), "合流": ("sewer", "HS"),
    "DX": ("telecom", "TX"), "电信": ("telecom", "TX"), "弱电": ("telecom", "TX"),
    "强电": ("power", "DL"), "照明": ("power", "LD"), "再生水": ("reclaimed", "ZS"),
    "GY": (None, "GY"), "工业": (None, "GY"), "QT": (None, "QT"), "其他": (None, "QT"),
    "不明": (None, "BM"),
}  # fmt: skip
_FORWARD = frozenset({"0", "+", "+1", "正", "正向", "顺流", "forward"})
_BACKWARD = frozenset({"1", "-", "-1", "反", "反向", "逆流", "backward"})
#: Kinds in which water flows by its weight: depths are of the inner bottom.
GRAVITY_KINDS = frozenset({"storm", "sewer"})
#: Burial modes whose depth is of the inner bottom whatever lies in them.
BOTTOM_MODES = frozenset({"GG", "XTD", "ZH", "RF"})


@dataclass(frozen=True)
class Meaning:
    """Lines of a survey in this program's codes; None is unknown.

    Attributes
    ----------
    kind
        (n,) one of `underground.kinds.KINDS`; None also for what none of them covers.
    code
        (n,) letter code of the survey's class, upper case.
    material, mode, status
        (n,) codes of `underground.kinds`; status may also be ``closed``.
    sections
        Sizes as recorded, not outer ones.
    part, part_assumed
        (n,) member of `underground.heights.Part` that depths and levels are of; whether it is the
        kind's usual one because the survey does not say.
    flow
        (n,) 1 from start to end, -1 from end to start, 0 unknown.
    unread
        Field -> (n,) texts that mean nothing here.
    """

    kind: ObjectArray
    code: ObjectArray
    material: ObjectArray
    mode: ObjectArray
    status: ObjectArray
    sections: Sections
    part: ObjectArray
    part_assumed: BoolArray
    flow: IntArray
    unread: dict[str, BoolArray]

    @cached_property
    def is_gravity(self) -> BoolArray:
        """(n,) whether water flows by its weight."""
        return np.isin(self.kind.astype(str), list(GRAVITY_KINDS))

    @cached_property
    def is_overhead(self) -> BoolArray:
        """(n,) whether a line hangs or stands above the ground."""
        return np.isin(self.mode.astype(str), ["JK", "SJ"])

    @cached_property
    def is_gone(self) -> BoolArray:
        """(n,) whether a line carries nothing any more; it stays in the ground."""
        return np.isin(self.status.astype(str), ["abandoned", "empty"])


def meaning_of(survey: Survey) -> Meaning:
    """Lines of a survey in this program's codes.

    A line without a kind of its own takes that of its start point, else of its end point. A size
    that is missing as text is taken from the nominal diameter.
    """
    lines = survey.lines
    texts = _kinds(survey)
    kind, code, kind_unread = _read(texts, _kind)
    material, _, material_unread = _read(
        lines.text("material"), lambda t: (_code(t, MATERIALS, _MATERIAL_WORDS),) * 2
    )
    mode, _, mode_unread = _read(
        lines.text("mode"), lambda t: (_code(t, BURIAL_MODES, _MODE_WORDS),) * 2
    )
    status, _, status_unread = _read(lines.text("status"), lambda t: (_STATUS.get(t.lower()),) * 2)
    kind_unread &= np.array([c is None for c in code.tolist()], bool)
    sections = _sections(survey)
    size_texts = lines.text("size")
    has_size = np.array([t is not None for t in size_texts.tolist()], bool)
    part, assumed = _parts(lines.text("part"), kind, mode)
    return Meaning(
        kind=kind,
        code=code,
        material=material,
        mode=mode,
        status=status,
        sections=sections,
        part=part,
        part_assumed=assumed,
        flow=_flow(survey),
        unread={
            "kind": kind_unread,
            "material": material_unread,
            "mode": mode_unread,
            "status": status_unread,
            "size": has_size & np.isnan(sections.width),
        },
    )


def _flow(survey: Survey) -> IntArray:
    """Direction of flow; conduits of SWMM run downstream unless the solver turns them."""
    if survey.dialect == "swmm":
        return np.ones(len(survey.lines), np.int64)
    texts = [str(t).strip().lower() if t is not None else "" for t in survey.lines.text("flow")]
    signs = [1 if t in _FORWARD else -1 if t in _BACKWARD else 0 for t in texts]
    return np.array(signs, np.int64)


def _kinds(survey: Survey) -> ObjectArray:
    own = survey.lines.text("kind")
    if not survey.points.has("kind"):
        return own
    of_points = object_array([*survey.points.text("kind").tolist(), None])
    start, end = of_points[survey.ends[:, 0]], of_points[survey.ends[:, 1]]
    first = [a if a is not None else b for a, b in zip(start, end, strict=True)]
    return object_array(o if o is not None else f for o, f in zip(own, first, strict=True))


def _read(
    texts: ObjectArray, meaning: Callable[[str], tuple[str | None, str | None]]
) -> tuple[ObjectArray, ObjectArray, BoolArray]:
    """Two meanings of each text, read once per different text, and which texts have neither."""
    known = {t: meaning(t) for t in {t for t in texts.tolist() if t is not None}}
    known_or_none = [known.get(t, (None, None)) if t is not None else (None, None) for t in texts]
    first = object_array(m[0] for m in known_or_none)
    second = object_array(m[1] for m in known_or_none)
    unread = np.array(
        [t is not None and m[0] is None for t, m in zip(texts, known_or_none, strict=True)], bool
    )
    return first, second, unread


@cache
def _kind(text: str) -> tuple[str | None, str | None]:
    """Our kind and the survey's letter code."""
    upper = text.strip().upper()
    plain = upper.removesuffix("管线")
    if plain in _KIND_WORDS:
        return _KIND_WORDS[plain]
    code = upper if upper in survey_codes() else None
    if code is None:
        code = next((c for c, row in survey_codes().items() if row.name == text.strip()), None)
    return kind_of(text), code


def _code(text: str, items: tuple[CodeItem, ...], words: dict[str, str]) -> str | None:
    given = text.strip()
    for item in items:
        if given.upper() == item.code.upper() or given in (item.title.zh, item.title.zh + "管"):
            return item.code
    plain = given.upper().removesuffix("管")
    if plain in words:
        return words[plain]
    return next((i.code for i in items if given.lower() == i.title.en.lower()), None)


def _sections(survey: Survey) -> Sections:
    found = sections_of(survey.lines.text("size"))
    nominal = survey.lines.number("diameter")
    use = np.isnan(found.width) & (nominal > 0)
    return Sections(
        np.where(use, nominal, found.width),
        np.where(use, nominal, found.height),
        found.is_box & ~use,
    )


def _parts(
    texts: ObjectArray, kind: ObjectArray, mode: ObjectArray
) -> tuple[ObjectArray, BoolArray]:
    """Part that depths are of. Where it is not said: gravity pipes, trenches and tunnels the inner
    bottom, all others the top of the outer wall (practice after CJJ 61 and GB 50026).
    """
    said = object_array(
        _PARTS.get(str(t).strip().lower()) if t is not None else None for t in texts.tolist()
    )
    bottom = np.isin(kind.astype(str), list(GRAVITY_KINDS)) | np.isin(
        mode.astype(str), list(BOTTOM_MODES)
    )
    usual = object_array(
        Part.UNKNOWN if k is None and m is None else (Part.INVERT if b else Part.TOP)
        for k, m, b in zip(kind.tolist(), mode.tolist(), bottom.tolist(), strict=True)
    )
    missing = np.array([s is None for s in said.tolist()], bool)
    return np.where(missing, usual, said), missing


def with_part(survey: Survey, part: Part) -> Survey:
    """The survey with a reference part for lines that do not name one."""
    said = survey.lines.text("part")
    silent = [t is None or _PARTS.get(str(t).strip().lower()) is Part.UNKNOWN for t in said]
    texts = dict(survey.lines.texts)
    texts["part"] = object_array(
        part.value if s else t for s, t in zip(silent, said.tolist(), strict=True)
    )
    return replace(survey, lines=replace(survey.lines, texts=texts))
