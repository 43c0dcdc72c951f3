"""Draw the figures of the pages on the underground; run it again after a change of the drawings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from underground.audit.profiles import Limits
from underground.frames import pipes_of_frame
from underground.network.build import network_of_model
from underground.network.drawing import draw_isolation
from underground.network.isolation import isolation_index
from underground.network.trace import path
from underground.network.valves import valve_layer
from underground.pipes import Pipes, pipes_of_survey
from underground.rules.tables import shipped_rules
from underground.sections.cross import cross_section, section_rows
from underground.sections.drawing import draw_cross_section, draw_long_profile
from underground.sections.long import long_profile, profile_rows
from underground.survey.inp import InpModel, parse_inp
from underground.survey.models import survey_of_model

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "tests" / "underground" / "data"
FIGURES = HERE.parent / "figures"
# kind, id, size, metres from the red line, height of the axis, mode, material, angle in plan
STREET = [
    ("电力", "DL-1", "300x200", 1.0, 2.3, "GK", None, 0),
    ("通信", "TX-1", "200", 2.6, 2.2, "GK", "S", 0),
    ("给水", "JS-1", "300", 4.4, 1.9, "ZM", "QM", 0),
    ("燃气", "RQ-1", "200", 6.0, 2.3, "ZM", "PE", 35),
    ("热力", "RL-1", "1200x800", 8.6, 1.3, "GG", None, 0),
    ("中水", "ZS-1", "200", 11.2, 1.7, "ZM", "QM", 0),
    ("污水", "WS-1", "600", 13.4, -0.4, "ZM", "T", 0),
    ("雨水", "YS-1", "800", 16.4, 0.6, "ZM", "T", 0),
]


def street() -> Pipes:
    """Eight pipes across a street, one oblique."""
    lines = []
    for _, _, _, x, z, _, _, angle in STREET:
        step = np.array([np.sin(np.radians(angle)), np.cos(np.radians(angle)), 0]) * 20
        middle = np.array([517_300 + x, 4_332_900, z])
        lines.append(shapely.LineString([middle - step, middle + step]))
    names = ("管类", "管线编号", "管径", "埋设方式", "材质")
    columns = {n: [row[k] for row in STREET] for n, k in zip(names, (0, 1, 2, 5, 6), strict=True)}
    frame = gpd.GeoDataFrame(columns, geometry=lines, crs=4548)
    pipes = pipes_of_frame(frame, datum="1985")
    pipes.ground[:] = 3.5
    return pipes


def cross_figure() -> str:
    """The street's cross-section with least covers."""
    pipes = street()
    cut = shapely.LineString([(517_300, 4_332_900), (517_319, 4_332_900)])
    section = cross_section(pipes, cut)
    rows = section_rows(section, pipes)
    limits = Limits.of(pipes, shipped_rules())
    for row, pipe in zip(rows, section.pipe.tolist(), strict=True):
        profile = int(limits.of_pipe[pipe])
        row["cover_limit_m"] = limits.cover_choice(profile, "carriageway").most_m or None
    return draw_cross_section(rows, section.length_m, title="横断面：一条街道的八类管线（示例）")


def storm() -> InpModel:
    """The storm network of the tests."""
    return parse_inp((DATA / "bellinge_small.inp").read_text(encoding="utf-8"))


def long_figure() -> str:
    """A long profile of the storm network."""
    model = storm()
    pipes = pipes_of_survey(survey_of_model(model, datum="local"))
    network = network_of_model(model)
    found = path(network, network.node("G72F813"), network.node("G72F050"))
    rows = np.array([pipes.position[network.links[k]] for k in found.links.tolist()], np.int64)
    profile = long_profile(pipes, rows, found.forward)
    title = "纵断面：贝灵厄雨水管网的一段"
    return draw_long_profile(profile_rows(profile, pipes), profile.length_m, title=title)


