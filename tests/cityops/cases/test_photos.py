"""Photos: what is received, what is refused, and what the copy that is shown still says."""

from __future__ import annotations

import functools
import io
import struct
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from uuid import UUID

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cityops.services.jobs import JobService, JobState
from cityops.services.photo_copy import exif_flags, gps_position, photo_copy
from cityops.services.photo_head import photo_head
from cityops.services.photos import run_job
from cityops.services.roles import Person, Role
from gis.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)

GPS = 0x8825


@pytest.fixture
def case(desk, inspector):
    """A case that waits for photos."""
    return desk.filed(inspector)


def saved(kind, image=None, **more):
    out = io.BytesIO()
    (image or Image.new("RGB", (40, 30), "red")).save(out, kind, **more)
    return out.getvalue()


def with_exif(photo, gps=None, taken=None, orientation=None):
    image = Image.open(io.BytesIO(photo((60, 40))))
    exif = Image.Exif()
    if gps is not None:
        exif.get_ifd(GPS).update(gps)
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = taken
    if orientation is not None:
        exif[0x0112] = orientation
    exif[0x010F] = "SECRET-MAKER"
    return saved("JPEG", image, exif=exif.tobytes())


def empty_png(width, height):
    """A PNG of one colour: large in pixels, small in bytes, made row by row."""

    def chunk(kind, body):
        whole = kind + body
        return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))

    packer, row = zlib.compressobj(9), bytes((width + 7) // 8 + 1)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_photo_is_kept_whole_and_waits_for_its_copy(desk, inspector, case, photo):
    data = photo()
    told, is_new = desk.photos.add(inspector, UUID(case["id"]), "a.jpg", data)
    [kept] = told["photos"]
    assert is_new
    assert (kept["state"], kept["url"]) == ("received", None)
    assert desk.files.open(kept["sha256"]) == data


def test_the_job_makes_copy_and_thumbnail_and_running_it_again_changes_nothing(
    desk, inspector, case, photo
):
    desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo((900, 600)))
    assert desk.photos.make_copy(UUID(case["id"]), "a.jpg") == "ready"
    once = sorted(desk.files.names())
    assert desk.photos.make_copy(UUID(case["id"]), "a.jpg") == "ready"
    assert sorted(desk.files.names()) == once
    small = desk.photos.read(inspector, UUID(case["id"]), "a.jpg", small=True)
    assert Image.open(io.BytesIO(small)).size == (480, 320)


def test_the_job_handler_asks_the_service(desk, inspector, case, photo):
    desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo())

    job = SimpleNamespace(payload={"case_id": case["id"], "name": "a.jpg"})
    progress = SimpleNamespace(check=lambda: None)
    assert run_job(SimpleNamespace(photos=desk.photos), job, progress) == {"state": "ready"}


def test_a_copy_holds_nothing_of_exif_and_stands_upright(desk, inspector, case, photo):
    gps = {1: "N", 2: (39.0, 6.0, 2.0), 3: "E", 4: (117.0, 12.0, 2.0)}
    data = with_exif(photo, gps=gps, orientation=6)
    desk.photos.add(inspector, UUID(case["id"]), "a.jpg", data)
    desk.photos.make_copy(UUID(case["id"]), "a.jpg")
    for small in (False, True):
        shown = desk.photos.read(inspector, UUID(case["id"]), "a.jpg", small=small)
        image = Image.open(io.BytesIO(shown))
        assert image.size == (40, 60)
        assert dict(image.getexif()) == {}
        assert b"SECRET-MAKER" not in shown
        assert b"Exif" not in shown
    kept = desk.cases.get(inspector, UUID(case["id"]))["photos"][0]
    assert b"SECRET-MAKER" in desk.files.open(kept["sha256"])


def test_before_the_copy_is_there_nothing_is_given_out(desk, inspector, case, photo):
    desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo())
    with pytest.raises(NotFoundError):
        desk.photos.read(inspector, UUID(case["id"]), "a.jpg")


