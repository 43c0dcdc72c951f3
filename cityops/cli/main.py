"""Entry point of the command: parses, prints, and turns refusals into exit codes."""

from __future__ import annotations

import sys

import click

from cityops.cli import LazyGroup


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cityops")
def cli() -> None:
    """CityOps：网格化管理、地下管线、危险源，一张图。"""


def main() -> None:
    """Run the command with the process's arguments."""
    sys.exit(cli(standalone_mode=True))
