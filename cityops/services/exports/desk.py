"""Exports that take their time: made as a job, fetched by who asked for them."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cityops.services.accounts import AccountService
from cityops.services.exports.service import ExportOptions, ExportService
from cityops.services.exports.writers import WRITERS
from cityops.services.jobs import Job, JobService, JobState, Progress
from cityops.services.roles import Person
from gis.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError

#: Kind of the jobs that export.
JOB_KIND = "export"
#: Rows that are written while somebody waits for the answer.
MOST_AT_ONCE = 50_000


@dataclass(frozen=True)
class Exported:
    """A finished export: where it lies, what to call it, what it is."""

    path: Path
    filename: str
    media_type: str


class ExportDesk:
    """Exports of one deployment that run as jobs.

    Parameters
    ----------
    folder
        Where finished files lie, one folder per job; they are removed when they are old.
    """

    def __init__(
        self, exports: ExportService, jobs: JobService, accounts: AccountService, folder: Path
    ) -> None:
        self._exports = exports
        self._jobs = jobs
        self._accounts = accounts
        self._folder = folder

    def submit(self, person: Person, layer: str, options: ExportOptions) -> Job:
        """Export a layer as a job.

        Raises
        ------
        CityError
            See `ExportService.check`.
        """
        self._exports.check(person, layer, options)
        return self._jobs.submit(person, JOB_KIND, {"layer": layer, "options": asdict(options)})

    def work(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Do a job of `submit`, with the rights its person has now; gives what was written.

        Raises
        ------
        CityError
            See `ExportService.run`.
        """
        person = self._accounts.acting(job.person_id)
        options = _options_of(job)
        right = self._exports.check(person, str(job.payload["layer"]), options)
        folder = self._folder / job.id
        shutil.rmtree(folder, ignore_errors=True)
        progress.report(0, 1, "写文件")
        out = folder / f"{job.payload['layer']}{WRITERS[str(options.format)][1]}"
        done = self._exports.run(
            person, str(job.payload["layer"]), out, options, progress.check, rename=True
        )
        progress.report(1, 1, "完成")
        return done | {"file": Path(done["file"]).name, "right": right.extent()}

    def fetch(self, person: Person, job_id: str) -> Exported:
        """The file of a finished export of the person.

        Raises
        ------
        NotFoundError
            When there is no such job of this person, or its file is gone.
        ForbiddenError
            When the person may no longer export the layer, or no longer all that is in the file.
        ConflictError
            When it is not finished, or does not say with which right it was made.
        """
        job = self._jobs.get(person, job_id)
        if job.kind != JOB_KIND or job.person_id != person.id:
            raise NotFoundError("job.unknown", "没有任务 {got}", field="id", got=job_id)
        if job.state is not JobState.DONE:
            raise ConflictError(
                "export.not_done", "导出还没有完成（{got}）", field="id", got=job.state.value
            )
        right = self._exports.check(person, str(job.payload["layer"]), _options_of(job))
        made_with = job.result.get("right")  # files of older versions do not say
        if made_with is None:
            raise ConflictError(
                "export.right_unknown",
                "这个文件由旧版程序导出，没有记下当时的权限范围，不能再取",
                field="id",
                got=job_id,
                hint="请重新导出",
            )
        if not right.covers(made_with):
            raise ForbiddenError(
                "export.right_narrowed",
                "导出之后您的权限范围缩小了，这个文件不能再取",
                field="id",
                got=job_id,
                hint="请重新导出",
            )
        path = self._folder / job.id / str(job.result["file"])
        if not path.is_file():
            raise NotFoundError(
                "export.gone", "导出的文件已清除", field="id", got=job_id, hint="请重新导出"
            )
        return Exported(path, path.name, WRITERS[str(job.result["format"])][2])

    def at_once(self, person: Person, layer: str, options: ExportOptions) -> Exported:
        """Export now, into a folder that the caller removes when the file is sent.

        Raises
        ------
        InvalidError
            When there are so many rows that it has to be a job.
        CityError
            See `ExportService.run`.
        """
        self._exports.check(person, layer, options)
        rows = self._exports.size(person, layer, options)
        if rows > MOST_AT_ONCE and options.within is None:
            raise InvalidError(
                "export.too_many_at_once",
                "有 {got} 个要素，一次直接导出最多 {expected} 个",
                field="layer",
                got=rows,
                expected=MOST_AT_ONCE,
                hint="缩小范围，或在“数据”页作为任务导出",
            )
        folder = self._folder / f"now-{uuid.uuid4()}"
        out = folder / f"{layer}{WRITERS[str(options.format)][1]}"
        done = self._exports.run(person, layer, out, options, rename=True)
        out = Path(done["file"])
        return Exported(out, out.name, WRITERS[str(options.format)][2])


def _options_of(job: Job) -> ExportOptions:
    asked = job.payload["options"]
    return ExportOptions(**(asked | {"box": None if asked["box"] is None else tuple(asked["box"])}))


def run_job(services: Any, job: Job, progress: Progress) -> dict[str, Any]:
    """The job ``export``: a layer into a file."""
    done: dict[str, Any] = services.export_desk.work(job, progress)
    return done
