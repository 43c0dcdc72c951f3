"""The inspector's story: seen on the street, filed with a thumb, carried by five people to its end."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

PHONE = {"width": 390, "height": 844}
#: What a phone says of itself; no other way leads a page to know that it is held in the hand.
ON_PHONE = {
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
    "user_agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
}
#: Beside the street, in the pilot area.
STANDING = {"longitude": 117.1933, "latitude": 39.1176, "accuracy": 8}
#: A street lamp close by.
LAMP = [117.193264133, 39.117571471]
#: So near that a map without a graphics card is drawn at once.
CLOSE_UP = "at=117.1933,39.1176,19&on=-components"
COUNT_TAPS = "window.taps = 0; addEventListener('click', (e) => { if (e.isTrusted) window.taps += 1; }, true);"


@pytest.fixture
def phone(seat):
    """Gives a function that signs an inspector in on a phone that knows where it is."""

    def hold(position=STANDING, **context):
        where = {"geolocation": position, "permissions": ["geolocation"]} | context
        held = seat("inspector", PHONE, **ON_PHONE, **where)
        held.page.context.add_init_script(COUNT_TAPS)
        held.page.reload()
        held.page.wait_for_selector(".here-head", timeout=30_000)
        return held

    return hold


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """Gives a function that makes a photo of a camera: large, turned, with a position in EXIF."""
    folder = tmp_path_factory.mktemp("camera")

    def shoot(name, size=(2600, 1950)):
        noise = np.random.default_rng(len(name)).integers(
            90, 160, (size[1] // 10, size[0] // 10, 3)
        )
        image = Image.fromarray(noise.astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)
        exif = Image.Exif()
        exif.get_ifd(0x8825).update({1: "N", 2: (39.0, 7.0, 3.4), 3: "E", 4: (117.0, 11.0, 35.9)})
        exif[0x0112] = 6
        path = folder / f"{name}.jpg"
        image.save(path, "JPEG", quality=88, exif=exif.tobytes())
        return path

    return shoot


def take(page, path, *, by="#file"):
    """Press the camera button and let the camera give a photo."""
    with page.expect_file_chooser() as camera:
        page.tap(by)
    camera.value.set_files(path)
    page.wait_for_selector("#form .shot img")


def file_case(page, path, code="component:GB/T 30428.2-2013:0137"):
    """File a case of a class where the page stands; gives its number."""
    take(page, path)
    page.tap(f'.tile[data-class="{code}"]')
    page.tap("#send")
    number = page.text_content("#receipt-number")
    page.wait_for_selector("text=照片都已收到")
    return number


def ask(page, path):
    """A JSON answer of the interface, as the person of the page."""
    return json.loads(page.evaluate("p => fetch(p).then(r => r.text())", path))


def case_numbered(page, number):
    """The whole case with this number."""
    [found] = [c for c in ask(page, "/api/v1/cases?limit=500")["cases"] if c["number"] == number]
    return ask(page, f"/api/v1/cases/{found['id']}")


def open_case(desk, number):
    """Open a case out of the list at a desk."""
    desk.go(f"/map?{CLOSE_UP}&tool=cases")
    page = desk.page
    page.click(f"li[data-case]:has-text('{number}') .case-item")
    page.wait_for_selector(f".panel .case-head:has-text('{number}')")
    return page


def point_at(page, place):
    """Tap a place on the map, once it stands still around where the phone is."""
    page.wait_for_function(
        "at => !cityopsField.map.isMoving() && cityopsField.map.getCenter().distanceTo({lng: at[0], lat: at[1]}) < 1",
        arg=[STANDING["longitude"], STANDING["latitude"]],
    )
    x, y = page.evaluate(
        "at => { const map = cityopsField.map, box = map.getContainer().getBoundingClientRect(), p = map.project(at);"
        " return [box.x + p.x, box.y + p.y]; }",
        place,
    )
    page.touchscreen.tap(x, y)


def holding_back(page, pattern):
    """Keep answers from a page; gives a function that lets them go."""
    held = []
    page.route(pattern, lambda route: held.append(route))

    def let_go():
        for route in held:
            route.continue_()
        page.unroute(pattern)

    return let_go


def act(page, action):
    """Press the button of an act in the panel and wait until it is done."""
    before = page.get_attribute(".panel .body", "data-version")
    page.click(f".panel .case-acts [data-act={action}]")
    page.wait_for_function(
        "v => Number(document.querySelector('.panel .body')?.dataset.version) > Number(v)",
        arg=before,
    )


def test_a_case_goes_from_the_street_through_five_hands_to_its_end(seat, service, phone, picture):
    street = phone()
    page = street.map_idle()
    assert page.url.endswith("/field")
    page.evaluate("window.taps = 0")
    point_at(page, LAMP)
    page.wait_for_selector(".here-head:has-text('路灯')")
    seen = page.text_content("#here")
    for level in ("1201010", "社区", "街道", "和平区", "尾号"):
        assert level in seen
    street.picture("inspector-place")

    take(page, picture("near"))
    street.picture("inspector-form-photo")
    page.tap(".tile:has-text('的部件')")
    page.wait_for_selector("#conditions [data-condition]")
    assert "内处置" in page.text_content("#conditions")
    street.picture("inspector-form-ready")
    page.tap("#send")
    number = page.text_content("#receipt-number")
    assert page.evaluate("window.taps") <= 4
    assert re.fullmatch(r"\d{19}", number)
    page.wait_for_selector("text=1 张照片都已收到")
    street.picture("inspector-receipt")
    page.tap("#receipt-close")

    filed = case_numbered(page, number)
    assert filed["state"] == "reported"
    assert filed["cell_code"].startswith("120101")
    assert filed["department"] is None
    assert filed["wanted_condition"] in [one["id"] for one in filed["conditions"]]
    department = filed["suggested_department_title"]

    acceptor = seat("acceptor")
    act(open_case(acceptor, number), "accept")
    acceptor.picture("acceptor-case")
    act(open_case(seat("leader"), number), "file")

    dispatcher = seat("dispatcher")
    desk = open_case(dispatcher, number)
    assert desk.text_content(".unit b") == department
    assert desk.is_checked(".unit input")
    dispatcher.picture("dispatcher-case")
    desk.select_option(".units select", "drainage")
    assert desk.text_content(".case-form button[type=submit]") == "派遣给排水管理部门"
    act(desk, "dispatch")

    handler = seat("department")
    desk = open_case(handler, number)
    assert "监督员甲" not in desk.text_content(".panel")
    assert "工作时间" in desk.text_content(".panel [data-clock=dispose]")
    desk.click("[data-act=hand_back]")
    desk.click(".case-form [data-act=hand_back]")
    assert "处置反馈须写明意见" in desk.text_content(".case-form")
    desk.fill(".case-form textarea", "已更换，恢复路面")
    desk.click(".case-form [data-act=hand_back]")
    assert desk.is_visible("text=先拍一张处置后的照片")
    desk.set_input_files(".case-form input[type=file]", picture("after"))
    desk.wait_for_selector(".case-form .shot img")
    handler.picture("department-case")
    act(desk, "hand_back")

    page.tap(".tabbar [data-view=tasks]")
    page.tap(f"#view-tasks .case-row:has-text('{number}')")
    page.tap("#case [data-act=pass]")
    page.set_input_files("#case .case-form input[type=file]", picture("looked"))
    page.wait_for_selector("#case .case-form .shot img")
    street.picture("inspector-inspects")
    page.tap("#case .case-form [data-act=pass]")
    page.wait_for_selector("#case [data-state=to_close]")

    act(open_case(seat("leader"), number), "close")

    page.tap("#case header button")
    page.tap(".tabbar [data-view=mine]")
    page.tap(f"#view-mine .case-row:has-text('{number}')")
    page.wait_for_selector("#case [data-state=closed]")
    told = page.locator("#case .story li")
    assert told.count() == 8
    whole = page.text_content("#case .story")
    for words in ("上报", "受理批转", "立案", "派遣给排水管理部门", "处置反馈", "核查通过", "结案"):
        assert words in whole
    assert "系统" in page.text_content("#case .story [data-step=ask_inspect]")
    for who in ("监督员甲", "受理员乙", "值班长丁", "派遣员丙", "排水部门戊", "已更换，恢复路面"):
        assert who in whole
    street.picture("inspector-closed")

    check_photos(page, service, case_numbered(page, number))


def check_photos(page, service, case):
    """Three photos of three kinds; kept whole with EXIF, shown without, upright and small."""
    assert [photo["kind"] for photo in case["photos"]] == ["report", "after", "inspection"]
    for photo in case["photos"]:
        page.wait_for_function(
            "async ([id, name]) => (await (await fetch(`/api/v1/cases/${id}`)).json())"
            ".photos.find((p) => p.name === name).state === 'ready'",
            arg=[case["id"], photo["name"]],
        )
        kept = service.data_dir / "files" / photo["sha256"][:2] / photo["sha256"]
        original = Image.open(io.BytesIO(kept.read_bytes()))
        assert max(original.size) == 2048
        assert original.size[0] < original.size[1]
        assert original.getexif()[0x0112] == 1
        assert dict(original.getexif().get_ifd(0x8825))[1] == "N"
        address = f"/api/v1/cases/{case['id']}/photos/{photo['name']}"
        data = page.evaluate(
            "p => fetch(p).then(r => r.arrayBuffer()).then(b => [...new Uint8Array(b)])", address
        )
        shown = Image.open(io.BytesIO(bytes(data)))
        assert dict(shown.getexif()) == {}
        assert shown.size == original.size


def test_a_double_tap_files_once(phone, picture):
    page = phone().map_idle()
    before = ask(page, "/api/v1/cases?mine=1&limit=1")["total"]
    take(page, picture("twice", (800, 600)))
    page.tap('.tile[data-class="component:GB/T 30428.2-2013:0137"]')
    page.evaluate(
        "() => { const b = document.querySelector('#send'); b.click(); b.click(); document.querySelector('#send')?.click(); }"
    )
    page.wait_for_selector("text=照片都已收到")
    assert ask(page, "/api/v1/cases?mine=1&limit=1")["total"] == before + 1


def test_what_was_begun_survives_a_reload_and_goes_out_once(phone, picture):
    street = phone()
    page = street.map_idle()
    before = ask(page, "/api/v1/cases?mine=1&limit=1")["total"]
    take(page, picture("kept", (800, 600)))
    page.tap('.tile[data-class="component:GB/T 30428.2-2013:0137"]')
    page.fill("#description", "灯罩脱落，垂在路面上方")
    page.wait_for_timeout(600)
    page.reload()
    page.wait_for_selector("#left-over >> text=没有发完的上报")
    street.picture("inspector-draft")
    page.tap("#left-over button")
    page.wait_for_selector("#form .shot img")
    assert page.input_value("#description") == "灯罩脱落，垂在路面上方"
    assert (
        page.get_attribute('.tile[data-class="component:GB/T 30428.2-2013:0137"]', "aria-pressed")
        == "true"
    )
    page.tap("#send")
    page.wait_for_selector("text=照片都已收到")
    page.tap("#receipt-close")
    page.wait_for_selector("#left-over", state="hidden")
    assert ask(page, "/api/v1/cases?mine=1&limit=1")["total"] == before + 1


def test_back_closes_a_resumed_report_and_its_receipt_and_keeps_the_last_word(phone, picture):
    page = phone().map_idle()
    take(page, picture("back", (800, 600)))
    page.tap('.tile[data-class="component:GB/T 30428.2-2013:0137"]')
    for words in ("灯杆倾斜", "灯杆倾斜，靠着电线"):
        page.fill("#description", words)
        page.go_back()
        page.wait_for_selector("#form", state="hidden")
        assert page.url.endswith("/field")
        page.tap("#left-over button")
        assert page.input_value("#description") == words
    page.fill("#description", "还没存下就离开")
    page.reload()
    page.tap("#left-over button")
    page.wait_for_selector("#form .shot img")
    assert page.input_value("#description") == "还没存下就离开"
    page.tap("#send")
    page.wait_for_selector("text=照片都已收到")
    page.go_back()
    page.wait_for_selector("#form", state="hidden")
    page.wait_for_selector("#left-over", state="hidden")
    assert page.url.endswith("/field")
    take(page, picture("back", (800, 600)))
    page.tap("#form header button")
    page.wait_for_selector("#left-over")
    page.tap("#left-over button")
    page.wait_for_selector("#form .shot img")
    page.go_back()
    page.wait_for_selector("#form", state="hidden")
    assert page.evaluate("history.state?.over ?? false") is False


def test_an_answer_that_gets_lost_makes_no_second_case_even_when_the_text_is_changed(
    phone, picture
):
    street = phone()
    page = street.map_idle()
    before = ask(page, "/api/v1/cases?mine=1&limit=1")["total"]
    take(page, picture("lost", (800, 600)))
    page.tap('.tile[data-class="component:GB/T 30428.2-2013:0137"]')

    def swallow(route):
        route.fetch()
        route.abort()

    page.route("**/api/v1/cases", swallow, times=1)
    page.tap("#send")
    page.wait_for_selector("#form .error")
    assert "照片和文字都还在" in page.text_content("#form .error")
    street.picture("inspector-lost-line")
    page.fill("#description", "补一句话")
    page.tap("#send")
    page.wait_for_selector("text=照片都已收到")
    assert ask(page, "/api/v1/cases?mine=1&limit=1")["total"] == before + 1
    assert all("ERR_FAILED" in fault for fault in street.faults)
    street.faults.clear()


def test_a_photo_that_does_not_arrive_is_kept_and_sent_again(phone, picture):
    street = phone()
    page = street.map_idle()
    take(page, picture("broken", (800, 600)))
    page.tap('.tile[data-class="component:GB/T 30428.2-2013:0137"]')
    page.route("**/photos/**", lambda route: route.abort(), times=1)
    page.tap("#send")
    page.wait_for_selector("#photo-retry")
    number = page.text_content("#receipt-number")
    assert "照片留在本机" in page.text_content("#photo-state")
    street.picture("inspector-photo-retry")
    page.tap("#receipt-close")
    page.tap(".tabbar [data-view=mine]")
    page.wait_for_selector(f"#view-mine .is-draft:has-text('{number}')")
    page.tap("#view-mine .is-draft .btn-p")
    page.wait_for_selector("text=1 张照片都已收到")
    assert len(case_numbered(page, number)["photos"]) == 1
    assert all("ERR_FAILED" in fault for fault in street.faults)
    street.faults.clear()


def test_who_denies_the_position_points_at_the_map(phone, picture):
    street = phone(permissions=[])
    page = street.map_idle()
    page.wait_for_selector("#accuracy.is-poor")
    assert page.text_content("#accuracy") == "没有定位权限点地图指明位置"
    page.touchscreen.tap(180, 300)
    page.wait_for_selector(".here-areas dd")
    street.picture("inspector-no-position")
    number = file_case(page, picture("pointed", (800, 600)), "event:GB/T 30428.2-2013:0110")
    case = case_numbered(page, number)
    assert case["accuracy_m"] is None
    assert case["component"] is None


def test_the_accuracy_of_the_position_is_drawn_and_filed(phone, picture):
    street = phone(position={**STANDING, "accuracy": 64})
    page = street.map_idle()
    assert "误差 ±64 m" in page.text_content("#accuracy")
    width = page.evaluate(
        "() => { const ring = window.cityopsField.map.getSource('accuracy').serialize().data"
        ".geometry.coordinates[0]; const x = ring.map((p) => p[0]);"
        " return Math.max(...x) - Math.min(...x); }"
    )
    metres = width * 111_320 * np.cos(np.radians(39.1176))
    assert metres == pytest.approx(128, rel=0.01)
    number = file_case(page, picture("unsure", (800, 600)))
    assert case_numbered(page, number)["accuracy_m"] == 64


def test_a_class_is_found_by_its_name_and_by_the_initials_of_its_pinyin(phone, picture):
    page = phone().map_idle()
    take(page, picture("search", (800, 600)))
    for typed in ("zdjy", "占道经"):
        page.tap("#all-classes")
        page.fill("#class-search", typed)
        page.wait_for_selector('#class-list [data-class="event:GB/T 30428.2-2013:0406"]')
        page.tap('#class-list [data-class="event:GB/T 30428.2-2013:0406"]')
        assert (
            page.get_attribute('.tile[data-class="event:GB/T 30428.2-2013:0406"]', "aria-pressed")
            == "true"
        )
    page.tap("#all-classes")
    page.fill("#class-search", "没有这样的类别")
    assert "换个说法" in page.text_content("#class-list")


def test_one_that_is_reported_already_is_pointed_out(phone, picture):
    street = phone()
    page = street.map_idle()
    file_case(page, picture("first", (800, 600)), "component:GB/T 30428.2-2013:0137")
    page.tap("#receipt-close")
    take(page, picture("second", (800, 600)))
    page.tap('.tile[data-class="component:GB/T 30428.2-2013:0137"]')
    page.wait_for_selector("#twins .note")
    assert "有一件同类" in page.text_content("#twins")
    street.picture("inspector-twin")


def test_what_was_put_right_on_the_spot_is_closed_by_the_acceptor(seat, phone, picture):
    street = phone()
    page = street.map_idle()
    take(page, picture("before", (800, 600)))
    page.tap('.tile[data-class="component:GB/T 30428.2-2013:0137"]')
    page.check("#self-disposal")
    assert page.is_disabled("#send")
    page.set_input_files("#photo-input", picture("afterwards", (800, 600)))
    page.wait_for_selector("#form .shot:nth-child(2) img")
    assert page.locator("#form .shot figcaption").all_text_contents() == ["处置前", "处置后"]
    street.picture("inspector-self-disposal")
    page.tap("#send")
    number = page.text_content("#receipt-number")
    page.wait_for_selector("text=2 张照片都已收到")
    desk = open_case(seat("acceptor"), number)
    assert "监督员已自处置" in desk.text_content(".panel .case-head")
    act(desk, "confirm_self")
    assert desk.get_attribute(".panel [data-state]", "data-state") == "closed"
    kinds = [photo["kind"] for photo in case_numbered(page, number)["photos"]]
    assert kinds == ["report", "after"]


def test_what_a_thumb_has_to_hit_is_44_pixels_or_more(phone, picture):
    page = phone().map_idle()
    take(page, picture("targets", (800, 600)))
    page.wait_for_selector(".tile[data-class]")
    page.tap('.tile[data-class="component:GB/T 30428.2-2013:0137"]')
    for place in ("#form", "#view-map", ".tabbar"):
        small = page.evaluate(
            "(place) => [...document.querySelectorAll(`${place} button, ${place} a, ${place} label`)]"
            ".filter((e) => e.offsetParent && !e.closest('#form .group-head label'))"
            ".map((e) => [e.textContent.trim() || e.ariaLabel, e.getBoundingClientRect()])"
            ".filter(([, r]) => r.height < 43.5 || r.width < 43.5)"
            ".map(([t, r]) => `${t} ${r.width}x${r.height}`)",
            place,
        )
        assert small == []


def test_two_people_on_one_case_the_second_is_told_and_keeps_what_was_written(seat, phone, picture):
    page = phone().map_idle()
    number = file_case(page, picture("race", (800, 600)))
    slow = seat("acceptor")
    desk = open_case(slow, number)
    desk.click("[data-act=refuse]")
    desk.fill(".case-form textarea", "与昨天那件重复")
    act(open_case(seat("acceptor"), number), "accept")
    desk.click(".case-form [data-act=refuse]")
    desk.wait_for_selector(".case-notice")
    notice = desk.text_content(".case-notice")
    assert "案件已被别人改动" in notice
    assert "待立案" in notice
    assert "与昨天那件重复" in notice
    slow.picture("acceptor-stale")
    assert all("412" in fault for fault in slow.faults)
    slow.faults.clear()


def test_a_new_case_is_announced_and_the_list_stays_as_it_is_read(seat, phone, picture):
    street = phone()
    desk = seat("acceptor")
    desk.go(f"/map?{CLOSE_UP}&tool=cases")
    page = desk.page
    page.wait_for_selector(".case-list-head, .side .empty")
    rows = page.locator(".case-list li").count()
    number = file_case(street.map_idle(), picture("news", (800, 600)))
    page.wait_for_selector(".news", timeout=30_000)
    assert page.locator(".case-list li").count() == rows
    page.click(".news")
    page.wait_for_selector(f"li[data-case]:has-text('{number}')")


def test_a_planner_does_not_get_the_field_page(seat):
    planner = seat("planner", PHONE, **ON_PHONE)
    planner.go("/field")
    planner.map_idle()
    assert "/map" in planner.page.url


def test_a_form_opened_before_the_place_is_known_learns_it_and_keeps_what_is_being_typed(
    phone, picture
):
    street = phone()
    page = street.map_idle()
    let_go = holding_back(page, "**/api/v1/locate?*")
    point_at(page, LAMP)
    take(page, picture("early"))
    page.focus("#description")
    page.keyboard.type("井盖")
    assert page.locator(".tile:has-text('的部件')").count() == 0
    let_go()
    page.wait_for_selector(".tile:has-text('的部件')")
    page.keyboard.type("破损")
    assert page.input_value("#description") == "井盖破损"
    assert "网格" in page.text_content("#form footer")


def test_a_finger_on_a_class_is_not_robbed_of_it_by_an_answer(phone, picture):
    page = phone().map_idle()
    let_go = holding_back(page, "**/api/v1/locate?*")
    point_at(page, LAMP)
    take(page, picture("robbed"))
    tile = page.locator(".tile[data-class]").last
    name, box = tile.get_attribute("data-class"), tile.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    with page.expect_response("**/api/v1/locate?*"):
        let_go()
    page.mouse.up()
    page.wait_for_selector(f".tile[data-class='{name}'][aria-pressed=true]")
