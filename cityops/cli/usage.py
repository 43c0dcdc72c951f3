"""Words of the command line's frame, Chinese: usage faults by their class, headings of help."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import click
from click.exceptions import NoSuchCommand

from gis.errors import InvalidError

_HELP = "显示本说明并退出"
#: Characters of a command's line in the list of its group.
_MOST_OF_HELP = 60


class ChineseHelp(click.Command):
    """A command whose help has Chinese headings.

    ``words`` holds what stood on the command line for each parameter, before it was read;
    ``surplus`` what no parameter took.
    """

    words: Mapping[str, Any] = MappingProxyType({})
    surplus: tuple[str, ...] = ()

    def make_parser(self, ctx: click.Context) -> Any:
        """The parser, which leaves what it read in ``words`` and ``surplus``."""
        parser = super().make_parser(ctx)
        read = parser.parse_args

        def kept(args: list[str]) -> Any:
            found = read(args=args)
            self.words = dict(found[0])
            self.surplus = tuple(map(str, found[1]))
            return found

        parser.parse_args = kept  # type: ignore[method-assign]
        return parser

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; a fault knows for which command, the parser's own ones too."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as fault:
            fault.ctx = fault.ctx or ctx
            raise

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The line of usage."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix="用法：")

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Pieces of the line of usage, the general ones in Chinese."""
        words = {"[OPTIONS]": "[选项]", "COMMAND [ARGS]...": "命令 [参数]..."}
        return [words.get(piece, piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, then the commands of a group."""
        shown = [p for p in self.get_params(ctx) if not isinstance(p, click.Argument)]
        records = [r for r in (_record(p, ctx) for p in shown) if r is not None]
        if records:
            with formatter.section("选项"):
                formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option that shows this help."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = _HELP
        return option


class ChineseGroup(ChineseHelp, click.Group):
    """A group of commands whose help has Chinese headings."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with the first sentence of each."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, _first_sentence(c)) for name, c in found if c and not c.hidden]
        if rows:
            with formatter.section("命令"):
                formatter.write_dl(rows)


def _record(parameter: click.Parameter, ctx: click.Context) -> tuple[str, str] | None:
    """Left and right column of an option in the help."""
    record = parameter.get_help_record(ctx)
    if record is None or not isinstance(parameter, click.Option):
        return record
    extra = parameter.get_help_extra(ctx)
    told = [f"默认 {extra['default']}"] if "default" in extra else []
    told += [extra["range"]] if "range" in extra else []
    told += ["必填"] if "required" in extra else []
    return record[0], (parameter.help or "") + (f"  [{'；'.join(told)}]" if told else "")


def _first_sentence(command: click.Command) -> str:
    text = command.help or ""
    first = text.split("\n\n")[0].replace("\n", "").strip()
    end = first.find("。") + 1 or len(first)
    return first[:end] if end <= _MOST_OF_HELP else first[: _MOST_OF_HELP - 1] + "…"


def usage_error(fault: click.ClickException) -> InvalidError:
    """What is wrong with a command line: by the class of the fault and its parts.

    ``field`` is the argument or option as help names it, ``got`` what stood there, ``expected``
    what may stand there.
    """
    field, got, expected, message = _parts(fault)
    context = getattr(fault, "ctx", None)
    path = context.command_path if context is not None else "cityops"
    return InvalidError(
        "cli.usage",
        message,
        field=field,
        got=got,
        expected=expected,
        params={"words": fault.format_message()[:2000]},
        hint=f"{path} --help 列出可用的写法",
    )


def _parts(fault: click.ClickException) -> tuple[str | None, Any, Any, str]:
    """Field, got, expected and the Chinese template."""
    if isinstance(fault, NoSuchCommand):
        return None, fault.command_name[:200], _commands(fault.ctx), "没有命令 {got}"
    if isinstance(fault, click.NoSuchOption):
        return None, fault.option_name[:200], fault.possibilities or None, "没有选项 {got}"
    if isinstance(fault, click.MissingParameter):
        kind = "选项" if isinstance(fault.param, click.Option) else "参数"
        return _name(fault.param), None, _expected(fault.param), f"缺少{kind} {{field}}"
    if isinstance(fault, click.BadParameter) and fault.param is not None:
        got = _given(fault)
        told = "{field} 的值不对：{got}" if got is not None else "{field} 的值不对：{words}"
        expected = _expected(fault.param)
        if expected:
            told += f"，应为 {_listed(expected)}"
        elif got is not None and not fault.message.isascii():
            told += "；{words}"
        return _name(fault.param), got, expected, told
    if isinstance(fault, click.BadOptionUsage):
        return fault.option_name[:200], None, None, f"选项 {{field}} {_values_of(fault)}"
    surplus = _surplus(fault)
    if surplus:
        return None, surplus, None, "多余的参数：{got}"
    if isinstance(fault, click.BadArgumentUsage):
        return None, None, None, "参数的个数不对（{words}）"
    return None, fault.format_message()[:2000], None, "命令行不对：{got}"


def _values_of(fault: click.BadOptionUsage) -> str:
    """How many values an option takes, in words."""
    known = [] if fault.ctx is None else fault.ctx.command.get_params(fault.ctx)
    options = [p for p in known if isinstance(p, click.Option) and fault.option_name in p.opts]
    if not options:
        return "的用法不对：值的个数不对"
    return "不带值" if options[0].is_flag else f"要带 {options[0].nargs} 个值"


def _surplus(fault: click.ClickException) -> str:
    """What no parameter took, when that is the fault: no finer class was raised."""
    context = getattr(fault, "ctx", None)
    command = None if context is None else context.command
    if type(fault) is not click.UsageError or not isinstance(command, ChineseHelp):
        return ""
    return " ".join(command.surplus)[:200]


def _name(parameter: click.Parameter | None) -> str | None:
    """A parameter as help names it: ``LON``, ``--crs``."""
    if parameter is None:
        return None
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return parameter.human_readable_name.strip("[].").upper()


def _given(fault: click.BadParameter) -> str | None:
    """What stood there for a parameter: of its words the first that its type does not take."""
    context, parameter = fault.ctx, fault.param
    command = None if context is None else context.command
    if context is None or parameter is None or not isinstance(command, ChineseHelp):
        return None
    words = command.words.get(parameter.name or "")
    for word in words if isinstance(words, (tuple, list)) else [words]:
        if isinstance(word, str) and _is_refused(parameter, word, context):
            return word[:200]
    return None


def _is_refused(parameter: click.Parameter, word: str, context: click.Context) -> bool:
    try:
        parameter.type(word, parameter, context)
    except click.BadParameter:
        return True
    return False


def _expected(parameter: click.Parameter | None) -> Any:
    """What a parameter takes: the choices, the bounds, or the kind of number."""
    kind = None if parameter is None else parameter.type
    if isinstance(kind, click.Choice):
        return [str(choice) for choice in kind.choices]
    if isinstance(kind, (click.IntRange, click.FloatRange)):
        low, high = (("不限" if edge is None else f"{edge:g}") for edge in (kind.min, kind.max))
        return f"{low} 至 {high} 的数"
    if isinstance(kind, click.types.IntParamType):
        return "整数"
    return "数" if isinstance(kind, click.types.FloatParamType) else None


def _listed(expected: Any) -> str:
    text = "、".join(expected) if isinstance(expected, list) else str(expected)
    return text.replace("{", "{{").replace("}", "}}")


def _commands(context: click.Context | None) -> list[str] | None:
    group = None if context is None else context.command
    return group.list_commands(context) if context and isinstance(group, click.Group) else None
