"""``cityops underground``: questions about what lies under the streets; each command is a module."""

from __future__ import annotations

from importlib import import_module

import click

from cityops.cli.usage import ChineseGroup

#: Name of the command -> module in this package and attribute that is the command.
_COMMANDS: dict[str, tuple[str, str]] = {
    "check": ("underground_check", "check"),
    "clearance": ("underground_pairs", "clearance"),
    "audit": ("underground_audit", "audit"),
    "section": ("underground_sections", "section"),
    "profile": ("underground_sections", "profile"),
    "excavate": ("underground_digging", "excavate"),
    "propose": ("underground_digging", "propose"),
    "spaces": ("underground_spaces", "spaces"),
    "contained": ("underground_spaces", "contained"),
    "strata": ("underground_spaces", "strata"),
    "trace": ("underground_trace", "trace"),
    "reconnect": ("underground_trace", "reconnect"),
    "segments": ("underground_network", "segments"),
    "isolate": ("underground_network", "isolate"),
}


class UndergroundGroup(ChineseGroup):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in their order of use."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command, or None when there is no such command."""
        if name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[name]
        found: click.Command = getattr(import_module(f"cityops.cli.{module}"), attribute)
        return found


@click.group("underground", cls=UndergroundGroup)
def command() -> None:
    """地下管线：净距、检查、阀门分区、关阀、断面、开挖。"""
