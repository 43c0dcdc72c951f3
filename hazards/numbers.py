"""Numbers that a model can work with: refused before they are used."""

from __future__ import annotations

import math

from gis.errors import InvalidError


def check_positive(model: str, *, zero_ok: tuple[str, ...] = (), **given: float) -> None:
    """Refuse the first number that is not finite and positive.

    Parameters
    ----------
    model
        Prefix of the code: ``fireball`` gives ``fireball.bad_input``.
    zero_ok
        Names that may be nought.

    Raises
    ------
    InvalidError
        ``<model>.bad_input`` with the name as field.

    Examples
    --------
    >>> check_positive("fireball", mass_kg=1.0)
    """
    for name, value in given.items():
        good = math.isfinite(value) and (value > 0 or (value == 0 and name in zero_ok))
        if not good:
            raise InvalidError(
                f"{model}.bad_input",
                "{field} 应为有限的正数，得到 {given}",
                field=name,
                got=value if math.isfinite(value) else None,
                params={"given": f"{value:g}"},
            )
