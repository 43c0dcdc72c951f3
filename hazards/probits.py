"""Probits: the share of people (or of equipment) that a load harms.

Y = a + b ln V and P = Phi(Y - 5) (Finney). V is C^n t for a toxic gas (t in minutes), t I^(4/3)
for heat (t in seconds), p for overpressure. Which constants were published in which unit stays
with each row; constants of one author are never called another's, because Eisenberg and Tsao-Perry
differ by 2.1 units, a half against 98 %.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.errors import CityError, InvalidError
from gis.layers import Title
from hazards.models import Caution, Confidence

#: Below and above, tails of the distribution rest on hardly any observation.
TAIL = 0.01
#: The whole volume.
MOST_PPM = 1_000_000.0
_HEAT_POWER = 4.0 / 3.0


class Load(StrEnum):
    """What does the harm."""

    TOXIC = "toxic"
    THERMAL = "thermal"
    OVERPRESSURE = "overpressure"
    DOMINO = "domino"

    @property
    def takes_time(self) -> bool:
        """Whether the harm grows with the time of exposure."""
        return self in (Load.TOXIC, Load.THERMAL)


@dataclass(frozen=True)
class Probit:
    """Constants of one probit.

    Attributes
    ----------
    a, b, n
        Y = a + b ln V; n is the power of the concentration, None but for toxic gases.
    unit
        Of the value: ppm, mg/m3, kW/m2, W/m2, psig, bar or Pa.
    """

    name: str
    load: Load
    title: Title
    a: float
    b: float
    n: float | None
    unit: str
    source: str
    confidence: Confidence

    @property
    def formula(self) -> str:
        """The formula with its units."""
        v = {
            Load.TOXIC: f"C^{self.n:g}·t，C 为 {self.unit}，t 为 min" if self.n else "",
            Load.THERMAL: f"t·I^(4/3)，I 为 {self.unit}，t 为 s",
        }.get(self.load, f"p，p 为 {self.unit}")
        return f"Y = {self.a:g} + {self.b:g}·lnV，V = {v}；P = Φ(Y − 5)"


@dataclass(frozen=True)
class Harm:
    """Share harmed; ``probit`` is None where the dose is nought."""

    probit: float | None
    probability: float
    cautions: tuple[Caution, ...]


@cache
def probits() -> dict[str, Probit]:
    """All probits by name, in the order of the table.

    Examples
    --------
    >>> probits()["chlorine"].unit
    'ppm'
    """
    text = (files("hazards") / "data" / "probits.csv").read_text(encoding="utf-8")
    return {row["name"]: _probit(row) for row in csv.DictReader(StringIO(text))}


def _probit(row: dict[str, str]) -> Probit:
    return Probit(
        name=row["name"],
        load=Load(row["kind"]),
        title=Title(row["title_zh"], row["title_en"]),
        a=float(row["a"]),
        b=float(row["b"]),
        n=float(row["n"]) if row["n"] else None,
        unit=row["unit"],
        source=row["source"],
        confidence=Confidence(row["confidence"]),
    )


def probit_named(name: str) -> Probit:
    """The probit of a name; blanks and underscores stand for hyphens, capitals for small letters.

    Raises
    ------
    InvalidError
        ``probit.unknown`` when there is none.

    Examples
    --------
    >>> probit_named("Hydrogen chloride").name
    'hydrogen-chloride'
    """
    wanted = "-".join(name.replace("&", " ").replace("_", " ").replace("-", " ").lower().split())
    found = probits().get(wanted)
    if found is None:
        raise InvalidError(
            "probit.unknown",
            "没有概率单位函数 {got}，有 {expected}",
            field="name",
            got=name[:60],
            expected=list(probits()),
        )
    return found


def harm(probit: Probit, value: float, minutes: float | None = None) -> Harm:
    """The share that a load harms.

    Parameters
    ----------
    value
        Concentration, heat or overpressure in ``probit.unit``.
    minutes
        Time of exposure; only for toxic gases and heat, and needed there.

    Raises
    ------
    InvalidError
        ``probit.bad_value``, ``probit.bad_minutes`` when they are negative, not finite or more
        than the whole volume;
        ``probit.no_minutes`` when the time is missing; ``probit.refused`` with all of several.

    Examples
    --------
    >>> round(harm(probits()["chlorine"], 250.0, 30.0).probability, 2)
    0.5
    """
    raise_faults(probit_faults(probit, value, minutes))
    log_dose = _log_dose(probit, value, minutes)
    if log_dose == -math.inf:
        return Harm(None, 0.0, ())
    y = probit.a + probit.b * log_dose
    probability = 0.5 * math.erfc((5.0 - y) / math.sqrt(2.0))
    return Harm(y, probability, _cautions(probit, probability))


def value_at(probit: Probit, probability: float, minutes: float | None = None) -> float:
    """The value in ``probit.unit`` that harms a share.

    Raises
    ------
    InvalidError
        ``probit.bad_probability`` when the share is not between 0 and 1, both excluded;
        ``probit.not_reached`` when not even the pure gas harms so many; otherwise as `harm`.

    Examples
    --------
    >>> round(value_at(probits()["ammonia"], 0.5, 30.0))
    11539
    """
    if not 0.0 < probability < 1.0:
        raise InvalidError(
            "probit.bad_probability", "概率应在 0 与 1 之间，得到 {got}", got=str(probability)
        )
    raise_faults(probit_faults(probit, 1.0, minutes))
    if probit.load.takes_time and not minutes:
        raise _bad_minutes(minutes)
    from statistics import NormalDist

    log_dose = (5.0 + NormalDist().inv_cdf(probability) - probit.a) / probit.b
    value = math.exp((log_dose - math.log(_time(probit, minutes))) / _power(probit))
    if probit.unit == "ppm" and value > MOST_PPM:
        raise InvalidError(
            "probit.not_reached",
            "{minutes} min 内没有一种浓度会有这样的概率",
            field="probability",
            got=probability,
            params={"minutes": f"{minutes:g}"},
        )
    return value


def _log_dose(probit: Probit, value: float, minutes: float | None) -> float:
    time = _time(probit, minutes)
    if value == 0 or time == 0:
        return -math.inf
    return _power(probit) * math.log(value) + math.log(time)


def _power(probit: Probit) -> float:
    return probit.n or (_HEAT_POWER if probit.load is Load.THERMAL else 1.0)


def _time(probit: Probit, minutes: float | None) -> float:
    """Time in the unit of the dose; 1 where the harm knows none."""
    if minutes is None or not probit.load.takes_time:
        return 1.0
    return minutes * 60.0 if probit.load is Load.THERMAL else minutes


def probit_faults(probit: Probit | None, value: float, minutes: float | None) -> list[CityError]:
    """Everything for which `harm` would refuse; without a probit what none would take."""
    faults: list[CityError] = []
    unit = "" if probit is None else probit.unit
    if not (math.isfinite(value) and value >= 0):
        fault = InvalidError(
            "probit.bad_value",
            "数值应为非负数（{unit}），得到 {given}" if unit else "数值应为非负数，得到 {given}",
            field="value",
            got=value if math.isfinite(value) else None,
            params={"unit": unit, "given": f"{value:g}"},
        )
        faults.append(fault)
    elif unit == "ppm" and value > MOST_PPM:
        fault = InvalidError(
            "probit.bad_value",
            "体积分数至多 1,000,000 ppm，得到 {given}",
            field="value",
            got=value,
            expected=[0, MOST_PPM],
            params={"given": f"{value:g}"},
        )
        faults.append(fault)
    if probit is not None and probit.load.takes_time and minutes is None:
        fault = InvalidError(
            "probit.no_minutes",
            "{name} 需要暴露时间（分钟）",
            field="minutes",
            params={"name": probit.name},
        )
        faults.append(fault)
    if minutes is not None and not (math.isfinite(minutes) and minutes >= 0):
        faults.append(_bad_minutes(minutes))
    return faults


def raise_faults(faults: list[CityError]) -> None:
    """Refuse with the one fault, or with ``probit.refused`` and all of them.

    Raises
    ------
    CityError
        When there is any.
    """
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            "probit.refused",
            "有 {count} 处不对：{first}",
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )


def _bad_minutes(minutes: float | None) -> InvalidError:
    known = minutes is not None and math.isfinite(minutes)
    return InvalidError(
        "probit.bad_minutes",
        "暴露时间应为非负的分钟数，得到 {given}",
        field="minutes",
        got=minutes if known else None,
        params={"given": str(minutes)},
    )


def _cautions(probit: Probit, probability: float) -> tuple[Caution, ...]:
    found = []
    if not TAIL <= probability <= 1.0 - TAIL:
        found.append(
            Caution("probit.tail", "概率低于 1 % 或高于 99 %：概率单位函数的两端缺少实测依据")
        )
    if probit.confidence is not Confidence.READ:
        found.append(Caution("probit.unverified", f"系数{probit.confidence.words.zh}"))
    return tuple(found)
