"""Pipes and valves of underground surveys as the lifelines that hazards ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from cityops.services.underground.files import survey_of_files
from gis.errors import CrsError
from gis.features import object_array
from gis.frame import LocalFrame
from hazards.domino.lifelines import LifelineSet
from underground.kinds import kind_title
from underground.pipes import pipes_of_survey
from underground.survey.places import degrees_of, plane_of

_VALVE = "阀"


@dataclass(frozen=True)
class SurveyLifelines:
    """Lifelines out of the files of one survey; valves are points whose texts name one.

    Attributes
    ----------
    paths, crs
        As `cityops.services.underground.files.survey_of_files` takes them.
    """

    paths: Sequence[Path]
    crs: str | None = None

    def around(self, lon: float, lat: float, reach_m: float) -> LifelineSet:
        """Lines and valves whose box lies within a reach of a place.

        Raises
        ------
        FileError, CrsError
            What the survey refuses; ``crs.missing`` for a plan without a system.
        """
        survey = survey_of_files(self.paths, crs=self.crs)
        if survey.crs is None:
            raise CrsError(
                "crs.missing",
                "文件没有说明坐标系",
                field="crs",
                hint="用 --pipes-crs 指明，例如 EPSG:4548",
            )
        frame = LocalFrame(lon, lat)
        pipes, plane = pipes_of_survey(survey), plane_of(survey)
        axes = pipes.axes
        flat, _ = degrees_of(survey.crs, plane.delivered(axes.xyz[:, :2]))
        owner = np.repeat(np.arange(len(axes)), np.diff(axes.first))
        placed = np.bincount(owner, np.isnan(flat).any(axis=1), minlength=len(axes)) == 0
        metres = frame.project(np.nan_to_num(flat))
        lines = shapely.linestrings(metres, indices=owner) if len(axes) else object_array([])
        near = shapely.intersects(lines, shapely.box(-reach_m, -reach_m, reach_m, reach_m))
        kept = placed & near
        points = survey.points
        texts = zip(points.text("feature"), points.text("appurtenance"), strict=True)
        is_valve = np.array([_VALVE in f"{a or ''}{b or ''}" for a, b in texts], bool)
        places = np.column_stack([points.number("east"), points.number("north")])[is_valve]
        at, known = degrees_of(survey.crs, places)
        return LifelineSet(
            lines=np.asarray(lines, object)[kept],
            ids=pipes.ids[kept],
            kinds=object_array([kind_title(k) for k in pipes.kind[kept].tolist()]),
            owners=pipes.owner[kept],
            valve_ids=points.text("number")[is_valve][known],
            valves_m=frame.project(at[known]) if known.any() else np.empty((0, 2)),
            source=survey.source,
        )
