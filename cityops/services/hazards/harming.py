"""The share that a load harms, as interfaces answer it."""

from __future__ import annotations

from typing import Any

from cityops.services.hazards.run_json import confidence_json
from gis.errors import InvalidError
from hazards import SCREENING_EN, SCREENING_ZH
from hazards.probits import harm, probit_faults, probit_named, raise_faults


def harmed(name: str, value: float, minutes: float | None) -> dict[str, Any]:
    """Probit and probability of a named function in the fixed form.

    Parameters
    ----------
    value
        In the unit of the function, which the answer names.

    Raises
    ------
    InvalidError
        For an unknown name, a bad value or a missing time; ``probit.refused`` with all of several.
    """
    try:
        probit = probit_named(name)
    except InvalidError as fault:
        raise_faults([fault, *probit_faults(None, value, minutes)])
        raise
    found = harm(probit, value, minutes)
    return {
        "estimate": {"zh": SCREENING_ZH, "en": SCREENING_EN},
        "name": probit.name,
        "kind": probit.load.value,
        "title": {"zh": probit.title.zh, "en": probit.title.en},
        "probit": found.probit,
        "probability": found.probability,
        "unit": probit.unit,
        "formula": probit.formula,
        "source": probit.source,
        "confidence": confidence_json(probit.confidence),
        "inputs": {"value": value, "minutes": minutes},
        "warnings": [caution.as_dict() for caution in found.cautions],
    }
