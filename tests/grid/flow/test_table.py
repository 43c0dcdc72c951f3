"""The table of transitions, row by row on its allowed side, and everything else on its refused side."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from flow_people import FULL, NOW, ROLE_OF, full, person, ready, world

from gis.errors import CityError, ConflictError, ForbiddenError, InvalidError
from grid.flow.case import Pending, Request
from grid.flow.choices import needs_of, open_actions
from grid.flow.mover import move, posts_of, refusal
from grid.flow.states import (
    ACTION_TITLES,
    END_STATES,
    LIVE_STATES,
    STATE_TITLES,
    CaseAction,
    CaseState,
    PendingKind,
    Post,
)
from grid.flow.table import TRANSITIONS, index_of

A_RETURN = Pending(PendingKind.RETURN, 7, "不属本部门", True, NOW)
#: Written out by hand from the 22 rows of the table of two live systems, and three of our own:
#: row | state | action | who, and of whom the case must be | state it leads to.
BY_HAND = """
 2 | reported    | ask_verify         | acceptor                                  | verifying
 2 | verifying   | confirm            | collector:task                            | reported
 2 | verifying   | deny               | collector:task                            | reported
 2 | verifying   | unable             | collector:task                            | reported
 3 | reported    | refuse             | acceptor                                  | not_accepted
 4 | reported    | accept             | acceptor                                  | to_file
 5 | to_file     | send_back          | filer                                     | reported
 6 | to_file     | file               | filer                                     | to_dispatch
 7 | to_dispatch | dispatch           | dispatcher:centre                         | to_dispose
 7 | to_dispatch | designate          | dispatcher:centre                         | to_dispose
 7 | to_dispatch | forward            | dispatcher:centre                         | to_dispatch
 8 | to_dispatch | ask_void           | dispatcher:centre                         | to_dispatch
 8 | to_dispatch | grant_void         | filer                                     | void
 8 | to_dispatch | deny_void          | filer                                     | to_dispatch
 9 | to_dispatch | send_back          | dispatcher:centre                         | to_file
