"""The use case: grade and evacuation of a scenario on paper, as the answers give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cityops.services.hazards.brief_words import evacuation_section, grade_section
from cityops.services.permissions import Action, require
from cityops.services.roles import Person
from cityops.services.scene_kept import SCENE_KEY
from cityops.services.sheets.composing import marks_of
from cityops.services.sheets.press import Press
from hazards.layers import HAZARD_SITES

TEMPLATE = "brief"
_TITLE = "重大危险源分级与人员疏散"


@dataclass(frozen=True)
class Brief:
    """The document as PDF, and a name for its file."""

    pdf: bytes
    filename: str


class HazardBriefs:
    """Documents on grade and evacuation of one deployment."""

    def __init__(self, press: Press) -> None:
        self._press = press

    def print(
        self,
        person: Person,
        about: str,
        *,
        grade: Mapping[str, Any] | None = None,
        evacuation: Mapping[str, Any] | None = None,
    ) -> Brief:
        """Grade, evacuation or both on A4; the print is noted in the audit trail.

        Parameters
        ----------
        about
            What it is about, as people call it.
        grade
            The answer of `HazardService.grade`.
        evacuation
            The answer of `evacuation_run`.

        Raises
        ------
        ForbiddenError
            When the person may not take hazard data out.
        UnavailableError
            When the PDF cannot be made.
        """
        require(person, HAZARD_SITES, Action.EXPORT)
        sections: Sequence[dict[str, Any]] = [
            *([] if grade is None else [grade_section(grade)]),
            *([] if evacuation is None else [evacuation_section(evacuation)]),
        ]
        at = self._press.time()
        with self._press.layers.reading() as now:
            scene = dict(now.tx.meta.get(SCENE_KEY) or {})
        parts = [part for part in (grade, evacuation) if part is not None]
        estimates = [f"{part['estimate']['zh']} {part['estimate']['en']}" for part in parts]
        data = {
            "title": _TITLE,
            "subtitle": about,
            "marks": [*dict.fromkeys(estimates), *marks_of([], scene, self._press.map_review_no)],
            "sections": sections,
            "who": person.name,
            "when": f"{at:%Y-%m-%d %H:%M}",
        }
        pdf = self._press.printer.pdf(TEMPLATE, data, at)
        with self._press.store.writing() as tx:
            runs = [part["run_id"] for part in parts if part.get("run_id")]
            detail = {"models": [part["model"] for part in parts], "runs": runs}
            tx.audit.add(person, "hazard.print", "hazard_brief", detail=detail)
        return Brief(pdf, f"{_TITLE}_{at:%Y%m%d-%H%M}.pdf")
