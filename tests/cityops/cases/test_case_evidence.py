"""Photos as evidence: what does not fit is told to who judges, and to nobody else."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import numpy as np
import pytest
from PIL import Image

PLACE, ELSEWHERE = (117.2005, 39.1005), (117.2105, 39.1005)


def picture(seed, size=(160, 120)):
    """A picture of soft blots, as different from seed to seed as places are."""
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def jpeg(image, *, lonlat=None, taken=None, quality=90):
    exif = Image.Exif()
    if lonlat is not None:
        lon, lat = lonlat
        exif.get_ifd(0x8825).update({1: "N", 2: (lat, 0.0, 0.0), 3: "E", 4: (lon, 0.0, 0.0)})
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = taken
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, exif=exif.tobytes())
    return out.getvalue()


@pytest.fixture
def shown(desk, inspector, acceptor):
    """File a case with a photo whose copy is made; gives it as the acceptor sees it."""

    def go(data, place=PLACE):
        case = UUID(desk.filed(inspector, lon=place[0], lat=place[1])["id"])
        desk.photos.add(inspector, case, "a.jpg", data)
        assert desk.photos.make_copy(case, "a.jpg") == "ready"
        return desk.cases.get(acceptor, case)

    return go


def kinds(case):
    return [alarm["kind"] for alarm in case["alarms"]]


def test_a_photo_used_for_another_case_is_told_with_that_case(shown):
    data = jpeg(picture(1))
    first, second = shown(data), shown(data)
    assert kinds(first) == []
    [alarm] = second["alarms"]
    assert (alarm["photo"], alarm["kind"]) == ("a.jpg", "same_file")
    assert alarm["other"] == {"case_id": first["id"], "number": first["number"]}


def test_a_photo_packed_anew_is_known_by_its_picture(shown):
    first = shown(jpeg(picture(2)))
    again = shown(jpeg(picture(2).resize((120, 90)), quality=60))
    other = shown(jpeg(picture(3)))
    assert kinds(again) == ["look_alike"]
    assert again["alarms"][0]["other"]["case_id"] == first["id"]
    assert kinds(other) == []


def test_a_photo_from_elsewhere_is_told_with_its_distance(shown):
    [far, outside] = shown(jpeg(picture(4), lonlat=ELSEWHERE))["alarms"]
    # 0.01 degrees of longitude at 39.1005 N; the cell ends 0.0055 degrees west of the photo.
    degree = 111_320 * np.cos(np.radians(39.1005))
    assert (far["kind"], outside["kind"]) == ("far_from_case", "outside_cell")
    assert far["value"] == pytest.approx(0.01 * degree, rel=0.005)
    assert outside["value"] == pytest.approx(0.0055 * degree, rel=0.005)


@pytest.mark.parametrize(
    ("seed", "taken", "alarm"),
    [
        (5, "2026:11:20 09:00:00", ["taken_early"]),
        (6, "2026:11:24 09:30:00", ["taken_later"]),
        (7, "2026:11:24 08:50:00", []),
    ],
)
def test_a_photo_of_another_time_is_told(shown, desk, seed, taken, alarm):
    desk.clock.now = datetime.fromisoformat("2026-11-24T09:00:00+08:00")
    assert kinds(shown(jpeg(picture(seed), taken=taken))) == alarm


def test_a_photo_without_exif_gives_no_alarm(shown):
    assert kinds(shown(jpeg(picture(90)))) == []


def test_alarms_are_for_who_accepts_and_files_alone(
    shown, desk, leader, inspector, dispatcher, drainage, acceptor
):
    case = shown(jpeg(picture(91), lonlat=ELSEWHERE))
    key = UUID(case["id"])
    assert kinds(desk.cases.get(leader, key)) == kinds(case) != []
    for person in (inspector, dispatcher):
        assert "alarms" not in desk.cases.get(person, key)
    assert all("alarms" not in row for row in desk.cases.page(acceptor)["cases"])


def test_alarms_change_neither_state_nor_what_may_be_done(shown):
    plain, doubted = shown(jpeg(picture(92))), shown(jpeg(picture(93), lonlat=ELSEWHERE))
    assert doubted["actions"] == plain["actions"]
    assert doubted["state"] == plain["state"]


def test_another_case_out_of_reach_is_not_named(shown, desk, acceptor):
    data = jpeg(picture(94))
    shown(data, ELSEWHERE)
    second = shown(data)
    western = replace(acceptor, id=77, areas=("990101001001",))
    [alarm] = desk.cases.get(western, UUID(second["id"]))["alarms"]
    assert (alarm["kind"], alarm["other"]) == ("same_file", None)


def test_a_copy_made_again_is_looked_at_once(shown, desk, town):
    case = shown(jpeg(picture(95)))
    with town.writing() as tx:
        record = tx.cases.find(UUID(case["id"]))
        tx.evidence.add(record.seq, "a.jpg", "0" * 64, 2**63 + 5, [])
        tx.evidence.add(record.seq, "a.jpg", "0" * 64, 2**63 + 5, [])
        [found] = tx.evidence.look_alikes(0, 2**63 + 4, 1)
    assert (found.case, found.phash) == (UUID(case["id"]), 2**63 + 5)
