"""Where a feature comes from, in words that its delivery bears out."""

from __future__ import annotations

from typing import Any

from gis.errors import CrsError
from gis.layers import LayerSpec
from gis.reference import Reference, name_of, parse_crs


def origin_of(tx: Any, spec: LayerSpec, fid: int) -> dict[str, Any]:
    """What is known of how a row came in.

    Degrees that are stored as they came have no system beside their row: the report of their
    delivery says which it was.

    Returns
    -------
    dict
        ``source_id``, ``row_version``; ``delivered_crs``, the system of the delivery, and
        ``delivered_name`` for people, both None where nothing says it; ``converted``, whether
        the numbers were changed; ``accuracy_m``, what that left as error, None where unknown.

    Raises
    ------
    NotFoundError
        When there is no such row.
    """
    found = dict(tx.layers.origin(spec, fid))
    label = found["delivered_crs"]
    found["converted"] = label is not None
    if label is None and found["source_id"] is not None:
        label = _stored_system(tx, int(found["source_id"]))
    reference = None if label is None else _reference(label)
    found["delivered_crs"] = label
    found["delivered_name"] = label if reference is None else _name(reference)
    if found["accuracy_m"] is None and reference is not None:
        found["accuracy_m"] = reference.accuracy_m
    return found


def _stored_system(tx: Any, number: int) -> str | None:
    delivery = tx.deliveries.get(number)
    label = None if delivery is None else (delivery.report or {}).get("crs")
    reference = None if not label else _reference(str(label))
    return str(label) if reference is not None and reference.is_stored else None


def _reference(label: str) -> Reference | None:
    """The system of a label that was written down once; None where its plug-in is gone."""
    try:
        return parse_crs(label)
    except CrsError:
        return None


def _name(reference: Reference) -> str:
    if reference.offset is not None:
        return {"gcj02": "GCJ-02", "bd09": "BD-09"}[reference.offset.value]
    if reference.crs is None:
        return reference.label
    code = name_of(reference.crs)
    return code if code == reference.crs.name else f"{code}（{reference.crs.name}）"
