"""S, R and the grade of one unit by GB 18218-2018."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gis.errors import CityError, InvalidError
from hazards.gb18218.inventory import Inventory, raise_all
from hazards.gb18218.resolve import Resolved, resolve
from hazards.gb18218.tables import Band, CriticalRow, Tables, shipped_tables
from hazards.models import Caution

SOURCE = "GB 18218-2018 危险化学品重大危险源辨识，式 (1)、式 (2)，表 1 至表 6（数据表取自二次副本，未与印本核对）"
ASSUMPTIONS = (
    "按单元计算：一个生产单元或一个储存单元（罐区以防火堤为界，仓库以独立库房为界），不按整个企业",
    "q 为设计最大量（t）；人口为厂界向外 500 m 范围内的常住人口，不含厂内",
    "混合物与纯物质同类别时按整体计，否则按混合物自身的类别给出 symbol",
)


@dataclass(frozen=True)
class Term:
    """What one substance adds: its amounts summed over the lines.

    ``beta`` is None when no person has set the category.
    """

    row: CriticalRow
    cas: str | None
    name: str
    quantity_t: Fraction
    beta: Fraction | None

    @property
    def share(self) -> Fraction:
        """Q / Q."""
        return self.quantity_t / self.row.critical_t


@dataclass(frozen=True)
class Grading:
    """The result for one unit; None where something is not known, with the reason in `cautions`.

    Attributes
    ----------
    s
        Sum of q/Q; at 1 and above the unit is a major hazard source.
    alpha, r
        Factor for the people outside, and R.
    grade
        1 (gravest) to 4; None as well for a unit that is no major hazard source.
    """

    edition: str
    s: Fraction
    is_major: bool
    alpha: Fraction | None
    r: Fraction | None
    grade: int | None
    terms: tuple[Term, ...]
    cautions: tuple[Caution, ...]


def grade_unit(inventory: Inventory, tables: Tables | None = None) -> Grading:
    """Identify and grade one unit.

    Raises
    ------
    InvalidError
        The fault of a line, or ``inventory.invalid`` with every one of several.

    Examples
    --------
    20 t of ammonia and 10 t of chlorine, 120 residents.

    >>> from hazards.gb18218.inventory import read_inventory
    >>> found = grade_unit(read_inventory(
    ...     '{"substances": [{"row": 1, "quantity_t": 20}, {"row": 12, "quantity_t": 10}],'
    ...     ' "people_500m": 120}'))
    >>> float(found.s), float(found.r), found.grade
    (4.0, 24.0, 3)
    """
    used = tables or shipped_tables()
    resolved, faults = [], list[CityError]()
    for line in inventory.lines:
        try:
            resolved.append(resolve(line, used))
        except InvalidError as fault:
            faults.append(fault)
    raise_all(faults)
    terms = tuple(_summed(resolved))
    s = sum((term.share for term in terms), Fraction(0))
    alpha = _alpha(inventory.people_500m, used)
    r = _r(terms, alpha)
    is_major = s >= 1
    grade = _value(used.grades, r) if r is not None and is_major else None
    cautions = [*inventory.cautions, *(c for found in resolved for c in found.cautions)]
    cautions += _reasons(alpha, is_major=is_major)
    return Grading(
        edition=used.edition,
        s=s,
        is_major=is_major,
        alpha=alpha,
        r=r,
        grade=None if grade is None else int(grade),
        terms=terms,
        cautions=tuple(dict.fromkeys(cautions)),
    )


def alpha_of(people: int, tables: Tables | None = None) -> Fraction:
    """Table 5: the factor for residents within 500 m outside of the fence.

    Raises
    ------
    InvalidError
        ``gb18218.bad_people`` for a number below 0.

    Examples
    --------
    >>> [float(alpha_of(n)) for n in (0, 1, 29, 30, 49, 50, 99, 100)]
    [0.5, 1.0, 1.0, 1.2, 1.2, 1.5, 1.5, 2.0]
    """
    found = _value((tables or shipped_tables()).alphas, Fraction(people))
    if found is None:
        raise InvalidError(
            "gb18218.bad_people", "人数不能是 {got}", field="people_500m", got=people
        )
    return found


def _alpha(people: int | None, tables: Tables) -> Fraction | None:
    return None if people is None else alpha_of(people, tables)


def _value(bands: tuple[Band, ...], number: Fraction) -> Fraction | None:
    return next((band.value for band in bands if band.holds(number)), None)


def _summed(resolved: list[Resolved]) -> list[Term]:
    """One term for each substance and beta, in the order of their first lines."""
    terms: dict[tuple[str, str, Fraction | None], Term] = {}
    for found in resolved:
        line, row = found.line, found.row
        who = "" if row.table == 1 else line.cas or line.name or ""
        key = (row.key, who, found.beta)
        before = terms.get(key)
        terms[key] = Term(
            row=row,
            cas=line.cas or (row.cas[0] if len(row.cas) == 1 else None),
            name=line.name or row.name,
            quantity_t=line.quantity_t + (before.quantity_t if before else 0),
            beta=found.beta,
        )
    return list(terms.values())


def _r(terms: tuple[Term, ...], alpha: Fraction | None) -> Fraction | None:
    if alpha is None:
        return None
    total = Fraction(0)
    for term in terms:
        if term.beta is None:
            return None
        total += term.beta * term.share
    return alpha * total


def _reasons(alpha: Fraction | None, *, is_major: bool) -> list[Caution]:
    found = []
    if alpha is None:
        found.append(
            Caution(
                "gb18218.people_unknown", "不知道厂界外 500 m 内的常住人口，无法计算 α、R 和等级"
            )
        )
    if not is_major:
        found.append(Caution("gb18218.not_major", "S < 1：不构成重大危险源，不分级"))
    return found
