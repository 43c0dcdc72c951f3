"""Draw the figures of the pages on hazards; run it again after a change of a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hazards.blast import blast_zones
from hazards.charts import Axis, Curve, line_chart
from hazards.curves import overpressure_pa
from hazards.dispersion.briggs import Stability, Terrain
from hazards.dispersion.heavy_zones import heavy_release, heavy_zones
from hazards.dispersion.levels import Air, Concentration
from hazards.dispersion.plume import PlumeSource
from hazards.dispersion.puff import PuffSource
from hazards.dispersion.puff_zones import puff_zones
from hazards.dispersion.zones import as_ground, plume_zones
from hazards.fireball import fireball, heat_at
from hazards.gb18218.grade import grade_unit
from hazards.gb18218.inventory import inventory_of
from hazards.ground import GroundZone, swept
from hazards.kingery_bulmash import KINGERY_BULMASH
from hazards.kinney_graham import KINNEY_GRAHAM
from hazards.levels import parse_level
from hazards.poolfire import Flame, PoolFire, burning_rate, flame_of, heat_w_m2
from hazards.probits import harm, probits
from hazards.release.outflow import Hole, gas_kg_s, liquid_kg_s
from hazards.release.pool import evaporation_kg_s
from hazards.rmp import fireball_m, vapour_cloud_m
from hazards.tnt import tnt_equivalent_kg

FIGURES = Path(__file__).parent.parent / "figures"
CHLORINE, PROPANE_J_KG = 70.906, 46.35e6
LEVELS = [Concentration(value, "ppm") for value in (20.0, 2.0)]
EAST, NORTH = Axis("下风向 m"), Axis("横风向 m")


def _over(xs: np.ndarray, value: object) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(value(float(x)))) for x in xs)  # type: ignore[operator]


def _outline(name: str, zone: GroundZone) -> Curve:
    points = [] if zone.outline_m is None else zone.outline_m.tolist()
    return Curve(name, tuple((float(x), float(y)) for x, y in points))


def blast() -> str:
    """Overpressure over scaled distance."""
    curves = [
        Curve(
            curve.model.title.zh,
            _over(
                np.geomspace(curve.z_min, curve.z_max, 160),
                lambda z, c=curve: overpressure_pa(min(max(z, c.z_min), c.z_max), c) / 1e3,
            ),
        )
        for curve in (KINGERY_BULMASH, KINNEY_GRAHAM)
    ]
    title = "超压随比例距离：曲线到公布的范围为止"
    return line_chart(
        title, Axis("比例距离 m/kg^(1/3)", is_log=True), Axis("超压 kPa", is_log=True), curves
    )


def masses() -> str:
    """Radii over the mass: what 3 t, 21 t and 430 t differ by."""
    kilograms = np.geomspace(1e3, 1e6, 120)
    curves = [
        Curve(
            text,
            _over(
                kilograms,
                lambda m, t=text: blast_zones(m, [parse_level(t)]).zones[0].radius_m,
            ),
        )
        for text in ("1kPa", "2kPa", "20.7kPa", "200kPa")
    ]
    title = "Kingery-Bulmash：半径随 TNT 当量（天津港：3 t、21 t 与 430 t）"
    mass, radius = Axis("TNT kg", is_log=True), Axis("半径 m", is_log=True)
    return line_chart(title, mass, radius, curves, legend_left=True)


def tnt() -> str:
    """Radii over the mass of a fuel, by the TNT that it is worth."""

    def radius_m(fuel_kg: float, level: str, share: float) -> float:
        worth = tnt_equivalent_kg(fuel_kg, PROPANE_J_KG, share)
        return blast_zones(worth, [parse_level(level)]).zones[0].radius_m

    fuel = np.geomspace(100.0, 1e5, 120)
    curves = [
        Curve(
            f"{level}，η {share:g}",
            _over(fuel, lambda m, at=level, part=share: radius_m(m, at, part)),
        )
        for level, share in (("2kPa", 0.1), ("6.9kPa", 0.1), ("20.7kPa", 0.1), ("2kPa", 0.02))
    ]
    title = "TNT 当量法（Kingery-Bulmash）：丙烷 46.35 MJ/kg，E 4.686 MJ/kg"
    mass, radius = Axis("丙烷 kg", is_log=True), Axis("半径 m", is_log=True)
    return line_chart(title, mass, radius, curves, legend_left=True)


def _plume(rate: float = 1.0) -> list[GroundZone]:
    source = PlumeSource(rate, 3.0, Stability.D, Terrain.RURAL)
    return [as_ground(zone, source) for zone in plume_zones(source, LEVELS, CHLORINE).zones]


def plume() -> str:
    """Footprints of a plume."""
    curves = [_outline(zone.name, zone) for zone in _plume()]
    title = "高斯烟羽：氯 1 kg/s，D 类，3 m/s，开阔地"
    return line_chart(title, EAST, NORTH, curves, true=True)


def heavy() -> str:
    """A heavy gas beside the plume, and where the wind may take it."""
    release = heavy_release(1.0, 3.0, CHLORINE, Air())
    (zone,) = heavy_zones(release, LEVELS[:1], CHLORINE, Air())
    turned = swept(np.array(_outline("", zone).points), 30.0)
    curves = [
        _outline("Britter-McQuaid 20 ppm", zone),
        _outline("高斯烟羽 20 ppm", _plume()[0]),
        Curve("风向偏转 ±30°", tuple((float(x), float(y)) for x, y in turned)),
    ]
    title = "重气：氯 1 kg/s，3 m/s"
    return line_chart(title, EAST, NORTH, curves, true=True, legend_left=True)


def puff() -> str:
    """Zones of a puff."""
    zones = puff_zones(PuffSource(10.0, 3.0, Stability.D), LEVELS, CHLORINE)
    curves = [_outline(zone.name, zone) for zone in zones]
    return line_chart("高斯烟团：氯 10 kg，D 类，3 m/s", EAST, NORTH, curves, true=True)


def ball() -> str:
    """Heat of fireballs over distance."""
    away = np.geomspace(20.0, 3000.0, 120)
    curves = [
        Curve(
            f"丙烷 {mass / 1000:g} t",
            _over(away, lambda x, m=mass: heat_at(fireball(m, PROPANE_J_KG), x).w_m2 / 1e3),
        )
        for mass in (1e3, 1e4, 1e5)
    ]
    title = "BLEVE 火球：地面受到的热辐射（CCPS，R 0.3）"
    return line_chart(title, Axis("距离 m", is_log=True), Axis("kW/m²", is_log=True), curves)


def _gasoline(diameter: float) -> Flame:
    burning = burning_rate("gasoline", diameter)
    return flame_of(PoolFire(diameter, burning, 43.7e6, 3.0))


def pool_fire() -> str:
    """Heat of pool fires over distance."""
    curves = [
        Curve(
            f"汽油池直径 {d:g} m",
            _over(
                np.geomspace(1.6 * d, 300.0, 100),
                lambda x, d=d: heat_w_m2(_gasoline(d), x) / 1e3,
            ),
        )
        for d in (10.0, 20.0, 40.0)
    ]
    title = "池火（固体火焰）：下风向地面的热辐射，3 m/s，透射率 1"
    return line_chart(title, Axis("距中心 m", is_log=True), Axis("kW/m²", is_log=True), curves)


def outflow() -> str:
    """Outflow of a gas over the pressure, and of a liquid over the same as driving pressure."""
    bar = np.linspace(1.02, 10.0, 120)
    hole = Hole(0.01, 0.85)
    density = 1.98 / 1e5
    curves = [
        Curve("气体（k 1.15，丙烷）", _over(bar, lambda p: gas_kg_s(hole, density * p * 1e5, 1.15, p * 1e5).kg_s)),
        Curve("液体（490 kg/m³）÷10", _over(bar, lambda p: liquid_kg_s(hole, 490.0, p * 1e5 - 101_325.0) / 10)),
    ]  # fmt: skip
    return line_chart(
        "10 mm 孔口的泄放速率", Axis("容器压力 bar"), Axis("kg/s"), curves, legend_left=True
    )


def pool() -> str:
    """Evaporation over the wind."""
    wind = np.linspace(0.5, 10.0, 80)
    curves = [
        Curve(f"苯，液池直径 {d:g} m", _over(wind, lambda u, d=d: evaporation_kg_s(d, u, 12_700.0, 78.11)))
        for d in (5.0, 10.0, 20.0)
    ]  # fmt: skip
    title = "液池蒸发（Mackay-Matsugu），25 ℃"
    return line_chart(title, Axis("风速 m/s"), Axis("kg/s"), curves, legend_left=True)


def probit() -> str:
    """Share dead by chlorine, after two authors."""
    ppm = np.geomspace(30.0, 3000.0, 120)
    per_ppm = Air().kg_m3(CHLORINE)
    curves = [
        Curve("Lees", _over(ppm, lambda c: harm(probits()["chlorine"], c, 30.0).probability)),
        Curve("TNO", _over(ppm, lambda c: harm(probits()["chlorine-tno"], c * per_ppm, 30.0).probability)),
    ]  # fmt: skip
    title = "概率单位函数：氯 30 min 的死亡比例，两位作者不同"
    return line_chart(title, Axis("ppm", is_log=True), Axis("比例"), curves)


def rmp() -> str:
    """Distances of EPA's forms over the mass."""
    mass = np.geomspace(100.0, 5e5, 120)
    curves = [
        Curve("蒸气云爆炸，至 1 psi", _over(mass, lambda m: vapour_cloud_m(m, 46.333e6))),
        Curve("火球，至二度烧伤", _over(mass, lambda m: fireball_m(m, 46.333e6))),
    ]
    title = "EPA RMP：丙烷的距离（火球在 30 t 处换式）"
    return line_chart(title, Axis("质量 kg", is_log=True), Axis("距离 m", is_log=True), curves)


