"""What somebody may see and yet not do, and what the program leaves to people."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlalchemy import text

from cityops.services.case_acts import Act
from cityops.services.roles import Role
from gis.errors import CityError
from grid.flow.states import CaseAction


def _photo():
    out = io.BytesIO()
    Image.new("RGB", (48, 40), "teal").save(out, "JPEG")
    return out.getvalue()


WEST, EAST = "990101001001", "990101002001"
PHOTO = _photo()


def refused(do, *given, **more):
    with pytest.raises(CityError) as caught:
        do(*given, **more)
    return caught.value.code


@pytest.fixture
def handed_back(desk, inspector, acceptor, leader, dispatcher, drainage):
    """A case that the department says is done; the program has sent a collector."""
    case = desk.act(acceptor, desk.filed(inspector), "accept")
    case = desk.act(dispatcher, desk.act(leader, case, "file"), "dispatch", department="drainage")
    case = desk.act(drainage, case, "hand_back", note="已修好")
    assert case["state"] == "inspecting"
    return case


def test_a_recalled_inspection_stays_recalled_and_may_be_waived(desk, handed_back, acceptor):
    case = desk.act(acceptor, desk.cases.get(acceptor, UUID(handed_back["id"])), "recall", note="x")
    assert case["state"] == "to_inspect"
    assert desk.act(acceptor, case, "waive", note="照片已清楚")["state"] == "to_close"


def test_a_collector_who_cannot_tell_hands_the_question_back(
    desk, handed_back, inspector, acceptor
):
    seen = desk.cases.get(inspector, UUID(handed_back["id"]))
    assert desk.act(inspector, seen, "unable", note="围挡")["state"] == "to_inspect"


def test_who_left_an_area_sees_the_own_report_and_acts_on_it_no_more(desk, leader, acceptor):
    mine = replace(leader, areas=(WEST,))
    case = desk.act(acceptor, desk.filed(mine), "accept")
    moved = replace(leader, areas=(EAST,))
    seen = desk.cases.get(moved, UUID(case["id"]))
    assert (seen["state"], seen["actions"], seen["blocked"]) == ("to_file", [], [])
    act = Act(CaseAction.SEND_BACK, note="不清楚")
    assert refused(desk.cases.move, moved, UUID(case["id"]), act) == "case.not_your_area"
    waiting = desk.cases.page(moved, inbox=True)["cases"]
    assert case["id"] not in [row["id"] for row in waiting]
    assert case["id"] in [row["id"] for row in desk.cases.page(mine, inbox=True)["cases"]]


def test_only_a_collector_on_patrol_disposes_at_once(desk, acceptor, inspector):
    assert refused(desk.filed, acceptor, self_disposal=True) == "case.invalid"
    both = replace(inspector, roles=frozenset({Role.INSPECTOR, Role.ACCEPTOR}))
    case = desk.filed(both, self_disposal=True)
    desk.photos.add(both, UUID(case["id"]), "a.jpg", PHOTO, "after")
    act = Act(CaseAction.CONFIRM_SELF)
    assert refused(desk.cases.move, both, UUID(case["id"]), act) == "case.own_report"
    done = desk.act(acceptor, desk.cases.get(acceptor, UUID(case["id"])), "confirm_self")
    assert done["state"] == "closed"


def test_each_shows_by_photo_what_is_theirs_to_show(
    desk, inspector, acceptor, leader, dispatcher, drainage, greening
):
    case = desk.act(acceptor, desk.filed(inspector), "accept")
    case = desk.act(dispatcher, desk.act(leader, case, "file"), "dispatch", department="drainage")
    key = UUID(case["id"])
    for person, kind in (
        (drainage, "report"),
        (drainage, "verify"),
        (drainage, "inspection"),
        (inspector, "after"),
        (dispatcher, "after"),
        (acceptor, "inspection"),
    ):
        code = refused(desk.photos.add, person, key, f"{uuid4()}.jpg", PHOTO, kind)
        assert code == "photo.not_yours_to_show"
    assert desk.photos.add(drainage, key, "done.jpg", PHOTO, "after")[1]
    desk.act(drainage, desk.cases.get(drainage, key), "hand_back", note="好了")
    assert desk.photos.add(drainage, key, "done.jpg", PHOTO, "after")[1] is False


def test_a_case_to_which_others_are_linked_is_not_linked_on(desk, inspector, acceptor):
    one, two, three = (desk.filed(inspector) for _ in range(3))
    desk.act(acceptor, one, "link", target=UUID(two["id"]))
    act = Act(CaseAction.LINK, target=UUID(three["id"]))
    assert refused(desk.cases.move, acceptor, UUID(two["id"]), act) == "case.has_copies"


def test_one_case_that_cannot_be_resumed_keeps_none_of_the_others(
    desk, town, inspector, acceptor, leader, dispatcher, drainage
):
    def suspended():
        case = desk.act(acceptor, desk.filed(inspector), "accept")
        case = desk.act(leader, case, "file")
        case = desk.act(dispatcher, case, "dispatch", department="drainage")
        until = desk.clock.now + timedelta(days=2)
        case = desk.act(drainage, case, "ask_suspension", note="等料", until=until)
        return desk.act(dispatcher, case, "grant_suspension")

    broken, whole = suspended(), suspended()
    later = (desk.clock.now + timedelta(days=30)).isoformat()
    with town.writing() as tx:
        query = text("SELECT flow FROM case_record WHERE id = :id")
        flow = tx.connection.execute(query, {"id": broken["id"]}).scalar_one()
        tx.connection.execute(
            text("UPDATE case_record SET flow = :flow WHERE id = :id"),
            {"flow": json.dumps(json.loads(flow) | {"last_at": later}), "id": broken["id"]},
        )
    desk.clock.now += timedelta(days=3)
    assert desk.cases.resume_suspended() == 1
    assert desk.cases.get(drainage, UUID(whole["id"]))["state"] != "suspended"


def test_a_photo_that_comes_with_an_act_is_part_of_what_was_sent():
    plain = Act(CaseAction.HAND_BACK, note="好了")
    key = UUID(int=1)
    digests = {plain.digest(key, 7), replace(plain, photo_sha256="a" * 64).digest(key, 7)}
    assert len(digests) == 2
    assert plain.digest(key, 7) == replace(plain, photo_sha256=None).digest(key, 7)
