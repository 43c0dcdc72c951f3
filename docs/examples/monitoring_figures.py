"""Draw the figures of the pages on monitoring and registers; run it again after a change."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FIGURES = HERE.parent / "figures"
sys.path.insert(0, str(ROOT / "tests" / "hazards" / "monitoring"))

from day_trace import ACTS, BEGIN, BOOK, END, LEVEL, POLICY, observations  # noqa: E402

from hazards.monitoring.alarms import alarm_list  # noqa: E402
from hazards.monitoring.drawing import Trace, draw_states, draw_trace  # noqa: E402
from hazards.monitoring.monitor import deliver, readings_of, start  # noqa: E402
from hazards.monitoring.observations import micros, observations_of  # noqa: E402
from hazards.registers.rectification import (  # noqa: E402
    ACT_TITLES,
    STAGE_TITLES,
    TRANSITIONS,
    LoopStage,
)
from hazards.state_chart import Arrow, Box, draw_chart  # noqa: E402


def day_figure() -> str:
    """The day of the tests: its trace, its limits, its alarms."""
    monitor = deliver(start(BOOK, micros(BEGIN), POLICY), observations_of(observations()))
    found = alarm_list(monitor, END, ACTS)
    readings = readings_of(monitor)
    k = BOOK.names.index(LEVEL)
    rows = slice(int(readings.starts[k]), int(readings.starts[k + 1]))
    value = readings.value[rows].copy()
    value[~readings.has_value[rows]] = float("nan")
    trace = Trace(readings.at_us[rows], value, int(BOOK.horizon_us[k]), "m")
    rules = [rule for rule in BOOK.rules if rule.stream == LEVEL]
    title = "液位 LT-101 的一天及其报警（人造数据）"
    return draw_trace(trace, rules, found.alarms, BEGIN, END, title=title)


def loop_figure() -> str:
    """The loop of a major hidden danger."""
    places = {
        LoopStage.FOUND: (0, 0, "#a3171f"),
        LoopStage.RECTIFYING: (1, 0, "#8a4b00"),
        LoopStage.RECTIFIED: (2, 0, "#1f4e9e"),
        LoopStage.RECHECKING: (2, 1, "#5b2a86"),
        LoopStage.PASSED: (1, 1, "#0b6e4f"),
        LoopStage.CLOSED: (0, 1, "#0b6e4f"),
    }
    boxes = {s: Box(STAGE_TITLES[s].zh, *place) for s, place in places.items()}
    arrows = [Arrow(a, b, ACT_TITLES[act].zh) for a, act, b in TRANSITIONS]
    return draw_chart(boxes, arrows, title="重大事故隐患：整改、复查、销号")


def main() -> None:
    """Write all figures."""
    FIGURES.mkdir(exist_ok=True)
    for name, figure in (
        ("alarm_states", draw_states()),
        ("alarm_day", day_figure()),
        ("rectification", loop_figure()),
    ):
        (FIGURES / f"{name}.svg").write_text(figure + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
