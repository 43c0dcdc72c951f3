"""What somebody may do to a case now, and what only a guard keeps from them."""

from __future__ import annotations

from collections.abc import Iterator

from gis.errors import CityError
from grid.flow.case import Actor, Case, Filing, Request
from grid.flow.guards import Guard, has_photos_after, known_department, links_another
from grid.flow.mover import owns, posts_of
from grid.flow.states import CaseAction, CaseState, Owner
from grid.flow.table import INDEX, Transition
from grid.flow.world import World

_ROWS: dict[CaseState, tuple[Transition, ...]] = {
    state: tuple(row for row in INDEX.values() if row.before is state) for state in CaseState
}
#: Inputs supposed to be given when it is asked what may be done at all.
SUPPOSED = Request(
    note="-",
    department="-",
    handler=-1,
    filing=Filing("-", None),
    proposed="-",
    photos=1,
)
#: Refusals that concern an input that will only be given then.
_OF_INPUT = frozenset(
    {
        "case.unknown_department",
        "case.unknown_centre",
        "case.until_needed",
        "case.bad_until",
        "case.bad_target",
    }
)
#: Guards that refuse nothing but an input.
_INPUT_GUARDS = frozenset({known_department, links_another})


class Choices:
    """What one actor may do: what depends on the actor alone is found once for many cases.

    Good for one moment and one set of surroundings, as `world` says; not to be kept.
    """

    def __init__(self, actor: Actor, world: World) -> None:
        self._actor, self._world = actor, world
        self._held = posts_of(actor.roles, world.settings)
        self._own: dict[CaseState, list[tuple[Transition, list[Owner], list[Guard]]]] = {}

    def open(self, case: Case) -> tuple[CaseAction, ...]:
        """What may be done now, inputs supposed to be given, in the order of the table."""
        return tuple(
            [row.action for row, guards in self._rows(case) if self._reason(case, guards) is None]
        )

    def hindered(self, case: Case) -> tuple[tuple[CaseAction, CityError], ...]:
        """What is the actor's to do but for a guard, with its refusal."""
        found = ((row.action, self._reason(case, guards)) for row, guards in self._rows(case))
        return tuple((action, reason) for action, reason in found if reason is not None)

    def _rows(self, case: Case) -> Iterator[tuple[Transition, list[Guard]]]:
        """Rows of the state that are out of the question for nothing but a guard or an input."""
        for row, owners, guards in self._held_rows(case.state):
            if case.merged_into is not None and row.action is not CaseAction.UNLINK:
                continue
            if Owner.ANYONE in owners or any(owns(case, self._actor, one) for one in owners):
                yield row, guards

    def _held_rows(self, state: CaseState) -> list[tuple[Transition, list[Owner], list[Guard]]]:
        found = self._own.get(state)
        if found is None:
            named = (
                (row, [owner for post, owner in row.owners if post in self._held])
                for row in _ROWS[state]
            )
            found = self._own[state] = [
                (row, owners, [g for g in row.guards if g not in _INPUT_GUARDS])
                for row, owners in named
                if owners
            ]
        return found

    def _reason(self, case: Case, guards: list[Guard]) -> CityError | None:
        """What the guards refuse, apart from inputs that are only supposed."""
        for guard in guards:
            reason = guard(case, self._actor, SUPPOSED, self._world)
            if reason is not None and reason.code not in _OF_INPUT:
                return reason
        return None


def open_actions(case: Case, actor: Actor, world: World) -> tuple[CaseAction, ...]:
    """What `actor` may do now, inputs supposed to be given, in the order of the table."""
    return Choices(actor, world).open(case)


def hindered_actions(
    case: Case, actor: Actor, world: World
) -> tuple[tuple[CaseAction, CityError], ...]:
    """What is `actor`'s to do but for a guard, with its refusal; inputs supposed to be given."""
    return Choices(actor, world).hindered(case)


def needs_of(case: Case, action: CaseAction) -> frozenset[str]:
    """Inputs that an action asks for now; empty when the table does not hold it.

    ``photo`` stands for one of the disposal that is still to be sent.
    """
    row = INDEX.get((case.state, action))
    if row is None:
        return frozenset()
    wants_photo = has_photos_after in row.guards and not case.photos_after
    return row.needs | {"photo"} if wants_photo else row.needs
