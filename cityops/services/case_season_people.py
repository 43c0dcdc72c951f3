"""People of played cases: their accounts, and their numbers in cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cityops.services.accounts import Account, hash_password, new_password
from cityops.services.case_bulk import NewCase, NewPhoto
from cityops.services.case_season_rows import numbered
from cityops.services.roles import Role
from gis.errors import CityError, ConflictError, InvalidError
from grid.duty import departments
from grid.flow.case import Case, Entry
from grid.flow.states import Post

#: Accounts of the staff are called so, with their number behind.
USERNAME = "sample-{number:03d}"
#: What holds an account: post and department.
Seat = tuple[Post, str | None]
_KEYED = ("reporter", "missed_by", "acceptor", "filer", "closer", "dispatcher", "verifier")
_KEYS = (*_KEYED, "inspector")


@dataclass(frozen=True)
class Member:
    """Somebody of the staff, under the number that the file gives."""

    number: int
    name: str
    post: Post
    role: Role
    department: str | None = None

    @property
    def seat(self) -> Seat:
        """What the member does."""
        return self.post, self.department


def read_members(rows: Any) -> tuple[tuple[Member, ...], list[CityError]]:
    """The staff of a file, and what is wrong with it."""
    found: list[Member] = []
    faults: list[CityError] = []
    for at, row in enumerate(rows if isinstance(rows, list) else [], 1):
        try:
            one = Member(
                int(row["id"]),
                str(row["name"]),
                Post(row["post"]),
                Role(row["role"]),
                row.get("department"),
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            faults.append(_fault(at, str(error)[:80]))
            continue
        unknown = one.post is Post.DEPARTMENT and one.department not in departments()
        if one.number < 1 or not 0 < len(one.name) <= 64 or unknown:
            faults.append(_fault(at, f"{one.number} {one.name}"[:80]))
        found.append(one)
    if len({one.number for one in found}) < len(found):
        faults.append(InvalidError("season.staff_twice", "人员名册里有重复的编号", field="staff"))
    return tuple(found), faults


def _fault(at: int, got: str) -> InvalidError:
    return InvalidError(
        "season.staff", "人员名册第 {at} 条不对：{got}", field="staff", got=got, params={"at": at}
    )


def accounts_for(
    tx: Any, staff: Sequence[Member], seats: Mapping[Seat, Account]
) -> dict[int, Account]:
    """Account of everybody by number: the first of a seat that is taken plays in that account.

    All others get accounts of their own, which nobody can sign in to.

    Raises
    ------
    ConflictError
        ``account.exists`` when an account has the name of one of theirs.
    """
    left = dict(seats)
    out: dict[int, Account] = {}
    taken = {account.username for account in tx.accounts.all()}
    tx.accounts.seed_roles()
    # Nobody knows it, and accounts that are not active are not asked.
    secret = hash_password(new_password())
    for one in sorted(staff, key=lambda m: m.number):
        playing = left.pop(one.seat, None)
        out[one.number] = playing or _added(tx, one, taken, secret)
    return out


def _added(tx: Any, one: Member, taken: set[str], secret: str) -> Account:
    username = USERNAME.format(number=one.number)
    if username in taken:
        raise ConflictError("account.exists", "已有账号 {got}", field="username", got=username)
    account = Account(
        id=0,
        username=username,
        name=one.name,
        roles=frozenset({one.role}),
        active=False,
        department=one.department if one.role is Role.DEPARTMENT else None,
    )
    made: Account = tx.accounts.add(account, secret)
    return made


def renumbered(case: NewCase, accounts: Mapping[int, Account]) -> NewCase:
    """A case in which everybody has the number of the account, and its name."""
    ids = {number: account.id for number, account in accounts.items()} | {0: 0}
    record = case.record
    history = tuple(_entry(e, ids, accounts) for e in case.history)
    keys = {name: _key(key, ids) if name in _KEYS else key for name, key in case.facts.keys.items()}
    return replace(
        case,
        record=replace(
            record,
            flow=_flow(record.flow, ids),
            reporter_id=history[0].actor_id,
            reporter_name=history[0].actor_name,
        ),
        history=history,
        facts=replace(case.facts, keys=keys),
        photos=tuple(_photo(p, ids) for p in case.photos),
    )


def _flow(flow: Case, ids: Mapping[int, int]) -> Case:
    named = ("reporter", "accepted_by", "filed_by", "handler")
    plain = {name: _id(getattr(flow, name), ids) for name in named}
    task, back = flow.task, flow.returned
    return replace(
        flow,
        **plain,  # type: ignore[arg-type]
        task=None if task is None else replace(task, assignee=_id(task.assignee, ids)),
        returned=None if back is None else replace(back, to=_id(back.to, ids), by=ids[back.by]),
        pending=tuple(replace(p, asked_by=ids[p.asked_by]) for p in flow.pending),
    )


def _entry(entry: Entry, ids: Mapping[int, int], accounts: Mapping[int, Account]) -> Entry:
    who = accounts.get(entry.actor_id)
    details = {
        name: str(ids[int(value)]) if name in ("handler", "assignee") else value
        for name, value in entry.details.items()
    }
    to = numbered(entry.receiver)
    return replace(
        entry,
        actor_id=ids[entry.actor_id],
        actor_name=entry.actor_name if who is None else who.name,
        receiver=entry.receiver if to is None else f"person:{ids[to]}",
        details=details,
    )


def _photo(photo: NewPhoto, ids: Mapping[int, int]) -> NewPhoto:
    return replace(photo, photo=replace(photo.photo, uploaded_by=ids[photo.photo.uploaded_by]))


def _id(number: int | None, ids: Mapping[int, int]) -> int | None:
    return None if number is None else ids[number]


def _key(key: str, ids: Mapping[int, int]) -> str:
    """The key of a person in a post, ``dispatcher/7``, with the number of the account."""
    post, slash, number = key.partition("/")
    return f"{post}/{ids[int(number)]}" if slash else key
