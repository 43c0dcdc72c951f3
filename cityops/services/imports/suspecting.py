"""Whether a delivery lies where it says, held against a layer that the sender names."""

from __future__ import annotations

from typing import Any

from gis.features import FeatureBatch, ObjectArray
from gis.layers import LayerSpec
from gis.reference import Reference
from gis.suspicion import ReferenceLayer, Score, Verdict, suspect_datum

#: Layers whose positions are generalised or rounded: they prove nothing.
_COARSE_GROUPS = frozenset({"areas"})
_COARSE_LAYERS = frozenset({"places", "coast"})
#: What the other layers are taken to be good for, standard deviation in metres.
_USUAL_M = 5.0


def accuracy_of(spec: LayerSpec) -> float | None:
    """Standard deviation of a layer's positions in metres; None where it may not serve as reference."""
    if spec.group in _COARSE_GROUPS or spec.name in _COARSE_LAYERS:
        return None
    return _USUAL_M


def suspicion(
    delivered: ObjectArray, reference: Reference, spec: LayerSpec, against: FeatureBatch
) -> dict[str, Any]:
    """Verdict, score and n of the hypotheses on a delivery's datum, as JSON.

    Parameters
    ----------
    delivered
        (n,) shapes as delivered, numbers of `reference`.
    spec, against
        The layer that is known to lie right, and its rows.

    Raises
    ------
    InvalidError
        When the layer is too coarse or empty.
    """
    found = suspect_datum(delivered, reference, ReferenceLayer(against.geometry, accuracy_of(spec)))
    return {
        "reference": spec.name,
        "verdict": found.verdict.value,
        "cannot_tell": found.verdict is Verdict.CANNOT_TELL,
        "n": found.n,
        "margin": round(found.margin, 3),
        "best": _score(found.best),
        "scores": [_score(score) for score in found.scores],
    }


def _score(score: Score) -> dict[str, Any]:
    distance = score.median_distance_m
    return {
        "hypothesis": score.hypothesis.value,
        "crs": score.crs[:80],
        "score": None if score.score is None else round(score.score, 3),
        "landing": round(score.landing, 3),
        "n": score.n,
        "median_distance_m": None if distance is None else round(distance, 2),
    }
