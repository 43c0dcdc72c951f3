"""The copy of a photo that is shown: decoded, turned upright, without EXIF; and its thumbnail.

What EXIF said is compared with the case and then thrown away. Runs in the job process.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cityops.services.case_evidence import Exposure
from cityops.services.case_values import CITY_TIME
from cityops.services.photo_head import MAX_PIXELS
from gis.errors import InvalidError

LONGEST_PX = 2560
THUMBNAIL_PX = 480
_QUALITY = 85
#: EXIF position further than this from the case is flagged.
FAR_M = 200.0
_IFD_GPS, _IFD_EXIF = 0x8825, 0x8769
_TAKEN, _ORIENTATION = 0x9003, 0x0112


@dataclass(frozen=True)
class PhotoCopy:
    """JPEG bytes of copy and thumbnail, what EXIF was worth, and what the picture says of itself."""

    copy: bytes
    thumbnail: bytes
    flags: tuple[str, ...]
    seen: Exposure = Exposure()


def photo_copy(
    data: bytes, *, position: list[float] | None = None, received: datetime | None = None
) -> PhotoCopy:
    """Copy and thumbnail of a photo, with flags from its EXIF.

    Parameters
    ----------
    position
        [lon, lat] of the case, to compare an EXIF position with.
    received
        When the photo came in, to compare an EXIF time with.

    Raises
    ------
    InvalidError
        ``photo.unreadable`` when it cannot be decoded.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "MPO", "PNG", "WEBP")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidError("photo.too_many_pixels", "照片像素太多", field="photo")
            tags = _tags(image)
            flags = exif_flags(tags, position=position, received=received)
            image.draft("RGB", (LONGEST_PX, LONGEST_PX))
            upright = ImageOps.exif_transpose(image)
            plain = upright.convert("RGB")
    except InvalidError:
        raise
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, ZeroDivisionError) as error:
        raise InvalidError(
            "photo.unreadable", "照片解不开，可能已损坏", field="photo", hint="请重新拍照"
        ) from error
    taken = _exif_time(tags["taken"]) if tags.get("taken") else None
    seen = Exposure(_fingerprint(plain), taken, gps_position(tags.get("gps") or {}))
    return PhotoCopy(_jpeg(plain, LONGEST_PX), _jpeg(plain, THUMBNAIL_PX), flags, seen)


def _fingerprint(image: Any) -> int | None:
    """Perceptual hash of a picture; None of one that is too small or of one colour."""
    from grid.evidence.fingerprint import SIDE, perceptual_hash

    grey = image.convert("L")
    grey.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    return perceptual_hash(grey) if min(grey.size) >= SIDE else None


def _jpeg(image: Any, longest: int) -> bytes:
    smaller = image.copy()
    smaller.thumbnail((longest, longest))
    # Pillow writes EXIF and comments of the original unless they are gone from `info`.
    smaller.info = {}
    out = io.BytesIO()
    smaller.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()


def _tags(image: Any) -> Mapping[str, Any]:
    """What is used of EXIF: GPS tags by number, time taken; {} when it cannot be read."""
    try:
        exif = image.getexif()
        gps = dict(exif.get_ifd(_IFD_GPS))
        taken = exif.get_ifd(_IFD_EXIF).get(_TAKEN)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, IndexError, ZeroDivisionError):
        return {"broken": True}
    return {"gps": gps, "taken": taken}


def exif_flags(
    tags: Mapping[str, Any],
    *,
    position: list[float] | None = None,
    received: datetime | None = None,
) -> tuple[str, ...]:
    """What the tags say against the case: ``exif_broken``, ``exif_position_bad``,
    ``exif_position_far``, ``exif_time_bad``, ``exif_time_future``. Missing tags say nothing.
    """
    if tags.get("broken"):
        return ("exif_broken",)
    flags = []
    gps = tags.get("gps") or {}
    if 2 in gps or 4 in gps:
        at = gps_position(gps)
        if at is None:
            flags.append("exif_position_bad")
        elif position is not None and _metres(at, (position[0], position[1])) > FAR_M:
            flags.append("exif_position_far")
    if tags.get("taken"):
        taken = _exif_time(tags["taken"])
        if taken is None:
            flags.append("exif_time_bad")
        elif received is not None and taken > received + timedelta(hours=26):
            flags.append("exif_time_future")
    return tuple(flags)


def gps_position(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    """(lon, lat) in degrees of EXIF GPS tags, None when they make no position.

    (0, 0) counts as none: it is what devices write when they know nothing.

    Examples
    --------
    >>> gps_position({1: "N", 2: (39, 7, 12), 3: "E", 4: (117, 12, 0)})
    (117.2, 39.12)
    >>> gps_position({2: (39, 7, 12), 4: (117, 12, 0)}) is None
    True
    """
    lat = _degrees(gps.get(2), gps.get(1), "NS", 90.0)
    lon = _degrees(gps.get(4), gps.get(3), "EW", 180.0)
    if lon is None or lat is None or (lon == 0.0 and lat == 0.0):
        return None
    return lon, lat


def _degrees(parts: Any, side: Any, sides: str, most: float) -> float | None:
    try:
        d, m, s = (float(p) for p in parts)
        text = (side.decode("ascii", "replace") if isinstance(side, bytes) else str(side)).strip()
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    value = d + m / 60 + s / 3600
    if text[:1] not in sides or not text or not math.isfinite(value) or not 0 <= value <= most:
        return None
    return value if text[0] == sides[0] else -value


def _exif_time(text: Any) -> datetime | None:
    try:
        return datetime.strptime(str(text).strip()[:19], "%Y:%m:%d %H:%M:%S").replace(
            tzinfo=CITY_TIME
        )
    except ValueError:
        return None


def _metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance on a sphere of 6 371 008.8 m; good to 0.6 %."""
    lat1, lat2 = math.radians(a[1]), math.radians(b[1])
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(b[0] - a[0]) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(half)))