def test_the_same_photo_again_is_no_second_one(desk, inspector, case, photo):
    data = photo()
    desk.photos.add(inspector, UUID(case["id"]), "a.jpg", data)
    told, is_new = desk.photos.add(inspector, UUID(case["id"]), "a.jpg", data)
    assert is_new is False
    assert len(told["photos"]) == 1


def test_another_photo_of_the_same_name_is_refused(desk, inspector, case, photo):
    desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo((64, 48)))
    with pytest.raises(ConflictError) as refusal:
        desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo((65, 48)))
    assert refusal.value.code == "photo.name_taken"


def test_of_photos_that_come_at_once_under_one_name_one_is_kept(desk, inspector, case, photo):
    sizes = [(64, 48), (64, 48), (66, 48), (67, 48)]

    def add(size):
        try:
            return desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo(size))[1]
        except ConflictError:
            return "taken"

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(add, sizes * 2))
    assert done.count(True) == 1
    assert len(desk.cases.get(inspector, UUID(case["id"]))["photos"]) == 1


def test_a_full_disk_leaves_neither_row_nor_file(desk, inspector, case, photo, monkeypatch):
    def full(_self, _data):
        raise UnavailableError("file.cannot_write", "文件写不进数据文件夹：{why}")

    with monkeypatch.context() as patch:
        patch.setattr(type(desk.files), "put", full)
        with pytest.raises(UnavailableError):
            desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo())
    assert desk.cases.get(inspector, UUID(case["id"]))["photos"] == []
    assert desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo())[1] is True


def test_a_photo_cut_short_is_refused_and_sending_it_whole_works(desk, inspector, case, photo):
    data = photo((400, 300))
    with pytest.raises(InvalidError) as refusal:
        desk.photos.add(inspector, UUID(case["id"]), "a.jpg", data[: int(len(data) * 0.9)])
    assert refusal.value.code == "photo.truncated"
    assert list(desk.files.names()) == []
    assert desk.photos.add(inspector, UUID(case["id"]), "a.jpg", data)[1] is True


@pytest.mark.parametrize(
    "name", ["../../x", "a/b.jpg", "\u202egpj.exe", "a\0b.jpg", "井盖.jpg", "", ".x", "a" * 101]
)
def test_a_hostile_name_is_refused(desk, inspector, case, photo, name):
    with pytest.raises(InvalidError) as refusal:
        desk.photos.add(inspector, UUID(case["id"]), name, photo())
    assert refusal.value.code == "photo.bad_name"


def test_files_on_disk_are_named_by_their_content(desk, inspector, case, photo):
    desk.photos.add(inspector, UUID(case["id"]), "CON", photo())
    assert all(len(name) == 64 for name in desk.files.names())


def test_who_may_not_see_the_case_can_neither_add_nor_see_photos(
    desk, inspector, eastern, greening, case, photo
):
    desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo())
    desk.photos.make_copy(UUID(case["id"]), "a.jpg")
    for person in (eastern, greening):
        with pytest.raises(NotFoundError):
            desk.photos.add(person, UUID(case["id"]), "b.jpg", photo())
        with pytest.raises(NotFoundError):
            desk.photos.read(person, UUID(case["id"]), "a.jpg")


def test_who_only_looks_adds_nothing(desk, case, photo):
    auditor = Person(30, "审计员", frozenset({Role.AUDITOR}))
    with pytest.raises(ForbiddenError):
        desk.photos.add(auditor, UUID(case["id"]), "b.jpg", photo())


