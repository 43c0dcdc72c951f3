"""A machine that drives the engine through the service: two people at a time, any act at any moment.

Beside the service it keeps only versions and histories: what must hold of every sequence of acts.
"""

# ruff: noqa: PT017 - which refusals may come is what is asserted
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cityops.services.accounts import AccountService
from cityops.services.areas import AreaService
from cityops.services.case_acts import Act
from cityops.services.cases import CaseService
from cityops.services.jobs import JobService
from cityops.services.photos import PhotoService
from cityops.services.roles import SYSTEM, Person, Role
from cityops.store.files import FolderFileStore
from gis.errors import CityError, ConflictError, ForbiddenError, InvalidError, StaleError
from grid.flow.states import END_STATES, CaseAction
from grid.flow.table import INDEX

from .conftest import Clock, NoBell, a_report, jpeg

ROLES = {
    "inspector": Role.INSPECTOR,
    "other inspector": Role.INSPECTOR,
    "acceptor": Role.ACCEPTOR,
    "other acceptor": Role.ACCEPTOR,
    "leader": Role.SHIFT_LEADER,
    "other leader": Role.SHIFT_LEADER,
    "dispatcher": Role.DISPATCHER,
    "other dispatcher": Role.DISPATCHER,
    "drainage": Role.DEPARTMENT,
    "greening": Role.DEPARTMENT,
}
DEPARTMENT = {"drainage": "drainage", "greening": "greening"}
PEOPLE = {
    name: Person(100 + n, name, frozenset({role}), department=DEPARTMENT.get(name))
    for n, (name, role) in enumerate(ROLES.items())
}
ENDINGS = {"force_close", "void", "refuse", "link", "unlink", "recall", "unable", "send_back"}
WATCHER = Person(99, "看", frozenset({Role.AUDITOR}))
who = st.sampled_from(sorted(PEOPLE))
which = st.integers(0, 2)
#: Who sends a photo of what; the last is not the dispatcher's to show.
shots = st.sampled_from(
    [
        ("inspector", "report"),
        ("drainage", "after"),
        ("greening", "after"),
        ("leader", "report"),
        ("dispatcher", "after"),
    ]
)
waiting = st.sampled_from([0, 600, 5 * 3600, 30 * 3600])
note = st.sampled_from(["说明", "另一说明", "第三种", ""])
department = st.sampled_from(["drainage", "greening", "drainage", "moon"])


