"""What a city may set about its workflow; every value has a source and says how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from gis.errors import InvalidError
from grid.clock.limit import Limit, limit_of
from grid.flow.states import CaseSource, Post
from grid.shipped import shipped_rows


@dataclass(frozen=True)
class FlowSettings:
    """Settings of the workflow.

    Attributes
    ----------
    posts
        Roles that hold each post.
    return_window
        How long after dispatch a department may ask to give a case back; None is without end.
    same_period_minutes
        How far from the time of day of the report an inspection may be, where that matters.
    auto_inspect
        Whether a collector is sent as soon as a department hands back.
    """

    posts: tuple[tuple[Post, frozenset[str]], ...]
    needs_verification: frozenset[CaseSource]
    returns_before_designation: int = 3
    return_window: Limit | None = None
    max_extensions: int = 2
    max_suspensions: int = 1
    max_suspension_days: int = 365
    same_period_minutes: int = 60
    auto_inspect: bool = False

    def roles_of(self, post: Post) -> frozenset[str]:
        """Roles that hold a post."""
        return dict(self.posts)[post]


def flow_settings_of(rows: Sequence[dict[str, str]]) -> FlowSettings:
    """Settings of a table of setting and value.

    Raises
    ------
    InvalidError
        ``flow.bad_setting`` when one is missing or no value of its kind.
    """
    values = {row["setting"]: row["value"] for row in rows}

    def whole(name: str) -> int:
        text = values.get(name, "")
        if not text.isdigit():
            raise InvalidError(
                "flow.bad_setting", "{field} 应为整数，得到 {got}", field=name, got=text
            )
        return int(text)

    window = values.get("return_window_amount", "")
    filers = frozenset(values.get("filers", "").split())
    leaders = frozenset(values.get("leaders", "").split())
    if not filers or not leaders:
        raise InvalidError("flow.bad_setting", "没有说明谁立案、谁强制结案", field="filers")
    return FlowSettings(
        posts=(
            (Post.COLLECTOR, frozenset({"inspector"})),
            (Post.ACCEPTOR, frozenset({"acceptor"})),
            (Post.FILER, filers),
            (Post.DISPATCHER, frozenset({"dispatcher"})),
            (Post.DEPARTMENT, frozenset({"department"})),
            (Post.LEADER, leaders),
            (Post.SYSTEM, frozenset({Post.SYSTEM.value})),
        ),
        needs_verification=frozenset(
            CaseSource(name) for name in values.get("needs_verification", "").split()
        ),
        returns_before_designation=whole("returns_before_designation"),
        return_window=limit_of(window, values["return_window_unit"]) if window else None,
        max_extensions=whole("max_extensions"),
        max_suspensions=whole("max_suspensions"),
        max_suspension_days=whole("max_suspension_days"),
        same_period_minutes=whole("same_period_minutes"),
        auto_inspect=values.get("auto_inspect") == "yes",
    )


@cache
def shipped_flow_settings() -> FlowSettings:
    """The settings that ship.

    Examples
    --------
    >>> shipped_flow_settings().max_extensions
    2
    """
    return flow_settings_of(shipped_rows("flow_settings.csv"))
