"""Played cases of a scene: read and checked as a whole, then stored as the engine would have.

Nothing is stored of a file with a fault, and all of its faults are told at once.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from cityops.services.accounts import Account
from cityops.services.case_bulk import (
    NewCase,
    NewPhoto,
    PlaceLookup,
    Spot,
    placed_at,
    store_cases,
    whole_case,
)
from cityops.services.case_classes import class_name
from cityops.services.case_evidence import alarms_of, facts_of
from cityops.services.case_season_people import (
    Member,
    Seat,
    accounts_for,
    read_members,
    renumbered,
)
from cityops.services.case_season_rows import (
    CaseRow,
    PhotoRow,
    Surroundings,
    faults_of,
    link_faults,
    read_row,
)
from cityops.services.case_values import CaseRecord, PhotoRecord
from cityops.services.grid.config import GridConfig
from cityops.services.photo_copy import PhotoCopy, photo_copy
from cityops.services.photo_head import photo_head
from cityops.services.ports import FileStore
from cityops.services.roles import SYSTEM
from gis.errors import CityError, FileError, InvalidError

if TYPE_CHECKING:
    from grid.evidence.alarms import PhotoFacts

#: No more faults than this are told of one file.
MOST_FAULTS = 1000
#: A line of progress after so many photos.
_TELL_EACH = 250
Told = Callable[[str], None]


@dataclass(frozen=True)
class SeasonFiles:
    """What a scene says of its cases: files, and how many rows there must be."""

    file: Path
    rows: int
    staff: Path
    photos: Path | None

    @classmethod
    def of(cls, folder: Path, body: Mapping[str, Any]) -> SeasonFiles:
        """As the description of a scene says under ``cases``."""
        photos = body.get("photos")
        return cls(
            folder / body["file"],
            int(body["rows"]),
            folder / body["staff"],
            None if photos is None else folder / photos,
        )


@dataclass(frozen=True)
class Season:
    """Cases that may be stored, oldest first, and the people who acted on them."""

    cases: tuple[NewCase, ...]
    staff: tuple[Member, ...]


def prepare_season(
    files: SeasonFiles,
    places: PlaceLookup,
    components: Mapping[str, str],
    config: GridConfig,
    kept: FileStore,
    told: Told = lambda text: None,
) -> Season:
    """Read the cases of a scene, check them, find their places, keep their photos.

    Parameters
    ----------
    components
        Class code of each component by its id.
    kept
        Where photos and their copies are kept; files of a season that is refused are named by
        nothing and go with the next clearing.

    Raises
    ------
    FileError
        ``scene.row_count``, ``season.file`` when a file cannot be read at all.
    InvalidError
        ``season.refused`` with the faults of all rows in ``errors``.
    """
    lines = _lines(files)
    staff, faults = read_members(_json(files.staff))
    rows: list[CaseRow] = []
    for number, text in enumerate(lines, 1):
        try:
            rows.append(read_row(number, text))
        except CityError as fault:
            faults.append(fault)
    told(f"核对 {len(rows)} 个案件")
    with _archive(files.photos) as archive:
        names = frozenset(archive.namelist()) if archive is not None else frozenset[str]()
        around = Surroundings(config, components, {m.number: m.name for m in staff}, names)
        spots = _spots(rows, places)
        for row in rows:
            faults += faults_of(row, spots.get(row.number), around)
        faults += link_faults(rows)
        _refuse(faults)
        made = dict(_copies(rows, archive, faults, told))
    _refuse(faults)
    rows.sort(key=lambda r: (r.flow.reported_at, r.number))
    records = [_record(row, spots[row.number], config) for row in rows]
    photos = _kept_photos(rows, records, made, places, kept)
    cases = tuple(
        whole_case(record, row.history, config, photos.get(row.number, ()))
        for row, record in zip(rows, records, strict=True)
    )
    return Season(cases, staff)


def store_season(
    tx: Any, season: Season, scene: str, seats: Mapping[Seat, Account] | None = None
) -> dict[str, int]:
    """Store a season in a transaction; gives how many cases, steps, photos and people.

    Parameters
    ----------
    seats
        Accounts that play one of the staff each, by post and department.
    """
    accounts = accounts_for(tx, season.staff, seats or {})
    cases = [renumbered(case, accounts) for case in season.cases]
    if tx.cases.existing([case.record.id for case in cases]):
        raise InvalidError("season.known", "其中的案件已在库里", field="cases")
    stored = store_cases(tx, cases)
    counts = {
        "cases": len(stored),
        "steps": sum(len(case.history) for case in stored),
        "photos": sum(len(case.photos) for case in stored),
        "people": len(accounts),
    }
    tx.audit.add(SYSTEM, "case.season", f"scene:{scene}", detail=counts)
    tx.outbox.put("case.season", {"scene": scene, "stored": counts["cases"]})
    return counts


# -- reading -----------------------------------------------------------------------------------


def _lines(files: SeasonFiles) -> list[bytes]:
    try:
        lines = gzip.decompress(files.file.read_bytes()).splitlines()
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(files.file) from error
    if len(lines) != files.rows:
        raise FileError(
            "scene.row_count",
            "文件 {field} 应有 {expected} 个要素，实有 {got} 个",
            field=files.file.name,
            got=len(lines),
            expected=files.rows,
        )
    return lines


def _json(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _unreadable(path) from error


class _NoArchive:
    """In place of the archive of a season without photos."""

    def __enter__(self) -> None:
        """Nothing is there."""

    def __exit__(self, *_: object) -> None:
        """Nothing is closed."""


def _archive(path: Path | None) -> zipfile.ZipFile | _NoArchive:
    if path is None:
        return _NoArchive()
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> FileError:
    return FileError("season.file", "文件 {field} 读不出", field=path.name)


def _refuse(faults: Sequence[CityError]) -> None:
    """Refuse a season that has faults.

    Raises
    ------
    InvalidError
        With the faults in ``errors``, in the order of rows.
    """
    if not faults:
        return
    told = sorted(faults, key=lambda f: f.row or 0)
    raise InvalidError(
        "season.refused",
        "案件文件有 {count} 处不对，没有装入任何内容；第一处：{first}",
        field="cases",
        params={"count": len(told), "first": str(told[0])},
        errors=told[:MOST_FAULTS],
    )


def _spots(rows: Sequence[CaseRow], places: PlaceLookup) -> dict[int, Spot]:
    """What is known of the places of rows, by the number of the row; all in one lookup."""
    good = [r for r in rows if math.isfinite(r.lon) and math.isfinite(r.lat)]
    found = places.spots([r.lon for r in good], [r.lat for r in good])
    return {row.number: spot for row, spot in zip(good, found, strict=True)}


def _record(row: CaseRow, spot: Spot, config: GridConfig) -> CaseRecord:
    first, flow = row.history[0], row.flow
    extra: dict[str, Any] = {"synthetic": True}
    if row.reasons:
        extra |= {"suggested_by": "class", "reasons": list(row.reasons)}
    record = CaseRecord(
        flow=flow,
        number="",
        digest=row.digest,
        reporter_id=first.actor_id,
        reporter_name=first.actor_name,
        class_key=flow.key,
        class_name=class_name(flow.key, config.schemes),
        description=row.description,
        reported_at=flow.reported_at,
        lon=row.lon,
        lat=row.lat,
        component=row.component,
        suggested=row.suggested,
        extra=extra,
        version=len(row.history),
    )
    return placed_at(record, spot)


# -- photos ------------------------------------------------------------------------------------

_Key = tuple[int, str]


@dataclass(frozen=True)
class _Made:
    """A photo as it came, with its copy, and as it is kept."""

    row: CaseRow
    photo: PhotoRow
    data: bytes
    copy: PhotoCopy


def _copies(
    rows: Sequence[CaseRow], archive: zipfile.ZipFile | None, faults: list[CityError], told: Told
) -> Iterator[tuple[_Key, _Made]]:
    """Copies of all photos in the order of receipt; those that cannot be read are faults."""
    if archive is None:
        return
    wanted = [(row, photo) for row in rows for photo in row.photos]
    wanted.sort(key=lambda w: (w[1].at, w[1].name))
    given = ((row, photo, _bytes_of(archive, photo)) for row, photo in wanted)
    # Pictures are packed and unpacked beside the interpreter.
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for count, made in enumerate(pool.map(_copied, given), 1):
            if isinstance(made, CityError):
                faults.append(made)
            else:
                yield (made.row.number, made.photo.name), made
            if count % _TELL_EACH == 0 or count == len(wanted):
                told(f"照片 {count}/{len(wanted)}")


def _bytes_of(archive: zipfile.ZipFile, photo: PhotoRow) -> bytes:
    """A photo out of the archive; nothing where it is damaged, which no sha256 fits."""
    try:
        return archive.read(photo.file)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return b""


def _copied(given: tuple[CaseRow, PhotoRow, bytes]) -> _Made | CityError:
    row, photo, data = given
    if hashlib.sha256(data).hexdigest() != photo.file:
        return InvalidError(
            "season.photo_damaged",
            "照片 {got} 已损坏",
            field="photos",
            got=photo.name,
            row=row.number,
        )
    try:
        made = photo_copy(data, position=[row.lon, row.lat], received=photo.at)
    except InvalidError as fault:
        fault.row = row.number
        return fault
    return _Made(row, photo, data, made)


def _kept_photos(
    rows: Sequence[CaseRow],
    records: Sequence[CaseRecord],
    made: Mapping[_Key, _Made],
    places: PlaceLookup,
    kept: FileStore,
) -> dict[int, list[NewPhoto]]:
    """Photos by row, files kept, each held against its case and against all before it."""
    by_row = {row.number: record for row, record in zip(rows, records, strict=True)}
    out: dict[int, list[NewPhoto]] = {}
    earlier: list[PhotoFacts] = []
    for (number, _), one in made.items():
        record, photo = by_row[number], _photo_record(one, kept)
        seen = one.copy.seen
        outline = None if record.cell is None else places.outline(record.cell)
        facts = facts_of(record, photo, seen, outline)
        alarms = alarms_of(facts, earlier)
        earlier.append(facts)
        out.setdefault(number, []).append(NewPhoto(photo, seen.phash, alarms))
    return out


def _photo_record(one: _Made, kept: FileStore) -> PhotoRecord:
    head = photo_head(one.data)
    return PhotoRecord(
        name=one.photo.name,
        original=kept.put(one.data),
        media_type=head.media_type,
        width=head.width,
        height=head.height,
        size=len(one.data),
        uploaded_by=one.photo.by,
        uploaded_at=one.photo.at,
        kind=one.photo.kind,
        copy=kept.put(one.copy.copy),
        thumbnail=kept.put(one.copy.thumbnail),
        state="ready",
        flags=one.copy.flags,
    )
