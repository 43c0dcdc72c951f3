"""Every effect model of the program, by name. A new model is a module and a line here."""

from __future__ import annotations

from gis.errors import InvalidError
from hazards.curves import Curve
from hazards.dispersion import britter_mcquaid, plume, puff
from hazards.fireball import MODEL as FIREBALL
from hazards.kingery_bulmash import KINGERY_BULMASH
from hazards.kinney_graham import KINNEY_GRAHAM
from hazards.models import HazardModel, ModelKind
from hazards.poolfire import MODEL as POOL_FIRE

#: Overpressure curves, the default one first.
CURVES: dict[str, Curve] = {curve.model.name: curve for curve in (KINGERY_BULMASH, KINNEY_GRAHAM)}
#: Models of gas that drifts.
DISPERSION: tuple[HazardModel, ...] = (plume.MODEL, puff.MODEL, britter_mcquaid.MODEL)
#: Models of fires.
FIRES: tuple[HazardModel, ...] = (FIREBALL, POOL_FIRE)
DEFAULT_CURVE = KINGERY_BULMASH.model.name


def models(kind: ModelKind | None = None) -> tuple[HazardModel, ...]:
    """All models, or those of one kind, the default of each kind first."""
    every = (*(curve.model for curve in CURVES.values()), *DISPERSION, *FIRES)
    return tuple(model for model in every if kind is None or model.kind is kind)


def curve_named(name: str) -> Curve:
    """The overpressure curve of the model called `name`.

    Raises
    ------
    InvalidError
        ``hazard.unknown_model`` when there is none.

    Examples
    --------
    >>> curve_named("kingery-bulmash").model.edition
    'Swisdak 1994'
    """
    found = CURVES.get(name)
    if found is None:
        raise InvalidError(
            "hazard.unknown_model",
            "没有爆炸模型 {got}，有 {expected}",
            field="model",
            got=name[:60],
            expected=sorted(CURVES),
        )
    return found