def grading() -> str:
    """R of one unit over the residents."""
    from decimal import Decimal

    substances = [{"row": row, "quantity_t": Decimal(q)} for row, q in (("1", 20), ("4", 10))]

    def r(people: float) -> float:
        unit = inventory_of({"substances": substances, "people_500m": Decimal(int(people))})
        return float(grade_unit(unit).r or 0.0)

    curves = [Curve("氨 20 t、二氧化硫 10 t", _over(np.arange(0.0, 141.0), r))]
    title = "GB 18218 分级：R 随 500 m 内常住人口（α 的台阶）"
    return line_chart(title, Axis("常住人口"), Axis("R"), curves, legend_left=True)


FIGURES_BY_NAME = {
    "hazard_blast": blast,
    "hazard_masses": masses,
    "hazard_tnt": tnt,
    "hazard_plume": plume,
    "hazard_heavy": heavy,
    "hazard_puff": puff,
    "hazard_fireball": ball,
    "hazard_pool_fire": pool_fire,
    "hazard_outflow": outflow,
    "hazard_pool": pool,
    "hazard_probit": probit,
    "hazard_rmp": rmp,
    "hazard_grading": grading,
}


def draw(folder: Path = FIGURES) -> None:
    """Write every figure."""
    for name, make in FIGURES_BY_NAME.items():
        (folder / f"{name}.svg").write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    draw()
