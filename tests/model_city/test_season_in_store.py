"""The model city with its six months of cases in a store: all of it is there, or nothing."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from types import SimpleNamespace
from uuid import UUID

import orjson
import pytest
from generate.scene import NAME

from cityops.services.accounts import Account
from cityops.services.areas import AreaService
from cityops.services.cases import CaseService
from cityops.services.demo import DEMO_ACCOUNTS, demo_seats
from cityops.services.scenes import SceneService, read_scene
from cityops.settings import Settings
from cityops.store.database import create_all
from cityops.store.health import check_store
from gis.errors import CityError, FileError, InvalidError

#: A department that has work in hand at the end of so small a season.
BODY = "urban"
SEATED = {"inspector", "acceptor", "dispatcher", "leader", "department"}
#: Layers on which cases depend; a broken season needs no others to be refused.
NEEDED = ("districts", "streets", "communities", "cells", "components")


@pytest.fixture(scope="module")
def rows(small_scene):
    """Cases as the file has them, by id."""
    lines = gzip.decompress((small_scene / NAME / "cases.jsonl.gz").read_bytes()).splitlines()
    read = [json.loads(line) for line in lines]
    return {row["case"]["id"]: row for row in read}


@pytest.fixture(scope="module")
def city(small_scene, tmp_path_factory, new_database):
    """A store with the small city, demo accounts in their seats: ``store``, ``told``, ``lines``."""
    folder = tmp_path_factory.mktemp("data")
    store = create_all(Settings(data_dir=folder, database_url=new_database()))
    with store.writing() as tx:
        tx.accounts.seed_roles()
        for demo in DEMO_ACCOUNTS:
            roles, body = frozenset({demo.role}), demo.department and BODY
            account = Account(0, demo.username, demo.name, roles, department=body)
            tx.accounts.add(account, "nobody signs in")
    seats = {(post, body and BODY): one for (post, body), one in demo_seats(store).items()}
    assert {one.username for one in seats.values()} == SEATED
    lines: list[str] = []
    told = SceneService(store, small_scene).set_up(NAME, seats, lines.append)
    yield SimpleNamespace(store=store, told=told, lines=lines)
    store.dispose()


@pytest.fixture
def person(city):
    """Whoever signs in as a demo account, by its name."""

    def found(username: str):
        with city.store.reading() as tx:
            return tx.accounts.find(username).person

    return found


def test_layers_are_there_as_promised_and_the_store_is_whole(city, small_scene):
    promised = {entry.layer: entry.rows for entry in read_scene(NAME, small_scene).layers}
    assert city.told["layers"] == promised
    assert promised["buildings"] > 50
    faults = check_store(city.store, full=True)["faults"]
    assert [f for f in faults if "磁盘" not in f] == []


def test_numbers_of_cases_steps_and_photos_are_those_of_the_files(city, rows):
    told = city.told["cases"]
    assert told["cases"] == len(rows) > 100
    assert told["steps"] == sum(len(row["history"]) for row in rows.values())
    assert told["photos"] == sum(len(row.get("photos", ())) for row in rows.values()) > 0
    assert city.lines[-1] == f"照片 {told['photos']}/{told['photos']}"


def test_every_case_stands_where_the_file_says_with_its_history(city, rows):
    with city.store.reading() as tx:
        kept = {case: tx.cases.find(UUID(case)) for case in rows}
        acts = {case: tx.cases.history(record.seq) for case, record in kept.items()}
    for case, row in rows.items():
        assert kept[case].flow.state.value == row["case"]["state"]
        assert [(e.action, e.after.value, e.at, e.note) for e in acts[case]] == [
            (e["action"], e["after"], datetime.fromisoformat(e["at"]), e.get("note", ""))
            for e in row["history"]
        ]


def test_inboxes_hold_what_the_files_say_waits_for_each_post(city, rows, person):
    # By the workflow: who acts on a case of each state; those linked to another wait for nobody.
    posts = {"acceptor": {"reported", "to_inspect"}, "dispatcher": {"to_dispatch"},
             "leader": {"to_file", "to_close"}, "department": {"to_dispose", "disposing"}}  # fmt: skip
    cases = [row["case"] for row in rows.values() if "merged_into" not in row["case"]]
    services = CaseService(city.store, AreaService())
    found = {username: services.counts(person(username))["inbox"] for username in posts}
    assert found == {
        username: sum(
            case["state"] in states and (username != "department" or case["department"] == BODY)
            for case in cases
        )
        for username, states in posts.items()
    }
    assert found["department"] > 0


def test_the_demo_account_plays_the_first_of_its_post_and_the_others_cannot_sign_in(
    city, small_scene, person
):
    staff = json.loads((small_scene / NAME / "staff.json").read_bytes())
    with city.store.reading() as tx:
        played = [a for a in tx.accounts.all() if a.username.startswith("sample-")]
    assert len(played) == len(staff) - len(SEATED) == city.told["cases"]["people"] - len(SEATED)
    assert not any(account.active for account in played)
    acted = CaseService(city.store, AreaService()).page(person("inspector"), mine=True)
    collector = next(one for one in staff if one["post"] == "collector")["id"]
    lines = gzip.decompress((small_scene / NAME / "cases.jsonl.gz").read_bytes()).splitlines()
    told = [json.loads(line)["history"][0]["actor_id"] for line in lines]
    assert acted["total"] == told.count(collector) > 0


@pytest.fixture
def broken(small_scene, tmp_path):
    """A scene of the layers that cases need, whose files of cases a test may break."""
    source, folder = small_scene / NAME, tmp_path / NAME
    folder.mkdir()
    body = orjson.loads((source / "scene.json").read_bytes())
    body["layers"] = [entry for entry in body["layers"] if entry["layer"] in NEEDED]
    (folder / "scene.json").write_bytes(orjson.dumps(body))
    for entry in body["layers"]:
        (folder / entry["file"]).symlink_to(source / entry["file"])
    for name in ("cases.jsonl.gz", "staff.json", "case_photos.zip"):
        (folder / name).write_bytes((source / name).read_bytes())
    return folder


@pytest.fixture
def bare(tmp_path):
    """A store with nothing in it."""
    store = create_all(Settings(data_dir=tmp_path / "bare"))
    yield store
    with store.reading() as tx:
        assert set(tx.layers.counts().values()) == {0}
        assert tx.meta.get("scene") is None
        assert [a.username for a in tx.accounts.all()] == []
        assert tx.audit.verify().entries == 0
    store.dispose()


def test_every_fault_of_a_season_is_named_and_nothing_is_stored(broken, bare, tmp_path):
    lines = gzip.decompress((broken / "cases.jsonl.gz").read_bytes()).splitlines()
    strange = json.loads(lines[1])
    strange["case"]["key"][2] = "9999"
    lines[0], lines[1] = lines[0][:-5], json.dumps(strange).encode()
    (broken / "cases.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines)))
    staff = orjson.loads((broken / "staff.json").read_bytes())
    gone = json.loads(lines[2])["history"][-1]["actor_id"]
    kept = [one for one in staff if one["id"] != gone]
    (broken / "staff.json").write_bytes(orjson.dumps(kept))
    with pytest.raises(InvalidError) as caught:
        SceneService(bare, tmp_path).set_up(NAME)
    found = {(fault.row, fault.code) for fault in caught.value.errors}
    assert {(1, "season.unreadable"), (2, "scheme.unknown_class"), (3, "season.person")} <= found
    assert caught.value.code == "season.refused"


def test_a_file_with_fewer_cases_than_promised_is_refused(broken, bare, tmp_path):
    lines = gzip.decompress((broken / "cases.jsonl.gz").read_bytes()).splitlines()
    (broken / "cases.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines[1:])))
    with pytest.raises(FileError, match=f"应有 {len(lines)} 个"):
        SceneService(bare, tmp_path).set_up(NAME)


@pytest.mark.parametrize("name", ["cases.jsonl.gz", "staff.json", "case_photos.zip"])
def test_a_damaged_file_is_refused_by_its_name(broken, bare, tmp_path, name):
    data = bytearray((broken / name).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    (broken / name).write_bytes(data)
    with pytest.raises(CityError) as caught:
        SceneService(bare, tmp_path).set_up(NAME)
    told = [caught.value, *getattr(caught.value, "errors", ())]
    wanted = "season.photo_damaged" if name == "case_photos.zip" else "season.file"
    assert wanted in {fault.code for fault in told}
