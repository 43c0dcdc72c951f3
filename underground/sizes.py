"""Sizes of pipes as surveys write them: "300", "DN300", "100X200" (mm); of commands in metres."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError

#: Outer metres beyond which a size is a slip of the unit.
LARGEST_M = 20.0
_NUMBER = r"(\d+(?:\.\d+)?)"
_ROUND = re.compile(rf"^(?:DN|DE|D|Φ|φ|Ø|⌀|Ф|ф)?\s*{_NUMBER}\s*(mm|cm|m)?$", re.IGNORECASE)
_BOX = re.compile(rf"^{_NUMBER}\s*[x×*＊]\s*{_NUMBER}\s*(mm|cm|m)?$", re.IGNORECASE)
_UNITS = {"mm": 0.001, "cm": 0.01, "m": 1.0}


@dataclass(frozen=True)
class Section:
    """A section: width across, height upright, metres; a box or round."""

    width_m: float
    height_m: float
    is_box: bool


@dataclass(frozen=True)
class Sections:
    """n sections as delivered, in metres; NaN where there is no size or none that can be read."""

    width: npt.NDArray[np.float64]
    height: npt.NDArray[np.float64]
    is_box: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.width)


def section_of_text(text: str, unit_m: float = 0.001) -> Section | None:
    """The section that a text means, or None when it means none.

    Parameters
    ----------
    text
        "300", "DN300", "de110" (round); "100X200" (width x height). A unit may follow.
    unit_m
        Metres of a number without a unit: millimetres in surveys.

    Examples
    --------
    >>> section_of_text("300"), section_of_text("1000×600").height_m, section_of_text("两孔")
    (Section(width_m=0.3, height_m=0.3, is_box=False), 0.6, None)
    """
    plain = text.strip()
    match = _ROUND.match(plain)
    if match:
        size = float(match[1]) * _UNITS.get((match[2] or "").lower(), unit_m)
        return Section(size, size, False) if size > 0 else None
    match = _BOX.match(plain)
    if match is None:
        return None
    scale = _UNITS.get((match[3] or "").lower(), unit_m)
    width, height = float(match[1]) * scale, float(match[2]) * scale
    return Section(width, height, True) if width > 0 and height > 0 else None


def sections_of(texts: npt.NDArray[np.object_], unit_m: float = 0.001) -> Sections:
    """Sections of a column; each different text is read once.

    Examples
    --------
    >>> found = sections_of(np.array(["300", None, "100X200"], object))
    >>> found.width.tolist(), found.is_box.tolist()
    ([0.3, nan, 0.1], [False, False, True])
    """
    words = ["" if text is None else str(text) for text in texts.tolist()]
    known = {word: section_of_text(word, unit_m) for word in set(words)}
    distinct = list(known)
    position = {word: i for i, word in enumerate(distinct)}
    at = np.fromiter((position[word] for word in words), np.int64, len(words))
    read = [known[word] for word in distinct]
    width = np.array([np.nan if s is None else s.width_m for s in read] or [np.nan])
    height = np.array([np.nan if s is None else s.height_m for s in read] or [np.nan])
    box = np.array([s is not None and s.is_box for s in read] or [False])
    return Sections(width[at], height[at], box[at])


def section_of_metres(size_m: float | None, section: str | None) -> Section:
    """An outer diameter, or a box "width x height", in metres.

    Raises
    ------
    InvalidError
        Neither is given, it cannot be read, or it is not above 0 and at most 20 m.

    Examples
    --------
    >>> section_of_metres(None, "1.0x0.6")
    Section(width_m=1.0, height_m=0.6, is_box=True)
    """
    if section is not None:
        found = section_of_text(section, 1.0)
        if found is None or not found.is_box:
            raise InvalidError(
                "size.bad_section", "断面应为“宽x高”，得到 {got}", got=section, expected="1.0x0.6"
            )
    elif size_m is None:
        raise InvalidError("size.missing", "没有给出外径或断面尺寸", expected="外径（m）")
    else:
        found = Section(size_m, size_m, False)
    sides = (found.width_m, found.height_m)
    if not all(math.isfinite(side) and 0 < side <= LARGEST_M for side in sides):
        raise InvalidError(
            "size.out_of_range",
            "外轮廓尺寸应大于 0 且不超过 {expected} m，得到 {got}",
            got=section if section is not None else _finite(size_m),
            expected=LARGEST_M,
            hint="单位是米，不是毫米",
        )
    return found


def _finite(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)
