"""Audit a survey on all cores, tile by tile; a folder of finished tiles lets it go on later."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from cityops.services.reading.encoding import decode
from cityops.services.underground.around import (
    ground_of_file,
    land_use_of_file,
    surroundings_of_file,
)
from cityops.services.underground.trust import checked_survey
from gis.errors import ConflictError, FileError
from underground.audit.answers import Findings
from underground.audit.checks import AuditSettings
from underground.audit.report import counts_rows, finding_rows, settings_row
from underground.audit.tiles import Audit, AuditResult, Tile, TileResult, merged
from underground.clearance.pieces import use_compiled_kernel
from underground.ground_model import SpotGround
from underground.heights import GROUND_DATUM, DatumError, datum_named, require_one_datum
from underground.pipes import Pipes, pipes_of_survey
from underground.rules.tables import FILES, ORDER_FILES, RuleSet, rules_of_texts, shipped_rules
from underground.survey.model import Survey
from underground.survey.places import degrees_of, plane_of

#: From so many pipes on the second that compiling takes comes back.
COMPILED_FROM = 100_000
#: The audit that the workers of this process share; set before they are forked.
_SHARED: dict[str, Audit] = {}


def audit_files(
    paths: Sequence[Path],
    *,
    crs: str | None = None,
    datum: str | None = None,
    part: str | None = None,
    rules: Path | None = None,
    around: Path | None = None,
    around_datum: str | None = None,
    land: Path | None = None,
    ground: Path | None = None,
    ground_datum: str | None = None,
    settings: AuditSettings | None = None,
    tile_m: float = 500.0,
    workers: int = 1,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    despite: bool = False,
) -> dict[str, Any]:
    """Findings of a survey against rules, with counts of all answers.

    Parameters
    ----------
    rules
        Folder with checked copies of the tables; a file that is not there is the program's.
    around, around_datum
        Layer of structures, and what its heights refer to.
    land
        Layer of land use.
    ground, ground_datum
        Spot heights for a model of the ground, and what they refer to.
    folder
        Where finished tiles are kept. Run again with the same folder to go on.
    despite
        See `checked_survey`; its warnings stand in ``warnings``.

    Raises
    ------
    DatumError
        Heights of an unknown datum, or of two.
    ConflictError
        The folder holds tiles of another audit.
    InvalidError
        The tables contradict themselves, or cannot be read; see also `checked_survey`.
    """
    survey, warnings = checked_survey(paths, crs=crs, datum=datum, part=part, despite=despite)
    pipes = pipes_of_survey(survey)
    audit = Audit(
        pipes,
        rules_of_folder(rules),
        settings or AuditSettings(),
        tile_m,
        ground=None if ground is None else _ground(ground, survey, ground_datum),
        around=None if around is None else surroundings_of_file(around, survey, around_datum),
        land=None if land is None else land_use_of_file(land, survey),
    )
    result = run_audit(audit, workers=workers, folder=folder, progress=progress)
    places = plane_of(survey).delivered(result.findings.place)
    degrees, _ = degrees_of(survey.crs, places)
    rows = finding_rows(audit, result.findings)
    for row, place in zip(rows, degrees, strict=True):
        row["place"] = None if np.isnan(place).any() else [round(float(v), 9) for v in place]
    return {
        "pipes": len(pipes),
        "audited": result.pipes,
        "left_out": len(survey.lines) - result.pipes,
        "structures": 0 if audit.around is None else len(audit.around),
        "tiles": len(audit.tiles),
        "counts": counts_rows(result),
        "findings": rows,
        "settings": settings_row(audit.settings, tile_m),
        "datum": pipes.datum,
        "draft_rules": sum(rule.is_draft for rule in audit.rules.rules),
        "rules": len(audit.rules.rules),
        "warnings": warnings,
    }


def _ground(path: Path, survey: Survey, datum: str | None) -> SpotGround:
    """The model of the ground, of the datum of the survey."""
    if datum_named(survey.datum) == GROUND_DATUM:
        raise DatumError(
            "height.ground_model", "只有埋深时高程都从地面算起，地面模型没有用处", field="ground"
        )
    require_one_datum([survey.datum, datum_named(datum)])
    return ground_of_file(path, survey, datum)


def rules_of_folder(folder: Path | None) -> RuleSet:
    """Rules out of a folder of CSV files.

    Raises
    ------
    FileError
        There is no such folder, or none of the files in it.
    InvalidError
        See `rules_of_texts`.
    """
    if folder is None:
        return shipped_rules()
    names = (*FILES.values(), *ORDER_FILES)
    texts = {n: decode((folder / n).read_bytes()).text for n in names if (folder / n).is_file()}
    if not texts:
        raise FileError(
            "rules.none", "{got} 里没有规则表", field="rules", got=str(folder), expected=list(names)
        )
    return rules_of_texts(texts)


def run_audit(
    audit: Audit,
    *,
    workers: int = 1,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AuditResult:
    """All tiles of an audit, those that a folder already holds read from there.

    Raises
    ------
    ConflictError
        The folder holds tiles of another audit.
    """
    _ = (audit.index, audit.limits, audit.rank)  # before the workers are forked
    if len(audit.pipes) >= COMPILED_FROM:
        use_compiled_kernel()
    tiles = audit.tiles
    done = {} if folder is None else _finished(folder, audit)
    waiting = [tile for tile in tiles if tile not in done]
    results = list(done.values())
    for result in _run(audit, waiting, workers):
        if folder is not None:
            _keep(folder, result)
        results.append(result)
        if progress is not None:
            progress(len(results), len(tiles))
    return merged(audit, results)


def _run(audit: Audit, tiles: list[Tile], workers: int) -> Iterator[TileResult]:
    if workers <= 1 or len(tiles) < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from (audit.run(tile) for tile in tiles)
        return
    _SHARED["audit"] = audit
    try:
        with multiprocessing.get_context("fork").Pool(min(workers, len(tiles))) as pool:
            yield from pool.imap_unordered(_run_shared, tiles, chunksize=1)
    finally:
        _SHARED.clear()


def _run_shared(tile: Tile) -> TileResult:
    return _SHARED["audit"].run(tile)


# -- finished tiles ------------------------------------------------------------------------------

_MANIFEST = "audit.json"


def fingerprint(audit: Audit) -> str:
    """Digest of what decides an audit's findings: pipes, rules, settings, size of tiles."""
    digest = hashlib.sha256()
    for name in ("ground", "recorded_m", "sigma_xy", "sigma_z", "nodes"):
        digest.update(np.ascontiguousarray(getattr(audit.pipes, name)).tobytes())
    solids = audit.pipes.solids
    for array in (solids.axes.xyz, solids.axes.first, solids.width, solids.height, solids.is_box):
        digest.update(np.ascontiguousarray(array).tobytes())
    for name in ("ids", "kind", "mode", "material", "pressure", "status"):
        digest.update(json.dumps(_listed(audit.pipes, name), ensure_ascii=False).encode())
    digest.update(repr((audit.rules.rules, audit.settings, audit.tile_m)).encode())
    _add_surroundings(digest, audit)
    return digest.hexdigest()


