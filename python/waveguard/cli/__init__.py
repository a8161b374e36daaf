"""The command line: one file per command, wired here.

Data goes to stdout, everything else to stderr. Command files import the rest of the program inside their functions,
because `waveguard --help` must not load numpy, gdstk or the compiled core. Nothing imports this package.
"""

from __future__ import annotations

from collections.abc import Sequence

import typer

from waveguard.cli import _errors, _output
from waveguard.cli.check import check
from waveguard.cli.crosstalk import crosstalk
from waveguard.cli.demo import demo
from waveguard.cli.explain import explain
from waveguard.cli.extract import extract
from waveguard.cli.loss import loss
from waveguard.cli.pdk import app as pdk_app
from waveguard.cli.sparams import sparams

EXIT_CODES = (
    "Exit codes: 0 clean, 1 findings at or above --fail-on, 2 bad input or usage, 3 incomplete or internal error."
)
NUMBER_CODES = (
    "Exit codes: 0 done, 1 something exceeds --{limit}, 2 bad input or usage, 3 incomplete (a part has no number) or "
    "internal error."
)

app = typer.Typer(
    name="waveguard",
    help="Check a photonic layout: does the light arrive, with enough power, in a shape that can be made?",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=EXIT_CODES)(check)
app.command()(extract)
app.command(epilog=NUMBER_CODES.format(limit="max-loss"))(loss)
app.command(epilog=NUMBER_CODES.format(limit="limit"))(crosstalk)
app.command()(sparams)
app.command()(explain)
app.add_typer(pdk_app, name="pdk")
app.command(epilog=EXIT_CODES)(demo)


def _print_version(value: bool) -> None:
    if value:
        import waveguard

        _output.write_stdout(lambda out: out.write(f"waveguard {waveguard.__version__}\n"))
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; every error ends as a message, never as a traceback."""
    return _errors.guard(lambda: app(args=arguments, prog_name="waveguard", standalone_mode=False))
