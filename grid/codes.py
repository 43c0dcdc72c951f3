"""Codes of areas, unit grid cells and components: text of digits, read and made here.

A cell code is the 12-digit statistical code of its community and a three-digit number; a
component id is district (6), major and minor class (2 + 2) and a running number (6). The
structure of cell codes is that of Beijing's DB11; GB/T 30428.1 is taken to be the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from gis.errors import InvalidError

DISTRICT_DIGITS = 6
STREET_DIGITS = 9
COMMUNITY_DIGITS = 12
CELL_DIGITS = 15
COMPONENT_DIGITS = 16
_AREA_DIGITS = (DISTRICT_DIGITS, STREET_DIGITS, COMMUNITY_DIGITS)


def check_digits(code: str, digits: tuple[int, ...], field: str) -> str:
    """`code` itself, when it is ASCII digits of one of the allowed lengths.

    Raises
    ------
    InvalidError
        When it is not.

    Examples
    --------
    >>> check_digits("120101", (6, 9), "code")
    '120101'
    """
    if not (code.isascii() and code.isdigit() and len(code) in digits):
        raise InvalidError(
            "grid.bad_code",
            "{field} 应为 {lengths} 位数字，得到 {got}",
            field=field,
            got=code,
            expected=list(digits),
            params={"lengths": "、".join(map(str, digits))},
        )
    return code


def area_levels(code: str) -> dict[str, str]:
    """Codes of district, street and community that an area or cell code names.

    Raises
    ------
    InvalidError
        When `code` is not 6, 9, 12 or 15 digits.

    Examples
    --------
    >>> area_levels("120101003")
    {'district': '120101', 'street': '120101003'}
    """
    check_digits(code, (*_AREA_DIGITS, CELL_DIGITS), "code")
    names = ("district", "street", "community")
    pairs = zip(names, _AREA_DIGITS, strict=True)
    return {name: code[:n] for name, n in pairs if n <= len(code)}


@dataclass(frozen=True)
class CellCode:
    """A unit grid code taken apart."""

    community: str
    number: int

    def __str__(self) -> str:
        return f"{self.community}{self.number:03d}"

    @property
    def street(self) -> str:
        """Nine-digit code of the street."""
        return self.community[:STREET_DIGITS]

    @property
    def district(self) -> str:
        """Six-digit code of the district."""
        return self.community[:DISTRICT_DIGITS]


def cell_code(community: str, number: int) -> CellCode:
    """Code of the `number`-th cell (1 to 999) of a community.

    Raises
    ------
    InvalidError
        When the community code is not 12 digits or the number does not fit.

    Examples
    --------
    >>> str(cell_code("120101003001", 7))
    '120101003001007'
    """
    check_digits(community, (COMMUNITY_DIGITS,), "community")
    if not 1 <= number <= 999:
        raise InvalidError(
            "grid.cell_number", "网格序号应在 1 与 999 之间：{got}", field="number", got=number
        )
    return CellCode(community, number)


def parse_cell_code(code: str) -> CellCode:
    """A cell code taken apart.

    Raises
    ------
    InvalidError
        When it is not 15 digits or its number is 000.

    Examples
    --------
    >>> parse_cell_code("120101003001007").number
    7
    """
    check_digits(code, (CELL_DIGITS,), "code")
    return cell_code(code[:COMMUNITY_DIGITS], int(code[COMMUNITY_DIGITS:]))


@dataclass(frozen=True)
class ComponentId:
    """A component id (标识码) taken apart."""

    district: str
    class_code: str
    number: int

    def __str__(self) -> str:
        return f"{self.district}{self.class_code}{self.number:06d}"


def component_id(district: str, class_code: str, number: int) -> ComponentId:
    """Id of the `number`-th component (1 to 999 999) of a class in a district.

    Raises
    ------
    InvalidError
        When a part has the wrong number of digits.

    Examples
    --------
    >>> str(component_id("120101", "0102", 33))
    '1201010102000033'
    """
    check_digits(district, (DISTRICT_DIGITS,), "district")
    check_digits(class_code, (4,), "class_code")
    if not 1 <= number <= 999_999:
        raise InvalidError(
            "grid.component_number",
            "部件序号应在 1 与 999999 之间：{got}",
            field="number",
            got=number,
        )
    return ComponentId(district, class_code, number)


def parse_component_id(code: str) -> ComponentId:
    """A component id taken apart.

    Raises
    ------
    InvalidError
        When it is not 16 digits or its number is 000000.

    Examples
    --------
    >>> parse_component_id("1201010102000033").class_code
    '0102'
    """
    check_digits(code, (COMPONENT_DIGITS,), "id")
    return component_id(code[:6], code[6:10], int(code[10:]))
