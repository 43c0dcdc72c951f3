"""What people ask for and others grant, and acts that few cases see, by their pages."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

CLOSE_UP = "at=117.1933,39.1176,19&on=-components"
POST = """async ([path, body]) => {
  const headers = { 'X-CSRFToken': document.querySelector('meta[name=csrf-token]').content };
  let sent;
  if (body === null) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    canvas.getContext('2d').fillRect(0, 0, 160, 240);
    headers['Content-Type'] = 'image/jpeg';
    sent = await new Promise((done) => { canvas.toBlob(done, 'image/jpeg'); });
  } else {
    headers['Content-Type'] = 'application/json';
    sent = JSON.stringify(body);
  }
  const answer = await fetch(`/api/v1/${path}`, { method: 'POST', headers, body: sent });
  const told = await answer.json();
  if (!answer.ok) throw new Error(JSON.stringify(told));
  return told;
}"""
EVENT = {"domain": "event", "class_code": "0110", "lon": 117.1933, "lat": 39.1176}


@pytest.fixture
def people(seat):
    """Gives a function that seats a person at a desk, once."""
    seated = {}

    def sit(name):
        if name not in seated:
            seated[name] = seat(name)
        return seated[name]

    return sit


@pytest.fixture
def post(people):
    """Gives a function that asks the interface as a person; without a body it sends a photo."""
    return lambda name, path, **body: people(name).page.evaluate(POST, [path, body or None])


@pytest.fixture
def step(post):
    """Gives a function that moves a case by the interface."""

    def move(name, case, action, **given):
        said = {"action": action, "version": case["version"], **given}
        return post(name, f"cases/{case['id']}/moves", **said)

    return move


@pytest.fixture
def filed(post):
    """Gives a function that reports something with a photo."""

    def make(**given):
        case = post("inspector", "cases", id=str(uuid4()), **{**EVENT, **given})
        post("inspector", f"cases/{case['id']}/photos/near.jpg")
        return case

    return make


@pytest.fixture
def dispatched(filed, step):
    """A case in the hands of the drainage department."""
    case = step("acceptor", filed(), "accept")
    case = step("leader", case, "file")
    return step("dispatcher", case, "dispatch", department="drainage")


def look(seated, case):
    """Open a case at a desk."""
    seated.go(f"/map?{CLOSE_UP}&tool=cases&case={case['id']}")
    seated.page.wait_for_selector(f".panel .case-head:has-text('{case['number']}')")
    return seated.page


def act(page, action):
    """Press the button of an act in the panel and wait until it is done."""
    before = page.get_attribute(".panel .body", "data-version")
    page.click(f".panel .case-acts [data-act={action}]")
    page.wait_for_function(
        "v => Number(document.querySelector('.panel .body')?.dataset.version) > Number(v)",
        arg=before,
    )


def open_form(page, action, within=".panel"):
    """Open the form of an act and see that it wants a reason before it is sent."""
    button = page.locator(f"{within} .case-acts [data-act={action}]")
    if not button.is_visible():
        page.click(f"{within} .case-more summary")
    button.click()
    page.click(f"{within} .case-form [data-act={action}]")
    page.wait_for_selector(f"{within} .case-form [role=alert]:visible")
    assert not page.is_visible(f"{within} .case-notice")


def acts(page):
    """Acts that the panel offers, in order."""
    buttons = page.locator(".panel .case-acts [data-act]")
    return [one.get_attribute("data-act") for one in buttons.all()]


def test_a_returned_case_says_why_and_goes_to_whom_the_department_proposed(people, dispatched):
    desk = look(people("department"), dispatched)
    desk.click("[data-act=ask_return]")
    desk.click(".case-form [data-act=ask_return]")
    assert desk.is_visible("text=先选应由谁承办")
    desk.select_option(".case-form select[name=proposed]", "greening")
    desk.fill(".case-form textarea", "绿地里的垃圾归园林")
    act(desk, "ask_return")
    assert "等派遣员决定" in desk.text_content("[data-pending=return]")
    assert "hand_back" not in acts(desk)

    seated = people("dispatcher")
    desk = look(seated, dispatched)
    told = desk.text_content("[data-pending=return]")
    assert "绿地里的垃圾归园林" in told
    assert "园林管理部门" in told
    assert acts(desk)[:2] == ["grant_return", "deny_return"]
    act(desk, "grant_return")
    banner = desk.text_content(".is-returned")
    assert "排水管理部门回退了此案" in banner
    assert "绿地里的垃圾归园林" in banner
    assert "已回退" in desk.text_content("[data-clock=dispose]")
    seated.picture("dispatcher-returned")
    assert desk.input_value(".units input:checked") == "greening"

    desk.select_option(".units select", "drainage")
    desk.click(".case-form [data-act=dispatch]")
    assert desk.is_visible("text=这个单位刚刚回退过此案，再派须说明理由")
    desk.check(".units input[value=greening]")
    act(desk, "dispatch")
    assert "园林管理部门" in desk.text_content(".case-head")
    assert "退回 1 次" in desk.text_content(".case-head")
    steps = desk.locator(".story li").all()
    assert [one.get_attribute("data-step") for one in steps[:3]] == [
        *("dispatch", "grant_return", "ask_return"),
    ]


def test_a_suspended_case_stands_still_until_it_is_resumed(people, dispatched):
    desk = look(people("department"), dispatched)
    desk.click(".case-more summary")
    desk.click("[data-act=ask_suspension]")
    desk.fill(".case-form textarea", "上冻，开春后施工")
    desk.click(".case-form [data-act=ask_suspension]")
    assert desk.is_visible("text=选今天以后、一年以内的一天")
    desk.click(".case-form .chip >> text=30 天")
    act(desk, "ask_suspension")
    assert "hand_back" not in acts(desk)

    seated = people("dispatcher")
    desk = look(seated, dispatched)
    act(desk, "grant_suspension")
    clock = desk.text_content("[data-clock=dispose]")
    assert "计时暂停：挂账" in clock
    assert "挂账到" in clock
    desk.click(".why")
    desk.wait_for_selector(".sentences li")
    assert "暂停计时（挂账）" in desk.text_content(".sentences")
    assert desk.locator(".periods tbody tr").count() >= 2
    seated.picture("dispatcher-suspended")
    act(desk, "resume")
    assert "剩余" in desk.text_content("[data-clock=dispose]")


def test_an_extension_adds_the_limit_once_more_and_the_work_goes_on(people, dispatched):
    desk = look(people("department"), dispatched)
    assert "限 4 工作时" in desk.text_content("[data-clock=dispose]")
    desk.click(".case-more summary")
    desk.click("[data-act=ask_extension]")
    desk.fill(".case-form textarea", "车辆三点后才到")
    act(desk, "ask_extension")
    assert "hand_back" in acts(desk)
    assert "ask_extension" not in acts(desk)
    desk = look(people("dispatcher"), dispatched)
    assert "车辆三点后才到" in desk.text_content("[data-pending=extension]")
    act(desk, "grant_extension")
    clock = desk.text_content("[data-clock=dispose]")
    assert "限 8 工作时" in clock
    assert "已延期 1 次" in clock


def test_a_case_is_voided_only_with_a_reason_and_the_end_of_its_number(people, filed, step):
    case = step("acceptor", filed(), "accept")
    desk = look(people("leader"), case)
    assert not desk.is_visible("[data-act=void]")
    desk.click(".case-more summary")
    desk.click("[data-act=void]")
    desk.fill(".case-form textarea", "重复录入")
    desk.click(".case-form [data-act=void]")
    assert desk.is_visible("text=与案件编号后四位")
    desk.fill(".case-form [name=sure]", case["number"][-4:])
    act(desk, "void")
    assert desk.get_attribute(".panel [data-state]", "data-state") == "void"
    assert acts(desk) == []


def test_of_several_conditions_the_one_of_the_reporter_is_chosen_and_may_be_changed(
    people, filed, step
):
    cover = {"domain": "component", "class_code": "0101", "condition": "YC-C0101-2"}
    case = step("acceptor", filed(**cover), "accept")
    desk = look(people("leader"), case)
    assert desk.input_value(".units input:checked") == "YC-C0101-2"
    assert "4 工作时内处置" in desk.text_content(".units label:has(:checked)")
    desk.click(".case-form summary")
    desk.check(".units input[value=YC-C0101-1]")
    act(desk, "file")
    assert "井盖缺失、移位或开裂" in desk.text_content(".story [data-step=file]")


def test_of_two_dispatchers_the_second_is_told_and_sees_what_the_first_did(
    seat, people, filed, step
):
    case = step("leader", step("acceptor", filed(), "accept"), "file")
    slow = seat("dispatcher")
    late = look(slow, case)
    late.fill(".case-form textarea", "请今天办")
    act(look(people("dispatcher"), case), "dispatch")
    late.click(".case-form [data-act=dispatch]")
    notice = late.text_content(".case-notice")
    assert "案件已被别人改动" in notice
    assert "请今天办" in notice
    assert late.get_attribute(".panel [data-state]", "data-state") == "to_dispose"
    assert late.locator(".story [data-step=dispatch]").count() == 1
    assert all("412" in fault for fault in slow.faults)
    slow.faults.clear()


def test_a_case_that_somebody_else_moves_is_shown_anew_where_it_is_open(people, filed, step):
    case = filed()
    desk = look(people("leader"), case)
    step("acceptor", case, "accept")
    desk.wait_for_selector("text=此案刚由别人办理，下面是它现在的样子")
    assert desk.get_attribute(".case-head [data-state]", "data-state") == "to_file"


def test_the_mark_of_an_open_case_lies_beside_the_panel_of_layers(people, filed):
    desk = look(people("acceptor"), filed())
    desk.set_viewport_size({"width": 1440, "height": 900})
    desk.click("#layers.is-shut #layers-fold")  # cases fold it; who wants it opens it again
    case = filed(lon=117.1931)
    under = """([lon, lat]) => { const { map } = window.cityops;
      map.jumpTo({ center: [lon, lat] });
      map.panBy([map.getContainer().clientWidth / 2 - 60, 0], { duration: 0 }); }"""
    desk.evaluate(under, case["position"])
    desk.evaluate("id => window.cityops.bus.emit('case:open', id)", case["id"])
    desk.wait_for_selector(f".panel .case-head:has-text('{case['number']}')")
    desk.wait_for_function(
        """place => { const { map } = window.cityops;
          const list = document.getElementById('layers').getBoundingClientRect();
          const box = map.getContainer().getBoundingClientRect();
          const at = map.project(place);
          return !map.isMoving() && at.x + box.left > list.right && at.x < box.width; }""",
        arg=case["position"],
    )


def test_a_button_pressed_twice_acts_once(people, filed):
    case = filed()
    desk = look(people("acceptor"), case)
    desk.evaluate(
        "() => { const b = document.querySelector('.panel [data-act=accept]'); b.click(); b.click(); }"
    )
    desk.wait_for_selector(".panel [data-state=to_file]")
    assert desk.locator(".story [data-step=accept]").count() == 1
    assert not desk.is_visible(".case-notice")


def test_twins_are_offered_to_be_linked_and_a_link_can_be_undone(people, filed):
    first = filed(lon=117.1951, lat=39.1169, class_code="0136")
    second = filed(lon=117.19511, lat=39.1169, class_code="0136")
    assert [one["case_id"] for one in second["duplicates"]] == [first["id"]]
    desk = look(people("acceptor"), second)
    desk.click(".case-more summary")
    desk.click("[data-act=link]")
    assert first["number"] in desk.text_content(".case-form")
    act(desk, "link")
    assert "已并入另一案件" in desk.text_content(".panel .case-banner")
    desk.click("[data-act=unlink]")
    desk.fill(".case-form textarea", "是两堆料")
    act(desk, "unlink")
    assert "accept" in acts(desk)


def test_who_cannot_get_to_the_place_says_why_and_the_acceptor_decides_anew(people, filed, step):
    case = step("acceptor", filed(), "ask_verify")
    seated = people("inspector")
    seated.page.set_viewport_size({"width": 390, "height": 844})
    seated.go(f"/field#case/{case['id']}")
    page = seated.page
    page.wait_for_selector("#case .case-acts")
    open_form(page, "unable", within="#case")
    page.fill("#case .case-form textarea", "围挡内不能进入")
    seated.picture("inspector-unable")
    page.click("#case .case-form [data-act=unable]")
    page.wait_for_selector("#case [data-state=reported]")
    desk = look(people("acceptor"), case)
    assert "围挡内不能进入" in desk.text_content(".story")
    assert acts(desk)[0] == "accept"


def test_a_verification_is_recalled_with_a_reason(people, filed, step):
    case = step("acceptor", filed(), "ask_verify")
    desk = look(people("acceptor"), case)
    open_form(desk, "recall")
    desk.fill(".case-form textarea", "来电人补了照片")
    people("acceptor").picture("acceptor-recall")
    act(desk, "recall")
    assert "来电人补了照片" in desk.text_content(".story")
    assert acts(desk)[0] == "accept"


def test_who_dispatches_asks_to_void_and_who_filed_grants_it_by_the_end_of_the_number(
    people, filed, step
):
    case = step("leader", step("acceptor", filed(), "accept"), "file")
    desk = look(people("dispatcher"), case)
    open_form(desk, "ask_void")
    desk.fill(".case-form textarea", "现场没有这件事")
    act(desk, "ask_void")
    assert "dispatch" not in acts(desk)
    desk = look(people("leader"), case)
    assert "现场没有这件事" in desk.text_content("[data-pending=void]")
    desk.click(".case-acts [data-act=grant_void]")
    people("leader").picture("leader-grant-void")
    desk.fill(".case-form [name=sure]", "0000" if case["number"][-4:] != "0000" else "0001")
    desk.click(".case-form [data-act=grant_void]")
    assert desk.is_visible("text=与案件编号后四位")
    desk.fill(".case-form [name=sure]", case["number"][-4:])
    act(desk, "grant_void")
    assert desk.get_attribute(".panel [data-state]", "data-state") == "void"


def test_a_case_that_was_returned_often_is_given_to_one_department_for_good(
    people, dispatched, step
):
    case = dispatched
    for returns in (1, 2, 3):
        case = step("department", case, "ask_return", note="不归我们", proposed="greening")
        case = step("dispatcher", case, "grant_return")
        if returns < 3:
            case = step("dispatcher", case, "dispatch", department="drainage", note="再看一次")
    desk = look(people("dispatcher"), case)
    assert "退回 3 次" in desk.text_content(".case-head")
    open_form(desk, "designate")
    desk.select_option(".units select", "drainage")
    desk.fill(".case-form textarea", "协调会定由排水承办")
    people("dispatcher").picture("dispatcher-designate")
    act(desk, "designate")
    assert "指定排水管理部门（示例）承办" in desk.text_content(".story")
    desk = look(people("department"), case)
    assert "ask_return" not in acts(desk)


@pytest.fixture
def late(service, dispatched, step, post):
    """A case closed after its limit: it was dispatched three weeks before."""
    with (
        closing(sqlite3.connect(service.data_dir / "cityops.db", timeout=30)) as database,
        database,
    ):
        query = "SELECT flow FROM case_record WHERE id = ?"
        flow = json.loads(database.execute(query, (dispatched["id"],)).fetchone()[0])
        [clock] = [one for one in flow["clocks"] if one["kind"] == "dispose"]
        start = clock["ticks"][0]
        start[1] = (datetime.fromisoformat(start[1]) - timedelta(days=21)).isoformat()
        query = "UPDATE case_record SET flow = ? WHERE id = ?"
        database.execute(query, (json.dumps(flow), dispatched["id"]))
    post("department", f"cases/{dispatched['id']}/photos/after.jpg?kind=after")
    case = step("department", dispatched, "hand_back", note="已清运")
    return step("acceptor", case, "recall", note="不必去了")


def test_an_inspection_is_waived_and_lateness_appealed_against_through_three_hands(people, late):
    desk = look(people("acceptor"), late)
    open_form(desk, "waive")
    desk.fill(".case-form textarea", "照片清楚，不必再看")
    people("acceptor").picture("acceptor-waive")
    act(desk, "waive")
    act(look(people("leader"), late), "close")

    desk = look(people("department"), late)
    open_form(desk, "ask_appeal")
    desk.fill(".case-form textarea", "那两周道路封闭")
    people("department").picture("department-appeal")
    act(desk, "ask_appeal")
    desk = look(people("dispatcher"), late)
    assert "那两周道路封闭" in desk.text_content("[data-pending=appeal]")
    assert acts(desk)[:2] == ["pass_appeal", "deny_appeal"]
    act(desk, "pass_appeal")
    desk = look(people("acceptor"), late)
    assert "等受理员决定那两周道路封闭" in desk.text_content("[data-pending=appeal]")
    people("acceptor").picture("acceptor-appeal")
    act(desk, "grant_appeal")
    assert "免计超时" in desk.text_content(".story")
    assert not desk.is_visible("[data-pending]")
    assert acts(desk) == []
