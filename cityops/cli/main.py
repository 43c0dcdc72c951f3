"""Entry point of the command: parses, prints, and turns refusals into exit codes."""

from __future__ import annotations

import sys

import click

from cityops.cli import LazyGroup
from cityops.cli.output import report_usage


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cityops", help="显示版本并退出")
def cli() -> None:
    """CityOps：网格化管理、地下管线、危险源，一张图。"""


def main() -> None:
    """Run the command with the process's arguments, and end with its exit code.

    A command line that cannot be understood is one JSON object too when ``--json`` is in it,
    whichever command it was meant for.
    """
    try:
        result = cli.main(prog_name="cityops", standalone_mode=False)
    except click.ClickException as fault:
        sys.exit(report_usage(fault, as_json="--json" in sys.argv[1:]))
    except click.Abort:
        click.echo("已中断", err=True)
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)
