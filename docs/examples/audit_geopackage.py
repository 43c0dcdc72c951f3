"""Audit the pipes of a GeoPackage with no server and no database.

    python docs/examples/audit_geopackage.py PIPES.gpkg FINDINGS.gpkg --datum 1985

The lines carry heights, or levels or depths with ground heights of a point layer ``points``; depths
alone go with ``--datum ground``. What the checks find is told first; places or units that lie end it.
"""

from __future__ import annotations

import argparse

import geopandas as gpd
import pyogrio

from underground.audit.tiles import Audit, audit_pipes
from underground.checks.run import UNTRUE, check_survey
from underground.frames import findings_frame, survey_of_frame
from underground.pipes import pipes_of_survey
from underground.rules.tables import shipped_rules


def main(argv: list[str] | None = None) -> int:
    """Read, audit, write findings as points; gives how many there are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pipes")
    parser.add_argument("findings")
    parser.add_argument("--datum", required=True)
    asked = parser.parse_args(argv)
    layers = dict(pyogrio.list_layers(asked.pipes).tolist())
    points = gpd.read_file(asked.pipes, layer="points") if "points" in layers else None
    lines = next((name for name in layers if name != "points"), None)
    if lines is None:
        parser.error(f"{asked.pipes}: no layer of lines")
    survey = survey_of_frame(gpd.read_file(asked.pipes, layer=lines), points, datum=asked.datum)
    faults = check_survey(survey)
    for fault in faults:
        print(f"{fault.table} {fault.row}: {fault.message} ({fault.code})")
    if any(fault.code in UNTRUE for fault in faults):
        parser.error(f"{asked.pipes}: places or units lie")
    pipes = pipes_of_survey(survey)
    if not len(pipes):
        parser.error(f"{asked.pipes}: no pipe with a place")
    rules = shipped_rules()
    audit = Audit(pipes, rules)
    result = audit_pipes(pipes, rules)
    for (check, answer), count in sorted(result.counts.items()):
        print(f"{check:12} {answer:34} {count}")
    crs = gpd.read_file(asked.pipes, layer=lines, rows=1).crs
    found = findings_frame(audit, result, crs)
    if len(found):
        found.to_file(asked.findings, layer="findings")
    return len(found)


if __name__ == "__main__":
    main()
