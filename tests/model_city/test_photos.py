"""Photos of the model city are drawn, and every faked one is noticed, nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest
from generate.cases import season_of
from generate.city import plan_of
from generate.frame import Settings, to_degrees, to_metres
from generate.photos import FAKES, drawn, photos_of
from generate.places import ground_of

from cityops.services.photo_copy import photo_copy
from grid.evidence.alarms import PhotoFacts, alarms, shipped_evidence_rules

SETTINGS = Settings(7, 0.05)


@pytest.fixture(scope="module")
def photos():
    plans = [plan_of(SETTINGS, pilot) for pilot in SETTINGS.pilots()]
    grounds = [ground_of(SETTINGS.stream("ground", p.pilot), p) for p in plans]
    return photos_of(SETTINGS, season_of(SETTINGS, grounds), share=0.08)[:420]


def facts_of(photo, photos):
    """What the program reads from the file itself."""
    data = drawn(photo, photos)
    lon, lat = to_degrees([photo.case_xy])[0].tolist()
    seen = photo_copy(data, position=(lon, lat), received=photo.received_at).seen
    far = None
    if seen.position is not None:
        far = float(np.hypot(*(to_metres([seen.position])[0] - photo.case_xy)))
    sha = hashlib.sha256(data).hexdigest()
    return PhotoFacts(photo.case, sha, photo.received_at, seen.phash, seen.taken_at, far)


def test_every_faked_photo_is_noticed_and_no_other(photos):
    rules, earlier, found = shipped_evidence_rules(), [], set()
    for photo in photos:
        facts = facts_of(photo, photos)
        found |= {(photo.number, alarm.kind.value) for alarm in alarms(facts, earlier, rules)}
        earlier.append(facts)
    assert found == {(p.number, p.fake) for p in photos if p.fake}
    assert set(Counter(p.fake for p in photos if p.fake)) == set(FAKES)


def test_a_photo_is_the_same_bytes_each_time(photos):
    assert drawn(photos[5], photos) == drawn(photos[5], photos)


def test_a_photo_says_on_its_face_that_it_is_synthetic(photos, monkeypatch):
    texts = []
    from PIL import ImageDraw

    monkeypatch.setattr(
        ImageDraw.ImageDraw, "text", lambda self, at, text, **given: texts.append(text)
    )
    drawn(photos[0], photos)
    assert texts == ["SYNTHETIC"]
