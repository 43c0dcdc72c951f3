"""A model's network as a survey: its nodes are points, its links lines."""

from __future__ import annotations

import numpy as np

from gis.features import object_array
from gis.reference import Reference
from underground.faults import SheetRole
from underground.heights import UNKNOWN_DATUM, Part, datum_named
from underground.survey.inp import InpKind, InpModel
from underground.survey.model import LineShapes, Survey, SurveyTable


def survey_of_model(
    model: InpModel,
    *,
    crs: Reference | None = None,
    unit_m: float = 1.0,
    datum: str | None = None,
    source: str = "",
) -> Survey:
    r"""The survey in an EPANET or SWMM model.

    Levels are inverts in SWMM: the node's, plus the conduit's offset, and ground is the node's invert
    plus its greatest depth; pumps, weirs, orifices and outlets have no level. EPANET has one elevation per node and does not say of what: the part is
    unknown, and no ground is made up.

    Examples
    --------
    >>> from underground.survey.inp import parse_inp
    >>> text = "[JUNCTIONS]\nA 1 2\n[OUTFALLS]\nB 0 FREE\n[CONDUITS]\nC A B 9 1 0.5 0\n"
    >>> survey = survey_of_model(parse_inp(text + "[OPTIONS]\nFLOW_UNITS CMS\n"))
    >>> survey.lines.number("start_level").tolist(), survey.points.number("ground").tolist()
    ([1.5], [3.0, nan])
    """
    swmm = model.kind is InpKind.SWMM
    points = _table(
        SheetRole.POINTS,
        model.node_rows,
        {"number": model.nodes, "appurtenance": model.node_kind},
        {
            "east": model.xy[:, 0],
            "north": model.xy[:, 1],
            "ground": model.ground,
            "pipe_level": np.full(len(model.nodes), np.nan) if swmm else model.elevation,
        },
    )
    texts = {
        "name": model.links,
        "start": model.nodes[model.start],
        "end": model.nodes[model.end],
        "kind": object_array(["storm" if swmm else "water"] * len(model.links)),
        "part": object_array([Part.INVERT if swmm else Part.UNKNOWN] * len(model.links)),
        "status": object_array(["closed" if c else "open" for c in model.is_closed.tolist()]),
        "size": object_array(
            _size(*s) for s in zip(model.width, model.height, model.is_box, strict=True)
        ),
    }
    low = model.elevation[model.start] + _offsets(model, model.offset_start)
    high = model.elevation[model.end] + _offsets(model, model.offset_end)
    numbers = {"length": model.length, "start_level": low, "end_level": high}
    lines = _table(SheetRole.LINES, model.link_rows, texts, numbers)
    xyz = np.column_stack([model.vertices, np.full(len(model.vertices), np.nan)])
    ends = np.full((len(model.links), 2, 3), np.nan)
    return Survey(
        points=points,
        lines=lines,
        shapes=LineShapes(xyz, model.first),
        end_xyz=ends,
        crs=crs,
        unit_m=unit_m,
        datum=UNKNOWN_DATUM if datum is None else datum_named(datum),
        dialect=model.kind.value,
        source=source,
    )


def _offsets(model: InpModel, given: np.ndarray) -> np.ndarray:
    """Metres above the node's invert: 0 of conduits that leave it out, unknown of other links."""
    pipes = np.isin(model.link_kind.astype(str), ["pipe", "conduit"])
    return np.where(np.isnan(given) & pipes, 0.0, given)


def _size(width: float, height: float, is_box: bool) -> str | None:
    if np.isnan(width) or np.isnan(height):
        return None
    if is_box:
        return f"{width * 1000:.10g}x{height * 1000:.10g}"
    return f"{width * 1000:.10g}"


def _table(
    role: SheetRole, rows: np.ndarray, texts: dict[str, np.ndarray], numbers: dict[str, np.ndarray]
) -> SurveyTable:
    names = {name: name for name in (*texts, *numbers)}
    return SurveyTable(role, rows, {}, names, texts, numbers)
