"""The declaration of pipes: kinds, looks, trust, restriction."""

import pytest

from gis.layers import FieldType, GeometryKind
from underground.kinds import KINDS, kind_of, survey_codes
from underground.layers import LAYERS, PIPES


def test_the_domain_declares_pipes_as_surveyed_lines_with_a_category():
    assert [spec.name for spec in LAYERS] == [
        "underground_spaces", "pipes", "boreholes", "subsidence_points",
    ]  # fmt: skip
    assert PIPES.geometry is GeometryKind.LINE
    assert PIPES.surveyed
    assert PIPES.category_field == "kind"


def test_there_are_eight_kinds_with_different_colour_letter_and_look():
    codes = [k.code for k in KINDS]
    assert codes == ["water", "storm", "sewer", "gas", "heat", "power", "telecom", "reclaimed"]
    assert len({k.colour for k in KINDS}) == len({k.mark for k in KINDS}) == 8
    dashed = [k.dash for k in KINDS if k.dash]
    assert len(set(dashed)) == len(dashed) == 6


def test_exactly_the_contact_is_restricted():
    restricted = {f.name: f.seen_by for f in PIPES.fields if f.seen_by is not None}
    assert restricted == {"owner_contact": {"planner", "pipeline_owner", "data_manager"}}


def test_every_number_has_a_unit():
    assert all(f.unit for f in PIPES.fields if f.type is FieldType.REAL)


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("管线点号", "id"), ("材质", "material"), ("管径", "diameter_mm"), ("埋设方式", "burial_mode"),
        ("起点埋深", "depth_start_m"), ("终点埋深", "depth_end_m"), ("权属单位", "owner"),
        ("建设年代", "laid_on"), ("断面尺寸", "size_text"),
    ],
)  # fmt: skip
def test_a_delivered_column_name_belongs_to_one_field(column, field):
    assert [f.name for f in PIPES.fields if column in f.aliases] == [field]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("JS", "water"), ("js", "water"), ("给水", "water"), ("YS", "storm"), ("WS", "sewer"),
        ("HS", "sewer"), ("TR", "gas"), ("RL", "heat"), ("LD", "power"), ("中水", "reclaimed"),
        ("telecom", "telecom"), ("QQ", None), ("综合管沟", None), ("", None),
    ],
)  # fmt: skip
def test_what_surveys_deliver_is_one_of_the_kinds_or_none(given, kind):
    assert kind_of(given) == kind


def test_every_survey_code_keeps_its_source():
    assert len(survey_codes()) == 37
    assert all(code.source and code.confidence for code in survey_codes().values())
