"""Errors as the user sees them: `error: …`, perhaps `hint: …`, and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

EXIT_BAD_INPUT = 2
EXIT_INCOMPLETE = 3
EXIT_INTERNAL = 3
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141
TRACEBACK_VARIABLE = "WAVEGUARD_TRACEBACK"


def complain(message: str, hint: str | None = None) -> None:
    """Write an error to stderr."""
    sys.stderr.write(f"error: {message}\n")
    if hint:
        sys.stderr.write(f"hint: {hint}\n")


def tell(message: str) -> None:
    """Write something that is no result to stderr."""
    sys.stderr.write(f"{message}\n")


def guard(command: Callable[[], object]) -> int:
    """Run a command and turn whatever it raises into a message and an exit code."""
    from waveguard.errors import IncompleteError, InternalError, WaveguardError

    _replace_closed_streams()
    try:
        result = command()
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # The reader of a pipe has gone (`| head`); typer then asks for exit code 1, which would read as findings. Keep
        # Python from complaining when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE_CLOSED
    except KeyboardInterrupt:
        complain("interrupted")
        return EXIT_INTERRUPTED
    except WaveguardError as error:
        where = ", ".join(part for part in (error.path, error.place) if part)
        complain(f"{where}: {error.message}" if where else error.message, error.hint)
        if isinstance(error, InternalError):
            sys.stderr.write("this is a fault of waveguard; please report it\n")
        return EXIT_INTERNAL if isinstance(error, (InternalError, IncompleteError)) else EXIT_BAD_INPUT
    except Exception as error:  # noqa: BLE001 (the last resort: no traceback reaches the user)
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            return _usage(error)
        if os.environ.get(TRACEBACK_VARIABLE):
            traceback.print_exc()
        complain(
            f"internal: {type(error).__name__}: {error}",
            f"this is a fault of waveguard, please report it; {TRACEBACK_VARIABLE}=1 shows where",
        )
        return EXIT_INTERNAL
    return result if isinstance(result, int) else 0


def _replace_closed_streams() -> None:
    """Write into nothing where the caller has closed stdout or stderr; the exit code still says how it went."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 (open until the end)


def _usage(error: Exception) -> int:
    """Report what the option parser refused; its exceptions are known by their shape, since they are not public."""
    message = str(error.format_message())  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    if not message or message.startswith("Usage:"):  # no arguments at all: the message is the help
        tell(message)
        return EXIT_BAD_INPUT
    path = getattr(context, "command_path", "waveguard")
    complain(message[:1].lower() + message[1:].rstrip("."), f"{path} --help shows the options")
    return EXIT_BAD_INPUT
