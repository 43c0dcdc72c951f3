"""What is asked of the models that are no blasts: gas that drifts, and fireballs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from gis.errors import CityError, InvalidError
from hazards.dispersion import britter_mcquaid, plume, puff
from hazards.fireball import MODEL as FIREBALL
from hazards.ground import SPREAD_DEG

#: Asks for the model that the criterion names.
AUTOMATIC = "dispersion"
PLUME, HEAVY, PUFF = plume.MODEL.name, britter_mcquaid.MODEL.name, puff.MODEL.name
BALL = FIREBALL.name
MAX_LEVELS = 8
#: The alternatives of a quantity that is not known, smallest first.
ALTERNATIVES = ("low", "likely", "high")

_WEATHER = ("wind_m_s", "wind_from", "wind_spread_deg", "temperature_k", "pressure_pa")
_GAS = (*_WEATHER, "molar_mass_g_mol", "cas")
_OF_PLUME = (*_GAS, "rate_kg_s", "stability", "terrain", "height_m", "averaging_min", "receptor_m")
_OF_HEAVY = (*_GAS, "rate_kg_s", "duration_s", "release_k")
#: Model -> the options it uses.
OPTIONS: dict[str, frozenset[str]] = {
    PLUME: frozenset(_OF_PLUME),
    HEAVY: frozenset(_OF_HEAVY),
    AUTOMATIC: frozenset((*_OF_PLUME, *_OF_HEAVY)),
    PUFF: frozenset((*_GAS, "mass_kg", "stability", "height_m", "receptor_m")),
    BALL: frozenset(("mass_kg", "heat_mj_kg", "radiated_share", "form", "vapour_pa")),
}
_NEEDED: dict[str, tuple[str, ...]] = {
    PLUME: ("rate_kg_s", "wind_m_s", "wind_from", "stability", "terrain"),
    HEAVY: ("rate_kg_s", "wind_m_s", "wind_from", "molar_mass_g_mol"),
    AUTOMATIC: ("rate_kg_s", "wind_m_s", "wind_from", "stability", "terrain", "molar_mass_g_mol"),
    PUFF: ("mass_kg", "wind_m_s", "wind_from", "stability"),
    BALL: ("mass_kg", "heat_mj_kg"),
}
_PLACE = frozenset({"model", "lon", "lat", "crs", "levels", "anywhere"})


@dataclass(frozen=True)
class ModelRequest:
    """What is asked; None where nothing was given.

    Attributes
    ----------
    levels
        Such as ``20ppm`` or ``5kW/m2``; none takes those of the substance or of the classes.
    rate_kg_s, mass_kg
        By alternative (low, likely, high).
    cas
        Of the gas: gives its molar mass, its levels and the class of a zone.
    wind_from, wind_spread_deg
        Degrees clockwise from north, and by how much the wind may turn to either side.
    anywhere
        A place outside of the city is a caution and not a fault.
    """

    model: str
    lon: float
    lat: float
    levels: tuple[str, ...] = ()
    crs: str = "cgcs2000"
    rate_kg_s: Mapping[str, float | None] | None = None
    mass_kg: Mapping[str, float | None] | None = None
    cas: str | None = None
    molar_mass_g_mol: float | None = None
    wind_m_s: float | None = None
    wind_from: float | None = None
    wind_spread_deg: float | None = None
    stability: str | None = None
    terrain: str | None = None
    height_m: float | None = None
    temperature_k: float | None = None
    pressure_pa: float | None = None
    averaging_min: float | None = None
    receptor_m: float | None = None
    duration_s: float | None = None
    release_k: float | None = None
    heat_mj_kg: float | None = None
    radiated_share: float | None = None
    form: str | None = None
    vapour_pa: float | None = None
    anywhere: bool = False

    @property
    def quantity(self) -> str:
        """Name of the quantity that has alternatives."""
        return "mass_kg" if "mass_kg" in OPTIONS[self.model] else "rate_kg_s"

    @property
    def spread_deg(self) -> float:
        """By how much the wind may turn."""
        return SPREAD_DEG if self.wind_spread_deg is None else self.wind_spread_deg

    def amounts(self) -> dict[str, float]:
        """The given quantities by alternative, in the order of `ALTERNATIVES`."""
        given: Mapping[str, float | None] = getattr(self, self.quantity) or {}
        return {n: float(v) for n in ALTERNATIVES if (v := given.get(n)) is not None}

    def as_dict(self) -> dict[str, Any]:
        """The request as JSON, as it is kept with the run: what was given."""
        return {n: v for n, v in asdict(self).items() if v is not None and n != "anywhere"}


def check_options(request: ModelRequest) -> None:
    """Refuse options that the model would not use, so that nobody believes they did.

    Raises
    ------
    InvalidError
        ``hazard.unknown_model``, ``hazard.wrong_option``.
    """
    if request.model not in OPTIONS:
        raise InvalidError(
            "hazard.unknown_model",
            "没有模型 {got}，有 {expected}",
            field="model",
            got=request.model[:60],
            expected=sorted(OPTIONS),
        )
    names = [f.name for f in fields(request) if f.name not in _PLACE]
    used = OPTIONS[request.model]
    extra = [n for n in names if getattr(request, n) is not None and n not in used]
    if extra:
        raise wrong_options(request.model, extra)


def wrong_options(model: str, names: list[str]) -> InvalidError:
    """The fault of options that a model does not use."""
    options = "、".join(map(option, names))
    return InvalidError(
        "hazard.wrong_option",
        "模型 {model} 不用 {options}",
        field=names[0],
        params={"model": model, "options": options},
    )


def missing_faults(request: ModelRequest, *, by_volume: bool) -> list[CityError]:
    """A fault for each thing that the model needs and that was not given."""
    needed = list(_NEEDED[request.model])
    if by_volume and "molar_mass_g_mol" not in needed and request.model != BALL:
        needed.append("molar_mass_g_mol")
    gives = {"molar_mass_g_mol"} if request.cas is not None else set()
    missing = [n for n in needed if getattr(request, n) is None and n not in gives]
    if request.quantity not in missing and not request.amounts():
        missing.insert(0, request.quantity)
    return [
        InvalidError("plume.missing", "缺少 {option}", field=n, params={"option": option(n)})
        for n in missing
    ]


def option(name: str) -> str:
    """A field as the command line calls it."""
    return "--" + name.replace("_", "-")


def order_faults(request: ModelRequest) -> list[CityError]:
    """A fault when the alternatives do not grow."""
    values = list(request.amounts().values())
    if values == sorted(values):
        return []
    return [
        InvalidError(
            "hazard.amount_order",
            "数量应由小到大：low ≤ likely ≤ high，得到 {got}",
            field=request.quantity,
            got=values,
        )
    ]
