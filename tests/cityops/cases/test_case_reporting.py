"""Filing: what the server finds out itself, what it refuses, and that nothing is filed twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from cityops.services.case_report import clock_check
from gis.errors import ConflictError, CrsError, ForbiddenError, InvalidError, NotFoundError
from grid.classes import CJ_SCHEME, GB_SCHEME, ClassKey
from grid.flow.states import CaseSource


def test_a_report_becomes_a_case_in_its_cell_with_a_number_of_the_day(desk, inspector, report):
    case, is_new = desk.cases.report(inspector, report())
    assert is_new
    assert case["state"] == "reported"
    assert case["cell_code"] == "990101001001001"
    assert case["place_title"] == "朝晖社区，朝晖街道"
    assert case["number"].startswith("99010020261124")
    assert [step["title"] for step in case["history"]] == ["上报"]
    assert case["history"][0]["actor_title"] == "网格监督员 监督员甲"


def test_numbers_of_a_day_run_without_a_gap(desk, inspector):
    numbers = [int(desk.filed(inspector)["number"][-5:]) for _ in range(3)]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


def test_the_day_of_a_number_is_the_citys_not_that_of_greenwich(desk, inspector):
    desk.clock.now = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    assert "20261125" in desk.filed(inspector)["number"]


def test_the_class_names_the_department_and_the_component_goes_before_it(desk, inspector):
    by_class = desk.filed(inspector)
    lamp = ClassKey("component", GB_SCHEME, "0137")
    by_component = desk.filed(inspector, class_key=lamp, component="9901010137000002")
    assert (by_class["suggested_department"], by_class["suggested_by"]) == ("drainage", "class")
    assert by_component["suggested_department"] == "greening"
    assert by_component["suggested_by"] == "component"
    assert by_component["departments"][0]["code"] == "greening"


def test_the_same_report_again_makes_no_second_case(desk, inspector, report):
    one = report()
    first, is_new = desk.cases.report(inspector, one)
    again, is_new_again = desk.cases.report(inspector, one)
    assert (is_new, is_new_again) == (True, False)
    assert again["number"] == first["number"]


def test_when_it_was_sent_makes_no_other_report_of_it(desk, inspector, report):
    one = report()
    desk.cases.report(inspector, one)
    later = replace(one, sent_at=desk.clock.now + timedelta(minutes=5))
    assert desk.cases.report(inspector, later)[1] is False


def test_the_same_report_twice_at_once_is_one_case(desk, inspector, report):
    one = report()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: desk.cases.report(inspector, one), range(8)))
    assert sum(is_new for _, is_new in done) == 1
    assert len({case["number"] for case, _ in done}) == 1


def test_an_identity_with_other_content_is_refused_and_the_first_report_stays(
    desk, inspector, report
):
    one = report()
    desk.cases.report(inspector, one)
    with pytest.raises(ConflictError) as refusal:
        desk.cases.report(inspector, replace(one, description="另一件事"))
    assert refusal.value.code == "case.id_taken"
    assert desk.cases.get(inspector, one.id)["description"] == "井盖破损"


def test_an_identity_belongs_to_who_used_it_first(desk, inspector, eastern, report):
    one = report()
    desk.cases.report(inspector, one)
    with pytest.raises(ConflictError):
        desk.cases.report(eastern, one)


def test_a_place_outside_of_the_city_is_refused(desk, inspector, report):
    with pytest.raises(InvalidError) as refusal:
        desk.cases.report(inspector, report(lon=0.0, lat=0.0))
    assert refusal.value.code == "case.outside_area"


def test_swapped_coordinates_are_named_with_the_turned_pair(desk, inspector, report):
    with pytest.raises(CrsError) as refusal:
        desk.cases.report(inspector, report(lon=39.1005, lat=117.2005))
    assert refusal.value.code == "crs.swapped"
    assert refusal.value.expected == [117.2005, 39.1005]


def test_a_place_in_gcj02_is_converted_and_flagged(desk, inspector):
    case = desk.filed(inspector, lon=117.2068, lat=39.1015, crs="gcj02")
    assert "approximate_datum" in case["flags"]
    assert 117.200 < case["position"][0] < 117.202


def test_a_report_outside_of_ones_own_area_is_refused(desk, eastern, report):
    with pytest.raises(ForbiddenError) as refusal:
        desk.cases.report(eastern, report())
    assert refusal.value.code == "case.not_your_area"


def test_all_faults_of_a_report_are_named_at_once(desk, inspector, report):
    bad = report(
        class_key=ClassKey("event", GB_SCHEME, "9999"), description="长" * 2001, accuracy_m=-1.0
    )
    with pytest.raises(InvalidError) as refusal:
        desk.cases.report(inspector, bad)
    fields = [fault.field for fault in refusal.value.errors]
    assert fields == ["class_code", "description", "accuracy_m"]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (ClassKey("thing", GB_SCHEME, "0102"), "case.unknown_domain"),
        (ClassKey("event", "no scheme", "0102"), "scheme.unknown"),
        (ClassKey("event", GB_SCHEME, "0102' OR 1=1"), "scheme.unknown_class"),
        (ClassKey("event", CJ_SCHEME, "0119"), "scheme.unknown_class"),
        (ClassKey("component", GB_SCHEME, "01"), "case.major_class"),
    ],
)
def test_a_class_that_no_table_holds_is_refused(desk, inspector, report, key, code):
    with pytest.raises(InvalidError) as refusal:
        desk.cases.report(inspector, report(class_key=key))
    assert refusal.value.errors[0].code == code


def test_the_same_digits_in_another_scheme_are_another_class(desk, inspector):
    key = ClassKey("event", CJ_SCHEME, "0401")
    assert desk.filed(inspector, class_key=key)["scheme"] == CJ_SCHEME


def test_half_a_position_and_a_time_without_zone_are_refused(desk, inspector, report):
    naive = datetime(2026, 11, 24, 9, 0)
    with pytest.raises(InvalidError) as refusal:
        desk.cases.report(inspector, report(lat=None, device_time=naive))
    codes = {fault.code for fault in refusal.value.errors}
    assert codes == {"case.half_position", "case.naive_time"}


@pytest.mark.parametrize("name", ["device_time", "sent_at"])
@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_utc_has_is_refused(desk, inspector, report, name, text):
    with pytest.raises(InvalidError) as refusal:
        desk.cases.report(inspector, report(**{name: datetime.fromisoformat(text)}))
    assert [(f.code, f.field) for f in refusal.value.errors] == [("case.bad_time", name)]


def test_a_clock_that_lost_its_setting_is_flagged_not_refused(desk, inspector):
    reset = datetime.fromisoformat("1970-01-01T08:00:00+08:00")
    assert "device_clock_off" in desk.filed(inspector, sent_at=reset, device_time=reset)["flags"]


def test_an_unknown_component_is_refused(desk, inspector, report):
    with pytest.raises(InvalidError) as refusal:
        desk.cases.report(inspector, report(component="nothing"))
    assert refusal.value.field == "component"


def test_a_component_far_away_is_taken_and_flagged(desk, inspector):
    case = desk.filed(inspector, lon=117.2045, component="9901010102000001")
    assert case["flags"] == ["component_far"]


def test_a_poor_position_is_taken_flagged_and_names_no_department(desk, inspector):
    case = desk.filed(inspector, accuracy_m=5000.0)
    assert case["flags"] == ["inaccurate_position"]
    assert case["suggested_department"] is None


def test_without_a_position_an_address_is_needed_and_enough(desk, acceptor, report):
    with pytest.raises(InvalidError):
        desk.cases.report(acceptor, report(lon=None, lat=None))
    case = desk.filed(acceptor, lon=None, lat=None, address="朝晖路 9 号")
    assert case["position"] is None
    assert case["place_title"] == "朝晖路 9 号"
    assert case["flags"] == ["no_position"]


def test_an_acceptor_reports_what_the_hotline_says_and_no_patrol(desk, acceptor, report):
    assert desk.filed(acceptor)["source"] == "hotline"
    with pytest.raises(ForbiddenError):
        desk.cases.report(acceptor, report(source=CaseSource.PATROL))


def test_who_does_not_report_is_refused(desk, planner, drainage, report):
    for person in (planner, drainage):
        with pytest.raises(ForbiddenError) as refusal:
            desk.cases.report(person, report())
        assert refusal.value.code == "case.may_not_report"


@pytest.mark.parametrize(
    ("off", "flags"),
    [
        (timedelta(0), ()),
        (timedelta(seconds=119), ()),
        (timedelta(hours=8), ("device_clock_off",)),
        (timedelta(days=-365 * 56), ("device_clock_off",)),
        (timedelta(days=365 * 73), ("device_clock_off",)),
    ],
)
def test_a_wrong_clock_is_measured_and_flagged_and_the_report_counts_as_written_now(
    report, off, flags
):
    now = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    found = clock_check(report(device_time=now + off, sent_at=now + off), now)
    assert found.offset_s == -off.total_seconds()
    assert found.flags == flags


def test_a_report_held_back_for_days_is_taken_and_flagged(desk, inspector):
    written = desk.clock.now - timedelta(days=90)
    case = desk.filed(inspector, device_time=written, sent_at=desk.clock.now)
    assert case["flags"] == ["reported_late"]
    assert case["reported_at"].startswith("2026-11-24T09:00")


def test_a_report_from_the_future_is_flagged(report):
    now = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    found = clock_check(report(device_time=now + timedelta(hours=1), sent_at=now), now)
    assert found.flags == ("device_time_in_future",)


def test_a_report_is_in_audit_and_outbox(desk, inspector):
    case = desk.filed(inspector)
    entry = desk.audit()[0]
    assert (entry["action"], entry["subject"]) == ("case.report", f"case:{case['id']}")
    with desk.store.reading() as tx:
        told = tx.outbox.after(tx.outbox.newest() - 1, 10)[0]
    assert told.topic == "case.report"
    assert told.body["id"] == case["id"]


def test_what_hostile_people_type_is_kept_as_text(desk, inspector):
    text = "<img src=x onerror=alert(1)> ' OR 1=1 -- \r\nadmin 井盖"
    case = desk.filed(inspector, description=text)
    assert desk.cases.get(inspector, UUID(case["id"]))["description"] == text


def test_a_case_that_nobody_filed_is_not_there(desk, inspector):
    with pytest.raises(NotFoundError):
        desk.cases.get(inspector, uuid4())
