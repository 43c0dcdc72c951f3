"""Which function does which kind of job.

A handler is ``function(services, job, progress)`` and gives the job's result, a JSON value or
None. It must be idempotent: after a crash it runs again from the start. It reports with
``progress.report(done, total, text)``, which also ends it when the person cancels: let
``JobStopped`` pass. A ``CityError`` that it raises becomes the job's error; an
``UnavailableError`` is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from cityops.services.jobs import Handler
from gis.errors import NotFoundError

#: kind -> "module:function"; the module is imported when the first job of its kind comes.
HANDLERS: dict[str, str] = {
    "import": "cityops.services.imports.desk:run_job",
    "export": "cityops.services.exports.desk:run_job",
    "photo": "cityops.services.photos:run_job",
}
#: Separately installed packages add kinds by entry points of this group.
GROUP = "cityops.jobs"


def handler_for(kind: str, registered: Mapping[str, str | Handler] = HANDLERS) -> Handler:
    """The function for a kind of job.

    Raises
    ------
    NotFoundError
        When neither the program nor an installed package knows the kind.
    """
    target = registered.get(kind)
    if callable(target):
        return target
    if target is not None:
        module, _, name = target.partition(":")
        return cast(Handler, getattr(import_module(module), name))
    for entry in entry_points(group=GROUP, name=kind):
        return cast(Handler, entry.load())
    raise NotFoundError(
        "job.unknown_kind",
        "没有处理 {got} 类任务的程序",
        field="kind",
        got=kind,
        expected=sorted(registered),
    )
