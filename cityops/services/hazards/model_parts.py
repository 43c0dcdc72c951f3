"""Every number of a request to a model held against its range, each by itself.

What is missing or wrong elsewhere in the request hides none of them: where a check needs a
neighbour that is not there, one that is surely good stands in for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from cityops.services.hazards.model_requests import BALL, PUFF, ModelRequest
from gis.errors import CityError, InvalidError
from hazards.dispersion.briggs import Stability
from hazards.dispersion.levels import Air
from hazards.dispersion.plume import RANGES, check_ranges
from hazards.dispersion.puff import PuffSource
from hazards.dispersion.zones import check_gas
from hazards.fireball import fireball
from hazards.numbers import check_positive

_GOOD_WIND_M_S, _GOOD_MASS_KG, _GOOD_HEAT_J_KG = 3.0, 1000.0, 46e6


def number_faults(request: ModelRequest, air: Air) -> list[CityError]:
    """A fault for each number that the model refuses whatever the others are."""
    faults: list[CityError] = []
    checks = _of_ball(request) if request.model == BALL else _of_gas(request, air)
    for check in checks:
        try:
            check()
        except InvalidError as fault:
            faults.extend(fault.errors or (fault,))
    return faults


def _of_ball(request: ModelRequest) -> Iterator[Callable[[], object]]:
    for mass in request.amounts().values():
        yield partial(fireball, mass, _GOOD_HEAT_J_KG)
    if request.heat_mj_kg is not None:
        yield partial(fireball, _GOOD_MASS_KG, request.heat_mj_kg * 1e6)
    if request.radiated_share is not None:
        yield partial(fireball, _GOOD_MASS_KG, _GOOD_HEAT_J_KG, request.radiated_share)


def _of_gas(request: ModelRequest, air: Air) -> Iterator[Callable[[], object]]:
    yield partial(check_gas, request.molar_mass_g_mol, air)
    if request.release_k is not None:
        yield partial(check_positive, "heavy", release_k=request.release_k)
    if request.receptor_m is not None:
        yield partial(check_ranges, receptor_m=request.receptor_m)
    wind = _GOOD_WIND_M_S if request.wind_m_s is None else request.wind_m_s
    if request.model == PUFF:
        for mass in [*request.amounts().values()] or [_GOOD_MASS_KG]:
            yield partial(PuffSource, mass, wind, Stability.D, request.height_m or 0.0)
        return
    for rate in request.amounts().values():
        yield partial(check_ranges, rate_kg_s=rate)
    names = ("wind_m_s", "height_m", "averaging_min")
    given = {name: getattr(request, name) for name in names}
    known = {name: value for name, value in given.items() if value is not None and name in RANGES}
    yield partial(check_ranges, **known)