def _add_surroundings(digest: Any, audit: Audit) -> None:
    """What stands around, lies above, and the model of the ground."""
    around, land = audit.around, audit.land
    if around is not None:
        digest.update(b"".join(shapely.to_wkb(around.shapes).tolist()))
        for numbers in (
            around.voltage_kv, around.foundation_level, around.foundation_depth, around.sigma_xy
        ):  # fmt: skip
            digest.update(numbers.tobytes())
        digest.update(repr((around.ids.tolist(), around.kind.tolist(), around.datum)).encode())
    if land is not None:
        digest.update(b"".join(shapely.to_wkb(land.outlines).tolist()))
        digest.update(repr(land.codes.tolist()).encode())
    if audit.surface is not None:
        digest.update(repr(audit.surface.tolist()).encode())
    if isinstance(audit.ground, SpotGround):
        spots = audit.ground.surface
        digest.update(np.ascontiguousarray(spots.points).tobytes())
        digest.update(np.ascontiguousarray(spots.values).tobytes())


def _listed(pipes: Pipes, name: str) -> list[Any]:
    values: list[Any] = getattr(pipes, name).tolist()
    return values


def _finished(folder: Path, audit: Audit) -> dict[Tile, TileResult]:
    """Tiles that a folder holds; a new folder is made ready."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = fingerprint(audit)
    manifest = folder / _MANIFEST
    if manifest.is_file():
        if json.loads(manifest.read_text(encoding="utf-8")).get("fingerprint") != mark:
            raise ConflictError(
                "audit.other",
                "{got} 里是另一次检查的中间结果（数据、规则或设置不同）",
                field="folder",
                got=str(folder),
                hint="换一个文件夹，或删掉它重新开始",
            )
    else:
        manifest.write_text(json.dumps({"fingerprint": mark}), encoding="utf-8")
    found = [_read(path) for path in sorted(folder.glob("tile_*.npz"))]
    return {result.tile: result for result in found if result is not None}


def _keep(folder: Path, result: TileResult) -> None:
    """Write a tile so that it is there whole or not at all."""
    arrays = {f.name: getattr(result.findings, f.name) for f in fields(Findings)}
    arrays["missing"] = np.array(["" if m is None else m for m in arrays["missing"]], str)
    counts = [[*key, n] for key, n in sorted(result.counts.items())]
    name = f"tile_{result.tile[0]}_{result.tile[1]}.npz"
    partial = folder / f".{name}"
    with partial.open("wb") as out:
        np.savez(out, tile=np.array(result.tile), counts=np.array(json.dumps(counts)), **arrays)
    partial.replace(folder / name)


def _read(path: Path) -> TileResult | None:
    """A finished tile; None where the file is damaged: it is done again."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {f.name: stored[f.name] for f in fields(Findings)}
            tile = stored["tile"].tolist()
            counts = json.loads(str(stored["counts"]))
    except (OSError, ValueError, KeyError, EOFError):
        return None
    missing = np.empty(len(arrays["missing"]), object)
    missing[:] = [text or None for text in arrays["missing"].tolist()]
    arrays["missing"] = missing
    return TileResult(
        (int(tile[0]), int(tile[1])),
        Findings(**arrays),
        Counter({(check, answer): int(n) for check, answer, n in counts}),
    )
