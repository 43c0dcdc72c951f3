"""The process that works on shapes whose cost nobody can foretell: bounded, and allowed to die.

Started as ``python -m cityops.jobs.shape_child``. It reads one request from its standard input
and writes one answer to its standard output; both are a line of JSON and the bytes of shapes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import numpy as np
import orjson
import shapely
from shapely.errors import GEOSException

from cityops.jobs.walls import Limits, end_with_parent, enter_seccomp, set_limits
from cityops.services.reading.table import fault_parts
from cityops.services.shape_work import Unbounded
from gis.errors import CityError
from gis.features import ObjectArray, object_array

#: Answers of the kernel when it has no memory left.
_NO_MEMORY = ("bad_alloc", "length_error")


def send(out: BinaryIO, head: dict[str, Any], shapes: Sequence[Any] | ObjectArray = ()) -> None:
    """Write a head and shapes."""
    blobs = [bytes(blob) for blob in shapely.to_wkb(object_array(shapes))] if len(shapes) else []
    out.write(orjson.dumps(head | {"lengths": [len(blob) for blob in blobs]}) + b"\n")
    out.writelines(blobs)
    out.flush()


def receive(data: bytes) -> tuple[dict[str, Any], ObjectArray]:
    """The head and the shapes of what `send` wrote.

    Raises
    ------
    ValueError
        When it was cut.
    """
    line, _, rest = data.partition(b"\n")
    head: dict[str, Any] = orjson.loads(line)
    ends = np.cumsum(head["lengths"], dtype=np.int64).tolist()
    if len(rest) != (ends[-1] if ends else 0):
        raise ValueError("cut")
    blobs = [rest[i:j] for i, j in zip([0, *ends], ends, strict=False)]
    made: ObjectArray = np.asarray(shapely.from_wkb(object_array(blobs)), dtype=object)
    return head, made


def main() -> int:
    """Do what the request asks for; gives 0, or 1 after writing a refusal."""
    end_with_parent()
    head, shapes = receive(sys.stdin.buffer.read())
    set_limits(Limits(**head["limits"]))
    enter_seccomp()
    try:
        done = _TASKS[head["task"]](head, shapes)
    except CityError as refusal:
        send(sys.stdout.buffer, {"error": fault_parts(refusal)})
        return 1
    except MemoryError:
        send(sys.stdout.buffer, {"too_much": True})
        return 1
    except GEOSException as fault:
        if not any(words in str(fault) for words in _NO_MEMORY):
            raise
        send(sys.stdout.buffer, {"too_much": True})
        return 1
    send(sys.stdout.buffer, {}, done)
    return 0


def _drawn(head: dict[str, Any], _shapes: ObjectArray) -> Sequence[Any]:
    return [Unbounded().drawn(head["value"])]


def _overlay(_head: dict[str, Any], shapes: ObjectArray) -> ObjectArray:
    return Unbounded().overlay(shapes[:-1], shapes[-1])


_TASKS: dict[str, Callable[[dict[str, Any], ObjectArray], Sequence[Any] | ObjectArray]] = {
    "drawn": _drawn,
    "overlay": _overlay,
}

if __name__ == "__main__":
    sys.exit(main())