class Machine(RuleBasedStateMachine):
    """Three cases, ten people, one clock that only goes on."""

    town = None
    folder = None

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.cases = CaseService(self.town, AreaService(), self.clock)
        files = FolderFileStore(self.folder / "files")
        jobs = JobService(self.town, NoBell())
        self.photos = PhotoService(self.town, files, self.cases, jobs, self.clock)
        sources = ("inspector", "acceptor", "inspector")
        self.ids = [uuid4() for _ in sources]
        for number, source in zip(self.ids, sources, strict=True):
            self.cases.report(PEOPLE[source], a_report(id=number))
        self.advance(self.ids[1], "drainage")
        self.advance(self.ids[2], "greening", hand_back="说明")
        self.told = {number: self.history(number) for number in self.ids}

    def advance(self, number, department, hand_back=None):
        """Bring a case into the hands of a department, or to be inspected."""
        inspector, worker = PEOPLE["inspector"], PEOPLE[department]
        self.photos.add(inspector, number, "before.jpg", jpeg(), "report")
        steps = [
            ("acceptor", Act(CaseAction.ASK_VERIFY)),
            ("inspector", Act(CaseAction.CONFIRM)),
            ("acceptor", Act(CaseAction.ACCEPT)),
            ("leader", Act(CaseAction.FILE, condition="TJ-WELL-COVER")),
            ("dispatcher", Act(CaseAction.DISPATCH, department=department)),
        ]
        for name, act in steps:
            self.cases.move(PEOPLE[name], number, act)
        if hand_back is not None:
            self.photos.add(worker, number, "after.jpg", jpeg(), "after")
            self.cases.move(worker, number, Act(CaseAction.HAND_BACK, note=hand_back))

    def seen(self, number):
        return self.cases.get(WATCHER, number)

    def stored(self, number):
        with self.town.reading() as tx:
            record = tx.cases.find(number)
            return record, tx.cases.history(record.seq)

    def history(self, number):
        return self.seen(number)["history"]

    def act(self, number, action, given):
        inputs = {
            "assign": {"handler": self.handler},
            "ask_suspension": {"until": self.clock.now + timedelta(days=3)},
            "link": {"target": self.ids[given["other"]]},
            "file": {"condition": "TJ-WELL-COVER"},
            "ask_return": {"proposed": given["department"]},
            "dispatch": {"department": given["department"]},
            "designate": {"department": given["department"]},
        }
        version = self.seen(number)["version"]
        return Act(CaseAction(action), version, given["note"], **inputs.get(action, {}))

    # One rule for all: of several, hypothesis leaves some out of an example, and cases stand still.
    @rule(
        what=st.sampled_from(["acts", "acts", "acts", "photo", "time", "refused"]),
        number=which,
        shot=shots,
        seconds=waiting,
        picks=st.tuples(*[st.sampled_from(range(97))] * 2),
        name=who,
        action=st.sampled_from([*CaseAction]),
        note=note,
        department=department,
        other=which,
    )
    def something_happens(self, what, number, shot, seconds, picks, name, action, **given):
        if what == "acts":
            self.two_do_at_once_what_is_open_to_them(number, picks, given)
        elif what == "photo":
            self.photograph(number, shot)
        elif what == "time":
            self.time_goes_by(seconds)
        else:
            self.somebody_does_what_is_not_open_to_them(number, name, action, given["note"])

    def photograph(self, number, shot):
        name, kind = shot
        case = self.seen(self.ids[number])
        if len(case["photos"]) < 4 and not case["ended"]:
            try:
                self.photos.add(PEOPLE[name], self.ids[number], f"{uuid4()}.jpg", jpeg(), kind)
            except CityError as refusal:
                assert refusal.code in (
                    "case.unknown",
                    "photo.case_ended",
                    "photo.not_yours_to_show",
                )

    def time_goes_by(self, seconds):
        self.clock.now += timedelta(seconds=seconds)
        self.cases.resume_suspended()

    def two_do_at_once_what_is_open_to_them(self, number, picks, given):
        number = self.ids[number]
        open_now = [(name, act) for name in PEOPLE for act in self.offered(name, number)]
        # Acts that lead on come thrice, or most cases would end before they are dispatched.
        open_now = [one for one in open_now for _ in range(1 if one[1] in ENDINGS else 3)]
        chosen = [open_now[pick % len(open_now)] for pick in picks if open_now]
        for name, act in chosen:
            if act in ("hand_back", "submit") and not self.has_photo_after(number):
                data = jpeg((40 + picks[0], 30))
                self.photos.add(PEOPLE[name], number, f"{uuid4()}.jpg", data, "after")
        acts = [(name, self.act(number, act, given)) for name, act in chosen]
        before = self.seen(number)
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda one: self.tried(one[0], number, one[1]), acts))
        assert sum(done) <= 1, "both saw one version, both went through"
        after = self.seen(number)
        Machine.done += sum(done)
        if not any(done):
            assert after["version"] == before["version"]
            assert after["history"] == before["history"]
        else:
            assert len(after["history"]) > len(before["history"])

    def has_photo_after(self, number):
        return any(photo["kind"] == "after" for photo in self.seen(number)["photos"])

    def somebody_does_what_is_not_open_to_them(self, number, name, action, note):
        number = self.ids[number]
        if action.value in self.offered(name, number):
            return
        before = self.stored(number)
        given = {"note": note, "department": "drainage", "other": 0}
        with pytest.raises(CityError) as refusal:
            self.cases.move(PEOPLE[name], number, self.act(number, action, given))
        assert refusal.value.code.partition(".")[0] in ("case", "scheme")
        assert self.stored(number) == before

    def offered(self, name, number):
        try:
            case = self.cases.get(PEOPLE[name], number)
        except CityError as refusal:
            assert refusal.code == "case.unknown"
            return []
        return [act["action"] for act in case["actions"]]

    def tried(self, name, number, act):
        """Whether an act that was offered went through; refusals may only be about its inputs."""
        try:
            self.cases.move(PEOPLE[name], number, act)
        except (StaleError, InvalidError):
            return False
        except (ConflictError, ForbiddenError) as refusal:
            assert refusal.code in ("case.no_photo_after", "case.clock_set_back"), refusal.code
            return False
        except CityError as refusal:
            assert refusal.code == "case.unknown", refusal.code  # gone out of reach meanwhile
            return False
        return True

    @invariant()
    def history_only_grows_and_leads_to_the_state(self):
        for number in self.ids:
            case = self.seen(number)
            steps = case["history"]
            assert steps[: len(self.told[number])] == self.told[number]
            self.told[number] = steps
            assert [s["number"] for s in steps] == list(range(1, len(steps) + 1))
            assert all(a["after"] == b["before"] for a, b in pairwise(steps))
            assert steps[-1]["after"] == case["state"]
            assert [s["at"] for s in steps] == sorted(s["at"] for s in steps)

    @invariant()
    def every_step_is_a_row_of_the_table(self):
        rows = {(state.value, action.value) for state, action in INDEX}
        for steps in self.told.values():
            assert all((s["before"], s["action"]) in rows for s in steps[1:])

    @invariant()
    def what_is_in_an_inbox_can_be_acted_on_and_ended_cases_are_in_none(self):
        mine = {str(number) for number in self.ids}
        for name in ("inspector", "acceptor", "leader", "dispatcher", "drainage"):
            for case in self.cases.page(PEOPLE[name], inbox=True, limit=20)["cases"]:
                if case["id"] in mine:
                    assert case["actions"], (name, case["state"])
                    assert case["state"] not in {s.value for s in END_STATES} - {"closed"}


@pytest.mark.slow
def test_any_sequence_of_acts_by_two_people_at_once_keeps_every_case_whole(town, tmp_path):
    Machine.town, Machine.folder = town, tmp_path
    account = AccountService(town).add(
        *(SYSTEM, "machine.worker", [Role.DEPARTMENT]),
        password="open-sesame-7",
        department="drainage",
    )
    Machine.handler = account.id
    Machine.done = 0
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Machine.done > 10