def test_what_a_photo_shows_follows_from_person_and_state(
    desk, inspector, acceptor, leader, dispatcher, drainage, case, photo
):
    def kinds():
        seen = desk.cases.get(inspector, UUID(case["id"]))["photos"]
        # Photos that the acts themselves need are numbered.
        return {one["name"]: one["kind"] for one in seen if not one["name"][-5].isdigit()}

    now = desk.act(leader, desk.act(acceptor, case, "accept"), "file")
    now = desk.act(dispatcher, now, "dispatch", department="drainage")
    desk.photos.add(drainage, UUID(case["id"]), "done.jpg", photo((50, 50)))
    desk.photos.add(inspector, UUID(case["id"]), "late.jpg", photo((51, 50)))
    now = desk.cases.get(drainage, UUID(case["id"]))
    desk.act(drainage, now, "hand_back", note="完工")
    desk.photos.add(inspector, UUID(case["id"]), "look.jpg", photo((52, 50)))
    desk.photos.add(inspector, UUID(case["id"]), "old.jpg", photo((53, 50)), "report")
    assert kinds() == {
        "done.jpg": "after",
        "late.jpg": "report",
        "look.jpg": "inspection",
        "old.jpg": "report",
    }
    with pytest.raises(InvalidError):
        desk.photos.add(inspector, UUID(case["id"]), "x.jpg", photo(), "selfie")


def test_a_closed_case_takes_no_more_photos(desk, inspector, acceptor, case, photo):
    desk.act(acceptor, case, "refuse", note="重复上报")
    with pytest.raises(ConflictError) as refusal:
        desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo())
    assert refusal.value.code == "photo.case_ended"


def test_there_is_a_most_of_photos(desk, inspector, case, photo):
    for i in range(20):
        desk.photos.add(inspector, UUID(case["id"]), f"{i}.jpg", photo((40 + i, 30)))
    with pytest.raises(ConflictError) as refusal:
        desk.photos.add(inspector, UUID(case["id"]), "more.jpg", photo((99, 30)))
    assert refusal.value.code == "photo.too_many"


def test_the_most_of_photos_holds_when_all_of_them_come_at_once(desk, inspector, case, photo):
    data = photo()

    def add(i):
        try:
            return desk.photos.add(inspector, UUID(case["id"]), f"{i}.jpg", data)[1]
        except ConflictError as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(add, range(26)))
    assert (done.count(True), done.count("photo.too_many")) == (20, 6)


def test_sending_a_photo_again_follows_a_copy_that_was_given_up_but_not_one_that_waits(
    desk, town, inspector, case, photo
):
    jobs, data = JobService(town), photo()
    send = functools.partial(desk.photos.add, inspector, UUID(case["id"]), "a.jpg", data)

    def waiting():
        mine = jobs.list(inspector, states=[JobState.QUEUED])
        return [job for job in mine if job.payload["case_id"] == case["id"]]

    send()
    for _ in range(4):
        [job] = waiting()
        jobs.cancel(inspector, job.id)
        send()
        send()
    [last] = waiting()
    jobs.cancel(inspector, last.id)
    assert send()[1] is False
    assert waiting() == []


def test_a_case_that_ends_while_a_photo_is_read_takes_it_no_more(
    desk, inspector, acceptor, case, photo, monkeypatch
):
    put = desk.files.put

    def put_late(data):
        desk.act(acceptor, case, "refuse", note="重复上报")
        return put(data)

    monkeypatch.setattr(desk.files, "put", put_late)
    with pytest.raises(ConflictError, match="已结束"):
        desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo())


def test_a_photo_added_makes_no_act_of_others_stale(desk, inspector, acceptor, case, photo):
    desk.photos.add(inspector, UUID(case["id"]), "a.jpg", photo())
    assert desk.act(acceptor, case, "accept")["state"] == "to_file"


