"""Fingerprints of photos, alarms for people, second inspections by lot."""

from __future__ import annotations

import io
from dataclasses import fields, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from gis.errors import InvalidError
from grid.evidence.alarms import (
    AlarmKind,
    PhotoFacts,
    alarms,
    is_drawn,
    other_collector,
    shipped_evidence_rules,
)
from grid.evidence.fingerprint import distance, look_alikes, perceptual_hash

RULES = shipped_evidence_rules()
NOW = datetime.fromisoformat("2026-11-24T10:00:00+08:00")
ONE, TWO = UUID(int=1), UUID(int=2)


def picture(seed: int, size=(240, 320)) -> np.ndarray:
    """A smooth random scene with some edges, as photos have."""
    rng = np.random.default_rng(seed)
    scene = gaussian_filter(rng.normal(0, 1, size), 18)
    scene += 2 * (gaussian_filter(rng.normal(0, 1, size), 30) > 0) * scene.std()
    scene -= scene.min()
    return scene / scene.max() * 255


def repacked(grey: np.ndarray, quality: int, scale: float = 1.0) -> np.ndarray:
    image = Image.fromarray(grey.astype(np.uint8))
    if scale != 1.0:
        image = image.resize((int(image.width * scale), int(image.height * scale)))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(io.BytesIO(out.getvalue())).convert("L"))


@pytest.mark.parametrize("change", [{"quality": 40}, {"quality": 85, "scale": 0.5}])
def test_a_photo_packed_anew_or_scaled_keeps_its_fingerprint(change):
    for seed in range(40):
        grey = picture(seed)
        far = distance(perceptual_hash(grey), perceptual_hash(repacked(grey, **change)))
        assert far <= RULES.look_alike_bits, seed


def test_other_photos_have_other_fingerprints():
    hashes = [perceptual_hash(picture(seed)) for seed in range(60)]
    far = [distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(far) > RULES.look_alike_bits
    assert 25 < np.mean(far) < 40


def test_brighter_and_darker_are_the_same_picture():
    grey = picture(3)
    assert distance(perceptual_hash(grey), perceptual_hash(grey * 0.6 + 40)) <= 2


def test_half_of_the_bits_are_set():
    for seed in range(10):
        assert perceptual_hash(picture(seed)).bit_count() == 32


@pytest.mark.parametrize("bad", [np.zeros((10, 10)), np.zeros(99), np.full((40, 40), np.nan)])
def test_what_is_no_picture_has_no_fingerprint(bad):
    with pytest.raises(InvalidError):
        perceptual_hash(bad)


def test_look_alikes_are_found_nearest_first_by_counting_bits():
    known = np.array([0b1111, 0, 2**64 - 1, 0b11], np.uint64)
    assert look_alikes(0, known, 4).tolist() == [1, 3, 0]


def facts(case=ONE, **more) -> PhotoFacts:
    return PhotoFacts(case, more.pop("sha256", "a"), NOW, **more)


def kinds(photo, *earlier) -> list[str]:
    return [a.kind.value for a in alarms(photo, earlier, RULES)]


def test_a_photo_used_in_another_case_is_an_alarm_and_in_the_same_case_none():
    assert kinds(facts(), facts(TWO)) == ["same_file"]
    assert kinds(facts(), facts(ONE)) == []


def test_a_look_alike_of_another_case_is_an_alarm_with_its_distance():
    (alarm,) = alarms(facts(phash=0b111), [facts(TWO, sha256="b", phash=0)], RULES)
    assert (alarm.kind, alarm.other, alarm.value) == (AlarmKind.LOOK_ALIKE, TWO, 3)
    assert kinds(facts(phash=2**40 - 1), facts(TWO, sha256="b", phash=0)) == []


def test_the_same_file_is_not_told_twice():
    assert kinds(facts(phash=1), facts(TWO, phash=1)) == ["same_file"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"from_case_m": 200.0}, []),
        ({"from_case_m": 201.0}, ["far_from_case"]),
        ({"from_cell_m": 31.0}, ["outside_cell"]),
        ({"taken_at": NOW + timedelta(minutes=2)}, []),
        ({"taken_at": NOW + timedelta(minutes=3)}, ["taken_later"]),
        ({"taken_at": NOW - timedelta(hours=24)}, []),
        ({"taken_at": NOW - timedelta(hours=25)}, ["taken_early"]),
        ({}, []),
    ],
)
def test_place_and_time_of_exif_against_the_case_and_the_servers_clock(more, expected):
    assert kinds(facts(**more)) == expected


def test_alarms_are_told_in_words():
    assert all(a.told for a in alarms(facts(from_case_m=999.0), [facts(TWO)], RULES))


def test_no_figure_of_the_evaluation_knows_of_alarms():
    from grid.evaluation.facts import CaseFacts

    assert not [f.name for f in fields(CaseFacts) if "alarm" in f.name or "flag" in f.name]


def test_the_share_drawn_for_a_second_inspection_is_about_the_one_set():
    drawn = sum(is_drawn(UUID(int=n), 0.05, b"secret") for n in range(20_000))
    assert 900 < drawn < 1100


def test_the_draw_cannot_be_repeated_until_it_suits_and_depends_on_the_secret():
    first = [is_drawn(UUID(int=n), 0.5, b"a") for n in range(200)]
    assert first == [is_drawn(UUID(int=n), 0.5, b"a") for n in range(200)]
    assert first != [is_drawn(UUID(int=n), 0.5, b"b") for n in range(200)]


def test_the_second_inspection_is_another_persons():
    chosen = {other_collector(UUID(int=n), 3, [1, 2, 3, 4], b"s") for n in range(200)}
    assert chosen == {1, 2, 4}
    assert other_collector(ONE, 3, [3], b"s") is None
    assert replace(facts(), phash=None).phash is None
