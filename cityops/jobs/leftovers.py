"""What killed processes left in the data folder: half-written files and folders of dead readers.

None of it is named by a row, so it costs room only. It is removed once it is older than
anything that still runs can be.
"""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path

log = logging.getLogger("cityops.jobs")
#: No upload is read and no file written for longer than this, in seconds.
OLD_AFTER_S = 6 * 3600.0
#: Patterns in the data folder, each of what one writer leaves.
PATTERNS = (
    *("files/.new-*", "reading/read-*", "scratch/read-*", "snapshots/*.tmp*"),
    "exports/*",  # finished exports too: they are fetched at once or made again
)


def remove_leftovers(data_dir: Path, now: float | None = None) -> int:
    """Remove what is older than `OLD_AFTER_S`; gives how many there were.

    Parameters
    ----------
    now
        Seconds since the epoch; default the present.
    """
    limit = (time.time() if now is None else now) - OLD_AFTER_S
    gone = 0
    for pattern in PATTERNS:
        for path in data_dir.glob(pattern):
            gone += _removed(path, limit)
    if gone:
        log.info("removed %d leftovers of processes that were killed", gone)
    return gone


def _removed(path: Path, limit: float) -> bool:
    try:
        if path.stat().st_mtime > limit:
            return False
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError:
        # Gone meanwhile, or not ours to remove: the next sweep looks again.
        return False
    return True