def unknown_figure() -> str:
    """The same long profile with the heights of one manhole not recorded."""
    pipes = pipes_of_survey(survey_of_model(storm(), datum="local"))
    network = network_of_model(storm())
    found = path(network, network.node("G72F813"), network.node("G72F050"))
    rows = np.array([pipes.position[network.links[k]] for k in found.links.tolist()], np.int64)
    for row, end in ((rows[1], found.forward[1]), (rows[2], not found.forward[2])):
        vertex = pipes.axes.first[row + 1] - 1 if end else pipes.axes.first[row]
        pipes.axes.xyz[vertex, 2] = np.nan
        pipes.inverts[row, int(end)] = np.nan
    profile = long_profile(pipes, rows, found.forward)
    title = "纵断面：一座检查井没有管底高程，缺口就是缺口"
    return draw_long_profile(profile_rows(profile, pipes), profile.length_m, title=title)


def clearance_figure() -> str:
    """A water main above and one beside a sewer: walls are nearer than axes."""
    pair = [
        ("给水", "JS-1", "200", (2.0, -1.111), "QM"),
        ("污水", "WS-1", "600", (2.0, -2.36), "T"),
        ("给水", "JS-2", "200", (6.0, -1.5), "QM"),
        ("污水", "WS-2", "600", (7.5, -1.5), "T"),
    ]
    lines = [
        shapely.LineString([(517_300 + x, 4_332_890, z), (517_300 + x, 4_332_910, z)])
        for _, _, _, (x, z), _ in pair
    ]
    names = {"管类": 0, "管线编号": 1, "管径": 2, "材质": 4}
    columns = {n: [row[k] for row in pair] for n, k in names.items()}
    pipes = pipes_of_frame(gpd.GeoDataFrame(columns, geometry=lines, crs=4548), datum="1985")
    pipes.ground[:] = 0.0
    cut = shapely.LineString([(517_300, 4_332_900), (517_310, 4_332_900)])
    section = cross_section(pipes, cut)
    title = "净距从外壁量起：上下 0.778 m，左右 1.029 m（轴线相距 1.5 m）"
    return draw_cross_section(section_rows(section, pipes), section.length_m, title=title)


def isolation_figure() -> str:
    """A small looped network with a burst, its valves, and what loses its water."""
    from underground.network.model import network_of

    names = [f"{r}{c}" for r in "ABCD" for c in range(6)]
    pairs = [(f"{r}{c}", f"{r}{c + 1}") for r in "ABC" for c in range(5)]
    pairs += [(f"{a}{c}", f"{b}{c}") for a, b in ("AB", "BC") for c in (0, 2, 5)]
    pairs += [("C4", "D4"), ("D4", "D5"), ("D4", "D3")]
    links = [(f"p{i + 1}", a, b) for i, (a, b) in enumerate(pairs)]
    net = network_of(names, links, sources=["A0"], lengths=[100.0] * len(links))
    xyz = np.array([[120.0 * int(n[1]), -100.0 * "ABCD".index(n[0]), 0.0] for n in names])
    placed = replace(net, xyz=xyz)
    at = {(a, b): k for k, a, b in links}
    valves = [
        (at["C2", "C3"], "C2"), (at["C4", "C5"], "C5"), (at["C4", "D4"], "D4"),
        (at["B0", "B1"], "B1"), (at["A2", "B2"], "A2"), (at["B4", "B5"], "B4"),
    ]  # fmt: skip
    layer = valve_layer(placed, valves)
    burst = placed.link(at["C3", "C4"])
    found = isolation_index(placed, layer).isolate(burst)
    return draw_isolation(placed, layer, found, burst, title="关阀：爆管、关断范围和另外断水的管段")


def main() -> None:
    """Write all figures."""
    FIGURES.mkdir(exist_ok=True)
    for name, figure in (
        ("cross_section", cross_figure()),
        ("long_profile", long_figure()),
        ("isolation", isolation_figure()),
        ("unknown_height", unknown_figure()),
        ("clearance", clearance_figure()),
    ):
        (FIGURES / f"{name}.svg").write_text(figure + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
