"""Initials of the pinyin of Chinese words, so that a class is found by three keys of a phone."""

from __future__ import annotations

from bisect import bisect_right

#: First character of each initial in level 1 of GB 2312-80, which orders its 3 755 characters
#: by pinyin (clause 4, rows 16 to 55). No syllable begins with i, u or v.
_FIRST = "啊芭擦搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝"
_LETTERS = "abcdefghjklmnopqrstwxyz"
_STARTS = [int.from_bytes(c.encode("gb2312")) for c in _FIRST]
#: Behind the last character of level 1; level 2 is ordered by radical.
_LEVEL_2 = 0xD8A1
#: Characters of the class names that stand in level 2, and 调, which they read tiáo, not diào.
_OTHERS = {"箅": "b", "匾": "b", "调": "t"}


def initials(text: str) -> str:
    """First letters of the pinyin of `text`, small; letters and digits stay, other signs go.

    Characters outside of level 1 of GB 2312 are left out, save those of the class names. A
    character with several readings has the one under which the standard files it.

    Examples
    --------
    >>> initials("污水井盖"), initials("雨水箅子"), initials("空调室外机低挂")
    ('wsjg', 'ysbz', 'ktswjdg')
    """
    return "".join(_initial(c) for c in text)


def _initial(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    if character in _OTHERS:
        return _OTHERS[character]
    try:
        code = int.from_bytes(character.encode("gb2312"))
    except UnicodeEncodeError:
        return ""
    if not _STARTS[0] <= code < _LEVEL_2:
        return ""
    return _LETTERS[bisect_right(_STARTS, code) - 1]
