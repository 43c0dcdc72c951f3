"""Whose turn it is: which posts a case waits for, so that inboxes hold what can be acted on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from grid.flow.case import Case
from grid.flow.settings import FlowSettings
from grid.flow.states import AppealState, CaseState, PendingKind, Post

_USUAL: dict[CaseState, Post] = {
    CaseState.REPORTED: Post.ACCEPTOR,
    CaseState.VERIFYING: Post.COLLECTOR,
    CaseState.TO_FILE: Post.FILER,
    CaseState.TO_DISPATCH: Post.DISPATCHER,
    CaseState.TO_DISPOSE: Post.DEPARTMENT,
    CaseState.DISPOSING: Post.DEPARTMENT,
    CaseState.TO_INSPECT: Post.ACCEPTOR,
    CaseState.INSPECTING: Post.COLLECTOR,
    CaseState.TO_CLOSE: Post.FILER,
}
_APPEAL = {AppealState.ASKED: Post.DISPATCHER, AppealState.PASSED: Post.ACCEPTOR}
_AT_ONCE = 2


def turn_of(case: Case) -> frozenset[Post]:
    """Posts that a case waits for; none when it is at rest, suspended or linked to another.

    A question that waits is answered first; asking for an extension does not stop the work.
    """
    if case.merged_into is not None:
        return frozenset()
    if case.state is CaseState.CLOSED:
        return frozenset({_APPEAL[case.appeal]}) if case.appeal in _APPEAL else frozenset()
    usual = _USUAL.get(case.state)
    asked = frozenset(_answering(case)) if case.is_open else frozenset()
    stuck = any(p.kind is not PendingKind.EXTENSION for p in case.pending)
    return asked if usual is None or (stuck and asked) else asked | {usual}


def _answering(case: Case) -> Iterator[Post]:
    for waiting in case.pending:
        if waiting.kind is PendingKind.VOID:
            yield Post.FILER
        else:
            yield Post.DISPATCHER if waiting.endorsed else Post.DEPARTMENT


def turn_name(posts: Iterable[Post]) -> str:
    """Posts as one text, '' for nobody; the same posts give the same text.

    Examples
    --------
    >>> turn_name({Post.DISPATCHER, Post.DEPARTMENT})
    'department dispatcher'
    """
    return " ".join(sorted(post.value for post in posts))


def turns_with(post: Post) -> frozenset[str]:
    """Every text of `turn_name` in which a post is named: at most two posts wait at once."""
    others = [p for p in Post if p is not post]
    return frozenset(
        turn_name({post, *more}) for n in range(_AT_ONCE) for more in combinations(others, n)
    )


def posts_waiting(roles: Iterable[str], settings: FlowSettings) -> frozenset[Post]:
    """Posts that somebody with these roles holds, for which cases may wait."""
    held = frozenset(roles)
    answering = {*_USUAL.values(), *_APPEAL.values()}
    return frozenset(p for p, named in settings.posts if p in answering and held & named)
