"""The situation sheet, read back by another program: rings true to scale, words, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID, uuid4

import numpy as np
import pytest

from cityops.bootstrap import Services
from cityops.printing.typst_printer import TypstPrinter
from cityops.services.hazards.model_requests import ModelRequest
from cityops.services.hazards.requests import BlastRequest
from cityops.services.hazards.sheet import SituationSheets
from cityops.services.roles import Person, Role
from cityops.services.scenes import SceneService
from cityops.services.sheets.papers import Paper
from cityops.services.sheets.press import Press
from cityops.settings import Settings
from cityops.store.database import create_all
from gis.errors import ForbiddenError, InvalidError, NotFoundError

AT = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)  # 14:05 in the city
OFFICER = Person(7, "应急员", frozenset({Role.EMERGENCY}))
PLANNER = Person(9, "规划员", frozenset({Role.PLANNER}))
LINES = {"red": (0x56, 0x00, 0x12), "orange": (0x9A, 0x4F, 0x00), "yellow": (0x85, 0x70, 0x00)}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """Tianjin in a store of its own, one run at the yard, and sheets with a stopped clock."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("hazard-sheet"))
    store = create_all(settings)
    SceneService(store).set_up("tianjin")
    store.dispose()
    services = Services(settings)
    run = services.hazards.run(OFFICER, BlastRequest(site="HZ0001"))
    press = Press(services.store, services.layers, TypstPrinter(), now=lambda: AT)
    sheets = SituationSheets(services.hazards, press)
    yield SimpleNamespace(services=services, run=run, id=UUID(run["run_id"]), sheets=sheets)
    services.store.dispose()  # type: ignore[attr-defined]


def together(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("paper", Paper)
def test_rings_are_true_to_scale(city, read_pdf, paper):
    made = city.sheets.print(OFFICER, city.id, "high", "night", paper)
    zones = city.run["alternatives"][2]["zones"]
    paths = read_pdf(made.pdf).paths()
    for zone in zones:
        ring = np.array(max((p.points for p in paths if p.stroke == LINES[zone["rank"]]), key=len))
        width = np.ptp(ring, axis=0) / 1000 * made.scale
        # EPSG:4548 is up to 0.06 ‰ too long here, 0.7 degrees east of its meridian
        assert width == pytest.approx(2 * zone["radius_m"], rel=3e-4)


def test_the_sheet_says_what_the_screen_says(city, read_pdf):
    text = together(read_pdf(city.sheets.print(OFFICER, city.id, None, "day").pdf).text())
    for words in (
        "爆炸影响情况单：示例港区危险货物堆场",
        *("可能60tTNT，白天", "筛查估算screeningestimate", "内部使用，非公开地图"),
        *("约42,300", "红310m", "橙710m", "黄1,770m", "421/963/2,400", "示例港城小学"),
        *("ADA526744", "同一人不计两次", city.run["run_id"], "2026-11-2214:05", "应急员"),
    ):
        assert together(words) in text, words


WIND = {"wind_m_s": 3.0, "wind_from": 250.0, "stability": "D", "terrain": "urban"}
CHLORINE = {"model": "gaussian-plume", "cas": "7782-50-5", **WIND}
PROPANE = {"model": "bleve-fireball", "heat_mj_kg": 46.35}


def modelled(city, **asked):
    run = city.services.hazards.run_model(OFFICER, ModelRequest(lon=117.1933, lat=39.1176, **asked))
    return run, UUID(run["run_id"])


def test_a_plume_is_drawn_true_to_scale_with_what_the_wind_may_sweep(city, read_pdf):
    run, run_id = modelled(city, **CHLORINE, rate_kg_s={"low": 0.05, "likely": 0.2})
    made = city.sheets.print(OFFICER, run_id, None, "day")
    pdf = read_pdf(made.pdf)
    for zone in run["alternatives"][1]["zones"]:
        ring = np.array(
            max((p.points for p in pdf.paths() if p.stroke == LINES[zone["rank"]]), key=len)
        )
        metres = np.hypot(*(ring[:, None] - ring[None]).T).max() / 1000 * made.scale
        assert metres == pytest.approx(zone["length_m"], rel=5e-3)
    text = together(pdf.text())
    for words in (
        *("气体扩散影响情况单", "可能0.2kg/s，白天；风速3m/s，来向250°，稳定度D", "泄放位置"),
        *("危及生命（AEGL-3）", "三种数量", "虚线为风向偏转±30°时最外一档扫过的范围"),
        *("screeningestimate", "这种危害不计部件", "Briggs1973", run["run_id"]),
    ):
        assert words in text, words
    assert made.filename.startswith("气体扩散影响情况单_")


def test_a_fireball_has_round_zones_by_heat(city, read_pdf):
    run, run_id = modelled(city, **PROPANE, mass_kg={"likely": 20_000.0})
    made = city.sheets.print(OFFICER, run_id, None, "night")
    text = together(read_pdf(made.pdf).text())
    radius = run["alternatives"][0]["zones"][0]["radius_told_m"]
    for words in ("火球热辐射影响情况单", "可能20t，夜间", "火球位置", f"红{radius}m", "半径"):
        assert words in text, words
    assert "TNT" not in text
    assert "虚线" not in text


def test_a_run_of_which_no_level_is_reached_has_no_sheet_and_says_what_to_do(city):
    high = CHLORINE | {"height_m": 100.0, "levels": ("20ppm",)}
    run, run_id = modelled(city, **high, rate_kg_s={"likely": 0.001})
    assert run["alternatives"][0]["zones"][0]["geometry"] is None
    with pytest.raises(InvalidError) as refused:
        city.sheets.print(OFFICER, run_id, None, "day")
    assert refused.value.code == "hazard.nothing_to_draw"
    assert "重新计算" in refused.value.hint()


def test_a_print_is_audited(city):
    city.sheets.print(OFFICER, city.id, "low", "day")
    with city.services.store.reading() as tx:
        row = tx.connection.exec_driver_sql(
            "SELECT action, subject FROM audit ORDER BY id DESC LIMIT 1"
        ).one()
    assert tuple(row) == ("hazard.print", f"hazard_run:{city.run['run_id']}")


@pytest.mark.parametrize(
    ("person", "run_id", "name", "time", "error"),
    [
        (PLANNER, None, None, "day", NotFoundError),
        (OFFICER, uuid4(), None, "day", NotFoundError),
        (OFFICER, None, "middle", "day", InvalidError),
        (OFFICER, None, None, "noon", InvalidError),
    ],
)
def test_what_cannot_be_printed_is_refused(city, person, run_id, name, time, error):
    with pytest.raises(error):
        city.sheets.print(person, run_id or city.id, name, time)


def test_who_may_look_but_not_take_gets_no_sheet(city, monkeypatch):
    from cityops.services import permissions

    look = {Role.EMERGENCY: {**permissions.GRANTS[Role.EMERGENCY]}}
    look[Role.EMERGENCY]["hazards"] = frozenset({permissions.Action.VIEW})
    monkeypatch.setattr(permissions, "GRANTS", permissions.GRANTS | look)
    with pytest.raises(ForbiddenError):
        city.sheets.print(OFFICER, city.id, None, "day")
