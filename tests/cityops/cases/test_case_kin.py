"""What an earlier case nearby is to a new report: a duplicate, a recurrence, or nothing."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from .conftest import jpeg


def closed(desk, inspector, acceptor, case):
    """Close a case as disposed of on the spot."""
    desk.photos.add(inspector, UUID(case["id"]), "after.jpg", jpeg((80, 60)), "after")
    return desk.act(acceptor, desk.cases.get(acceptor, UUID(case["id"])), "confirm_self")


def kin(desk, person):
    """Kinds of kin of a new report, by the case they are."""
    return {one["case_id"]: one["kind"] for one in desk.filed(person)["duplicates"]}


def test_a_recurrence_counts_from_the_end_however_long_the_case_took(desk, inspector, acceptor):
    case = desk.filed(inspector, self_disposal=True)
    desk.clock.now += timedelta(days=200)
    closed(desk, inspector, acceptor, case)
    desk.clock.now += timedelta(days=1)
    assert kin(desk, inspector)[case["id"]] == "recurrence"


def test_a_linked_copy_ends_with_the_case_that_it_was_linked_to(desk, inspector, acceptor):
    copy = desk.filed(inspector)
    case = desk.filed(inspector, self_disposal=True)
    desk.act(acceptor, copy, "link", target=UUID(case["id"]))
    closed(desk, inspector, acceptor, case)
    desk.clock.now += timedelta(days=1)
    found = kin(desk, inspector)
    assert {found[copy["id"]], found[case["id"]]} == {"recurrence"}
    desk.clock.now += timedelta(days=400)
    late = kin(desk, inspector)
    assert copy["id"] not in late
    assert case["id"] not in late
