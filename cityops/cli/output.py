"""What every command shares: settings, one JSON object on stdout, errors as exit codes."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import click
import orjson
from click.exceptions import NoArgsIsHelpError

from cityops.cli.usage import ChineseHelp, usage_error
from cityops.settings import Settings, settings_from
from gis.errors import CityError, Kind, UnavailableError, error_body

EXIT_CODES = {
    Kind.INVALID: 2,
    Kind.NOT_FOUND: 3,
    Kind.CONFLICT: 4,
    Kind.STALE: 4,
    Kind.FORBIDDEN: 5,
    Kind.UNAVAILABLE: 6,
}


def dump(value: Any) -> str:
    """JSON text of `value`; numpy scalars and arrays are accepted, NaN becomes null.

    Bytes of a command line that were no text stand as U+FFFD.
    """
    how = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(value, option=how, default=str).decode()
    except TypeError:
        return orjson.dumps(_readable(value), option=how, default=str).decode()


def _readable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_readable(key): _readable(part) for key, part in value.items()}
    return [_readable(part) for part in value] if isinstance(value, (list, tuple)) else value


class CityCommand(ChineseHelp):
    """A command with ``--json``, whose refusals are one object or one paragraph, never a traceback.

    Arguments that look like negative numbers (``-71.06``) are taken as values.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(["--json", "as_json"], is_flag=True, help="标准输出只给一个 JSON 对象")
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, with negative numbers taken as values; bytes that are no text are no words."""
        as_json = "--json" in args
        try:
            rest = super().parse_args(ctx, _shield_negatives(args, self, ctx))
            for parameter in self.params:
                if _is_no_text(ctx.params.get(parameter.name or "")):
                    raise click.BadParameter("不是 UTF-8 文字", ctx, parameter)
        except click.UsageError as fault:
            if not as_json:
                raise
            sys.exit(report_usage(fault, as_json=True))
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal ends the process with the exit code of its kind."""
        as_json = bool(ctx.params.get("as_json"))
        try:
            return super().invoke(ctx)
        except CityError as error:
            refuse(error, as_json=as_json)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except OSError as error:
            refuse(refused_by_system(error), as_json=as_json)
        except Exception as error:
            refuse(fault_of_program(error), as_json=as_json)


def _is_no_text(value: Any) -> bool:
    """Whether a value, or one of several, holds bytes of the command line that were no text."""
    if isinstance(value, (tuple, list)):
        return any(map(_is_no_text, value))
    return isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value)


_WHY = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EISDIR: "是文件夹，不是文件",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EEXIST: "已经存在",
    errno.ENOSPC: "磁盘已满",
    errno.EROFS: "文件系统只读",
    errno.ENAMETOOLONG: "名称太长",
}


def refused_by_system(error: OSError) -> CityError:
    """What the operating system did not let the command do."""
    return UnavailableError(
        "cli.system",
        "系统不允许：{why}",
        got=str(error.filename)[:200] if error.filename else None,
        params={"why": _WHY.get(error.errno or 0, error.strerror or type(error).__name__)},
        hint="检查路径、权限和磁盘空间",
    )


def fault_of_program(error: Exception) -> CityError:
    """What to say of a fault of the program itself; its name and words go to stderr, on one line.

    With ``CITYOPS_TRACEBACK`` in the environment the whole of it is shown.
    """
    if os.environ.get("CITYOPS_TRACEBACK"):
        raise error
    words = " ".join(str(error).split())[:500]
    click.echo(f"cityops: {type(error).__name__}: {words}", err=True)
    return UnavailableError(
        "internal.failure",
        "程序出了意外",
        hint="设 CITYOPS_TRACEBACK=1 再运行一次，把输出交给开发者",
    )


def told(text: str) -> None:
    """Say how far a command has come: a line on stderr."""
    click.echo(text, err=True)


def report_usage(fault: click.ClickException, *, as_json: bool) -> int:
    """Say what is wrong with a command line; gives the exit code."""
    if isinstance(fault, NoArgsIsHelpError) and not as_json:
        fault.show()
        return fault.exit_code
    error = usage_error(fault)
    if as_json:
        click.echo(dump(error_body(error)))
        return EXIT_CODES[Kind.INVALID]
    context = getattr(fault, "ctx", None)
    if context is not None:
        click.echo(context.get_usage(), err=True)
    click.echo(f"错误：{error}（{error.code}）", err=True)
    click.echo(f"  怎么办：{error.hint()}", err=True)
    return fault.exit_code


def _shield_negatives(args: list[str], command: click.Command, ctx: click.Context) -> list[str]:
    """Put ``--`` in front of the first positional that is a negative number."""
    takes = {
        name: option.nargs
        for option in command.get_params(ctx)
        if isinstance(option, click.Option) and not option.is_flag
        for name in option.opts
    }
    flags: list[str] = []
    plain: list[str] = []
    rest = list(args)
    while rest:
        head = rest.pop(0)
        if head == "--":
            plain += rest
            break
        if head in takes:
            count = takes[head]
            flags += [head, *rest[:count]]
            rest = rest[count:]
        elif head.startswith("-") and not _is_number(head):
            flags.append(head)
        else:
            plain.append(head)
    return [*flags, "--", *plain] if plain else flags


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def refuse(error: CityError, *, as_json: bool) -> None:
    """Print a refusal and end the process with its exit code."""
    if as_json:
        click.echo(dump(error_body(error)))
    else:
        click.echo(f"错误：{error}（{error.code}）", err=True)
        hint = error.hint()
        if hint:
            click.echo(f"  怎么办：{hint}", err=True)
        for single in error.errors[:50]:
            where = f"第 {single.row} 行 " if single.row is not None else ""
            click.echo(f"  - {where}{single}（{single.code}）", err=True)
        if len(error.errors) > 50:
            click.echo(f"  …… 另有 {len(error.errors) - 50} 处", err=True)
    sys.exit(EXIT_CODES[error.kind])


def show(result: dict[str, Any], text: str | Callable[[], str], *, as_json: bool) -> None:
    """Print a result: one JSON object, or its text for people."""
    if as_json:
        click.echo(dump(result))
    else:
        click.echo(text if isinstance(text, str) else text())


@functools.cache
def settings() -> Settings:
    """Settings of this process, from the environment."""
    return settings_from()
