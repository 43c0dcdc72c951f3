"""What every command shares: settings, one JSON object on stdout, errors as exit codes."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import click
import orjson

from cityops.settings import Settings, settings_from
from gis.errors import CityError, InvalidError, Kind, error_body

EXIT_CODES = {
    Kind.INVALID: 2,
    Kind.NOT_FOUND: 3,
    Kind.CONFLICT: 4,
    Kind.STALE: 4,
    Kind.FORBIDDEN: 5,
    Kind.UNAVAILABLE: 6,
}


def dump(value: Any) -> str:
    """JSON text of `value`; numpy scalars and arrays are accepted, NaN becomes null."""
    return orjson.dumps(
        value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS, default=str
    ).decode()


class CityCommand(click.Command):
    """A command with ``--json``, whose refusals are one object or one paragraph, never a traceback.

    Arguments that look like negative numbers (``-71.06``) are taken as values.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(["--json", "as_json"], is_flag=True, help="标准输出只给一个 JSON 对象")
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, answering usage errors in JSON when ``--json`` is among the arguments."""
        ctx.meta["as_json"] = "--json" in args
        try:
            return super().parse_args(ctx, _shield_negatives(args, self, ctx))
        except click.UsageError as fault:
            if not ctx.meta["as_json"]:
                raise
            refuse(InvalidError("cli.usage", "{got}", got=fault.format_message()), as_json=True)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal ends the process with the exit code of its kind."""
        as_json = bool(ctx.params.get("as_json"))
        try:
            return super().invoke(ctx)
        except CityError as error:
            refuse(error, as_json=as_json)


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