def test_a_photo_that_cannot_be_decoded_is_marked_and_the_case_lives_on(
    desk, inspector, acceptor, case, photo
):
    data = photo((200, 200))
    tables = data.index(b"\xff\xdb")
    frame = data.index(b"\xff\xc0")
    desk.photos.add(inspector, UUID(case["id"]), "a.jpg", data[:tables] + data[frame:])
    assert desk.photos.make_copy(UUID(case["id"]), "a.jpg") == "failed"
    [kept] = desk.cases.get(inspector, UUID(case["id"]))["photos"]
    assert (kept["state"], kept["flags"]) == ("failed", ["photo.unreadable"])
    assert desk.act(acceptor, case, "accept")["state"] == "to_file"


# -- kinds of files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")],
)
def test_three_kinds_are_taken_and_their_size_is_read_without_decoding(kind, media_type):
    head = photo_head(saved(kind))
    assert (head.media_type, head.width, head.height) == (media_type, 40, 30)


def test_a_lossless_and_an_extended_webp_are_measured_right():
    lossless = photo_head(saved("WEBP", lossless=True))
    extended = photo_head(saved("WEBP", Image.new("RGBA", (41, 31)), exif=b"Exif\0\0MM"))
    assert (lossless.width, lossless.height) == (40, 30)
    assert (extended.width, extended.height) == (41, 31)


def test_a_progressive_and_a_cmyk_jpeg_are_taken_and_shown_in_rgb(photo):
    for data in (photo(progressive=True), photo(mode="CMYK"), photo(mode="L")):
        photo_head(data)
        shown = Image.open(io.BytesIO(photo_copy(data).copy))
        assert (shown.mode, shown.format) == ("RGB", "JPEG")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "photo.wrong_type"),
        (b"<!doctype html><script>alert(1)</script>", "photo.wrong_type"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1", "photo.wrong_type"),
        (b"GIF89a" + b"\0" * 30, "photo.wrong_type"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "photo.wrong_type"),
        (b"%PDF-1.7", "photo.wrong_type"),
        (b"PK\x03\x04" + b"\0" * 30, "photo.wrong_type"),
        (b"", "photo.wrong_type"),
        (b"\xff\xd8\xff", "photo.truncated"),
        (b"\x89PNG\r\n\x1a\n", "photo.truncated"),
        (b"RIFF\x10\0\0\0WEBP", "photo.truncated"),
    ],
)
def test_what_is_no_photo_is_refused_whatever_its_name(data, code):
    with pytest.raises(InvalidError) as refusal:
        photo_head(data)
    assert refusal.value.code == code


def test_a_heic_photo_is_refused_with_the_way_to_set_the_phone():
    with pytest.raises(InvalidError) as refusal:
        photo_head(b"\0\0\0\x18ftypheic" + b"\0" * 40)
    assert refusal.value.got == "HEIC"
    assert "兼容性最佳" in refusal.value.hint()


def test_a_small_file_of_many_pixels_is_refused_before_it_is_decoded():
    data = empty_png(12_000, 12_000)
    assert len(data) < 50_000
    with pytest.raises(InvalidError) as refusal:
        photo_head(data)
    assert refusal.value.code == "photo.too_many_pixels"
    assert refusal.value.got == 144_000_000


def test_a_moving_picture_is_refused():
    frames = [Image.new("RGB", (20, 20), c) for c in ("red", "blue")]
    for kind in ("PNG", "WEBP"):
        with pytest.raises(InvalidError) as refusal:
            photo_head(saved(kind, frames[0], save_all=True, append_images=frames[1:]))
        assert refusal.value.code == "photo.animated"


def _zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "x" * 50)
    return out.getvalue()


@pytest.mark.parametrize(
    "tail",
    [
        b"<script>alert(1)</script>",
        b"\n\n<HTML>",
        b"%PDF-1.4\n",
        b"<?php system($_GET[0]);",
        _zip(),
    ],
)
def test_a_photo_with_something_behind_it_that_runs_or_opens_is_refused(photo, tail):
    with pytest.raises(InvalidError) as refusal:
        photo_head(photo() + tail)
    assert refusal.value.code == "photo.polyglot"


