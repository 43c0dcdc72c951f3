"""``cityops jobs``: look at jobs, cancel one, and the process that does them."""

from __future__ import annotations

import logging
from typing import Any

import click

from cityops.cli.output import CityCommand, settings, show
from cityops.cli.usage import ChineseGroup
from cityops.logs import log_to_stderr

_STATES = {
    "queued": "等待",
    "running": "进行中",
    "done": "完成",
    "failed": "失败",
    "cancelled": "已取消",
}


@click.group("jobs", cls=ChineseGroup)
def command() -> None:
    """查看、取消后台任务。"""


@command.command("list", cls=CityCommand)
@click.option("--state", type=click.Choice(list(_STATES)), help="只列这一状态的任务")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="条数")
def listed(state: str | None, limit: int, as_json: bool) -> None:
    """列出任务，新的在前。"""
    from cityops.services.jobs import JobState
    from cityops.services.roles import SYSTEM

    states = () if state is None else (JobState(state),)
    found = [job.as_dict() for job in _service().list(SYSTEM, states=states, limit=limit)]
    show({"jobs": found}, lambda: "\n".join(map(_line, found)) or "没有任务", as_json=as_json)


@command.command("show", cls=CityCommand)
@click.argument("job_id")
def shown(job_id: str, as_json: bool) -> None:
    """一个任务的状态、进度与结果。"""
    from cityops.services.roles import SYSTEM

    job = _service().get(SYSTEM, job_id).as_dict()
    show(job, lambda: _line(job), as_json=as_json)


@command.command("cancel", cls=CityCommand)
@click.argument("job_id")
def cancelled(job_id: str, as_json: bool) -> None:
    """取消等待中的任务，让进行中的任务停下。"""
    from cityops.services.roles import SYSTEM

    job = _service().cancel(SYSTEM, job_id).as_dict()
    show(job, lambda: _line(job), as_json=as_json)


@command.command("work", cls=CityCommand)
def work(as_json: bool) -> None:
    """做任务的进程；cityops serve 会自己启动它。"""
    from cityops.bootstrap import Services
    from cityops.jobs.worker import Worker

    log_to_stderr("jobs", settings().log_format)
    logging.getLogger("huey").setLevel(logging.WARNING)
    services = Services(settings())
    chores = {
        "cases resumed": services.cases.resume_suspended,
        "deadlines recomputed": services.calendar_desk.resume,
    }
    Worker(services, chores=chores).run()


def _service() -> Any:
    from cityops.bootstrap import Services

    return Services(settings()).jobs


def _line(job: dict[str, Any]) -> str:
    progress = job["progress"]
    total = "" if progress["total"] is None else f"/{progress['total']}"
    fault = "" if job["error"] is None else f"  {job['error']['error']['message']}"
    return (
        f"{job['id']}  {job['created_at']}  {job['kind']}  {_STATES[job['state']]}"
        f"  {progress['done']}{total} {progress['text']}{fault}"
    )
