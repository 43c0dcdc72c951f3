"""Refusals are Chinese sentences: no word of the programming language stands in them."""

from __future__ import annotations

import logging
import re

import pytest

from cityops.services.reading.table import Note
from gis.errors import InvalidError
from gis.suspicion import ReferenceLayer

#: Names of Python that a person cannot know.
_PYTHON = re.compile(r"\b(None|True|False|str|int|float|bool|list|dict|tuple|NoneType|object)\b")


@pytest.mark.parametrize("value", [None, True, False, {"a": 1}, ["a", None], ("x", True), {1}])
def test_no_part_of_a_message_is_shown_as_python_writes_it(value):
    error = InvalidError("x.y", "得到 {got}，应为 {expected}", got=value, expected=value)
    assert not _PYTHON.search(str(error))
    assert not _PYTHON.search(Note(1, "x.y", "{v}", {"v": value}).as_dict()["what"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/layers/pipes/select", {"polygon": None}),
        ("/api/v1/layers/pipes/select", {"polygon": [1, 2]}),
        ("/api/v1/layers/pipes/select", {"polygon": {"type": "Polygon", "crs": {"a": 1}}}),
        ("/api/v1/layers/pipes/select", {"polygon": {"type": "Point", "coordinates": None}}),
        ("/api/v1/layers/pipes/select", {"polygon": {}, "where": [], "q": 3, "limit": "9"}),
        ("/api/v1/layers/pipes/select", [1, 2]),
        ("/api/v1/layers/pipes/select", None),
        ("/api/v1/exports", {"layer": None, "where": {"kind": "gas"}, "format": True}),
        ("/api/v1/exports", {"layer": "pipes", "within": [], "bbox": False}),
        ("/api/v1/sheets/plan", {"layer": {}, "polygon": True, "landscape": "no", "scale": 1.5}),
    ],
)
def test_bodies_of_another_shape_are_refused_in_chinese_words(sign_in, path, body):
    client = sign_in("planner")
    told = client.post(path, json=body, headers={"X-CSRFToken": client.token}).json
    for error in [told["error"], *told["errors"]]:
        words = f"{error['message']} {error['hint'] or ''}"
        assert not _PYTHON.search(words), words


def test_a_reference_without_known_accuracy_is_refused_without_a_number():
    with pytest.raises(InvalidError) as refused:
        ReferenceLayer([], None)
    assert str(refused.value) == "参照图层经过概括或精度不明，不能用来判断坐标基准"


def test_a_text_that_no_field_can_hold_is_refused_in_lists_and_selections(sign_in):
    client = sign_in("planner")
    answer = client.get("/api/v1/layers/pipes/features?q=%00")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "layer.bad_text")


def test_a_foreign_host_is_one_line_in_the_log_on_pages_too(client, caplog):
    with caplog.at_level(logging.INFO, "cityops"):
        answer = client.get("/map", headers={"Host": "evil.com", "Accept": "text/html"})
    assert answer.status_code == 400
    lines = [r for r in caplog.records if r.name.startswith("cityops.web")]
    assert [(r.exc_info, r.levelname) for r in lines] == [(None, "INFO")]
