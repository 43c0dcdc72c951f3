"""Grids of several kinds side by side; cells merged, split, followed through time."""

from __future__ import annotations

from datetime import date

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import ConflictError, InvalidError, NotFoundError
from grid.units.crosswalk import crosswalk, main_cell
from grid.units.kinds import grid_kind, grid_kinds
from grid.units.unit import GridUnit, Register, pieces_of

COMMUNITY = "120101003001"
DAY = date(2026, 7, 1)


def unit(number: int, x: float, width: float = 1.0, community: str = COMMUNITY) -> GridUnit:
    code = f"{community}{number:03d}"
    return GridUnit("unit", code, shapely.box(x, 0, x + width, 1), community, date(2020, 1, 1))


def register(count: int = 4) -> Register:
    return Register("unit", [unit(n + 1, n) for n in range(count)])


def code(number: int) -> str:
    return f"{COMMUNITY}{number:03d}"


def test_merged_cells_are_closed_and_one_with_a_new_code_is_opened():
    change = register().merge([code(2), code(3)], DAY)
    assert [u.code for u in change.opened] == [code(5)]
    assert [(u.code, u.valid_to) for u in change.closed] == [(code(2), DAY), (code(3), DAY)]
    assert change.opened[0].shape.area == pytest.approx(2.0)
    assert [(k.old, k.new, k.share) for k in change.links] == [
        (code(2), code(5), 1.0),
        (code(3), code(5), 1.0),
    ]


def test_a_split_cell_is_followed_by_its_parts_numbered_from_the_west():
    whole = register()
    cut = shapely.LineString([(1.25, -1), (1.25, 2)])
    change = whole.split(code(2), pieces_of(whole.units[code(2)].shape, cut), DAY)
    assert [(u.code, round(u.shape.area, 2)) for u in change.opened] == [
        (code(5), 0.25),
        (code(6), 0.75),
    ]
    assert [round(k.share, 2) for k in change.links] == [0.25, 0.75]


def test_an_old_code_leads_to_its_successors_on_any_later_day():
    first = register()
    merged = first.after(first.merge([code(1), code(2)], date(2025, 1, 1)))
    shape = merged.units[code(5)].shape
    cut = shapely.LineString([(0.5, -1), (0.5, 2)])
    last = merged.after(merged.split(code(5), pieces_of(shape, cut), DAY))
    follow = lambda day: [u.code for u in last.successors(code(1), day)]  # noqa: E731
    assert follow(date(2024, 6, 1)) == [code(1)]
    assert follow(date(2025, 6, 1)) == [code(5)]
    assert follow(DAY) == [code(6), code(7)]
    with pytest.raises(ConflictError) as caught:
        last.in_force(code(1), DAY)
    assert caught.value.expected == [code(6), code(7)]


def test_a_code_is_never_used_again():
    first = register(3)
    merged = first.after(first.merge([code(2), code(3)], date(2025, 1, 1)))
    again = merged.merge([code(1), code(4)], DAY)
    assert [u.code for u in again.opened] == [code(5)]


@pytest.mark.parametrize(
    ("act", "error", "reason"),
    [
        (lambda r: r.merge([code(1)], DAY), InvalidError, "grid.merge_few"),
        (lambda r: r.merge([code(1), code(1)], DAY), InvalidError, "grid.merge_few"),
        (lambda r: r.merge([code(1), code(3)], DAY), InvalidError, "grid.not_adjacent"),
        (lambda r: r.merge([code(1), code(9)], DAY), NotFoundError, "grid.unknown_cell"),
        (
            lambda r: r.split(code(1), [shapely.box(0, 0, 1, 1)], DAY),
            InvalidError,
            "grid.split_few",
        ),
        (
            lambda r: r.split(code(1), [shapely.box(0, 0, 0.5, 1), shapely.box(0.6, 0, 1, 1)], DAY),
            InvalidError,
            "grid.split_cover",
        ),
        (lambda r: r.in_force(code(1), date(2019, 1, 1)), ConflictError, "grid.closed_cell"),
    ],
)
def test_a_change_that_cannot_be_is_refused(act, error, reason):
    with pytest.raises(error) as caught:
        act(register())
    assert caught.value.code == reason


def test_cells_of_two_communities_are_not_merged():
    other = unit(1, 4.0, community="120101003002")
    both = Register("unit", [*register().units.values(), other])
    with pytest.raises(InvalidError) as caught:
        both.merge([code(4), other.code], DAY)
    assert caught.value.code == "grid.merge_communities"


@pytest.mark.parametrize(
    ("units", "fault"),
    [
        ([unit(1, 0), unit(1, 1)], "grid.code_twice"),
        ([GridUnit("unit", "12", shapely.box(0, 0, 1, 1), COMMUNITY)], "grid.bad_code"),
        ([GridUnit("duty", code(1), shapely.box(0, 0, 1, 1), COMMUNITY)], "grid.other_kind"),
        (
            [GridUnit("unit", code(1), shapely.box(0, 0, 1, 1), COMMUNITY, DAY, DAY)],
            "grid.backwards",
        ),
    ],
)
def test_a_register_with_faults_is_refused(units, fault):
    with pytest.raises(InvalidError) as caught:
        Register("unit", units)
    assert [e.code for e in caught.value.errors] == [fault]


@given(st.integers(1, 4), st.integers(2, 3))
def test_area_is_neither_lost_nor_won_by_merging(first, count):
    whole = register(6)
    after = whole.after(whole.merge([code(n) for n in range(first, first + count)], DAY))
    now = [u for u in after.units.values() if u.holds(DAY)]
    assert sum(u.shape.area for u in now) == pytest.approx(6.0)
    assert len(now) == 6 - count + 1


def test_kinds_have_codes_of_their_own():
    good = {
        "unit": "120101003001001",
        "unit_14": "12010103001001",
        "governance": "120101003001G01",
        "community_service": "12345612010100360100",
        "duty": "AREA-0001",
    }
    assert set(good) == set(grid_kinds())
    for name, text in good.items():
        assert grid_kind(name).check(text) == text
        with pytest.raises(InvalidError):
            grid_kind(name).check(text + "!")
    with pytest.raises(NotFoundError):
        grid_kind("hexagons")


def test_a_crosswalk_shares_out_all_of_the_ground():
    units = list(register().units.values())
    duty = [
        GridUnit("duty", "AREA-0001", shapely.box(0, 0, 1.5, 1), COMMUNITY),
        GridUnit("duty", "AREA-0002", shapely.box(1.5, 0, 4, 1), COMMUNITY),
    ]
    rows = crosswalk(units, duty)
    assert sum(row.area for row in rows) == pytest.approx(4.0)
    assert [(r.one[-3:], r.two[-1], r.share_one) for r in rows][:3] == [
        ("001", "1", 1.0),
        ("002", "1", 0.5),
        ("002", "2", 0.5),
    ]
    assert main_cell(rows, code(2)) == "AREA-0001"
    assert main_cell(rows, "nowhere") is None
    assert crosswalk([], duty) == []
