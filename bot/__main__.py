"""The entry point of `python -m bot` and of the console command `petition-bot`."""

import os
import sys
from pathlib import Path

from bot.cli.main import app

__all__ = ["main"]


def main() -> None:
    """Runs a command, also where a scheduler starts it with its input or output closed.

    The event loop takes their numbers for other files then, and aborts when it ends.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Open until the end, in the place of the stream that is closed.
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
    app()


if __name__ == "__main__":
    main()
