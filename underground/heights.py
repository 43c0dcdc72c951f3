"""Heights: what they refer to, which part of a pipe they are of, and the axis that follows.

Nothing here guesses a datum. Heights of two datums, or of an unknown one, may stand side by side
in a table, but no function compares them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError
from gis.layers import CodeItem, Title

FloatArray = npt.NDArray[np.float64]
UNKNOWN_DATUM = "unknown"
#: Heights above the ground at each place: what depths alone give. Good at one place, as at a
#: crossing or in a pit; between places only where the ground is level.
GROUND_DATUM = "ground"

#: Vertical datums with names of their own; others are written ``EPSG:n`` or freely.
DATUMS: tuple[CodeItem, ...] = (
    CodeItem("1985", Title("1985 国家高程基准（EPSG:5737）", "Yellow Sea 1985 (EPSG:5737)")),
    CodeItem("1956", Title("1956 黄海高程系（EPSG:5736）", "Yellow Sea 1956 (EPSG:5736)")),
    CodeItem("dagu", Title("大沽高程系", "Dagu, local to Tianjin")),
    CodeItem("ground", Title("地面以下（只有埋深）", "Below the ground: depths only")),
    CodeItem(UNKNOWN_DATUM, Title("不明", "Unknown")),
)
_SAME = {
    "epsg:5737": "1985",
    "1985国家高程基准": "1985",
    "国家85": "1985",
    "1985高程": "1985",
    "epsg:5736": "1956",
    "1956黄海高程系": "1956",
    "黄海高程系": "1956",
    "大沽": "dagu",
    "大沽高程系": "dagu",
    "大沽高程": "dagu",
    "": UNKNOWN_DATUM,
    "不明": UNKNOWN_DATUM,
    "未知": UNKNOWN_DATUM,
}


class DatumError(InvalidError):
    """Heights that must not be compared."""


class Part(StrEnum):
    """Which part of a pipe a height or depth is of (管高位置)."""

    TOP = "top"
    INVERT = "invert"
    AXIS = "axis"
    UNKNOWN = "unknown"


class HeightSource(StrEnum):
    """Where the height of an end comes from."""

    RECORDED = "recorded"
    DEPTH = "ground_minus_depth"
    GEOMETRY = "geometry"
    NONE = "none"


def datum_named(text: str | None) -> str:
    """The code of a datum as people write it; what is not known by name is kept as written.

    Examples
    --------
    >>> datum_named("1985 国家高程基准"), datum_named("EPSG:5736"), datum_named(None)
    ('1985', '1956', 'unknown')
    """
    plain = (text or "").strip()
    return _SAME.get(plain.replace(" ", "").lower(), plain)


def require_one_datum(datums: Iterable[str]) -> str:
    """The one datum of several sets of heights.

    Raises
    ------
    DatumError
        One is unknown, or they differ.

    Examples
    --------
    >>> require_one_datum(["1985", "EPSG:5737"])
    '1985'
    """
    named = sorted({datum_named(d) for d in datums})
    if UNKNOWN_DATUM in named:
        raise DatumError(
            "height.datum_unknown",
            "高程基准不明，不能比较高程",
            field="datum",
            got=named,
            hint="用 --datum 指明高程基准，例如 1985",
        )
    if len(named) != 1:
        raise DatumError(
            "height.datums_differ",
            "高程基准不同（{got}），不能比较高程",
            field="datum",
            got=named,
            hint="先把各份数据换算到同一高程基准",
        )
    return named[0]


def axis_offset(
    part: npt.NDArray[np.object_], height_m: FloatArray, wall_m: FloatArray
) -> FloatArray:
    """Metres from the part that was measured up to the axis.

    Parameters
    ----------
    part
        (n,) members of `Part`.
    height_m
        (n,) outer height of the section.
    wall_m
        (n,) thickness of the wall; NaN where unknown.

    Returns
    -------
    (n,) minus half the height from the top of the outer wall; half the height less the wall
    from the invert (inner bottom); 0 from the axis; NaN where the part, or what it needs, is
    unknown.

    Examples
    --------
    >>> parts = np.array([Part.TOP, Part.INVERT, Part.AXIS, Part.UNKNOWN], object)
    >>> axis_offset(parts, np.full(4, 0.72), np.full(4, 0.06)).round(2).tolist()
    [-0.36, 0.3, 0.0, nan]
    """
    half = height_m / 2
    out = np.full(len(part), np.nan)
    out = np.where(part == Part.TOP, -half, out)
    out = np.where(part == Part.INVERT, half - wall_m, out)
    return np.where(part == Part.AXIS, 0.0, out)
