"""Unified social credit code (GB 32100-2015): the key of an enterprise.

18 signs of 0-9 and A-Z without I, O, S, V, Z: who registered and what kind (2), division (6),
organisation code with a check digit of its own (9, GB 11714), check digit. Sign i (from 0) counts
its value times 3^i; the check digit makes the sum a multiple of 31.
"""

from __future__ import annotations

import unicodedata

from gis.errors import InvalidError

LENGTH = 18
_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {sign: value for value, sign in enumerate(_SIGNS)}
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def checked_code(text: str) -> str:
    """The code in capitals, without blanks, full-width signs made half-width.

    Raises
    ------
    InvalidError
        ``credit_code.length``, ``credit_code.sign``, ``credit_code.division`` when signs 3 to 8 are
        no digits, ``credit_code.check``, ``credit_code.organisation`` when the digit of the
        organisation code is wrong.

    Examples
    --------
    >>> checked_code("91110000802100433b")
    '91110000802100433B'
    """
    code = "".join(unicodedata.normalize("NFKC", text[:100]).split()).upper()
    if len(code) != LENGTH:
        raise _fault("length", "统一社会信用代码应为 18 位，得到 {count} 位", code)
    wrong = sorted({sign for sign in code if sign not in _VALUES})
    if wrong:
        raise _fault("sign", "统一社会信用代码不用 " + "、".join(wrong), code, "不含 I、O、S、V、Z")
    if not code[2:8].isdigit():
        raise _fault("division", "第 3 至 8 位应为行政区划代码（数字）", code)
    if check_sign(code[:17]) != code[17]:
        raise _fault("check", "统一社会信用代码的校验位不对：{got}", code, "逐位核对，可能抄错一位")
    if organisation_sign(code[8:16]) != code[16]:
        raise _fault("organisation", "组织机构代码（第 9 至 17 位）的校验位不对：{got}", code)
    return code


def check_sign(body: str) -> str:
    """The last sign for the first 17.

    Raises
    ------
    KeyError
        For a sign that the code does not use.

    Examples
    --------
    >>> check_sign("91110000802100433")
    'B'
    """
    total = sum(_VALUES[sign] * pow(3, i, 31) for i, sign in enumerate(body))
    return _SIGNS[-total % 31]


def organisation_sign(body: str) -> str:
    """The check digit of the eight signs of an organisation code: 0 to 9 or X.

    Examples
    --------
    >>> organisation_sign("80210043")
    '3'
    """
    total = sum(
        (int(sign) if sign.isdigit() else ord(sign) - ord("A") + 10) * weight
        for sign, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X"[-total % 11]


def _fault(what: str, words: str, code: str, hint: str | None = None) -> InvalidError:
    return InvalidError(
        f"credit_code.{what}",
        words,
        field="credit_code",
        got=code[:LENGTH],
        params={"count": len(code)},
        hint=hint,
    )
