"""Runs of hazard models: compute, keep for ever, show again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from typing import Any, NoReturn
from uuid import UUID, uuid4

from cityops.services.areas import AreaService
from cityops.services.hazards.counting import Exposure, ZoneSet, exposure_of
from cityops.services.hazards.grading import (
    boundary_of,
    graded,
    graded_around,
    inventory_json,
    residents_near,
)
from cityops.services.hazards.harming import harmed
from cityops.services.hazards.model_json import result_of, swept_set, zone_set
from cityops.services.hazards.model_plans import ModelPlan, model_plan
from cityops.services.hazards.model_requests import ModelRequest
from cityops.services.hazards.reach import may_read, reach_of
from cityops.services.hazards.requests import BlastPlan, BlastRequest, planned
from cityops.services.hazards.run_json import (
    class_json,
    data_json,
    heat_json,
    level_json,
    model_json,
    result_json,
)
from cityops.services.hazards.surroundings import Surroundings
from cityops.services.hidden_looks import HiddenLooks
from cityops.services.layers import LayerService, Reading
from cityops.services.locate import areas_json
from cityops.services.permissions import Action, permission_for, require
from cityops.services.ports import Store
from cityops.services.roles import SYSTEM, Person
from cityops.services.scene_kept import SCENE_KEY, layer_notices
from gis.errors import NotFoundError
from grid.clock.calendar import CITY_ZONE
from hazards.classes import hazard_classes, kinds_of
from hazards.coverage import NEAR_M
from hazards.fire_zones import known_heats
from hazards.gb18218.inventory import Inventory, read_inventory
from hazards.gb18218.resolve import check_line
from hazards.layers import HAZARD_SITES
from hazards.levels import blast_levels
from hazards.models import Caution, ModelKind
from hazards.registry import DEFAULT_CURVE, models

MAX_RECENT = 50
#: What runs are of.
RUN_KINDS = (*(kind.value for kind in ModelKind), "grade", "probit")


def now_utc() -> datetime:
    """The present time, aware."""
    return datetime.now(UTC)


class HazardService:
    """Hazard runs of one store.

    Parameters
    ----------
    layers
        The layers of this process.
    clock, new_id
        Give the present time, aware, and the identity of a run.
    """

    def __init__(
        self,
        store: Store,
        layers: LayerService,
        areas: AreaService,
        clock: Callable[[], datetime] = now_utc,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._store = store
        self._layers = layers
        self._areas = areas
        self._clock = clock
        self._new_id = new_id
        self._looks = HiddenLooks(store)

    # -- what there is -------------------------------------------------------------------------

    def levels(self, person: Person) -> dict[str, Any]:
        """Levels of overpressure and of heat, strongest first, and the classes of every harm.

        Raises
        ------
        ForbiddenError
            When the person may not see hazards.
        """
        require(person, HAZARD_SITES, Action.VIEW)
        return {
            "levels": [level_json(level) for level in blast_levels()],
            "heats": [heat_json(heat) for heat in known_heats()],
            "classes": [
                {"harm": row.harm.value, "kinds": list(row.kinds), **(class_json(row) or {})}
                for row in hazard_classes()
            ],
        }

    def models(self, person: Person) -> dict[str, Any]:
        """Models with formula, source and range, those of blasts apart; which is the default.

        Raises
        ------
        ForbiddenError
            When the person may not see hazards.
        """
        require(person, HAZARD_SITES, Action.VIEW)
        return {
            "models": [model_json(model) for model in models(ModelKind.BLAST)],
            "others": [
                model_json(model) for model in models() if model.kind is not ModelKind.BLAST
            ],
            "default": DEFAULT_CURVE,
        }

    # -- running -------------------------------------------------------------------------------

    def run(self, person: Person, request: BlastRequest) -> dict[str, Any]:
        """Compute the zones of a request and what they reach, and keep the run.

        Raises
        ------
        ForbiddenError
            When the person may not see hazards.
        InvalidError
            The fault, or ``hazard.invalid`` with every one of several.
        """
        with self._layers.reading() as now:
            scene = now.tx.meta.get(SCENE_KEY) or {}
            accuracy_m = float(scene.get("district_accuracy_m") or 0.0)
            plan = planned(now, person, request, accuracy_m)
            around = Surroundings(now, person, plan.place, plan.largest_m + NEAR_M)
            if plan.site is not None:
                around.seen(HAZARD_SITES.name)
            exposure = None
            if not _is_elsewhere(plan):
                lookup, own = self._areas.lookup(now.tx), (plan.site or {}).get("id")
                exposure = exposure_of(around, _discs(plan), lookup, own=own)
            result = self._result(now, plan, exposure, around, layer_notices(scene))
        return self._keep(person, request.as_dict(), result)

    def run_model(self, person: Person, request: ModelRequest) -> dict[str, Any]:
        """Compute the zones of gas that drifts or of a fireball, count in them, keep the run.

        Raises
        ------
        ForbiddenError
            When the person may not see hazards.
        InvalidError
            The fault, or ``plume.refused`` with every one of several.
        """
        with self._layers.reading() as now:
            scene = now.tx.meta.get(SCENE_KEY) or {}
            plan = model_plan(now, person, request, float(scene.get("district_accuracy_m") or 0.0))
            zones, lookup = zone_set(plan), self._areas.lookup(now.tx)
            # What the wind sweeps reaches no farther than the zone itself.
            around = Surroundings(now, person, plan.place, zones.extents.reach_m + NEAR_M)
            exposure = None
            if not _is_elsewhere(plan):
                kinds, swept = kinds_of(plan.harm), swept_set(plan)
                exposure = exposure_of(around, zones, lookup, kinds=kinds, swept=swept)
            used = list(around.used.values())
            areas = areas_json(lookup, lookup.code_at(plan.place.lon, plan.place.lat))
            result = result_of(plan, exposure, areas, data_json(used, layer_notices(scene)))
            result |= {"program": version("cityops"), "reach": reach_of(used)}
        return self._keep(person, request.as_dict(), result)

    def grade_given(self, person: Person, given: Mapping[str, Any]) -> dict[str, Any]:
        """The grading of an inventory in JSON values, with its fence under ``boundary`` or none.

        Raises
        ------
        ForbiddenError
            When the person may not see hazards.
        InvalidError
            As `grade`.
        """
        require(person, HAZARD_SITES, Action.VIEW)
        listed = {name: value for name, value in given.items() if name != "boundary"}
        inventory = read_inventory(json.dumps(listed), check_line)
        return self.grade(person, inventory, given.get("boundary"))

    def grade(self, person: Person, inventory: Inventory, boundary: Any = None) -> dict[str, Any]:
        """The grading of a unit, kept; with its fence the residents are counted.

        Parameters
        ----------
        boundary
            GeoJSON polygon of the enterprise in degrees of CGCS2000, or None.

        Raises
        ------
        ForbiddenError
            When the person may not see hazards.
        InvalidError
            The fault of a line or of the fence, or ``inventory.invalid`` with all of them.
        """
        require(person, HAZARD_SITES, Action.VIEW)
        used: dict[str, Any] = {}
        if boundary is None:
            found = graded(inventory)
        else:
            fence = boundary_of(boundary, self._layers.bench)
            with self._layers.reading() as now:
                counted, seen = residents_near(now, person, fence)
                used = reach_of(seen)
            found = graded_around(inventory, counted, seen)
        result = found | {"kind": "grade", "program": version("cityops"), "reach": used}
        asked = inventory_json(inventory) | {"boundary": boundary}
        return self._keep(person, asked, result)

    def probit(
        self, person: Person, name: str, value: float, minutes: float | None
    ) -> dict[str, Any]:
        """The share that a load harms, kept.

        Raises
        ------
        ForbiddenError
            When the person may not see hazards.
        InvalidError
            For an unknown name, a bad value or a missing time.
        """
        require(person, HAZARD_SITES, Action.VIEW)
        found = harmed(name, value, minutes)
        told = {"kind": "probit", "harm": found["kind"], "model": f"probit:{found['name']}"}
        result = found | told | {"program": version("cityops"), "reach": {}}
        return self._keep(person, {"name": name, "value": value, "minutes": minutes}, result)

    def _result(
        self,
        now: Reading,
        plan: BlastPlan,
        exposure: Exposure | None,
        around: Surroundings,
        notices: dict[str, dict[str, Any]],
    ) -> dict[str, Any]:
        lookup = self._areas.lookup(now.tx)
        code = lookup.code_at(plan.place.lon, plan.place.lat)
        used = list(around.used.values())
        found = result_json(plan, exposure, areas_json(lookup, code), data_json(used, notices))
        return found | {"program": version("cityops"), "reach": reach_of(used)}

    def _keep(
        self, person: Person, asked: dict[str, Any], result: dict[str, Any]
    ) -> dict[str, Any]:
        run_id, model = str(self._new_id()), result["model"]
        row = _row(run_id, self._clock(), person, asked, result)
        with self._store.writing() as tx:
            tx.hazard_runs.add(run_id, row["at"], person.id, person.name, model, asked, result)
            tx.audit.add(person, "hazard.run", f"hazard_run:{run_id}", detail={"model": model})
        return _told(row)

    # -- looking -------------------------------------------------------------------------------

    def get(self, person: Person, run_id: UUID) -> dict[str, Any]:
        """A run as it was computed.

        Raises
        ------
        NotFoundError
            When there is none, or it was counted from what this person may not see; the latter
            is audited.
        """
        with self._layers.reading() as now:
            row = now.tx.hazard_runs.find(str(run_id))
            seen = row is not None and self._may_read(now, person, row)
        if row is None or not seen:
            self._refuse_hidden(person, run_id, there=row is not None)
        return _told(row)

    def _may_read(self, now: Reading, person: Person, row: dict[str, Any]) -> bool:
        if not permission_for(person, HAZARD_SITES, Action.VIEW).allowed:
            return False
        return may_read(person, now.registry, row["result"]["reach"])

    def _refuse_hidden(self, person: Person, run_id: UUID, *, there: bool) -> NoReturn:
        if there:
            self._looks.note(person, "hazard.hidden", f"hazard_run:{run_id}")
        raise NotFoundError("hazard.no_run", "没有这次计算：{got}", field="run_id", got=str(run_id))

    def recent(
        self, person: Person, limit: int = 20, kind: str = ModelKind.BLAST.value
    ) -> dict[str, Any]:
        """The newest runs of a kind that the person may read, without their zones.

        Parameters
        ----------
        kind
            One of `RUN_KINDS`, or ``all``.

        Raises
        ------
        ForbiddenError
            When the person may not see hazards.
        """
        require(person, HAZARD_SITES, Action.VIEW)
        with self._layers.reading() as now:
            rows = now.tx.hazard_runs.newest()
            wanted = (row for row in rows if kind in ("all", kind_of_run(row)))
            seen = (_brief(row) for row in wanted if self._may_read(now, person, row))
            shown = list(islice(seen, min(max(limit, 1), MAX_RECENT)))
        return {"runs": shown}


def kind_of_run(row: Mapping[str, Any]) -> str:
    """What a kept run is of: runs of the first version say nothing and are blasts."""
    return str(row["result"].get("kind", ModelKind.BLAST.value))


def model_run_without_store(
    request: ModelRequest,
    clock: Callable[[], datetime] = now_utc,
    new_id: Callable[[], UUID] = uuid4,
) -> dict[str, Any]:
    """Zones of a model where there is no store: nothing is counted, nothing is kept.

    Raises
    ------
    InvalidError
        The fault, or ``plume.refused`` with every one of several.
    """
    plan = model_plan(None, SYSTEM, request, 0.0)
    caution = Caution("hazard.not_kept", "没有数据库：只算了影响范围，没有统计人数，没有保存")
    result = result_of(replace(plan, cautions=(caution, *plan.cautions)), None, None, [])
    return _not_kept(request, result | {"program": version("cityops")}, clock, new_id)


def run_without_store(
    request: BlastRequest,
    clock: Callable[[], datetime] = now_utc,
    new_id: Callable[[], UUID] = uuid4,
) -> dict[str, Any]:
    """Zones of a request where there is no store: nothing is counted, nothing is kept.

    Raises
    ------
    InvalidError
        The fault, or ``hazard.invalid`` with every one of several.
    """
    plan = planned(None, SYSTEM, request, 0.0)
    caution = Caution("hazard.not_kept", "没有数据库：只算了影响范围，这次计算没有保存")
    result = result_json(replace(plan, cautions=(caution, *plan.cautions)), None, None, [])
    return _not_kept(request, result, clock, new_id)


def _not_kept(
    request: BlastRequest | ModelRequest,
    result: dict[str, Any],
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
) -> dict[str, Any]:
    """A run as it is answered that is in no store."""
    return _told(_row(str(new_id()), clock(), SYSTEM, request.as_dict(), result)) | {"kept": False}


def _row(
    run_id: str, at: datetime, person: Person, asked: dict[str, Any], result: dict[str, Any]
) -> dict[str, Any]:
    """A run as the store gives it."""
    return {
        "id": run_id,
        "at": at.astimezone(CITY_ZONE).isoformat(timespec="milliseconds"),
        "person_name": person.name,
        "request": asked,
        "result": result,
    }


def _discs(plan: BlastPlan) -> ZoneSet:
    return ZoneSet.of_discs(
        {n: [z.radius_m for z in found.zones] for n, found in plan.alternatives.items()}
    )


def _is_elsewhere(plan: BlastPlan | ModelPlan) -> bool:
    """Whether the place is known to lie outside of the city, where there is nothing to count."""
    return any(c.code == "hazard.outside_city" for c in plan.cautions)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A run as it is answered: what it was counted from by right stays with the store."""
    result = {name: value for name, value in row["result"].items() if name != "reach"}
    return {
        "run_id": row["id"],
        "at": row["at"],
        "person": {"name": row["person_name"]},
        "inputs": row["request"],
        "kept": True,
        **result,
    }


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    result, kind = row["result"], kind_of_run(row)
    head = {
        "run_id": row["id"],
        "at": row["at"],
        "person": {"name": row["person_name"]},
        "kind": kind,
        "model": row["model"],
    }
    if kind in ("grade", "probit"):
        return head
    quantity = "rate_kg_s" if "rate_kg_s" in result["alternatives"][0] else "mass_kg"
    name = "masses_kg" if quantity == "mass_kg" else "rates_kg_s"
    amounts = {one["name"]: one[quantity] for one in result["alternatives"]}
    return head | {"place": result["place"], "site": result["site"], name: amounts}
