"""Sheets over HTTP: the PDF, how it would lie, and refusals in words."""

from __future__ import annotations

import pytest

POLYGON = {
    "type": "Polygon",
    "coordinates": [[[117.1995, 39.0995], [117.2025, 39.0995], [117.2025, 39.1055], [117.1995, 39.1055], [117.1995, 39.0995]]],
}  # fmt: skip
BOW_TIE = {"type": "Polygon", "coordinates": [[[117, 39], [118, 40], [118, 39], [117, 40], [117, 39]]]}  # fmt: skip


@pytest.fixture
def ask(sign_in):
    """Gives the answer of an address below ``/api/v1/sheets`` to a body, asked by an account."""

    def asked(name, path="", **more):
        client = sign_in(name)
        body = {"layer": "pipes", "polygon": POLYGON} | more
        headers = {"X-CSRFToken": client.token}
        return client.post(f"/api/v1/sheets{path}", json=body, headers=headers)

    return asked


def test_a_sheet_is_a_pdf_with_a_name_that_says_what_it_is(ask, read_pdf):
    answer = ask("planner", title="燃气改造核对图")
    assert answer.mimetype == "application/pdf"
    assert "%E5%9C%B0%E4%B8%8B%E7%AE%A1%E7%BA%BF%E5%9B%BE_1-" in answer.headers["Content-Disposition"]  # fmt: skip
    assert answer.headers["Cache-Control"] == "no-store"
    pdf = read_pdf(answer.data)
    assert pdf.text().startswith("燃气改造核对图")
    assert "制图：planner" in pdf.text()
    assert len(pdf) == 1


def test_the_plan_says_how_the_sheet_will_lie(ask):
    found = ask("planner", "/plan", paper="A3").json
    assert found["scale"] == found["scales"][0] == 5000
    ring = found["outline"]["coordinates"][0]
    assert min(x for x, _ in ring) < 117.1995 < 117.2025 < max(x for x, _ in ring)
    assert min(y for _, y in ring) < 39.0995 < 39.1055 < max(y for _, y in ring)


def test_an_owner_gets_own_pipes_and_no_restricted_field(ask, read_pdf):
    words = read_pdf(ask("owner", with_list=True).data).everything()
    assert "P-1" in words
    assert "P-4" in words
    assert not any(key in words for key in ("P-0", "P-2", "P-3", "P-5", "给水"))


def test_what_somebody_wrote_is_printed_and_not_run(ask, read_pdf):
    words = read_pdf(ask("planner", with_list=True, title='#panic("x") $y$ *z*').data).text()
    assert words.startswith('#panic("x") $y$ *z*')


@pytest.mark.parametrize("name", ["inspector", "emergency", "auditor"])
def test_who_may_not_take_pipes_away_is_refused(ask, name):
    assert ask(name).status_code == 403
    assert ask(name, "/plan").status_code == 403


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"polygon": BOW_TIE}, 422, "geometry.self_intersection"),
        ({"polygon": {}}, 422, "geometry."),
        ({"layer": "nothing"}, 404, "layer.unknown"),
        ({"scale": 200}, 422, "sheet.bad_scale"),
        ({"scale": 1234}, 422, "sheet.unknown_scale"),
        ({"title": "字" * 61}, 422, "sheet.long_title"),
        ({"paper": "A0"}, 422, ""),
        ({"where": {"pressure": ["1"]}}, 422, "layer.unknown_property"),
        ({"colour": "red"}, 422, ""),
    ],
)
def test_a_refusal_says_why(ask, more, status, code):
    answer = ask("planner", **more)
    assert answer.status_code == status, answer.text
    assert answer.json["error"]["code"].startswith(code)
    assert answer.json["error"]["message"]


def test_a_print_without_the_token_is_refused(sign_in):
    answer = sign_in("planner").post("/api/v1/sheets", json={"layer": "pipes", "polygon": POLYGON})
    assert answer.status_code == 403