10 | to_dispose  | assign             | department:department                     | disposing
10 | disposing   | revoke             | department:department                     | to_dispose
10 | disposing   | decline            | department:handler                        | to_dispose
11 | to_dispose  | ask_return         | department:department                     | to_dispose
11 | to_dispose  | grant_return       | dispatcher:centre                         | to_dispatch
11 | to_dispose  | deny_return        | dispatcher:centre                         | to_dispose
11 | disposing   | ask_return         | department:department                     | disposing
12 | to_dispose  | ask_extension      | department:department                     | to_dispose
12 | to_dispose  | endorse_extension  | department:department                     | to_dispose
12 | to_dispose  | grant_extension    | dispatcher:centre                         | to_dispose
12 | to_dispose  | deny_extension     | dispatcher:centre department:department   | to_dispose
12 | disposing   | ask_extension      | department:department                     | disposing
12 | disposing   | endorse_extension  | department:department                     | disposing
12 | disposing   | grant_extension    | dispatcher:centre                         | disposing
12 | disposing   | deny_extension     | dispatcher:centre department:department   | disposing
13 | to_dispose  | ask_suspension     | department:department                     | to_dispose
13 | to_dispose  | endorse_suspension | department:department                     | to_dispose
13 | to_dispose  | grant_suspension   | dispatcher:centre                         | suspended
13 | to_dispose  | deny_suspension    | dispatcher:centre department:department   | to_dispose
13 | disposing   | ask_suspension     | department:department                     | disposing
13 | disposing   | endorse_suspension | department:department                     | disposing
13 | disposing   | grant_suspension   | dispatcher:centre                         | suspended
13 | disposing   | deny_suspension    | dispatcher:centre department:department   | disposing
14 | suspended   | resume             | dispatcher:centre department:department system | to_dispose
15 | disposing   | submit             | department:handler                        | disposing
15 | disposing   | hand_back          | department:department                     | to_inspect
15 | to_dispose  | hand_back          | department:department                     | to_inspect
16 | disposing   | reject_work        | department:department                     | disposing
17 | to_inspect  | ask_inspect        | acceptor system                           | inspecting
17 | inspecting  | pass               | collector:task                            | to_close
17 | inspecting  | fail               | collector:task                            | to_dispose
17 | inspecting  | unable             | collector:task                            | to_inspect
17 | to_inspect  | waive              | acceptor filer                            | to_close
18 | to_inspect  | rework             | acceptor filer dispatcher:centre          | to_dispose
18 | to_close    | rework             | acceptor filer dispatcher:centre          | to_dispose
19 | to_close    | close              | filer                                     | closed
21 | reported    | confirm_self       | acceptor                                  | closed
21 | reported    | void_self          | acceptor                                  | void
22 | closed      | ask_appeal         | department:department                     | closed
22 | closed      | pass_appeal        | dispatcher:centre                         | closed
22 | closed      | grant_appeal       | acceptor                                  | closed
22 | closed      | deny_appeal        | dispatcher:centre acceptor                | closed
23 | verifying   | recall             | acceptor                                  | reported
23 | inspecting  | recall             | acceptor                                  | to_inspect
24 | to_file     | void               | filer                                     | void
25 | reported    | link               | acceptor filer                            | reported
25 | reported    | unlink             | acceptor filer                            | reported
25 | to_file     | link               | acceptor filer                            | to_file
25 | to_file     | unlink             | acceptor filer                            | to_file
"""


def parsed() -> dict[tuple[CaseState, CaseAction], tuple[int, dict[Post, str], CaseState]]:
    out = {}
    for line in BY_HAND.strip().splitlines():
        row, state, action, who, after = (part.strip() for part in line.split("|"))
        posts = {w.partition(":")[0]: w.partition(":")[2] for w in who.split()}
        posts = {Post(post): owner for post, owner in posts.items()}
        out[CaseState(state), CaseAction(action)] = (int(row), posts, CaseState(after))
    for state in LIVE_STATES:
        out[state, CaseAction.FORCE_CLOSE] = (20, {Post.LEADER: ""}, CaseState.FORCED_CLOSE)
    return out


EXPECTED = parsed()
#: Who is assigned must be un-assigned first, so this row only says so.
NEVER = {(CaseState.DISPOSING, CaseAction.ASK_RETURN): "case.handler_assigned"}
ALLOWED = [
    (s, a, post)
    for (s, a), (_, posts, _) in EXPECTED.items()
    for post in posts
    if (s, a) not in NEVER
]
REFUSED_CODES = {
    "task": "case.other_task",
    "centre": "case.other_centre",
    "department": "case.other_department",
    "handler": "case.other_handler",
}


def test_every_row_of_the_table_of_live_systems_is_there():
    assert {row for row, _, _ in EXPECTED.values()} == set(range(2, 26))
    assert {row.row for row in TRANSITIONS} == set(range(2, 26))


def test_the_table_is_the_one_written_by_hand():
    assert {(t.before, t.action): t.row for t in TRANSITIONS} == {
        key: row for key, (row, _, _) in EXPECTED.items()
    }


@pytest.mark.parametrize(("state", "action", "post"), ALLOWED, ids="-".join)
def test_an_allowed_move_leads_where_the_table_says(state, action, post):
    case = ready(state, action)
    moved, entry = move(case, action, person(post), full(action), world())
    assert moved.state is EXPECTED[state, action][2]
    assert (entry.before, entry.after, entry.post) == (state, moved.state, post.value)
    assert (entry.number, moved.steps, entry.at) == (1, 1, NOW)


def expected_code(state, action, post, owner) -> str | None:
    """The refusal by the table written by hand, None where the move is allowed."""
    if (state, action) not in EXPECTED:
        return "case.wrong_state"
    posts = EXPECTED[state, action][1]
    if post not in posts:
        return "case.wrong_role"
    if owner or not posts[post]:
        return NEVER.get((state, action))
    return REFUSED_CODES[posts[post]]


@pytest.mark.parametrize("state", CaseState)
def test_whatever_the_table_does_not_hold_is_refused_with_its_own_code(state):
    for action, post, owner in product(CaseAction, Post, (True, False)):
        case = ready(state, action)
        if action is CaseAction.FORWARD and not owner:
            case = replace(case, centre="district")
        if (state, action) not in EXPECTED:
            case = replace(case, merged_into=None)
        found = refusal(case, action, person(post, owner=owner), full(action), world())
        expected = expected_code(state, action, post, owner)
        assert (found.code if found else None) == expected, (action, post, owner)
        if expected is not None:
            conflicts = ("case.wrong_state", "case.handler_assigned")
            kind = ConflictError if expected in conflicts else ForbiddenError
            assert isinstance(found, kind)
            with pytest.raises(kind):
                move(case, action, person(post, owner=owner), FULL, world())


def test_somebody_without_any_post_may_do_nothing():
    nobody = replace(person(Post.ACCEPTOR), roles=frozenset({"planner", "citizen"}))
    for row in TRANSITIONS:
        with pytest.raises(ForbiddenError):
            move(ready(row.before, row.action), row.action, nobody, FULL, world())


NEEDED = [(row, name) for row in TRANSITIONS for name in sorted(row.needs)]


@pytest.mark.parametrize(("row", "name"), NEEDED, ids=lambda v: getattr(v, "action", v))
def test_an_input_that_the_table_asks_for_must_be_there(row, name):
    empty = {"note": " \n", "department": "", "proposed": ""}.get(name)
    request = replace(full(row.action), **{name: empty})
    actor = person(next(iter(row.posts)))
    with pytest.raises(InvalidError) as caught:
        move(ready(row.before, row.action), row.action, actor, request, world())
    assert (caught.value.code, caught.value.field) == (f"case.{name}_needed", name)


def test_nothing_but_an_appeal_leads_out_of_an_end_state():
    out_of_end = {row.action for row in TRANSITIONS if row.before in END_STATES}
    assert {a.value.endswith("_appeal") for a in out_of_end} == {True}


def test_every_state_can_be_reached_and_every_live_one_left():
    reached, edge = {CaseState.REPORTED}, {CaseState.REPORTED}
    while edge:
        edge = {after for (s, _), (_, _, after) in EXPECTED.items() if s in edge} - reached
        reached |= edge
    assert reached == set(CaseState) - set()
    assert {row.before for row in TRANSITIONS} >= set(LIVE_STATES)


def test_a_table_with_two_rows_for_one_act_is_refused():
    with pytest.raises(InvalidError) as caught:
        index_of([*TRANSITIONS, replace(TRANSITIONS[0], after=CaseState.VOID)])
    assert caught.value.code == "case.ambiguous_table"


def test_everything_has_a_name_in_both_languages():
    for titles, kinds in ((STATE_TITLES, CaseState), (ACTION_TITLES, CaseAction)):
        assert set(titles) == set(kinds)
        assert all(t.zh and t.en for t in titles.values())


@pytest.mark.parametrize("state", CaseState)
def test_offered_acts_are_those_that_are_not_refused(state):
    case = ready(state)
    for post in Post:
        actor = person(post)
        offered = set(open_actions(case, actor, world()))
        allowed = {a for a in CaseAction if refusal(case, a, actor, full(a), world()) is None}
        assert offered == allowed


def test_refusals_speak_of_bodies_and_requests_by_their_chinese_names():
    given_back = replace(ready(CaseState.TO_DISPATCH), returned_by=("drainage",))
    waiting = replace(ready(CaseState.TO_DISPOSE), pending=(A_RETURN,))
    again = replace(full(CaseAction.DISPATCH), department="drainage", note=" ")
    told = [
        refusal(given_back, CaseAction.DISPATCH, person(Post.DISPATCHER), again, world()),
        refusal(waiting, CaseAction.ASK_RETURN, person(Post.DEPARTMENT), FULL, world()),
    ]
    assert [str(r) for r in told] == [
        "排水管理部门（示例）刚刚回退过此案，再次派遣须说明理由",
        "有回退申请待批，先作决定",
    ]
    assert [r.got for r in told] == ["drainage", ["return"]]


def test_one_role_may_hold_several_posts_in_a_small_city():
    settings = replace(
        world().settings,
        posts=tuple(
            (p, frozenset({"acceptor"}) if p is Post.FILER else frozenset({ROLE_OF[p]}))
            for p in Post
        ),
    )
    assert posts_of({"acceptor"}, settings) == {Post.ACCEPTOR, Post.FILER}
    small = world(settings=settings)
    moved, entry = move(
        ready(CaseState.TO_FILE), CaseAction.FILE, person(Post.ACCEPTOR), FULL, small
    )
    assert (moved.state, entry.post) == (CaseState.TO_DISPATCH, "filer")


def test_needs_tell_the_form_what_to_ask_for():
    assert needs_of(ready(CaseState.TO_FILE), CaseAction.FILE) == {"filing"}
    assert needs_of(ready(CaseState.VOID), CaseAction.FILE) == frozenset()


def test_a_disposal_asks_for_a_photo_until_there_is_one():
    without = replace(ready(CaseState.TO_DISPOSE), photos_after=0)
    assert needs_of(without, CaseAction.HAND_BACK) == {"note", "photo"}
    assert needs_of(replace(without, photos_after=1), CaseAction.HAND_BACK) == {"note"}


def test_a_note_has_a_longest_length():
    long = Request(note="长" * 2001)
    with pytest.raises(InvalidError) as caught:
        move(ready(CaseState.TO_FILE), CaseAction.VOID, person(Post.FILER), long, world())
    assert caught.value.code == "case.note_too_long"


def test_refusals_are_for_people():
    error = refusal(
        ready(CaseState.CLOSED), CaseAction.DISPATCH, person(Post.DISPATCHER), FULL, world()
    )
    assert isinstance(error, CityError)
    assert str(error) == "案件已结案，不能派遣"
