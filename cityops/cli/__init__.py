"""The command ``cityops``: each sub-command is a module here, loaded when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from cityops.cli.usage import ChineseGroup

#: name of the command -> module in this package; the module holds ``command``.
COMMANDS: dict[str, str] = {
    "demo": "demo",
    "serve": "serve",
    "init": "init",
    "import": "import_",
    "export": "export",
    "locate": "locate",
    "case": "case",
    "grid": "grid",
    "calendar": "calendar",
    "scheme": "scheme",
    "rules": "rules",
    "evaluate": "evaluate",
    "hazard": "hazard",
    "layers": "layers",
    "user": "user",
    "map": "map_",
    "backup": "backup",
    "restore": "restore",
    "doctor": "doctor",
    "audit": "audit",
    "migrate": "migrate",
    "jobs": "jobs",
    "underground": "underground",
}


class LazyGroup(ChineseGroup):
    """A group that imports a command's module only when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in their order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command, or None when there is no such command."""
        module = COMMANDS.get(name)
        if module is None:
            return None
        found: click.Command = import_module(f"cityops.cli.{module}").command
        return found
