"""The entry point of `python -m bot` and of the console command `petition-bot`."""

import os
import sys
from pathlib import Path

import typer

from bot.cli.main import app
from bot.console import INTERRUPTED, in_sentences

__all__ = ["main"]


def main() -> None:
    """Runs a command, also where a scheduler starts it with its input or output closed.

    The event loop takes their numbers for other files then, and aborts when it ends.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Open until the end, in the place of the stream that is closed.
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
    try:
        with in_sentences():  # help is printed outside of every command, and a disk may be full
            app()
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
    except KeyboardInterrupt:  # before a command has begun
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
