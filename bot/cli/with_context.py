"""Runs a command's work on the petition of the settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.console import R, run_to_end, say_files_here
from bot.logs import configure_logging
from bot.settings import load_petition_settings

if TYPE_CHECKING:
    from bot.cli.context import CliContext


INTERRUPTED = 130
"""The exit code that shells use for a command that Ctrl-C ended."""


def run_with_context(work: Callable[[CliContext], Awaitable[R]]) -> R:
    """Opens the petition, does the work on it, and returns its result.

    Raises:
        SettingsInvalid, StorageError, PetitionInvalid: it cannot be opened; the message says what
            to do.
    """
    configure_logging("WARNING")
    settings = load_petition_settings()
    say_files_here(settings.database_url)
    # Imported here, since drivers and texts take a moment to load, which --help does not need.
    from bot.cli.context import open_cli_context

    async def worked() -> R:
        async with open_cli_context(settings) as context:
            return await work(context)

    return run_to_end(worked())
