"""Draw the figures of the pages on evacuation and domino effects; run it again after a change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely

from hazards.domino.drawing import draw_domino
from hazards.domino.escalation import Site, blast_hits, escalation_radii
from hazards.domino.thresholds import Equipment
from hazards.evacuation.drawing import draw_plan
from hazards.evacuation.people import buildings_of, shelters_of
from hazards.evacuation.plan import plan_evacuation
from hazards.evacuation.rates import foot_rates
from hazards.evacuation.roads import roads_of
from hazards.kingery_bulmash import KINGERY_BULMASH

FIGURES = Path(__file__).parent.parent / "figures"


def evacuation_figure() -> str:
    """A made quarter with a zone in its middle and wind from the west-south-west."""
    rng = np.random.default_rng(4)
    xy = np.stack(np.meshgrid(np.arange(13), np.arange(9)), -1) * 90.0 + rng.uniform(
        -18, 18, (9, 13, 2)
    )
    pairs = [(xy[i, j], xy[i, j + 1]) for i in range(9) for j in range(12)]
    pairs += [(xy[i, j], xy[i + 1, j]) for i in range(8) for j in range(13)]
    lines = [shapely.LineString(p) for p in pairs if rng.random() < 0.85]
    lines.append(shapely.LineString([(500, 330), (520, 350)]))
    zone = shapely.Point(510, 350).buffer(230)
    turn, out = rng.uniform(0, 2 * np.pi, 60), 215 * np.sqrt(rng.random(60))
    at = np.column_stack([510 + out * np.cos(turn), 350 + out * np.sin(turn)])
    at[0] = (510, 341)
    buildings = buildings_of(at, rng.integers(5, 60, 60), np.ones(60, bool))
    ends = [(20, 80), (30, 640), (1040, 600), (1050, 60), (560, 715)]
    shelters = shelters_of(ends, [600, 420, 900, 900, 300])
    roads = roads_of(lines, widths=[4.0] * len(lines))
    plan = plan_evacuation(roads, buildings, shelters, zone, foot_rates(), wind_from=250.0)
    return draw_plan(
        plan, buildings, shelters, zone, wind_from=250.0, title="疏散方案（示例，虚构街区）"
    )


def domino_figure() -> str:
    """A made tank farm around a charge of 5 000 kg."""
    sites = [
        Site("V-1", 95, 40, Equipment.PRESSURISED, 4000.0),
        Site("T-1", -70, -60, Equipment.ATMOSPHERIC, None),
        Site("T-2", 190, 95, Equipment.ATMOSPHERIC, None),
        Site("V-2", -180, 90, Equipment.PRESSURISED, 2000.0),
        Site("C-1", 40, -120, Equipment.ELONGATED, None),
        Site("X-1", -30, 100, None, None),
    ]
    hits = blast_hits(5000.0, sites, KINGERY_BULMASH, 3)
    rings = escalation_radii(5000.0, KINGERY_BULMASH)
    return draw_domino(rings, hits, sites, title="多米诺：5 000 kg TNT（示例，虚构罐区）")


def main() -> None:
    """Write all figures."""
    FIGURES.mkdir(exist_ok=True)
    for name, figure in (("evacuation", evacuation_figure()), ("domino", domino_figure())):
        (FIGURES / f"{name}.svg").write_text(figure + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
