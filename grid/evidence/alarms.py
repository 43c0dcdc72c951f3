"""What in a photo does not fit its case. Alarms lead to a person; no score is made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from uuid import UUID

import numpy as np

from grid.evidence.fingerprint import distance, look_alikes
from grid.shipped import shipped_rows


class AlarmKind(StrEnum):
    """What may be wrong with a photo."""

    SAME_FILE = "same_file"
    LOOK_ALIKE = "look_alike"
    FAR_FROM_CASE = "far_from_case"
    OUTSIDE_CELL = "outside_cell"
    TAKEN_EARLY = "taken_early"
    TAKEN_LATER = "taken_later"


@dataclass(frozen=True)
class EvidenceRules:
    """From where on something is an alarm."""

    far_m: float
    outside_cell_m: float
    early: timedelta
    future: timedelta
    look_alike_bits: int
    second_share: float


@cache
def shipped_evidence_rules() -> EvidenceRules:
    """The rules that ship.

    Examples
    --------
    >>> shipped_evidence_rules().far_m
    200.0
    """
    value = {row["rule"]: float(row["value"]) for row in shipped_rows("evidence_rules.csv")}
    return EvidenceRules(
        far_m=value["far"],
        outside_cell_m=value["outside_cell"],
        early=timedelta(hours=value["early"]),
        future=timedelta(minutes=value["future"]),
        look_alike_bits=int(value["look_alike"]),
        second_share=value["second_inspection"],
    )


@dataclass(frozen=True)
class PhotoFacts:
    """What is known of a photo.

    Attributes
    ----------
    sha256, phash
        Of the file as it came, and of the picture; None where it has none.
    taken_at
        From EXIF; missing EXIF is no alarm.
    received_at
        By the server's clock.
    from_case_m, from_cell_m
        Distance of the EXIF position from the place of the case and from its cell; None unknown.
    """

    case: UUID
    sha256: str
    received_at: datetime
    phash: int | None = None
    taken_at: datetime | None = None
    from_case_m: float | None = None
    from_cell_m: float | None = None


@dataclass(frozen=True)
class Alarm:
    """Something for a person to look at: what, in words, and the other case it is about."""

    kind: AlarmKind
    told: str
    other: UUID | None = None
    value: float | None = None


def alarms(photo: PhotoFacts, earlier: Sequence[PhotoFacts], rules: EvidenceRules) -> list[Alarm]:
    """What in a photo does not fit.

    Parameters
    ----------
    earlier
        Photos of other cases and of this one, in any order; those of this case do not count as
        used again.
    """
    return [*_used_again(photo, earlier, rules), *_place(photo, rules), *_time(photo, rules)]


def _used_again(
    photo: PhotoFacts, earlier: Sequence[PhotoFacts], rules: EvidenceRules
) -> Iterator[Alarm]:
    others = [e for e in earlier if e.case != photo.case]
    same = {e.case for e in others if e.sha256 == photo.sha256}
    for case in sorted(same, key=str):
        yield Alarm(AlarmKind.SAME_FILE, "与另一案件的照片是同一个文件", case)
    if photo.phash is None:
        return
    seen = [e for e in others if e.phash is not None and e.case not in same]
    known = np.array([e.phash for e in seen], np.uint64)
    told: set[UUID] = set()
    for at in look_alikes(photo.phash, known, rules.look_alike_bits).tolist():
        other = seen[at]
        if other.case in told or other.phash is None:
            continue
        told.add(other.case)
        bits = distance(photo.phash, other.phash)
        yield Alarm(
            AlarmKind.LOOK_ALIKE, f"与另一案件的照片几乎一样（{bits} 位不同）", other.case, bits
        )


def _place(photo: PhotoFacts, rules: EvidenceRules) -> Iterator[Alarm]:
    far, out = photo.from_case_m, photo.from_cell_m
    if far is not None and far > rules.far_m:
        yield Alarm(AlarmKind.FAR_FROM_CASE, f"照片自带的位置距案件 {far:.0f} m", value=far)
    if out is not None and out > rules.outside_cell_m:
        yield Alarm(AlarmKind.OUTSIDE_CELL, f"照片自带的位置在案件网格之外 {out:.0f} m", value=out)


def _time(photo: PhotoFacts, rules: EvidenceRules) -> Iterator[Alarm]:
    if photo.taken_at is None:
        return
    late = photo.taken_at - photo.received_at
    if late > rules.future:
        yield Alarm(
            AlarmKind.TAKEN_LATER,
            f"照片自带的拍摄时间比收到时间晚 {late.total_seconds() / 60:.0f} 分钟",
            value=late.total_seconds(),
        )
    elif -late > rules.early:
        yield Alarm(
            AlarmKind.TAKEN_EARLY,
            f"照片自带的拍摄时间比收到时间早 {-late.total_seconds() / 3600:.0f} 小时",
            value=late.total_seconds(),
        )


def is_drawn(case: UUID, share: float, secret: bytes) -> bool:
    """Whether a case is drawn for a second inspection by another collector.

    The draw depends on the case and a secret of the city alone: nobody can foresee it, nobody can
    repeat it until it suits, and it can be proven afterwards.

    Examples
    --------
    >>> is_drawn(UUID(int=1), 1.0, b"s"), is_drawn(UUID(int=1), 0.0, b"s")
    (True, False)
    """
    drawn = hashlib.blake2b(case.bytes, key=secret[:64], digest_size=8).digest()
    return int.from_bytes(drawn) / 2**64 < share


def other_collector(case: UUID, first: int, collectors: Sequence[int], secret: bytes) -> int | None:
    """Who makes the second inspection: anybody of the area but the first, by the same lot.

    None when there is nobody else.
    """
    others = sorted(set(collectors) - {first})
    if not others:
        return None
    drawn = hashlib.blake2b(b"who" + case.bytes, key=secret[:64], digest_size=8).digest()
    return others[int.from_bytes(drawn) % len(others)]