def test_a_script_in_the_comment_or_in_a_text_chunk_is_refused(photo):
    words = PngInfo()
    words.add_text("Comment", "<script>alert(1)</script>")
    for data in (photo(comment=b"<ScRiPt>alert(1)"), saved("PNG", pnginfo=words)):
        with pytest.raises(InvalidError) as refusal:
            photo_head(data)
        assert refusal.value.code == "photo.polyglot"


def test_a_film_behind_the_picture_is_no_attack(photo):
    noise = np.random.default_rng(3).integers(0, 256, 3_000_000, np.uint8).tobytes()
    film = b"\0\0\0\x18ftypmp42" + noise[:1_500_000] + b"MZ\x90<html" + noise[1_500_000:]
    assert photo_head(photo() + film).media_type == "image/jpeg"


def test_what_looks_like_markup_inside_the_compressed_picture_is_no_attack(photo):
    data = photo((200, 200))
    middle = data.index(b"\xff\xda") + 500
    assert photo_head(data[:middle] + b"<html<svg <?php" + data[middle:]).width == 200


# -- EXIF --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gps", "flags"),
    [
        ({}, ()),
        ({1: "N", 2: (39, 6, 1.8), 3: "E", 4: (117, 12, 1.8)}, ()),
        ({1: "N", 2: (40, 6, 1.8), 3: "E", 4: (117, 12, 1.8)}, ("exif_position_far",)),
        ({2: (39, 6, 1.8), 4: (117, 12, 1.8)}, ("exif_position_bad",)),
        ({1: "N", 2: (0, 0, 0), 3: "E", 4: (0, 0, 0)}, ("exif_position_bad",)),
        ({1: "N", 2: (4e9, 0, 0), 3: "E", 4: (117, 0, 0)}, ("exif_position_bad",)),
        ({1: "N", 2: (float("nan"),) * 3, 3: "E", 4: (117, 0, 0)}, ("exif_position_bad",)),
        ({1: "N", 2: "north", 3: "E", 4: (117, 0, 0)}, ("exif_position_bad",)),
        ({1: "X", 2: (39, 0, 0), 3: "E", 4: (117, 0, 0)}, ("exif_position_bad",)),
    ],
)
def test_an_exif_position_is_compared_and_never_believed(gps, flags):
    assert exif_flags({"gps": gps}, position=[117.2005, 39.1005]) == flags


def test_a_zero_denominator_in_a_real_file_is_flagged_and_the_photo_is_taken(
    desk, inspector, case, photo
):
    data = with_exif(photo, gps={1: "N", 2: (39.0, 6.0, 2.0), 3: "E", 4: (117.0, 12.0, 2.0)})
    broken = data.replace(b"\0\0\0\x06\0\0\0\x01", b"\0\0\0\x06\0\0\0\0").replace(
        b"\x06\0\0\0\x01\0\0\0", b"\x06\0\0\0\0\0\0\0"
    )
    assert broken != data
    desk.photos.add(inspector, UUID(case["id"]), "a.jpg", broken)
    assert desk.photos.make_copy(UUID(case["id"]), "a.jpg") == "ready"
    [kept] = desk.cases.get(inspector, UUID(case["id"]))["photos"]
    assert kept["flags"] == ["exif_position_bad"]


@pytest.mark.parametrize(
    ("taken", "flags"),
    [
        ("2026:11:24 08:59:00", ()),
        ("2099:01:01 00:00:00", ("exif_time_future",)),
        ("yesterday", ("exif_time_bad",)),
    ],
)
def test_an_exif_time_is_compared_with_the_receipt(desk, taken, flags):
    assert exif_flags({"taken": taken}, received=desk.clock.now) == flags


def test_south_and_west_are_negative():
    found = gps_position({1: "S", 2: (33, 52, 0), 3: "W", 4: (70, 40, 0)})
    assert found == pytest.approx((-70.666667, -33.866667), abs=1e-6)
